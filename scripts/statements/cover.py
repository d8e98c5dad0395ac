"""Which statement each hand-written format is of: made from the formats' examples and the data of the statements.

    python -m scripts.statements.cover

Of the statements that a format's example fits, it is the one with the most literal text; of several such,
the newest.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from istiolog_pd.engine.reference.statements import fitting
from istiolog_pd.formats import FORMATS, Format
from istiolog_pd.formats.statements.cells import escape
from istiolog_pd.formats.statements.table import Statement, literals_of
from scripts.statements.build import DATA, newest


def _likely(entry: Format, found: list[Statement]) -> list[Statement]:
    """Of the statements that fit an example those of its component, scopes and levels, if there are any."""
    own = [one for one in found if one.component in (entry.component, "shared")]
    exact = [one for one in own if one.scope in entry.scope.split() and one.level in entry.level.split()]
    return exact or own or found


def covered() -> Iterator[tuple[Format, Statement]]:
    """Each format that is of a statement, and the statement."""
    for entry in FORMATS:
        found = _likely(entry, fitting(entry.component, entry.example))
        if found:
            yield entry, max(found, key=lambda one: (len("".join(literals_of(one.template))), newest(one.ranges)))


def main() -> int:
    """Write `covered.tsv`."""
    rows = {(entry.component, entry.text, entry.level, entry.scope, one.text): None for entry, one in covered()}
    lines = ["\t".join(map(escape, row)) + "\n" for row in rows]
    header = "component\ttext\tlevel\tscope\tstatement\n"
    (DATA / "covered.tsv").write_text(header + "".join(sorted(lines)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
