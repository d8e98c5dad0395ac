"""Errors and warnings of the package."""

from __future__ import annotations


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
