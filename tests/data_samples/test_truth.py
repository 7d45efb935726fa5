"""The truth can be found again in the shipped files, and is what the sample was planned to hide."""

import math

import polars as pl
import pytest

from data_samples.traffic.truth import Truth


@pytest.fixture(scope="module")
def good(data, truth):
    """The shipped tables without their bad rows."""

    def read(name):
        parts = []
        for path in sorted([*data.glob(f"{name}.*"), *data.glob(f"{name}/*")]):
            file = path.relative_to(data).as_posix()
            bad = [each["row"] for each in truth["bad_rows"] if each["file"] == file]
            if path.suffix == ".parquet":
                frame = pl.read_parquet(path).with_row_index("row", 1)
            else:
                frame = pl.read_csv(path, infer_schema=False, truncate_ragged_lines=True).with_row_index(
                    "row", 2
                )
            parts.append(frame.filter(~pl.col("row").is_in(bad)).drop("row"))
        return pl.concat(parts)

    times = ("event_timestamp", "alight_timestamp", "timestamp")
    tables = {name: read(name) for name in truth["rows"]}
    for name, frame in tables.items():
        tables[name] = frame.with_columns(
            pl.col(each).str.to_datetime() for each in times if frame.schema.get(each) == pl.String
        )
    return tables


def test_truth_reads_back(data, truth, tmp_path):
    Truth.read(data.parent / "truth.json").write(tmp_path / "same.json")
    assert (tmp_path / "same.json").read_bytes() == (data.parent / "truth.json").read_bytes()


def test_good_rows_are_as_many_as_the_truth_says(good, truth):
    assert {name: len(frame) for name, frame in good.items()} == {
        n: r["good"] for n, r in truth["rows"].items()
    }


def test_planted_segments_are_the_most_congested_by_any_measure(good, truth):
    speeds = good["road_speeds"].with_columns(pl.col("speed_kmh", "vehicle_count").cast(pl.Float64))
    free = pl.col("speed_kmh").quantile(0.85, "linear").over("segment_id")
    speeds = speeds.with_columns(free=free).join(good["segments"], "segment_id")
    lost_h = pl.col("length_m").cast(pl.Float64) / 1000 * (1 / pl.col("speed_kmh") - 1 / pl.col("free"))
    found = speeds.group_by("segment_id").agg(
        index_week=pl.col("free").first() / pl.col("speed_kmh").mean(),
        share_congested=(pl.col("speed_kmh") < 0.6 * pl.col("free")).mean(),
        lost_vehicle_hours=(lost_h.clip(0) * pl.col("vehicle_count")).sum(),
    )
    planted = set(truth["congestion"]["segments"])
    assert len(planted) == truth["congestion"]["k"] == 5
    for measure in ("index_week", "share_congested", "lost_vehicle_hours"):
        assert set(found.sort(measure, descending=True)["segment_id"][:5]) == planted
    told = {each["segment_id"]: each for each in truth["congestion"]["realised_top"]}
    for row in found.iter_rows(named=True):
        if row["segment_id"] in told:
            for measure in ("index_week", "share_congested"):
                assert math.isclose(row[measure], told[row["segment_id"]][measure], rel_tol=1e-10)


def test_the_next_segments_come_close_but_not_too_close(truth):
    index = [each["index_week"] - 1 for each in truth["congestion"]["realised_top"]]
    assert 0.70 < index[5] / index[4] < 0.95
    assert index[9] / index[5] > 0.85


