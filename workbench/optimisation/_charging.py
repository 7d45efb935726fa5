"""
The constraint program behind `charging_plan`.

Energy is in whole Wh, use rounded up and charging down; times are whole seconds, a wait rounded inwards.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from workbench._need import need
from workbench.errors import CheckFailed

STRATEGIES = ("default_lp", "max_lp", "no_lp", "quick_restart", "reduced_costs", "objective_lb_search")
"""Of CP-SAT: reliefs without chargers want strong relaxations, many charges want none."""
RELIEFS = {"block_id": pl.String, "after_trip_id": pl.String, "next_trip_id": pl.String}
CHARGES = {
    "block_id": pl.String,
    "after_trip_id": pl.String,
    "place": pl.String,
    "from_s": pl.Int64,
    "to_s": pl.Int64,
    "energy_kwh": pl.Float64,
}
ENERGY = {
    "block_id": pl.String,
    "sequence": pl.Int64,
    "trip_id": pl.String,
    "before_kwh": pl.Float64,
    "after_kwh": pl.Float64,
}


@dataclass(frozen=True)
class Duty:
    """One trip of a block: `use_wh` is what it takes; its vehicle then waits at `place` until `leaves_s`."""

    block_id: str
    sequence: int
    trip_id: str
    starts_s: int
    arrives_s: int
    use_wh: int
    place: str
    leaves_s: int


class ChargingModel:
    """
    What may be decided before each trip that is not the first of its block: a charge, or a relief.

    Parameters
    ----------
    rows
        Checked duties in the order of blocks.
    chargers
        Chargers by place.
    full_wh, gain_wh
        What a full battery gives, and what a step of charging adds.
    least_steps, step_s
        Shortest charge in steps, and the length of a step.
    turnaround_s
        See `charging_plan`.
    """

    def __init__(
        self,
        rows: pl.DataFrame,
        chargers: Mapping[str, int],
        *,
        full_wh: int,
        gain_wh: int,
        least_steps: int,
        step_s: int,
        turnaround_s: int | None,
    ) -> None:
        self.cp = need("ortools.sat.python.cp_model", "A charging plan")
        self.model = self.cp.CpModel()
        self.full_wh, self.gain_wh, self.least_steps, self.step_s = full_wh, gain_wh, least_steps, step_s
        self.duties = _duties(rows)
        self.reliefs: dict[int, Any] = {}
        self.charges: dict[int, tuple[Any, Any]] = {}
        self.holds: dict[str, list[Any]] = {}
        self._decide(chargers)
        self._energy()
        for place, intervals in self.holds.items():
            self.model.add_cumulative(intervals, [1] * len(intervals), chargers[place])
        self._extra(turnaround_s)
        self.plan: dict[int, tuple[int, ...]] = {}

    def _decide(self, chargers: Mapping[str, int]) -> None:
        """Add what may be decided before each trip that is not the first of its block."""
        for row, duty in enumerate(self.duties):
            if not row or self.duties[row - 1].block_id != duty.block_id:
                continue
            self.reliefs[row] = self.model.new_bool_var(f"relief {row}")
            if chargers.get(self.duties[row - 1].place):
                self._charge(row, self.reliefs[row])

    def _energy(self) -> None:
        """
        Keep every stretch of a block within a full battery.

        A battery that is full at the start of a stretch, and is neither full again nor relieved in it, gives
        what it holds and what it was charged. To ask this of all stretches is to follow the battery exactly,
        and has a far tighter relaxation than to follow it trip by trip.
        """
        for first, duty in enumerate(self.duties):
            used, charged, relieved = duty.use_wh, [], []
            for row in range(first + 1, len(self.duties)):
                if self.duties[row].block_id != duty.block_id:
                    break
                used += self.duties[row].use_wh
                relieved.append(self.reliefs[row])
                if row in self.charges:
                    charged.append(self.charges[row][1])
                if (lacking := used - self.full_wh) > 0:
                    self.model.add(self.gain_wh * sum(charged) + lacking * sum(relieved) >= lacking)

    def _charge(self, row: int, relief: Any) -> None:
        """Add the charge before a trip, if the wait is long enough."""
        waits = self.duties[row - 1]
        most = (waits.leaves_s - waits.arrives_s) // self.step_s
        if most < self.least_steps:
            return
        model, latest = self.model, waits.arrives_s + most * self.step_s
        here = model.new_bool_var(f"charges {row}")
        steps = model.new_int_var(0, most, f"steps {row}")
        begins = model.new_int_var(waits.arrives_s, latest, f"begins {row}")
        ends = model.new_int_var(waits.arrives_s, latest, f"ends {row}")
        hold = model.new_optional_interval_var(begins, steps * self.step_s, ends, here, f"holds {row}")
        model.add(steps >= self.least_steps).only_enforce_if(here)
        model.add(steps == 0).only_enforce_if(here.Not())
        model.add_implication(relief, here.Not())
        self.holds.setdefault(waits.place, []).append(hold)
        self.charges[row] = (begins, steps)

    def _extra(self, turnaround_s: int | None) -> None:
        """Count vehicles beside one a block: all reliefs, or, when they come back, those away at once."""
        self.extra = self.model.new_int_var(0, len(self.reliefs), "extra")
        self.all_count = turnaround_s is None or not self.reliefs
        if turnaround_s is None or self.all_count:
            self.model.add(self.extra == sum(self.reliefs.values()))
            return
        away = []
        for row, relief in self.reliefs.items():
            start = self.duties[row].starts_s
            length = max(0, self.duties[row - 1].arrives_s + turnaround_s - start)
            away.append(self.model.new_optional_fixed_size_interval_var(start, length, relief, f"away {row}"))
        self.model.add_cumulative(away, [1] * len(away), self.extra)

    def solve(self, effort: float) -> tuple[int, int]:
        """
        Search: fewest vehicles, then fewest reliefs, then least time on chargers.

        Returns
        -------
        extra, bound
            Vehicles beside one for each block, and the fewest that any plan has.
        """
        for relief in self.reliefs.values():
            self.model.add_hint(relief, 1)
        extra, bound = self._search(self.extra, effort)
        reliefs, steps = list(self.reliefs.values()), [steps for _, steps in self.charges.values()]
        for aim, terms in ((0, reliefs), (2, steps)):
            now = sum(decided[aim] for decided in self.plan.values())
            if now and not (aim == 0 and self.all_count):
                self._search(sum(terms), effort)
            else:
                self.model.add(sum(terms) <= now)
        return extra, bound

    def _search(self, aim: Any, effort: float) -> tuple[int, int]:
        """Make one aim as small as possible, keep the plan, and hold the aim to what was found."""
        self.model.minimize(aim)
        solver = self.cp.CpSolver()
        # Strategies take turns in one thread: with several threads, which of equal plans is found is chance.
        solver.parameters.num_workers, solver.parameters.interleave_search = 1, True
        solver.parameters.subsolvers.extend(STRATEGIES)
        solver.parameters.random_seed, solver.parameters.max_deterministic_time = 1, effort
        status = solver.solve(self.model)
        if status in (self.cp.OPTIMAL, self.cp.FEASIBLE):
            self._keep(solver)
            found = round(solver.objective_value)
            self.model.add(aim <= found)
            return found, max(0, math.ceil(solver.best_objective_bound - 1e-6))
        if not self.plan:
            why = solver.status_name(status)
            raise CheckFailed(f"No charging plan was found in the effort given ({why}): give more effort.")
        return 0, 0

    def _keep(self, solver: Any) -> None:
        """Remember the plan, and start the next search from it."""
        self.model.clear_hints()
        for row, relief in self.reliefs.items():
            decided = (relief, *self.charges.get(row, ()))
            values = [int(solver.value(each)) for each in decided]
            for each, value in zip(decided, values, strict=True):
                self.model.add_hint(each, value)
            self.plan[row] = (*values, 0, 0)[:3]

    def read(self) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Read reliefs, charges and energy off the plan."""
        reliefs, charges, energy = [], [], []
        after = 0
        for row, duty in enumerate(self.duties):
            before, last = self.full_wh, self.duties[row - 1]
            relief, begins, steps = self.plan.get(row, (0, 0, 0))
            if relief:
                reliefs.append((duty.block_id, last.trip_id, duty.trip_id))
            elif row in self.plan:
                before = min(self.full_wh, after + steps * self.gain_wh)
            if steps:
                span = (begins, begins + steps * self.step_s)
                charges.append((duty.block_id, last.trip_id, last.place, *span, (before - after) / 1000))
            after = before - duty.use_wh
            energy.append((duty.block_id, duty.sequence, duty.trip_id, before / 1000, after / 1000))
        return (
            pl.DataFrame(reliefs, schema=RELIEFS, orient="row"),
            pl.DataFrame(charges, schema=CHARGES, orient="row"),
            pl.DataFrame(energy, schema=ENERGY, orient="row"),
        )


def _duties(rows: pl.DataFrame) -> list[Duty]:
    columns = ["block_id", "sequence", "trip_id", "start_s", "end_s", "energy_kwh", "place", "until_s"]
    return [
        Duty(
            block,
            order,
            trip,
            math.floor(start),
            math.ceil(end),
            math.ceil(kwh * 1000 - 1e-6),
            place,
            math.floor(until),
        )
        for block, order, trip, start, end, kwh, place, until in rows.select(columns).iter_rows()
    ]
