"""
One open EPANET 2.2 project: a network in the memory of its C library, changed and run again without files.

Rewriting the input file, starting EPANET and reading its results back takes 30 to 60 times as long as the
hydraulics of a single instant do. So the file is opened once [1]_, links are closed in place, and what is asked
for is read after each hydraulic step. What cannot be undone in place to the last bit (a control taken away, a
pump or valve shut) makes the file be opened again before the next run.

References
----------
.. [1] L. A. Rossman, H. Woo, M. Tryby, F. Shang, R. Janke and T. Haxton (2020), EPANET 2.2 User Manual, EPA
   600/R-20/133.
"""

from __future__ import annotations

import contextlib
import ctypes
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from workbench.errors import WorkbenchError
from workbench.lifelines.model import Bools, Floats, Ints
from workbench.lifelines.solvers import _epanet_library as codes
from workbench.lifelines.solvers._epanet_links import (
    actions_of,
    close_by_rules,
    controls_of,
    reach,
    take_away,
)
from workbench.lifelines.solvers._epanet_library import Units, Unsolvable, load, said, spelt

Read = TypeVar("Read")
_NEVER = b"lifelines-never"
_LEVEL_M, _GIVEN_M3S = 1e-3, 1e-6
_OPENING = threading.Lock()  # EPANET's routine that orders the nodes keeps static variables


