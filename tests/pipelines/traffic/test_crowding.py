"""Which sections are over capacity: the sample's truth, conservation of riders, and what cannot be told."""

import datetime as dt
import json

import polars as pl
import pytest

from data_samples.traffic import DATA, TRUTH
from pipelines.traffic import domain
from pipelines.traffic.decide import Crowding, CrowdingParameters
from workbench.data.intake import supply_from_folder, take_in
from workbench.domains import Measures
from workbench.errors import DataRejected

MONDAY = dt.date(2026, 3, 2)
TRUE = json.loads(TRUTH.read_text(encoding="utf-8"))["crowding"]
TABLES = ("taps", "timetable", "stops", "stop_visits")


@pytest.fixture(scope="module")
def sample(engines, tmp_path_factory):
    """Measures of the shipped sample."""
    engine, supply = engines("polars"), supply_from_folder(DATA, domain.contract)
    intake = take_in(engine, domain.contract, supply, tmp_path_factory.mktemp("intake"), required=TABLES)
    return Measures(domain.known, intake.tables, tmp_path_factory.mktemp("work"))


@pytest.fixture(scope="module")
def brief(sample):
    return Crowding().answer(sample, CrowdingParameters())


@pytest.fixture
def answer(engines, tmp_path_factory):
    """Answer from frames, by table."""

    def answered(frames, **parameters):
        engine = engines("polars")
        tables = {name: engine.table(frame) for name, frame in frames.items()}
        measures = Measures(domain.known, tables, tmp_path_factory.mktemp("work"))
        return Crowding().answer(measures, CrowdingParameters(**parameters))

    return answered


def at(day, clock):
    hour, minute, *second = map(int, clock.split(":"))
    return dt.datetime(2026, 3, 2) + dt.timedelta(days=day, hours=hour, minutes=minute, seconds=sum(second))


def timetable(days=1, starts=("08:00", "08:20"), capacity=40, route="9", minutes=5):
    """Trips of line 9 from A by B to C, some minutes apart, each day."""
    rows = [
        (MONDAY + dt.timedelta(days=day), f"{route}-{start}", order, route, 0, stop, time, time, capacity)
        for day in range(days)
        for start in starts
        for order, stop in enumerate("ABC")
        for time in [at(day, start) + dt.timedelta(minutes=minutes * order)]
    ]
    names = ["service_date", "trip_id", "stop_sequence", "route_id", "direction_id", "stop_id"]
    types = [
        pl.Date,
        pl.String,
        pl.Int64,
        pl.String,
        pl.Int64,
        pl.String,
        pl.Datetime("us"),
        pl.Datetime("us"),
        pl.Int64,
    ]
    names += ["arrival_timestamp", "departure_timestamp", "vehicle_capacity"]
    return pl.DataFrame(rows, schema=dict(zip(names, types, strict=True)), orient="row")


def taps(*rows, route="9"):
    """Taps of (day, clock, from, to, riders)."""
    made = [
        {
            "transaction_id": str(i),
            "service_date": MONDAY + dt.timedelta(days=day),
            "event_timestamp": at(day, clock),
            "fare_media_id": None,
            "stop_id": start,
            "alight_stop_id": end,
            "alight_timestamp": None,
            "route_id": route,
            "direction_id": 0 if route else None,
            "trip_id_performed": None,
            "vehicle_id": None,
            "num_riders": riders,
        }
        for i, (day, clock, start, end, riders) in enumerate(rows)
    ]
    schema = {
        "service_date": pl.Date,
        "event_timestamp": pl.Datetime("us"),
        "alight_timestamp": pl.Datetime("us"),
        "direction_id": pl.Int64,
        "num_riders": pl.Int64,
    }
    names = made[0]
    return pl.DataFrame(made, schema={name: schema.get(name, pl.String) for name in names})


