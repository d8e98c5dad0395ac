"""Sources: each packing, each tree, URLs; the bytes of a source are those of the bare log."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

import istiolog_pd as il
from istiolog_pd.errors import NoLogError
from istiolog_pd.sources.compression.codecs import unpack
from istiolog_pd.sources.discover import Source, find
from istiolog_pd.sources.path_layouts import LOG_NAME, place

ONE = b"2020-01-01T00:00:01.000001Z\tinfo\tads\tADS: one\n"
TWO = b"2020-01-01T00:00:02.000002Z\tinfo\tads\tADS: two\n"
LOG = b"".join(ONE.replace(b"one", b"%d" % (n * n * n)) for n in range(8_000))

Pack = Callable[[bytes], bytes]


def zstd(text: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(text)


PACKS: dict[str, Pack] = {
    "gzip": gzip.compress,
    "zstd": zstd,
    "xz": lambda text: lzma.compress(text, preset=0),
    "bzip2": bz2.compress,
}

each_packing = pytest.mark.parametrize("how", PACKS)


def text_of(source: Source) -> bytes:
    """All of a source."""
    return b"".join(source.blocks())


def read(packed: bytes) -> tuple[bytes, list[str]]:
    """What packed bytes unpack to, and what is wrong with them."""
    (source,) = find(io.BytesIO(packed))
    return text_of(source), source.damage


def write(top: Path, files: dict[str, bytes]) -> Path:
    """A folder of files."""
    for name, text in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(text)
    return top


# ---- packings ----


@each_packing
def test_packing_is_told_by_its_content(how: str, tmp_path: Path) -> None:
    """Whatever the file is called; in a file, in an open file, and from where nothing can be read twice."""
    path = tmp_path / "a.log"
    path.write_bytes(PACKS[how](LOG))
    assert [text_of(source) for source in find(path)] == [LOG]
    assert read(path.read_bytes()) == (LOG, [])
    end, start = os.pipe()
    with open(end, "rb") as pipe, open(start, "wb") as writer:
        writing = threading.Thread(target=lambda: (writer.write(path.read_bytes()), writer.close()))
        writing.start()
        assert [text_of(source) for source in find(pipe)] == [LOG]
        writing.join()


@each_packing
def test_members_are_one_text(how: str) -> None:
    """A line may go from one to the next; empty ones, and what pads them, do no harm."""
    members = [LOG[:1000], b"", LOG[1000:1010], LOG[1010:]]
    assert read(b"".join(map(PACKS[how], members))) == (LOG, [])
    if how != "zstd":
        assert read(PACKS[how](LOG) + bytes(5000)) == (LOG, [])
        assert read(PACKS[how](ONE) + bytes(512) + PACKS[how](TWO)) == (ONE + TWO, [])


@each_packing
def test_many_small_members(how: str) -> None:
    """Their number is not squared: each takes as long as the one before."""
    count = 2_000
    assert read(PACKS[how](ONE) * count) == (ONE * count, [])


def test_many_empty_members() -> None:
    """Half a megabyte of them is nothing."""
    assert read(gzip.compress(b"") * 20_000 + gzip.compress(ONE)) == (ONE, [])


@each_packing
def test_what_is_cut_gives_what_comes_before(how: str) -> None:
    """And one note of it."""
    packed = PACKS[how](LOG)
    for end in (len(packed) // 2, len(packed) - 1, len(packed) - 5):
        text, damage = read(packed[:end])
        assert LOG.startswith(text)
        assert len(text) >= (0 if how == "bzip2" else 0.25 * len(LOG))
        assert damage == [f"the {how} data ends too early: what came before the cut is here"]


@each_packing
def test_what_is_broken_gives_what_comes_before(how: str) -> None:
    """A second member is garbage: all of the first one is there."""
    packed = PACKS[how](LOG)
    for rest in (b"garbage", packed[:6] + b"\xff" * 100):
        text, (damage,) = read(packed + rest)
        assert text == LOG
        assert damage.startswith((f"the {how} data is broken (", f"the {how} data ends too early"))


def test_nothing_is_lost_before_a_fault_in_gzip(tmp_path: Path) -> None:
    """In a checksum: nothing at all. In a file, and in an open one."""
    packed = bytearray(gzip.compress(LOG))
    packed[-5] ^= 0xFF
    (tmp_path / "a.log.gz").write_bytes(packed)
    for source in (tmp_path / "a.log.gz", io.BytesIO(packed)):
        (found,) = find(source)
        assert text_of(found) == LOG
        assert len(found.damage) == 1


def test_fault_in_zstd_loses_less_than_a_block() -> None:
    """A block is 128 KB."""
    packed = bytearray(zstd(LOG))
    packed[-10] ^= 0xFF
    text, (damage,) = read(bytes(packed))
    assert text[: len(LOG) - (1 << 17)] == LOG[: len(LOG) - (1 << 17)]
    assert damage.startswith("the zstd data is broken (")


def test_zstd_frame_that_is_passed_over() -> None:
    """Programs that pack with several threads write them."""
    frame = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"12345"
    assert read(frame + zstd(ONE) + frame + zstd(TWO) + frame) == (ONE + TWO, [])
    assert read(zstd(ONE) + frame[:-2])[1] == ["the zstd data ends too early: what came before the cut is here"]


def test_bytes_that_repeat_unpack_in_blocks() -> None:
    """32 MB of a few bytes: no block is large."""
    for how, pack in PACKS.items():
        packed = pack(bytes(4 << 20)) * 8
        sizes = [len(block) for block in unpack(iter([packed]), how, pytest.fail)]
        assert sum(sizes) == 32 << 20
        assert max(sizes) <= 2 << 20


@settings(max_examples=40)
@given(
    texts=st.lists(st.binary(max_size=300), max_size=5),
    how=st.sampled_from(sorted(PACKS)),
    size=st.integers(1, 50),
    cut=st.integers(0, 40),
    flips=st.lists(st.tuples(st.integers(0, 500), st.integers(1, 255)), max_size=2),
)
def test_any_blocks_and_any_fault(
    texts: list[bytes], how: str, size: int, cut: int, flips: list[tuple[int, int]]
) -> None:
    """However the packed bytes come, they unpack to the same; cut and broken ones raise nothing."""
    packed = bytearray(b"".join(map(PACKS[how], texts)))

    def unpacked() -> tuple[bytes, list[str]]:
        blocks: Iterator[bytes] = (bytes(packed[at : at + size]) for at in range(0, len(packed), size))
        notes: list[str] = []
        return b"".join(unpack(blocks, how, notes.append)), notes

    assert unpacked() == (b"".join(texts), [])
    for at, flip in flips:
        if packed:
            packed[at % len(packed)] ^= flip
    packed = packed[: len(packed) - cut]
    assert len(unpacked()[1]) <= 1


def test_much_is_unpacked_beside_its_reading(tmp_path: Path) -> None:
    """By a thread, which ends when the reading does."""
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(LOG * 25, 1))
    (source,) = find(tmp_path / "a.log.gz")
    blocks = source.blocks()
    names = [{thread.name for thread in threading.enumerate()} for _, _ in zip(blocks, range(6), strict=False)]
    assert not any("unpack" in name for name in names[0])
    assert any("unpack" in name for name in names[5])
    blocks.close()  # type: ignore[attr-defined]
    assert not any("unpack" in thread.name for thread in threading.enumerate())
    assert text_of(source) == LOG * 25


def test_progress_counts_packed_bytes(tmp_path: Path) -> None:
    """Which add up to the size of the source."""
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(LOG))
    (source,) = find(tmp_path / "a.log.gz")
    counts: list[int] = []
    assert sum(map(len, source.blocks(counts.append))) == len(LOG)
    assert sum(counts) == source.size == (tmp_path / "a.log.gz").stat().st_size


# ---- places ----


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (
            "bug-report/istio/istio-system/istiod-7d4-x2x4b/discovery.log",
            "pilot istio-system istiod-7d4-x2x4b discovery",
        ),
        ("istio/istio-system/istiod-7d4-x2x4b/discovery.log", "pilot istio-system istiod-7d4-x2x4b discovery"),
        ("x/proxies/shop/web-1/istio-proxy.log", "agent shop web-1 istio-proxy"),
        ("x/proxies/shop/web-1/istio-proxy.log.gz", "agent shop web-1 istio-proxy"),
        ("x/proxies/istio-system/ztunnel-abcde/istio-proxy.log", "- istio-system ztunnel-abcde istio-proxy"),
        ("x/operator/istio-operator/istio-operator-1/operator.log", "- istio-operator istio-operator-1 operator"),
        ("x/cni/istio-cni-node-abcde/cni.log", "- - istio-cni-node-abcde install-cni"),
        ("dump/shop/web-1/logs.txt", "- shop web-1 -"),
        ("pods/shop_web-1_8d0c-11/istio-proxy/3.log", "agent shop web-1 istio-proxy"),
        ("pods/shop_web-1_8d0c-11/istio-proxy/3.log.20260101-120000.gz", "agent shop web-1 istio-proxy"),
        (f"containers/web-1_shop_istio-proxy-{'0af9' * 16}.log", "agent shop web-1 istio-proxy"),
        ("primary/istiod-7d4c5f-x2x4b_discovery.log", "pilot - istiod-7d4c5f-x2x4b discovery"),
        ("primary/istiod-7d4c5f-x2x4b_discovery.previous.log", "pilot - istiod-7d4c5f-x2x4b discovery"),
        ("my_own.log", "- - - -"),
    ],
)
def test_place_of_a_log(path: str, expected: str) -> None:
    """Whose it is: hint, namespace, pod, container."""
    found = place(path)
    assert found is not None
    assert found.kind == "log"
    assert not found.other
    parts = (found.hint, found.namespace, found.pod, found.container)
    assert " ".join(part or "-" for part in parts) == expected


@pytest.mark.parametrize(
    "path", ["a/istio/istio-system/istiod-1/metrics", "proxies/a/b/stats/prometheus", "x/metrics.txt", "a.prom"]
)
def test_place_of_metrics(path: str) -> None:
    """They are no log."""
    found = place(path)
    assert found is not None
    assert found.kind == "metrics"


@pytest.mark.parametrize("path", ["a/cluster/pods", "versions", "istio/a/b/debug/syncz", "a.logs", "catalog", "x.json"])
def test_place_of_anything_else(path: str) -> None:
    """It is left alone."""
    assert place(path) is None


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("bug-report/bug-report.log", "istioctl's own log"),
        ("pods/shop_web-1_8d0c-11/istio-init/0.log", "a log of istio-init"),
        ("pods/shop_web-1_8d0c-11/app/0.log", "a log of app"),
        ("web-575d9d9fcd-bjjj8_app.log", "a log of app"),
        ("web-575d9d9fcd-bjjj8_istio-proxy.termination.log", "a container's message at its end"),
        ("dump/kube-system/coredns-1/logs.txt", "a log of Kubernetes"),
    ],
)
def test_place_of_another_log(path: str, why: str) -> None:
    """It is left out as long as there is one that matters."""
    found = place(path)
    assert found is not None
    assert found.other == why


@pytest.mark.parametrize("name", ["x.log", "x.log.gz", "x.log.1", "x.log-20260101.gz", "x-json.log.2.gz"])
def test_name_of_a_log(name: str) -> None:
    """As log rotation makes them too."""
    assert LOG_NAME.search(name)


# ---- trees ----

POD = "shop_web-575d9d9fcd-bjjj8_8d0c"


def test_pods_of_a_kubelet(tmp_path: Path) -> None:
    """Restarts and rotated files are pieces of one container's log, oldest first; other containers are left out."""
    pieces = {
        f"{POD}/istio-proxy/0.log": b"0",
        f"{POD}/istio-proxy/2.log.20260102-000000": b"2a",
        f"{POD}/istio-proxy/2.log.20260101-235959.gz": b"29",
        f"{POD}/istio-proxy/2.log": b"2z",
        f"{POD}/istio-proxy/10.log": b"10",
    }
    others = {f"{POD}/istio-init/0.log": b"init", "istio-system_istiod-1_1/discovery/0.log": b"istiod", "x.txt": b"x"}
    packed = {name: gzip.compress(text) if name.endswith("gz") else text for name, text in (pieces | others).items()}
    found = find(write(tmp_path, packed))
    assert [text_of(source) for source in found] == [b"istiod", b"0", b"29", b"2a", b"2z", b"10"]
    assert [source.hint for source in found] == ["pilot"] + ["agent"] * 5
    assert found[0].group == ""
    assert len({source.group for source in found[1:]}) == 1
    assert [source.order for source in found[1:]] == sorted(source.order for source in found[1:])
    assert found[0].notes == [f"left out: {POD}/istio-init/0.log (a log of istio-init)"]


