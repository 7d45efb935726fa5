"""The data of a run: what is there, before any of it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from workbench.data.engines import Engine
from workbench.data.intake import Intake, More, Supply, supply_from_folder, supply_from_source, take_in
from workbench.domains import Domain
from workbench.errors import DataRejected
from workbench.runs.about import About, read_about

Inputs = tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class Data:
    """
    The data of a run before any of it is read.

    Attributes
    ----------
    supply
        What can be opened.
    inputs
        Table, name and SHA-256 of every file that may be read.
    words
        How to give the same data on the command line again; it depends on nothing but `inputs`.
    more
        Tables that the files hold in another form; see `workbench.domains.Domain`.
    about
        What people declared about the data, from the file about.yaml in its folder.
    """

    supply: Supply
    inputs: Inputs
    words: str = ""
    more: More | None = None
    about: About | None = None


def data_from(domain: Domain, *, data: str | None = None, source: str | None = None) -> Data:
    """
    Find the data of a run: a folder, a source file, or the shipped sample where neither is given.

    Parameters
    ----------
    domain
        Whose tables.
    data
        Folder that holds the tables; with `source`, the folder its files are in.
    source
        Source file that maps somebody's files to the contract.

    Raises
    ------
    DataRejected
        Nothing is there.
    BadFile
        The source file cannot be understood.
    """
    if source is not None:
        supply = supply_from_source(source, domain.contract, root=data)
        return Data(
            supply, _inputs(supply), "--source FILE --data DIR", about=_about(data or Path(source).parent)
        )
    folder = data if data is not None else domain.sample_data
    if folder is None:
        raise DataRejected(f"Domain '{domain.name}' ships no sample: give --data or --source.")
    supply = supply_from_folder(folder, domain.contract)
    inputs = _inputs(supply)
    more = domain.more(folder) if domain.more is not None else None
    return Data(
        supply, inputs, "" if _is_sample(domain, data, inputs) else "--data DIR", more, _about(folder)
    )


def screen_all(
    domain: Domain,
    data: Data,
    engine: Engine,
    folder: Path,
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> Intake:
    """Screen every table that is there."""
    tables = tuple(domain.contract.tables)
    return take_in(
        engine, domain.contract, data.supply, folder, optional=tables, more=data.more, progress=progress
    )


def _about(folder: str | Path) -> About | None:
    path = Path(folder) / "about.yaml"
    return read_about(path) if path.is_file() else None


def _inputs(supply: Supply) -> Inputs:
    return tuple(sorted(supply.inputs(), key=lambda one: (one["table"], one["file"])))


def _is_sample(domain: Domain, data: str | None, inputs: Inputs) -> bool:
    """Whether the files are the shipped sample's, wherever they lie."""
    if data is None:
        return True
    if domain.sample_data is None or not domain.sample_data.is_dir():
        return False
    return inputs == _inputs(supply_from_folder(domain.sample_data, domain.contract))
