"""Close a run folder: what describes it, its record with the hash of every file, and the machine beside."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench._text import Text
from workbench.runs.cells import cells_of
from workbench.runs.crate import write_crate
from workbench.runs.machine import Watch, write_machine
from workbench.runs.record import RECORD, as_json, file_hashes


def seal(
    folder: Path, record: Mapping[str, Any], tables: Sequence[Mapping[str, Any]], title: Text, watch: Watch
) -> dict[str, Any]:
    """
    Write the last files of a run folder.

    Parameters
    ----------
    folder
        With everything else in place.
    record
        What went in, with the id that follows.
    tables
        Rows, clean and set aside, of every table that was read.
    title
        What the run made, where it has no brief.
    watch
        Started when the run was.

    Returns
    -------
    record
        As run.json holds it.
    """
    path = folder / "brief.json"
    brief = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    sealed = {**record, "tables": list(tables), "cells": cells_of(folder, brief.get("quantities", {}))}
    question = Text.of(brief["question"]) if brief else title
    write_crate(folder, sealed, question, (brief.get("run") or {}).get("command", ""))
    sealed["files"] = file_hashes(folder)
    (folder / RECORD).write_text(as_json(sealed), encoding="utf-8")
    write_machine(folder, watch)
    return sealed
