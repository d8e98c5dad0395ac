"""Times in a format of Envoy's ``%START_TIME(...)%``: the directives of strftime, and fractions of seconds."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: Envoy's own: ``2019-03-06T09:31:27.360Z``.
ISO = "%Y-%m-%dT%H:%M:%E3SZ"

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()

#: Directives -> the pattern of what they print; named groups are what makes up the time.
_DIRECTIVES: Mapping[str, str] = {
    "Y": "(?P<year>[0-9]{4})",
    "m": "(?P<month>[0-9]{2})",
    "d": "(?P<day>[0-9]{2})",
    "e": "(?P<day>[ 0-9][0-9])",
    "H": "(?P<hour>[0-9]{2})",
    "M": "(?P<minute>[0-9]{2})",
    "S": "(?P<second>[0-9]{2})",
    "s": "(?P<epoch>[0-9]{1,11})",
    "f": "(?P<fraction>[0-9]{9})",
    "b": f"(?P<name>{'|'.join(MONTHS)})",
    "z": r"(?P<zone>[+-][0-9]{4})",
    "Ez": r"(?P<zone>[+-][0-9]{2}:[0-9]{2})",
    "Z": "[A-Z]{1,5}",
    "a": "[A-Z][a-z]{2}",
    "%": "%",
}
_SHORT: Mapping[str, str] = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "h": "%b"}
_DIRECTIVE = re.compile(r"%(?:(?:E)?([1-9])(f|S)|(Ez|.))", re.DOTALL)


def _pattern_of(match: re.Match[str]) -> str:
    digits, what, name = match.groups()
    if digits:
        fraction = f"(?P<fraction>[0-9]{{{digits}}})"
        return fraction if what == "f" else rf"{_DIRECTIVES['S']}\.{fraction}"
    if name not in _DIRECTIVES:
        raise ValueError(f"%START_TIME%: {match[0]!r} is no directive that is known")
    return _DIRECTIVES[name]


def _spelled_out(time: str) -> str:
    for short, long in _SHORT.items():
        time = time.replace(f"%{short}", long)
    return time


def time_template(time: str) -> str:
    """The template of a time: its literal text, with a field that is not kept for the text between.

    Examples
    --------
    >>> time_template("%F %H:%M")
    '{:text}-{:text}-{:text} {:text}:{:text}'
    """
    literals = _DIRECTIVE.sub("\0", _spelled_out(time)).replace("{", "{{").replace("}", "}}")
    return re.sub("\0+", "{:text}", literals)


def named_pattern(time: str) -> str:
    """The pattern of a time format, its parts as named groups.

    Raises
    ------
    ValueError
        If a directive is not known, or one part is there twice.
    """
    time = _spelled_out(time)
    out, at = "", 0
    for match in _DIRECTIVE.finditer(time):
        out += re.escape(time[at : match.start()]) + _pattern_of(match)
        at = match.end()
    out += re.escape(time[at:])
    try:
        re.compile(out)
    except re.error as error:
        raise ValueError(f"%START_TIME({time})%: {error}") from None
    return out


def time_pattern(time: str) -> str:
    r"""The same without groups.

    Examples
    --------
    >>> time_pattern("%s.%3f")
    '(?:[0-9]{1,11})\\.(?:[0-9]{3})'
    """
    return re.sub(r"\(\?P<\w+>", "(?:", named_pattern(time))
