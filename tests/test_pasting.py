"""What people paste and export is read as the bare log would be: the truth is what the bare log reads as."""

from __future__ import annotations

import gzip
import io
import json
import warnings
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from pasting import JSON_SHAPES, POD, SHAPES, TABLE_SHAPES, Shape
from wrapping import nanoseconds

import istiolog_pd as il

DATA = Path(__file__).parents[1] / "data"

#: Columns of the place and of the wrapper, which a bare log does not have, and of the row itself.
BESIDE = {"row", "line", "received", "stream", "source", "source_pod", "source_namespace", "source_container", "proxy"}


@cache
def logs() -> dict[str, tuple[str, ...]]:
    """Lines of two real logs: an istiod, and a proxy with access lines, an entry a line."""
    istiod = gzip.decompress((DATA / "istiod-1.30.3/discovery.log.gz").read_bytes()).decode().splitlines()
    proxy = gzip.decompress((DATA / "mesh-1.30.3/info/proxy-cart-5f6b7c8d9-x2k4p.shop.log.gz").read_bytes())
    return {"istiod": tuple(istiod[1:20] + istiod[1500:1530]), "proxy": tuple(proxy.decode().splitlines()[140:180])}


def entries(raw: bytes) -> list[str]:
    """The entries of a source, blanks as one: what a tab was cannot be seen where it became blanks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", il.DamageWarning)
        table = il.load(io.BytesIO(raw)).to_pandas()
    table = table[[name for name in table.columns if name not in BESIDE and table[name].notna().any()]]
    return [" ".join(str(row).split()) for row in table.astype(object).to_dict("records")]


@cache
def bare(name: str) -> list[str]:
    """What the bare log reads as."""
    return entries("".join(f"{line}\n" for line in logs()[name]).encode())


@pytest.mark.parametrize("name", logs())
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_shape_reads_as_the_bare_log(shape: Shape, name: str) -> None:
    """Nineteen entries of twenty at least are the same, in the same order."""
    found = entries(shape(logs()[name]))
    same = Counter(found) & Counter(bare(name))
    assert same.total() >= 0.95 * max(len(found), len(bare(name)))
    common = [entry for entry in found if entry in same]
    assert common == [entry for entry in bare(name) if entry in same]


NAMED = {
    name: shape
    for name, shape in {**JSON_SHAPES, **TABLE_SHAPES}.items()
    if POD.encode() in shape(["x"]) and name not in ("CSV, no header", "TSV, tabs escaped")
}


@pytest.mark.parametrize("shape", NAMED.values(), ids=NAMED)
def test_pod_of_an_export(shape: Shape) -> None:
    """Fields whose names say so name the pod."""
    capture = il.load(io.BytesIO(shape(logs()["istiod"])))
    assert set(capture.to_pandas()["source_pod"]) == {POD}


def test_received_of_an_export() -> None:
    """The receipt time, whatever its unit."""
    for name in ("CloudWatch filter-log-events", "Loki API", "Vector", "Grafana download", "CSV", "OpenTelemetry"):
        table = il.load(io.BytesIO(SHAPES[name](logs()["istiod"][:5]))).to_pandas()
        found = table["received"].astype("int64") // 10**6
        assert found.to_list() == [nanoseconds(n) // 10**6 for n in range(5)], name


ACCESS = {
    "start_time": "2026-11-23T17:28:49.062Z",
    "method": "GET",
    "path": "/x",
    "response_code": 200,
    "duration": 12,
    "upstream_host": None,
    "own_key": {"a": [1, None]},
    "bytes_sent": 0,
}


@pytest.mark.parametrize("indent", [1, 2, 4])
@pytest.mark.parametrize("in_array", [True, False])
def test_pretty_printed_access_lines(indent: int, in_array: bool) -> None:
    """Nulls, numbers and own keys: each object is an entry."""
    lines = [ACCESS | {"path": f"/{n}"} for n in range(5)]
    raw = json.dumps(lines, indent=indent) if in_array else "\n".join(json.dumps(one, indent=indent) for one in lines)
    table = il.load(io.BytesIO(raw.encode())).to_pandas(events="access")
    assert table["path"].to_list() == [f"/{n}" for n in range(5)]
    assert table["response_code"].to_list() == [200] * 5


def test_what_is_not_understood_stays() -> None:
    """JSON and tables in which there is no log line are kept as they are."""
    for raw in (b'{"a": [1, 2], "b": "text"}\n', b"time,value\n1,2\n3,4\n"):
        with pytest.warns(il.DamageWarning):
            table = il.load(io.BytesIO(raw)).to_pandas()
        assert "".join(table["message"]).replace("\n", "") == raw.decode().replace("\n", "")


def test_a_row_that_is_none() -> None:
    """It is kept as text where it stands."""
    raw = SHAPES["CSV"](logs()["istiod"][:4]).splitlines(keepends=True)
    raw.insert(3, b"not,a,row\n")
    with pytest.warns(il.DamageWarning, match="no row of the table"):
        table = il.load(io.BytesIO(b"".join(raw))).to_pandas()
    assert "not,a,row" in "".join(table["message"])
    assert len(table) >= 4


@pytest.mark.parametrize("count", [5, 12])
def test_lines_of_envoy_with_the_newest_first(count: int) -> None:
    """They come into order, each with its own further lines."""
    line = "[2026-11-30 13:10:{:02d}.000][16][debug][upstream] [source/common/x.cc:31] cds: {} added\n  more of {}\n"
    raw = "".join(line.format(n, n, n) for n in reversed(range(count)))
    table = il.load(io.BytesIO(raw.encode())).to_pandas()
    assert table["timestamp"].is_monotonic_increasing and len(table) == count
    assert table["message"].str.extract(r"more of (\d+)")[0].to_list() == [str(n) for n in range(count)]
