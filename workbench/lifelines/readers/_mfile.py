"""What a MATPOWER file holds: tables, values and texts, each row with its line; nothing is computed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workbench.lifelines.errors import BadNetwork
from workbench.lifelines.model import Floats
from workbench.lifelines.readers._files import bytes_of, decoded

_ASSIGNED = re.compile(r"\s*mpc\.([A-Za-z]\w*(?:\.\w+)*)\s*=\s*(.*)", re.S)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|[Ii]nf|[Nn]a[Nn])")
_PASSED = re.compile(r"\s*(?:function\b.*|end(?:function)?|return)?\s*;?\s*")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_CLOSES = {"[": "]", "{": "}"}


@dataclass(frozen=True, eq=False)
class Table:
    """A table: rows of numbers, shape (rows, columns), and the line of each."""

    rows: Floats
    lines: tuple[int, ...]


def read_mfile(path: Path) -> tuple[dict[str, Table], dict[str, float | str], dict[str, list[str]]]:
    """
    Read what is assigned to the fields of `mpc`.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    tables, values, texts
        Fields in square brackets, single numbers and texts, and texts in braces; each by its name after
        `mpc.`.

    Raises
    ------
    BadNetwork
        The file cannot be opened or is no text, or it computes, has rows of different lengths or what is no
        number.
    """
    text = decoded(bytes_of(path), path)
    tables: dict[str, Table] = {}
    values: dict[str, float | str] = {}
    texts: dict[str, list[str]] = {}
    mistakes: list[str] = []
    lines = enumerate((_plain(line) for line in text.splitlines()), 1)
    for at, line in lines:
        found = _ASSIGNED.fullmatch(line)
        if not found:
            if not _PASSED.fullmatch(line):
                mistakes.append(
                    f"line {at}: `{line.strip()[:40]}` computes or is not understood: give plain numbers"
                )
            continue
        name, rest = found[1], found[2].strip()
        if rest[:1] not in _CLOSES:
            value = _value(rest)
            if value is None:
                mistakes.append(
                    f"line {at}: mpc.{name} is `{rest[:40]}`, neither a number nor a text in quotes"
                )
            else:
                values[name] = value
            continue
        rows, problem = _rows(at, rest, lines)
        if problem:
            mistakes.append(f"line {at}: mpc.{name} {problem}")
        elif rest[0] == "{":
            texts[name] = [one[0] or one[1] for _, row in rows for one in _QUOTED.findall(row)]
        else:
            table = _table(name, rows, mistakes)
            if table is not None:
                tables[name] = table
    if mistakes:
        raise BadNetwork(str(path), mistakes)
    return tables, values, texts


def _plain(line: str) -> str:
    """Cut a comment off a line; a percent sign between quotes begins none."""
    if "%" not in line:
        return line.rstrip()
    quoted = False
    for at, sign in enumerate(line):
        if sign == "'":
            quoted = not quoted
        elif sign == "%" and not quoted:
            return line[:at].rstrip()
    return line.rstrip()


def _value(rest: str) -> float | str | None:
    rest = rest.rstrip(";").strip()
    if len(rest) > 1 and rest[0] == rest[-1] and rest[0] in "'\"":
        return rest[1:-1]
    return float(rest) if _NUMBER.fullmatch(rest) else None


def _rows(at: int, rest: str, lines: Iterator[tuple[int, str]]) -> tuple[list[tuple[int, str]], str]:
    """Rows between brackets, each with the line it begins in, and what is wrong with the whole."""
    rows: list[tuple[int, str]] = []
    closes, part, held, began = _CLOSES[rest[0]], rest[1:], "", at
    while True:
        inside, closed, behind = part.partition(closes)
        goes_on = inside.rstrip().endswith("...") and not closed
        if goes_on:
            inside = inside.rstrip()[:-3]
        pieces = (held + " " + inside).split(";") if held else inside.split(";")
        if not held:
            began = at
        held = pieces.pop() if goes_on else ""
        for piece in pieces:
            if piece.strip():
                rows.append((began, piece))
            began = at
        if closed:
            wrong = behind.strip(" \t;,")
            return (
                rows,
                f"is followed by `{wrong[:40]}` in line {at}: begin a new line there" if wrong else "",
            )
        following = next(lines, None)
        if following is None:
            return rows, f"is not closed with `{closes}`"
        at, part = following


def _table(name: str, rows: list[tuple[int, str]], mistakes: list[str]) -> Table | None:
    numbers, width = [], None
    for at, row in rows:
        given = row.replace(",", " ").split()
        wrong = [one for one in given if not _NUMBER.fullmatch(one)]
        if wrong:
            mistakes.append(f"line {at}: `{wrong[0][:40]}` in mpc.{name} is not a number")
            continue
        width = width or len(given)
        if len(given) != width:
            mistakes.append(
                f"line {at}: a row of mpc.{name} has {len(given)} numbers, those before it {width}"
            )
            continue
        numbers.append([float(one) for one in given])
    if len(numbers) < len(rows):
        return None
    return Table(np.array(numbers, float).reshape(len(numbers), width or 0), tuple(at for at, _ in rows))
