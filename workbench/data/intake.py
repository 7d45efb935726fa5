"""
From somebody's files to clean tables on an engine: find, map, screen, keep, report.

Clean rows and quarantine are written once, into `<folder>/clean/<table>` and `<folder>/quarantine/<table>`;
everything after reads the clean ones.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import polars as pl

from workbench.data.contract import Contract, TableContract
from workbench.data.engines import Engine
from workbench.data.files import CSV_ENDINGS, ENDINGS, Found, Listing, digest, find
from workbench.data.report import Report, TableReport, count_rules, paths_of
from workbench.data.screening import screen
from workbench.data.table import Table
from workbench.errors import DataRejected, nearest

Opened = tuple[Table, Listing]
Opener = Callable[[Engine], Opened]
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


@dataclass(frozen=True)
class Supply:
    """
    What can be opened, by table name, before anything is read.

    Attributes
    ----------
    openers
        Table name to a function that opens it raw, with its listing.
    listings
        Table name to a function that finds its files, given a folder for those brought from afar.
    others
        Files that shape the tables without being one: a feed, the source file.
    notes
        Remarks for the report, by table.
    ignored
        Files that were seen and are not used.
    """

    openers: Mapping[str, Opener]
    listings: Mapping[str, Callable[[Path], Listing]] = field(default_factory=dict)
    others: tuple[Path, ...] = ()
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()

    def inputs(self) -> list[dict[str, str]]:
        """Table, name and SHA-256 of every file that may be read; files for no single table have an empty one."""
        with tempfile.TemporaryDirectory(prefix="workbench-") as work:
            found = [
                {"table": table, "file": name, "sha256": sha}
                for table, listing in self.listings.items()
                for name, sha in listing(Path(work)).hashes()
            ]
        return found + [{"table": "", "file": path.name, "sha256": digest(str(path))} for path in self.others]


def supply_from_folder(folder: str | Path, contract: Contract) -> Supply:
    """
    Find a contract's tables in a folder: `<table>.csv`, `<table>.parquet` or a folder `<table>/` of such
    files.

    Raises
    ------
    DataRejected
        The folder is missing or holds no table of the contract.
    """
    place = Path(folder)
    if "://" in str(folder):
        return _supply_from_address(str(folder), contract)
    if not place.is_dir():
        raise DataRejected(
            f"No folder is called '{folder}': --data names a folder that holds {_expected(contract)}."
        )
    openers: dict[str, Opener] = {}
    listings: dict[str, Callable[[Path], Listing]] = {}
    ignored = []
    for entry in sorted(place.iterdir()):
        name = _table_name(entry)
        if name in contract.tables:
            if name in openers:
                raise DataRejected(
                    f"Table '{name}' stands twice in '{folder}' (as '{entry.name}' and another): keep one."
                )
            openers[name], listings[name] = _opener([str(entry)]), _finder([str(entry)])
        elif entry.is_file() and entry.name.endswith(ENDINGS):
            ignored.append(
                f"{entry.name} (no table of contract '{contract.name}' is called so. "
                f"{nearest(name, list(contract.tables))})"
            )
    feeds = tuple(sorted(place.glob("*.zip")))
    if not openers and not feeds:
        near = f" Seen: {'; '.join(ignored)}." if ignored else ""
        raise DataRejected(
            f"'{folder}' holds no table of contract '{contract.name}': expected {_expected(contract)}.{near}"
        )
    return Supply(openers, listings, feeds, ignored=tuple(ignored))


def _supply_from_address(address: str, contract: Contract) -> Supply:
    import fsspec

    try:
        system, inner = fsspec.core.url_to_fs(address)
        entries = {Path(one).name: one for one in system.ls(inner, detail=False)}
    except (OSError, ValueError, ImportError) as error:
        raise DataRejected(
            f"'{address}' cannot be read ({type(error).__name__}: {error}): check the address and your access."
        ) from error
    paths = {
        name: f"{address.rstrip('/')}/{name}{ending}"
        for name in contract.tables
        for ending in ("", *ENDINGS)
        if name + ending in entries
    }
    openers = {name: _opener([path]) for name, path in paths.items()}
    if not openers:
        raise DataRejected(
            f"'{address}' holds no table of contract '{contract.name}': expected {_expected(contract)}."
        )
    return Supply(openers, {name: _finder([path]) for name, path in paths.items()})


def supply_from_source(path: str | Path, contract: Contract, *, root: str | Path | None = None) -> Supply:
    """
    Find a contract's tables through a source file; see `workbench.data.source`.

    Raises
    ------
    BadFile
        The source file cannot be understood; all its mistakes at once.
    """
    from workbench.data.source import load_source

    return load_source(path, contract).supply(root)


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
                f"Table '{name}' is needed and was not given: add {name}.csv, {name}.parquet or a folder {name}/ "
                "to the data, or map it in a source file."
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
    kept, _ = engine.write([(screened.clean, str(clean)), (screened.quarantine, str(quarantine))])
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

    def add(name: str) -> None:
        for reference in contract.table(name).references:
            if reference.table != name and reference.table not in done:
                add(reference.table)
        if name not in done:
            done.append(name)

    for name in wanted:
        add(name)
    return done


def _opened_frame(engine: Engine, *, frame: pl.DataFrame, listing: Listing) -> Opened:
    return engine.table(frame), listing


def _opener(paths: list[str]) -> Opener:
    def opened(engine: Engine) -> Opened:
        listing = find(paths, work=engine.work).landed(engine.work)
        return engine.scan(listing, numbered=True), listing

    return opened


def _finder(paths: list[str]) -> Callable[[Path], Listing]:
    return lambda work: find(paths, work=work)


def _table_name(entry: Path) -> str:
    for ending in (*CSV_ENDINGS, ".parquet"):
        if entry.name.endswith(ending):
            return entry.name.removesuffix(ending)
    return entry.name


def _expected(contract: Contract) -> str:
    return ", ".join(f"{name}.csv" for name in contract.tables) + " (or .parquet, or a folder of that name)"


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
