"""The words of the traffic briefs, and the plain numbers that go into them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from workbench._text import Text
from workbench.briefs import Quantity, Words

FILE = Path(__file__).with_name("words.yaml")
RECORD = Path(__file__).with_name("record.yaml")
OWN_UNITS = ("cells", "lines")


@cache
def words() -> Words:
    """Return the glossary of this domain, laid over the house's."""
    return Words(FILE)


@cache
def record_words() -> Words:
    """Return the glossary of the briefs' records, laid over the house's."""
    return Words(RECORD)


def count(name: str, value: float | None, unit: str | Text) -> Quantity:
    """Make a plain number; a unit of this domain is worded here, for one and for many."""
    if unit in OWN_UNITS:
        unit = words().text(f"unit.{unit}.one" if value == 1 else f"unit.{unit}")
    return Quantity(name, value, unit)
