"""Texts in the cells of tables parted by tabs."""

from __future__ import annotations

import re

_ESCAPES = {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\\\": "\\"}


def escape(text: str) -> str:
    r"""A text for a cell: ``\t``, ``\n``, ``\r`` and ``\\`` for what they stand for."""
    for sign in ("\\", "\t", "\n", "\r"):
        text = text.replace(sign, {value: key for key, value in _ESCAPES.items()}[sign])
    return text


def unescape(cell: str) -> str:
    """The text of a cell."""
    if "\\" not in cell:
        return cell
    return re.sub(r"\\[tnr\\]", lambda found: _ESCAPES[found[0]], cell)
