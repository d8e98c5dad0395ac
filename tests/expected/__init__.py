"""What real logs hold, each number once: the counts that several tests expect."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """A real run: its log, what its metrics say, and what its log must say.

    `printed` and `built` are pushes, by type, and `failed` those that could not be sent; `bounded_sizes` are the types
    whose sum of bytes has an upper bound too: at this level all their pushes are printed, and each that was built
    was sent. The others (EDS at info, LDS of 1.20.8, RDS of 1.30.3 at debug) have a lower bound only.
    """

    log: str
    metrics: str
    lines: int
    entries: int
    #: Push decisions; each began a round.
    decisions: int
    debounce_seconds: float
    full_rounds: int
    #: Rounds that print their pushes at this level.
    visible_rounds: int
    pushes: int
    closes: int
    bounded_sizes: list[str]
    rejects: dict[str, int]
    printed: dict[str, int]
    built: dict[str, int]
    failed: dict[str, int]
    prints_all_eds: bool = False

    @property
    def hidden(self) -> str:
        """How the coverage of an answer counts the rounds whose pushes are not printed."""
        return f"the pushes of {self.decisions - self.visible_rounds} of {self.decisions} rounds are not printed"

    def __str__(self) -> str:
        """The name in the test's output."""
        return self.metrics.removesuffix(".txt")


RUNS = {
    path.stem: Run(**tomllib.loads(path.read_text(encoding="utf-8")))
    for path in sorted(Path(__file__).parent.glob("*.toml"))
}
OLD, INFO, DEBUG = (RUNS[name] for name in ("istiod-1.20.8", "istiod-1.30.3", "istiod-1.30.3-debug"))
