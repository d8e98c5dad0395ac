"""What went wrong between the control plane and its proxies: rejected, not sent, turned away, closed."""

from __future__ import annotations

import pandas as pd

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
from istiolog_pd.analysis._select import columns, logs
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
            "failure``, ``rate limit``, ``unauthenticated``, ``unauthorized``, ``stream closed``, ``disconnected``",
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


#: The cause of an event's lines where they print none of their own (`cause`).
CAUSES = {
    "xds_nack": "NACK",
    "xds_rejected": "rejected by Envoy",
    "xds_send_failure": "send failure",
    "xds_rate_limited": "rate limit",
    "auth_failure": "",
    "connection_close": "stream closed",
    "xds_stream_closed": "",
    "xds_disconnected": "disconnected",
}
#: Of these lines only those with an error tell of one.
NEED_ERROR = ("connection_close", "xds_disconnected")

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
    parts = [part for event in CAUSES if len(part := _lines(capture, event))]
    if not parts:
        return cannot(ERRORS, NONE.format(capture.n_entries) if capture.n_entries else NO_ENTRIES)
    lines = pd.concat(parts, ignore_index=True).sort_values("row", kind="stable")
    lines["peer"] = lines["peer"].str.replace(r":[0-9]+$", "", regex=True).where(lines["proxy"].isna())
    keys = ["run", "component", "cause", "proxy", "peer", "xds_type", "grpc_code", "form"]
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
    table["source"] = table["run"].map(logs(capture))
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
    names = ["row", "timestamp", "component"]
    optional = ["proxy", "peer", "xds_type", "grpc_code", "error", "cause"]
    there = [name for name in optional if name in capture[event].schema.names]
    lines = columns(capture, event, *names, *there, component=None)
    for name in set(optional) - set(there):
        lines[name] = pd.Series(None, lines.index, COUNT if name == "grpc_code" else TEXT)
    lines["cause"] = lines["cause"].fillna(CAUSES[event] or None).astype(TEXT)
    tells = lines["cause"].notna() & (lines["error"].notna() if event in NEED_ERROR else True)
    return lines[tells]
