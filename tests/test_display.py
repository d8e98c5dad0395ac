"""What a notebook shows of a table: it fits, says what it leaves out, and obeys nothing of a log."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import istiolog_pd as il
from istiolog_pd import analysis, plots
from istiolog_pd._table import Table, table_html

Real = Callable[[str], il.Capture]


def rows(shown: str) -> list[list[str]]:
    """The cells of a table, row by row, as a reader sees them."""
    found = re.findall(r"<tr.*?</tr>", shown, flags=re.DOTALL)
    cells = [re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row, flags=re.DOTALL) for row in found]
    return [[html.unescape(re.sub(r"<[^>]*>", "", cell)).replace("\xa0", " ").strip() for cell in row] for row in cells]


def below(shown: str) -> str:
    """What is said below a table."""
    return html.unescape(re.sub(r"<[^>]*>", "", shown.rpartition("</table>")[2]))


def test_units_that_fit() -> None:
    table = Table(
        {"wait": pd.to_timedelta(["104.2ms", "-3s", None]), "size_bytes": pd.array([48_100, None, 0], "Int64")}
    )
    assert rows(table._repr_html_() or "")[1:] == [["0", "104.2 ms", "48.1 kB"], ["1", "-3 s", ""], ["2", "", "0 B"]]
    assert table["wait"].max() == pd.Timedelta("104.2ms")


def test_times_and_sources_say_the_rest_once() -> None:
    table = Table({"timestamp": pd.to_datetime(["2026-11-30T13:09:19.5Z"]), "source": ["info/a/istiod.log"]})
    shown = table_html(table)
    assert rows(shown)[1] == ["0", "2026-11-30 13:09:19.500", "istiod.log"]
    assert below(shown) == "times in UTC; info/a/ before each source"


def test_text_of_a_log_stays_text() -> None:
    hostile = "<script>$x$</script>\x1b[31m"
    table = Table({"error": [hostile], hostile: [1]}, index=pd.Index([hostile], name=hostile))
    table.attrs["coverage"] = hostile
    shown = table_html(table.rename_axis(columns=hostile))
    assert "<script" not in shown and "\x1b" not in shown
    assert shown.count("&lt;script&gt;") == 6
    assert shown.startswith('<div class="tex2jax_ignore mathjax_ignore"><p>&lt;script')


def test_what_does_not_fit_is_named() -> None:
    wide = {f"column_{number}": ["a" * 20, "b" * 20] for number in range(9)}
    table = Table({**wide, "run": 0, "forced": [None, None], "source": ["x.log", "y.log"], "line": [1, 2]})
    shown = table_html(table)
    names = rows(shown)[0]
    assert names[-2:] == ["source", "line"] and "run" not in names
    assert below(shown).startswith(
        "2 rows \u00d7 13 columns; empty in all rows: forced; in all rows: run 0; not shown: column_"
    )
    assert set(names[1:]) | set(re.findall(r"column_\d", below(shown))) == {*wide, "source", "line"}
    with pd.option_context("display.max_columns", None):
        assert rows(table_html(table))[0][1:] == list(table)
    assert rows(table_html(table[["run", "forced"]]))[1] == ["0", "0", ""]


def test_many_rows() -> None:
    shown = table_html(Table({"n": range(1000)}))
    assert [row[0] for row in rows(shown)] == ["", "0", "1", "2", "3", "4", "...", "995", "996", "997", "998", "999"]
    assert below(shown) == "1,000 rows \u00d7 1 columns"


def test_odd_shapes() -> None:
    """Whatever pandas makes of a table is shown: no rows, no columns, the same name twice, levels."""
    table = Table({"a": ["x", "y"], "b": pd.Categorical(["p", "q"]), "n": [1.5, 2.0]})
    doubled = pd.concat([table, table], axis=1)
    levels = table.pivot_table(index=["a", "b"], columns=pd.Series(["u", "v"]), values=["n"], observed=True)
    for odd in (
        table.head(0),
        table[[]],
        doubled,
        levels,
        table.T,
        Table(),
        Table({"a": [[1], {"b": None}, float("nan")]}),
    ):
        assert table_html(odd).count("<table") == 1
    assert rows(table_html(levels))[-1] == ["y", "q", "", "2.0"]


def test_answers_are_such_tables(real: Real) -> None:
    table = analysis.fan_out(real("istiod-1.30.3/discovery.log.gz"))
    for part in (table, table.head(2), table[table["pushes"] > 20]):
        assert "<p>the pushes of 119 of 145 rounds are not printed" in part._repr_html_()
    assert type(pd.DataFrame(table)) is pd.DataFrame


def test_a_capture_of_many_logs_is_one_screen(tmp_path: Path) -> None:
    line = b"2026-11-30T13:09:19.438512Z\tinfo\tads\tADS: new connection for node:web-1.shop-1\n"
    for number in range(20):
        (tmp_path / f"{number}.log").write_bytes(line)
    capture = il.load(tmp_path)
    assert len(repr(capture).splitlines()) == 3
    shown = capture._repr_html_()
    assert rows(shown.partition("<details>")[0])[1:] == [
        ["0", "pilot", "20", "20", "2026-11-30 13:09:19.438512", "2026-11-30 13:09:19.438512", "0"]
    ]
    assert "<summary>20 sources</summary>" in shown


def test_a_notebook_completes_events(real: Real) -> None:
    capture = real("istiod-1.30.3/discovery.log.gz")
    assert capture._ipython_key_completions_() == list(capture)


# ---- what is typed wrong ----


def test_a_wrong_word_names_the_nearest(lines: Callable[..., il.Capture]) -> None:
    capture = lines("2026-11-30T13:09:19.438512Z\tinfo\tads\tADS: new connection for node:web-1.shop-1")
    pushes = analysis.pushes(capture)
    for wrong in (
        lambda: pushes["proxi"],
        lambda: pushes[["timestamp", "proxi"]],
        lambda: capture.to_pandas(columns=["proxi"]),
    ):
        with pytest.raises(KeyError, match="did you mean 'proxy'"):
            wrong()
    with pytest.raises(KeyError, match="did you mean 'xds_push'"):
        capture["xds_pus"]


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (
            lambda capture: analysis.pushes("info"),
            r"pushes needs a Capture, as istiolog_pd.load\(path\) gives it, not str",
        ),
        (lambda capture: analysis.compare(capture, after=1), "compare needs a Capture"),
        (
            lambda capture: analysis.debounces(capture, after="fast"),
            "after is a duration such as '100ms' or '10s', not 'fast'",
        ),
        (lambda capture: analysis.cache_ratio(capture, freq="fast"), "freq is the width of a time bin such as"),
        (lambda capture: capture.between("noon", None), "start and end are times such as '2026-"),
        (
            lambda capture: plots.pushes(capture),
            r"this plot draws the table of istiolog_pd.analysis.pushes\(capture\), not Capture",
        ),
    ],
)
def test_what_is_expected_is_said(wrong: Callable[[il.Capture], object], expected: str, real: Real) -> None:
    with pytest.raises((TypeError, ValueError), match=expected):
        wrong(real("istiod-1.30.3/discovery.log.gz"))


def test_completion_lists_the_answers_alone() -> None:
    assert dir(analysis) == analysis.__all__
    assert dir(plots) == sorted(plots.__all__)


def test_the_glossary_of_an_answer_by_its_function() -> None:
    pd.testing.assert_frame_equal(il.glossary(analysis.pushes), il.glossary("pushes"))
