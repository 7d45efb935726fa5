"""How the options do in other futures: each one simulated on the same few days, and priced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.traffic.headway_costs import HOUR_S, MILLION
from pipelines.traffic.headway_fleet import Need, fleet_need
from pipelines.traffic.headway_options import moved
from workbench.decisions import Inputs
from workbench.simulation import Streams
from workbench.simulation.transit.metrics import essentials

if TYPE_CHECKING:
    from pipelines.traffic.headway_case import Case, HeadwaysParameters
    from workbench.simulation.runs import Runs
    from workbench.simulation.transit import Day, LineModel, LineScenario

Floats = NDArray[np.float64]
DAYS = 2
"""Simulated days behind every future, the same for all."""
STEP = 0.02
"""Fleets are worked out for running times in steps of this share."""
SIMULATED = {"demand": "demand_factor", "running": "running_time_factor", "boarding": "boarding"}
PRICED = {"hour": "vehicle_hour_cost", "vehicle": "vehicle_day_cost", "waiting": "wait_hour_value"}
OUTCOMES = ("wait_hours", "vehicle_hours", "cycle_time_s")


@dataclass(frozen=True, eq=False)
class Bench:
    """
    Where options are simulated and priced at any values of the uncertain inputs.

    Few days stand behind a future. So that they do not move the answer by which days they are, hours of
    waiting and of vehicles are multiplied by what brings them, where nothing is changed, to the means of all
    simulated days; there the totals are those of the brief.

    Attributes
    ----------
    case, p, inputs
        The line, the unit costs, and what varies.
    scenarios, back_scenarios
        The options, and what they run in the other direction.
    means
        Means over all simulated days: `OUTCOMES` of each option.
    days
        The days of every future.
    """

    case: Case
    p: HeadwaysParameters
    inputs: Inputs
    scenarios: Mapping[str, LineScenario]
    back_scenarios: Mapping[str, LineScenario]
    means: Mapping[str, Floats]
    days: tuple[Day, ...]
    _done: dict[tuple[str, tuple[float, ...]], Floats] = field(default_factory=dict, repr=False)
    _needs: dict[tuple[str, float], Need] = field(default_factory=dict, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The options."""
        return tuple(self.scenarios)

    def totals(self, values: Floats, names: Sequence[str] | None = None) -> Floats:
        """
        Cost of options a year with riders' time, million CNY.

        Parameters
        ----------
        values
            Inputs of each future, shape (futures, inputs).
        names
            Options; all by default.

        Returns
        -------
        ndarray
            Shape (futures, options).
        """
        names = self.names if names is None else tuple(names)
        given = {key: float(getattr(self.p, name)) for key, name in PRICED.items()}
        prices = self._columns(values, PRICED, given)
        found = self._simulated(values, names)
        today = self.scenarios[self.p.baseline].capacity
        made = []
        for at, name in enumerate(names):
            waits, hours, cycle = found[:, at].T
            needs = [self.need(name, each) for each in cycle]
            more = np.array([one.back_h + one.empty_h for one in needs])
            vehicles = np.array([one.vehicles for one in needs], float)
            size = (self.scenarios[name].capacity / today) ** self.p.size_elasticity
            running = (hours + more) * prices["hour"] + vehicles * size * prices["vehicle"]
            made.append(running + waits * prices["waiting"])
        return np.column_stack(made) * self.p.days_per_year / MILLION

    def saving(self, of: str, than: str) -> _Saving:
        """What one option saves against another, as a function of the inputs' values."""
        return _Saving(self, of, than)

    def need(self, name: str, cycle: float) -> Need:
        """Vehicles and other hours of an option where trips take so many times their mean simulated time."""
        level = round(round((cycle if cycle > 0 else 1.0) / STEP) * STEP, 9)
        if (name, level) not in self._needs:
            back = self.back_scenarios[name]
            factor = back.running_time_factor * level
            self._needs[name, level] = fleet_need(
                self.case.model.line,
                self.scenarios[name],
                float(self.means[name][2]) * level,
                back=self.case.back,
                back_scenario=back.model_copy(update={"running_time_factor": factor}),
                layover_s=self.p.layover_s,
            )
        return self._needs[name, level]

    @property
    def simulated(self) -> int:
        """Days simulated so far, over options and futures."""
        return len(self._done) * len(self.days)

    def _simulated(self, values: Floats, names: Sequence[str]) -> Floats:
        """Hours of waiting, of vehicles, and running time over its mean; shape (futures, options, three)."""
        base = dict.fromkeys(SIMULATED, 1.0)
        columns = self._columns(values, SIMULATED, base)
        points = [tuple(map(float, each)) for each in np.column_stack([columns[key] for key in SIMULATED])]
        still = self._outcomes(tuple(base.values()), names)
        found = np.stack([self._outcomes(each, names) for each in points])
        wanted = np.stack([self.means[name] for name in names])
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = np.where(still > 0, wanted / still, 1.0)
            scale[:, 2] = np.where(still[:, 2] > 0, 1.0 / still[:, 2], 1.0)
        return np.asarray(found * scale)

    def _outcomes(self, point: tuple[float, ...], names: Sequence[str]) -> Floats:
        """Mean outcomes of options over the days, at one point of what is simulated."""
        missing = [name for name in names if (name, point) not in self._done]
        if missing:
            change = dict(zip(SIMULATED.values(), point, strict=True))
            model: LineModel = self.case.model
            rows: dict[str, list[list[float]]] = {name: [] for name in missing}
            for day in self.days:
                for name in missing:
                    inputs = model.inputs(moved(self.scenarios[name], change), day)
                    told = essentials(inputs, model.simulate(inputs))
                    rows[name].append([told[each] for each in OUTCOMES])
                day.forget()
            for name in missing:
                self._done[name, point] = np.nan_to_num(np.array(rows[name])).mean(axis=0)
        return np.stack([self._done[name, point] for name in names])

    def _columns(
        self, values: Floats, keys: Mapping[str, str], base: Mapping[str, float]
    ) -> dict[str, Floats]:
        """Values of some inputs; the base where an input does not vary."""
        places = {name: at for at, name in enumerate(self.inputs.names)}
        return {
            key: values[:, places[key]] if key in places else np.full(len(values), base[key]) for key in keys
        }


