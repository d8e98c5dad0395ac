"""Names around other names, as `istiolog_pd.formats.field_parsers` tells them apart."""

from __future__ import annotations

import numpy as np

from istiolog_pd.engine.kernel.jit import get, inlined, pointer, put, short_kernel
from istiolog_pd.engine.kernel.text import is_digit
from istiolog_pd.engine.kernel.values import VALUE, integer

TILDE, DOT = (np.uint8(byte) for byte in b"~.")


@short_kernel
def split_numbered(stamp, texts, places, names, numbers, valid):
    """A name, a dash and a number: where the name is, and the number; all of it is name where no number ends it.

    `places` and `names` say where each begins and its size.
    """
    texts, places, names = pointer(texts), pointer(places), pointer(names)
    for n in range(len(numbers)):
        begin, size = get(places, 2 * n), get(places, 2 * n + 1)
        end = begin + size
        at = end
        while at > begin and is_digit(get(texts, at - 1)):
            at -= 1
        put(names, 2 * n, begin)
        put(names, 2 * n + 1, size)
        numbers[n], valid[n] = 0, False
        if at < end and at > begin and get(texts, at - 1) == 45:
            put(names, 2 * n + 1, at - 1 - begin)
            sort, value = integer(texts, at, end)
            numbers[n], valid[n] = value, sort == VALUE


#: Of a node ID: all of it, type, address, proxy, pod, namespace, domain; begin and size of each (-1: there is none).
NODE_ID, KIND, ADDRESS, PROXY, POD, NAMESPACE, DOMAIN = range(7)
NODE_PARTS = 7


@short_kernel
def split_nodes(stamp, texts, places, parts):
    """The parts of node IDs, as `formats.field_parsers.node` tells them; `parts` holds them part by part."""
    count = len(places) // 2
    texts, places, parts = pointer(texts), pointer(places), pointer(parts)
    for n in range(count):
        begin, size = get(places, 2 * n), get(places, 2 * n + 1)
        end = begin + size
        first = second = third = np.int64(-1)  # the last three
        tildes = 0
        for at in range(begin, end):
            if get(texts, at) == TILDE:
                first, second, third = second, third, np.int64(at)
                tildes += 1
        whole = tildes == 3
        key, key_end = (second + 1, third) if whole else (begin, end)
        dot = key_end - 1
        while dot >= key and get(texts, dot) != DOT:
            dot -= 1
        dotted = dot >= key
        put_part(parts, NODE_ID * count + n, begin, end)
        put_part(parts, KIND * count + n, begin, first if whole else begin)
        put_part(parts, ADDRESS * count + n, first + 1, second if whole else first)
        put_part(parts, PROXY * count + n, key, key_end)
        put_part(parts, POD * count + n, key, dot if dotted else key_end)
        put_part(parts, NAMESPACE * count + n, dot + 1, key_end if dotted else dot)
        put_part(parts, DOMAIN * count + n, third + 1, end if whole else third)


@inlined
def put_part(parts, n, begin, end):
    """Note a part; what is empty is none."""
    put(parts, 2 * n, begin)
    put(parts, 2 * n + 1, end - begin if end > begin else np.int64(-1))