class Project:
    """
    A network open in EPANET.

    Not to be shared between threads: give each its own.

    Parameters
    ----------
    inp
        Input file as EPANET reads it.
    minimum_m, required_m
        Pressures at which a node is served nothing and all, m.
    exponent
        Of the share served between the two.
    stop_empty
        Whether an empty tank gives nothing. EPANET 2.2 lets it go on through a pipe with hardly any head loss [1]_.

    References
    ----------
    .. [1] OpenWaterAnalytics/EPANET, issue 623; mended after version 2.2.
    """

    def __init__(
        self,
        inp: bytes,
        *,
        minimum_m: float,
        required_m: float,
        exponent: float = 0.5,
        stop_empty: bool = True,
    ) -> None:
        self._library = load()
        self._folder = Path(
            tempfile.mkdtemp(prefix="lifelines-")
        )  # its own: runs at the same time never meet
        self._handle = ctypes.c_uint64()
        self._finalizer = weakref.finalize(self, _end, self._library, self._handle, self._folder)
        self._limits = (minimum_m, required_m, exponent)
        (self._folder / "network.inp").write_bytes(inp)
        self._value = ctypes.c_double()
        self._out = ctypes.byref(self._value)
        self.altered = self._ready = False
        self._closed: list[int] = []
        self._idle: list[int] = []
        self._open()
        self.n, self.m = self.count(codes.NODES), self.count(codes.LINKS)
        self.node_ids = [self._id("node", i + 1) for i in range(self.n)]
        self.link_ids = [self._id("link", i + 1) for i in range(self.m)]
        self.node_types = np.array([self._int("EN_getnodetype", i + 1) for i in range(self.n)])
        self.link_types = np.array([self._int("EN_getlinktype", i + 1) for i in range(self.m)])
        ends = np.array([self._ends(i + 1) for i in range(self.m)], np.int32).reshape(self.m, 2) - 1
        self.u, self.v = ends[:, 0], ends[:, 1]
        self.one_way = np.isin(self.link_types, (codes.CHECK_VALVE, codes.PUMP, codes.PRV, codes.PSV))
        self.shut = self.links(codes.STATUS) == 0
        self.ruled = np.zeros(self.m, bool)
        self.ruled[[one.link - 1 for one in actions_of(self)]] = True
        self.controlled = self.ruled.copy()
        self.controlled[[one.link - 1 for one in controls_of(self) if one.link > 0]] = True
        self.fixed_head = self.node_types != codes.JUNCTION
        tanks = np.flatnonzero(self.node_types == codes.TANK).astype(np.int32)
        self._tanks = tanks if stop_empty else tanks[:0]
        self._bottom = self.nodes(codes.LEAST_LEVEL, self._tanks) + self.nodes(codes.ELEVATION, self._tanks)
        self._patterns = [self._demands(i) for i in range(self.n)]
        self.draws = np.array([bool(each) for each in self._patterns])

    # --- changes ----------------------------------------------------------------------------

    def reset(self) -> None:
        """Undo every change, by what is undone exactly or by opening the file again."""
        if self.altered:
            self._open()
        else:
            for link in self._closed:
                self.call("EN_setlinkvalue", link + 1, codes.STATUS, ctypes.c_double(1.0))
            for node in self._idle:
                for category, pattern in self._patterns[node]:
                    self.call("EN_setdemandpattern", node + 1, category, pattern)
        self._closed, self._idle = [], []

    def close_links(self, links: Ints) -> None:
        """Shut links for the whole run: no control, rule or pattern opens them again."""
        for link in links.tolist():
            if self.link_types[link] == codes.CHECK_VALVE:
                self._stop()
                self.call("EN_setlinktype", ctypes.byref(ctypes.c_int(link + 1)), codes.PIPE, 0)
            if self.link_types[link] != codes.PIPE or self.controlled[link] or self.shut[link]:
                self.altered = True
            else:
                self._closed.append(link)
            if self.link_types[link] == codes.PUMP:
                self.call("EN_setlinkvalue", link + 1, codes.PATTERN, ctypes.c_double(0.0))
            self.call("EN_setlinkvalue", link + 1, codes.STATUS, ctypes.c_double(0.0))
        if self.controlled[links].any():
            governed = {link + 1 for link in links.tolist()}
            take_away(self, governed)
            close_by_rules(self, governed)

    def stop_demand(self, nodes: Ints) -> None:
        """Set the demands of junctions to 0: what no source reaches has no head, and none need be found."""
        for node in nodes.tolist():
            for category, _ in self._patterns[node]:
                self.call("EN_setdemandpattern", node + 1, category, self._never)
            self._idle.append(node)

    def no_leak(self, node: int) -> None:
        """Take away the emitter of a junction."""
        self.altered = True
        self.call("EN_setnodevalue", node + 1, codes.EMITTER, ctypes.c_double(0.0))

    # --- runs -------------------------------------------------------------------------------

    def steps(self, read: Callable[[], Read]) -> Iterator[tuple[int, int, int, Read]]:
        """
        Run the hydraulics.

        Parameters
        ----------
        read
            Reads what is wanted of a solved step.

        Yields
        ------
        time_s, length_s, warning, values
            When the step begins, how long it lasts, EPANET's warning (0 for none; 1 unbalanced, 6 negative
            pressures), and what was read. The only step of a run without duration, and the last one, last 0 s.

        Raises
        ------
        Unsolvable
            EPANET finds no solution.
        """
        now, length = ctypes.c_long(), ctypes.c_long()
        if not self._ready:
            with _OPENING:
                self.call("EN_openH")
            self._ready = True
        self.call("EN_initH", 10)
        while True:
            warning, stopped = self.call("EN_runH", ctypes.byref(now)), np.empty(0, np.int32)
            while len(draining := self._draining()):
                more = np.setdiff1d(self._behind(draining), stopped).astype(np.int32)
                if not len(more):
                    break
                self._states(more, 0.0)
                stopped = np.concatenate([stopped, more])
                warning = self.call("EN_runH", ctypes.byref(now))
            at, values = now.value, read()
            self.call("EN_nextH", ctypes.byref(length))
            yield at, length.value, warning, values
            if length.value <= 0:
                return
            self._states(stopped, 1.0)

    def nodes(self, code: int, which: Iterable[int] | None = None) -> Floats:
        """Value of nodes (of all by default) in SI units."""
        found = self._values(self._library.EN_getnodevalue, code, range(self.n) if which is None else which)
        return found * self.units.node(code)

    def links(self, code: int, which: Iterable[int] | None = None) -> Floats:
        """Value of links (of all by default), in SI units and power in kW."""
        found = self._values(self._library.EN_getlinkvalue, code, range(self.m) if which is None else which)
        return found * self.units.link(code)

    def call(self, name: str, *arguments: Any) -> int:
        """Call a function of the library; its warnings are returned, its errors raised."""
        code: int = getattr(self._library, name)(self._handle, *arguments)
        if code >= 100:
            raise Unsolvable(code)
        return code

    def count(self, code: int) -> int:
        """Count nodes, links, controls or rules."""
        return self._int("EN_getcount", code)

    def close(self) -> None:
        """Let go of the memory and the folder."""
        self._finalizer()

    # --- inside -----------------------------------------------------------------------------

    def _draining(self) -> Ints:
        """Tanks that are empty and still give water."""
        if not len(self._tanks):
            return self._tanks
        empty = self.nodes(codes.HEAD, self._tanks) <= self._bottom + _LEVEL_M
        giving = self._tanks[empty]
        return giving[self.nodes(codes.DEMAND, giving) < -_GIVEN_M3S]

    def _behind(self, empty: Ints) -> Ints:
        """Open pipes that touch empty tanks, or nodes to which only these lead."""
        running = self.links(codes.STATE) > 0
        heads = self.fixed_head.copy()
        heads[empty] = False
        open_ = running & ~np.isin(self.u, empty) & ~np.isin(self.v, empty)
        fed = reach(self, open_, np.flatnonzero(heads).astype(np.int32))
        cut = running & (self.link_types == codes.PIPE) & (~fed[self.u] | ~fed[self.v])
        return np.flatnonzero(cut).astype(np.int32)

    def _states(self, links: Ints, value: float) -> None:
        for link in links.tolist():
            self.call("EN_setlinkvalue", link + 1, codes.STATE, ctypes.c_double(value))

    def _stop(self) -> None:
        if self._ready:
            self._library.EN_closeH(self._handle)
            self._ready = False

    def _open(self) -> None:
        self._stop()
        with _OPENING:
            if self._handle.value:
                self._library.EN_close(self._handle)
                self._library.EN_deleteproject(self._handle)
            self._library.EN_createproject(ctypes.byref(self._handle))
            files = [spelt(self._folder / f"network.{ending}") for ending in ("inp", "rpt", "out")]
            code = self._library.EN_open(self._handle, *files)
        if code >= 100:
            raise WorkbenchError(
                f"EPANET cannot open the network (error {code}: {said(code)}).{self._report()}"
            )
        for line in (b"MESSAGES NO", b"STATUS NO", b"SUMMARY NO"):
            self.call("EN_setreport", line)
        self.units = Units.of(self._int("EN_getflowunits"))
        low, high, exponent = self._limits
        pressures = (low / self.units.pressure, high / self.units.pressure, exponent)
        self.call("EN_setdemandmodel", 1, *map(ctypes.c_double, pressures))
        self.call("EN_addpattern", _NEVER)
        self._never = self._int("EN_getpatternindex", _NEVER)
        self.call("EN_setpatternvalue", self._never, 1, ctypes.c_double(0.0))
        self.altered = False

    def _int(self, name: str, *arguments: Any) -> int:
        found = ctypes.c_int()
        self.call(name, *arguments, ctypes.byref(found))
        return found.value

    def _id(self, part: str, number: int) -> str:
        text = ctypes.create_string_buffer(64)
        self.call(f"EN_get{part}id", number, text)
        return text.value.decode("utf-8", "replace")

    def _ends(self, number: int) -> tuple[int, int]:
        u, v = ctypes.c_int(), ctypes.c_int()
        self.call("EN_getlinknodes", number, ctypes.byref(u), ctypes.byref(v))
        return u.value, v.value

    def _values(self, get: Any, code: int, which: Iterable[int]) -> Floats:
        handle, value, out, found = self._handle, self._value, self._out, []
        for i in which:
            get(handle, int(i) + 1, code, out)
            found.append(value.value)
        return np.array(found, np.float64)

    def _demands(self, node: int) -> list[tuple[int, int]]:
        """Demands of a junction that are not 0: category and pattern, by number."""
        value, found = ctypes.c_double(), []
        last = 0 if self.fixed_head[node] else self._int("EN_getnumdemands", node + 1)
        for category in range(1, last + 1):
            self.call("EN_getbasedemand", node + 1, category, ctypes.byref(value))
            if value.value:
                found.append((category, self._int("EN_getdemandpattern", node + 1, category)))
        return found

    def _report(self) -> str:
        """What EPANET wrote about an input file it refused."""
        with contextlib.suppress(OSError):
            lines = (self._folder / "network.rpt").read_text("utf-8", "replace").splitlines()
            said_there = [line.strip() for line in lines if "rror" in line]
            return f" {said_there[0]}" if said_there else ""
        return ""


def _end(library: Any, handle: Any, folder: Path) -> None:
    if handle.value:
        library.EN_close(handle)
        library.EN_deleteproject(handle)
        handle.value = 0
    shutil.rmtree(folder, ignore_errors=True)
