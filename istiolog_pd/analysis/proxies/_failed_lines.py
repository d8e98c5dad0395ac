"""The access lines of requests that failed: which, of what kind, and who answered."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd._dictionaries import one_chunk, with_one_dictionary_each
from istiolog_pd.analysis._answer import TEXT
from istiolog_pd.analysis._intervals import Bools, Ints
from istiolog_pd.capture import Capture, to_pandas
from istiolog_pd.formats.response_flags import LONG_NAMES, RESPONSE_FLAGS

#: Flags of requests that went as they should.
HARMLESS = frozenset({"DI", "RFCF"})
#: The status of a WebSocket: that its client closes it is how it ends.
UPGRADED = 101
#: Statuses of failure; details of a refusal by the proxy.
ERROR_STATUS = 500
REFUSED = re.compile("rbac_access_denied|jwt_authn_access_denied|ext_authz_denied|ext_authz_error")
#: Codes of gRPC that stand for a failure as statuses of 500 and more, 401, 403 and 429 do.
GRPC_FAILED = (2, 4, 7, 8, 12, 13, 14, 15, 16)

#: The kinds of failures by Envoy's flag.
BY_FLAG = {
    "FI": "fault injected",
    "DF": "dns",
    "NR": "no route",
    "NC": "no cluster",
    "NFCF": "no cluster",
    "UH": "no endpoints",
    **dict.fromkeys(("UO", "OM", "RL", "RLSE", "DO", "UDO"), "overload"),
    **dict.fromkeys(("UT", "DT", "SI", "UMSDR"), "timeout"),
    **dict.fromkeys(("UPE", "DPE", "IH"), "protocol"),
    **dict.fromkeys(("UF", "UC", "UR", "LR", "URX", "LH"), "connection"),
    **dict.fromkeys(("DC", "DR"), "client"),
    "UAEX": "ext_authz",
}
KINDS = tuple(
    dict.fromkeys(
        ("blocked", "denied", "jwt", "ext_authz", "tls", *BY_FLAG.values(), "grpc", "application", "direct", "other")
    )
)
_SHORT = {long: short for short, long in LONG_NAMES.items()}

_NAMES = (
    "row timestamp run source line response_code response_flags response_code_details connection_termination_details "
    "upstream_transport_failure_reason cluster cluster_direction route_name request_id grpc_code"
).split()
_TEXTS = "response_flags response_code_details connection_termination_details upstream_transport_failure_reason".split()
#: The fields that a line is identified by.
_TELLING = [*_TEXTS, "response_code", "cluster", "route_name", "grpc_code"]
_PASSED = "via_upstream"

ANSWERED_BY = ("application", "this proxy", "the other proxy", "unknown")
APPLICATION, THIS, OTHER, UNKNOWN = range(4)


def of_envoy(capture: Capture) -> pa.Table:
    """The access lines of Envoys, as far as answers about failures use them."""
    table = capture["access"]
    own = pc.equal(table["component"].cast(pa.string()), "envoy")
    table = table.select(_NAMES)
    return table if pc.all(own, min_count=0).as_py() else table.filter(own)


def failed_lines(table: pa.Table) -> pd.DataFrame:
    """The lines of requests that failed, each request once: `kind`, `answered_by` and `meaning` beside the columns.

    A request is counted where the proxy of its client logged it; the line of the proxy before the application
    has the same request ID, and tells who answered.
    """
    inbound = _each(table["cluster_direction"], lambda text: text == "inbound")
    refused = _refused(table)
    ids = table["request_id"]
    theirs = pc.drop_null(ids.filter(pa.array(inbound & refused)))
    candidates = failing(table, refused) | _among(ids, theirs)
    kept = candidates | _among(ids, pc.drop_null(ids.filter(pa.array(candidates))))
    # What is said of a line is worked out once for each combination of what it prints.
    lines = _frame(table.filter(pa.array(kept)))
    number = np.asarray(lines.groupby(_TELLING, sort=False, dropna=False, observed=True).ngroup(), np.int64)
    forms = lines.loc[~pd.Series(number).duplicated().to_numpy(), _TELLING].reset_index(drop=True)
    forms = forms.astype(dict.fromkeys((*_TEXTS, "cluster", "route_name"), TEXT))
    inside = inbound[kept]
    passed_on = forms["response_code_details"].eq(_PASSED).fillna(False).to_numpy(bool)[number]
    requests = _Requests(lines.pop("request_id"), inside, passed_on)
    answered_by = _answered_by(forms, number, requests)
    row_of_kind = np.where(answered_by == OTHER, number[requests.answered_at], number)
    lines = lines.assign(
        inbound=inside,
        kind=_coded(_kinds(forms), row_of_kind),
        meaning=_coded(_meaning(forms), row_of_kind),
        answered_by=pd.Categorical.from_codes(answered_by, pd.Index(ANSWERED_BY)),
    )
    return lines[candidates[kept] & ~(inside & requests.at_client)]


def failing(table: pa.Table, refused: Bools | None = None) -> Bools:
    """Whether each line is of a request that failed, as far as it tells by itself."""
    flagged = _each(table["response_flags"], lambda text: not set(text.split(",")) <= HARMLESS)
    status = pc.fill_null(table["response_code"], 0).to_numpy()
    left = _each(table["response_flags"], lambda text: text == "DC")
    codes = pc.fill_null(table["grpc_code"], 0).to_numpy()
    failed = (flagged & ~(left & (status == UPGRADED))) | (status >= ERROR_STATUS) | np.isin(codes, GRPC_FAILED)
    found: Bools = failed | (_refused(table) if refused is None else refused)
    return found


def seen_at_client(table: pa.Table, clusters: set[str]) -> pd.Series[int]:
    """Lines of these inbound clusters of requests that a client's proxy logged too, by cluster."""
    own = _each(table["cluster"], clusters.__contains__)
    if not own.any():
        return pd.Series(dtype="int64")
    inbound = _each(table["cluster_direction"], lambda text: text == "inbound")
    sent = pc.drop_null(table["request_id"].filter(pa.array(~inbound)))
    again = table.filter(pa.array(own & inbound))
    again = again.filter(pa.array(_among(again["request_id"], sent)))
    counts: pd.Series[int] = again["cluster"].cast(pa.string()).to_pandas().value_counts()
    return counts


