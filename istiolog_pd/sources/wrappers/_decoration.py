"""The decoration around the lines of pasted text, learned from the lines themselves.

A terminal's box, bold marks, quotes, bullets, line numbers, HTML, other signs for tabs, the newest line first.
"""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from os.path import commonprefix

from istiolog_pd.sources.wrappers._header import ANSI, LOOSE_HEADER, STAMP

#: The part of the lines with a header that must agree on the decoration around them.
MIN_SHARE = 0.8
#: Minimum number of lines that are earlier than the one before where the newest comes first; few are later.
FALLING = 8
#: The same where none rises.
FALLING_ALONE = 3
MAX_PREFIX = 300
#: Minimum number of different texts that show what they have in common.
MIN_DISTINCT = 3
#: Minimum width of a terminal.
MIN_WIDTH = 40

_ENTITY = re.compile(rb"&(?:quot|lt|gt|amp|apos|nbsp|emsp|#\d{1,5}|#[xX][0-9a-fA-F]{1,5});")
_TAG = re.compile(
    rb"</?(?:html|head|body|table|tbody|b|i|u|em|strong|mark|code|pre|span|div|p|br|li|td|tr|font|samp|tt)(?:\s[^<>]{0,200})?/?>",
    re.I,
)
_COLOR_REST = re.compile(
    rb"(?:\^\[|\\x1[bB]|\\u001[bB]|\\033|\\e)\[[0-9;]{0,12}m|\xef\xbf\xbd?\[[0-9;]{0,12}m|(?:(?<=^)|(?<=[\s\]]))\[[0-9;]{1,12}m|\[0?m(?=\s|$)"
)
#: What a JSON line of Istio or Envoy begins with.
_JSON_HEADER = re.compile(rb'\{\\?"(?:level|time|start_time|severity|timestamp|scope|msg|authority|bytes_received)\\?"')
#: A line that is colored, or its level: what has escape sequences in its message alone is a bare log's.
_COLORED = re.compile(rb"(?m)(?:^|Z[ \t]+)(?:\x1b|\^\[|\\x1[bB]|\\u001[bB]|\\033|\\e|\xef\xbf\xbd)?\[[0-9;]{0,12}m")
_BEFORE_LEVEL = re.compile(rb"Z[ \t]")
_NO_BREAK = re.compile(rb"\xc2\xa0|\xe2\x80[\x83\x87\xaf]")
_MARK = rb"(?:\*\*\*?|__|`|\*|_)"
_MARKS = re.compile(_MARK)
_MARKED_WORD = re.compile(rb"(?<![\w*`])(%b)([A-Za-z][\w-]*)\1(?![\w*`])" % _MARK)
_RUN = re.compile(rb"[\w.:/+-]+|[ \t]+|[^\w.:/+ \t-]+")
#: What may close a line, by what it is opened with; the bars of a box are padded.
_CLOSING = tuple(
    (opening.encode(), closing.encode())
    for opening, closing in (
        *(("**", "**"), ("__", "__"), ("`", "`"), ('"', '",'), ('"', '"'), ("'", "',"), ("'", "'"), ("*", "*")),
        *(("_", "_"), ("“", "”"), ("«", "»"), ("{{", "}}")),
    )
)
BARS = tuple(sign.encode() for sign in "│┃║▌▐|")
#: The time of a header, which sorts as text.
TIME = re.compile(rb"^\[?(\d{4}-\d\d-\d\d[T ][\d:.]+)", re.MULTILINE)
FENCE = re.compile(rb"\s{0,3}(?:```|~~~)[\w-]{0,20}\s*")


