"""The page: all that a report says, gathered and rendered."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from istiolog_pd._text import duration_text
from istiolog_pd.analysis._discover import declarations
from istiolog_pd.capture import Capture
from istiolog_pd.export.atomic import refuse_sources, replacing
from istiolog_pd.inspect.summary import NO_ANSWER, RUN_COLUMNS, summarize
from istiolog_pd.plots import PLOTS, Plot
from istiolog_pd.report.findings import Answers, run_rules
from istiolog_pd.report.html.closeups import Closeup, closeups
from istiolog_pd.report.html.evidence import percent, plural, shown
from istiolog_pd.report.html.figures import picture
from istiolog_pd.report.html.tables import MAX_ROWS, Shown, table
from istiolog_pd.report.model import KINDS

#: Maximum number of rows of a table on an interactive page.
MAX_SEARCHED = 1000
#: Maximum number of runs of which a page counts metrics: each takes some hundredths of a second.
MAX_COUNTED = 100


@dataclass(frozen=True, slots=True)
class Drawn:
    """A plot on the page: what it shows, its image, the table behind it, how to have it again."""

    name: str
    about: str
    src: str
    alt: str
    coverage: str
    table: Shown
    python: str


def html_report(capture: Capture, *, loaded: Sequence[str] = (), interactive: bool = False) -> str:
    """A report on a capture: one HTML page that needs nothing else.

    Parameters
    ----------
    capture
        Logs of any kind.
    loaded
        What the capture was loaded from (files, folders, globs), for the Python lines; empty: every source by its
        name.
    interactive
        Let tables sort and search, and plots zoom, by a script in the page; tables have 1,000 rows at most.

    Returns
    -------
    str
        The page: the findings (`istiolog_pd.report.findings`), with the lines that show it; what the
        capture is; what it can answer; every plot of `istiolog_pd.plots.PLOTS` with its table. It holds no
        script (unless `interactive`), and loads nothing; all text of the log is escaped. A table shows 50 rows at most.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> from istiolog_pd.report import html_report
    >>> page = html_report(il.load("data/seed/helloworld-v1-istio-proxy.log"))
    >>> page.splitlines()[0], "<script" in page
    ('<!doctype html>', False)
    """
    answers = Answers(capture)
    looked = run_rules(answers)
    drawn, left_out = _plots(answers, MAX_SEARCHED if interactive else MAX_ROWS)
    script = _script() if interactive else None
    summed = summarize(capture)
    return _template().render(
        kinds=KINDS,
        percent=percent,
        found=looked.found,
        not_found=looked.not_found,
        not_checkable=looked.not_checkable,
        about=_about(capture),
        load=_load(capture, loaded),
        logs=table(summed["logs"], "Logs"),
        sources=table(summed["sources"], "Sources"),
        runs=table(capture.runs, "Process runs", RUN_COLUMNS),
        headlines=table(summed["answers"][summed["answers"]["value"].ne(NO_ANSWER)], "In numbers"),
        events=table(summed["events"], "Events, most frequent first"),
        lacking=_coverage(answers, can=False),
        covered=_coverage(answers, can=True),
        compared=_compared(answers),
        plots=drawn,
        left_out=left_out,
        script=Markup(script) if script else None,
        script_hash=f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}" if script else "",
    )


def write_report(capture: Capture, path: str | Path, *, loaded: Sequence[str] = (), interactive: bool = False) -> None:
    """Write a report on a capture into a file.

    Parameters
    ----------
    capture
        Logs of any kind.
    path
        The file; what is there is replaced when the page is complete.
    loaded, interactive
        As for `html_report`.

    Raises
    ------
    FileExistsError
        If it is one of the sources, or another export is writing it.
    OSError
        If it cannot be written.
    """
    refuse_sources(Path(path), capture.files)
    page = html_report(capture, loaded=loaded, interactive=interactive)
    with replacing(Path(path), capture.files) as file:
        file.write(page.encode("utf-8", "replace"))


@cache
def _template() -> Template:
    loader = PackageLoader("istiolog_pd.report.html")
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).get_template("report.html")


def _about(capture: Capture) -> str:
    """The capture in a sentence."""
    times = pd.concat([capture.sources["first"], capture.sources["last"]]).dropna()
    said = f"{plural(capture.n_entries, 'entry', 'entries')} of {plural(len(capture.infos), 'log')}"
    if len(times):
        first, last = times.min(), times.max()
        said += f", {first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} UTC ({duration_text(last - first)})"
    versions = [version for version in capture.runs["version"].dropna().unique() if version]
    named = [shown(f"{version[:-1]} or later" if version.endswith("-") else version, 40) for version in versions[:4]]
    return said + (f". Istio {', '.join(named)}." if versions else ".")


def _load(capture: Capture, loaded: Sequence[str]) -> str:
    """The Python lines that the others begin with: what was given, or else every source."""
    others = (name for name, _ in (*capture.nodes, *capture.metrics_files))
    names = list(dict.fromkeys(loaded or [info.name for info in capture.infos] + list(others)))
    given = [f"    {name!r}," for name in names]
    imports = ["import istiolog_pd", "from istiolog_pd import analysis, plots"]
    return "\n".join([*imports, "capture = istiolog_pd.load(", *given, ")"])


def _coverage(answers: Answers, *, can: bool) -> Shown:
    """What can be answered whole; or in part, or not at all."""
    asked: pd.DataFrame = answers["coverage"]
    whole = asked["can"] == "yes"
    runs = ["runs"] if (asked["runs"] != "").any() else []
    if can:
        return table(asked[whole], "Answered", ["question", "answer", "missing", *runs])
    return table(asked[~whole], "Answered in part, or not", ["question", "answer", "can", "missing", "setting", *runs])


def _compared(answers: Answers) -> Shown | None:
    """Istio's metrics counted from the log beside those that it exported, where they were found."""
    if not answers.capture.metrics_files:
        return None
    compared: pd.DataFrame = answers["compare_metrics"]
    whole = compared[~compared["metric"].astype("str").str.endswith("_bucket")]
    return table(whole.drop(columns=["meaning", "why"], errors="ignore"), "Istio's own metrics, counted and exported")


