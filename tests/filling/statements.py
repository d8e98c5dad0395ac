"""Every statement of the sources, filled with values as its arguments would print them.

Nothing here uses the catalog or the data made for it: a `Printed` is a row of `tests/formats/source`
and the message that it prints.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from filling.arguments import ARGUMENTS
from filling.rows import split_args
from filling.source import SOURCE, table, unescaped

#: Statements whose filled text another one matches, or none: listed, not hidden.
AMBIGUOUS = SOURCE / "ambiguous.tsv"

_VERB = re.compile(r"%(?:%|[-+# 0]*(?:\[\d+\])?(?:\*|\d+)?(?:\.(?:\*|\d+)?)?[a-zA-Z])")
_BRACES = re.compile(r"\{\{|\}\}|\{[\w.]*(?::[^{}]*)?\}")

#: What an argument prints of whose name the tables of samples know nothing.
BY_NAME: tuple[tuple[str, str], ...] = (
    (r"GetShortType", "CDS"),
    (r"(?i)err\b|err\(|error", "rpc error: code = Unavailable desc = connection refused"),
    (r"time\.Since|time\.Until|(?i:delay|duration|timeout|latency|elapsed|interval|backoff)", "1.5s"),
    (r"(?i)namespace|\bns\b", "shop"),
    (r"(?i)path|file|dir\b", "/etc/certs/key.pem"),
    (r"(?i)\bip\b|addr", "10.0.0.7"),
    (r"(?i)peer", "10.0.0.7:4242"),
    (r"len\(", "17"),
)


@dataclass(frozen=True)
class Printed:
    """A row of a table and a message that it prints."""

    component: str
    scope: str
    level: str
    statement: str
    event: str
    text: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What tells statements apart."""
        return self.component, self.scope, self.level, self.statement


def _value(expression: str, component: str, verb: str) -> str:
    samples = ARGUMENTS["agent" if component == "agent" else "pilot"].get(expression)
    if samples and not verb.endswith("d"):
        return next((one.text for one in samples if one.text), "x-1")
    if verb[-1] in "dxX":
        return "17"
    if verb[-1] == "f":
        return "0.50"
    if verb[-1] == "t":
        return "true"
    return next((text for words, text in BY_NAME if re.search(words, expression)), "web-1")


def _go(row: dict[str, str]) -> str:
    newest = re.sub(r" \[[\w.,; -]*\]$", "", row["args"].split(" || ")[-1])
    expressions = iter(split_args(newest))

    def put(verb: re.Match[str]) -> str:
        if verb[0] == "%%":
            return "%"
        value = _value(next(expressions, ""), row["component"], verb[0])
        return f'"{value}"' if verb[0].endswith("q") else value

    return _VERB.sub(put, unescaped(row["format"]))


def _braces(text: str) -> str:
    return _BRACES.sub(lambda found: found[0][0] if found[0] in ("{{", "}}") else "web-1", unescaped(text))


#: Packages of tests and of tools that run in no cluster.
_TOOLS = re.compile(r"(?:^|/)(?:test|mock|testing|xdsfake|simulation|gen|schemagen|codecov|fake|sdsc)(?:/|$)")


@cache
def printed() -> tuple[Printed, ...]:
    """One message of each statement of each component at each level in each scope."""
    found: dict[tuple[str, ...], Printed] = {}
    for one in _all():
        found.setdefault(one.key, one)
    return tuple(found.values())


def _all() -> Iterator[Printed]:
    for row in table("istio"):
        if not _TOOLS.search(row["package"]):
            said = row["component"], row["scope"], row["level"], unescaped(row["format"]), row["event"]
            yield Printed(*said, _go(row))
    for name in ("envoy", "istio-proxy"):
        for row in table(name):
            said = "envoy", row["logger"], row["level"], unescaped(row["format"]), ""
            yield Printed(*said, _braces(row["format"]))
    for row in table("ztunnel"):
        if "$(" not in row["format"]:
            said = "ztunnel", row["module"].removeprefix("ztunnel::"), row["level"], unescaped(row["format"]), ""
            yield Printed(*said, _braces(row["format"]))