def visits(table, late_s=()):
    """Performed departures as scheduled, some seconds late in turn."""
    late = [late_s[i // 3 % len(late_s)] if late_s else 0 for i in range(table.height)]
    return table.select(
        "service_date",
        pl.col("trip_id").alias("trip_id_performed"),
        pl.col("stop_sequence").alias("trip_stop_sequence"),
        "route_id",
        "direction_id",
        "stop_id",
        (pl.col("departure_timestamp") + pl.duration(seconds=pl.Series(late))).alias("actual_departure_time"),
    )


def cells(brief):
    """Rows of the options table by section and time."""
    return {(row.cells[1], row.cells[2]): row for row in brief.options.rows}


class TestSample:
    def test_the_planted_cells_are_over_capacity_and_no_others(self, sample, brief):
        names = dict(sample.clean("stops").gather().select("stop_id", "stop_name").iter_rows())
        section = f"{names[TRUE['from_stop_id']]} → {names[TRUE['to_stop_id']]}"
        planted = {(section, one["quarter_hour"]) for one in TRUE["quarter_hours"]}
        rows = cells(brief)
        assert {key for key, row in rows.items() if row.chosen} == planted
        assert {key[0] for key in list(rows)[:4]} == {section}
        for key, row in rows.items():
            chance = row.cells[4].value
            assert chance >= 0.85 if key in planted else chance <= 0.15
        assert all(row.cells[0].startswith("12 → ") for row in rows.values() if row.chosen)

    def test_factors_come_near_the_truth(self, brief):
        """Near, not equal: the truth counts riders when they leave, the measure when they should."""
        rows = cells(brief)
        for one in TRUE["quarter_hours"]:
            found = next(row for key, row in rows.items() if row.chosen and key[1] == one["quarter_hour"])
            assert found.cells[3].value == pytest.approx(one["load_over_capacity"], rel=0.12)
            assert found.cells[6].value == one["capacity"] / 5  # weekdays
        total = sum(row.cells[5].value for row in rows.values() if row.chosen)
        assert total == pytest.approx(sum(one["load"] for one in TRUE["quarter_hours"]) / 5, rel=0.03)

    def test_it_says_so(self, brief):
        assert brief.answer.confidence.word == "high"
        text = brief.answer.headline.text("en")
        assert text.startswith("Act first on 12 → ")
        assert "07:45" in text
        assert brief.quantities()["over"].value == 4

    def test_riders_are_conserved_from_taps_to_sections(self, sample):
        taps = sample.clean("taps").gather()
        known = taps.filter(pl.col("alight_stop_id").is_not_null())
        lost = sample["rides_unassigned"]
        assert lost["riders"].sum() == known["num_riders"].sum()
        origin = sample["origin_destination"]
        assert origin["riders"].sum() == known["num_riders"].sum()
        # Every rider on a line is once on the section where the ride begins and once where it ends.
        profile = sample["load_profile"]
        patterns = sample["line_patterns"]
        place = {
            (row["route_id"], row["direction_id"], row["stop_id"]): row["section"]
            for row in patterns.iter_rows(named=True)
        }
        ridden = sum(
            (place[route, direction, end] - place[route, direction, start]) * riders
            for route, direction, start, end, riders in known.select(
                "route_id", "direction_id", "stop_id", "alight_stop_id", "num_riders"
            ).iter_rows()
            if (route, direction, start) in place
            and place.get((route, direction, end), -1) > place[route, direction, start]
        )
        assert profile["riders"].sum() == ridden
        assert lost["unassigned"].sum() == 0

    def test_every_line_is_told_with_its_regularity(self, sample, brief):
        rows = {row.cells[0]: row.cells for row in brief.tables[0].rows}
        assert len(rows) == sample["line_patterns"].select("route_id", "direction_id").n_unique()
        assert all(cell.value is not None for cells in rows.values() for cell in cells[1:])


class TestWhatIsMissing:
    def test_no_tap_lies_on_the_timetable(self, answer):
        frames = {"taps": taps((0, "08:00", "X", "Y", 5)), "timetable": timetable()}
        with pytest.raises(DataRejected) as refused:
            answer(frames)
        message = refused.value.message
        assert message.startswith("No ride of the 1 taps lies on a line of the timetable on any weekday")
        assert "taps 2026-03-02 to 2026-03-02, timetable 2026-03-02 to 2026-03-02" in message

    def test_the_days_do_not_meet(self, answer):
        frames = {"taps": taps((1, "08:00", "A", "C", 5)), "timetable": timetable()}
        with pytest.raises(DataRejected, match="taps 2026-03-03 to 2026-03-03, timetable 2026-03-02"):
            answer(frames)

    def test_nobody_says_where_they_alight(self, answer):
        frames = {
            "taps": taps((0, "08:00", "A", None, 5), (0, "08:00", "A", None, 1)),
            "timetable": timetable(),
        }
        with pytest.raises(DataRejected, match="None of the 2 taps says where the rider alights"):
            answer(frames)

    def test_only_weekend_days(self, answer):
        frames = {"taps": taps((5, "08:00", "A", "C", 5)), "timetable": timetable(days=6)}
        with pytest.raises(DataRejected, match="on any weekday"):
            answer(frames)
        assert answer(frames, weekdays_only=False, least_riders=0).quantities()["riders.cell1"].value == 5

    def test_some_do_not_say_where_they_alight(self, answer):
        rows = (0, "08:00", "A", "C", 30), (0, "08:00", "A", None, 1), (0, "08:01", "B", "A", 2)
        brief = answer({"taps": taps(*rows), "timetable": timetable()})
        said = " ".join(one.text("en") for one in brief.limits)
        assert "33.3% of the taps do not say where the rider alights" in said
        assert brief.quantities()["unassigned"].value == 2  # against the direction of travel

    def test_capacity_is_not_in_the_timetable(self, answer):
        plain = timetable(capacity=None)
        frames = {"taps": taps((0, "08:00", "A", "C", 30)), "timetable": plain}
        assert answer(frames, capacity=20).quantities()["factor.cell1"].value == 1.5
        assert answer(frames, capacity=60).quantities()["factor.cell1"].value == 0.5

    def test_a_tap_without_a_line_takes_the_only_one_that_fits(self, answer):
        frames = {"taps": taps((0, "08:00", "A", "C", 30), route=None), "timetable": timetable()}
        assert answer(frames).quantities()["riders.cell1"].value == 30

    def test_stops_without_names_are_shown_by_their_ids(self, answer):
        brief = answer({"taps": taps((0, "08:00", "A", "C", 30)), "timetable": timetable()})
        assert [row.cells[0] for row in brief.options.rows[:1]] == ["9 → C"]
        assert brief.options.rows[0].cells[1] in ("A → B", "B → C")


class TestFewDays:
    def test_one_day_tells_what_was_not_what_is_usual(self, answer):
        brief = answer({"taps": taps((0, "08:00", "A", "C", 60)), "timetable": timetable()})
        assert brief.answer.confidence.word == "cannot_tell"
        assert "On the few days observed" in brief.answer.headline.text("en")
        assert "cannot be told" in brief.answer.points[0].text("en")
        first = brief.quantities()["factor.cell1"]
        assert first.low < first.value == 1.5 < first.high
        assert first.basis.en.startswith("chance of counting")
        assert brief.quantities()["chance.cell1"].value is None

    def test_three_days_tell(self, answer):
        rows = [(day, "08:00", "A", "C", 60) for day in range(3)]
        brief = answer({"taps": taps(*rows), "timetable": timetable(days=3)})
        assert brief.answer.confidence.word == "high"
        assert brief.quantities()["chance.cell1"].value == 1.0


class TestAnswers:
    def days(self, *riders, **more):
        rows = [(day, "08:00", "A", "C", count) for day, count in enumerate(riders)]
        return {"taps": taps(*rows), "timetable": timetable(days=len(riders)), **more}

    def test_within_capacity(self, answer):
        brief = answer(self.days(20, 21, 19, 20))
        assert brief.answer.headline.text("en").startswith("No section is over capacity")
        assert brief.answer.confidence.word == "high"
        assert "within its capacity" in brief.figure.title.text("en")

    def test_it_cannot_be_told_whether(self, answer):
        brief = answer(self.days(20, 60, 30, 50, 44))
        assert brief.answer.headline.text("en").startswith("It cannot be told whether")
        assert brief.answer.confidence.word == "low"

    def test_a_higher_limit_lets_more_ride(self, answer):
        over = [answer(self.days(50, 52, 51), limit=limit).quantities().get("over") for limit in (1.0, 1.3)]
        assert over[0].value == 2
        assert over[1] is None

    def test_a_tenth_more_or_less(self, answer):
        asked = answer(self.days(38, 38, 38)).quantities()
        assert (asked["over_more"].value, asked["over_larger"].value) == (2, 0)
        asked = answer(self.days(42, 42, 42)).quantities()
        assert (asked["over_more"].value, asked["over_larger"].value) == (2, 0)

    def test_riders_past_midnight_belong_to_the_day_that_began(self, answer):
        frames = {
            "taps": taps((0, "24:10", "A", "C", 30)),
            "timetable": timetable(starts=("24:10",)),
        }
        assert [row.cells[2] for row in answer(frames).options.rows] == ["24:00", "24:15"]

    def test_no_departures_as_performed(self, answer):
        brief = answer(self.days(20, 20, 20))
        assert brief.answer.points[-1].text("en").startswith("No departures as performed were given")
        assert brief.tables == ()

    @pytest.mark.parametrize(
        ("starts", "late", "said"),
        [
            (("08:00", "08:10", "08:20", "08:30"), (), "On no frequent line do riders wait longer"),
            (("08:00", "08:10", "08:20", "08:30"), (0, 400), "Riders of 9 → C wait"),
            (("08:00", "09:00", "10:00"), (0, 400), "No line is frequent enough"),
        ],
    )
    def test_regularity_is_judged_where_riders_come_at_random(self, answer, starts, late, said):
        table = timetable(days=3, starts=starts)
        rows = [(day, "08:00", "A", "C", 20) for day in range(3)]
        brief = answer({"taps": taps(*rows), "timetable": table, "stop_visits": visits(table, late)})
        assert brief.answer.points[-1].text("en").startswith(said)
        assert brief.tables[0].rows
