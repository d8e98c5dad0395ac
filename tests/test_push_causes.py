"""What lies behind push decisions: lines of one, and a recorded mesh against what was done to it."""

from __future__ import annotations

import io
import re

import loglines
import pandas as pd
import pytest
from loglines import capture, debounce, rows
from mesh import mesh, recorded

import istiolog_pd as il
from istiolog_pd import analysis


def at(seconds: float, message: str, scope: str = "ads", level: str = "info") -> str:
    """A line of the control plane."""
    return loglines.at(seconds, message, level, scope)


def decided(seconds: float, what: str, full: str = "true", events: int = 1) -> str:
    """A decision at a time; its debounce began 100 ms before."""
    return debounce(seconds, round(seconds), total="100ms", tail=f", full={full}", what=f" {what}", events=events)


def causes(*lines: str) -> list[tuple[object, ...]]:
    """Cause, object, whether that is certain, and the line that shows it."""
    return rows(analysis.push_causes(capture(*lines)), "cause", "object", "certain", "line")


SERVICE = "for config ServiceEntry/shop/cart.shop.svc.cluster.local"


@pytest.mark.parametrize(
    ("what", "full", "found"),
    [
        ("for config EnvoyFilter/shop/lua", "true", ("config", "EnvoyFilter/shop/lua", True)),
        ("for config Secret/shop/cert", "false", ("secret", "Secret/shop/cert", True)),
        (SERVICE, "false", ("endpoint", "ServiceEntry/shop/cart.shop.svc.cluster.local", True)),
        (SERVICE, "true", ("service", "ServiceEntry/shop/cart.shop.svc.cluster.local", False)),
        ("for config Sidecar/a/b and 3 more configs", "true", ("config", "Sidecar/a/b", False)),
        ("for reason global:2", "true", ("mesh", None, True)),
        ("for reason endpoint:3 and headlessendpoint:1", "true", ("endpoint", None, True)),
        ("for reason config:1 and proxy:2", "true", ("config", None, False)),
        ("for reason unknown", "true", ("unknown", None, False)),
    ],
)
def test_what_a_decision_names(what: str, full: str, found: tuple[object, ...]) -> None:
    """A config, one of several, or a reason; a service pushed in full may be new or changed."""
    [(*row, line)] = causes(decided(1, what, full))
    assert tuple(row) == found
    assert line == 1


def test_a_line_within_the_debounce_tells_that_a_service_is_new() -> None:
    """And is the evidence. One of an earlier debounce is not."""
    new = at(0.905, "Full push, new service shop/cart.shop.svc.cluster.local", "model")
    host = "ServiceEntry/shop/cart.shop.svc.cluster.local"
    assert causes(new, decided(1, SERVICE)) == [("service", host, True, 1)]
    assert causes(new, decided(1, SERVICE), decided(2, SERVICE))[1] == ("service", host, False, 3)


def test_a_reason_unknown_is_taken_from_the_line_before_and_never_certain() -> None:
    gateways = at(0.85, "reloading network gateways", "model")
    assert causes(gateways, decided(1, "for reason unknown")) == [("gateway", None, False, 1)]
    assert causes(gateways, decided(9, "for reason unknown")) == [("unknown", None, False, 2)]


def test_pushes_at_an_interval_have_a_period() -> None:
    """Five times the same object every ten seconds; another comes now and then."""
    lines = [decided(10 * n, "for config Secret/a/b") for n in range(1, 6)]
    lines += [decided(seconds, "for config Sidecar/a/b") for seconds in (51, 52, 57, 70, 71)]
    table = analysis.push_causes(il.load(io.BytesIO("\n".join(lines).encode() + b"\n"), component="pilot"))
    assert table["period"].tolist()[:5] == [pd.Timedelta("10s")] * 5
    assert table["period"].iloc[5:].isna().all()


def hosts(action: str) -> str:
    """The object of an action as a debounce names it: of a WorkloadEntry the service that it is of."""
    kind, namespace, name = action.split("/")
    if kind == "WorkloadEntry":
        name = re.sub(r"-[a-z0-9]+-[a-z0-9]{5}$", "", name)
    if kind in ("WorkloadEntry", "ServiceEntry"):
        return f"ServiceEntry/{namespace}/{name}.{namespace}.svc.cluster.local"
    return action


@pytest.mark.parametrize("name", ["info", "sotw-debug"])
def test_causes_are_what_was_done(name: str) -> None:
    """Within a second before the debounce began (files are looked at at intervals): no object is a wrong one."""
    actions = recorded(f"{name}/actions.tsv")
    actions = actions[actions["action"].str.startswith("config_")]
    done = actions.assign(object=actions["object"].map(hosts))
    table = analysis.push_causes(mesh(name))
    table = table[~table["more"].gt(3)]  # of many, those at the start of the process are no actions
    near = [
        done.loc[done["time"].between(row.start - pd.Timedelta("1s"), row.timestamp), "object"].eq(row.object).any()
        for row in table.itertuples()
    ]
    held = pd.Series(near, table.index)
    assert held.mean() > 0.9
    # What nobody did: endpoints of a service that the mesh itself finds gone.
    assert set(table.loc[~held, "cause"]) <= {"endpoint", "service"}