def test_containers_of_a_node(tmp_path: Path) -> None:
    """They are links to the files of the pods: named with these they are read once."""
    write(tmp_path, {f"pods/{POD}/istio-proxy/0.log": ONE})
    (tmp_path / "containers").mkdir()
    link = tmp_path / "containers" / f"web-575d9d9fcd-bjjj8_shop_istio-proxy-{'0af9' * 16}.log"
    link.symlink_to(tmp_path / f"pods/{POD}/istio-proxy/0.log")
    assert [source.pod for source in find(tmp_path / "containers")] == ["web-575d9d9fcd-bjjj8"]
    assert len(find(tmp_path / "containers", tmp_path / "pods")) == 1
    assert len(find(tmp_path)) == 1


def test_dump_of_istios_tests(tmp_path: Path) -> None:
    """The log of the container before it restarted comes first."""
    pod = "primary/istiod-7d4c5f-x2x4b"
    files = {f"{pod}_discovery.log": b"now", f"{pod}_discovery.previous.log": b"before", f"{pod}_other.log": b"x"}
    found = find(write(tmp_path, files))
    assert [text_of(source) for source in found] == [b"before", b"now"]
    assert found[0].group == found[1].group != ""


def test_dump_of_a_cluster(tmp_path: Path) -> None:
    """Of Kubernetes' own pods only Istio's are read."""
    names = ["shop/web-1", "kube-system/coredns-1", "kube-system/istio-cni-node-abcde"]
    found = find(write(tmp_path, {f"{name}/logs.txt": ONE for name in names}))
    assert [source.pod for source in found] == ["istio-cni-node-abcde", "web-1"]


