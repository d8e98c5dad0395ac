"""Versions as texts name them, and the ranges that runs can be of."""

from __future__ import annotations

import re

#: Major and minor number.
Version = tuple[int, int]

#: The first version, and one after all others.
OLDEST, OPEN = (1, 0), (10**6, 0)


def version_of(text: str) -> Version:
    """The major and minor number of a version."""
    major, minor = re.findall(r"\d+", text)[:2]
    return int(major), int(minor)


def version_range(text: str) -> tuple[Version, Version]:
    """The lowest and the highest version that a run of this `version` can be of.

    Examples
    --------
    >>> version_range("1.22-1.30"), version_range("1.31-"), version_range("1.20.8"), version_range("")
    (((1, 22), (1, 30)), ((1, 31), (1000000, 0)), ((1, 20), (1, 20)), ((1, 0), (1000000, 0)))
    """
    if not text:
        return OLDEST, OPEN
    first, dash, last = text.partition("-") if re.fullmatch(r"\d+\.\d+-(\d+\.\d+)?", text) else (text, "", "")
    low = version_of(first)
    return low, (version_of(last) if last else OPEN if dash else low)
