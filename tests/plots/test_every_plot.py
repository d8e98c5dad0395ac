"""What every plot holds to: axes, units, reasons, escapes, any table."""

from __future__ import annotations

import ast
import inspect
import pickle
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from plot_tables import TABLES, some_bins, some_fan_out, some_orders, some_pushes
from plotting import HOSTILE, legend, literal, shown, times

import istiolog_pd as il
from istiolog_pd import analysis, plots
from istiolog_pd.plots._draw import style

EVERY_PLOT = pytest.mark.parametrize("plot", plots.PLOTS.values(), ids=lambda plot: plot.name)


def table_of(plot: plots.Plot) -> pd.DataFrame:
    return TABLES[plot.answer]()


@cache
def drawn(name: str) -> Axes:
    """The plot of its table, drawn once: nothing may change it."""
    return plots.PLOTS[name].draw(table_of(plots.PLOTS[name]))


# Every plot


@EVERY_PLOT
def test_new_axes_at_notebook_size_or_those_that_are_given(plot: plots.Plot) -> None:
    assert drawn(plot.name).figure.get_size_inches().tolist() == [9, 4]
    _, (left, right) = plt.subplots(1, 2, layout="constrained")
    plt.sca(right)
    assert plot.draw(table_of(plot), ax=right) is right
    assert plt.gca() is right
    assert not left.has_data()


@EVERY_PLOT
def test_labels_name_the_units(plot: plots.Plot) -> None:
    ax = drawn(plot.name)
    labels = {f"{axes.get_xlabel()} | {axes.get_ylabel()}" for axes in ax.figure.axes}
    units = {
        "debounces": r"time \(UTC\) \| interval \(ms\)",
        "debounce_distribution": r"interval \(ms\) \| push decisions no longer \(%\)",
        "push_rounds": r"round, with its start \(UTC, 2026-11-23\) \| to last\nproxy \(ms\)",
        "fan_out": r"round \| pushes",
        "full_vs_incremental": r"time \(UTC\) \| bytes per bin",
        "pushes": r"time \(UTC\) \| size of the push \(bytes\)",
        "debounce_replay": r"median delay of a change until it is pushed \(ms\) \| pushes",
        "triggers": r"push decisions \| ",
        "connections": r"time \(UTC\) \| session \(s\)",
        "connected_endpoints": r"time \(UTC\) \| ADS connections",
        "errors": r"time \(UTC\) \| ",
        "remote_clusters": r"time \(UTC\) \| ",
        "config_conflicts": r"time \(UTC\) \| ",
        "rejections": r"time \(UTC\) \| ",
        "proxy_startup": r"time since the agent started \(s\) \| ",
        "push_causes": r"push decisions \| ",
        "stale_proxies": r"rounds \| ",
        "failed_requests": r"requests \| ",
        "push_costs": r"bytes pushed \| ",
        "message_sizes": r"bytes of the largest message \| ",
        "throttle_replay": r"rounds, or connections \(%\) \| ",
        "closed_streams": r"time \(UTC\) \| ",
        "reconnect_storms": r"time \(UTC\) \| ",
        "failures_after_pushes": r"rate after pushes over the rate at other times \| ",
        "endpoint_churn": r"times \| ",
        "empty_clusters": r"time \(UTC\) \| clusters without endpoints",
        "push_sizes": r"bytes pushed \| ",
        "sidecar_savings": r"configuration \(bytes\) \| ",
        "cache_ratio": r"time \(UTC\) \| resources from the cache \(%\)",
        "gc": r"time \(UTC\) \| time \(ms\)",
        "metrics": r"value, in the metric's unit \| ",
        "push_waves": r"round, with its start \(UTC, 2026-11-23\) \| time since the round began \(ms\)",
        "propagation": r"time \(UTC\) \| delay \(ms\)",
        "xds_order": r"times seen \(per proxy and round\) \| ",
    }
    assert any(re.fullmatch(units[plot.name], label) for label in labels), labels


