"""How wide the columns of a table are on paper, and how small its letters, so that nothing runs over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from workbench.briefs._drawing import width_of
from workbench.briefs._tree import Grid, Inline, Inlines, Number, Small

SIZES = (8.5, 8.0, 7.5, 7.0, 6.5)
PAD = 9.0
LONGEST = 14
MOST_WHOLE = 300.0
"""Height in points up to which a table is kept on one page."""
HEAD, FIRST, OTHERS = 4.0, 10.0, 6.0
"""Least widths in em, where the text is so wide: of a head, of the first column of text, of any other."""
MARK, MARGIN = 4.2, 12.0
"""Room of the word that marks a chosen row: in em, and of what is around it, in points."""
COMFORT, TALLER = 7.5, 1.35
"""Letters of this size are as good as larger ones that make a table taller by more than this factor."""
WIDER = 1.06
"""Figures of DejaVu Sans are wider than those of most fonts, for which widths are estimated."""

_WIDE = r"\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
_WORD = re.compile(rf"[^\s{_WIDE}]+[\u3001\u3002\uff09\uff0c]*|[{_WIDE}]{{1,2}}")
_LONG = re.compile(rf"[^\s{_WIDE}]{{{LONGEST + 1},}}")
_BREAK_AFTER = re.compile(r"(?<=[_/.,:;=\-–—])(?=\w)")


@dataclass(frozen=True)
class Layout:
    """
    How a table is laid out, in points.

    Parameters
    ----------
    widths
        Of its columns.
    size
        Of its letters.
    height
        Of the whole, estimated.
    turned
        Whether it needs a page turned on its side.
    """

    widths: tuple[float, ...]
    size: float
    height: float
    turned: bool = False


def layout(grid: Grid, width: float, turned: float | None = None, *, scale: float = 1.0) -> Layout:
    """
    Find widths at which no number and no word is broken, with the largest letters that do not make it tall.

    Parameters
    ----------
    grid
        The table.
    width
        Room on the page, in points.
    turned
        Room on a page turned on its side; None where pages are not turned.
    scale
        By how much letters are larger or smaller than usual.
    """
    sizes = [size * scale for size in SIZES]
    for room in (width, *((turned,) if turned else ())):
        needs = [(size, *_needs(grid, size)) for size in sizes]
        fitting = [
            min(
                (
                    _laid(grid, widths, size, turned=room == turned)
                    for widths in _shared(grid, least, full, room)
                ),
                key=lambda laid: laid.height,
            )
            for size, least, full in needs
            if sum(least) <= room
        ]
        if fitting:
            read_well = [laid for laid in fitting if laid.size >= COMFORT * scale] or fitting[:1]
            lowest = min(laid.height for laid in read_well)
            return next(laid for laid in read_well if laid.height <= lowest * TALLER)
    least, _ = _needs(grid, sizes[-1])
    room = turned or width
    widths = tuple(each * room / sum(least) for each in least)
    return _laid(grid, widths, sizes[-1], turned=turned is not None)


def _laid(grid: Grid, widths: tuple[float, ...], size: float, *, turned: bool) -> Layout:
    lines = 3
    for row in grid.rows:
        cells = zip(range(len(widths)), row.cells, widths, strict=True)
        lines += max(_lines(cell, width - PAD, size, row.chosen and not at) for at, cell, width in cells)
    return Layout(widths, size, lines * size * 1.5 + len(grid.rows) * 7, turned)


def _lines(cell: Inlines, room: float, size: float, chosen: bool) -> int:
    """Estimate how many lines a cell takes."""
    needed = width_of("".join(map(_text, cell)), size, bold=chosen) + (_mark(size) if chosen else 0.0)
    return 1 + sum(isinstance(each, Small) for each in cell) + int(needed * WIDER / max(room, size))


def _mark(size: float) -> float:
    return MARK * size + MARGIN


def softened(text: str) -> list[str]:
    """Cut a text where a line may break although there is no space: in long words, after marks first."""
    pieces: list[str] = []
    at = 0
    for word in _LONG.finditer(text):
        pieces += [text[at : word.start()]] if word.start() > at else []
        at = word.end()
        for part in _BREAK_AFTER.split(word.group()):
            pieces += [part[i : i + LONGEST] for i in range(0, len(part), LONGEST)]
    pieces += [text[at:]] if at < len(text) else []
    return pieces or [""]


def _needs(grid: Grid, size: float) -> tuple[list[float], list[float]]:
    """Return the least width of every column, and the one at which nothing is broken."""
    least, full = [], []
    for at, head in enumerate(grid.heads):
        cells = [row.cells[at] for row in grid.rows]
        bold = any(row.chosen for row in grid.rows)
        label = width_of(head, size, bold=True)
        words = max(
            _widest_word(head, size, bold=True),
            min(label, HEAD * size),
            *(_least(cell, size, bold=bold) for cell in cells),
        )
        whole = max(_whole(cell, size, bold=bold) for cell in cells)
        if not grid.numeric[at]:
            words = max(words, min(whole, (FIRST if at == 0 else OTHERS) * size))
        chosen = _mark(size) if at == 0 and bold else 0.0
        if grid.numeric[at] and chosen:
            words = max(words, whole + chosen)
        least.append(words * WIDER + PAD)
        full.append(max(whole + chosen, words) * WIDER + PAD)
    return least, full


def _shared(grid: Grid, least: list[float], full: list[float], room: float) -> Iterator[tuple[float, ...]]:
    """Give what is left over to all columns that want more, or to those of text first; then to all."""
    wanted = [big - small for small, big in zip(least, full, strict=True)]
    text = [0.0 if numeric else want for numeric, want in zip(grid.numeric, wanted, strict=True)]
    for first in (wanted, text):
        widths = list(least)
        for wants in (first, [want - got for want, got in zip(wanted, first, strict=True)]):
            left = room - sum(widths)
            share = min(1.0, left / sum(wants)) if sum(wants) > 0 else 0.0
            widths = [width + want * share for width, want in zip(widths, wants, strict=True)]
        over = room - sum(widths)
        if over > 0 and len(widths) > 3:
            widths = [each + over * each / sum(widths) for each in widths]
        yield tuple(widths)


def _least(cell: Inlines, size: float, *, bold: bool) -> float:
    return max((_least_of(each, size, bold=bold) for each in cell), default=0.0)


def _least_of(inline: Inline, size: float, *, bold: bool) -> float:
    if isinstance(inline, Number):
        value = max(width_of(piece, size, bold=bold) for piece in inline.value.split(" "))
        return max(value, width_of(inline.interval.strip(), size))
    return _widest_word(_text(inline), size, bold=bold)


def _widest_word(text: str, size: float, *, bold: bool) -> float:
    pieces = (word for piece in softened(text) for word in _WORD.findall(piece))
    return max((width_of(word, size, bold=bold) for word in pieces), default=0.0)


def _whole(cell: Inlines, size: float, *, bold: bool) -> float:
    lines = [""]
    for each in cell:
        if isinstance(each, Small):
            lines.append(each.text)
        else:
            lines[-1] += _text(each)
    return max(width_of(line, size, bold=bold) for line in lines)


def _text(inline: Inline) -> str:
    return inline if isinstance(inline, str) else inline.text
