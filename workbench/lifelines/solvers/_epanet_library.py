"""EPANET's C library: how it is loaded, its codes and units, and what its errors say."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.lifelines.readers._inp import wntr_module

# Values of nodes.
ELEVATION, EMITTER, DEMAND, HEAD, PRESSURE = 0, 3, 9, 10, 11
VOLUME, LEAST_VOLUME, LEAST_LEVEL, MOST_LEVEL, DEFICIT = 14, 18, 20, 21, 27
# Values of links; STATUS is that of the file, STATE that of the step.
DIAMETER, LENGTH, ROUGHNESS, STATUS, SETTING, FLOW, STATE, POWER_KW, PATTERN = 0, 1, 2, 4, 5, 8, 11, 13, 15
# What is counted, types of nodes and of links, options, kinds of controls.
NODES, LINKS, CONTROLS, RULES = 0, 2, 5, 6
JUNCTION, RESERVOIR, TANK = 0, 1, 2
CHECK_VALVE, PIPE, PUMP, PRV, PSV = 0, 1, 2, 3, 4
TIMER = 2
CLOSED_BY_RULE = 2
TRIALS_TAKEN, FLOW_CHANGE = 0, 6  # a statistic and an option
UNBALANCED, UNSTABLE = 1, 2  # warnings after which a step is doubtful

_FOOT = 0.3048
_FLOW_M3S = (
    _FOOT**3, 6.30901964e-5, 3785.411784 / 86400, 4546.09 / 86400, 1233.48183754752 / 86400,
    1e-3, 1e-3 / 60, 1000 / 86400, 1 / 3600, 1 / 86400,
)  # fmt: skip
"""m3/s in one unit of flow, by EPANET's code: CFS, GPM, MGD, IMGD, AFD, LPS, LPM, MLD, CMH, CMD."""
_METRIC = 5


class Unsolvable(WorkbenchError):
    """
    A state for which EPANET finds no hydraulic solution.

    Parameters
    ----------
    code
        EPANET's error.
    failed
        Ids of what had failed.
    """

    def __init__(self, code: int, failed: Sequence[str] = ()) -> None:
        self.code, self.failed = code, list(failed)
        names = ", ".join(f"'{one}'" for one in self.failed[:8]) + (" ..." if len(self.failed) > 8 else "")
        state = f" for the state without {names}" if failed else ""
        super().__init__(
            f"EPANET ended with error {code}{state}: {said(code)}. Look at it in EPANET, or leave it out."
        )


@dataclass(frozen=True)
class Units:
    """What one unit of the input file is, in SI units."""

    flow: float
    length: float
    diameter: float
    pressure: float

    @classmethod
    def of(cls, code: int) -> Units:
        """Units that go with EPANET's code of a unit of flow."""
        metric = code >= _METRIC
        length = 1.0 if metric else _FOOT
        return cls(_FLOW_M3S[code], length, 1e-3 if metric else 0.0254, 1.0 if metric else _FOOT / 0.4333)

    def node(self, code: int) -> float:
        """Factor of a value of a node."""
        if code in (DEMAND, DEFICIT):
            return self.flow
        if code in (VOLUME, LEAST_VOLUME):
            return self.length**3
        return self.pressure if code == PRESSURE else self.length

    def link(self, code: int) -> float:
        """Factor of a value of a link."""
        return {FLOW: self.flow, LENGTH: self.length, DIAMETER: self.diameter}.get(code, 1.0)


def load() -> Any:
    """Load the library that WNTR brings, with functions of its own."""
    wntr_module()
    from wntr.epanet.toolkit import ENepanet

    library = ENepanet(version=2.2).ENlib
    for name in ("EN_getnodevalue", "EN_getlinkvalue"):
        getattr(library, name).argtypes = (ctypes.c_uint64, ctypes.c_int, ctypes.c_int, ctypes.c_void_p)
    return library


def said(code: int) -> str:
    """What an error of EPANET means."""
    from wntr.epanet.exceptions import EN_ERROR_CODES

    return str(EN_ERROR_CODES.get(code, "an error without a name"))


def spelt(path: Path) -> bytes:
    """Spell a path as the C library opens it, whatever characters it has."""
    return str(path).encode("mbcs") if os.name == "nt" else os.fsencode(path)
