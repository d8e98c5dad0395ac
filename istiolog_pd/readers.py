"""The readers: from sources to a Capture, or straight to a DataFrame."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import pandas as pd

from istiolog_pd import reading
from istiolog_pd.capture import Capture, DtypeBackend, SourceInfo, Time, node_from_bootstrap
from istiolog_pd.engine.reference import reader as reference
from istiolog_pd.engine.reference.reader import SourceTables
from istiolog_pd.formats.access_log_format import access_format
from istiolog_pd.reading import Log, Progress
from istiolog_pd.runs import Arranged, arrange, join
from istiolog_pd.sources.discover import Limits, NoLogError, Source, SourceLike, find
from istiolog_pd.sources.limits import LIMITS

#: A bootstrap is a small file; nothing larger is tried as one.
BOOTSTRAP_SIZE = 4 << 20
#: So much is kept of a file of metrics.
METRICS_SIZE = 64 << 20


#: A text, or an object of texts: `istiolog_pd.formats.access_log_format.access_format`.
AccessLogFormat = str | Mapping[str, object]


class DamageWarning(UserWarning):
    """Part of a source is damaged; every other row of it is there."""


def load(
    *sources: SourceLike,
    component: str | None = None,
    progress: bool = False,
    access_log_format: AccessLogFormat | None = None,
    messages: bool = True,
    storage_options: Mapping[str, Any] | None = None,
    limits: Limits = LIMITS,
) -> Capture:
    """Read logs of Istio's control plane and sidecars.

    Parameters
    ----------
    sources
        Paths, globs, folders, archives (a bug-report, any tar or zip), URLs of fsspec, open binary or text
        files, ``-`` for standard input, or lists of these; gzip, zstd, xz and bzip2 are unpacked, and what
        kubectl, stern, a container runtime or a log store puts around lines is taken off. An Envoy
        bootstrap (``envoy-rev.json``) among them gives its node's metadata (see `node_metadata`).
    component
        ``"pilot"``, ``"agent"`` (a sidecar's agent and Envoy) or ``"ztunnel"`` if it is known whose they are;
        otherwise it is found out from each source's lines.
    progress
        Show a progress bar, on stderr or in the notebook.
    access_log_format
        The mesh's own format of access lines, if it is not Istio's: the text of
        ``meshConfig.accessLogFormat`` (``"[%START_TIME%] %REQ(:METHOD)% %DURATION%"``), or the object of
        its JSON form as a mapping or as text. Its lines are `access` events, with a column for each
        command operator that has one (`istiolog_pd.formats.access_log_format.OPERATORS`). Such logs are read by the
        slower of the two engines.
    messages
        Whether to keep the text of each entry; without it a capture takes about half the memory.
    storage_options
        For the file systems of URLs, as in pandas.
    limits
        How far archives are trusted (`istiolog_pd.sources.discover.Limits`).

    Returns
    -------
    Capture
        One table per event, and the common columns of every entry.

    Raises
    ------
    FileNotFoundError
        If a path is not there.
    NoLogError
        If there is nothing to read: every source is empty or none is a text.
    ValueError
        If the access log format cannot be read: what is wrong with it, and where.

    Warns
    -----
    DamageWarning
        For each sort of damage in a source, with source and line.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> capture = il.load("data/seed/pilot.log")
    >>> len(capture), capture["xds_push"].num_rows
    (68, 20)
    """
    if component not in (None, "pilot", "agent", "ztunnel"):
        raise ValueError(f"component is 'pilot', 'agent', 'ztunnel' or None, not {component!r}")
    access = None if access_log_format is None else access_format(access_log_format)
    found = find(*sources, storage_options=storage_options, limits=limits)
    logs: list[Log] = []
    empty: list[tuple[Source, SourceTables | None]] = []
    nodes: list[tuple[str, dict[str, Any]]] = []
    metrics: list[tuple[str, str]] = []
    total = sum(source.size or 0 for source in found)
    with _bar(total) if progress else nullcontext() as update:
        for source in found:
            blocks = source.blocks(update)
            if source.kind == "metrics":
                metrics.append((source.name, _text(blocks)))
                continue
            head = list(_head(blocks))
            if (node := node_from_bootstrap(b"".join(head)) if _may_be_bootstrap(head) else None) is not None:
                nodes.append((source.name, node))
                continue
            whole = _given(head, blocks)
            of_source = list(reading.logs(source, whole, component or "", access, messages=messages))
            good = [log for log in of_source if _is_log(log.tables)]
            logs += good
            if not good:
                empty.append((source, of_source[0].tables if of_source else None))
    if not logs and not nodes:
        alone = [f"{name}: metrics of a control plane, and no log beside them" for name, _ in metrics]
        raise NoLogError("nothing to read: " + "; ".join([*(_why_empty(*one) for one in empty), *alone]))
    for one in empty:
        warnings.warn(_why_empty(*one), DamageWarning, stacklevel=2)
    for log in logs:
        for text in _damage(log):
            warnings.warn(text, DamageWarning, stacklevel=2)
    files = frozenset(source.identity for source in found if source.identity is not None)
    return replace(_capture(logs, tuple(nodes), tuple(metrics)), files=files)


def _given(head: list[bytes], blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks that were read ahead, which are held no longer than they are wanted, and those that follow."""
    while head:
        yield head.pop(0)
    yield from blocks


@contextmanager
def _bar(size: int) -> Iterator[Progress]:
    """A bar of so many bytes, if it is known how many; gives what moves it on."""
    from tqdm import tqdm  # with the locks that it makes it takes time and memory, and mostly no bar is shown

    with tqdm(total=size or None, unit="B", unit_scale=True, leave=False) as bar:
        yield bar.update


def _text(blocks: Iterator[bytes]) -> str:
    """A file of metrics, as far as one can be long."""
    held, size = [], 0
    for block in blocks:
        held.append(block)
        size += len(block)
        if size > METRICS_SIZE:
            break
    return b"".join(held)[:METRICS_SIZE].decode(errors="backslashreplace")


def _head(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The first blocks of a source, as many as a bootstrap may have if it looks like one."""
    size = 0
    for block in blocks:
        size += len(block)
        yield block
        starts_object = size > len(block) or block.lstrip()[:1] == b"{"
        if size > BOOTSTRAP_SIZE or not starts_object:
            return


def _may_be_bootstrap(head: list[bytes]) -> bool:
    return bool(head) and head[0].lstrip()[:1] == b"{" and any(b'"node"' in block for block in head)


def _is_log(tables: SourceTables) -> bool:
    """Whether a log has anything to read: a line with a header, or any text at all that is text."""
    binary = any(damage.what == "NUL bytes" for damage in tables.damage)
    return tables.recognised or (tables.events.num_rows > 0 and not binary)


def _why_empty(source: Source, tables: SourceTables | None) -> str:
    if tables is not None and tables.events.num_rows:
        return f"{source.name}: no line of a log in it, and NUL bytes: it is binary (is it the right file?)"
    if source.damage:
        return f"{source.name}: {source.damage[0]}"
    return f"{source.name}: it is empty"


def _damage(log: Log) -> Iterator[str]:
    source, tables = log.source, log.tables
    for damage in tables.damage:
        if damage.what == reference.CUT and source.damage:
            continue  # it is cut where the data ends
        more = f" (the first of {damage.lines:,} lines)" if damage.lines > 1 else ""
        yield f"{source.name}:{damage.line}: {damage.what}{more}"
    for text in source.damage if log.number == 0 else ():
        yield f"{source.name}:{tables.lines}: {text}"
    if not tables.recognised:
        yield f"{source.name}:1: no line of it looks like a log of Istio or Envoy: kept as `unparsed`"


def _capture(
    logs: list[Log], nodes: tuple[tuple[str, dict[str, Any]], ...], metrics: tuple[tuple[str, str], ...]
) -> Capture:
    """One capture of all logs, arranged into runs: the rows of each follow those of the one before."""
    arranged = arrange([log.part() for log in logs])
    parts, runs, infos = list(arranged.parts), arranged.runs, _infos(logs, arranged)
    del arranged  # the tables are held by `parts` alone, which `join` uses up
    events, tables = join(parts, by_line=len(infos) < len(parts))
    return Capture(events, tables, tuple(infos.values()), nodes, runs, metrics)


def _infos(logs: list[Log], arranged: Arranged) -> dict[str, SourceInfo]:
    """What is said of each source, by its name."""
    infos: dict[str, SourceInfo] = {}
    for at, part, note in zip(arranged.order, arranged.parts, arranged.notes, strict=True):
        texts = [text.partition(": ")[2] for text in _damage(logs[at])]
        info = SourceInfo(
            part.name, part.component, logs[at].tables.lines, len(part.events), (*texts, *filter(None, [note]))
        )
        infos[part.name] = _together(infos[part.name], info) if part.name in infos else info
    return infos


def _together(one: SourceInfo, other: SourceInfo) -> SourceInfo:
    """What is said of a source that holds the logs of several containers."""
    return SourceInfo(
        one.name, one.component, one.lines + other.lines, one.entries + other.entries, (*one.damage, *other.damage)
    )


def read_logs(
    *sources: SourceLike,
    events: str | Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    start: Time = None,
    end: Time = None,
    dtype_backend: DtypeBackend = "numpy_nullable",
    access_log_format: AccessLogFormat | None = None,
) -> pd.DataFrame:
    """Read logs of any of Istio's components into one DataFrame, a row per entry, in file order.

    Parameters
    ----------
    sources
        As in `load`.
    events
        One event's name: its narrow table. A list: only these events. None: all.
    columns
        Only these columns, in this order.
    start, end
        Only entries of this time on, and before this time (UTC if it has no zone).
    dtype_backend
        ``"numpy_nullable"`` (`datetime64[ns, UTC]`, `timedelta64[ns]`, `Int64`, `boolean`, `category`,
        `str`) or ``"pyarrow"``.
    access_log_format
        As in `load`.

    Returns
    -------
    pandas.DataFrame
        The columns of `glossary`, whatever the version of Istio: what it does not print is null.

    Raises
    ------
    FileNotFoundError, NoLogError
        As `load`.
    ValueError
        If there is no such event or column.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> pushes = il.read_logs("data/seed/pilot.log", events="xds_push")
    >>> pushes[["xds_type", "proxy"]].iloc[0].to_list()
    ['CDS', 'helloworld-v1-575d9d9fcd-bjjj8.default']
    """
    capture = load(*sources, access_log_format=access_log_format)
    return capture.to_pandas(events=events, columns=columns, start=start, end=end, dtype_backend=dtype_backend)


def read_pilot(
    *sources: SourceLike,
    events: str | Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    start: Time = None,
    end: Time = None,
    dtype_backend: DtypeBackend = "numpy_nullable",
) -> pd.DataFrame:
    """Read logs of pilot-discovery or istiod; parameters, columns and errors as `read_logs`.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> il.read_pilot("data/seed/pilot.log", events="debounce")["full"].to_list()
    [True, False, False]
    """
    capture = load(*sources, component="pilot")
    return capture.to_pandas(events=events, columns=columns, start=start, end=end, dtype_backend=dtype_backend)


def read_sidecar(
    *sources: SourceLike,
    events: str | Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    start: Time = None,
    end: Time = None,
    dtype_backend: DtypeBackend = "numpy_nullable",
    access_log_format: AccessLogFormat | None = None,
) -> pd.DataFrame:
    """Read logs of sidecars: Envoy and pilot-agent; parameters, columns and errors as `read_logs`.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> log = il.read_sidecar("data/seed/helloworld-v1-istio-proxy.log", events=["cluster_warmed"])
    >>> log["cluster_port"].to_list()
    [5000, 5000]
    """
    capture = load(*sources, component="agent", access_log_format=access_log_format)
    return capture.to_pandas(events=events, columns=columns, start=start, end=end, dtype_backend=dtype_backend)
