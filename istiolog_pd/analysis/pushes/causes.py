"""What lies behind each push decision: the object or the change that the lines around it show."""

from __future__ import annotations

import pandas as pd

from istiolog_pd.analysis._answer import LINE, RUN, SOURCE, Answer, Col, answers
from istiolog_pd.analysis._needs import ADS_INFO, MODEL_INFO, Need
from istiolog_pd.analysis._result import as_result, control_plane_rows, empty_result, reason_no_lines
from istiolog_pd.analysis._time import merge_as_of
from istiolog_pd.capture import Capture

CAUSES = Answer(
    "push_causes",
    "One row per decision to push",
    time="timestamp",
    columns=(
        Col("timestamp", "datetime64[ns, UTC]", "UTC", "time of the decision"),
        Col("start", "datetime64[ns, UTC]", "UTC", "first merged event; null for Istio 1.0, which does not log it"),
        Col(
            "cause",
            "category",
            "",
            "``config``, ``endpoint``, ``service``, ``proxy``, ``secret``, ``jwks``, ``mesh``, ``cluster``, "
            "``gateway``, ``ambient`` or ``unknown``",
        ),
        Col("object", "str", "", "Kind/namespace/name of a changed object; null if none is logged"),
        Col("more", "Int64", "", "further changed objects that are not named"),
        Col("certain", "boolean", "", "true if the lines name all that changed, and how"),
        Col("period", "timedelta64[ns]", "ns", "interval of the pushes of this cause, if it is always the same"),
        RUN,
        SOURCE,
        LINE,
    ),
    needs=(
        Need("what lies behind each push", ("debounce",), ADS_INFO, column="config_kind", since="1.12"),
        Need("whether a service is new or only its endpoints", ("push_trigger",), MODEL_INFO, rare=True),
    ),
)

DECISIONS = "debounce lines are printed at level info in scope ads (--log_output_level ads:info)"
UNNAMED = "{} of {} decisions name nothing, and no line around them shows what changed"

#: Kinds of configs whose change is another cause than ``config``.
KINDS = {
    **dict.fromkeys(("Secret",), "secret"),
    **dict.fromkeys(("MeshConfig", "MeshNetworks", "ProxyConfig"), "mesh"),
    **dict.fromkeys(("Address", "Workload", "WorkloadAuthorization"), "ambient"),
    **dict.fromkeys(("KubernetesGateway", "GatewayClass"), "gateway"),
    **dict.fromkeys(("Endpoints", "EndpointSlice", "Pod"), "endpoint"),
    **dict.fromkeys(("Service",), "service"),
}
#: A service of Kubernetes is a ServiceEntry to a debounce, too.
SERVICE = "ServiceEntry"
REASONS = {
    **{name: name for name in ("config", "endpoint", "service", "proxy", "secret", "cluster", "ambient")},
    **dict.fromkeys(("headlessendpoint",), "endpoint"),
    **dict.fromkeys(("global",), "mesh"),
    **dict.fromkeys(("networks",), "gateway"),
}
#: Lines that show a change which is pushed for the reason ``unknown``.
SHOWING = {
    "jwks_fetch": "jwks",
    "cluster_registry": "cluster",
    "network_gateway": "gateway",
    "gateway_deploy": "gateway",
    "ambient_index": "ambient",
    "workload_entry": "proxy",
    "cert_rotation": "secret",
}
UNKNOWN = "unknown"
#: A line of a change stands so long before the debounce that it began at most: of a service, or of anything else.
AT_ONCE, BEFORE = pd.Timedelta("50ms"), pd.Timedelta("1s")
#: Minimum number of pushes of a period, and maximum spread of their intervals.
MIN_PUSHES, MAX_SPREAD = 5, 0.05


@answers(CAUSES)
def push_causes(capture: Capture) -> pd.DataFrame:
    """What lies behind each push decision, with the line that shows it.

    Parameters
    ----------
    capture
        Logs of a control plane of Istio 1.12 or later; earlier ones name services alone.

    Returns
    -------
    pandas.DataFrame
        {columns}

        `source` and `line` are of the entry that shows the cause: a line of the service or change within the
        debounce, or else the decision. A decision that names one of several objects (picked at random by
        Istio) is not certain. Empty, with the reason in ``attrs["coverage"]``, if there is no decision.

    Notes
    -----
    pilot/pkg/xds/discovery.go (``configsUpdated``, ``reasonsUpdated``). A debounce line with a kind
    ``ServiceEntry`` stands for a service: its endpoints if the push is endpoint-only, the service itself if a line
    says that it is new. What has the reason ``unknown`` (a JWKS key, a remote cluster) is taken from the line
    before it, and never certain.

    Examples
    --------
    >>> import istiolog_pd as il
    >>> table = il.analysis.push_causes(il.load("data/mesh-1.30.3/info/istiod.log.gz"))
    >>> table.loc[table["cause"] == "config", "object"].iloc[0]
    'EnvoyFilter/shop/bad-lua'
    """
    lines = control_plane_rows(capture, "debounce")
    lines = lines[~lines["rearmed"].fillna(False).astype(bool)].reset_index(drop=True)
    if lines.empty:
        return empty_result(CAUSES, reason_no_lines(capture, "debounce line", DECISIONS))
    table = lines.assign(start=lines["timestamp"] - lines["debounce_time"], more=lines["more_configs"].fillna(0))
    table = _of_services(capture, _of_configs(table))
    table = _shown(capture, _of_reasons(table))
    table["period"] = _periods(table)
    nothing = int(table["cause"].eq(UNKNOWN).sum())
    return as_result(table, CAUSES, UNNAMED.format(nothing, len(table)) if nothing else "")