def test_realised_headways(good, truth):
    order = ["service_date", "route_id", "direction_id", "trip_stop_sequence", "actual_departure_time"]
    gap = pl.col("actual_departure_time").diff().over(order[:4]).dt.total_seconds()
    found = (
        good["stop_visits"]
        .sort(order)
        .with_columns(gap=gap)
        .group_by(order[1:4])
        .agg(
            headways=pl.col("gap").count(),
            mean_s=pl.col("gap").mean(),
            median_s=pl.col("gap").median(),
            p95_s=pl.col("gap").quantile(0.95, "linear"),
            cv=pl.col("gap").std() / pl.col("gap").mean(),
        )
    )
    assert len(found) == len(truth["headways"]) == 102
    told = {(h["route_id"], h["direction_id"], h["stop_sequence"]): h["realised"] for h in truth["headways"]}
    for row in found.iter_rows(named=True):
        expected = told[row["route_id"], row["direction_id"], row["trip_stop_sequence"]]
        for measure in ("headways", "mean_s", "median_s", "p95_s", "cv"):
            assert math.isclose(row[measure], expected[measure], rel_tol=1e-10)


def test_realised_variation_is_near_what_was_planted(truth):
    for stop in truth["headways"]:
        for window in stop["weekday_windows"]:
            n, process = window["headways"], window["process_cv"]
            if (
                n >= 60
            ):  # headways share their trips with their neighbours, so the error is above that of n draws
                assert abs(window["realised_cv"] / process - 1) < 4.5 / math.sqrt(2 * n)


def test_bunching_grows_along_the_line(truth):
    line = [h for h in truth["headways"] if (h["route_id"], h["direction_id"]) == ("12", 0)]
    peak = [next(w for w in h["weekday_windows"] if w["headway_s"] == 450) for h in line]
    assert peak[-1]["realised_cv"] > 1.5 * peak[3]["realised_cv"] > 2 * peak[0]["realised_cv"]


def test_the_planted_section_alone_is_over_capacity(good, truth):
    told = truth["crowding"]
    assert all(each["load_over_capacity"] > 1.15 for each in told["quarter_hours"])
    assert told["next_highest"]["load_over_capacity"] < 0.9
    mean = sum(each["load"] for each in told["quarter_hours"]) / 4 / 5
    assert abs(mean / told["process"]["load"] - 1) < 0.1
    # Once more from the taps: who boarded by the seventh stop and alighted after it, by when it left.
    visits = good["stop_visits"].select(
        "service_date", "trip_id_performed", "stop_id", "trip_stop_sequence", "actual_departure_time"
    )
    keys = ["service_date", "trip_id_performed"]
    taps = (
        good["taps"]
        .filter(pl.col("route_id") == "12", pl.col("direction_id") == "0")
        .with_columns(pl.col("service_date").str.to_date(), pl.col("num_riders").cast(pl.Int64).fill_null(1))
    )
    board = visits.rename({"trip_stop_sequence": "start"}).drop("actual_departure_time")
    alight = board.rename({"stop_id": "alight_stop_id", "start": "end"})
    section = visits.filter(pl.col("trip_stop_sequence") == 7).drop("stop_id")
    on_board = (
        taps.join(board, [*keys, "stop_id"])
        .join(alight, [*keys, "alight_stop_id"])
        .join(section, keys)
        .filter(pl.col("start") <= 7, pl.col("end") > 7, pl.col("service_date").dt.weekday() <= 5)
        .with_columns(quarter_hour=pl.col("actual_departure_time").dt.truncate("15m").dt.strftime("%H:%M"))
        .group_by("quarter_hour")
        .agg(load=pl.col("num_riders").sum())
    )
    loads = dict(on_board.iter_rows())
    assert [loads[each["quarter_hour"]] for each in told["quarter_hours"]] == [
        e["load"] for e in told["quarter_hours"]
    ]


