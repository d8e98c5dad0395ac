"""Inputs: paths and what they say, folders, URLs."""

from __future__ import annotations

import gzip
import io
import os
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from input_texts import LOG, ONE, TWO, text_of

import istiolog_pd as il
from istiolog_pd.errors import NoLogError
from istiolog_pd.sources.discover import find
from istiolog_pd.sources.path_layouts import LOG_NAME, place


def write(top: Path, files: dict[str, bytes]) -> Path:
    """A folder of files."""
    for name, text in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(text)
    return top


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


POD = "shop_web-575d9d9fcd-bjjj8_8d0c"

# ---- trees ----


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


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    """A file system in memory, empty."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()


# ---- URLs ----


def test_log_that_was_truncated_while_it_is_written(tmp_path: Path) -> None:
    """It begins with as many NULs as it was long: these are read as one block, and its lines are there."""
    path = tmp_path / "pilot.log"
    with path.open("wb") as file:
        file.truncate(40 << 20)
        file.seek(0, os.SEEK_END)
        file.write(LOG)
    (source,) = find([path])
    assert sum(map(len, source.blocks())) < 12 << 20
    with pytest.warns(il.DamageWarning, match="NUL"):
        capture = il.load(path)
    assert capture["other"].num_rows == il.load(io.BytesIO(LOG)).n_entries


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
