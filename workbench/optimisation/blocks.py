"""
Vehicle blocks: the trips of each vehicle, with the fewest vehicles and then the least empty driving.

A trip may follow another when the vehicle has taken its layover and driven empty to its start in time.
Chaining as many pairs as possible gives the fewest vehicles; among those chains the cheapest is taken. That
is a maximum flow of least cost; the same by assignment is there as a check [1]_.

References
----------
.. [1] S. Bunte and N. Kliewer (2009), An overview on vehicle scheduling models, Public Transport 1, 299-317.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from workbench._need import need
from workbench.errors import BadParameter, CheckFailed, UnknownName
from workbench.optimisation._check import number
from workbench.optimisation.deadheads import Deadheads, Floats
from workbench.optimisation.trips import check_trips

Method = Literal["flow", "matching"]
Places = NDArray[np.int64]
MOST_ASSIGNED = 4000
"""Trips that "matching" takes; its table of costs is square."""
MOST_PAIRS = 12_000_000
"""Pairs of trips whose flow fits into 2 GB of memory."""


@dataclass(frozen=True)
class Blocks:
    """
    A day's vehicle blocks.

    Attributes
    ----------
    trips
        block_id, sequence (from 1), trip_id, start_stop, end_stop, start_s, end_s.
    links
        What a vehicle does between two trips: block_id, sequence (of the trip before), trip_id and
        next_trip_id, from_stop, to_stop, deadhead_km, deadhead_s, wait_s (layover and waiting, empty driving
        not counted).
    vehicles
        Number of blocks.
    deadhead_km, deadhead_s
        Empty driving between trips; from and to a depot is not part of it.
    cost
        What was made least among schedules with so few vehicles.
    """

    trips: pl.DataFrame = field(repr=False)
    links: pl.DataFrame = field(repr=False)
    vehicles: int
    deadhead_km: float
    deadhead_s: float
    cost: float


@dataclass(frozen=True)
class Pairs:
    """Pairs of trips that one vehicle can run one after the other: rows of both, km, seconds and waiting."""

    before: Places
    after: Places
    km: Floats
    seconds: Floats
    wait_s: Floats


def vehicle_blocks(
    trips: pl.DataFrame,
    deadheads: Deadheads,
    *,
    layover_s: float = 0.0,
    longest_wait_s: float | None = None,
    cost_per_km: float = 1.0,
    cost_per_waiting_hour: float = 0.0,
    method: Method = "flow",
) -> Blocks:
    """
    Blocks with the fewest vehicles, and among those with the least cost between trips.

    Parameters
    ----------
    trips
        See `trips_of`.
    deadheads
        How far and how long vehicles drive empty: `CrowFlies` or `Measured`.
    layover_s
        Least time between a trip and the next, beside empty driving, s.
    longest_wait_s
        Longest time between a trip and the next, beside empty driving, s; no limit where not given.
    cost_per_km, cost_per_waiting_hour
        What a kilometre of empty driving costs, and an hour of waiting between trips.
    method
        "flow": maximum flow of least cost (OR-Tools). "matching": assignment (SciPy); the same vehicles and
        cost another way, for checks, up to 4,000 trips.

    Returns
    -------
    blocks
        Named B0001 ... in the order in which their first trips start.

    Raises
    ------
    DataRejected
        See `check_trips`.
    BadParameter
        A parameter is out of its bounds.
    UnknownName
        A stop is not known to `deadheads`, or no method is called so.
    EngineMissing
        The solver is not installed.
    """
    good = check_trips(trips)
    if method not in get_args(Method):
        raise UnknownName("method", str(method), get_args(Method))
    per_km = number("cost_per_km", cost_per_km, least=0)
    per_hour = number("cost_per_waiting_hour", cost_per_waiting_hour, least=0)
    pairs = possible_pairs(good, deadheads, layover_s=layover_s, longest_wait_s=longest_wait_s)
    cost = pairs.km * per_km + pairs.wait_s / 3600 * per_hour
    solve = _by_flow if method == "flow" else _by_assignment
    chosen = solve(good.height, pairs, cost)
    return _blocks(good, pairs, chosen, float(cost[chosen].sum()))


def possible_pairs(
    trips: pl.DataFrame, deadheads: Deadheads, *, layover_s: float = 0.0, longest_wait_s: float | None = None
) -> Pairs:
    """
    Pairs of trips that one vehicle can run one after the other.

    Parameters
    ----------
    trips, deadheads, layover_s, longest_wait_s
        See `vehicle_blocks`.

    Raises
    ------
    DataRejected, BadParameter, UnknownName
        See `vehicle_blocks`.
    """
    good = check_trips(trips)
    layover = number("layover_s", layover_s, least=0)
    longest = math.inf if longest_wait_s is None else number("longest_wait_s", longest_wait_s, least=layover)
    ends, starts = (sorted(set(good[column])) for column in ("end_stop", "start_stop"))
    km, seconds = deadheads.between(ends, starts)
    from_, to = (
        np.array([place[each] for each in good[column]])
        for place, column in ((_places(ends), "end_stop"), (_places(starts), "start_stop"))
    )
    start, end = good["start_s"].to_numpy(), good["end_s"].to_numpy()
    order = np.argsort(start, kind="stable")
    slowest = float(seconds[np.isfinite(seconds)].max(initial=0.0))
    early = np.searchsorted(start[order], end + layover)
    late = np.searchsorted(start[order], end + longest + slowest, side="right")
    if (many := int((late - early).clip(0).sum())) > MOST_PAIRS:
        raise BadParameter(
            f"{many:,} pairs of trips are too many to try: set `longest_wait_s`, or take fewer trips."
        )
    found: list[tuple[Places, Places]] = []
    for trip in range(good.height):
        later = order[early[trip] : late[trip]]
        wait = start[later] - end[trip] - seconds[from_[trip], to[later]]
        later = later[(wait >= layover) & (wait <= longest)]
        found.append((np.full(len(later), trip, np.int64), later.astype(np.int64)))
    before, after = (np.concatenate(each) for each in zip(*found, strict=True))
    far, long = km[from_[before], to[after]], seconds[from_[before], to[after]]
    return Pairs(before, after, far, long, start[after] - end[before] - long)


def _places(names: list[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


def _by_flow(trips: int, pairs: Pairs, cost: Floats) -> Places:
    """Choose pairs by a maximum flow of least cost: source, trip as it ends, trip as it starts, sink."""
    module = need("ortools.graph.python.min_cost_flow", "Vehicle blocks by min-cost flow")
    flow = module.SimpleMinCostFlow()
    ending, starting = np.arange(trips), np.arange(trips, 2 * trips)
    source, sink = 2 * trips, 2 * trips + 1
    tails = np.concatenate([pairs.before, np.full(trips, source), starting])
    heads = np.concatenate([trips + pairs.after, ending, np.full(trips, sink)])
    prices = np.concatenate([_whole(cost, 2 * trips + 2), np.zeros(2 * trips, np.int64)])
    flow.add_arcs_with_capacity_and_unit_cost(tails, heads, np.ones(len(tails), np.int64), prices)
    flow.set_node_supply(source, trips)
    flow.set_node_supply(sink, -trips)
    status = flow.solve_max_flow_with_min_cost()
    if status != flow.OPTIMAL:
        raise CheckFailed(f"The min-cost flow of {trips:,} trips ended as {status.name}, with no schedule.")
    return np.flatnonzero(flow.flows(np.arange(len(pairs.before))))


def _whole(cost: Floats, nodes: int) -> Places:
    """Costs as whole numbers, in millionths or as fine as the solver's arithmetic allows."""
    most = float(cost.max(initial=0.0))
    scale = 1e6
    while most * scale * nodes * 4 > 2**62:
        scale /= 10
    if most and scale * most < 1e3:
        raise BadParameter(
            f"A link between two trips costs {most:g}, more than can be told apart: use a larger unit."
        )
    return np.rint(cost * scale).astype(np.int64)


