"""A capture on one screen: its sources, its events, and the headline answers."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd._text import bytes_text, duration_text
from istiolog_pd.analysis import debounces, push_rounds, pushes
from istiolog_pd.analysis._result import control_plane_rows, reason_no_lines
from istiolog_pd.analysis.coverage.coverage import coverage
from istiolog_pd.capture import Capture
from istiolog_pd.formats.columns import EVENTS
from istiolog_pd.inspect.sidecars import Answer, of_sidecars

#: Shown where a capture cannot give an answer; the reason stands beside it.
NO_ANSWER = "?"

#: What the summary shows of each run.
RUN_COLUMNS = ["run", "source", "component", "version", "level", "entries", "first", "last", "gaps", "start", "end"]

#: The kinds of logs, by component.
LOG_KINDS = {"pilot": "istiod", "agent": "proxies", "ztunnel": "ztunnel"}


def summarize(capture: Capture) -> dict[str, pd.DataFrame]:
    """Sum up a capture in small tables.

    Parameters
    ----------
    capture
        What was read.

    Returns
    -------
    dict of pandas.DataFrame
        ``"answers"``: `what`, `value`, `detail` (all str): push decisions, merged events, times,
        rounds, pushes, NACKs, connections; of proxies their requests, updates, rejections and start-ups.
        Where the capture cannot answer, `value` is ``?`` and `detail` the reason; those come last.
        ``"pushes"``: one row per xDS type: `xds_type`, `full`, `incremental`, `request`, `proxy` and `pushes`
        (their sum), `resources`, `size_bytes` (Int64; null where no line logs it). Empty if no push
        is printed.
        ``"logs"``: one row per kind of log: `kind` (``istiod``, ``proxies``, ``ztunnel``), `logs`, `entries`,
        `damaged` (int64; logs with damage), `first`, `last` (datetime64[ns, UTC]).
        ``"sources"``: one row per source: `source`, `component`, `entries` (int64), `first`, `last`
        (datetime64[ns, UTC]), `damage`.
        ``"events"``: one row per event, most frequent first: `event`, `entries` (int64), `meaning`.
        ``"runs"``: the columns of `Capture.runs` that tell most.
        ``"coverage"``: what cannot be answered, or in part only (`can`: ``part`` or ``no``): `answers`,
        `missing`, `setting` that would print it, `runs` (all str), from `istiolog_pd.analysis.coverage`.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> tables = summarize(il.load("data/seed/pilot.log"))
    >>> tables["answers"].set_index("what").loc["push decisions"].to_list()
    ['3', '1 full, 2 incremental']
    >>> tables["pushes"].set_index("xds_type")["incremental"].to_dict()
    {'CDS': 0, 'EDS': 3, 'LDS': 0, 'RDS': 0}
    """
    rounds, pushed = push_rounds(capture), pushes(capture)
    answers = [*_decisions(capture), *_rounds(rounds), *_pushes(pushed, _coverage(rounds)), *_lines(capture)]
    answers += of_sidecars(capture)
    answers.sort(key=lambda answer: answer[1] == NO_ANSWER)
    sources = capture.sources.drop(columns="lines")
    return {
        "answers": pd.DataFrame(answers, columns=["what", "value", "detail"], dtype="str"),
        "pushes": pushes_by_type(pushed),
        "logs": _logs(sources),
        "events": _events(capture),
        "sources": sources,
        "runs": capture.runs[RUN_COLUMNS],
        "coverage": _not_covered(coverage(capture)),
    }


def _not_covered(table: pd.DataFrame) -> pd.DataFrame:
    """What cannot be answered, or in part only: one row for all answers that miss the same."""
    table = table[table["can"] != "yes"].astype({"can": "str"})
    by_lack = table.groupby(["can", "missing", "setting", "runs"], sort=False)["answer"]
    joined = by_lack.agg(lambda answers: ", ".join(dict.fromkeys(answers))).rename("answers").reset_index()
    return joined[["can", "answers", "missing", "setting", "runs"]].astype("str")


def _logs(sources: pd.DataFrame) -> pd.DataFrame:
    """The sources by kind."""
    kinds = sources.assign(
        kind=sources["component"].map(LOG_KINDS).fillna(sources["component"]), damaged=sources["damage"].ne("")
    ).groupby("kind", sort=False)
    return kinds.agg(
        logs=("source", "size"),
        entries=("entries", "sum"),
        damaged=("damaged", "sum"),
        first=("first", "min"),
        last=("last", "max"),
    ).reset_index()


def _events(capture: Capture) -> pd.DataFrame:
    counts = capture.counts().reset_index()
    return counts.assign(meaning=[EVENTS[event] for event in counts["event"]])


def _coverage(table: pd.DataFrame) -> str:
    """What an answer says that it cannot see."""
    return str(table.attrs.get("coverage", ""))


def _decisions(capture: Capture) -> Iterator[Answer]:
    """What the debounce decided and merged, and how long it took."""
    table = debounces(capture)
    if table.empty:
        yield "push decisions", NO_ANSWER, _coverage(table)
        return
    full, forced = table["full"], table["forced"]
    kinds = {"full": full, "incremental": ~full, "forced": forced, "not forced": ~forced}
    counts = {name: int(kind.fillna(False).sum()) for name, kind in kinds.items()}
    yield "push decisions", f"{len(table):,}", ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    events = table["events"].dropna()
    if len(events):
        yield "events merged", f"{events.sum():,}", f"median {events.median():g}, most {events.max():,} in one push"
    yield _times("quiet time", table["quiet_time"], "median", _coverage(table))
    yield _times("debounce time", table["debounce_time"], "median", _coverage(table))


def _times(what: str, times: pd.Series[pd.Timedelta], detail: str, coverage: str) -> Answer:
    """The median and the longest of some times, or why there are none."""
    known = times.dropna()
    if known.empty:
        return what, NO_ANSWER, coverage or "no line logs it"
    median, longest = (duration_text(pd.Timedelta(time)) for time in (known.median(), known.max()))
    some = "" if len(known) == len(times) else coverage
    return what, median, "; ".join(filter(None, (detail, f"longest {longest}", some)))


def _rounds(table: pd.DataFrame) -> Iterator[Answer]:
    yield "push rounds", NO_ANSWER if table.empty else f"{len(table):,}", _coverage(table)
    reached = table["duration"].dropna()
    if len(reached):
        yield _times("time to the last proxy", reached, f"median of {len(reached):,} rounds", "")


def _pushes(pushed: pd.DataFrame, said: str) -> Iterator[Answer]:
    """How many pushes of how many bytes; `said` is what the rounds have said of coverage already."""
    coverage = _coverage(pushed)
    if pushed.empty:
        yield "pushes", NO_ANSWER, coverage
        return
    sizes = pushed["size_bytes"].dropna()
    some = f" in the {len(sizes):,} that log a size" if len(sizes) < len(pushed) else ""
    size = f"{bytes_text(int(sizes.sum()))}{some}" if len(sizes) else "these lines log no size"
    yield "pushes", f"{len(pushed):,}", "; ".join(filter(None, (size, coverage if coverage != said else "")))
    yield "proxies pushed to", f"{_count_distinct(pushed['proxy']):,}", ""


def _lines(capture: Capture) -> Iterator[Answer]:
    """What is counted by its lines alone: if none is printed, that is all there is to say."""
    for what, event, by in (
        ("NACKs", "xds_nack", "xds_type"),
        ("connections opened", "connection_open", "proxy"),
        ("connections closed", "connection_close", "proxy"),
    ):
        lines = control_plane_rows(capture, event, [by])[by]
        if len(lines):
            counts = {"proxies:": _count_distinct(lines)} if by == "proxy" else lines.value_counts()
            yield what, f"{len(lines):,}", ", ".join(f"{name} {count:,}" for name, count in counts.items())
        elif "pilot" in set(capture.events["component"].unique().to_pylist()):
            yield what, "none", "no such line is logged"
        else:
            yield what, NO_ANSWER, reason_no_lines(capture, "such line", "")


def _count_distinct(texts: pd.Series[str]) -> int:
    """How many different texts there are; pandas would make a Python object of each."""
    return int(pc.count_distinct(pa.array(texts)).as_py())


def pushes_by_type(pushed: pd.DataFrame) -> pd.DataFrame:
    """Count pushes by xDS type and kind of push; columns as in `summarize`.

    Parameters
    ----------
    pushed
        What `istiolog_pd.analysis.pushes` gives.
    """
    names = ("full", "incremental", "request", "proxy")
    kinds = {name: pushed["push_type"].eq(name).fillna(False).astype("int64") for name in names}
    table = pushed[["resources", "size_bytes"]].assign(xds_type=pushed["xds_type"].astype("str"), pushes=1, **kinds)
    sums = table.groupby("xds_type")[[*kinds, "pushes", "resources", "size_bytes"]].sum(min_count=1)
    return sums.reset_index()
