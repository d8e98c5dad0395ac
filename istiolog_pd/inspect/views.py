"""Views: all that a capture knows of one object, of one proxy, or of one time."""

from __future__ import annotations

import html
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from istiolog_pd import analysis
from istiolog_pd._text import duration_text, escape_controls
from istiolog_pd.analysis._time import moment
from istiolog_pd.analysis.timeline._subject import find_subject, known_proxies
from istiolog_pd.capture import Capture, Time
from istiolog_pd.errors import UnknownNameError

#: Maximum number of rounds, and of proxies, that a view lists.
ROUNDS, PROXIES = 12, 5
#: Maximum length of an error in a view.
MAX_ERROR = 160
CLOCK = "%Y-%m-%d %H:%M:%S.%f"

#: A line of a view: what it tells of, and what.
Line = tuple[str, str]


class View(ABC):
    """What a view looks like: lines of a label and a text; everything from a log is escaped."""

    title: str

    @abstractmethod
    def lines(self) -> Iterator[Line]:
        """The lines, in words."""

    def __str__(self) -> str:
        """The lines as aligned text, with nothing in it that a terminal would obey."""
        rows = [(label, escape_controls(text)) for label, text in self.lines()]
        width = max((len(label) for label, _ in rows), default=0)
        return "\n".join(
            [escape_controls(self.title), *(f"  {label:<{width}}  {text}".rstrip() for label, text in rows)]
        )

    def __repr__(self) -> str:
        """The same."""
        return str(self)

    def _repr_html_(self) -> str:
        """The lines as a small table."""
        rows = "".join(
            f'<tr><th style="text-align:left;vertical-align:top">{html.escape(label)}</th>'
            f'<td style="text-align:left">{html.escape(escape_controls(text))}</td></tr>'
            for label, text in self.lines()
        )
        shown = f"<p><b>{html.escape(escape_controls(self.title))}</b></p><table>{rows}</table>"
        return f'<div class="tex2jax_ignore mathjax_ignore">{shown}</div>'


@dataclass(frozen=True, repr=False, eq=False)
class ObjectView(View):
    """What a capture knows of a Kubernetes object: did its changes take effect, when, and where.

    Parameters
    ----------
    capture
        Logs of a control plane, and of sidecars as far as there are.
    name
        The object, as for `istiolog_pd.analysis.timeline`.
    """

    capture: Capture = field(repr=False)
    name: str

    @property
    def title(self) -> str:  # type: ignore[override]
        """The object, as the capture names it."""
        return find_subject(self.capture, None, self.name, None).name

    @cached_property
    def arrivals(self) -> pd.DataFrame:
        """What became of each change at each proxy: `istiolog_pd.analysis.arrivals`."""
        return analysis.arrivals(self.capture, self.name)

    @cached_property
    def changes(self) -> pd.DataFrame:
        """One row per round that a change of it led to.

        Returns
        -------
        pandas.DataFrame
            `decided`, `round`, how many proxies there are of each state (``applied``, ``rejected``, ``sent``,
            ``not sent``, ``not printed``), and `first`, `last`: from the decision until the first and the last of
            those that applied it had done so, at the latest.
        """
        table = self.arrivals
        rows = table.groupby(["decided", "round"], as_index=False, sort=False)
        states = pd.crosstab(table["round"], table["state"].astype("str"))
        late = (table["applied_high"] - table["decided"]).groupby(table["round"]).agg(["min", "max"])
        found = rows.size().drop(columns="size").merge(states, left_on="round", right_index=True, how="left")
        return found.merge(late.rename(columns={"min": "first", "max": "last"}), left_on="round", right_index=True)

    def timeline(self, start: Time = None, end: Time = None) -> pd.DataFrame:
        """Every entry about it: `istiolog_pd.analysis.timeline`."""
        return analysis.timeline(self.capture, object=self.name, start=start, end=end)

    def lines(self) -> Iterator[Line]:
        """Each change: when it was decided, where it was sent, applied and rejected."""
        table, changes = self.arrivals, self.changes
        if changes.empty:
            yield "changes", "none is seen"
        for change in changes.tail(ROUNDS).to_dict("records"):
            own = table[table["round"].eq(change["round"])]
            yield _clock(change["decided"]), f"round {change['round']}: {_arrived(own)}"
        if len(changes) > ROUNDS:
            yield "earlier", f"{len(changes) - ROUNDS:,} more rounds (changes)"
        for error, own in table[table["state"].eq("rejected")].groupby("error", sort=False):
            yield "rejected", f"{_names(own['proxy'])}: {_cut(str(error))}"
        if table.attrs["coverage"]:
            yield "not known", str(table.attrs["coverage"])


