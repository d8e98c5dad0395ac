"""Work done beside the work of who asked for it."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

#: Blocks that are made before a thread is worth its while, and blocks that wait to be taken.
INLINE = 4
WAITING = 3


def ahead(blocks: Generator[bytes, None, None]) -> Iterator[bytes]:
    """The same blocks; from the fifth on they are made by a thread, a few before they are asked for.

    Worth it where making a block lets go of the interpreter's lock, as decompressors and files do.
    What `blocks` raises is raised here, in its place.
    """
    try:
        made = 0
        for made, block in enumerate(islice(blocks, INLINE), 1):  # noqa: B007 - how many there were
            yield block
        if made < INLINE:
            return
        with ThreadPoolExecutor(1, "istiolog-unpack") as thread:
            waiting: deque[Future[bytes | None]] = deque()
            try:
                waiting.extend(thread.submit(next, blocks, None) for _ in range(WAITING))
                while (ready := waiting.popleft().result()) is not None:
                    waiting.append(thread.submit(next, blocks, None))
                    yield ready
            finally:
                thread.shutdown(wait=True, cancel_futures=True)
    finally:
        blocks.close()
