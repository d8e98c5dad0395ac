"""kail: ``NS/POD[CONTAINER]: line``; ``-o json``: ``{"namespace", "name", "container", "message"}``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from istiolog_pd.sources.wrappers import stern
from istiolog_pd.sources.wrappers._header import HEADER
from istiolog_pd.sources.wrappers._prefix import Named
from istiolog_pd.sources.wrappers._wrapper import (
    CONTAINER,
    NAMESPACE,
    POD,
    Columns,
    Json,
    RecordWrapper,
    Row,
    prefix_wrapper,
)

KAIL = prefix_wrapper(
    "kail",
    Named,
    rb"%b/%b\[%b\]:" % (NAMESPACE, POD, CONTAINER),
    b"shop/web-1[istio-proxy]: 2026-11-23T17:28:49.062996Z\tinfo\tads\tx\n" * 2,
    certain=HEADER,
    words=1,
    needed=2,
)


def is_record(record: Json) -> bool:
    """Its keys are these and no others."""
    return set(record) == {"namespace", "name", "container", "message"}


def read(record: Json) -> Row | None:
    """A line, as text or as the JSON that it is."""
    return stern.read(record | {"pod": record.get("name")})


def _columns(records: Sequence[Any]) -> Columns:
    return Columns(
        [r["message"] for r in records], containers=[(r["namespace"], r["name"], r["container"]) for r in records]
    )


KAIL_JSON = RecordWrapper(
    "kail",
    is_record,
    read,
    b'{"namespace":"shop","name":"web-1","container":"istio-proxy","message":"2026-11-23T17:28:49Z\\tinfo\\tads\\tx"}\n',
    _columns,
)
