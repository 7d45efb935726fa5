"""
One open EPANET 2.2 project: a network in the memory of its C library, changed and run again without files.

Rewriting the input file, starting EPANET and reading its results back takes 30 to 60 times as long as the hydraulics
of a single instant do [1]_. So the file is opened once, links are closed in place, and what is asked for is read
after each hydraulic step. What cannot be undone in place to the last bit (a control taken away, a pump or valve shut,
a demand set to 0) makes the file be opened again before the next run.

References
----------
.. [1] L. A. Rossman, H. Woo, M. Tryby, F. Shang, R. Janke and T. Haxton (2020), EPANET 2.2 User Manual, EPA
   600/R-20/133.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order

from workbench.errors import WorkbenchError
from workbench.lifelines.readers._inp import wntr_module
from workbench.lifelines.model import Bools, Floats, Ints

ELEVATION, EMITTER, LEVEL, DEMAND, HEAD, PRESSURE, VOLUME, LEAST_VOLUME, DEFICIT, LEAST_LEVEL = 0, 3, 8, 9, 10, 11, 14, 18, 27, 20
"""Values of nodes, by EPANET's codes."""
DIAMETER, LENGTH, ROUGHNESS, STATUS, FLOW, STATE, POWER_KW, PATTERN = 0, 1, 2, 4, 8, 11, 13, 15
"""Values of links; STATUS is that of the file, STATE that of the step."""
NODES, LINKS, CONTROLS, RULES = 0, 2, 5, 6  # counts
CHECK_VALVE, PIPE, PUMP, PRV, PSV = 0, 1, 2, 3, 4  # types of links
JUNCTION, RESERVOIR, TANK = 0, 1, 2
_CLOSED_BY_RULE = 2
_NEVER = b"lifelines-never"
_FOOT = 0.3048
_LEVEL_M, _GIVEN_M3S = 1e-3, 1e-6
_FLOW_M3S = (
    _FOOT**3, 6.30901964e-5, 3785.411784 / 86400, 4546.09 / 86400, 1233.48183754752 / 86400,
    1e-3, 1e-3 / 60, 1000 / 86400, 1 / 3600, 1 / 86400,
)  # fmt: skip
"""m3/s in one unit of flow, by EPANET's code: CFS, GPM, MGD, IMGD, AFD, LPS, LPM, MLD, CMH, CMD."""
_OPENING = threading.Lock()  # EPANET's routine that orders the nodes keeps static variables


