"""The statements of the sources whose columns are known, with the expressions of their placeholders."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from filling.source import table, unescaped

TABLES = Path(__file__).parent.parent / "formats"


@dataclass(frozen=True)
class Row:
    """One statement, with one of the sets of arguments that it had.

    `args` are the Go expressions of the placeholders; `tail` those printed after the format (what
    ``Info`` of several arguments, or an argument too many of ``Infof``, appends).
    """

    table: str
    line: int
    event: str
    level: str
    scope: str
    format: str
    first: str
    last: str
    note: str
    args: tuple[str, ...]
    tail: tuple[str, ...]
    form: int = 0

    @property
    def id(self) -> str:
        """Name of the row in the test's output."""
        return f"{self.table}:{self.line}:{self.event}" + (f":{self.form}" if self.form else "")


def split_args(text: str) -> tuple[str, ...]:
    """Cut Go expressions at their outer commas; a bare ``;`` ends them.

    >>> split_args('a(b, c), strings.Join(x, "; "); more')
    ('a(b, c)', 'strings.Join(x, "; ")')
    """
    found, depth, start = [], 0, 0
    for token in re.finditer(r'"(?:[^"\\]|\\.)*"|[()\[\],;]', text + ";"):
        sign = token[0]
        depth += (sign in "([") - (sign in ")]")
        if depth == 0 and sign in (",", ";"):
            found.append(text[start : token.start()].strip())
            start = token.end()
            if sign == ";":
                break
    return tuple(found)


_VERB = re.compile(r"%[+#]?(?:\.[0-9]+)?[a-zA-Z]")


def verbs(text: str) -> int:
    """How many placeholders a Go format has.

    >>> verbs("gc %d%%: %.3fs %+v")
    3
    """
    return len(_VERB.findall(text.replace("%%", "")))


#: What 1.11 alone printed, and no text tells: the connection where others print the node, and a namespace behind its
#: service where others print it before. By component, format and arguments.
NOT_TOLD = frozenset(
    {
        (
            "%s: %s%s for node:%s resources:%d size:%s%s",
            "v3.GetShortType(w.TypeUrl), ptype, req.PushReason(), con.ConID, len(res), util.ByteCount(configSize), info",
        ),
        (
            "Handle EDS endpoint: skip collecting workload entry endpoints, service %s/%s has not been populated",
            "svcName, ns [1.11.0-1.11.8]",
        ),
    }
)

#: A statement of one word in a scope that is not the hand-written format's: no format matches it, its statement does.
BY_STATEMENT = frozenset({("agent", "starting", "controllers")})

_OF = {"pilot": ("pilot", "shared"), "agent": ("agent", "shared", "pilot")}
_MINOR = re.compile(r"1\.(\d+)")
_RANGED = re.compile(r"(.*?)(?: \[([\d., ;a-z-]*)\])?", re.DOTALL)


def _versions(ranges: str) -> tuple[str, str]:
    """The first and the last minor of some ranges of releases.

    >>> _versions("1.0.0-1.4.10;1.7.0-1.32-dev")
    ('1.0', '1.32-dev')
    """
    minors = _MINOR.findall(ranges)
    return f"1.{minors[0]}", f"1.{minors[-1]}" + ("-dev" if ranges.endswith("-dev") else "")


def _of_istio(component: str, number: int, event: str, row: dict[str, str]) -> Iterator[Row]:
    """A row for each set of arguments that a statement had."""
    text = unescaped(row["format"])
    for n, alternative in enumerate(row["args"].split(" || ")):
        if any(text == one and alternative.startswith(args) for one, args in NOT_TOLD):
            continue
        match = _RANGED.fullmatch(alternative)
        assert match is not None
        args = split_args(match[1]) if match[1] else ()
        first, last = _versions(match[2] or row["ranges"])
        place = f"{row['package']}/{row['file']}"
        count = verbs(text)
        yield Row(
            component,
            number,
            event,
            row["level"],
            row["scope"],
            text,
            first,
            last,
            place,
            args[:count],
            args[count:],
            n,
        )


@cache
def _events() -> dict[str, dict[str, str]]:
    """By component the event of each format that the catalog has columns for."""
    found: dict[str, dict[str, str]] = {}
    with (TABLES / "events.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            found.setdefault(row["component"], {})[unescaped(row["format"])] = row["event"]
    return found


def rows(component: str) -> list[Row]:
    """The statements of a component's sources that `tests/formats/events.tsv` gives an event, in the sources' words."""
    events = _events()[component]
    if component == "envoy":
        found = []
        for number, row in enumerate([*table("envoy"), *table("istio-proxy")], start=2):
            text = unescaped(row["format"])
            # a text alone is a listener's warning in one logger only
            if text in events and (text != "{}" or (row["logger"], row["level"]) == ("config", "warn")):
                versions = _versions(row["ranges"])
                found.append(
                    Row(
                        "envoy", number, events[text], row["level"], row["logger"], text, *versions, row["file"], (), ()
                    )
                )
        return found
    lines = enumerate(table("istio"), start=2)
    return [
        one
        for number, row in lines
        if row["component"] in _OF[component]
        and unescaped(row["format"]) in events
        and (component, row["format"], row["scope"]) not in BY_STATEMENT
        for one in _of_istio(component, number, events[unescaped(row["format"])], row)
    ]
