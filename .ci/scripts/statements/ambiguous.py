"""Write the list of statements that are not matched as themselves: `tests/formats/source/ambiguous.tsv`.

    PYTHONPATH=tests:.ci/scripts python -m statements.ambiguous

The test that holds the list (`tests/test_statements.py`) says what changed; review the difference.
"""

from __future__ import annotations

from filling.statements import AMBIGUOUS
from test_statements import instead

from istiolog_pd.formats.statements.cells import escape

if __name__ == "__main__":
    rows = ["\t".join(map(escape, (*key, statement))) + "\n" for key, statement in sorted(instead().items())]
    AMBIGUOUS.write_text("component\tscope\tlevel\tstatement\tmatched_by\n" + "".join(rows), encoding="utf-8")
