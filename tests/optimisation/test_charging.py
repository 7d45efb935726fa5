"""Charging: against brute force on small cases, and plans that a battery and a charger can really follow."""

import itertools
import math
import random

import polars as pl
import pytest

from workbench.errors import BadParameter, DataRejected
from workbench.optimisation import Battery, CrowFlies, charging_plan, duties_of, vehicle_blocks

STEP = 600


def duties(*rows: tuple[str, str, float, float, float, str, float]) -> pl.DataFrame:
    """Duties from (block_id, trip_id, start_s, end_s, energy_kwh, place, until_s), in order."""
    frame = pl.DataFrame(
        rows,
        schema=["block_id", "trip_id", "start_s", "end_s", "energy_kwh", "place", "until_s"],
        orient="row",
    )
    return frame.with_columns(pl.int_range(1, pl.len() + 1).over("block_id").alias("sequence"))


TWO = duties(
    ("B1", "x1", 0, 600, 60, "hub", 1200),
    ("B1", "x2", 1200, 1800, 60, "end", 1800),
    ("B2", "y1", 0, 600, 60, "hub", 1200),
    ("B2", "y2", 1200, 1800, 60, "end", 1800),
)


def test_one_charger_serves_one_bus_and_the_other_is_relieved():
    battery = Battery(capacity_kwh=125, reserve=0.2, charge_kw=120)  # 100 kWh usable; 20 in ten minutes
    done = charging_plan(TWO, {"hub": 1}, battery, step_s=STEP)
    assert (done.extra_vehicles, done.lower_bound) == (1, 1)
    assert done.charges.height == done.reliefs.height == 1
    charge = done.charges.row(0, named=True)
    assert (charge["place"], charge["from_s"], charge["to_s"], charge["energy_kwh"]) == ("hub", 600, 1200, 20)
    assert sorted(done.energy["after_kwh"]) == [0, 40, 40, 40]
    assert charging_plan(TWO, {"hub": 2}, battery, step_s=STEP).extra_vehicles == 0
    assert charging_plan(TWO, {}, battery, step_s=STEP).extra_vehicles == 2
    assert charging_plan(TWO, {"end": 9}, battery, step_s=STEP).extra_vehicles == 2


def test_blocks_of_one_trip_need_nothing():
    done = charging_plan(
        TWO.unique("block_id"), {"hub": 1}, Battery(capacity_kwh=150, charge_kw=120), turnaround_s=60
    )
    assert (done.extra_vehicles, done.lower_bound, done.energy.height) == (0, 0, 2)


def test_a_large_battery_needs_nothing():
    done = charging_plan(TWO, {"hub": 1}, Battery(capacity_kwh=150, charge_kw=120))
    assert (done.extra_vehicles, done.charges.height, done.reliefs.height) == (0, 0, 0)
    assert done.energy["before_kwh"].to_list() == [120, 60, 120, 60]


def test_a_relieved_vehicle_may_relieve_another_when_it_is_full_again():
    rows = duties(
        ("B1", "x1", 0, 600, 90, "hub", 700),
        ("B1", "x2", 700, 1300, 90, "hub", 1300),
        ("B2", "y1", 3000, 3600, 90, "hub", 3700),
        ("B2", "y2", 3700, 4300, 90, "hub", 4300),
    )
    battery = Battery(capacity_kwh=100, reserve=0, charge_kw=60)
    extra = {
        turn: charging_plan(rows, {}, battery, turnaround_s=turn).extra_vehicles
        for turn in (None, 3101, 3100, 60)
    }
    assert extra == {None: 2, 3101: 2, 3100: 1, 60: 0}  # away from 700 until 600 + 3100; back before 700


