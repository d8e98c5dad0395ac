"""Errors and warnings of the package."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class NoLogError(ValueError):
    """There is nothing to read: no source, every source is empty, or none is a log."""


class UnknownNameError(KeyError, ValueError):
    """There is no event or column of that name; the text names the nearest that there are."""

    def __str__(self) -> str:
        """The text as it is: that of a `KeyError` would be quoted."""
        return str(self.args[0])


class ArchiveError(ValueError):
    """An archive that is not read: hostile, larger than its limits allow, or no whole archive."""


class DamageWarning(UserWarning):
    """Part of a source is damaged; all its other rows are read."""


class SlowEngineWarning(UserWarning):
    """A long log is read by the reference engine, for no native one was built."""


def unknown(what: str, name: object, known: Iterable[object]) -> str:
    """Write an error text for a name that is not known, with the nearest that are.

    Examples
    --------
    >>> unknown("event", "xds_pus", ["xds_push", "ready"])
    "'xds_pus' is no event; did you mean 'xds_push'?"
    """
    names = list(map(str, known))
    near = difflib.get_close_matches(str(name), names, n=3)
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"known: {', '.join(names)}"
    return f"{name!r} is no {what}; {hint}"