def test_logs_of_docker(tmp_path: Path) -> None:
    """The higher its number the older a file is; named one by one too."""
    files = {"a-json.log": b"3", "a-json.log.1": b"2", "a-json.log.2.gz": gzip.compress(b"1"), "b.log": b"4"}
    write(tmp_path, files)
    assert [text_of(source) for source in find(tmp_path)] == [b"1", b"2", b"3", b"4"]
    assert [text_of(source) for source in find(*(tmp_path / name for name in files))] == [b"1", b"2", b"3", b"4"]
    assert [text_of(source) for source in find(str(tmp_path / "a*"))] == [b"1", b"2", b"3"]


def test_logs_of_others_are_read_if_there_is_nothing_else(tmp_path: Path) -> None:
    """Or if they are named."""
    write(tmp_path, {f"{POD}/app/0.log": ONE, "bug-report.log": TWO})
    assert [text_of(source) for source in find(tmp_path)] == [TWO, ONE]
    write(tmp_path, {f"{POD}/istio-proxy/0.log": LOG})
    assert [text_of(source) for source in find(tmp_path)] == [LOG]
    assert [text_of(source) for source in find(tmp_path / "bug-report.log")] == [TWO]


def test_metrics_are_told_by_their_content(tmp_path: Path) -> None:
    """If they are named; a log that is called so is a log."""
    write(tmp_path, {"metrics.txt": ONE, "a.txt": b"# HELP pilot_xds Number of endpoints\n"})
    assert [source.kind for source in find(tmp_path / "metrics.txt", tmp_path / "a.txt")] == ["log", "metrics"]


