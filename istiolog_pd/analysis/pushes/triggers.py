"""What causes pushes: kinds, namespaces, objects and reasons, as far as the lines name them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from istiolog_pd.analysis._answer import FIRST_SEEN, LAST_SEEN, RUN, SOURCE, TEXT, Answer, Col, answers
from istiolog_pd.analysis._needs import ADS_INFO, PUSH_DEBUG, Need
from istiolog_pd.analysis._result import as_result, empty_result, reason_no_lines
from istiolog_pd.analysis._select import join_notes, log_of_runs, select_columns
from istiolog_pd.capture import Capture

By = Literal["object", "kind", "namespace", "reason"]

KEYS: dict[str, tuple[str, ...]] = {
    "object": ("config_kind", "config_namespace", "config_name"),
    "kind": ("config_kind",),
    "namespace": ("config_namespace",),
    "reason": ("reason",),
}

TRIGGERS = Answer(
    "triggers",
    "One row per run, source and value of `by`, the most frequent first",
    columns=(
        Col("config_kind", "str", "", "kind of the changed config"),
        Col("config_namespace", "str", "", "its namespace"),
        Col("config_name", "str", "", "its name"),
        Col("reason", "str", "", "reason of the push", optional=True),
        Col("pushes_low", "Int64", "", "push decisions that it certainly caused"),
        Col(
            "pushes_high",
            "Int64",
            "",
            "push decisions that it certainly or possibly caused, since not all configs are logged",
        ),
        Col("exact", "boolean", "", "true if both bounds are equal"),
        Col(
            "weight_estimate",
            "Float64",
            "",
            "changed objects summed over push decisions (of one object: its push decisions); unbiased if each object "
            "of a decision is equally likely to be named; of reasons, over decisions that log any",
        ),
        Col("full", "Int64", "", "of `pushes_low`, full pushes; null if no decision logs it"),
        Col("incremental", "Int64", "", "of `pushes_low`, incremental pushes; null if no decision logs it"),
        Col("forced", "Int64", "", "of `pushes_low`, forced pushes; null if no decision logs it"),
        Col(
            "requests",
            "Int64",
            "",
            "change requests before the debounce that name it, listed at debug or logged as ``reason:n``; null if "
            "neither is",
        ),
        FIRST_SEEN,
        LAST_SEEN,
        RUN,
        SOURCE,
    ),
    needs=(
        Need("which configs cause pushes (one of each set)", ("debounce",), ADS_INFO, "pilot", "config_kind", "1.12"),
        Need(
            "which configs cause pushes (all of each set)",
            ("push_trigger",),
            PUSH_DEBUG,
            level="debug",
            column="reason",
            since="1.24",
        ),
    ),
)

MORE = r"^(?P<more>[0-9]{1,9})(?:\([0-9]{1,9}\))? more reasons$"
COUNTED = r"^(?P<name>.*?)(?::(?P<times>[0-9]{1,9}))?$"

DECISIONS = "debounce lines are printed at level info in scope ads (--log_output_level ads:info)"
NOT_NAMED = (
    "the {} push decisions of this capture name no {}: debounce lines print one config from Istio 1.12 on, reasons "
    "from 1.14 on (only where no config is known); `endpoint_churn` has the services that older lines name"
)
SAMPLED = (
    "{} of {} push decisions print one of their configs, picked at random (the order of a Go map), and the number of "
    "the others: {}; --log_output_level fullpush:debug (1.24 to 1.30) or push:debug (1.31 on) lists all"
)
NO_REASON = "{} of {} push decisions do not log all their reasons (they log a config instead, or two reasons)"


@answers(TRIGGERS)
def triggers(capture: Capture, *, by: By | Sequence[By] = "object") -> pd.DataFrame:
    """Count the pushes that each config, kind, namespace or reason caused, with bounds.

    Parameters
    ----------
    capture
        Logs of a control plane of Istio 1.12 or later.
    by
        ``object`` (kind, namespace and name), ``kind``, ``namespace`` (of the config) or ``reason``, or
        several of them; ``reason`` goes with no other.

    Returns
    -------
    pandas.DataFrame
        {columns}

        Empty, with the reason in ``attrs["coverage"]``, if no line names any.

    Raises
    ------
    ValueError
        If `by` names anything else, or nothing.

    Notes
    -----
    pilot/pkg/xds/discovery.go: ``configsUpdated`` names the first key of a Go map, ``reasonsUpdated``
    two. ``ConfigUpdate`` lists a request's configs at debug, of full pushes only to 1.30. A request is
    in the first decision whose last merged event is not older. A Kubernetes service is of kind
    ``ServiceEntry``.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.triggers(il.load("data/istiod-1.30.3/discovery.log.gz"), by="kind")
    >>> table.loc[:0, ["config_kind", "pushes_low", "pushes_high"]].to_dict("records")
    [{'config_kind': 'ServiceEntry', 'pushes_low': 141, 'pushes_high': 143}]
    """
    names = [by] if isinstance(by, str) else list(by)
    unknown = [name for name in names if name not in KEYS]
    if unknown or not names:
        raise ValueError(f"triggers are counted by {', '.join(KEYS)}, not by {_listed(unknown)}")
    reasons = "reason" in names
    if reasons and len(set(names)) > 1:
        raise ValueError("triggers are counted by reason alone: a push decision names its configs or its reasons")
    keys = [name for name in (*KEYS["object"], *KEYS["reason"]) if any(name in KEYS[one] for one in names)]
    others = {name for names in KEYS.values() for name in names} - set(keys)
    shape = TRIGGERS.only(*(name for name in TRIGGERS.dtypes if name not in others))
    decisions = _decisions(capture)
    if decisions.empty:
        return empty_result(shape, reason_no_lines(capture, "debounce line", DECISIONS))
    requests = _requests(capture, decisions)
    found = (_reasons if reasons else _configs)(decisions, requests)
    if found.mentions.empty:
        return empty_result(shape, NOT_NAMED.format(len(decisions), " or ".join(names)))
    table = _counted(found, decisions, keys).merge(_requested(found, keys), how="left", on=["run", *keys])
    table["source"] = table["run"].map(log_of_runs(capture))
    table = table.sort_values(["weight_estimate", "pushes_low"], ascending=False, kind="stable")
    return as_result(table, shape, _coverage(decisions, found.complete, reasons=reasons))


def _listed(names: Sequence[str]) -> str:
    """Names as they were given, in words."""
    return ", ".join(map(repr, names)) or "nothing"


@dataclass(frozen=True, slots=True)
class Found:
    """What push decisions were for, as far as the lines say.

    `mentions`: a row for each time that a line names something: its `decision`, `run`, `source`, the keys,
    `request` (of a debug line) and `times` (of a printed reason). `complete`: whether all of a
    decision is named; `weight`: how many of its members one that is named stands for, if not.
    """

    mentions: pd.DataFrame
    complete: pd.Series[Any]
    weight: pd.Series[Any]


def _decisions(capture: Capture) -> pd.DataFrame:
    """Push decisions, numbered, with what they print of their cause and how many configs they had in all."""
    names = ("row", "timestamp", "quiet_time", "debounced_events", "full", "forced", "rearmed")
    lines = select_columns(capture, "debounce", *names, *KEYS["object"], "more_configs", "reason")
    lines = lines[~lines["rearmed"].fillna(False).astype(bool)].reset_index(drop=True)
    total = lines["more_configs"].fillna(0).astype(float) + 1  # no whole number: the text is anybody's
    return lines.assign(decision=lines.index, total=total.where(lines["config_kind"].notna(), 0.0))


def _requests(capture: Capture, decisions: pd.DataFrame) -> pd.DataFrame:
    """Change requests that debug lines list: `request`, `configs`, `reasons` (text), and their `decision`."""
    lines = select_columns(capture, "push_trigger", "timestamp", "configs", "reason")
    lines = lines.assign(configs=lines["configs"].str[1:-1], reasons=lines["reason"].str[1:-1]).drop(columns="reason")
    lines = lines.dropna(subset=["configs", "timestamp"]).sort_values("timestamp", kind="stable")
    ends = decisions.assign(timestamp=decisions["timestamp"] - decisions["quiet_time"])
    ends = ends[["timestamp", "run", "decision", "full", "forced"]].dropna(subset=["timestamp"])
    of = pd.merge_asof(
        lines, ends.sort_values("timestamp", kind="stable"), on="timestamp", by="run", direction="forward"
    )
    return of.assign(request=np.arange(len(of))).dropna(subset=["decision"]).astype({"decision": np.int64})


def _configs(decisions: pd.DataFrame, requests: pd.DataFrame) -> Found:
    """The configs of each decision."""
    keys = list(KEYS["object"])
    listed = _exploded(requests, "configs")
    parts = listed["configs"].str.split("/", n=2, expand=True).reindex(columns=range(3))
    listed = listed[["decision", "request"]].assign(**{name: parts[at] for at, name in enumerate(keys)})
    named = decisions.loc[decisions["config_kind"].notna(), ["decision", *keys]]
    mentions = _mentions(listed, named, decisions)
    mentions[keys] = mentions[keys].fillna("").astype(TEXT)
    seen = _per_decision(mentions.drop_duplicates(["decision", *keys]), decisions)
    complete = decisions["config_kind"].notna() & (seen >= decisions["total"])
    return Found(mentions, complete | _all_listed(decisions, requests), decisions["total"])


def _reasons(decisions: pd.DataFrame, requests: pd.DataFrame) -> Found:
    """The reasons of each decision."""
    listed = _exploded(requests, "reasons").rename(columns={"reasons": "reason"})[["decision", "request", "reason"]]
    printed = decisions.loc[decisions["reason"].notna(), ["decision", "reason"]]
    parts = printed.assign(reason=printed["reason"].str.split(" and ")).explode("reason").astype({"reason": TEXT})
    more = pd.to_numeric(parts["reason"].str.extract(MORE)["more"])
    named = parts[more.isna()]
    words = named["reason"].str.extract(COUNTED)
    named = named.assign(reason=words["name"], times=pd.to_numeric(words["times"]).fillna(1))
    hidden = more.groupby(parts["decision"]).sum().reindex(decisions.index, fill_value=0)
    shown = _per_decision(named, decisions)
    complete = (decisions["reason"].notna() & hidden.eq(0)) | _all_listed(decisions, requests)
    return Found(_mentions(listed, named, decisions), complete, (shown + hidden) / shown.where(shown > 0))


def _exploded(requests: pd.DataFrame, column: str) -> pd.DataFrame:
    """A row for each name of a list as Go prints it: ``a b``."""
    rows = requests.assign(**{column: requests[column].str.split(" ")}).explode(column)
    rows = rows.astype({column: TEXT})
    return rows[rows[column].fillna("").ne("")]


def _mentions(listed: pd.DataFrame, named: pd.DataFrame, decisions: pd.DataFrame) -> pd.DataFrame:
    """What debug lines list, and then what decisions name."""
    rows = pd.concat([part for part in (listed, named) if len(part)] or [named], ignore_index=True)
    rows = rows.assign(**{name: np.nan for name in ("request", "times") if name not in rows})
    return rows.join(decisions["run"], on="decision")


def _per_decision(members: pd.DataFrame, decisions: pd.DataFrame) -> pd.Series[Any]:
    """How many members each decision has."""
    return members.groupby("decision").size().reindex(decisions.index, fill_value=0)


def _all_listed(decisions: pd.DataFrame, requests: pd.DataFrame) -> pd.Series[Any]:
    """Whether debug lines list every event that a decision merged."""
    events = decisions["debounced_events"]
    return events.notna() & (_per_decision(requests, decisions) >= events.fillna(1))


def _counted(found: Found, decisions: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Bounds and counts of push decisions by run, source and key."""
    of = ["run", *keys]
    whole = list(KEYS["reason"] if keys == ["reason"] else KEYS["object"])
    facts = decisions[["timestamp", "full", "forced"]].assign(incomplete=~found.complete, weight=found.weight)
    members = found.mentions.drop_duplicates(["decision", *whole]).join(facts, on="decision")
    sure = members["request"].notna() | ~members["incomplete"]
    members["weight"] = members["weight"].astype(float).mask(sure, 1.0)
    once = members.drop_duplicates(["decision", *keys])
    once = once.assign(incremental=~once["full"])
    groups = once.groupby(of, sort=False)
    table = groups.agg(
        pushes_low=("decision", "size"),
        had=("incomplete", "sum"),
        first_seen=("timestamp", "min"),
        last_seen=("timestamp", "max"),
    )
    for name in ("full", "incremental", "forced"):
        table[name] = groups[name].sum(min_count=1)
    table["weight_estimate"] = members.groupby(of, sort=False)["weight"].sum()
    hidden = facts["incomplete"].groupby(decisions["run"]).sum().rename("hidden")
    table = table.reset_index().merge(hidden.reset_index(), how="left", on="run")
    table["pushes_high"] = table["pushes_low"] + table["hidden"] - table["had"]
    return table.assign(exact=table["pushes_high"].eq(table["pushes_low"]))


def _requested(found: Found, keys: list[str]) -> pd.DataFrame:
    """`requests` by run, source and key: debug lines that list it, or else how often a reason is printed to be."""
    of, mentions = ["run", *keys], found.mentions
    listed = mentions.dropna(subset=["request"]).drop_duplicates(["request", *keys])
    rows = listed.assign(times=1) if len(listed) else mentions
    sums = rows.groupby(of, sort=False)["times"].sum(min_count=1)
    return sums.rename("requests").reset_index()


def _coverage(decisions: pd.DataFrame, complete: pd.Series[Any], *, reasons: bool) -> str:
    hidden = int((~complete).sum())
    if not hidden:
        return ""
    if reasons:
        return NO_REASON.format(hidden, len(decisions))
    sampled = int((decisions["total"] > 1).sum())
    unnamed = int((~complete & decisions["total"].eq(0)).sum())
    return join_notes(
        SAMPLED.format(sampled, len(decisions), f"what {hidden - unnamed} of them had is not all known"),
        f"{unnamed} name none" if unnamed else "",
    )
