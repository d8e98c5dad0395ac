"""The recorded mesh as its processes would have written it as JSON: every answer is the same."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest
from json_logs import as_json
from test_same_answers import BY_TEXT, PLACES, every_answer

import istiolog_pd as il

MESH = Path(__file__).parents[1] / "data" / "mesh-1.30.3"
#: A line of the JSON logs is a whole entry.
BUT = [*PLACES, *BY_TEXT]


def test_an_entry_as_json() -> None:
    envoy = "2026-11-30T13:10:58.0Z\twarning\tenvoy config source/a.cc:138\tgRPC config rejected: \tx\tthread=12"
    agent = '2026-11-30T13:10:58.0Z\tinfo\tcache\tgenerated\tlatency=1.5ms\tttl="1 h"\tserial=7'
    assert as_json(f"{envoy}\n{agent}\n  more\n[2026-11-30T13:10:58.000Z] access\n").splitlines() == [
        '{"level":"warning","time":"2026-11-30T13:10:58.0Z","scope":"envoy config","msg":"gRPC config rejected: \\tx",'
        '"caller":"source/a.cc:138","thread":12}',
        '{"level":"info","time":"2026-11-30T13:10:58.0Z","scope":"cache","msg":"generated","latency":"1.5ms",'
        '"ttl":"1 h","serial":"7\\n  more"}',
        "[2026-11-30T13:10:58.000Z] access",
    ]


@pytest.mark.parametrize(
    "logs", [["info/*.log.gz"], ["sotw-debug/istiod.log.gz", "sotw-debug/proxy-promo-*.log.gz"]], ids=["info", "debug"]
)
def test_every_answer_is_that_of_the_text(logs: list[str], tmp_path: Path) -> None:
    paths = sorted(log for pattern in logs for log in MESH.glob(pattern))
    for log in paths:
        text = gzip.decompress(log.read_bytes()).decode()
        (tmp_path / log.name).write_bytes(gzip.compress(as_json(text).encode(), 1))
    ours, theirs = il.load(paths), il.load(tmp_path)
    assert sum(map(len, theirs.tables.values())) == sum(map(len, ours.tables.values()))
    pd.testing.assert_series_equal(theirs.counts(), ours.counts())
    expected = every_answer(ours)
    for name, table in every_answer(theirs).items():
        left, right = (one.drop(columns=BUT, errors="ignore") for one in (table, expected[name]))
        pd.testing.assert_frame_equal(left, right, check_categorical=False, obj=name)
