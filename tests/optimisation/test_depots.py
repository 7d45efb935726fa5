"""Multi-depot schedules: against brute force, bounds that hold, and files that are none."""

import itertools
import math
import random

import numpy as np
import polars as pl
import pytest
from optimisation_samples import trips

from workbench.errors import BadParameter, CheckFailed, DataRejected, UnknownName
from workbench.optimisation import (
    CrowFlies,
    DepotProblem,
    depot_problem,
    depot_schedule,
    read_depot_problem,
    relax,
    vehicle_blocks,
)
from workbench.optimisation._depotmodel import DepotModel


def drawn(seed: int, *, depots: int = 2, count: int = 6, vehicles: int = 3) -> DepotProblem:
    """A problem with random costs; links lead from a trip to later ones only."""
    draw = random.Random(seed)
    cost = [[float(draw.randint(10, 99)) for _ in range(count)] for _ in range(2 * depots)]
    link = np.full((count, count), np.inf)
    for one in range(count):
        for two in range(one + 1, count):
            if draw.random() < 0.6:
                link[one, two] = draw.randint(0, 60)
    return DepotProblem(
        pull_out=np.array(cost[:depots]),
        pull_in=np.array(cost[depots:]).T,
        link=link,
        vehicles=tuple(draw.randint(0, vehicles) for _ in range(depots)),
        depots=tuple("XYZ"[:depots]),
        trips=tuple(f"t{trip}" for trip in range(count)),
    )


def brute_force(problem: DepotProblem) -> float:
    """Least cost by trying every vehicle for every trip; infinite where there is no schedule."""
    count = len(problem.trips)

    def least(trip: int, running: tuple[tuple[int, int], ...]) -> float:
        if trip == count:
            return sum(problem.pull_in[last, depot] for depot, last in running)
        best = math.inf
        for depot, most in enumerate(problem.vehicles):
            if sum(each == depot for each, _ in running) < most:
                cost = problem.pull_out[depot, trip]
                best = min(best, cost + least(trip + 1, (*running, (depot, trip))))
        for place, (depot, last) in enumerate(running):
            cost = problem.link[last, trip]
            if cost < math.inf:
                following = (*running[:place], (depot, trip), *running[place + 1 :])
                best = min(best, cost + least(trip + 1, following))
        return best

    return least(0, ())


@pytest.mark.parametrize("seed", range(25))
def test_brute_force_finds_nothing_better(seed):
    problem = drawn(seed, depots=2 + seed % 2)
    best = brute_force(problem)
    if best == math.inf:
        with pytest.raises(CheckFailed, match="No schedule exists with the vehicles that the depots have"):
            depot_schedule(problem, gap=0)
        return
    done = depot_schedule(problem, gap=0)
    assert done.cost == pytest.approx(best)
    assert done.gap == pytest.approx(0, abs=1e-9)
    assert relax(problem).bound <= best + 1e-6
    assert done.relaxation == pytest.approx(relax(problem).bound)
    rough = depot_schedule(problem, gap=0.5)
    assert rough.lower_bound - 1e-6 <= best <= rough.cost + 1e-6
    assert rough.cost - rough.lower_bound <= 0.5 * rough.cost + 1e-6


def test_the_cost_of_a_schedule_is_that_of_its_blocks():
    problem = drawn(3, depots=3, count=30, vehicles=9)
    told: list[str] = []
    done = depot_schedule(problem, gap=0.01, progress=told.append)
    cost = 0.0
    for block in done.blocks.partition_by("block_id", maintain_order=True):
        run = [problem.trips.index(trip) for trip in block["trip_id"]]
        depot = problem.depots.index(block["depot"][0])
        assert block["sequence"].to_list() == list(range(1, len(run) + 1))
        assert block["depot"].n_unique() == 1
        cost += problem.pull_out[depot, run[0]] + problem.pull_in[run[-1], depot]
        cost += sum(problem.link[one, two] for one, two in itertools.pairwise(run))
    assert done.cost == pytest.approx(cost)
    assert sorted(done.blocks["trip_id"]) == sorted(problem.trips)
    counts = done.blocks.group_by("depot").agg(pl.col("block_id").n_unique().alias("used"))
    both = done.vehicles.join(counts, on="depot", how="left")
    assert both["vehicles"].to_list() == both["used"].fill_null(0).to_list()
    assert (done.vehicles["vehicles"] <= done.vehicles["available"]).all()
    assert done.lower_bound <= done.cost
    assert done.gap <= 0.01
    assert any("relaxation, round 1" in each for each in told)


