"""The contract: every answer has the columns of `contract/columns.toml`, with rows and without."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import generate
import pandas as pd
import pytest
from contract import COLUMNS, check_answer

import istiolog_pd as il
from istiolog_pd import analysis
from istiolog_pd.analysis._discover import declarations

Real = Callable[[str], il.Capture]

#: How to ask for the answers that take more than a capture.
ASK: dict[str, Callable[[il.Capture], pd.DataFrame]] = {
    "arrivals": lambda capture: analysis.arrivals(capture, "EnvoyFilter/shop/bad-lua"),
    "compare": lambda capture: analysis.compare(capture, capture),
    "push_wave": lambda capture: analysis.push_wave(
        capture, max(analysis.pushes(capture)["round"].dropna(), default=0)
    ),
}
#: A log that has rows for an answer, where it is not the usual one.
LOG = {
    "arrivals": "mesh-1.30.3/info/istiod.log.gz",
    "cluster_warming": "seed/helloworld-v1-istio-proxy.log",
    "node_metadata": "seed/envoy-rev0.json",
    "endpoint_churn": "istiod-1.20.8/discovery.log.gz",
    "proxy_startup": "pair-1.30.3/istio-proxy.log",
    "rejections": "mesh-1.30.3/cases/rejected.log",
    "failed_requests": "mesh-1.30.3/info/proxy-client-5b7f8c9d6-x2k4p.load.log.gz",
    "errors": "istiod-1.20.8/discovery.log.gz",
    "failures_after_pushes": "mesh-1.30.3/info",
    "reconnect_storms": "mesh-1.30.3/info",
    "connections": "istiod-1.20.8/discovery.log.gz",
}
each_answer = pytest.mark.parametrize("name", COLUMNS)


def ask(name: str, capture: il.Capture) -> pd.DataFrame:
    """An answer with its default arguments."""
    return ASK.get(name, getattr(analysis, name))(capture)


@pytest.mark.parametrize("path", generate.files(), ids=lambda path: path.name)
def test_generated_files_are_up_to_date(path: Path) -> None:
    """After a change of a declaration: python .ci/scripts/generate.py, and a look at the difference."""
    assert path.read_text(encoding="utf-8") == generate.files()[path], "run python .ci/scripts/generate.py"


@each_answer
def test_columns_of_an_answer_with_rows(name: str, real: Real) -> None:
    """What the declaration says is what the table has."""
    table = ask(name, real(LOG.get(name, "istiod-1.30.3/discovery-debug.log.gz")))
    check_answer(name, table)
    if name not in ("compare_metrics", "remote_clusters"):  # no recorded log has a remote cluster: test_errors.py
        assert len(table) > 0


@each_answer
@pytest.mark.parametrize("log", ["seed/helloworld-v1-istio-proxy.log", "seed/envoy-rev0.json"])
def test_columns_of_an_answer_without_rows(name: str, log: str, real: Real) -> None:
    """No table of zeros: the same columns, no rows, and the reason."""
    table = ask(name, real(log))
    check_answer(name, table)
    if log != LOG.get(name) and name not in ("coverage", "timeline"):  # every entry is in a timeline
        assert table.empty
        assert table.attrs["coverage"]


@each_answer
def test_glossary_of_an_answer(name: str) -> None:
    """Every column has a type and a meaning, in `il.glossary` and in the docstring."""
    table = il.glossary(name)
    assert dict(zip(table["column"], table["type"], strict=True)) == {
        n: d.rstrip("?") for n, d in COLUMNS[name].items()
    }
    assert table["meaning"].str.len().min() > 3
    assert all(f"- `{column}` (" in getattr(analysis, name).__doc__ for column in table["column"])


def test_unknown_answers_are_refused(real: Real) -> None:
    """With the name that was meant, perhaps."""
    for ask in (il.glossary, real("seed/pilot.log").coverage):
        with pytest.raises(ValueError, match="'push_round' is no answer; did you mean 'push_rounds'"):
            ask("push_round")


TIMED = [name for name, answer in declarations().items() if answer.time]


@pytest.mark.parametrize("name", TIMED)
def test_time_order(name: str, real: Real) -> None:
    """What has happened comes in the order of its time, so that a time range can be cut out of two control planes."""
    table = ask(name, real(LOG.get(name, "istiod-1.30.3/discovery-debug.log.gz")))
    times = table[declarations()[name].time]
    assert times.dropna().is_monotonic_increasing
    known = table[times.notna()].set_index(times.name)
    if len(known):
        first, last = known.index[[0, len(known) // 2]]
        assert len(known.loc[str(first) : str(last)]) == times.between(first, last).sum()


@each_answer
def test_times_are_called_so(name: str) -> None:
    """`timestamp` is the time of a line, `time` that of a bin: never a duration."""
    kinds = {column.name: column.dtype for column in declarations()[name].columns}
    assert {kinds.get("time"), kinds.get("timestamp")} <= {None, "datetime64[ns, UTC]"}
