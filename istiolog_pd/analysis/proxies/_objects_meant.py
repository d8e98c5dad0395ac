"""The objects that a rejected update can be about: what had changed before it, and what its error names."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from istiolog_pd.analysis._answer import TEXT
from istiolog_pd.analysis._result import control_plane_rows
from istiolog_pd.analysis._time import merge_as_of
from istiolog_pd.analysis.pushes._events import push_lines, push_starts
from istiolog_pd.capture import Capture

#: How an object is known, from the most to the least telling.
CHANGED, SEVERAL, NAMED = "changed", "one of several", "named"
#: Maximum number of objects that a row lists.
MAX_OBJECTS = 5

OBJECT = ["config_kind", "config_namespace", "config_name"]
#: The host of a service of Kubernetes.
_SERVICE = re.compile(r"([a-z0-9-]+)\.([a-z0-9-]+)\.svc\b")
#: What a host, a domain or a name can be made of.
_WORD = re.compile(r"[A-Za-z0-9_.-]*[A-Za-z0-9]")


def objects_meant(capture: Capture, table: pd.DataFrame) -> pd.DataFrame:
    """`objects` and `objects_by` of each rejection, by its index.

    Parameters
    ----------
    capture
        Logs of a control plane; of others nothing is known.
    table
        Rejections: `proxy`, `xds_type`, `error`, and `nack`, the row of the control plane's line (null: none).
    """
    decisions, pushed = _decisions(capture), _pushed(capture, table)
    objects, more = decisions["object"].to_list(), decisions["more"].to_numpy(np.int64)
    known = pushed["round_first"].notna().to_numpy() & pushed["round_last"].notna().to_numpy()
    first, last = (pushed[name].fillna(-1).to_numpy(np.int64) for name in ("round_first", "round_last"))
    round_ = decisions["round"].to_numpy(np.int64)
    low = np.searchsorted(round_, first)
    high = np.where(known, np.searchsorted(round_, last, side="right"), low)
    alone = (first == last) & (high - low == 1) & (np.append(more, 1)[low] == 0)
    names = _by_name(decisions.drop_duplicates("object"))
    named = {error: _named(names, error) for error in table["error"].dropna().unique()}
    rows = []
    for at, error in enumerate(table["error"].fillna("")):
        changed = objects[max(low[at], high[at] - MAX_OBJECTS) : high[at]][::-1]
        found = list(dict.fromkeys([*changed, *named.get(error, [])]))[:MAX_OBJECTS]
        by = None if not found else NAMED if not changed else CHANGED if alone[at] else SEVERAL
        rows.append((", ".join(found) or None, by))
    return pd.DataFrame(rows, table.index, ["objects", "objects_by"])


def _decisions(capture: Capture) -> pd.DataFrame:
    """The decisions that name an object, with the `round` of each and how many `more` objects changed."""
    names = ["run", "debounce_id", "more_configs", *OBJECT]
    lines = control_plane_rows(capture, "debounce", names).dropna(subset=["config_kind", "debounce_id"])
    texts = [lines[name].astype(TEXT).fillna("") for name in OBJECT]
    lines = lines.assign(object=texts[0] + "/" + texts[1] + "/" + texts[2], more=lines["more_configs"].fillna(0))
    rounds = push_starts(capture)[["run", "debounce_id", "round"]].dropna(subset=["debounce_id"])
    return lines.merge(rounds, on=["run", "debounce_id"]).sort_values("round", ignore_index=True)


def _pushed(capture: Capture, table: pd.DataFrame) -> pd.DataFrame:
    """The rounds that each rejected push can be of: of the last one of its type to its proxy before the NACK."""
    keys = ["run", "proxy", "xds_type"]
    lines = push_lines(capture)
    lines = lines.loc[lines["proxy"].isin(table["proxy"].dropna()), ["row", *keys, "round_first", "round_last"]]
    types: dict[str, Any] = {"row": np.int64, "run": np.int64, "proxy": TEXT, "xds_type": TEXT}
    known = table[["proxy", "xds_type"]].assign(row=table["nack"])[table["nack"].notna()].sort_values("row")
    known["run"] = capture.events["run"].to_numpy()[known["row"].to_numpy(np.int64)]
    return merge_as_of(known.astype(types), lines.astype(types), "row", keys).reindex(table.index)


def _by_name(seen: pd.DataFrame) -> dict[str, list[str]]:
    """The objects that decisions name, by their name and by ``namespace/name``."""
    found: dict[str, list[str]] = {}
    for object_ in seen["object"]:
        _, _, place = object_.partition("/")
        for key in (place, place.partition("/")[2]):
            found.setdefault(key, []).append(object_)
    return found


def _named(names: dict[str, list[str]], error: str) -> list[str]:
    """The objects that an error names: by their name, or by the host of a service that they are named after."""
    words = dict.fromkeys([*_WORD.findall(error), *(f"{space}/{name}" for name, space in _SERVICE.findall(error))])
    return [object_ for word in words for object_ in names.get(word, [])]
