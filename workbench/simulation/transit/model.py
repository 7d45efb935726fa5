"""A line as a model for `Experiment`: a deterministic function of a scenario and a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Literal

import numpy as np

from workbench._need import need
from workbench.errors import BadParameter
from workbench.simulation.streams import Streams
from workbench.simulation.transit._arrays import Floats, digest, seconds
from workbench.simulation.transit.day import Day, Traffic, sample_day
from workbench.simulation.transit.demand import DemandSource, RecordedDemand
from workbench.simulation.transit.inputs import Inputs, loop_inputs, open_inputs
from workbench.simulation.transit.line import Line
from workbench.simulation.transit.log import Log, check_laws
from workbench.simulation.transit.metrics import outcomes, units, waits_s
from workbench.simulation.transit.passengers import Passengers
from workbench.simulation.transit.scenario import LineScenario

if TYPE_CHECKING:
    import polars as pl

VERSION = "1"
NEEDS = {"kernel": "numba", "simpy": "simpy"}


@dataclass(frozen=True, eq=False)
class LineModel:
    """
    A line, its demand and its traffic.

    Parameters
    ----------
    line, demand
        The line and its passengers, on the same stops.
    kind
        "open": trips are dispatched from a timetable or by headway. "loop": a fixed fleet goes round a closed
        line.
    engine
        "kernel" (compiled, about two hundred times faster) or "simpy" (readable, takes policies of your own);
        both give the same numbers to the last bit.
    traffic
        How running times vary.
    bands
        Parts of the day to report apart, such as `{"morning": ("07:00", "09:00")}`.
    """

    line: Line
    demand: DemandSource
    kind: Literal["open", "loop"] = "open"
    engine: Literal["kernel", "simpy"] = "kernel"
    traffic: Traffic = Traffic()  # noqa: RUF009 - frozen
    bands: Mapping[str, tuple[float | str, float | str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in ("open", "loop"):
            raise BadParameter(f"kind must be 'open' or 'loop', not '{self.kind}'.")
        if self.engine not in NEEDS:
            raise BadParameter(f"engine must be 'kernel' or 'simpy', not '{self.engine}'.")
        if self.line.closed != (self.kind == "loop"):
            state = (
                "closed: simulate it as a loop"
                if self.line.closed
                else "open: close it with round_trip first"
            )
            raise BadParameter(f"Line {self.line.name} is {state}.")
        if self.demand.stops != self.line.stops:
            raise BadParameter(f"The demand is for other stops than those of line {self.line.name}.")
        for band, (begin, end) in self._bands.items():
            if end <= begin:
                raise BadParameter(f"Time band '{band}' must end after it begins.")

    @property
    def name(self) -> str:
        """What the model is called."""
        return f"line {self.line.name}"

    @cached_property
    def version(self) -> str:
        """Changes with the method, the line, its demand and its traffic; not with the engine."""
        return (
            f"{VERSION}-{digest(self.kind, self.line.digest, self.demand.digest, self.traffic, self._bands)}"
        )

    @property
    def fingerprint(self) -> str:
        """What the store tells models apart by: the version, so that both engines share their runs."""
        return self.version

    @cached_property
    def outcomes(self) -> Mapping[str, str]:
        """Outcome and unit."""
        return units(self.line.length_m is not None, self._bands)

    @cached_property
    def _bands(self) -> dict[str, tuple[float, float]]:
        return {
            name: (seconds(f"Band '{name}'", begin), seconds(f"Band '{name}'", end))
            for name, (begin, end) in self.bands.items()
        }

    def sample(self, streams: Streams) -> Day:
        """Draw the day: passengers, traffic, luck of the trips, accidents."""
        return sample_day(self.line, self.demand, self.traffic, streams.child("line", self.line.name))

    def run(self, scenario: LineScenario, day: Day) -> Mapping[str, float]:
        """Simulate a scenario on a day, check the laws it must keep, and return its outcomes."""
        inputs = self.inputs(scenario, day)
        log = self.simulate(inputs)
        check_laws(log, inputs.passengers)
        return outcomes(inputs, log, self._bands)

    def inputs(self, scenario: LineScenario, day: Day) -> Inputs:
        """Lay out what an engine needs."""
        return (
            loop_inputs(self.line, scenario, day)
            if self.line.closed
            else open_inputs(self.line, scenario, day)
        )

    def check(self, scenario: LineScenario) -> None:
        """
        Refuse a scenario that does not fit the line, before any day is simulated.

        Raises
        ------
        BadParameter, UnknownName
            A stop is not on the line, a policy is for closed lines only, there is no headway, and the like.
        """
        nobody = Passengers(np.zeros(len(self.line.stops) + 1, np.int64), np.empty(0), np.empty(0, np.int64))
        calm = np.ones((1, self.line.sections))
        demand = RecordedDemand(self.line.stops, nobody)
        self.inputs(scenario, Day(calm, calm, np.ones(1), demand, Streams(0)))

    def simulate(self, inputs: Inputs) -> Log:
        """Run the engine."""
        need(NEEDS[self.engine], f"The {self.engine} engine of transit lines")
        engine = import_module(f"workbench.simulation.transit.{self.kind}_{self.engine}")
        log: Log = engine.run(inputs)
        return log

    def series(self, scenario: LineScenario, day: Day) -> Mapping[str, Floats]:
        """Waits in the order of coming to the stop, for choosing a warm-up (closed lines)."""
        inputs = self.inputs(scenario, day)
        order = np.argsort(inputs.passengers.arrive_s, kind="stable")
        return {"wait": waits_s(inputs, self.simulate(inputs))[order]}

    def trace(self, scenario: LineScenario, day: Day) -> pl.DataFrame:
        """
        Log a scenario on a day: every arrival and departure.

        Returns
        -------
        log
            time_s, event ("arrive", "depart"), vehicle (trip of an open line), stop_id, and at departures
            load, boarded, alighted, left_behind, put_off, hold_s, plan_s.
        """
        import polars as pl

        log = self.simulate(self.inputs(scenario, day))
        stops = np.array(self.line.stops)[log.stop]
        came = pl.DataFrame(
            {"time_s": log.arrive_s, "event": "arrive", "vehicle": log.vehicle, "stop_id": stops}
        )
        went = pl.DataFrame(
            {
                "time_s": log.depart_s,
                "event": "depart",
                "vehicle": log.vehicle,
                "stop_id": stops,
                "load": log.load,
                "boarded": log.boarded,
                "alighted": log.alighted,
                "left_behind": log.denied,
                "put_off": log.put_off,
                "hold_s": log.hold_s,
                "plan_s": log.plan_s,
            }
        ).with_columns(pl.col("plan_s").fill_nan(None))
        return pl.concat([came, went], how="diagonal").sort("time_s", maintain_order=True)
