"""A simulated control plane: logs in the format of any Istio version, with everything that is true of them.

A discrete-event, seeded simulation of istiod: changes, debounce, push context, push queue, pushes, what Envoy
answers, connections. It is what analyses are proved against, and where large samples come from.

From a shell: ``python -m tests.simulator --help``.
"""

from __future__ import annotations

from tests.simulator.model import Simulation, simulate
from tests.simulator.settings import VERSIONS, Settings
from tests.simulator.truth import Truth

__all__ = ["VERSIONS", "Settings", "Simulation", "Truth", "simulate"]