def _frame(table: pa.Table) -> pd.DataFrame:
    """The lines as a table of pandas, with numbers of request IDs; a column of nulls has no type of its own."""
    ids = table["request_id"].combine_chunks().dictionary_encode()
    at = table.schema.get_field_index("request_id")
    plain = with_one_dictionary_each(table.set_column(at, "request_id", ids.indices.fill_null(-1)))
    return to_pandas(plain).reset_index(drop=True)


def _coded(values: pd.Series[Any], number: Ints) -> pd.Categorical:
    """A value per form as one per line."""
    codes, categories = pd.factorize(values)
    return pd.Categorical.from_codes(codes[number], pd.Index(categories))


def _each(column: pa.ChunkedArray, test: Callable[[str], bool]) -> Bools:
    """Whether each text of a column passes a test, which is run once for each distinct one."""
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    coded = one_chunk(coded)
    passes = np.array([text is not None and test(text) for text in coded.dictionary.to_pylist()] + [False])
    found: Bools = passes[coded.indices.fill_null(len(passes) - 1).to_numpy()]
    return found


def _among(column: pa.ChunkedArray, values: pa.ChunkedArray | pa.Array) -> Bools:
    """Whether each text is one of these."""
    if not len(values):
        return np.zeros(len(column), np.bool_)
    values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    found: Bools = pc.is_in(column, value_set=values).to_numpy()
    return found


def _refused(table: pa.Table) -> Bools:
    """Whether a filter of the proxy refused each request or connection."""
    names = ("response_code_details", "connection_termination_details")
    first, second = (_each(table[name], lambda text: bool(REFUSED.match(text))) for name in names)
    return first | second


