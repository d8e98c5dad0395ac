"""What a wrapper is: its name, how it is detected, what takes it off, and a sample.

Four sorts: a prefix before each line, a JSON record for each line, sections of whole logs, and what is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from istiolog_pd.sources.wrappers._containers import Containers
from istiolog_pd.sources.wrappers._header import LEVEL
from istiolog_pd.sources.wrappers._model import ContainerId, LogStream, Note
from istiolog_pd.sources.wrappers._rows import Batch

Json = dict[str, Any]
#: namespace, pod, container
Names = tuple[str, str, str]
NO_NAMES: Names = ("", "", "")

NAME = rb"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?"
POD, NAMESPACE, CONTAINER = (rb"(?P<%b>%b)" % (group, NAME) for group in (b"pod", b"ns", b"container"))


@dataclass(frozen=True, slots=True)
class PrefixWrapper:
    """Text before each line of a log.

    Parameters
    ----------
    name
        What it is called.
    decoder
        What takes it off: a class of `_prefix`.
    prefix
        The prefix alone; groups `ns`, `pod` and `container` where it names one.
    words
        How many words it has, if it names a container.
    fits
        What its lines and the tool's own lines match.
    certain, needed
        What no other line matches, and how many such lines it takes.
    tool_output
        What the tool says itself between the lines.
    newest_first
        Whether its entries may come with the newest first.
    inner
        Whether it may stand inside another wrapper: CRI lines that a shipper did not take apart.
    sample
        A line of a pod ``web-1`` in it, as its tool prints it.
    """

    name: str
    decoder: Any
    prefix: re.Pattern[bytes]
    words: int
    fits: re.Pattern[bytes]
    certain: re.Pattern[bytes]
    needed: int
    tool_output: re.Pattern[bytes]
    newest_first: bool
    inner: bool
    sample: bytes


def prefix_wrapper(  # noqa: PLR0913 - a declaration
    name: str,
    decoder: Any,
    prefix: bytes,
    sample: bytes,
    *,
    certain: bytes = b"",
    words: int = 0,
    needed: int = 1,
    tool_output: bytes = rb"(?!)",
    newest_first: bool = False,
    inner: bool = False,
) -> PrefixWrapper:
    """A wrapper of the parts of its pattern: behind the prefix comes a blank and what is `certain`."""
    fits = prefix + rb"(?: (?!%b\b)|$)" % LEVEL
    return PrefixWrapper(
        name,
        decoder,
        re.compile(prefix),
        words,
        re.compile(rb"%b|%b" % (fits, tool_output)),
        re.compile(fits + certain),
        needed,
        re.compile(tool_output),
        newest_first,
        inner,
        sample,
    )


class Row(NamedTuple):
    """A record, read: its text without the line end, and what is said of it."""

    text: str
    part: bool
    time: Any
    stream: Any
    container: ContainerId


class Columns(NamedTuple):
    """The texts of records and what is said of them; null is a column that the wrapper does not have."""

    texts: list[str]
    times: list[str] | None = None
    streams: list[str] | None = None
    containers: list[Names] | None = None
    #: The ``P`` or ``F`` of each.
    tags: list[str] | None = None


@dataclass(frozen=True, slots=True)
class RecordWrapper:
    """A JSON record for each line of a log.

    Parameters
    ----------
    name
        What it is called.
    is_record
        Whether an object is a record of it: only by keys that Istio's own JSON lines never have together.
    read
        A record's row, or null if it is none after all.
    sample
        A record of a pod ``web-1``.
    columns
        The same for records that all have the usual keys, a column at a time; anything unusual raises
        `KeyError` or `TypeError`, and the records are read one by one.
    newest_first
        Whether its entries may come with the newest first.
    ends_lines
        Whether a text without a line end goes on in the next record.
    identity
        The keys that two records have in common only if they are one.
    spread_only
        Whether a record on a line of its own is a bare log's.
    """

    name: str
    is_record: Callable[[Json], bool]
    read: Callable[[Json], Row | None]
    sample: bytes
    columns: Callable[[Sequence[Any]], Columns] | None = None
    newest_first: bool = False
    ends_lines: bool = False
    identity: tuple[str, ...] = ()
    spread_only: bool = False


@dataclass(frozen=True, slots=True)
class SectionWrapper:
    """A file that holds whole logs one after another.

    Parameters
    ----------
    name
        What it is called.
    begins
        Whether a file that begins with these bytes is one.
    streams
        The logs in its blocks.
    sample
        A file of a pod ``web-1``.
    """

    name: str
    begins: Callable[[bytes], bool]
    streams: Callable[[Iterator[bytes], Note], Iterator[LogStream]]
    sample: bytes


class BatchReader(Protocol):
    """Takes one source's wrapper off."""

    containers: Containers

    def batches(self, blocks: Iterator[bytes], note: Note) -> Iterator[Batch]:
        """The rows of the source's blocks."""
        ...


@dataclass(frozen=True, slots=True)
class GuessedWrapper:
    """What has no fixed shape: exports and pasted text, where the log lines are found by what they look like.

    Parameters
    ----------
    name
        What it is called.
    detect
        What reads a source that begins with these bytes, or null. Asked only where no line of a bare log or
        of another wrapper was found.
    sample
        A source of a pod ``web-1``.
    """

    name: str
    detect: Callable[[bytes], BatchReader | None]
    sample: bytes


Wrapper = PrefixWrapper | RecordWrapper | SectionWrapper | GuessedWrapper


# ---- what the readers of records share ----


def text_of(value: Any) -> str:
    """A text, or none."""
    return value if isinstance(value, str) else ""


def dict_of(value: Any) -> Json:
    """An object, or an empty one."""
    return value if isinstance(value, dict) else {}


def container_of(namespace: Any, pod: Any, container: Any) -> ContainerId:
    """The container of some names that may be none."""
    return ContainerId(text_of(namespace), text_of(pod), text_of(container))


def without_line_end(text: str) -> str:
    """A text without its own line end."""
    return text[:-1] if text.endswith("\n") else text
