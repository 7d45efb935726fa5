"""What happened on a simulated day: every visit and every passenger, and the laws that both must keep."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np

from workbench.errors import CheckFailed
from workbench.simulation.transit._arrays import Floats, Ints
from workbench.simulation.transit.passengers import Passengers

EXACT = 1e-9


@dataclass(frozen=True, eq=False)
class Log:
    """
    Visits (a vehicle at a stop) and passengers.

    Attributes
    ----------
    vehicle, stop
        Trip (open line) or vehicle (closed line), and place of the stop. Visits of a vehicle, and those at a
        stop, come in the order of departure.
    boarded, alighted, load
        Riders who got on, got off, and were on board at departure.
    denied
        Riders at the stop when the vehicle left who found no room.
    put_off
        Riders who had to get off before their stop (short turn, end of service).
    arrive_s, depart_s, hold_s
        Arrival, departure, and the hold within.
    plan_s, headway_s
        Scheduled departure, and planned headway to the vehicle ahead; NaN where there is none.
    boarded_at_s
        Sum of the times at which the riders boarded.
    wait_s, ride_s
        Each passenger's time at stops and on board, in the order of `Passengers`; of waits, those that ended
        in boarding.
    board_s, alight_s
        First boarding, and alighting at their stop; NaN where they never did.
    """

    vehicle: Ints
    stop: Ints
    boarded: Ints
    alighted: Ints
    load: Ints
    denied: Ints
    put_off: Ints
    arrive_s: Floats
    depart_s: Floats
    hold_s: Floats
    plan_s: Floats
    boarded_at_s: Floats
    headway_s: Floats
    wait_s: Floats
    ride_s: Floats
    board_s: Floats
    alight_s: Floats

    @classmethod
    def of(cls, counts: Iterable[Ints], times: Iterable[Floats], people: Iterable[Floats]) -> Log:
        """Make a log of what an engine gives: whole numbers and times of visits, and times of passengers."""
        vehicle, stop, boarded, alighted, load, denied, put_off = counts
        arrive, depart, hold, plan, boarded_at, headway = times
        moves = (vehicle, stop, boarded, alighted, load, denied, put_off)
        return cls(*moves, arrive, depart, hold, plan, boarded_at, headway, *people)

    def __len__(self) -> int:
        return len(self.vehicle)

    def differences(self, other: Log) -> list[str]:
        """Name the columns in which two logs differ."""
        return [
            each.name
            for each in fields(self)
            if not np.array_equal(getattr(self, each.name), getattr(other, each.name), equal_nan=True)
        ]


def check_laws(log: Log, passengers: Passengers) -> float:
    """
    Check conservation and Little's law.

    Passengers in = out + left; on board after = before + on - off; passenger time on board summed by visits =
    summed by riders; passenger time from coming to alighting summed by visits = summed by riders, who are all
    out.

    Returns
    -------
    float
        The larger of the two errors of passenger time, as a share of that time: rounding, where all is well.

    Raises
    ------
    CheckFailed
        A law does not hold: a fault of the model, never of the data.
    """
    served = ~np.isnan(log.alight_s)
    left = ~served & np.isnan(log.board_s)
    stranded = int((~served & ~left).sum())
    if int(log.alighted.sum()) != int(served.sum()):
        raise CheckFailed(
            f"{int(log.alighted.sum())} riders alighted by vehicle, but {int(served.sum())} by passenger."
        )
    if len(passengers) != int(served.sum()) + int(left.sum()) + stranded:
        raise CheckFailed("Passengers in are not passengers out and left.")
    order = np.argsort(log.vehicle, kind="stable")
    vehicle, load = log.vehicle[order], log.load[order]
    new = np.concatenate([[True], vehicle[1:] != vehicle[:-1]]) if len(vehicle) else np.empty(0, bool)
    before = np.where(new, 0, np.concatenate([[0], load[:-1]])) if len(load) else load
    change = log.boarded[order] - log.alighted[order] - log.put_off[order]
    if not np.array_equal(before + change, load):
        raise CheckFailed("A vehicle's load is not its load before, and who got on, less who got off.")
    arrive, depart = log.arrive_s[order], log.depart_s[order]
    since = np.where(new, arrive, np.concatenate([[0.0], depart[:-1]])) if len(load) else arrive
    riding = before * (arrive - since) + (before - log.alighted[order] - log.put_off[order]) * (
        depart - arrive
    )
    boarding = log.boarded[order] * depart - log.boarded_at_s[order]
    aboard = _same(
        "Passenger time on board", float(riding.sum() + boarding.sum()), float(log.ride_s.sum()), log
    )
    origin = float(passengers.arrive_s[0]) if len(passengers) else 0.0
    out = float((log.alighted * (log.arrive_s - origin)).sum())
    into = float((passengers.arrive_s[served] - origin).sum())
    inside = float((log.wait_s + log.ride_s)[served].sum())
    return max(aboard, _same("Passenger time in the system", out - into, inside, log))


def _same(what: str, by_visits: float, by_riders: float, log: Log) -> float:
    """Compare two sums of the same passenger time; rounding grows with the times of day in them."""
    scale = max(abs(by_visits), abs(by_riders), 1.0)
    rounding = 1e-15 * float(np.abs(log.boarded_at_s).sum() + (log.alighted * np.abs(log.arrive_s)).sum())
    if abs(by_visits - by_riders) > EXACT * scale + rounding:
        raise CheckFailed(
            f"{what} is {by_visits!r} s by vehicle, but {by_riders!r} s by rider (Little's law)."
        )
    return abs(by_visits - by_riders) / scale
