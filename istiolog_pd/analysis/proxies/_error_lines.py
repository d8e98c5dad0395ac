"""The lines that tell of an error, whatever printed them: level, event, statement, cause, and what is known of each."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd.analysis._answer import COUNT, TEXT
from istiolog_pd.capture import Capture, to_pandas

#: Levels at which every statement tells of something that is not as it should be.
BAD = ("warn", "error", "fatal", "critical")

#: The cause of an event's lines where they print none of their own (`cause`), whatever their level.
CAUSES = {
    "xds_nack": "NACK",
    "xds_rejected": "rejected by Envoy",
    "xds_send_failure": "send failure",
    "xds_rate_limited": "rate limit",
    "auth_failure": "",
    "connection_close": "stream closed",
    "xds_stream_closed": "",
    "xds_disconnected": "disconnected",
    "panic": "panic",
    "server_error": "",
    "kube_api_error": "",
}
#: Of these lines, below those levels, only those with an error tell of one.
NEED_ERROR = ("connection_close", "xds_disconnected", "server_error", "kube_api_error")

#: Columns of the narrow tables; null where an event has none.
OPTIONAL = ("proxy", "peer", "xds_type", "grpc_code", "error", "cause")

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
    return pd.concat(parts, ignore_index=True).sort_values("row", kind="stable", ignore_index=True)


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
    lines = to_pandas(_plain(table.select(wanted)))
    statements = capture.events["statement"].take(table["row"].combine_chunks()).cast(pa.string())
    lines["statement"] = pd.Series(statements.to_pandas(), dtype=TEXT)
    lines["event"] = event
    for name in set(OPTIONAL) - set(there):
        lines[name] = pd.Series(None, lines.index, COUNT if name == "grpc_code" else TEXT)
    lines["run"] = lines["run"].fillna(0).astype(np.int64)
    lines["cause"] = lines["cause"].fillna(CAUSES.get(event) or None).astype(TEXT)
    if event in CAUSES:
        tells = lines["cause"].notna() if event not in NEED_ERROR else lines["error"].notna()
        lines = lines[lines["level"].isin(BAD) | tells]
    words = lines["statement"].map(words_of, na_action="ignore").astype(TEXT).fillna(event.replace("_", " "))
    lines["cause"] = lines["cause"].fillna(words).astype(TEXT)
    return lines


def _plain(table: pa.Table) -> pa.Table:
    """A table with text in the place of dictionaries."""
    for at, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(at, field.name, table[field.name].cast(pa.string()))
    return table
