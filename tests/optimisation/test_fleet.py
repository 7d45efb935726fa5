"""The deficit function and the fleet it gives, against brute force and against matchings."""

import itertools
import math

import networkx as nx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optimisation_samples import DAY, calls, trips

from workbench.errors import BadParameter, DataRejected, UnknownName
from workbench.optimisation import deficit_function, merge_terminals, minimum_fleet, most_at_once, trips_of


def test_the_deficit_function_counts_departures_less_arrivals(shuttle):
    steps = deficit_function(shuttle)
    at_a = steps.filter(terminal="a").select("time_s", "deficit").rows()
    assert at_a == [(0, 1), (1200, 0), (1500, 0), (2100, 0)][:3]  # at 1500 one comes and one goes
    assert steps.filter(terminal="b").select("time_s", "deficit").rows() == [(600, 0), (2100, -1)]
    assert steps.filter(terminal="c").rows() == [("c", 900, 1)]


def test_the_fleet_stands_where_the_deficit_is_largest(shuttle):
    fleet = minimum_fleet(shuttle)
    assert (fleet.vehicles, fleet.lower_bound) == (2, 2)
    assert fleet.terminals.rows() == [("a", 1), ("c", 1)]


def test_a_layover_makes_vehicles_late(shuttle):
    assert minimum_fleet(shuttle, layover_s=1).vehicles == 3  # t2 leaves as t1 arrives
    assert most_at_once(shuttle, layover_s=301) == 3


def test_terminals_are_places(shuttle, stops):
    apart = trips(("t1", "a", "b", 0, 600), ("t2", "c", "a", 700, 1300))
    assert minimum_fleet(apart).vehicles == 2
    for merged in (
        merge_terminals(apart, stops, by="parent_station"),
        merge_terminals(apart, stops, by="distance", within_m=101),
    ):
        assert merged["b"] == merged["c"] != merged["a"]
        assert minimum_fleet(apart, terminals=merged).vehicles == 1
    near = merge_terminals(apart, stops, by="distance", within_m=99)
    assert near == {"a": "a", "b": "b", "c": "c"}
    chained = pl.concat([stops, stops.filter(stop_id="c").with_columns(stop_id=pl.lit("e"))])
    chained = chained.with_columns(stop_lat=pl.Series([0.0, 0.0005, 0.001, 9.0, 0.0015]))
    ends = trips(("x", "a", "e", 0, 1), ("y", "b", "c", 0, 1))
    assert set(merge_terminals(ends, chained, by="distance", within_m=60).values()) == {
        "a"
    }  # by way of others


def brute_force(rows: list[tuple[str, str, float, float]]) -> int:
    """Fewest vehicles by trying every next trip of every trip."""
    order = sorted(rows, key=lambda row: row[2])

    def least(index: int, standing: tuple[tuple[str, float], ...]) -> int:
        if index == len(order):
            return len(standing)
        start, end, leaves, arrives = order[index]
        best = least(index + 1, (*standing, (end, arrives)))
        for place, (stop, ready) in enumerate(standing):
            if stop == start and ready <= leaves:
                best = min(
                    best, least(index + 1, (*standing[:place], (end, arrives), *standing[place + 1 :]))
                )
        return best

    return least(0, ())


journeys = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("abc"), st.integers(0, 20), st.integers(1, 6)),
    min_size=1,
    max_size=7,
)


@settings(deadline=None, max_examples=60)
@given(journeys, st.integers(0, 3))
def test_three_ways_to_one_number(drawn, layover):
    rows = [(start, end, leaves, leaves + long) for start, end, leaves, long in drawn]
    day = trips(*((f"t{count}", *row) for count, row in enumerate(rows)))
    deficit = minimum_fleet(day, layover_s=layover)
    matched = minimum_fleet(day, layover_s=layover, method="matching")
    late = [(start, end, leaves, arrives + layover) for start, end, leaves, arrives in rows]
    graph = nx.Graph()
    pairs = itertools.product(enumerate(late), repeat=2)
    graph.add_edges_from(
        (("before", one), ("after", two))
        for (one, before), (two, after) in pairs
        if before[1] == after[0] and before[3] <= after[2]
    )
    graph.add_nodes_from(("before", one) for one in range(len(rows)))
    most = nx.bipartite.maximum_matching(graph, top_nodes=[node for node in graph if node[0] == "before"])
    assert deficit.vehicles == matched.vehicles == brute_force(late) == len(rows) - len(most) // 2
    assert deficit.lower_bound <= deficit.vehicles <= len(rows)
    assert deficit.terminals.equals(matched.terminals)
    anywhere = minimum_fleet(day, terminals=dict.fromkeys("abc", "here"), layover_s=layover)
    assert anywhere.vehicles == deficit.lower_bound


