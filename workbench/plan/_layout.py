"""Plain text in columns, where a Chinese character is two columns wide."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import zip_longest

_CLOSING = "，。、；：？！）》”’…,.;:?!)"  # never first on a line
_OPENING = "（《“‘("  # never last on a line
_PIECE = re.compile(r"\s+|[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+|.")


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(_columns(character) for character in text)


def pad(text: str, columns: int) -> str:
    """Fill a text with blanks to a number of columns; a longer one is left as it is."""
    return text + " " * max(0, columns - width(text))


def wrap(text: str, columns: int) -> list[str]:
    """
    Break a text into lines, between words in English and between characters in Chinese.

    Parameters
    ----------
    text
        One paragraph.
    columns
        Widest line allowed; a single longer word stands alone on its line.

    Returns
    -------
    lines
        Without blanks at either end. No line starts with closing or ends with opening punctuation.
    """
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if line.strip() and width((line + piece).strip()) > columns:
            lines.append(line.strip())
            line = ""
        line += piece
    if line.strip():
        lines.append(line.strip())
    return lines


def rows(cells: Sequence[Sequence[str]], *, indent: int = 0, gap: int = 2) -> list[str]:
    """
    Set rows of cells in aligned columns.

    Parameters
    ----------
    cells
        Rows of equal length. A cell of several lines continues under itself.
    indent
        Blanks before each row.
    gap
        Blanks between columns.

    Returns
    -------
    rows
        One text per row, its lines without blanks at the end.
    """
    split = [[cell.split("\n") for cell in row] for row in cells]
    widths = [max(width(line) for cell in column for line in cell) for column in zip(*split, strict=True)]
    between = " " * gap

    def row_text(row: Sequence[Sequence[str]]) -> str:
        lines = (between.join(map(pad, line, widths)) for line in zip_longest(*row, fillvalue=""))
        return "\n".join((" " * indent + line).rstrip() for line in lines)

    return [row_text(row) for row in split]


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _pieces(text: str) -> list[str]:
    """Cut a text where a line may end: punctuation stays with what it closes or opens."""
    pieces: list[str] = []
    for piece in _PIECE.findall(text):
        if pieces and not piece.isspace() and (piece[0] in _CLOSING or pieces[-1][-1] in _OPENING):
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces
