"""Rules for errors: rejected, unsent and refused configuration."""

from __future__ import annotations

import pandas as pd

from istiolog_pd import analysis
from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import MOST_WORDS, clock, rows_of, shown, some
from istiolog_pd.report.model import Rule, Seen

UNSENT = {"write timeout", "queue timeout", "client busy", "send failure"}
REFUSED = {"rate limit": "xds_rate_limited", "unauthenticated": "auth_failure", "unauthorized": "auth_failure"}


def _of_all(capture: Capture, proxies: int) -> float:
    """The share of all proxies that are seen in pushes."""
    return min(1.0, proxies / max(int(analysis.pushes(capture)["proxy"].nunique()), proxies, 1))


def _counted(table: pd.DataFrame) -> str:
    """How many of each cause."""
    counts = table.groupby(table["cause"].astype("str"))["count"].sum().sort_values(ascending=False)
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _nacks(table: pd.DataFrame, capture: Capture) -> Seen | None:
    """Rejections as istiod saw them; as Envoy did where its log is all there is."""
    own, event = table[table["cause"] == "NACK"], "xds_nack"
    if own.empty:
        own, event = table[table["cause"] == "rejected by Envoy"], "xds_rejected"
    if own.empty:
        return None
    total, proxies = int(own["count"].sum()), int(own["proxy"].nunique())
    texts = own.groupby(own["error"].fillna("no text"))["count"].sum().sort_values(ascending=False)
    common = str(texts.index[0])
    types = own.groupby(own["xds_type"].astype("str"))["count"].sum().sort_values(ascending=False)
    by = f" by {some(proxies, 'proxy', 'proxies')}" if proxies else ""
    return Seen(
        f"Configuration was rejected {some(total, 'time')}{by}",
        f"Types: {', '.join(f'{name} {count:,}' for name, count in types.items())}. {some(len(texts), 'error text')}; "
        f"the commonest ({texts.iloc[0]:,} of {total:,}): “{shown(common, MOST_WORDS)}”.",
        _of_all(capture, proxies),
        rows_of(capture, event, error=common) or rows_of(capture, event),
    )


def _unsent(table: pd.DataFrame, capture: Capture) -> Seen | None:
    own = table[table["cause"].isin(UNSENT) & ~table["expected"].fillna(False).astype(bool)]
    if own.empty:
        return None
    total, proxies = int(own["count"].sum()), int(own["proxy"].nunique())
    return Seen(
        f"{some(total, 'push', 'pushes')} could not be sent to {some(proxies, 'proxy', 'proxies')}",
        f"{_counted(own)}, from {clock(own['first_seen'].min())} to {clock(own['last_seen'].max())}.",
        _of_all(capture, proxies),
        rows_of(capture, "xds_send_failure"),
    )


def _refused(table: pd.DataFrame, capture: Capture) -> Seen | None:
    own = table[table["cause"].isin(REFUSED)]
    if own.empty:
        return None
    worst = own.groupby(own["cause"].astype("str"))["count"].sum().idxmax()
    return Seen(
        f"{some(int(own['count'].sum()), 'connection or request', 'connections or requests')} of proxies were refused",
        f"{_counted(own)}.",
        _of_all(capture, int(own["proxy"].nunique())),
        rows_of(capture, REFUSED[str(worst)]),
    )


RULES = (
    Rule(
        name="nacks",
        kind="broken",
        of="the proxies",
        answer="errors",
        looks="configuration that a proxy rejected (NACK)",
        find=_nacks,
        why="A proxy that rejects an update goes on with its old configuration: what was changed does not hold there.",
        do=(
            "Read the error text: it names the resource. Find who made it (EnvoyFilter, DestinationRule, endpoints "
            "of a "
            "ServiceEntry), correct it, and check with istioctl analyze and istioctl proxy-status."
        ),
        python="analysis.errors(capture).query(\"cause in ['NACK', 'rejected by Envoy']\")",
        rare=True,
    ),
    Rule(
        name="unsent",
        kind="broken",
        of="the proxies",
        answer="errors",
        looks="pushes that could not be sent: write and queue timeouts, busy clients, failed sends",
        find=_unsent,
        why="The proxy did not get this update; it catches up only with the next push or when it connects again.",
        do=(
            "Look at the CPU and memory of these proxies and of istiod at these times, and at the network between; "
            "smaller configurations (Sidecar resources) and PILOT_PUSH_THROTTLE help where istiod is too fast for them."
        ),
        python=f'analysis.errors(capture).query("cause in {sorted(UNSENT)}")',
        rare=True,
    ),
    Rule(
        name="refused",
        kind="broken",
        of="the proxies",
        answer="errors",
        looks="clients that were refused: rate limits, failed authentication or authorisation",
        find=_refused,
        why="A proxy that is refused has no configuration of this istiod: a new pod does not become ready.",
        do=(
            "Rate limits: add replicas or raise PILOT_MAX_REQUESTS_PER_SECOND. Authentication: check token audiences, "
            "trust domain and the clocks of the nodes."
        ),
        python="analysis.errors(capture).query(\"cause in ['rate limit', 'unauthenticated', 'unauthorized']\")",
        rare=True,
    ),
)
