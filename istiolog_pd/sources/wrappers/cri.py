"""containerd and CRI-O: ``<time> stdout|stderr F|P line``."""

from istiolog_pd.sources.wrappers._header import STAMP
from istiolog_pd.sources.wrappers._prefix import Cri
from istiolog_pd.sources.wrappers._wrapper import prefix_wrapper

CRI = prefix_wrapper(
    "CRI",
    Cri,
    STAMP + rb" (?:stdout|stderr) [FP]",
    b"2026-11-23T17:28:49.12Z stdout F 2026-11-23T17:28:49.062996Z\tinfo\tads\tx\n",
    inner=True,
)
