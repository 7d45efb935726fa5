"""A project of EPANET's C library and the folder of its files: opened, called, read and let go."""

from __future__ import annotations

import contextlib
import ctypes
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from workbench.errors import WorkbenchError
from workbench.lifelines.model import Floats, Ints
from workbench.lifelines.solvers._epanet_library import Unsolvable, load, said, spelt

ONE_AT_A_TIME = threading.Lock()
"""Held while EPANET opens a project or orders its nodes, which it does with static variables."""


class Handle:
    """
    One project, in a folder of its own, so that runs at the same time never meet.

    Parameters
    ----------
    inp
        Input file.
    """

    def __init__(self, inp: bytes) -> None:
        self._library = load()
        self._folder = Path(tempfile.mkdtemp(prefix="lifelines-"))
        self._project = ctypes.c_uint64()
        self._finalizer = weakref.finalize(self, _end, self._library, self._project, self._folder)
        (self._folder / "network.inp").write_bytes(inp)
        self._value = ctypes.c_double()
        self._out = ctypes.byref(self._value)

    def open(self) -> None:
        """Open the input file, again if it is open."""
        library = self._library
        with ONE_AT_A_TIME:
            if self._project.value:
                library.EN_close(self._project)
                library.EN_deleteproject(self._project)
            library.EN_createproject(ctypes.byref(self._project))
            files = [spelt(self._folder / f"network.{ending}") for ending in ("inp", "rpt", "out")]
            code = library.EN_open(self._project, *files)
        if code >= 100:
            raise WorkbenchError(
                f"EPANET cannot open the network (error {code}: {said(code)}).{self._report()}"
            )

    def call(self, name: str, *arguments: Any) -> int:
        """Call a function of the library; its warnings are returned, its errors raised."""
        code: int = getattr(self._library, name)(self._project, *arguments)
        if code >= 100:
            raise Unsolvable(code)
        return code

    def whole(self, name: str, *arguments: Any) -> int:
        """Call a function that gives a whole number."""
        found = ctypes.c_int()
        self.call(name, *arguments, ctypes.byref(found))
        return found.value

    def real(self, name: str, *arguments: Any) -> float:
        """Call a function that gives a number."""
        found = ctypes.c_double()
        self.call(name, *arguments, ctypes.byref(found))
        return found.value

    def text(self, name: str, number: int) -> str:
        """Call a function that gives a text."""
        found = ctypes.create_string_buffer(64)
        self.call(name, number, found)
        return found.value.decode("utf-8", "replace")

    def ends(self, count: int) -> tuple[Ints, Ints]:
        """Beginning and end of each link, by number from 0."""
        u, v = ctypes.c_int(), ctypes.c_int()
        found = np.empty((count, 2), np.int32)
        for i in range(count):
            self.call("EN_getlinknodes", i + 1, ctypes.byref(u), ctypes.byref(v))
            found[i] = u.value - 1, v.value - 1
        return found[:, 0], found[:, 1]

    def nodes(self, code: int, which: Iterable[int]) -> Floats:
        """Value of nodes, in the units of the file."""
        return self._values(self._library.EN_getnodevalue, code, which)

    def links(self, code: int, which: Iterable[int]) -> Floats:
        """Value of links, in the units of the file."""
        return self._values(self._library.EN_getlinkvalue, code, which)

    def demands(self, node: int) -> list[tuple[int, int]]:
        """Demands of a junction that are not 0: category and pattern, by number."""
        value, found = ctypes.c_double(), []
        for category in range(1, self.whole("EN_getnumdemands", node + 1) + 1):
            self.call("EN_getbasedemand", node + 1, category, ctypes.byref(value))
            if value.value:
                found.append((category, self.whole("EN_getdemandpattern", node + 1, category)))
        return found

    def set_link(self, link: int, code: int, value: float) -> None:
        """Set a value of a link."""
        self.call("EN_setlinkvalue", int(link) + 1, code, ctypes.c_double(value))

    def count(self, code: int) -> int:
        """Count nodes, links, controls or rules."""
        return self.whole("EN_getcount", code)

    def close(self) -> None:
        """Let go of the memory and the folder."""
        self._finalizer()

    def _values(self, get: Any, code: int, which: Iterable[int]) -> Floats:
        project, value, out, found = self._project, self._value, self._out, []
        for i in which:
            get(project, int(i) + 1, code, out)
            found.append(value.value)
        return np.array(found, np.float64)

    def _report(self) -> str:
        """What EPANET wrote about an input file it refused."""
        with contextlib.suppress(OSError):
            lines = (self._folder / "network.rpt").read_text("utf-8", "replace").splitlines()
            errors = [line.strip() for line in lines if "rror" in line]
            return f" {errors[0]}" if errors else ""
        return ""


def _end(library: Any, project: Any, folder: Path) -> None:
    if project.value:
        library.EN_close(project)
        library.EN_deleteproject(project)
        project.value = 0
    shutil.rmtree(folder, ignore_errors=True)
