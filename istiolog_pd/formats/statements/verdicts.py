"""What a statement means to an operator: `verdicts.tsv`, whose columns the package's text describes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from istiolog_pd.formats.statements.cells import unescape

VERDICTS = ("harmless", "look", "act")


@dataclass(frozen=True, slots=True)
class Verdict:
    """``harmless``, ``look`` or ``act``; why, in a sentence; and the source file or issue that supports it."""

    verdict: str
    why: str
    reference: str


@cache
def load_verdicts() -> dict[tuple[str, str, str], Verdict]:
    """The verdicts by statement, event and level; empty: any."""
    text = (files("istiolog_pd.formats.statements") / "verdicts.tsv").read_text(encoding="utf-8")
    rows = [[unescape(cell) for cell in line.split("\t")] for line in text.split("\n")[1:] if line]
    return {(statement, event, level): Verdict(*said) for statement, event, level, *said in rows}


def find_verdict(statement: str | None, event: str, level: str | None) -> Verdict | None:
    """What is known of a statement, or else of all lines of its event.

    Examples
    --------
    >>> find_verdict("Push Status: %s", "push_status", "info").verdict
    'look'
    """
    known = load_verdicts()
    texts = (statement, "") if statement else ("",)
    keys = (
        (text, *more) for text in texts for more in ((event, level or ""), (event, ""), ("", level or ""), ("", ""))
    )
    return next((known[key] for key in keys if key in known), None)
