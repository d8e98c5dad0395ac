"""What a trace shows: the answers of a capture as slices and instants on tracks, and as counters."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from istiolog_pd import analysis
from istiolog_pd.analysis.timeline._clocks import clock_offsets
from istiolog_pd.capture import Capture

#: Flow IDs: one of each push decision and of each push, counted from these.
DECISIONS, PUSHES = 1 << 40, 1 << 41
#: Steps of a start that are marks on its track (`analysis.proxy_startup`).
STEPS = ("certificate", "connected", "clusters", "listeners", "initialized")
NO_TIME = int(np.iinfo("int64").min)


@dataclass(frozen=True, slots=True)
class Events:
    """Slices and instants of one kind.

    Parameters
    ----------
    track
        The track of each, below its process.
    process
        The process of each: a run of a control plane, or a proxy.
    start, end
        Nanoseconds since 1970; an instant, or a slice that has no known end, has `NO_TIME` as `end`.
    name
        What each is called.
    notes
        What is shown when one is selected, by name; null is left out.
    flows
        The flows that each is part of.
    """

    track: list[str]
    process: list[str]
    start: list[int]
    end: list[int]
    name: list[str]
    notes: list[dict[Hashable, Any]]
    flows: list[list[int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Counter:
    """A number over time."""

    process: str
    name: str
    unit: str
    times: list[int]
    levels: list[int]


def _ns(times: pd.Series[Any]) -> list[int]:
    """Nanoseconds since 1970; null is `NO_TIME`."""
    return times.astype("datetime64[ns, UTC]").to_numpy("datetime64[ns]").view("int64").tolist()


def _events(
    table: pd.DataFrame, process: Any, track: Any, times: tuple[str, str | None], name: Any, notes: list[str]
) -> Events:
    """Events of the rows of an answer that have a start."""
    table = table[table[times[0]].notna()]
    end = _ns(table[times[1]]) if times[1] else [NO_TIME] * len(table)

    def texts(value: Any) -> list[str]:
        return (
            value.reindex(table.index).astype("str").to_list() if isinstance(value, pd.Series) else [value] * len(table)
        )

    return Events(texts(track), texts(process), _ns(table[times[0]]), end, texts(name), table[notes].to_dict("records"))


def replicas(capture: Capture) -> dict[int, str]:
    """The process name of each run of a control plane."""
    runs = capture.runs
    own = runs[runs["component"].astype("str").eq("pilot")]
    return {run: f"istiod, run {run}: {source}" for run, source in zip(own.index.tolist(), own["source"], strict=True)}


def events_of(capture: Capture) -> Iterator[Events]:
    """All slices and instants of a capture."""
    process = replicas(capture)
    yield from _decisions_and_rounds(capture, process)
    yield from _proxies(capture)


def _decisions_and_rounds(capture: Capture, process: dict[int, str]) -> Iterator[Events]:
    """From decision to push: debounce windows, rounds, pushes by type."""
    decisions, rounds = analysis.debounces(capture), analysis.push_rounds(capture)
    pushes = analysis.pushes(capture)
    flow_of = {key: DECISIONS + at for at, key in enumerate(_keys(decisions, "debounce_id"))}
    if len(decisions):
        name = decisions["events"].astype("str") + " events"
        notes = ["full", "bound", "config_kind", "config_namespace", "config_name", "reason", "line"]
        found = _events(decisions, decisions["run"].map(process), "debounce", ("start", "timestamp"), name, notes)
        found.flows.extend([flow_of[key]] for key in _keys(decisions[decisions["start"].notna()], "debounce_id"))
        yield found
    if len(rounds):
        kind = rounds["full"].map({True: "full", False: "incremental"}).astype("str").fillna("")
        name = "round " + rounds["round"].astype("str") + " " + kind
        notes = ["push_version", "pushes", "proxies", "size_bytes", "connected_endpoints", "visible", "line"]
        found = _events(rounds, rounds["run"].map(process), "rounds", ("timestamp", "last_push"), name, notes)
        sent = _pushes_of_rounds(pushes)
        for decision, own in zip(_keys(rounds, "debounce_id"), _keys(rounds, "round"), strict=True):
            found.flows.append([*([flow_of[decision]] if decision in flow_of else []), *sent.get(own, ())])
        yield found
    if len(pushes):
        track = "pushes " + pushes["xds_type"].astype("str")
        notes = ["push_type", "round", "round_first", "round_last", "resources", "size_bytes", "line"]
        notes = [name for name in notes if name in pushes]
        found = _events(pushes, pushes["run"].map(process), track, ("timestamp", None), pushes["proxy"], notes)
        found.flows.extend([PUSHES + at] for at in np.flatnonzero(pushes["timestamp"].notna()).tolist())
        yield found


def _keys(table: pd.DataFrame, name: str) -> list[tuple[Any, Any]]:
    """The run of each row with the number of something in it."""
    return list(zip(table["run"].to_list(), table[name].to_list(), strict=True))


def _pushes_of_rounds(pushes: pd.DataFrame) -> dict[Any, list[int]]:
    """The flows of the pushes of each round."""
    known = pushes["round"].notna().to_numpy(bool)
    rows = pushes.loc[known, ["run", "round"]].assign(flow=PUSHES + np.flatnonzero(known))
    return {key: group.to_list() for key, group in rows.groupby(["run", "round"])["flow"]}


def _proxies(capture: Capture) -> Iterator[Events]:
    """What proxies did, by the clock of the control plane."""
    pushes, updates = analysis.pushes(capture), analysis.propagation(capture)
    names = updates["proxy"].dropna().unique().tolist() if len(updates) else []
    offsets = clock_offsets(capture, names)["clock_offset"].fillna(pd.Timedelta(0)) if names else pd.Series()
    if len(updates):
        moved = updates["proxy"].map(offsets)
        own = updates.assign(
            begun=updates["received"].fillna(updates["sent"] + moved) - moved,
            done=updates["applied"] - moved,
            refused=updates["nacked"] - moved,
            flow=_flows_of(updates, pushes),
        )
        own.loc[own["done"] < own["begun"], "begun"] = own["done"]
        notes = ["push_version", "push_type", "delay_low", "delay_high", "exact", "sent", "line"]
        for done, name in (("done", "applied"), ("refused", "rejected")):
            part = own[own[done].notna()]
            label = part["xds_type"].astype("str") + f" {name}"
            found = _events(part, part["proxy"], part["xds_type"].astype("str"), ("begun", done), label, notes)
            found.flows.extend([flow] if flow else [] for flow in part["flow"])
            yield found
    warming = analysis.cluster_warming(capture)
    if len(warming):
        notes = ["state", "warming_low", "warming_high", "line"]
        yield _events(warming, warming["proxy"], "warming", ("started", "ended"), warming["cluster"], notes)
    starts = analysis.proxy_startup(capture)
    if len(starts):
        notes = ["slowest", "slowest_duration", "rejected", "reason"]
        yield _events(starts, starts["proxy"], "start", ("started", "ready"), "start to ready", notes)
        for step in STEPS:
            yield _events(starts, starts["proxy"], "start: steps", (step, None), step, [])


def _flows_of(updates: pd.DataFrame, pushes: pd.DataFrame) -> list[int]:
    """The flow of the push that each update is of; 0 if it is none of them."""
    places = {place: PUSHES + at for at, place in enumerate(zip(pushes["source"], pushes["line"], strict=True))}
    return [places.get(place, 0) for place in zip(updates["source"], updates["line"], strict=True)]


def counters_of(capture: Capture) -> Iterator[Counter]:
    """Numbers over time of each run of a control plane."""
    process = replicas(capture)
    sessions, pushes, decisions = analysis.connections(capture), analysis.pushes(capture), analysis.debounces(capture)
    for run, name in process.items():
        own = sessions[sessions["run"].eq(run)]
        changes = pd.concat([pd.Series(1, own["opened"].dropna()), pd.Series(-1, own["closed"].dropna())]).sort_index()
        yield _counter(name, "connected proxies", "", changes.index, changes.cumsum())
        sent = pushes[pushes["run"].eq(run) & pushes["size_bytes"].notna()]
        yield _counter(name, "bytes pushed", "B", sent["timestamp"], sent["size_bytes"].cumsum())
        merged = decisions[decisions["run"].eq(run)]
        yield _counter(name, "events merged", "", merged["timestamp"], merged["events"].fillna(0))


def _counter(process: str, name: str, unit: str, times: Any, values: Any) -> Counter:
    return Counter(process, name, unit, _ns(pd.Series(times)), np.asarray(values, dtype="int64").tolist())
