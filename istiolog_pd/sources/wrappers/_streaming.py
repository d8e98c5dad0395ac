"""The wrapper of a log that is still being written: detected from its first lines, and removed as lines come."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from istiolog_pd.sources.wrappers._containers import Containers
from istiolog_pd.sources.wrappers._detect import SAMPLE_LINES, SAMPLE_SIZE, Detection, Detector
from istiolog_pd.sources.wrappers._json_records import Records
from istiolog_pd.sources.wrappers._model import Note
from istiolog_pd.sources.wrappers._rows import Batch, Joiner, joined
from istiolog_pd.sources.wrappers._wrapper import PrefixWrapper, RecordWrapper

#: A line is not held longer than this.
MAX_LINE = 4 << 20
#: Of a log without a wrapper.
BARE = -1


class StreamingUnwrapper:
    r"""Takes off what `istiolog_pd.sources.wrappers.unwrap` takes off, of each line once it is whole.

    Of wrappers that are detected by more than single lines (arrays of objects, dumps, bug-reports) nothing is
    taken off; such a log does not grow.

    Parameters
    ----------
    note
        As for `unwrap`.

    Examples
    --------
    >>> live = StreamingUnwrapper(print)
    >>> live.feed(b"[pod/istiod-1/discovery] 2026-11-23T17:28:49.062996Z\tinfo\tReady\n[pod/istiod-2/disc")
    {0: b'2026-11-23T17:28:49.062996Z\tinfo\tReady\n'}
    """

    def __init__(self, note: Note) -> None:
        self._note = note
        self._detector: Detector | None = Detector()
        self._decode: Callable[[bytes, int], Batch] | None = None
        self._containers = Containers()
        self._joiner = Joiner(note)
        #: What waits: for what wraps it to be known, or for the end of its line.
        self._held = b""
        #: How far it was looked at, in bytes and in lines.
        self._looked = self._lines = 0
        self._line = 1

    def feed(self, data: bytes) -> dict[int, bytes]:
        """Take some bytes: for each container a number of its own and the text that has come of it."""
        self._held += data
        if self._detector is not None:
            detection = self._detected(self._detector)
            if detection is None:
                return {}
            self._decide(detection)
        end = self._held.rfind(b"\n") + 1
        return self._taken(len(self._held) if self._decode is None or len(self._held) > MAX_LINE else end)

    def settle(self) -> dict[int, bytes]:
        """What waits for more lines only to know what wraps it, as nothing comes after it."""
        if self._detector is None or b"\n" not in self._held:
            return self._taken(len(self._held)) if self._detector is None and self._decode is None else {}
        self._decide(self._detector.end())
        return self.feed(b"")

    def flush(self) -> dict[int, bytes]:
        """All that waits."""
        if self._detector is not None:
            self._detector.feed(self._held[self._looked :])
            self._decide(self._detector.end())
        found = self._taken(len(self._held))
        last = self._joiner.end()
        for key, text in (self._parted(last) if last is not None else {}).items():
            found[key] = found.get(key, b"") + text
        return found

    def _detected(self, detector: Detector) -> Detection | None:
        """What wraps the log, once that is known."""
        end = self._held.rfind(b"\n") + 1
        lines, self._looked = self._held[self._looked : end].split(b"\n")[:-1], end
        for line in lines:
            detection = detector.feed(line)
            if detection is not None:
                return detection
        self._lines += len(lines)
        return detector.end() if self._lines >= SAMPLE_LINES or len(self._held) >= SAMPLE_SIZE else None

    def _decide(self, detection: Detection) -> None:
        self._detector = None
        wrapper = detection.wrapper
        if isinstance(wrapper, PrefixWrapper):
            decoder = wrapper.decoder(wrapper, self._note, detection.has_timestamp)
            self._decode, self._containers = decoder.decode, decoder.containers
        elif isinstance(wrapper, RecordWrapper) and not detection.spread:
            records = Records(wrapper, self._note)
            self._decode, self._containers = records.decode, records.containers

    def _taken(self, cut: int) -> dict[int, bytes]:
        whole, self._held = self._held[:cut], self._held[cut:]
        if not whole:
            return {}
        if self._decode is None:
            return {BARE: whole}
        batch = self._joiner.push(self._decode(whole, self._line))
        self._line += whole.count(b"\n")
        return self._parted(batch)

    def _parted(self, batch: Batch) -> dict[int, bytes]:
        """The text of each container; what the wrapper says itself is left out."""
        keys = [key for key in np.unique(batch.key).tolist() if not self._containers.ids[key].is_tool_output]
        return {key: joined(batch.take(batch.key == key).text) for key in keys}
