"""Vehicle blocks: against brute force, by flow and by matching, and what driving empty means."""

import math
import random

import polars as pl
import pytest
from optimisation_samples import trips

from workbench.errors import BadParameter, DataRejected, UnknownName
from workbench.optimisation import CrowFlies, Measured, most_at_once, vehicle_blocks


def legs(*rows: tuple[str, str, float, float]) -> Measured:
    return Measured(pl.DataFrame(rows, schema=["from_stop", "to_stop", "km", "minutes"], orient="row"))


def test_a_vehicle_drives_empty_where_there_is_time(shuttle, stops):
    done = vehicle_blocks(shuttle, CrowFlies(stops, speed_kmh=30, detour=1.5))
    assert done.vehicles == 2
    assert done.trips.select("block_id", "sequence", "trip_id").rows() == [
        ("B0001", 1, "t1"), ("B0001", 2, "t2"), ("B0001", 3, "t4"), ("B0002", 1, "t3"),
    ]  # fmt: skip
    assert done.deadhead_km == 0
    hurried = vehicle_blocks(
        shuttle.filter(trip_id="t1").vstack(shuttle.filter(trip_id="t3")),
        CrowFlies(stops, speed_kmh=30, detour=1.5),
    )
    assert hurried.vehicles == 1
    link = hurried.links.row(0, named=True)
    assert (link["from_stop"], link["to_stop"], link["next_trip_id"]) == ("b", "c", "t3")
    assert link["deadhead_km"] == pytest.approx(0.15, rel=1e-6)
    assert link["deadhead_s"] == pytest.approx(18, rel=1e-6)
    assert link["wait_s"] == pytest.approx(300 - 18, rel=1e-6)
    assert (hurried.deadhead_km, hurried.cost) == pytest.approx((0.15, 0.15), rel=1e-6)


def test_layover_and_longest_wait_are_kept(shuttle, stops):
    near = CrowFlies(stops, speed_kmh=30)
    assert vehicle_blocks(shuttle, near, layover_s=284).vehicles == 2  # t1 to t3 by 130 m, t2 to t4
    assert vehicle_blocks(shuttle, near, layover_s=285).vehicles == 3
    there_and_back = shuttle.filter(pl.col("trip_id") != "t3")
    assert vehicle_blocks(there_and_back, near, longest_wait_s=300).vehicles == 1
    assert vehicle_blocks(there_and_back, near, longest_wait_s=299).vehicles == 2


def test_fewest_vehicles_come_before_least_cost():
    day = trips(("x", "a", "b", 0, 10), ("y", "c", "d", 600, 700))
    done = vehicle_blocks(day, legs(("b", "c", 1000, 5), ("d", "a", 0, 0)), cost_per_km=9)
    assert (done.vehicles, done.deadhead_km, done.cost) == (1, 1000, 9000)


def test_waiting_may_cost():
    day = trips(("x", "a", "b", 0, 10), ("y", "a", "b", 0, 100), ("z", "b", "a", 110, 200))
    for method in ("flow", "matching"):
        done = vehicle_blocks(
            day, legs(("b", "b", 0, 0), ("a", "b", 9, 99)), cost_per_waiting_hour=36, method=method
        )
        assert done.links["trip_id"].to_list() == ["y"]
        assert done.cost == pytest.approx(0.1)


def brute_force(rows, table, layover):
    """Fewest vehicles, then least kilometres, by trying every next trip of every trip."""
    order = sorted(rows, key=lambda row: row[3])

    def least(index, standing, km):
        if index == len(order):
            return len(standing), km
        _, start, end, leaves, arrives = order[index]
        best = least(index + 1, (*standing, (end, arrives)), km)
        for place, (stop, ready) in enumerate(standing):
            far, long = table[stop, start]
            if ready + long + layover <= leaves:
                following = (*standing[:place], (end, arrives), *standing[place + 1 :])
                best = min(best, least(index + 1, following, km + far))
        return best

    return least(0, (), 0)


