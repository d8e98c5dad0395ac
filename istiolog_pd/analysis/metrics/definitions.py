"""What Istio's own metrics mean, and why a log can only bound some of them: data, by metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Combined = Literal["sum", "newest", "range"]

#: How the text format names the series of a histogram.
SUFFIXES = ("_bucket", "_sum", "_count")


@dataclass(frozen=True, slots=True)
class Meaning:
    """A metric: what it really is, why its series are bounds, and how those of several runs combine.

    `combined` is ``sum`` for what counts up (over all runs), ``newest`` for a gauge that adds up over
    replicas (the newest run of each source), ``range`` for one that does not.
    """

    text: str
    bounded: str = "lines of the log are missing"
    unknown: str = "no line logs it"
    combined: Combined = "sum"


LOST = "counted when built, logged when sent: a connection that closes can lose its last push"
HIDDEN = (
    f"{LOST}; endpoint-only pushes are printed at debug (ads:debug,delta:debug), "
    "and are at most one per connection and round"
)
FAN_OUT = "a round is queued for every connection (ConnectedEndpoints); what is merged or skipped there is not printed"

MEANINGS: dict[str, Meaning] = {
    "pilot_xds_pushes": Meaning(
        "pushes built, per type; *_senderr: sends that failed, except on connections that just closed", HIDDEN
    ),
    "pilot_xds_push_time": Meaning(
        "time to build, encode and send one type for one proxy; counts what pilot_xds_pushes counts",
        HIDDEN,
        "no line says when the building of a type began",
    ),
    "pilot_xds_send_time": Meaning(
        "time inside the gRPC send alone; counts every send, failed ones too",
        HIDDEN,
        "no line says when a send began",
    ),
    "pilot_xds_config_size_bytes": Meaning(
        "bytes of the resources of a push, a little less than what is sent",
        f"sizes are printed with one decimal; {HIDDEN}",
        "before Istio 1.9 no line logs a size (except LDS)",
    ),
    "pilot_total_xds_rejects": Meaning("responses that a proxy rejected (NACK): one ACK ERROR line each"),
    "pilot_total_xds_internal_errors": Meaning("streams that ended with an unexpected error"),
    "pilot_xds_write_timeout": Meaning("sends that took longer than PILOT_XDS_SEND_TIMEOUT"),
    "pilot_xds_expired_nonce": Meaning(
        "requests that answer a push which a newer one has replaced: normal while pushes follow each other",
        "only some scopes are at level debug",
        "printed at level debug only: ads:debug,delta:debug",
    ),
    "pilot_xds": Meaning(
        "open ADS connections, summed here over the proxies' versions, which no line prints",
        "connections that opened or closed since the last round line which counts them",
        "no line counts connections",
        combined="newest",
    ),
    "pilot_services": Meaning(
        "services known at the last full push, not now",
        "the replicas know different numbers",
        "no line of a full push",
        combined="range",
    ),
    "pilot_virt_services": Meaning(
        "virtual services known at the last full push",
        "the replicas know different numbers",
        "printed by Istio 1.0 only",
        combined="range",
    ),
    "pilot_debounce_time": Meaning(
        "first merged event to the push being queued, with the time to build its context (1.16 on)",
        "measured after the round's line is printed and before the next decision",
        "Istio 1.0 does not print when a debounce began",
    ),
    "pilot_pushcontext_init_seconds": Meaning(
        "time to build the push context of a full round",
        "the time is between the debounce line and the round's line; debug (ads:debug) prints it",
        "no debounce line stands before a full round",
    ),
    "pilot_inbound_updates": Meaning(
        "config: update requests before the debounce; eds, svc, svcdelete: calls of the registries",
        "requests that no decision has merged yet are not printed",
        "what the registries report is printed at level debug, and not all of it",
    ),
    "pilot_push_triggers": Meaning(
        "reasons of the requests merged into a push, counted for each proxy when it is taken from the queue: "
        "events times connections, not pushes; summed here over the reasons, which the lines seldom print",
        "a connection that opens or closes at that moment may be in the round or not",
        "no line says how many events a round merged",
    ),
    "pilot_proxy_queue_time": Meaning(
        "start of the round to the proxy being taken from the queue, per proxy (merged rounds count once)",
        FAN_OUT,
        "no line says when a proxy was taken from the queue",
    ),
    "pilot_proxy_convergence_time": Meaning(
        "start of the round to its last type being sent, per proxy: without the debounce, the context, the network "
        "and the proxy's work; nothing where a proxy needed no push or a send failed",
        FAN_OUT,
        "no line says which round a proxy's push began with",
    ),
    "xds_cache_reads": Meaning(
        "reads of the cache of generated resources (exported only with its metrics enabled)",
        "hits are printed with a push; those of pushes that are not printed are missing",
        "what missed the cache is printed together with what does not go through it",
    ),
}


def base(series: str) -> str:
    """The metric that a series belongs to.

    Examples
    --------
    >>> base("pilot_debounce_time_bucket"), base("pilot_services")
    ('pilot_debounce_time', 'pilot_services')
    """
    for suffix in SUFFIXES:
        if series.endswith(suffix) and series.removesuffix(suffix) in MEANINGS:
            return series.removesuffix(suffix)
    return series
