"""Times as the headers write them -> nanoseconds since 1970 in UTC, exactly."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from decimal import Decimal

from istiolog_pd.formats.strftime_patterns import MONTHS, named_pattern

NS = 1_000_000_000

#: The last whole second of 64 bits of nanoseconds, less a day for the zone.
LAST_SECOND = 2**63 // NS - 86_400

_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})")

_EPOCH = re.compile(r"[0-9]{1,19}(?:\.[0-9]{1,18})?(?:[eE]\+?[0-9]{1,2})?")


def _fraction(text: str) -> int:
    return int(text[:9].ljust(9, "0")) if text else 0


def _seconds(day: str, clock: str) -> int | None:
    """Seconds of ``yyyy?mm?dd`` and ``HH:MM:SS``; null for a time that does not exist."""
    year, month, date = int(day[:4]), int(day[5:7]), int(day[8:10])
    hour, minute, second = int(clock[:2]), int(clock[3:5]), int(clock[6:8])
    if not (1 <= month <= 12 and 1 <= date <= calendar.monthrange(max(year, 1), month)[1] and year >= 1678):
        return None
    if year > 2261 or hour > 23 or minute > 59 or second > 60:
        return None
    return calendar.timegm((year, month, date, hour, minute, second))


class Clock:
    """Parses times of one source; remembers the last second, which most lines share."""

    def __init__(self) -> None:
        self._text = ""
        self._second: int | None = None

    def iso(self, text: str) -> int | None:
        """``2018-12-24T15:48:45.929503Z``, any fraction, ``Z`` or an offset; null for any other text."""
        if _ISO.fullmatch(text) is None:
            return None
        if text[:19] != self._text:
            second = _seconds(text[:10], text[11:19])
            self._text, self._second = text[:19], second
        if self._second is None:
            return None
        end = len(text) - 1
        if text[end] == "Z":
            return self._second * NS + _fraction(text[20:end])
        sign = -1 if text[-6] == "-" else 1
        offset = sign * (int(text[-5:-3]) * 3600 + int(text[-2:]) * 60)
        return (self._second - offset) * NS + _fraction(text[20:-6])

    def bracket(self, text: str) -> int | None:
        """``2018-12-24 16:27:52.484``: Envoy to Istio 1.5, no zone (containers run in UTC)."""
        return self.iso(f"{text[:10]}T{text[11:].replace(',', '.')}Z")

    def slog(self, text: str) -> int | None:
        """``2026/11/23 17:27:51``: seconds, no zone."""
        return self.iso(f"{text[:10].replace('/', '-')}T{text[11:]}Z")

    def epoch(self, text: str) -> int | None:
        """``1588611111.25`` or ``1.58861111125e+09``: seconds since 1970, exactly; a time in words is read as `iso`."""
        if _EPOCH.fullmatch(text) is None:
            return self.iso(text)
        time = int(Decimal(text) * NS)
        return time if time < LAST_SECOND * NS else None

    def klog(self, text: str, near: int | None) -> int | None:
        """``0110 12:34:56.789012``: no year, so the one that brings it nearest to `near`."""
        if near is None:
            return None
        year = 1970 + near // (365_2425 * 86_400 * NS // 10_000)
        times = [
            time
            for y in (year - 1, year, year + 1)
            if (time := self.iso(f"{y:04}-{text[:2]}-{text[2:4]}T{text[5:]}Z")) is not None
        ]
        return min(times, key=lambda time: abs(time - near), default=None)


def parser(clock: Clock, kind: str) -> Callable[[str], int | None]:
    """The function of `clock` for a layout's way to write times (``klog`` needs a neighbor)."""
    known = {"iso": clock.iso, "bracket": clock.bracket, "slog": clock.slog, "epoch": clock.epoch}
    return known[kind] if kind in known else custom(kind)


def custom(time: str) -> Callable[[str], int | None]:
    """The function that reads times in a format of Envoy's ``%START_TIME(...)%``; UTC where it prints no zone.

    Examples
    --------
    >>> custom("%d/%b/%Y:%H:%M:%S %z")("06/Mar/2019:09:31:27 +0100"), custom("%s.%3f")("1551864687.360")
    (1551861087000000000, 1551864687360000000)
    """
    regex = re.compile(named_pattern(time), re.ASCII)

    def parse(text: str) -> int | None:
        match = regex.fullmatch(text)
        return _of_parts(match.groupdict()) if match else None

    return parse


def _of_parts(part: dict[str, str | None]) -> int | None:
    """The time that the parts of one make up; null without a date."""
    month = f"{MONTHS.index(name) + 1:02}" if (name := part.get("name")) else part.get("month")
    epoch, year, day = part.get("epoch"), part.get("year"), part.get("day")
    if epoch:
        second: int | None = int(epoch)
    elif year and month and day:
        hour, minute, last = (part.get(unit) or "00" for unit in ("hour", "minute", "second"))
        second = _seconds(f"{year}-{month}-{day}", f"{hour}:{minute}:{last}")
    else:
        return None
    if second is None or second > LAST_SECOND:
        return None
    if zone := part.get("zone"):
        sign = -1 if zone[0] == "-" else 1
        second -= sign * (int(zone[1:3]) * 3600 + int(zone[-2:]) * 60)
    return second * NS + _fraction(part.get("fraction") or "")
