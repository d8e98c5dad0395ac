"""Envoy's response flags: why a request or connection did not go as it should.

The meanings are those of Envoy's access log documentation (``%RESPONSE_FLAGS%``,
``%RESPONSE_FLAGS_LONG%``; source/common/stream_info/utility.h).
"""

from __future__ import annotations

from istiolog_pd.formats.values import BLANKS

#: Short name, long name, meaning.
_FLAGS: tuple[tuple[str, str, str], ...] = (
    ("UH", "NoHealthyUpstream", "no healthy host in the upstream cluster (503)"),
    ("UF", "UpstreamConnectionFailure", "the connection to the upstream failed (503)"),
    ("UO", "UpstreamOverflow", "the upstream's circuit breaker is open (503)"),
    ("NR", "NoRouteFound", "no route for the request (404), or no filter chain for the connection"),
    ("URX", "UpstreamRetryLimitExceeded", "the retry limit (HTTP) or the most connect attempts (TCP) were reached"),
    ("NC", "NoClusterFound", "the upstream cluster is not known"),
    ("DT", "DurationTimeout", "a request or connection lasted longer than it may"),
    ("DC", "DownstreamConnectionTermination", "the client closed the connection"),
    ("DR", "DownstreamRemoteReset", "the client reset the stream"),
    ("LH", "FailedLocalHealthCheck", "the local service failed its health check (503)"),
    ("UT", "UpstreamRequestTimeout", "the upstream did not answer in time (504)"),
    ("LR", "LocalReset", "the connection was reset locally (503)"),
    ("UR", "UpstreamRemoteReset", "the upstream reset the stream (503)"),
    ("UC", "UpstreamConnectionTermination", "the upstream closed the connection (503)"),
    ("DI", "DelayInjected", "a fault filter delayed the request"),
    ("FI", "FaultInjected", "a fault filter ended the request with a given status"),
    ("RL", "RateLimited", "the request was rate limited locally (429)"),
    ("UAEX", "UnauthorizedExternalService", "the external authorization service denied the request"),
    ("RLSE", "RateLimitServiceError", "the rate limit service failed, so the request was refused"),
    ("IH", "InvalidEnvoyRequestHeaders", "a header that must be strict had an invalid value (400)"),
    ("SI", "StreamIdleTimeout", "nothing was sent for too long (408 or 504)"),
    ("DPE", "DownstreamProtocolError", "the client's request had an HTTP protocol error"),
    ("UPE", "UpstreamProtocolError", "the upstream's answer had an HTTP protocol error"),
    ("UMSDR", "UpstreamMaxStreamDurationReached", "the upstream request reached its longest duration"),
    ("RFCF", "ResponseFromCacheFilter", "the answer came from a cache filter"),
    ("NFCF", "NoFilterConfigFound", "a filter's configuration did not come within the warming time"),
    ("OM", "OverloadManagerTerminated", "the overload manager ended the request"),
    ("DF", "DnsResolutionFailed", "the upstream's name could not be resolved"),
    ("DO", "DropOverload", "the upstream's load assignment says to drop such requests (503)"),
    ("UDO", "UnconditionalDropOverload", "the upstream's load assignment says to drop every request (503)"),
)

#: Flag, short or long -> meaning.
RESPONSE_FLAGS: dict[str, str] = {
    **{short: meaning for short, _, meaning in _FLAGS},
    **{long: meaning for _, long, meaning in _FLAGS},
}

#: Short name of a flag -> its long name.
LONG_NAMES: dict[str, str] = {short: long for short, long, _ in _FLAGS}


def explain_flags(flags: str) -> dict[str, str]:
    """Explain the response flags of an access line.

    Parameters
    ----------
    flags
        Flags as printed, short or long, comma separated; ``-`` or nothing is none.

    Returns
    -------
    dict of str to str
        Each flag with its meaning, in the order printed; empty for one that Envoy's documentation
        does not know.

    Examples
    --------
    >>> explain_flags("UF,URX")["UF"]
    'the connection to the upstream failed (503)'
    >>> explain_flags("-")
    {}
    """
    names = (flag.strip(BLANKS) for flag in flags.split(","))
    return {name: RESPONSE_FLAGS.get(name, "") for name in names if name not in ("", "-")}
