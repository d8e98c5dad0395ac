"""Formats -> statements: which log statement printed a line that a hand-written format matches.

A format is of several statements, since a line's words changed with the versions. Its level and scope
mostly tell which; else which of the format's fields the line fills (`by_fields.tsv`); else the line's own text does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from istiolog_pd.engine.reference.labels import split_labels, split_run_labels
from istiolog_pd.engine.reference.match import pattern_of
from istiolog_pd.formats.statements.covered import Named, statements_by_fields, statements_of
from istiolog_pd.formats.template import Format, parse_template


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(pattern_of(parse_template(template)), re.DOTALL | re.ASCII)


def filled_fields(texts: Sequence[str | None]) -> str:
    """Which fields have a text.

    Examples
    --------
    >>> filled_fields(["CDS", None, "42"])
    '101'
    """
    return "".join("01"[text is not None] for text in texts)


def name_statement(
    entry: Format, level: str | None, scope: str | None, texts: Sequence[str | None], message: str
) -> str | None:
    """The statement that a line of a format is of; null if none is known.

    Parameters
    ----------
    entry, texts
        The format that matches the line, and the texts of its fields.
    level, scope, message
        Of the line; Envoy's numbers are taken off the message.
    """
    if entry.statement:
        return entry.statement
    known = statements_of(entry.key, level, scope)
    if len(known) < 2:
        return known[0][0] if known else None
    by_fields = statements_by_fields().get((entry.key, level or "", scope or "default"), {}).get(filled_fields(texts))
    return by_fields or fitting_statement(known, message)


def fitting_statement(known: Sequence[Named], message: str) -> str | None:
    """The newest of some statements that a message fits."""
    for body in (split_labels(message)[0], split_run_labels(message)[0], message, message.partition("\n")[0]):
        for statement, template in known:
            if template and _pattern(template).match(body):
                return statement
    return None
