"""Dask DataFrames of logs, and datasets of Parquet written by a cluster."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from istiolog_pd.capture import Time
from istiolog_pd.distributed.byte_ranges import BLOCKSIZE, file_parts, file_ranges, scan
from istiolog_pd.distributed.files import StorageOptions, Urls, system_of
from istiolog_pd.distributed.map_in_arrow import exported, exported_schema
from istiolog_pd.distributed.read_part import Events, Request, read_part
from istiolog_pd.export.tables import METADATA_KEY, SCHEMA_VERSION
from istiolog_pd.loading.options import AccessLogFormat, Options
from istiolog_pd.sources.limits import LIMITS, Limits
from istiolog_pd.sources.urls import URL

if TYPE_CHECKING:
    import dask.dataframe as dd

#: Maximum number of days in one partition: a damaged log can have any times.
MAX_DATES = 10_000

MISSING = "istiolog_pd.distributed needs Dask, which is not installed: pip install 'istiolog_pd[cluster]'"


def read_logs(
    *urls: Urls,
    events: Events = None,
    columns: Sequence[str] | None = None,
    blocksize: int = BLOCKSIZE,
    component: str | None = None,
    access_log_format: AccessLogFormat | None = None,
    messages: bool = True,
    start: Time = None,
    end: Time = None,
    storage_options: StorageOptions = None,
    limits: Limits = LIMITS,
) -> dd.DataFrame:
    """Read logs as a Dask DataFrame: the columns and dtypes of `istiolog_pd.read_logs`, by many workers.

    Parameters
    ----------
    urls
        Paths, globs, folders or URLs of fsspec (``s3://logs/istiod/*.log``), or lists of these, which every
        worker can open.
    events, columns, component, access_log_format, messages, start, end, limits
        As in `istiolog_pd.read_logs`. The wide table of all events is larger than its log: name what is needed.
    blocksize
        Bytes of a partition, about: partitions are cut where an entry begins. A file that is packed, an
        archive, or wrapped by another tool (kubectl, CRI, ...) is one partition.
    storage_options
        For the file systems of URLs, as in pandas.

    Returns
    -------
    dask.dataframe.DataFrame
        A row per entry, in the order of the files named and of their lines; `line` counts the whole
        file's lines. Categories are not known before it is computed; the index begins anew in every
        partition; `run` is null, since it depends on all that was logged before.

    Raises
    ------
    ImportError
        If Dask is not installed.
    FileNotFoundError
        If a path is not there, or a glob fits nothing.
    ValueError
        If there is no such event or column, or `blocksize` is no number of bytes.

    Notes
    -----
    Every range is read twice: once to count its lines and to find where it can be cut, which is fast, and
    once for its rows. Nothing but the first bytes of each file is read by the client. Pieces of a rotated
    log are read one by one: entries that stand in two of them are there twice.

    A log of nothing but access lines is cut only from 64 MiB on, the default of `blocksize`; with less,
    its ranges are read together.

    Examples
    --------
    >>> from istiolog_pd.distributed import read_logs
    >>> pushes = read_logs("data/synthetic-1.30/*.log.gz", events="xds_push")
    >>> pushes.npartitions
    3
    >>> read_logs("data/seed/pilot.log", events="debounce")["full"].compute().to_list()
    [True, False, False]
    """
    delayed, dataframe = _dask()
    options: dict[str, Any] = {
        "component": component,
        "access_log_format": access_log_format,
        "messages": messages,
        "start": start,
        "end": end,
        "limits": limits,
    }
    Options(**options)  # a mistake is an error here, not in each worker
    request = Request(events, columns, options=options, storage_options=storage_options)
    meta = dataframe.utils.clear_known_categories(request.empty())
    frames = []
    for own in file_ranges(urls, blocksize, storage_options):
        scans = [delayed(scan)(one, storage_options) for one in own]
        parts = delayed(file_parts)(scans)
        frames += [delayed(read_part)(parts[n], request) for n in range(len(own))]
    logs: dd.DataFrame = dataframe.from_delayed(frames, meta=meta, verify_meta=False, prefix="read-logs")
    return logs


def to_parquet(
    logs: Urls | dd.DataFrame,
    path: str | os.PathLike[str],
    *,
    events: Events = None,
    columns: Sequence[str] | None = None,
    blocksize: int = BLOCKSIZE,
    storage_options: StorageOptions = None,
) -> None:
    """Write a dataset of Parquet, a folder ``date=YYYY-MM-DD`` for each day (UTC); workers write their own rows.

    Parameters
    ----------
    logs
        What `read_logs` gave, or what it takes.
    path
        A folder or a URL that every worker can write to; nothing may be in it.
    events, columns, blocksize
        As in `read_logs`, if `logs` is not read yet.
    storage_options
        For the file systems of URLs, of those read and of `path`.

    Raises
    ------
    FileExistsError
        If there is anything at `path`.
    ValueError
        If there is no column `timestamp`, or one that the glossary does not know.

    Notes
    -----
    Types as in `arrow_schema`; `date` is only in the folders' names. Entries that print no time are in
    ``date=__HIVE_DEFAULT_PARTITION__``, which readers take for null. Files are named after the partition,
    so a task that runs again writes the same files.

    Examples
    --------
    >>> import os, tempfile
    >>> from istiolog_pd.distributed import to_parquet
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_parquet("data/seed/pilot.log", f"{folder}/pushes", events="xds_push")
    ...     os.listdir(f"{folder}/pushes")
    ['date=2018-12-24']
    """
    delayed, dataframe = _dask()
    if not isinstance(logs, dataframe.DataFrame):
        logs = read_logs(logs, events=events, columns=columns, blocksize=blocksize, storage_options=storage_options)
    if "timestamp" not in logs.columns:
        raise ValueError("a dataset by date needs the column 'timestamp'")
    exported_schema(list(logs.columns))
    # Workers may have another current folder.
    url = os.fspath(path) if URL.match(os.fspath(path)) else os.path.abspath(path)
    system, place = system_of(url, storage_options)
    if system.exists(place) and (not system.isdir(place) or system.ls(place)):
        raise FileExistsError(f"{path} is there already: name another folder")
    tasks = [delayed(_write)(rows, n, url, storage_options) for n, rows in enumerate(logs.to_delayed())]
    delayed(list)(tasks).compute()


def _write(rows: pd.DataFrame, number: int, url: str, storage_options: StorageOptions) -> int:
    """Write the rows of a partition, each day's into its folder; how many there were."""
    table = exported(rows)
    if table.num_rows:
        about = json.dumps({"schema_version": SCHEMA_VERSION})
        date = pc.cast(table["timestamp"], pa.date32())
        system, place = system_of(url, storage_options)
        parquet = ds.ParquetFileFormat()
        ds.write_dataset(
            table.replace_schema_metadata({METADATA_KEY: about}).append_column("date", date),
            place,
            filesystem=system,
            format=parquet,
            file_options=parquet.make_write_options(version="2.6", compression="zstd"),
            partitioning=ds.partitioning(pa.schema([("date", pa.date32())]), flavor="hive"),
            basename_template=f"part-{number:06d}-{{i}}.parquet",
            existing_data_behavior="overwrite_or_ignore",
            max_partitions=MAX_DATES,
        )
    return int(table.num_rows)


def _dask() -> tuple[Any, Any]:
    """Dask, which is not needed for anything else."""
    try:
        from dask import dataframe
        from dask.delayed import delayed
    except ImportError as error:
        raise ImportError(MISSING) from error
    return delayed, dataframe
