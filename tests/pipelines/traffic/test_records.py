"""The records of the congestion and crowding briefs: whole, honest on little data, and right by hand."""

import dataclasses
import datetime as dt
import json

import numpy as np
import polars as pl
import pytest

from pipelines import traffic
from pipelines.traffic.cells import cells as cells_of
from pipelines.traffic.crowding_options import LARGER, offers
from pipelines.traffic.crowding_ways import Burden
from pipelines.traffic.decide import Congestion, CongestionParameters, Crowding, CrowdingParameters
from workbench.briefs import recording
from workbench.briefs.checklist import check_strict, checklist
from workbench.briefs.scope import answer_alone
from workbench.domains import Measures, load_decision
from workbench.errors import CheckFailed
from workbench.runs import data_from, decide

MONDAY = dt.date(2026, 3, 2)
QUARANTINE = "quarantine"
BY_RUN = {
    "commission", "headline", "use", "data_log", QUARANTINE, "missing", "privacy", "inputs", "randomness",
    "software", "log", "recovery", "roles", "statement", "bundle", "accessibility", "ethics",
}  # fmt: skip
"""What the run fills; the decision fills the others."""


@pytest.fixture(scope="module")
def measured(engines, tmp_path_factory):
    """Measures of small tables."""

    def measures(**frames):
        tables = {name: engines("polars").table(frame) for name, frame in frames.items()}
        return Measures(traffic.domain.known, tables, tmp_path_factory.mktemp("work"))

    return measures


def at(day, clock):
    hour, minute = map(int, clock.split(":"))
    return dt.datetime.combine(MONDAY, dt.time()) + dt.timedelta(days=day, hours=hour, minutes=minute)


def timetable(days, starts=("08:00", "08:20"), routes=("9",), capacity=40):
    """Trips of each line from A by B to C, five minutes a section."""
    rows = [
        (MONDAY + dt.timedelta(days=day), f"{route}-{start}", order, route, 0, stop, time, time, capacity)
        for day in range(days)
        for route in routes
        for start in starts
        for order, stop in enumerate("ABC")
        for time in [at(day, start) + dt.timedelta(minutes=5 * order)]
    ]
    names = ["service_date", "trip_id", "stop_sequence", "route_id", "direction_id", "stop_id"]
    names += ["arrival_timestamp", "departure_timestamp", "vehicle_capacity"]
    return pl.DataFrame(rows, schema=names, orient="row")


def taps(*rows):
    """Taps of (day, clock, from, to, riders, line)."""
    made = [
        {
            "transaction_id": str(number),
            "service_date": MONDAY + dt.timedelta(days=day),
            "event_timestamp": at(day, clock),
            "stop_id": start,
            "alight_stop_id": end,
            "route_id": route,
            "direction_id": 0,
            "num_riders": riders,
        }
        for number, (day, clock, start, end, riders, route) in enumerate(rows)
    ]
    return pl.DataFrame(made)


def speeds(days, *, weights):
    """Speeds of segments at all hours, slower in the peak by their weight."""
    rows = [
        (name, at(day, f"{hour:02d}:00"), 60 * (weight if hour in (7, 8, 17, 18) else 1.0) * (1 + day / 50))
        for name, weight in weights.items()
        for day in range(days)
        for hour in range(24)
    ]
    frame = pl.DataFrame(rows, schema=["segment_id", "timestamp", "speed_kmh"], orient="row")
    return frame.with_columns(pl.lit(None, pl.Int64).alias("vehicle_count"))


