"""The placeholders of Envoy's formats: no expressions are printed in the table, so each row has its own samples."""

from __future__ import annotations

from filling import names as n
from filling import values as v
from filling.sample import Pool, Sample, column, give, numbers, optional, plain

CDS = [Sample("cds", {}, {"xds_type": "CDS"}), *plain("odcds")]
COUNTS = (0, 3, 30, 2286)
ADDED, UPDATED, SKIPPED, REMOVED = (numbers(name, *COUNTS) for name in ("added", "updated", "skipped", "removed"))
HASHES = plain("0", "17404327112233445566")
VERSIONS = n.MAYBE_VERSIONS
METHODS = plain("StreamAggregatedResources", "DeltaAggregatedResources")
STREAMS = plain(
    "rpc StreamAggregatedResources(stream .envoy.service.discovery.v3.DiscoveryRequest) returns (stream .a.B);\n",
    "rpc DeltaAggregatedResources(stream .a.B) returns (stream .a.C) {\n  option x = 1;\n}\n\n",
)
XDS_CLUSTER = column("cluster", "xds-grpc", "sds-grpc")
CODES = v.GRPC_STATUS
MESSAGES = [
    give(text, error=text.strip() or None)
    for text in ("no healthy upstream", "", "upstream connect error: reset reason: a, b", "first\nsecond line")
]
#: A message that more text follows, which may hold the same punctuation.
INNER_MESSAGES = [
    give(text, error=text.strip() or None)
    for text in ("no healthy upstream", "", "reset reason: overflow (previously)")
]
OLD_CODES = plain("0", "14")
OLD_MESSAGES = plain("no healthy upstream", "")
SECONDS = [Sample(str(s), {}, {"duration": s * v.SECOND}) for s in (0, 31, 86400)]
MILLIS = [Sample(str(ms), {"duration": ms * 1_000_000}) for ms in (0, 51, 12345)]
FAILURES = [Sample(text, {}, {"error": text}) for text in ("cannot bind '[::]:80': Address already in use", "a: b")]
#: A listener's own address, printed apart from its name.
BOUND = plain("0.0.0.0:5000", "[::]:15006")

REJECTED = [
    give(
        "Error adding/updating listener(s) 0.0.0.0_80: duplicate listener 0.0.0.0_81 found",
        error="Error adding/updating listener(s) 0.0.0.0_80: duplicate listener 0.0.0.0_81 found",
        listener="0.0.0.0_80",
        listener_address="0.0.0.0",
        listener_port=80,
    ),
    give(
        "Error adding/updating listener(s) virtualInbound: no filter\n10.0.0.1_443: cannot bind\n",
        error="Error adding/updating listener(s) virtualInbound: no filter\n10.0.0.1_443: cannot bind",
        listener="virtualInbound",
    ),
    give(
        "Error adding/updating listener(s) [::]_15006: error adding listener '[::]:15006'",
        error="Error adding/updating listener(s) [::]_15006: error adding listener '[::]:15006'",
        listener="[::]_15006",
        listener_address="::",
        listener_port=15006,
    ),
    give(
        "Error adding/updating cluster(s) outbound|443|v1|*.example.com: rejected: too many, outbound|80||a: no",
        error="Error adding/updating cluster(s) outbound|443|v1|*.example.com: rejected: too many, outbound|80||a: no",
        cluster="outbound|443|v1|*.example.com",
        cluster_direction="outbound",
        cluster_port=443,
        cluster_subset="v1",
        cluster_host="*.example.com",
    ),
    give(
        "Only unique values for domains are permitted. Duplicate entry of domain a.b",
        error="Only unique values for domains are permitted. Duplicate entry of domain a.b",
    ),
]

