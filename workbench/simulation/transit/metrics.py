"""
What a planner wants to know of a simulated day.

Whoever is never served counts as waiting until the line closes, so that a worse service cannot look better by
serving fewer; `unserved` says how many they are.

References
----------
.. [1] Transport for London, excess wait time: mean wait as run less mean wait as scheduled.
.. [2] P. A. Welding (1957), The instability of a close-interval service, Operational Research Quarterly 8:
   mean wait = E[H^2] / (2 E[H]).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from workbench.simulation.transit._arrays import Flags, Floats, Ints
from workbench.simulation.transit.inputs import Inputs, LoopInputs, OpenInputs
from workbench.simulation.transit.log import Log
from workbench.simulation.transit.plan import OpenPlan

BUNCHED = 0.5
"""Two vehicles are bunched when they leave a stop within this share of the planned headway."""

UNITS = {
    "mean_wait_s": "s",
    "p95_wait_s": "s",
    "excess_wait_s": "s",
    "headway_cv": "1",
    "bunched_share": "share",
    "max_load_ratio": "1",
    "standing_share": "share",
    "left_behind": "persons",
    "unserved": "persons",
    "passengers": "persons",
    "in_vehicle_s": "s",
    "cycle_time_s": "s",
    "vehicle_hours": "h",
    "vehicle_km": "km",
    "passenger_km": "km",
}
BY_BAND = (
    "mean_wait_s",
    "p95_wait_s",
    "excess_wait_s",
    "headway_cv",
    "bunched_share",
    "max_load_ratio",
    "standing_share",
    "left_behind",
    "unserved",
    "passengers",
)


@dataclass(frozen=True, eq=False)
class Parts:
    """What the outcomes of a day, or of a part of it, are made from."""

    waits_s: Floats
    planned_s: Floats
    in_vehicle_s: Floats
    unserved: int
    stop: Ints
    gap_s: Floats
    headway_s: Floats
    load: Ints
    weight: Floats
    denied: int
    capacity: int
    seats: int


def outcomes(inputs: Inputs, log: Log, bands: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    """
    Outcomes of a day, and of each time band as `name@band`.

    A passenger belongs to the band in which they come to the stop, a visit to the one in which it leaves.
    """
    line, people, scenario = inputs.line, inputs.passengers, inputs.scenario
    served = ~np.isnan(log.alight_s)
    going = np.flatnonzero(_goes_on(inputs, log))
    order = going[np.argsort(log.stop[going].astype(np.int16), kind="stable")]  # by stop, then departure
    stop, depart = log.stop[order], log.depart_s[order]
    gap = np.full(len(order), np.nan)
    gap[1:] = np.where(stop[1:] == stop[:-1], np.diff(depart), np.nan)
    weight = (line.running_s.mean(axis=0) if line.length_m is None else line.length_m)[stop]
    parts = Parts(
        waits_s=waits_s(inputs, log),
        planned_s=_planned_wait(inputs),
        in_vehicle_s=log.ride_s[served],
        unserved=int((~served).sum()),
        stop=stop,
        gap_s=gap,
        headway_s=log.headway_s[order],
        load=log.load[order],
        weight=weight,
        denied=int(log.denied.sum()),
        capacity=scenario.capacity,
        seats=scenario.capacity if scenario.seats is None else scenario.seats,
    )
    found = _outcomes(parts)
    found["cycle_time_s"] = _cycle_s(inputs, log)
    found["vehicle_hours"] = _vehicle_s(inputs, log) / 3600.0
    if line.length_m is not None:
        found["vehicle_km"] = float(weight.sum()) / 1000.0
        found["passenger_km"] = float((weight * log.load[order]).sum()) / 1000.0
    for band, (begin, end) in bands.items():
        people_in = (people.arrive_s >= begin) & (people.arrive_s < end)
        visits_in = (depart >= begin) & (depart < end)
        part = _part(parts, people_in, visits_in, served, log.denied[order])
        some = _outcomes(part)
        found.update({f"{name}@{band}": some[name] for name in BY_BAND})
    return found


def essentials(inputs: Inputs, log: Log) -> dict[str, float]:
    """
    What a day costs, and nothing else, for sweeps over many futures.

    Returns
    -------
    dict
        `wait_hours` of all passengers together, `vehicle_hours`, `cycle_time_s` and `passengers`, the same to
        the last bit as in `outcomes`, but that hours of waiting are a sum.
    """
    waits = waits_s(inputs, log)
    return {
        "wait_hours": float(waits.sum()) / 3600.0,
        "vehicle_hours": _vehicle_s(inputs, log) / 3600.0,
        "cycle_time_s": _cycle_s(inputs, log),
        "passengers": float(len(waits)),
    }


def waits_s(inputs: Inputs, log: Log) -> Floats:
    """Wait of each passenger, in the order of `Passengers`; whoever is never served waits until the end."""
    late = np.maximum(inputs.line.close_s - inputs.passengers.arrive_s - log.ride_s, 0.0)
    return np.where(np.isnan(log.alight_s), late, log.wait_s)


def units(line_has_lengths: bool, bands: Mapping[str, tuple[float, float]]) -> dict[str, str]:
    """Unit of every outcome."""
    whole = {name: unit for name, unit in UNITS.items() if line_has_lengths or not name.endswith("_km")}
    return whole | {f"{name}@{band}": UNITS[name] for band in bands for name in BY_BAND}


def _outcomes(parts: Parts) -> dict[str, float]:
    """Outcomes of passengers and visits; NaN where there is nobody, or no headway, to speak of."""
    gaps = ~np.isnan(parts.gap_s)
    planned = gaps & ~np.isnan(parts.headway_s)
    riding = parts.load * parts.weight
    standing = np.maximum(parts.load - parts.seats, 0) * parts.weight
    mean = _mean(parts.waits_s)
    return {
        "mean_wait_s": mean,
        "p95_wait_s": _quantile(parts.waits_s, 0.95),
        "excess_wait_s": mean - _mean(parts.planned_s),
        "headway_cv": _mean_cv(parts.stop[gaps], parts.gap_s[gaps]),
        "bunched_share": _mean(parts.gap_s[planned] < BUNCHED * parts.headway_s[planned]),
        "max_load_ratio": float(parts.load.max()) / parts.capacity if len(parts.load) else float("nan"),
        "standing_share": float(standing.sum() / riding.sum()) if riding.sum() > 0 else float("nan"),
        "left_behind": float(parts.denied),
        "unserved": float(parts.unserved),
        "passengers": float(len(parts.waits_s)),
        "in_vehicle_s": _mean(parts.in_vehicle_s),
    }


def _part(parts: Parts, people: Flags, visits: Flags, served: Flags, denied: Ints) -> Parts:
    """Only some passengers and visits."""
    return replace(
        parts,
        waits_s=parts.waits_s[people],
        planned_s=parts.planned_s[people],
        unserved=int((people & ~served).sum()),
        stop=parts.stop[visits],
        gap_s=parts.gap_s[visits],
        headway_s=parts.headway_s[visits],
        load=parts.load[visits],
        weight=parts.weight[visits],
        denied=int(denied[visits].sum()),
    )


def _mean(values: Floats | Flags) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _quantile(values: Floats, share: float) -> float:
    """Value that a share of the passengers do not exceed: the smallest such wait, not interpolated."""
    if not len(values):
        return float("nan")
    place = max(0, int(np.ceil(share * len(values))) - 1)
    return float(np.partition(values, place)[place])


def _mean_cv(stop: Ints, gap: Floats) -> float:
    """Coefficient of variation of the headways of each stop, averaged over the stops with at least two."""
    if not len(stop):
        return float("nan")
    count = np.bincount(stop)
    several = count > 1
    if not several.any():
        return float("nan")
    mean = np.bincount(stop, gap) / np.maximum(count, 1)
    square = np.bincount(stop, (gap - mean[stop]) ** 2)
    ratio = np.sqrt(square[several] / (count[several] - 1)) / np.maximum(mean[several], 1e-12)
    return float(ratio.mean())


def _planned_wait(inputs: Inputs) -> Floats:
    """Wait of each passenger if every vehicle were on time and had room."""
    people, line = inputs.passengers, inputs.line
    if isinstance(inputs, LoopInputs):
        return np.full(len(people), inputs.plan.headway_s / 2)
    assert isinstance(inputs, OpenInputs)
    plan: OpenPlan = inputs.plan
    trips = plan.trips
    called = ~np.isnan(trips.depart_s.T)
    arrive, depart = trips.arrive_s.T[called], trips.depart_s.T[called]
    depart_order = np.lexsort((depart, np.nonzero(called)[0]))
    stop, last = np.nonzero(called)[0][depart_order], trips.last[np.nonzero(called)[1]][depart_order]
    arrive, depart = arrive[depart_order], depart[depart_order]
    wide = 10.0 * max(
        1.0, float(np.abs(depart).max(initial=0.0)), float(np.abs(people.arrive_s).max(initial=0.0))
    )
    origin = people.origin
    place = np.searchsorted(stop * wide + depart, origin * wide + people.arrive_s)
    end = np.searchsorted(stop, origin, side="right")
    while True:  # trips that end before the passenger's stop are of no use
        wrong = (place < end) & (last[np.minimum(place, len(last) - 1)] < people.to)
        if not wrong.any():
            break
        place = place + wrong
    there = np.minimum(place, len(arrive) - 1)
    waits = np.where(
        place < end, np.maximum(arrive[there] - people.arrive_s, 0.0), line.close_s - people.arrive_s
    )
    return np.maximum(waits, 0.0)


def _cycle_s(inputs: Inputs, log: Log) -> float:
    """Mean seconds from end to end (trips of the whole line), or once round."""
    if inputs.line.closed:
        at = np.flatnonzero(log.stop == 0)
        at = at[np.lexsort((log.arrive_s[at], log.vehicle[at]))]
        same = log.vehicle[at][1:] == log.vehicle[at][:-1]
        return _mean(np.diff(log.arrive_s[at])[same])
    ends = []
    for stop, times in ((0, log.depart_s), (len(inputs.line.stops) - 1, log.arrive_s)):
        at = log.stop == stop
        by_trip = np.full(int(log.vehicle.max(initial=-1)) + 1, np.nan)
        by_trip[log.vehicle[at]] = times[at]
        ends.append(by_trip)
    lasts = ends[1] - ends[0]
    return _mean(lasts[~np.isnan(lasts)])


def _vehicle_s(inputs: Inputs, log: Log) -> float:
    """Seconds that vehicles are in service, from dispatch to their last stop."""
    if not len(log):
        return 0.0
    order = np.argsort(log.vehicle, kind="stable")
    change = np.flatnonzero(np.diff(log.vehicle[order]))
    first, last = order[np.concatenate([[0], change + 1])], order[np.concatenate([change, [len(order) - 1]])]
    ended = log.depart_s if inputs.line.closed else log.arrive_s
    return float((ended[last] - log.arrive_s[first]).sum())


def _goes_on(inputs: Inputs, log: Log) -> Flags:
    """Whether a vehicle goes on to another stop after a visit."""
    if isinstance(inputs, OpenInputs):
        return np.asarray(log.stop != inputs.plan.trips.last[log.vehicle])
    return ~np.isnan(log.plan_s)
