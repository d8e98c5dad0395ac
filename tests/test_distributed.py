"""Logs read by several workers: the rows of one machine, whatever is cut where and whoever dies."""

from __future__ import annotations

import gzip
import os
import signal
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import dask
import fsspec
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from distributed import Client, LocalCluster
from hypothesis import given, settings
from hypothesis import strategies as st

import istiolog_pd as il
from istiolog_pd.distributed import (
    arrow_batches,
    arrow_schema,
    byte_ranges,
    parts,
    ranges,
    read_logs,
    scan_batches,
    to_parquet,
)
from istiolog_pd.engine import choose_engine, cutter, small_logs
from istiolog_pd.engine.reference import reader as reference
from istiolog_pd.errors import DamageWarning

DATA = Path(__file__).parents[1] / "data"
PILOT = DATA / "seed" / "pilot.log"
SIDECAR = DATA / "pair-1.30.3" / "istio-proxy.log"
GO_TRACES = gzip.decompress((DATA / "pilot-1.0.9" / "discovery.log.gz").read_bytes())
COLUMNS = ["timestamp", "event", "message", "source", "line", "component", "duration", "xds_type", "resources", "full"]


@pytest.fixture(autouse=True)
def here() -> Iterator[None]:
    """Without a cluster tasks run in this thread."""
    with dask.config.set(scheduler="synchronous"):
        yield


@pytest.fixture
def short_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few entries tell whose log it is, so that small logs are cut into many parts."""
    engines = [engine for engine in (reference, choose_engine.native()) if engine is not None]
    for module in (byte_ranges, small_logs, *engines):
        monkeypatch.setattr(module, "SAMPLE", 20)
    monkeypatch.setattr(byte_ranges, "HEAD", 2_000)


@pytest.fixture(scope="module")
def istiod(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A real log of istiod, unpacked: 315 kB, 2522 entries."""
    path = tmp_path_factory.mktemp("logs") / "discovery.log"
    path.write_bytes(gzip.decompress((DATA / "istiod-1.20.8" / "discovery.log.gz").read_bytes()))
    return str(path)


