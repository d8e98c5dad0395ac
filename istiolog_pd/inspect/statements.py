"""The statements of the sources as a table."""

from __future__ import annotations

import pandas as pd

from istiolog_pd.formats import FORMATS
from istiolog_pd.formats.statements.covered import covered
from istiolog_pd.formats.statements.table import Statement, load_statements
from istiolog_pd.formats.statements.verdicts import find_verdict


def versions_of(statement: Statement) -> str:
    """The releases of Istio that have a statement: ``1.0.0-1.4.10, 1.7.0-1.32-dev``."""
    return statement.ranges.replace(";", ", ")


def statements() -> pd.DataFrame:
    """Every log statement of Istio, Envoy and ztunnel that is known.

    Returns
    -------
    pandas.DataFrame
        One row per statement, all str: `statement` (its format string, as in the column `statement` of
        the event tables), `component` (``pilot``, ``agent``, ``shared`` by both, ``envoy``, ``ztunnel``,
        ``cni``, ``operator``, ``citadel``, ``galley``), `scope` (Istio's logging scope, Envoy's logger,
        ztunnel's module), `level`, `event`, `file` (of several, parted by ``;``), `versions` (the releases
        of Istio that have it), `verdict` (``harmless``, ``look``, ``act``; null where nobody knows), `why`
        and `reference` (the source file or issue that supports it).

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.statements()
    >>> table.loc[table["statement"] == "XDS: Pushing Services:%d ConnectedEndpoints:%d Version:%s", "versions"].item()
    '1.19.0-1.32-dev'
    """
    events = _events_of_formats()
    rows = []
    for one in load_statements():
        event = events.get((one.component, one.text), one.event)
        verdict = find_verdict(one.text, event, one.level)
        said = (verdict.verdict, verdict.why, verdict.reference) if verdict else (None, None, None)
        rows.append((one.text, one.component, one.scope, one.level, event, one.file, versions_of(one), *said))
    names = "statement component scope level event file versions verdict why reference".split()
    return pd.DataFrame(rows, columns=names, dtype="str")


def _events_of_formats() -> dict[tuple[str, str], str]:
    """The events of the statements that hand-written formats are of."""
    events = {entry.key: (entry.component, entry.event) for entry in FORMATS}
    found: dict[tuple[str, str], str] = {}
    for (key, _, _), statements in covered().items():
        component, event = events.get(key, ("", ""))
        for statement, _ in statements if event else ():
            found.setdefault((component, statement), event)
    return found
