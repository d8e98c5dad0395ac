"""Rules for what pushes cost: messages near the limit."""

from __future__ import annotations

import pandas as pd

from istiolog_pd._text import bytes_text
from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import MAX_WORDS, plural, rows_at, shown
from istiolog_pd.report.model import Rule, RuleHit


def _near(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    own = table[table["verdict"].isin(["over", "near"])]
    if own.empty:
        return None
    over, worst = own[own["verdict"].eq("over")], own.iloc[0]
    proxies = int(own["proxy"].nunique())
    grows = f"; {worst['growth']:.2f} times its largest of the first half of the log" if worst["growth"] > 1 else ""
    return RuleHit(
        f"{plural(proxies, 'proxy', 'proxies')} got messages of half of gRPC's default limit (4 MiB) or more",
        f"{plural(int(over['proxy'].nunique()), 'proxy', 'proxies')} beyond it. The largest: {worst['xds_type']} to "
        f"{shown(worst['proxy'], MAX_WORDS)}, {bytes_text(int(worst['largest_low']))}{grows}.",
        proxies / int(table["proxy"].nunique()),
        rows_at(capture, own),
    )


RULES = (
    Rule(
        name="message_sizes",
        kind="costly",
        of="the proxies",
        answer="message_sizes",
        checks="messages of half of the 4 MiB or more that clients of gRPC take by default",
        find=_near,
        why="Clients that keep the default (proxyless gRPC, other xDS clients) do not get what is larger.",
        do="Narrow the configuration (Sidecar, exportTo), or raise the client's limit.",
        python="analysis.message_sizes(capture).query(\"verdict != 'below'\")",
    ),
)