def brute_force(rows: pl.DataFrame, chargers: int, usable: int, gain: int, least: int, back: int | None):
    """Fewest vehicles, reliefs and steps by trying every relief and every charge that begins on a step."""
    table = rows.select("block_id", "start_s", "end_s", "energy_kwh", "until_s").rows()
    gaps = [row for row in range(1, len(table)) if table[row][0] == table[row - 1][0]]
    options = {}
    for row in gaps:
        arrives, leaves = table[row - 1][2], table[row - 1][4]
        most = int(leaves - arrives) // STEP
        charges = [
            (0, arrives + STEP * begin, steps)
            for steps in range(least, most + 1)
            for begin in range(most - steps + 1)
        ]
        options[row] = [(1, 0, 0), (0, 0, 0), *(charges if chargers else [])]
    best = (math.inf,)
    for chosen in itertools.product(*options.values()):
        plan = dict(zip(options, chosen, strict=True))
        level, good = usable, True
        for row, (_, _, _, energy, _) in enumerate(table):
            relief, _, steps = plan.get(row, (1, 0, 0))
            level = usable if relief else min(usable, level + steps * gain)
            level -= energy
            good = good and level >= 0
        spans = [(begin, begin + steps * STEP) for _, begin, steps in chosen if steps]
        busy = max((sum(low <= at < high for low, high in spans) for at, _ in spans), default=0)
        if not good or busy > chargers:
            continue
        swaps = [row for row in plan if plan[row][0]]
        away = [(table[row][1], math.inf if back is None else table[row - 1][2] + back) for row in swaps]
        extra = max((sum(low <= at < high for low, high in away) for at, _ in away), default=0)
        best = min(best, (extra, len(swaps), sum(steps for _, _, steps in chosen)))
    return best


@pytest.mark.parametrize("seed", range(20))
def test_brute_force_finds_nothing_better(seed):
    draw = random.Random(seed)
    rows = []
    for block in range(2):
        at = STEP * draw.randint(0, 3)
        for trip in range(3):
            end = at + STEP
            until = end + STEP * draw.randint(0, 3)
            rows.append((f"B{block}", f"t{block}{trip}", at, end, draw.randint(20, 60), "hub", until))
            at = until
    frame, chargers, least = duties(*rows), draw.randint(0, 2), draw.choice([1, 2])
    back = draw.choice([None, STEP, 4 * STEP])
    best = brute_force(frame, chargers, 100, 20, least, back)
    done = charging_plan(
        frame,
        {"hub": chargers},
        Battery(capacity_kwh=100, reserve=0, charge_kw=120),
        step_s=STEP,
        shortest_charge_s=least * STEP,
        turnaround_s=back,
    )
    steps = sum((done.charges["to_s"] - done.charges["from_s"]).to_list()) / STEP
    assert (done.extra_vehicles, done.reliefs.height, steps) == best
    assert done.lower_bound == best[0]


def test_a_plan_can_be_followed():
    draw = random.Random(5)
    rows = []
    for block in range(4):
        at = 0.0
        for trip in range(6):
            end = at + draw.uniform(1200, 2400)
            until = end + draw.uniform(0, 1500)
            rows.append(
                (f"B{block}", f"t{block}{trip}", at, end, draw.uniform(20, 45), draw.choice("hh-"), until)
            )
            at = until + draw.uniform(0, 300)
    frame, battery = duties(*rows), Battery(capacity_kwh=150, reserve=0.3, charge_kw=90)
    done = charging_plan(frame, {"h": 1}, battery, step_s=60, shortest_charge_s=180, turnaround_s=7200)
    assert (done.energy["before_kwh"] <= 105).all()
    assert (done.energy["after_kwh"] >= 0).all()
    windows = {trip: (end, until, place) for _, trip, _, end, _, place, until in rows}
    spans = sorted(done.charges.select("from_s", "to_s").rows())
    assert all(first[1] <= then[0] for first, then in itertools.pairwise(spans))  # one charger
    for charge in done.charges.iter_rows(named=True):
        arrives, leaves, place = windows[charge["after_trip_id"]]
        assert place == charge["place"] == "h"
        assert arrives <= charge["from_s"] <= charge["to_s"] - 180
        assert charge["to_s"] <= leaves
        assert charge["energy_kwh"] <= (charge["to_s"] - charge["from_s"]) * 90 / 3600 + 1e-9
    again = charging_plan(frame, {"h": 1}, battery, step_s=60, shortest_charge_s=180, turnaround_s=7200)
    assert again.charges.equals(done.charges)
    assert again.energy.equals(done.energy)


