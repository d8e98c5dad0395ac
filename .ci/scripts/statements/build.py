"""Make the data of the second tier from the tables of the sources' log statements.

    PYTHONPATH=.ci/scripts python -m statements.build [TABLES]

`TABLES` (by default `tests/formats/source`) is a directory with ``istio.tsv``, ``envoy.tsv``, ``istio-proxy.tsv`` and
``ztunnel.tsv``, which may be packed (``.gz``). The same tables give the same bytes.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from statements import arguments, events

from istiolog_pd.formats.columns import COLUMNS as FIELDS
from istiolog_pd.formats.kinds import KINDS
from istiolog_pd.formats.statements.cells import escape, unescape
from istiolog_pd.formats.statements.table import COLUMNS, Statement, letters

#: A verb of Go's fmt, and a field of Rust's and C++'s.
_VERB = re.compile(r"%(?:%|[-+# 0]*(?:\[\d+\])?(?:\*|\d+)?(?:\.(?:\*|\d+)?)?[a-zA-Z])")
_BRACES = re.compile(r"\{\{|\}\}|\{[\w.]*(?::[^{}]*)?\}")

#: A text with fewer letters than this says nothing of who printed it.
MIN_LETTERS = 3

#: What a text that goes on with an error says before it.
_FAILS = re.compile(r"(?i)fail|error|exception|invalid|reject|unable|cannot|could not")


#: Where the data goes.
DATA = Path(__file__).parents[3] / "istiolog_pd/formats/statements"


@dataclass(frozen=True)
class Row:
    """One statement, in the order of the columns of the data."""

    component: str
    scope: str
    level: str
    statement: str
    template: str
    labels: str
    ranges: str
    file: str
    func: str
    event: str

    @property
    def key(self) -> tuple[str, ...]:
        """What tells statements apart."""
        return (self.component, self.scope, self.level, self.statement)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    packed = path.with_name(f"{path.name}.gz")
    data = gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes()
    yield from csv.DictReader(io.StringIO(data.decode(), newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)


def template_of(pieces: Iterable[str], fields: list[str]) -> str:
    """A template: literal texts and, between each two of them, a field (empty: nothing is known of it).

    Fields with nothing between them are one, of which nothing is known.
    """
    literals = list(pieces)
    literals[-1] = literals[-1].rstrip()
    out, gap = [literals[0].replace("{", "{{").replace("}", "}}")], ""
    for n, literal in enumerate(literals[1:]):
        field = "{" + (fields[n] or ":text") + "}"
        gap = "{:text}" if gap else field
        if literal or n == len(literals) - 2:
            out += [gap, literal.replace("{", "{{").replace("}", "}}")]
            gap = ""
    return "".join(out)


def cut_go(text: str) -> tuple[list[str], list[str]]:
    """The literal texts of a Go format and its verbs."""
    literals, verbs, at = [""], [], 0
    for match in _VERB.finditer(text):
        literals[-1] += text[at : match.start()]
        at = match.end()
        if match[0] == "%%":
            literals[-1] += "%"
        elif match[0].endswith("q"):
            literals[-1] += '"'
            literals.append('"')
            verbs.append(match[0])
        else:
            literals.append("")
            verbs.append(match[0])
    literals[-1] += text[at:]
    return literals, verbs


def cut_braces(text: str) -> tuple[list[str], list[str]]:
    """The literal texts of a format of C++'s fmt or of Rust, and its fields."""
    literals, names, at = [""], [], 0
    for match in _BRACES.finditer(text):
        literals[-1] += text[at : match.start()]
        at = match.end()
        if match[0] in ("{{", "}}"):
            literals[-1] += match[0][0]
        else:
            literals.append("")
            names.append(match[0].strip("{}").split(":")[0])
    literals[-1] += text[at:]
    return literals, names


def _fits(field: str, verb: str) -> str:
    """A field, if a verb prints such a thing."""
    if verb.endswith("d"):
        return "connection" if field == "connection_id" else ":count"
    if field == "duration" and not verb.endswith(("v", "s")):
        return ""
    return field


def _istio(tables: Path) -> Iterator[Row]:
    for row in _rows(tables / "istio.tsv"):
        if events.NOT_SHIPPED.search(row["package"]):
            continue
        text = unescape(row["format"])
        literals, verbs = cut_go(text)
        expressions = arguments.split_arguments(row["args"])
        fields = [":count" if verb.endswith("d") else "" for verb in verbs]
        if len(expressions) == len(verbs):
            found = arguments.fields_of(expressions)
            fields = [_fits(field, verb) for field, verb in zip(found, verbs, strict=True)]
        keys = dict.fromkeys(re.findall(r"(?:^|[,|] ?)([A-Za-z_][\w.]*)=", row["labels"]))
        known = Row(
            row["component"],
            row["scope"],
            row["level"],
            text,
            _matching(literals, fields),
            " ".join(f"{key}>{arguments.LABELS[key]}" for key in keys if key in arguments.LABELS),
            row["ranges"],
            "/".join((row["package"], row["file"])),
            row["func"],
            events.istio_event(row["package"], row["level"], text, row["event"]),
        )
        yield from _by_component(known)


def _by_component(row: Row) -> Iterator[Row]:
    """A statement of istiod's discovery server is another event where the agent prints it."""
    of_agent = events.OF_AGENT.get(row.event)
    if of_agent is None or row.component not in ("agent", "shared"):
        yield row
        return
    yield replace(row, component="agent", event=of_agent)
    if row.component == "shared":
        yield replace(row, component="pilot")


def _matching(literals: list[str], fields: list[str]) -> str:
    """The template, or nothing if its text says too little to match a line."""
    return template_of(literals, fields) if letters("".join(literals)) >= MIN_LETTERS else ""


