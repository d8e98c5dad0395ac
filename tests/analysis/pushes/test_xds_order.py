"""The order of types at a proxy."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from loglines import (
    capture,
    four,
    full,
    opened,
    push,
    rows,
)

import istiolog_pd as il
from istiolog_pd import analysis

Real = Callable[[str], il.Capture]

# ---- order of types ----


@pytest.mark.parametrize(
    ("types", "kept", "early"),
    [
        ("CDS EDS LDS RDS", True, None),
        ("CDS LDS", True, None),
        ("EDS", True, None),
        ("CDS EDS RDS LDS", False, "RDS"),
        ("EDS CDS LDS RDS", False, "EDS"),
        ("LDS RDS CDS EDS", False, "LDS"),
    ],
)
def test_order_of_types(types: str, kept: bool, early: str | None) -> None:
    """Clusters, endpoints, listeners, routes; what came before its turn is named."""
    log = capture(full(1, 1), [push(1.1 + n / 100, one, "a.x") for n, one in enumerate(types.split())])
    table = analysis.xds_order(log)
    first, *more = rows(table, "proxy", "round", "order", "kept", "early")
    assert (first, more) == (("a.x", 0, types, kept, early), [])


def test_order_of_several_proxies_and_rounds() -> None:
    """One row each, though their lines are mixed; types beside the four have no turn."""
    mixed = [line for pair in zip(four(1.1, "a.x"), four(1.1, "b.x"), strict=True) for line in pair]
    log = capture(
        full(1, 1), mixed, push(1.2, "NDS", "a.x"), full(2, 2), push(2.1, "RDS", "b.x"), push(2.11, "CDS", "b.x")
    )
    assert rows(analysis.xds_order(log), "proxy", "round", "order", "kept", "early") == [
        ("a.x", 0, "CDS EDS LDS RDS", True, None),
        ("b.x", 0, "CDS EDS LDS RDS", True, None),
        ("b.x", 1, "RDS CDS", False, "RDS"),
    ]


def test_order_of_a_first_configuration() -> None:
    """It belongs to no round; what the proxy asks for later is not part of it."""
    log = capture(
        full(1, 1),
        opened(2, "a.x", 1),
        four(2.1, "a.x", "PUSH request"),
        push(9, "EDS", "a.x", "PUSH request"),
        opened(20, "a.x", 2),
    )
    table = analysis.xds_order(log)
    assert rows(table, "proxy", "round", "order", "kept", "flow") == [
        ("a.x", None, "CDS EDS LDS RDS", True, "first configuration")
    ]


def test_flows_of_the_seed(real: Real) -> None:
    """The document's two flows: a new proxy's first configuration, and the update of those that are there."""
    table = analysis.xds_order(real("seed/pilot.log"))
    assert rows(table, "proxy", "round", "order", "kept", "flow") == [
        ("helloworld-v1-575d9d9fcd-bjjj8.default", None, "CDS EDS LDS RDS", True, "first configuration"),
        ("helloworld-v1-575d9d9fcd-bjjj8.default", 0, "CDS EDS RDS LDS", False, "update"),
        ("helloworld-v1-575d9d9fcd-bjjj8.default", 1, "EDS", True, "incremental update"),
        ("helloworld-v2-54b97b8585-725mx.default", None, "CDS EDS LDS RDS", True, "first configuration"),
        ("helloworld-v2-54b97b8585-725mx.default", 2, "EDS", True, "incremental update"),
        ("helloworld-v1-575d9d9fcd-bjjj8.default", 2, "EDS", True, "incremental update"),
        ("curl-deploy-5f7684bb65-x5j26.default", None, "CDS EDS LDS RDS", True, "first configuration"),
    ]
