"""The numbers of the restoration brief, each with its unit, interval and source."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipelines.lifelines.restoration_case import DAY
from pipelines.lifelines.restoration_futures import half_crews, worst_speed
from pipelines.lifelines.restoration_model import Repairs
from pipelines.lifelines.restoration_orders import REPORT, queues, rules_of
from pipelines.lifelines.words import system_name, words
from workbench._text import Text
from workbench.briefs import Quantity, Source
from workbench.lifelines import InterdependentSystem
from workbench.lifelines.crews import CrewPlan
from workbench.simulation import Streams
from workbench.simulation.intervals import t_interval

if TYPE_CHECKING:
    from pipelines.lifelines.restoration_case import Case
    from workbench.domains import Measures
    from workbench.lifelines.model import Floats

RUNS, TIMES, GOALS, MORE = "repair_runs", "repair_times", "recovery_goals", "one_more_crew"
ALL_RULES = ("biggest", "nearest", "reverse")
QUIET_RUNS = 20


class Numbers:
    """
    Numbers of one case, and the frames that they are read from.

    Parameters
    ----------
    case
        What was found.
    """

    def __init__(self, case: Case) -> None:
        self.case, self.w = case, words("restoration")
        self.unit = self.w.text("unit.service-days")
        self.times_basis = self.w.text("restoration.basis.times")
        self.mean_basis = self.w.text("restoration.basis.mean")

    def keep(self, measures: Measures) -> None:
        """Put what was worked out beside the measures, so that its numbers can be traced."""
        case = self.case
        names = np.repeat(case.options, len(case.lost))
        runs = np.tile(np.arange(len(case.lost)), len(case.options))
        measures.made[RUNS] = pl.DataFrame(
            {
                "option": names,
                "run": runs,
                "lost": case.lost.T.ravel(),
                "saved": np.concatenate([case.saved(name) for name in case.options]),
                "finished_d": np.concatenate(
                    [case.runs.values("finished_h", name) / DAY for name in case.options]
                ),
            }
        )
        measures.made[TIMES] = case.times
        measures.made[MORE] = pl.DataFrame(
            {
                "pool": np.repeat(list(case.more), len(case.lost)),
                "saved": np.concatenate([self.gained(name) for name in case.more]),
            }
        )
        if case.goals is not None:
            measures.made[GOALS] = case.goals.with_columns(
                (pl.col("within_h") / DAY).alias("within_d"),
                (pl.col("anticipated_h") / DAY).alias("anticipated_d"),
            )

    def label(self, option: str) -> Text:
        """What an order is called."""
        return self.w.text(f"restoration.option.{option}")

    @property
    def left_out(self) -> list[str]:
        """Rules whose crews would work in the order of another."""
        return [name for name in ALL_RULES if name not in self.case.options]

    @property
    def the_same(self) -> list[str]:
        """Rules that give the crews the order recommended."""
        case = self.case
        if case.recommended == REPORT:
            return []
        own = queues(case.problem, case.orders[case.recommended])
        rules = rules_of(case.quick).items()
        return [name for name, one in rules if name in self.left_out and queues(case.problem, one) == own]

    def pool(self, name: str) -> Text:
        """What a pool of crews is called."""
        if name == "all":
            return self.w.text("restoration.pool.all")
        return system_name(self.case.system.layers[name].system)

    def count(self, name: str, value: float, unit: str) -> Quantity:
        """A plain number in a unit."""
        return Quantity(name, value, self.w.text(f"unit.{unit}.one" if value == 1 else f"unit.{unit}"))

    def mean(self, name: str, drawn: Floats, source: Source, *, unit: str | Text | None = None) -> Quantity:
        """Mean over runs with its t interval."""
        value, said = float(drawn.mean()), self.unit if unit is None else unit
        if np.ptp(drawn) == 0:
            return Quantity(name, value, said, decimals=0, source=source)
        found = t_interval(drawn)
        low, high = min(found.low, value), max(found.high, value)
        return Quantity(name, value, said, low, high, basis=self.mean_basis, decimals=0, source=source)

    def lost(self, option: str, key: str = "") -> Quantity:
        """Service-days that an order loses."""
        name = f"lost.{option}" + (f".{key}" if key else "")
        return self.mean(name, self.case.of(option), Source(RUNS, "lost", {"option": option}))

    def saved(self, option: str, key: str = "") -> Quantity:
        """Service-days that an order saves against that of report."""
        name = f"saved.{option}" + (f".{key}" if key else "")
        return self.mean(name, self.case.saved(option), Source(RUNS, "saved", {"option": option}))

    def clearly_saves(self, option: str) -> bool:
        """Whether the interval of what it saves lies above 0."""
        drawn = self.case.saved(option)
        return bool(np.ptp(drawn) > 0 and t_interval(drawn).low > 0) or bool(
            np.ptp(drawn) == 0 and drawn[0] > 1e-9
        )

    def between(self, first: str, second: str) -> Quantity:
        """Service-days that one order saves against another."""
        drawn = self.case.of(second) - self.case.of(first)
        return self.mean(f"between.{first}.{second}", drawn, Source(RUNS, "lost", {"option": second}))

    def share_saved(self, option: str) -> Quantity:
        """What an order saves as a share of what that of report loses."""
        lost = float(self.case.of(REPORT).mean())
        value = float(self.case.saved(option).mean()) / lost if lost > 0 else 0.0
        return Quantity("share_saved", value, "share", source=Source(RUNS, "saved", {"option": option}))

    def gained(self, pool: str) -> Floats:
        """Service-days that one more crew saves, by run."""
        return np.asarray(self.case.of(self.case.recommended) - self.case.more[pool])

    def more(self, pool: str, key: str = "") -> Quantity:
        """Service-days that one more crew saves."""
        drawn = self.gained(pool)
        drawn = np.where(np.abs(drawn) < 1e-3, 0.0, drawn)  # rounding of very large sums
        name = f"more.{pool}" + (f".{key}" if key else "")
        return self.mean(name, drawn, Source(MORE, "saved", {"pool": pool}))

    @cached_property
    def bound(self) -> Quantity:
        """Service-days that no order goes below."""
        return Quantity("bound", self.case.bound, self.unit, decimals=0)

    def gap(self, option: str, key: str = "") -> Quantity:
        """How far an order lies above the bound with the mean repair times, as a share of what it loses."""
        lost = self.case.typical(option)
        value = max(0.0, (lost - self.case.bound) / lost) if lost > 1e-9 else 0.0
        return Quantity(f"gap.{option}" + (f".{key}" if key else ""), value, "share", decimals=1)

    @cached_property
    def at_first(self) -> Quantity:
        """Services that people have lost at first, without batteries."""
        lost = float(self.case.quick.lost([0])[0].sum())
        return Quantity("at_first", lost, self.w.text("unit.services"), decimals=0)

    @cached_property
    def slowest(self) -> str:
        """The layer whose service is back last."""
        back = {name: float(np.mean(self._back(name, 1.0))) for name in self.case.system.layers}
        return max(back, key=lambda one: back[one])

    def _back(self, layer: str, share: float) -> Floats:
        at = list(self.case.system.layers).index(layer)
        hours = np.array([told.hours_to(share)[at] for told in self.case.told])
        return np.where(np.isnan(hours), np.inf, hours) / DAY

    def back(self, layer: str, share: float) -> Quantity:
        """Day by which a share of a service is back for good."""
        days = self._back(layer, share)
        name = f"back.{layer}.{share * 100:.0f}"
        if not np.isfinite(days).all():
            return Quantity(name, None, "d")
        return self.spread(name, days, Source(TIMES, "end_d", {}))

    def spread(self, name: str, days: Floats, source: Source) -> Quantity:
        """Mean of days with the ends between which nine of ten runs lie."""
        value = float(days.mean())
        if np.ptp(days) < 1e-9:
            return Quantity(name, value, "d", decimals=1, source=source)
        low, high = (float(one) for one in np.quantile(days, (0.05, 0.95)))
        low, high = min(low, value), max(high, value)
        return Quantity(
            name, value, "d", low, high, level=0.9, basis=self.times_basis, decimals=1, source=source
        )

    def when(self, asset: int, which: str, at: int) -> Quantity:
        """Day on which a repair is begun or ended."""
        rows = self.case.times.filter(pl.col("asset") == asset)
        source = Source(TIMES, f"{which}_d", {"asset": asset})
        return self.spread(f"{which}.{at}", rows[f"{which}_d"].to_numpy(), source)

    def crew(self, asset: int) -> Text:
        """The crew that has a repair in most runs."""
        rows = self.case.times.filter(pl.col("asset") == asset).group_by("crew").len()
        name = rows.sort(["len", "crew"], descending=[True, False])["crew"][0]
        pool, _, number = name.rpartition(" ")
        what = self.w.text("restoration.crew") if pool == "crew" else self.pool(pool)
        return Text(f"{what.en.capitalize()} {number}", f"{what.in_('zh')}{number}队")

    @cached_property
    def otherwise(self) -> dict[str, dict[str, float]]:
        """Service-days lost by each order in other circumstances."""
        case = self.case
        ways = {"crews": half_crews(case), "speed": worst_speed(case)}
        if case.system.dependencies is not None and (case.system.dependencies["buffer_h"] > 0).any():
            ways["buffers"] = self._without_buffers()
        return ways

    def _without_buffers(self) -> dict[str, float]:
        """Without batteries and tanks, on some of the days."""
        case, system = self.case, self.case.system
        assert system.dependencies is not None
        dry = InterdependentSystem(
            system.layers, system.dependencies.with_columns(pl.lit(0.0).alias("buffer_h"))
        )
        model = Repairs(
            replace(case.problem, system=dry),
            horizon_h=case.model.horizon_h,
            cv=case.p.cv,
            zones=case.zones,
            listed=case.model.listed,
        )
        from pipelines.lifelines.restoration_case import named

        days = [
            model.sample(Streams(case.p.seed, run)) for run in range(min(QUIET_RUNS, case.p.replications))
        ]
        plans = {REPORT: CrewPlan(order=REPORT)} | {
            name: CrewPlan(order=named(case.problem, order)) for name, order in case.orders.items()
        }
        return {
            name: float(np.mean([model.run(plan, day)["lost_service_h"] for day in days])) / DAY
            for name, plan in plans.items()
        }