def test_trips_of_a_timetable():
    timetable = pl.concat([calls("late", "23:50", "abc"), calls("early", "06:00", "cb")])
    done = trips_of(timetable.sample(fraction=1, shuffle=True, seed=1))
    assert done.drop("route_id", "direction_id").rows() == [
        ("early", "c", "b", 21_600, 22_200),
        ("late", "a", "c", 85_800, 87_000),
    ]
    two = pl.concat([timetable, calls("late", "23:50", "abc", day=DAY.replace(day=3))])
    with pytest.raises(DataRejected, match="has 2 days, 2026-03-02 to 2026-03-03: name one"):
        trips_of(two)
    assert trips_of(two, DAY).equals(done)
    with pytest.raises(DataRejected, match="nothing on 2026-03-09"):
        trips_of(two, DAY.replace(day=9))
    with pytest.raises(DataRejected, match="Trip 'x' has a single call"):
        trips_of(calls("x", "06:00", "a"))


GOOD = trips(("t1", "a", "b", 0, 600), ("t2", "b", "a", 600, 1200))


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (GOOD.clear(), "There are no rows in the trips"),
        (GOOD.drop("end_s"), "The column `end_s` is missing in the trips"),
        (GOOD.with_columns(trip_id=pl.lit("t")), "Trip 't' is in the trips more than once"),
        (
            GOOD.with_columns(end_s=pl.lit(500.0)),
            "Trip 't2' ends at 500 s, which is not after its start at 600 s",
        ),
        (
            GOOD.with_columns(start_s=pl.col("start_s") - 60),
            "Trip 't1' starts at -60 s, before its day begins",
        ),
        (GOOD.with_columns(start_s=pl.lit(math.nan)), "row 1 of the trips: `start_s` is nan"),
        (GOOD.with_columns(end_stop=pl.lit(None)), "row 1 of the trips: `end_stop` is missing"),
        (GOOD.with_columns(end_stop=pl.lit("")), "row 1 of the trips: `end_stop` is empty"),
        (GOOD.with_columns(start_s=pl.lit("06:00")), "`start_s` of the trips must be a number, not String"),
        (GOOD.to_dicts(), "A Polars DataFrame is needed for the trips, not list"),
    ],
)
def test_bad_trips_are_told(bad, says):
    for work in (minimum_fleet, most_at_once, deficit_function):
        with pytest.raises((DataRejected, BadParameter), match=says):
            work(bad)


def test_bad_parameters_are_told(shuttle, stops):
    with pytest.raises(UnknownName, match=r"No stop is called 'b'\. Known: a, c\. The trips use it"):
        minimum_fleet(shuttle, terminals={"a": "A", "c": "C"})
    with pytest.raises(BadParameter, match="`layover_s` must be at least 0, not -1"):
        minimum_fleet(shuttle, layover_s=-1)
    with pytest.raises(UnknownName, match="No method is called 'guess'"):
        minimum_fleet(shuttle, method="guess")
    with pytest.raises(UnknownName, match="No way to merge terminals is called 'name'"):
        merge_terminals(shuttle, stops, by="name")
    with pytest.raises(BadParameter, match="`within_m` is needed"):
        merge_terminals(shuttle, stops, by="distance")
    with pytest.raises(BadParameter, match="and only then"):
        merge_terminals(shuttle, stops, by="parent_station", within_m=50)
    with pytest.raises(DataRejected, match="no column `parent_station`: merge terminals by distance"):
        merge_terminals(shuttle, stops.drop("parent_station"), by="parent_station")
    with pytest.raises(UnknownName, match="No stop is called 'c'"):
        merge_terminals(shuttle, stops.filter(pl.col("stop_id") != "c"), by="distance", within_m=50)
    with pytest.raises(DataRejected, match="`stop_lat` is missing"):
        merge_terminals(shuttle, stops.with_columns(stop_lat=pl.lit(None)), by="distance", within_m=50)
