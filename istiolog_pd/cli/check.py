"""`istiolog check`: thresholds for CI and canaries; a line for each, and an exit code."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from istiolog_pd.cli._helpers import exit_on_error, load_logs, python_help
from istiolog_pd.cli.options import AccessFormat, Component, Sources
from istiolog_pd.cli.terminal import print_table, write_out

if TYPE_CHECKING:
    import pandas as pd

PYTHON = python_help(
    "from istiolog_pd.report import check",
    'check(istiolog_pd.load("istiod.log"), {"nacks": 0, "p95-propagation": "3s"})',
)

#: Rises when the form of the JSON changes.
SCHEMA_VERSION = 1
PREFIX = "--max-"


class Form(StrEnum):
    """How the checks are printed."""

    table = "table"
    json = "json"
    junit = "junit"


def _maximum(name: str, unit: str, about: str) -> Any:
    """The option of one check: wrong use if its text is no threshold."""

    def read(value: str | None) -> str | None:
        if value is not None:
            from istiolog_pd.report.checks import CHECKS

            try:
                next(one for one in CHECKS if one.name == name).read(value)
            except ValueError as error:
                raise typer.BadParameter(str(error)) from None
        return value

    return typer.Option(f"{PREFIX}{name}", metavar=unit.upper(), callback=read, help=about)


Nacks = Annotated[str | None, _maximum("nacks", "count", "Updates that proxies rejected.")]
Propagation = Annotated[
    str | None, _maximum("p95-propagation", "duration", "From a push to its use by Envoy, 95th percentile.")
]
LastProxy = Annotated[
    str | None, _maximum("p95-last-proxy", "duration", "From a round's start to its last proxy, 95th percentile.")
]
Debounce = Annotated[
    str | None, _maximum("p95-debounce", "duration", "Time that the debounce waited, 95th percentile.")
]
FullPushes = Annotated[str | None, _maximum("full-pushes", "count", "Decisions to push everything.")]
Startup = Annotated[str | None, _maximum("startup", "duration", "From a proxy's start to ready, the slowest.")]
FailedRequests = Annotated[str | None, _maximum("failed-requests", "count", "Requests that failed.")]
FailedShare = Annotated[str | None, _maximum("failed-share", "share", "Share of requests that failed.")]
AbnormalEnds = Annotated[
    str | None, _maximum("abnormal-ends", "count", "Connections that ended by network, flapping or a storm.")
]
StaleProxies = Annotated[
    str | None, _maximum("stale-proxies", "count", "Proxies behind the latest round when the log ends.")
]
ErrorsToActOn = Annotated[str | None, _maximum("errors-to-act-on", "count", "Errors with the verdict `act`.")]
BrokenFindings = Annotated[
    str | None, _maximum("broken-findings", "count", "Findings of the report that something does not work.")
]


def check(
    sources: Sources,
    *,
    nacks: Nacks = None,
    p95_propagation: Propagation = None,
    p95_last_proxy: LastProxy = None,
    p95_debounce: Debounce = None,
    full_pushes: FullPushes = None,
    startup: Startup = None,
    failed_requests: FailedRequests = None,
    failed_share: FailedShare = None,
    abnormal_ends: AbnormalEnds = None,
    stale_proxies: StaleProxies = None,
    errors_to_act_on: ErrorsToActOn = None,
    broken_findings: BrokenFindings = None,
    thresholds: Annotated[
        Path | None,
        typer.Option("--thresholds", metavar="FILE", help='A TOML file of lines such as: p95-propagation = "3s".'),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option("--baseline", metavar="LOGS", help="Logs from before: nothing may be significantly worse."),
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="json or junit: for programs.")] = Form.table,
    component: Component = None,
    access_log_format: AccessFormat = None,
) -> None:
    """Check thresholds: one line each; exits with 1 unless all pass.

    What the logs cannot show does not pass: its line says why, and which setting would print it.
    """
    given = {
        "nacks": nacks,
        "p95-propagation": p95_propagation,
        "p95-last-proxy": p95_last_proxy,
        "p95-debounce": p95_debounce,
        "full-pushes": full_pushes,
        "startup": startup,
        "failed-requests": failed_requests,
        "failed-share": failed_share,
        "abnormal-ends": abnormal_ends,
        "stale-proxies": stale_proxies,
        "errors-to-act-on": errors_to_act_on,
        "broken-findings": broken_findings,
    }
    with exit_on_error():
        from istiolog_pd.report import check as checked

        maximum = {**_read(thresholds), **{name: value for name, value in given.items() if value is not None}}
        if not maximum and baseline is None:
            raise typer.BadParameter("nothing to check: give a maximum (--max-nacks 0), --thresholds or --baseline")
        before = load_logs([baseline], component, access_log_format) if baseline is not None else None
        table = checked(load_logs(sources, component, access_log_format), maximum, before)
    _print(table, form)
    raise typer.Exit(int(not table["state"].eq("passed").all()))


def _read(path: Path | None) -> dict[str, str | float]:
    """The thresholds of a file, under their names."""
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path}: {error}") from None


def _print(table: pd.DataFrame, form: Form) -> None:
    if form is Form.json:
        rows = table.to_json(orient="records", force_ascii=True)
        typer.echo(f'{{"schema_version": {SCHEMA_VERSION}, "checks": {rows}}}')
    elif form is Form.junit:
        write_out(_junit(table))
    else:
        print_table(table[["state", "check", "low", "high", "limit", "note"]])


def _junit(table: pd.DataFrame) -> str:
    """The checks as CI servers read them: a test case each, what is unknown as an error."""
    from xml.etree import ElementTree

    from istiolog_pd._text import escape_controls

    states = table["state"].value_counts()
    counts = {"tests": len(table), "failures": states["failed"], "errors": states["unknown"]}
    suite = ElementTree.Element("testsuite", {"name": "istiolog check"} | {name: str(n) for name, n in counts.items()})
    for one in table.itertuples():
        case = ElementTree.SubElement(
            suite, "testcase", {"classname": "istiolog", "name": escape_controls(str(one.check))}
        )
        text = escape_controls(f"{one.about}: {one.low} to {one.high}, limit {one.limit}; {one.note}")
        if one.state != "passed":
            ElementTree.SubElement(case, "failure" if one.state == "failed" else "error", {"message": text})
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
