"""Feeds: what is written is read back, the bytes are the same everywhere, and bad input is refused."""

import datetime as dt
import hashlib
import zipfile

import polars as pl
import pytest
from optimisation_samples import DAY, calls

from workbench.data.gtfs import read_gtfs
from workbench.errors import BadParameter, DataRejected, UnknownName
from workbench.optimisation import Agency, CrowFlies, trips_of, vehicle_blocks, write_feed

WEEK = [DAY + dt.timedelta(days=count) for count in range(14)]


@pytest.fixture
def timetable() -> pl.DataFrame:
    """Two weeks: a trip on working days but the first Wednesday, one past midnight, and one on a Sunday."""
    work = [calls("work", "06:00", "abc", day=day) for day in WEEK if day.weekday() < 5 and day != WEEK[2]]
    late = [calls("late", "23:50", "cba", day=day, route="2") for day in WEEK]
    return pl.concat([*work, *late, calls("夜班", "30:00", "ab", day=WEEK[6])])


def text(path, name: str) -> str:
    with zipfile.ZipFile(path) as feed:
        return feed.read(name).decode()


def test_what_is_written_is_read_back(tmp_path, timetable, stops, routes, agency):
    path = write_feed(
        tmp_path / "feed.zip", timetable.sample(fraction=1, shuffle=True, seed=3), stops, routes, agency
    )
    feed = read_gtfs(path)
    assert feed.problems.is_empty()
    assert feed.notes == ()
    assert feed.zone == "Asia/Shanghai"
    expected = timetable.sort("service_date", "trip_id", "stop_sequence")
    assert feed.timetable(WEEK).equals(expected)
    assert feed.service_dates() == WEEK
    assert feed.stops().equals(stops.filter(pl.col("stop_id") != "d").drop("parent_station"))
    assert feed.routes.rows() == routes.rows()


def test_the_files_are_those_of_gtfs(tmp_path, timetable, stops, routes, agency):
    path = write_feed(tmp_path / "feed.zip", timetable, stops, routes, agency)
    assert text(path, "agency.txt") == (
        "agency_id,agency_name,agency_url,agency_timezone\n1,City Bus,https://example.org,Asia/Shanghai\n"
    )
    assert text(path, "calendar.txt") == (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "S1,1,1,1,1,1,1,1,20260302,20260315\n"
        "S2,1,1,0,1,1,0,0,20260302,20260313\n"
        "S3,0,0,0,0,0,0,1,20260308,20260308\n"
    )
    assert text(path, "calendar_dates.txt") == "service_id,date,exception_type\nS2,20260311,1\n"
    assert text(path, "trips.txt") == (
        "route_id,service_id,trip_id,direction_id\n2,S1,late,0\n1,S2,work,0\n1,S3,夜班,0\n"
    )
    assert text(path, "stop_times.txt").splitlines()[:4] == [
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence",
        "late,23:50:00,23:50:00,c,1",
        "late,24:00:00,24:00:30,b,2",
        "late,24:10:00,24:10:00,a,3",
    ]
    assert text(path, "routes.txt").splitlines()[1] == '1,1,1,"Alpha, Beta",3'


def test_the_bytes_are_the_same_everywhere(tmp_path, timetable, stops, routes, agency):
    one = write_feed(tmp_path / "one.zip", timetable, stops, routes, agency).read_bytes()
    mixed = [frame.sample(fraction=1, shuffle=True, seed=9) for frame in (timetable, stops, routes)]
    assert write_feed(tmp_path / "two.zip", *mixed, agency).read_bytes() == one
    assert (
        hashlib.sha256(one).hexdigest() == "f6feee6e1eb6cab1b8b268722eb8bc3aaa365f0672e0dfc7d34acbd28368bada"
    )


def test_blocks_become_block_ids(tmp_path, timetable, stops, routes, agency):
    day = timetable.filter(service_date=WEEK[0])
    blocks = vehicle_blocks(trips_of(day), CrowFlies(stops, speed_kmh=30))
    path = write_feed(tmp_path / "feed.zip", day, stops, routes, agency, blocks=blocks.trips)
    assert text(path, "trips.txt").splitlines() == [
        "route_id,service_id,trip_id,direction_id,block_id", "2,S1,late,0,B0001", "1,S1,work,0,B0001",
    ]  # fmt: skip
    assert read_gtfs(path).timetable([WEEK[0]]).equals(day.sort("trip_id", "stop_sequence"))
    part = blocks.trips.filter(trip_id="late")
    path = write_feed(path, day, stops, routes, agency, blocks=part)
    assert text(path, "trips.txt").splitlines()[2] == "1,S1,work,0,"


