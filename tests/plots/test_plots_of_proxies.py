"""What the plots of proxies, sizes and collections draw: bars, points, lanes, legends."""

from __future__ import annotations

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import pytest
from plot_tables import some_cache, some_gc, some_savings, some_sizes, some_triggers
from plot_tables_proxies import some_churn, some_clusters, some_connected, some_connections, some_empty, some_errors
from plotting import START, legend, offsets, panel_of, shown

from istiolog_pd import plots


def test_what_is_possible_is_paler_than_what_is_certain() -> None:
    ax = plots.triggers(some_triggers())
    assert [text.get_text() for text in ax.get_yticklabels()] == ["ServiceEntry / shop / web", "Gateway / shop / gw"]
    assert [(bar.get_x(), bar.get_width()) for bar in ax.patches] == [(0, 3), (0, 1), (3, 2), (1, 0)]
    assert ax.patches[2].get_alpha() < ax.patches[0].get_alpha()
    (estimate,) = ax.lines
    assert estimate.get_xdata().tolist() == [4.5]
    assert legend(ax) == ["push decisions", "at most", "estimate (objects over decisions)"]


def test_only_the_first_of_many_rows_are_ranked() -> None:
    ax = plots.triggers(pd.concat([some_triggers()] * 20, ignore_index=True))
    assert len(ax.get_yticklabels()) == 15
    assert ax.get_title(loc="left") == "Push triggers (the first 15 of 40)"


def test_sessions_are_points_by_why_they_ended() -> None:
    ax = plots.connections(some_connections())
    assert legend(ax) == ["maximum age (1)", "flapping (1)", "other (1)", "still open (1)"]
    places = {
        str(c.get_label()): (mdates.num2date(x).timestamp() - START.timestamp(), y)
        for c in ax.collections
        for x, y in np.ma.getdata(c.get_offsets())
    }
    assert places["maximum age"] == pytest.approx((1800, 1800), abs=1e-3)
    assert places["other"] == pytest.approx((5, 5), abs=1e-3)
    assert places["still open"] == pytest.approx((3, 7), abs=1e-3)


def test_each_replica_has_a_line() -> None:
    ax = plots.connected_endpoints(some_connected())
    assert legend(ax) == ["a.log", "b.log"]
    assert [line.get_ydata().tolist() for line in ax.lines] == [[20, 21], [10]]


def test_causes_have_lanes_the_gravest_first() -> None:
    ax = plots.errors(some_errors())
    assert [text.get_text() for text in ax.get_yticklabels()] == ["NACK (4)", "stream closed (8)"]
    assert legend(ax) == ["act (4 lines)", "harmless (8 lines)"]


def test_remote_clusters_have_a_bar_per_state() -> None:
    ax = plots.remote_clusters(some_clusters())
    assert [text.get_text() for text in ax.get_yticklabels()] == ["east", "west"]
    assert legend(ax) == ["added (1 lines)", "failing (3 lines)", "timed out (1 lines)"]


def test_services_show_how_often_they_went_empty() -> None:
    ax = plots.endpoint_churn(some_churn())
    assert [text.get_text() for text in ax.get_yticklabels()] == ["shop / cart", "web"]
    assert [bar.get_width() for bar in ax.patches] == [1, 0, 2, 0, 2, 1]
    assert legend(ax) == ["went empty", "at most", "forced a full push"]


def test_empty_clusters_span_from_least_to_most() -> None:
    band = plots.empty_clusters(some_empty()).collections[0]
    assert [[y for _, y in segment] for segment in band.get_segments()] == [[0, 4], [2, 2]]


def test_bytes_leave_out_what_has_no_size() -> None:
    ax = plots.push_sizes(some_sizes())
    assert [text.get_text() for text in ax.get_yticklabels()] == ["CDS", "EDS"]
    assert [text.get_text() for text in ax.texts] == ["2 pushes", "9 pushes"]
    assert [bar.get_width() for bar in ax.patches] == [2900, 820, 200, 0]


def test_savings_are_a_range() -> None:
    ax = plots.sidecar_savings(some_savings())
    assert next(text.get_text() for text in ax.texts) == "saves 40.0 kB to 70.0 kB"
    assert [line.get_xdata().tolist() for line in ax.lines] == [[7100, 7100], [5000, 5000]]


def test_a_type_that_could_not_be_cached_has_no_line() -> None:
    ax = plots.cache_ratio(some_cache())
    assert legend(ax) == ["CDS (65%)"]
    assert ax.lines[0].get_ydata().tolist() == [40, 90]


def test_collections_have_heap_above_and_pauses_below() -> None:
    table = some_gc()
    table.attrs["push_lag"] = pd.Timedelta("6ms")
    ax = plots.gc(table)
    assert [line.get_ydata().tolist() for line in ax.lines] == [[12, 14], [6, 7], [13, 15]]
    below = panel_of(ax)
    assert below.lines[0].get_ydata() == pytest.approx([6, 6])
    assert next(y for _, y in offsets(below, "pushes meanwhile, since their round began (median)")) == 4


@pytest.mark.parametrize("name", ["$x$", "_hidden", "tab\there"])
def test_names_of_the_other_answers_are_shown_literally(name: str) -> None:
    literal = name.replace("\t", "\\t")
    churn, savings, connected, wrong = some_churn(), some_savings(), some_connected(), some_errors()
    churn["service"] = savings["proxy"] = connected["source"] = wrong["cause"] = name
    for ax in (plots.endpoint_churn(churn), plots.sidecar_savings(savings), plots.errors(wrong)):
        assert any(literal in text for text in shown(ax.figure)), literal
    assert literal in legend(plots.connected_endpoints(connected))[0].replace(r"\$", "$")
