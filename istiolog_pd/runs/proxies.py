"""The proxy of each run of a sidecar, and beside its access lines, which do not print it."""

from __future__ import annotations

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
    table = tables["access"]
    at, kind = table.schema.get_field_index("proxy"), table.schema.field("proxy").type
    names, numbers = np.unique((own["pod"] + "." + own["namespace"]).to_numpy(object), return_inverse=True)
    code = np.full(int(runs["run"].max()) + 1, -1, np.int32)
    code[own["run"]] = numbers
    found = code[table["run"].to_numpy()]
    proxies: pa.Array = pa.DictionaryArray.from_arrays(pa.array(found, mask=found < 0), pa.array(names, pa.string()))
    if table["proxy"].null_count < len(table):
        printed = table["proxy"].combine_chunks().cast(pa.string())
        proxies = pc.coalesce(printed, proxies.cast(pa.string())).dictionary_encode()
    return tables | {"access": table.set_column(at, table.schema.field(at), proxies.cast(kind))}