def test_riders_board_and_alight_while_their_vehicle_stands_there(good):
    visits = good["stop_visits"].select(
        "service_date",
        "trip_id_performed",
        "stop_id",
        "trip_stop_sequence",
        "actual_arrival_time",
        "actual_departure_time",
    )
    taps = good["taps"].with_columns(pl.col("service_date").str.to_date())
    keys = ["service_date", "trip_id_performed"]
    boarded = taps.join(visits, [*keys, "stop_id"])
    assert len(boarded) == len(taps)
    assert boarded.select(
        pl.col("event_timestamp").is_between("actual_arrival_time", "actual_departure_time").all()
    ).item()
    left = boarded.drop_nulls("alight_stop_id").join(
        visits, left_on=[*keys, "alight_stop_id"], right_on=[*keys, "stop_id"], suffix="_then"
    )
    assert len(left) == taps["alight_stop_id"].count()
    assert left.select(
        pl.col("alight_timestamp").is_between("actual_arrival_time_then", "actual_departure_time_then").all()
        & (pl.col("trip_stop_sequence_then") > pl.col("trip_stop_sequence")).all()
    ).item()


def test_loads_are_of_riders_on_board(good):
    visits = good["stop_visits"]
    last = visits.group_by("service_date", "trip_id_performed").agg(
        pl.col("departure_load").sort_by("trip_stop_sequence").last()
    )
    assert last["departure_load"].max() == 0
    assert visits["departure_load"].min() == 0


def test_vehicles_keep_their_order(good):
    visits = good["stop_visits"].sort("service_date", "trip_id_performed", "trip_stop_sequence")
    trip = ["service_date", "trip_id_performed"]
    assert visits.select(
        (pl.col("actual_arrival_time") > pl.col("actual_departure_time").shift().over(trip)).all()
    ).item()
    stop = ["service_date", "route_id", "direction_id", "trip_stop_sequence"]
    by_plan = visits.sort("schedule_departure_time")
    assert by_plan.select(
        (pl.col("actual_departure_time").diff().over(stop).dt.total_seconds() >= 20).all()
    ).item()
    # A vehicle is in one place at a time.
    runs = visits.group_by("vehicle_id", *trip).agg(
        start=pl.col("schedule_arrival_time").min(), end=pl.col("schedule_departure_time").max()
    )
    runs = runs.sort("vehicle_id", "start")
    assert runs.select((pl.col("start") >= pl.col("end").shift().over("vehicle_id")).all()).item()


def test_distinct_cards_and_riders(good, truth):
    taps, told = good["taps"], truth["cards"]
    assert taps["fare_media_id"].drop_nulls().n_unique() == told["distinct_cards"]
    by_date = taps.group_by("service_date").agg(pl.col("fare_media_id").drop_nulls().n_unique())
    assert dict(by_date.iter_rows()) == told["distinct_cards_by_date"]
    assert taps["fare_media_id"].null_count() == told["transactions_without_card"] > 0
    assert taps["num_riders"].cast(pl.Int64).fill_null(1).sum() == told["riders"]
    assert len(taps) == told["transactions"]
    assert max(told["distinct_cards_by_date"].values()) < told["distinct_cards"] < 0.25 * told["transactions"]


def test_trips_not_run_have_no_visits(good, truth):
    keys = ("service_date", "trip_id")
    planned = set(good["timetable"].select(pl.col("service_date").cast(pl.String), "trip_id").iter_rows())
    run = set(
        good["stop_visits"].select(pl.col("service_date").cast(pl.String), "trip_id_performed").iter_rows()
    )
    assert planned - run == {tuple(each[key] for key in keys) for each in truth["trips_not_run"]}
    assert run < planned


def test_some_good_rows_have_gaps_and_service_runs_past_midnight(good):
    assert (
        good["taps"].select(pl.col("alight_timestamp", "fare_media_id", "num_riders").null_count() > 0).row(0)
        == (True,) * 3
    )
    assert good["road_speeds"]["vehicle_count"].null_count() > 0
    late = good["timetable"].filter(pl.col("departure_timestamp").dt.date() > pl.col("service_date"))
    assert late.height > 50
    assert (
        late.filter(pl.col("service_date").dt.weekday() == 5, pl.col("trip_id").str.contains("-N24")).height
        > 0
    )