@dataclass(frozen=True, slots=True)
class Decoration:
    """The decoration around the lines, and what replaced their tabs."""

    is_html: bool = False
    has_colors: bool = False
    prefix: re.Pattern[bytes] | None = None
    suffixes: tuple[bytes, ...] = ()
    #: Whether the lines are the contents of JSON strings: with `\\t` and `\\"`.
    is_json_text: bool = False
    has_marks: bool = False
    tab: re.Pattern[bytes] | None = None
    has_no_break: bool = False
    has_fences: bool = False
    is_double_spaced: bool = False
    newest_first: bool = False
    #: How wide the terminal was whose lines were copied, if longer ones go on in the next.
    width: int | None = None

    def cleaned(self, line: bytes) -> bytes:
        """A line without what is found in any place of it."""
        if self.is_html and (b"&" in line or b"<" in line):
            line = html.unescape(_TAG.sub(b"", line).decode(errors="surrogateescape")).encode(errors="surrogateescape")
        if self.has_colors:
            line = _COLOR_REST.sub(b"", ANSI.sub(b"", line))
        if self.has_no_break:
            line = _NO_BREAK.sub(b" ", line)
        return line

    def line(self, line: bytes) -> tuple[bytes, bytes]:
        """A line as it was, and the time that stands before it."""
        line = self.cleaned(line)
        time = b""
        if self.prefix is not None and (match := self.prefix.match(line)):
            line = line[match.end() :]
            time = match.groupdict().get("time") or b""
        open_line = line
        for suffix in self.suffixes:
            stripped = line.rstrip()
            if stripped.endswith(suffix):
                line = stripped.removesuffix(suffix)
                line = line.rstrip(b" \t") if suffix in BARS else line
        if self.is_json_text:
            line = _as_json_text(line if line != open_line else line.rstrip().removesuffix(b",").removesuffix(b'"'))
        if self.tab is not None:
            line = self.tab.sub(b"\t", line)
        return (_without_marks(line) if self.has_marks else line), time


def _as_json_text(body: bytes) -> bytes:
    """The text of a JSON string without its quotes."""
    try:
        return str(json.loads(b'"%b"' % body)).encode(errors="replace").replace(b"\n", b"\\n")
    except ValueError:
        return body


def _without_marks(line: bytes) -> bytes:
    """A line without bold marks around the parts of its header."""
    opening = _MARKS.match(line)
    match = LOOSE_HEADER.match(line, opening.end() if opening else 0)
    if match is None or not match["level"]:
        return line
    time, separator, level, rest = match["time"], match["separator"], match["level"], line[match.end() :]
    if closing := _MARKS.match(rest):
        rest = rest[closing.end() :]
    rest = _MARKED_WORD.sub(rb"\2", rest[:60]) + rest[60:]
    return time + _MARKS.sub(b"", separator) + level + rest


def learn(lines: Sequence[bytes]) -> Decoration | None:
    """The decoration around the lines of a sample; null if there is none, or no log line in it."""
    text = b"\n".join(lines)
    lines = [line.rstrip(b"\r") for line in lines if line.strip()]
    found = Decoration(
        is_double_spaced=is_double_spaced(text + b"\n"),
        is_html=_is_html(text),
        has_colors=2 * len(_COLORED.findall(text)) > (len(_BEFORE_LEVEL.findall(text)) or len(lines)),
        has_no_break=2 * sum(_NO_BREAK.search(line) is not None for line in lines) > len(lines),
        has_fences=any(FENCE.fullmatch(line) for line in lines),
    )
    cleaned = [found.cleaned(line) for line in lines]
    headed = [(line, match) for line in cleaned if (match := LOOSE_HEADER.search(line[:1024]))]
    if not headed:
        headed = [(line, match) for line in cleaned if (match := _JSON_HEADER.search(line[:1024]))]
    if not headed:  # Envoy's own headers
        return Decoration(newest_first=True) if _falls(lines) else None
    prefixes = [line[: match.start()] for line, match in headed if match.start() < MAX_PREFIX]
    if not prefixes:
        return None
    found = replace(found, prefix=_prefix(prefixes))
    bodies = [line[match.start() :] for line, match in headed if _fits(found.prefix, line, match.start())]
    if len(bodies) < MIN_SHARE * len(headed):
        return None
    found = _with_quotes(found, prefixes, bodies)
    found = _with_separators(found, [LOOSE_HEADER.match(body) for body in bodies])
    if any(_MARKS.search(prefix) for prefix in prefixes):
        found = replace(found, has_marks=True)
    found = replace(found, newest_first=_falls(bodies), width=wrapped_width(lines) if found.prefix is None else None)
    return None if found == Decoration() else found


