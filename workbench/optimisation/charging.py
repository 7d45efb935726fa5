"""
Electric vehicles on given blocks: where and when they charge, and how many more vehicles it takes.

A vehicle charges while it waits at a terminal with a charger. Where that is not enough, a full vehicle takes over
between two trips; the one it relieves drives to the depot, and may relieve another after `turnaround_s`. The plan
has the fewest vehicles more, then the fewest reliefs, then the least time on chargers. A small variant: power is
the same at any state of charge, and one charge for each wait.

References
----------
.. [1] L. Perron and F. Didier, CP-SAT, OR-Tools (Google), https://developers.google.com/optimization/cp
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from workbench.errors import BadParameter, CheckFailed, DataRejected
from workbench.optimisation._check import Kind, first, number, table
from workbench.optimisation._need import need
from workbench.optimisation.blocks import Blocks

DUTIES: Mapping[str, Kind] = {
    "block_id": "text",
    "sequence": "whole",
    "trip_id": "text",
    "start_s": "number",
    "end_s": "number",
    "energy_kwh": "number",
    "place": "text",
    "until_s": "number",
}


@dataclass(frozen=True, kw_only=True)
class Battery:
    """
    A vehicle's battery.

    Parameters
    ----------
    capacity_kwh
        What it holds.
    charge_kw
        Power of a charger, net of losses.
    reserve
        Share of the capacity that must never be used, 0 to less than 1.
    """

    capacity_kwh: float
    charge_kw: float
    reserve: float = 0.2

    def __post_init__(self) -> None:
        number("capacity_kwh", self.capacity_kwh, above=0)
        number("charge_kw", self.charge_kw, above=0)
        if number("reserve", self.reserve, least=0) >= 1:
            raise BadParameter(f"`reserve` must be a share below 1, not {self.reserve:g}.")

    @property
    def usable_wh(self) -> int:
        """What a full one may give, whole Wh."""
        return math.floor(self.capacity_kwh * (1 - self.reserve) * 1000 + 1e-6)


@dataclass(frozen=True)
class ChargingPlan:
    """
    How electric vehicles run given blocks.

    Attributes
    ----------
    extra_vehicles
        Vehicles beside one for each block; 0 when the blocks can be run as they are.
    lower_bound
        No plan of this kind takes fewer; the same as `extra_vehicles` when that is proved.
    reliefs
        block_id, after_trip_id, next_trip_id: where a full vehicle takes over.
    charges
        block_id, after_trip_id, place, from_s, to_s, energy_kwh (what the vehicle takes in).
    energy
        block_id, sequence, trip_id, before_kwh, after_kwh: what the battery holds above its reserve.
    """

    extra_vehicles: int
    lower_bound: int
    reliefs: pl.DataFrame = field(repr=False)
    charges: pl.DataFrame = field(repr=False)
    energy: pl.DataFrame = field(repr=False)


def duties_of(blocks: Blocks, trip_km: Mapping[str, float], *, kwh_per_km: float) -> pl.DataFrame:
    """
    What blocks ask of a battery.

    Parameters
    ----------
    blocks
        From `vehicle_blocks`.
    trip_km
        Length of each trip, km.
    kwh_per_km
        Consumption, in service and empty alike.

    Returns
    -------
    DataFrame
        block_id, sequence, trip_id, start_s, end_s, energy_kwh (of the trip and the empty way to it), place (where
        the vehicle waits after it) and until_s (when it must leave from there for the next trip; the end of the
        trip for the last).

    Raises
    ------
    DataRejected
        A trip has no length.
    BadParameter
        A length or the consumption is not above 0.
    """
    rate = number("kwh_per_km", kwh_per_km, above=0)
    for trip in blocks.trips["trip_id"]:
        if trip not in trip_km:
            raise DataRejected(f"Trip '{trip}' has no length: give its kilometres.")
        number(f"trip_km['{trip}']", trip_km[trip], above=0)
    reach = blocks.links.select("block_id", pl.col("sequence") + 1, "deadhead_km")
    leave = blocks.links.select("block_id", "sequence", "deadhead_s")
    rows = blocks.trips.join(reach, on=["block_id", "sequence"], how="left", maintain_order="left")
    rows = rows.join(leave, on=["block_id", "sequence"], how="left", maintain_order="left")
    driven = pl.col("trip_id").replace_strict(dict(trip_km), return_dtype=pl.Float64)
    following = pl.col("start_s").shift(-1).over("block_id") - pl.col("deadhead_s")
    return rows.select(
        "block_id",
        "sequence",
        "trip_id",
        "start_s",
        "end_s",
        ((driven + pl.col("deadhead_km").fill_null(0.0)) * rate).alias("energy_kwh"),
        pl.col("end_stop").alias("place"),
        following.fill_null(pl.col("end_s")).alias("until_s"),
    )


def charging_plan(
    duties: pl.DataFrame,
    chargers: Mapping[str, int],
    battery: Battery,
    *,
    shortest_charge_s: float = 120.0,
    step_s: int = 60,
    turnaround_s: float | None = None,
    effort: float = 60.0,
) -> ChargingPlan:
    """
    Charges and reliefs with the fewest vehicles beside one for each block.

    Parameters
    ----------
    duties
        From `duties_of`. Vehicles start the day full.
    chargers
        Place and how many vehicles can charge there at once; none elsewhere.
    battery
        The vehicles' battery.
    shortest_charge_s
        Least length of a charge, plugging in and out included, s.
    step_s
        Charges last a multiple of this many seconds.
    turnaround_s
        Time from the end of its last trip until a relieved vehicle is full and may relieve another, s; never on the
        same day where not given.
    effort
        How long to search, in the solver's deterministic time (about seconds), so that results do not depend on the
        machine; the first plan found is always kept.

    Returns
    -------
    plan
        With the bound that tells whether it is proved to have the fewest.

    Raises
    ------
    DataRejected
        A column or value is missing, a block's trips overlap, or a trip needs more than a full battery gives.
    BadParameter
        A parameter is out of its bounds.
    CheckFailed
        No plan was found within the effort.
    EngineMissing
        OR-Tools is not installed.
    """
    rows = _checked(duties, battery)
    for place, count in chargers.items():
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise BadParameter(f"'{place}' must have a whole number of chargers, 0 or more, not {count!r}.")
    if isinstance(step_s, bool) or not isinstance(step_s, int) or step_s < 1:
        raise BadParameter(f"`step_s` must be a whole number of seconds, 1 or more, not {step_s!r}.")
    least = max(1, math.ceil(number("shortest_charge_s", shortest_charge_s, least=0) / step_s))
    back = None if turnaround_s is None else math.ceil(number("turnaround_s", turnaround_s, least=0))
    number("effort", effort, above=0)
    model = _Plan(rows, chargers, battery, least, step_s, back)
    return model.solve(effort)


def _checked(duties: pl.DataFrame, battery: Battery) -> pl.DataFrame:
    rows = table(duties, DUTIES, "the duties").sort("block_id", "sequence")
    same = (rows["block_id"] == rows["block_id"].shift(1)).fill_null(value=False)
    said = ("trip_id", "block_id")
    for bad, why in (
        (rows["energy_kwh"] < 0, "uses a negative energy"),
        (rows["end_s"] <= rows["start_s"], "does not end after it starts"),
        (rows["until_s"] < rows["end_s"], "must leave its last stop before it gets there"),
        (rows["trip_id"].is_duplicated(), "is in the duties more than once"),
        (same & (rows["sequence"] == rows["sequence"].shift(1)), "has the same sequence as the one before"),
        (same & (rows["start_s"] < rows["until_s"].shift(1)), "starts before its vehicle can be there"),
    ):
        if (row := first(bad)) >= 0:
            trip, block = rows.select(said).row(row)
            raise DataRejected(f"Trip '{trip}' of block '{block}' {why}: mend the duties.")
    if (row := first((rows["energy_kwh"] * 1000).ceil() > battery.usable_wh)) >= 0:
        raise DataRejected(
            f"Trip '{rows['trip_id'][row]}' needs {rows['energy_kwh'][row]:g} kWh, and a full battery gives "
            f"{battery.usable_wh / 1000:g} kWh: no number of vehicles runs it."
        )
    return rows


class _Plan:
    """The constraint program. Energy is in whole Wh, use rounded up and charging down; times in whole seconds."""

    def __init__(
        self, rows: pl.DataFrame, chargers: Mapping[str, int], battery: Battery, least: int, step_s: int, back: int | None
    ) -> None:
        self.cp = need("ortools.sat.python.cp_model", "A charging plan")
        self.rows, self.step_s, self.full = rows, step_s, battery.usable_wh
        self.gain = battery.charge_kw * step_s / 3.6  # Wh a step
        self.model = self.cp.CpModel()
        self.before: list[Any] = []
        self.after: list[Any] = []
        self.reliefs: dict[int, Any] = {}
        self.charges: dict[int, tuple[Any, Any]] = {}
        at: dict[str, list[Any]] = {}
        away: list[Any] = []
        longest = 0
        table_ = rows.select("block_id", "start_s", "end_s", "energy_kwh", "place", "until_s").rows()
        for row, (block, start, end, energy, _, _) in enumerate(table_):
            full = self.model.new_int_var(0, self.full, f"before {row}")
            use = math.ceil(energy * 1000 - 1e-6)
            self.before.append(full)
            self.after.append(full - use)
            self.model.add(full >= use)
            if not row or table_[row - 1][0] != block:
                self.model.add(full == self.full)
                continue
            relief = self.model.new_bool_var(f"relief {row}")
            self.reliefs[row] = relief
            gained: Any = 0
            _, _, arrives, _, place, leaves = table_[row - 1]
            most = math.floor((math.floor(leaves) - math.ceil(arrives)) / step_s)
            if most >= least and chargers.get(place, 0):
                gained, interval = self._charge(row, relief, math.ceil(arrives), least, most)
                at.setdefault(place, []).append(interval)
                longest += most
            self.model.add(full <= self.after[row - 1] + gained).only_enforce_if(relief.Not())
            until = math.floor(start) if back is None else max(math.floor(start), math.ceil(arrives) + back)
            away.append((math.floor(start), until, relief))
        for place, intervals in at.items():
            self.model.add_cumulative(intervals, [1] * len(intervals), chargers[place])
        self._count(away, longest, back)

    def _charge(self, row: int, relief: Any, arrives: int, least: int, most: int) -> tuple[Any, Any]:
        """Add one charge before a trip; what it gains and when it holds the charger."""
        here = self.model.new_bool_var(f"charges {row}")
        steps = self.model.new_int_var(0, most, f"steps {row}")
        begin = self.model.new_int_var(arrives, arrives + (most - least) * self.step_s, f"begins {row}")
        end = self.model.new_int_var(arrives, arrives + most * self.step_s, f"ends {row}")
        interval = self.model.new_optional_interval_var(begin, steps * self.step_s, end, here, f"charge {row}")
        self.model.add(steps >= least).only_enforce_if(here)
        self.model.add(steps == 0).only_enforce_if(here.Not())
        self.model.add_implication(relief, here.Not())
        self.charges[row] = (begin, steps)
        gained = self.model.new_int_var(0, self.full, f"gained {row}")
        self.model.add_division_equality(gained, ..., 1)
        return gained, interval

    def _count(self, away: list[Any], longest: int, back: int | None) -> None:
        """Vehicles beside one a block: all reliefs, or those that are away at once when vehicles come back."""
        reliefs = list(self.reliefs.values())
        self.extra = self.model.new_int_var(0, len(reliefs), "extra")
        if back is None:
            self.model.add(self.extra == sum(reliefs))
        elif away:
            spans = [
                self.model.new_optional_fixed_size_interval_var(start, end - start, relief, f"away {place}")
                for place, (start, end, relief) in enumerate(away)
            ]
            self.model.add_cumulative(spans, [1] * len(spans), self.extra)
        steps = sum(each for _, each in self.charges.values())
        self.weight = (longest + 1) * (len(reliefs) + 1)
        self.model.minimize(self.extra * self.weight + sum(reliefs) * (longest + 1) + steps)

    def solve(self, effort: float) -> ChargingPlan:
        """Search, and read the plan."""
        solver = self.cp.CpSolver()
        solver.parameters.num_workers, solver.parameters.random_seed = 1, 1
        solver.parameters.max_deterministic_time = effort
        status = solver.solve(self.model)
        if status not in (self.cp.OPTIMAL, self.cp.FEASIBLE):
            raise CheckFailed(f"No charging plan was found ({solver.status_name(status)}): give more effort.")
        rows, frame = self.rows, pl.DataFrame
        names = rows.select("block_id", "sequence", "trip_id", "place").rows()
        reliefs = [
            (names[row][0], names[row - 1][2], names[row][2])
            for row, each in self.reliefs.items()
            if solver.value(each)
        ]
        charges = []
        for row, (begin, steps) in self.charges.items():
            if solver.value(steps):
                start, kept = solver.value(begin), solver.value(self.before[row]) - solver.value(self.after[row - 1])
                charges.append((names[row][0], names[row - 1][2], names[row - 1][3], start, start + solver.value(steps) * self.step_s, kept / 1000))
        energy = [
            (names[row][0], names[row][1], names[row][2], solver.value(self.before[row]) / 1000, solver.value(self.after[row]) / 1000)
            for row in range(rows.height)
        ]
        bound = max(0, math.ceil((solver.best_objective_bound - self.weight + 1) / self.weight - 1e-9))
        return ChargingPlan(
            solver.value(self.extra),
            bound,
            frame(reliefs, schema=dict.fromkeys(("block_id", "after_trip_id", "next_trip_id"), pl.String), orient="row"),
            frame(charges, schema={"block_id": pl.String}, orient="row"),
            frame(energy, schema={"block_id": pl.String}, orient="row"),
        )