@dataclass(frozen=True)
class _Saving:
    bench: Bench
    of: str
    than: str

    def __call__(self, values: Floats) -> Floats:
        totals = self.bench.totals(values, (self.than, self.of))
        return np.asarray(totals[:, 0] - totals[:, 1])


def bench(
    case: Case,
    p: HeadwaysParameters,
    inputs: Inputs,
    scenarios: Mapping[str, LineScenario],
    back: Mapping[str, LineScenario],
    runs: Runs,
) -> Bench:
    """Set up the bench; its days are the first ones of the experiment."""
    means = {}
    for name in scenarios:
        wait, riders, hours, cycle = (
            runs.values(outcome, name)
            for outcome in ("mean_wait_s", "passengers", "vehicle_hours", "cycle_time_s")
        )
        told = (np.nan_to_num(wait) * riders / HOUR_S, hours, cycle)
        means[name] = np.array([_mean(each) for each in told])
    days = tuple(case.model.sample(Streams(p.seed, replication)) for replication in range(DAYS))
    return Bench(case, p, inputs, scenarios, back, means, days)


def _mean(days: Floats) -> float:
    """Mean of the days that have a value, 0 where none has."""
    told = days[np.isfinite(days)]
    return float(told.mean()) if len(told) else 0.0


@dataclass(frozen=True, eq=False)
class Sweep:
    """
    Futures tried.

    Attributes
    ----------
    values
        Inputs of each, shape (futures, inputs).
    totals
        Cost of each option a year, million CNY, shape (futures, options).
    names
        Options.
    """

    values: Floats
    totals: Floats
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.values)

    def fails(self, name: str) -> NDArray[np.bool_]:
        """Futures in which another option is cheaper, beyond rounding."""
        own = self.totals[:, self.names.index(name)]
        return np.asarray(own > self.totals.min(axis=1) + 1e-9 * np.abs(own))

    def savings(self, than: str) -> Floats:
        """What each option saves against one of them, shape (futures, options)."""
        return np.asarray(self.totals[:, [self.names.index(than)]] - self.totals)

    def frame(self, inputs: Inputs) -> pl.DataFrame:
        """A row a future: its inputs, and the total of every option."""
        columns = {one.name: self.values[:, at] for at, one in enumerate(inputs)}
        totals = {f"total: {name}": self.totals[:, at] for at, name in enumerate(self.names)}
        return pl.DataFrame({"future": np.arange(len(self)), **columns, **totals})


def sweep(on: Bench, futures: int) -> Sweep:
    """Try futures that are spread over the ranges of all inputs at once."""
    values = on.inputs.sample(futures, Streams(on.p.seed).child("futures"))
    return Sweep(values, on.totals(values), on.names)
