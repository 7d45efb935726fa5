"""What an option costs a year: vehicles, hours and riders' time, day by day as simulated."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.traffic.headway_fleet import Need, fleet_need, run_back
from workbench.simulation import Streams
from workbench.simulation.intervals import paired_difference, t_interval
from workbench.simulation.selection import Chances, chances

if TYPE_CHECKING:
    from pipelines.traffic.headways import HeadwaysParameters
    from workbench.simulation.runs import Runs
    from workbench.simulation.transit import Line, LineScenario

HOUR_S = 3600.0
MILLION = 1e6
SURE = 0.9
MOST_RUNS = 100_000


@dataclass(frozen=True)
class Costs:
    """
    Options priced on the same days.

    Attributes
    ----------
    frame
        By option and replication: `vehicles`, `operating`, `waiting`, `total` (million CNY a year).
    totals
        Total by day and option, shape (days, options).
    chances
        P(best) and expected regret, in the order of the options.
    """

    names: tuple[str, ...]
    frame: pl.DataFrame
    totals: NDArray[np.float64]
    chances: Chances

    @property
    def best(self) -> str:
        """The option of the least mean total."""
        return self.names[int(np.argmin(self.totals.mean(axis=0)))]

    @property
    def second(self) -> str | None:
        """The option of the next least mean total."""
        order = np.argsort(self.totals.mean(axis=0), kind="stable")
        return self.names[int(order[1])] if len(order) > 1 else None

    def chance_of(self, name: str) -> float:
        """Probability of an option being the cheapest."""
        return float(self.chances.best[self.names.index(name)])

    def regret_of(self, name: str) -> float:
        """Expected loss a year of choosing it."""
        return float(self.chances.regret[self.names.index(name)])

    def mean(self, column: str, name: str) -> tuple[float, float, float]:
        """Mean of a cost a year with its t interval over simulated days."""
        values = self.frame.filter(pl.col("scenario") == name)[column].to_numpy()
        found = t_interval(values)
        return found.mean, found.low, found.high

    def saving(self, name: str, than: str) -> tuple[float, float, float]:
        """Total of `than` less that of `name`, day by day, with its interval."""
        found = paired_difference(
            self.totals[:, self.names.index(than)], self.totals[:, self.names.index(name)]
        )
        return found.interval.mean, found.interval.low, found.interval.high

    def runs_to_separate(self) -> int | None:
        """
        Simulated days after which the best two would be told apart, None where they never would.

        From the spread of their daily difference: n at which one-sided 95% is reached.
        """
        if self.second is None:
            return None
        first, second = self.names.index(self.best), self.names.index(self.second)
        difference = self.totals[:, second] - self.totals[:, first]
        gap, spread = float(difference.mean()), float(difference.std(ddof=1))
        needed = math.ceil((1.645 * spread / gap) ** 2) if gap > 0 else MOST_RUNS + 1
        return max(needed, len(difference)) if needed <= MOST_RUNS else None


def priced(
    runs: Runs,
    scenarios: Mapping[str, LineScenario],
    needs: Mapping[str, Need],
    p: HeadwaysParameters,
) -> Costs:
    """
    Price every simulated day as if the year were made of such days.

    Parameters
    ----------
    runs
        With the outcomes of a line.
    scenarios
        What was run.
    needs
        Vehicles and hours beside those simulated, from `fleets`.
    p
        Unit costs. Vehicles and hours are for both directions, empty driving with them; waiting is that of
        the direction simulated. A vehicle of another size costs (capacity / the baseline's capacity) **
        elasticity times as much to own.
    """
    today = scenarios[p.baseline].capacity
    size = {name: (one.capacity / today) ** p.size_elasticity for name, one in scenarios.items()}

    def of(values: Mapping[str, float]) -> pl.Expr:
        return pl.col("scenario").replace_strict(values, return_dtype=pl.Float64)

    vehicles = of({name: float(one.vehicles) for name, one in needs.items()})
    more_h = of({name: one.back_h + one.empty_h for name, one in needs.items()})
    year = p.days_per_year / MILLION
    hours, riders = pl.col("vehicle_hours"), pl.col("passengers")
    frame = runs.frame.select(
        "scenario",
        "replication",
        vehicles.alias("vehicles"),
        (year * ((hours + more_h) * p.vehicle_hour_cost + vehicles * of(size) * p.vehicle_day_cost)).alias(
            "operating"
        ),
        (year * pl.col("mean_wait_s") * riders / HOUR_S * p.wait_hour_value).fill_nan(0.0).alias("waiting"),
    ).with_columns((pl.col("operating") + pl.col("waiting")).alias("total"))
    names = tuple(scenarios)
    wide = frame.pivot("scenario", index="replication", values="total", sort_columns=False).sort(
        "replication"
    )
    totals = wide.select(names).drop_nulls().to_numpy()
    return Costs(names, frame, totals, chances(totals, streams=Streams(p.seed).child("chances", "total")))


def fleets(
    runs: Runs,
    scenarios: Mapping[str, LineScenario],
    line: Line,
    layover_s: float,
    *,
    back: Line | None = None,
    back_scenarios: Mapping[str, LineScenario] | None = None,
) -> dict[str, Need]:
    """Vehicles that each option needs for both directions, by its blocks at mean simulated running times."""
    mean = runs.frame.group_by("scenario").agg(pl.col("cycle_time_s").drop_nans().mean())
    running = {name: value or 0.0 for name, value in mean.iter_rows()}
    return {
        name: fleet_need(
            line,
            scenario,
            running[name],
            back=back,
            back_scenario=(back_scenarios or run_back(scenarios))[name],
            layover_s=layover_s,
        )
        for name, scenario in scenarios.items()
    }
