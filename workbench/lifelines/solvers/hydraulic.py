"""
Service by the physics of water: EPANET with demands that depend on pressure.

    network = read_epanet("city.inp")
    solver = open_solver(network, "hydraulic", duration_h=24)
    solver.served(network.without("P-3"))
    solver.run(network.without("P-3")).lowest_pressure_m

A node at the required pressure or above is served all its demand, at the least pressure or below nothing, and
between the two the square root of the share [1]_. What a graph cannot see, a path whose head is too low or a
tank that runs dry, shows here.

EPANET 2.2 is run with three of its faults mended from outside: empty tanks give nothing [2]_, pumps of
constant power are not left standing by a loose convergence [3]_, and demands follow pressures in networks
without loops [4]_. Each changed results: main 60 of Net3 seemed to cost 0.1 % of a day's water and costs 48
%.

References
----------
.. [1] J. M. Wagner, U. Shamir and D. H. Marks (1988), Water distribution reliability: simulation methods,
   Journal of Water Resources Planning and Management 114(3).
.. [2] OpenWaterAnalytics/EPANET, issue 623: tanks go on draining at their least level; mended after version
   2.2.
.. [3] The same, issues 528 and 661: convergence judged by changes of flow alone.
.. [4] The same, issue 621: full demand is delivered at pressures that are too low for it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines._given import number, whole
from workbench.lifelines.readers._inp import for_epanet, model_of, text_of
from workbench.lifelines.readers.epanet import EpanetNetwork, read_epanet
from workbench.lifelines.solvers._epanet_runs import HydraulicRun, Physics, Runner

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, Floats, Ints, LifelineNetwork
    from workbench.lifelines.readers._files import PathLike

__all__ = ["Hydraulic", "HydraulicRun"]

EmptyTanks = Literal["stop", "as_epanet"]
REQUIRED_M, MINIMUM_M = 21.1, 3.5
"""Pressures at which a node is served all (30 psi) and nothing, m."""
_HAZEN_WILLIAMS = 1.852
_LEAST_RANGE_M = 0.1
_SHOWN = 5


class Hydraulic:
    """
    Serves demand by pressure-driven hydraulics.

    A failed link is closed for the whole run, whatever controls and rules say; a failed node loses its links
    and its demand. What no reservoir or tank reaches is served nothing. Tanks fill and drain as in the file:
    without a duration they never run dry.

    Parameters
    ----------
    network
        Water network; of `read_epanet`, or with the ids of the input file.
    inp
        Path of the EPANET input file, or a WNTR model; not needed for a network of `read_epanet`.
    required_pressure_m, minimum_pressure_m
        Pressures at which a node is served all its demand and nothing.
    duration_h
        Hours to run, by default those of the file; 0 is a single instant.
    empty_tanks
        "stop" (an empty tank gives nothing) or "as_epanet" (EPANET 2.2 lets it go on giving through a pipe of
        hardly any head loss [2]_; to compare with EPANET itself).
    workers
        Threads that share the states of `totals`; the results do not depend on their number.

    Attributes
    ----------
    name
        "hydraulic".

    Raises
    ------
    BadParameter
        No input file, one of another network, or a number out of its bounds.
    UnknownName
        No such rule for empty tanks.
    BadNetwork
        The input file cannot be read.
    EngineMissing
        WNTR is not installed.

    Notes ----- Served is the node's mean demand times the share of the wanted water that it gets in the run.
    Over whole days of its patterns this is the mean delivered flow; over part of a day, or an instant, it can
    still be compared with the demand and with other solvers.
    """

    name: str = "hydraulic"

    def __init__(
        self,
        network: LifelineNetwork,
        *,
        inp: PathLike | Any | None = None,
        required_pressure_m: float = REQUIRED_M,
        minimum_pressure_m: float = MINIMUM_M,
        duration_h: float | None = None,
        empty_tanks: EmptyTanks = "stop",
        workers: int = 1,
    ) -> None:
        least = number("minimum_pressure_m", minimum_pressure_m, least=0)
        required = number("required_pressure_m", required_pressure_m, least=least + _LEAST_RANGE_M)
        hours = None if duration_h is None else number("duration_h", duration_h, least=0, most=24 * 366)
        if empty_tanks not in get_args(EmptyTanks):
            raise UnknownName("rule for empty tanks", str(empty_tanks), get_args(EmptyTanks))
        self.workers = whole("workers", workers, 1)
        self.network = network
        text, name = _source(network, inp)
        model = model_of(text, name)
        _same_assets(network, model)
        self._made_with = {
            "required_pressure_m": required,
            "minimum_pressure_m": least,
            "duration_h": hours,
            "empty_tanks": empty_tanks,
            "workers": self.workers,
        }
        self._inp = model if inp is not None else None
        self._formula = model.options.hydraulic.headloss
        self._file = for_epanet(model, hours)
        exponent = model.options.hydraulic.pressure_exponent
        self._physics = Physics(least, required, exponent, empty_tanks == "stop")
        self._runners = [Runner(network, self._file, self._physics)]

    @classmethod
    def from_epanet(cls, path: PathLike | Any, **options: Any) -> Hydraulic:
        """Read a network and make its solver; `options` are those of the solver."""
        return cls(read_epanet(path), **options)

    def served(self, up: Bools) -> Floats:
        """
        Demand served at each node.

        Parameters
        ----------
        up
            Whether each asset works, shape (assets,).

        Returns
        -------
        served
            In the network's unit of flow, shape (nodes,).

        Raises
        ------
        BadParameter
            The state has another shape or is not Boolean.
        Unsolvable
            EPANET finds no hydraulic solution for it.
        """
        return self._runners[0].run(self._one(up)).served

    def totals(self, up: Bools) -> Floats:
        """
        Demand served by the whole network in many states.

        Parameters
        ----------
        up
            Whether each asset works, shape (states, assets). States that are alike are run once.

        Returns
        -------
        totals
            In the network's unit of flow, shape (states,).

        Raises
        ------
        BadParameter
            The states have another shape or are not Boolean.
        Unsolvable
            EPANET finds no hydraulic solution for one of them.
        """
        states = self.network.up(up)
        if states.ndim != 2:
            raise BadParameter(f"`totals` takes states as rows, not an array of shape {states.shape}.")
        if not len(states):
            return np.empty(0)
        packed = np.packbits(states, axis=1)
        _, first, which = np.unique(packed, axis=0, return_index=True, return_inverse=True)
        found = np.empty(len(first))
        count = min(self.workers, len(first))
        while len(self._runners) < count:
            self._runners.append(Runner(self.network, self._file, self._physics))

        def work(worker: int) -> None:
            for i in range(worker, len(first), count):
                found[i] = self._runners[worker].run(states[first[i]]).served.sum()

        if count == 1:
            work(0)
        else:
            with ThreadPoolExecutor(count) as pool:  # EPANET runs outside of Python's lock
                list(pool.map(work, range(count)))
        return np.asarray(found[which.ravel()])

    def run(self, up: Bools | None = None) -> HydraulicRun:
        """
        Run one state and tell more than what is served.

        Parameters
        ----------
        up
            Whether each asset works, shape (assets,); by default nothing has failed.
        """
        return self._runners[0].run(self._one(self.network.intact if up is None else up), pressures=True)

    def closures(self, edges: Ints, *, instants: int = 12) -> Floats:
        """
        Estimate what closing each edge would cost, from one run of the undamaged network.

        Parameters
        ----------
        edges
            By number from 0, shape (edges,).
        instants
            How many instants of the run to linearise at.

        Returns
        -------
        losses
            In the network's unit of flow, shape (edges, 3), to be added: demand that the edge alone connects
            to a head; demand that tanks would have to serve beyond what they hold; demand that the linearised
            pressures no longer serve beyond that. An ordering to look at first, not an answer.
        """
        from workbench.lifelines.solvers._linearised import estimated_losses

        count = whole("instants", instants, 1)
        numbers = np.asarray(edges)
        known = np.issubdtype(numbers.dtype, np.integer) and numbers.ndim == 1
        if not known or (len(numbers) and not 0 <= numbers.min() <= numbers.max() < self.network.m):
            raise BadParameter(f"`edges` are numbers of edges, 0 to {self.network.m - 1}, in one row.")
        exponent = _HAZEN_WILLIAMS if self._formula == "H-W" else 2.0
        return estimated_losses(self._runners[0], numbers, exponent=exponent, instants=count)

    @property
    def unbalanced(self) -> int:
        """Runs so far with a step that EPANET could not balance (warnings 1, 2): their loss is doubtful."""
        return sum(one.unbalanced for one in self._runners)

    def _one(self, up: Bools) -> Bools:
        state = self.network.up(up)
        if state.ndim != 1:
            raise BadParameter(f"One state was expected, not an array of shape {state.shape}: use `totals`.")
        return state

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.network, self._inp, self._made_with)

    def __repr__(self) -> str:
        return f"<hydraulic solver of {self.network!r}>"


def _again(network: LifelineNetwork, model: Any, options: dict[str, Any]) -> Hydraulic:
    return Hydraulic(network, inp=model, **options)


def _source(network: LifelineNetwork, inp: PathLike | Any | None) -> tuple[str, str]:
    if network.system != "water":
        raise BadParameter(f"The hydraulic solver serves water networks, not {network.system} networks.")
    if inp is not None:
        return text_of(inp)
    if isinstance(network, EpanetNetwork) and network.inp:
        return network.inp, "the network's input file"
    raise BadParameter(
        "The hydraulic solver needs the EPANET input file of the network: read it with `read_epanet`, or "
        "give inp=path."
    )


def _same_assets(network: LifelineNetwork, model: Any) -> None:
    for part, mine, theirs in (
        ("node", network.node_index, model.node_name_list),
        ("edge", network.edge_index, model.link_name_list),
    ):
        missing, more = sorted(set(mine) - set(theirs)), sorted(set(theirs) - set(mine))
        if missing or more:
            where, names = ("the input file", missing) if missing else ("the network", more)
            shown = ", ".join(f"'{one}'" for one in names[:_SHOWN])
            raise BadParameter(
                f"{len(names):,} {part}s are not in {where} ({shown}): give the input file that the network "
                "was read from."
            )
