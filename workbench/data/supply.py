"""What somebody's folder, address or source file offers of a contract's tables, before any row is read."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workbench.data.contract import Contract
from workbench.data.engines import Engine
from workbench.data.files import ENDINGS, Listing, digest, find, is_data
from workbench.data.table import Table
from workbench.errors import DataRejected, nearest

Opened = tuple[Table, Listing]
Opener = Callable[[Engine], Opened]


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
        """Table (empty for a file of no single one), name and SHA-256 of every file that may be read."""
        with tempfile.TemporaryDirectory(prefix="workbench-") as work:
            found = [
                {"table": table, "file": name, "sha256": sha}
                for table, listing in self.listings.items()
                for name, sha in listing(Path(work)).hashes()
            ]
        return found + [{"table": "", "file": path.name, "sha256": digest(str(path))} for path in self.others]


def supply_from_folder(folder: str | Path, contract: Contract) -> Supply:
    """
    Find a contract's tables in a folder: `<table>.csv`, `<table>.parquet` or a folder `<table>/` of these.

    Parameters
    ----------
    folder
        A path, or an fsspec address.
    contract
        Whose tables.

    Returns
    -------
    Supply
        What is there; what is missing is told when it is needed.

    Raises
    ------
    DataRejected
        The folder is missing or holds no table of the contract.
    """
    place = Path(folder)
    if "://" in str(folder):
        return _supply_from_address(str(folder), contract)
    if place.exists() and not place.is_dir():
        raise DataRejected(
            f"'{folder}' is a file, and --data names the folder that holds {_expected(contract)}. A file of "
            "another name or form is mapped in a source file (`--source`)."
        )
    if not place.is_dir():
        raise DataRejected(
            f"No folder is called '{folder}': --data names a folder that holds {_expected(contract)}."
        )
    openers: dict[str, Opener] = {}
    listings: dict[str, Callable[[Path], Listing]] = {}
    ignored = []
    for entry in sorted(place.iterdir()):
        name = _table_name(entry.name)
        if name in contract.tables:
            if name in openers:
                raise _twice(name, str(folder), entry.name)
            openers[name], listings[name] = _opener([str(entry)]), _finder([str(entry)])
        elif entry.is_file() and is_data(entry.name):
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
        entries = sorted(Path(one).name for one in system.ls(inner, detail=False))
    except Exception as error:  # each file system has errors of its own
        what = (str(error).strip().splitlines() or [""])[0]
        raise DataRejected(
            f"'{address}' cannot be read ({type(error).__name__}: {what}): check the address and your access."
        ) from error
    paths: dict[str, str] = {}
    for entry in entries:
        name = _table_name(entry)
        if name in contract.tables:
            if name in paths:
                raise _twice(name, address, entry)
            paths[name] = f"{address.rstrip('/')}/{entry}"
    if not paths:
        raise DataRejected(
            f"'{address}' holds no table of contract '{contract.name}': expected {_expected(contract)}."
        )
    return Supply(
        {name: _opener([path]) for name, path in paths.items()},
        {name: _finder([path]) for name, path in paths.items()},
    )


def _twice(name: str, where: str, entry: str) -> DataRejected:
    return DataRejected(f"Table '{name}' stands twice in '{where}' (as '{entry}' and another): keep one.")


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


def _opener(paths: list[str]) -> Opener:
    def opened(engine: Engine) -> Opened:
        listing = find(paths, work=engine.work).landed(engine.work)
        return engine.scan(listing, numbered=True), listing

    return opened


def _finder(paths: list[str]) -> Callable[[Path], Listing]:
    return lambda work: find(paths, work=work)


def _table_name(entry: str) -> str:
    """The name of a file or folder without an ending of ours."""
    for ending in ENDINGS:
        if entry.lower().endswith(ending):
            return entry[: -len(ending)]
    return entry


def _expected(contract: Contract) -> str:
    return ", ".join(f"{name}.csv" for name in contract.tables) + " (or .parquet, or a folder of that name)"