@EVERY_PLOT
def test_an_answer_that_cannot_be_given_says_why(plot: plots.Plot) -> None:
    empty = table_of(plot).iloc[:0]
    empty.attrs["coverage"] = "no push line among the 3,000 entries of the control plane: " + "$x$ <b> " * 20
    ax = plot.draw(empty)
    texts = literal(ax.figure)
    assert any(re.sub(r"\s+", " ", text).startswith("no push line among the 3,000 entries") for text in texts)
    assert any("\n" in text and "$x$ <b>" in text for text in texts)
    assert not ax.axison
    assert len(ax.figure.axes) == 1
    assert not ax.patches
    assert not ax.lines


@EVERY_PLOT
def test_an_empty_table_without_a_reason_is_no_silence(plot: plots.Plot) -> None:
    assert "the table has no rows" in literal(plot.draw(table_of(plot).iloc[:0]).figure)


@EVERY_PLOT
def test_what_the_capture_cannot_show_stands_above(plot: plots.Plot) -> None:
    table = table_of(plot)
    table.attrs["coverage"] = "119 of 145 rounds are endpoint-only $x$"
    assert table.attrs["coverage"] in shown(plot.draw(table).figure)


@EVERY_PLOT
def test_a_wrong_table_is_an_error_that_names_what_is_missing(plot: plots.Plot) -> None:
    with pytest.raises(ValueError, match=rf"analysis\.{plot.answer}, with a column .*; this one has: a"):
        plot.draw(pd.DataFrame({"a": [1]}))
    assert not plt.get_fignums()


@EVERY_PLOT
def test_one_row_and_no_value_but_nulls(plot: plots.Plot) -> None:
    table = table_of(plot)
    plot.draw(table.iloc[:1]).figure.canvas.draw()
    nulls = table.iloc[:2].copy()
    for name in nulls.columns:
        nulls[name] = pd.Series([pd.NA, pd.NA], index=nulls.index).astype(nulls[name].dtype)
    plot.draw(nulls).figure.canvas.draw()


@EVERY_PLOT
def test_many_rows(plot: plots.Plot) -> None:
    table = pd.concat([table_of(plot)] * 500, ignore_index=True)
    if "round" in table and plot.name != "xds_order":
        table["round"] = pd.array(range(len(table)), dtype="Int64")
    ax = plot.draw(table)
    assert len(ax.patches) < 100 or plot.name == "debounces"
    ax.figure.canvas.draw()


@EVERY_PLOT
def test_arrow_backed_tables(plot: plots.Plot) -> None:
    table = table_of(plot)
    plain = drawn(plot.name)
    arrow = plot.draw(table.astype({n: "str" for n in table if isinstance(table[n].dtype, pd.CategoricalDtype)})
                      .convert_dtypes(dtype_backend="pyarrow"))  # fmt: skip
    assert legend(arrow) == legend(plain)
    assert [bar.get_height() for bar in arrow.patches] == [bar.get_height() for bar in plain.patches]
    assert arrow.get_xlim() == plain.get_xlim()


@EVERY_PLOT
def test_the_input_is_not_changed(plot: plots.Plot) -> None:
    table = table_of(plot)
    table.index = pd.Index(range(10, 10 + len(table)))
    before = table.copy(deep=True)
    plot.draw(table)
    pd.testing.assert_frame_equal(table, before)
    assert table.attrs == before.attrs


@EVERY_PLOT
@pytest.mark.parametrize("index", ["duplicates", "times"])
def test_any_index(plot: plots.Plot, index: str) -> None:
    table = table_of(plot)
    table.index = pd.Index([0] * len(table)) if index == "duplicates" else pd.date_range("2026", periods=len(table))
    assert legend(plot.draw(table)) == legend(drawn(plot.name))


# The catalog of plots


