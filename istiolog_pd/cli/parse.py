"""`istiolog parse`: logs written as Parquet or CSV."""

from __future__ import annotations

import shlex
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from istiolog_pd.cli._helpers import check_output, exit_on_error, given_limits, load_logs, python_help
from istiolog_pd.cli.options import AccessFormat, Component, Events, Sources
from istiolog_pd.cli.terminal import log_line
from istiolog_pd.cli.terminal import output as standard_output

if TYPE_CHECKING:
    from istiolog_pd.capture import Capture

PYTHON = python_help(
    "from istiolog_pd.export.tables import to_parquet", 'to_parquet(istiolog_pd.load("istiod.log"), "out.parquet")'
)


def parse(  # noqa: PLR0913, PLR0917 - each is an option of the command
    sources: Sources,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="OUT", help="x.parquet, x.csv, a folder, or - for CSV on stdout.")
    ] = "-",
    events: Events = None,
    component: Component = None,
    access_log_format: AccessFormat = None,
    star: Annotated[
        bool, typer.Option("--star", help="A star schema for BI: facts, dimensions, views.sql, a dictionary.")
    ] = False,
    duckdb: Annotated[
        Path | None,
        typer.Option("--duckdb", metavar="FILE", help="The star schema as a DuckDB database, with its views."),
    ] = None,
    append: Annotated[
        bool, typer.Option("--append", help="With --star or --duckdb: add the logs to an existing star schema.")
    ] = False,
    csv_safe: Annotated[
        bool | None,
        typer.Option(
            "--csv-safe/--no-csv-safe",
            help="Put ' before text that a spreadsheet would read as a formula. [default: for x.csv, not for -]",
        ),
    ] = None,
    stream: Annotated[
        bool,
        typer.Option(
            "--stream", help="Write while reading, in constant memory; `run` then numbers logs, not process runs."
        ),
    ] = False,
) -> None:
    """Write logs as Parquet or CSV.

    A name that ends in .parquet or .csv gives one wide table (with one --events: that event's own
    table); any other a folder with a Parquet file per event and events.parquet for all; with --star a
    folder with facts, dimensions, views for DuckDB and a data dictionary.

    Logs are held in memory to tell their process runs apart; --stream writes logs of any size.
    """
    path = Path(output)
    if star or duckdb is not None:
        if events or stream or (star and (path.suffix in (".parquet", ".csv") or output == "-")):
            raise typer.BadParameter(
                "a star schema is a folder of all events: use -o FOLDER without --events or --stream"
            )
        _star(lambda: load_logs(sources, component, access_log_format), sources, path if star else None, duckdb, append)
        return
    if append:
        raise typer.BadParameter("--append needs --star or --duckdb", param_hint="--append")
    if path.suffix not in ("", ".parquet", ".csv") and not (output.endswith("/") or path.is_dir()):
        raise typer.BadParameter(f"{output}: the name must end in .parquet or .csv, or be a folder", param_hint="-o")
    if stream and access_log_format is not None:
        raise typer.BadParameter("--stream does not support --access-log-format", param_hint="--stream")
    only = events[0] if events and len(events) == 1 else events or None
    with exit_on_error():
        check_output(path, sources)
        if stream:
            _stream(_scanned(sources, component), path, only, csv_safe)
        else:
            _write(load_logs(sources, component, access_log_format), path, only, csv_safe)
        if output != "-":
            log_line(f"wrote {output}")


def _scanned(sources: list[str], component: str | None) -> Iterator[Capture]:
    """The logs in batches, with warnings on stderr as they come."""
    from istiolog_pd.readers import scan

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield from scan(*sources, component=component, limits=given_limits())
    for warning in caught:
        log_line(f"warning: {warning.message}")


def _write(capture: Capture, output: Path, events: str | list[str] | None, csv_safe: bool | None) -> None:
    """Write what is held."""
    from istiolog_pd.export.tables import to_csv, to_parquet

    if str(output) == "-":
        with standard_output() as file:
            to_csv(capture, file, events=events, safe=csv_safe)
    elif output.suffix == ".csv":
        to_csv(capture, output, events=events, safe=csv_safe)
    else:
        to_parquet(capture, output, events=events)


def _stream(batches: Iterator[Capture], output: Path, events: str | list[str] | None, csv_safe: bool | None) -> None:
    """Write while the logs are read."""
    from istiolog_pd.export.streaming import stream_to_csv, stream_to_parquet

    if str(output) == "-":
        with standard_output() as file:
            stream_to_csv(batches, file, events=events, safe=csv_safe)
    elif output.suffix == ".csv":
        stream_to_csv(batches, output, events=events, safe=csv_safe)
    else:
        stream_to_parquet(batches, output, events=events)


def _star(
    load: Callable[[], Capture], sources: list[str], folder: Path | None, database: Path | None, append: bool
) -> None:
    """Write logs as a star schema, as a folder or as a database or both."""
    with exit_on_error():
        from istiolog_pd.export.star import to_duckdb, to_star

        for path in filter(None, (folder, database)):
            check_output(path, sources)
        capture = load()
        if folder is not None:
            to_star(capture, folder, append=append)
            log_line(f"wrote {folder}; for SQL: cd {shlex.quote(str(folder))} && duckdb -init views.sql")
        if database is not None:
            to_duckdb(capture, database, append=append)
            log_line(f"wrote {database}; for SQL: duckdb {shlex.quote(str(database))}")
