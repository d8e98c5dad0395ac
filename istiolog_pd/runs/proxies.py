"""The proxy of each run of a sidecar, and beside its access lines, which do not print it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd.runs.container_log import ContainerLog


def named_proxies(lane: ContainerLog, starts: npt.NDArray[np.int64]) -> dict[int, str]:
    """The proxy that the startup lines of each run name (``Proxy role``), by its number; none if they name several."""
    found: dict[int, set[str]] = {}
    for rows, (proxies,) in lane.batches("startup", "proxy"):
        named = proxies.is_valid()
        run = np.searchsorted(starts, rows[named.to_numpy(zero_copy_only=False)], side="right") - 1
        for number, proxy in zip(run.tolist(), proxies.filter(named).to_pylist(), strict=True):
            found.setdefault(number, set()).add(proxy)
    return {number: next(iter(proxies)) for number, proxies in found.items() if len(proxies) == 1}


def with_proxies(tables: dict[str, pa.Table], runs: pd.DataFrame) -> dict[str, pa.Table]:
    """The tables, each access line with the `proxy` of its run; what a line prints itself stays."""
    if "access" not in tables:
        return tables
    own = runs[runs["component"].ne("pilot") & runs["pod"].ne("") & runs["namespace"].ne("")]
    if own.empty:
        return tables
    names, numbers = np.unique((own["pod"] + "." + own["namespace"]).to_numpy(object), return_inverse=True)
    code = np.full(int(runs["run"].max()) + 1, -1, np.int32)
    code[own["run"]] = numbers
    table = tables["access"]
    return tables | {"access": _filled(table, code[table["run"].to_numpy()], names.tolist())}


def _filled(table: pa.Table, code: npt.NDArray[np.integer[Any]], names: Sequence[str]) -> pa.Table:
    """Access lines with the proxies that codes name (-1: none); what a line prints itself stays."""
    at, kind = table.schema.get_field_index("proxy"), table.schema.field("proxy").type
    indices = pa.array(code.astype(np.int32), mask=code < 0)
    proxies: pa.Array = pa.DictionaryArray.from_arrays(indices, pa.array(names, pa.string()))
    if table["proxy"].null_count < len(table):
        printed = table["proxy"].combine_chunks().cast(pa.string())
        proxies = pc.coalesce(printed, proxies.cast(pa.string())).dictionary_encode()
    return table.set_column(at, table.schema.field(at), proxies.cast(kind))


@dataclass(slots=True)
class ProxyOfLog:
    """The proxy of a sidecar's log that is read in batches: by its place, else the last that its own lines named.

    A batch's access lines are filled from what stands before them, as `with_proxies` fills those of a run.
    """

    pod: str = ""
    namespace: str = ""
    _named: str = ""

    def beside(self, tables: dict[str, pa.Table]) -> dict[str, pa.Table]:
        """The tables of the next batch, each access line with its `proxy`."""
        places, names = np.empty(0, np.int64), [self._named]
        if "startup" in tables:
            named = tables["startup"].filter(pc.is_valid(tables["startup"]["proxy"]))
            places, names = named["row"].to_numpy(), names + named["proxy"].to_pylist()
            self._named = names[-1]
        if "access" not in tables:
            return tables
        table = tables["access"]
        code = np.searchsorted(places, table["row"].to_numpy(), side="right")
        parts = [name.rpartition(".") for name in names]
        known = [(self.pod or pod, self.namespace or namespace) for pod, _, namespace in parts]
        code = np.where(np.array([all(one) for one in known])[code], code, -1)
        return tables | {"access": _filled(table, code, [".".join(one) for one in known])}
