"""The program that wrote a log, by the components of its entries; some programs by their statements alone."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

#: Programs whose logs are known by their statements alone.
KNOWN_BY_STATEMENTS = ("citadel", "cni", "galley", "operator")

#: Entries with these events do not show which program wrote a log.
UNKNOWN = ("other", "unparsed", "go_gc")

Tables = tuple[pa.Table, dict[str, pa.Table]]


def component_of(components: set[str]) -> str:
    """The component that a log is of, by the components that wrote its entries.

    Examples
    --------
    >>> component_of({"envoy", "agent"}), component_of({"pilot", "envoy"}), component_of({"ztunnel"})
    ('agent', 'pilot', 'ztunnel')
    """
    named = sorted(components.intersection(KNOWN_BY_STATEMENTS))
    if "pilot" in components or named:
        return "pilot" if "pilot" in components else named[0]
    return "ztunnel" if components == {"ztunnel"} else "agent"


def program_of(matches: Mapping[str, int], known: int) -> str:
    """The program of `KNOWN_BY_STATEMENTS` that wrote a log; empty: none of them.

    Parameters
    ----------
    matches
        How many lines the statements of each program have matched.
    known
        How many lines of pilot or the agent are known at all.

    Examples
    --------
    >>> program_of({"cni": 40, "pilot": 2}, 50), program_of({"cni": 3}, 50)
    ('cni', '')
    """
    who = max(KNOWN_BY_STATEMENTS, key=lambda name: matches.get(name, 0))
    return who if matches.get(who, 0) * 2 > known else ""


def name_program(events: pa.Table, tables: dict[str, pa.Table], matches: Mapping[str, int]) -> Tables:
    """Name the program that wrote a log in the place of pilot or the agent.

    Parameters
    ----------
    events, tables
        What an engine made of a source.
    matches
        As in `program_of`.
    """
    if not any(matches.get(name) for name in KNOWN_BY_STATEMENTS):
        return events, tables
    known = pc.invert(pc.is_in(events["event"].cast(pa.string()), pa.array(UNKNOWN)))
    own = pc.is_in(events["component"].cast(pa.string()), pa.array(["pilot", "agent"]))
    who = program_of(matches, pc.sum(pc.and_(known, own)).as_py() or 0)
    if not who:
        return events, tables
    return _renamed(events, who), {event: _renamed(table, who) for event, table in tables.items()}


def _renamed(table: pa.Table, who: str) -> pa.Table:
    at = table.schema.get_field_index("component")
    names = table.column(at).cast(pa.string())
    names = pc.if_else(pc.is_in(names, pa.array(["pilot", "agent"])), who, names)
    return table.set_column(at, table.schema.field(at), names.dictionary_encode().cast(table.schema.field(at).type))
