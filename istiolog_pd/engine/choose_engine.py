"""Which engine reads a log: the compiled one, or the reference for a small one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace

from istiolog_pd.engine.reference import reader as reference
from istiolog_pd.engine.reference.reader import SourceTables
from istiolog_pd.engine.second_tier import without_messages
from istiolog_pd.formats.access_log_format import AccessFormat

#: Less than this is always read by the reference engine, which needs nothing made ready.
TINY = 1 << 16
#: Logs of less than this all together too, while no compiled code has been loaded: loading takes longer than reading.
SMALL = 2 << 20
#: And less than this if there is no compiled code yet: compiling takes longer than reading it.
SMALL_UNCOMPILED = 48 << 20


def read(
    blocks: Iterator[bytes],
    name: str,
    component: str,
    access: AccessFormat | None,
    *,
    messages: bool = True,
    beside: int = 0,
) -> SourceTables:
    """Read a bare log by the compiled engine; a small one, or one with a user's access format, by the reference."""
    head, small = read_ahead(blocks, beside) if access is None else ([], True)
    if not small:
        from istiolog_pd.engine import compiled

        return compiled.read(given(head, blocks), name, component, messages=messages)
    tables = reference.read(given(head, blocks), name, component, access)
    return tables if messages else replace(tables, events=without_messages(tables.events))


def read_ahead(blocks: Iterator[bytes], beside: int = 0) -> tuple[list[bytes], bool]:
    """The first blocks of a log, and whether the reference reads it sooner; `beside` bytes are read in all."""
    head, size = [], 0
    for block in blocks:
        head.append(block)
        size += len(block)
        if size >= TINY and (_is_loaded() or _pays(max(size, beside))):
            return head, False
    return head, True


def _pays(size: int) -> bool:
    """Whether reading so many bytes takes longer than loading compiled code, or compiling it."""
    return size >= SMALL and (size >= SMALL_UNCOMPILED or _is_compiled())


def _is_loaded() -> bool:
    """Whether this process has the kernel's compiled code already."""
    module = sys.modules.get("istiolog_pd.engine.kernel.frame")
    return module is not None and bool(module.frame.signatures)


def _is_compiled() -> bool:
    """Whether the kernel's compiled code is there, from this process or kept from an earlier one."""
    from istiolog_pd.engine.kernel.frame import frame
    from istiolog_pd.engine.kernel.jit import is_kept

    return is_kept(frame)


def given(head: list[bytes], blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks that were read ahead, which are held no longer than they are wanted, and those that follow."""
    while head:
        yield head.pop(0)
    yield from blocks
