"""Lines of pilot and istiod about rounds: debounce, start, end, and pushes that did not reach a proxy."""

from __future__ import annotations

from functools import partial

from istiolog_pd.formats.template import Format

DISCOVERY = "pilot/pkg/xds/discovery.go"
_old = partial(Format, "debounce", until="1.0", origin="pilot/pkg/proxy/envoy/discovery.go")
_start = partial(Format, "push_start", scope="ads")
_skip = partial(Format, "push_skipped", scope="ads")

#: What every push line since 1.9 may end in.
INFO = "{? empty:{empty}}{?{? }cached:{cached}/{cacheable}}{? filtered:{filtered}}"
V1 = "2018-12-24T16:27:52Z/20"

FORMATS: tuple[Format, ...] = (
    _old(
        "Push debounce stable {debounce_id}: {quiet_time} since last change, {since_last_push:since_push} since last push"
        "{?, full={full}}",
        example="Push debounce stable 55: 278.709937ms since last change, 29.590140214s since last push, full=true",
        gives={"debounce_id": 55, "quiet_time": 278_709_937, "since_last_push": 29_590_140_214, "full": True},
    ),
    _old(
        "Push debounce {debounce_id}: {quiet_time} since last change, {since_last_push:since_push} since last push",
        sets={"rearmed": True},
        example="Push debounce 54: 50ms since last change, 2562047h47m16.854775807s since last push",
        gives={"debounce_id": 54, "quiet_time": 50_000_000, "since_last_push": None, "rearmed": True},
    ),
    _old(
        "Push {debounce_id}: {quiet_time} since last change, {since_last_push:since_push} since last push",
        sets={"cause": "not debounced"},
        example="Push 7: 1.5ms since last change, 1m0.5s since last push",
        gives={"debounce_id": 7, "quiet_time": 1_500_000, "since_last_push": 60_500_000_000},
    ),
    _old(
        "Timer push {debounce_id}: {quiet_time} since last change, {since_last_push:since_push} since last push",
        sets={"cause": "not debounced"},
        example="Timer push 9: 2s since last change, 10s since last push",
        gives={"debounce_id": 9, "quiet_time": 2_000_000_000, "since_last_push": 10_000_000_000},
    ),
    Format(
        "debounce",
        "Push debounce stable[{debounce_id}] {debounced_events}"
        "{? for config {config_kind:config}: {|} for reason {reason}: {|}: }"
        "{quiet_time} since last change, {since_last_push:began} since last push, {?full={full}{|}forced={forced}}",
        scope="ads",
        since="1.1",
        origin=DISCOVERY,
        example="Push debounce stable[12] 5 for config ServiceEntry/shop/cart.shop.svc.cluster.local and 3 more configs: "
        "100.16ms since last change, 234.5ms since last push, full=false",
        gives={
            "debounce_id": 12,
            "debounced_events": 5,
            "config_kind": "ServiceEntry",
            "config_namespace": "shop",
            "config_name": "cart.shop.svc.cluster.local",
            "more_configs": 3,
            "reason": None,
            "quiet_time": 100_160_000,
            "since_last_push": 234_500_000,
            "debounce_time": 234_500_000,
            "full": False,
            "forced": None,
        },
    ),
    _start(
        "XDS: Pushing {push_version} Services: {services:int}{?, VirtualServices: {virtual_services}}, "
        "ConnectedEndpoints: {connected_endpoints}",
        until="1.1",
        origin="pilot/pkg/proxy/envoy/v2/ads.go",
        example=f"XDS: Pushing {V1} Services: 12, VirtualServices: 0, ConnectedEndpoints: 1",
        gives={"push_version": V1, "services": 12, "virtual_services": 0, "connected_endpoints": 1},
    ),
    _start(
        "XDS:EDSInc Pushing{?:{|} }{push_version} Services:{? }{services}{?, VirtualServices: {virtual_services}}"
        "{?,} ConnectedEndpoints:{? }{connected_endpoints}",
        until="1.7",
        origin="pilot/pkg/proxy/envoy/v2/eds.go",
        sets={"push_type": "incremental"},
        example=f"XDS:EDSInc Pushing {V1} Services: map[a.default.svc.cluster.local:0xc420a52d50 "
        "b.default.svc.cluster.local:0xc420641520], VirtualServices: 0, ConnectedEndpoints: 1",
        gives={
            "push_version": V1,
            "services": 2,
            "virtual_services": 0,
            "connected_endpoints": 1,
            "push_type": "incremental",
        },
    ),
    _start(
        "XDS: Pushing:{push_version} Services:{services:int} ConnectedEndpoints:{connected_endpoints}"
        "{? {? }Version:{push_version}}",
        since="1.2",
        until="1.18",
        origin="pilot/pkg/xds/ads.go",
        example="XDS: Pushing:2020-01-02T03:04:05Z/7 Services:30 ConnectedEndpoints:12 Version:2020-01-02T03:04:05Z/7",
        gives={"push_version": "2020-01-02T03:04:05Z/7", "services": 30, "connected_endpoints": 12},
    ),
    _start(
        "XDS: Pushing Services:{services:int} ConnectedEndpoints:{connected_endpoints} Version:{push_version}",
        since="1.19",
        origin="pilot/pkg/xds/ads.go",
        example="XDS: Pushing Services:15 ConnectedEndpoints:20 Version:2026-11-23T17:28:49Z/2",
        gives={"services": 15, "connected_endpoints": 20, "push_version": "2026-11-23T17:28:49Z/2"},
    ),
    _start(
        "XDS: Incremental Pushing{?:{push_version}} ConnectedEndpoints:{connected_endpoints}{? Version:{push_version}}",
        since="1.8",
        until="1.30",
        origin="pilot/pkg/xds/ads.go",
        sets={"push_type": "incremental"},
        example="XDS: Incremental Pushing ConnectedEndpoints:20 Version:2026-11-23T17:28:49Z/2",
        gives={"connected_endpoints": 20, "push_version": "2026-11-23T17:28:49Z/2", "push_type": "incremental"},
    ),
    _start(
        "InitContext {push_version} for push took {duration}",
        level="debug",
        origin=DISCOVERY,
        example="InitContext 2026-11-23T17:28:49Z/2 for push took 311.5\u00b5s",
        gives={"push_version": "2026-11-23T17:28:49Z/2", "duration": 311_500},
    ),
    Format(
        "push_finish",
        "Push finished: {duration} {conflicts:text}",
        scope="ads",
        until="1.2",
        origin="pilot/pkg/proxy/envoy/v2/ads.go",
        example='Push finished: 48.293014ms {\n    "ProxyStatus": {},\n    "Start": "2018-12-24T16:27:52.464875563Z"\n}',
        gives={
            "duration": 48_293_014,
            "conflicts": '{\n    "ProxyStatus": {},\n    "Start": "2018-12-24T16:27:52.464875563Z"\n}',
        },
    ),
    Format(
        "push_status",
        "Push Status: {conflicts:text}",
        scope="ads",
        since="1.3",
        origin=DISCOVERY,
        example='Push Status: {\n    "endpoint_no_pod": {}\n}',
        gives={"conflicts": '{\n    "endpoint_no_pod": {}\n}'},
    ),
    Format(
        "push_all",
        "PushAll done {push_version} {duration}",
        scope="ads",
        until="1.2",
        origin="pilot/pkg/proxy/envoy/v2/ads.go",
        example=f"PushAll done {V1} 9.594\u00b5s",
        gives={"push_version": V1, "duration": 9_594},
    ),
    Format(
        "push_all",
        "PushAll abort {push_version}, push with newer version {:word} in progress {duration}",
        scope="ads",
        until="1.2",
        origin="pilot/pkg/proxy/envoy/v2/ads.go",
        example=f"PushAll abort {V1}, push with newer version 2018-12-24T16:27:53Z/21 in progress 1.5ms",
        gives={"push_version": V1, "duration": 1_500_000},
    ),
    Format(
        "cluster_init",
        "Cluster init time {duration} {push_version}",
        scope="ads",
        until="1.5",
        origin="pilot/pkg/proxy/envoy/v2/eds.go",
        example=f"Cluster init time 386.974\u00b5s {V1}",
        gives={"duration": 386_974, "push_version": V1},
    ),
    Format(
        "push_proxy",
        "Pushing {connection_id}",
        scope="ads",
        since="1.1",
        until="1.7",
        origin="pilot/pkg/xds/ads.go",
        example="Pushing sidecar~10.0.0.3~web-1.shop~shop.svc.cluster.local-8",
        gives={
            "connection_id": "sidecar~10.0.0.3~web-1.shop~shop.svc.cluster.local-8",
            "connection": 8,
            "proxy": "web-1.shop",
        },
    ),
    Format(
        "push_backlog",
        "Starting new push while {pending} were still pending",
        level="info debug",
        scope="ads",
        since="1.3",
        origin="pilot/pkg/xds/ads.go",
        example="Starting new push while 17 were still pending",
    ),
    # pushes that did not reach a proxy
    _skip(
        "Suppress push for {connection_id} at {push_version}, push with newer version {:word} in progress",
        until="1.2",
        origin="pilot/pkg/proxy/envoy/v2/ads.go",
        example=f"Suppress push for sidecar~10.0.0.3~a.b~b.svc-8 at {V1}, push with newer version x/21 in progress",
        gives={"connection_id": "sidecar~10.0.0.3~a.b~b.svc-8", "push_version": V1},
    ),
    _skip(
        "Client closed connection {connection_id}",
        origin=DISCOVERY,
        example="Client closed connection web-1.shop-3",
        gives={"connection_id": "web-1.shop-3", "connection": 3},
    ),
    _skip(
        "Push to client {connection_id} aborted due to server shutdown",
        since="1.30",
        origin=DISCOVERY,
        example="Push to client web-1.shop-3 aborted due to server shutdown",
        gives={"connection_id": "web-1.shop-3"},
    ),
    _skip(
        "Skipping{? generator} push to {connection_id}, no updates required",
        level="debug info",
        scope="ads delta",
        since="1.3",
        origin="pilot/pkg/xds/ads.go",
        example="Skipping push to web-1.shop-3, no updates required",
        gives={"connection_id": "web-1.shop-3"},
    ),
    _skip(
        "ADS:{xds_type} SKIP {:text}",
        level="debug",
        since="1.10",
        until="1.12",
        origin="pilot/pkg/xds/delta.go",
        example="ADS:EDS SKIP outbound|80||a.b.svc.cluster.local",
        gives={"xds_type": "EDS"},
    ),
    _skip(
        "{xds_type}: {?SKIPPED{|}SKIP}{? request} for node:{node_id}"
        + INFO
        + "{? but expected a response for request}",
        level="debug fatal",
        since="1.15",
        origin="pilot/pkg/xds/xdsgen.go",
        example="EDS: SKIP for node:web-1.shop empty:0 cached:4/10",
        gives={"xds_type": "EDS", "node_id": "web-1.shop", "empty": 0, "cached": 4, "cacheable": 10},
    ),
)
