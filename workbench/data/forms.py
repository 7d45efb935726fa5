"""
The ways in which a column of a contract is made from somebody's files, as data.

A source file is read into these (`workbench.data.sourcefile`); `workbench.data.mapping` carries them out.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from workbench.data.contract import ColumnType, Scalar


@dataclass(frozen=True)
class Constant:
    """One value for every row."""

    value: Scalar


@dataclass(frozen=True)
class RowNumber:
    """A text that no other row of the table has: file and row."""


@dataclass(frozen=True)
class RowTime:
    """The time of a row from its place: the first record of the file is at `origin`."""

    origin_us: int
    step_us: int
    continued: bool = False
    zone: str = ""


@dataclass(frozen=True, kw_only=True)
class Clock:
    """
    How a time is read.

    Either text in `layout` (ISO 8601 where empty), or so much after a start: the start is `origin_us` or
    the day in column `date`, and what comes after it a count of `unit` microseconds or a time of day.
    """

    layout: str = ""
    origin_us: int | None = None
    date: str = ""
    date_layout: str = ""
    unit: Fraction | None = None
    time_of_day: bool = False
    zone: str = ""
    day_starts_us: int = 0


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A column of the file, or several joined, and what is done with the value."""

    source: tuple[str, ...]
    join: str = ""
    prefix: str = ""
    nulls: tuple[str, ...] = ()
    default: Scalar | None = None
    factor: Fraction | None = None
    codes: Mapping[str, str] = field(default_factory=dict)
    otherwise: str = "error"
    clock: Clock | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of the file that is looked at."""
        return (*self.source, self.clock.date) if self.clock and self.clock.date else self.source

    def needs(self) -> Iterator[tuple[str, tuple[str, ...], str]]:
        """Column, kinds it may be of, and what needs that."""
        name = self.source[0]
        if self.codes or self.nulls or self.prefix or len(self.source) > 1:
            for each in self.source:
                yield each, ("text", "integer", "float", "boolean", "date"), "codes, nulls, join or prefix"
        if len(self.source) > 1 or self.prefix:
            return
        if self.factor is not None:
            yield name, ("text", "integer", "float"), "`unit`"
        if self.clock is None:
            return
        if self.clock.unit is not None:
            yield name, ("text", "integer", "float"), "a count of time"
        elif self.clock.time_of_day:
            yield name, ("text",), "`time` without `unit`"
        elif self.clock.layout:
            yield name, ("text", "integer"), "`format`"
        elif self.clock.zone:
            yield name, ("text", "time"), "`zone`"
        else:
            yield name, ("text", "date", "time", "aware"), "`day_starts`"
        if self.clock.date:
            yield (
                self.clock.date,
                ("text", "integer") if self.clock.date_layout else ("text", "date", "time"),
                "`date`",
            )


@dataclass(frozen=True)
class Order:
    """The place of a row among those that agree on `within`, by `order`, then by file and row."""

    within: tuple[str, ...]
    order: tuple[str, ...] = ()
    start: int = 0


@dataclass(frozen=True)
class Reshape:
    """Columns turned into rows: their names go into one column, their values into another."""

    columns: tuple[str, ...]
    name_to: str
    value_to: str
    but: tuple[str, ...] = ()
    skip_empty: bool = False

    def chosen(self, names: list[str]) -> list[str]:
        """The columns of a file that become rows."""
        return [name for name in names if _any(name, self.columns) and not _any(name, self.but)]


@dataclass(frozen=True)
class Rule:
    """How one column of the contract is made."""

    name: str
    type: ColumnType
    made: Constant | Taken | RowTime | RowNumber | Order


def _any(name: str, patterns: tuple[str, ...]) -> bool:
    return any(name == each or fnmatch.fnmatchcase(name, each) for each in patterns)
