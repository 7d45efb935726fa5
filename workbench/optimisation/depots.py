"""
Which depot's vehicles run which trips: instances of the multi-depot problem, and the published ones.

A vehicle leaves its depot, runs trips and returns to the same depot; each depot has so many vehicles. Costs
are on pulling out, on going from one trip to the next, and on pulling in.

References
----------
.. [1] A.-S. Pepin, G. Desaulniers, A. Hertz and D. Huisman (2009), A comparison of five heuristics for the
   multiple depot vehicle scheduling problem, Journal of Scheduling 12, 17-30 (the .inp instances).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from workbench._need import need
from workbench.errors import BadParameter, DataRejected
from workbench.optimisation._check import number, whole
from workbench.optimisation.blocks import possible_pairs
from workbench.optimisation.deadheads import Deadheads, Floats
from workbench.optimisation.trips import check_trips


@dataclass(frozen=True)
class DepotProblem:
    """
    A multi-depot vehicle scheduling problem; costs are infinite where something is not possible.

    Attributes
    ----------
    pull_out
        Cost from a depot to a trip as the first one of a vehicle, shape (depots, trips).
    pull_in
        Cost from a trip as the last one of a vehicle to a depot, shape (trips, depots).
    link
        Cost from a trip to the next one of the same vehicle, shape (trips, trips).
    vehicles
        Vehicles that each depot has.
    depots, trips
        What they are called.
    """

    pull_out: Floats = field(repr=False)
    pull_in: Floats = field(repr=False)
    link: Floats = field(repr=False)
    vehicles: tuple[int, ...]
    depots: tuple[str, ...]
    trips: tuple[str, ...] = field(repr=False)

    def __post_init__(self) -> None:
        depots, trips = len(self.depots), len(self.trips)
        shapes = {"pull_out": (depots, trips), "pull_in": (trips, depots), "link": (trips, trips)}
        if not depots or not trips:
            raise DataRejected("A multi-depot problem needs a depot and a trip at least.")
        for name, shape in shapes.items():
            costs = np.asarray(getattr(self, name), float)
            if costs.shape != shape:
                raise DataRejected(f"`{name}` must have the shape {shape}, not {costs.shape}.")
            if np.isnan(costs).any() or (costs < 0).any():
                raise DataRejected(
                    f"`{name}` has a cost that is negative or not a number: costs are 0 or more."
                )
            object.__setattr__(self, name, costs)
        if len(self.vehicles) != depots or any(each < 0 for each in self.vehicles):
            raise DataRejected(f"`vehicles` must have a number, 0 or more, for each of the {depots} depots.")
        for names, what in ((self.depots, "depots"), (self.trips, "trips")):
            if len(set(names)) < len(names):
                raise DataRejected(f"Two of the {what} have the same name: give each its own.")
        self._refuse_loops()
        alone = ~np.isfinite(self.pull_out).any(axis=0) & ~np.isfinite(self.link).any(axis=0)
        stuck = ~np.isfinite(self.pull_in).any(axis=1) & ~np.isfinite(self.link).any(axis=1)
        for bad, why in ((alone, "comes to"), (stuck, "gets away from")):
            if bad.any():
                raise DataRejected(
                    f"No vehicle {why} trip '{self.trips[int(bad.argmax())]}': give it a cost."
                )

    def _refuse_loops(self) -> None:
        graph, sparse = (
            need("scipy.sparse.csgraph", "Multi-depot scheduling"),
            need("scipy.sparse", "Multi-depot scheduling"),
        )
        links = np.isfinite(self.link)
        count, groups = graph.connected_components(sparse.csr_array(links), connection="strong")
        if count < len(self.trips) or links.diagonal().any():
            sizes = np.bincount(groups, minlength=count)
            trip = int(np.flatnonzero((sizes[groups] > 1) | links.diagonal())[0])
            raise DataRejected(
                f"Links lead from trip '{self.trips[trip]}' back to itself: a trip is run once a day."
            )


def depot_problem(
    trips: pl.DataFrame,
    deadheads: Deadheads,
    vehicles: Mapping[str, int],
    *,
    layover_s: float = 0.0,
    longest_wait_s: float | None = None,
    cost_per_vehicle: float = 0.0,
    cost_per_km: float = 1.0,
    cost_per_waiting_hour: float = 0.0,
) -> DepotProblem:
    """
    The multi-depot problem of a day's trips.

    Parameters
    ----------
    trips, deadheads, layover_s, longest_wait_s, cost_per_km, cost_per_waiting_hour
        See `vehicle_blocks`; pulling out and in is empty driving too.
    vehicles
        Stop_id of each depot and the vehicles it has.
    cost_per_vehicle
        What a vehicle that leaves its depot costs, beside its kilometres.

    Raises
    ------
    DataRejected, BadParameter, UnknownName
        See `vehicle_blocks`; or a number of vehicles is not whole.
    """
    good = check_trips(trips)
    for depot, count in vehicles.items():
        whole(f"vehicles['{depot}']", count, least=0)
    if not vehicles:
        raise BadParameter("No depot is given: name the stop of one at least, and its vehicles.")
    per_vehicle = number("cost_per_vehicle", cost_per_vehicle, least=0)
    per_km = number("cost_per_km", cost_per_km, least=0)
    per_hour = number("cost_per_waiting_hour", cost_per_waiting_hour, least=0)
    pairs = possible_pairs(good, deadheads, layover_s=layover_s, longest_wait_s=longest_wait_s)
    link = np.full((good.height, good.height), np.inf)
    link[pairs.before, pairs.after] = pairs.km * per_km + pairs.wait_s / 3600 * per_hour
    names = list(vehicles)
    ends, starts = (sorted(set(good[column])) for column in ("end_stop", "start_stop"))
    out, back = deadheads.between(names, starts)[0], deadheads.between(ends, names)[0]
    to, from_ = (
        [stops.index(each) for each in good[column]]
        for stops, column in ((starts, "start_stop"), (ends, "end_stop"))
    )
    return DepotProblem(
        pull_out=_priced(out, per_km)[:, to] + per_vehicle,
        pull_in=_priced(back, per_km)[from_],
        link=link,
        vehicles=tuple(vehicles.values()),
        depots=tuple(names),
        trips=tuple(good["trip_id"]),
    )


def read_depot_problem(path: str | Path) -> DepotProblem:
    """
    Read a published instance (.inp).

    The first line has the number of depots m, of trips n, and the vehicles of each depot; then m + n rows of
    m + n costs, depots before trips, -1 where something is not possible.

    Raises
    ------
    DataRejected
        The file is missing, is no such file, or has a negative cost other than -1.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="ascii")
        numbers = np.array(text.split(), dtype=np.float64)
    except FileNotFoundError:
        raise DataRejected(f"No instance is called '{path}': check the path.") from None
    except (OSError, ValueError) as error:
        raise DataRejected(f"{path.name} is no instance of the multi-depot problem: {error}.") from error
    if len(numbers) < 2 or not np.isfinite(numbers).all() or numbers[:2].min() < 1 or (numbers[:2] % 1).any():
        raise DataRejected(f"{path.name} must begin with the numbers of depots and of trips, 1 or more.")
    depots, trips = int(numbers[0]), int(numbers[1])
    size = depots + trips
    if len(numbers) != 2 + depots + size**2:
        raise DataRejected(
            f"{path.name} says {depots} depots and {trips} trips, so it must hold {2 + depots + size**2:,} "
            f"numbers; it holds {len(numbers):,}."
        )
    vehicles, costs = numbers[2 : 2 + depots], numbers[2 + depots :].reshape(size, size)
    if (vehicles % 1).any() or ((costs < 0) & (costs != -1)).any():
        raise DataRejected(f"{path.name} has vehicles that are not whole, or a negative cost other than -1.")
    costs = np.where(costs == -1, np.inf, costs)
    return DepotProblem(
        pull_out=costs[:depots, depots:],
        pull_in=costs[depots:, :depots],
        link=costs[depots:, depots:],
        vehicles=tuple(int(each) for each in vehicles),
        depots=tuple(f"depot {place}" for place in range(1, depots + 1)),
        trips=tuple(str(place) for place in range(1, trips + 1)),
    )


def _priced(km: Floats, per_km: float) -> Floats:
    """Cost of kilometres; infinite ones stay so even when kilometres are free."""
    return np.where(np.isfinite(km), np.where(np.isfinite(km), km, 0.0) * per_km, np.inf)
