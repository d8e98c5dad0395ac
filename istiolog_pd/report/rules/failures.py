"""Rules for what did not work: rejected, unsent and refused configuration, lost connections, no endpoints."""

from __future__ import annotations

import pandas as pd

from istiolog_pd import analysis
from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import MOST_WORDS, bounds, clock, rows_at, rows_of, shown, some
from istiolog_pd.report.model import Rule, Seen

UNSENT = {"write timeout", "queue timeout", "client busy", "send failure"}
REFUSED = {"rate limit": "xds_rate_limited", "unauthenticated": "auth_failure", "unauthorized": "auth_failure"}
#: A service flaps that went empty so often.
FLAPS = 3


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


def _storms(table: pd.DataFrame, capture: Capture) -> Seen | None:
    reason = table["reason"].astype("str")
    own = table[reason.isin(["storm", "flapping", "restart"])]
    if own.empty:
        return None
    counts = reason[own.index].value_counts()
    proxies = int(own["proxy"].nunique())
    restless = own["proxy"].value_counts()
    return Seen(
        f"{some(len(own), 'session')} of {some(proxies, 'proxy', 'proxies')} ended abnormally",
        f"{', '.join(f'{name} {count:,}' for name, count in counts.items())}, of {len(table):,} sessions in all; the "
        f"most by one proxy: {restless.iloc[0]:,} ({shown(restless.index[0], MOST_WORDS)}).",
        len(own) / len(table),
        rows_of(capture, "connection_close", proxy=restless.index[0]) or rows_at(capture, own),
    )


def _flapping(table: pd.DataFrame, capture: Capture) -> Seen | None:
    own = table[(table["went_empty_low"] >= FLAPS).fillna(False).astype(bool)]
    if own.empty:
        return None
    worst = own.iloc[0]
    often = bounds(int(worst["went_empty_low"]), worst["went_empty_high"])
    return Seen(
        f"{some(len(own), 'service')} lost all endpoints again and again",
        f"The most restless: {shown(worst['service'], MOST_WORDS)}, which went empty {often} times; together they "
        f"forced {some(int(own['full_pushes'].fillna(0).sum()), 'full push', 'full pushes')}.",
        len(own) / len(table),
        rows_of(capture, "push_trigger", service=worst["service"]),
    )


def _empty(table: pd.DataFrame, capture: Capture) -> Seen | None:
    most = table["empty_max"].max()
    if pd.isna(most) or most == 0:
        return None
    peak = table.sort_values("empty_max", kind="stable").iloc[-1]
    touched = (table["empty_max"] > 0).sum()
    return Seen(
        f"Up to {some(int(most), 'cluster')} of one proxy had no endpoints",
        f"Highest at {clock(peak['time'])}; {touched:,} of {len(table):,} time bins hold a push with such a cluster.",
        float(touched) / len(table),
        rows_of(capture, "xds_push", empty=int(most)),
    )


BROKEN = (
    Rule(
        "nacks",
        "broken",
        "the proxies",
        "errors",
        "configuration that a proxy rejected (NACK)",
        _nacks,
        "A proxy that rejects an update goes on with its old configuration: what was changed does not hold there.",
        "Read the error text: it names the resource. Find who made it (EnvoyFilter, DestinationRule, endpoints of a "
        "ServiceEntry), correct it, and check with istioctl analyze and istioctl proxy-status.",
        "analysis.errors(capture).query(\"cause in ['NACK', 'rejected by Envoy']\")",
        rare=True,
    ),
    Rule(
        "unsent",
        "broken",
        "the proxies",
        "errors",
        "pushes that could not be sent: write and queue timeouts, busy clients, failed sends",
        _unsent,
        "The proxy did not get this update; it catches up only with the next push or when it connects again.",
        "Look at the CPU and memory of these proxies and of istiod at these times, and at the network between; "
        "smaller configurations (Sidecar resources) and PILOT_PUSH_THROTTLE help where istiod is too fast for them.",
        f'analysis.errors(capture).query("cause in {sorted(UNSENT)}")',
        rare=True,
    ),
    Rule(
        "refused",
        "broken",
        "the proxies",
        "errors",
        "clients that were refused: rate limits, failed authentication or authorisation",
        _refused,
        "A proxy that is refused has no configuration of this istiod: a new pod does not become ready.",
        "Rate limits: add replicas or raise PILOT_MAX_REQUESTS_PER_SECOND. Authentication: check token audiences, "
        "trust domain and the clocks of the nodes.",
        "analysis.errors(capture).query(\"cause in ['rate limit', 'unauthenticated', 'unauthorized']\")",
        rare=True,
    ),
    Rule(
        "reconnects",
        "broken",
        "the sessions",
        "connections",
        "sessions that ended in a storm, with a restart of istiod, or of a proxy that connects again and again",
        _storms,
        "Every new connection asks for the whole configuration: a storm is the heaviest load that istiod knows.",
        "A storm or restart: look at istiod's memory, probes and evictions then. One proxy: look at its pod.",
        "analysis.connections(capture).query(\"reason in ['storm', 'flapping', 'restart']\")",
    ),
    Rule(
        "flapping_endpoints",
        "broken",
        "the services named",
        "endpoint_churn",
        f"services that went empty {FLAPS} times or more",
        _flapping,
        "While a service has no endpoint its callers get 503, and each change of this kind is pushed to all of them.",
        "Look at the readiness probes and the rollouts of these services.",
        f'analysis.endpoint_churn(capture).query("went_empty_low >= {FLAPS}")',
    ),
    Rule(
        "empty_clusters",
        "broken",
        "the time bins",
        "empty_clusters",
        "pushes with clusters that have no endpoints",
        _empty,
        "Requests to a cluster without endpoints fail at once (503 UH).",
        "Look for services whose selector fits no ready pod, and for subsets whose labels none has: istioctl analyze.",
        'analysis.empty_clusters(capture).query("empty_max > 0")',
    ),
)
