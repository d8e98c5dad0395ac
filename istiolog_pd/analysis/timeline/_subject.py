"""What a timeline is about: a proxy, an object or an address, found in a capture by the name that a user types."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd.analysis._answer import TEXT
from istiolog_pd.analysis._result import Test, holds
from istiolog_pd.analysis._select import Bools
from istiolog_pd.analysis.propagation.sides import proxies_of_runs
from istiolog_pd.capture import Capture

#: Columns that hold an address, a host, or the name of a cluster.
ADDRESSES = (
    "peer address node_ip upstream upstream_host upstream_local_address downstream_local_address "
    "downstream_remote_address downstream_direct_remote_address source_address destination_address "
    "destination_hbone_address destination_service authority cluster cluster_host service config_name"
).split()

#: Short names of kinds, as kubectl has them.
SHORT = {
    "vs": "VirtualService",
    "dr": "DestinationRule",
    "gw": "Gateway",
    "se": "ServiceEntry",
    "we": "WorkloadEntry",
    "svc": "Service",
    "ap": "AuthorizationPolicy",
    "pa": "PeerAuthentication",
    "ra": "RequestAuthentication",
}
#: To istiod a Kubernetes service is a ServiceEntry too, named by its host.
SERVICES = ("service", "serviceentry")
OBJECT = ("config_kind", "config_namespace", "config_name")

#: Maximum number of names that one is compared with, and of those that are proposed.
COMPARED, PROPOSED = 5_000, 3

UNNAMED = (
    "{:,} more decisions merged changes that they do not name, and each of them may have held this one (more > 0 in "
    "push_causes)"
)
SEVERAL = "{} objects have this name: {}"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a timeline is about.

    Parameters
    ----------
    kind
        ``proxy``, ``object``, ``address``; empty: every entry.
    name
        Its name, spelled as in the capture if it is there.
    names
        The names that stand for it in the capture: of an object as ``Kind/namespace/name``.
    reason
        Why nothing of it is there; empty if something is.
    """

    kind: str
    name: str
    names: tuple[str, ...] = ()
    reason: str = ""


def find_subject(capture: Capture, proxy: str | None, object_: str | None, address: str | None) -> Subject:
    """What is asked about, with the names that it has in the capture."""
    given = [name for name in (proxy, object_, address) if name is not None]
    if len(given) > 1:
        raise ValueError("a timeline is of one proxy, one object or one address: give only one of them")
    if proxy is not None:
        return _proxy(capture, proxy.strip())
    if object_ is not None:
        return _object(capture, object_.strip())
    return _address(capture, address.strip()) if address is not None else Subject("", "")


def known_proxies(capture: Capture) -> list[str]:
    """Every proxy that a line names, or that a log is of."""
    named = _values(capture, ["proxy"]) | set(proxies_of_runs(capture))
    return sorted(named)


def known_objects(capture: Capture) -> list[str]:
    """Every object that a line names, as Kind/namespace/name."""
    parts = []
    for table in capture.tables.values():
        if OBJECT[0] in table.schema.names and table[OBJECT[0]].null_count < table.num_rows:
            rows = pa.table({name: table[name].cast(pa.string()) for name in OBJECT})
            parts.append(rows.group_by(list(OBJECT)).aggregate([]).to_pandas().dropna(subset=[OBJECT[0]]))
    if not parts:
        return []
    rows = pd.concat(parts, ignore_index=True).fillna("").astype(TEXT)
    return sorted(set(rows[OBJECT[0]] + "/" + rows[OBJECT[1]] + "/" + rows[OBJECT[2]]))


def rows_about(capture: Capture, subject: Subject) -> Bools:
    """Which entries name the subject, or are of its own log."""
    found = np.zeros(capture.n_entries, np.bool_)
    for table in capture.tables.values() if subject.names else ():
        for mask in _masks(table, subject):
            found[table["row"].to_numpy()[mask]] = True
    if subject.kind == "proxy":
        runs = proxies_of_runs(capture)
        own = pa.array(runs.index[runs.eq(subject.name)].to_numpy(), pa.int64())
        found |= pc.is_in(capture.events["run"].cast(pa.int64()), own).to_numpy()
    return found


def _masks(table: pa.Table, subject: Subject) -> Iterable[Bools]:
    """For each column of an event that can name the subject, which lines do."""
    there, names = set(table.schema.names), pa.array(subject.names, pa.string())
    if subject.kind == "proxy" and "proxy" in there:
        yield holds(table["proxy"], lambda texts: pc.is_in(texts, names))
    elif subject.kind == "address":
        yield from (holds(table[name], _is_address(subject.names)) for name in ADDRESSES if name in there)
    elif subject.kind == "object":
        if OBJECT[0] in there:
            yield _named(table, subject)
        hosts = pa.array([host for name in subject.names if (host := _host(name))], pa.string())
        if "service" in there and len(hosts):
            yield holds(table["service"], lambda texts: pc.is_in(texts, hosts))
        if "configs" in there:
            yield holds(table["configs"], lambda texts: _any(pc.match_substring(texts, name) for name in subject.names))


