"""
One open EPANET 2.2 project: a network in the memory of its C library, changed and run again without files.

Rewriting the input file, starting EPANET and reading its results back takes 5 (a day of Net3) to 60 times (an
instant of ky10) as long as the hydraulics do. So the file is opened once [1]_, links are closed in place, and
what is asked for is read after each hydraulic step. What cannot be undone in place to the last bit (a control
taken away, a pump or valve shut) makes the file be opened again before the next run.

References
----------
.. [1] L. A. Rossman, H. Woo, M. Tryby, F. Shang, R. Janke and T. Haxton (2020), EPANET 2.2 User Manual, EPA
   600/R-20/133.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import numpy as np

from workbench.lifelines.model import Floats, Ints
from workbench.lifelines.solvers import _epanet_library as codes
from workbench.lifelines.solvers._epanet_handle import ONE_AT_A_TIME, Handle
from workbench.lifelines.solvers._epanet_library import Units
from workbench.lifelines.solvers._epanet_links import (
    actions_of,
    close_by_rules,
    controls_of,
    reach,
    take_away,
)

Read = TypeVar("Read")
_NEVER = b"lifelines-never"
_LEVEL_M, _GIVEN_M3S = 1e-3, 1e-6
_FEW = 4  # trials
_NEAR_M, _TOO_FAR, _STILL_M3S = 0.3, 0.01, 1e-10


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
        Whether an empty tank gives nothing. EPANET 2.2 lets it go on through a pipe with hardly any head loss
        [1]_.

    Attributes
    ----------
    u, v
        Beginning and end of each link, by number from 0.
    one_way, shut, controlled
        Of each link: water passes from u to v alone; closed in the file; governed by a control or rule.
    ruled
        Of each link: governed by a rule.
    fixed_head, draws
        Of each node: a reservoir or tank; a junction with a demand.
    altered
        Whether the file has to be opened again to undo what was changed.

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
        self.epanet = epanet = Handle(inp)
        self._limits = (minimum_m, required_m, exponent)
        self.altered = self._ready = False
        self._closed: list[int] = []
        self._idle: list[int] = []
        self._open()
        self.n, self.m = epanet.count(codes.NODES), epanet.count(codes.LINKS)
        self.node_ids = [epanet.text("EN_getnodeid", i + 1) for i in range(self.n)]
        self.link_ids = [epanet.text("EN_getlinkid", i + 1) for i in range(self.m)]
        self.node_types = np.array([epanet.whole("EN_getnodetype", i + 1) for i in range(self.n)])
        self.link_types = np.array([epanet.whole("EN_getlinktype", i + 1) for i in range(self.m)])
        self.u, self.v = epanet.ends(self.m)
        self.one_way = np.isin(self.link_types, (codes.CHECK_VALVE, codes.PUMP, codes.PRV, codes.PSV))
        self.shut = self.links(codes.STATUS) == 0
        self.ruled = np.zeros(self.m, bool)
        self.ruled[[one.link - 1 for one in actions_of(epanet)]] = True
        self.controlled = self.ruled.copy()
        self.controlled[[one.link - 1 for one in controls_of(epanet) if one.link > 0]] = True
        self.fixed_head = self.node_types != codes.JUNCTION
        tanks = np.flatnonzero(self.node_types == codes.TANK).astype(np.int32)
        self._tanks = tanks if stop_empty else tanks[:0]
        self._bottom = self.nodes(codes.LEAST_LEVEL, self._tanks) + self.nodes(codes.ELEVATION, self._tanks)
        self._patterns = [[] if self.fixed_head[i] else epanet.demands(i) for i in range(self.n)]
        self.draws = np.array([bool(each) for each in self._patterns])
        leaks = self.nodes(codes.EMITTER) * ~self.fixed_head > 0
        self._drawing = np.flatnonzero(self.draws & ~leaks).astype(np.int32)

    # --- changes ----------------------------------------------------------------------------

    def reset(self) -> None:
        """Undo every change, by what is undone exactly or by opening the file again."""
        if self.altered:
            self._open()
        else:
            for link in self._closed:
                self.epanet.set_link(link, codes.STATUS, 1.0)
            for node in self._idle:
                for category, pattern in self._patterns[node]:
                    self.epanet.call("EN_setdemandpattern", node + 1, category, pattern)
        self._closed, self._idle = [], []

    def close_links(self, links: Ints) -> None:
        """Shut links for the whole run: no control, rule or pattern opens them again."""
        for link in links.tolist():
            if self.link_types[link] == codes.CHECK_VALVE:
                self._stop()
                self.epanet.call("EN_setlinktype", ctypes.byref(ctypes.c_int(link + 1)), codes.PIPE, 0)
            if self.link_types[link] != codes.PIPE or self.controlled[link] or self.shut[link]:
                self.altered = True
            else:
                self._closed.append(link)
            if self.link_types[link] == codes.PUMP:
                self.epanet.set_link(link, codes.PATTERN, 0.0)
            self.epanet.set_link(link, codes.STATUS, 0.0)
        if self.controlled[links].any():
            governed = {link + 1 for link in links.tolist()}
            take_away(self.epanet, governed)
            close_by_rules(self.epanet, governed)

    def stop_demand(self, nodes: Ints) -> None:
        """Set the demands of junctions to 0: what no source reaches has no head, and none need be found."""
        for node in nodes.tolist():
            for category, _ in self._patterns[node]:
                self.epanet.call("EN_setdemandpattern", node + 1, category, self._never)
            self._idle.append(node)

    def no_leak(self, node: int) -> None:
        """Take away the emitter of a junction."""
        self.altered = True
        self.epanet.call("EN_setnodevalue", node + 1, codes.EMITTER, ctypes.c_double(0.0))

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
            pressures), and what was read. The last step of a run, and the only one without duration, last 0
            s.

        Raises
        ------
        Unsolvable
            EPANET finds no solution.
        """
        now, length = ctypes.c_long(), ctypes.c_long()
        if not self._ready:
            with ONE_AT_A_TIME:
                self.epanet.call("EN_openH")
            self._ready = True
        self.epanet.call("EN_initH", 10)
        while True:
            warning, stopped = self._solve(now), np.empty(0, np.int32)
            while len(draining := self._draining()):
                more = np.setdiff1d(self._behind(draining), stopped).astype(np.int32)
                if not len(more):
                    # It drains by a valve or pump, which is left as it is.
                    warning = warning or codes.UNBALANCED
                    break
                self._states(more, 0.0)
                stopped = np.concatenate([stopped, more])
                warning = self._solve(now)
            at, values = now.value, read()
            self.epanet.call("EN_nextH", ctypes.byref(length))
            yield at, length.value, warning, values
            if length.value <= 0:
                return
            self._states(stopped, 1.0)

    def nodes(self, code: int, which: Iterable[int] | None = None) -> Floats:
        """Value of nodes (of all by default) in SI units."""
        return self.epanet.nodes(code, range(self.n) if which is None else which) * self.units.node(code)

    def links(self, code: int, which: Iterable[int] | None = None) -> Floats:
        """Value of links (of all by default), in SI units and power in kW."""
        return self.epanet.links(code, range(self.m) if which is None else which) * self.units.link(code)

    # --- inside -----------------------------------------------------------------------------

    def _solve(self, now: ctypes.c_long) -> int:
        """
        Solve the step, and once more where EPANET stopped before demands had begun to follow the pressures.

        It starts from full demands and looks at changes of flow alone, so that a network without loops seems
        solved in two trials although pressures are low (OpenWaterAnalytics/EPANET, issue 621).
        """
        warning = self.epanet.call("EN_runH", ctypes.byref(now))
        if self.epanet.real("EN_getstatistic", codes.TRIALS_TAKEN) <= _FEW and self._too_early():
            limit = self.epanet.real("EN_getoption", codes.FLOW_CHANGE)
            self.epanet.call("EN_setoption", codes.FLOW_CHANGE, ctypes.c_double(_STILL_M3S / self.units.flow))
            again = self.epanet.call("EN_runH", ctypes.byref(now))
            self.epanet.call("EN_setoption", codes.FLOW_CHANGE, ctypes.c_double(limit))
            warning = again if self._too_early() else warning
        return warning

    def _too_early(self) -> bool:
        """Whether a node is served otherwise than its pressure says."""
        least, required, exponent = self._limits
        pressure = self.nodes(codes.PRESSURE, self._drawing)
        low = (pressure < required - _NEAR_M) & (pressure > least)
        if not low.any():
            return False
        nodes = self._drawing[low]
        served, short = self.nodes(codes.DEMAND, nodes), self.nodes(codes.DEFICIT, nodes)
        wanted = served + short
        share = ((pressure[low] - least) / (required - least)) ** exponent
        return bool((np.abs(served - share * wanted) > _TOO_FAR * np.maximum(wanted, _GIVEN_M3S)).any())

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
            self.epanet.set_link(link, codes.STATE, value)

    def _stop(self) -> None:
        if self._ready:
            self.epanet.call("EN_closeH")
            self._ready = False

    def _open(self) -> None:
        self._stop()
        self.epanet.open()
        for line in (b"MESSAGES NO", b"STATUS NO", b"SUMMARY NO"):
            self.epanet.call("EN_setreport", line)
        self.units = Units.of(self.epanet.whole("EN_getflowunits"))
        low, high, exponent = self._limits
        pressures = (low / self.units.pressure, high / self.units.pressure, exponent)
        self.epanet.call("EN_setdemandmodel", 1, *map(ctypes.c_double, pressures))
        self.epanet.call("EN_addpattern", _NEVER)
        self._never = self.epanet.whole("EN_getpatternindex", _NEVER)
        self.epanet.call("EN_setpatternvalue", self._never, 1, ctypes.c_double(0.0))
        self.altered = False
