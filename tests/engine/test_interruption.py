"""Reading that is interrupted, shared or broken: Ctrl-C, two threads at once, a panic of the native engine."""

from __future__ import annotations

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import istiolog_pd as il
from istiolog_pd.engine.schema import EVENTS_SCHEMA, KEYS

native = pytest.importorskip("istiolog_pd.engine.native", reason="the native engine is not built")

PUSH = (
    "2026-01-01T00:00:00.807441Z\tinfo\tdelta\tCDS: PUSH request for node:app-{n}.ns resources:4{n} "
    "removed:0 size:366.4kB cached:0/400\n"
)
#: Maximum processor time from Ctrl-C to the exception, on all threads together.
MAX_SECONDS = 0.5


class EndlessLog:
    """A file that never ends."""

    def __init__(self) -> None:
        self._block = b"".join(PUSH.format(n=n % 900).encode() for n in range(10_000))

    def read(self, size: int) -> bytes:
        """The next block."""
        return self._block


def test_ctrl_c_is_heeded_while_a_log_is_read() -> None:
    """Within half a second; no thread goes on."""
    sent: list[float] = []

    def press() -> None:
        sent.append(time.process_time())
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    timer = threading.Timer(0.3, press)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        il.load(EndlessLog())
    taken = time.process_time() - sent[0]
    timer.join()
    assert taken < MAX_SECONDS
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("istiolog")]


def test_two_threads_may_load_at_once() -> None:
    """Each finds what it finds alone."""
    logs = ["data/istiod-1.30.3/discovery.log.gz", "data/seed/pilot.log"]
    alone = [il.load(log) for log in logs]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(il.load, logs * 2))
    for one, other in zip(alone * 2, found, strict=True):
        assert list(one) == list(other)
        assert all(one[event].equals(other[event]) for event in one)
        assert one.runs.equals(other.runs)


def test_a_panic_is_an_exception() -> None:
    """Pieces of one worker belong to one assembly: another does not know the words of the earlier ones."""
    catalog, module = native.catalog(), native._native
    worker = module.Worker(catalog)
    data = PUSH.format(n=1).encode()
    first, second = (worker.parse([(data, 0, len(data))], "pilot", False, True) for _ in range(2))
    names = EVENTS_SCHEMA.names, ["row", *KEYS[1:]]
    with pytest.raises(BaseException, match="out of bounds") as raised:
        module.Assembly(catalog, "x", *names).add(second)
    assert type(raised.value).__name__ == "PanicException"
    whole = module.Assembly(catalog, "x", *names)
    whole.add(first)
    assert whole.entries == 1
