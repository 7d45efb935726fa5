"""The neutral parts of a document: what every format writes, in the order in which it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from workbench._text import Language

Role = Literal[
    "status", "kind", "question", "headline", "sure", "said", "note", "caption", "empty", "lead", "plain"
]


class Printed(NamedTuple):
    """A printed number: its id, None where the format keeps none, and its characters."""

    id: str | None
    text: str


@dataclass(frozen=True)
class Number:
    """
    A number as printed.

    Parameters
    ----------
    id
        Its id in the brief.
    value, interval
        What is printed; the interval with its bracket and the space before it, "" where there is none.
    unknown
        Whether it cannot be told.
    """

    id: str
    value: str
    interval: str = ""
    unknown: bool = False

    @property
    def text(self) -> str:
        """The printed characters."""
        return self.value + self.interval


@dataclass(frozen=True)
class Strong:
    """Words that stand out."""

    text: str


@dataclass(frozen=True)
class Code:
    """A name that a machine reads."""

    text: str


@dataclass(frozen=True)
class Small:
    """A remark on a line of its own, in a cell of a table."""

    text: str


@dataclass(frozen=True)
class Anchor:
    """A link to a file beside the brief."""

    text: str
    href: str


Inline = str | Number | Strong | Code | Small | Anchor
Inlines = tuple[Inline, ...]


@dataclass(frozen=True)
class Heading:
    """A heading; the brief's title is of level 1. A `part` begins the evidence or the record."""

    level: int
    inlines: Inlines
    part: bool = False


@dataclass(frozen=True)
class Paragraph:
    """A paragraph, and what it is for."""

    inlines: Inlines
    role: Role = "plain"


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: tuple[Inlines, ...]


@dataclass(frozen=True)
class GridRow:
    """A row of a table; the chosen one is marked by a word."""

    cells: tuple[Inlines, ...]
    chosen: bool = False


@dataclass(frozen=True)
class Grid:
    """
    A table; one without rows says so in words.

    Parameters
    ----------
    id
        Names the table.
    caption
        What it shows.
    heads
        The heads of its columns, units included.
    rows
        Its rows.
    numeric
        Which columns hold numbers alone.
    note
        What stands below it.
    header
        The column whose cells name their rows.
    """

    id: str
    caption: Inlines
    heads: tuple[str, ...]
    rows: tuple[GridRow, ...]
    numeric: tuple[bool, ...]
    note: Inlines = ()
    header: int = 0


@dataclass(frozen=True)
class Picture:
    """
    A picture, with its words for someone who cannot see it.

    Parameters
    ----------
    id
        Names the picture.
    title, alt
        What it shows, as plain text.
    svg
        The drawing.
    """

    id: str
    title: str
    alt: str
    svg: str = field(repr=False)


@dataclass(frozen=True)
class Pairs:
    """Names and values; `inline` ones stand side by side on one line."""

    items: tuple[tuple[str, Inlines], ...]
    inline: bool = False


@dataclass(frozen=True)
class Verbatim:
    """A command, to be typed as it stands."""

    text: str


@dataclass(frozen=True)
class Box:
    """Blocks that stand in a box: the answer."""

    blocks: tuple[Block, ...]


Block = Heading | Paragraph | Bullets | Grid | Picture | Pairs | Verbatim | Box


@dataclass(frozen=True)
class Document:
    """
    A brief in one language, as a tree that every format writes in its own way.

    Parameters
    ----------
    lang, tag
        The language, and its tag.
    title
        The brief's title, as plain text.
    subject
        The question it answers.
    status
        The word for its status, which stands behind every page.
    running
        What stands on every page: status, last day of use, decision and run.
    chosen
        The word that marks the recommended row.
    blocks
        Everything, in reading order.
    """

    lang: Language
    tag: str
    title: str
    subject: str
    status: str
    running: str
    chosen: str
    blocks: tuple[Block, ...]


def printed(document: Document) -> tuple[Printed, ...]:
    """Return every printed number of a document in reading order."""
    return tuple(Printed(each.id, each.text) for each in inlines(document.blocks) if isinstance(each, Number))


def inlines(blocks: tuple[Block, ...]) -> Iterator[Inline]:
    """Yield everything written in some blocks, in reading order; alternative texts of pictures are not."""
    for block in blocks:
        match block:
            case Heading() | Paragraph():
                yield from block.inlines
            case Bullets():
                for item in block.items:
                    yield from item
            case Grid():
                yield from block.caption
                yield from block.heads
                for row in block.rows:
                    for cell in row.cells:
                        yield from cell
                yield from block.note
            case Pairs():
                for name, value in block.items:
                    yield name
                    yield from value
            case Verbatim():
                yield block.text
            case Box():
                yield from inlines(block.blocks)
            case Picture():
                pass


def pictures(blocks: tuple[Block, ...]) -> Iterator[Picture]:
    """Yield the pictures among some blocks."""
    for block in blocks:
        if isinstance(block, Picture):
            yield block
        elif isinstance(block, Box):
            yield from pictures(block.blocks)


def plain(text: Inlines) -> str:
    """Return inlines as plain text."""
    return "".join(each if isinstance(each, str) else each.text for each in text)
