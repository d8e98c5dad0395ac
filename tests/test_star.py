"""The star schema: every table there, keys that join, counts that agree, views that run, files that say what they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import istiolog_pd as il
from istiolog_pd import analysis
from istiolog_pd.cli.app import app
from istiolog_pd.export.star import MARKDOWN, SQL, TABLES, VIEWS, to_duckdb, to_star
from istiolog_pd.export.star.model import DIMENSIONS, FACTS
from istiolog_pd.export.tables import METADATA_KEY, to_parquet

Real = Callable[[str], il.Capture]
PLAIN = {pa.int64(), pa.float64(), pa.string(), pa.bool_(), pa.timestamp("us", "UTC"), pa.date32()}
LOGS = [
    "seed",
    "istiod-1.20.8/discovery.log.gz",
    "pair-1.30.3",
]
ACCESS = (
    '[2026-11-23T17:00:00.123Z] "GET /a HTTP/1.1" 200 - via_upstream - "-" 0 5 7 6 "-" "curl" "id-1" "web:80" '
    '"10.0.0.9:80" outbound|80||web.shop.svc.cluster.local 10.0.0.1:1 10.0.0.2:80 10.0.0.1:2 - default'
)


@pytest.fixture(scope="module", params=LOGS)
def kept(
    request: pytest.FixtureRequest, real: Real, tmp_path_factory: pytest.TempPathFactory
) -> tuple[il.Capture, Path]:
    """A real log and its star."""
    folder = tmp_path_factory.mktemp("star") / "kept"
    to_star(real(request.param), folder)
    return real(request.param), folder


def read(folder: Path, name: str) -> pd.DataFrame:
    return pq.read_table(folder / f"{name}.parquet").to_pandas()


def test_every_table_with_all_its_columns_in_types_that_all_readers_know(kept: tuple[il.Capture, Path]) -> None:
    _, folder = kept
    assert {path.name for path in folder.iterdir()} == {SQL, MARKDOWN, *(f"{name}.parquet" for name in TABLES)}
    for name in TABLES:
        schema = pq.read_schema(folder / f"{name}.parquet")
        assert set(schema.types) <= PLAIN, name
        assert len(schema.names) == len(TABLES[name].columns)
        assert json.loads(schema.metadata[METADATA_KEY])["star_version"] == 2


def test_facts_have_the_rows_of_the_answers(kept: tuple[il.Capture, Path]) -> None:
    capture, folder = kept
    answers = {"debounce": "debounces", "push": "push_rounds", "proxy_push": "pushes", "connection": "connections"}
    for fact, answer in answers.items():
        expected, written = getattr(analysis, answer)(capture), read(folder, fact)
        assert written["line"].to_list() == expected["line"].to_list(), fact
        about = json.loads(pq.read_schema(folder / f"{fact}.parquet").metadata[METADATA_KEY])
        assert about["coverage"] == expected.attrs["coverage"]
    assert len(read(folder, "nack")) == capture["xds_nack"].num_rows + capture["xds_rejected"].num_rows


def test_keys_are_unique_and_every_reference_is_met(kept: tuple[il.Capture, Path]) -> None:
    _, folder = kept
    for dimension in DIMENSIONS:
        key = f"{dimension.name}_id"
        keys = read(folder, dimension.name)[key]
        assert keys.notna().all() and keys.is_unique
        for fact in FACTS:
            if key in {column.name for column in fact.columns}:
                assert set(read(folder, fact.name)[key].dropna()) <= set(keys), (fact.name, key)


def test_names_come_back_by_their_keys(kept: tuple[il.Capture, Path]) -> None:
    capture, folder = kept
    expected, written = analysis.pushes(capture), read(folder, "proxy_push")
    for name in ("proxy", "xds_type"):
        names = read(folder, name).set_index(f"{name}_id")[name]
        assert written[f"{name}_id"].map(names).to_list() == expected[name].astype("str").to_list()
    minutes = read(folder, "time").set_index("time_id")["minute"]
    assert (written["time_id"].map(minutes) == written["timestamp"].dt.floor("min")).all()


def test_every_view_runs(kept: tuple[il.Capture, Path]) -> None:
    capture, folder = kept
    with duckdb.connect() as base:
        base.execute("SET file_search_path = $1", [str(folder)])
        base.execute((folder / SQL).read_text(encoding="utf-8"))
        rows = {view.name: base.sql(f"SELECT count(*) FROM {view.name}").fetchall()[0][0] for view in VIEWS}
        pushes = base.sql("SELECT sum(pushes)::BIGINT FROM pushes_per_minute").fetchall()[0][0]
    assert pushes == len(analysis.pushes(capture))
    assert (rows["push_causes"] > 0) == (len(analysis.debounces(capture)) > 0)


def test_the_dictionary_has_every_column_and_means_what_the_files_mean(kept: tuple[il.Capture, Path]) -> None:
    _, folder = kept
    dictionary = read(folder, "dictionary")
    for name in TABLES:
        own = dictionary[dictionary["table"].eq(name)].set_index("column")
        schema = pq.read_schema(folder / f"{name}.parquet")
        assert own.index.to_list() == schema.names
        assert own["type"].to_list() == [str(kind) for kind in schema.types]
        assert own["meaning"].to_list() == [field.metadata[b"meaning"].decode() for field in schema]
        assert own["meaning"].ne("").all()
    assert set(dictionary.loc[dictionary["kind"].eq("view"), "table"]) == {view.name for view in VIEWS}
    assert "## proxy_push (fact)" in (folder / MARKDOWN).read_text(encoding="utf-8")


def test_an_access_line_and_what_it_took(lines: Callable[..., il.Capture], tmp_path: Path) -> None:
    to_star(lines(ACCESS, component="agent"), tmp_path / "star")
    row = read(tmp_path / "star", "access").iloc[0]
    assert (row["response_code"], row["duration_seconds"], row["cluster_host"]) == (
        200,
        0.007,
        "web.shop.svc.cluster.local",
    )
    assert pd.isna(row["proxy_id"])  # no line tells whose log it is
    assert read(tmp_path / "star", "time")["minute_of_hour"].to_list() == [0]


def test_a_wrong_time_makes_no_row_for_every_minute_up_to_it(lines: Callable[..., il.Capture], tmp_path: Path) -> None:
    text = "\tinfo\tads\tPush debounce stable[1] 1 for config ServiceEntry/a/b: 100ms since last change, 100ms since last push, full=true"
    to_star(lines(f"1970-01-01T00:00:30.000000Z{text}", f"2099-01-01T00:00:00.000000Z{text}"), tmp_path / "star")
    assert read(tmp_path / "star", "time")["time_id"].iloc[0] == 0
    assert len(read(tmp_path / "star", "time")) == 2


def test_nothing_is_nothing(lines: Callable[..., il.Capture], tmp_path: Path) -> None:
    capture = lines("2026-11-23T17:00:00.000000Z\tinfo\thello")
    to_star(capture, tmp_path / "star")
    assert {fact.name: len(read(tmp_path / "star", fact.name)) for fact in FACTS} == dict.fromkeys(
        (fact.name for fact in FACTS), 0
    )
    about = json.loads(pq.read_schema(tmp_path / "star" / "push.parquet").metadata[METADATA_KEY])
    assert "no line that begins a round" in about["coverage"]


def test_a_star_is_replaced_but_nothing_else_is(real: Real, tmp_path: Path) -> None:
    folder = tmp_path / "star"
    to_star(real("seed"), folder)
    to_star(real("seed"), folder)
    (folder / "views.sql").write_text("SELECT 1; -- my own")
    with pytest.raises(FileExistsError, match=r"holds views\.sql, which is no export"):
        to_star(real("seed"), folder)
    to_parquet(real("seed/pilot.log"), tmp_path / "tables")
    with pytest.raises(FileExistsError):
        to_star(real("seed"), tmp_path / "tables")


def test_from_the_command_line(data: Path, tmp_path: Path) -> None:
    log, folder = str(data / "seed" / "pilot.log"), tmp_path / "star"
    done = CliRunner().invoke(app, ["parse", log, "--star", "-o", str(folder)])
    assert done.exit_code == 0, done.output
    assert len(read(folder, "debounce")) == 3
    for wrong in (["-o", "x.parquet"], [], ["-o", str(folder), "--events", "debounce"]):
        assert CliRunner().invoke(app, ["parse", log, "--star", *wrong]).exit_code == 2


def test_keys_are_the_same_in_every_export_and_days_are_dates(kept: tuple[il.Capture, Path], tmp_path: Path) -> None:
    """A part of a capture names its proxies by the same keys as the whole."""
    capture, folder = kept
    half = capture.between(None, capture.events["timestamp"][len(capture.events) // 2].as_py())
    to_star(half, tmp_path / "half")
    for name in ("proxy", "config", "xds_type"):
        whole, part = (read(at, name).set_index(f"{name}_id") for at in (folder, tmp_path / "half"))
        assert part.equals(whole.loc[part.index])
    assert pq.read_schema(folder / "time.parquet").field("date").type == pa.date32()
    assert read(folder, "proxy_push")["resources"].dtype == "Int64"
    for fact in FACTS:
        assert set(read(folder, fact.name)["capture_id"]) <= set(read(folder, "capture")["capture_id"])


@pytest.mark.parametrize("form", ["folder", "database"])
def test_a_second_capture_is_added_and_none_twice(form: str, real: Real, tmp_path: Path) -> None:
    first, second = real("seed"), real("istiod-1.20.8/discovery.log.gz")
    path, write = (tmp_path / "star", to_star) if form == "folder" else (tmp_path / "mesh.duckdb", to_duckdb)
    write(first, path)
    write(second, path, append=True)
    with pytest.raises(FileExistsError, match="in the star already"):
        write(second, path, append=True)
    if form == "database":
        with pytest.raises(FileExistsError, match="append to it"):
            to_duckdb(second, path)
    with duckdb.connect() if form == "folder" else duckdb.connect(str(path), read_only=True) as base:
        if form == "folder":
            base.execute("SET file_search_path = $1", [str(path)])
            base.execute((path / SQL).read_text(encoding="utf-8"))
        counts = base.execute("SELECT capture, count(*) FROM proxy_push JOIN capture USING (capture_id) GROUP BY 1")
        expected = [len(analysis.pushes(one)) for one in (first, second)]
        assert sorted(count for _, count in counts.fetchall()) == sorted(expected)
        for name in ("proxy", "xds_type", "time", "capture", "istiod_pod"):
            doubled = base.execute(f'SELECT count(*) - count(DISTINCT {name}_id) FROM "{name}"').fetchall()
            assert doubled == [(0,)]
        for view in VIEWS:
            base.execute(f"SELECT count(*) FROM {view.name}").fetchall()


def test_a_rejection_counts_once_and_ends_without_a_line_are_ends(data: Path, tmp_path: Path) -> None:
    capture = il.load(data / "mesh-1.30.3" / "info")
    to_duckdb(capture, tmp_path / "mesh.duckdb")
    with duckdb.connect(str(tmp_path / "mesh.duckdb"), read_only=True) as base:
        nacks = base.execute("SELECT sum(nacks)::INT FROM nacks_by_proxy").fetchall()[0][0]
        ends = base.execute("SELECT sum(sessions)::INT FROM connection_ends").fetchall()[0][0]
        unknown = base.execute("SELECT count(*) FROM access WHERE direction IS NULL OR proxy_id IS NULL").fetchall()
        hops = base.execute(
            "SELECT a.direction, b.direction, count(*) FROM access a JOIN access b USING (request_id) "
            "WHERE a.hop = 0 AND b.hop = 1 AND a.hops = 2 GROUP BY 1, 2 ORDER BY 3 DESC"
        ).fetchall()
    connections = analysis.connections(capture)
    assert nacks == capture["xds_nack"].num_rows
    assert ends == (connections["closed"].notna() | connections["reason"].notna()).sum()
    assert unknown == [(0,)]
    [(*way, most), *others] = hops
    assert way == ["outbound", "inbound"] and most > 900 and sum(count for *_, count in others) < 10
