"""
A document as PDF, set by Typst: tagged for screen readers (PDF/UA-1), with its fonts inside.

The page is laid out by `templates/brief.typ`, which reads the document as JSON: no text is ever read as
markup, and nothing is fetched. No clock is read; the same document and fonts give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from workbench.briefs._columns import MOST_WHOLE, layout, softened
from workbench.briefs._tree import (
    Anchor,
    Block,
    Box,
    Bullets,
    Code,
    Document,
    Grid,
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
    pictures,
)
from workbench.briefs._typeset import MONO, Fonts, fonts, lettered, typeset

TEMPLATE = Path(__file__).with_name("templates") / "brief.typ"
STANDARD = "ua-1"
AUTHOR = "LIVED Workbench"
WIDTH, TURNED = 493.0, 739.0  # points: the text width of an A4 page, upright and on its side
TITLE_LENGTH = 80
SCALE = {"en": 0.93, "zh": 1.0}
"""Letters of DejaVu Sans are larger than those of other fonts of the same size."""
UNBROKEN = "/\N{WORD JOINER}"
REGIONS = {"en": "GB", "zh": "CN"}


def render_pdf(document: Document, font_folders: Iterable[str | Path] | None = None) -> bytes:
    """
    Write a document as PDF.

    Parameters
    ----------
    document
        The document.
    font_folders
        Where Chinese fonts may lie; by default where `workbench.briefs.fonts` looks.

    Returns
    -------
    pdf
        The file's bytes.

    Raises
    ------
    EngineMissing
        Typst is not installed, or there is no Chinese font for a Chinese text (`NoFont`).
    """
    found = fonts(font_folders)
    what = f"The PDF of this brief ({document.lang})"
    writer = _Writer(document, found, what)
    drawings = {
        picture.id: lettered(picture.svg, document.lang, found, what) for picture in pictures(document.blocks)
    }
    inputs = {"document": json.dumps(writer.document()), "pictures": json.dumps(drawings)}
    source = TEMPLATE.read_text(encoding="utf-8")
    return typeset(source, found, inputs=inputs, format="pdf", pdf_standards=STANDARD)


class _Writer:
    """Writes a document as what the template reads."""

    def __init__(self, document: Document, fonts: Fonts, what: str) -> None:
        self.source, self.fonts, self.what = document, fonts, what
        self.scale = SCALE[document.lang]

    def document(self) -> dict[str, Any]:
        document = self.source
        title = self._text(document.title)
        return {
            "lang": document.lang,
            "region": REGIONS[document.lang],
            "title": title,
            "title-short": title if len(title) <= TITLE_LENGTH else f"{title[: TITLE_LENGTH - 1]}…",
            "subject": self._text(document.subject),
            "author": AUTHOR,
            "status": self._text(document.status),
            "running": self._text(document.running),
            "chosen": self._text(document.chosen),
            "fonts": self.fonts.families(document.lang),
            "mono": MONO,
            "scale": self.scale,
            "blocks": list(self._blocks(document.blocks)),
        }

    def _blocks(self, blocks: tuple[Block, ...]) -> Iterator[dict[str, Any]]:
        """Write blocks; a table too wide for the page takes the headings before it onto a page turned."""
        waiting: list[dict[str, Any]] = []
        for block in blocks:
            written = self._block(block)
            if isinstance(block, Heading):
                waiting.append(written)
            elif written.pop("turned", False):
                yield {"kind": "turned", "blocks": [*waiting, written]}
                waiting = []
            else:
                yield from waiting
                yield written
                waiting = []
        yield from waiting

    def _block(self, block: Block) -> dict[str, Any]:
        match block:
            case Heading():
                told = {"level": block.level, "part": block.part, "inlines": self._inlines(block.inlines)}
                return {"kind": "heading", **told}
            case Paragraph():
                return {"kind": "paragraph", "role": block.role, "inlines": self._inlines(block.inlines)}
            case Bullets():
                return {"kind": "bullets", "items": [self._inlines(item) for item in block.items]}
            case Grid():
                return {"kind": "grid", **self._grid(block)}
            case Picture():
                return {"kind": "picture", "id": block.id, "alt": self._text(f"{block.title}. {block.alt}")}
            case Pairs():
                items = [[self._text(name), self._inlines(value)] for name, value in block.items]
                return {"kind": "pairs", "items": items, "inline": block.inline}
            case Verbatim():
                lines = [softened(self._text(line)) for line in block.text.splitlines()]
                return {"kind": "verbatim", "lines": lines}
            case Box():
                return {"kind": "box", "blocks": list(self._blocks(block.blocks))}

    def _grid(self, grid: Grid) -> dict[str, Any]:
        laid = layout(grid, WIDTH, TURNED, scale=self.scale)
        return {
            "caption": self._inlines(grid.caption),
            "heads": [[each.replace("/", UNBROKEN) for each in self._pieces(head)] for head in grid.heads],
            "rows": [
                {"cells": [self._inlines(cell) for cell in row.cells], "chosen": row.chosen}
                for row in grid.rows
            ],
            "numeric": list(grid.numeric),
            "note": self._inlines(grid.note),
            "widths": list(laid.widths),
            "size": laid.size,
            "turned": laid.turned,
            "whole": laid.height < MOST_WHOLE,
        }

    def _inlines(self, inlines: Inlines) -> list[dict[str, Any]]:
        return [self._inline(each) for each in inlines]

    def _inline(self, inline: Inline) -> dict[str, Any]:
        match inline:
            case Number():
                return {
                    "kind": "number",
                    "value": self._text(inline.value).replace("/", UNBROKEN),
                    "interval": self._text(inline.interval).strip(),
                    "space": inline.interval.startswith(" "),
                    "unknown": inline.unknown,
                }
            case str():
                return {"kind": "text", "pieces": self._pieces(inline)}
            case Strong():
                return {"kind": "strong", "pieces": self._pieces(inline.text)}
            case Code():
                return {"kind": "code", "pieces": self._pieces(inline.text)}
            case Small():
                return {"kind": "small", "pieces": self._pieces(inline.text)}
            case Anchor():
                return {"kind": "link", "pieces": self._pieces(inline.text), "href": inline.href}

    def _pieces(self, text: str) -> list[str]:
        return softened(self._text(text))

    def _text(self, text: str) -> str:
        return self.fonts.drawable(text, self.what)
