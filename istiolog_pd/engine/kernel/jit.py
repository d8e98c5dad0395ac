"""How the kernel is compiled, and how its compiled code is kept for the next process."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np

#: Its stubs do not know all of its options.
_njit: Any = numba.njit
#: What decorated functions are for mypy: Numba infers their types.
Compiled = Callable[..., Any]


#: Without Numba's counting of references: every array here is its caller's, and a count is an atomic operation on
#: memory that all threads share. So a kernel cannot make arrays of its own.
_OPTIONS = {"nogil": True, "no_cfunc_wrapper": True, "error_model": "numpy", "_nrt": False}


def part(function: Compiled) -> Compiled:
    """A function that is compiled into each of its callers, and called by no one else."""
    compiled: Compiled = _njit(no_cpython_wrapper=True, **_OPTIONS)(function)
    return compiled


@part
def get(array, at):
    """``array[at]`` of a place that is not negative: an unsigned one saves asking whether it counts from the end."""
    return array[np.uint64(at)]


@part
def put(array, at, value):
    """``array[at] = value`` of a place that is not negative."""
    array[np.uint64(at)] = value


def kernel(function: Compiled) -> Compiled:
    """A function that Python calls: compiled once, the code kept beside the module or in the user's cache."""
    try:
        cached: Compiled = _njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # no folder that can be written: compiled in each process
        compiled: Compiled = _njit(**_OPTIONS)(function)
        return compiled
    return cached


def _stamp() -> np.ndarray:
    sources = sorted(Path(__file__).parent.glob("*.py"))
    text = hashlib.sha1(b"".join(source.read_bytes() for source in sources), usedforsecurity=False).hexdigest()
    return np.empty(0, np.dtype([(f"sources_{text}", np.uint8)]))


#: The types of the arguments are pickled beside kept code, and read again after the package has changed: so kernels
#: take plain tuples of arrays, never a class of ours.
#: Kept code is looked up by the types of the arguments and the age of one file. This argument's type names the
#: text of all of the kernel's files, so that code compiled from others is never taken.
STAMP = _stamp()


def is_kept(function: Any) -> bool:
    """Whether calling a kernel costs no compiling: it was compiled here, or its code is kept for these sources."""
    if function.signatures:
        return True
    index = getattr(getattr(function, "_cache", None), "_cache_file", None)
    return index is not None and any(str(STAMP.dtype.fields).split("'")[1] in str(key) for key in index._load_index())
