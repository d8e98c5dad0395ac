"""Services and clusters without endpoints."""

from __future__ import annotations

from collections.abc import Callable

from loglines import at, rows

import istiolog_pd as il
from istiolog_pd import analysis

Real = Callable[[str], il.Capture]

Lines = Callable[..., il.Capture]


def endpoints(seconds: float, service: str, *addresses: str) -> str:
    """What 1.2 to 1.4 print of the endpoints of a service."""
    return at(seconds, f"Handle EDS endpoint {service} in namespace shop -> [{' '.join(addresses)}]", scope="default")


# ---- endpoints ----


def test_services_whose_endpoints_are_printed(lines: Lines) -> None:
    """How often they went to none and came back is exact."""
    table = analysis.endpoint_churn(
        lines(
            endpoints(1, "cart", "10.0.0.1", "10.0.0.2"),
            endpoints(2, "cart"),
            endpoints(3, "cart"),
            endpoints(4, "cart", "10.0.0.1"),
            endpoints(5, "cart"),
            endpoints(6, "web", "10.0.0.9"),
            component="pilot",
        )
    )
    assert rows(
        table, "service", "updates", "went_empty_low", "went_empty_high", "came_back_low", "came_back_high"
    ) == [
        ("cart", 5, 2, 2, 1, 1),
        ("web", 1, 0, 0, 0, 0),
    ]
    assert rows(table, "endpoints_min", "endpoints_max", "endpoints_last") == [(0, 2, 0), (1, 1, 1)]
    assert table.attrs["coverage"] == ""


def test_services_of_which_lines_say_when_they_are_empty(lines: Lines) -> None:
    """A line for each update to none, even if it was none before; nothing when it comes back."""
    empty = "Incremental push, service cart.shop.svc.cluster.local at shard Kubernetes/Kubernetes has no endpoints"
    table = analysis.endpoint_churn(
        lines(
            at(1, "Full push, new service shop/cart.shop.svc.cluster.local"),
            at(2, empty),
            at(3, empty),
            at(4, "Full push, service accounts changed, cart.shop.svc.cluster.local"),
            at(5, "Cache Update, new service edge/api.example.com", scope="model"),
        )
    )
    names = ("service", "namespace", "updates", "full_pushes", "cache_updates")
    assert rows(table, *names) == [("cart", "shop", 4, 2, 0), ("api.example.com", "edge", 1, 0, 1)]
    assert rows(table, "went_empty_low", "went_empty_high", "came_back_low", "came_back_high")[0] == (1, 2, 0, 2)
    assert "how often it went empty and came back is bounded" in table.attrs["coverage"]


def test_both_names_of_a_service_are_one(lines: Lines) -> None:
    """The registry prints its name, the endpoint store its host."""
    table = analysis.endpoint_churn(
        lines(
            endpoints(1, "cart", "10.0.0.1"),
            at(2, "Full push, service cart.shop.svc.cluster.local has no endpoints"),
            component="pilot",
        )
    )
    assert rows(table, "service", "namespace", "updates", "went_empty_low", "full_pushes") == [
        ("cart", "shop", 2, 1, 1)
    ]


def test_churn_of_a_real_log(real: Real) -> None:
    """As many new services and empty ones as lines."""
    table = analysis.endpoint_churn(real("istiod-1.30.3/discovery.log.gz"))
    assert table["updates"].sum() == 36
    assert table["full_pushes"].sum() == 30
    assert table["went_empty_high"].sum() == 6
    seed = analysis.endpoint_churn(real("seed/pilot.log"))
    assert rows(seed, "service", "updates", "endpoints_min", "endpoints_max") == [("helloworld", 3, 1, 2)]


def test_empty_clusters(lines: Lines) -> None:
    """From the least to the most in one push, by time."""

    def push(seconds: float, proxy: str, empty: int) -> str:
        return at(seconds, f"EDS: PUSH for node:{proxy} resources:4 size:1.5kB empty:{empty} cached:0/4")

    table = analysis.empty_clusters(
        lines(push(1, "a.b", 2), push(2, "a.b", 5), push(3, "c.b", 3), push(12, "a.b", 0)), freq="10s"
    )
    assert rows(table, "pushes", "proxies", "empty_min", "empty_median", "empty_max") == [
        (3, 2, 2, 3.0, 5),
        (1, 1, 0, 0.0, 0),
    ]


def test_no_line_prints_empty_clusters(lines: Lines) -> None:
    """Types other than EDS have none."""
    table = analysis.empty_clusters(lines(at(1, "CDS: PUSH for node:a.b resources:4 size:1.5kB")))
    assert table.empty
    assert "no push line prints `empty:`" in table.attrs["coverage"]
