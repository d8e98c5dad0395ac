"""Files among the sources that are no logs: bootstraps of Envoy, and metrics of a control plane."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

#: Maximum size of a bootstrap; nothing larger is tried as one.
BOOTSTRAP_SIZE = 4 << 20
#: Maximum number of bytes kept of a file of metrics.
METRICS_SIZE = 64 << 20


def metrics_text(blocks: Iterator[bytes]) -> str:
    """A file of metrics, as far as one can be long."""
    held, size = [], 0
    for block in blocks:
        held.append(block)
        size += len(block)
        if size > METRICS_SIZE:
            break
    return b"".join(held)[:METRICS_SIZE].decode(errors="backslashreplace")


def bootstrap_head(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The first blocks of a source, as many as a bootstrap may have if it looks like one."""
    size = 0
    for block in blocks:
        size += len(block)
        yield block
        starts_object = size > len(block) or block.lstrip()[:1] == b"{"
        if size > BOOTSTRAP_SIZE or not starts_object:
            return


def may_be_bootstrap(head: list[bytes]) -> bool:
    """Whether the first blocks of a source look like a bootstrap."""
    return bool(head) and head[0].lstrip()[:1] == b"{" and any(b'"node"' in block for block in head)


def node_from_bootstrap(text: bytes) -> dict[str, Any] | None:
    """The `node` object of an Envoy bootstrap; null if the text is none."""
    try:
        found = json.loads(text)
        node = found.get("node") if isinstance(found, dict) else None
        # JSON can spell half of a surrogate pair, which is no text.
        node = json.loads(json.dumps(node, ensure_ascii=False).encode(errors="replace"))
    except (ValueError, RecursionError):
        return None
    return node if isinstance(node, dict) and isinstance(node.get("id"), str) else None
