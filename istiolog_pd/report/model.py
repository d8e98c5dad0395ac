"""What a report finds: rules as data, and what they found with the lines that show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from istiolog_pd.capture import Capture

#: The kinds of findings, the gravest first, and what each means.
KINDS: dict[str, str] = {
    "broken": "failures: proxies rejected, missed or lost their configuration",
    "late": "delays: changes took longer than they should to reach the proxies",
    "costly": "avoidable cost: pushes, bytes or work that could be saved",
    "log": "gaps: the log itself is incomplete",
    "note": "notes: planned events that explain other lines",
}


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of a log that shows a finding: where it stands, and what it says."""

    source: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class RuleHit:
    """What a rule saw in an answer.

    Parameters
    ----------
    title
        The finding in one sentence.
    effect
        The numbers, bounds as bounds.
    share
        What part of all (proxies, decisions, bytes, …) it touches, 0 to 1; the low bound where there are
        bounds. Findings of one kind are ranked by it.
    rows
        Rows of `Capture.events` that show it, the most telling first.
    """

    title: str
    effect: str
    share: float
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """Something to look for.

    Parameters
    ----------
    name
        One word or two, with ``_``.
    kind
        One of `KINDS`.
    of
        What the share of a finding is a share of.
    answer
        The function of `istiolog_pd.analysis`, or the property of a `Capture`, whose table is looked at.
    checks
        What is looked for, its thresholds included.
    find
        What looks: it gives what it saw, None for nothing, or why it cannot tell (a text).
    why
        Why it matters.
    do
        What to do about it.
    python
        An expression that gives the table to look at, with `analysis` and `capture`.
    rare
        No row at all is an answer: there was none.
    """

    name: str
    kind: str
    of: str
    answer: str
    checks: str
    find: Callable[[Any, Capture], RuleHit | str | None]
    why: str
    do: str
    python: str
    rare: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: of which rule and kind, what, how much, why it matters, shown by which lines, what to do.

    It touches the `share` (0 to 1; the low bound where there are bounds) of what `of` names.
    """

    rule: str
    kind: str
    title: str
    effect: str
    share: float
    of: str
    why: str
    do: str
    python: str
    evidence: tuple[Line, ...]