def _of_configs(table: pd.DataFrame) -> pd.DataFrame:
    """The decisions with the cause that the config they name has, if they name one."""
    kind, named = table["config_kind"], table["config_kind"].notna()
    parts = [table[name].fillna("") for name in ("config_kind", "config_namespace", "config_name")]
    endpoint_only = table["full"].eq(False).fillna(False)
    cause = kind.map(KINDS).fillna("config").mask(kind.eq(SERVICE), "service")
    cause = cause.mask(kind.eq(SERVICE) & endpoint_only, "endpoint").where(named, UNKNOWN)
    whole = named & table["more"].eq(0)
    return table.assign(
        cause=cause,
        object=(parts[0] + "/" + parts[1] + "/" + parts[2]).where(named),
        # That a service was pushed in full does not say whether it or its ServiceEntry changed.
        certain=(whole & ~cause.eq("service")).astype("boolean"),
    )


def _of_services(capture: Capture, table: pd.DataFrame) -> pd.DataFrame:
    """The same with the lines about the named service within the debounce; what is new is a service for certain."""
    triggers = control_plane_rows(capture, "push_trigger", ["timestamp", "run", "source", "line", "service", "cause"])
    triggers = triggers.dropna(subset=["timestamp", "service"]).sort_values("timestamp", kind="stable")
    found = triggers.assign(at=triggers["timestamp"], config_name=triggers["service"], said=triggers["cause"])
    keys = ["run", "config_name"]
    names = ["timestamp", *keys, "at", "said", "source", "line"]
    sought = table[["timestamp", *keys]].dropna().sort_values("timestamp", kind="stable")
    of = merge_as_of(sought, found[names], "timestamp", keys).reindex(table.index)
    within = of["at"].notna() & (of["at"] >= table["start"] - AT_ONCE) & table["config_kind"].eq(SERVICE)
    new = within & of["said"].eq("new service") & table["more"].eq(0)
    for name in ("source", "line"):
        table[name] = table[name].mask(within, of[name])
    return table.assign(
        cause=table["cause"].mask(new, "service"),
        certain=(table["certain"] | new).astype("boolean"),
    )


def _of_reasons(table: pd.DataFrame) -> pd.DataFrame:
    """The same with the cause of the reasons where no config is named: certain if there is one and it says which."""
    reasons = table["reason"].where(table["config_kind"].isna())
    words = reasons.str.split(" and ").map(lambda names: names if isinstance(names, list) else [])
    causes = words.map(lambda names: [REASONS.get(name.partition(":")[0], UNKNOWN) for name in names])
    first = causes.map(lambda names: next((name for name in names if name != UNKNOWN), UNKNOWN))
    one = causes.map(lambda names: len(set(names)) == 1 and UNKNOWN not in names)
    return table.assign(cause=table["cause"].mask(reasons.notna(), first), certain=table["certain"] | one.astype(bool))


def _shown(capture: Capture, table: pd.DataFrame) -> pd.DataFrame:
    """The same with what the line before the debounce shows where the decision itself tells nothing."""
    parts = [
        control_plane_rows(capture, event, ["timestamp", "run", "source", "line"]).assign(shows=cause)
        for event, cause in SHOWING.items()
        if event in capture
    ]
    open_ = table[table["cause"].eq(UNKNOWN)]
    if not parts or open_.empty:
        return table
    lines = pd.concat(parts).dropna(subset=["timestamp"]).sort_values("timestamp", kind="stable")
    lines = lines.assign(at=lines["timestamp"])
    sought = open_[["timestamp", "run"]].dropna().sort_values("timestamp", kind="stable")
    of = merge_as_of(sought, lines, "timestamp", ["run"]).reindex(table.index)
    within = of["at"].notna() & (of["at"] >= table["start"].fillna(table["timestamp"]) - BEFORE)
    for name, value in (("cause", of["shows"]), ("source", of["source"]), ("line", of["line"])):
        table[name] = table[name].mask(within, value)
    return table


def _periods(table: pd.DataFrame) -> pd.Series[pd.Timedelta]:
    """The interval of the decisions of each cause and object of a run, where it is steady."""
    known = table[table["timestamp"].notna() & table["certain"]]
    groups = known.groupby(["run", "cause", "object"], sort=False, dropna=False, observed=True)["timestamp"]
    spans = groups.diff()
    keys = [known["run"], known["cause"], known["object"]]
    by = spans.groupby(keys, sort=False, dropna=False, observed=True)
    low, middle, high = (by.transform("quantile", share) for share in (0.1, 0.5, 0.9))
    steady = (groups.transform("size") >= MIN_PUSHES) & (high - low <= middle * MAX_SPREAD) & (middle > pd.Timedelta(0))
    return middle.where(steady).reindex(table.index)
