"""
What made a run, and when: `machine.json`, the one file that two runs of the same inputs may differ in.

It is outside of the run's id and hashes, and of what `verify` and `reproduce` compare. Only here a clock
is read.
"""

from __future__ import annotations

import datetime as dt
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.health import cores_and_memory
from workbench.runs.record import MACHINE, as_json

SCHEMA = "lived-machine/1"


@dataclass(frozen=True)
class Watch:
    """A clock that was started; it knows when, and how long ago."""

    at: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    ticks: float = field(default_factory=time.monotonic)

    def machine(self) -> Mapping[str, Any]:
        """Return this machine and the time taken until now."""
        took = time.monotonic() - self.ticks
        cores, memory = cores_and_memory()
        return {
            "schema": SCHEMA,
            "system": platform.system(),
            "release": platform.release(),
            "architecture": platform.machine(),
            "python": platform.python_version(),
            "cores": cores,
            "memory_gib": None if memory is None else round(memory, 1),
            "started": _moment(self.at),
            "finished": _moment(self.at + dt.timedelta(seconds=took)),
            "duration_s": round(took, 3),
        }


def write_machine(folder: Path, watch: Watch) -> None:
    """Write `machine.json` beside the files of a run."""
    (folder / MACHINE).write_text(as_json(watch.machine()), encoding="utf-8")


def _moment(at: dt.datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