def _kinds(lines: pd.DataFrame) -> pd.Series[Any]:
    """The kind of each failure, by the most telling of what the line prints."""
    details = lines["response_code_details"].fillna(lines["connection_termination_details"]).fillna("")
    first = lines["response_flags"].str.extract(r"^([^,]*)", expand=False)
    flags = first.map(_SHORT).fillna(first).map(BY_FLAG)
    failure = lines["upstream_transport_failure_reason"].fillna("") + details
    passed = details.eq(_PASSED)
    steps = {
        "blocked": lines["cluster"].eq("BlackHoleCluster") | lines["route_name"].eq("block_all"),
        "denied": details.str.startswith("rbac_access_denied"),
        "jwt": details.str.startswith("jwt_authn_access_denied"),
        "ext_authz": details.str.startswith("ext_authz"),
        "tls": failure.str.contains("TLS_error|CERTIFICATE|SSL", regex=True) | failure.str.contains("TLS error"),
        **{kind: flags.eq(kind) for kind in dict.fromkeys(BY_FLAG.values())},
        "grpc": lines["grpc_code"].isin(GRPC_FAILED) & lines["response_code"].fillna(0).lt(ERROR_STATUS),
        "application": passed & lines["response_code"].ge(ERROR_STATUS),
        "direct": details.eq("direct_response"),
    }
    masks = [mask.fillna(False).to_numpy(bool) for mask in steps.values()]
    return pd.Series(np.select(masks, list(steps), "other"), lines.index, dtype=object)


class _Requests:
    """What the lines of other proxies tell of each line's request.

    `at_client`: a client's proxy logged it; `of_application`, `of_other`: the proxy before the application says who
    answered; `answered_at`: the last line of that proxy, or else the line itself.
    """

    def __init__(self, ids: pd.Series[Any], inbound: Bools, passed_on: Bools) -> None:
        self._ids = ids.to_numpy(np.int64)
        self.at_client = self._has(~inbound)
        self.of_application, self.of_other = self._has(inbound & passed_on), self._has(inbound & ~passed_on)
        self.inbound, self.passed_on = inbound, passed_on
        rows = np.arange(len(self._ids))
        last = np.full(int(self._ids.max(initial=-1)) + 2, -1)
        last[self._ids[inbound]] = rows[inbound]
        last[-1] = -1
        self.answered_at = np.where(last[self._ids] < 0, rows, last[self._ids])

    def _has(self, which: Bools) -> Bools:
        """Whether one of these lines has the same request ID, for each line."""
        known = np.zeros(int(self._ids.max(initial=-1)) + 2, np.bool_)
        known[self._ids[which]] = True
        known[-1] = False  # the place of no ID
        found: Bools = known[self._ids]
        return found


def _answered_by(forms: pd.DataFrame, number: Ints, requests: _Requests) -> Ints:
    """Who answered each request, as far as the lines of both proxies tell: the number of one of `ANSWERED_BY`."""
    said = forms[["response_code_details", "response_flags", "connection_termination_details"]].notna().any(axis=1)
    passed_on = requests.passed_on
    found: Ints = np.select(
        [
            passed_on & (requests.inbound | requests.of_application),
            passed_on & requests.of_other,
            passed_on | ~said.to_numpy(bool)[number],
        ],
        [APPLICATION, OTHER, UNKNOWN],
        THIS,
    )
    return found


def _meaning(lines: pd.DataFrame) -> pd.Series[Any]:
    """What the first flag of each failed request means, or else its detail."""
    texts = lines["response_flags"].dropna().unique()
    meanings = {text: RESPONSE_FLAGS.get(text.split(",")[0]) for text in texts}
    status = "status " + lines["response_code"].astype("str")
    grpc = ("gRPC status " + lines["grpc_code"].astype("str")).where(lines["grpc_code"].isin(GRPC_FAILED))
    found = lines["response_flags"].map(meanings).astype(object)
    details = lines["response_code_details"].fillna(lines["connection_termination_details"])
    for other in (grpc, details.astype(object), status):
        found = found.fillna(other)
    return found
