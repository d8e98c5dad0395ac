"""What the report looks at closely: the slowest round, and the proxy that stands out."""

from __future__ import annotations

import html
import re

import pytest
from mesh import mesh, updates_of

import istiolog_pd as il
from istiolog_pd import analysis
from istiolog_pd.report import html_report


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> str:
    """The page of the recorded mesh, without its pictures."""
    monkeypatch.setattr("istiolog_pd.report.html.page.picture", lambda plot, table: ("data:,", plot.about))
    return html.unescape(html_report(mesh("info")))


def test_the_slowest_round_is_drawn_proxy_by_proxy(page: str) -> None:
    (found,) = re.findall(r"The round that took longest \((\d+), to (\d+) proxies\), proxy by proxy", page)
    number, proxies = map(int, found)
    waves = analysis.push_waves(mesh("info")).set_index("round")
    assert waves["last_low"].max() == waves.loc[number, "last_low"]
    assert len(analysis.push_wave(mesh("info"), number)) == proxies
    assert f"plots.push_wave(analysis.push_wave(capture, {number}))" in page


def test_the_proxy_that_rejected_most_is_one_whose_envoy_counted_most(page: str) -> None:
    (found,) = re.findall(r"Every entry about (\S+), one of (\d+) that rejected the most updates \((\d+)\)", page)
    counted = updates_of("info").groupby(["pod", "kind", "envoy"])["rejected"].max().groupby("pod").sum()
    most = counted[counted.eq(counted.max())]
    assert (int(found[1]), int(found[2])) == (len(most), most.iloc[0])
    assert found[0] in most.index
    assert f"plots.timeline(analysis.timeline(capture, proxy={found[0]!r}))" in page


def test_nothing_is_looked_at_where_nothing_stands_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("istiolog_pd.report.html.page.picture", lambda plot, table: ("data:,", plot.about))
    page = html_report(il.load("data/pair-1.30.3/istio-proxy.log"))
    assert 'id="plot-push_wave"' not in page
    assert 'id="plot-timeline"' not in page
