"""Lines -> headers: which layout a line begins with, and what its fields are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from istiolog_pd.formats.json_layouts import BROKEN_JSON, JSON_LAYOUTS
from istiolog_pd.formats.layout import JsonLayout, Layout
from istiolog_pd.formats.layouts import INNER_HEADER, LAYOUTS
from istiolog_pd.formats.scopes import ENVOY_LOGGERS, LEVELS
from istiolog_pd.formats.values import integer

_FIELDS = ("time", "level", "scope", "logger", "caller", "thread", "epoch")
_BROKEN_JSON = re.compile(BROKEN_JSON, re.DOTALL | re.ASCII)
_INNER_HEADER = re.compile(INNER_HEADER, re.ASCII)


class _Repeated(dict[str, object]):
    """An object that has a key twice: a label may be called `time`, as the header's own key is."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(reversed(pairs))  # the first of each counts
        self.pairs = pairs


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _Repeated(pairs)


#: Numbers stay the text that they are.
_JSON = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_object)

DEEP = 32
#: Maximum depth of nested values: deeper, nobody means it.
MAX_DEPTH = 200


@dataclass(slots=True)
class Entry:
    """A header line with its continuation lines, or text that has no header.

    `prefix` is the header as it stands in the line, so ``prefix + message`` is the entry's text
    (of a JSON line the message is put together from the object, and the prefix is empty).
    """

    line: int
    layout: str
    parts: list[str]
    prefix: str = ""
    clock: str = ""
    time: str = ""
    level: str | None = None
    scope: str | None = None
    component: str = ""
    event: str = ""
    caller: str | None = None
    thread: int | None = None
    epoch: int | None = None
    takes_lines: bool = True
    #: The layout says which keys of a JSON line are columns: those that are there, with their texts.
    fields: tuple[tuple[str, str], ...] = ()
    #: The layouts whose open entry takes this line in.
    joins: frozenset[str] = frozenset()
    #: The next part goes on in the middle of the last one's line.
    cut: bool = False

    def add(self, text: str) -> None:
        """Take one more line (or the rest of a line that was cut)."""
        if self.cut:
            self.parts[-1] += text
            self.cut = False
        else:
            self.parts.append(text)

    @property
    def message(self) -> str:
        r"""The text after the header, lines joined by ``\n``."""
        return self.parts[0] if len(self.parts) == 1 else "\n".join(self.parts)


@dataclass(frozen=True, slots=True)
class Head:
    """A layout made ready: its pattern, and for each of `_FIELDS` it has (by number) the groups that hold it."""

    layout: Layout
    regex: re.Pattern[str]
    groups: tuple[tuple[int, tuple[int, ...]], ...]


def ready(layout: Layout) -> Head:
    """Compile a layout."""
    regex = re.compile(layout.pattern, re.ASCII)
    places = [tuple(n - 1 for group, n in regex.groupindex.items() if group.split("_")[0] == name) for name in _FIELDS]
    return Head(layout, regex, tuple((number, at) for number, at in enumerate(places) if at))


def _by_first_character() -> dict[str, list[Head]]:
    heads: dict[str, list[Head]] = {}
    for layout in LAYOUTS:
        head = ready(layout)
        for sign in layout.starts:
            heads.setdefault(sign, []).append(head)
    return heads


_HEADS = _by_first_character()

#: The characters that a header, or a JSON line, can begin with.
STARTS = frozenset(_HEADS) | {"{"}


def _number(text: str | None) -> int | None:
    return integer(text) if text else None


def header(line: int, text: str, own: tuple[Head, ...] = ()) -> Entry | None:
    """The entry that a line begins, or null if it begins with no header; a user's `own` layouts are tried first."""
    for head in (*own, *_HEADS.get(text[:1], ())):
        match = head.regex.match(text)
        if match is None:
            continue
        layout, found = head.layout, match.groups()
        values: list[str | None] = [None] * len(_FIELDS)
        for number, places in head.groups:
            for n in places:
                if found[n] is not None:
                    values[number] = found[n]
                    break
        time, level, scope, logger, caller, thread, epoch = values
        start = 0 if layout.keeps else match.end()
        return Entry(
            line,
            layout.name,
            [text[start:]],
            text[:start],
            layout.clock,
            time or "",
            LEVELS.get(level) or LEVELS.get(level.lower()) if level else None,
            logger or scope,
            "envoy" if logger else layout.component,
            layout.event,
            caller,
            _number(thread),
            _number(epoch),
            layout.takes_lines,
            joins=layout.joins,
        )
    return None


def split_at_headers(text: str) -> list[str]:
    """A line, cut where a console header stands in the middle of it."""
    starts = [0, *(match.start() for match in _INNER_HEADER.finditer(text, 1)), len(text)]
    return [text[a:b] for a, b in pairwise(starts)]


# ---- JSON ----


@dataclass(slots=True)
class JsonLine:
    """What a line that looks like a JSON object turned out to be."""

    entry: Entry | None = None
    broken: bool = False