def without_runs(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows as a cluster has them: runs are known only from all of them together."""
    return rows.assign(run=pd.Series(pd.NA, index=rows.index, dtype="Int64")) if "run" in rows else rows


def assert_same(found: pd.DataFrame, truth: pd.DataFrame) -> None:
    """Both hold the same rows, in the same order, of the same types."""
    assert found.dtypes.astype(str).to_list() == truth.dtypes.astype(str).to_list()
    pd.testing.assert_frame_equal(found.reset_index(drop=True), without_runs(truth), check_categorical=False)


# ---- the same rows ----


@pytest.mark.parametrize("blocksize", [3_000, 9_000])
@pytest.mark.usefixtures("short_head")
@pytest.mark.parametrize("path", [PILOT, SIDECAR], ids=["pilot", "sidecar"])
def test_rows_are_those_of_one_machine(path: Path, blocksize: int) -> None:
    found = read_logs(path, columns=COLUMNS, blocksize=blocksize)
    assert found.npartitions == -(-path.stat().st_size // blocksize)
    assert_same(found.compute(), il.read_logs(path, columns=COLUMNS))


def test_options_are_those_of_one_machine() -> None:
    """Times, the component and the messages."""
    options = {"start": "2018-12-24T16:27:52.514", "component": "pilot", "messages": False, "columns": COLUMNS}
    truth = il.read_logs(PILOT, **options)
    assert 0 < len(truth) < len(il.read_logs(PILOT))
    assert_same(read_logs(PILOT, blocksize=9_000, **options).compute(), truth)
    with pytest.raises(ValueError, match="component is"):
        read_logs(PILOT, component="istio")


def test_the_wide_table_has_all_columns() -> None:
    found = read_logs(PILOT, [SIDECAR])
    truth = il.read_logs(PILOT, SIDECAR)
    assert list(found.columns) == list(truth.columns)
    assert found.dtypes.astype(str).to_list() == truth.dtypes.astype(str).to_list()
    assert_same(found.compute(), truth)


@pytest.mark.usefixtures("short_head")
def test_traces_of_go_that_are_cut_in_two_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "pilot.log"
    path.write_bytes(GO_TRACES[:60_000])
    found = read_logs(path, columns=COLUMNS, blocksize=11_000)
    assert (found.map_partitions(len).compute() > 0).sum() > 3
    assert_same(found.compute(), il.read_logs(path, columns=COLUMNS))


@pytest.mark.usefixtures("short_head")
def test_an_entry_that_is_longer_than_a_range_is_whole(tmp_path: Path) -> None:
    line = "2021-03-01T10:00:{:02}.000000Z\tinfo\tads\tXDS: Pushing:2021-03-01T10:00:00Z/{}\n"
    text = "".join(line.format(n, n) for n in range(40))
    long = "2021-03-01T10:01:00.000000Z\tinfo\tmodel\tPush Status: {\n" + '    "key": "value",\n' * 500 + "}\n"
    path = tmp_path / "istiod.log"
    path.write_text(text + long + text)
    found = read_logs(path, columns=COLUMNS, blocksize=1_500).compute()
    assert_same(found, il.read_logs(path, columns=COLUMNS))
    assert found["line"].to_list() == [*range(1, 42), *range(543, 583)]


@pytest.mark.usefixtures("short_head")
def test_json_lines_and_lines_of_windows(tmp_path: Path) -> None:
    message = '"level":"info","scope":"ads","msg":"XDS: Pushing:2021-03-01T10:00:00Z/{}"'
    json = "".join(f'{{"time":"2021-03-01T10:00:{n:02}.000000Z",{message.format(n)}}}\n' for n in range(60))
    (tmp_path / "json.log").write_text(json)
    (tmp_path / "windows.log").write_bytes(b"\xef\xbb\xbf" + PILOT.read_bytes().replace(b"\n", b"\r\n"))
    found = read_logs(tmp_path, columns=COLUMNS, blocksize=2_500)
    assert (found.map_partitions(len).compute() > 0).sum() >= 7
    assert_same(found.compute(), il.read_logs(tmp_path, columns=COLUMNS))


@pytest.mark.usefixtures("short_head")
def test_the_component_of_a_log_is_that_of_its_head(tmp_path: Path) -> None:
    """The second half alone would be taken for a log of istiod."""
    path = tmp_path / "both.log"
    path.write_bytes(SIDECAR.read_bytes() + PILOT.read_bytes())
    found = read_logs(path, columns=COLUMNS, blocksize=12_000).compute()
    assert_same(found, il.read_logs(path, columns=COLUMNS))


def test_memory() -> None:
    fsspec.filesystem("memory").pipe("/logs/pilot.log", PILOT.read_bytes())
    found = read_logs("memory://logs/*.log", events="debounce").compute()
    truth = il.read_logs("memory://logs/pilot.log", events="debounce")
    assert_same(found, truth)
    assert found["source"].to_list() == ["memory:///logs/pilot.log"] * 3
    to_parquet("memory://logs/*.log", "memory://out", events="debounce")
    written = fsspec.filesystem("memory").find("/out")
    assert written == ["/out/date=2018-12-24/part-000000-0.parquet"]


# ---- what is not divided ----


def test_packed_logs_and_archives_are_read_as_wholes(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "logs.tar.gz", "w:gz") as archive:
        archive.add(PILOT, "istio-system/istiod-1/discovery.log")
        archive.add(DATA / "seed" / "helloworld-v1-istio-proxy.log", "istio-system/hello-1/istio-proxy.log")
    logs = [tmp_path, DATA / "pair-1.30.3" / "istiod.log.gz"]
    found = read_logs(logs, columns=COLUMNS, blocksize=10)
    assert found.npartitions == 2
    assert_same(found.compute(), il.read_logs(logs, columns=COLUMNS))


def test_a_wrapped_log_is_read_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "cri.log"
    lines = PILOT.read_text().splitlines()
    path.write_text("".join(f"2018-12-24T16:28:00.123456789Z stdout F {line}\n" for line in lines))
    assert ranges(path, blocksize=1_000)["stop"].to_pylist() == [None]
    assert_same(read_logs(path, columns=COLUMNS, blocksize=1_000).compute(), il.read_logs(path, columns=COLUMNS))


def test_an_empty_file_has_no_rows(tmp_path: Path) -> None:
    (tmp_path / "empty.log").touch()
    with pytest.warns(DamageWarning, match="it is empty"):
        found = read_logs([tmp_path / "empty.log", PILOT], events="debounce").compute()
    assert len(found) == 3


# ---- cutting ----


@settings(max_examples=30, deadline=None)
@given(blocksize=st.integers(1_000, 40_000))
def test_parts_are_the_file_cut_at_line_starts(blocksize: int) -> None:
    data = GO_TRACES[:60_000]
    fsspec.filesystem("memory").pipe("/go.log", data)
    scans = pa.Table.from_batches(scan_batches(ranges("memory://go.log", blocksize=blocksize).to_batches()))
    found = parts(scans.take(list(range(len(scans)))[::-1])).to_pylist()
    if found[0]["stop"] is None:  # too few entries to tell whose log it is from a head
        assert [part["stop"] for part in found[1:]] == [0] * (len(found) - 1)
        return
    assert [part["start"] for part in found[1:]] == [part["stop"] for part in found[:-1]]
    assert (found[0]["start"], found[-1]["stop"]) == (0, len(data))
    for part in found:
        assert part["start"] == 0 or data[part["start"] - 1 : part["start"]] == b"\n"
        assert part["lines"] == data.count(b"\n", 0, part["start"])


@pytest.mark.usefixtures("short_head")
def test_access_lines_alone_are_cut_where_the_readers_of_one_machine_cut_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    line = '[2021-03-01T10:00:00.{:03}Z] "GET /{} HTTP/1.1" 200 - via_upstream - "-" 0 5 1 1 "-" "-" "-" "-" "-" - - - - - -\n'
    path = tmp_path / "istio-proxy.log"
    path.write_text("".join(line.format(n, n) for n in range(400)))
    for module in (byte_ranges, cutter):
        monkeypatch.setattr(module, "MAX_HELD", 10_000)
    found = read_logs(path, columns=COLUMNS, blocksize=10_000)
    assert (found.map_partitions(len).compute() > 0).sum() == found.npartitions > 3
    assert_same(found.compute(), il.read_logs(path, columns=COLUMNS))


# ---- a cluster ----


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        yield client


def test_two_workers_write_a_dataset(client: Client, istiod: str, tmp_path: Path) -> None:
    client.wait_for_workers(2)
    to_parquet(istiod, tmp_path / "pushes", events="xds_push", blocksize=160_000)
    found = ds.dataset(tmp_path / "pushes", partitioning="hive").to_table().sort_by("line")
    assert found["line"].to_pylist() == il.read_logs(istiod, events="xds_push")["line"].to_list()


def test_a_worker_that_is_killed_changes_nothing(client: Client, istiod: str) -> None:
    truth = il.read_logs(istiod, columns=COLUMNS)
    processes = client.run(os.getpid)
    rows = client.compute(read_logs(istiod, columns=COLUMNS, blocksize=110_000))
    busy: list[str] = []
    while not busy and not rows.done():
        time.sleep(0.005)
        busy = [worker for worker, keys in client.processing().items() if any("read_part" in str(key) for key in keys)]
    os.kill(processes[busy[0]], signal.SIGKILL)
    assert not rows.done()
    assert_same(rows.result(), truth)
    assert processes[busy[0]] not in client.run(os.getpid).values()


# ---- Parquet ----


def test_a_folder_for_each_day(tmp_path: Path) -> None:
    path = tmp_path / "days.log"
    days = ["2021-03-01T23:59:59.000001Z", "2021-03-02T00:00:00.000000Z", "2021-03-02T01:30:00.000000+02:00"]
    path.write_text(
        "".join(f"{time}\tinfo\tads\tADS: new connection for node:a.b-{n}\n" for n, time in enumerate(days))
    )
    with open(path, "a") as file:
        file.write(
            "gc 1 @0.011s 5%: 0.018+1.3+0.076 ms clock, 0.054+0.35/1.2/3.0+0.23 ms cpu, 4->4->3 MB, 5 MB goal, 4 P\n"
        )
    to_parquet(path, tmp_path / "out")
    folders = sorted(one.name for one in (tmp_path / "out").iterdir())
    assert folders == ["date=2021-03-01", "date=2021-03-02", "date=__HIVE_DEFAULT_PARTITION__"]
    found = ds.dataset(
        tmp_path / "out", partitioning=ds.partitioning(pa.schema([("date", pa.date32())]), flavor="hive")
    )
    rows = found.to_table().sort_by("line")
    assert [str(date) for date in rows["date"].to_pylist()] == ["2021-03-01", "2021-03-02", "2021-03-01", "None"]
    assert rows.drop_columns("date").schema.remove_metadata().equals(arrow_schema().remove_metadata())


def test_a_dask_dataframe_is_written_as_it_is(tmp_path: Path) -> None:
    pushes = read_logs(PILOT, events="xds_push")
    to_parquet(pushes[pushes["xds_type"] == "EDS"], tmp_path / "eds")
    found = ds.dataset(tmp_path / "eds", partitioning="hive").to_table()
    assert set(found["xds_type"].to_pylist()) == {"EDS"}
    with pytest.raises(FileExistsError, match="is there already"):
        to_parquet(pushes, tmp_path / "eds")
    with pytest.raises(ValueError, match="timestamp"):
        to_parquet(pushes[["proxy"]], tmp_path / "proxies")
    with pytest.raises(ValueError, match="'kind' is no column"):
        to_parquet(pushes.rename(columns={"xds_type": "kind"}), tmp_path / "kinds")


# ---- Arrow batches ----


@pytest.mark.usefixtures("short_head")
def test_arrow_batches_are_the_rows_as_exported() -> None:
    scans = scan_batches(ranges(SIDECAR, blocksize=9_000).to_batches(max_chunksize=2))
    pieces = parts(pa.Table.from_batches(scans)).to_batches(max_chunksize=1)
    found = pa.Table.from_batches(arrow_batches(pieces, columns=COLUMNS), arrow_schema(columns=COLUMNS))
    truth = il.read_logs(SIDECAR, columns=COLUMNS)
    assert found["line"].to_pylist() == truth["line"].to_list()
    assert found["message"].to_pylist() == truth["message"].to_list()
    assert found["source"].unique().to_pylist() == [str(SIDECAR)]
    assert found["timestamp"].to_pandas().astype("datetime64[ns, UTC]").equals(truth["timestamp"].dt.floor("us"))
    seconds = truth["duration"].dt.total_seconds()
    pd.testing.assert_series_equal(found["duration_seconds"].to_pandas(), seconds, check_names=False)


# ---- errors ----


def test_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError, match=r"no\.log"):
        read_logs(tmp_path / "no.log")
    with pytest.raises(ValueError, match="did you mean 'debounce'"):
        read_logs(PILOT, events="debonce")
    with pytest.raises(ValueError, match="from 1 up"):
        read_logs(PILOT, blocksize=0)
    monkeypatch.setitem(sys.modules, "dask", None)
    with pytest.raises(ImportError, match=r"pip install 'istiolog_pd\[cluster\]'"):
        read_logs(PILOT)


@pytest.mark.usefixtures("short_head")
def test_a_file_that_was_cut_since_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "pilot.log"
    path.write_bytes(PILOT.read_bytes())
    rows = read_logs(path, events="debounce", blocksize=5_000)
    path.write_bytes(PILOT.read_bytes()[:6_000])
    with pytest.raises(OSError, match="did the file change"):
        rows.compute()
