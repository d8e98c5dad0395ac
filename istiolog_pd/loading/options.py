"""The options that all readers share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from istiolog_pd.capture import Time
from istiolog_pd.formats.access_log_format import AccessFormat, access_format
from istiolog_pd.sources.limits import LIMITS, Limits

#: Advances a progress bar by a number of bytes.
Progress = Callable[[int], object]
#: A text, or an object of texts: `istiolog_pd.formats.access_log_format.access_format`.
AccessLogFormat = str | Mapping[str, object]

COMPONENTS = ("pilot", "agent", "ztunnel")


@dataclass(frozen=True, slots=True)
class Options:
    """How sources are read: the parameters of `istiolog_pd.load`, checked."""

    component: str | None = None
    access_log_format: AccessLogFormat | None = None
    messages: bool = True
    start: Time = None
    end: Time = None
    storage_options: Mapping[str, Any] | None = None
    limits: Limits = LIMITS
    progress: bool = False
    access: AccessFormat | None = field(init=False)

    def __post_init__(self) -> None:
        """Check the component, and read the access log format."""
        if self.component is not None and self.component not in COMPONENTS:
            known = ", ".join(map(repr, COMPONENTS))
            raise ValueError(f"component is {known} or None, not {self.component!r}")
        text = self.access_log_format
        object.__setattr__(self, "access", None if text is None else access_format(text))

    @property
    def limited_in_time(self) -> bool:
        """Whether only entries of some time are wanted."""
        return self.start is not None or self.end is not None


@contextmanager
def progress_bar(size: int) -> Iterator[Progress]:
    """Show a progress bar of a number of bytes (0: unknown); gives the function that advances it."""
    from tqdm import tqdm  # with the locks that it makes it takes time and memory, and mostly no bar is shown

    with tqdm(total=size or None, unit="B", unit_scale=True, leave=False) as bar:
        yield bar.update
