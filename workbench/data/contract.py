"""
What a table must be: types, units, ranges, keys, relationships and who may see it.

A contract is written in the Open Data Contract Standard, version 3 [1]_, and read by
`workbench.data.odcs`. Screening, the data dictionary and the source mapping all work from
the classes here and know nothing of YAML.

References
----------
.. [1] Bitol, Open Data Contract Standard 3.1, https://bitol-io.github.io/open-data-contract-standard/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from workbench._text import Text
from workbench.errors import UnknownName

ColumnType = Literal["string", "integer", "number", "boolean", "date", "timestamp"]
Classification = Literal["identifier", "quasi-identifier", "sensitive", "none"]
Operator = Literal["<", "<=", "==", "!=", ">=", ">"]
Scalar = str | int | float | bool


@dataclass(frozen=True, kw_only=True)
class Column:
    """
    One column.

    `timestamp` columns hold naive local time in the contract's time zone; `minimum` and `maximum`
    of a date or timestamp are ISO texts. `default` fills the column where it is missing or null.
    """

    name: str
    type: ColumnType
    unit: str = ""
    required: bool = False
    minimum: int | float | str | None = None
    maximum: int | float | str | None = None
    exclusive_minimum: bool = False
    exclusive_maximum: bool = False
    enum: tuple[Scalar, ...] = ()
    pattern: str = ""
    default: Scalar | None = None
    classification: Classification = "none"
    description: Text = field(default_factory=lambda: Text(""))


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Columns whose values must be found in another table of the same contract."""

    columns: tuple[str, ...]
    table: str
    targets: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RowRule:
    """A comparison between two columns of one row; it holds where either is null."""

    name: str
    left: str
    op: Operator
    right: str
    description: Text = field(default_factory=lambda: Text(""))


@dataclass(frozen=True, kw_only=True)
class TableContract:
    """
    One table.

    `rejected_limit` is the share of rows (0 to 1) that may go to quarantine before the run stops.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    rules: tuple[RowRule, ...] = ()
    rejected_limit: float = 0.05
    description: Text = field(default_factory=lambda: Text(""))

    @property
    def names(self) -> tuple[str, ...]:
        """The column names, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Look up a column; an unknown one raises `UnknownName` with the nearest."""
        for column in self.columns:
            if column.name == name:
                return column
        raise UnknownName(f"column of table '{self.name}'", name, self.names)


@dataclass(frozen=True, kw_only=True)
class Contract:
    """The tables of one domain, with the version that a run records."""

    name: str
    version: str
    tables: Mapping[str, TableContract]
    zone: str = "UTC"
    description: Text = field(default_factory=lambda: Text(""))
    path: str = ""

    def table(self, name: str) -> TableContract:
        """Look up a table; an unknown one raises `UnknownName` with the nearest."""
        if name not in self.tables:
            raise UnknownName("table", name, self.tables, "See `workbench contracts`.")
        return self.tables[name]

    def referred(self, name: str) -> frozenset[str]:
        """Columns of a table that others refer to."""
        every = (one for table in self.tables.values() for one in table.references)
        return frozenset(target for one in every if one.table == name for target in one.targets)