def _by_assignment(trips: int, pairs: Pairs, cost: Floats) -> Places:
    """Choose pairs by an assignment where to leave a trip without a next one costs more than all links."""
    if trips > MOST_ASSIGNED:
        raise BadParameter(
            f"The method 'matching' takes up to {MOST_ASSIGNED:,} trips, not {trips:,}: use 'flow'."
        )
    optimize = need("scipy.optimize", "Vehicle blocks by matching")
    alone = 1.0 + float(cost.max(initial=0.0)) * trips
    prices = np.full((trips, trips), alone)
    prices[pairs.before, pairs.after] = cost
    rows, columns = optimize.linear_sum_assignment(prices)
    place = np.full((trips, trips), -1, np.int64)
    place[pairs.before, pairs.after] = np.arange(len(cost))
    chosen = place[rows, columns]
    return np.sort(chosen[chosen >= 0])


def _blocks(trips: pl.DataFrame, pairs: Pairs, chosen: Places, cost: float) -> Blocks:
    after = dict(zip(pairs.before[chosen].tolist(), chosen.tolist(), strict=True))
    led = set(pairs.after[chosen].tolist())
    order = trips.with_row_index("place").sort("start_s", "end_s", "trip_id")["place"].to_list()
    run: list[tuple[str, int, int]] = []
    linked: list[tuple[str, int, int]] = []
    heads = [trip for trip in order if trip not in led]
    for count, head in enumerate(heads, 1):
        name, trip, sequence = f"B{count:04d}", head, 1
        run.append((name, sequence, trip))
        while trip in after:
            linked.append((name, sequence, after[trip]))
            trip, sequence = int(pairs.after[after[trip]]), sequence + 1
            run.append((name, sequence, trip))
    key = {"block_id": pl.String, "sequence": pl.Int64, "place": pl.Int64}
    done = pl.DataFrame(run, schema=key, orient="row")
    columns = ["trip_id", "start_stop", "end_stop", "start_s", "end_s"]
    done = pl.concat([done, trips.select(columns)[done["place"]]], how="horizontal").drop("place")
    between = pl.DataFrame(linked, schema=key, orient="row")
    used = between["place"].to_numpy()
    before, following = trips[pairs.before[used]], trips[pairs.after[used]]
    links = between.drop("place").with_columns(
        before["trip_id"],
        following["trip_id"].alias("next_trip_id"),
        before["end_stop"].alias("from_stop"),
        following["start_stop"].alias("to_stop"),
        pl.Series("deadhead_km", pairs.km[used]),
        pl.Series("deadhead_s", pairs.seconds[used]),
        pl.Series("wait_s", pairs.wait_s[used]),
    )
    driven, spent = float(links["deadhead_km"].sum()), float(links["deadhead_s"].sum())
    return Blocks(done, links, len(heads), driven, spent, cost)
