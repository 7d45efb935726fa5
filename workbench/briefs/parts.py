"""The parts of a brief that answer: confidence, answer, tables, the picture."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from workbench._text import LANGUAGES, Text
from workbench.briefs._refuse import id_mistakes, refuse
from workbench.briefs.phrase import Phrase, rendered
from workbench.briefs.quantity import Quantity

ConfidenceWord = Literal["high", "moderate", "low", "cannot_tell"]
CONFIDENCE_WORDS: tuple[ConfidenceWord, ...] = ("high", "moderate", "low", "cannot_tell")
Prose = Phrase | Text
Cell = Quantity | Text | str

# What would make a picture reach out of the page, or run.
_UNSAFE_SVG = re.compile(
    r"<(?:script|style|foreignObject)\b"
    r"|<[^>]*\s(?:on\w+\s*=|(?:xlink:)?(?:href|src)\s*=\s*[\"'](?!#))"
    r"|<[^>]*url\(\s*[\"']?(?!#)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Confidence:
    """
    How sure the answer is, in a word of a closed list, and the rule that computed the word.

    Parameters
    ----------
    word
        "high", "moderate", "low" or "cannot_tell".
    rule
        The rule with its numbers, such as "the chance of belonging to the worst {k} is above
        {threshold} for every chosen segment".
    """

    word: ConfidenceWord
    rule: Phrase

    def __post_init__(self) -> None:
        if self.word not in CONFIDENCE_WORDS:
            refuse("confidence", [f"the word {self.word!r} is not one of {', '.join(CONFIDENCE_WORDS)}"])


@dataclass(frozen=True)
class Answer:
    """
    What to do, the numbers that decide, and how sure that is.

    Parameters
    ----------
    headline
        What to do, in one sentence.
    points
        The numbers that decide, a sentence each.
    confidence
        How sure, and by which rule.
    """

    headline: Phrase
    points: tuple[Phrase, ...]
    confidence: Confidence

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", tuple(self.points))


@dataclass(frozen=True)
class Head:
    """
    The head of a table's column.

    Parameters
    ----------
    key
        Name of the column in records and CSV.
    label
        What the planner reads.
    unit
        Unit of every number below, which then is not repeated in the cells; "" where they print their own.
    """

    key: str
    label: Text
    unit: str | Text = ""


@dataclass(frozen=True)
class Row:
    """
    A row of a table.

    Parameters
    ----------
    cells
        One for each head: a `Quantity`, a `Text`, or a plain string such as a stop's name.
    chosen
        Whether this is the recommended option.
    """

    cells: tuple[Cell, ...]
    chosen: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", tuple(self.cells))


@dataclass(frozen=True)
class Table:
    """
    A table of a brief; no rows is a legal answer and is said so.

    Parameters
    ----------
    id
        Names the table in the page and in files, `[a-z0-9_.-]+`.
    caption
        What the table shows.
    heads
        The columns.
    rows
        The rows, in the order they are read.
    note
        What a reader has to know to read it.
    """

    id: str
    caption: Prose
    heads: tuple[Head, ...]
    rows: tuple[Row, ...] = ()
    note: Prose | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "heads", tuple(self.heads))
        object.__setattr__(self, "rows", tuple(self.rows))
        wrong = id_mistakes(self.id)
        keys = [head.key for head in self.heads]
        wrong += ["it has no columns"] if not keys else []
        wrong += [f"two columns are called '{key}'" for key in sorted({k for k in keys if keys.count(k) > 1})]
        for at, row in enumerate(self.rows, start=1):
            if len(row.cells) != len(keys):
                wrong.append(f"row {at} has {len(row.cells)} cells for {len(keys)} columns")
            cells: tuple[object, ...] = row.cells
            strange = [cell for cell in cells if not isinstance(cell, Quantity | Text | str)]
            wrong += [f"row {at} holds {cell!r}; a number has to be a Quantity" for cell in strange]
        refuse(f"table '{self.id}'", wrong)

    def quantities(self) -> Iterator[Quantity]:
        """Yield the quantities of the table, row by row, and those of its note."""
        yield from prose_quantities(self.caption)
        for row in self.rows:
            yield from (cell for cell in row.cells if isinstance(cell, Quantity))
        if self.note is not None:
            yield from prose_quantities(self.note)

    def shared_level(self) -> float | None:
        """Return the level that all the table's intervals share, which its cells then leave out."""
        cells = [cell for row in self.rows for cell in row.cells if isinstance(cell, Quantity)]
        levels = {cell.level for cell in cells if cell.low is not None}
        return levels.pop() if len(levels) == 1 else None

    def cell_text(self, cell: Cell, head: Head, lang: str, *, level: bool) -> str:
        """Return a cell as printed under its head."""
        if isinstance(cell, Quantity):
            return cell.text(lang, within=head.unit or None, level=level)
        return cell.in_(lang) if isinstance(cell, Text) else cell

    def as_dict(self) -> dict[str, Any]:
        """Return the table as JSON holds it: numbers by id, and every cell as printed."""
        level = self.shared_level() is None
        rows = []
        for row in self.rows:
            cells: list[dict[str, Any]] = []
            for head, cell in zip(self.heads, row.cells, strict=True):
                printed = {lang: self.cell_text(cell, head, lang, level=level) for lang in LANGUAGES}
                cells.append(
                    {"text": printed} | ({"quantity": cell.id} if isinstance(cell, Quantity) else {})
                )
            rows.append({"cells": cells, "chosen": row.chosen})
        return {
            "id": self.id,
            "caption": prose_dict(self.caption),
            "heads": [
                {
                    "key": head.key,
                    "label": head.label.as_dict(),
                    "unit": head.unit.en if isinstance(head.unit, Text) else head.unit,
                }
                for head in self.heads
            ],
            "rows": rows,
            "note": prose_dict(self.note) if self.note is not None else None,
        }


