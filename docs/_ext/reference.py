"""The reference pages: one declaration in the package, one page here."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from typer.main import get_command

import istiolog_pd as il
from istiolog_pd._text import escape_markdown
from istiolog_pd.analysis._discover import declarations, functions
from istiolog_pd.cli.app import app
from istiolog_pd.report.findings import RULES
from istiolog_pd.report.model import KINDS

FOLDER = "reference/generated"


def pages() -> dict[str, str]:
    """The text of each page, by its place below the sources."""
    return {
        f"{FOLDER}/answers.md": _answers(),
        f"{FOLDER}/columns.md": _columns(),
        f"{FOLDER}/findings.md": _findings(),
        f"{FOLDER}/commands.md": _commands(),
        **_statements(),
    }


def cell(value: object) -> str:
    """A value as the text of a table's cell."""
    if value is None or (not isinstance(value, (list, tuple)) and pd.isna(value)):
        return ""
    return escape_markdown(str(value))


def code(value: object) -> str:
    """A log text as the code of a table's cell; what Markdown would take from it is escaped."""
    text = cell(value).replace("&lt;", "<")
    return f"`` {text} ``" if text else ""


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _answers() -> str:
    parts = [
        "# Answers\n",
        "Each is a function of `istiolog_pd.analysis`: a `Capture` in, a small tidy DataFrame out. "
        "`table.attrs['coverage']` says what the capture cannot tell; `il.glossary(NAME)` gives the columns below.\n",
    ]
    for name, answer in declarations().items():
        text = (functions()[name].__doc__ or "").strip().split("\n\n")[0].replace("\n", " ")
        rows = ((f"`{c.name}`", cell(c.meaning), c.dtype, c.unit) for c in answer.columns)
        parts += [
            f"({name})=\n## {name}\n",
            f"{text}\n",
            f"{answer.rows}.\n",
            table(("column", "meaning", "dtype", "unit"), rows),
        ]
    return "\n".join(parts)


def _columns() -> str:
    glossary = il.glossary()
    head = [name for name in glossary.columns]
    rows = ([f"`{row[0]}`", *(cell(value) for value in row[1:])] for row in glossary.itertuples(index=False))
    return (
        "# Columns of the event table\n\n"
        "What `read_pilot`, `read_sidecar` and `read_logs` return: one row per entry, in file order. "
        "The same table in Python: `il.glossary()`.\n\n" + table(head, rows)
    )


def _findings() -> str:
    parts = ["# Findings of the report\n", "What `istiolog report` looks for, by kind.\n"]
    for kind, meaning in KINDS.items():
        parts += [f"## {kind}\n", f"{meaning[0].upper()}{meaning[1:]}.\n"]
        rows = ((f"`{r.name}`", cell(r.checks), cell(r.why), cell(r.do)) for r in RULES if r.kind == kind)
        parts.append(table(("rule", "what is looked for", "why it matters", "what to do"), rows))
    return "\n".join(parts)


def _commands() -> str:
    command = get_command(app)
    parts = [
        "# Commands\n",
        "Data goes to standard output, messages and progress to standard error. Exit codes: 0, 1 (an error, or "
        "nothing found), 2 (wrong use). `istiolog --install-completion` installs completion for the shell in use.\n",
    ]
    for name, one in sorted(command.commands.items()):  # type: ignore[attr-defined]
        rows = []
        for parameter in one.params:
            names = (
                ", ".join(f"`{text}`" for text in parameter.opts)
                if parameter.param_type_name == "option"
                else (f"`{(parameter.metavar or parameter.name or '').upper()}`")
            )
            rows.append((names, cell(getattr(parameter, "help", "") or "")))
        text = (one.help or "").strip().split("\n\n")[0].replace("\n", " ")
        parts += [f"## istiolog {name}\n", f"{cell(text)}\n", table(("argument", "meaning"), rows)]
    return "\n".join(parts)


def _statements() -> dict[str, str]:
    """The statements that have a verdict on one page; all of them one page per component and first letter of scope."""
    every = il.statements()
    judged = every[every["verdict"].notna()].drop_duplicates(["statement", "verdict", "why"])
    head = ("statement", "component", "event", "versions", "verdict", "why", "reference")
    rows = (
        (
            code(r.statement),
            cell(r.component),
            cell(r.event),
            cell(r.versions),
            cell(r.verdict),
            cell(r.why),
            cell(r.reference),
        )
        for r in judged.itertuples()
    )
    counts = every.groupby("component", observed=True).size()
    summary = table(("component", "statements"), ((cell(name), f"{count:,}") for name, count in counts.items()))
    text = (
        "# Statements and verdicts\n\n"
        f"The package knows {len(every):,} log statements of the sources of Istio, Envoy and ztunnel. "
        "`il.statements()` gives all of them as a DataFrame, `istiolog explain LINE` the one that printed a line.\n\n"
        f"{summary}\n"
        f"{len(judged):,} of them have a verdict: `harmless`, `look` or `act`. Where nobody knows, there is none.\n\n"
    )
    return {f"{FOLDER}/statements.md": text + table(head, rows)}
