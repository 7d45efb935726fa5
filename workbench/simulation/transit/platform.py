"""A stop as the SimPy engines see it: who waits, in which order, and who gets on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from workbench.simulation.transit._arrays import Floats
from workbench.simulation.transit.inputs import Inputs
from workbench.simulation.transit.rules import dwell_s


class People:
    """Passengers and what happens to them, as lists: arrays are slow to index one by one."""

    def __init__(self, inputs: Inputs) -> None:
        passengers = inputs.passengers
        nan = float("nan")
        self.come_s: list[float] = passengers.arrive_s.tolist()
        self.to: list[int] = passengers.to.tolist()
        self.since_s = self.come_s.copy()  # since when they wait, or ride
        self.wait_s = [0.0] * len(self.to)
        self.ride_s = [0.0] * len(self.to)
        self.board_s = [nan] * len(self.to)
        self.alight_s = [nan] * len(self.to)
        self.start: list[int] = passengers.start.tolist()

    def arrays(self) -> list[Floats]:
        """Waits, rides, first boardings and alightings."""
        return [np.array(each) for each in (self.wait_s, self.ride_s, self.board_s, self.alight_s)]


@dataclass
class Call:
    """A vehicle standing at a stop."""

    arrive_s: float
    off: int
    free: int
    rides: Callable[[int], bool]
    close_s: float = 0.0
    on: list[int] = field(default_factory=list)
    boarded_at_s: float = 0.0
    denied: int = 0


class Platform:
    """Those who wait at one stop, first come first served; those who cannot use a vehicle let others pass."""

    def __init__(self, place: int, people: People, inputs: Inputs) -> None:
        self.people = people
        self.waiting: list[int] = []
        self.next, self.end = people.start[place], people.start[place + 1]
        self.stand = inputs.stand

    def open_doors(self, call: Call, put_off: int = 0) -> None:
        """Let people board; whoever comes before the doors close boards too and keeps them open."""
        off = call.off + put_off
        call.close_s = call.arrive_s + dwell_s(0, off, self.stand)
        place = 0
        while self._someone(place, call.close_s):
            if not self._can(place, call, call.close_s):
                place += 1
            elif len(call.on) < call.free:
                self._board(place, call)
                call.close_s = call.arrive_s + dwell_s(len(call.on), off, self.stand)
            else:
                break

    def leave(self, call: Call, depart_s: float) -> None:
        """Let those board who came during the hold, at no more delay; count who is left behind."""
        place = 0
        while self._someone(place, depart_s):
            if not self._can(place, call, depart_s):
                place += 1
            elif len(call.on) < call.free:
                self._board(place, call)
            else:
                call.denied += 1
                place += 1

    def put_off(self, person: int, now: float) -> None:
        """Take in a rider who had to get off here."""
        people = self.people
        while self._someone(len(self.waiting), now):
            pass
        people.ride_s[person] += now - people.since_s[person]
        people.since_s[person] = now
        self.waiting.append(person)

    def alight(self, person: int, now: float) -> None:
        """Let a rider out at their stop."""
        people = self.people
        people.ride_s[person] += now - people.since_s[person]
        people.alight_s[person] = now

    def _someone(self, place: int, until_s: float) -> bool:
        """Whether somebody has a place in the queue; fetch who comes by a time if it is shorter."""
        if place < len(self.waiting):
            return True
        if self.next < self.end and self.people.come_s[self.next] <= until_s:
            self.waiting.append(self.next)
            self.next += 1
            return True
        return False

    def _can(self, place: int, call: Call, until_s: float) -> bool:
        """Whether the vehicle goes where they want to go, and they are here (not fetched too early)."""
        person = self.waiting[place]
        return call.rides(person) and self.people.since_s[person] <= until_s

    def _board(self, place: int, call: Call) -> None:
        people, person = self.people, self.waiting.pop(place)
        since = people.since_s[person]
        moment = since if since > call.arrive_s else call.arrive_s
        people.wait_s[person] += moment - since
        people.since_s[person] = moment
        if people.board_s[person] != people.board_s[person]:
            people.board_s[person] = moment
        call.boarded_at_s += moment
        call.on.append(person)
