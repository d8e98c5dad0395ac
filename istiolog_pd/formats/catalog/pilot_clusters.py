"""Lines of istiod about remote clusters whose cluster is a column."""

from __future__ import annotations

from functools import partial

from istiolog_pd.formats.template import Format

_cluster = partial(Format, "cluster_registry", origin="pkg/kube/multicluster/cluster.go", gives={"cluster": "remote-1"})

FORMATS: tuple[Format, ...] = (
    _cluster(
        "remote cluster {cluster:word} failed to sync after {:text}",
        level="error",
        since="1.15",
        statement="remote cluster %s failed to sync after %v",
        example="remote cluster remote-1 failed to sync after 30s",
    ),
    _cluster(
        "Timed out waiting for cluster {cluster:word} to sync {:text}",
        level="error",
        since="1.27",
        origin="pilot/pkg/serviceregistry/ambient/networks.go",
        statement="Timed out waiting for cluster %s to sync %v",
        example="Timed out waiting for cluster remote-1 to sync namespaces",
    ),
)
