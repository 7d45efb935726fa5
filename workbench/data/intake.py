"""
From somebody's files to clean tables on an engine: find, map, screen, keep, report.

Clean rows and quarantine are written once, into `<folder>/clean/<table>` and `<folder>/quarantine/<table>`;
everything after reads the clean ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from workbench.data.contract import Contract, TableContract
from workbench.data.engines import Engine
from workbench.data.files import Found, Listing, unreadable
from workbench.data.report import Report, TableReport, count_rules, paths_of
from workbench.data.screening import screen
from workbench.data.supply import Opened, Opener, Supply, supply_from_folder, supply_from_source
from workbench.data.table import Table
from workbench.errors import DataRejected

More = Callable[[str, Mapping[str, Table]], tuple[pl.DataFrame, Listing, tuple[str, ...]] | None]


@dataclass(frozen=True)
class Intake:
    """Clean tables by name, the report, and the hash of every file that went in."""

    tables: Mapping[str, Table]
    report: Report
    folder: Path

    @property
    def inputs(self) -> list[dict[str, str]]:
        """Table, name and SHA-256 of each input file."""
        return [
            {"table": t.table, "file": name, "sha256": sha}
            for t in self.report.tables
            for name, sha in t.files
        ]

    @property
    def quarantine(self) -> Path:
        """The folder that holds the rows set aside."""
        return self.folder / "quarantine"


def take_in(
    engine: Engine,
    contract: Contract,
    supply: Supply,
    folder: Path,
    *,
    required: Iterable[str] = (),
    optional: Iterable[str] = (),
    more: More | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Intake:
    """
    Read, screen and keep tables.

    Parameters
    ----------
    engine
        Where the work is done.
    contract
        What the tables must be.
    supply
        What can be opened.
    folder
        Clean rows and quarantine go below it.
    required, optional
        Tables that must be there, and tables used where they are.
    more
        Given a table's name and the clean tables so far, makes a small table that the files hold in another
        form (a timetable from a GTFS feed) with its listing and notes, or None.

    Raises
    ------
    DataRejected
        A required table is missing or a file cannot be read. Rows over the limit do not raise here: call
        `intake.report.check`.
    """
    wanted = _ordered(contract, [*required, *optional])
    tables: dict[str, Table] = {}
    reports: list[TableReport] = []
    for name in wanted:
        opener, notes = supply.openers.get(name), supply.notes.get(name, ())
        if opener is None and more is not None and (made := more(name, tables)) is not None:
            frame, listing, notes = made
            opener = partial(_opened_frame, frame=frame, listing=listing)
        if opener is not None:
            progress(f"screening {name}")
            tables[name], report = _take(engine, contract.table(name), opener, tables, folder, notes)
            reports.append(report)
    for name in required:
        if name not in tables:
            raise DataRejected(
                f"Table '{name}' is needed and was not given: add {name}.csv, {name}.parquet or a folder "
                f"{name}/ to the data, or map it in a source file.{_unused(supply)}"
            )
    return Intake(
        tables,
        Report(tuple(sorted(reports, key=lambda one: wanted.index(one.table))), supply.ignored),
        folder,
    )


def _take(
    engine: Engine,
    contract: TableContract,
    opener: Opener,
    tables: Mapping[str, Table],
    folder: Path,
    notes: tuple[str, ...],
) -> tuple[Table, TableReport]:
    table, listing = opener(engine)
    screened = screen(table, contract, others=tables, files=[one.name for one in listing.files])
    clean, quarantine = folder / "clean" / contract.name, folder / "quarantine" / contract.name
    try:
        kept, _ = engine.write([(screened.clean, str(clean)), (screened.quarantine, str(quarantine))])
    except DataRejected as error:
        names = unreadable(listing)
        where = f"in table '{contract.name}'" if not names else ", ".join(names)
        raise DataRejected(f"{where}: {error.message[:1].lower()}{error.message[1:]}") from error
    aside = pl.scan_parquet(paths_of(str(quarantine)), glob=False)
    good = pl.scan_parquet(paths_of(str(clean)), glob=False)
    counts = good.select(pl.len()).collect().item()
    report = TableReport(
        table=contract.name,
        rows=counts + aside.select(pl.len()).collect().item(),
        clean=counts,
        limit=contract.rejected_limit,
        rules=count_rules(aside, contract),
        files=tuple(listing.hashes()),
        file_rows=tuple(one.rows for one in listing.files),
        unchecked=tuple(f"{', '.join(r.columns)} -> {r.table}" for r in screened.unchecked),
        notes=notes,
        period=_period(good, contract),
    )
    return kept, report


def _period(good: pl.LazyFrame, contract: TableContract) -> tuple[str, str] | None:
    times = [
        column for column in contract.columns if column.type in ("timestamp", "date") and column.required
    ]
    if not times:
        return None
    first = next((column for column in times if column.type == "date"), times[0])
    low, high = (
        good.select(pl.col(first.name).min().alias("low"), pl.col(first.name).max().alias("high"))
        .collect()
        .row(0)
    )
    return None if low is None else (str(low)[:10], str(high)[:10])


def _ordered(contract: Contract, names: Iterable[str]) -> list[str]:
    """Tables so that those referred to come first; with them, the ones they need to be checked against."""
    wanted = dict.fromkeys(contract.table(name).name for name in names)
    for name in list(wanted):
        wanted |= dict.fromkeys(reference.table for reference in contract.table(name).references)
    done: list[str] = []
    waiting: list[str] = []

    def add(name: str) -> None:
        if name in done or name in waiting:  # tables that refer to each other cannot both come first
            return
        waiting.append(name)
        for reference in contract.table(name).references:
            add(reference.table)
        done.append(name)

    for name in wanted:
        add(name)
    return done


def _unused(supply: Supply) -> str:
    return f" Not used: {'; '.join(supply.ignored)}." if supply.ignored else ""


def _opened_frame(engine: Engine, *, frame: pl.DataFrame, listing: Listing) -> Opened:
    return engine.table(frame), listing


def listing_of(path: str, name: str, rows: int) -> Listing:
    """A listing of one file that was read by other means, so that it is hashed and named like the rest."""
    return Listing((Found(path, name, {}, rows, 1, path),))


def write_report(report: Report, folder: Path) -> None:
    """Write the report as JSON and as pages in both languages."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "screening.json").write_text(report.to_json(), encoding="utf-8")
    for lang in ("en", "zh"):
        (folder / f"screening.{lang}.html").write_text(report.to_html(lang), encoding="utf-8")


__all__ = [
    "Intake",
    "Supply",
    "listing_of",
    "supply_from_folder",
    "supply_from_source",
    "take_in",
    "write_report",
]