def test_named_pipe(tmp_path: Path) -> None:
    """It is opened once: a shell's `<(kubectl logs ...)` is one."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writing = threading.Thread(target=pipe.write_bytes, args=(gzip.compress(LOG),))
    writing.start()
    (source,) = find(pipe)
    assert text_of(source) == LOG
    writing.join()


def test_live_pipe_is_not_waited_for() -> None:
    """To find out what it is, its first line is enough."""
    end, start = os.pipe()
    with open(end, "rb") as pipe, open(start, "wb", buffering=0) as writer:
        writer.write(ONE)
        (source,) = find(pipe)
        writer.write(TWO)
        writer.close()
        assert text_of(source) == ONE + TWO


def test_importing_is_light() -> None:
    """No file system of another machine and no decompressor is imported before it is needed."""
    code = (
        "import sys, istiolog_pd.sources.discover; sys.exit(bool({'fsspec', 'isal', 'zstandard'} & set(sys.modules)))"
    )
    assert os.spawnv(os.P_WAIT, os.sys.executable, [os.sys.executable, "-c", code]) == 0  # type: ignore[attr-defined]


# ---- URLs ----


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    """A file system in memory, empty."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()


def test_urls(memory: fsspec.AbstractFileSystem, data: Path) -> None:
    """A file, a glob, a folder: as on this machine."""
    log = (data / "seed/pilot.log").read_bytes()
    memory.pipe({"/logs/a.log": log, "/logs/b.log.gz": gzip.compress(ONE), "/logs/readme.txt": b"x"})
    assert [(source.name, text_of(source)) for source in find("memory://logs/a.log")] == [("memory:///logs/a.log", log)]
    for url in ("memory://logs/*.log*", "memory://logs", "memory:///logs/"):
        assert [text_of(source) for source in find(url)] == [log, ONE]
    assert len(find("memory://logs/a.log", "memory:///logs/a.log", "memory://logs")) == 2
    assert il.load("memory://logs/a.log").n_entries == 68


