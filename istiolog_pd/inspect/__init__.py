"""Looking closer: which format matches a line, what no format matches, a capture at a glance."""

from __future__ import annotations

from istiolog_pd.inspect.explain import explain, formats_table
from istiolog_pd.inspect.summary import summarize
from istiolog_pd.inspect.unmatched import templates

__all__ = ["explain", "formats_table", "summarize", "templates"]
