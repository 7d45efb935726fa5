"""Which segments to treat first: the sample's truth, what must hold for any data, and what cannot be told."""

import datetime as dt
import json

import numpy as np
import polars as pl
import pytest

from data_samples.traffic import DATA, TRUTH
from pipelines.traffic import domain
from pipelines.traffic.decide import Congestion, CongestionParameters
from workbench.data.intake import supply_from_folder, take_in
from workbench.domains import Measures
from workbench.errors import DataRejected

MONDAY, SATURDAY = dt.datetime(2026, 3, 2), dt.datetime(2026, 3, 7)
PARAMETERS = CongestionParameters()
TRUE = json.loads(TRUTH.read_text(encoding="utf-8"))["congestion"]


@pytest.fixture(scope="module")
def sample(engines, tmp_path_factory):
    """Measures of the shipped sample."""
    engine, supply = engines("polars"), supply_from_folder(DATA, domain.contract)
    intake = take_in(
        engine,
        domain.contract,
        supply,
        tmp_path_factory.mktemp("intake"),
        required=("road_speeds", "segments"),
    )
    return Measures(domain.known, intake.tables, tmp_path_factory.mktemp("work"))


@pytest.fixture(scope="module")
def brief(sample):
    return Congestion().answer(sample, PARAMETERS)


@pytest.fixture
def answer(engines, tmp_path_factory):
    """Answer from a frame of speeds."""

    def answered(speeds, segments=None, **parameters):
        engine = engines("polars")
        tables = {"road_speeds": engine.table(speeds)}
        if segments is not None:
            tables["segments"] = engine.table(segments)
        measures = Measures(domain.known, tables, tmp_path_factory.mktemp("work"))
        return Congestion().answer(measures, CongestionParameters(**parameters))

    return answered


