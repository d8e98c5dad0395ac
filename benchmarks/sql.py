"""Parts of SQL that contenders share: literals, tables of values as ``CASE``, and the events of a job."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.job import Job


def quoted(text: str) -> str:
    """A text as a literal."""
    return "'" + text.replace("'", "''") + "'"


def case(text: str, values: Mapping[str, object]) -> str:
    """A text as SQL."""
    whens = " ".join(f"WHEN {quoted(key)} THEN {value}" for key, value in values.items())
    return f"CASE {text} {whens} END"


def event(job: Job, begins: str, holds: str) -> str:
    """The event of a message; `begins` and `holds` are tests with ``{}`` for a literal."""
    tests = [((begins if rule.begins else holds).format(quoted(rule.literal)), rule.event) for rule in job.rules]
    whens = " ".join(f"WHEN {test} THEN {quoted(name)}" for test, name in tests)
    return f"CASE {whens} ELSE {quoted(job.otherwise)} END"
