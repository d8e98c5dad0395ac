"""Which engine reads: the native one, or the reference where no extension could be built."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from istiolog_pd.engine.reference import reader as reference
from istiolog_pd.engine.reference.reader import SourceTables
from istiolog_pd.engine.schema import without_messages
from istiolog_pd.errors import SlowEngineWarning
from istiolog_pd.formats.access_log_format import AccessFormat

#: Bytes that the reference reads before it is said that the native engine is missing.
LARGE_INPUT = 20 << 20

_MISSING = (
    "this installation has no native engine, so logs are read about a hundred times slower than they could be: install "
    "a wheel of istiolog_pd that has it, or install Rust (https://rustup.rs) and then istiolog_pd again"
)


@cache
def has_native() -> bool:
    """Whether the native engine was built."""
    return find_spec("istiolog_pd.engine._native") is not None


def engine_name() -> str:
    """What the engine that reads is called."""
    return "native engine" if has_native() else "reference engine: no native one was built"


def native() -> ModuleType | None:
    """The module of the native engine, if there is one."""
    return import_module("istiolog_pd.engine.native") if has_native() else None


def read(
    blocks: Iterable[bytes],
    source: str,
    component: str = "",
    access: AccessFormat | None = None,
    *,
    messages: bool = True,
) -> SourceTables:
    """Read a source by the engine that is there.

    Parameters
    ----------
    blocks, source, component, access
        As in `istiolog_pd.engine.reference.reader.read`.
    messages
        Whether to keep the column `message`.
    """
    if (engine := native()) is not None:
        found: SourceTables = engine.read(blocks, source, component, access, messages=messages)
        return found
    return read_by_reference(blocks, source, component, access, messages=messages)


def read_by_reference(
    blocks: Iterable[bytes], source: str, component: str, access: AccessFormat | None, *, messages: bool
) -> SourceTables:
    """Read a source by the reference; say once if it is long."""
    tables = reference.read(_counted(blocks), source, component, access)
    return tables if messages else replace(tables, events=without_messages(tables.events))


def _counted(blocks: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for block in blocks:
        size += len(block)
        if size > LARGE_INPUT:
            warn_of_missing()
        yield block


@cache
def warn_of_missing() -> None:
    """Say once in a process what is missing."""
    warnings.warn(_MISSING, SlowEngineWarning, stacklevel=2)


def replay_head(head: list[bytes], blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks that were read ahead, which are held no longer than they are wanted, and those that follow."""
    while head:
        yield head.pop(0)
    yield from blocks
