"""What is simulated: the mesh, its load, the control plane's settings, and what the logs are written as."""

from __future__ import annotations

from dataclasses import dataclass, fields

import pandas as pd

#: Istio versions that the logs can be written in the format of, oldest first.
VERSIONS = ("1.0", *(f"1.{minor}" for minor in range(1, 32)))

_SPANS = ("duration", "burst_length", "after", "maximum", "context_time", "push_time", "network", "apply_time")
_SHARES = ("scoped", "delta", "nack_share")


@dataclass(frozen=True, slots=True)
class Settings:
    """A mesh, its load and its control plane.

    Spans are texts as pandas reads them (``"100ms"``); rates are per second unless their name says otherwise.

    Parameters
    ----------
    version
        Istio's version, which chooses formats and rules: ``"1.0"`` to ``"1.31"``.
    debug
        Whether scopes `ads` and `delta` (and the agents' `xdsproxy`) are at debug.
    json
        Whether lines are written as JSON objects.
    start, duration
        When the first process starts (UTC), and how long the simulation runs.
    restarts
        When the control plane crashes and starts anew, counted from `start`.
    proxies, namespaces, services
        The size of the mesh at the start.
    scoped
        Share of the proxies whose `Sidecar` lets them see their own namespace only.
    delta
        Share of the proxies that speak delta xDS; None: what is usual for the version.
    endpoint_rate, config_rate
        Changes of endpoints only, and changes of configuration (each makes a push full).
    bursts_per_minute, burst_events, burst_length
        Bursts of changes of both kinds on top of that: a deployment, a node that goes.
    after, maximum, eds_debounce, throttle
        PILOT_DEBOUNCE_AFTER, PILOT_DEBOUNCE_MAX, PILOT_ENABLE_EDS_DEBOUNCE and PILOT_PUSH_THROTTLE.
    context_time, push_time
        Time to build a push context, and mean time to build and send one type to one proxy.
    timer_slack
        Mean lateness of the debounce's timer; ``"0"`` for ideal timers.
    network, apply_time
        One way from the control plane to a proxy, and mean time that Envoy takes to apply a push.
    clock_offset
        Standard deviation of the proxies' clocks from that of the control plane.
    nack_share
        Share of the pushes that Envoy rejects.
    max_age, flaps_per_hour
        Age at which a connection is closed, and how often a proxy loses its connection besides.
    """

    version: str = "1.30"
    debug: bool = False
    json: bool = False
    start: str = "2026-01-01T00:00:00Z"
    duration: str = "10min"
    restarts: tuple[str, ...] = ()
    proxies: int = 50
    namespaces: int = 5
    services: int = 40
    scoped: float = 0.0
    delta: float | None = None
    endpoint_rate: float = 1.0
    config_rate: float = 0.05
    bursts_per_minute: float = 0.5
    burst_events: int = 30
    burst_length: str = "2s"
    after: str = "100ms"
    maximum: str = "10s"
    eds_debounce: bool = True
    throttle: int = 100
    context_time: str = "20ms"
    push_time: str = "1ms"
    timer_slack: str = "300us"
    network: str = "500us"
    apply_time: str = "4ms"
    clock_offset: str = "5ms"
    nack_share: float = 0.002
    max_age: str = "30min"
    flaps_per_hour: float = 0.2

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated, by name."""
        if self.version not in VERSIONS:
            raise ValueError(f"version is one of {VERSIONS[0]} to {VERSIONS[-1]}, not {self.version!r}")
        for name in _SPANS:
            if pd.Timedelta(getattr(self, name)) <= pd.Timedelta(0):
                raise ValueError(f"{name} is a span above zero, not {getattr(self, name)!r}")
        for name in _SHARES:
            if not 0 <= (getattr(self, name) or 0) <= 1:
                raise ValueError(f"{name} is a share between 0 and 1, not {getattr(self, name)!r}")
        for name in (field.name for field in fields(self) if field.type == "int"):
            if getattr(self, name) < (0 if name in ("proxies", "burst_events") else 1):
                raise ValueError(f"{name} is {getattr(self, name)!r}: too few")

    def since(self, version: str) -> bool:
        """Whether the version is that one or a later one."""
        return VERSIONS.index(self.version) >= VERSIONS.index(version)

    def span(self, name: str) -> int:
        """A setting that is a span, in nanoseconds (whole microseconds)."""
        return int(pd.Timedelta(getattr(self, name)).value) // 1000 * 1000

    @property
    def begin(self) -> int:
        """The start in nanoseconds since 1970."""
        stamp = pd.Timestamp(self.start)
        return int((stamp.tz_localize("UTC") if stamp.tz is None else stamp).as_unit("ns").value) // 1000 * 1000

    @property
    def delta_share(self) -> float:
        """Share of the proxies that speak delta xDS."""
        if self.delta is None:
            return 1.0 if self.since("1.22") else 0.0
        return self.delta if self.since("1.11") else 0.0

    @property
    def every_round_full(self) -> bool:
        """Whether every round builds a push context and has a version of its own (1.31 on)."""
        return self.since("1.31")
