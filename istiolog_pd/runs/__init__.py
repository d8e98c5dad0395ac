"""Runs: every source cut into the process runs that it holds, rotated pieces joined, overlaps removed."""

from __future__ import annotations

from istiolog_pd.runs.arrange import Arranged, arrange
from istiolog_pd.runs.concat import join
from istiolog_pd.runs.source_part import Batch, LogOwner, SourcePart, piece_of, rotated_name

__all__ = ["Arranged", "Batch", "LogOwner", "SourcePart", "arrange", "join", "piece_of", "rotated_name"]
