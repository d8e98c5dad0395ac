"""Which program wrote a log whose lines its statements alone tell: istio-cni, the operator, Citadel, Galley."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

#: Programs whose logs are told by their statements alone.
TOLD_BY_STATEMENTS = ("citadel", "cni", "galley", "operator")

Tables = tuple[pa.Table, dict[str, pa.Table]]


def name_program(events: pa.Table, tables: dict[str, pa.Table], claims: Mapping[str, int]) -> Tables:
    """Name the program in the place of pilot or the agent, if most lines are of its statements.

    Parameters
    ----------
    events, tables
        What an engine made of a source.
    claims
        How many lines statements of each program of `TOLD_BY_STATEMENTS` have claimed.
    """
    who = max(TOLD_BY_STATEMENTS, key=lambda name: claims.get(name, 0))
    if not claims.get(who):
        return events, tables
    known = pc.invert(pc.is_in(events["event"].cast(pa.string()), pa.array(["other", "unparsed", "go_gc"])))
    own = pc.is_in(events["component"].cast(pa.string()), pa.array(["pilot", "agent"]))
    all_known = pc.sum(pc.and_(known, own)).as_py() or 0
    if claims[who] * 2 <= all_known:
        return events, tables
    return _renamed(events, who), {event: _renamed(table, who) for event, table in tables.items()}


def _renamed(table: pa.Table, who: str) -> pa.Table:
    at = table.schema.get_field_index("component")
    names = table.column(at).cast(pa.string())
    names = pc.if_else(pc.is_in(names, pa.array(["pilot", "agent"])), who, names)
    return table.set_column(at, table.schema.field(at), names.dictionary_encode().cast(table.schema.field(at).type))
