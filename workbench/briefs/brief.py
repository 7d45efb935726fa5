"""
A decision brief as data: what every rendering reads, and nothing a rendering has to compute.

The parts are small frozen classes; a decision builds them, the run adds what was read and how, and
HTML, JSON and the notebook show the same numbers under the same ids.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from workbench._text import Text
from workbench.briefs._refuse import BadBrief, refuse
from workbench.briefs.checklist import Section, checklist
from workbench.briefs.evidence import DataRow, FileUsed, Reason, RunStamp
from workbench.briefs.parts import (
    Answer,
    Cell,
    Confidence,
    ConfidenceWord,
    Figure,
    Head,
    Prose,
    Row,
    Table,
    prose_dict,
    prose_quantities,
)
from workbench.briefs.phrase import Phrase
from workbench.briefs.quantity import Quantity

SCHEMA = "lived-brief/2"
Status = Literal["DRAFT", "ASSURED", "APPROVED"]
STATUSES: tuple[Status, ...] = ("DRAFT", "ASSURED", "APPROVED")

__all__ = [
    "SCHEMA",
    "STATUSES",
    "Answer",
    "BadBrief",
    "Brief",
    "Cell",
    "Confidence",
    "ConfidenceWord",
    "DataRow",
    "Figure",
    "FileUsed",
    "Head",
    "Link",
    "Prose",
    "Reason",
    "Row",
    "RunStamp",
    "Section",
    "Status",
    "Table",
]


@dataclass(frozen=True)
class Link:
    """
    A file beside the brief that a reader may open.

    Parameters
    ----------
    label
        What it is.
    href
        Its path, relative to the brief: a brief needs no network.
    """

    label: Text
    href: str

    def __post_init__(self) -> None:
        if not self.href or re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|/|\\", self.href):
            refuse("link", [f"{self.href!r} is not a path relative to the brief"])


@dataclass(frozen=True, kw_only=True, repr=False)
class Brief:
    """
    A decision brief.

    Parameters
    ----------
    decision
        Name of the decision, such as "traffic.congestion".
    project
        Project of the plan that it serves, such as "L01".
    title, question
        What the brief is called, and the question it answers.
    answer
        What to do and how sure that is.
    options
        What was compared, with the chosen rows marked.
    figure
        The one picture.
    tables
        Further evidence.
    changes
        What would change the answer.
    assumptions, limits
        What the answer rests on, and what it must not be used for.
    data
        What was read and set aside; the run adds it with `with_run`.
    run
        The run that made the numbers.
    links
        Files beside the brief.
    status
        "DRAFT" until someone answers for it, then "ASSURED" or "APPROVED".
    sections
        The record: what the brief says on each item of `workbench.briefs.checklist`, in any order.
    sunset
        Last day on which it may be used, None where none is set.
    """

    decision: str
    project: str
    title: Text
    question: Text
    answer: Answer
    options: Table
    figure: Figure
    tables: tuple[Table, ...] = ()
    changes: tuple[Phrase, ...] = ()
    assumptions: tuple[Phrase, ...] = ()
    limits: tuple[Phrase, ...] = ()
    data: tuple[DataRow, ...] = ()
    run: RunStamp | None = None
    links: tuple[Link, ...] = ()
    status: Status = "DRAFT"
    sections: tuple[Section, ...] = ()
    sunset: date | None = None

    def __post_init__(self) -> None:
        for name in ("tables", "changes", "assumptions", "limits", "data", "links", "sections"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        wrong = (
            []
            if self.status in STATUSES
            else [f"the status {self.status!r} is not one of {', '.join(STATUSES)}"]
        )
        drawn = [self.figure, *(figure for section in self.sections for figure in section.figures)]
        listed = [self.options, *self.tables, *(each for section in self.sections for each in section.tables)]
        ids = [each.id for each in (*listed, *(figure.data for figure in drawn))]
        ids += [figure.id for figure in drawn]
        wrong += [
            f"two tables or figures have the id '{each}'"
            for each in sorted({i for i in ids if ids.count(i) > 1})
        ]
        names = [row.table for row in self.data]
        wrong += [
            f"table '{each}' is in the data twice"
            for each in sorted({n for n in names if names.count(n) > 1})
        ]
        keys = [section.key for section in self.sections]
        wrong += [
            f"two sections fill the item '{each}'" for each in sorted({k for k in keys if keys.count(k) > 1})
        ]
        wrong += _clashes(self._printed())
        refuse(f"brief '{self.decision}'", wrong)

    def __repr__(self) -> str:
        return f"<Brief {self.decision}: {self.answer.headline} ({self.status})>"

    def quantities(self) -> dict[str, Quantity]:
        """Return every number of the brief by its id, in the order it is printed."""
        return {quantity.id: quantity for quantity in self._printed()}

    def _printed(self) -> Iterator[Quantity]:
        answer = self.answer
        for prose in (answer.headline, *answer.points, answer.confidence.rule):
            yield from prose.quantities()
        yield from self.options.quantities()
        yield from prose_quantities(self.figure.title)
        yield from prose_quantities(self.figure.alt)
        for prose in self.changes:
            yield from prose.quantities()
        for table in (self.figure.data, *self.tables):
            yield from table.quantities()
        for row in self.data:
            yield from row.numbers.values()
        for prose in (*self.assumptions, *self.limits):
            yield from prose.quantities()
        for section in self.in_order():
            yield from section.quantities()

    def in_order(self) -> tuple[Section, ...]:
        """Return the sections in the order of the checklist."""
        return tuple(check.section for check in checklist(self) if check.section is not None)

    def with_sections(self, *sections: Section) -> Brief:
        """Return the brief with sections for the items that have none yet."""
        have = {section.key for section in self.sections}
        return replace(self, sections=(*self.sections, *(one for one in sections if one.key not in have)))

    def with_run(self, *, data: tuple[DataRow, ...] | None = None, run: RunStamp | None = None) -> Brief:
        """Return the brief with what the run read and how it ran; what is left out stays as it was."""
        return replace(
            self, data=self.data if data is None else tuple(data), run=self.run if run is None else run
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the brief as JSON holds it: both languages as printed, numbers with full precision."""
        return {
            "schema": SCHEMA,
            "decision": self.decision,
            "project": self.project,
            "status": self.status,
            "title": self.title.as_dict(),
            "question": self.question.as_dict(),
            "answer": {
                "headline": prose_dict(self.answer.headline),
                "points": [prose_dict(point) for point in self.answer.points],
                "confidence": {
                    "word": self.answer.confidence.word,
                    "rule": prose_dict(self.answer.confidence.rule),
                },
            },
            "options": self.options.as_dict(),
            "figure": self.figure.as_dict(),
            "tables": [table.as_dict() for table in self.tables],
            "changes": [prose_dict(each) for each in self.changes],
            "assumptions": [prose_dict(each) for each in self.assumptions],
            "limits": [prose_dict(each) for each in self.limits],
            "data": [row.as_dict() for row in self.data],
            "run": self.run.as_dict() if self.run else None,
            "links": [{"label": link.label.as_dict(), "href": link.href} for link in self.links],
            "sections": [section.as_dict() for section in self.in_order()],
            "checklist": {check.item.key: check.state for check in checklist(self)},
            "sunset": self.sunset.isoformat() if self.sunset else None,
            "quantities": {name: quantity.as_dict() for name, quantity in self.quantities().items()},
        }

    def to_json(self) -> str:
        """Return the brief as JSON text; the same brief gives the same characters."""
        return (
            json.dumps(self.as_dict(), ensure_ascii=False, allow_nan=False, sort_keys=True, indent=2) + "\n"
        )

    def _repr_html_(self) -> str:
        from workbench.briefs.render import render_fragment

        return render_fragment(self, "en")


def _clashes(printed: Iterator[Quantity]) -> list[str]:
    """Name the ids that two different numbers share; the same number may be printed many times."""
    seen: dict[str, Quantity] = {}
    clashing: dict[str, None] = {}
    for quantity in printed:
        if seen.setdefault(quantity.id, quantity) != quantity:
            clashing[quantity.id] = None
    return [f"two different quantities have the id '{each}'" for each in clashing]
