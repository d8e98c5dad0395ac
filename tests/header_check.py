"""The columns of a header, and a check of rows against them."""

from __future__ import annotations

from typing import Any

from header_rows import values

#: The columns that a header fills; each is null unless the values of a line say otherwise.
HEADER = ("timestamp", "level", "scope", "caller", "thread", "epoch")


def check(rows: list[dict[str, Any]], *expected: dict[str, Any]) -> None:
    """Whether the rows are the expected ones, header columns that are not named being null."""
    wanted = [dict.fromkeys(HEADER) | one for one in expected]
    assert [values(row, one) for row, one in zip(rows, wanted, strict=True)] == wanted
