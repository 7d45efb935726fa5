"""
Runs: a folder for each, named by what went in, written whole or not at all.

The run id is the SHA-256 of everything that can move a number: the work's name, its parameters and seed,
the bytes of every input, the contract, the code, the engine and its software. The same inputs give the same
id and the same bytes, so a run that is there already is simply opened again. No clock is read but for
machine.json, which lies beside what the record hashes.

`trace`, `verify`, `reproduce`, `compare` and `sign` are modules of that name: they work on a run's folder.
"""

from workbench.runs.data import Data, data_from, screen_all
from workbench.runs.evidence import keep_evidence, stamped
from workbench.runs.record import Run, code_version, make_folder, open_run
from workbench.runs.work import decide, measure

__all__ = [
    "Data",
    "Run",
    "code_version",
    "data_from",
    "decide",
    "keep_evidence",
    "make_folder",
    "measure",
    "open_run",
    "screen_all",
    "stamped",
]
