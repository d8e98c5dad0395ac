"""One process of the control plane: all that happened in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tests.simulator.load import SECOND, Flags, Ints
from tests.simulator.settings import Settings


@dataclass(frozen=True, slots=True)
class Process:
    """One process of the control plane: all that happened in it."""

    settings: Settings
    begin: int
    changes: pd.DataFrame
    rounds: pd.DataFrame
    sessions: pd.DataFrame
    served: pd.DataFrame
    pushes: pd.DataFrame
    first_id: int


def scopes(settings: Settings, delta: Flags) -> list[tuple[str, Flags]]:
    """Which rows are of scope `ads`, and which of `delta`."""
    if not settings.since("1.14"):
        return [("ads", np.ones(len(delta), bool))]
    return [("ads", ~delta), ("delta", delta)]


def column(values: pd.Series[Any]) -> pa.Array:
    """A column of text as an Arrow array."""
    return pa.array(values.to_numpy(object), pa.string())


def round_columns(settings: Settings, rounds: pd.DataFrame, begin: int, changes: pd.DataFrame) -> pd.DataFrame:
    """Rounds with what their lines print: push version, services, the configs that changed."""
    builds = rounds["builds"].to_numpy()
    at = rounds["decision"].to_numpy() // SECOND * SECOND
    seconds = pd.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%SZ")
    versions = (
        pd.Series(seconds, rounds.index).astype(object) + "/" + rounds["version_number"].astype(str).astype(object)
    )
    none = pd.Timestamp(begin // SECOND * SECOND).strftime("%Y-%m-%dT%H:%M:%SZ") + "/0"
    keys = changes["config_kind"] + "/" + changes["config_namespace"] + "/" + changes["config_name"]
    distinct = pd.DataFrame({"round": changes["round"], "key": keys}).drop_duplicates()
    by_round = distinct.groupby("round")["key"]
    more = by_round.size().reindex(rounds.index).fillna(1).astype(int) - 1
    one = by_round.last().reindex(rounds.index).fillna("")
    configs = one + [f" and {count} more configs" if count else "" for count in more]
    hosts = changes.drop_duplicates(["round", "config_name"]).groupby("round")["config_name"].agg(list)
    grown: Ints = rounds["new_services"].to_numpy().cumsum()
    return rounds.assign(
        version=versions.where(builds).ffill().fillna(none),
        services=settings.services + grown,
        config=configs,
        hosts=hosts.reindex(rounds.index),
    )
