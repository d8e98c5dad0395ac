"""`istiolog parse`: logs written as Parquet or CSV."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer

from istiolog_pd.cli._helpers import in_python, load_logs, told
from istiolog_pd.cli.options import AccessFormat, Events, Sources, Whose
from istiolog_pd.cli.terminal import say

PYTHON = in_python(
    "from istiolog_pd.export.tables import to_parquet", 'to_parquet(istiolog_pd.load("istiod.log"), "out.parquet")'
)


def parse(
    sources: Sources,
    output: Annotated[
        str, typer.Option("-o", "--output", help="x.parquet, x.csv, a folder, or - for CSV on stdout.")
    ] = "-",
    events: Events = None,
    component: Whose = None,
    access_log_format: AccessFormat = None,
    star: Annotated[
        bool, typer.Option("--star", help="A star schema for BI: facts, dimensions, views.sql, a dictionary.")
    ] = False,
) -> None:
    """Write logs as Parquet or CSV.

    A name that ends in .parquet or .csv gives one wide table (with one --events: that event's own
    table); any other a folder with a Parquet file per event and events.parquet for all; with --star a
    folder with facts, dimensions, views for DuckDB and a data dictionary.

    Logs of more than 128 MiB are written while they are read, in constant memory; their process runs are
    not told apart then (`run` numbers the logs).
    """
    path = Path(output)
    if star:
        _star(sources, component, access_log_format, path, bool(events))
        return
    if path.suffix not in ("", ".parquet", ".csv") and not (output.endswith("/") or path.is_dir()):
        raise typer.BadParameter(f"{output}: end it in .parquet or .csv, or in / for a folder", param_hint="-o")
    with told():
        from istiolog_pd.export.tables import to_csv, to_parquet

        # Only what is held can be read by a format that is not built in.
        if access_log_format is None and expected_size(sources) > LARGE:
            stream(sources, component, output, events)
            return
        capture = load_logs(sources, component, access_log_format)
        only = events[0] if events and len(events) == 1 else events or None
        if output == "-":
            to_csv(capture, sys.stdout.buffer, events=only)
        else:
            (to_csv if path.suffix == ".csv" else to_parquet)(capture, path, events=only)
            say(f"wrote {path}")


#: More bytes than these are not held.
LARGE = 128 << 20
#: A log unpacks to about so many times its size.
PACKED = 10


def expected_size(sources: list[str]) -> int:
    """Bytes of the sources, as far as that is known; of packed ones what they may unpack to."""
    from istiolog_pd.sources.discover import find

    found = find(*sources) if "-" not in sources else []
    return sum((source.size or 0) * (PACKED if source.work else 1) for source in found)


def stream(sources: list[str], component: str | None, output: str, events: list[str] | None) -> None:
    """Write while the logs are read."""
    from istiolog_pd.export.streaming import stream_to_csv, stream_to_parquet
    from istiolog_pd.scanning import scan

    only = events[0] if events and len(events) == 1 else events or None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        batches = scan(*sources, component=component)
        if output == "-":
            entries = stream_to_csv(batches, sys.stdout.buffer, events=only)
        elif output.endswith(".csv"):
            entries = stream_to_csv(batches, output, events=only)
        else:
            entries = stream_to_parquet(batches, output, events=only)
    for warning in caught:
        say(f"warning: {warning.message}")
    if output != "-":
        say(f"wrote {output}, of a log of {entries:,} entries")


def _star(sources: list[str], component: str | None, access_log_format: str | None, folder: Path, events: bool) -> None:
    """Write logs as a star schema."""
    if events or folder.suffix in (".parquet", ".csv") or str(folder) == "-":
        raise typer.BadParameter("a star schema is a folder of all events: name one by -o, without --events")
    with told():
        from istiolog_pd.export.star import to_star

        to_star(load_logs(sources, component, access_log_format), folder)
        say(f"wrote {folder}; for SQL: cd {folder} && duckdb -init views.sql")
