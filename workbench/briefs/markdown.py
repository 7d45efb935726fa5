"""A document as GitHub-flavoured Markdown, with its pictures as files beside it."""

from __future__ import annotations

import re
from collections.abc import Callable

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
)

Place = Callable[[Picture], str]
BARE = ("headline", "caption", "lead")
_MARKS = re.compile(r"[\\`*_\[\]<>|~$&#!{}]")
_START = re.compile(r"(?:[+\-=]|\d+(?=[.)]))")


def render_markdown(document: Document, place: Place | None = None) -> str:
    """
    Write a document as Markdown.

    Parameters
    ----------
    document
        The document.
    place
        Where each picture lies, relative to the file; by default `picture_name` of it.

    Returns
    -------
    markdown
        The text; the same document gives the same characters.
    """
    where = place or (lambda picture: picture_name(picture, document.lang))
    blocks = [_block(block, document, where) for block in document.blocks]
    return "\n\n".join(block for block in blocks if block) + "\n"


def picture_name(picture: Picture, lang: str) -> str:
    """Return the path under which a picture is kept beside its brief."""
    return f"figures/{picture.id}.{lang}.svg"


def escaped(text: str) -> str:
    """Escape what Markdown would read as a mark, on one line."""
    return _MARKS.sub(
        lambda found: "\\" + found.group(), " ".join(re.split(r"[\t\n\v\f\r\x85\u2028\u2029]+", text))
    )


def _block(block: Block, document: Document, where: Place) -> str:
    match block:
        case Heading():
            return f"{'#' * block.level} {_line(block.inlines)}"
        case Paragraph():
            return _paragraph(block)
        case Bullets():
            return "\n".join(f"- {_line(item)}" for item in block.items)
        case Grid():
            return _grid(block, document.chosen)
        case Picture():
            alt = escaped(f"{block.title}. {block.alt}")
            return f"![{alt}]({where(block)})"
        case Pairs():
            return "\n".join(f"- {escaped(name)}: {_line(value)}" for name, value in block.items)
        case Verbatim():
            fence = "`" * max(3, _longest(block.text) + 1)
            return f"{fence}\n{block.text}\n{fence}"
        case Box():
            inside = [_block(each, document, where) for each in block.blocks]
            lines = "\n\n".join(inside).split("\n")
            return "\n".join(f"> {line}".rstrip() for line in lines)


def _paragraph(block: Paragraph) -> str:
    if block.role in BARE:
        return f"**{_line(_unmarked(block.inlines))}**"
    if block.role == "kind":
        return f"*{_line(block.inlines)}*"
    return _line(block.inlines)


def _grid(grid: Grid, chosen: str) -> str:
    heads = [escaped(head) for head in grid.heads]
    rules = ["---:" if numeric else "---" for numeric in grid.numeric]
    lines = [heads, rules]
    for row in grid.rows:
        cells = [_cell(cell) for cell in row.cells]
        if row.chosen:
            cells[0] = f"**{escaped(chosen)}** {cells[0]}"
        lines.append(cells)
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    caption = f"**{_line(_unmarked(grid.caption))}**"
    note = f"\n\n{_line(grid.note)}" if grid.note else ""
    return f"{caption}\n\n{table}{note}"


def _cell(cell: Inlines) -> str:
    return "".join(_inline(each) for each in cell).strip() or " "


def _line(inlines: Inlines) -> str:
    text = "".join(_inline(each) for each in inlines).strip()
    start = _START.match(text)
    if start is None:
        return text
    # A digit cannot be escaped: the mark after it is.
    at = start.end() if start.group()[0].isdigit() else 0
    return f"{text[:at]}\\{text[at:]}"


def _inline(inline: Inline) -> str:
    match inline:
        case str():
            return escaped(inline)
        case Number():
            return escaped(inline.text)
        case Strong():
            return f"**{escaped(inline.text)}**"
        case Code():
            return (
                f"`{inline.text}`"
                if re.fullmatch(r"[^`|\s](?:[^`|\n]*[^`|\s])?", inline.text)
                else escaped(inline.text)
            )
        case Small():
            return f"<br>{escaped(inline.text)}"
        case Anchor():
            path = inline.href.translate({ord(char): None for char in "<>\r\n"})
            return f"[{escaped(inline.text)}](<{path}>)"


def _unmarked(inlines: Inlines) -> Inlines:
    """Leave out marks within what is marked as a whole."""
    return tuple(each.text if isinstance(each, Strong) else each for each in inlines)


def _longest(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)
