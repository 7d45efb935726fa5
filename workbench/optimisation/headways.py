"""
How many vehicles an hour a line needs, from the load that was counted: Ceder's four methods.

The first two need counts at one point of the line; they take the section with the largest load, of the whole
day or of each period. The other two need the load on every section (the load profile): they spread the
passenger-kilometres over the line and accept that some of it is fuller than desired, never fuller than the
vehicle; the fourth limits how much of it.

References
----------
.. [1] A. Ceder (1984), Bus frequency determination using passenger count data, Transportation Research A 18,
   439-453.
.. [2] A. Ceder (2016), Public Transit Planning and Operation, 2nd edition, ch. 3.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import polars as pl

from workbench.errors import BadParameter, DataRejected, UnknownName
from workbench.optimisation._check import Kind, first, number, table

Method = Literal["daily_max", "hourly_max", "profile", "profile_share"]
LOAD: Mapping[str, Kind] = {
    "start_s": "number",
    "end_s": "number",
    "section": "whole",
    "length_km": "number",
    "load": "number",
}
ALMOST = 1e-9
"""What a number of vehicles may be above a whole one and still count as it."""


def headways_from_load(
    load: pl.DataFrame,
    *,
    method: Method,
    desired_occupancy: float | Sequence[float],
    policy_headway_s: float | None = None,
    capacity: float | None = None,
    over_share: float = 0.0,
) -> pl.DataFrame:
    """
    Vehicles and headway of each period, from the load by section and period.

    Parameters
    ----------
    load
        One row a period and section: start_s and end_s of the period (seconds of the day), section (order
        along the line), length_km, load (persons carried over the section in the period, by all vehicles
        together, counted in the period in which their vehicle left the first stop).
    method
        "daily_max": the section whose load is largest over the day; "hourly_max": in each period its own
        largest; "profile": passenger-kilometres over the length of the line; "profile_share": the same, and
        the load may be above the desired occupancy on at most `over_share` of the length. A share of 0 is
        "hourly_max", a share of 1 is "profile".
    desired_occupancy
        Persons wanted on a vehicle; one number, or one for each period in order.
    policy_headway_s
        Longest headway that is allowed; none where nothing is said.
    capacity
        Persons a vehicle can take, seated and standing; the two profile methods need it.
    over_share
        Share of the length, 0 to 1, that may be fuller than desired; for "profile_share" only.

    Returns
    -------
    DataFrame
        One row a period: start_s, end_s, section and load that count (the largest of the period; of the day
        for "daily_max"), vehicles_needed (exact), vehicles (whole, rounded up), headway_s (null where no
        vehicle is needed), set_by ("load", "capacity", "length" or "policy"), occupancy (persons on a vehicle
        on that section), density (mean load over largest: near 1 the profile is flat and the profile methods
        save nothing), over_share (share of the length that is then fuller than desired).

    Raises
    ------
    DataRejected
        A value is missing or negative, periods overlap, or a period does not have every section once.
    BadParameter
        A parameter is out of its bounds, or one that the method needs is missing.
    UnknownName
        No method is called so.
    """
    if method not in get_args(Method):
        raise UnknownName("method", str(method), get_args(Method))
    periods = load_periods(load)
    wanted = _wanted(desired_occupancy, len(periods))
    policy = None if policy_headway_s is None else number("policy_headway_s", policy_headway_s, above=0)
    share = number("over_share", over_share, least=0, most=1)
    if share and method != "profile_share":
        raise BadParameter(
            f"`over_share` belongs to the method 'profile_share', not to '{method}': leave it out."
        )
    room = None if capacity is None else number("capacity", capacity, above=0)
    if room is None and method in ("profile", "profile_share"):
        raise BadParameter(f"The method '{method}' needs `capacity`, the persons that a vehicle can take.")
    if room is not None and max(wanted) > room:
        raise BadParameter(
            f"`desired_occupancy` {max(wanted):g} is more than `capacity` {room:g}: nobody fits."
        )
    day = [sum(loads) for loads in zip(*(period["load"] for period in periods), strict=True)]
    busiest = day.index(max(day))
    return pl.DataFrame(
        [
            _period(period, method, occupancy, policy, room, share, busiest)
            for period, occupancy in zip(periods, wanted, strict=True)
        ],
        schema={
            "start_s": pl.Float64, "end_s": pl.Float64, "section": pl.Int64, "load": pl.Float64,
            "vehicles_needed": pl.Float64, "vehicles": pl.Int64, "headway_s": pl.Float64, "set_by": pl.String,
            "occupancy": pl.Float64, "density": pl.Float64, "over_share": pl.Float64,
        },
    )  # fmt: skip


def load_periods(load: pl.DataFrame) -> list[pl.DataFrame]:
    """
    Loads by period, in order, each with every section in order.

    Raises
    ------
    DataRejected
        See `headways_from_load`.
    """
    rows = table(load, LOAD, "the load").sort("start_s", "section")
    for column, bad, why in (
        ("load", rows["load"] < 0, "is negative"),
        ("length_km", rows["length_km"] <= 0, "is not above 0"),
        ("end_s", rows["end_s"] <= rows["start_s"], "is not after the start"),
        ("start_s", rows["start_s"] < 0, "is before the day begins"),
    ):
        if (row := first(bad)) >= 0:
            where = f"section {rows['section'][row]} of the period from {rows['start_s'][row]:g} s"
            raise DataRejected(f"The load: `{column}` {rows[column][row]:g} of {where} {why}.")
    periods = rows.partition_by("start_s", "end_s", maintain_order=True)
    sections = periods[0].select("section", "length_km")
    before = -math.inf
    for period in periods:
        start, end = period["start_s"][0], period["end_s"][0]
        if start < before:
            raise DataRejected(f"The load: the period from {start:g} s begins before the one before it ends.")
        if (
            not period.select("section", "length_km").equals(sections)
            or period["section"].is_duplicated().any()
        ):
            raise DataRejected(
                f"The load: the period from {start:g} s does not have every section once, with the lengths "
                "of the first period: give each section in each period, 0 where nobody rides."
            )
        before = end
    return periods


def clock_headway(headway_s: float) -> float:
    """
    Longest headway that repeats every hour and is not above a given one.

    Parameters
    ----------
    headway_s
        Longest headway allowed, s; at least 60.

    Returns
    -------
    headway_s
        3600 over a whole number, in whole half-minutes: 60, 90, 120, 150, 180, 240 ... 1200, 1800, 3600 s.
    """
    longest = number("headway_s", headway_s, least=60)
    return float(max(each for each in range(60, 3601, 30) if 3600 % each == 0 and each <= longest))


def _wanted(desired: float | Sequence[float], periods: int) -> list[float]:
    if not isinstance(desired, Sequence):
        return [number("desired_occupancy", desired, above=0)] * periods
    if len(desired) != periods:
        raise BadParameter(
            f"`desired_occupancy` has {len(desired)} numbers for {periods} periods: give one for each."
        )
    return [number("desired_occupancy", each, above=0) for each in desired]


def _period(
    period: pl.DataFrame,
    method: Method,
    occupancy: float,
    policy: float | None,
    room: float | None,
    share: float,
    busiest: int,
) -> dict[str, float | int | str | None]:
    start, end = period["start_s"][0], period["end_s"][0]
    loads, lengths = period["load"].to_list(), period["length_km"].to_list()
    place = busiest if method == "daily_max" else loads.index(max(loads))
    length = sum(lengths)
    mean = math.fsum(each * km for each, km in zip(loads, lengths, strict=True)) / length
    if method in ("daily_max", "hourly_max"):
        needs = {"load": loads[place] / occupancy}
    else:
        needs = {"load": mean / occupancy, "capacity": max(loads) / (room or math.inf)}
    if method == "profile_share":
        needs["length"] = _tolerated(loads, lengths, share * length) / occupancy
    if policy is not None:
        needs["policy"] = (end - start) / policy
    set_by, needed = max(needs.items(), key=lambda item: item[1])
    vehicles = math.ceil(needed - ALMOST * max(1.0, needed))
    full = [km for each, km in zip(loads, lengths, strict=True) if each > occupancy * vehicles * (1 + ALMOST)]
    return {
        "start_s": start,
        "end_s": end,
        "section": period["section"][place],
        "load": loads[place],
        "vehicles_needed": needed,
        "vehicles": vehicles,
        "headway_s": (end - start) / vehicles if vehicles else None,
        "set_by": set_by,
        "occupancy": loads[place] / vehicles if vehicles else 0.0,
        "density": mean / max(loads) if max(loads) else None,
        "over_share": math.fsum(full) / length,
    }


def _tolerated(loads: Sequence[float], lengths: Sequence[float], over_km: float) -> float:
    """Find the smallest load that is exceeded on no more than some kilometres."""
    above = 0.0
    for load, km in sorted(zip(loads, lengths, strict=True), reverse=True):
        above += km
        if above > over_km * (1 + ALMOST):
            return load
    return 0.0
