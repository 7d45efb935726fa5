"""Feeds read as timetables; the oracle is plain Python over the same rows."""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import random
import time
import zipfile
from pathlib import Path

import polars as pl
import pytest

from workbench.data import odcs
from workbench.data.engines import open_engine
from workbench.data.gtfs import TIMETABLE, read_gtfs
from workbench.data.screening import screen
from workbench.data.source import load_source
from workbench.errors import DataRejected, UnknownName

ROOT = Path(__file__).resolve().parents[2]
REAL = Path(os.environ.get("WORKBENCH_REAL_DATA", ROOT.parent / "shared" / "data")) / "transport" / "gtfs"
FRIDAY, SATURDAY = dt.date(2018, 6, 1), dt.date(2018, 6, 2)
T = dt.datetime
FEED = {
    "stops.txt": '\ufeffstop_id,stop_name,stop_lat,stop_lon\nA,"东站, 北口",39.9,116.4\n'
    "B,西站,39.8,116.3\nC,C,,\n",
    "trips.txt": "route_id,service_id,trip_id\nR1,WK,T1\nR1,WK,T2\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "T1,23:50:00,23:55:00,A,1\nT1,24:30:00,24:30:00,B,2\nT2, 6:00:00,6:00:00,B,5\nT2,6:10:00,6:11:00,A,9\n",
    "calendar_dates.txt": "service_id,date,exception_type\nWK,20180601,1\n",
}


