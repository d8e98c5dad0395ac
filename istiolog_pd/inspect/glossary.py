"""The glossary: the columns of event tables, and of answers."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from istiolog_pd._table import Table
from istiolog_pd.errors import UnknownNameError, unknown
from istiolog_pd.formats.columns import COLUMNS, COMMON


def glossary(answer: str | Callable[..., pd.DataFrame] | None = None) -> pd.DataFrame:
    """Every column of the event tables, or of an answer.

    Parameters
    ----------
    answer
        A function of `istiolog_pd.analysis`, or its name. None: the columns of the event tables.

    Returns
    -------
    pandas.DataFrame
        One row per column: `column`, `type`, `unit`, `meaning` (all str).

    Raises
    ------
    UnknownNameError
        If there is no such answer.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> il.glossary().set_index("column").loc["size_bytes", "unit"]
    'B'
    >>> il.glossary("push_rounds").set_index("column").loc["duration", ["type", "meaning"]].to_list()
    ['timedelta64[ns]', 'from the start to the last push']
    """
    if answer is None:
        rows = [(c.name, c.type, c.unit, c.meaning) for c in (*COMMON.values(), *COLUMNS.values())]
    else:
        from istiolog_pd.analysis._discover import declarations

        declared, name = declarations(), getattr(answer, "__name__", answer)
        if name not in declared:
            raise UnknownNameError(unknown("answer", name, declared))
        rows = [(c.name, c.dtype, c.unit, c.meaning) for c in declared[name].columns]
    return Table(rows, columns=["column", "type", "unit", "meaning"])
