"""Searching 32 bytes at a time, and lines 64 at a time: which of so many bytes are what is looked for, as bits.

What is searched has `SLACK` bytes behind its end that can be read.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from istiolog_pd.engine.kernel.jit import Compiled, inlined, low_zeros, prefetch

_intrinsic: Any = intrinsic
#: Bytes that are looked at together.
WIDTH, LINE = 32, 64
#: So many bytes behind its end can be read of a text that is searched here.
SLACK = 32
#: Bytes that come from memory at once.
NEAR = 64


def _vector(builder: Any, byte: Any, kind: Any) -> Any:
    """A vector of a byte."""
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), byte, ir.Constant(ir.IntType(32), 0))
    none = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), [0] * kind.count)
    return builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), none)


def _bits_of(width: int, test: Callable[[Any, Any, Any], Any]) -> Compiled:
    """A function of a text, a place in it and a byte: a bit for each byte that passes a test, the first lowest."""

    @_intrinsic
    def bits(context, text, at, byte):
        def code(context, builder, signature, arguments):
            text, at, byte = arguments
            kind = ir.VectorType(ir.IntType(8), width)
            place = builder.bitcast(builder.gep(text, [at]), ir.PointerType(kind))
            found = test(builder, builder.load(place, align=1), _vector(builder, byte, kind))
            word = builder.bitcast(found, ir.IntType(width))
            word = word if sys.byteorder == "little" else builder.bitreverse(word)
            return word if width == 64 else builder.zext(word, ir.IntType(64))

        return types.uint64(text, types.int64, types.uint8), code

    found: Compiled = bits
    return found


def _all(like: Any, value: int) -> Any:
    return ir.Constant(like.type, [value] * like.type.count)


def _same(builder: Any, text: Any, wanted: Any) -> Any:
    return builder.icmp_unsigned("==", text, wanted)


def _blank_or_same(builder: Any, text: Any, wanted: Any) -> Any:
    control = builder.icmp_unsigned("<=", builder.sub(text, _all(text, 9)), _all(text, 4))
    blank = builder.or_(control, builder.icmp_unsigned("==", text, _all(text, 32)))
    return builder.or_(blank, _same(builder, text, wanted))


def _beyond_digits(builder: Any, text: Any, wanted: Any) -> Any:
    return builder.icmp_unsigned(">", builder.sub(text, wanted), _all(text, 9))


def _odd(builder: Any, text: Any, wanted: Any) -> Any:
    beyond = builder.icmp_unsigned(">", text, _all(text, 127))
    return builder.or_(beyond, builder.or_(_same(builder, text, wanted), _same(builder, text, _all(text, 0))))


#: Bits of the bytes that are a byte; of blanks (9 to 13, 32) and those; of those that are no digit (``0`` is given);
#: of those that are a byte, NUL or beyond ASCII.
same, blank_or_same, beyond_digits = (_bits_of(WIDTH, test) for test in (_same, _blank_or_same, _beyond_digits))
#: Of twice as many bytes.
same_of_line, odd_of_line = _bits_of(LINE, _same), _bits_of(LINE, _odd)


@_intrinsic
def words_of(context, text, at, size):
    """The first `size` bytes from a place on as four numbers of eight bytes; what is behind them is 0."""

    def code(context, builder, signature, arguments):
        text, at, size = arguments
        kind = ir.VectorType(ir.IntType(8), WIDTH)
        value = builder.load(builder.bitcast(builder.gep(text, [at]), ir.PointerType(kind)), align=1)
        numbers = ir.Constant(kind, list(range(WIDTH)))
        there = builder.icmp_unsigned("<", numbers, _vector(builder, builder.trunc(size, ir.IntType(8)), kind))
        value = builder.select(there, value, ir.Constant(kind, [0] * WIDTH))
        words = builder.bitcast(value, ir.VectorType(ir.IntType(64), WIDTH // 8))
        found = [builder.extract_element(words, ir.Constant(ir.IntType(32), n)) for n in range(WIDTH // 8)]
        if sys.byteorder != "little":
            found = [builder.bswap(word) for word in found]
        return context.make_tuple(builder, signature.return_type, found)

    return types.UniTuple(types.uint64, WIDTH // 8)(text, types.int64, types.int64), code


@_intrinsic
def alike(context, text, at, other, to):
    """Bits of the bytes of two texts that are the same."""

    def code(context, builder, signature, arguments):
        text, at, other, to = arguments
        wide = ir.PointerType(ir.VectorType(ir.IntType(8), WIDTH))
        one, two = (
            builder.load(builder.bitcast(builder.gep(place, [n]), wide), align=1)
            for place, n in ((text, at), (other, to))
        )
        word = builder.bitcast(builder.icmp_unsigned("==", one, two), ir.IntType(WIDTH))
        word = word if sys.byteorder == "little" else builder.bitreverse(word)
        return builder.zext(word, ir.IntType(64))

    return types.uint64(text, types.int64, other, types.int64), code


@_intrinsic
def folded(context, one, two):
    """The product of two numbers, 128 bits, its halves folded into one."""

    def code(context, builder, signature, arguments):
        wide = ir.IntType(128)
        product = builder.mul(*(builder.zext(value, wide) for value in arguments))
        high = builder.lshr(product, ir.Constant(wide, 64))
        return builder.trunc(builder.xor(product, high), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), code


@inlined
def ask_for(values, first, past, each):
    """Ask for memory that is read soon, while other memory is read; `each`: so many values come at once."""
    for at in range(np.int64(first), np.int64(past), each):
        prefetch(values, at)


ZERO, BLANK = np.uint8(48), np.uint8(32)


@inlined
def byte_at(text, at, end, byte):
    """Where a byte first stands from `at` on; `end` if it does not."""
    while at < end:
        bits = same(text, at, byte)
        if bits:
            return min(at + low_zeros(bits), end)
        at += WIDTH
    return end


@inlined
def blank_or(text, at, end, byte):
    """Where a blank or that byte first stands; `end` if neither does."""
    while at < end:
        bits = blank_or_same(text, at, byte)
        if bits:
            return min(at + low_zeros(bits), end)
        at += WIDTH
    return end


@inlined
def blank_at(text, at, end):
    """Where a blank first stands; `end` if none does."""
    return blank_or(text, at, end, BLANK)


@inlined
def digits_stop(text, at, end):
    """Where the digits from `at` on end."""
    while at < end:
        bits = beyond_digits(text, at, ZERO)
        if bits:
            return min(at + low_zeros(bits), end)
        at += WIDTH
    return end
