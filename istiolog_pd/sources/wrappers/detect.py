"""Which wrapper a source has: told by its first lines, never by its name.

A bare log must stay bare, whatever its messages look like. So a line that is bare ends the search; a wrapper
is taken only where a line of it is certain, and nothing before that line was anything else (or, at the
end of the sample, nearly nothing).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from itertools import islice

import orjson

from istiolog_pd.sources.wrappers.objects import objects
from istiolog_pd.sources.wrappers.origins import ANSI
from istiolog_pd.sources.wrappers.sections import BUG_REPORT, CLUSTER_INFO, CURRENT, START
from istiolog_pd.sources.wrappers.shapes import shape_of

#: So much of a source is looked at, at most: this many lines, and this many bytes.
LINES, HEAD = 50, 1 << 20

#: What fits must be so large a part of the sample where something else stands between.
ENOUGH = 0.8

_STAMP = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)"
_LEVEL = rb"(?:debug|info|warn|warning|error|fatal|trace|critical|off)"
#: What a line of Istio or Envoy itself begins with.
_PLAIN = (
    rb"%b[\t ]+%b[\t ]|\[\d{4}-\d\d-\d\d[ T]\d\d:|\[Envoy \(Epoch |gc \d+ @\d|[IWEF]\d{4} \d\d:\d\d:\d\d\."
    rb"|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d (?:DEBUG|INFO|WARN|ERROR) " % (_STAMP, _LEVEL)
)
_HEADER = rb"(?:%b|\{\")" % _PLAIN
_NAME = rb"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?"
_BARE = re.compile(_PLAIN)


@dataclass(frozen=True, slots=True)
class Look:
    """How the lines of a text wrapper look."""

    name: str
    #: The prefix alone; its words, if it names a container.
    prefix: re.Pattern[bytes]
    words: int
    #: What its lines and its own words fit.
    fits: re.Pattern[bytes]
    #: What no other line fits, and how many such lines it takes.
    certain: re.Pattern[bytes]
    needed: int
    talk: re.Pattern[bytes]


def _look(
    name: str, prefix: bytes, certain: bytes = b"", *, words: int = 0, needed: int = 1, talk: bytes = b""
) -> Look:
    after = rb"(?: (?!%b\b)|$)" % _LEVEL
    fits = prefix + after
    own = re.compile(talk or rb"(?!)")
    return Look(
        name,
        re.compile(prefix),
        words,
        re.compile(rb"%b|%b" % (fits, own.pattern)),
        re.compile(fits + certain),
        needed,
        own,
    )


KUBECTL_TALK = (
    rb'Defaulted container "|Defaulting container name to |Found \d+ pods?, using |[Ee]rror: |Error from server'
    rb"|unable to retrieve container logs|failed to create fsnotify|rpc error: "
)
STERN_TALK = rb"[+-] (?:\S+ ){1,2}\xe2\x80\xba \S+"
LOGCLI_TALK = rb"(?:\d{4}/\d\d/\d\d \d\d:\d\d:\d\d )?(?:https?://\S+/loki/api/|(?:Common|Ignoring) labels)"

_POD = rb"(?P<pod>%b)" % _NAME
_NS = rb"(?P<ns>%b)" % _NAME
_CONTAINER = rb"(?P<container>%b)" % _NAME
_LABELS = rb'\{(?:[A-Za-z_]\w*="(?:[^"\\]|\\.)*"(?:, )?)+\}'
_STAMPED_HEADER = rb"(?:%b )?%b" % (_STAMP, _HEADER)

LOOKS = (
    _look("CRI", _STAMP + rb" (?:stdout|stderr) [FP]"),
    _look("kubectl", rb"\[pod/%b/%b\]" % (_POD, _CONTAINER), words=1, talk=KUBECTL_TALK),
    _look("kubectl timestamps", _STAMP, _HEADER, talk=KUBECTL_TALK),
    _look("logcli", rb"%b %b" % (_STAMP, _LABELS), talk=LOGCLI_TALK),
    _look("logcli", _STAMP + rb" \{\}", rb" *" + _HEADER, needed=2, talk=LOGCLI_TALK),
    _look("kail", rb"%b/%b\[%b\]:" % (_NS, _POD, _CONTAINER), _HEADER, words=1, needed=2),
    _look("stern", rb"%b %b" % (_POD, _CONTAINER), _STAMPED_HEADER, words=2, needed=2, talk=STERN_TALK),
    _look("stern", rb"%b %b %b" % (_NS, _POD, _CONTAINER), _STAMPED_HEADER, words=3, needed=2, talk=STERN_TALK),
)

_STAMPED = re.compile(rb"%b %b" % (_STAMP, _HEADER))
_LIST = re.compile(rb'\{\s*"(?:kind": "\w+List"|apiVersion": "v1")')
#: An array of objects, or an object over several lines, perhaps not there yet.
_SPREAD = re.compile(rb'(?:\[\s*(?:\{\s*(?:"|\Z)|\Z)|\{\s*?\n\s*(?:"|\Z))')


class Form(Enum):
    """How a wrapper is taken off."""

    BARE = auto()
    PREFIX = auto()
    #: A record a line, and records anywhere.
    RECORDS = auto()
    OBJECTS = auto()
    SECTIONS = auto()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What wraps a source. `stamped`: a time follows a prefix that names the container."""

    name: str
    form: Form
    look: Look | None = None
    stamped: bool = False


