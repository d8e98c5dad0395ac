"""Names around other names, as `istiolog_pd.formats.names` tells them apart."""

from __future__ import annotations

from istiolog_pd.engine.kernel.jit import get, pointer, put, short_kernel
from istiolog_pd.engine.kernel.text import is_digit
from istiolog_pd.engine.kernel.values import VALUE, integer


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