def _is_html(text: bytes) -> bool:
    """Whether a text is HTML: entities, and none of the signs that these stand for but in tags."""
    if _ENTITY.search(text) is None:
        return bool(re.search(rb"(?m)^\s*<(?:div|p|li|pre|code|b|span)\b[^>\n]{0,200}>.*</|<br ?/?>$", text))
    rest = _TAG.sub(b"", text)
    return b"<" not in rest and b">" not in re.sub(rb"(?m)^[> ]+", b"", rest)


def _fits(prefix: re.Pattern[bytes] | None, line: bytes, start: int) -> bool:
    if prefix is None:
        return start == 0
    match = prefix.match(line)
    return match is not None and match.end() == start


def _prefix(prefixes: list[bytes]) -> re.Pattern[bytes] | None:
    """What most of the prefixes match; null if most are empty."""
    shapes = Counter(_shape(prefix) for prefix in prefixes)
    shape, _ = shapes.most_common(1)[0]
    if not shape:
        return None
    same = [
        _RUN.findall((prefix.strip(b" \t") and prefix.lstrip(b" \t")) or prefix)
        for prefix in prefixes
        if _shape(prefix) == shape
    ]
    literal = {prefix for prefix in prefixes if _shape(prefix) == shape}
    if len(literal) == 1:
        return re.compile(re.escape(literal.pop()))
    parts = [_run_pattern([runs[n] for runs in same], named=n == 0) for n in range(len(same[0]))]
    return re.compile(rb"[ \t]*" + b"".join(parts))


def _shape(prefix: bytes) -> tuple[bytes, ...]:
    """What sort of run stands where in a prefix."""
    runs = _RUN.findall(prefix.lstrip(b" \t") or prefix)
    return tuple(b"w" if re.match(rb"[\w.:/+-]", run) else b" " if run.isspace() else run for run in runs)


def _run_pattern(texts: list[bytes], *, named: bool) -> bytes:
    """A pattern that these texts match, no wider than they are varied."""
    if len(set(texts)) == 1:
        return re.escape(texts[0])
    if texts[0].isspace():
        return rb"[ \t]+"
    if all(re.fullmatch(STAMP, text) for text in texts):
        return rb"(?P<time>%b)" % STAMP if named else STAMP
    numbers = {re.sub(rb"\d+", b"0", text) for text in texts}
    if len(numbers) == 1:
        return re.sub(rb"(?:\\?\d)+", rb"\\d+", re.escape(texts[0]))
    return rb"[\w.:/+-]+"


def _with_quotes(found: Decoration, prefixes: list[bytes], bodies: list[bytes]) -> Decoration:
    """What closes the lines that something opens."""
    opened = Counter(prefixes).most_common(1)[0][0].rstrip()
    suffixes: list[bytes] = []
    rests = [body.rstrip() for body in bodies]
    for opening, closing in (*zip(BARS, BARS, strict=True), *_CLOSING):
        if opening in opened and sum(rest.endswith(closing) for rest in rests) >= MIN_SHARE * len(rests):
            suffixes.append(closing)
            rests = [rest.removesuffix(closing).rstrip() for rest in rests]
            opened = opened.replace(opening, b"", 1)
    if not suffixes and (closing := _closing_of_all(opened, rests)):
        suffixes.append(closing)
        rests = [rest.removesuffix(closing) for rest in rests]
    quoted = any(suffix.removeprefix(b"\\n")[:1] == b'"' for suffix in suffixes)
    text = b"\n".join(rests)
    escaped = b"\\t" in text if b'"' not in text else b'\\"' in text and re.search(rb'(?<!\\)"', text) is None
    escaped = escaped and (quoted or b'\\"' in text)
    return replace(found, suffixes=tuple(suffixes), is_json_text=bool(escaped))


