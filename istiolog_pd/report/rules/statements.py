"""Rules for what warnings and errors tell, by topic: crashes, certificates, webhooks, watches, authentication, Wasm.

What calls for action is a finding. What calls for a look is one where it lasts longer and comes more often than while
something starts. What is harmless is none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd.capture import Capture
from istiolog_pd.report.html.evidence import MAX_LINES, MAX_WORDS, clock_span, plural, rows_at, shown
from istiolog_pd.report.model import Rule, RuleHit

#: Minimum number of lines to look at, and the minimum time they span, for a finding.
OFTEN, LONG = 10, pd.Timedelta("2min")


@dataclass(frozen=True, slots=True)
class Topic:
    """Events whose lines are one finding: its name, what it says, why it matters, what to do."""

    name: str
    events: tuple[str, ...]
    says: str
    checks: str
    why: str
    do: str


TOPICS = (
    Topic(
        "panics",
        ("panic",),
        "A process, or one of its requests, crashed",
        "panics and fatal errors of Go, signals that Envoy caught",
        "A crashed process restarts without its state: proxies reconnect, requests are lost.",
        "Note the version and the first frames, and look for them in Istio's issues; a newer patch often has the fix.",
    ),
    Topic(
        "certificates",
        ("ca_error", "cert_rotation", "secret_error", "trust_bundle"),
        "Certificates could not be obtained, issued or rotated",
        "errors of the CA, of the agent's certificates and of trust bundles",
        "A proxy without a valid certificate is not part of the mesh: its mTLS connections fail.",
        "Unavailable: look whether port 15012 of istiod is reached. Unauthenticated: look at the token, its audience "
        "and the clocks. Else read the error: it names the secret or file.",
    ),
    Topic(
        "webhooks",
        ("webhook_config", "injection"),
        "Webhooks or the sidecar injector failed",
        "webhook configurations that could not be patched, pods that could not be injected",
        "Pods start without a sidecar or are refused, or invalid configuration is accepted.",
        "kubectl get mutatingwebhookconfigurations,validatingwebhookconfigurations: look at the CA bundle, and whether "
        "the API server reaches port 15017 of istiod.",
    ),
    Topic(
        "watches",
        ("kube_api_error",),
        "The Kubernetes API failed or refused",
        "resources that could not be listed or watched",
        "istiod misses changes to resources it cannot watch: its configuration is stale, or it never becomes ready.",
        "forbidden: compare the ClusterRole with that of this version. could not find the requested resource: install "
        "the CRDs of this version. Else look at the API server.",
    ),
    Topic(
        "authentication",
        ("auth_failure", "jwks_fetch", "token_exchange"),
        "Clients or tokens could not be authenticated",
        "clients refused, keys of JWT issuers that could not be fetched, tokens that could not be exchanged",
        "A client that is refused has no configuration; requests with tokens of an issuer without keys get 401.",
        "Look whether istiod reaches the issuer's jwks address (proxy, TLS), and at the audiences of the tokens.",
    ),
    Topic(
        "wasm_modules",
        ("wasm",),
        "Wasm modules could not be loaded",
        "Wasm modules that could not be fetched or loaded",
        "Without its module a plugin fails closed (503) or is skipped, depending on its failStrategy.",
        "Look at the image address, the pull secret and whether the proxies reach the registry.",
    ),
    Topic(
        "redirection",
        ("iptables", "cni_pod", "cni_install"),
        "Traffic redirection could not be set up",
        "iptables rules, and pods that the CNI plugin could not add",
        "Without redirection, traffic bypasses the proxy, or the pod does not start.",
        "Look at NET_ADMIN or the CNI plugin on the node, and at the kernel's modules.",
    ),
)


def _finder(topic: Topic) -> Callable[[pd.DataFrame, Capture], RuleHit | None]:
    """What looks for a topic."""

    def find(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
        own = table[table["event"].isin(topic.events)]
        acts = own[own["verdict"].eq("act").fillna(False)]
        looks = own[own["verdict"].eq("look").fillna(False)]
        if acts.empty and not _lasts(looks):
            return None
        chosen = acts if len(acts) else looks
        causes = chosen.groupby(chosen["cause"].astype("str"))["count"].sum().sort_values(ascending=False)
        worst = chosen[chosen["cause"].astype("str") == causes.index[0]].iloc[0]
        error = f": “{shown(worst['error'], MAX_WORDS)}”" if pd.notna(worst["error"]) else ""
        span = "" if chosen["first_seen"].isna().all() else f", {clock_span(chosen['first_seen'], chosen['last_seen'])}"
        listed = "; ".join(f"{shown(name, MAX_WORDS)} ({count:,})" for name, count in causes.head(3).items())
        return RuleHit(
            f"{topic.says}: {plural(int(chosen['count'].sum()), 'line')}",
            f"{listed}{span}. {worst['why']}" + (f" Most often{error}." if error else ""),
            chosen["run"].nunique() / max(table["run"].nunique(), 1),
            _evidence(capture, topic, chosen),
        )

    return find


def _lasts(looks: pd.DataFrame) -> bool:
    """Whether lines that call for a look are more than a start brings."""
    if looks.empty or int(looks["count"].sum()) < OFTEN:
        return False
    return bool(looks["last_seen"].max() - looks["first_seen"].min() >= LONG)


def _evidence(capture: Capture, topic: Topic, chosen: pd.DataFrame) -> tuple[int, ...]:
    """The first rows of these events at a level of the lines told of, their errors first."""
    rows: list[int] = []
    errors = pa.array(chosen["error"].dropna().unique().tolist(), pa.string())
    levels = pa.array(chosen["level"].dropna().astype("str").unique().tolist(), pa.string())
    for event in topic.events:
        table = capture[event]
        if not (chosen["event"] == event).any():
            continue
        keep = pc.is_in(table["level"].cast(pa.string()), levels) if len(levels) else None
        if len(errors) and "error" in table.schema.names:
            keep = pc.is_in(table["error"].cast(pa.string()), errors)
        rows += (table if keep is None else table.filter(keep))["row"].slice(0, MAX_LINES).to_pylist()
    return tuple(rows[:MAX_LINES])


def _remote(table: pd.DataFrame, capture: Capture) -> RuleHit | None:
    """Remote clusters that end in a state that is not good, or were in one."""
    bad = table[table["state"].isin(["failing", "timed out"])]
    if bad.empty:
        return None
    last = table.groupby(["run", "cluster"])["state"].last()
    still = int(last.isin(["failing", "timed out"]).sum())
    clusters = sorted(bad["cluster"].unique())
    named = ", ".join(shown(name, MAX_WORDS) for name in clusters[:3])
    errors = bad["error"].dropna()
    return RuleHit(
        f"{plural(len(clusters), 'remote cluster')} could not be reached or synced",
        f"{named}; {still:,} of {len(last):,} at the end of the log"
        + (f"; last error: “{shown(errors.iloc[-1], MAX_WORDS)}”." if len(errors) else "."),
        len(clusters) / max(table["cluster"].nunique(), 1),
        rows_at(capture, bad),
    )


RULES = (
    *(
        Rule(
            name=topic.name,
            kind="broken",
            of="the runs with warnings",
            answer="errors",
            checks=f"{topic.checks}; minor ones from {OFTEN} lines over {LONG.seconds // 60} minutes on",
            find=_finder(topic),
            why=topic.why,
            do=topic.do,
            python=f'analysis.errors(capture).query("event in {list(topic.events)}")',
            rare=True,
        )
        for topic in TOPICS
    ),
    Rule(
        name="remote_clusters",
        kind="broken",
        of="the remote clusters",
        answer="remote_clusters",
        checks="remote clusters that could not be reached, or did not sync in time",
        find=_remote,
        why="Proxies get no services and endpoints of a cluster that is not synced, or old ones.",
        do="istioctl remote-clusters; look at the address, the CA and the token in the cluster's secret, and its role.",
        python="analysis.remote_clusters(capture).query(\"state in ['failing', 'timed out']\")",
        rare=True,
    ),
)
