"""Lines of Envoy about its configuration: clusters, listeners, routes, secrets, the xDS stream.

Versions are Envoy's.
"""

from __future__ import annotations

from functools import partial

from istiolog_pd.formats.template import Format

_cluster = partial(Format, component="envoy", level="info debug", scope="upstream", since="1.6")
_manager = partial(_cluster, origin="source/common/upstream/cluster_manager_impl.cc")
_cds = partial(_cluster, origin="source/common/upstream/cds_api_helper.cc")
_summary = partial(_cds, "cds_update", level="info")
_config = partial(Format, component="envoy", level="debug", scope="config")
_accepted = partial(_config, "cds_update", since="1.11")
_lds = partial(
    Format, component="envoy", scope="upstream", since="1.6", origin="source/common/listener_manager/lds_api.cc"
)
_listener = partial(
    _config, "listener_update", since="1.8", origin="source/common/listener_manager/listener_manager_impl.cc"
)
_failing = partial(
    _config,
    "listener_error",
    level="error",
    since="1.8",
    origin="source/common/listener_manager/listener_manager_impl.cc",
    sets={"cause": "listener failed"},
)
_stream = partial(
    _config, "xds_stream_closed", since="1.6", origin="source/extensions/config_subscription/grpc/grpc_stream.h"
)
_rejected = partial(
    _config,
    "xds_rejected",
    level="warn",
    since="1.6",
    origin="source/extensions/config_subscription/grpc/grpc_subscription_impl.cc",
)
_secret = partial(
    Format,
    "secret_update",
    component="envoy",
    level="warn",
    scope="misc",
    since="1.17",
    origin="source/common/secret/sds_api.cc",
)

NAME = "outbound|5000|v1|helloworld.default.svc.cluster.local"
CLUSTER = {
    "cluster": NAME,
    "cluster_direction": "outbound",
    "cluster_port": 5000,
    "cluster_subset": "v1",
    "cluster_host": "helloworld.default.svc.cluster.local",
}
LISTENER = {"listener": "0.0.0.0_5000", "listener_address": "0.0.0.0", "listener_port": 5000}
URL = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
LDS_URL = "type.googleapis.com/envoy.config.listener.v3.Listener"

