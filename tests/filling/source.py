"""The tables of the sources' log statements (`tests/formats/source`)."""

from __future__ import annotations

import csv
import gzip
import io
import re
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "formats" / "source"

_ESCAPED = re.compile(r"\\[tn\\]")
_SIGNS = {"\\t": "\t", "\\n": "\n", "\\\\": "\\"}


def unescaped(cell: str) -> str:
    """The text of a cell.

    >>> unescaped(r"a\\tb")
    'a\\tb'
    """
    return _ESCAPED.sub(lambda found: _SIGNS[found[0]], cell)


def table(name: str) -> list[dict[str, str]]:
    """The rows of a table."""
    text = gzip.decompress((SOURCE / f"{name}.tsv.gz").read_bytes()).decode()
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE))