@pytest.mark.parametrize("seed", range(25))
def test_brute_force_finds_nothing_better(seed):
    draw = random.Random(seed)
    rows = []
    for count in range(draw.randint(1, 7)):
        leaves = draw.randint(0, 60)
        rows.append(
            (f"t{count}", draw.choice("abc"), draw.choice("abc"), leaves, leaves + draw.randint(1, 20))
        )
    table = {
        (one, two): (draw.randint(0, 9), 0 if one == two else draw.randint(1, 30))
        for one in "abc"
        for two in "abc"
    }
    layover = draw.choice([0, 0, 5])
    deadheads = legs(*((*pair, far, long / 60) for pair, (far, long) in table.items()))
    vehicles, km = brute_force(rows, table, layover)
    for method in ("flow", "matching"):
        done = vehicle_blocks(trips(*rows), deadheads, layover_s=layover, method=method)
        assert (done.vehicles, done.deadhead_km, done.cost) == (
            vehicles,
            pytest.approx(km),
            pytest.approx(km),
        )
        assert sorted(done.trips["trip_id"]) == sorted(row[0] for row in rows)
        assert done.trips.height - done.links.height == done.vehicles >= most_at_once(trips(*rows))
        assert (done.links["wait_s"] >= layover - 1e-9).all()


def test_a_pair_that_is_not_in_the_table_cannot_be_driven():
    day = trips(("x", "a", "b", 0, 10), ("y", "c", "d", 600, 700), ("z", "d", "a", 800, 900))
    done = vehicle_blocks(day, legs(("b", "a", 1, 1), ("d", "c", 1, 1)))
    assert (done.vehicles, done.links.select("trip_id", "next_trip_id").rows()) == (
        2,
        [("y", "z")],
    )  # d to d is 0


GOOD = pl.DataFrame({"from_stop": ["a", "b"], "to_stop": ["b", "a"], "km": [1.0, 1.0], "minutes": [2.0, 2.0]})


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (GOOD.clear(), "There are no rows in the deadhead table"),
        (GOOD.with_columns(km=pl.lit(-1.0)), "row 1 of the deadhead table: `km` -1 is negative"),
        (GOOD.with_columns(minutes=pl.lit(math.nan)), "row 1 of the deadhead table: `minutes` is nan"),
        (pl.concat([GOOD, GOOD]), "'a' to 'b' more than once"),
        (GOOD.drop("km"), "The column `km` is missing in the deadhead table"),
    ],
)
def test_bad_tables_are_told(bad, says):
    with pytest.raises(DataRejected, match=says):
        Measured(bad)


def test_bad_parameters_are_told(shuttle, stops):
    near = CrowFlies(stops, speed_kmh=30)
    with pytest.raises(UnknownName, match=r"No stop is called 'c'\. Known: a, b\. The trips use it"):
        vehicle_blocks(shuttle, Measured(GOOD))
    with pytest.raises(UnknownName, match="No stop is called 'b'"):
        vehicle_blocks(shuttle, CrowFlies(stops.filter(stop_id="a"), speed_kmh=30))
    with pytest.raises(DataRejected, match="Stop 'a' is nowhere on earth"):
        vehicle_blocks(shuttle, CrowFlies(stops.with_columns(stop_lat=pl.lit(91.0)), speed_kmh=30))
    with pytest.raises(DataRejected, match="Stop 'a' is in the stops more than once"):
        vehicle_blocks(shuttle, CrowFlies(pl.concat([stops, stops]), speed_kmh=30))
    for change, says in (
        ({"layover_s": -5}, "`layover_s` must be at least 0, not -5"),
        ({"layover_s": 60, "longest_wait_s": 30}, "`longest_wait_s` must be at least 60, not 30"),
        ({"cost_per_km": math.inf}, "`cost_per_km` must be at least 0, not inf"),
        ({"cost_per_waiting_hour": True}, "`cost_per_waiting_hour` must be at least 0, not True"),
    ):
        with pytest.raises(BadParameter, match=says):
            vehicle_blocks(shuttle, near, **change)
    with pytest.raises(UnknownName, match="No method is called 'luck'"):
        vehicle_blocks(shuttle, near, method="luck")
    with pytest.raises(BadParameter, match="`speed_kmh` must be above 0, not 0"):
        CrowFlies(stops, speed_kmh=0)
    with pytest.raises(BadParameter, match=r"`detour` must be at least 1, not 0\.9"):
        CrowFlies(stops, speed_kmh=30, detour=0.9)


def test_too_many_pairs_are_refused_before_they_are_made(stops):
    day = trips(*((f"t{count}", "a", "b", count, count + 1) for count in range(9000)))
    with pytest.raises(
        BadParameter, match="40,495,500 pairs of trips are too many to try: set `longest_wait_s`"
    ):
        vehicle_blocks(day, CrowFlies(stops, speed_kmh=30))
    with pytest.raises(BadParameter, match="takes up to 4,000 trips, not 9,000: use 'flow'"):
        vehicle_blocks(day, CrowFlies(stops, speed_kmh=600), longest_wait_s=60, method="matching")
