"""Timelines: every entry about something, in swim lanes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from istiolog_pd.plots._draw.legend import mark
from istiolog_pd.plots._draw.plot import Drawn, plot
from istiolog_pd.plots._draw.scales import dates, time_axis
from istiolog_pd.plots._draw.style import SMALL, Look, in_order, look, plain

CONTROL_PLANE = "control plane"
MAX_LANES = 24  # more could not be read: the others share the last
LONGEST = 52
BY_COMPONENT = 3  # maximum number of proxies with a lane for each component that writes about them
OTHER = "other"

#: What the entries of an event are drawn as.
KINDS = {
    "decision": ("debounce",),
    "round": ("push_start",),
    "push": ("xds_push", "xds_response"),
    "applied": ("xds_ack", "cds_update", "lds_update", "listener_update", "route_update", "cluster_warmed"),
    "rejected": ("xds_nack", "xds_rejected", "listener_error"),
    "connection": (
        "connection_open",
        "connection_close",
        "xds_connected",
        "xds_disconnected",
        "xds_stream_closed",
    ),
    "life": ("startup", "ready", "envoy_ready", "envoy_not_ready", "server_state", "envoy_exit"),
    "request": ("access",),
}
LOOKS: dict[str, Look] = {
    "decision": Look("#004488", "D"),
    "round": Look("#0072B2", "|"),
    "push": Look("#56B4E9", "o"),
    "applied": Look("#009E73", "^"),
    "rejected": Look("#D55E00", "X"),
    "connection": Look("#CC79A7", "s"),
    "life": Look("#E69F00", "P"),
    "request": Look("#999999", "."),
    OTHER: Look("#BBBBBB", "v"),
}


@plot(
    "timeline",
    "every entry about a proxy, an object or an address, in lanes",
    title="Timeline: what was logged of it, in lanes",
    columns="time component event proxy source certain",
    axes="Time (UTC) by lane, in the order of their first entries",
    listed=False,
)
def timeline(table: pd.DataFrame, ax: Axes) -> Drawn:
    """Each entry at its time, in the lane of the proxy that it is about; the control plane's own lane is the first.

    Of up to three proxies, what istiod, the agent and Envoy wrote is in a lane each.

    Color and marker tell what it is. Paler ones are not certain.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> import pandas as pd
    >>> from istiolog_pd import plots
    >>> ax = plots.timeline(pd.DataFrame({
    ...     "time": pd.to_datetime(["2026-11-23T17:27:38Z", "2026-11-23T17:27:39Z"]), "component": ["pilot"] * 2,
    ...     "event": ["debounce", "xds_push"], "proxy": [None, "web-1.shop"], "source": ["istiod.log"] * 2,
    ...     "certain": [True, True],
    ... }))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['control plane', 'web-1.shop, by istiod']
    >>> plt.close(ax.figure)
    """
    known = table[table["time"].notna()]
    if known.empty:
        return "no entry of the table has a time"
    when, lane, names = dates(known["time"]), *_lanes(known)
    kinds = {event: kind for kind, events in KINDS.items() for event in events}
    kind = known["event"].astype(object).map(kinds).fillna(OTHER).to_numpy()
    certain = known["certain"].astype("boolean").fillna(True).to_numpy(bool)
    handles: list[Artist] = []
    for name in reversed(in_order(LOOKS, kind)):
        looked, own = look(LOOKS, name), kind == name
        for sure, alpha in ((False, 0.35), (True, 0.95)):
            rows = own & (certain == sure)
            ax.scatter(when[rows], -lane[rows], s=26, c=looked.color, marker=looked.marker, alpha=alpha, label=name)
        handles.insert(0, mark(looked, f"{name} ({own.sum():,})"))
    ax.set_yticks(-np.arange(len(names)), [plain(name) for name in names])
    ax.tick_params(axis="y", length=0, labelsize=SMALL if len(names) < 18 else 6)
    ax.set_ylim(-len(names) + 0.4, 0.6)
    time_axis(ax, when)
    return handles


def _lanes(table: pd.DataFrame) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], list[str]]:
    """The lane of each entry, and what each lane is called."""
    ours = table["component"].astype(object).eq("pilot")
    owner = table["proxy"].astype(object).where(table["proxy"].notna(), table["source"].astype(object))
    owner = owner.mask(table["proxy"].isna() & ours, CONTROL_PLANE)
    if table["proxy"].nunique() <= BY_COMPONENT:
        named = owner.astype("str") + ", " + table["component"].astype("str").replace("pilot", "by istiod")
        owner = owner.where(table["proxy"].isna(), named)
    order = list(dict.fromkeys(owner))
    order.sort(key=lambda name: name != CONTROL_PLANE)
    names = [name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for name in order]
    if len(order) > MAX_LANES:
        names = [*names[: MAX_LANES - 1], f"{len(order) - MAX_LANES + 1:,} others"]
    places = {name: min(at, len(names) - 1) for at, name in enumerate(order)}
    return owner.map(places).to_numpy(np.int64), names