@dataclass(frozen=True, repr=False, eq=False)
class ProxyView(View):
    """What a capture knows of a proxy.

    Parameters
    ----------
    capture
        Logs of any kind.
    name
        The proxy, as pod.namespace; the pod alone where only one namespace has it.

    Raises
    ------
    UnknownNameError
        If no line is about such a proxy.
    """

    capture: Capture = field(repr=False)
    name: str

    def __post_init__(self) -> None:
        """Spell the name as the capture does."""
        subject = find_subject(self.capture, self.name, None, None)
        if subject.reason:
            raise UnknownNameError(subject.reason)
        object.__setattr__(self, "name", subject.name)

    @property
    def title(self) -> str:  # type: ignore[override]
        """The proxy."""
        return self.name

    @cached_property
    def connections(self) -> pd.DataFrame:
        """Its sessions: `istiolog_pd.analysis.connections`."""
        return self._own(analysis.connections(self.capture))

    @cached_property
    def pushes(self) -> pd.DataFrame:
        """What was pushed to it: `istiolog_pd.analysis.pushes`."""
        return self._own(analysis.pushes(self.capture))

    @cached_property
    def startup(self) -> pd.DataFrame:
        """Its starts: `istiolog_pd.analysis.proxy_startup`."""
        return self._own(analysis.proxy_startup(self.capture))

    @cached_property
    def rejections(self) -> pd.DataFrame:
        """What it rejected: `istiolog_pd.analysis.rejections`."""
        return self._own(analysis.rejections(self.capture))

    @cached_property
    def failed_requests(self) -> pd.DataFrame:
        """Its requests that failed: `istiolog_pd.analysis.failed_requests` of its own log."""
        rows = self.timeline()
        keep = rows["proxy"].eq(self.name) & rows["event"].eq("access")
        places = pd.MultiIndex.from_frame(rows.loc[keep, ["source", "line"]].astype({"source": "str"}))
        events = self.capture.events.select(["source", "line"]).to_pandas().astype({"source": "str"})
        own = pd.MultiIndex.from_frame(events).isin(places)
        return analysis.failed_requests(self.capture.where(own))

    def _own(self, table: pd.DataFrame) -> pd.DataFrame:
        """The rows of an answer about it."""
        return table[table["proxy"].eq(self.name).fillna(False)].reset_index(drop=True)

    def stale(self, at: Time = None) -> pd.DataFrame:
        """How far it was behind at a time: `istiolog_pd.analysis.stale_proxies`."""
        return self._own(analysis.stale_proxies(self.capture, at=at))

    def timeline(self, start: Time = None, end: Time = None) -> pd.DataFrame:
        """Every entry about it: `istiolog_pd.analysis.timeline`."""
        return analysis.timeline(self.capture, proxy=self.name, start=start, end=end)

    def lines(self) -> Iterator[Line]:
        """Its start, sessions, pushes, rejections and failed requests."""
        for start in self.startup.to_dict("records"):
            took = (
                f"ready after {duration_text(start['duration'])}" if pd.notna(start["duration"]) else "not seen ready"
            )
            slow = f", slowest step: {start['slowest']}" if pd.notna(start["slowest"]) else ""
            yield "started", f"{_clock(start['started'])}: {took}{slow}"
        sessions, pushes = self.connections, self.pushes
        if len(sessions):
            ended = sessions["reason"].dropna().astype("str").value_counts()
            why = ", ".join(f"{name} {count:,}" for name, count in ended.items()) or "none seen"
            yield "connections", f"{len(sessions):,}; ends: {why}"
        if len(pushes):
            kinds = pushes["xds_type"].astype("str").value_counts()
            last = pushes["timestamp"].max()
            told = ", ".join(f"{name} {count:,}" for name, count in kinds.items())
            yield "pushes", f"{len(pushes):,} ({told}), the last at {_clock(last)}"
        for row in self.rejections.to_dict("records"):
            recovered = "accepted again later" if pd.notna(row["recovered"]) else "no later acceptance is logged"
            yield "rejected", f"{_clock(row['first'])} {row['xds_type']}: {_cut(str(row['error']))}; {recovered}"
        failed = self.failed_requests
        for row in failed.head(PROXIES).to_dict("records"):
            meaning = f" ({row['meaning']})" if pd.notna(row["meaning"]) else ""
            where = row["cluster"] if pd.notna(row["cluster"]) else "no cluster"
            by = f"{row['response_code']} by {row['answered_by']}" if row["response_code"] else row["answered_by"]
            yield "failed requests", f"{row['requests']:,} to {where}, answered {by}{meaning}"