class Unsolvable(WorkbenchError):
    """A state for which EPANET finds no hydraulic solution."""

    def __init__(self, code: int, failed: Sequence[str] = ()) -> None:
        self.code, self.failed = code, list(failed)
        names = ", ".join(f"'{one}'" for one in self.failed[:8]) + (" ..." if len(self.failed) > 8 else "")
        state = f" for the state without {names}" if failed else ""
        super().__init__(
            f"EPANET ended with error {code}{state}: {_said(code)}. Look at this state in EPANET, or leave it out."
        )


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
        Whether an empty tank gives nothing. EPANET 2.2 lets it go on through a pipe with hardly any head loss [2]_.

    References
    ----------
    .. [2] OpenWaterAnalytics/EPANET, issue 623, mended after version 2.2.
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
        self._library = _library()
        self._folder = Path(tempfile.mkdtemp(prefix="lifelines-"))  # its own: runs at the same time never meet
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
        self.node_ids = [self._id("node", i) for i in range(1, self._count(NODES) + 1)]
        self.link_ids = [self._id("link", i) for i in range(1, self._count(LINKS) + 1)]
        self.n, self.m = len(self.node_ids), len(self.link_ids)
        self.node_types = np.array([self._int("EN_getnodetype", i + 1) for i in range(self.n)])
        self.link_types = np.array([self._int("EN_getlinktype", i + 1) for i in range(self.m)])
        self.one_way = np.isin(self.link_types, (CHECK_VALVE, PUMP, PRV, PSV))
        pairs = [self._ends(i + 1) for i in range(self.m)]
        self.u, self.v = (np.array(end, np.int32) - 1 for end in zip(*pairs, strict=True))
        self.shut = self.links(STATUS) == 0
        self._controls = self._control_links()
        self._actions = self._rule_actions()
        self.controlled = np.zeros(self.m, bool)
        self.controlled[[link for _, link in self._controls]] = True
        self.controlled[[link for *_, link in self._actions]] = True
        self.fixed_head = self.node_types != JUNCTION
        self._tanks = np.flatnonzero(self.node_types == TANK) if stop_empty else np.empty(0, np.int64)
        self._bottom = self.nodes(LEAST_LEVEL, self._tanks) + self.nodes(ELEVATION, self._tanks)
        self._patterns = [self._demands(i) for i in range(self.n)]
        self.draws = np.array([bool(each) for each in self._patterns])

    # --- changes ----------------------------------------------------------------------------

    def reset(self) -> None:
        """Undo every change, by what is undone exactly or by opening the file again."""
        if self.altered:
            self._open()
        else:
            for link in self._closed:
                self._call("EN_setlinkvalue", link + 1, STATUS, ctypes.c_double(1.0))
            for node in self._idle:
                for category, pattern in self._patterns[node]:
                    self._call("EN_setdemandpattern", node + 1, category, pattern)
        self._closed, self._idle = [], []

    def close_links(self, links: Ints) -> None:
        """Shut links for the whole run: no control, rule or pattern opens them again."""
        for link in links.tolist():
            if self.link_types[link] == CHECK_VALVE:
                self._stop()
                kind = ctypes.c_int(link + 1)
                self._call("EN_setlinktype", ctypes.byref(kind), PIPE, 0)
            if self.link_types[link] != PIPE or self.controlled[link] or self.shut[link]:
                self.altered = True
            else:
                self._closed.append(link)
            if self.link_types[link] == PUMP:
                self._call("EN_setlinkvalue", link + 1, PATTERN, ctypes.c_double(0.0))
            self._call("EN_setlinkvalue", link + 1, STATUS, ctypes.c_double(0.0))
        self._silence(set(links.tolist()))

    def stop_demand(self, nodes: Ints) -> None:
        """Set the demands of junctions to 0: what no source reaches has no head, and the solver need not find one."""
        for node in nodes.tolist():
            for category, _ in self._patterns[node]:
                self._call("EN_setdemandpattern", node + 1, category, self._never)
            self._idle.append(node)

    def no_leak(self, node: int) -> None:
        """Take away the emitter of a junction."""
        self.altered = True
        self._call("EN_setnodevalue", node + 1, EMITTER, ctypes.c_double(0.0))

    # --- runs -------------------------------------------------------------------------------

    def steps(self) -> Iterator[tuple[int, int, int]]:
        """
        Run the hydraulics; while at a step, what it found can be read.

        Yields
        ------
        time_s, length_s, warning
            When the step begins, how long it lasts, and EPANET's warning (0 for none; 1 unbalanced, 6 negative
            pressures). The only step of a run without duration, and the last one, last 0 s.

        Raises
        ------
        Unsolvable
            EPANET finds no solution.
        """
        now, length = ctypes.c_long(), ctypes.c_long()
        if not self._ready:
            with _OPENING:
                self._call("EN_openH")
            self._ready = True
        self._call("EN_initH", 10)
        while True:
            warning = self._call("EN_runH", ctypes.byref(now))
            stopped = np.empty(0, np.int64)
            while len(draining := self._draining()):
                more = np.setdiff1d(np.flatnonzero(self._behind(draining)), stopped)
                if not len(more):
                    break
                self._status(more, 0.0)
                stopped = np.concatenate([stopped, more])
                warning = self._call("EN_runH", ctypes.byref(now))
            at = now.value
            self._call("EN_nextH", ctypes.byref(length))
            yield at, length.value, warning
            if length.value <= 0:
                return
            self._status(stopped, 1.0)

    def nodes(self, code: int, which: Iterable[int] | None = None) -> Floats:
        """Value of nodes (of all by default) in SI units."""
        usual = dict.fromkeys((DEMAND, DEFICIT), self._flow) | dict.fromkeys((VOLUME, LEAST_VOLUME), self._length**3)
        scale = usual.get(code, self._pressure if code == PRESSURE else self._length)
        return self._values(self._library.EN_getnodevalue, code, range(self.n) if which is None else which) * scale

    def links(self, code: int, which: Iterable[int] | None = None) -> Floats:
        """Value of links (of all by default), in SI units and power in kW."""
        scale = {FLOW: self._flow, LENGTH: self._length, DIAMETER: self._diameter}.get(code, 1.0)
        return self._values(self._library.EN_getlinkvalue, code, range(self.m) if which is None else which) * scale

    def close(self) -> None:
        """Let go of the memory and the folder."""
        self._finalizer()

    # --- inside -----------------------------------------------------------------------------

    def _draining(self) -> Ints:
        """Tanks that are empty and still give water."""
        if not len(self._tanks):
            return self._tanks
        empty = self.nodes(HEAD, self._tanks) <= self._bottom + _LEVEL_M
        giving = self._tanks[empty]
        return giving[self.nodes(DEMAND, giving) < -_GIVEN_M3S]

    def _behind(self, empty: Ints) -> Bools:
        """Open pipes that touch empty tanks, or nodes to which only these lead."""
        open_ = self.links(STATE) > 0
        heads = self.fixed_head.copy()
        heads[empty] = False
        open_ &= ~np.isin(self.u, empty) & ~np.isin(self.v, empty)
        reached = reach(self, open_, np.flatnonzero(heads))
        pipe = (self.link_types == PIPE) & (self.links(STATE) > 0)
        return np.asarray(pipe & (~reached[self.u] | ~reached[self.v]))

    def _status(self, links: Ints, value: float) -> None:
        for link in links.tolist():
            self._call("EN_setlinkvalue", link + 1, STATE, ctypes.c_double(value))

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
            files = [_bytes(self._folder / name) for name in ("network.inp", "network.rpt", "network.out")]
            code = self._library.EN_open(self._handle, *files)
        if code >= 100:
            raise WorkbenchError(f"EPANET cannot open the network (error {code}: {_said(code)}).{self._report()}")
        for line in (b"MESSAGES NO", b"STATUS NO", b"SUMMARY NO"):
            self._call("EN_setreport", line)
        unit = self._int("EN_getflowunits")
        self._flow = _FLOW_M3S[unit]
        self._length = _FOOT if unit < 5 else 1.0
        self._diameter = 0.0254 if unit < 5 else 1e-3
        self._pressure = _FOOT / 0.4333 if unit < 5 else 1.0
        low, high, exponent = self._limits
        limits = [ctypes.c_double(each) for each in (low / self._pressure, high / self._pressure, exponent)]
        self._call("EN_setdemandmodel", 1, *limits)
        self._call("EN_addpattern", _NEVER)
        self._never = self._int("EN_getpatternindex", _NEVER)
        self._call("EN_setpatternvalue", self._never, 1, ctypes.c_double(0.0))
        self.altered = False

    def _call(self, name: str, *arguments: Any) -> int:
        code: int = getattr(self._library, name)(self._handle, *arguments)
        if code >= 100:
            raise Unsolvable(code)
        return code

    def _int(self, name: str, *arguments: Any) -> int:
        found = ctypes.c_int()
        self._call(name, *arguments, ctypes.byref(found))
        return found.value

    def _count(self, code: int) -> int:
        return self._int("EN_getcount", code)

    def _id(self, part: str, number: int) -> str:
        text = ctypes.create_string_buffer(64)
        self._call(f"EN_get{part}id", number, text)
        return text.value.decode("utf-8", "replace")

    def _ends(self, number: int) -> tuple[int, int]:
        u, v = ctypes.c_int(), ctypes.c_int()
        self._call("EN_getlinknodes", number, ctypes.byref(u), ctypes.byref(v))
        return u.value, v.value

    def _values(self, get: Any, code: int, which: Iterable[int]) -> Floats:
        handle, value, out, found = self._handle, self._value, self._out, []
        for i in which:
            get(handle, i + 1, code, out)
            found.append(value.value)
        return np.array(found, np.float64)

    def _demands(self, node: int) -> list[tuple[int, int]]:
        """Demands of a junction that are not 0: category and pattern, by number."""
        value, found = ctypes.c_double(), []
        for category in range(1, 1 if self.fixed_head[node] else self._int("EN_getnumdemands", node + 1) + 1):
            self._call("EN_getbasedemand", node + 1, category, ctypes.byref(value))
            if value.value:
                found.append((category, self._int("EN_getdemandpattern", node + 1, category)))
        return found

    def _control_links(self) -> list[tuple[int, int]]:
        """Simple controls and the link of each, both by number from 1 and from 0."""
        kind, link, node = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
        setting, level = ctypes.c_double(), ctypes.c_double()
        found = []
        for i in range(1, self._count(CONTROLS) + 1):
            parts = (ctypes.byref(each) for each in (kind, link, setting, node, level))
            self._call("EN_getcontrol", i, *parts)
            found.append((i, link.value - 1))
        return [(i, one) for i, one in found if one >= 0]

    def _rule_actions(self) -> list[tuple[str, int, int, int]]:
        """Actions of rules: "then" or "else", the rule, the action, and its link (from 0)."""
        counts = [ctypes.c_int() for _ in range(3)]
        link, status, setting, priority = ctypes.c_int(), ctypes.c_int(), ctypes.c_double(), ctypes.c_double()
        found = []
        for rule in range(1, self._count(RULES) + 1):
            self._call("EN_getrule", rule, *(ctypes.byref(each) for each in counts), ctypes.byref(priority))
            for part, count in (("then", counts[1].value), ("else", counts[2].value)):
                for action in range(1, count + 1):
                    parts = (ctypes.byref(each) for each in (link, status, setting))
                    self._call(f"EN_get{part}action", rule, action, *parts)
                    found.append((part, rule, action, link.value - 1))
        return found

    def _silence(self, links: set[int]) -> None:
        """Take away controls of links, and let rules only close them."""
        if not self.controlled[list(links)].any():
            return
        for number, link in reversed(self._controls):
            if link in links:
                self._call("EN_deletecontrol", number)
        for part, rule, action, link in self._actions:
            if link in links:
                values = (link + 1, _CLOSED_BY_RULE, ctypes.c_double(0.0))
                self._call(f"EN_set{part}action", rule, action, *values)

    def _report(self) -> str:
        """What EPANET wrote about an input file it refused."""
        with contextlib.suppress(OSError):
            lines = (self._folder / "network.rpt").read_text("utf-8", "replace").splitlines()
            said = [line.strip() for line in lines if "rror" in line]
            return f" {said[0]}" if said else ""
        return ""


