"""Many small logs are read together: the same tables and runs as if each was read by itself, in little time."""

from __future__ import annotations

import json
import tarfile
import time
import warnings
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest

import istiolog_pd as il
from istiolog_pd.loading import small_logs
from tests.wrapping import cluster_info

SEED = Path("data/seed/pilot.log")
HEAD = "2026-11-23T17:28:{:02d}.062996Z\tinfo\t"


def at(second: int, text: str) -> str:
    return HEAD.format(second) + text + "\n"


def opened(second: int, number: int) -> str:
    return at(second, f"ads\tADS: new connection for node:web-1.shop-{number}")


def debounce(second: int, number: int) -> str:
    words = "1ms since last change, 1ms since last push, full=true"
    return at(second, f"ads\tPush debounce stable[{number}] 1 for config ServiceEntry/a/b: {words}")


LOGS = {
    "a.log": SEED.read_text(),
    "restart.log": opened(1, 1) + opened(2, 2) + debounce(3, 9) + opened(5, 1) + debounce(6, 1),
    "back.log": "".join(at(50 + n, "ads\tADS: x") for n in range(4)) + "".join(at(n, "ads\tADS: x") for n in range(4)),
    "flags.log": "".join(at(7, f'FLAG: --{flag}="1"') for flag in ("a", "b", "c", "a", "b")),
    "cni.log": "".join(at(n, f"cni\tCreated CNI config /etc/cni/{n}.conf") for n in range(8)),
    "ztunnel.log": "2026-11-23T17:28:49.062996Z\tinfo\txds::client:xds{id=1}\tStream established\n",
    "envoy.log": "2026-11-23T17:28:49.062996Z\tinfo\tenvoy main external/envoy/x.cc:1\tstarting main loop\tthread=15\n",
    "old.log": at(1, "ads\tADS: x") + "1960-01-01T00:00:00Z\tinfo\tads\tADS: x\n",
    "cut.log": at(1, "ads\tADS: x") + "2026-11-23T17:28:4",
    "bytes.log": at(1, "ads\tADS: x") + "\udcff\n",
    "null.log": at(1, "ads\tADS: x") + "\0\0\n",
    "klog.log": "I1123 17:28:49.062996       1 leaderelection.go:1] attempting\n",
    "klog-2.log": at(1, "ads\tADS: x") + "I1123 17:28:49.062996       1 leaderelection.go:1] attempting\n",
    "text.log": "hello\n",
    "empty.log": "",
    "blank.log": "\n\n",
    "kubectl.log": "".join("2026-11-23T17:28:50.1Z " + at(n, "ads\tADS: x") for n in range(3)),
    "containers.log": "".join(f"[pod/web-{n % 3}/discovery] " + at(n, "ads\tADS: x") for n in range(9)) + "no prefix\n",
    "cri.log": "".join("2026-11-23T17:28:50.1Z stderr F " + at(n, "ads\tADS: x") for n in range(3)),
    "docker.log": "".join(
        json.dumps({"log": at(n, "ads\tADS: x"), "stream": "stdout", "time": "2026-11-23T17:28:50Z"}) + "\n"
        for n in range(3)
    ),
    "dump.log": cluster_info({"pod-1": opened(1, 1).encode(), "pod-2": opened(2, 2).encode() + b"\xff\n"}).decode(
        errors="surrogateescape"
    ),
    "twice.log": "[pod/web-1/discovery] 2026-11-23T17:28:50.1Z stdout F " + at(1, "ads\tADS: x"),
    "blank-cri.log": "2026-11-23T17:28:50.1Z stdout F \n",
    "rotated.log.1": debounce(1, 1),
    "rotated.log": debounce(2, 2),
    "z.log": debounce(7, 7),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("logs")
    for name, text in LOGS.items():
        (top / name).write_bytes(text.encode(errors="surrogateescape"))
    return top


def loaded(folder: Path) -> tuple[il.Capture, list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        capture = il.load(folder)
    return capture, [str(one.message) for one in caught]


def test_as_if_each_was_read_by_itself(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    together, said = loaded(folder)
    monkeypatch.setattr(small_logs, "MAX_SMALL", 0)
    alone, said_alone = loaded(folder)
    assert sorted(said) == sorted(said_alone)
    pd.testing.assert_frame_equal(together.to_pandas(), alone.to_pandas(), check_categorical=False)
    pd.testing.assert_frame_equal(together.runs, alone.runs)
    pd.testing.assert_frame_equal(together.sources, alone.sources)
    assert dict(zip(*together.sources[["source", "component"]].to_numpy().T, strict=True))[f"{folder}/cni.log"] == "cni"
    assert together.runs["start"].to_list().count("restart") == 2


def test_cost_of_a_small_log(tmp_path: Path) -> None:
    """Half a millisecond for each log of an archive; twice that here, where other tests run beside."""
    path, count = tmp_path / "logs.tar.gz", 2000
    with tarfile.open(path, "w:gz") as archive:
        for n in range(count):
            text = (debounce(n % 60, n) + opened(n % 60, n)).encode()
            info = tarfile.TarInfo(f"pods/istiod-{n}/discovery.log")
            info.size = len(text)
            archive.addfile(info, BytesIO(text))
    il.load(SEED)
    start = time.process_time()
    capture = il.load(path)
    spent = time.process_time() - start
    assert capture.n_entries == 2 * count and len(capture.runs) == count
    assert spent < count * 0.001
