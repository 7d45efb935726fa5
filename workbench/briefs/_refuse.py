"""How this room refuses what cannot stand in a brief."""

from __future__ import annotations

import re
from collections.abc import Sequence

from workbench.errors import UNEXPECTED, WorkbenchError

ID_PATTERN = re.compile(r"[a-z0-9_.-]+")


class BadBrief(WorkbenchError):
    """A brief, or a part of one, that was put together wrongly; all mistakes of the part at once."""

    exit_code = UNEXPECTED


def refuse(where: str, mistakes: Sequence[str]) -> None:
    """Raise `BadBrief` naming the part and every mistake in it; do nothing where there is none."""
    if mistakes:
        raise BadBrief(f"{where}: {'; '.join(mistakes)}.")


def id_mistakes(identifier: object) -> list[str]:
    """Say what is wrong with an id, which also names an element of a page."""
    if isinstance(identifier, str) and ID_PATTERN.fullmatch(identifier):
        return []
    return [f"the id {identifier!r} may hold only a-z, 0-9, '_', '.' and '-'"]


def missing_library(error: ImportError, what: str) -> str:
    """Say which library of the `brief` extra is missing and how to get it."""
    name = error.name or str(error)
    return f"{what} needs {name}, which is not installed: run `pip install 'lived-workbench[brief]'`."
