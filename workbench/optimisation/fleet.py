"""
The fewest vehicles that run a day's trips without driving empty: the deficit function.

At a terminal the deficit is the number of departures so far less the number of arrivals; as many vehicles
must stand there in the morning as it ever reaches, and no fewer do [1]_ [2]_. A terminal is a place, not a
stop_id: feeds often give each bay its own id, so merge terminals first, or the fleet comes out far too large.

References
----------
.. [1] S. A. Linis and M. S. Maksim (1967), On the problem of constructing routes, Proc. Inst. Civil Aviation
   Engineers 102, 36-45 (in Russian).
.. [2] A. Ceder and H. I. Stern (1981), Deficit function bus scheduling with deadheading trip insertions for
   fleet size reduction, Transportation Science 15, 338-363.
.. [3] J. L. Saha (1970), An algorithm for bus scheduling problems, Operational Research Quarterly 21, 463-474
   (the same number as trips less a maximum matching).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
import polars as pl

from workbench._need import need
from workbench.errors import BadParameter, DataRejected, UnknownName
from workbench.optimisation._check import number, table
from workbench.optimisation.deadheads import distances_km
from workbench.optimisation.trips import check_known, check_trips, terminals_of

Merge = Literal["parent_station", "distance"]
Method = Literal["deficit", "matching"]


@dataclass(frozen=True)
class Fleet:
    """
    A fleet size.

    Attributes
    ----------
    vehicles
        The fewest that run all trips when a vehicle starts its next trip only where its last one ended.
    lower_bound
        Trips under way at once, at most: no schedule needs fewer, however fast vehicles drive empty.
    terminals
        terminal and the vehicles that must stand there at the start of the day, those with one or more.
    """

    vehicles: int
    lower_bound: int
    terminals: pl.DataFrame = field(repr=False)


def merge_terminals(
    trips: pl.DataFrame, stops: pl.DataFrame, *, by: Merge, within_m: float | None = None
) -> dict[str, str]:
    """
    Terminal of every stop where a trip starts or ends.

    Parameters
    ----------
    trips
        See `trips_of`.
    stops
        stop_id, and parent_station (text, null where a stop has none) or stop_lat and stop_lon (degrees).
    by
        "parent_station": stops of one station are one terminal. "distance": stops within `within_m` of each
        other are, also by way of a third one.
    within_m
        Distance on the ground, m; for "distance".

    Returns
    -------
    dict
        Stop and terminal; a terminal is called after its station, or after the first of its stops.

    Raises
    ------
    UnknownName
        A stop of the trips is not among the stops.
    DataRejected
        A column is missing, or a stop that is needed has no coordinates.
    BadParameter
        `within_m` is missing, out of its bounds, or given for "parent_station".
    """
    ends = terminals_of(check_trips(trips))
    if by not in get_args(Merge):
        raise UnknownName("way to merge terminals", str(by), get_args(Merge))
    if (within_m is None) == (by == "distance"):
        raise BadParameter("`within_m` is needed to merge terminals by distance, and only then.")
    if by == "parent_station":
        known = table(stops, {"stop_id": "text"}, "the stops")
        if "parent_station" not in known.columns:
            raise DataRejected("The stops have no column `parent_station`: merge terminals by distance.")
        check_known(ends, known["stop_id"], "the stops")
        parents = dict(known.select("stop_id", "parent_station").iter_rows())
        return {stop: str(parents[stop] or stop) for stop in ends}
    reach = number("within_m", within_m or 0.0, least=0) / 1000
    near = distances_km(stops, ends, ends) <= reach
    graph, sparse = (
        need("scipy.sparse.csgraph", "Merging terminals"),
        need("scipy.sparse", "Merging terminals"),
    )
    _, groups = graph.connected_components(sparse.csr_array(near), directed=False)
    names: dict[int, str] = {}
    return {stop: names.setdefault(int(group), stop) for stop, group in zip(ends, groups, strict=True)}


def deficit_function(
    trips: pl.DataFrame, *, terminals: Mapping[str, str] | None = None, layover_s: float = 0.0
) -> pl.DataFrame:
    """
    Departures less arrivals so far, at every terminal.

    Parameters
    ----------
    trips
        See `trips_of`.
    terminals
        Terminal of every stop where a trip starts or ends (`merge_terminals`); each stop its own where not
        given.
    layover_s
        Time after its arrival before a vehicle may leave again, s.

    Returns
    -------
    DataFrame
        terminal, time_s, deficit: its value from this time until the next row. A vehicle that is ready at a
        time serves a departure at this time.

    Raises
    ------
    DataRejected
        See `check_trips`.
    UnknownName
        `terminals` does not have a stop.
    """
    good, wait = _at_terminals(trips, terminals), number("layover_s", layover_s, least=0)
    departures = good.select(
        pl.col("from").alias("terminal"),
        pl.col("start_s").alias("time_s"),
        pl.lit(1, pl.Int64).alias("deficit"),
    )
    arrivals = good.select(
        pl.col("to").alias("terminal"),
        (pl.col("end_s") + wait).alias("time_s"),
        pl.lit(-1, pl.Int64).alias("deficit"),
    )
    steps = pl.concat([departures, arrivals]).group_by("terminal", "time_s").agg(pl.col("deficit").sum())
    return steps.sort("terminal", "time_s").with_columns(pl.col("deficit").cum_sum().over("terminal"))


def minimum_fleet(
    trips: pl.DataFrame,
    *,
    terminals: Mapping[str, str] | None = None,
    layover_s: float = 0.0,
    method: Method = "deficit",
) -> Fleet:
    """
    The fewest vehicles that run all trips without driving empty.

    Parameters
    ----------
    trips, terminals, layover_s
        See `deficit_function`.
    method
        "deficit": the sum of the largest deficits. "matching": trips less the most pairs of a trip and the
        one its vehicle does next (Hopcroft-Karp); another way to the same number, for checks.

    Returns
    -------
    fleet
        Vehicles, by terminal too, and the lower bound of any schedule.

    Raises
    ------
    DataRejected
        See `check_trips`.
    UnknownName
        `terminals` does not have a stop, or no method is called so.
    EngineMissing
        "matching" needs SciPy.
    """
    if method == "deficit":
        steps = deficit_function(trips, terminals=terminals, layover_s=layover_s)
        counts = steps.group_by("terminal").agg(pl.col("deficit").max().alias("vehicles"))
    elif method == "matching":
        counts = _unmatched(_at_terminals(trips, terminals), number("layover_s", layover_s, least=0))
    else:
        raise UnknownName("method", str(method), get_args(Method))
    counts = counts.filter(pl.col("vehicles") > 0).sort("terminal")
    return Fleet(int(counts["vehicles"].sum()), most_at_once(trips, layover_s=layover_s), counts)


def most_at_once(trips: pl.DataFrame, *, layover_s: float = 0.0) -> int:
    """
    Trips under way at the same time, at most, their layover included: a lower bound of every fleet.

    Parameters
    ----------
    trips, layover_s
        See `deficit_function`.

    Raises
    ------
    DataRejected
        See `check_trips`.
    """
    anywhere = dict.fromkeys(terminals_of(check_trips(trips)), "anywhere")
    most = deficit_function(trips, terminals=anywhere, layover_s=layover_s)["deficit"].max()
    return int(most)  # type: ignore[arg-type]


def _at_terminals(trips: pl.DataFrame, terminals: Mapping[str, str] | None) -> pl.DataFrame:
    """Trips with the terminals that they go from and to."""
    good = check_trips(trips)
    ends = terminals_of(good)
    places = {each: each for each in ends} if terminals is None else terminals
    check_known(ends, pl.Series(list(places), dtype=pl.String), "`terminals`")
    return good.with_columns(
        pl.col("start_stop").replace_strict(places, return_dtype=pl.String).alias("from"),
        pl.col("end_stop").replace_strict(places, return_dtype=pl.String).alias("to"),
    )


def _unmatched(trips: pl.DataFrame, wait: float) -> pl.DataFrame:
    """Trips that no vehicle comes to from another trip, counted by terminal."""
    graph, sparse = need("scipy.sparse.csgraph", "Matching trips"), need("scipy.sparse", "Matching trips")
    start, ready = trips["start_s"].to_numpy(), trips["end_s"].to_numpy() + wait
    place = pl.concat([trips["from"], trips["to"]]).rank("dense").to_numpy()
    here, there = place[: trips.height], place[trips.height :]
    links = (ready[:, None] <= start[None, :]) & (there[:, None] == here[None, :])
    before = graph.maximum_bipartite_matching(sparse.csr_array(links), perm_type="row")
    alone = trips.filter(pl.Series(np.asarray(before) < 0))
    return alone.group_by(pl.col("from").alias("terminal")).agg(pl.len().cast(pl.Int64).alias("vehicles"))
