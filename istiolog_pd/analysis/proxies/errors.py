"""What went wrong between the control plane and its proxies: rejected, not sent, turned away, closed."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pyarrow.compute as pc

from istiolog_pd.analysis._answer import (
    COUNT,
    FIRST_SEEN,
    LAST_SEEN,
    PROXY,
    RUN,
    SOURCE,
    TEXT,
    XDS_TYPE,
    Answer,
    Col,
    answers,
)
from istiolog_pd.analysis._needs import ADS_INFO, PROXY_INFO, Need
from istiolog_pd.analysis._result import cannot, shaped
from istiolog_pd.analysis._select import arrow, columns
from istiolog_pd.capture import Capture
from istiolog_pd.formats.field_parsers import GRPC_CODES

ERRORS = Answer(
    "errors",
    "One row per run, source, cause, proxy, type, code and form of error (digits ignored), the most frequent first",
    columns=(
        RUN,
        SOURCE,
        Col("component", "category", "", "component that logged it: ``pilot``, ``envoy``, ``agent``"),
        Col(
            "cause",
            "category",
            "",
            "``NACK``, ``rejected by Envoy``, ``write timeout``, ``queue timeout``, ``client busy``, ``send "
            "failure``, ``rate limit``, ``unauthenticated``, ``unauthorised``, ``stream closed``, ``disconnected``",
        ),
        PROXY,
        Col("peer", "str", "", "address of the client, where no proxy is logged"),
        XDS_TYPE,
        Col("grpc_code", "Int64", "", "gRPC status code"),
        Col("grpc", "category", "", "name of the gRPC status code"),
        Col("count", "Int64", "", "log lines"),
        FIRST_SEEN,
        LAST_SEEN,
        Col(
            "expected",
            "boolean",
            "",
            "true for a stream that ended with OK, Canceled or EOF, as it does when its proxy stops",
        ),
        Col("error", "str", "", "error text of the first line"),
    ),
    needs=(
        Need("rejected configuration (NACKs)", ("xds_nack",), ADS_INFO, level="warn", rare=True),
        Need(
            "pushes that could not be sent", ("xds_send_failure", "xds_rate_limited"), ADS_INFO, level="warn", rare=True
        ),
        Need(
            "closed and failed streams of proxies", ("xds_stream_closed",), PROXY_INFO, "envoy", level="warn", rare=True
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause: the event of its lines, and what their messages hold (a regular expression)."""

    name: str
    event: str
    words: str = ""
    needs_error: bool = False


#: The first that fits a line is its cause.
CAUSES = (
    Cause("NACK", "xds_nack"),
    Cause("rejected by Envoy", "xds_rejected"),
    Cause("write timeout", "xds_send_failure", "^Timeout writing"),
    Cause("queue timeout", "xds_send_failure", "QUEUE TIMEOUT"),
    Cause("client busy", "xds_send_failure", "^(Failed to push, client busy|Repeated failure to push)"),
    Cause("send failure", "xds_send_failure"),
    Cause("rate limit", "xds_rate_limited"),
    Cause("unauthenticated", "connection_open", "^Failed to authenticate"),
    Cause("unauthorised", "connection_open", "^Unauthorized XDS"),
    Cause("stream closed", "connection_close", needs_error=True),
    Cause("stream closed", "xds_stream_closed", "stream.* closed|^Unable to establish"),
    Cause("disconnected", "xds_disconnected", needs_error=True),
)

#: Codes and texts with which a stream ends when its proxy goes, or nothing is wrong.
ENDINGS = (GRPC_CODES["OK"], GRPC_CODES["Canceled"])
END_OF_FILE = "EOF"
NAMES = {code: name for name, code in GRPC_CODES.items()}

NONE = (
    "no such line among the {:,} entries: NACKs, rate limits, refused clients and most failed sends are printed at "
    "level warn, ends of streams at info; so there was none as far as the log reaches and its level let them through"
)
NO_ENTRIES = "this capture holds no entries"


@answers(ERRORS)
def errors(capture: Capture) -> pd.DataFrame:
    """NACKs, failed sends, timeouts, rate limits, refused clients and closed streams, by cause and proxy.

    Parameters
    ----------
    capture
        Logs of a control plane, of sidecars, or of both.

    Returns
    -------
    pandas.DataFrame
        {columns}

        Empty, with the reason in ``attrs["coverage"]``, if there is no such line.

    Notes
    -----
    pilot/pkg/xds/ads.go, delta.go, xdsgen.go, auth.go; pkg/istio-agent/xds_proxy.go. A failed write prints
    ``Timeout writing`` and, from 1.12 on, ``Send failure`` too: one failure is then in both causes.
    A send that failed as Unavailable or Canceled is printed at debug by delta xDS, and otherwise not at
    all. Envoy's streams close with code 13 or 14 at istiod's maximum age too: no fault, but the line does not tell.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.errors(il.load("data/istiod-1.20.8/discovery.log.gz"))
    >>> table.groupby("cause", observed=True)["count"].sum().to_dict()
    {'NACK': 23, 'send failure': 3, 'write timeout': 3}
    """
    parts = [part for event in dict.fromkeys(cause.event for cause in CAUSES) if len(part := _lines(capture, event))]
    if not parts:
        return cannot(ERRORS, NONE.format(len(capture)) if len(capture) else NO_ENTRIES)
    lines = pd.concat(parts, ignore_index=True).sort_values("row", kind="stable")
    lines["peer"] = lines["peer"].str.replace(r":[0-9]+$", "", regex=True).where(lines["proxy"].isna())
    keys = ["run", "source", "component", "cause", "proxy", "peer", "xds_type", "grpc_code", "form"]
    table = (
        lines.assign(form=lines["error"].str.replace(r"[0-9]+", "#", regex=True))
        .groupby(keys, sort=False, dropna=False, as_index=False)
        .agg(
            count=("row", "size"),
            first_seen=("timestamp", "min"),
            last_seen=("timestamp", "max"),
            error=("error", "first"),
        )
        .sort_values("count", ascending=False, kind="stable")
    )
    code = table["grpc_code"]
    unnamed = "Code(" + code.astype(TEXT) + ")"
    table["grpc"] = code.map(NAMES).astype(object).where(code.isna() | code.isin(list(NAMES)), unnamed)
    ended = table["cause"].isin(["stream closed", "disconnected"])
    table["expected"] = ended & (code.isin(ENDINGS) | table["error"].eq(END_OF_FILE)).fillna(False)
    return shaped(table, ERRORS)


def _lines(capture: Capture, event: str) -> pd.DataFrame:
    """The lines of an event that tell of an error, with their cause."""
    if event not in capture:
        return pd.DataFrame()
    names = ["row", "timestamp", "source", "component"]
    optional = ["proxy", "peer", "xds_type", "grpc_code", "error"]
    there = [name for name in optional if name in capture[event].schema.names]
    lines = columns(capture, event, *names, *there, "message", component=None)
    for name in set(optional) - set(there):
        lines[name] = pd.Series(None, lines.index, COUNT if name == "grpc_code" else TEXT)
    messages = arrow(lines["message"])
    cause = pd.Series(None, lines.index, object)
    for one in (one for one in CAUSES if one.event == event):
        fits = cause.isna()
        if one.words:
            fits &= pc.match_substring_regex(messages, one.words).to_pandas().fillna(False).astype(bool)
        if one.needs_error:
            fits &= lines["error"].notna()
        cause = cause.mask(fits, one.name)
    return lines.drop(columns="message").assign(cause=cause.astype(TEXT)).dropna(subset=["cause"])
