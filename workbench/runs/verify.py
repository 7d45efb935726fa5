"""
Whether a run folder still says what it said when it was made.

Three questions, each asked of the folder alone: are the files those of the record, and does the id follow
from it; does every rendering print the numbers of brief.json; do those follow from their values, and from the
measures they were read from. Whether the numbers are right, no folder can say: that is for
`workbench.runs.reproduce`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import CheckFailed, WorkbenchError
from workbench.runs import _filechecks
from workbench.runs._finding import Finding
from workbench.runs._numberchecks import numbers
from workbench.runs.record import RECORD, SIGNATURE, as_json
from workbench.runs.sign import check_signature


@dataclass(frozen=True)
class Verified:
    """
    What was looked at, and what was found wrong.

    Attributes
    ----------
    folder
        The run folder.
    run_id, name
        As recorded; empty where the record cannot be read.
    looked_at
        How many files, numbers, printed numbers and cells of measures were compared.
    signature
        "none", "not checked", "good" or "bad".
    findings
        Everything that is wrong.
    other_code
        The version of the code here, where it is not that of the run: it may print numbers in another way.
    """

    folder: Path
    run_id: str
    name: str
    looked_at: Mapping[str, int]
    signature: str
    findings: tuple[Finding, ...]
    other_code: str = ""

    def check(self) -> None:
        """Refuse a run in which something is wrong (`CheckFailed`), naming all of it."""
        if self.findings:
            many = f"{len(self.findings)} things are wrong" if len(self.findings) > 1 else "1 thing is wrong"
            lines = "\n".join(f"  {each}" for each in self.findings)
            other = (
                f"\nThe run was made with other code than is here ({self.other_code}), which may print "
                "numbers in another way: verify it with the version that made it."
                if self.other_code and any(each.number for each in self.findings)
                else ""
            )
            raise CheckFailed(
                f"The run in '{self.folder}' does not prove itself: {many}.\n{lines}{other}\nDo not use the "
                "brief as it is: remove the folder and make it again."
            )

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome as JSON holds it."""
        return {
            "folder": str(self.folder),
            "run_id": self.run_id,
            "name": self.name,
            "verified": not self.findings,
            "looked_at": dict(self.looked_at),
            "signature": self.signature,
            "other_code": self.other_code,
            "findings": [each.as_dict() for each in self.findings],
        }

    def as_text(self) -> str:
        """Return the outcome for a terminal."""
        seen = self.looked_at
        signed = {
            "none": "It is not signed.",
            "not checked": "It is signed; give --key to check by whom.",
            "good": "Its signature is that of the key.",
            "bad": "Its signature is not that of the key.",
        }
        return (
            f"{self.name} {self.run_id[:12]}: {seen['files']} files are those recorded; {seen['numbers']} "
            f"numbers follow from their values and are printed so in {seen['printed']} places; "
            f"{seen['cells']} are exactly a cell of their measure. {signed[self.signature]}"
        )


def verify(
    folder: str | Path,
    *,
    key: str | Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Verified:
    """
    Check a run folder against itself.

    Parameters
    ----------
    folder
        The run folder, or a file in it.
    key
        Public key (PEM) whose signature is wanted.
    progress
        Told what is being checked.

    Raises
    ------
    WorkbenchError
        There is no folder.
    EngineMissing
        A key was given and the package `cryptography` is not installed.
    """
    place = Path(folder)
    place = place.parent if place.is_file() else place
    if not place.is_dir():
        raise WorkbenchError(f"No folder is called '{folder}': name one that `workbench brief` made.")
    findings: list[Finding] = []
    progress("reading run.json")
    record = _record(place, findings)
    counts = {"files": 0, "numbers": 0, "printed": 0, "cells": 0}
    if record is not None:
        progress("hashing the files")
        counts["files"] = _filechecks.files(place, record, findings)
        _filechecks.identity(record, findings)
        _filechecks.screening(place, record, findings)
        _filechecks.crate(place, record, findings)
    if (place / "brief.json").is_file():
        progress("comparing the numbers")
        brief = _brief(place, findings)
        if brief is not None:
            counts |= numbers(place, brief, record, findings)
    signature = "none"
    if key is not None:
        progress("checking the signature")
        signature = check_signature(place, key, findings)
    elif (place / SIGNATURE).is_file():
        signature = "not checked"
    told = record or {}
    return Verified(
        place,
        str(told.get("run_id", "")),
        str(told.get("name", "")),
        counts,
        signature,
        tuple(findings),
        _other_code(told),
    )


def _other_code(record: Mapping[str, Any]) -> str:
    """Return the version of the code here where it is another than recorded, else ""."""
    from workbench.domains import load_domain
    from workbench.runs.record import code_version

    try:
        here = code_version(load_domain(record["contract"]["name"]))
    except (WorkbenchError, KeyError, TypeError):
        return ""
    return "" if here == record["code"] else here


def _record(folder: Path, findings: list[Finding]) -> dict[str, Any] | None:
    """Read the record; one that is damaged is told, and the rest is checked without it."""
    path = folder / RECORD
    if not path.is_file():
        findings.append(Finding(RECORD, "is missing: no file can be compared with what was recorded"))
        return None
    try:
        text = path.read_bytes().decode("utf-8")
        record = json.loads(text)
        wrong = _filechecks.shape(record)
    except (ValueError, RecursionError) as error:
        said = f"is damaged and cannot be read ({error})"
        findings.append(Finding(RECORD, f"{said}: no file can be compared with what was recorded"))
        return None
    if wrong:
        findings.append(Finding(RECORD, f"is not the record of a run: {wrong}"))
        return None
    if text != as_json(record):
        findings.append(Finding(RECORD, "is not written as the workbench writes it: it was edited"))
    return dict(record)


def _brief(folder: Path, findings: list[Finding]) -> dict[str, Any] | None:
    brief = _filechecks.read_json(folder / "brief.json", findings)
    if brief is None or isinstance(brief, dict):
        return brief
    findings.append(Finding("brief.json", "is not a brief as the workbench writes it: it holds no fields"))
    return None
