"""Findings: all rules laid to a capture, what they found ranked by effect, and what they could not see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from istiolog_pd import analysis
from istiolog_pd.capture import Capture
from istiolog_pd.report import rules
from istiolog_pd.report.html.evidence import lines_at, shown
from istiolog_pd.report.model import KINDS, Finding, Rule, RuleHit


def _rules() -> Iterator[Rule]:
    """The rules of all modules in `report/rules`: those that tell of the gravest first."""
    modules = [import_module(f"{rules.__name__}.{path.stem}") for path in sorted(_FOLDER.glob("[!_]*.py"))]
    for kind in KINDS:
        yield from (rule for module in modules for rule in module.RULES if rule.kind == kind)


_FOLDER = Path(__file__).parent / "rules"

#: All that is looked for; a new finding is a new rule in a module there, of the same name as its analysis.
RULES: tuple[Rule, ...] = tuple(_rules())


@dataclass(slots=True)
class Answers:
    """The answers of a capture, each worked out once for all rules and plots."""

    capture: Capture
    known: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        """The table of a function of `istiolog_pd.analysis`, or of a property or method of the capture."""
        if name not in self.known:
            if name in analysis.__all__:
                self.known[name] = getattr(analysis, name)(self.capture)
            else:
                own = getattr(self.capture, name)
                self.known[name] = own() if callable(own) else own
        return self.known[name]


@dataclass(frozen=True, slots=True)
class RuleResults:
    """What came of all rules.

    Parameters
    ----------
    found
        The findings, ranked.
    not_found
        The rules that found nothing.
    not_checkable
        The rules that could not look, with the reason.
    """

    found: tuple[Finding, ...]
    not_found: tuple[Rule, ...]
    not_checkable: tuple[tuple[Rule, str], ...]


def findings(capture: Capture) -> list[Finding]:
    """Find problems in a capture, the most severe and widest first.

    Parameters
    ----------
    capture
        Logs of any kind.

    Returns
    -------
    list of Finding
        `rule`, `kind` (``broken``, ``late``, ``costly``, ``log`` or ``note``: `KINDS`), `title`, `effect` (numbers in
        words, bounds as bounds), `share` (0 to 1): what part (low bound) it touches `of` what, `why`
        it matters, what to `do`, `python` (the expression whose table shows it), `evidence` (up to three
        entries of the log: `source`, `line`, `text`). Ranked by kind in that order, then by `share`.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> from istiolog_pd.report import findings
    >>> found = findings(il.load("data/synthetic-1.30/discovery.log.gz"))
    >>> found[0].rule, found[0].kind, found[0].evidence[0].line > 0
    ('nacks', 'broken', True)
    """
    return list(run_rules(Answers(capture)).found)


def run_rules(answers: Answers, rules: Sequence[Rule] = RULES) -> RuleResults:
    """Lay rules to the answers of a capture."""
    found: list[Finding] = []
    not_found: list[Rule] = []
    not_checkable: list[tuple[Rule, str]] = []
    for rule in rules:
        table = answers[rule.answer]
        if not len(table) and not rule.rare:
            not_checkable.append((rule, _reason(table)))
            continue
        seen = rule.find(table, answers.capture)
        if seen is None:
            not_found.append(rule)
        elif isinstance(seen, RuleHit):
            found.append(_finding(rule, seen, answers.capture))
        else:
            not_checkable.append((rule, shown(seen)))
    kinds = list(KINDS)
    found.sort(key=lambda one: (kinds.index(one.kind), -one.share))
    return RuleResults(tuple(found), tuple(not_found), tuple(not_checkable))


def _reason(table: Any) -> str:
    """Why an answer is empty."""
    return shown(table.attrs.get("coverage") or "the log holds none of it")


def _finding(rule: Rule, seen: RuleHit, capture: Capture) -> Finding:
    return Finding(
        rule=rule.name,
        kind=rule.kind,
        title=seen.title,
        effect=seen.effect,
        share=seen.share,
        of=rule.of,
        why=rule.why,
        do=rule.do,
        python=rule.python,
        evidence=lines_at(capture, seen.rows),
    )
