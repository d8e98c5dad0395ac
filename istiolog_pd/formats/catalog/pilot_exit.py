"""Lines of istiod as it ends: its controllers and registries stop."""

from __future__ import annotations

from functools import partial

from istiolog_pd.formats.template import Format

_stopped = partial(Format, "controller_lifecycle", scope="kube", sets={"cause": "stopped"})

FORMATS: tuple[Format, ...] = (
    _stopped("stopped", scope="controllers", since="1.13", origin="pkg/kube/controllers/queue.go", needs_scope=True),
    _stopped(
        "{?C{|}c}ontroller terminated",
        scope="default kube",
        origin="pilot/pkg/serviceregistry/kube/controller/controller.go; pilot/pkg/config/kube/crdclient/client.go",
        example="Controller terminated",
    ),
    Format(
        "cluster_registry",
        "Registry Aggregator terminated",
        origin="pilot/pkg/serviceregistry/aggregate/controller.go",
        sets={"cause": "stopped"},
    ),
)