def riders(*daily, line="9"):
    """So many from A to B at eight each day; half as many from B to C."""
    rows = [(day, "08:00", "A", "B", count, line) for day, count in enumerate(daily)]
    return [*rows, *((day, "08:05", "B", "C", max(1, count // 2), line) for day, count in enumerate(daily))]


@pytest.fixture
def crowded(measured):
    """Answer on crowding from riders of each day."""

    def answer(*rows, days, starts=("08:00", "08:20"), routes=("9",), **parameters):
        measures = measured(taps=taps(*rows), timetable=timetable(days, starts, routes))
        return Crowding().answer(measures, CrowdingParameters(least_riders=0, **parameters))

    return answer


def values(brief):
    return {name: one.value for name, one in brief.quantities().items()}


def empty(brief):
    return {check.item.key for check in checklist(brief) if check.state == "empty"}


def said(brief, key, lang="en"):
    section = next(one for one in brief.sections if one.key == key)
    return " ".join(one.in_(lang) for one in (*section.prose, *filter(None, [section.reason])))


class TestWhole:
    @pytest.fixture(scope="class", params=["traffic.congestion", "traffic.crowding"])
    @classmethod
    def run(cls, request, engines, tmp_path_factory):
        decision, data = load_decision(request.param), data_from(traffic.domain)
        out = tmp_path_factory.mktemp("runs")
        return decide(decision, traffic.domain, data, decision.Parameters(), engines("polars"), out)

    def test_no_item_is_empty_but_for_what_puts_rows_back(self, run):
        states = json.loads((run.folder / "brief.json").read_text(encoding="utf-8"))["checklist"]
        assert {key for key, state in states.items() if state == "empty"} <= {QUARANTINE}

    def test_both_languages_have_every_item(self, run):
        for lang in ("en", "zh"):
            page = (run.folder / f"brief.{lang}.html").read_text(encoding="utf-8")
            states = json.loads((run.folder / "brief.json").read_text(encoding="utf-8"))["checklist"]
            missing = [key for key, state in states.items() if f'id="item-{key}"' not in page]
            assert set(missing) <= {QUARANTINE}


def congested(measured, **frames):
    return Congestion().answer(measured(**frames), CongestionParameters(k=2, resamples=200))


def cases(measured, crowded):
    """Briefs on little data, by name."""
    slow = {"a": 0.5, "b": 0.7, "c": 0.9}
    two_lines = [*riders(60, 50, 70, 30), *riders(20, 20, 30, 10, line="8")]
    yield "congested", congested(measured, road_speeds=speeds(5, weights=slow))
    yield "congested on one day", congested(measured, road_speeds=speeds(1, weights=slow))
    yield "one segment", congested(measured, road_speeds=speeds(4, weights={"a": 0.5}))
    yield "crowded", crowded(*riders(60, 50, 70, 30, 44), days=5)
    yield "crowded on one day", crowded(*riders(60), days=1)
    yield "crowded on two days", crowded(*riders(60, 20), days=2)
    yield "nobody above", crowded(*riders(6, 5, 7), days=3)
    yield "alike every day", crowded(*riders(60, 60, 60), days=3)
    yield "one vehicle an hour", crowded(*riders(60, 61, 59), days=3, starts=("08:00",))
    yield "two lines", crowded(*two_lines, days=4, routes=("8", "9"))
    yield "a share of riders", crowded(*riders(60, 50, 70), days=3, sample_share=0.01, limit=0.3)


class TestLittleData:
    def test_the_decision_fills_all_that_the_run_does_not(self, measured, crowded):
        for name, brief in cases(measured, crowded):
            assert empty(brief) == BY_RUN, name

    def test_one_section_taken_out_is_missed(self, measured, crowded):
        for _, brief in list(cases(measured, crowded))[::6]:
            for section in brief.sections:
                rest = tuple(one for one in brief.sections if one is not section)
                without = dataclasses.replace(brief, sections=rest)
                assert section.key in empty(without)
                with pytest.raises(CheckFailed, match=rf"\({section.key}\)"):
                    check_strict(without)

    def test_the_same_again(self, measured, crowded):
        first, second = (crowded(*riders(60, 50, 70), days=3).to_json() for _ in range(2))
        assert first == second

    def test_one_day_is_not_validated_and_says_so(self, measured, crowded):
        for brief in (
            crowded(*riders(60), days=1),
            congested(measured, road_speeds=speeds(1, weights={"a": 0.5, "b": 0.6, "c": 0.9})),
        ):
            assert "A single day cannot be held against another" in said(brief, "validation")
            assert "too few" in said(brief, "ranking")
            assert "too few" in said(brief, "runs")

    def test_what_never_moves_has_no_order(self, measured):
        brief = congested(measured, road_speeds=speeds(4, weights={"a": 0.5, "b": 0.6}))
        assert said(brief, "sensitivity").startswith("None of the ranges tried moves it")

    def test_an_answer_alone_has_no_record(self, measured, crowded):
        with answer_alone():
            assert crowded(*riders(60, 50, 70), days=3).sections == ()

    def test_without_the_packages_it_answers_and_says_what_is_missing(self, crowded, monkeypatch):
        monkeypatch.setattr(recording, "find_spec", lambda name: None)
        brief = crowded(*riders(60, 50, 70), days=3)
        assert brief.sections == ()
        assert "packages of the extra “models”" in brief.limits[-1].text("en")


class TestCrowding:
    """Line 9, A to B to C, from 08:00 and 08:20 with 40 places each."""

    def test_riders_above_places_by_hand(self, crowded):
        found = values(crowded(*riders(60, 50, 70), days=3))
        # A to B takes 20, 10 and 30 above its 40 places, B to C none; one more trip or half as many again do.
        assert found["above.none"] == pytest.approx(20)
        assert found["above.vehicle"] == 0
        assert found["above.larger"] == pytest.approx((0 + 0 + 10) / 3)
        assert found["above.less.vehicle"] == pytest.approx(-20)
        assert found["above.less.larger"] == pytest.approx(10 / 3 - 20)
        assert found["above.share.none"] == pytest.approx(20 / (60 + 30))
        assert found["record.trips"] == 1

    def test_a_trip_counts_in_every_section_it_passes_on_its_way(self, crowded):
        found = values(crowded(*riders(60, 50, 70), days=3))
        # From A in the middle of 08:00 to 08:15 it is at B five minutes later, in the same quarter-hour.
        assert found["above.added.vehicle"] == 2 * 40
        assert found["above.added.larger"] == 2 * 40 * LARGER

    def test_spreading_moves_places_and_makes_none(self, crowded):
        rows = [
            (day, clock, "A", "B", count, "9")
            for day in range(3)
            for clock, count in (("08:00", 60), ("08:20", 15))
        ]
        found = values(crowded(*rows, days=3))
        # 75 riders on 80 places of the hour: shared in proportion, nobody is above.
        assert found["above.none"] == pytest.approx(20)
        assert found["above.spread"] == 0
        assert found["above.added.spread"] == 0

    def test_one_quarter_hour_has_nothing_to_spread(self, crowded):
        brief = crowded(*riders(60, 50, 70), days=3, starts=("08:00",))
        assert "above.spread" not in values(brief)
        (table,) = next(one for one in brief.sections if one.key == "alternatives").tables
        assert any("nothing to spread" in row.cells[2].en for row in table.rows)

    def test_the_options_are_ranked_on_the_same_days(self, crowded):
        found = values(crowded(*riders(60, 50, 70), days=3, starts=("08:00",)))
        # "larger" leaves 0, 0 and 10 more than "vehicle": 10/3, its error as large, 2 degrees of freedom.
        assert found["ranking.best.2"] == pytest.approx(0.789, abs=0.03)
        assert found["ranking.best.1"] < 0.05
        assert found["ranking.regret.2"] == pytest.approx(10 / 3 * (3**-0.5 - 0.211), rel=0.3)  # E[(T - 1)+]
        assert found["ranking.regret.1"] == pytest.approx(20, rel=0.2)

    def test_the_earlier_half_is_held_against_the_later(self, crowded):
        found = values(crowded(*riders(60, 60, 20, 70), days=4))
        # Both halves are over in A to B (60 and 45 of 40), so 1 is told, and 1 is there.
        assert [found[f"back.again.{end}"] for end in ("predicted", "observed", "error")] == [1, 1, 0]
        assert [found[f"back.missed.{end}"] for end in ("predicted", "observed", "error")] == [1, 1, 0]
        assert found["back.factor.predicted"] == pytest.approx(60 / 40)
        assert found["back.factor.observed"] == pytest.approx(45 / 40)
        assert found["back.factor.error"] == pytest.approx(15 / 40)
        assert found["back.above.predicted"] == pytest.approx(20)
        assert found["back.above.observed"] == pytest.approx((0 + 30) / 2)

    def test_checks_find_nothing(self, crowded):
        for brief in (crowded(*riders(60, 50, 70), days=3), crowded(*riders(60), days=1, sample_share=0.7)):
            found = {name: value for name, value in values(brief).items() if name.startswith("check.")}
            assert len(found) >= 4
            assert set(found.values()) == {0}

    def test_how_far_the_fullest_is_from_its_limit(self, crowded):
        over, within = crowded(*riders(60, 60, 60), days=3), crowded(*riders(32, 32, 32), days=3)
        assert values(over)["margin.fewer"] == pytest.approx(1 / 3)
        assert values(over)["margin.places"] == pytest.approx(1 / 2)
        assert values(within)["margin.more"] == pytest.approx(1 / 4)

    def test_futures_are_told_by_the_share_over_the_limit(self, crowded):
        assert values(crowded(*riders(400, 400, 400), days=3))["futures.over"] == 1
        assert values(crowded(*riders(2, 2, 2), days=3))["futures.over"] == 0
        near = crowded(*riders(41, 41, 41), days=3)
        assert 0 < values(near)["futures.over"] < 1
        assert "It is within its limit mostly where" in said(near, "futures")

    def test_the_line_that_bears_most_is_named(self, crowded):
        rows = [*riders(60, 50, 70, line="9"), *riders(20, 20, 30, line="8")]
        brief = crowded(*rows, days=3, routes=("8", "9"))
        assert said(brief, "equity").startswith("Worst off: 9 → C")
        assert "one line and direction alone" in said(crowded(*riders(60, 50, 70), days=3), "equity")
        single = crowded(*riders(60, line="9"), *riders(20, line="8"), days=1, routes=("8", "9"))
        # 20 of the 90 who ride a section of line 9, of 120 in all
        assert values(single)["equity.single.worst"] == pytest.approx(20 / 90)
        assert values(single)["equity.single.all"] == pytest.approx(20 / 120)

    def test_many_lines_are_told_together(self, crowded):
        lines = [f"{number:02d}" for number in range(20)]
        rows = [row for at, line in enumerate(lines) for row in riders(60 + at, 50 + at, 70 + at, line=line)]
        brief = crowded(*rows, days=3, routes=lines)
        (table,) = next(one for one in brief.sections if one.key == "equity").tables
        assert len(table.rows) == 13
        assert table.rows[-1].cells[0].en == "all other lines"

    def test_the_range_of_riders_counted_holds_those_who_are_not(self, crowded):
        known = crowded(*riders(60, 60, 60), days=3)
        lost = crowded(*riders(60, 60, 60), *((day, "08:00", "A", None, 90, "9") for day in range(3)), days=3)
        assert values(known)["input.share.low"] == pytest.approx(0.8)
        assert values(lost)["input.share.low"] == pytest.approx(0.8 * 0.5)


class TestBurden:
    def loads(self, size=400, days=3, seed=5):
        draw = np.random.default_rng(seed)
        places = draw.choice([0.0, 40.0, 80.0], size=(days, size))
        return draw.gamma(2.0, 25.0, size=(days, size)).round() * (places > 0), places

    @pytest.mark.parametrize(("riders", "places"), [(1.0, 1.0), (1.3, 0.9), (0.2, 1.1), (5.0, 1.0)])
    def test_even_loads_are_a_plain_sum(self, riders, places):
        counted, offered = self.loads()
        expected = np.maximum(riders * counted - places * offered, 0)[offered > 0].sum() / 3
        told = Burden.of(counted, offered).above(np.array([riders]), np.array([places]), np.array([0.0]))
        assert told[0] == pytest.approx(expected)

    @pytest.mark.parametrize("uneven", [0.001, 0.1, 0.3, 0.5])
    def test_uneven_loads_are_a_mean_over_vehicles(self, uneven):
        counted, offered = self.loads()
        spread = 1 + np.sqrt(3) * uneven * np.linspace(-1, 1, 20_001)
        held = offered > 0
        each = [
            np.maximum(r * spread - p, 0).mean() for r, p in zip(counted[held], offered[held], strict=True)
        ]
        told = Burden.of(counted, offered).above(np.array([1.0]), np.array([1.0]), np.array([uneven]))
        assert told[0] == pytest.approx(sum(each) / 3, rel=1e-4)

    def test_unevenness_never_helps(self):
        burden = Burden.of(*self.loads())
        uneven = np.linspace(0, 0.5, 51)
        told = burden.above(np.ones(51), np.ones(51), uneven)
        assert (np.diff(told) >= -1e-9).all()

    def test_nobody_rides(self):
        burden = Burden.of(np.zeros((2, 3)), np.ones((2, 3)))
        assert burden.above(np.ones(2), np.ones(2), np.zeros(2)).tolist() == [0, 0]


class TestOffers:
    def test_a_trip_through_one_cell_may_serve_the_next(self, measured):
        rows = [(day, clock, "A", "C", 90, "9") for day in range(3) for clock in ("08:00", "08:20")]
        m = measured(taps=taps(*rows), timetable=timetable(3))
        found = cells_of(
            m["load_profile"],
            m["scheduled_supply"],
            m["line_patterns"],
            weekdays_only=True,
            capacity=80,
            share=1.0,
        )
        made = offers(found, [0, 1, 2, 3], m["scheduled_supply"], m["line_patterns"], capacity=80)
        assert found.table.height == 4
        assert made.trips == 2
        assert (made.places["vehicle"] == 80).all()
        assert (made.places["larger"] == 60).all()
        assert made.added("vehicle") == 160


class TestCongestion:
    def test_the_regret_of_the_choice_by_hand(self, measured):
        brief = congested(measured, road_speeds=speeds(5, weights={"a": 0.5, "b": 0.6, "c": 0.9}))
        found = values(brief)
        # a and b are the slowest on every day, so on every draw: nothing is lost.
        assert found["choice.regret"] == pytest.approx(0, abs=1e-9)
        index = {name: found[f"index.rank{place}"] for place, name in enumerate("abc", start=1)}
        assert found["gain.chosen"] == pytest.approx(index["a"] + index["b"] - 2)
        assert found["gain.swap"] == pytest.approx(index["a"] + index["c"] - 2)
        assert found["gain.none"] == 0

    def test_the_earlier_half_is_held_against_the_later(self, measured):
        found = values(congested(measured, road_speeds=speeds(4, weights={"a": 0.5, "b": 0.6, "c": 0.9})))
        assert [found[f"back.{name}"] for name in ("k", "kept", "lost")] == [2, 2, 0]
        assert found["back.first"] > found["back.second"]  # it gets faster by a fiftieth a day
