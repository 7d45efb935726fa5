"""
The 35 items of a trusted brief: which are filled, which do not apply and why, and which are empty.

A decision and its run fill each item with a `Section`: with text and tables, by naming the part of the brief
that already says it, or with the reason why it does not apply. An item without one is empty, and a strict run
refuses it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from workbench._text import Text
from workbench.briefs._refuse import refuse
from workbench.briefs.glossary import house, read_glossary
from workbench.briefs.parts import Figure, Prose, Table, prose_dict, prose_quantities
from workbench.briefs.quantity import Quantity
from workbench.errors import CheckFailed

if TYPE_CHECKING:
    from workbench.briefs.brief import Brief

FILE = Path(__file__).with_name("checklist.yaml")
State = Literal["filled", "not_applicable", "empty"]
Part = Literal["answer", "options", "figure", "tables", "data", "changes", "assumptions", "limits", "run"]


@dataclass(frozen=True)
class Item:
    """
    One thing a trusted brief contains.

    Attributes
    ----------
    number
        Its place, from 1.
    key
        Its name, such as "model_card".
    group
        Its group, "A" to "G".
    title
        What a reader calls it.
    """

    number: int
    key: str
    group: str
    title: Text


@cache
def items() -> Mapping[str, Item]:
    """Return the items by key, in order."""
    named = [pair for pair in read_glossary(FILE).items() if not pair[0].startswith("group.")]
    found = {}
    for number, (key, title) in enumerate(named, start=1):
        group, _, name = key.partition(".")
        found[name] = Item(number, name, group, title)
    return MappingProxyType(found)


@cache
def groups() -> Mapping[str, Text]:
    """Return what each group is called."""
    words = read_glossary(FILE).items()
    return MappingProxyType({key[-1]: title for key, title in words if key.startswith("group.")})


def _has_answer(brief: Brief) -> bool:
    """Whether the headline and its points hold a number that says how sure it is."""
    told = (brief.answer.headline, *brief.answer.points, brief.answer.confidence.rule)
    numbers = [number for prose in told for number in prose.quantities()]
    return any(n.low is not None or n.kind == "counting" or n.unit == "probability" for n in numbers)


PARTS: Mapping[Part, Callable[[Brief], bool]] = {
    "answer": _has_answer,
    "options": lambda brief: bool(brief.options.rows),
    "figure": lambda brief: bool(brief.figure.svg),
    "tables": lambda brief: any(table.rows for table in brief.tables),
    "data": lambda brief: bool(brief.data),
    "changes": lambda brief: bool(brief.changes),
    "assumptions": lambda brief: bool(brief.assumptions),
    "limits": lambda brief: bool(brief.limits),
    "run": lambda brief: brief.run is not None,
}


@dataclass(frozen=True)
class Section:
    """
    What a brief says on one item.

    Parameters
    ----------
    key
        The item.
    prose, tables, figures
        What it says.
    shown
        Parts of the brief that say it, or say the rest.
    reason
        Why the item does not apply to this brief.
    """

    key: str
    prose: tuple[Prose, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    shown: tuple[Part, ...] = ()
    reason: Prose | None = None

    def __post_init__(self) -> None:
        for name in ("prose", "tables", "figures", "shown"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        wrong = [] if self.key in items() else [f"the checklist has no item '{self.key}'"]
        wrong += [f"a brief has no part '{part}'" for part in self.shown if part not in PARTS]
        if self.reason is not None and self.says:
            wrong.append("it both says something and gives a reason why it does not apply")
        refuse(f"section '{self.key}'", wrong)

    @property
    def says(self) -> bool:
        """Whether anything is said."""
        return bool(self.prose or self.shown or self.figures or any(table.rows for table in self.tables))

    def quantities(self) -> Iterator[Quantity]:
        """Yield the numbers of the section, in the order they are printed."""
        for prose in (*self.prose, *((self.reason,) if self.reason is not None else ())):
            yield from prose_quantities(prose)
        for table in self.tables:
            yield from table.quantities()
        for figure in self.figures:
            yield from prose_quantities(figure.title)
            yield from prose_quantities(figure.alt)
            yield from figure.data.quantities()

    def as_dict(self) -> dict[str, Any]:
        """Return the section as JSON holds it."""
        return {
            "key": self.key,
            "prose": [prose_dict(each) for each in self.prose],
            "tables": [table.as_dict() for table in self.tables],
            "figures": [figure.as_dict() for figure in self.figures],
            "shown": list(self.shown),
            "reason": prose_dict(self.reason) if self.reason is not None else None,
        }


@dataclass(frozen=True)
class Check:
    """
    The state of one item in one brief.

    Attributes
    ----------
    item
        Which.
    state
        "filled", "not_applicable" or "empty".
    section
        What the brief says on it; None where it says nothing.
    """

    item: Item
    state: State
    section: Section | None

    @property
    def said(self) -> bool:
        """Whether the brief says anything on it."""
        return self.section is not None and (self.section.says or self.section.reason is not None)


def checklist(brief: Brief) -> tuple[Check, ...]:
    """Return the state of every item, in order."""
    sections = {section.key: section for section in brief.sections}
    return tuple(
        Check(item, _state(brief, sections.get(key)), sections.get(key)) for key, item in items().items()
    )


def check_strict(brief: Brief) -> None:
    """Refuse a brief with an empty item; see `refuse_empty`."""
    refuse_empty(brief.decision, {check.item.key: check.state for check in checklist(brief)})


def refuse_empty(decision: str, states: Mapping[str, str]) -> None:
    """
    Refuse a checklist with an empty item.

    Parameters
    ----------
    decision
        Whose brief it is.
    states
        The state of each item, by key, as the brief's JSON holds them; an item that is not there is empty.

    Raises
    ------
    CheckFailed
        Names every empty item.
    """
    empty = [
        f"{item.number} {item.title.en} ({key})"
        for key, item in items().items()
        if states.get(key, "empty") == "empty"
    ]
    if empty:
        raise CheckFailed(
            f"The brief of {decision} leaves {len(empty)} of {len(items())} items of the checklist empty: "
            f"{'; '.join(empty)}. Fill each, or give the reason why it does not apply: what only people know "
            "goes into the file given with --about (docs/reference/checklist.md)."
        )


def _state(brief: Brief, section: Section | None) -> State:
    if section is None:
        return "empty"
    if section.reason is not None:
        return "not_applicable"
    if not all(PARTS[part](brief) for part in section.shown):
        return "empty"
    return "filled" if section.says else "empty"


def not_applicable(key: str, why: str) -> Section:
    """Say that an item does not apply, with a reason of the house's glossary (`why.` and its name)."""
    return Section(key, reason=house()[f"why.{why}"])
