"""The words of one rendering of one brief: what every format says in the same way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from workbench._text import Language, Text
from workbench.briefs.brief import Brief
from workbench.briefs.checklist import Check, checklist, groups
from workbench.briefs.evidence import Reason
from workbench.briefs.formatting import SHARES, unit_text
from workbench.briefs.glossary import house
from workbench.briefs.parts import Head, Table
from workbench.briefs.quantity import Quantity

SHORT_HASH = 12
LANGUAGE_TAGS: Mapping[Language, str] = {"en": "en", "zh": "zh-CN"}


class Wording:
    """
    The words of a brief in one language.

    Parameters
    ----------
    brief
        The brief.
    lang
        "en" or "zh".
    """

    def __init__(self, brief: Brief, lang: Language) -> None:
        self.brief, self.lang = brief, lang

    @property
    def tag(self) -> str:
        """The language tag of the document."""
        return LANGUAGE_TAGS[self.lang]

    @property
    def running(self) -> str:
        """What stands at the foot of every printed page: status, last day of use, decision and run."""
        run = [shortened(self.brief.run.run_id)] if self.brief.run else []
        until = [self.until] if self.until else []
        return " · ".join([self.word(f"status.{self.brief.status}"), *until, self.brief.decision, *run])

    @property
    def until(self) -> str:
        """The last day of use in words, "" where none is set."""
        day = self.brief.sunset
        return self.word("brief.sunset", day=day.isoformat()) if day else ""

    def word(self, key: str, **values: str) -> str:
        """Return words of the house's glossary."""
        text = house()[key].in_(self.lang)
        return text.format(**values) if values else text

    def reason(self, reason: Reason) -> str:
        """Return the words for a rule of screening: its own, the glossary's, else its name."""
        return (reason.text or house().get(f"reason.{reason.rule}", Text(reason.rule))).in_(self.lang)

    def head(self, head: Head) -> str:
        """Return the head of a column with its unit."""
        label, unit = head.label.in_(self.lang), unit_of(head, self.lang)
        if not unit:
            return label
        return f"{label}（{unit}）" if self.lang == "zh" else f"{label} ({unit})"

    def numeric(self, table: Table, column: int) -> bool:
        """Tell whether every cell of a column is a number, which then lines up to the right."""
        return bool(table.rows) and all(isinstance(row.cells[column], Quantity) for row in table.rows)

    def brackets(self, table: Table) -> str:
        """Return the sentence that states the level of a table's intervals once, where they share it."""
        level = table.shared_level()
        return "" if level is None else self.word("table.brackets", level=percent(level))

    def checklist(self) -> tuple[Check, ...]:
        """Return the state of every item of the checklist."""
        return checklist(self.brief)

    def group(self, group: str) -> str:
        """Return what a group of the checklist is called."""
        return groups()[group].in_(self.lang)

    def parts(self, shown: Iterable[str]) -> str:
        """Name the parts of the brief that say what an item asks for."""
        return self.word("list.between").join(self.word(f"part.{part}") for part in shown)

    def bases(self) -> list[str]:
        """Return how the intervals were made, each way once."""
        found = (q.basis.in_(self.lang) for q in self.brief.quantities().values() if q.low is not None)
        return list(dict.fromkeys(found))

    def setting(self, value: Any) -> str:
        """Return a parameter's value as it is read."""
        if value is None:
            return self.word("none")
        if isinstance(value, bool):
            return self.word("yes" if value else "no")
        if isinstance(value, Text):
            return value.in_(self.lang)
        if isinstance(value, Mapping):
            return "; ".join(f"{key} = {self.setting(each)}" for key, each in value.items())
        if isinstance(value, Iterable) and not isinstance(value, str):
            return ", ".join(self.setting(each) for each in value) or self.word("none")
        return str(value)


def shortened(digest: str) -> str:
    """Cut a hash; a name that is not one stays whole."""
    return f"{digest[:SHORT_HASH]}…" if re.fullmatch(r"[0-9a-f]{32,}", digest) else digest


def unit_of(head: Head, lang: str) -> str:
    """Return the unit a head states."""
    return "%" if head.unit in SHARES else unit_text(head.unit, lang)


def percent(level: float) -> str:
    """Print a level such as 0.95 as 95%."""
    return f"{level * 100:g}%"
