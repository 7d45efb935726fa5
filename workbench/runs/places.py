"""Where in a brief its numbers stand, read from the brief's JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench._text import LANGUAGES, Text

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """
    A sentence or a cell of a brief, with the numbers in it.

    Attributes
    ----------
    part
        "answer", "options", "figure", "tables", "data", "changes", "assumptions", "limits" or "record".
    key
        Id of the table or figure, or the checklist's item; "" where the part has one place only.
    numbers
        Ids of its numbers, as printed in English.
    said
        The sentence, or the cell as printed, in each language.
    caption, row, column
        For a cell: the table's caption, the row's first cell and the column's head.
    within, level
        For a cell: the unit its head states, and whether it prints the level of its interval.
    spoken
        Whether it is only read aloud, from the description of a picture.
    """

    part: str
    key: str
    numbers: tuple[str, ...]
    said: Mapping[str, str]
    caption: Mapping[str, str] = field(default_factory=dict)
    row: Mapping[str, str] = field(default_factory=dict)
    column: Mapping[str, str] = field(default_factory=dict)
    within: str | None = None
    level: bool = True
    spoken: bool = False

    @property
    def is_cell(self) -> bool:
        """Whether it is a cell of a table."""
        return bool(self.column)

    def as_dict(self) -> dict[str, Any]:
        """Return the place as JSON holds it."""
        told: dict[str, Any] = {"part": self.part, "key": self.key, "text": dict(self.said)}
        if self.is_cell:
            told |= {"caption": dict(self.caption), "row": dict(self.row), "column": dict(self.column)}
        return told


def places(brief: Json) -> Iterator[Place]:
    """
    Yield every place that may hold a number, in the order of the brief.

    Parameters
    ----------
    brief
        As JSON holds it.
    """
    answer = brief["answer"]
    for prose in (answer["headline"], *answer["points"], answer["confidence"]["rule"]):
        yield _prose(prose, "answer")
    yield from _table(brief["options"], "options", brief)
    yield from _figure(brief["figure"], "figure", brief)
    for table in brief["tables"]:
        yield from _table(table, "tables", brief)
    for part in ("changes", "assumptions", "limits"):
        for prose in brief[part]:
            yield _prose(prose, part)
    for section in brief["sections"]:
        key = section["key"]
        for prose in (*section["prose"], *filter(None, [section["reason"]])):
            yield _prose(prose, "record", key)
        for table in section["tables"]:
            yield from _table(table, "record", brief)
        for figure in section["figures"]:
            yield from _figure(figure, "record", brief, aside=True)


def places_of(brief: Json, number: str) -> list[Place]:
    """Return the places of one number; the counts of screening stand in the brief's part on data."""
    found = [place for place in places(brief) if number in place.numbers]
    told = brief["quantities"][number]
    if not found and told["source"] is not None and told["source"]["measure"] == "screening":
        table = str(told["source"]["where"].get("table", ""))
        found = [Place("data", table, (number,), told["text"])]
    return found


def subject(brief: Json, number: str) -> str:
    """Return what a number is about, in English: the first cell of the first row it stands in."""
    return next((place.row["en"] for place in places(brief) if number in place.numbers and place.row), "")


def _prose(prose: Json, part: str, key: str = "", *, spoken: bool = False) -> Place:
    said: dict[str, str] = {lang: prose[lang] for lang in LANGUAGES}
    return Place(part, key, tuple(prose["quantities"]), said, spoken=spoken)


def _figure(figure: Json, part: str, brief: Json, *, aside: bool = False) -> Iterator[Place]:
    """Yield a picture's places; one of the record prints neither its title nor its table in words."""
    yield _prose(figure["title"], part, figure["id"], spoken=aside)
    yield _prose(figure["alt"], part, figure["id"], spoken=True)
    yield from _table(figure["data"], part, brief, spoken=aside)


def _table(table: Json, part: str, brief: Json, *, spoken: bool = False) -> Iterator[Place]:
    level = not _one_level(table, brief)
    yield _prose(table["caption"], part, table["id"], spoken=spoken)
    for row in table["rows"]:
        first = row["cells"][0]["text"]
        for head, cell in zip(table["heads"], row["cells"], strict=True):
            if "quantity" in cell:
                yield Place(
                    part,
                    table["id"],
                    (cell["quantity"],),
                    cell["text"],
                    Text.of(table["caption"]).as_dict(),
                    first,
                    head["label"],
                    head["unit"] or None,
                    level,
                    spoken,
                )
    if table["note"] is not None:
        yield _prose(table["note"], part, table["id"], spoken=spoken)


def _one_level(table: Json, brief: Json) -> bool:
    """Whether all intervals of a table have one level, which its note then states."""
    numbers = [cell["quantity"] for row in table["rows"] for cell in row["cells"] if "quantity" in cell]
    told = [brief["quantities"][number] for number in numbers if number in brief["quantities"]]
    return len({each["level"] for each in told if each["low"] is not None}) == 1
