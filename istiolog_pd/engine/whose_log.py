"""Whose log it is, by who wrote its entries."""

from __future__ import annotations

from istiolog_pd.engine.second_tier import TOLD_BY_STATEMENTS


def component_of(components: set[str]) -> str:
    """Whose log it is, by the components that wrote entries of it.

    Examples
    --------
    >>> component_of({"envoy", "agent"}), component_of({"pilot", "envoy"}), component_of({"ztunnel"})
    ('agent', 'pilot', 'ztunnel')
    """
    told = sorted(TOLD_BY_STATEMENTS & components)
    if "pilot" in components or told:
        return "pilot" if "pilot" in components else told[0]
    return "ztunnel" if components == {"ztunnel"} else "agent"
