"""A Capture: the event tables of all sources that were read together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd._dictionaries import one_chunk
from istiolog_pd._frames import DtypeBackend
from istiolog_pd._frames import to_pandas as to_pandas
from istiolog_pd._lookups import Lookups
from istiolog_pd._shown import as_html, as_text
from istiolog_pd._table import Table
from istiolog_pd.engine.schema import EVENTS_SCHEMA, arrow_field, event_columns, event_schema
from istiolog_pd.errors import UnknownNameError, unknown
from istiolog_pd.formats.columns import COLUMNS, COMMON, EVENTS
from istiolog_pd.runs.schema import RunOf, run_table, with_place
from istiolog_pd.runs.source_part import kept_tables

Time = str | pd.Timestamp | None


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """One source of a capture: its name, component, size and damage."""

    name: str
    component: str
    lines: int
    entries: int
    damage: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Capture(Lookups):
    """What was read: one narrow Arrow table per event, and the common columns of every entry.

    ``capture["xds_push"]`` is the table of an event (empty, with its columns, if there is none);
    its column `row` is the entry's place in `events`. Iterating gives the names of the events
    that are there.

    Parameters
    ----------
    events
        The common columns of every entry, in file order, one source after the other.
    tables
        The narrow tables of the events that are there.
    infos
        The sources.
    nodes
        Envoy bootstraps that were among the sources: source and `node` object of each.
    process_runs
        The process runs that the sources hold, for `runs`.
    metrics_files
        Prometheus text of control planes found among the sources: source and text of each.
    files
        Device and inode of each file that was read: no export replaces one of them.
    """

    events: pa.Table
    tables: dict[str, pa.Table]
    infos: tuple[SourceInfo, ...] = ()
    nodes: tuple[tuple[str, dict[str, Any]], ...] = field(default=(), repr=False)
    process_runs: pd.DataFrame = field(default_factory=run_table, repr=False)
    metrics_files: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    files: frozenset[tuple[int, int]] = field(default=frozenset(), repr=False)
    #: What answers share, so that each is worked out once.
    memo: dict[object, Any] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """Take each source for one run where nobody has arranged them."""
        if "run" not in self.events.schema.names:
            sources = self.events["source"].combine_chunks().cast(pa.string()).dictionary_encode()
            run = RunOf(sources.indices.to_numpy(zero_copy_only=False))
            object.__setattr__(self, "events", run.beside_events(self.events))
        object.__setattr__(self, "events", with_place(self.events, {}))
        missing = {event: table for event, table in self.tables.items() if "run" not in table.schema.names}
        if missing:
            run = RunOf(self.events["run"].to_numpy())
            added = {event: run.beside(table) for event, table in missing.items()}
            object.__setattr__(self, "tables", self.tables | added)

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: all but the answers that were worked out."""
        return {**self.__dict__, "memo": {}}

    def __getitem__(self, event: str) -> pa.Table:
        """The narrow table of an event."""
        if event not in EVENTS:
            raise UnknownNameError(unknown("event", event, EVENTS))
        if event in self.tables:
            return self.tables[event]
        return RunOf(0).beside(event_schema(event).empty_table())

    def __iter__(self) -> Iterator[str]:
        """The events that are there, most frequent first."""
        return iter(sorted(self.tables, key=lambda event: -self.tables[event].num_rows))

    def __len__(self) -> int:
        """The number of events that are there: entries are `n_entries`."""
        return len(self.tables)

    @property
    def n_entries(self) -> int:
        """The number of entries."""
        return int(self.events.num_rows)

    def __contains__(self, event: object) -> bool:
        """Whether there is any row of an event."""
        return event in self.tables

    @property
    def sources(self) -> pd.DataFrame:
        """One row per source.

        Returns
        -------
        pandas.DataFrame
            `source`, `component` (of the log: ``pilot``, ``agent`` or ``ztunnel``), `lines`
            and `entries` (int64), `first` and `last` (datetime64[ns, UTC]), `damage` (str; empty
            if there was none).
        """
        spans = to_pandas(self.events.select(["source", "timestamp"])).groupby("source", observed=True)["timestamp"]
        rows = Table(
            {
                "source": [info.name for info in self.infos],
                "component": [info.component for info in self.infos],
                "lines": np.array([info.lines for info in self.infos], np.int64),
                "entries": np.array([info.entries for info in self.infos], np.int64),
                "damage": ["; ".join(info.damage) for info in self.infos],
            }
        )
        for name, times in (("first", spans.min()), ("last", spans.max())):
            rows.insert(len(rows.columns) - 1, name, times.reindex(rows["source"]).array)
        texts = dict.fromkeys(("source", "component", "damage"), "str")
        return rows.astype({**texts, "first": "datetime64[ns, UTC]", "last": "datetime64[ns, UTC]"})

    @property
    def runs(self) -> pd.DataFrame:
        """One row per process run: a container's log from a start of its process to the next.

        Returns
        -------
        pandas.DataFrame
            `run` (int64, as in the column `run` of every table), `source` (str; the first it stands in)
            and `sources` (int64; how many pieces), `log` (str): the container's log that it is a run of, named
            after its newest piece, `pod`, `namespace`, `component` (str; ``pilot`` or
            ``agent``, of the log), `version` (str): Istio's, exact where a line prints it, else the
            range that its lines leave (``1.22-1.30``, ``1.31-``; empty: nothing tells), `evidence` (str)
            which lines say so, `first`, `last` (datetime64[ns, UTC]), `entries` (int64), `gaps` (int64):
            stretches where lines are lost (a counter jumps) or the log is silent unusually long,
            `longest_gap` (timedelta64[ns]), `level` and `envoy_level` (str): the most verbose seen of
            pilot or the agent, and of Envoy; `start` (str): ``banner`` (start-up lines are there),
            ``counters`` (no start-up lines, but debounces or versions count from 1), ``restart`` (its
            counters or its time begin again), ``cut`` (it begins in the middle of a life); `end` (str):
            ``open`` (nothing follows), ``restart`` (another run of this container does), ``exit`` (its
            last lines say that it ended). Empty if the sources were not arranged into runs.
        """
        return Table(self.process_runs)

    def coverage(self, answer: str | None = None) -> pd.DataFrame:
        """Which questions this capture can answer, and what would have to be logged for the others.

        Parameters
        ----------
        answer
            Only what concerns this function of `istiolog_pd.analysis`; None: all.

        Returns
        -------
        pandas.DataFrame
            The rows of `istiolog_pd.analysis.coverage`.

        Raises
        ------
        UnknownNameError
            If there is no such answer.

        Examples
        --------
        >>> import istiolog_pd as il
        >>> il.load("data/seed/pilot.log").coverage("push_rounds")["can"].to_list()
        ['yes']
        """
        analysis = import_module("istiolog_pd.analysis")  # it is above this module, as pandas' plots are above pandas
        table: pd.DataFrame = analysis.coverage(self)
        if answer is None:
            return table
        if answer not in analysis.__all__:
            raise UnknownNameError(unknown("answer", answer, analysis.__all__))
        return table[table["answer"] == answer].reset_index(drop=True)

    def counts(self) -> pd.Series[int]:
        """Entries per event, most frequent first (int64, indexed by `event`)."""
        counts = pd.Series({event: self.tables[event].num_rows for event in self}, dtype="int64", name="entries")
        return counts.rename_axis("event")

    def to_pandas(
        self,
        *,
        events: str | Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
        start: Time = None,
        end: Time = None,
        dtype_backend: DtypeBackend = "numpy_nullable",
    ) -> pd.DataFrame:
        """The entries as one DataFrame, in file order.

        Parameters
        ----------
        events
            Only these events: one name, or several, with the columns that any of them has (of several, `event`
            too). None: every entry, with all columns.
        columns
            Only these columns, in this order.
        start, end
            Only entries of this time on, and before this time (UTC if it has no zone). An entry that
            prints no time has that of the entry before it.
        dtype_backend
            As in `to_pandas`.

        Raises
        ------
        UnknownNameError
            If there is no such event or column: a `KeyError` and a `ValueError`.

        Examples
        --------
        >>> import istiolog_pd as il
        >>> capture = il.load("data/seed/pilot.log")
        >>> capture.to_pandas(events="debounce", columns=["timestamp", "quiet_time", "full"]).shape
        (3, 3)
        """
        chosen = [events] if isinstance(events, str) else events
        own = [*COMMON, *COLUMNS] if chosen is None else self._own_columns(chosen)
        wanted = own if columns is None else list(columns)
        for name in wanted:
            if name not in COMMON and name not in COLUMNS and name != "row":
                raise UnknownNameError(
                    unknown("column of these events", name, dict.fromkeys([*own, *COMMON, *COLUMNS]))
                )
        table = rows_of(self, chosen, wanted)
        table = table.filter(self._between(start, end).take(table["row"])) if start or end else table
        return Table(to_pandas(table.select(wanted), dtype_backend))

    def _own_columns(self, events: Sequence[str]) -> list[str]:
        """The columns that any of these events has."""
        names = [name for event in events for name in self[event].schema.names if name != "row"]
        return list(dict.fromkeys(names if len(events) == 1 else ["timestamp", "event", *names]))

    def between(self, start: Time, end: Time) -> Capture:
        """The same capture with only the entries from a time on, and before a time.

        Parameters
        ----------
        start, end
            As in `to_pandas`.

        Returns
        -------
        Capture
            `row` counts anew; `runs` are those of the whole log.
        """
        return self.where(self._between(start, end).to_numpy())

    def where(self, keep: npt.NDArray[np.bool_]) -> Capture:
        """The same capture with only some of its entries.

        Parameters
        ----------
        keep
            For each row of `events`, whether it is kept.

        Returns
        -------
        Capture
            `row` counts anew; `runs` are those of the whole log.
        """
        events = self.events.filter(pa.array(keep))
        sources = to_pandas(events.select(["source"]))["source"].value_counts()
        infos = tuple(replace(info, entries=int(sources.get(info.name, 0))) for info in self.infos)
        return replace(self, events=events, tables=kept_tables(self.tables, keep), infos=infos)

    def _between(self, start: Time, end: Time) -> pa.ChunkedArray:
        own = to_pandas(self.events.select(["source", "timestamp"]))
        filled = own["timestamp"].groupby(own["source"], observed=True).ffill()
        times = pa.chunked_array([pa.array(filled, EVENTS_SCHEMA.field("timestamp").type)])
        keep = pa.chunked_array([pa.array(np.ones(len(times), bool))])
        for bound, compare in ((start, pc.greater_equal), (end, pc.less)):
            if bound is not None:
                keep = pc.and_(keep, pc.fill_null(compare(times, pa.scalar(_utc(bound).value, times.type)), False))
        return keep

    def _ipython_key_completions_(self) -> list[str]:
        """What a notebook proposes after ``capture["``: the events that are there, most frequent first."""
        return list(self)

    def __repr__(self) -> str:
        """The sources and the events, in words."""
        return as_text(self)

    def _repr_html_(self) -> str:
        """The sources and the events for a notebook."""
        return as_html(self)


