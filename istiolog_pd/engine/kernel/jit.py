"""How the kernel is compiled, and how its compiled code is kept for the next process."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.caching import FunctionCache
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

#: Its stubs do not know all of its options.
_njit: Any = numba.njit
_intrinsic: Any = intrinsic
#: What decorated functions are for mypy: Numba infers their types.
Compiled = Callable[..., Any]


#: Without Numba's counting of references: every array here is its caller's, and a count is an atomic operation on
#: memory that all threads share. So a kernel cannot make arrays of its own.
_OPTIONS = {"nogil": True, "no_cfunc_wrapper": True, "error_model": "numpy", "_nrt": False}


def part(function: Compiled) -> Compiled:
    """A function that is compiled into each of its callers, and called by no one else."""
    compiled: Compiled = _njit(no_cpython_wrapper=True, **_OPTIONS)(function)
    return compiled


# ---- places in memory: one word, where an array is seven that each call would hand on ----


@_intrinsic
def pointer(context, array):
    """Where an array's values begin."""

    def code(context, builder, signature, arguments):
        return make_array(signature.args[0])(context, builder, arguments[0]).data

    return types.CPointer(array.dtype)(array), code


@_intrinsic
def get(context, place, at):
    """``place[at]``."""

    def code(context, builder, signature, arguments):
        address = builder.gep(arguments[0], [arguments[1]])
        return context.unpack_value(builder, signature.return_type, address)

    return place.dtype(place, types.int64), code


@_intrinsic
def put(context, place, at, value):
    """``place[at] = value``."""

    def code(context, builder, signature, arguments):
        address = builder.gep(arguments[0], [arguments[1]])
        value = context.cast(builder, arguments[2], signature.args[2], signature.args[0].dtype)
        context.pack_value(builder, signature.args[0].dtype, value, address)
        return context.get_dummy_value()

    return types.void(place, types.int64, value), code


@_intrinsic
def behind(context, place, at):
    """Where ``place[at]`` stands."""

    def code(context, builder, signature, arguments):
        return builder.gep(arguments[0], [arguments[1]])

    return place(place, types.int64), code


def _word_of(bits: int, kind: Any) -> Compiled:
    @_intrinsic
    def word(context, text, at):
        """So many bytes as one number, the first the lowest."""

        def code(context, builder, signature, arguments):
            address = builder.gep(arguments[0], [arguments[1]])
            address = builder.bitcast(address, ir.PointerType(ir.IntType(bits)))
            value = builder.load(address, align=1)
            value = value if sys.byteorder == "little" else builder.bswap(value)
            return value if bits == 64 else builder.zext(value, ir.IntType(64))

        return types.uint64(text, types.int64), code

    found: Compiled = word
    return found


eight, four = _word_of(64, types.uint64), _word_of(32, types.uint64)


@_intrinsic
def put_eight(context, text, at, word):
    """Write what `eight` reads."""

    def code(context, builder, signature, arguments):
        address = builder.gep(arguments[0], [arguments[1]])
        address = builder.bitcast(address, ir.PointerType(ir.IntType(64)))
        value = arguments[2] if sys.byteorder == "little" else builder.bswap(arguments[2])
        builder.store(value, address, align=1)
        return context.get_dummy_value()

    return types.void(text, types.int64, types.uint64), code


@_intrinsic
def move(context, text, at, out, to):
    """Copy 32 bytes."""

    def code(context, builder, signature, arguments):
        text, at, out, to = arguments
        wide = ir.PointerType(ir.VectorType(ir.IntType(8), 32))
        value = builder.load(builder.bitcast(builder.gep(text, [at]), wide), align=1)
        builder.store(value, builder.bitcast(builder.gep(out, [to]), wide), align=1)
        return context.get_dummy_value()

    return types.void(text, types.int64, out, types.int64), code


@_intrinsic
def prefetch(context, place, at):
    """Ask for the memory around ``place[at]``, which need not exist; nothing waits for it."""

    def code(context, builder, signature, arguments):
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        address = builder.bitcast(builder.gep(arguments[0], [arguments[1]]), byte)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        ask = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        # to be read, into the nearest cache, as data
        builder.call(ask, [address, *(ir.Constant(number, n) for n in (0, 3, 1))])
        return context.get_dummy_value()

    return types.void(place, types.int64), code


@_intrinsic
def low_zeros(context, word):
    """How many of the lowest bits are 0; one must not be."""

    def code(context, builder, signature, arguments):
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), code


@_intrinsic
def high_zeros(context, word):
    """How many of the highest bits are 0; one must not be."""

    def code(context, builder, signature, arguments):
        return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), code


def inlined(function: Compiled) -> Compiled:
    """A part of which each caller has a copy of its own: for what is called several times for each entry."""
    compiled: Compiled = _njit(no_cpython_wrapper=True, forceinline=True, **_OPTIONS)(function)
    return compiled


class _Kept(FunctionCache):
    """Kept code, loaded without what only compiling needs.

    Numba readies its compiler before it looks for kept code: with all that it knows of NumPy, and with a runtime that
    it compiles anew. That is 36 MB and 0.2 s of each process; if there is no kept code, compiling readies it itself.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)


def kernel(function: Compiled) -> Compiled:
    """A function that Python calls: compiled once, the code kept beside the module or in the user's cache."""
    return _kept(function, _OPTIONS)


def short_kernel(function: Compiled) -> Compiled:
    """A kernel so short that other threads may wait for it: to let them go on, and to be let on again, takes longer."""
    return _kept(function, {**_OPTIONS, "nogil": False})


def _kept(function: Compiled, options: dict[str, Any]) -> Compiled:
    try:
        cached: Compiled = _njit(cache=True, **options)(function)
    except RuntimeError:  # no folder that can be written: compiled in each process
        compiled: Compiled = _njit(**options)(function)
        return compiled
    cached._cache = _Kept(function)  # type: ignore[attr-defined]
    return cached


#: Besides its own, the sources whose numbers the kernel is compiled with.
_NUMBERED = ("engine/program.py", "engine/lookup.py", "formats/columns.py", "formats/template.py")


def _stamp() -> np.ndarray:
    here = Path(__file__).parent
    sources = [*sorted(here.glob("*.py")), *(here.parents[1] / name for name in _NUMBERED)]
    text = hashlib.sha1(b"".join(source.read_bytes() for source in sources), usedforsecurity=False).hexdigest()
    return np.empty(0, np.dtype([(f"sources_{text}", np.uint8)]))


#: The types of the arguments are pickled beside kept code, and read again after the package has changed: so kernels
#: take plain tuples of arrays, never a class of ours.
#: Kept code is looked up by the types of the arguments and the age of one file. This argument's type names the
#: text of all of these files, so that code compiled from others is never taken.
STAMP = _stamp()


def is_kept(function: Any) -> bool:
    """Whether calling a kernel costs no compiling: it was compiled here, or its code is kept for these sources."""
    if function.signatures:
        return True
    index = getattr(getattr(function, "_cache", None), "_cache_file", None)
    return index is not None and any(str(STAMP.dtype.fields).split("'")[1] in str(key) for key in index._load_index())
