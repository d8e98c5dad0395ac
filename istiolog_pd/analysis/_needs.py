"""What each answer needs of a log, as data: which lines, printed by whom at which level and since when.

Each answer declares its own, beside its columns.
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


def pushed(question: str, column: str = "", since: str = "", *, counts: bool = False) -> Need:
    """What is answered by push lines: from 1.5 on those of endpoint-only rounds are at debug."""
    return Need(
        question,
        ("xds_push",),
        ADS_INFO,
        column=column,
        since=since,
        lost=ENDPOINT_ONLY,
        more=ADS_DEBUG,
        lost_since="1.5",
        counts=counts,
    )
