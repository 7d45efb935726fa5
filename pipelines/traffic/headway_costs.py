"""What an option costs a year: vehicles, hours and riders' time, day by day as simulated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.traffic.headway_fleet import Need, fleet_need, run_back
from workbench._text import Text
from workbench.decisions import Outcome, Samples, Verdict, rank
from workbench.simulation import Streams
from workbench.simulation.intervals import paired_difference, t_interval

if TYPE_CHECKING:
    from pipelines.traffic.headway_case import HeadwaysParameters
    from workbench.simulation.runs import Runs
    from workbench.simulation.transit import Line, LineScenario

HOUR_S = 3600.0
MILLION = 1e6
SURE, LIKELY = 0.9, 0.7
MOST_RUNS = 100_000
TOTAL = Outcome("total", "million CNY/year", Text("Cost with riders' time", "总成本（含乘客时间）"), "less")


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
    verdict
        How sure the order of the totals is, their true means being Student's t around those of the days.
    """

    names: tuple[str, ...]
    frame: pl.DataFrame
    totals: NDArray[np.float64]
    verdict: Verdict

    @property
    def best(self) -> str:
        """The option of the least mean total."""
        return self.verdict.order[0]

    @property
    def second(self) -> str | None:
        """The option of the next least mean total."""
        return self.verdict.second

    def chance_of(self, name: str) -> float:
        """Probability of an option being the cheapest."""
        return self.verdict.of(self.verdict.p_best, name)

    def regret_of(self, name: str) -> float | None:
        """Expected loss a year of choosing it; None where too few days tell."""
        regret = self.verdict.of(self.verdict.regret, name)
        return regret if regret == regret else None

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
        """Simulated days after which the cheapest would be told apart; None where they would be too many."""
        return self.verdict.runs_to_separate(at_most=MOST_RUNS)


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
    return Costs(names, frame, totals, ranked(names, totals, p.seed))


def ranked(names: tuple[str, ...], totals: NDArray[np.float64], seed: int) -> Verdict:
    """Rank options by their totals, shape (days, options)."""
    samples = Samples.paired({TOTAL.name: totals}, names)
    return rank(samples, TOTAL, sure=SURE, likely=LIKELY, streams=Streams(seed).child("rank", TOTAL.name))


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
