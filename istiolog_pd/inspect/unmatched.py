"""The lines that no format matches, grouped by what they have in common: the list of formats to add."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd.capture import Capture, to_pandas

#: Maximum number of characters of a message's first line that count.
LENGTH = 500

#: The letters and digits of the random parts of Kubernetes names.
_RANDOM = "[bcdfghjklmnpqrstvwxz0-9]"

#: What varies from line to line -> its placeholder; in this order, all of it linear.
VARIABLE: tuple[tuple[str, str], ...] = (
    (r'"(?:[^"\\]|\\.)*"', '"\u2026"'),
    (r"'[^' ]*'", "'\u2026'"),
    # node IDs, cluster names, cluster-local hosts
    (r"\w+~[^~\s]*~[^~\s]*~[^\s,;\]]+", "\u2026"),
    (r"\b(?:in|out)bound\|[^\s,;\]]+", "\u2026"),
    (r"[\w.-]+\.svc\.[\w.-]*\w", "\u2026"),
    (r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b", "*"),
    (r"\b0x[0-9a-fA-F]+\b", "*"),
    (rf"\b[a-z0-9][a-z0-9-]*-{_RANDOM}{{8,10}}-{_RANDOM}{{5}}(?:\.[a-z0-9-]+)?\b", "\u2026"),
    # hexadecimal where digits and letters meet: no word, no number
    (r"\b(?:[0-9]+[a-f]|[a-f]+[0-9])[0-9a-f]{6,}\b", "*"),
    (r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:[:/][0-9]+)?\b", "\u2026"),
    (r"\[[0-9a-fA-F]*(?::[0-9a-fA-F]*){2,7}\](?::[0-9]+)?", "\u2026"),
    (r"\b[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{0,4}){3,7}", "\u2026"),
    (r"[0-9]+(?:\.[0-9]+)*", "#"),
    (r"\s+$", ""),
)

_GROUP = ["template", "level", "scope", "component"]


def templates(capture: Capture) -> pd.DataFrame:
    r"""Group the entries that no format matches (events `other` and `unparsed`) by template.

    A template is the first line of a message with what varies taken out: numbers are ``#``,
    hexadecimal numbers and UUIDs ``*``, quoted text ``"…"``, addresses and names of nodes, pods,
    clusters and hosts ``…``.

    Parameters
    ----------
    capture
        What was read.

    Returns
    -------
    pandas.DataFrame
        One row per template, level, scope and component, most frequent first: `template` (str),
        `count` (int64), `level`, `scope`, `component` (str; null where none is printed), and of the
        first such entry `example` (str: its first line, up to 500 characters), `source` (str),
        `line` (int64). Empty if every entry is known.

    Examples
    --------
    >>> import io
    >>> import istiolog_pd as il
    >>> log = b"".join(b"2026-11-23T17:28:49Z\tinfo\tads\tbrewed %d cups for 10.0.0.%d\n" % (n, n) for n in range(3))
    >>> templates(il.load(io.BytesIO(log)))[["template", "count", "scope"]].values.tolist()
    [['brewed # cups for …', 3, 'ads']]
    """
    events = capture.events
    plain = {name: events[name].cast(pa.string()) for name in ("event", "level", "scope", "component", "source")}
    unmatched = pc.is_in(plain["event"], pa.array(["other", "unparsed"]))
    table = pa.table({**plain, "line": events["line"]}).filter(unmatched)
    first_lines = pc.replace_substring_regex(
        pc.utf8_slice_codeunits(events["message"].filter(unmatched), 0, LENGTH), r"(?s)[\r\n].*", ""
    )
    table = table.append_column("example", first_lines).append_column("template", _template(first_lines))
    table = table.append_column("at", pa.array(range(table.num_rows), pa.int64()))
    groups = table.group_by(_GROUP).aggregate([("at", "count"), ("at", "min")])
    groups = groups.sort_by([("at_count", "descending"), ("at_min", "ascending")])
    first = table.select(["example", "source", "line"]).take(groups["at_min"].combine_chunks())
    columns = {"template": groups["template"], "count": groups["at_count"], **{n: groups[n] for n in _GROUP[1:]}}
    columns |= {name: first[name] for name in first.schema.names}
    return to_pandas(pa.table(columns)).astype({"count": "int64", "line": "int64"})


def _template(messages: pa.ChunkedArray) -> pa.Array:
    """What the messages have in common; each distinct message is looked at once."""
    distinct = pc.dictionary_encode(messages).combine_chunks()
    shapes = distinct.dictionary
    for pattern, sign in VARIABLE:
        shapes = pc.replace_substring_regex(shapes, pattern, sign)
    return shapes.take(distinct.indices)
