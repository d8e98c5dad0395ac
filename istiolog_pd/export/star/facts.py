"""The rows of the star: facts with the keys of their dimensions, and the dimensions that they name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from istiolog_pd import analysis
from istiolog_pd.analysis.propagation.sides import proxies_of_runs
from istiolog_pd.capture import Capture, to_pandas
from istiolog_pd.export.star.model import TABLES, XDS_MEANINGS

#: What Envoy prints of updates that it takes.
UPDATES = (
    "cluster_update cluster_warmed cluster_remove cds_update listener_update listener_remove lds_update route_update"
).split()
NACKS = ("xds_nack", "xds_rejected")
CONFIG = ["config_kind", "config_namespace", "config_name"]
MINUTE = 60 * 10**9

#: The type of an update whose line does not name it.
TYPE_OF = {"cluster": "CDS", "cds": "CDS", "listener": "LDS", "lds": "LDS", "route": "RDS"}

#: Which way requests to Envoy's own clusters go.
CLUSTER_DIRECTION = {
    "InboundPassthroughCluster": "inbound",
    "InboundPassthroughClusterIpv4": "inbound",
    "InboundPassthroughClusterIpv6": "inbound",
    "PassthroughCluster": "outbound",
    "BlackHoleCluster": "outbound",
}

Frames = dict[str, pd.DataFrame]


def star(capture: Capture) -> Frames:
    """Every table of the star but the dictionary, with the columns of `model.TABLES` in pandas' types."""
    facts = {name: make(capture) for name, make in FACTS.items()}
    about = capture_row(capture)
    runs = _plain(capture.runs)
    planes = runs[runs["component"].eq("pilot")]
    planes = planes.assign(istiod_pod_id=hashed(planes[["source", "pod", "namespace", "first", "entries"]]))
    types = _keyed(facts.values(), ["xds_type"], "xds_type_id", first=list(XDS_MEANINGS))
    dimensions = {
        "proxy": _proxies(_keyed(facts.values(), ["proxy"], "proxy_id")),
        "config": _keyed([facts["debounce"]], CONFIG, "config_id"),
        "istiod_pod": planes,
        "capture": about,
        "xds_type": types.assign(meaning=types["xds_type"].map(XDS_MEANINGS)),
    }
    times = [_time_id(fact) for fact in facts.values()]
    facts = {name: fact.assign(time_id=time) for (name, fact), time in zip(facts.items(), times, strict=True)}
    for name, keys in {"proxy": ["proxy"], "config": CONFIG, "xds_type": ["xds_type"]}.items():
        facts = {fact: _with_key(table, dimensions[name], keys, f"{name}_id") for fact, table in facts.items()}
    pods = planes.set_index("run")["istiod_pod_id"]
    facts = {name: fact.assign(istiod_pod_id=fact["run"].map(pods).astype("Int64")) for name, fact in facts.items()}
    dimensions["time"] = _minutes(times)
    tables = {**facts, **dimensions, "coverage": _plain(analysis.coverage(capture))}
    tables = {name: table.assign(capture_id=about["capture_id"].iloc[0]) for name, table in tables.items()}
    return {name: _shaped(table, name) for name, table in tables.items()}


