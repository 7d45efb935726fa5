"""The GTFS feed says the same as the timetable: expanded here by hand, with the standard library alone."""

import csv
import io
import zipfile
from datetime import date, datetime, timedelta

import polars as pl
import pytest

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def seconds(clock):
    hours, minutes, rest = map(int, clock.split(":"))
    return hours * 3600 + minutes * 60 + rest


def clock(second):
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


@pytest.fixture(scope="module")
def feed(data):
    with zipfile.ZipFile(data / "gtfs.zip") as whole:
        return {
            name.removesuffix(".txt"): list(csv.DictReader(io.StringIO(whole.read(name).decode("utf-8"))))
            for name in whole.namelist()
        }


def runs(feed, day):
    """Give the services of a day."""
    text = f"{day:%Y%m%d}"
    found = {
        each["service_id"]
        for each in feed["calendar"]
        if each[DAYS[day.weekday()]] == "1" and each["start_date"] <= text <= each["end_date"]
    }
    for each in feed["calendar_dates"]:
        if each["date"] == text:
            (found.add if each["exception_type"] == "1" else found.discard)(each["service_id"])
    return found


def expand(feed):
    calls, windows = {}, {}
    for each in feed["stop_times"]:
        calls.setdefault(each["trip_id"], []).append(each)
    for each in feed["frequencies"]:
        windows.setdefault(each["trip_id"], []).append(each)
    for day in (date(2026, 3, 2) + timedelta(days=n) for n in range(7)):
        services, midnight = runs(feed, day), datetime(day.year, day.month, day.day)
        for trip in feed["trips"]:
            if trip["service_id"] not in services:
                continue
            own = calls[trip["trip_id"]]
            first = seconds(own[0]["departure_time"])
            starts = [(trip["trip_id"], first)]
            if trip["trip_id"] in windows:
                starts = [
                    (f"{trip['trip_id']}@{clock(start)}", start)
                    for w in windows[trip["trip_id"]]
                    for start in range(
                        seconds(w["start_time"]), seconds(w["end_time"]), int(w["headway_secs"])
                    )
                ]
            for name, start in starts:
                for call in own:
                    arrives, leaves = (
                        midnight + timedelta(seconds=seconds(call[which]) - first + start)
                        for which in ("arrival_time", "departure_time")
                    )
                    yield (
                        *(day, name, int(call["stop_sequence"]), trip["route_id"], int(trip["direction_id"])),
                        *(call["stop_id"], arrives, leaves, int(trip["vehicle_capacity"])),
                    )


def test_the_feed_expands_to_the_timetable(feed, data, truth):
    bad = [each["row"] for each in truth["bad_rows"] if each["table"] == "timetable"]
    table = pl.read_parquet(data / "timetable.parquet").with_row_index("row", 1)
    good = table.filter(~pl.col("row").is_in(bad)).drop("row")
    rows = list(expand(feed))
    assert len(rows) == len(good)
    assert set(rows) == set(good.iter_rows())


def test_the_feed_has_what_readers_must_cope_with(feed):
    assert any(each["departure_time"] >= "24:00:00" for each in feed["stop_times"])
    assert {each["exception_type"] for each in feed["calendar_dates"]} == {"1", "2"}
    assert {each["service_id"] for each in feed["calendar_dates"]} - {
        each["service_id"] for each in feed["calendar"]
    }
    assert feed["frequencies"]


def test_the_feed_refers_only_to_what_it_has(feed):
    ids = {
        name: {each[key] for each in feed[name]} for name, key in (("stops", "stop_id"), ("trips", "trip_id"))
    }
    assert {each["stop_id"] for each in feed["stop_times"]} <= ids["stops"]
    assert {each["trip_id"] for each in feed["stop_times"]} == ids["trips"]
    assert len(ids["trips"]) == len(feed["trips"])
    assert {each["route_id"] for each in feed["trips"]} == {each["route_id"] for each in feed["routes"]}
    services = {each["service_id"] for each in (*feed["calendar"], *feed["calendar_dates"])}
    assert {each["service_id"] for each in feed["trips"]} == services


def test_no_window_ends_on_a_departure(feed):
    """With exact times a window must end after its last start and before the next would be."""
    for each in feed["frequencies"]:
        span = seconds(each["end_time"]) - seconds(each["start_time"])
        assert span % int(each["headway_secs"]) > 0


def test_stops_of_feed_and_table_agree(feed, data):
    table = pl.read_csv(data / "stops.csv")
    assert [
        (s["stop_id"], s["stop_name"], float(s["stop_lat"]), float(s["stop_lon"])) for s in feed["stops"]
    ] == list(table.iter_rows())
