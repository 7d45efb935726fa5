"""A run that is kept: its record and its brief, read again from its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.runs.record import RECORD, open_run

SHOWN = 3


@dataclass(frozen=True)
class Kept:
    """
    A finished run with its brief.

    Attributes
    ----------
    folder
        Where it is.
    record
        What went in; see `workbench.runs.record.make_record`.
    brief
        The brief as JSON holds it; empty where the run answered no decision.
    """

    folder: Path
    record: Mapping[str, Any]
    brief: Mapping[str, Any]

    @property
    def run_id(self) -> str:
        """The id, in full."""
        return str(self.record["run_id"])

    @property
    def name(self) -> str:
        """What was done, such as "traffic.congestion"."""
        return str(self.record["name"])


def run_folder(place: str | Path) -> Path:
    """
    Find the folder of a run, given the folder or a file in it.

    Raises
    ------
    WorkbenchError
        There is no run; runs below the folder are named.
    """
    folder = Path(place)
    if folder.is_file():
        folder = folder.parent
    if (folder / RECORD).is_file():
        return folder
    if not folder.is_dir():
        raise WorkbenchError(f"No folder is called '{place}': name one that `workbench brief` made.")
    below = sorted(each.parent.name for each in folder.glob(f"*/{RECORD}"))
    near = (
        f"Runs below it: {', '.join(below[:SHOWN])}{' ...' if len(below) > SHOWN else ''}." if below else ""
    )
    raise WorkbenchError(
        f"'{folder}' is no run: there is no {RECORD} in it. {near or 'Name one that `workbench brief` made.'}"
    )


def read_kept(place: str | Path) -> Kept:
    """
    Open a run that is whole and unchanged, with its brief.

    Raises
    ------
    WorkbenchError
        There is none, or it was changed after it was made: `workbench.runs.verify` names everything.
    """
    folder = run_folder(place)
    run = open_run(folder)
    assert run is not None
    path = folder / "brief.json"
    brief = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return Kept(folder, run.record, brief)


def read_answered(place: str | Path) -> Kept:
    """Open a run that answered a decision; one without a brief is a `WorkbenchError`."""
    kept = read_kept(place)
    if not kept.brief:
        raise WorkbenchError(
            f"The run '{kept.name}' in '{kept.folder}' has no brief: name one that `workbench brief` made."
        )
    return kept