@cache
def _script() -> str:
    """The script of an interactive page."""
    return (Path(__file__).parent / "templates/interactive.js").read_text(encoding="utf-8")


def _close(closeup: Closeup, most: int) -> Drawn:
    """The plot of one round or one proxy."""
    plot, answer = closeup.plot, closeup.table
    coverage = shown(answer.attrs.get("coverage") or "", 1000)
    behind = table(answer, closeup.call.partition("(")[0], most=most, answer=plot.answer)
    python = f"plots.{plot.name}({closeup.call})"
    return Drawn(plot.name, plot.about, *picture(plot, answer), coverage, behind, python)


def _plots(answers: Answers, most: int) -> tuple[Sequence[Drawn], Sequence[tuple[Plot, str]]]:
    """The plots that there is something for, and why there is nothing for the others."""
    drawn = [_close(closeup, most) for closeup in closeups(answers)]
    left_out: list[tuple[Plot, str]] = []
    order = list(declarations())
    for plot in sorted(PLOTS.values(), key=lambda plot: order.index(plot.answer)):
        if plot.answer == "metrics" and len(answers.capture.runs) > MAX_COUNTED:
            left_out.append(
                (plot, f"of more than {MAX_COUNTED} runs the page counts none: see analysis.metrics(capture)")
            )
            continue
        answer: pd.DataFrame = answers[plot.answer]
        coverage = shown(answer.attrs.get("coverage") or "", 1000)
        if answer.empty:
            left_out.append((plot, coverage or "the log holds none of it"))
            continue
        behind = table(answer, f"analysis.{plot.answer}", most=most, answer=plot.answer)
        python = f"plots.{plot.name}(analysis.{plot.answer}(capture))"
        drawn.append(Drawn(plot.name, plot.about, *picture(plot, answer), coverage, behind, python))
    return drawn, left_out
