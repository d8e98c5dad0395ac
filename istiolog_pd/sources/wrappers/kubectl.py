"""``kubectl logs`` with ``--prefix`` (``[pod/POD/CONTAINER] line``) or ``--timestamps`` (``<time> line``), or both."""

from istiolog_pd.sources.wrappers._header import HEADER, STAMP
from istiolog_pd.sources.wrappers._prefix import Named, Timestamps
from istiolog_pd.sources.wrappers._wrapper import CONTAINER, POD, prefix_wrapper

_TOOL_OUTPUT = (
    rb'Defaulted container "|Defaulting container name to |Found \d+ pods?, using |[Ee]rror: |Error from server'
    rb"|unable to retrieve container logs|failed to create fsnotify|rpc error: "
)

KUBECTL_PREFIX = prefix_wrapper(
    "kubectl",
    Named,
    rb"\[pod/%b/%b\]" % (POD, CONTAINER),
    b"[pod/web-1/istio-proxy] 2026-11-23T17:28:49.062996Z\tinfo\tads\tx\n",
    words=1,
    tool_output=_TOOL_OUTPUT,
)
KUBECTL_TIMESTAMPS = prefix_wrapper(
    "kubectl timestamps",
    Timestamps,
    STAMP,
    b"2026-11-23T17:28:49.12Z 2026-11-23T17:28:49.062996Z\tinfo\tads\tx\n",
    certain=HEADER,
    tool_output=_TOOL_OUTPUT,
    inner=True,
)