def test_links_that_looked_dear_still_count():
    """More trips than the first relaxation has links for: the bound is the one over all links."""
    draw = random.Random(1)
    count = 60
    link = np.array(
        [
            [float(draw.randint(0, 999)) if one < two else np.inf for two in range(count)]
            for one in range(count)
        ]
    )
    out = np.array([[float(draw.randint(500, 5000)) for _ in range(count)] for _ in range(4)])
    problem = DepotProblem(
        out, out.T.copy(), link, (3, 3, 3, 3), tuple("ABCD"), tuple(map(str, range(count)))
    )
    done = relax(problem)
    assert done.links < 4 * count * (count - 1) / 2
    model = DepotModel(problem)
    full = model.relaxed([np.arange(len(model.tail))] * 4)
    assert full is not None
    assert done.bound == pytest.approx(full[0], rel=1e-9)
    schedule = depot_schedule(problem, gap=0.02)
    assert done.bound <= schedule.lower_bound <= schedule.cost


def test_one_depot_gives_the_blocks_of_min_cost_flow(stops):
    day = trips(
        ("t1", "a", "b", 0, 600),
        ("t2", "c", "a", 900, 1500),
        ("t3", "a", "d", 1500, 2400),
        ("t4", "b", "a", 2000, 2700),
    )
    near = CrowFlies(stops, speed_kmh=30)
    problem = depot_problem(day, near, {"a": 9}, cost_per_vehicle=10_000)
    schedule, blocks = depot_schedule(problem, gap=0), vehicle_blocks(day, near)
    assert schedule.vehicles["vehicles"].sum() == blocks.vehicles == 2
    assert blocks.cost == 0  # t1 and t4 meet in b; t2 and t3 in a
    assert schedule.cost == pytest.approx(2 * 10_000 + 1.3 * (10.1 + 15), rel=1e-9)  # out to c, in from d
    two = depot_schedule(depot_problem(day, near, {"a": 9, "d": 1}, cost_per_vehicle=10_000), gap=0)
    assert two.cost <= schedule.cost + 1e-6
    free = depot_problem(day, near, {"a": 2}, cost_per_km=0)
    assert depot_schedule(free, gap=0).cost == 0


def test_trips_that_cannot_follow_one_another_take_a_vehicle_each(stops):
    day = trips(("t1", "a", "b", 0, 600), ("t2", "a", "b", 0, 600))
    done = depot_schedule(depot_problem(day, CrowFlies(stops, speed_kmh=30), {"a": 1, "b": 1}), gap=0)
    assert (done.cost, done.gap) == (pytest.approx(26, rel=1e-6), 0)  # each depot drives 10 km empty, one way
    assert done.vehicles["vehicles"].to_list() == [1, 1]


def test_too_few_vehicles_is_said(stops):
    day = trips(("t1", "a", "b", 0, 600), ("t2", "a", "b", 0, 600))
    near = CrowFlies(stops, speed_kmh=30)
    with pytest.raises(
        CheckFailed, match="No schedule exists with the vehicles that the depots have: add vehicles"
    ):
        depot_schedule(depot_problem(day, near, {"a": 1}))
    for bad in (-1, 1.5, True):
        with pytest.raises(BadParameter, match=r"`vehicles\['a'\]` must be a whole number, 0 or more"):
            depot_problem(day, near, {"a": bad})
    with pytest.raises(BadParameter, match="No depot is given"):
        depot_problem(day, near, {})
    with pytest.raises(UnknownName, match="No stop is called 'depot'"):
        depot_problem(day, near, {"depot": 1})
    with pytest.raises(DataRejected, match="There are no rows in the trips"):
        depot_problem(day.clear(), near, {"a": 1})