def _named(table: pa.Table, subject: Subject) -> Bools:
    """Which lines name one of the objects."""
    found = np.zeros(table.num_rows, np.bool_)
    for name in subject.names:
        own = np.ones(table.num_rows, np.bool_)
        for column, part in zip(OBJECT, name.split("/", 2), strict=True):
            own &= holds(table[column], lambda texts, part=part: pc.equal(pc.fill_null(texts, ""), part))  # type: ignore[misc]
        found |= own
    return found


def _is_address(names: Iterable[str]) -> Test:
    """A test whether a text is an address, or that address with a port."""

    def test(texts: pa.Array) -> pa.Array:
        return _any(
            pc.or_(
                pc.equal(texts, name), pc.or_(pc.starts_with(texts, f"{name}:"), pc.starts_with(texts, f"[{name}]:"))
            )
            for name in names
        )

    return test


def _any(tests: Iterable[pa.Array]) -> pa.Array:
    found = None
    for one in tests:
        found = one if found is None else pc.or_(found, one)
    return found


def _proxy(capture: Capture, name: str) -> Subject:
    known = known_proxies(capture)
    fitting = [one for one in known if one == name] or [one for one in known if one.rpartition(".")[0] == name]
    if len(fitting) == 1:
        return Subject("proxy", fitting[0], (fitting[0],))
    return Subject("proxy", name, reason=_no_such("proxy", name, fitting or known, known))


def _object(capture: Capture, name: str) -> Subject:
    known = known_objects(capture)
    fitting = tuple(one for one in known if _is_object(one, name))
    if fitting:
        return Subject("object", fitting[0] if len(fitting) == 1 else name, fitting)
    kind, slash, rest = name.partition("/")
    return Subject(
        "object", name, reason=_no_such("object", SHORT.get(kind.lower(), kind) + slash + rest, known, known)
    )


def _address(capture: Capture, name: str) -> Subject:
    test = _is_address([name])
    for table in capture.tables.values():
        if any(holds(table[column], test).any() for column in ADDRESSES if column in table.schema.names):
            return Subject("address", name, (name,))
    known = sorted(_values(capture, ["cluster_host", "service", "upstream_host", "address", "peer"], COMPARED))
    return Subject("address", name, reason=_no_such("address", name, known, known))


def _is_object(known: str, asked: str) -> bool:
    """Whether an object that a line names is the one that is asked for.

    Examples
    --------
    >>> _is_object("VirtualService/shop/cart", "vs/shop/cart"), _is_object("VirtualService/shop/cart", "vs/cart")
    (True, True)
    >>> _is_object("ServiceEntry/shop/promo.shop.svc.cluster.local", "Service/shop/promo")
    True
    """
    kind, namespace, name = known.split("/", 2)
    wanted, *middle = asked.split("/", 2)
    if not middle:
        return False
    spelled = SHORT.get(wanted.lower(), wanted).lower()
    kinds = SERVICES if kind.lower() in SERVICES else (kind.lower(),)
    same_kind = any(spelled in (one, f"{one}s", f"{one[:-1]}ies") for one in kinds)
    host = kind.lower() in SERVICES and name.startswith(f"{middle[-1]}.{namespace}.")
    return same_kind and middle[:-1] in ([], [namespace]) and (name == middle[-1] or host)


def _host(name: str) -> str:
    """The host of an object that is a service."""
    kind, _, rest = name.partition("/")
    return rest.partition("/")[2] if kind.lower() in SERVICES else ""


def _values(capture: Capture, columns: Iterable[str], most: int | None = None) -> set[str]:
    """The values of some columns in any event."""
    found: set[str] = set()
    for table in capture.tables.values():
        for name in columns:
            if name in table.schema.names and (most is None or len(found) < most):
                found.update(pc.unique(table[name]).cast(pa.string()).drop_null().to_pylist())
    return found


def _no_such(what: str, name: str, fitting: Iterable[str], known: list[str]) -> str:
    """Why a name matches nothing, with the nearest that do."""
    compared = list(fitting)[:COMPARED]
    near: list[Any] = [one for one in compared if one.startswith(name)][:PROPOSED]
    near = near or difflib.get_close_matches(name, compared, n=PROPOSED, cutoff=0.5)
    if near:
        hint = f"did you mean {' or '.join(map(repr, near))}?"
    else:
        some = ", ".join(map(repr, known[:PROPOSED]))
        hint = f"there are {len(known):,}, {some} among them" if known else "no line here names any"
    return f"no line is about the {what} {name!r}; {hint}"


def note_several(subject: Subject) -> str:
    """That a name is of more than one object."""
    return SEVERAL.format(len(subject.names), ", ".join(subject.names[:5])) if len(subject.names) > 1 else ""


def note_unnamed(capture: Capture, about: Bools) -> str:
    """What a timeline of an object cannot see: decisions that name one object of several."""
    decisions = capture["debounce"]
    merged = pc.and_(pc.greater(decisions["more_configs"], 0), pc.equal(decisions["component"].cast("string"), "pilot"))
    others = pc.fill_null(merged, False).to_numpy() & ~about[decisions["row"].to_numpy()]
    return UNNAMED.format(int(others.sum())) if others.any() else ""
