"""Lines of pilot and istiod about one type pushed to one proxy."""

from __future__ import annotations

from functools import partial

from istiolog_pd.formats.template import Format

_push = partial(Format, "xds_push", scope="ads")

#: What every push line since 1.9 may end in.
INFO = "{? empty:{empty}}{?{? }cached:{cached}/{cacheable}}{? filtered:{filtered}}"
V1 = "2018-12-24T16:27:52Z/20"

FORMATS: tuple[Format, ...] = (
    # one type to one proxy
    _push(
        "ADS: {xds_type}: {push_type} for node: {node_id} addr:{peer} routes:{routes:pushed_routes}{? ver:{push_version}}",
        until="1.1",
        origin="pilot/pkg/proxy/envoy/v2/rds.go",
        example=f"ADS: RDS: PUSH for node: web-1.shop addr:172.17.0.3:59200 routes:4 ver:{V1}",
        gives={
            "xds_type": "RDS",
            "push_type": "full",
            "proxy": "web-1.shop",
            "peer": "172.17.0.3:59200",
            "routes": 4,
            "resources": 4,
            "push_version": V1,
        },
    ),
    _push(
        'CDS: PUSH{? for {|} {push_version} for }{?{connection_id:full_connection} "{|}{node_id} "}{peer}", Clusters: {clusters:pushed_clusters}'
        "{?, Services {services:int}}",
        until="1.1",
        origin="pilot/pkg/proxy/envoy/v2/cds.go",
        # 1.1 names the connection, by its full node ID
        sets={"xds_type": "CDS", "push_type": "full"},
        example=f'CDS: PUSH {V1} for web-1.shop "172.17.0.3:59200", Clusters: 16, Services 11',
        gives={
            "push_version": V1,
            "node_id": "web-1.shop",
            "peer": "172.17.0.3:59200",
            "clusters": 16,
            "resources": 16,
            "services": 11,
            "push_type": "full",
        },
    ),
    _push(
        "EDS: {push_type} for {connection_id} clusters {clusters:pushed_clusters} endpoints {endpoints} empty {empty}",
        level="info debug",
        until="1.1",
        origin="pilot/pkg/proxy/envoy/v2/eds.go",
        sets={"xds_type": "EDS"},
        example="EDS: INC PUSH for sidecar~172.17.0.3~web-1.shop~shop.svc.cluster.local-8 clusters 16 endpoints 15 empty 1",
        gives={
            "push_type": "incremental",
            "connection_id": "sidecar~172.17.0.3~web-1.shop~shop.svc.cluster.local-8",
            "connection": 8,
            "node_ip": "172.17.0.3",
            "clusters": 16,
            "endpoints": 15,
            "empty": 1,
        },
    ),
    _push(
        "LDS: PUSH for node:{node_id} addr:{peer:quoted} listeners:{listeners:pushed_listeners}{? {size_bytes}}",
        until="1.1",
        origin="pilot/pkg/proxy/envoy/v2/lds.go",
        sets={"xds_type": "LDS", "push_type": "full"},
        example='LDS: PUSH for node:web-1.shop addr:"[fd00:10::9]:41190" listeners:16 11253',
        gives={
            "node_id": "web-1.shop",
            "peer": "[fd00:10::9]:41190",
            "listeners": 16,
            "resources": 16,
            "size_bytes": 11253,
        },
    ),
    _push(
        "{xds_type}: {push_type} for node:{node_id} clusters:{clusters:pushed_clusters}"
        "{? services:{services:int} version:{push_version}}{? endpoints:{endpoints}}{? size:{size_bytes}}" + INFO,
        level="info debug",
        since="1.2",
        until="1.10",
        origin="pilot/pkg/xds/eds.go",
        example="EDS: PUSH INC for node:web-1.shop clusters:40 endpoints:90 empty:[outbound|80||a.b outbound|81||a.b]",
        gives={
            "xds_type": "EDS",
            "push_type": "incremental",
            "node_id": "web-1.shop",
            "clusters": 40,
            "resources": 40,
            "endpoints": 90,
            "empty": 2,
        },
    ),
    _push(
        "{xds_type}: {push_type} for node:{node_id} {?listeners:{listeners:pushed_listeners}{|}routes:{routes:pushed_routes}}",
        since="1.2",
        until="1.7",
        origin="pilot/pkg/xds/lds.go",
        example="LDS: PUSH for node:web-1.shop listeners:31",
        gives={"xds_type": "LDS", "push_type": "full", "node_id": "web-1.shop", "listeners": 31, "resources": 31},
    ),
    _push(
        "XDS: PUSH for node:{node_id} listeners:{listeners:pushed_listeners}",
        since="1.6",
        until="1.6",
        origin="pilot/pkg/proxy/envoy/v2/gen2.go",
        sets={"push_type": "full"},
        example="XDS: PUSH for node:web-1.shop listeners:31",
        gives={"push_type": "full", "node_id": "web-1.shop", "listeners": 31, "resources": 31},
    ),
    _push(
        "Pushed {xds_type} to {node_id} count={resources} size={size_bytes}",
        since="1.7",
        until="1.7",
        origin="pilot/pkg/xds/gen2.go",
        sets={"push_type": "full"},
        example="Pushed type.googleapis.com/envoy.api.v2.Cluster to web-1.shop count=3 size=1024",
        gives={"xds_type": "CDS", "node_id": "web-1.shop", "resources": 3, "size_bytes": 1024},
    ),
    _push(
        "XDS: PUSH {xds_type} for node:{node_id} resources:{resources}",
        since="1.7",
        until="1.7",
        origin="pilot/pkg/xds/gen2.go",
        sets={"push_type": "full"},
        example="XDS: PUSH type.googleapis.com/envoy.api.v2.Listener for node:web-1.shop resources:3",
        gives={"xds_type": "LDS", "node_id": "web-1.shop", "resources": 3},
    ),
    _push(
        "{xds_type}: {push_type} for node:{node_id} resources:{resources}{? removed:{removed}}{? size:{size_bytes}}"
        + INFO
        + "{? nonce:{nonce} version:{push_version}}",
        level="info debug",
        scope="ads delta",
        since="1.8",
        origin="pilot/pkg/xds/xdsgen.go",
        example="EDS: PUSH request for node:web-1.shop resources:42 removed:2 size:31.5kB empty:1 cached:40/42 filtered:3 "
        "nonce:2026-11-23T17:28:49Z/1a7b version:2026-11-23T17:28:49Z/1",
        gives={
            "xds_type": "EDS",
            "push_type": "request",
            "node_id": "web-1.shop",
            "resources": 42,
            "removed": 2,
            "size_bytes": 31_500,
            "empty": 1,
            "cached": 40,
            "cacheable": 42,
            "filtered": 3,
            "nonce": "2026-11-23T17:28:49Z/1a7b",
            "push_version": "2026-11-23T17:28:49Z/1",
        },
    ),
    Format(
        "warming_push",
        "ADS:{xds_type}: FORCE {?RESPONSE {connection_id} for{|}{connection_id} PUSH for} warming.",
        scope="ads delta",
        since="1.15",
        origin="pilot/pkg/xds/delta.go",
        example="ADS:CDS: FORCE RESPONSE web-1.shop-8 for warming.",
        gives={"xds_type": "CDS", "connection_id": "web-1.shop-8", "connection": 8, "proxy": "web-1.shop"},
    ),
)