def test_bad_limits_are_told():
    for change, says in (
        ({"gap": -0.1}, "`gap` must be at least 0"),
        ({"gap": 2}, "at most 1, not 2"),
        ({"time_limit_s": 0}, "above 0"),
    ):
        with pytest.raises(BadParameter, match=says):
            depot_schedule(drawn(0), **change)
    with pytest.raises(CheckFailed, match=r"No schedule was found in 1e-09 s.*None costs less than"):
        depot_schedule(drawn(3, vehicles=9), time_limit_s=1e-9)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"link": np.full((2, 2), 1.0)}, "Links lead from trip 't0' back to itself"),
        ({"link": np.array([[np.inf, -1], [np.inf, np.inf]])}, "`link` has a cost that is negative"),
        ({"pull_out": np.array([[1.0, np.nan]])}, "`pull_out` has a cost that is negative or not a number"),
        ({"pull_out": np.ones((2, 2))}, r"`pull_out` must have the shape \(1, 2\), not \(2, 2\)"),
        ({"pull_out": np.array([[np.inf, 1.0]])}, "No vehicle comes to trip 't0'"),
        ({"pull_in": np.array([[1.0], [np.inf]])}, "No vehicle gets away from trip 't1'"),
        ({"vehicles": (1, 2)}, "for each of the 1 depots"),
        ({"vehicles": (-1,)}, "0 or more, for each"),
        ({"trips": ("t", "t")}, "Two of the trips have the same name"),
        ({"depots": (), "vehicles": ()}, "needs a depot and a trip at least"),
    ],
)
def test_bad_problems_are_told(change, says):
    good = {
        "pull_out": np.ones((1, 2)),
        "pull_in": np.ones((2, 1)),
        "link": np.array([[np.inf, 1], [np.inf, np.inf]]),
        "vehicles": (1,),
        "depots": ("D",),
        "trips": ("t0", "t1"),
    }
    with pytest.raises(DataRejected, match=says):
        DepotProblem(**{**good, **change})


def test_instances_are_read(tmp_path):
    path = tmp_path / "tiny.inp"
    path.write_text("1 2 5\n-1 10 20\n30 -1 7\n40 -1 -1\n")
    problem = read_depot_problem(path)
    assert (problem.vehicles, problem.trips) == ((5,), ("1", "2"))
    assert problem.pull_out.tolist() == [[10, 20]]
    assert problem.pull_in.tolist() == [[30], [40]]
    assert problem.link.tolist() == [[math.inf, 7], [math.inf, math.inf]]
    assert depot_schedule(problem, gap=0).cost == 10 + 7 + 40


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "must begin with the numbers of depots and of trips"),
        ("0 2 5", "must begin with the numbers of depots and of trips"),
        ("1 2 5 1 2 3", "so it must hold 12 numbers; it holds 6"),
        ("one two", "is no instance of the multi-depot problem"),
        ("1 1 5 -1 nan 3 -1", "must begin with"),
        ("1 1 5 -1 -2 3 -1", "a negative cost other than -1"),
        ("1 1 0.5 -1 2 3 -1", "vehicles that are not whole"),
        ("1 1 5 -1 -1 3 -1", "No vehicle comes to trip '1'"),
        ("公交", "is no instance of the multi-depot problem"),
    ],
)
def test_files_that_are_none_are_told(tmp_path, text, says):
    path = tmp_path / "bad.inp"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataRejected, match=says):
        read_depot_problem(path)
    with pytest.raises(DataRejected, match="No instance is called"):
        read_depot_problem(tmp_path / "missing.inp")
    with pytest.raises(DataRejected, match="is no instance"):
        read_depot_problem(tmp_path)
