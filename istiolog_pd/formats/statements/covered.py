"""The statement of each hand-written format (`covered.tsv`, made by `scripts.statements.cover`)."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from istiolog_pd.formats.statements.cells import unescape


def covered() -> Mapping[tuple[str, ...], str]:
    """Statements by the component, text, levels and scopes of the formats that are of them."""
    text = (files("istiolog_pd.formats.statements") / "covered.tsv").read_text(encoding="utf-8")
    rows = [[unescape(cell) for cell in line.split("\t")] for line in text.split("\n")[1:-1]]
    return {tuple(key): statement for *key, statement in rows}