ONE = calls("t1", "06:00", "abc")
SECOND = pl.col("stop_sequence") == 2


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (ONE.clear(), "There are no rows in the timetable"),
        (ONE.drop("stop_id"), "The column `stop_id` is missing in the timetable"),
        (ONE.with_columns(trip_id=pl.lit(None)), "row 1 of the timetable: `trip_id` is missing"),
        (
            ONE.with_columns(pl.col("arrival_timestamp").dt.replace_time_zone("Asia/Shanghai")),
            "`arrival_timestamp` of the timetable must be a timestamp without a zone",
        ),
        (ONE.head(1), "Trip 't1' on 2026-03-02, stop 'a': it has a single call"),
        (pl.concat([ONE, ONE]), "it has two calls with the sequence 1"),
        (ONE.with_columns(stop_sequence=pl.col("stop_sequence") - 2), "it has the negative sequence -1"),
        (ONE.with_columns(direction_id=pl.lit(2)), "it has direction 2, which is neither 0 nor 1"),
        (ONE.with_columns(service_date=pl.lit(DAY.replace(day=3))), "before its day of service"),
        (
            ONE.with_columns(departure_timestamp=pl.col("departure_timestamp") - pl.duration(minutes=1)),
            "it departs at 2026-03-02 05:59:00, before it arrives",
        ),
        (
            ONE.with_columns(stop_sequence=4 - pl.col("stop_sequence")),
            "it arrives at 2026-03-02 06:10:00, before it departs from the stop before",
        ),
        (
            ONE.with_columns(
                pl.col("arrival_timestamp", "departure_timestamp") + pl.duration(milliseconds=500)
            ),
            "it has times that are no whole seconds",
        ),
        (
            ONE.with_columns(route_id=pl.when(SECOND).then(pl.lit("2")).otherwise(pl.lit("1"))),
            "it has two routes or directions",
        ),
        (
            pl.concat([ONE, calls("t1", "07:00", "abc", day=WEEK[1])]),
            "Trip 't1' is not the same on all its days: give each way it runs its own trip_id",
        ),
    ],
)
def test_bad_timetables_are_told(tmp_path, stops, routes, agency, bad, says):
    with pytest.raises(DataRejected, match=says):
        write_feed(tmp_path / "feed.zip", bad, stops, routes, agency)
    assert not (tmp_path / "feed.zip").exists()


def test_bad_stops_and_routes_are_told(tmp_path, stops, routes, agency):
    def write(stops=stops, routes=routes):
        write_feed(tmp_path / "feed.zip", ONE, stops, routes, agency)

    with pytest.raises(UnknownName, match=r"No stop is called 'a'\. Known: b, c, d\. The timetable uses it"):
        write(stops=stops.filter(pl.col("stop_id") != "a"))
    with pytest.raises(UnknownName, match="No route is called '1'"):
        write(routes=routes.filter(pl.col("route_id") != "1"))
    with pytest.raises(DataRejected, match="Stop 'a' is given more than once"):
        write(stops=pl.concat([stops, stops]))
    with pytest.raises(DataRejected, match="the stops that the timetable calls at: `stop_lat` is missing"):
        write(stops=stops.with_columns(stop_lat=pl.lit(None)))
    with pytest.raises(DataRejected, match="Stop 'a' is nowhere on earth"):
        write(stops=stops.with_columns(stop_lon=pl.lit(200.0)))
    with pytest.raises(DataRejected, match="Route '1' has neither a short nor a long name"):
        write(routes=routes.with_columns(route_short_name=pl.lit(""), route_long_name=pl.lit(None)))
    for kind in ("bus", None, "99"):
        with pytest.raises(DataRejected, match="Route '1' has no route_type of GTFS"):
            write(routes=routes.with_columns(route_type=pl.lit(kind)))
    with pytest.raises(DataRejected, match="no column `route_type`"):
        write(routes=routes.drop("route_type"))


def test_bad_blocks_are_told(tmp_path, timetable, stops, routes, agency):
    def write(*rows):
        blocks = pl.DataFrame(rows, schema=["trip_id", "block_id"], orient="row")
        write_feed(tmp_path / "feed.zip", timetable, stops, routes, agency, blocks=blocks)

    write(("late", "B1"), ("work", "B1"), ("夜班", "B2"))
    with pytest.raises(DataRejected, match="Trip 'late' is in the blocks more than once"):
        write(("late", "B1"), ("late", "B2"))
    with pytest.raises(DataRejected, match="The blocks have trip 'lost', which the timetable does not have"):
        write(("lost", "B1"))
    both = pl.concat([calls("t1", "06:00", "abc"), calls("t2", "06:15", "cba"), calls("t3", "06:20", "cba")])
    rows = pl.DataFrame({"trip_id": ["t1", "t3"], "block_id": ["B1", "B1"]})
    write_feed(
        tmp_path / "feed.zip", both, stops, routes, agency, blocks=rows
    )  # one ends as the other starts
    rows = rows.with_columns(trip_id=pl.Series(["t1", "t2"]))
    with pytest.raises(
        DataRejected, match="Block 'B1' has trips 't1' and 't2' at the same time on 2026-03-02"
    ):
        write_feed(tmp_path / "feed.zip", both, stops, routes, agency, blocks=rows)


def test_a_place_that_cannot_be_written_is_told(tmp_path, stops, routes, agency):
    with pytest.raises(BadParameter, match=r"The feed cannot be written to .*nowhere"):
        write_feed(tmp_path / "nowhere" / "feed.zip", ONE, stops, routes, agency)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"name": " "}, "The agency's `name` is empty"),
        ({"url": "example.org"}, "must begin with http"),
        ({"zone": "Asia/Peking"}, "'Asia/Peking' is no time zone"),
        ({"zone": ""}, "'' is no time zone"),
    ],
)
def test_bad_agencies_are_told(bad, says):
    with pytest.raises(BadParameter, match=says):
        Agency(**{"name": "City Bus", "url": "https://example.org", "zone": "Asia/Shanghai", **bad})