@dataclass(frozen=True)
class Figure:
    """
    The picture of a brief, with the table it draws.

    Parameters
    ----------
    id
        Names the picture, `[a-z0-9_.-]+`.
    title
        What the picture shows, as a finding.
    alt
        The same for someone who cannot see it.
    svg
        The drawing in each language; see `workbench.briefs.figures`.
    data
        Every number drawn.
    """

    id: str
    title: Phrase
    alt: Phrase
    svg: Mapping[str, str] = field(repr=False)
    data: Table

    def __post_init__(self) -> None:
        object.__setattr__(self, "svg", dict(self.svg))
        wrong = id_mistakes(self.id)
        wrong += [f"it has no drawing in '{lang}'" for lang in LANGUAGES if lang not in self.svg]
        for lang, drawing in self.svg.items():
            if "<svg" not in drawing:
                wrong.append(f"the drawing in '{lang}' is not SVG")
            elif unsafe := _UNSAFE_SVG.search(drawing):
                wrong.append(
                    f"the drawing in '{lang}' holds {unsafe.group()[-40:]!r}, which is not for a page"
                )
        refuse(f"figure '{self.id}'", wrong)

    def as_dict(self) -> dict[str, Any]:
        """Return the picture as JSON holds it."""
        return {
            "id": self.id,
            "title": prose_dict(self.title),
            "alt": prose_dict(self.alt),
            "svg": dict(self.svg),
            "data": self.data.as_dict(),
        }


def prose_quantities(prose: Prose) -> tuple[Quantity, ...]:
    """Return the quantities of a sentence."""
    return prose.quantities() if isinstance(prose, Phrase) else ()


def prose_dict(prose: Prose) -> dict[str, Any]:
    """Return a sentence as JSON holds it: both languages, and the ids of its numbers."""
    return rendered(prose) | {"quantities": [quantity.id for quantity in prose_quantities(prose)]}
