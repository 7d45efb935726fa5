"""
Bring your own data: a source file says how somebody's files become the tables of a contract, without code.

docs/how-to/bring-your-own-data.md explains the format; `source.schema.json` is its schema. What a source
file declares (a filter, cells left out) is the user's choice, and the notes repeat it; whatever else does
not fit goes to quarantine with its file and row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from workbench.data.contract import Contract
from workbench.data.engines import Engine
from workbench.data.files import Listing, find
from workbench.data.forms import Constant
from workbench.data.gtfs import Gtfs, read_gtfs
from workbench.data.intake import Supply
from workbench.data.mapping import apply
from workbench.data.sourcefile import TableSource, read
from workbench.data.table import Table
from workbench.data.yamlfile import Lines
from workbench.errors import BadFile, DataRejected, UnknownName


@dataclass(frozen=True)
class Opened:
    """
    A table as screening takes it.

    Attributes
    ----------
    table
        The mapped columns, `_file`, `_row` and `_problem`; not yet computed.
    listing
        The files behind it, which `_file` counts.
    notes
        What was declared or taken for granted, in sentences.
    """

    table: Table
    listing: Listing
    notes: tuple[str, ...] = ()


class Source:
    """
    Somebody's files, mapped to a contract.

    Attributes
    ----------
    path
        The source file.
    contract
        The contract it maps to.
    zone
        Zone whose clocks all its times show.
    """

    def __init__(
        self, path: Path, contract: Contract, zone: str, tables: Mapping[str, TableSource], lines: Lines
    ) -> None:
        self.path, self.contract, self.zone = path, contract, zone
        self._tables, self._lines = dict(tables), lines
        self._feeds: dict[str, Gtfs] = {}

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables it maps, in the contract's order."""
        return tuple(name for name in self.contract.tables if name in self._tables)

    def notes(self, name: str) -> tuple[str, ...]:
        """What the source file declares that leaves rows out, in sentences."""
        wanted = self._table(name).map
        said = [
            f"Only rows whose {column} is {' or '.join(values)} are read."
            for column, values in wanted.only.items()
        ]
        if wanted.reshape and wanted.reshape.skip_empty:
            said.append(f"Empty cells of {', '.join(wanted.reshape.columns)} make no row.")
        return tuple(said)

    def listing(self, name: str, work: Path, root: str | Path | None = None) -> Listing:
        """
        Find the files of a table; CSV files are not landed yet.

        Parameters
        ----------
        name
            A table of the source.
        work
            Folder for files that are fetched from elsewhere.
        root
            Where relative paths start; the source file's folder where none is given.
        """
        spec = self._table(name)
        if spec.gtfs:
            return self._feed(spec, root).listing(name)
        return find([self._place(each, root) for each in spec.files], work=work, dialect=spec.dialect)

    def open(self, engine: Engine, name: str, root: str | Path | None = None) -> Opened:
        """
        Open a table, lazily.

        Raises
        ------
        BadFile
            The source file names columns that the files do not have, or asks of them what they cannot do.
        DataRejected
            The files are not there or cannot be read.
        """
        spec = self._table(name)
        if spec.gtfs:
            return self._open_feed(engine, spec, root)
        listing = self.listing(name, engine.work, root).landed(engine.work)
        mistakes = []
        for inside, what in spec.map.mistakes(listing):
            where = ("tables", name, *inside)
            mistakes.append((self._lines.of(where), f"{self._lines.place(where)}: {what}"))
        if mistakes:
            raise BadFile(str(self.path), sorted(dict.fromkeys(mistakes)))
        table = apply(engine.scan(listing, numbered=True), listing, spec.map)
        return Opened(table, listing, self.notes(name))

    def supply(self, root: str | Path | None = None) -> Supply:
        """Everything the source maps, as `workbench.data.intake.take_in` takes it; feeds are read at once."""

        def opened(engine: Engine, name: str) -> tuple[Table, Listing]:
            one = self.open(engine, name, root)
            return one.table, one.listing

        notes = {
            name: (
                *self.notes(name),
                *(self._feed_notes(self._tables[name], root) if self._tables[name].gtfs else ()),
            )
            for name in self.tables
        }
        return Supply(
            openers={name: partial(opened, name=name) for name in self.tables},
            listings={name: partial(self.listing, name, root=root) for name in self.tables},
            others=(self.path,),
            notes=notes,
        )

    def _table(self, name: str) -> TableSource:
        if name not in self._tables:
            raise UnknownName(f"table of {self.path.name}", name, self._tables)
        return self._tables[name]

    def _place(self, path: str, root: str | Path | None) -> str:
        if "://" in path or Path(path).is_absolute():
            return path
        base = self.path.parent if root is None else root
        return f"{str(base).rstrip('/')}/{path}" if "://" in str(base) else str(Path(base) / path)

    # GTFS feeds

    def _feed(self, spec: TableSource, root: str | Path | None) -> Gtfs:
        path = self._place(spec.gtfs, root)
        if path not in self._feeds:
            self._feeds[path] = read_gtfs(path)
        return self._feeds[path]

    def _days(self, spec: TableSource, feed: Gtfs) -> list[dt.date] | None:
        if spec.between is None:
            return list(spec.dates) or None
        first, last = spec.between
        have = feed.service_dates()
        days = [day for day in have if first <= day <= last]
        if not days:
            raise DataRejected(
                f"Nothing runs from {first} to {last} in {feed.name}: it has service {have[0]} to {have[-1]}."
            )
        return days

    def _feed_notes(self, spec: TableSource, root: str | Path | None) -> tuple[str, ...]:
        feed = self._feed(spec, root)
        if spec.name != "timetable":
            return ()
        elsewhere = (
            f"{feed.name} is in zone {feed.zone}, the source in {self.zone}: its times are taken as they are."
        )
        return (*feed.notes, *([elsewhere] if feed.zone and feed.zone != self.zone else []))

    def _open_feed(self, engine: Engine, spec: TableSource, root: str | Path | None) -> Opened:
        feed = self._feed(spec, root)
        frame = feed.raw(spec.name, self._days(spec, feed) if spec.name == "timetable" else None)
        frame = frame.with_columns(
            pl.lit(rule.made.value).alias(rule.name)
            for rule in spec.map.rules
            if isinstance(rule.made, Constant)
        )
        return Opened(engine.table(frame), feed.listing(spec.name), self._feed_notes(spec, root))


def load_source(path: str | Path, contract: Contract) -> Source:
    """
    Read a source file.

    Parameters
    ----------
    path
        The YAML file.
    contract
        The contract it maps to.

    Raises
    ------
    BadFile
        With every mistake in the file and its line.
    """
    tables, zone, lines = read(path, contract)
    return Source(Path(path), contract, zone, tables, lines)
