"""Values as text for people: one escape per target, and one form for durations, sizes and cells of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

#: The smallest part of a time that is written.
TimeSpec = Literal["seconds", "milliseconds"]

_UNITS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))

#: Seconds from which a duration is written in minutes, and in hours.
_MINUTES_FROM, _HOURS_FROM = 120, 7200


def escape_controls(text: str) -> str:
    r"""Write every character that cannot be printed as its escape: nothing in the text moves a cursor.

    Examples
    --------
    >>> escape_controls("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def escape_markdown(text: str) -> str:
    r"""Write text for a cell of a Markdown table.

    Examples
    --------
    >>> escape_markdown("a|b <c>")
    'a\\|b &lt;c>'
    """
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;").strip()


def seconds_text(seconds: int) -> str:
    """Write whole seconds, many of them as minutes or hours; there may be more than a Timedelta holds.

    Examples
    --------
    >>> seconds_text(66), seconds_text(1854), seconds_text(93600)
    ('66 s', '30 min 54 s', '26 h 0 min')
    """
    if seconds >= _HOURS_FROM:
        return f"{seconds // 3600:,} h {seconds % 3600 // 60} min"
    if seconds >= _MINUTES_FROM:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds} s"


def duration_text(value: pd.Timedelta, digits: int = 3) -> str:
    """Write a duration, which may be negative, in the unit that fits it.

    Examples
    --------
    >>> import pandas as pd
    >>> duration_text(pd.Timedelta("100.5ms")), duration_text(pd.Timedelta("12.3456s"))
    ('100 ms', '12.3 s')
    >>> duration_text(pd.Timedelta("-104.2ms"), digits=4)
    '-104.2 ms'
    >>> duration_text(pd.Timedelta("1854s")), duration_text(pd.Timedelta("-26h"))
    ('30 min 54 s', '-26 h 0 min')
    """
    sign, seconds = "-" * (value.value < 0), round(abs(value.value) / 1e9)
    if seconds >= _MINUTES_FROM:
        return sign + seconds_text(seconds)
    for size, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "\u00b5s")):
        if abs(value.value) >= size:
            number = value.value / size
            return f"{number:.{digits}g} {unit}" if abs(number) < 1000 else f"{number:,.0f} {unit}"
    return f"{value.value} ns"


def bytes_text(count: int) -> str:
    """Write a number of bytes in decimal units, as Istio does.

    Examples
    --------
    >>> bytes_text(31_500), bytes_text(999)
    ('31.5 kB', '999 B')
    """
    for size, unit in _UNITS:
        if abs(count) >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"


def cell_text(value: Any, digits: int = 4, timespec: TimeSpec = "milliseconds") -> str:
    r"""Write a value of a table: null is empty, times in UTC, durations in the unit that fits, text without controls.

    Examples
    --------
    >>> import pandas as pd
    >>> cell_text(1234567), cell_text(pd.Timedelta("100.5ms")), cell_text(pd.NA), cell_text("a\x1bb")
    ('1,234,567', '100 ms', '', 'a\\x1bb')
    """
    import numpy as np
    import pandas as pd

    if pd.api.types.is_scalar(value) and pd.isna(value):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, np.integer)):
        return f"{value:,}"
    if isinstance(value, (float, np.floating)):
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.{digits}g}"
    if isinstance(value, pd.Timestamp):
        return value.tz_localize(None).isoformat(" ", timespec)
    return duration_text(value) if isinstance(value, pd.Timedelta) else escape_controls(str(value))