def feed(folder: Path, *, inside: str = "", **changed: str | None) -> Path:
    """A zip of the small feed, some files (named without .txt) changed or left out."""
    files = FEED | {f"{name}.txt": text for name, text in changed.items()}
    path = folder / "feed.zip"
    with zipfile.ZipFile(path, "w") as target:
        for name, text in files.items():
            if text is not None:
                target.writestr(inside + name, text)
    return path


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def member(path: Path, name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(path) as opened:
        return rows(opened.read(name).decode("utf-8-sig"))


def seconds(text: str) -> int:
    h, m, s = map(int, text.split(":"))
    return h * 3600 + m * 60 + s


def test_times_past_midnight_and_a_feed_with_only_exceptions(tmp_path):
    one = read_gtfs(feed(tmp_path))
    table = one.timetable([FRIDAY])
    assert dict(table.schema) == TIMETABLE
    assert table.select(
        "trip_id", "stop_sequence", "stop_id", "arrival_timestamp", "departure_timestamp"
    ).rows() == [
        ("T1", 1, "A", T(2018, 6, 1, 23, 50), T(2018, 6, 1, 23, 55)),
        ("T1", 2, "B", T(2018, 6, 2, 0, 30), T(2018, 6, 2, 0, 30)),
        ("T2", 5, "B", T(2018, 6, 1, 6), T(2018, 6, 1, 6)),
        ("T2", 9, "A", T(2018, 6, 1, 6, 10), T(2018, 6, 1, 6, 11)),
    ]
    assert set(table["service_date"]) == {FRIDAY}
    assert set(table["direction_id"]) == {0}
    assert one.stops().rows() == [
        ("A", "东站, 北口", 39.9, 116.4),
        ("B", "西站", 39.8, 116.3),
        ("C", "C", None, None),
    ]
    assert one.service_dates() == [FRIDAY] == list(one.dates)
    assert one.notes == ("2 trips do not say their direction: it is taken to be 0.",)
    assert one.problems.is_empty()


@pytest.mark.parametrize("inside", ["", "export/", "a/b/"])
def test_a_folder_and_a_zip_are_alike(tmp_path, inside):
    path = feed(tmp_path, inside=inside)
    with zipfile.ZipFile(path) as opened:
        opened.extractall(tmp_path / "out")
    folder = read_gtfs(tmp_path / "out")
    assert read_gtfs(path).timetable([FRIDAY]).equals(folder.timetable([FRIDAY]))
    assert read_gtfs(path).listing("timetable").files[0].name == "feed.zip/stop_times.txt"
    names = ["stop_times.txt", "trips.txt", "calendar_dates.txt", "stops.txt"]
    assert [name for name, _ in folder.listing("timetable").hashes()] == [f"out/{name}" for name in names]


def test_services_agree_with_a_count_by_hand(tmp_path):
    draw = random.Random(7)
    names = [f"S{i}" for i in range(6)]
    first = dt.date(2018, 1, 1)
    weeks = {n: [draw.randint(0, 1) for _ in range(7)] for n in names[:5]}
    spans = {
        n: (first + dt.timedelta(draw.randint(0, 40)), first + dt.timedelta(draw.randint(30, 90)))
        for n in weeks
    }
    cases = {
        (draw.choice(names), first + dt.timedelta(draw.randint(0, 90))): draw.choice("12") for _ in range(120)
    }
    head = "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
    calendar = [
        f"{n},{','.join(map(str, w))},{spans[n][0]:%Y%m%d},{spans[n][1]:%Y%m%d}" for n, w in weeks.items()
    ]
    exceptions = [f"{n},{day:%Y%m%d},{kind}" for (n, day), kind in cases.items()]
    one = read_gtfs(
        feed(
            tmp_path,
            trips="route_id,service_id,trip_id\n" + "".join(f"R,{n},T{i}\n" for i, n in enumerate(names)),
            stop_times=FEED["stop_times.txt"].replace("T1", "T0").replace("T2", "T5"),
            calendar=head + "\n".join(calendar) + "\n",
            calendar_dates="service_id,date,exception_type\n" + "\n".join(exceptions) + "\n",
        )
    )
    for i in range(95):
        day = first + dt.timedelta(i)
        regular = {n for n, w in weeks.items() if w[day.weekday()] and spans[n][0] <= day <= spans[n][1]}
        added = {n for (n, when), kind in cases.items() if when == day and kind == "1"}
        removed = {n for (n, when), kind in cases.items() if when == day and kind == "2"}
        assert one.active_services(day) == (regular - removed) | added
    by_week: dict[dt.date, int] = {}
    for day in one.service_dates():
        monday = day - dt.timedelta(day.weekday())
        by_week[monday] = by_week.get(monday, 0) + len(one.active_services(day))
    best = min(by_week, key=lambda monday: (-by_week[monday], monday))
    assert list(one.dates) == [day for day in one.service_dates() if 0 <= (day - best).days < 7]


@pytest.mark.parametrize(
    "along", [[0, 10, 40, 100, 200], [0, 10, None, 100, 200], [0, 50, 40, 100, 200], [0, 0, 0, 0, 200]]
)
def test_blank_times_lie_between_the_timed_calls(tmp_path, along):
    times = ["8:00:00", "", "", "8:10:00", "8:20:00"]
    calls = [
        f"T1,{t},{t},A,{i},{'' if d is None else d}"
        for i, (t, d) in enumerate(zip(times, along, strict=True))
    ]
    head = "trip_id,arrival_time,departure_time,stop_id,stop_sequence,shape_dist_traveled\n"
    one = read_gtfs(
        feed(tmp_path, stop_times=head + "\n".join(calls) + "\nT2,,,A,1,\nT2,9:00:00,,B,2,\nT2,,,A,3,\n")
    )
    measured = None not in along[:4] and along[:4] == sorted(along[:4]) and along[3] > along[0]
    shares = [d / along[3] for d in along[1:3]] if measured else [1 / 3, 2 / 3]
    start = T(2018, 6, 1, 8)
    expected = [0, *(int(600 * share + 0.5) for share in shares), 600, 1200]
    table = one.timetable([FRIDAY])
    got = table.filter(pl.col("trip_id") == "T1")["arrival_timestamp"].to_list()
    assert got == [start + dt.timedelta(seconds=s) for s in expected]
    # Before the first and after the last timed call there is nothing to go by.
    assert table.filter(pl.col("trip_id") == "T2")["stop_sequence"].to_list() == [2]
    assert one.problems.select("file", "row", "rule", "column").rows() == [
        ("stop_times.txt", 7, "required", "arrival_time"),
        ("stop_times.txt", 9, "required", "arrival_time"),
    ]
    assert one.notes[0] == "2 calls of feed.zip have no times: they are put between the timed calls around."


def test_frequencies_become_trips(tmp_path):
    text = (
        "trip_id,start_time,end_time,headway_secs,exact_times\nT1,06:00:00,06:30:00,600,1\nT1,25:00:00,25:10:00,300,0\n"
        "T1,06:20:00,06:30:00,600,0\nT1,7:00:00,8:00:00,0,\nT9,7:00:00,8:00:00,60,\nT2,9:00:00,8:00:00,60,\n"
    )
    one = read_gtfs(feed(tmp_path, frequencies=text))
    table = one.timetable([FRIDAY])
    starts = ["06:00:00", "06:10:00", "06:20:00", "25:00:00", "25:05:00"]
    assert table["trip_id"].unique().sort().to_list() == [f"T1@{start}" for start in starts]
    for start in starts:
        calls = table.filter(pl.col("trip_id") == f"T1@{start}")
        leaves = T(2018, 6, 1) + dt.timedelta(seconds=seconds(start))
        assert calls["departure_timestamp"].to_list() == [leaves, leaves + dt.timedelta(minutes=35)]
        assert calls["arrival_timestamp"].to_list() == [
            leaves - dt.timedelta(minutes=5),
            leaves + dt.timedelta(minutes=35),
        ]
    assert one.problems.rows() == [
        ("frequencies.txt", 4, "duplicate", "start_time", "T1@06:20:00"),
        ("frequencies.txt", 5, "type", "headway_secs", "0"),
        ("frequencies.txt", 6, "reference", "trip_id", "T9"),
    ]


BROKEN = {
    "trips": "route_id,service_id,trip_id,direction_id\n"
    "R1,WK,T1,0\nR1,WK,T2,1\nR1,XX,T3,0\nR1,WK,T1,1\nR1,WK,T4,north\n",
    "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "T1,8:00:00,8:00:00,A,1\nT1,8:61:00,8:10:00,B,2\nT1,8:20:00,8:20:00,Z,3\nT9,8:00:00,8:00:00,A,1\nT1,8:30:00,8:30:00,C,x\n"
    "T2,9:00:00,9:00:00,A,1,extra\n\nT2,9:10:00,9:10:00,B,2\n",
    "stops": FEED["stops.txt"] + "A,again,0,0\nD,D,north,0\n",
}
PROBLEMS = [
    ("stop_times.txt", 3, "type", "arrival_time", "8:61:00"),
    ("stop_times.txt", 4, "reference", "stop_id", "Z"),
    ("stop_times.txt", 5, "reference", "trip_id", "T9"),
    ("stop_times.txt", 6, "type", "stop_sequence", "x"),
    ("stop_times.txt", 7, "ragged", "", "T2,9:00:00,9:00:00,A,1,extra"),
    ("stops.txt", 5, "duplicate", "stop_id", "A"),
    ("stops.txt", 6, "type", "stop_lat", "north"),
    ("trips.txt", 4, "reference", "service_id", "XX"),
    ("trips.txt", 5, "duplicate", "trip_id", "T1"),
    ("trips.txt", 6, "type", "direction_id", "north"),
]


def test_rows_that_cannot_be_used_are_listed(tmp_path):
    one = read_gtfs(feed(tmp_path, **BROKEN))
    assert one.problems.rows() == PROBLEMS
    assert one.timetable([FRIDAY]).select("trip_id", "stop_sequence", "direction_id").rows() == [
        ("T1", 1, 0),
        ("T2", 2, 1),
    ]
    assert one.stops()["stop_id"].to_list() == ["A", "B", "C", "D"]
    assert one.notes[-1] == "10 rows of feed.zip cannot be used."


def test_rows_that_cannot_be_used_reach_quarantine(tmp_path):
    contract = odcs.load(ROOT / "pipelines" / "traffic" / "contract.yaml")
    one = read_gtfs(feed(tmp_path, **BROKEN))
    with open_engine("polars") as engine:
        for table, wanted in (("timetable", ("stop_times.txt", "trips.txt")), ("stops", ("stops.txt",))):
            names = [each.name for each in one.listing(table).files]
            raw = one.raw(table, [FRIDAY]) if table == "timetable" else one.raw(table)
            seen = screen(engine.table(raw), contract.table(table), files=names)
            aside = seen.quarantine.gather().select("file", "row").sort("file", "row").rows()
            assert aside == [(f"feed.zip/{file}", row) for file, row, *_ in PROBLEMS if file in wanted]
            rest = (
                one.timetable([FRIDAY])
                if table == "timetable"
                else one.stops().filter(pl.col("stop_id") != "D")
            )
            assert seen.clean.gather().sort(rest.columns[:3]).equals(rest)


def test_a_source_file_names_a_feed(tmp_path):
    contract = odcs.load(ROOT / "pipelines" / "traffic" / "contract.yaml")
    both = FEED["calendar_dates.txt"] + "WK,20180602,1\nWK,20180604,1\n"
    feed(tmp_path, calendar_dates=both, agency="agency_timezone\nAsia/Tokyo\n")
    text = (
        "contract: traffic\ntables:\n  stops: {gtfs: feed.zip}\n  timetable:\n    gtfs: feed.zip\n"
        "    dates: {from: 2018-05-01, to: 2018-06-02}\n    columns: {vehicle_capacity: {value: 80}}\n"
    )
    (tmp_path / "source.yaml").write_text(text)
    source = load_source(tmp_path / "source.yaml", contract)
    for name in ("polars", "torn", "dask"):
        with open_engine(name) as engine:
            one = source.open(engine, "timetable")
            clean = screen(one.table, contract.table("timetable")).clean.gather()
            assert set(clean["service_date"]) == {FRIDAY, SATURDAY}
            assert clean["vehicle_capacity"].to_list() == [80] * 8
            assert (
                one.notes[-1] == "feed.zip is in zone Asia/Tokyo, the source in Asia/Shanghai: "
                "its times are taken as they are."
            )
            assert source.open(engine, "stops").table.gather().height == 3
    assert source.supply().listings["timetable"](tmp_path).hashes()[0][0] == "feed.zip/stop_times.txt"
    (tmp_path / "source.yaml").write_text(
        text.replace("from: 2018-05-01, to: 2018-06-02", "from: 2017-01-01, to: 2017-01-02")
    )
    with (
        open_engine("polars") as engine,
        pytest.raises(DataRejected, match="Nothing runs from 2017-01-01 to 2017-01-02"),
    ):
        load_source(tmp_path / "source.yaml", contract).open(engine, "timetable")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"stops": None, "calendar_dates": None}, "stops.txt, calendar.txt or calendar_dates.txt is missing"),
        ({"stops": "stop_idd,x\n1,2\n"}, "no column 'stop_id', which GTFS requires. Nearest: stop_idd."),
        ({"stops": "stop_id,stop_id\n1,2\n"}, "names the column 'stop_id' more than once"),
        ({"stops": ""}, "stops.txt of feed.zip is empty: it has no header"),
        ({"trips": "route_id,service_id,trip_id\nR,OTHER,T1\n"}, "No trip of feed.zip ever runs"),
    ],
)  # fmt: skip
def test_a_broken_feed_says_what_is_wrong(tmp_path, changed, said):
    with pytest.raises(DataRejected) as caught:
        read_gtfs(feed(tmp_path, **changed))
    assert said in str(caught.value)
    assert caught.value.exit_code == 3