def _go_text(value: object, depth: int = 0) -> str:
    """A JSON value as Go's ``%v`` prints it (as JSON again where it is nested deeper than any log's)."""
    if isinstance(value, str):
        # JSON can spell half of a surrogate pair, which is no text.
        return value if value.isascii() else value.encode(errors="backslashreplace").decode()
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if depth > DEEP:
        return json.dumps(value)
    if isinstance(value, list):
        return "[" + " ".join([_go_text(one, depth + 1) for one in value]) + "]"
    if isinstance(value, dict):
        return "map[" + " ".join([f"{_go_text(k)}:{_go_text(v, depth + 1)}" for k, v in value.items()]) + "]"
    return str(value)


def json_header(line: int, text: str, own: tuple[JsonLayout, ...] = ()) -> JsonLine:
    """The entry of a line that is a JSON object with a header's keys; a user's `own` layouts are tried first."""
    try:
        found = _JSON.decode(text)
        if text.count("{") + text.count("[") > MAX_DEPTH and _depth(found) > MAX_DEPTH:
            return _broken_json(line, text)
        for layout in (*own, *JSON_LAYOUTS) if isinstance(found, dict) else ():
            if _is_of(layout, found):
                return JsonLine(_json_entry(line, text, found, layout))
    except (ValueError, RecursionError):  # no JSON, or nested so deep that nobody means it
        return _broken_json(line, text)
    return JsonLine()


def _depth(value: object) -> int:
    """How deep values are nested in a value."""
    depth, values = 0, [value]
    while values := [one for value in values for one in _inner(value)]:
        depth += 1
    return depth


def _inner(value: object) -> Iterable[object]:
    if isinstance(value, _Repeated):
        return [one for _, one in value.pairs]
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _is_of(layout: JsonLayout, found: dict[str, object]) -> bool:
    if layout.keys:
        return bool(found) and layout.keys.issuperset(found)
    needed = (layout.time, layout.message or layout.time, layout.needs or layout.time)
    return all(key in found for key in needed)


def _at(found: object, key: str) -> object:
    """The value of a key, or at a path ``outer.inner``; null if it is not there."""
    if isinstance(found, dict) and key in found:
        return found[key]
    for step in key.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _fields(layout: JsonLayout, found: dict[str, object]) -> tuple[tuple[str, str], ...]:
    """The keys that are columns, with their texts: a number's or a boolean's as JSON writes it."""
    values = [(key, _at(found, key)) for key in layout.fields]
    return tuple((key, _go_text(value)) for key, value in values if isinstance(value, str | bool))


def _others(pairs: list[tuple[str, object]], own: set[str]) -> Iterator[tuple[str, object]]:
    """The pairs that are not the header's: of a key that comes twice the first is."""
    for key, value in pairs:
        if key in own:
            own.discard(key)
        else:
            yield key, value


def _json_entry(line: int, text: str, found: dict[str, object], layout: JsonLayout) -> Entry:
    if not layout.message:
        message = text
    else:
        own = {layout.time, layout.level, layout.scope, layout.message, layout.stack, "caller"}
        pairs = found.pairs if isinstance(found, _Repeated) else list(found.items())
        labels = " ".join([f"{_go_text(key)}={_go_text(value)}" for key, value in _others(pairs, own)])
        message = _go_text(found[layout.message])
        message += f"\t{labels}" if labels else ""
        message += f"\n{_go_text(found[layout.stack])}" if layout.stack in found else ""
    scope = _go_text(found.get(layout.scope) or "") or None
    caller = _go_text(found.get("caller") or "") or None
    component = layout.component
    if scope is not None and (scope.startswith("envoy ") or scope in ENVOY_LOGGERS):
        component, scope = "envoy", scope.removeprefix("envoy ")
    return Entry(
        line,
        layout.name,
        [message],
        clock=layout.clock,
        time=_go_text(_at(found, layout.time)),
        level=LEVELS.get(_go_text(found.get(layout.level) or "").lower()),
        scope=scope,
        component=component,
        event=layout.event,
        caller=caller,
        takes_lines=False,
        fields=_fields(layout, found),
    )


def _broken_json(line: int, text: str) -> JsonLine:
    match = _BROKEN_JSON.fullmatch(text)
    if match is None:
        return JsonLine(broken=text.startswith('{"') and any(key in text for key in ('"msg"', '"level"', '"severity"')))
    group = match.groupdict()
    thread = f"\tthread={group['thread']}" if group["thread"] else ""
    scope: str = group["scope"]
    return JsonLine(
        Entry(
            line,
            JSON_LAYOUTS[0].name,
            [group["message"] + thread],
            clock="iso",
            time=group["time"],
            level=LEVELS.get(group["level"].lower()),
            scope=scope.removeprefix("envoy ") or None,
            component="envoy",
            caller=group["caller"] or None,
            takes_lines=False,
        )
    )