def _utc(bound: str | pd.Timestamp) -> pd.Timestamp:
    """A bound of a time range in UTC."""
    try:
        stamp = pd.Timestamp(bound)
    except ValueError as error:
        raise ValueError(f"start and end are times such as '2026-11-23 17:28:30', not {bound!r}") from error
    return stamp.tz_localize("UTC") if stamp.tz is None else stamp.tz_convert("UTC")


def rows_of(capture: Capture, events: Sequence[str] | None, columns: Sequence[str]) -> pa.Table:
    """The entries of some events (None: all) with at least these columns."""
    if events is not None and len(events) == 1 and set(columns) <= set((table := capture[events[0]]).schema.names):
        return table
    table = _wide(capture, columns)
    if events is None:
        return table
    return table.filter(pc.is_in(table["event"].cast(pa.string()), pa.array(list(events), pa.string())))


def _wide(capture: Capture, columns: Sequence[str]) -> pa.Table:
    """The common columns of every entry beside some of all events."""
    common = {name: capture.events[name] for name in capture.events.schema.names}
    own = {name: _scattered(capture, name) for name in COLUMNS if name in columns}
    return pa.table({"row": pa.array(np.arange(capture.n_entries)), **common, **own})


def _scattered(capture: Capture, name: str) -> pa.ChunkedArray | pa.Array:
    """A column of the narrow tables, brought to the rows of the events; null elsewhere."""
    parts = [table for event, table in capture.tables.items() if name in event_columns(event) and table.num_rows]
    kind = arrow_field(COLUMNS[name]).type
    if not parts:
        return pa.nulls(capture.n_entries, kind)
    rows = np.concatenate([part["row"].to_numpy() for part in parts])
    values = pa.chunked_array([chunk for part in parts for chunk in part[name].chunks], kind)
    at = np.full(capture.n_entries, -1)
    at[rows] = np.arange(len(rows))
    return one_chunk(values).take(pa.array(at, mask=at < 0))