def test_a_file_that_is_no_feed(tmp_path):
    (tmp_path / "x.zip").write_bytes(b"not a zip")
    (tmp_path / "empty").mkdir()
    for path, said in (
        ("x.zip", "neither a zip nor a folder"),
        ("y.zip", "No GTFS feed is called"),
        ("empty", "It has no .txt files"),
    ):
        with pytest.raises(DataRejected, match=said):
            read_gtfs(tmp_path / path)
    with zipfile.ZipFile(feed(tmp_path), "a") as opened:
        opened.writestr("frequencies.txt", "车次\n".encode("gb18030"))
    with pytest.raises(DataRejected, match=r"frequencies.txt of feed.zip is not UTF-8 in line 1"):
        read_gtfs(tmp_path / "feed.zip")


def test_a_day_without_service_names_the_nearest(tmp_path):
    said = "Nothing runs on 2018-06-03 in feed.zip: it has service from 2018-06-01 to 2018-06-01, and the"
    with pytest.raises(DataRejected, match=said):
        read_gtfs(feed(tmp_path)).timetable([FRIDAY, dt.date(2018, 6, 3)])
    with pytest.raises(DataRejected, match=said):
        read_gtfs(feed(tmp_path), dates=[dt.date(2018, 6, 3)])
    with pytest.raises(UnknownName, match="table of a GTFS feed"):
        read_gtfs(feed(tmp_path)).raw("taps")