def reach(project: Project, open_: Bools, roots: Ints) -> Bools:
    """Whether a node of `roots` reaches each node over open links."""
    n, both = project.n, open_ & ~project.one_way
    begins = np.concatenate([project.u[open_], project.v[both], np.full(len(roots), n)])
    ends = np.concatenate([project.v[open_], project.u[both], roots])
    graph = csr_array((np.ones(len(begins), np.int8), (begins, ends)), shape=(n + 1, n + 1))
    reached = np.zeros(n + 1, bool)
    reached[breadth_first_order(graph, n, directed=True, return_predecessors=False)] = True
    return reached[:n]


def _library() -> Any:
    """Load the C library of EPANET that WNTR brings, with functions of its own."""
    wntr_module()
    from wntr.epanet.toolkit import ENepanet

    library = ENepanet(version=2.2).ENlib
    for name in ("EN_getnodevalue", "EN_getlinkvalue"):
        getattr(library, name).argtypes = (ctypes.c_uint64, ctypes.c_int, ctypes.c_int, ctypes.c_void_p)
    return library


def _said(code: int) -> str:
    from wntr.epanet.exceptions import EN_ERROR_CODES

    return str(EN_ERROR_CODES.get(code, "an error without a name"))


def _bytes(path: Path) -> bytes:
    """Spell a path as the C library opens it, whatever characters it has."""
    return str(path).encode("mbcs") if os.name == "nt" else os.fsencode(path)


def _end(library: Any, handle: Any, folder: Path) -> None:
    if handle.value:
        library.EN_close(handle)
        library.EN_deleteproject(handle)
        handle.value = 0
    shutil.rmtree(folder, ignore_errors=True)
