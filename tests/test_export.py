"""Parquet and CSV: what other tools read, and that nothing half-written ever stands under the final name."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import istiolog_pd as il
from istiolog_pd.export import tables as export
from istiolog_pd.export.tables import METADATA_KEY, SCHEMA_VERSION, to_csv, to_parquet
from istiolog_pd.formats import COLUMNS, COMMON

Real = Callable[[str], il.Capture]

SECONDS = [f"{c.name}_seconds" for c in COLUMNS.values() if c.type == "duration"]
PLAIN = {pa.int64(), pa.float64(), pa.string(), pa.bool_(), pa.timestamp("us", "UTC")}


@pytest.fixture
def seed(real: Real) -> il.Capture:
    return real("seed/pilot.log")


@pytest.fixture
def wide(seed: il.Capture, tmp_path: Path) -> Path:
    path = tmp_path / "pilot.parquet"
    to_parquet(seed, path)
    return path


@pytest.fixture
def folder(seed: il.Capture, tmp_path: Path) -> Path:
    path = tmp_path / "pilot"
    to_parquet(seed, path)
    return path


# ---- what is in the files ----


@pytest.mark.parametrize(
    "name", ["seed/pilot.log", "istiod-1.30.3/discovery.log.gz", "pilot-1.0.9/discovery.log.gz", "pair-1.30.3"]
)
def test_the_wide_file_holds_what_the_capture_holds(
    real: Real, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "BATCH", 1000)  # so that every log has several parts
    capture = real(name)
    to_parquet(capture, tmp_path / "x.parquet")
    written = pq.read_table(tmp_path / "x.parquet")
    expected = capture.to_pandas(columns=["row", *COMMON, *COLUMNS])
    assert set(written.schema.types) <= PLAIN
    assert written["row"].to_pylist() == list(range(capture.n_entries))
    for column in expected:
        if pd.api.types.is_timedelta64_dtype(expected[column]):
            seconds = written[f"{column}_seconds"].to_pandas()
            pd.testing.assert_series_equal(seconds, expected[column].dt.total_seconds(), check_names=False)
        elif column == "timestamp":
            assert written[column].to_pandas().equals(expected[column].dt.as_unit("us"))
        else:
            values = [None if pd.isna(value) else value for value in expected[column].tolist()]
            assert written[column].to_pylist() == values, column


def test_a_folder_has_a_file_per_event_and_one_for_all(folder: Path, seed: il.Capture) -> None:
    assert {path.name for path in folder.iterdir()} == {f"{event}.parquet" for event in [*seed, "events"]}
    events = pd.read_parquet(folder / "events.parquet")
    assert events.columns.to_list() == ["row", *COMMON] and len(events) == seed.n_entries
    pushes = pd.read_parquet(folder / "xds_push.parquet").merge(events[["row", "message"]], on="row")
    assert pushes["message"].str.contains("PUSH").all() and len(pushes) == 20


def test_narrow_files_keep_columns_that_are_null(folder: Path, seed: il.Capture) -> None:
    for event in seed:
        names = [f"{n}_seconds" if f"{n}_seconds" in SECONDS else n for n in seed[event].schema.names]
        assert pq.read_schema(folder / f"{event}.parquet").names == names


def test_pandas_reads_it(wide: Path) -> None:
    table = pd.read_parquet(wide)
    assert str(table["timestamp"].dtype) == "datetime64[us, UTC]"
    assert {str(table[name].dtype) for name in SECONDS} == {"float64"}
    assert table["quiet_time_seconds"].dropna().to_list() == [0.278709937, 0.20126999, 0.200938979]
    assert isinstance(table.index, pd.RangeIndex)


def test_polars_reads_it(wide: Path) -> None:
    table = pl.read_parquet(wide)
    assert table.schema["timestamp"] == pl.Datetime("us", "UTC")
    assert all(table.schema[name] == pl.Float64 for name in SECONDS)
    assert not any(kind in (pl.Categorical, pl.Enum) for kind in table.schema.values())
    assert table.filter(pl.col("event") == "xds_push").height == 20


def test_duckdb_reads_it(folder: Path) -> None:
    debounces, events = (f"'{folder}/{name}.parquet'" for name in ("debounce", "events"))
    with duckdb.connect() as base:
        described = base.execute(f"select column_name, column_type from (describe from {debounces})").fetchall()
        joined = base.execute(f"select max(quiet_time_seconds) from {debounces} join {events} using (row)").fetchall()
    kinds = dict(described)
    assert kinds["timestamp"] == "TIMESTAMP WITH TIME ZONE" and kinds["quiet_time_seconds"] == "DOUBLE"
    assert kinds["scope"] == "VARCHAR" and kinds["row"] == "BIGINT"
    assert joined == [(0.278709937,)]


def test_the_file_says_what_it_is(wide: Path) -> None:
    file = pq.ParquetFile(wide)
    about = json.loads(file.schema_arrow.metadata[METADATA_KEY])
    assert about["schema_version"] == SCHEMA_VERSION and about["table"] == "wide"
    assert about["units"]["size_bytes"] == "B" and about["units"]["duration_seconds"] == "s"
    assert [source["entries"] for source in about["sources"]] == [68]
    assert file.schema_arrow.field("proxy").metadata[b"meaning"].startswith(b"pod.namespace")
    assert pd.read_parquet(wide, columns=["resources"])["resources"].dtype == "Int64"  # with nulls
    assert file.metadata.format_version == "2.6"
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"


def test_only_some_events(seed: il.Capture, tmp_path: Path) -> None:
    to_parquet(seed, tmp_path / "some", events=["debounce", "xds_nack"])
    assert sorted(path.stem for path in (tmp_path / "some").iterdir()) == ["debounce", "events"]
    assert pq.read_metadata(tmp_path / "some" / "events.parquet").num_rows == 3
    to_parquet(seed, tmp_path / "some.parquet", events=["debounce", "push_start"])
    assert set(pd.read_parquet(tmp_path / "some.parquet")["event"]) == {"debounce", "push_start"}
    to_parquet(seed, tmp_path / "one.parquet", events="debounce")
    assert "event" not in pq.read_schema(tmp_path / "one.parquet").names


def test_an_event_that_is_not_there_has_its_columns(seed: il.Capture, tmp_path: Path) -> None:
    to_parquet(seed, tmp_path / "x.parquet", events="xds_nack")
    table = pd.read_parquet(tmp_path / "x.parquet")
    assert table.empty and "grpc_code" in table


def test_an_unknown_event(seed: il.Capture, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="did you mean 'debounce'"):
        to_parquet(seed, tmp_path / "x.parquet", events=["debunce"])
    with pytest.raises(ValueError, match="is no event"):
        to_csv(seed, io.BytesIO(), events="")


# ---- CSV ----


def test_csv(seed: il.Capture, tmp_path: Path) -> None:
    to_csv(seed, tmp_path / "x.csv")
    table = pd.read_csv(tmp_path / "x.csv")
    assert table.columns.to_list()[:3] == ["row", "timestamp", "level"] and len(table.columns) == 1 + len(COMMON) + len(
        COLUMNS
    )
    assert table["timestamp"][0] == "2018-12-24T15:38:10.268577Z"
    assert table["timestamp"].isna().sum() == 2  # Go's GC trace prints none
    assert table["message"].to_list() == seed.events["message"].to_pylist()
    assert table["quiet_time_seconds"].notna().sum() == 3


def test_csv_of_one_event_into_an_open_file(seed: il.Capture) -> None:
    file = io.BytesIO()
    to_csv(seed, file, events="debounce")
    lines = file.getvalue().decode().splitlines()
    assert len(lines) == 4 and lines[0].startswith('"row","timestamp","level"')
    assert ",0.278709937," in lines[1] and "2018-12-24T16:27:52.464702Z" in lines[1]


def test_empty_text_is_not_null_in_csv(lines: Callable[..., il.Capture]) -> None:
    file = io.BytesIO()
    to_csv(lines("2026-11-23T17:28:49Z\tinfo\tads\t"), file)
    row = dict(zip(*(line.split(",") for line in file.getvalue().decode().splitlines()), strict=True))
    assert row['"message"'] == '""' and row['"proxy"'] == ""


# ---- nothing half-written ----


def _broken(after: int) -> Callable[..., None]:
    """A `write_table` that fails after a number of parts."""
    left = [after]
    write = pq.ParquetWriter.write_table

    def write_table(writer: pq.ParquetWriter, table: pa.Table) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError("no space left")
        write(writer, table)

    return write_table


@pytest.mark.parametrize("name", ["x.parquet", "x"])
def test_a_failed_export_leaves_nothing(
    seed: il.Capture, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pq.ParquetWriter, "write_table", _broken(2))
    monkeypatch.setattr(export, "BATCH", 20)
    with pytest.raises(OSError, match="no space left"):
        to_parquet(seed, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["x.parquet", "x"])
def test_a_failed_export_leaves_the_former(
    seed: il.Capture, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_parquet(seed, tmp_path / name)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.parquet") if path.is_file()}
    monkeypatch.setattr(pq.ParquetWriter, "write_table", _broken(0))
    with pytest.raises(OSError, match="no space left"):
        to_parquet(seed, tmp_path / name)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.parquet") if path.is_file()} == before
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_failed_csv_leaves_nothing(seed: il.Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export.pc, "strftime", None)
    with pytest.raises(TypeError):
        to_csv(seed, tmp_path / "x.csv")
    assert list(tmp_path.iterdir()) == []


KILLED = """
import os, signal, sys
import pyarrow.parquet as pq
import istiolog_pd as il
from istiolog_pd.export import tables as export
from istiolog_pd.export.tables import to_csv, to_parquet

