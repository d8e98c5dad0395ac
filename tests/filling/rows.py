"""The rows of the format tables, and what their notes say of the placeholders."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

TABLES = Path(__file__).parent.parent / "formats"

#: Arguments of rows whose note has none (or is cut off).
ARGUMENTS_OF: dict[tuple[str, str], str] = {
    ("pilot", "%s: Send failure for node:%s resources:%d size:%s%s: %v"): (
        "v3.GetShortType(w.TypeUrl), con.proxy.ID, len(res), util.ByteCount(configSize), info, err"
    ),
    ("pilot", "gc %d @%.3fs %d%%: %s ms clock, %s ms cpu, %d->%d->%d MB, %d MB goal, %d P"): (
        "gc, start, percent, clock, cpu, heap, heap, heap, goal, procs"
    ),
    ("agent", "ADS: new connection for node:%s"): "con.conID",
    ("agent", "ADS: %q %s terminated"): "noPeer, con.ConID",
    ("agent", "%s: PUSH%s for node:%s resources:%d size:%s"): (
        "SDS, req.PushReason(), con.proxy.ID, len(res), util.ByteCount(ResourceSize(res))"
    ),
    ("agent", "%s: %s%s for node:%s resources:%d size:%v%s%s"): (
        "SDS, ptype, req.PushReason(), con.proxy.ID, len(res), util.ByteCount(ResourceSize(res)), info, debug"
    ),
    ("agent", "XDS: Incremental Pushing:%s ConnectedEndpoints:%d Version:%s"): (
        "version, s.adsClientCount(), req.Push.PushVersion"
    ),
    ("agent", "XDS: Incremental Pushing ConnectedEndpoints:%d Version:%s"): (
        "s.adsClientCount(), req.Push.PushVersion"
    ),
    ("agent", "request for type url %s"): "req.TypeUrl",
    ("agent", "response for type url %s"): "req.TypeUrl",
    ("agent", "delta request for type url %s"): "req.TypeUrl",
    ("agent", "upstream [%d] response for type url %s"): "id, req.TypeUrl",
}


@dataclass(frozen=True)
class Row:
    """One row of a table.

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

    @property
    def id(self) -> str:
        """Name of the row in the test's output."""
        return f"{self.table}:{self.line}:{self.event}"


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


def _arguments(table: str, template: str, note: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    known = ARGUMENTS_OF.get((table, template))
    if known:
        return split_args(known), ()
    if "message is followed by: " in note:
        return (), split_args(note.split("message is followed by: ")[1])
    args = split_args(note.split("args: ")[1]) if "args: " in note else ()
    count = verbs(template)
    return args[:count], args[count:]


def rows(table: str) -> list[Row]:
    """All rows of a table."""
    with (TABLES / f"{table}.tsv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    found = []
    for number, fields in enumerate(lines[1:], start=2):
        event, level, scope, template, *versions, _, note = fields
        first, last = versions if len(versions) == 2 else (versions[0], "")
        template = template.replace("\\n", "\n")
        args = _arguments(table, template, note) if table != "envoy" else ((), ())
        found.append(Row(table, number, event, level, scope, template, first, last, note, *args))
    return found
