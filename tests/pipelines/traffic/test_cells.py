"""Riders against places in every section and quarter-hour."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gamma

from pipelines.traffic.cells import cells, rank_cells

MONDAY = dt.date(2026, 3, 2)
LINE = {"route_id": "9", "direction_id": 0}
PATTERNS = pl.DataFrame(
    {
        "route_id": ["9"] * 3,
        "direction_id": [0] * 3,
        "section": [0, 1, 2],
        "stop_id": ["A", "B", "C"],
        "next_stop_id": ["B", "C", None],
    }
)


def load(*rows):
    """Load rows of (day, section, quarter, riders)."""
    made = [
        (MONDAY + dt.timedelta(days=day), "9", 0, section, "ABC"[section], "BCD"[section], quarter, riders)
        for day, section, quarter, riders in rows
    ]
    names = ["service_date", *LINE, "section", "stop_id", "next_stop_id", "quarter", "riders"]
    types = [pl.Date, pl.String, pl.Int64, pl.Int64, pl.String, pl.String, pl.Int64, pl.Int64]
    return pl.DataFrame(made, schema=dict(zip(names, types, strict=True)), orient="row")


def supply(*rows):
    """Supply rows of (day, stop, quarter, vehicles, vehicles of known capacity, places)."""
    made = [
        (MONDAY + dt.timedelta(days=day), "9", 0, stop, quarter, vehicles, known, places)
        for day, stop, quarter, vehicles, known, places in rows
    ]
    names = ["service_date", *LINE, "stop_id", "quarter", "vehicles", "with_capacity", "places"]
    types = [pl.Date, pl.String, *[pl.Int64] * 1, pl.String, *[pl.Int64] * 4]
    return pl.DataFrame(made, schema=dict(zip(names, types, strict=True)), orient="row")


def laid(load_rows, supply_rows, **options):
    options = {"weekdays_only": False, "capacity": 50, "share": 1.0} | options
    return cells(load(*load_rows), supply(*supply_rows), PATTERNS, **options)


def told(found):
    """Riders and places a day by (section, quarter)."""
    rows = found.table.iter_rows(named=True)
    return {(row["section"], row["quarter"]): (row["riders"], row["places"]) for row in rows}


class TestLaying:
    def test_riders_meet_the_vehicles_of_their_quarter_hour(self):
        found = laid([(0, 0, 32, 30), (0, 1, 32, 45)], [(0, "A", 32, 2, 2, 80), (0, "B", 32, 1, 1, 40)])
        assert told(found) == {(0, 32): (30, 80), (1, 32): (45, 40)}
        assert found.table["factor"].to_list() == [30 / 80, 45 / 40]
        assert found.table["excess"].to_list() == [0, 5]
        assert found.table["next_stop_id"].to_list() == ["B", "C"]

    def test_riders_without_a_vehicle_take_the_next(self):
        found = laid([(0, 0, 30, 7), (0, 0, 31, 8), (0, 0, 32, 10)], [(0, "A", 32, 1, 1, 40)])
        assert told(found) == {(0, 32): (25, 40)}

    def test_after_the_last_vehicle_they_count_with_it(self):
        found = laid([(0, 0, 32, 10), (0, 0, 33, 5)], [(0, "A", 32, 1, 1, 40)])
        assert told(found) == {(0, 32): (15, 40)}

    def test_each_day_and_section_waits_for_its_own_vehicle(self):
        found = laid(
            [(0, 0, 31, 10), (1, 0, 31, 10), (0, 1, 31, 3)],
            [(0, "A", 32, 1, 1, 40), (1, "A", 33, 1, 1, 40), (0, "B", 31, 1, 1, 40)],
        )
        assert told(found) == {(0, 32): (5, 20), (0, 33): (5, 20), (1, 31): (1.5, 20)}

    def test_riders_on_a_section_without_any_vehicle_that_day_are_counted_apart(self):
        found = laid([(0, 0, 31, 10), (1, 0, 31, 20)], [(0, "A", 31, 1, 1, 40)])
        assert told(found) == {(0, 31): (5, 20)}
        assert found.unserved == 10  # a day, over two days

    def test_vehicles_of_unknown_capacity_take_what_is_given(self):
        found = laid([(0, 0, 32, 30)], [(0, "A", 32, 3, 1, 60)], capacity=45)
        assert told(found) == {(0, 32): (30, 60 + 2 * 45)}

    def test_taps_that_stand_for_a_share_are_scaled_up(self):
        found = laid([(0, 0, 32, 30), (0, 1, 40, 8)], [(0, "A", 32, 1, 1, 40)], share=0.4)
        assert told(found) == {(0, 32): (75, 40)}
        assert found.unserved == 20

    def test_a_service_nobody_uses_is_a_cell_of_no_riders(self):
        found = laid([(0, 0, 32, 30)], [(0, "A", 32, 1, 1, 40), (0, "A", 33, 1, 1, 40)])
        assert told(found) == {(0, 32): (30, 40), (0, 33): (0, 40)}

    def test_weekends_are_left_out_of_both(self):
        rows = [(4, 0, 32, 30), (5, 0, 32, 90)], [(4, "A", 32, 1, 1, 40), (5, "A", 32, 2, 2, 80)]
        assert told(laid(*rows, weekdays_only=True)) == {(0, 32): (30, 40)}
        assert told(laid(*rows)) == {(0, 32): (60, 60)}

    def test_days_without_taps_are_not_days_of_empty_vehicles(self):
        found = laid([(0, 0, 32, 30)], [(0, "A", 32, 1, 1, 40), (1, "A", 32, 1, 1, 40)])
        assert told(found) == {(0, 32): (30, 40)}
        assert len(found.days) == 1

    def test_excess_is_of_single_days(self):
        found = laid([(0, 0, 32, 60), (1, 0, 32, 20)], [(day, "A", 32, 1, 1, 40) for day in (0, 1)])
        assert found.table["factor"].item() == 1.0
        assert found.table["excess"].item() == 10.0  # 20 above on one of two days

    def test_nothing_is_laid_where_nothing_is(self):
        assert laid([], []).table.is_empty()
        assert laid([(0, 0, 32, 30)], []).unserved == 30

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1), st.integers(20, 40), st.integers(0, 50))),
        st.lists(
            st.tuples(st.integers(0, 3), st.sampled_from("AB"), st.integers(20, 40), st.integers(1, 3)),
            unique_by=lambda row: row[:3],
        ),
    )
    def test_no_rider_is_lost_or_made(self, riding, offered):
        rows = (
            load(*riding)
            .group_by(pl.all().exclude("riders"), maintain_order=True)
            .agg(pl.col("riders").sum())
        )
        vehicles = supply(*((*row, 0, 0) for row in offered))
        found = cells(rows, vehicles, PATTERNS, weekdays_only=False, capacity=50, share=1.0)
        days = max(1, len(found.days))
        total = found.riders.sum() + found.unserved * days
        assert total == pytest.approx(sum(row[3] for row in riding))
        on_those_days = [row for row in offered if MONDAY + dt.timedelta(days=row[0]) in found.days]
        assert found.places.sum() == 50 * sum(row[3] for row in on_those_days)


class TestRanking:
    ROWS = (
        [(0, 0, 32, 50), (0, 0, 33, 90), (0, 1, 32, 30), (0, 1, 33, 4), (0, 1, 34, 39)],
        [
            (0, "A", 32, 1, 1, 40),
            (0, "A", 33, 2, 2, 80),
            *((0, "B", quarter, 1, 1, 40) for quarter in (32, 34)),
        ],
    )

    def ranked(self, *rows, **options):
        found = laid(*rows)
        options = {"limit": 1.0, "least_riders": 0, "shown": 10, "seed": 1, "resamples": 500} | options
        return found, rank_cells(found, **options)

    def test_most_riders_above_places_first_then_the_fullest(self):
        found, ranking = self.ranked(*self.ROWS)
        keys = [(found.row(i)["section"], found.row(i)["quarter"]) for i in ranking.order]
        # 10 above places in both of the first, the relatively fuller before; the 4 riders go with the 39.
        assert keys == [(0, 32), (0, 33), (1, 34), (1, 32)]
        assert [found.row(i)["riders"] for i in ranking.order] == [50, 90, 43, 30]
        assert ranking.over == ranking.order[:3]

    def test_a_higher_limit_leaves_fewer_over(self):
        counts = [len(self.ranked(*self.ROWS, limit=limit)[1].over) for limit in (0.5, 1.0, 1.1, 1.2, 2.0)]
        assert counts == [4, 3, 2, 1, 0]

    def test_few_riders_are_not_ranked_unless_all_are_few(self):
        assert len(self.ranked(*self.ROWS, least_riders=45)[1].order) == 2
        assert len(self.ranked(*self.ROWS, least_riders=1000)[1].order) == 4

    def test_draws_are_made_for_the_shown_and_for_all_over(self):
        _, ranking = self.ranked(*self.ROWS, shown=1)
        assert set(ranking.samples) == set(ranking.over)


class TestDraws:
    def days(self, riders, places=40):
        rows = [(day, 0, 32, count) for day, count in enumerate(riders)]
        return laid(rows, [(day, "A", 32, 1, 1, places) for day in range(len(riders))])

    @pytest.mark.parametrize("riders", [[0], [12], [47], [30, 52]])
    def test_one_or_two_days_know_only_the_chance_of_counting(self, riders):
        """Against the Jeffreys interval of a Poisson mean, as gamma quantiles."""
        found = self.days(riders)
        assert not found.enough
        ranking = rank_cells(found, limit=1.0, least_riders=0, shown=1, seed=3, resamples=50_000)
        expected = gamma.ppf([0.025, 0.975], sum(riders) + 0.5) / (40 * len(riders))
        assert ranking.interval(0) == pytest.approx(expected, rel=0.03, abs=2e-4)
        over = gamma.sf(40 * len(riders), sum(riders) + 0.5)
        assert ranking.chance(0) == pytest.approx(over, abs=0.01)

    def test_three_days_are_resampled(self):
        found = self.days([30, 40, 50])
        assert found.enough
        drawn = found.samples([0], seed=1, resamples=20_000)
        assert np.median(drawn) == pytest.approx(1.0, abs=0.02)

    def test_no_draw_is_below_nothing(self):
        assert self.days([0, 0, 100]).samples([0], seed=1, resamples=2000).min() == 0

    def test_a_day_without_service_is_no_draw_of_its_own(self):
        found = laid(
            [(day, 0, 32, 60) for day in range(3)] + [(day, 1, 32, 1) for day in range(3)],
            [(0, "A", 32, 1, 1, 40), *((day, "B", 32, 1, 1, 40) for day in range(3))],
        )
        ranking = rank_cells(found, limit=1.0, least_riders=0, shown=5, seed=1, resamples=3000)
        assert np.isnan(ranking.samples[0]).any()
        assert ranking.chance(0) == 1.0
        assert ranking.interval(0) == pytest.approx((1.5, 1.5))