capture = il.load("data/seed/pilot.log")
export.BATCH = 10
calls = []

def dying(function):
    def call(*args, **kwargs):
        calls.append(1)
        if len(calls) == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)
    return call

pq.ParquetWriter.write_table = dying(pq.ParquetWriter.write_table)
export.pc.strftime = dying(export.pc.strftime)
(to_csv if sys.argv[1].endswith(".csv") else to_parquet)(capture, sys.argv[1])
"""


@pytest.mark.parametrize("name", ["x.parquet", "x", "x.csv"])
def test_a_killed_export_leaves_nothing_under_its_name(data: Path, name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path / name], cwd=data.parent, capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    left = [path.name for path in tmp_path.iterdir()]
    assert name not in left
    assert all(one.startswith(f".{name}.") and one.endswith(".part") for one in left)


def test_a_folder_of_a_former_export_is_replaced(real: Real, folder: Path) -> None:
    to_parquet(real("pilot-1.0.9/discovery.log.gz"), folder)
    assert pq.read_metadata(folder / "events.parquet").num_rows == 984
    assert not (folder / "pod_event.parquet").exists()
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@pytest.mark.parametrize("other", ["notes.txt", "other.parquet", "broken.parquet", "deeper"])
def test_a_folder_that_holds_anything_else_is_not_replaced(seed: il.Capture, folder: Path, other: str) -> None:
    if other == "deeper":
        (folder / other).mkdir()
    elif other == "other.parquet":
        pd.DataFrame({"a": [1]}).to_parquet(folder / other)
    else:
        (folder / other).write_text("mine")
    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(FileExistsError, match=rf"holds {other}, which is no export of istiolog_pd"):
        to_parquet(seed, folder)
    assert sorted(path.name for path in folder.iterdir()) == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_an_empty_folder_is_filled(seed: il.Capture, tmp_path: Path) -> None:
    to_parquet(seed, tmp_path / "new" / "empty")
    (tmp_path / "empty").mkdir()
    to_parquet(seed, tmp_path / "empty")
    assert len(list((tmp_path / "empty").iterdir())) == len(list((tmp_path / "new" / "empty").iterdir()))


def test_a_file_where_a_folder_should_be_and_the_other_way(seed: il.Capture, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("mine")
    with pytest.raises(FileExistsError, match="is a file: name a folder"):
        to_parquet(seed, tmp_path / "x")
    (tmp_path / "x.parquet").mkdir()
    with pytest.raises(IsADirectoryError, match="is a folder, not a file"):
        to_parquet(seed, tmp_path / "x.parquet")


def test_a_link_stays_a_link(seed: il.Capture, tmp_path: Path) -> None:
    (tmp_path / "real.parquet").write_bytes(b"old")
    (tmp_path / "link.parquet").symlink_to("real.parquet")
    to_parquet(seed, tmp_path / "link.parquet")
    assert (tmp_path / "link.parquet").is_symlink()
    assert pq.read_metadata(tmp_path / "real.parquet").num_rows == 68


def test_a_device_is_written_and_not_replaced(seed: il.Capture) -> None:
    to_csv(seed, "/dev/null")
    assert not os.path.isfile("/dev/null")
