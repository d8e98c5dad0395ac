# Plots found by folder: written by .ci/scripts/generate.py
from istiolog_pd.plots._draw.describe import add_alt_text as add_alt_text
from istiolog_pd.plots._draw.describe import describe as describe
from istiolog_pd.plots._draw.discover import PLOTS as PLOTS
from istiolog_pd.plots._draw.plot import Draw as Draw
from istiolog_pd.plots._draw.plot import Plot as Plot
from istiolog_pd.plots.causes import push_causes as push_causes
from istiolog_pd.plots.closed_streams import closed_streams as closed_streams
from istiolog_pd.plots.compare import compare as compare
from istiolog_pd.plots.config_conflicts import config_conflicts as config_conflicts
from istiolog_pd.plots.connections import connected_endpoints as connected_endpoints
from istiolog_pd.plots.connections import connections as connections
from istiolog_pd.plots.costs import message_sizes as message_sizes
from istiolog_pd.plots.costs import push_costs as push_costs
from istiolog_pd.plots.debounce_replay import debounce_replay as debounce_replay
from istiolog_pd.plots.debounces import debounce_distribution as debounce_distribution
from istiolog_pd.plots.debounces import debounces as debounces
from istiolog_pd.plots.endpoints import empty_clusters as empty_clusters
from istiolog_pd.plots.endpoints import endpoint_churn as endpoint_churn
from istiolog_pd.plots.errors import errors as errors
from istiolog_pd.plots.failed_requests import failed_requests as failed_requests
from istiolog_pd.plots.failures_after_pushes import failures_after_pushes as failures_after_pushes
from istiolog_pd.plots.gc import gc as gc
from istiolog_pd.plots.kinds import full_vs_incremental as full_vs_incremental
from istiolog_pd.plots.metrics import metrics as metrics
from istiolog_pd.plots.propagation import propagation as propagation
from istiolog_pd.plots.proxy_startup import proxy_startup as proxy_startup
from istiolog_pd.plots.pushes import pushes as pushes
from istiolog_pd.plots.reconnect_storms import reconnect_storms as reconnect_storms
from istiolog_pd.plots.rejections import rejections as rejections
from istiolog_pd.plots.remote_clusters import remote_clusters as remote_clusters
from istiolog_pd.plots.rounds import fan_out as fan_out
from istiolog_pd.plots.rounds import push_rounds as push_rounds
from istiolog_pd.plots.sizes import cache_ratio as cache_ratio
from istiolog_pd.plots.sizes import push_sizes as push_sizes
from istiolog_pd.plots.sizes import sidecar_savings as sidecar_savings
from istiolog_pd.plots.stale import stale_proxies as stale_proxies
from istiolog_pd.plots.throttle_replay import throttle_replay as throttle_replay
from istiolog_pd.plots.timeline import timeline as timeline
from istiolog_pd.plots.triggers import triggers as triggers
from istiolog_pd.plots.waves import push_wave as push_wave
from istiolog_pd.plots.waves import push_waves as push_waves
from istiolog_pd.plots.xds_order import xds_order as xds_order

__all__ = [
    "cache_ratio",
    "closed_streams",
    "compare",
    "config_conflicts",
    "connected_endpoints",
    "connections",
    "debounce_distribution",
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
