"""Log lines as public reports show them: cut, pasted without their time, behind what tools print before them."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import istiolog_pd as il
from istiolog_pd.errors import DamageWarning

EXCERPTS = Path(__file__).parent / "formats" / "public_excerpts.txt"


def excerpts() -> Iterator[tuple[str, str]]:
    """The reference of each excerpt, and its lines."""
    for part in EXCERPTS.read_text(encoding="utf-8").split("\n== ")[1:]:
        reference, _, text = part.partition("\n")
        yield reference, text


def read(text: str) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamageWarning)
        return il.load(io.BytesIO(text.encode())).to_pandas()


def test_most_of_what_is_pasted_is_known() -> None:
    """At most 10 % of the entries are `other` or `unparsed`."""
    tables = [read(text) for _, text in excerpts()]
    assert len(tables) >= 200
    events = pd.concat([table["event"] for table in tables])
    assert events.isin(["other", "unparsed"]).mean() <= 0.10


@pytest.mark.parametrize(
    ("line", "level", "scope", "event"),
    [
        ("warning\tenvoy config\tStreamAggregatedResources gRPC config stream closed: 13, ", "warn", "config", "xds_stream_closed"),
        ("info\tads\tXDS: Pushing Services:1 ConnectedEndpoints:2 Version:v/3", "info", "ads", "push_start"),
        ("error\tinpod::workloadmanager\tfailed to start proxy: Bind", "error", "inpod::workloadmanager", "ztunnel_proxy"),
        ("2024-10-29T17:39:45.936188Z error access connection complete src.addr=1.2.3.4:5 ", "error", "access", "access"),
        ("error envoy wasm Function: proxy_on_log failed: Uncaught RuntimeError: unreachable", "error", "wasm", "wasm"),
        ("[262][warning][config] [external/envoy/source/server/options_impl.cc:193] gRPC config stream closed: 13, ", "warn", "config", "xds_stream_closed"),
        ("2019-06-28 13:02:36.790][37][debug][client] [x/codec_client.cc:1] [C1] connecting", "debug", "client", None),
    ],
)  # fmt: skip
def test_a_header_without_its_beginning(line: str, level: str, scope: str, event: str | None) -> None:
    (row,) = read(line + "\n").to_dict("records")
    assert (row["level"], row["scope"]) == (level, scope)
    assert row["event"] == event if event else row["event"] not in ("other", "unparsed")


def test_a_line_of_prose_has_no_header() -> None:
    """Words such as `info` begin sentences too."""
    assert read("info about this issue\nerror: nothing works\nerror envoy config is wrong\n")[
        "event"
    ].unique().tolist() == ["unparsed"]