def _closing_of_all(opened: bytes, rests: list[bytes]) -> bytes:
    """The text that all lines end with, from the sign on that closes what was opened last."""
    closing = {b'"': b'"', b"'": b"'", b"{": b"}", b"[": b"]", b"(": b")"}.get(opened[-1:])
    if closing is None or len(set(rests)) < MIN_DISTINCT:
        return b""
    reverse = [rest.decode("latin-1")[::-1] for rest in rests]
    common = commonprefix(reverse)[::-1].encode("latin-1")  # noqa: RUF071 - of texts, not of paths
    start = common.find(closing)
    if start < 0:
        return b""
    return common[start - 2 * common[:start].endswith(b"\\n") :]


def wrapped_width(lines: Sequence[bytes]) -> int | None:
    """The width of the terminal that cut the lines; null if none did.

    Each line without a header follows one that is as long as the longest, and hardly any line with a header does. A
    log of one error again and again, each with the same second line, is none: the texts have to differ.
    """
    sizes = [len(line.decode(errors="replace")) for line in lines]
    width = max(sizes, default=0)
    if width < MIN_WIDTH or sizes.count(width) < MIN_DISTINCT:
        return None
    starts = [LOOSE_HEADER.match(line) is not None for line in lines]
    rests = [n for n in range(1, len(lines)) if not starts[n]]
    full = sum(size == width for size in sizes[:-1])
    if not rests or any(sizes[n - 1] != width for n in rests):
        return None
    is_varied = min(len({lines[n] for n in rests}), len({sizes[n] for n in rests})) >= MIN_DISTINCT
    return width if is_varied and len(rests) >= MIN_SHARE * full else None


def _with_separators(found: Decoration, heads: Sequence[re.Match[bytes] | None]) -> Decoration:
    """The text that replaced tabs between the parts of the headers."""
    separators = [head["separator"] for head in heads if head is not None and head["separator"]]
    if not separators or found.is_json_text:
        return found
    if any(_MARKS.search(one) for one in separators):
        found = replace(found, has_marks=True)
    common = Counter(_MARKS.sub(b"", one) for one in separators).most_common(1)[0][0]
    sign = common.strip(b" \t")
    if sign == b"\\t" and found.is_json_text:
        return found
    if sign == b"^I" and all(head is None or head.string.endswith(b"$") for head in heads):  # cat -A
        found = replace(found, suffixes=(b"$", *found.suffixes))
    if sign:
        after = rb"[ \t]*" if common.rstrip(sign)[-1:] != common[-1:] or common[-1:] in b" \t" else b""
        before = rb" *" if common[:1] == b" " else b""
        return replace(found, tab=re.compile(before + re.escape(sign) + after))
    if any(b"\t" in one and one != b"\t" for one in separators):
        return replace(found, tab=re.compile(rb" *\t[ \t]*"))
    return found


def _falls(bodies: list[bytes]) -> bool:
    """Whether the lines' times mostly fall."""
    times = [match[1] for body in bodies if (match := TIME.match(body))]
    return is_falling(times)


def is_falling(times: Sequence[bytes]) -> bool:
    falls = sum(one > other for one, other in pairwise(times))
    rises = sum(one < other for one, other in pairwise(times))
    return falls >= (FALLING if rises else FALLING_ALONE) and falls > 4 * rises


def is_double_spaced(text: bytes) -> bool:
    """Whether each line is followed by an empty one, and by one alone."""
    text = text.replace(b"\r\n", b"\n")
    lines = text.count(b"\n")
    return text.count(b"\n\n") > 0.45 * lines > 3 and text.count(b"\n\n\n") < 0.1 * lines
