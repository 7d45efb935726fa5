"""The words of the lifeline briefs: what they share, and one glossary for each decision."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from workbench._text import Text
from workbench.briefs import Words

HERE = Path(__file__).parent
SHARED = HERE / "words.yaml"


@cache
def words(decision: str = "") -> Words:
    """
    Return the glossary of a decision, laid over what all lifeline briefs share.

    Parameters
    ----------
    decision
        Name of its file, such as "criticality"; empty for what is shared alone.
    """
    return Words(SHARED, HERE / f"{decision}.yaml") if decision else Words(SHARED)


def system_name(system: str) -> Text:
    """What a planner calls a lifeline system, such as "water"."""
    return words().find(f"system.{system}", system)


def kind_name(kind: str | None) -> Text:
    """What a planner calls a kind of asset, such as "pipe"; the kind itself where there is no word."""
    return words().find(f"kind.{kind}", str(kind or "asset"))
