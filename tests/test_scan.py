"""Batches in constant memory hold what a whole capture does; Parquet written from them is that of a capture."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

import istiolog_pd as il
from istiolog_pd.engine import choose_engine
from istiolog_pd.export.streaming import stream_to_csv, stream_to_parquet
from istiolog_pd.export.tables import to_csv, to_parquet

LOG = "data/istiod-1.30.3/discovery.log.gz"


needs_native = pytest.mark.skipif(not choose_engine.has_native(), reason="the native engine is not built")


@needs_native
def test_batches_hold_the_entries_of_a_capture() -> None:
    """In order, each line once, the narrow tables beside them."""
    batches = list(il.scan(LOG, batch=1000))
    whole = il.load(LOG)
    assert len(batches) > 2
    assert [line for one in batches for line in one.events["line"].to_pylist()] == whole.events["line"].to_pylist()
    assert [text for one in batches for text in one.events["message"].to_pylist()] == whole.events[
        "message"
    ].to_pylist()
    sizes = [size for one in batches for size in one["xds_push"]["size_bytes"].to_pylist()]
    assert sizes == whole["xds_push"]["size_bytes"].to_pylist()
    for one in batches:
        assert (
            one["debounce"]["timestamp"].to_pylist() == one.events["timestamp"].take(one["debounce"]["row"]).to_pylist()
        )


@pytest.mark.parametrize(
    "log",
    sorted(map(str, [*Path("data/mesh-1.30.3/info").glob("proxy*"), "data/pair-1.30.3/istio-proxy.log"])),
    ids=lambda log: Path(log).name,
)
def test_access_lines_have_the_proxy_that_a_capture_gives_them(log: str) -> None:
    """By the file's place, or by the lines of the sidecar's own start: in any batch, and from text without a place."""
    whole = il.load(log)
    if "access" not in whole:
        return
    named = whole["access"]["proxy"].to_pylist()
    assert [
        name for one in il.scan(log, batch=100) if "access" in one for name in one["access"]["proxy"].to_pylist()
    ] == named
    text = gzip.decompress(Path(log).read_bytes()) if log.endswith("gz") else Path(log).read_bytes()
    bare, batches = il.load(io.BytesIO(text)), il.scan(io.BytesIO(text), batch=100)
    found = [name for one in batches if "access" in one for name in one["access"]["proxy"].to_pylist()]
    assert found == bare["access"]["proxy"].to_pylist()


def test_a_small_log_is_one_batch() -> None:
    """Whatever the size of a batch may be."""
    [batch] = il.scan("data/seed/pilot.log")
    assert batch.n_entries == 68


def test_without_messages() -> None:
    """Text is left out, all else is there."""
    [*batches] = il.scan(LOG, messages=False)
    assert all(one.events["message"].null_count == one.n_entries for one in batches)
    assert il.load(LOG, messages=False)["xds_push"].num_rows == sum(one["xds_push"].num_rows for one in batches)


def test_damage_is_warned_of_by_line() -> None:
    """A line that is no UTF-8, far into the log."""
    data = gzip.decompress(Path(LOG).read_bytes())
    lines = data.split(b"\n")
    lines[3000] += b"\xff"
    with pytest.warns(il.DamageWarning, match=r":3001: bytes that are no UTF-8"):
        assert (
            sum(part.n_entries for part in il.scan(io.BytesIO(b"\n".join(lines)), batch=500)) == il.load(LOG).n_entries
        )


def test_wrapped_lines_keep_their_place() -> None:
    """Of `kubectl logs --timestamps`: bare events, the physical line, when it was received."""
    bare = gzip.decompress(Path(LOG).read_bytes()).splitlines()[:2000]
    wrapped = b"\n".join(b"2026-11-23T17:27:51.5Z " + line for line in bare)
    batches = list(il.scan(io.BytesIO(wrapped), batch=300))
    whole = il.load(io.BytesIO(b"\n".join(bare)))
    assert [line for one in batches for line in one.events["line"].to_pylist()] == whole.events["line"].to_pylist()
    assert all(one.events["received"].null_count == 0 for one in batches)


@pytest.mark.parametrize("name", ["tables", "wide.parquet"])
@pytest.mark.parametrize("events", [None, "xds_push", ["debounce", "push_start"], "access"])
def test_parquet_of_batches_is_that_of_a_capture(name: str, events: str | list[str] | None, tmp_path: Path) -> None:
    """The same columns and values, `row` over all batches; only runs are not told. Nothing of an event: no rows."""
    entries = stream_to_parquet(il.scan(LOG, batch=700), tmp_path / "streamed" / name, events=events)
    to_parquet(il.load(LOG), tmp_path / "whole" / name, events=events)
    whole, streamed = tmp_path / "whole" / name, tmp_path / "streamed" / name
    files = [""] if name.endswith(".parquet") else sorted(file.name for file in whole.iterdir())
    for file in files:
        one, other = pq.read_table(whole / file), pq.read_table(streamed / file)
        assert one.schema.names == other.schema.names
        for column in set(one.schema.names) - {"run"}:
            assert one[column].to_pylist() == other[column].to_pylist(), (file, column)
    assert entries == il.load(LOG).n_entries


@pytest.mark.parametrize("events", [None, "xds_push", ["debounce", "push_start"], "access"])
def test_csv_of_batches_is_that_of_a_capture(events: str | list[str] | None, tmp_path: Path) -> None:
    """The same lines, except the runs; to a path or to an open file."""
    whole, streamed = io.BytesIO(), io.BytesIO()
    to_csv(il.load(LOG), whole, events=events)
    entries = stream_to_csv(il.scan(LOG, batch=700), streamed, events=events)
    one, other = (pd.read_csv(io.BytesIO(file.getvalue()), dtype=str) for file in (whole, streamed))
    pd.testing.assert_frame_equal(one.drop(columns="run"), other.drop(columns="run"))
    stream_to_csv(il.scan(LOG, batch=700), tmp_path / "raw.csv", events=events, safe=False)
    assert (tmp_path / "raw.csv").read_bytes() == streamed.getvalue()
    assert entries == il.load(LOG).n_entries


@pytest.mark.parametrize("target", ["-", "out.csv"])
def test_parse_streams_csv(target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large log is not held for standard output either."""
    from typer.testing import CliRunner

    from istiolog_pd.cli.app import app, parse

    arguments = ["parse", "data/seed/pilot.log", "-o", target if target == "-" else str(tmp_path / target)]
    held = CliRunner().invoke(app, arguments).stdout or (tmp_path / target).read_text()
    monkeypatch.setattr(parse, "load_logs", None)
    done = CliRunner().invoke(app, [*arguments, "--stream"])
    assert done.exit_code == 0, done.output
    assert (done.stdout or (tmp_path / target).read_text()).splitlines() == held.splitlines()


def test_parse_streams_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command writes the same tables."""
    from typer.testing import CliRunner

    from istiolog_pd.cli.app import app, parse

    monkeypatch.setattr(parse, "load_logs", None)
    done = CliRunner().invoke(app, ["parse", "data/seed/pilot.log", "--stream", "-o", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert pq.read_table(tmp_path / "out" / "events.parquet").num_rows == 68