def hashed(names: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Keys of what some columns name: the same names have the same key in every export."""
    texts: Iterable[str] = names.astype("str").fillna("").agg("\0".join, axis=1) if len(names) else []
    digests = (hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest() for text in texts)
    # positive and below 2^53: a tool that takes keys for floats keeps them apart
    return np.array([int.from_bytes(digest) >> 11 for digest in digests], np.int64)


def capture_row(capture: Capture) -> pd.DataFrame:
    """The row of a capture: its sources, entries and times, which make its key."""
    sources = capture.sources
    names = ", ".join(sources["source"])
    row = pd.DataFrame(
        {
            "capture": [names],
            "entries": [len(capture.events)],
            "first": [sources["first"].min()],
            "last": [sources["last"].max()],
        }
    ).astype({"first": "datetime64[ns, UTC]", "last": "datetime64[ns, UTC]"})
    own = sources[["source", "entries", "first", "last"]].astype("str").agg("\0".join, axis=1)
    return row.assign(capture_id=hashed(pd.DataFrame({"sources": ["\0".join(own)]})))


def _nacks(capture: Capture) -> pd.DataFrame:
    return _lines(capture, "nack", NACKS)


def _updates(capture: Capture) -> pd.DataFrame:
    table = _lines(capture, "envoy_update", UPDATES)
    kind = table["event"].astype("str").str.split("_").str[0].map(TYPE_OF)
    return table.assign(xds_type=table["xds_type"].fillna(kind))


def _access(capture: Capture) -> pd.DataFrame:
    """Access lines: which way a request went and who answered it, as far as the line tells."""
    lines = _lines(capture, "access", ("access",))
    missing = pd.Series(pd.NA, lines.index, "str")
    given = {
        name: lines.get(name, missing).astype("str")
        for name in ("direction", "cluster_direction", "cluster", "response_flags", "response_code_details")
    }
    direction = given["direction"].fillna(given["cluster_direction"]).fillna(given["cluster"].map(CLUSTER_DIRECTION))
    direction = _as_other_lines(lines, direction)
    flags = given["response_flags"].map(lambda text: ",".join(sorted(text.split(","))), na_action="ignore")
    details, code = given["response_code_details"], lines["response_code"]
    answered = np.select(
        [details.eq("via_upstream"), code.eq(0).fillna(False), details.notna() & details.ne("-")],
        ["upstream", "nobody", "this proxy"],
        "",
    )
    by = pd.Series(answered, lines.index, "str").mask(answered == "")
    lines = lines.assign(direction=direction, response_flags=flags.mask(flags.eq("-")), answered_by=by)
    hops = _hops(lines)
    passed_on = by.eq("upstream") & hops["next"].isin(lines.index[by.isin(["this proxy", "nobody"])])
    return lines.assign(answered_by=by.mask(passed_on, "the other proxy"), **hops[["hop", "hops"]])


def _as_other_lines(lines: pd.DataFrame, direction: pd.Series[str]) -> pd.Series[str]:
    """The direction of each request, where its line names no cluster that of the others between the same addresses.

    A sidecar gets inbound requests at the address of its pod, and outbound ones from it.
    """
    for name in ("downstream_local_address", "downstream_remote_address"):
        place = lines["run"].astype("str") + " " + lines[name].astype("str").str.replace(r":\d+$", "", regex=True)
        known = pd.DataFrame({"place": place, "direction": direction}).dropna().drop_duplicates()
        known = known[~known["place"].duplicated(keep=False)]
        found = place.map(dict(zip(known["place"], known["direction"], strict=True)))
        direction = direction.fillna(found.astype("str"))
    return direction


def _hops(lines: pd.DataFrame) -> pd.DataFrame:
    """The place of each line on the way of its request, from 0 at the client, how many lines that has, and the next.

    The time of a proxy holds that of the next one, so lines nest.
    """
    ids = lines["request_id"].astype("str")
    way = lines[["timestamp", "duration"]].assign(request=ids, inbound=lines["direction"].eq("inbound"))
    way = way[ids.notna() & ids.ne("-")]
    way = way.sort_values(["timestamp", "duration", "inbound"], ascending=[True, False, True], kind="stable")
    requests = way.groupby("request", sort=False)
    hops = pd.DataFrame(
        {
            "hop": requests.cumcount(),
            "hops": requests["request"].transform("size"),
            "next": way.index.to_series().groupby(way["request"], sort=False).shift(-1),
        }
    )
    return hops.reindex(lines.index).astype("Int64")


FACTS: Mapping[str, Callable[[Capture], pd.DataFrame]] = {
    "debounce": lambda capture: _plain(analysis.debounces(capture)),
    "push": lambda capture: _plain(analysis.push_rounds(capture)),
    "proxy_push": lambda capture: _plain(analysis.pushes(capture)),
    "connection": lambda capture: _plain(analysis.connections(capture)),
    "nack": _nacks,
    "envoy_update": _updates,
    "access": _access,
}


def _lines(capture: Capture, fact: str, events: Iterable[str]) -> pd.DataFrame:
    """The lines of some events with the columns of a fact; a sidecar's line is of the proxy of its log."""
    wanted = {column.name for column in TABLES[fact].columns} | {
        "proxy",
        "xds_type",
        "component",
        "downstream_local_address",
    }
    parts = []
    for event in events:
        table = capture[event]
        table = table.select([name for name in table.schema.names if name in wanted])
        plain = [c.cast(pa.string()) if pa.types.is_dictionary(c.type) else c for c in table.columns]
        parts.append(to_pandas(pa.table(plain, names=table.schema.names)).assign(event=event))
    lines = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    missing = pd.Series(pd.NA, lines.index, "str")
    printed = {name: lines.get(name, missing) for name in ("proxy", "xds_type")}
    return lines.assign(
        **printed | {"proxy": printed["proxy"].fillna(lines["run"].map(proxies_of_runs(capture)).astype("str"))}
    )


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """A table with text for categories."""
    kinds = {name: "str" for name, dtype in table.dtypes.items() if isinstance(dtype, pd.CategoricalDtype)}
    return table.astype(kinds)


def _keyed(facts: Iterable[pd.DataFrame], names: list[str], key: str, first: Iterable[str] = ()) -> pd.DataFrame:
    """What facts name, once each, by the alphabet (behind those that come `first`), each with its key."""
    parts = [fact[names].drop_duplicates() for fact in facts if set(names) <= set(fact)]
    found = pd.concat([part.astype("str") for part in parts]).drop_duplicates().dropna(subset=names[:1])
    found = found.sort_values(names, ignore_index=True)
    if first:
        ahead = pd.DataFrame({names[0]: list(first)}, dtype="str")
        found = pd.concat([ahead, found[~found[names[0]].isin(ahead[names[0]])]], ignore_index=True)
    return found.assign(**{key: hashed(found[names])})


def _with_key(fact: pd.DataFrame, dimension: pd.DataFrame, names: list[str], key: str) -> pd.DataFrame:
    """A fact with the key of what it names; null where it names nothing."""
    if not set(names) <= set(fact):
        return fact
    left = fact[names].astype("str")
    keys = left.merge(dimension[[*names, key]].astype(dict.fromkeys(names, "str")), how="left", on=names)[key]
    keys = keys.astype("Int64").set_axis(fact.index)
    return fact.assign(**{key: keys.mask(left[names[0]].isna())})


def _proxies(table: pd.DataFrame) -> pd.DataFrame:
    """A proxy's pod and namespace: the name, split at its last dot."""
    parts = table["proxy"].str.rpartition(".") if len(table) else pd.DataFrame(columns=[0, 1, 2], dtype="str")
    return table.assign(pod=parts[0], namespace=parts[2])


def _time_id(fact: pd.DataFrame) -> pd.Series[int]:
    """The minute of each row, in minutes since 1970; null where it has no time."""
    times = fact["opened"].fillna(fact["closed"]) if "opened" in fact else fact["timestamp"]
    minutes = pd.Series(times.astype("datetime64[ns, UTC]").astype("int64") // MINUTE, times.index, "Int64")
    return minutes.mask(times.isna())


def _minutes(times: list[pd.Series[int]]) -> pd.DataFrame:
    """The minutes that occur, none between them: a single wrong time does not make a million rows."""
    minutes = pd.concat(times).dropna().drop_duplicates().sort_values(ignore_index=True).astype("int64")
    starts = pd.Series(pd.to_datetime(minutes * MINUTE, utc=True), dtype="datetime64[ns, UTC]")
    return pd.DataFrame(
        {
            "time_id": minutes,
            "minute": starts,
            "date": starts.dt.date,
            "hour": starts.dt.hour,
            "minute_of_hour": starts.dt.minute,
            "day_of_week": starts.dt.day_of_week + 1,
        }
    )


def _shaped(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The columns of a table of the star, in their order; null where there is nothing."""
    columns = TABLES[name].columns
    missing = pd.Series(pd.NA, table.index, object)
    shaped = pd.DataFrame({column.name: table.get(column.name, missing) for column in columns})
    shaped.attrs["coverage"] = table.attrs.get("coverage", "")
    return shaped
