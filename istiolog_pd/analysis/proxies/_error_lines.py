"""The lines that tell of an error, whatever printed them: level, event, statement, cause, and what is known of each."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd.analysis._answer import COUNT, FLAG, TEXT
from istiolog_pd.analysis._result import plain_text
from istiolog_pd.capture import Capture, to_pandas

#: Levels at which every statement tells of something that is not as it should be.
BAD = ("warn", "error", "fatal", "critical")

#: The cause of an event's lines where they print none of their own (`cause`), whatever their level.
CAUSES = {
    "xds_nack": "NACK",
    "xds_rejected": "",
    "xds_send_failure": "send failure",
    "xds_rate_limited": "rate limit",
    "auth_failure": "",
    "connection_close": "stream closed",
    "xds_stream_closed": "",
    "xds_disconnected": "disconnected",
    "envoy_exit": "",
    "listener_error": "",
    "panic": "panic",
    "server_error": "",
    "kube_api_error": "",
}
#: Of these lines, below those levels, only those with an error tell of one.
NEED_ERROR = ("connection_close", "xds_disconnected", "envoy_exit", "server_error", "kube_api_error")

#: Lines of one rejected update are no further apart.
AT_ONCE = pd.Timedelta("50ms")

#: Columns of the narrow tables; null where an event has none.
OPTIONAL = {name: TEXT for name in ("proxy", "peer", "xds_type", "error", "cause")} | {
    "grpc_code": COUNT,
    "delta": FLAG,
}

#: A verb of Go's fmt, a field of C++'s or Rust's, and what parts them from the words.
_FIELD = re.compile(r"%[-+# 0]*(?:\d+)?(?:\.\d+)?[a-zA-Z]|\{[^{}]*\}")


@cache
def words_of(statement: str) -> str:
    """A statement in words, for people: its fields are an ellipsis, what only ends it is left out.

    Examples
    --------
    >>> words_of("Failed to create certificate: %v"), words_of("%s cluster: create remote cluster failed: %v")
    ('Failed to create certificate', '… cluster: create remote cluster failed')
    """
    text = " ".join(_FIELD.sub("…", statement).split())
    return text.rstrip(" …:,.(\"'[") or text


def error_lines(capture: Capture) -> pd.DataFrame:
    """The lines that tell of an error, in file order: `row` and what `errors` groups them by."""
    parts = [part for event in capture if event != "access" and len(part := _lines(capture, event))]
    if not parts:
        return pd.DataFrame()
    lines = pd.concat(parts, ignore_index=True).sort_values("row", kind="stable", ignore_index=True)
    lines = lines[~_again(lines)].reset_index(drop=True)
    texts = {text: cause_of(text) for text in lines["error"].dropna().unique()}
    lines["error"] = lines["error"].map(texts).astype(TEXT)
    return lines


def cause_of(error: str) -> str:
    r"""An error's text without the object that protobuf dumped into it: the cause stands after it.

    The dump begins with random text, and is of another object in each proxy.

    Examples
    --------
    >>> cause_of('listener web: goo.gle/debugproto  name: "web"\naddress { }\n: invalid value')
    'listener web: invalid value'
    """
    before, dump, after = error.partition("goo.gle/debug")
    if not dump:
        return error
    end = max(after.rfind(sign) for sign in ("}", "\n", '"')) + 1
    cause = after[end:].strip(" :\t,;") if end else ""
    before = before.rstrip(" :\t,;")
    return f"{before}: {cause}" if cause else before or error


def _again(lines: pd.DataFrame) -> pd.Series[bool]:
    """Which lines of Envoy tell of an update that was rejected already: it logs one for each subscription.

    With delta xDS (`delta` is true) one line more stands for the update itself. Without, the lines of one update
    follow each other at once.
    """
    own = lines[lines["cause"].eq("rejected by Envoy")]
    whole = own["delta"].fillna(False).astype(bool)
    has_whole = whole.groupby([own["run"], own["xds_type"]]).transform("any")
    pause = own.groupby(["run", "xds_type"], sort=False)["timestamp"].diff()
    again = (has_whole & ~whole) | (~has_whole & (pause <= AT_ONCE))
    return again.reindex(lines.index, fill_value=False).astype(bool)


def _lines(capture: Capture, event: str) -> pd.DataFrame:
    """The lines of an event that tell of an error."""
    table = capture[event]
    bad = pc.is_in(table["level"].cast(pa.string()), pa.array(BAD))
    if event not in CAUSES:
        table = table.filter(bad)
    if not table.num_rows:
        return pd.DataFrame()
    there = [name for name in OPTIONAL if name in table.schema.names]
    wanted = ["row", "timestamp", "component", "level", "run", *there]
    lines = to_pandas(plain_text(table.select(wanted)))
    statements = capture.events["statement"].take(table["row"].combine_chunks()).cast(pa.string())
    lines["statement"] = pd.Series(statements.to_pandas(), dtype=TEXT)
    lines["event"] = event
    for name in set(OPTIONAL) - set(there):
        lines[name] = pd.Series(None, lines.index, OPTIONAL[name])
    lines["run"] = lines["run"].fillna(0).astype(np.int64)
    lines["cause"] = lines["cause"].fillna(CAUSES.get(event) or None).astype(TEXT)
    if event in CAUSES:
        tells = lines["cause"].notna() if event not in NEED_ERROR else lines["error"].notna()
        lines = lines[lines["level"].isin(BAD) | tells]
    words = lines["statement"].map(words_of, na_action="ignore").astype(TEXT).fillna(event.replace("_", " "))
    lines["cause"] = lines["cause"].fillna(words).astype(TEXT)
    return lines