FORMATS: tuple[Format, ...] = (
    # clusters
    _manager(
        "cluster_update",
        "add/update cluster {cluster} during init",
        example=f"add/update cluster {NAME} during init",
        gives=CLUSTER,
    ),
    _manager(
        "cluster_update",
        "add/update cluster {cluster} starting warming",
        sets={"warming": True},
        example=f"add/update cluster {NAME} starting warming",
        gives=CLUSTER,
    ),
    _manager(
        "cluster_warmed",
        "warming cluster {cluster} complete",
        example=f"warming cluster {NAME} complete",
        gives=CLUSTER,
    ),
    _manager(
        "cluster_remove",
        "removing {?warming }cluster {cluster}",
        example=f"removing warming cluster {NAME}",
        gives=CLUSTER,
    ),
    _manager(
        "endpoint_update",
        "membership update for TLS cluster {cluster} added {added} removed {removed}",
        level="debug",
        since="1.9",
        example=f"membership update for TLS cluster {NAME} added 2 removed 1",
        gives={**CLUSTER, "added": 2, "removed": 1},
    ),
    _cds(
        "cluster_update",
        "{:word}: add/update cluster '{cluster}'{? skipped}",
        example=f"cds: add/update cluster '{NAME}' skipped",
        gives=CLUSTER,
    ),
    _cds(
        "cluster_remove", "{:word}: remove cluster '{cluster}'", example=f"cds: remove cluster '{NAME}'", gives=CLUSTER
    ),
    _summary(
        "{:word}: add {added} cluster(s), remove {removed} cluster(s)",
        since="1.12",
        until="1.33",
        example="cds: add 30 cluster(s), remove 6 cluster(s)",
        gives={"added": 30, "removed": 6},
    ),
    _summary(
        "{:word}: added/updated {updated} cluster(s), skipped {skipped}{? unmodified cluster(s)}",
        since="1.18",
        until="1.33",
        example="cds: added/updated 30 cluster(s), skipped 5 unmodified cluster(s)",
        gives={"updated": 30, "skipped": 5},
    ),
    _summary(
        "{:word}: response indicates {updated} added/updated cluster(s), {removed} removed cluster(s); "
        "applying changes",
        since="1.34",
        example="cds: response indicates 30 added/updated cluster(s), 2 removed cluster(s); applying changes",
        gives={"updated": 30, "removed": 2},
    ),
    _summary(
        "{:word}: added/updated {updated} cluster(s) (skipped {skipped} unmodified cluster(s)); "
        "removed {removed} cluster(s)",
        since="1.34",
        example="cds: added/updated 30 cluster(s) (skipped 5 unmodified cluster(s)); removed 2 cluster(s)",
        gives={"updated": 30, "skipped": 5, "removed": 2},
    ),
    # any type: received, accepted
    _accepted(
        "gRPC config for {xds_type} accepted with {resources} resources with version {push_version}",
        origin="source/common/config/grpc_subscription_impl.cc",
        example=f"gRPC config for {URL} accepted with 37 resources with version 2018-12-24T16:27:52Z/20",
        gives={"xds_type": "CDS", "resources": 37, "push_version": "2018-12-24T16:27:52Z/20"},
    ),
    _accepted(
        "Delta config for {xds_type} accepted with {added} resources added, {removed} removed",
        origin="source/common/config/delta_subscription_state.cc",
        example=f"Delta config for {URL} accepted with 3 resources added, 1 removed",
        gives={"xds_type": "CDS", "added": 3, "removed": 1},
    ),
    _accepted(
        "Received {?gRPC message{|}DeltaDiscoveryResponse} for {xds_type} at version {push_version}",
        scope="config upstream",
        since="1.8",
        origin="source/common/config/grpc_mux_impl.cc; source/common/config/new_grpc_mux_impl.cc",
        example=f"Received DeltaDiscoveryResponse for {URL} at version 2018-12-24T16:27:52Z/20",
        gives={"xds_type": "CDS", "push_version": "2018-12-24T16:27:52Z/20"},
    ),
    _accepted(
        "gRPC config update took {duration:millis} ms!{? Resources names:{:text}}",
        since="1.20",
        origin="source/extensions/config_subscription/grpc/grpc_subscription_impl.cc",
        example=f"gRPC config update took 68 ms! Resources names: {NAME}",
        gives={"duration": 68_000_000},
    ),
    # listeners
    _lds(
        "listener_update",
        "lds: add/update listener '{listener}'{? skipped}",
        level="info debug",
        example="lds: add/update listener '0.0.0.0_5000'",
        gives=LISTENER,
    ),
    _lds(
        "listener_remove",
        "lds: remove listener '{listener}'",
        example="lds: remove listener '0.0.0.0_5000'",
        gives=LISTENER,
    ),
    _failing(
        "listener '{listener}' failed to listen on address '{:text}' on worker",
        level="critical error",
        until="1.19",
        example="listener '0.0.0.0_5000' failed to listen on address '0.0.0.0:5000' on worker",
        gives=LISTENER,
    ),
    _failing(
        "listener '{listener}' failed to bind or apply socket options: {error}",
        since="1.20",
        example="listener '0.0.0.0_5000' failed to bind or apply socket options: cannot bind '0.0.0.0:5000': "
        "Address already in use",
        gives={**LISTENER, "error": "cannot bind '0.0.0.0:5000': Address already in use"},
    ),
    _failing(
        "final pre-worker listener init for listener '{listener}' failed: {error}",
        since="1.20",
        example="final pre-worker listener init for listener '0.0.0.0_5000' failed: cannot bind",
        gives={**LISTENER, "error": "cannot bind"},
    ),
    _listener(
        "begin add/update listener: name={listener} hash={:word}",
        example="begin add/update listener: name=0.0.0.0_5000 hash=1394865331057145583",
        gives=LISTENER,
    ),
    _listener(
        "{:text}: name={listener}, hash={:int}{?, tag={:int}}, address={:text}",
        origin="source/common/listener_manager/listener_impl.cc",
        needs_scope=True,
        example="warm complete. updating active listener: name=0.0.0.0_5000, hash=139, address=0.0.0.0:5000",
        gives=LISTENER,
    ),
    _config(
        "listener_remove",
        "begin remove listener: name={listener}",
        since="1.8",
        origin="source/common/listener_manager/listener_manager_impl.cc",
        example="begin remove listener: name=0.0.0.0_5000",
        gives=LISTENER,
    ),
    _config(
        "lds_update",
        "{:text}",
        level="warn",
        since="1.6",
        origin="source/server/listener_manager_impl.cc",
        example="adding listener '0.0.0.0:5000': filter chain match rules require TLS Inspector listener filter",
    ),
    # routes, secrets
    _config(
        "route_update",
        "rds: {?loading new configuration{|}vhds configuration present/changed, (re)starting vhds}: "
        "config_name={:text} hash={:word}",
        scope="router rds",
        since="1.8",
        origin="source/common/router/rds_impl.cc",
        example="rds: loading new configuration: config_name=5000 hash=8337594783472",
    ),
    _secret(
        "Unable to atomically refresh secrets due to > {:int} non-atomic rotations observed",
        example="Unable to atomically refresh secrets due to > 1 non-atomic rotations observed",
    ),
    _secret(
        "Failed to reload certificates: {error}",
        example="Failed to reload certificates: Failed to load private key",
        gives={"error": "Failed to load private key"},
    ),
    # the stream
    _stream(
        "{?gRPC{|}{:word} gRPC} config stream{? to {cluster}} closed{? since {duration:seconds}s ago}: {grpc_code:int},"
        "{? {error:message} (previously {:int}, {:text} since {duration:seconds}s ago){|}{error:message}}",
        level="warn debug",
        scope="config upstream",
        sets={"cause": "stream closed"},
        example="StreamAggregatedResources gRPC config stream to xds-grpc closed: 4, deadline "
        "(previously 14, no healthy upstream since 31s ago)",
        gives={"cluster": "xds-grpc", "grpc_code": 4, "error": "deadline", "duration": 31_000_000_000},
    ),
    _stream(
        "Unable to establish new stream{? to configuration server {cluster}}",
        level="warn debug",
        scope="config upstream",
        sets={"cause": "stream closed"},
        example="Unable to establish new stream to configuration server xds-grpc",
        gives={"cluster": "xds-grpc"},
    ),
    _stream(
        "Establishing new gRPC bidi stream {?to {cluster} }for {:text}",
        scope="config upstream",
        since="1.8",
        example="Establishing new gRPC bidi stream to xds-grpc for rpc DeltaAggregatedResources(stream a) returns (b);",
        gives={"cluster": "xds-grpc"},
    ),
    # rejections
    # a delta update prints the first line once, and then the second for each subscription
    _rejected(
        "delta config for {xds_type} {?update }rejected: {error:rejection}",
        scope="config upstream",
        since="1.11",
        origin="source/extensions/config_subscription/grpc/delta_subscription_state.cc",
        sets={"delta": True, "cause": "rejected by Envoy"},
        example=f"delta config for {LDS_URL} rejected: Error adding/updating listener(s) 0.0.0.0_5000: bad filter",
        gives={
            "xds_type": "LDS",
            "error": "Error adding/updating listener(s) 0.0.0.0_5000: bad filter",
            "delta": True,
            **LISTENER,
        },
    ),
    _rejected(
        "gRPC config for {xds_type} {?update }rejected: {error:rejection}",
        scope="config upstream",
        sets={"delta": False, "cause": "rejected by Envoy"},
        example=f"gRPC config for {LDS_URL} rejected: Error adding/updating listener(s) 0.0.0.0_5000: bad filter",
        gives={
            "xds_type": "LDS",
            "error": "Error adding/updating listener(s) 0.0.0.0_5000: bad filter",
            "delta": False,
            **LISTENER,
        },
    ),
    _rejected(
        "{?delta{|}gRPC} config: initial fetch timed out for {xds_type}",
        since="1.10",
        sets={"cause": "fetch timeout"},
        example=f"gRPC config: initial fetch timed out for {LDS_URL}",
        gives={"xds_type": "LDS"},
    ),
    _rejected(
        "Ignoring unwatched type URL {xds_type}",
        scope="config upstream",
        origin="source/common/config/grpc_mux_impl.cc",
        example=f"Ignoring unwatched type URL {URL}",
        gives={"xds_type": "CDS"},
    ),
    _rejected(
        "Ignoring the message for type URL {xds_type} as it has no current subscribers.",
        since="1.9",
        origin="source/common/config/grpc_mux_impl.cc",
        example=f"Ignoring the message for type URL {URL} as it has no current subscribers.",
        gives={"xds_type": "CDS"},
    ),
)
