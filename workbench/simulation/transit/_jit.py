"""Compilation of the kernels, kept on disk between runs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

Compiled = TypeVar("Compiled", bound=Callable[..., object])

_SOURCES = sorted(Path(__file__).parent.glob("*.py"))
_STAMP = hashlib.blake2b(b"".join(each.read_bytes() for each in _SOURCES if each.exists())).hexdigest()


def compiled(function: Compiled) -> Compiled:
    """
    Compile a function of numbers and arrays; it lets other threads run meanwhile.

    What is kept on disk is thrown away when any file of this folder changes: Numba itself looks only at the
    file of the function, not at those of the functions that it calls.
    """
    made: Any = numba.njit(nogil=True)(function)
    try:
        made.enable_caching()
        made._cache._cache_file._source_stamp = _STAMP
    except (AttributeError, RuntimeError, OSError):  # no place to write, or another Numba: compile every time
        made = numba.njit(nogil=True)(function)
    return cast(Compiled, made)
