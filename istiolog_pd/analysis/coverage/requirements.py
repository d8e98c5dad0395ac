"""What each answer needs of a log, as data: which lines, printed by whom at which level and since when.

A new answer is a new line in `NEEDS`.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Settings that print more.
ADS_INFO = "istiod: --log_output_level ads:info,delta:info"
ADS_DEBUG = "istiod: --log_output_level ads:debug,delta:debug"
PUSH_DEBUG = "istiod: --log_output_level fullpush:debug (1.24-1.30), push:debug (1.31 on)"
MODEL_INFO = "istiod: --log_output_level ads:info,model:info"
GC_TRACE = "istiod: environment GODEBUG=gctrace=1"
PROXY_INFO = "proxy level info (istioctl proxy-config log POD --level info)"
PROXY_DEBUG = "proxy level debug (istioctl proxy-config log POD --level upstream:debug)"
AGENT_DEBUG = "pilot-agent: --log_output_level xdsproxy:debug (annotation sidecar.istio.io/agentLogLevel)"
ACCESS = "meshConfig.accessLogFile: /dev/stdout"
BOOTSTRAP = "add the proxy's bootstrap, /etc/istio/proxy/envoy-rev.json"
WHOLE = "the whole log: kubectl logs --tail=-1, --previous, and the rotated files"

ENDPOINT_ONLY = "endpoint-only pushes are printed at debug"


@dataclass(frozen=True)
class Need:
    """One thing that an answer says, and the lines it is made of.

    Parameters
    ----------
    question
        What is answered.
    answer
        The function of `istiolog_pd.analysis` that answers it.
    events
        The lines it is made of: any of these events.
    setting
        What prints them.
    component
        Who prints them.
    column
        A column that they must fill; empty: the lines alone tell.
    since, until
        The versions that print them.
    level
        The level they are printed at; `debug_since`: the version from which on that is debug.
    rare
        No such line is an answer too (nothing of it happened), if the level prints it.
    lost, more, lost_since
        What is missing though the lines are there unless the level is debug, the setting that prints it, and
        since which version that is so.
    counts
        What is before the log counts too: one that is cut, or has gaps, answers in part.
    """

    question: str
    answer: str
    events: tuple[str, ...]
    setting: str
    component: str = "pilot"
    column: str = ""
    since: str = ""
    until: str = ""
    level: str = "info"
    debug_since: str = ""
    rare: bool = False
    lost: str = ""
    more: str = ""
    lost_since: str = ""
    counts: bool = False


def _pushed(question: str, answer: str, column: str = "", since: str = "", *, counts: bool = False) -> Need:
    """What is answered by push lines: from 1.5 on those of endpoint-only rounds are at debug."""
    return Need(
        question,
        answer,
        ("xds_push",),
        ADS_INFO,
        column=column,
        since=since,
        lost=ENDPOINT_ONLY,
        more=ADS_DEBUG,
        lost_since="1.5",
        counts=counts,
    )


NEEDS: tuple[Need, ...] = (
    Need("when and why pushes were decided", "debounces", ("debounce",), ADS_INFO),
    Need("when each debounce began", "debounces", ("debounce",), ADS_INFO, column="debounce_time", since="1.1"),
    Need("which push rounds there were", "push_rounds", ("push_start",), ADS_INFO, column="connected_endpoints"),
    _pushed("what was pushed to which proxy, in which round", "pushes"),
    _pushed("how many proxies each round reached", "fan_out"),
    _pushed("full and incremental pushes over time", "full_vs_incremental"),
    _pushed("the order of types at each proxy", "xds_order"),
    Need("the node metadata of proxies", "node_metadata", (), BOOTSTRAP, component="bootstrap"),
    Need("what other debounce settings would do", "debounce_replay", ("debounce",), ADS_INFO, since="1.1"),
    Need(
        "the same, event by event",
        "debounce_replay",
        ("push_trigger",),
        PUSH_DEBUG,
        level="debug",
        column="reason",
        since="1.24",
    ),
    _pushed("how pushes went through their proxies", "push_waves"),
    _pushed("when each proxy had a push", "push_wave"),
    Need(
        "from push to acknowledgement, exactly: istiod's side",
        "propagation",
        ("xds_push", "xds_ack"),
        ADS_DEBUG,
        column="nonce",
        level="debug",
    ),
    Need(
        "from push to acknowledgement, exactly: the agent's side",
        "propagation",
        ("xds_response",),
        AGENT_DEBUG,
        component="agent",
        column="nonce",
        since="1.22",
        level="debug",
    ),
    Need("when Envoy took an update", "propagation", ("cds_update", "listener_update"), PROXY_INFO, component="envoy"),
    Need(
        "how long clusters warmed",
        "cluster_warming",
        ("cluster_warmed",),
        PROXY_DEBUG,
        component="envoy",
        debug_since="1.4",
    ),
    Need("the first requests on a new cluster", "propagation", ("access",), ACCESS, component="envoy"),
    Need(
        "which configs cause pushes (one of each set)",
        "triggers",
        ("debounce",),
        ADS_INFO,
        "pilot",
        "config_kind",
        "1.12",
    ),
    Need(
        "which configs cause pushes (all of each set)",
        "triggers",
        ("push_trigger",),
        PUSH_DEBUG,
        level="debug",
        column="reason",
        since="1.24",
    ),
    Need("sessions of proxies", "connections", ("connection_open",), ADS_INFO, since="1.8", counts=True),
    Need(
        "how many proxies were connected",
        "connected_endpoints",
        ("push_start",),
        ADS_INFO,
        column="connected_endpoints",
    ),
    Need("how sessions ended", "connections", ("connection_close",), ADS_INFO, rare=True, counts=True),
    Need("rejected configuration (NACKs)", "errors", ("xds_nack",), ADS_INFO, level="warn", rare=True),
    Need(
        "pushes that could not be sent",
        "errors",
        ("xds_send_failure", "xds_rate_limited"),
        ADS_INFO,
        level="warn",
        rare=True,
    ),
    Need(
        "closed and failed streams of proxies",
        "errors",
        ("xds_stream_closed",),
        PROXY_INFO,
        "envoy",
        level="warn",
        rare=True,
    ),
    Need("services that flap or go empty", "endpoint_churn", ("push_trigger",), MODEL_INFO, rare=True),
    _pushed("clusters without endpoints over time", "empty_clusters", "empty"),
    _pushed("bytes per type, proxy and round", "push_sizes", "size_bytes", "1.9"),
    _pushed("what a narrower Sidecar would save", "sidecar_savings", "size_bytes", "1.9"),
    _pushed("use of the xDS cache", "cache_ratio", "cacheable", "1.8"),
    _pushed("what differs from another capture", "compare"),
    Need("garbage collection beside pushes", "gc", ("go_gc",), GC_TRACE),
    _pushed("Istio's own metrics of pushes", "metrics", counts=True),
    Need("pilot_debounce_time", "metrics", ("debounce",), ADS_INFO, column="debounce_time", since="1.1", counts=True),
    _pushed("whether the log and the exported metrics agree", "compare_metrics", counts=True),
)