def speeds(slow, days=10, start=MONDAY, hours=range(24), seed=1):
    """Hourly speeds about 60 km/h, times a factor for each segment in the peak hours."""
    rng, rows = np.random.default_rng(seed), []
    for segment, factor in slow.items():
        for day in range(days):
            for hour in hours:
                peak = factor if hour in (7, 8, 17, 18) else 1.0
                rows.append(
                    (segment, start + dt.timedelta(days=day, hours=hour), 60 * peak * rng.lognormal(0, 0.05))
                )
    schema = {"segment_id": pl.String, "timestamp": pl.Datetime("us"), "speed_kmh": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(vehicle_count=pl.lit(None, pl.Int64))


def places(brief):
    """Segments in the order of the options table, with the chance of each."""
    return {row.cells[0]: row.cells[1].value for row in brief.options.rows}


def chosen(brief):
    return [row.cells[0] for row in brief.options.rows if row.chosen]


class TestSample:
    def test_the_planted_segments_are_chosen(self, brief):
        assert {name.rpartition("(")[2].rstrip(")") for name in chosen(brief)} == set(TRUE["segments"])

    def test_the_next_are_those_planted_close(self, brief):
        others = [row.cells[0] for row in brief.options.rows if not row.chosen]
        assert others
        assert {name.rpartition("(")[2].rstrip(")") for name in others} <= set(TRUE["close"])

    def test_figures_are_the_truth(self, sample, brief):
        judged = {row["segment_id"]: row for row in sample["segment_reliability"].iter_rows(named=True)}
        for true in TRUE["realised_top"]:
            row = judged[true["segment_id"]]
            assert row["congestion_index"] == pytest.approx(true["index_week"], rel=1e-9)
            assert row["share_congested"] == pytest.approx(true["share_congested"], rel=1e-9)
        peak = {true["segment_id"]: true["index_peak"] for true in TRUE["realised_top"]}
        for row in brief.options.rows:
            segment = row.cells[0].rpartition("(")[2].rstrip(")")
            assert row.cells[2].value == pytest.approx(peak[segment], rel=1e-9)

    def test_it_says_how_sure_it_is(self, brief):
        chances = [row.cells[1].value for row in brief.options.rows]
        assert all(chance >= 0.9 for chance in chances[:4])
        assert all(chance < 0.7 for chance in chances[4:])
        assert brief.answer.confidence.word == "low"  # the fifth place is contested, as planted
        assert "The remaining places go to" in brief.answer.headline.text("en")

    def test_without_the_contested_place_it_is_surer(self, sample):
        four = Congestion().answer(sample, CongestionParameters(k=4))
        assert four.answer.confidence.word in ("moderate", "high")


class TestRanking:
    def test_the_slowest_come_first(self, answer):
        brief = answer(speeds({"a": 0.9, "b": 0.4, "c": 0.6, "d": 0.95}), k=2)
        assert chosen(brief) == ["b", "c"]
        assert brief.answer.confidence.word == "high"
        assert brief.answer.headline.text("en") == "Treat first: b and c."
        assert list(places(brief).values())[:2] == [1.0, 1.0]

    @pytest.mark.parametrize("segment", list("abcdef"))
    @pytest.mark.parametrize("factor", [0.99, 0.8, 0.3])
    def test_slowing_a_segment_never_lowers_its_place(self, answer, segment, factor):
        slow = {"a": 0.80, "b": 0.78, "c": 0.76, "d": 0.74, "e": 0.72, "f": 0.70}
        before = speeds(slow)
        peak = pl.col("timestamp").dt.hour().is_in([7, 8, 17, 18]) & (pl.col("segment_id") == segment)
        after = before.with_columns(pl.col("speed_kmh") * pl.when(peak).then(factor).otherwise(1.0))
        was, now = (places(answer(one, k=6, resamples=200)) for one in (before, after))
        assert list(now).index(segment) <= list(was).index(segment)

    def test_equals_are_ordered_by_name_and_share_their_chance(self, answer):
        one = speeds({"x": 0.5})
        frame = pl.concat([one.with_columns(segment_id=pl.lit(name)) for name in ("q", "p", "r")])
        brief = answer(frame, k=1)
        assert places(brief) == pytest.approx({"p": 1 / 3, "q": 1 / 3, "r": 1 / 3})
        assert chosen(brief) == ["p"]
        assert "cannot be separated" in brief.answer.headline.text("en")

    def test_more_places_than_segments(self, answer):
        brief = answer(speeds({"a": 0.9, "b": 0.4}), k=50)
        assert chosen(brief) == ["b", "a"]
        assert brief.answer.headline.text("en") == "Treat first: b and a."
        assert brief.quantities()["k"].value == 2

    def test_one_segment(self, answer):
        brief = answer(speeds({"only": 0.5}), k=1)
        assert chosen(brief) == ["only"]
        assert brief.answer.confidence.word == "high"

    def test_names_come_from_the_segments(self, answer):
        named = pl.DataFrame({"segment_id": ["a", "b"], "segment_name": ["人民路", None]})
        assert set(places(answer(speeds({"a": 0.5, "b": 0.9}), named))) == {"人民路 (a)", "b"}

    def test_the_seed_moves_chances_alone(self, answer):
        frame = speeds({"a": 0.80, "b": 0.79, "c": 0.5})
        one, same, other = (answer(frame, k=2, seed=seed) for seed in (1, 1, 2))
        assert one.to_json() == same.to_json()
        assert one.to_json() != other.to_json()
        assert list(places(one)) == list(places(other))


class TestDays:
    @pytest.mark.parametrize("days", [1, 2])
    def test_too_few_days_cannot_tell(self, answer, days):
        brief = answer(speeds({"a": 0.9, "b": 0.4}, days=days), k=1)
        assert brief.answer.confidence.word == "cannot_tell"
        assert chosen(brief) == ["b"]
        assert places(brief) == {"b": None, "a": None}
        assert "too few days" in brief.answer.headline.text("en")
        assert not [name for name, one in brief.quantities().items() if one.low is not None]
        assert not any("drawn" in one.text("en") for one in brief.assumptions)

    def test_three_days_can(self, answer):
        brief = answer(speeds({"a": 0.9, "b": 0.4}, days=3), k=1)
        assert brief.answer.confidence.word == "high"

    def test_a_weekend_alone_has_no_weekday(self, answer):
        frame = speeds({"a": 0.9, "b": 0.4}, days=2, start=SATURDAY)
        with pytest.raises(DataRejected) as refused:
            answer(frame, k=1)
        assert (
            "No speed was observed on weekdays in the hours from 7:00, 8:00, 17:00, 18:00"
            in refused.value.message
        )
        assert "2026-03-07 to 2026-03-08" in refused.value.message
        assert chosen(answer(frame, k=1, weekdays_only=False)) == ["b"]

    def test_hours_without_data(self, answer):
        with pytest.raises(DataRejected, match="change the parameters `hours`"):
            answer(speeds({"a": 0.9}, hours=range(6)))


class TestCoverage:
    def test_a_segment_seen_too_rarely_is_left_out_and_told(self, answer):
        often, rare = speeds({"a": 0.9, "b": 0.8}), speeds({"z": 0.1}, days=2)
        brief = answer(pl.concat([often, rare]), k=1)
        assert "z" not in places(brief)
        assert "could not be judged" in " ".join(one.text("en") for one in brief.limits)
        assert chosen(answer(pl.concat([often, rare]), k=1, least_coverage=0.2)) == ["z"]

    def test_no_segment_seen_often_enough(self, answer):
        frames = [
            speeds({name: 0.5}, days=1, start=MONDAY + dt.timedelta(days=i)) for i, name in enumerate("abc")
        ]
        with pytest.raises(DataRejected) as refused:
            answer(pl.concat(frames), least_coverage=0.9)
        assert "No segment was observed in 90% of the hours judged (the most is 33%)" in refused.value.message
