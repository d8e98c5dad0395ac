"""Rules for rejected updates: those that nothing followed."""

from __future__ import annotations

import pandas as pd

from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import MAX_WORDS, clock, plural, rows_at, shown
from istiolog_pd.report.model import Rule, RuleHit

NO_ACKS = "accepted updates are at debug, so whether a proxy recovered is not known"


def _open(table: pd.DataFrame, capture: Capture) -> RuleHit | str | None:
    own = table[table["recovered"].isna()]
    if own.empty:
        return None
    if table["recovered"].isna().all() and not ({"xds_ack", "cds_update"} & set(capture)):
        return NO_ACKS
    proxies = int(own["proxy"].nunique())
    first = own.iloc[0]
    can_be = f" It can be about {shown(first['objects'], MAX_WORDS)}." if pd.notna(first["objects"]) else ""
    return RuleHit(
        f"{plural(proxies, 'proxy', 'proxies')} accepted no update of a type after rejecting one",
        f"Since {clock(own['last'].min())}; the first: {shown(first['proxy'], MAX_WORDS)}, {first['xds_type']}: "
        f"“{shown(first['error'], MAX_WORDS)}”.{can_be}",
        proxies / max(int(table["proxy"].nunique()), 1),
        rows_at(capture, own),
    )


RULES = (
    Rule(
        name="not_recovered",
        kind="broken",
        of="the proxies that rejected",
        answer="rejections",
        checks="proxies that rejected an update and accepted none of that type after it",
        find=_open,
        why="Such a proxy goes on with the old version of what it rejected, or without it.",
        do="Correct the object that the error names; istioctl proxy-status shows who is STALE.",
        python='analysis.rejections(capture).query("recovered.isna()")',
        rare=True,
    ),
)
