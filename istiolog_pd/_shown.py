"""A Capture as people see it: in words, and as HTML in notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from istiolog_pd._table import Table, folded_html, table_html
from istiolog_pd.formats.columns import EVENTS

if TYPE_CHECKING:
    from istiolog_pd.capture import Capture

#: More sources than this are shown by kind.
MANY = 6


def as_text(capture: Capture) -> str:
    """The sources and the events, in words: one line for each kind of log where there are many."""
    lines = [f"Capture of {capture.n_entries:,} entries from {len(capture.infos)} source(s)"]
    logs = capture.sources.assign(name=lambda table: table["source"] + " (" + table["component"] + ")")
    if len(logs) > MANY:
        logs = _kinds(capture).assign(
            name=lambda table: table["component"] + ": " + table["logs"].astype(str) + " logs"
        )
    for log in logs.to_dict("records"):
        span = "" if pd.isna(log["first"]) else f", {log['first']:%Y-%m-%d %H:%M:%S} to {log['last']:%H:%M:%S} UTC"
        damage = f", damaged: {log['damage']}" if log["damage"] else ""
        lines.append(f"  {log['name']}: {log['entries']:,} entries{span}{damage}")
    lines.append("events: " + ", ".join(f"{event} {count:,}" for event, count in capture.counts().items()))
    return "\n".join(lines)


def as_html(capture: Capture) -> str:
    """The kinds of logs for a notebook; sources and events fold. Everything from a log is escaped."""
    events = capture.counts().reset_index()
    events["what"] = [EVENTS[event] for event in events["event"]]
    sources = capture.sources
    sources = sources if sources["damage"].any() else sources.drop(columns="damage")
    listed = table_html(sources)
    if len(sources) > MANY:
        listed = table_html(_kinds(capture)) + folded_html(f"{len(sources):,} sources", listed)
    frequent = f"{', '.join(list(capture)[:6])}, \u2026" if len(capture) > 6 else ", ".join(capture)
    return (
        f"<p><b>Capture</b> of {capture.n_entries:,} entries from {len(capture.infos)} source(s)</p>"
        + listed
        + folded_html(f"{len(capture)} events: {frequent}", table_html(events))
    )


def _kinds(capture: Capture) -> pd.DataFrame:
    """The sources by kind of log: how many, their entries, first and last time, and how many are damaged."""
    logs = capture.sources.assign(damage=lambda table: table["damage"].ne("")).groupby("component", sort=False)
    aggregates = {"entries": "sum", "first": "min", "last": "max", "damage": "sum"}
    return Table(logs.agg({"source": "size", **aggregates}).rename(columns={"source": "logs"}).reset_index())
