"""Answers: each a function of a Capture that gives a small tidy DataFrame, and never draws.

They are found in the folders beside this file (see `_discover`); `__init__.pyi` lists them for type checkers.
"""

from __future__ import annotations

from istiolog_pd.analysis._discover import functions

globals().update(functions())
__all__ = sorted(functions())


def __dir__() -> list[str]:
    return __all__