def test_duties_come_from_blocks(shuttle, stops):
    blocks = vehicle_blocks(
        shuttle.filter(pl.col("trip_id") != "t2"), CrowFlies(stops, speed_kmh=36, detour=1.2)
    )
    asked = duties_of(blocks, {"t1": 10, "t3": 11, "t4": 10}, kwh_per_km=2)
    assert blocks.vehicles == 1
    assert asked["energy_kwh"].to_list() == pytest.approx([20, 22 + 2 * 0.12, 20], rel=1e-6)
    assert asked["place"].to_list() == ["b", "a", "b"]
    assert asked["until_s"].to_list() == pytest.approx([900 - 12, 1500, 2100], rel=1e-6)
    assert charging_plan(asked, {}, Battery(capacity_kwh=100, charge_kw=50)).extra_vehicles == 0
    with pytest.raises(DataRejected, match="Trip 't4' has no length: give its kilometres"):
        duties_of(blocks, {"t1": 10, "t3": 11}, kwh_per_km=2)
    with pytest.raises(BadParameter, match=r"`trip_km\['t1'\]` must be above 0, not 0"):
        duties_of(blocks, {"t1": 0, "t3": 11, "t4": 10}, kwh_per_km=2)
    with pytest.raises(BadParameter, match="`kwh_per_km` must be above 0"):
        duties_of(blocks, {"t1": 10, "t3": 11, "t4": 10}, kwh_per_km=-1)


BATTERY = Battery(capacity_kwh=125, charge_kw=120)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (TWO.clear(), "There are no rows in the duties"),
        (TWO.drop("place"), "The column `place` is missing in the duties"),
        (TWO.with_columns(energy_kwh=pl.lit(math.nan)), "row 1 of the duties: `energy_kwh` is nan"),
        (
            TWO.with_columns(energy_kwh=-pl.col("energy_kwh")),
            "Trip 'x1' of block 'B1' uses a negative energy",
        ),
        (
            TWO.with_columns(energy_kwh=pl.lit(101.0)),
            "Trip 'x1' needs 101 kWh, and a full battery gives 100 kWh",
        ),
        (TWO.with_columns(end_s=pl.col("start_s")), "Trip 'x1' of block 'B1' does not end after it starts"),
        (TWO.with_columns(until_s=pl.lit(0)), "must leave its last stop before it gets there"),
        (
            TWO.with_columns(start_s=pl.lit(0)),
            "Trip 'x2' of block 'B1' starts before its vehicle can be there",
        ),
        (TWO.with_columns(trip_id=pl.lit("x")), "Trip 'x' of block 'B1' is in the duties more than once"),
        (TWO.with_columns(sequence=pl.lit(1)), "has the same sequence as the one before"),
    ],
)
def test_bad_duties_are_told(bad, says):
    with pytest.raises(DataRejected, match=says):
        charging_plan(bad, {"hub": 1}, BATTERY)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"chargers": {"hub": -1}}, r"`chargers\['hub'\]` must be a whole number, 0 or more, not -1"),
        ({"chargers": {"hub": 1.0}}, "0 or more, not 1.0"),
        ({"step_s": 0}, "`step_s` must be a whole number, 1 or more, not 0"),
        ({"shortest_charge_s": -1}, "`shortest_charge_s` must be at least 0"),
        ({"turnaround_s": math.nan}, "`turnaround_s` must be at least 0, not nan"),
        ({"effort": 0}, "`effort` must be above 0"),
        (
            {"battery": Battery(capacity_kwh=125, charge_kw=0.001), "step_s": 1},
            "less than 1 Wh in `step_s` 1",
        ),
    ],
)
def test_bad_parameters_are_told(change, says):
    given = {"chargers": {"hub": 1}, "battery": BATTERY, **change}
    with pytest.raises(BadParameter, match=says):
        charging_plan(TWO, given.pop("chargers"), given.pop("battery"), **given)


@pytest.mark.parametrize(
    "bad",
    [{"capacity_kwh": 0}, {"charge_kw": -1}, {"reserve": 1}, {"reserve": -0.1}, {"capacity_kwh": math.nan}],
)
def test_bad_batteries_are_told(bad):
    with pytest.raises(BadParameter, match="must be"):
        Battery(**{"capacity_kwh": 100, "charge_kw": 60, **bad})