@dataclass(frozen=True, repr=False, eq=False)
class MomentView(View):
    """What was so at a time: who was connected, which round was on its way, who was behind.

    Parameters
    ----------
    capture
        Logs of a control plane.
    time
        The time (UTC if it has no zone), by the control plane's clock.

    Raises
    ------
    ValueError
        If it is no time.
    """

    capture: Capture = field(repr=False)
    time: pd.Timestamp

    def __post_init__(self) -> None:
        """Take any writing of a time."""
        object.__setattr__(self, "time", moment(self.time))

    @property
    def title(self) -> str:  # type: ignore[override]
        """The time."""
        return f"{_clock(self.time)} UTC"

    @cached_property
    def connected(self) -> pd.DataFrame:
        """The sessions that were open: rows of `istiolog_pd.analysis.connections`."""
        table = analysis.connections(self.capture)
        return table[~(table["opened"] > self.time) & ~(table["closed"] <= self.time)].reset_index(drop=True)

    @cached_property
    def rounds(self) -> pd.DataFrame:
        """The rounds that had begun and were not all sent: rows of `istiolog_pd.analysis.push_rounds`."""
        table = analysis.push_rounds(self.capture)
        on_its_way = (table["timestamp"] <= self.time) & (table["last_push"] >= self.time)
        return table[on_its_way].reset_index(drop=True)

    @cached_property
    def decision(self) -> pd.DataFrame:
        """The last decision to push before: a row of `istiolog_pd.analysis.push_causes`."""
        table = analysis.push_causes(self.capture)
        return table[table["timestamp"] <= self.time].tail(1).reset_index(drop=True)

    @cached_property
    def stale(self) -> pd.DataFrame:
        """The proxies that were surely behind: rows of `istiolog_pd.analysis.stale_proxies`."""
        table = analysis.stale_proxies(self.capture, at=self.time)
        return table[table["behind_low"].gt(0).fillna(False)].reset_index(drop=True)

    def timeline(self, within: str = "1s") -> pd.DataFrame:
        """Every entry so near before and after: `istiolog_pd.analysis.timeline`."""
        near: pd.Timedelta = pd.Timedelta(within)
        return analysis.timeline(self.capture, start=self.time - near, end=self.time + near)

    def lines(self) -> Iterator[Line]:
        """Who was connected, what was on its way, who was behind."""
        yield (
            "connected",
            f"{self.connected['proxy'].nunique():,} of {len(known_proxies(self.capture)):,} known proxies",
        )
        for row in self.decision.to_dict("records"):
            of = row["object"] if pd.notna(row["object"]) else f"cause {row['cause']}"
            ago = duration_text(self.time - row["timestamp"])
            yield "last decision", f"{_clock(row['timestamp'])} ({ago} before): {of}"
        going = [f"round {row['round']}, begun {_clock(row['timestamp'])}" for row in self.rounds.to_dict("records")]
        yield "on its way", "; ".join(going) or "no round"
        stale = self.stale
        behind = _names(stale["proxy"]) if len(stale) else "no proxy for certain"
        said = stale.attrs.get("coverage") or ""
        yield "behind", f"{behind}; {said}" if said else behind


def _arrived(own: pd.DataFrame) -> str:
    """One round at all proxies, in words."""
    counts = own["state"].astype("str").value_counts()
    parts = []
    if counts.get("applied"):
        late = (own["applied_high"] - own["decided"]).max()
        soon: str = f" within {duration_text(late)} of the decision" if pd.notna(late) else ""
        parts.append(f"applied by {counts['applied']:,}{soon}")
    if counts.get("rejected"):
        parts.append(f"rejected by {counts['rejected']:,}")
    if counts.get("sent"):
        late = (own["sent"] - own["decided"]).max()
        parts.append(f"sent to {counts['sent']:,} (the last after {duration_text(late)}; no answer is logged)")
    if counts.get("not sent"):
        parts.append(f"not sent to {counts['not sent']:,}")
    if counts.get("not printed"):
        parts.append("its pushes are not printed")
    sure = "" if own.loc[own["sent"].notna(), "certain"].all() else "; of some pushes the round is only the most likely"
    return f"{', '.join(parts)}, of {own['proxy'].nunique():,} connected proxies{sure}"


def _names(proxies: pd.Series[str]) -> str:
    """The first of some proxies, and how many more there are."""
    names = list(dict.fromkeys(proxies.dropna()))
    more = f" and {len(names) - PROXIES:,} more" if len(names) > PROXIES else ""
    return ", ".join(names[:PROXIES]) + more


def _clock(time: pd.Timestamp) -> str:
    """A time to the millisecond."""
    return f"{time:{CLOCK}}"[:-3] if pd.notna(time) else "at an unknown time"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_ERROR else f"{text[: MAX_ERROR - 1]}…"
