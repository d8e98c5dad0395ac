"""Rules for errors: rejected, unsent and refused configuration."""

from __future__ import annotations

import pandas as pd

from istiolog_pd import analysis
from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import MAX_WORDS, clock_span, plural, rows_of, shown
from istiolog_pd.report.model import Rule, RuleHit

UNSENT = {"write timeout", "queue timeout", "client busy", "send failure"}
REFUSED = {"rate limit": "xds_rate_limited", "unauthenticated": "auth_failure", "unauthorized": "auth_failure"}


def _of_all(capture: Capture, proxies: int) -> float:
    """The share of all proxies that are seen in pushes."""
    return min(1.0, proxies / max(int(analysis.pushes(capture)["proxy"].nunique()), proxies, 1))


def _counted(table: pd.DataFrame) -> str:
    """How many of each cause."""
    counts = table.groupby(table["cause"].astype("str"))["count"].sum().sort_values(ascending=False)
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _nacks(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
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
    by = f" by {plural(proxies, 'proxy', 'proxies')}" if proxies else ""
    return RuleHit(
        f"Configuration was rejected {plural(total, 'time')}{by}",
        f"Types: {', '.join(f'{name} {count:,}' for name, count in types.items())}. "
        f"{plural(len(texts), 'error text')}, "
        f"most often ({texts.iloc[0]:,} of {total:,}): “{shown(common, MAX_WORDS)}”.",
        _of_all(capture, proxies),
        rows_of(capture, event, error=common) or rows_of(capture, event),
    )


def _exited(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    """Envoys that died; the reason is as far as the agent knew it."""
    own = table[table["cause"] == "Envoy exited"]
    if own.empty:
        return None
    total, proxies = int(own["count"].sum()), int(own["proxy"].nunique())
    killed = own["error"].str.contains("signal: killed", regex=False).fillna(False)
    guess = (
        " A container that runs out of memory is killed (SIGKILL), but there are other causes." if killed.any() else ""
    )
    return RuleHit(
        f"Envoy died {plural(total, 'time')} in {plural(max(proxies, 1), 'proxy', 'proxies')}",
        f"{', '.join(f'{shown(name, MAX_WORDS)} {count:,}' for name, count in _by_text(own).items())}, "
        f"{clock_span(own['first_seen'], own['last_seen'])}.{guess}",
        _of_all(capture, proxies),
        rows_of(capture, "envoy_exit", cause="Envoy exited"),
    )


def _listeners(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    """Listeners that could not be opened."""
    own = table[table["cause"] == "listener failed"]
    if own.empty:
        return None
    proxies = int(own["proxy"].nunique())
    texts = _by_text(own)
    return RuleHit(
        f"Listeners failed to open in {plural(max(proxies, 1), 'proxy', 'proxies')}",
        f"{plural(int(own['count'].sum()), 'time')}, "
        f"{clock_span(own['first_seen'], own['last_seen'])}; most often: “{shown(texts.index[0], MAX_WORDS)}”.",
        _of_all(capture, proxies),
        rows_of(capture, "listener_error"),
    )


def _by_text(table: pd.DataFrame) -> pd.Series[int]:
    """How often each error text came, the commonest first."""
    return table.groupby(table["error"].fillna("no text"))["count"].sum().sort_values(ascending=False)


def _unsent(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    own = table[table["cause"].isin(UNSENT) & ~table["expected"].fillna(False).astype(bool)]
    if own.empty:
        return None
    total, proxies = int(own["count"].sum()), int(own["proxy"].nunique())
    return RuleHit(
        f"{plural(total, 'push', 'pushes')} could not be sent to {plural(proxies, 'proxy', 'proxies')}",
        f"{_counted(own)}, {clock_span(own['first_seen'], own['last_seen'])}.",
        _of_all(capture, proxies),
        rows_of(capture, "xds_send_failure"),
    )


def _refused(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    own = table[table["cause"].isin(REFUSED)]
    if own.empty:
        return None
    worst = own.groupby(own["cause"].astype("str"))["count"].sum().idxmax()
    return RuleHit(
        f"{plural(int(own['count'].sum()), 'connection or request', 'connections or requests')} of proxies refused",
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
        checks="configuration that a proxy rejected (NACK)",
        find=_nacks,
        why=(
            "The change is not active on a proxy that rejects it. Of a rejected update, Envoy applies the valid "
            "resources and keeps the old version (or none) of those named in the error."
        ),
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
        checks="pushes that could not be sent: write and queue timeouts, busy clients, failed sends",
        find=_unsent,
        why="The proxy did not get this update; it catches up only with the next push or when it connects again.",
        do=(
            "Check CPU and memory of these proxies and of istiod at these times, and the network between them; "
            "smaller configurations (Sidecar resources) and PILOT_PUSH_THROTTLE help if istiod is too fast for them."
        ),
        python=f'analysis.errors(capture).query("cause in {sorted(UNSENT)}")',
        rare=True,
    ),
    Rule(
        name="envoy_exited",
        kind="broken",
        of="the proxies",
        answer="errors",
        checks="Envoy processes that exited with an error or were killed",
        find=_exited,
        why="All connections through this proxy break, and its pod serves no traffic until Envoy is back.",
        do="Compare the container's memory with its limit; read the pod's events and last state (kubectl describe).",
        python="analysis.errors(capture).query(\"cause == 'Envoy exited'\")",
        rare=True,
    ),
    Rule(
        name="listeners",
        kind="broken",
        of="the proxies",
        answer="errors",
        checks="listeners that failed to open",
        find=_listeners,
        why="Such a listener receives no traffic; the update that contained it is rejected.",
        do="Find what uses the port (the application, another listener), and who created the listener.",
        python="analysis.errors(capture).query(\"cause == 'listener failed'\")",
        rare=True,
    ),
    Rule(
        name="refused",
        kind="broken",
        of="the proxies",
        answer="errors",
        checks="clients that were refused: rate limits, failed authentication or authorization",
        find=_refused,
        why="A refused proxy gets no configuration from this istiod: a new pod does not become ready.",
        do=(
            "Rate limits: add replicas or raise PILOT_MAX_REQUESTS_PER_SECOND. Authentication: check token audiences, "
            "trust domain and the clocks of the nodes."
        ),
        python="analysis.errors(capture).query(\"cause in ['rate limit', 'unauthenticated', 'unauthorized']\")",
        rare=True,
    ),
)
