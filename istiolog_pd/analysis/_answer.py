"""The declaration of an answer: its columns with type, unit and meaning, and what it needs of a log.

It stands beside the function that gives the answer. The docstring's list of columns, the glossary, the
coverage, the dictionary of the star schema, the column tips of the report and the test contract are made from it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, ParamSpec

import numpy as np
import pandas as pd

from istiolog_pd.analysis._needs import Need
from istiolog_pd.capture import Capture

TIME = pd.DatetimeTZDtype("ns", "UTC")
SPAN = np.dtype("timedelta64[ns]")
COUNT = pd.Int64Dtype()
FLAG = pd.BooleanDtype()
TEXT = pd.StringDtype(na_value=np.nan)

#: The dtypes of answers, by the name that pandas prints.
DTYPES: dict[str, Any] = {str(dtype): dtype for dtype in (TIME, SPAN, COUNT, pd.Float64Dtype(), FLAG)} | {
    "str": TEXT,
    "category": "category",
}

DOC_WIDTH = 100

NO_CAPTURE = "{} needs a Capture, as istiolog_pd.load(path) gives it, not {}"


@dataclass(frozen=True, slots=True)
class Col:
    """A column of an answer.

    Parameters
    ----------
    name, dtype
        Its name, and its dtype as a name of `DTYPES`.
    unit
        ``ns``, ``B`` (bytes), ``UTC``, ``%``; empty: none.
    meaning
        What a value is, and when it is null.
    optional
        Only there if an argument asks for it.
    """

    name: str
    dtype: str
    unit: str
    meaning: str
    optional: bool = False

    def __post_init__(self) -> None:
        """Check the dtype."""
        if self.dtype not in DTYPES:
            raise ValueError(f"column {self.name!r}: dtype {self.dtype!r} is none of {', '.join(DTYPES)}")


RUN = Col("run", "Int64", "", "process run, numbered over the whole capture")
SOURCE = Col("source", "str", "", "log that it is from")
LINE = Col("line", "Int64", "", "line in `source`, from 1")
PROXY = Col("proxy", "str", "", "proxy, as pod.namespace")
XDS_TYPE = Col("xds_type", "category", "", "CDS, EDS, LDS, RDS, SDS, …")
PUSH_TYPE = Col(
    "push_type",
    "category",
    "",
    "``full``, ``incremental``, ``request`` (asked for by the proxy) or ``proxy`` (update of this proxy alone)",
)
TIME_BIN = Col("time", "datetime64[ns, UTC]", "UTC", "start of the time bin")
FIRST_SEEN = Col("first_seen", "datetime64[ns, UTC]", "UTC", "time of the first of these lines")
LAST_SEEN = Col("last_seen", "datetime64[ns, UTC]", "UTC", "time of the last of these lines")


@dataclass(frozen=True)
class Answer:
    """What an answer is: one declaration, from which all that describes it is made.

    Parameters
    ----------
    name
        The function of `istiolog_pd.analysis`.
    rows
        What a row is, and the order of rows.
    columns
        Its columns in their order: time, proxy and what it is about come first, `run`, `source` and `line` last.
    time
        The column whose time orders the rows: ``timestamp`` of lines, ``time`` of bins, else that of the first thing
        that happened; empty: `rows` says how they are ordered. Rows without it come last.
    needs
        What it needs of a log: the rows of `analysis.coverage` about it.
    brief
        The columns that a narrow terminal and a notebook show before all others.
    """

    name: str
    rows: str
    columns: tuple[Col, ...]
    time: str = ""
    needs: tuple[Need, ...] = ()
    brief: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the brief columns."""
        if strange := set(self.brief) - {column.name for column in self.columns}:
            raise ValueError(f"{self.name}: no columns {', '.join(sorted(strange))}, which `brief` names")

    @property
    def dtypes(self) -> dict[str, Any]:
        """The dtype of each column."""
        return {column.name: DTYPES[column.dtype] for column in self.columns}

    def only(self, *names: str) -> Answer:
        """The same answer with only these columns, in this order."""
        columns = {column.name: column for column in self.columns}
        return replace(self, columns=tuple(columns[name] for name in names), brief=())

    def described(self) -> str:
        """The rows and columns in words, as a docstring lists them."""
        order = f", in the order of `{self.time}`" if self.time else ""
        lines = [textwrap.fill(f"{self.rows}{order}:", DOC_WIDTH), ""]
        for column in self.columns:
            kind = ", ".join(filter(None, [column.dtype, "" if column.unit in ("UTC", "ns") else column.unit]))
            asked = " (optional)" if column.optional else ""
            lines.append(
                textwrap.fill(f"- `{column.name}` ({kind}): {column.meaning}{asked}", DOC_WIDTH, subsequent_indent="  ")
            )
        return "\n".join(lines)


Arguments = ParamSpec("Arguments")


def answers(
    answer: Answer,
) -> Callable[[Callable[Arguments, pd.DataFrame]], Callable[Arguments, pd.DataFrame]]:
    """Declare that a function gives an answer: it is found by that, and ``{columns}`` in its docstring is filled in.

    What is not a `Capture` where one is needed raises a `TypeError` that says how to get one.
    """

    def declare(function: Callable[Arguments, pd.DataFrame]) -> Callable[Arguments, pd.DataFrame]:
        captures = [name for name, kind in function.__annotations__.items() if kind == "Capture"]

        @wraps(function)
        def checked(*args: Arguments.args, **kwargs: Arguments.kwargs) -> pd.DataFrame:
            for given in (*args[: len(captures)], *(kwargs[name] for name in captures if name in kwargs)):
                if not isinstance(given, Capture):
                    raise TypeError(NO_CAPTURE.format(answer.name, type(given).__name__))
            return function(*args, **kwargs)

        checked.__dict__["answer"] = answer
        lines = (function.__doc__ or "").split("\n")
        for number, line in enumerate(lines):
            if line.strip() == "{columns}":
                lines[number] = textwrap.indent(answer.described(), line[: -len("{columns}")])
        checked.__doc__ = "\n".join(lines)
        return checked

    return declare
