"""Labels: the ``key=value`` pairs that Istio prints after a message, behind a tab."""

from __future__ import annotations

import re
from collections.abc import Iterator

from istiolog_pd.engine.reference.headers import Entry
from istiolog_pd.formats.layouts import ENVOY_IDS
from istiolog_pd.formats.values import BLANKS, integer

#: The layouts in which that tab may have become a blank, or always was one.
TABS_LOST = ("Istio console, tabs lost", "ztunnel console, tabs lost", "ztunnel, Rust tracing")

_LABELS = re.compile(r"[A-Za-z_][\w.-]*=", re.ASCII)
_LABEL = re.compile(r"(?:\A| )([A-Za-z_][\w.-]*)=(.*?)(?= [A-Za-z_][\w.-]*=|\Z)", re.DOTALL | re.ASCII)
# A run of blanks is looked at once, from its first: the search takes linear time.
_RUN = re.compile(r"(?:\t|(?<! ) {2,}+)(?=[A-Za-z_][\w.-]*=)", re.ASCII)
_LOST_TAB = re.compile(r"(?<![\t ])[\t ]++(?=[A-Za-z_][\w.-]*=)", re.ASCII)
_IDS = re.compile(ENVOY_IDS, re.ASCII)


def split_ids(component: str, message: str) -> tuple[str, int | None, str | None]:
    """A message of Envoy without the numbers of its connection and stream before it, and these numbers.

    Examples
    --------
    >>> split_ids("envoy", "[C12][S345] request end stream")
    ('request end stream', 12, '345')
    """
    match = _IDS.match(message) if component == "envoy" and message[:1] == "[" else None
    if match is None:
        return message, None, None
    connection = match["connection"] or match["connection_e"]
    stream = match["stream"] or match["stream_e"] or match["stream_f"]
    return message[match.end() :], int(connection) if connection else None, stream


def split_labels(message: str) -> tuple[str, str]:
    r"""A message without the labels that follow its last tab, and those labels.

    Examples
    --------
    >>> split_labels("upstream response\tid=1 type=CDS")
    ('upstream response', 'id=1 type=CDS')
    """
    at = message.rfind("\t")
    if at >= 0 and _LABELS.match(message, at + 1):
        return message[:at], message[at + 1 :]
    return message, ""


def split_run_labels(message: str) -> tuple[str, str]:
    """The same where the tab became a run of blanks.

    Examples
    --------
    >>> split_run_labels("starting    controller=namespace controller")
    ('starting', 'controller=namespace controller')
    """
    run = _RUN.search(message)
    return (message[: run.start()], message[run.end() :]) if run else (message, "")


def split_lost_labels(message: str) -> tuple[str, str]:
    """The same where the tab became blanks: the labels begin with the first ``key=``.

    Examples
    --------
    >>> split_lost_labels("upstream response id=1 type=CDS")
    ('upstream response', 'id=1 type=CDS')
    """
    gap = _LOST_TAB.search(message)
    return (message[: gap.start()], message[gap.end() :]) if gap else (message, "")


def readings(entry: Entry, message: str) -> Iterator[tuple[str, str]]:
    """What of an entry's message its format may be of, and the labels, the likeliest first.

    The text before its labels; the same if the tab between them was lost; the first line, where a stack
    or what other code printed without a header stands behind it.
    """
    if entry.layout in TABS_LOST and _RUN.search(message):
        yield split_run_labels(message)
    yield split_labels(message) if "\t" in message else (message, "")
    if entry.layout in ("", *TABS_LOST):
        yield split_lost_labels(message)
    if "\n" in message:
        yield split_labels(message.partition("\n")[0])


def thread_of(entry: Entry, message: str) -> int | None:
    """The thread that an entry prints: in its header or, since Envoy of Istio 1.17, as the last label."""
    if entry.thread is not None or entry.component != "envoy":
        return entry.thread
    before, label, number = message.rpartition("thread=")
    gap = ("\t", " ") if entry.layout in TABS_LOST else ("\t",)
    return integer(number.rstrip(BLANKS)) if label and before.endswith(gap) else None


def parse_labels(text: str) -> Iterator[tuple[str, str]]:
    """The ``key=value`` pairs of a message's labels; a value goes on to the next key."""
    for match in _LABEL.finditer(text):
        yield match[1], match[2]