BARE = Verdict("", Form.BARE)


class Sniffer:
    """Looks at lines until it knows."""

    def __init__(self, looks: tuple[Look, ...] = LOOKS, *, json: bool = True) -> None:
        self._looks = looks
        self._json = json
        self._seen = 0
        self._fits = [0] * len(looks)
        self._certain = [0] * len(looks)
        self._stamped = [0] * len(looks)
        self._records: dict[str, int] = {}

    def feed(self, line: bytes) -> Verdict | None:
        """Take a line; what is known then."""
        if not line.strip():
            return None
        if line.startswith((b"{", b"[{")):
            return self._feed_json(line)
        text = ANSI.sub(b"", line[:4096].rstrip(b"\r"))
        if _BARE.match(text):
            return BARE
        self._seen += 1
        for n, look in enumerate(self._looks):
            certain = look.certain.match(text)
            if certain:
                self._certain[n] += 1
                self._stamped[n] += _is_stamped(look, text)
            self._fits[n] += bool(certain or look.fits.match(text))
            if self._certain[n] >= look.needed and self._fits[n] == self._seen:
                return self._verdict(n)
        return None

    def _feed_json(self, line: bytes) -> Verdict | None:
        self._seen += 1
        if not self._json:
            return BARE
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError:
            return None
        name = shape_of(record)
        if not name:
            return BARE if isinstance(record, dict) else None
        self._records[name] = self._records.get(name, 0) + 1
        return Verdict(name, Form.RECORDS) if self._records[name] == self._seen else None

    def end(self) -> Verdict:
        """What is likeliest after the last line of the sample."""
        enough = ENOUGH * self._seen
        for name, count in self._records.items():
            if count >= enough:
                return Verdict(name, Form.RECORDS)
        likely = [n for n, count in enumerate(self._certain) if count and self._fits[n] >= enough]
        return self._verdict(max(likely, key=lambda n: self._certain[n])) if likely else BARE

    def _verdict(self, n: int) -> Verdict:
        look = self._looks[n]
        return Verdict(look.name, Form.PREFIX, look, stamped=2 * self._stamped[n] > self._certain[n])


def _is_stamped(look: Look, text: bytes) -> bool:
    return look.words > 0 and bool(_STAMPED.match(text.split(b" ", look.words)[-1]))


def detect(blocks: Iterator[bytes], sniffer: Sniffer) -> tuple[list[bytes], Verdict]:
    """The blocks that had to be read to know what wraps them, and what it is."""
    head: list[bytes] = []
    part = b""
    size = lines = 0
    for block in blocks:
        head.append(block)
        size += len(block)
        part += block
        if b"\n" not in block and size < HEAD:
            continue
        if lines == 0 and (whole := detect_whole(b"".join(head))) is not None:
            if whole is WAIT and size < HEAD:
                continue
            return head, BARE if whole is WAIT else whole
        *texts, part = part.split(b"\n")
        for text in islice(texts, LINES - lines):
            if (verdict := sniffer.feed(text)) is not None:
                return head, verdict
        lines += len(texts)
        if lines >= LINES or size >= HEAD:
            break
    if lines == 0 and (whole := detect_whole(b"".join(head))) is not None and whole is not WAIT:
        return head, whole
    if part and lines < LINES and (verdict := sniffer.feed(part)) is not None:
        return head, verdict
    return head, sniffer.end()


#: More has to be read.
WAIT = Verdict("?", Form.BARE)


def detect_whole(head: bytes) -> Verdict | None:
    """What wraps a source whose first line alone does not tell: sections, JSON over several lines."""
    first = head.lstrip()[:4096]
    if head.startswith(CURRENT):
        return Verdict(BUG_REPORT, Form.SECTIONS)
    if START.match(first):
        return Verdict(CLUSTER_INFO, Form.SECTIONS)
    if not _SPREAD.match(first):
        return None
    if _LIST.match(first):
        return Verdict(CLUSTER_INFO, Form.SECTIONS)
    found = next(objects(iter([head])), [])
    try:
        record = orjson.loads(found[0][1] if found else b"")
    except orjson.JSONDecodeError:
        return WAIT
    name = shape_of(record)
    return Verdict(name, Form.OBJECTS) if name else None
