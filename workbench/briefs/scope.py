"""
Whether a whole brief is wanted, or its answer alone.

A decision that is asked many times over for what it recommends (with the quarantine put back, say) needs
neither pictures nor a record: within `answer_alone` pictures are blank, and a decision may leave its sections
out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec

P = ParamSpec("P")
BLANK = '<svg xmlns="http://www.w3.org/2000/svg"></svg>\n'
_WHOLE = ContextVar("whole", default=True)


@contextmanager
def answer_alone() -> Iterator[None]:
    """Ask within for answers and options only."""
    token = _WHOLE.set(False)
    try:
        yield
    finally:
        _WHOLE.reset(token)


def whole() -> bool:
    """Whether pictures and sections are wanted."""
    return _WHOLE.get()


def picture(draw: Callable[P, str]) -> Callable[P, str]:
    """Make a function that draws give a blank picture where only the answer is wanted."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> str:
        return draw(*args, **kwargs) if whole() else BLANK

    return drawn