def test_urls_of_urls(memory: fsspec.AbstractFileSystem, tmp_path: Path) -> None:
    """A file of an archive, as fsspec names it, and the archive as such."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("sub/a.log", ONE)
    memory.pipe("/a.zip", (tmp_path / "a.zip").read_bytes())
    (chained,) = find("zip://*/*.log::memory://a.zip")
    assert (chained.name, text_of(chained)) == ("zip://sub/a.log::memory://a.zip", ONE)
    assert [source.name for source in find("zip://::memory://a.zip")] == [chained.name]
    (cached,) = find("simplecache::memory://a.zip")
    assert cached.name == "simplecache::memory:///a.zip!sub/a.log"
    (member,) = find("memory://a.zip")
    assert (member.name, text_of(member)) == ("memory:///a.zip!sub/a.log", ONE)


def test_url_that_is_nothing(memory: fsspec.AbstractFileSystem) -> None:
    """Not there, an unknown protocol, no log."""
    with pytest.raises(FileNotFoundError, match=r"^memory://gone\.log: no such file"):
        find("memory://gone.log")
    with pytest.raises(FileNotFoundError, match="no file fits"):
        find("memory://*.log")
    with pytest.raises(NoLogError, match=r"nope://a\.log: Protocol not known"):
        find("nope://user:secret@a.log")
    memory.pipe("/logs/readme.txt", b"x")
    with pytest.raises(NoLogError, match="memory://logs: a folder with no log in it"):
        find("memory://logs")


def test_storage_options_are_passed_on(tmp_path: Path) -> None:
    """To the file system of the URL."""
    (tmp_path / "a.log").write_bytes(ONE)
    (source,) = find(f"file://{tmp_path}/a.log", storage_options={"auto_mkdir": True})
    assert text_of(source) == ONE
    assert source.open.func.__self__.auto_mkdir  # type: ignore[attr-defined]