def _by_words(literals: list[str]) -> list[str]:
    """The fields that the words before them say."""
    found: list[str] = []
    for n, before in enumerate(literals[:-1]):
        last = n == len(literals) - 2 and not literals[-1].strip()
        field = ""
        if re.search(r"(?i)\bcluster:? '?$", before):
            field = "cluster"
        elif re.search(r"(?i)\blistener:? '?$", before):
            field = "listener" if literals[n + 1] or last else ""
        elif last and before.endswith(": ") and _FAILS.search(" ".join(literals)):
            field = "error"
        found.append("" if field in found else field)
    return found


def _envoy(tables: Path) -> Iterator[Row]:
    for table in ("envoy.tsv", "istio-proxy.tsv"):
        for row in _rows(tables / table):
            text = unescape(row["format"])
            literals, _ = cut_braces(text)
            event = events.envoy_event(row["logger"], row["level"], text)
            template = _matching(literals, _by_words(literals))
            yield Row("envoy", row["logger"], row["level"], text, template, "", row["ranges"], row["file"], "", event)


def _ztunnel(tables: Path) -> Iterator[Row]:
    for row in _rows(tables / "ztunnel.tsv"):
        text = unescape(row["format"])
        if "$(" in text:
            continue
        literals, names = cut_braces(text)
        fields = ["error" if name in ("e", "err", "error") else "" for name in names]
        fields = [field if field not in fields[:n] else "" for n, field in enumerate(fields)]
        keys = dict.fromkeys(re.findall(r"(?:^|, |\|\| )([a-z_][\w.]*) ?=", row["fields"]))
        yield Row(
            "ztunnel",
            row["module"].removeprefix("ztunnel::"),
            row["level"],
            text,
            _matching(literals, fields),
            " ".join(f"{key}>{arguments.ZTUNNEL_LABELS[key]}" for key in keys if key in arguments.ZTUNNEL_LABELS),
            row["ranges"],
            row["file"],
            "",
            events.ztunnel_event(row["module"], row["level"]),
        )


def _joined(rows: Iterable[Row]) -> list[Row]:
    """One row of each statement: where it stands in several files, or came and went, they are listed.

    Of statements that print the same the newest has the lowest number.
    """
    found: dict[tuple[str, ...], Row] = {}
    for row in rows:
        known = found.get(row.key)
        found[row.key] = row if known is None else _both(known, row)
    return sorted(found.values(), key=lambda row: (*(-part for part in newest(row.ranges)[:2]), row.key))


def _both(one: Row, other: Row) -> Row:
    def listed(a: str, b: str) -> str:
        return ";".join(dict.fromkeys([*a.split(";"), *b.split(";")])) if a and b else a or b

    new = other if newest(other.ranges) >= newest(one.ranges) else one
    return replace(
        new,
        ranges=";".join(
            sorted({*one.ranges.split(";"), *other.ranges.split(";")}, key=lambda text: (newest(text), text))
        ),
        file=listed(one.file, other.file),
        func=listed(one.func, other.func),
        labels=" ".join(dict.fromkeys([*one.labels.split(), *other.labels.split()])),
        template=one.template if one.template == other.template else new.template,
    )


def newest(ranges: str) -> tuple[int, ...]:
    """The last release of some ranges, to compare."""
    return tuple(int(part) for part in re.findall(r"\d+(?:\.\d+)+", ranges)[-1].split("."))


def packed(rows: list[Row]) -> bytes:
    """The data of a source: the same rows give the same bytes."""
    text = io.StringIO()
    text.write("\t".join(COLUMNS) + "\n")
    for row in rows:
        text.write("\t".join(escape(getattr(row, name)) for name in COLUMNS) + "\n")
    return gzip.compress(text.getvalue().encode(), 9, mtime=0)


SOURCES: dict[str, Callable[[Path], Iterator[Row]]] = {"istio": _istio, "envoy": _envoy, "ztunnel": _ztunnel}


#: Events with too many lines for columns of statements in their tables.
FREQUENT = frozenset("xds_push xds_request xds_ack endpoint_event cluster_update access go_gc".split())


def columns(rows: Iterable[Row]) -> bytes:
    """Which columns the statements of an event can fill."""
    found: dict[str, set[str]] = {}
    for row in rows:
        if row.template and row.event not in FREQUENT:
            entry = Statement(0, *(getattr(row, name) for name in COLUMNS)).format
            targets = [(column, kind or FIELDS[column].kind) for column, _, kind in _targets(entry.labels.values())]
            filled = {name for column, kind in targets for name in KINDS[kind].columns_for(column)}
            found.setdefault(row.event, set()).update(entry.columns(), filled)
    lines = [f"{event}\t{' '.join(sorted(names))}\n" for event, names in sorted(found.items()) if names]
    return "".join(["event\tcolumns\n", *lines]).encode()


def _targets(labels: Iterable[str]) -> list[tuple[str, str, str]]:
    return [target.partition(":") for target in labels]


def build(tables: Path) -> dict[str, bytes]:
    """The data files by name."""
    rows = {source: _joined(read(tables)) for source, read in SOURCES.items()}
    more = [Row(**row) for name in ("more.tsv", "libraries.tsv") for row in _rows(DATA / name)]
    data = {f"{source}.tsv.gz": packed(of) for source, of in rows.items()}
    return {**data, "columns.tsv": columns(row for of in (*rows.values(), more) for row in of)}


def main(arguments: list[str]) -> int:
    """Write the data files."""
    tables = Path(arguments[0]) if arguments else DATA.parents[2] / "tests/formats/source"
    for name, data in build(tables).items():
        (DATA / name).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
