"""Pushes joined to the answers of their proxies by nonce: exact, and only where debug lines print nonces."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from istiolog_pd.analysis._answer import TEXT
from istiolog_pd.analysis._intervals import Ints
from istiolog_pd.analysis._time import merge_as_of
from istiolog_pd.analysis.propagation.sides import PILOT, SIDECAR, side
from istiolog_pd.capture import Capture

#: What a connection's streams keep in order: the pushes of a type to a proxy, and the answers to them.
STREAM = ["run", "proxy", "xds_type"]
#: Every line of a control plane that prints the nonce of an answer, be it yes, no or too late.
ANSWERS = ("xds_request", "xds_ack", "xds_nack", "xds_stale_nonce")
#: Stands for no nonce and for no beginning.
NONE = -1

#: The text before the UUID in a nonce from 1.4 on; earlier it was the version of the push.
VERSION = r"\d{4}-\d\d-\d\dT\S+/\d+"


def sent(capture: Capture, only: Iterable[str] | None) -> pd.DataFrame:
    """Every push line of a control plane to a proxy (to one of these), in file order."""
    names = ["line", "proxy", "xds_type", "push_type", "push_version", "nonce"]
    table = side(capture, "xds_push", PILOT, *names, only=None if only is None else {"proxy": only})
    return table[table["proxy"].notna()].reset_index(drop=True)


def answered(capture: Capture) -> pd.DataFrame:
    """The first line of a control plane about each answer that names a nonce."""
    tables = [side(capture, event, PILOT, "proxy", "xds_type", "nonce") for event in ANSWERS if event in capture]
    if not tables:
        return side(capture, "xds_ack", PILOT, "proxy", "xds_type", "nonce").iloc[:0]
    table = pd.concat([table[table["nonce"].notna()] for table in tables]).sort_values("row")
    return table.drop_duplicates("nonce").reset_index(drop=True)


def streams_begun(capture: Capture) -> pd.DataFrame:
    """The lines of a control plane with which a proxy's connection begins, in file order."""
    opened = side(capture, "connection_open", PILOT, "proxy", "connection")
    asked = side(capture, "xds_request", PILOT, "proxy", "connection", "level", "xds_type")
    asked = asked[asked["level"].eq("info") & asked["xds_type"].eq("CDS")]  # to 1.7
    both = pd.concat([opened, asked]).dropna(subset=["proxy", "connection", "timestamp"]).sort_values("row")
    both = both.drop_duplicates(["run", "proxy", "connection"])
    return both[["row", "timestamp", "run", "proxy"]].reset_index(drop=True)


def rejected(capture: Capture, pushes: pd.DataFrame, answers: pd.DataFrame) -> pd.Series[Any]:
    """When the control plane wrote that a push was rejected, by the pushes' index.

    The line names the nonce in few versions; at debug the answer before it does. Without either it is of
    the last push of that type to that proxy.
    """
    nacks = side(capture, "xds_nack", PILOT, "proxy", "xds_type", "nonce").dropna(subset=["proxy", "xds_type"])
    names = ["row", *STREAM]
    if nacks.empty:
        return pd.Series(pd.NaT, pushes.index, pushes["sent"].dtype)
    nacks = nacks.astype({"nonce": TEXT})
    nonce = nacks["nonce"].fillna(merge_as_of(nacks[names], answers[[*names, "nonce"]], "row", STREAM)["nonce"])
    known = pushes.loc[pushes["nonce"].isin(nonce.dropna()), "nonce"]
    found = places(nonce, known)
    at = pd.Series(known.index.astype("Int64"), dtype="Int64").reindex(found).set_axis(nacks.index)
    numbered = pushes[names].assign(at=pushes.index.astype("Int64"))
    at = at.fillna(merge_as_of(nacks[names], numbered, "row", STREAM)["at"]).dropna().astype("int64")
    times: pd.Series[Any] = nacks.loc[at.index, "timestamp"].set_axis(at).groupby(level=0).first()
    return times.reindex(pushes.index)


def passed(capture: Capture) -> pd.DataFrame:
    """What agents saw pass through, by nonce: when it came (`received`), and Envoy's answer (`answered`)."""
    came = side(capture, "xds_response", SIDECAR, "xds_type", "nonce")
    went = side(capture, "xds_ack", SIDECAR, "nonce")
    came, went = (lines[lines["nonce"].notna()].drop_duplicates("nonce") for lines in (came, went))
    came = came[["log", "nonce", "timestamp"]].rename(columns={"timestamp": "received"})
    return came.merge(went[["nonce", "timestamp"]].rename(columns={"timestamp": "answered"}), on="nonce", how="left")