#: Formats of the table -> the samples of their placeholders, in order.
FIELDS: dict[str, tuple[Pool, ...]] = {
    "add/update cluster {} during init": (n.CLUSTERS,),
    "add/update cluster {} starting warming": (n.CLUSTERS,),
    "cds: add/update cluster '{}'": (n.CLUSTERS,),
    "{}: add/update cluster '{}'": (CDS, n.CLUSTERS),
    "cds: add/update cluster '{}' skipped": (n.CLUSTERS,),
    "membership update for TLS cluster {} added {} removed {}": (n.CLUSTERS, optional(ADDED), optional(REMOVED)),
    "warming cluster {} complete": (n.CLUSTERS,),
    "removing cluster {}": (n.CLUSTERS,),
    "removing warming cluster {}": (n.CLUSTERS,),
    "cds: remove cluster '{}'": (n.CLUSTERS,),
    "{}: remove cluster '{}'": (CDS, n.CLUSTERS),
    "cds: add {} cluster(s), remove {} cluster(s)": (ADDED, REMOVED),
    "{}: add {} cluster(s), remove {} cluster(s)": (CDS, ADDED, REMOVED),
    "{}: added/updated {} cluster(s), skipped {} unmodified cluster(s)": (CDS, UPDATED, SKIPPED),
    "{}: response indicates {} added/updated cluster(s), {} removed cluster(s); applying changes": (
        CDS,
        UPDATED,
        REMOVED,
    ),
    "{}: added/updated {} cluster(s) (skipped {} unmodified cluster(s)); removed {} cluster(s)": (
        CDS,
        UPDATED,
        SKIPPED,
        REMOVED,
    ),
    "gRPC config for {} accepted with {} resources with version {}": (n.URLS, numbers("resources", *COUNTS), VERSIONS),
    "Delta config for {} accepted with {} resources added, {} removed": (
        n.URLS,
        [Sample(str(c), {}, {"added": c, "resources": c}) for c in COUNTS],
        REMOVED,
    ),
    "Received gRPC message for {} at version {}": (n.URLS, VERSIONS),
    "Received DeltaDiscoveryResponse for {} at version {}": (n.URLS, VERSIONS),
    "gRPC config update took {} ms! Resources names: {}": (MILLIS, plain("a,b,outbound|80||c.d", "")),
    "lds: add/update listener '{}'": (n.LISTENERS,),
    "lds: add/update listener '{}' skipped": (n.LISTENERS,),
    "listener '{}' failed to listen on address '{}' on worker": (n.LISTENERS, BOUND),
    "final pre-worker listener init for listener '{}' failed: {}": (n.LISTENERS, FAILURES),
    "begin add/update listener: name={} hash={}": (n.LISTENERS, HASHES),
    "{}: name={}, hash={}, address={}": (
        plain("add warming listener", "warm complete. updating active listener", "draining listener removal complete"),
        n.LISTENERS,
        HASHES,
        BOUND,
    ),
    "lds: remove listener '{}'": (n.LISTENERS,),
    "begin remove listener: name={}": (n.LISTENERS,),
    "{}": (plain("Deprecated field: type a.B Using deprecated option 'a.B.c' from file b.proto", "error: a, b"),),
    "rds: loading new configuration: config_name={} hash={}": (plain("80", "outbound|80||a.b", "http.8080"), HASHES),
    "rds: vhds configuration present/changed, (re)starting vhds: config_name={} hash={}": (plain("80", "a"), HASHES),
    "Unable to atomically refresh secrets due to > {} non-atomic rotations observed": (plain("5"),),
    "Failed to reload certificates: {}": (FAILURES,),
    "gRPC config stream closed: {}, {}": (CODES, MESSAGES),
    "{} gRPC config stream closed: {}, {}": (METHODS, CODES, MESSAGES),
    "{} gRPC config stream closed since {}s ago: {}, {}": (METHODS, SECONDS, CODES, MESSAGES),
    "{} gRPC config stream closed: {}, {} (previously {}, {} since {}s ago)": (
        METHODS,
        CODES,
        INNER_MESSAGES,
        OLD_CODES,
        OLD_MESSAGES,
        SECONDS,
    ),
    "{} gRPC config stream to {} closed: {}, {}": (METHODS, XDS_CLUSTER, CODES, MESSAGES),
    "{} gRPC config stream to {} closed since {}s ago: {}, {}": (METHODS, XDS_CLUSTER, SECONDS, CODES, MESSAGES),
    "{} gRPC config stream to {} closed: {}, {} (previously {}, {} since {}s ago)": (
        METHODS,
        XDS_CLUSTER,
        CODES,
        INNER_MESSAGES,
        OLD_CODES,
        OLD_MESSAGES,
        SECONDS,
    ),
    "Unable to establish new stream to configuration server {}": (optional(XDS_CLUSTER),),
    "Establishing new gRPC bidi stream for {}": (STREAMS,),
    "Establishing new gRPC bidi stream to {} for {}": (XDS_CLUSTER, STREAMS),
    "gRPC config for {} update rejected: {}": (n.URLS, REJECTED),
    "gRPC config for {} rejected: {}": (n.URLS, REJECTED),
    "delta config for {} rejected: {}": (n.URLS, REJECTED),
    "gRPC config: initial fetch timed out for {}": (n.URLS,),
    "delta config: initial fetch timed out for {}": (n.URLS,),
    "Ignoring unwatched type URL {}": (n.URLS,),
    "Ignoring the message for type URL {} as it has no current subscribers.": (n.URLS,),
    "initializing epoch {} (hot restart version={})": (plain("0", "3"), plain("11.104", "disabled")),
    "initializing epoch {} (base id={}, hot restart version={})": (plain("0"), plain("0"), plain("11.104", "disabled")),
    "admin address: {}": (BOUND,),
    "runtime: {}": (plain("layers:\n  - name: deprecation\n    static_layer:\n      a: true\n", "{}"),),
    "Notifying {} callback(s) with completion.": (plain("0", "12"),),
    "there is no configured limit to the number of allowed active connections. Set a limit via the runtime key {}": (
        plain("overload.global_downstream_max_connections"),
    ),
    "error initializing configuration '{}': {}": (plain("/etc/istio/proxy/envoy-rev0.json", ""), FAILURES),
    "loading {} static secret(s)": (plain("0", "2"),),
    "loading {} cluster(s)": (optional(numbers("clusters", 0, 5)),),
    "loading {} listener(s)": (optional(numbers("listeners", 0, 2)),),
    "Overload action {} became {}": (plain("envoy.overload_actions.shrink_heap"), plain("active", "inactive")),
    "Caught {}, suspect faulting address {}": (plain("Segmentation fault"), plain("0x0")),
    "Backtrace thr<{}> obj<{}> (If unsymbolized, use tools/stack_decode.py):": (plain("12"), plain("/usr/bin/envoy")),
    "assert failure: {}.": (plain("a != b", "x. Details: y: z"),),
}
