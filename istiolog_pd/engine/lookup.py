"""Which formats are worth trying for a message: by how it begins, or by four bytes it must hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from istiolog_pd.engine.reference.match import STEPS, leading_literals, newest_first, sign_of
from istiolog_pd.formats.columns import EVENTS
from istiolog_pd.formats.template import COMPONENTS, Format

#: Odd numbers that the hash of a beginning is mixed with; the kernel computes the same.
FACTORS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xFF51AFD7ED558CCD)
_MASK = (1 << 64) - 1

GRAM = 4
GRAM_BITS = 12
GRAM_FACTOR = 2654435761


def start_hash(component: int, step: int, start: bytes) -> int:
    """The hash of a beginning of a component's messages."""
    low, high = int.from_bytes(start[:8], "little"), int.from_bytes(start[8:], "little")
    value = (low * FACTORS[0]) & _MASK ^ (high * FACTORS[1]) & _MASK ^ ((16 * component + step) * FACTORS[2]) & _MASK
    value = ((value ^ (value >> 29)) * FACTORS[3]) & _MASK
    return ((value >> 32) | 1) & 0x7FFFFFFF  # never 0, which marks a free place


def gram_hash(gram: int) -> int:
    """The place of four bytes in the table of grams."""
    return ((gram * GRAM_FACTOR) & 0xFFFFFFFF) >> (32 - GRAM_BITS)


def lookup(formats: Sequence[Format]) -> tuple[dict[str, Any], list[tuple[int, ...]]]:
    """The arrays of a `Program` by which its formats are found, and the lists that they name."""
    by_start: dict[int, list[int]] = {}
    by_event: dict[tuple[int, int], list[int]] = {}
    free: list[list[int]] = [[] for _ in COMPONENTS]
    fallback = [-1] * len(COMPONENTS)
    for number in newest_first(formats):
        entry = formats[number]
        component = COMPONENTS.index(entry.component)
        by_event.setdefault((component, list(EVENTS).index(entry.event)), []).append(number)
        if entry.is_fallback:
            fallback[component] = number
            continue
        for start in dict.fromkeys(leading_literals(entry.tokens)):
            size = next((step for step in STEPS if len(start) >= step), 0)
            key = start_hash(component, size, start[:size].encode()) if size else 0
            into = by_start.setdefault(key, []) if size else free[component]
            if number not in into:
                into.append(number)
    starts, start_list = _table(list(by_start))
    lists = {tuple(one): None for one in (*by_start.values(), *by_event.values())}
    numbers = {one: number for number, one in enumerate(lists)}
    of_key = [numbers[tuple(one)] for one in by_start.values()]
    start_list[start_list >= 0] = np.array(of_key, np.int32)[start_list[start_list >= 0]]
    # Behind them, for each component and event its formats: for what its header says all of.
    event_list = np.full((len(COMPONENTS), len(EVENTS)), -1, np.int32)
    for place, one in by_event.items():
        event_list[place] = numbers[tuple(one)]
    flat = [number for of in free for number in of]
    grams, free_gram = _grams([sign_of(formats[number]) for number in flat])
    arrays = {
        "starts": starts,
        "start_list": np.concatenate([start_list, event_list.ravel()]),
        "free_at": np.array([0, *np.cumsum([len(one) for one in free])], np.int32),
        "free": np.array(flat, np.int32),
        "free_gram": np.array(free_gram, np.int32),
        "fallback": np.array(fallback, np.int32),
        **grams,
    }
    return arrays, list(lists)


def _table(keys: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Open addressing, at most a quarter full."""
    size = 1 << (4 * len(keys)).bit_length()
    starts, start_list = np.zeros(size, np.int32), np.full(size, -1, np.int32)
    for number, key in enumerate(keys):
        at = key % size
        while starts[at]:
            at = (at + 1) % size
        starts[at], start_list[at] = key, number
    return starts, start_list


def _grams(signs: list[str]) -> tuple[dict[str, np.ndarray], list[int]]:
    """Of each sign the four bytes that no other hash shares; signs that have none are always tried."""
    table = np.full(1 << GRAM_BITS, -1, np.int32)
    texts: list[int] = []
    numbers = []
    for sign in signs:
        raw = sign.encode()
        chosen = -1
        for at in range(len(raw) - GRAM, -1, -1):
            gram = int.from_bytes(raw[at : at + GRAM], "big")
            place = gram_hash(gram)
            if table[place] < 0:
                chosen = table[place] = len(texts)
                texts.append(gram)
                break
            if texts[table[place]] == gram:
                chosen = int(table[place])
                break
        numbers.append(chosen)
    return {"grams": table, "gram_text": np.array(texts or [0], np.uint32)}, numbers
