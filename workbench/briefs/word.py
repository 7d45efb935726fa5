"""
A document as a Word file that a council can edit: real headings, tables and captions, by python-docx.

Each printed number stands in a content control tagged with its id, so that a changed one is found. No clock
is read: the same document and fonts give the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.briefs import _docx as d
from workbench.briefs._columns import MOST_WHOLE, PAD, WIDER, Layout, layout
from workbench.briefs._drawing import width_of
from workbench.briefs._refuse import missing_library
from workbench.briefs._tree import (
    Anchor,
    Block,
    Box,
    Bullets,
    Code,
    Document,
    Grid,
    GridRow,
    Heading,
    Inline,
    Inlines,
    Number,
    Pairs,
    Paragraph,
    Picture,
    Small,
    Strong,
    Verbatim,
)
from workbench.briefs._typeset import on_one_line, rasterised
from workbench.briefs._wordpage import (
    ACCENT,
    CELL,
    CHINESE,
    CODE,
    INK,
    LINE,
    MONO,
    PAPER,
    SOFT,
    STYLES,
    TINT,
    WIDTH,
    prepare,
)
from workbench.errors import EngineMissing

if TYPE_CHECKING:
    from docx.document import Document as WordDocument
    from docx.table import _Row as WordRow
    from docx.text.paragraph import Paragraph as WordParagraph

BODY = 9.5
COLON = {"en": ": ", "zh": "："}


def render_word(document: Document, font_folders: Iterable[str | Path] | None = None) -> bytes:
    """
    Write a document as a Word file.

    Parameters
    ----------
    document
        The document.
    font_folders
        Where Chinese fonts for the picture may lie; by default where `workbench.briefs.fonts` looks.

    Returns
    -------
    docx
        The file's bytes.

    Raises
    ------
    EngineMissing
        python-docx or Typst, which draws the picture, is not installed, or there is no Chinese font for a
        Chinese picture (`NoFont`).
    """
    try:
        import docx
    except ImportError as error:
        raise EngineMissing(missing_library(error, "A brief as Word file")) from error
    writer = _Writer(document, docx.Document(), font_folders)
    writer.write()
    made = io.BytesIO()
    writer.word.save(made)
    return d.same_bytes(made.getvalue())


class _Writer:
    """Writes a document into an empty Word file."""

    def __init__(
        self, source: Document, word: WordDocument, font_folders: Iterable[str | Path] | None
    ) -> None:
        self.source, self.word, self.font_folders = source, word, font_folders
        self.numbers = 0
        self.long_ids: dict[str, str] = {}
        self.room = WIDTH
        self.size = BODY

    def write(self) -> None:
        prepare(self.source, self.word)
        for block in self.source.blocks:
            self._block(block)
        if self.long_ids:
            d.keep_long_ids(self.word, self.long_ids)

    def _block(self, block: Block, *, boxed: bool = False) -> None:
        paragraphs: list[WordParagraph] = []
        match block:
            case Heading():
                paragraphs = [self._paragraph(block.inlines, f"Heading {block.level}")]
                if block.part:
                    d.ruled(paragraphs[0], INK)
                if boxed:
                    d.labelled(paragraphs[0], ACCENT, BODY)
            case Paragraph():
                style = "Caption" if block.role == "caption" else STYLES.get(block.role, ("Normal",))[0]
                paragraphs = [self._paragraph(block.inlines, style)]
                if block.role == "sure":
                    d.marked(paragraphs[0].runs[2], ACCENT)
            case Bullets():
                paragraphs = [self._paragraph(item, "List Bullet") for item in block.items]
            case Grid():
                self._grid(block)
            case Picture():
                self._picture(block)
            case Pairs():
                self._pairs(block)
            case Verbatim():
                for line in block.text.splitlines():
                    paragraph = self._paragraph((line,), CODE)
                    d.bordered(paragraph, fill=PAPER, left=INK, points=3)
            case Box():
                for each in block.blocks:
                    self._block(each, boxed=True)
        if boxed:
            for paragraph in paragraphs:
                d.bordered(paragraph, fill=TINT, left=ACCENT, points=4)

    def _paragraph(self, inlines: Inlines, style: str) -> WordParagraph:
        paragraph = self.word.add_paragraph()
        d.styled(paragraph, style)
        self._write(paragraph, inlines)
        return paragraph

    def _pairs(self, pairs: Pairs) -> None:
        if pairs.inline:
            paragraph = self._paragraph((), STYLES["note"][0])
            for at, (name, value) in enumerate(pairs.items):
                self._write(paragraph, (f"{'      ' if at else ''}{name} ",))
                self._write(paragraph, tuple(Strong(v) if isinstance(v, str) else v for v in value))
            return
        for name, value in pairs.items:
            self._paragraph((Strong(name), "  ", *value), "Normal")

    def _picture(self, picture: Picture) -> None:
        from docx.shared import Pt

        what = f"The picture of this brief as Word file ({self.source.lang})"
        drawing = rasterised(picture.svg, self.source.lang, what, self.font_folders)
        paragraph = self.word.add_paragraph()
        shape = paragraph.add_run().add_picture(io.BytesIO(drawing), width=Pt(WIDTH))
        for side in ("distT", "distB", "distL", "distR"):
            shape._inline.set(side, "0")
        told = shape._inline.docPr
        told.set("title", on_one_line(picture.title))
        told.set("descr", on_one_line(f"{picture.title}. {picture.alt}"))

    def _grid(self, grid: Grid) -> None:
        from docx.enum.table import WD_TABLE_ALIGNMENT

        self._paragraph(grid.caption, "Caption")
        laid = layout(grid, WIDTH)
        table = self.word.add_table(rows=1 + len(grid.rows), cols=len(grid.heads))
        table.alignment, table.autofit = WD_TABLE_ALIGNMENT.LEFT, False
        d.bare(table, laid.widths, PAD)
        heads = GridRow(tuple((Strong(head),) for head in grid.heads))
        whole = laid.height < MOST_WHOLE
        for at, (made, row) in enumerate(zip(table.rows, (heads, *grid.rows), strict=True)):
            last = at == len(grid.rows)
            kept = not last and (whole or at == 0)
            self._row(made, row, grid, laid, head=at == 0, kept=kept)
        if grid.note:
            self._paragraph(grid.note, STYLES["note"][0])
        else:
            self._paragraph((), CELL)

    def _row(self, made: WordRow, row: GridRow, grid: Grid, laid: Layout, *, head: bool, kept: bool) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH

        d.row(made, head=head)
        for column, (cell, inlines) in enumerate(zip(made.cells, row.cells, strict=True)):
            self.room, self.size = laid.widths[column] - PAD, laid.size
            fill = TINT if row.chosen else ""
            d.cell(
                cell, laid.widths[column], line=INK if head else LINE, points=1.0 if head else 0.5, fill=fill
            )
            paragraph = cell.paragraphs[0]
            d.styled(paragraph, CELL)
            paragraph.paragraph_format.keep_with_next = kept
            if grid.numeric[column]:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            if row.chosen and column == 0:
                chosen = f"{self.source.chosen}{COLON[self.source.lang]}"
                inlines = (Strong(chosen), *(Strong(i) if isinstance(i, str) else i for i in inlines))
            self._write(paragraph, inlines)
            for run in paragraph._p.iter(f"{{{d.NAMES['w']}}}r"):
                d.sized(run, laid.size)
        self.room = WIDTH

    def _write(self, paragraph: WordParagraph, inlines: Inlines) -> None:
        for each in inlines:
            self._inline(paragraph, each)

    def _inline(self, paragraph: WordParagraph, inline: Inline) -> None:
        match inline:
            case Number():
                self._number(paragraph, inline)
            case str():
                paragraph.add_run(on_one_line(inline))
            case Strong():
                paragraph.add_run(on_one_line(inline.text)).bold = True
            case Code():
                run = paragraph.add_run(on_one_line(inline.text))
                d.fonts(run._r.get_or_add_rPr(), MONO, CHINESE)
            case Small():
                paragraph.add_run().add_break()
                d.coloured(paragraph.add_run(on_one_line(inline.text)), SOFT)
            case Anchor():
                d.linked(paragraph, on_one_line(inline.text), inline.href, ACCENT)

    def _number(self, paragraph: WordParagraph, number: Number) -> None:
        self.numbers += 1
        if d.tag_of(number.id) != number.id:
            self.long_ids[d.tag_of(number.id)] = number.id
        inside = d.controlled(paragraph, number.id, self.numbers)
        value = paragraph.add_run(number.value)
        inside.append(value._r)
        if number.unknown:
            d.coloured(value, SOFT)
        if number.interval:
            interval = paragraph.add_run(number.interval)
            if self.room < WIDTH and self._wraps(number):
                d.broken_before(interval)
            d.coloured(interval, SOFT)
            interval.bold = False
            inside.append(interval._r)

    def _wraps(self, number: Number) -> bool:
        """Tell whether a number needs a second line in its cell, which then is the interval's."""
        return width_of(number.text, self.size) * WIDER > self.room
