"""Series of metrics as bounds: how they are named, counted into buckets and added up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

Numbers = np.ndarray[Any, np.dtype[np.float64]]

#: The upper ends of the buckets of each histogram, as its source file has them to 1.31; an export tells its own.
BUCKETS: dict[str, tuple[float, ...]] = {
    "pilot_debounce_time": (0.01, 0.1, 1, 3, 5, 10, 20, 30),
    "pilot_pushcontext_init_seconds": (0.01, 0.1, 0.5, 1, 3, 5),
    "pilot_xds_config_size_bytes": (1, 10_000, 1_000_000, 4_000_000, 10_000_000, 40_000_000),
}


class Series(NamedTuple):
    """A series with what the lines say of it: at least `low`, at most `high` (None: no bound)."""

    metric: str
    labels: str = ""
    low: float | None = None
    high: float | None = None
    why: str = ""


def labeled(labels: Iterable[tuple[str, str]]) -> str:
    r"""Labels as the Prometheus text format writes them, by name; `le` stands last.

    Examples
    --------
    >>> labeled([("le", "1e+06"), ("type", "cds")]), labeled([("node", 'a"b')])
    ('type="cds",le="1e+06"', 'node="a\\"b"')
    """
    escaped = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
    ordered = sorted(labels, key=lambda label: (label[0] == "le", label))
    return ",".join(f'{name}="{value.translate(escaped)}"' for name, value in ordered)


def exactly(metric: str, count: float, labels: str = "") -> Series:
    """A series whose value is known."""
    return Series(metric, labels, count, count)


def at_least(metric: str, low: float, labels: str = "") -> Series:
    """A series that has a lower bound only; if that is nothing, the lines do not tell."""
    return Series(metric, labels, low or None)


def plus(*parts: float | None) -> float | None:
    """The sum of upper bounds; None if one of them is not there."""
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def buckets(
    ends: Mapping[str, tuple[float, ...]],
    metric: str,
    low: Numbers,
    high: Numbers,
    more: float | None = 0,
    labels: tuple[tuple[str, str], ...] = (),
) -> Iterator[Series]:
    """The buckets of a histogram whose values lie between `low` and `high`, and `more` that are not known.

    `ends`: the upper ends of the buckets of each histogram.
    """
    for end in (*ends[metric], np.inf):
        text = "+Inf" if np.isinf(end) else f"{end:g}"
        surely, possibly = float((high <= end).sum()), float((low <= end).sum())
        if np.isinf(end):
            surely = possibly = float(len(low))
        yield Series(f"{metric}_bucket", labeled([*labels, ("le", text)]), surely, plus(possibly, more))
