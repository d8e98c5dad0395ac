"""How values are written for people: durations and sizes in the unit that fits, text without controls."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_TIMES = ((1e9, "s"), (1e6, "ms"), (1e3, "\u00b5s"))
_SIZES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def duration_text(value: pd.Timedelta, digits: int = 3) -> str:
    """Write a duration in the unit that fits it.

    Parameters
    ----------
    value
        The duration; it may be negative.
    digits
        Significant digits.

    Examples
    --------
    >>> import pandas as pd
    >>> duration_text(pd.Timedelta("100.5ms")), duration_text(pd.Timedelta("12.3456s"))
    ('100 ms', '12.3 s')
    >>> duration_text(pd.Timedelta("-104.2ms"), digits=4), duration_text(pd.Timedelta(0))
    ('-104.2 ms', '0 ns')
    """
    for size, unit in _TIMES:
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
    for size, unit in _SIZES:
        if abs(count) >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"


def visible(text: str) -> str:
    r"""Write every character that cannot be printed as its escape: nothing in the text moves a cursor.

    Examples
    --------
    >>> visible("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
