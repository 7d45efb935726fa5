"""
Open line with a SimPy process for every passenger as well: the way one would write it first.

The same numbers as `open_simpy` at several times its cost. Kept to check that looking passengers up in arrays
changes nothing, and to measure what it saves.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from simpy import Event

from workbench.simulation.clockwork import at
from workbench.simulation.transit import rules
from workbench.simulation.transit.inputs import OpenInputs
from workbench.simulation.transit.log import Log
from workbench.simulation.transit.open_simpy import OpenLine
from workbench.simulation.transit.platform import Call, Platform


def run(inputs: OpenInputs) -> Log:
    """Simulate a day of an open line."""
    return PeopleLine(inputs).simulate()


class LivePlatform(Platform):
    """A stop at which people turn up by themselves."""

    call: Call | None = None
    open = False

    def come(self, person: int) -> None:
        """Get on what stands here, or wait."""
        self.waiting.append(person)
        call = self.call
        if call is not None and call.rides(person) and len(call.on) < call.free:
            self.board(len(self.waiting) - 1, call)

    def board(self, place: int, call: Call) -> None:
        """Get on; while the doors are open this keeps them open."""
        self._board(place, call)
        if self.open:
            call.close_s = call.arrive_s + rules.dwell_s(len(call.on), call.off, self.stand)


class PeopleLine(OpenLine):
    """A day of an open line, passenger by passenger."""

    platforms: list[LivePlatform]  # type: ignore[assignment]

    def __init__(self, inputs: OpenInputs) -> None:
        super().__init__(inputs)
        self.platforms = [LivePlatform(stop, self.people, inputs) for stop in range(len(inputs.line.stops))]
        self.boarded = [self.env.event() for _ in self.people.to]
        self.alighted = [self.env.event() for _ in self.people.to]

    def simulate(self) -> Log:
        """Run all passengers and trips."""
        for stop, (begin, end) in enumerate(zip(self.people.start, self.people.start[1:], strict=False)):
            for person in range(begin, end):
                self.env.process(self._passenger(person, stop))
        return super().simulate()

    def _passenger(self, person: int, stop: int) -> Generator[Event, Any, None]:
        """Come to the stop, board, alight."""
        yield at(self.env, self.people.come_s[person])
        self.platforms[stop].come(person)
        yield self.boarded[person]
        yield self.alighted[person]

    def _doors(self, trip: int, stop: int, call: Call) -> Generator[Event, Any, float]:
        """Stand with open doors; return when the vehicle is ready to leave."""
        platform = self.platforms[stop]
        platform.call, platform.open = call, True
        call.close_s = call.arrive_s + rules.dwell_s(0, call.off, platform.stand)
        place = 0
        while place < len(platform.waiting) and len(call.on) < call.free:
            if call.rides(platform.waiting[place]):
                platform.board(place, call)
            else:
                place += 1
        while self.env.now < call.close_s:
            yield at(self.env, call.close_s)
        platform.open = False
        return (yield from self._dispatched(trip, stop, call))

    def _leave(self, stop: int, call: Call, depart_s: float) -> None:
        """Close the doors for good."""
        platform = self.platforms[stop]
        platform.call = None
        call.denied = sum(call.rides(person) for person in platform.waiting)
        for person in call.on:
            self.boarded[person].succeed()

    def _let_out(self, rider: int, stop: int) -> None:
        super()._let_out(rider, stop)
        self.alighted[rider].succeed()