# Real feeds, kept outside the repository.

real = [
    pytest.mark.real,
    pytest.mark.skipif(not REAL.is_dir(), reason=f"no feeds in {REAL}; set WORKBENCH_REAL_DATA"),
]


@pytest.mark.parametrize("name", [pytest.param("cairns_gtfs.zip", marks=real)])
def test_cairns_has_622_trips_on_a_wednesday(name):
    start = time.process_time()
    one = read_gtfs(REAL / name)
    table = one.timetable([dt.date(2014, 5, 28)])
    assert time.process_time() - start < 2
    assert table["trip_id"].n_unique() == 622
    assert one.calls.height == 37_790
    assert one.problems.is_empty()
    given = {(r["trip_id"], int(r["stop_sequence"])): r for r in member(REAL / name, "stop_times.txt")}
    for trip, order, leaves in table.select("trip_id", "stop_sequence", "departure_timestamp").rows():
        if text := given[trip, order]["departure_time"]:
            assert leaves == T(2014, 5, 28) + dt.timedelta(seconds=seconds(text))


@pytest.mark.parametrize(
    ("name", "day"),
    [
        pytest.param("sample_gtfs.zip", dt.date(2007, 6, 9), marks=real),
        pytest.param("spo_gtfs.zip", dt.date(2019, 10, 1), marks=real),
    ],
)
def test_real_frequencies_agree_with_a_count_by_hand(name, day):
    one = read_gtfs(REAL / name)
    active = one.active_services(day)
    trips = {r["trip_id"]: r["service_id"] for r in member(REAL / name, "trips.txt")}
    repeated = member(REAL / name, "frequencies.txt")
    runs = [
        row["trip_id"]
        for row in repeated
        if trips[row["trip_id"]] in active
        for _ in range(seconds(row["start_time"]), seconds(row["end_time"]), int(row["headway_secs"]))
    ]
    plain = {trip for trip, service in trips.items() if service in active} - {r["trip_id"] for r in repeated}
    timed = {r["trip_id"] for r in member(REAL / name, "stop_times.txt")}
    expected = len([trip for trip in runs if trip in timed]) + len(plain & timed)
    assert one.timetable([day])["trip_id"].n_unique() == expected
