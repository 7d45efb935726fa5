"""Checks of a run folder's files against its record, each adding what it finds."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from workbench.errors import EngineMissing
from workbench.runs._finding import Finding
from workbench.runs.record import BESIDE, RECORD, SCHEMA, id_of, sha_of

LITTER = (".DS_Store", "Thumbs.db", "desktop.ini")
"""What a file manager leaves where it has been."""
FIELDS: Mapping[str, type] = {
    "schema": str,
    "run_id": str,
    "name": str,
    "parameters": dict,
    "contract": dict,
    "code": str,
    "engine": str,
    "software": dict,
    "inputs": list,
    "tables": list,
    "files": dict,
}
CRATE = "ro-crate-metadata.json"
SCREENED = ("table", "rows", "clean", "rejected", "period")


def shape(record: object) -> str:
    """Say what keeps some JSON from being the record of a run; nothing where it is one."""
    if not isinstance(record, dict):
        return "it holds no fields"
    wrong = [name for name, kind in FIELDS.items() if not isinstance(record.get(name), kind)]
    if wrong:
        return f"without a proper `{'`, `'.join(wrong)}`"
    if record["schema"] != SCHEMA:
        return f"its schema is '{record['schema']}', not '{SCHEMA}'"
    strange = [name for name, sha in record["files"].items() if not isinstance(sha, str) or not _inside(name)]
    return f"it names files that cannot be of the run: {', '.join(strange)}" if strange else ""


def files(folder: Path, record: Mapping[str, Any], findings: list[Finding]) -> int:
    """Compare every file with its hash; name those missing, changed and not of the run."""
    for name, sha in record["files"].items():
        path = folder / name
        if not path.is_file():
            findings.append(Finding(name, "is missing"))
        elif (found := sha_of(path)) != sha:
            said = f"was changed: its SHA-256 begins {found[:12]}, recorded is {sha[:12]}"
            findings.append(Finding(name, said))
    strange = sorted(_names(folder) - set(record["files"]))
    findings += [Finding(name, "is not of this run: the record does not name it") for name in strange]
    return len(record["files"])


def identity(record: Mapping[str, Any], findings: list[Finding]) -> None:
    """Work the id out again."""
    if (follows := id_of(record)) != record["run_id"]:
        said = (
            f"the run id {record['run_id'][:12]} does not follow from what is recorded (that gives "
            f"{follows[:12]}): name, parameters, inputs, code or the like were changed"
        )
        findings.append(Finding(RECORD, said))
    if record.get("seed") != record["parameters"].get("seed"):
        findings.append(Finding(RECORD, "the seed is not that of the parameters"))


def screening(folder: Path, record: Mapping[str, Any], findings: list[Finding]) -> None:
    """Compare the counts of the record with the screening report, and with the rows in quarantine."""
    import polars as pl

    report = read_json(folder / "screening.json", findings)
    if report is None:
        return
    try:
        told = [{name: table[name] for name in SCREENED} for table in report["tables"]]
        if told != record["tables"]:
            findings.append(Finding(RECORD, "the rows of the tables are not those of screening.json"))
        aside = {table["table"]: table["rejected"] for table in told}
    except (KeyError, TypeError):
        findings.append(Finding("screening.json", "is not a screening report as the workbench writes it"))
        return
    for table, rejected in aside.items():
        path = folder / "quarantine" / f"{table}.parquet"
        if path.is_file():
            rows = attempt(partial(pl.read_parquet, path), path, folder, findings)
            if rows is not None and rows.height != rejected:
                said = f"holds {rows.height} rows; {rejected} are recorded as set aside"
                findings.append(Finding(path.relative_to(folder).as_posix(), said))


def crate(folder: Path, record: Mapping[str, Any], findings: list[Finding]) -> None:
    """Compare the hashes in the RO-Crate with those of the record."""
    if CRATE not in record["files"] or (told := read_json(folder / CRATE, findings)) is None:
        return
    try:
        hashes = {
            one["@id"]: one["sha256"] for one in told["@graph"] if one["@type"] == "File" and "sha256" in one
        }
    except (KeyError, TypeError):
        findings.append(Finding(CRATE, "is not an RO-Crate as the workbench writes it"))
        return
    from workbench.runs.crate import path_id

    for name, sha in record["files"].items():
        if name != CRATE and hashes.get(path_id(name)) != sha:
            findings.append(Finding(CRATE, f"does not hold the hash recorded of '{name}'"))


def read_json(path: Path, findings: list[Finding]) -> Any:
    """Read a JSON file; None where it is missing, which its hash tells, or damaged, which is told here."""
    try:
        return json.loads(path.read_bytes().decode("utf-8"))
    except OSError:
        return None
    except (ValueError, RecursionError) as error:
        findings.append(Finding(path.name, f"is damaged and cannot be read ({error})"))
        return None


def attempt(read: Callable[[], Any], path: Path, folder: Path, findings: list[Finding]) -> Any:
    """Read a file in a way that a damaged one may end anyhow; None where it does."""
    try:
        return read()
    except EngineMissing:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        name = path.relative_to(folder).as_posix()
        findings.append(Finding(name, f"is damaged and cannot be read ({type(error).__name__})"))
        return None


def _names(folder: Path) -> set[str]:
    found = (each for each in folder.rglob("*") if each.is_file() and each.name not in LITTER)
    return {each.relative_to(folder).as_posix() for each in found} - set(BESIDE)


def _inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(name) and "\\" not in name and not path.is_absolute() and ".." not in path.parts
