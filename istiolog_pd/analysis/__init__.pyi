# Answers found by folder: written by .ci/scripts/generate.py
from istiolog_pd.analysis.compare.compare import compare as compare
from istiolog_pd.analysis.coverage.coverage import coverage as coverage
from istiolog_pd.analysis.debounce_replay.debounce_replay import debounce_replay as debounce_replay
from istiolog_pd.analysis.debounce_replay.throttle_replay import throttle_replay as throttle_replay
from istiolog_pd.analysis.metrics.compare_metrics import compare_metrics as compare_metrics
from istiolog_pd.analysis.metrics.metrics import metrics as metrics
from istiolog_pd.analysis.propagation.propagation import propagation as propagation
from istiolog_pd.analysis.proxies.closed_streams import closed_streams as closed_streams
from istiolog_pd.analysis.proxies.config_conflicts import config_conflicts as config_conflicts
from istiolog_pd.analysis.proxies.connections import connected_endpoints as connected_endpoints
from istiolog_pd.analysis.proxies.connections import connections as connections
from istiolog_pd.analysis.proxies.endpoints import empty_clusters as empty_clusters
from istiolog_pd.analysis.proxies.endpoints import endpoint_churn as endpoint_churn
from istiolog_pd.analysis.proxies.errors import errors as errors
from istiolog_pd.analysis.proxies.failed_requests import failed_requests as failed_requests
from istiolog_pd.analysis.proxies.failures_after_pushes import failures_after_pushes as failures_after_pushes
from istiolog_pd.analysis.proxies.nodes import node_metadata as node_metadata
from istiolog_pd.analysis.proxies.proxy_startup import proxy_startup as proxy_startup
from istiolog_pd.analysis.proxies.reconnect_storms import reconnect_storms as reconnect_storms
from istiolog_pd.analysis.proxies.rejections import rejections as rejections
from istiolog_pd.analysis.proxies.remote_clusters import remote_clusters as remote_clusters
from istiolog_pd.analysis.proxies.warming import cluster_warming as cluster_warming
from istiolog_pd.analysis.pushes.causes import push_causes as push_causes
from istiolog_pd.analysis.pushes.costs import message_sizes as message_sizes
from istiolog_pd.analysis.pushes.costs import push_costs as push_costs
from istiolog_pd.analysis.pushes.debounces import debounces as debounces
from istiolog_pd.analysis.pushes.kinds import full_vs_incremental as full_vs_incremental
from istiolog_pd.analysis.pushes.rounds import fan_out as fan_out
from istiolog_pd.analysis.pushes.rounds import push_rounds as push_rounds
from istiolog_pd.analysis.pushes.rounds import pushes as pushes
from istiolog_pd.analysis.pushes.sizes import cache_ratio as cache_ratio
from istiolog_pd.analysis.pushes.sizes import push_sizes as push_sizes
from istiolog_pd.analysis.pushes.sizes import sidecar_savings as sidecar_savings
from istiolog_pd.analysis.pushes.stale import stale_proxies as stale_proxies
from istiolog_pd.analysis.pushes.triggers import triggers as triggers
from istiolog_pd.analysis.pushes.waves import push_wave as push_wave
from istiolog_pd.analysis.pushes.waves import push_waves as push_waves
from istiolog_pd.analysis.pushes.xds_order import xds_order as xds_order
from istiolog_pd.analysis.runtime.gc import gc as gc
from istiolog_pd.analysis.timeline.arrivals import arrivals as arrivals
from istiolog_pd.analysis.timeline.timeline import timeline as timeline

__all__ = [
    "arrivals",
    "cache_ratio",
    "closed_streams",
    "cluster_warming",
    "compare",
    "compare_metrics",
    "config_conflicts",
    "connected_endpoints",
    "connections",
    "coverage",
    "debounce_replay",
    "debounces",
    "empty_clusters",
    "endpoint_churn",
    "errors",
    "failed_requests",
    "failures_after_pushes",
    "fan_out",
    "full_vs_incremental",
    "gc",
    "message_sizes",
    "metrics",
    "node_metadata",
    "propagation",
    "proxy_startup",
    "push_causes",
    "push_costs",
    "push_rounds",
    "push_sizes",
    "push_wave",
    "push_waves",
    "pushes",
    "reconnect_storms",
    "rejections",
    "remote_clusters",
    "sidecar_savings",
    "stale_proxies",
    "throttle_replay",
    "timeline",
    "triggers",
    "xds_order",
]