def test_plots_are_named_after_what_they_draw() -> None:
    for name, plot in plots.PLOTS.items():
        assert plot.name == name
        assert getattr(plots, name) is plot.draw
        assert plot.about
        assert "\n" not in plot.about
        assert list(inspect.signature(plot.draw).parameters) == ["table", "ax"]
    assert {plot.answer for plot in plots.PLOTS.values()} == set(TABLES)


def test_plots_know_nothing_of_the_analysis() -> None:
    for file in Path(str(plots.__file__)).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert all(not name.startswith("istiolog_pd") or name.startswith("istiolog_pd.plots") for name in modules)


# Looks


@pytest.mark.parametrize("looks", [style.XDS_TYPES, style.PUSH_TYPES, style.DECISIONS, style.ORDERS])
def test_every_thing_has_a_color_of_its_own(looks: dict[str, style.Look]) -> None:
    colors = [look.color for look in [*looks.values()]]
    assert len(set(colors)) == len(colors)
    assert all(to_hex(color).upper() == color.upper() for color in colors)


def test_colors_per_type_do_not_depend_on_the_others() -> None:
    both, alone = some_fan_out(), some_fan_out().iloc[2:]
    assert style.XDS_TYPES["EDS"].color == "#E69F00"
    for table in (both, alone):
        (container,) = [c for c in plots.fan_out(table).containers if c.get_label() == "EDS"]
        assert {to_hex(bar.get_facecolor()).upper() for bar in container} == {"#E69F00"}
    points = plots.pushes(some_pushes()).collections
    assert {to_hex(p.get_facecolor()[0]).upper() for p in points if str(p.get_label()).startswith("CDS")} == {"#0072B2"}


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_shown_literally(name: str) -> None:
    literal = name.replace("\t", "\\t")
    fan, pushes, bins, orders = some_fan_out(), some_pushes(), some_bins(), some_orders()
    fan["xds_type"] = pushes["xds_type"] = name
    pushes["push_type"] = bins["push_type"] = name
    orders["order"] = orders["early"] = orders["flow"] = name
    for ax in (plots.fan_out(fan), plots.pushes(pushes), plots.full_vs_incremental(bins), plots.xds_order(orders)):
        assert any(literal in text for text in shown(ax.figure)), literal
        assert any(literal in text.replace(r"\$", "$") for text in legend(ax)) or ax.get_title(loc="left").startswith(
            "Order"
        )


# ---- in words ----


@pytest.mark.parametrize("plot", plots.PLOTS.values(), ids=lambda plot: plot.name)
def test_every_plot_says_its_result(plot: plots.Plot, real: Callable[[str], il.Capture]) -> None:
    """Its alternative text has its title, and a number where there is something to draw."""
    table = getattr(analysis, plot.answer)(real("istiod-1.20.8/discovery.log.gz"))
    ax = plot.draw(table)
    words = plots.describe(ax.figure)
    assert ax.get_title(loc="left").replace("\\$", "$") in words
    assert table.empty or re.search(r"\d", words) or ax.get_legend() is not None
    plt.close(ax.figure)


def test_the_words_of_a_plot_reach_a_notebook() -> None:
    """As HTML: notebooks show no alternative text of an image/png; text of a log stays text."""
    table = pd.DataFrame(
        {"timestamp": times(0, 1), "xds_type": ["<b>", "<b>"], "push_type": "full", "size_bytes": [1000, 3000]}
    )
    ax = plots.pushes(table)
    shown = ax.figure._repr_mimebundle_()
    assert set(shown) == {"image/png", "text/html"}
    assert (
        'alt="Pushes by size. &lt;b&gt; full: 2, size of the push (bytes) 1 kB to 3 kB, median 2 kB; '
        in shown["text/html"]
    )
    assert pickle.loads(pickle.dumps(ax.figure)).axes[0].get_title(loc="left") == "Pushes by size"
    plt.close(ax.figure)
