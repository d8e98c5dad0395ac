"""What was found around lines -> what takes it off."""

from __future__ import annotations

from istiolog_pd.sources.wrappers.detect import Verdict
from istiolog_pd.sources.wrappers.model import Note
from istiolog_pd.sources.wrappers.prefixes import Cri, Decoder, Logcli, Named, Timestamps


def decoder_of(verdict: Verdict, note: Note) -> Decoder:
    """What takes a prefix off."""
    name, look = verdict.name, verdict.look
    assert look is not None
    if look.words:
        return Named(name, note, look.talk, words=look.words, pattern=look.prefix, stamped=verdict.stamped)
    if name == "CRI":
        return Cri(name, note, look.talk)
    if name == "logcli":
        return Logcli(name, note, look.talk)
    return Timestamps(name, note, look.talk)
