"""What went wrong: every warning and error, by event and cause, with what it means."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from istiolog_pd.analysis._answer import (
    FIRST_SEEN,
    LAST_SEEN,
    PROXY,
    RUN,
    SOURCE,
    TEXT,
    TIME_BIN,
    XDS_TYPE,
    Answer,
    Col,
    answers,
)
from istiolog_pd.analysis._needs import ADS_INFO, PROXY_INFO, Need
from istiolog_pd.analysis._result import as_result, empty_result
from istiolog_pd.analysis._select import log_of_runs
from istiolog_pd.analysis.propagation.sides import proxies_of_runs
from istiolog_pd.analysis.proxies._error_lines import error_lines
from istiolog_pd.capture import Capture
from istiolog_pd.formats.field_parsers import GRPC_CODES
from istiolog_pd.formats.statements.verdicts import find_verdict

ERRORS = Answer(
    "errors",
    "One row per run, event, cause, proxy, type, code and form of error (digits ignored): what calls for action first, "
    "then what calls for a look, what nobody knows, and what is harmless; the most frequent of each first",
    columns=(
        replace(TIME_BIN, optional=True),
        Col("level", "category", "", "level of the first: ``warn``, ``error``, ``fatal``, ``critical``, ``info``"),
        Col("component", "category", "", "component that logged it: ``pilot``, ``envoy``, ``agent``, …"),
        Col("event", "category", "", "event of its lines"),
        Col(
            "cause",
            "category",
            "",
            "``NACK``, ``rejected by Envoy``, ``fetch timeout``, ``write timeout``, ``queue timeout``, "
            "``client busy``, ``send failure``, ``rate limit``, ``unauthenticated``, ``unauthorized``, "
            "``stream closed``, ``disconnected``, ``Envoy exited``, ``listener failed``, ``panic``; of all other "
            "lines the words of their statement",
        ),
        PROXY,
        Col(
            "count",
            "Int64",
            "",
            "how often: log lines; of what Envoy rejected, updates (it logs several lines for one)",
        ),
        FIRST_SEEN,
        LAST_SEEN,
        Col("verdict", "category", "", "``act``, ``look`` or ``harmless``; null where nobody knows"),
        Col("why", "str", "", "reason of the verdict, in a sentence"),
        Col("error", "str", "", "error text of the first line"),
        Col("per_minute", "Float64", "", "lines per minute from the first to the last; null for a single one"),
        Col(
            "expected",
            "boolean",
            "",
            "true for a stream that ended with OK, Canceled or EOF, as it does when its proxy stops",
        ),
        Col("peer", "str", "", "address of the client, where no proxy is logged"),
        XDS_TYPE,
        Col("grpc_code", "Int64", "", "gRPC status code"),
        Col("grpc", "category", "", "name of the gRPC status code"),
        RUN,
        SOURCE,
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
    brief=("event", "proxy", "count", "verdict", "error"),
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


#: The verdict of a stream that ended as it should.
AS_IT_SHOULD = "The stream ended as it does when its proxy stops or restarts."
#: The order of rows, by verdict.
GRAVEST = ("act", "look", None, "harmless")


@answers(ERRORS)
def errors(capture: Capture, *, freq: str | None = None) -> pd.DataFrame:
    """Every warning and error, by event, cause and proxy: how often, from when to when, and what it means.

    All lines of level warn, error, fatal and critical; of any level crashes, rejected updates, failed sends, streams
    that ended with an error, failed TLS handshakes and calls of the Kubernetes API.

    Parameters
    ----------
    capture
        Logs of a control plane, of sidecars, or of both.
    freq
        Width of a time bin (``"1min"``): a row for each bin too, with its `time`; its `count` is then the rate.

    Returns
    -------
    pandas.DataFrame
        {columns}

        Empty, with the reason in ``attrs["coverage"]``, if there is no such line.

    Notes
    -----
    pilot/pkg/xds/ads.go, delta.go, xdsgen.go, auth.go; pkg/istio-agent/xds_proxy.go; verdicts:
    `istiolog_pd.statements`. A failed write prints ``Timeout writing`` and, from 1.12 on, ``Send failure`` too: one
    failure is then in both causes. A send that failed as Unavailable or Canceled is printed at debug by delta xDS, and
    otherwise not at all. Envoy's streams close with code 13 or 14 at istiod's maximum age too: no fault, but the line
    does not tell.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.errors(il.load("data/istiod-1.20.8/discovery.log.gz"))
    >>> table[table["verdict"] == "act"].groupby("cause", observed=True)["count"].sum().to_dict()
    {'Failed to parse': 2, 'NACK': 23, 'checkAndUpdate Error Caught': 2, 'failure during filepath.Walk': 2}
    """
    lines = error_lines(capture)
    if lines.empty:
        return empty_result(
            ERRORS.only(*_names(freq)), NONE.format(capture.n_entries) if capture.n_entries else NO_ENTRIES
        )
    lines["proxy"] = lines["proxy"].fillna(lines["run"].map(proxies_of_runs(capture)).astype(TEXT))
    lines["peer"] = lines["peer"].str.replace(r":[0-9]+$", "", regex=True).where(lines["proxy"].isna())
    lines["form"] = lines["error"].str.replace(r"[0-9]+", "#", regex=True)
    keys = ["run", "component", "event", "cause", "proxy", "peer", "xds_type", "grpc_code", "form"]
    if freq:
        lines["time"] = lines["timestamp"].dt.floor(freq)
        keys.append("time")
    table = lines.groupby(keys, sort=False, dropna=False, as_index=False).agg(
        count=("row", "size"),
        first_seen=("timestamp", "min"),
        last_seen=("timestamp", "max"),
        error=("error", "first"),
        level=("level", "first"),
        statement=("statement", "first"),
    )
    table["source"] = table["run"].map(log_of_runs(capture))
    _judge(table)
    minutes = (table["last_seen"] - table["first_seen"]).dt.total_seconds() / 60
    table["per_minute"] = (table["count"] / minutes.where(minutes > 0)).astype("Float64")
    rank = table["verdict"].map({verdict: n for n, verdict in enumerate(GRAVEST)}).fillna(GRAVEST.index(None))
    table = table.assign(rank=rank).sort_values(["rank", "count"], ascending=[True, False], kind="stable")
    return as_result(table, ERRORS.only(*_names(freq)))


def _names(freq: str | None) -> list[str]:
    return [column.name for column in ERRORS.columns if freq or not column.optional]


def _judge(table: pd.DataFrame) -> None:
    """Say of each row which code it is, whether it is expected, and what it means."""
    code = table["grpc_code"]
    unnamed = "Code(" + code.astype(TEXT) + ")"
    table["grpc"] = code.map(NAMES).astype(object).where(code.isna() | code.isin(list(NAMES)), unnamed)
    ended = table["cause"].isin(["stream closed", "disconnected"])
    table["expected"] = ended & (code.isin(ENDINGS) | table["error"].eq(END_OF_FILE)).fillna(False)
    known = (
        table[["statement", "event", "level"]]
        .astype(object)
        .where(table[["statement", "event", "level"]].notna(), None)
    )
    said = [find_verdict(*one) for one in known.itertuples(index=False)]
    table["verdict"] = pd.Series([one.verdict if one else None for one in said], table.index, object)
    table["why"] = pd.Series([one.why if one else None for one in said], table.index, object)
    expected = table["expected"].astype(bool)
    table.loc[expected, "verdict"], table.loc[expected, "why"] = "harmless", AS_IT_SHOULD
