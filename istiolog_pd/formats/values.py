"""Values that Go prints: durations, sizes, counts, booleans, quoted strings. Text in, value out.

Digits and blanks are those of ASCII; any other text is no value.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass

UNITS = {
    "ns": 1,
    "us": 1_000,
    "\u00b5s": 1_000,  # micro sign, what Go prints
    "\u03bcs": 1_000,  # Greek mu, what some editors make of it
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60 * 1_000_000_000,
    "h": 3600 * 1_000_000_000,
}
INT64_MAX = 2**63 - 1

# Bounded: a number of a million digits is no duration, and must not cost a second to refuse.
_STEP = re.compile(r"(?=\.?[0-9])([0-9]{0,19})(?:\.([0-9]{0,19}))?([a-z\u00b5\u03bc]{1,2})")
_SIZE = re.compile(r"([0-9]{1,19})(?:\.([0-9]{1,19}))?([kMGTPE]?)B?")
_INTEGER = re.compile(r"(-?)0*([0-9]{1,19})")
_DECIMAL = re.compile(r"([0-9]{1,19})(?:\.([0-9]{1,19}))?")

#: The blanks of ASCII: what `str.strip` and `str.split` are given, since they know many more.
BLANKS = " \t\n\r\v\f"
_WORD = re.compile(f"[^{BLANKS}]+")


def _scaled(whole: str, fraction: str | None, unit: int) -> int:
    """``whole.fraction`` units, exactly: no float takes part."""
    value = int(whole or 0) * unit
    if fraction:
        value += int(fraction) * unit // 10 ** len(fraction)
    return value


def duration(text: str) -> int | None:
    """Nanoseconds of a Go duration, exactly.

    Examples
    --------
    >>> duration("1h2m3.5s"), duration("386.974\u00b5s"), duration("0")
    (3723500000000, 386974, 0)
    """
    negative = text.startswith("-")
    total, start = 0, int(negative)
    if text[start:] == "0":
        return 0
    at = start
    while step := _STEP.match(text, at):
        whole, fraction, unit = step.groups()
        if unit not in UNITS:
            return None
        total += _scaled(whole, fraction, UNITS[unit])
        at = step.end()
    if at == start or at < len(text) or total > INT64_MAX:
        return None
    return -total if negative else total


def since_push(text: str) -> int | None:
    """A duration, but null for Go's largest one: 1.0 prints it before the first push.

    Examples
    --------
    >>> since_push("2562047h47m16.854775807s") is None
    True
    """
    value = duration(text)
    return None if value == INT64_MAX else value


def size(text: str) -> int | None:
    """Bytes of Istio's ``util.ByteCount`` (decimal units), or of a bare count.

    Examples
    --------
    >>> size("31.5kB"), size("999B"), size("16667")
    (31500, 999, 16667)
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        return None
    whole, fraction, unit = match.groups()
    scale = 1000 ** " kMGTPE".index(unit or " ")
    return integer(str(_scaled(whole, fraction, scale)))


def integer(text: str) -> int | None:
    """A whole number of 64 bits; null for what is none.

    Examples
    --------
    >>> integer("-12"), integer("1_000"), integer("+1")
    (-12, None, None)
    """
    if len(text) < 19 and text.isascii() and text.isdecimal():  # nearly all of them
        return int(text)
    match = _INTEGER.fullmatch(text)
    if match is None:
        return None
    value = int(match[1] + match[2])
    return value if -INT64_MAX - 1 <= value <= INT64_MAX else None


def boolean(text: str) -> bool | None:
    """``true`` or ``false``."""
    return {"true": True, "false": False}.get(text)


def quoted_duration(text: str) -> int | None:
    """Nanoseconds of a duration that may be in double quotes."""
    return duration(text[1:-1] if text.startswith('"') else text)


def _decimal(text: str, unit: int) -> int | None:
    match = _DECIMAL.fullmatch(text)
    if match is None:
        return None
    value = _scaled(match[1], match[2], unit)
    return value if value <= INT64_MAX else None


def seconds(text: str) -> int | None:
    """Nanoseconds of a bare number of seconds."""
    return _decimal(text, UNITS["s"])


def millis(text: str) -> int | None:
    """Nanoseconds of a bare number of milliseconds."""
    return _decimal(text, UNITS["ms"])


def count(text: str) -> int | None:
    """A number, or the length of the list or map that stands in its place.

    Examples
    --------
    >>> count("12"), count("[]"), count("[a b]"), count("map[a:1 b:2 c:3]")
    (12, 0, 2, 3)
    """
    if text.endswith("]"):
        return len(_WORD.findall(text[text.find("[") + 1 : -1]))
    return integer(text)


_ESCAPE = re.compile(rb"\\(?:([0-7]{3})|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_PLAIN_ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}


def _unescaped(match: re.Match[bytes]) -> bytes:
    octal, byte, short, long, other = match.groups()
    if octal or byte:
        return bytes([(int(octal, 8) if octal else int(byte, 16)) & 0xFF])
    if short or long:
        point = int(short or long, 16)
        return chr(point).encode(errors="surrogatepass") if point <= sys.maxunicode else match[0]
    return _PLAIN_ESCAPES.get(other, other)


def unquote(text: str) -> str | None:
    r"""The text of a Go or proto string literal, its escapes resolved; null for an empty one.

    Bytes that are no UTF-8 stay visible as ``\xNN``.

    Examples
    --------
    >>> unquote('"172.17.0.3:59200"')
    '172.17.0.3:59200'
    """
    inner = text[1:-1]
    if "\\" in inner:
        raw = _ESCAPE.sub(_unescaped, inner.encode(errors="surrogatepass"))
        inner = raw.decode(errors="backslashreplace")
    return inner or None


@dataclass(frozen=True, slots=True)
class DuplicateColumn:
    """For text that is the value of two columns."""

    value: Callable[[str], int | None]

    def __call__(self, text: str) -> tuple[int | None, int | None]:
        """The value, twice."""
        one = self.value(text)
        return one, one
