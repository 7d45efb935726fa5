"""The record of a run: what went in, the id that follows from it, and the folder that holds it."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import workbench
from workbench.domains import Domain
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.data.engines import Engine
    from workbench.runs.data import Data

SCHEMA = "lived-run/1"
SHOWN = 12
SOFTWARE = {"dask": ("dask",), "spark": ("pyspark",)}
OUTSIDE = ("schema", "run_id", "tables", "cells", "files")
"""Fields of a record that its id does not follow from."""
RECORD, SIGNATURE, MACHINE = "run.json", "run.json.sig", "machine.json"
BESIDE = (RECORD, SIGNATURE, MACHINE)
"""Files of a run folder that its record does not hash: itself, its signature, and what machine made it."""
SOURCE_ENDINGS = (".py", ".yaml", ".json", ".j2", ".css", ".mplstyle", ".typ")


@dataclass(frozen=True)
class Run:
    """A finished run: its folder, its record, and whether it was made now."""

    folder: Path
    record: Mapping[str, Any]
    fresh: bool = True

    @property
    def run_id(self) -> str:
        """The id, in full."""
        return str(self.record["run_id"])

    def check_strict(self) -> None:
        """Refuse a run whose brief leaves an item of its checklist empty (`CheckFailed`)."""
        from workbench.briefs.checklist import refuse_empty

        told = json.loads((self.folder / "brief.json").read_text(encoding="utf-8"))
        refuse_empty(str(told["decision"]), told["checklist"])

    def brief(self, lang: str = "en", format: str = "html") -> Path:
        """Path of the brief in a language and a format; by default its page."""
        return self.folder / f"brief.{lang}.{format}"


def code_version(domain: Domain) -> str:
    """Version of the workbench and a hash of its source and the domain's: changed code is a new run."""
    source = _source_hash(Path(workbench.__file__).parent, domain.contract_path.parent)
    return f"{workbench.__version__}+{source}"


def make_record(
    name: str,
    domain: Domain,
    data: Data,
    engine: Engine,
    tables: Sequence[str],
    *,
    parameters: Mapping[str, Any] | None = None,
    about: Mapping[str, Any] | None = None,
    bounds: bool = False,
) -> dict[str, Any]:
    """
    Write down everything that can move a number of a run, with the id that follows from it.

    Parameters
    ----------
    name
        What is done, such as "traffic.congestion".
    domain, data, engine
        Whose contract and code, which files, and what computes.
    tables
        Tables that may be read; those they refer to are read as well.
    parameters
        The decision's parameters, as JSON holds them.
    about
        What people declared, as JSON holds it.
    bounds
        Whether the quarantine is put back to see what it could change.
    """
    contract = domain.contract
    wanted = {"", *tables, *(one.table for name in tables for one in contract.table(name).references)}
    packages = ("polars", "narwhals", "numpy", *SOFTWARE.get(engine.name, ()))
    identity = {
        "name": name,
        "parameters": dict(parameters or {}),
        "seed": (parameters or {}).get("seed"),
        "contract": {"name": contract.name, "version": contract.version},
        "code": code_version(domain),
        "engine": engine.name,
        "software": {package: metadata.version(package) for package in packages},
        "inputs": [dict(one) for one in data.inputs if one["table"] in wanted],
        **({"about": dict(about)} if about else {}),
        **({"bounds": True} if bounds else {}),
    }
    return {"schema": SCHEMA, "run_id": _id(identity), **identity}


def open_run(folder: Path) -> Run | None:
    """
    Open a finished run; None where there is none.

    Raises
    ------
    WorkbenchError
        The folder is no run, or was changed after it was made.
    """
    path = folder / RECORD
    if not path.exists():
        return None
    again = "remove the folder and run again"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        changed = [name for name, sha in record["files"].items() if _changed(folder / name, sha)]
        if record["run_id"] != id_of(record):
            changed.insert(0, path.name)
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise WorkbenchError(
            f"'{path}' is not the record of a run ({type(error).__name__}): {again}."
        ) from error
    if changed:
        raise WorkbenchError(
            f"The run in '{folder}' was changed after it was made ({', '.join(changed[:3])}): {again}."
        )
    return Run(folder, record, fresh=False)


@contextmanager
def work_folder(out: Path) -> Iterator[Path]:
    """
    Give a hidden folder within `out` to write into; it is gone when the work is over, however it ends.

    What a killed run left behind is removed by the next run to the same place.
    """
    make_folder(out)
    _sweep(out)
    try:
        folder = Path(tempfile.mkdtemp(prefix=f"{_mark()}{os.getpid()}-", dir=out))
    except OSError as error:
        raise _cannot_write(out, error) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_folder(place: Path) -> Path:
    """Make a folder where there is none; one that cannot be made is told in a sentence."""
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(place, error) from error
    return place


def _cannot_write(place: Path, error: OSError) -> WorkbenchError:
    why = (
        "a file is in the way" if isinstance(error, FileExistsError | NotADirectoryError) else error.strerror
    )
    return WorkbenchError(f"Nothing can be written to '{place}' ({why}): name another folder with --out.")


def put(folder: Path, target: Path) -> Path:
    """Move a finished folder to its name; what stands there is replaced."""
    try:
        folder.rename(target)
    except OSError:
        if not target.exists():
            raise
        old = Path(tempfile.mkdtemp(prefix=f"{_mark()}{os.getpid()}-", dir=target.parent))
        target.rename(old / target.name)
        folder.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    return target


def file_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a run folder that a record hashes, by its path there."""
    found = {
        each.relative_to(folder).as_posix(): each for each in sorted(folder.rglob("*")) if each.is_file()
    }
    return {name: sha_of(each) for name, each in found.items() if name not in BESIDE}


def sha_of(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def id_of(record: Mapping[str, Any]) -> str:
    """Return the id that follows from a record."""
    return _id({key: value for key, value in record.items() if key not in OUTSIDE})


def as_json(value: object) -> str:
    """JSON text, the same for the same value."""
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


@cache
def _source_hash(*roots: Path) -> str:
    digest = hashlib.sha256()
    for root in roots:
        for path in sorted(root.rglob("*")):
            if path.suffix in SOURCE_ENDINGS:
                digest.update(f"{root.name}/{path.relative_to(root).as_posix()}\0".encode())
                digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()[:12]


def _id(identity: Mapping[str, Any]) -> str:
    return hashlib.sha256(as_json(identity).encode()).hexdigest()


def _changed(path: Path, sha: str) -> bool:
    return not path.is_file() or sha_of(path) != sha


def _mark() -> str:
    """Start of the names of hidden folders made on this machine: processes elsewhere cannot be seen."""
    return f".run-{''.join(filter(str.isalnum, platform.node()))}-"


def _sweep(out: Path) -> None:
    for left in out.glob(f"{_mark()}*"):
        maker = left.name.removeprefix(_mark()).partition("-")[0]
        if maker.isdigit() and not _alive(int(maker)):
            shutil.rmtree(left, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
