"""
Service by the physics of water: EPANET with demands that depend on pressure.

    network = read_epanet("city.inp")
    solver = open_solver(network, "hydraulic", duration_h=24)
    solver.served(network.without("P-893"))
    solver.run(network.without("P-893")).lowest_pressure_m

A node at the required pressure or above is served all its demand, at the least pressure or below nothing, and between
the two the square root of the share [1]_. What a graph cannot see, a path whose head is too low, shows here.

References
----------
.. [1] J. M. Wagner, U. Shamir and D. H. Marks (1988), Water distribution reliability: simulation methods, Journal of
   Water Resources Planning and Management 114(3).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines._given import number, whole
from workbench.lifelines.readers._inp import model_of, text_of, written
from workbench.lifelines.readers.epanet import EpanetNetwork, read_epanet
from workbench.lifelines.solvers._epanet_runs import Runner

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, Floats, LifelineNetwork
    from workbench.lifelines.readers._files import PathLike

EmptyTanks = Literal["stop", "as_epanet"]
REQUIRED_M, MINIMUM_M = 21.1, 3.5
"""Pressures at which a node is served all (30 psi) and nothing, m."""
ACCURACY = 1e-6
"""Change of flow, as a share, below which a step counts as solved: losses are differences of runs."""
_LEAST_RANGE_M = 0.1
_SHOWN = 5


@dataclass(frozen=True, eq=False)
class HydraulicRun:
    """
    What one run of a state shows.

    Attributes
    ----------
    served
        Per node, in the network's unit of flow.
    share
        Delivered of what was wanted in the run, per node; NaN where nothing was.
    lowest_pressure_m
        Per node, over the run; NaN where no source reaches it.
    warnings
        EPANET's warnings: 1 unbalanced, 2 unstable, 3 disconnected, 4 pumps, 5 valves, 6 negative pressures.
    """

    served: Floats
    share: Floats
    lowest_pressure_m: Floats
    warnings: tuple[int, ...]


class Hydraulic:
    """
    Serves demand by pressure-driven hydraulics.

    A failed link is closed for the whole run, whatever controls and rules say; a failed node loses its links and its
    demand. What no reservoir or tank reaches is served nothing. Tanks fill and drain as in the file: without a
    duration they never run dry.

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
        "stop" (an empty tank gives nothing) or "as_epanet" (EPANET 2.2 lets it go on giving through a pipe of hardly
        any head loss [2]_; to compare with EPANET itself).
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
    BadNetwork
        The input file cannot be read.
    EngineMissing
        WNTR is not installed.

    Notes
    -----
    Served is the node's mean demand times the share of the wanted water that it gets in the run. Over whole days of
    its patterns this is the mean delivered flow; over part of a day, or an instant, it can still be compared with the
    demand and with other solvers.
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
        self._options = {
            "inp": _source(network, inp),
            "required_pressure_m": required,
            "minimum_pressure_m": least,
            "duration_h": hours,
            "empty_tanks": empty_tanks,
            "workers": self.workers,
        }
        model = model_of(*text_of(inp)) if inp is not None else model_of(self._options["inp"], "the input file")
        _same_assets(network, model)
        hydraulic = model.options.hydraulic
        hydraulic.accuracy = min(hydraulic.accuracy, ACCURACY)
        hydraulic.unbalanced, hydraulic.unbalanced_value = "CONTINUE", 10  # else the rest of the run is missing
        hydraulic.demand_model = "DD"  # set in the project, where pressures are not rounded
        if hours is not None:
            model.options.time.duration = round(3600 * hours)
        self._file = written(model).encode()
        self._rules = {
            "minimum_m": least,
            "required_m": required,
            "exponent": hydraulic.pressure_exponent,
            "stop_empty": empty_tanks == "stop",
        }
        self._runners = [Runner(network, self._file, **self._rules)]

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
        return self._runners[0].served(self._one(up))

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
        packed, which = np.unique(np.packbits(states, axis=1), axis=0, return_inverse=True)
        first = np.full(len(packed), -1)
        first[which.ravel()[::-1]] = np.arange(len(states))[::-1]
        found = np.empty(len(packed))
        count = min(self.workers, len(packed))
        while len(self._runners) < count:
            self._runners.append(Runner(self.network, self._file, **self._rules))

        def work(worker: int) -> None:
            for i in range(worker, len(packed), count):
                found[i] = self._runners[worker].served(states[first[i]]).sum()

        with ThreadPoolExecutor(count) as pool:  # EPANET runs outside of Python's lock, so threads are enough
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
        return HydraulicRun(*self._runners[0].details(self._one(self.network.intact if up is None else up)))

    def _one(self, up: Bools) -> Bools:
        state = self.network.up(up)
        if state.ndim != 1:
            raise BadParameter(f"One state was expected, not an array of shape {state.shape}: use `totals`.")
        return state

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.network, self._options)

    def __repr__(self) -> str:
        return f"<hydraulic solver of {self.network!r}>"


def _again(network: LifelineNetwork, options: dict[str, Any]) -> Hydraulic:
    return Hydraulic(network, **options)


def _source(network: LifelineNetwork, inp: PathLike | Any | None) -> Any:
    if network.system != "water":
        raise BadParameter(f"The hydraulic solver serves water networks, not {network.system} networks.")
    if inp is not None:
        return inp
    if isinstance(network, EpanetNetwork) and network.inp:
        return network.inp
    raise BadParameter(
        "The hydraulic solver needs the EPANET input file of the network: read the network with `read_epanet`, or give "
        "inp=path."
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
                f"{len(names):,} {part}s are not in {where} ({shown}): give the input file that the network was read "
                "from."
            )