def with_nonces(pushes: pd.DataFrame, answers: pd.DataFrame, opened: pd.DataFrame) -> pd.DataFrame:
    """The pushes, those without a printed nonce with that of their answer, and `placed` where so found.

    Endpoint-only pushes print no nonce, but the answers to them do. A stream keeps its order: between two
    pushes whose answers are known, the others and the answers without a push belong together one by one,
    if they are equally many. After the last known one the same holds as far as there are answers.
    """
    pushes = pushes.assign(placed=False)
    # Where no push line prints a nonce, those of some answers only (1.0: CDS) are no guide.
    tells = set(pushes.loc[pushes["nonce"].notna(), "run"])
    answers = answers[answers["run"].isin(tells)]
    if answers.empty or pushes["nonce"].notna().all():
        return pushes
    answers = answers.reset_index(drop=True)
    ours, theirs = _streams(pushes, answers, opened)
    known = np.intersect1d(ours["number"].to_numpy(), theirs["number"].to_numpy())
    ours, theirs = (lines.assign(anchor=lines["number"].where(lines["number"].isin(known))) for lines in (ours, theirs))
    waiting, unknown = _segments(ours, ours["number"].isna()), _segments(theirs, theirs["anchor"].isna())
    pairs = waiting.merge(unknown, on=["stream", "anchor", "place"], suffixes=("", "_answer"))
    newest = ours.groupby("stream", sort=False)["anchor"].last().fillna(NONE).reindex(pairs["stream"]).to_numpy()
    last = (pairs["anchor"].to_numpy() == newest) & pairs["seen"]
    fits = pairs["many"].eq(pairs["many_answer"]) | (last & (pairs["many"] > pairs["many_answer"]))
    pairs = pairs[fits & (pairs["timestamp_answer"] >= pairs["timestamp"])]
    at, answer = pairs["at"].to_numpy(np.int64), pairs["at_answer"].to_numpy(np.int64)
    source = np.arange(len(pushes))
    source[at] = len(pushes) + answer
    both = pd.concat([pushes["nonce"], answers["nonce"]], ignore_index=True)
    return pushes.assign(nonce=both.take(source).set_axis(pushes.index), placed=source != np.arange(len(pushes)))


def with_answers(pushes: pd.DataFrame, answers: pd.DataFrame, capture: Capture) -> pd.DataFrame:
    """The pushes with what the control plane wrote of the answer to each.

    `came_back`: when any answer did; `nacked`: when it was a rejection; `acknowledged`: when it was none.
    """
    at = places(pushes["nonce"], answers["nonce"])
    pushes = pushes.assign(came_back=answers["timestamp"].array.take(at, allow_fill=True))
    pushes["nacked"] = rejected(capture, pushes, answers)
    return pushes.assign(acknowledged=pushes["came_back"].where(pushes["nacked"].isna()))


def places(keys: pd.Series[Any], among: pd.Series[Any]) -> Ints:
    """Where each key stands among others; -1 where it does not, or either has it more than once."""
    codes = pd.factorize(pd.concat([keys.astype(TEXT), among.astype(TEXT)], ignore_index=True))[0]
    ours, theirs = codes[: len(keys)], codes[len(keys) :]
    size = int(codes.max(initial=0)) + 1
    at = np.full(size + 1, -1)  # the last one is of no key at all
    at[theirs] = np.arange(len(theirs))
    for side_codes in (ours, theirs):
        at[:size][np.bincount(side_codes[side_codes >= 0], minlength=size) > 1] = -1
    at[size] = -1
    return at[ours]


def _streams(pushes: pd.DataFrame, answers: pd.DataFrame, opened: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both with their `stream`, a type on a connection of a proxy; `seen` where the log has its beginning.

    `number` stands for the nonce, null where there is none; `at` is the place in the table given.
    """
    names = ["row", "timestamp", "nonce", *STREAM]
    tables = (pushes[names], answers[names], opened[["row", "timestamp", "run", "proxy"]])
    lines = pd.concat(tables, ignore_index=True)
    proxy = lines.groupby(["run", "proxy"], sort=False).ngroup().to_numpy()
    number = pd.factorize(lines["nonce"])[0]
    flat = pd.DataFrame(
        {
            "row": lines["row"].to_numpy(),
            "timestamp": lines["timestamp"].array,
            "proxy": proxy,
            "type": pd.factorize(lines["xds_type"])[0],
            "number": np.where(number < 0, np.nan, number),
            "kind": np.repeat([0, 1, 2], [len(table) for table in tables]),
            "at": np.concatenate([np.arange(len(table)) for table in tables]),
        }
    ).sort_values("row", kind="stable")
    begun = flat["row"].where(flat["kind"].eq(2)).groupby(flat["proxy"], sort=False).ffill()
    flat["stream"] = flat.groupby([flat["proxy"], begun.fillna(NONE), "type"], sort=False).ngroup()
    flat["seen"] = begun.notna()
    return flat[flat["kind"].eq(0)], flat[flat["kind"].eq(1)]


def _segments(lines: pd.DataFrame, which: pd.Series[bool]) -> pd.DataFrame:
    """Some lines with the last known nonce before each, their place after it, and how many there are of them."""
    lines = lines.assign(anchor=lines.groupby("stream", sort=False)["anchor"].ffill().fillna(NONE))[which]
    groups = lines.groupby(["stream", "anchor"], sort=False)
    return lines.assign(place=groups.cumcount(), many=groups["row"].transform("size"))


def versions(nonces: pd.Series[Any]) -> pd.Series[str]:
    """The push version that each nonce begins with; null where it begins with something else."""
    begins = nonces.str.slice(0, -36)
    known = [text for text in begins.dropna().unique() if re.fullmatch(VERSION, text)]
    return begins.where(begins.isin(known)).astype(TEXT)
