"""The readers: from sources to a Capture, to Captures in batches, or straight to a DataFrame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from istiolog_pd._frames import DtypeBackend
from istiolog_pd.capture import Capture, Time
from istiolog_pd.loading.load import load_capture
from istiolog_pd.loading.options import AccessLogFormat, Options
from istiolog_pd.loading.scan import BATCH, scan_captures
from istiolog_pd.sources.discover import SourceLike
from istiolog_pd.sources.limits import LIMITS, Limits


def load(
    *sources: SourceLike,
    component: str | None = None,
    access_log_format: AccessLogFormat | None = None,
    messages: bool = True,
    start: Time = None,
    end: Time = None,
    storage_options: Mapping[str, Any] | None = None,
    limits: Limits = LIMITS,
    progress: bool = False,
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
        ``"pilot"``, ``"agent"`` (a sidecar's agent and Envoy) or ``"ztunnel"`` if it is known;
        otherwise it is detected from each source's lines.
    access_log_format
        The mesh's own format of access lines, if it is not Istio's: the text of
        ``meshConfig.accessLogFormat`` (``"[%START_TIME%] %REQ(:METHOD)% %DURATION%"``), or the object of
        its JSON form as a mapping or as text. Its lines are `access` events, with a column for each
        command operator that has one (`istiolog_pd.formats.access_log_format.OPERATORS`).
    messages
        Whether to keep the text of each entry; without it a capture takes about half the memory.
    start, end
        Only entries from this time on, and before this time (UTC if it has no zone). An entry without a time
        has that of the entry before it. Process runs are those of the whole log.
    storage_options
        For the file systems of URLs, as in pandas.
    limits
        How far archives are trusted.
    progress
        Show a progress bar, on stderr or in the notebook.

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
    ArchiveError
        If an archive is hostile, or larger than `limits` allow.
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
    >>> capture.n_entries, capture["xds_push"].num_rows
    (68, 20)
    """
    options = Options(component, access_log_format, messages, start, end, storage_options, limits, progress)
    return load_capture(sources, options)


def scan(
    *sources: SourceLike,
    batch: int = BATCH,
    component: str | None = None,
    access_log_format: AccessLogFormat | None = None,
    messages: bool = True,
    start: Time = None,
    end: Time = None,
    storage_options: Mapping[str, Any] | None = None,
    limits: Limits = LIMITS,
    progress: bool = False,
) -> Iterator[Capture]:
    """Read logs of any size in batches, in constant memory.

    Parameters
    ----------
    sources
        As in `load`. Standard input and files that still grow are read as far as they come.
    batch
        Entries per batch, about. A batch holds entries of one container's log only.
    component, messages, start, end, storage_options, limits, progress
        As in `load`.
    access_log_format
        As in `load`.

    Yields
    ------
    Capture
        The next entries, in file order. `row` counts within the batch, `line` over the whole source. `run`
        numbers the logs: process runs are found only by `load`, which sees all of a log.

    Raises
    ------
    FileNotFoundError, NoLogError, ArchiveError, ValueError
        As `load`.

    Warns
    -----
    DamageWarning
        For damage in a source, once it is read.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> sum(part.n_entries for part in il.scan("data/istiod-1.30.3/discovery.log.gz", batch=5000))
    3874
    """
    options = Options(component, access_log_format, messages, start, end, storage_options, limits, progress)
    return scan_captures(sources, options, batch)


def read_logs(
    *sources: SourceLike,
    events: str | Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    dtype_backend: DtypeBackend = "numpy_nullable",
    component: str | None = None,
    access_log_format: AccessLogFormat | None = None,
    messages: bool = True,
    start: Time = None,
    end: Time = None,
    storage_options: Mapping[str, Any] | None = None,
    limits: Limits = LIMITS,
    progress: bool = False,
) -> pd.DataFrame:
    """Read logs of any of Istio's components into one DataFrame, a row per entry, in file order.

    Parameters
    ----------
    sources
        As in `load`.
    events
        Only these events: one name, or several, with the columns that they have. None: every entry, with
        all columns.
    columns
        Only these columns, in this order.
    dtype_backend
        ``"numpy_nullable"`` (`datetime64[ns, UTC]`, `timedelta64[ns]`, `Int64`, `boolean`, `category`,
        `str`) or ``"pyarrow"``.
    component, access_log_format, messages, start, end, storage_options, limits, progress
        As in `load`.

    Returns
    -------
    pandas.DataFrame
        The columns of `glossary`, whatever the version of Istio: values that it does not log are null.

    Raises
    ------
    FileNotFoundError, NoLogError, ArchiveError
        As `load`.
    UnknownNameError
        If there is no such event or column.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> pushes = il.read_logs("data/seed/pilot.log", events="xds_push")
    >>> pushes[["xds_type", "proxy"]].iloc[0].to_list()
    ['CDS', 'helloworld-v1-575d9d9fcd-bjjj8.default']
    """
    options = Options(component, access_log_format, messages, None, None, storage_options, limits, progress)
    capture = load_capture(sources, options)
    return capture.to_pandas(events=events, columns=columns, start=start, end=end, dtype_backend=dtype_backend)


def read_pilot(
    *sources: SourceLike,
    events: str | Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    dtype_backend: DtypeBackend = "numpy_nullable",
    access_log_format: AccessLogFormat | None = None,
    messages: bool = True,
    start: Time = None,
    end: Time = None,
    storage_options: Mapping[str, Any] | None = None,
    limits: Limits = LIMITS,
    progress: bool = False,
) -> pd.DataFrame:
    """Read logs of pilot-discovery or istiod: `read_logs` with ``component="pilot"``.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> il.read_pilot("data/seed/pilot.log", events="debounce")["full"].to_list()
    [True, False, False]
    """
    options = Options("pilot", access_log_format, messages, None, None, storage_options, limits, progress)
    capture = load_capture(sources, options)
    return capture.to_pandas(events=events, columns=columns, start=start, end=end, dtype_backend=dtype_backend)


def read_sidecar(
    *sources: SourceLike,
    events: str | Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    dtype_backend: DtypeBackend = "numpy_nullable",
    access_log_format: AccessLogFormat | None = None,
    messages: bool = True,
    start: Time = None,
    end: Time = None,
    storage_options: Mapping[str, Any] | None = None,
    limits: Limits = LIMITS,
    progress: bool = False,
) -> pd.DataFrame:
    """Read logs of sidecars, Envoy and pilot-agent: `read_logs` with ``component="agent"``.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> log = il.read_sidecar("data/seed/helloworld-v1-istio-proxy.log", events=["cluster_warmed"])
    >>> log["cluster_port"].to_list()
    [5000, 5000]
    """
    options = Options("agent", access_log_format, messages, None, None, storage_options, limits, progress)
    capture = load_capture(sources, options)
    return capture.to_pandas(events=events, columns=columns, start=start, end=end, dtype_backend=dtype_backend)
