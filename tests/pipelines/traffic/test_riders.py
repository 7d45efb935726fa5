"""Boardings, journeys and loads against plain Python, on every engine."""

import datetime as dt
import random
from collections import Counter, defaultdict
from statistics import median

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.traffic import riders

DAY = dt.date(2024, 3, 4)
SCHEMA = {
    "service_date": pl.Date,
    "event_timestamp": pl.Datetime("us"),
    "fare_media_id": pl.String,
    "stop_id": pl.String,
    "alight_stop_id": pl.String,
    "route_id": pl.String,
    "direction_id": pl.Int64,
    "num_riders": pl.Int64,
}
LINES = {  # the stops of each line and direction, with the seconds from the first
    ("12", 0): [("A", 0), ("B", 70), ("C", 200), ("站D", 1000)],
    ("12", 1): [("站D", 0), ("C", 810), ("B", 900), ("A", 1000)],
    ("环", 0): [("A", 0), ("X", 300), ("Y", 600), ("A", 1200), ("Z", 1500)],  # calls at A twice
    ("7", 0): [("B", 0), ("C", 100), ("F", 500)],  # B to C is also on 12
    ("M6", 1): [("M1", 0), ("M2", 840), ("M3", 2000)],
}


def midnight(day):
    return dt.datetime.combine(day, dt.time())


def timetable():
    """Trips of each line; of 12/0 one turns short; of 7/0 as many start at Z, which comes later by name."""
    rows = []

    def run(route, direction, trip, stops, start, slower=1.0):
        for i, (stop, offset) in enumerate(stops):
            at = midnight(DAY) + dt.timedelta(seconds=start + round(offset * slower))
            rows.append((DAY, f"{route}/{direction}/{trip}", route, direction, stop, 10 * (i + 1), at))

    for (route, direction), stops in LINES.items():
        for trip, (start, slower) in enumerate([(0, 1.0), (600, 1.0), (86_000, 1.1)]):
            run(route, direction, trip, stops, 21_600 + start, slower)
    run("12", 0, "short", LINES["12", 0][:2], 30_000)
    for trip in range(3):
        run("7", 0, f"from Z {trip}", [("Z", 0), ("C", 50)], 40_000 + trip)
    schema = {
        "service_date": pl.Date,
        "trip_id": pl.String,
        "route_id": pl.String,
        "direction_id": pl.Int64,
        "stop_id": pl.String,
        "stop_sequence": pl.Int64,
        "departure_timestamp": pl.Datetime("us"),
    }
    return pl.DataFrame(rows, schema=schema, orient="row").sample(fraction=1.0, shuffle=True, seed=1)


def tap(stop="A", alight=None, route=None, direction=None, at=0, day=DAY, card=None, count=1):
    time = midnight(day) + dt.timedelta(seconds=at)
    return dict(zip(SCHEMA, (day, time, card, stop, alight, route, direction, count), strict=True))


def some_taps(count=400, seed=5):
    rng = random.Random(seed)
    taps = []
    for _ in range(count):
        route, direction = rng.choice(list(LINES))
        stops = [stop for stop, _ in LINES[route, direction]]
        board, alight = sorted(rng.sample(range(len(stops)), 2))
        said = rng.random()
        taps.append(
            tap(
                stops[board],
                rng.choice([stops[alight]] * 9 + [None, "nowhere"]),
                route if said < 0.6 else None,
                direction if said < 0.4 or said > 0.9 else None,
                rng.choice(
                    [rng.randrange(86_400), rng.randrange(86_400, 97_200), rng.randrange(-900, 0), 35_999]
                ),
                DAY + dt.timedelta(days=rng.randrange(2)),
                rng.choice([None, *"卡bcdef"]),
                rng.choice([1, 1, 1, 2, 40]),
            )
        )
    return [one for one in taps if one["stop_id"] != one["alight_stop_id"]]


def frame_of(taps):
    return pl.DataFrame(taps, schema=SCHEMA)


def seconds(tap):
    return (tap["event_timestamp"] - midnight(tap["service_date"])) // dt.timedelta(seconds=1)


def patterns_expected():
    return [
        {
            "route_id": route,
            "direction_id": direction,
            "section": i,
            "stop_id": stop,
            "next_stop_id": stops[i + 1][0] if i + 1 < len(stops) else None,
            "offset_s": round(median([offset, offset, round(offset * 1.1)])),
            "trips": 3,
            "pattern_share": {("12", 0): 0.75, ("7", 0): 0.5}.get((route, direction), 1.0),
        }
        for (route, direction), stops in LINES.items()
        for i, (stop, offset) in enumerate(stops)
    ]


def ride_of(tap):
    """Line, direction, boarding and alighting section of a tap, and seconds to the first; plain Python."""
    offers = defaultdict(list)
    for line, stops in LINES.items():
        for board, (start, offset) in enumerate(stops):
            for alight, (end, _) in enumerate(stops):
                if board < alight and start != end:
                    offers[line, start, end].append((alight - board, board, alight, offset))
    pair = tap["stop_id"], tap["alight_stop_id"]
    could = [line for line in LINES if offers.get((line, *pair))]
    if tap["route_id"] is None:
        could = could if len(could) == 1 else []
    else:
        could = [line for line in could if line[0] == tap["route_id"]]
    if tap["direction_id"] is not None:
        could = [line for line in could if line[1] == tap["direction_id"]]
    if len(could) != 1:
        return None, None, None, None, None
    _, board, alight, offset = min(offers[could[0], *pair])
    return *could[0], board, alight, offset


def rides_expected(taps):
    sums = Counter()
    for one in taps:
        if one["alight_stop_id"] is not None:
            sums[one["service_date"], *ride_of(one), seconds(one) // 60] += one["num_riders"]
    names = ("service_date", "route_id", "direction_id", "board", "alight", "board_offset_s", "minute")
    return [dict(zip((*names, "riders"), (*key, count), strict=True)) for key, count in sums.items()]


def load_expected(rides):
    sums = Counter()
    for ride in rides:
        if ride["route_id"] is None:
            continue
        stops = LINES[ride["route_id"], ride["direction_id"]]
        for section in range(ride["board"], ride["alight"]):
            passed = ride["minute"] * 60 + stops[section][1] - ride["board_offset_s"]
            line = ride["service_date"], ride["route_id"], ride["direction_id"]
            sums[*line, section, stops[section][0], stops[section + 1][0], passed // 900] += ride["riders"]
    names = (
        "service_date",
        "route_id",
        "direction_id",
        "section",
        "stop_id",
        "next_stop_id",
        "quarter",
        "riders",
    )
    return [dict(zip(names, (*key, count), strict=True)) for key, count in sums.items()]


def test_patterns_are_those_that_most_trips_follow(agree):
    agree(riders.line_patterns(timetable()), patterns_expected())


def test_pairs_are_the_shortest_rides_of_every_line(agree):
    made = riders.stop_pairs(riders.line_patterns(timetable()))
    expected = {}
    for (route, direction), stops in LINES.items():
        for board, (start, offset) in enumerate(stops):
            for alight, (end, _) in enumerate(stops):
                key = route, direction, start, end
                if board < alight and start != end and alight - board < expected.get(key, (99,))[0]:
                    expected[key] = alight - board, board, alight, offset
    lines = Counter(pair for _, _, *pair in map(tuple, expected) for pair in [tuple(pair)])
    rows = [
        {
            "route_id": route,
            "direction_id": direction,
            "stop_id": start,
            "alight_stop_id": end,
            "board": board,
            "alight": alight,
            "board_offset_s": offset,
            "lines": lines[start, end],
        }
        for (route, direction, start, end), (_, board, alight, offset) in expected.items()
    ]
    agree(made.select(list(rows[0])), rows)
    loop = made.filter(pl.col("route_id") == "环", pl.col("stop_id") == "A")
    assert dict(loop.select("alight_stop_id", "board").iter_rows()) == {"X": 0, "Y": 0, "Z": 3}


def test_measures_of_taps_are_those_of_plain_python(engine, spread, agree):
    taps = some_taps()
    table = spread(engine, frame_of(taps))

    hours = Counter()
    pairs = Counter()
    cards = defaultdict(set)
    totals = defaultdict(lambda: [0, 0, 0, 0])
    for one in taps:
        day, route, stop, alight = (one[k] for k in ("service_date", "route_id", "stop_id", "alight_stop_id"))
        hours[day, route, stop, seconds(one) // 3600] += one["num_riders"]
        if alight is not None:
            pairs[day, stop, alight] += one["num_riders"]
        if one["fare_media_id"] is not None:
            cards[day, route].add(one["fare_media_id"])
        for i, more in enumerate((1, one["num_riders"], alight is not None, route is not None)):
            totals[day][i] += more

    def rows(sums, *names):
        return [dict(zip(names, (*key, value), strict=True)) for key, value in sums.items()]

    agree(
        riders.hourly_boardings(table),
        rows(hours, "service_date", "route_id", "stop_id", "hour", "boardings"),
    )
    assert max(hour for *_, hour in hours) >= 24
    agree(
        riders.origin_destination(table), rows(pairs, "service_date", "stop_id", "alight_stop_id", "riders")
    )
    counted = {key: len(some) for key, some in cards.items()}
    agree(riders.distinct_cards(table), rows(counted, "service_date", "route_id", "cards"))
    names = ("taps", "riders", "with_alighting", "with_route")
    expected = [{"service_date": day, **dict(zip(names, sums, strict=True))} for day, sums in totals.items()]
    agree(riders.tap_totals(table), expected)


def test_rides_and_loads_are_those_of_plain_python(engine, spread, agree, tmp_path):
    taps = some_taps()
    patterns = riders.line_patterns(timetable())
    made = riders.rides(spread(engine, frame_of(taps)), riders.stop_pairs(patterns)).keep(
        str(tmp_path / "rides")
    )
    expected = rides_expected(taps)
    agree(made, expected)
    assert {None, *(route for route, _ in LINES)} == {row["route_id"] for row in expected}

    load = riders.load_profile(made, patterns)
    loads = load_expected(expected)
    agree(load, loads)

    best = {}
    for row in loads:
        line = row["service_date"], row["route_id"], row["direction_id"]
        rank = -row["riders"], row["quarter"], row["section"]
        best[line] = min(best.get(line, (rank, row)), (rank, row), key=lambda one: one[0])
    agree(riders.peak_load_sections(load), [row for _, row in best.values()])


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (tap("A", "C"), ("12", 0, 0, 2)),  # only line 12 goes there
        (tap("C", "A"), ("12", 1, 1, 3)),
        (tap("B", "C"), None),  # lines 12 and 7 do
        (tap("B", "C", route="7"), ("7", 0, 0, 1)),
        (tap("B", "C", route="12"), ("12", 0, 1, 2)),  # in one direction only
        (tap("B", "C", route="12", direction=1), None),  # not in that one
        (tap("B", "C", direction=0), None),
        (tap("C", "A", direction=1), ("12", 1, 1, 3)),
        (tap("C", "A", direction=0), None),
        (tap("A", "Z"), ("环", 0, 3, 4)),  # from the nearer call at A
        (tap("A", "Y"), ("环", 0, 0, 2)),
        (tap("Y", "A"), ("环", 0, 2, 3)),
        (tap("A", "C", route="环"), None),
        (tap("A", "C", route="no such line"), None),
        (tap("A", "nowhere"), None),
        (tap("A", "A"), None),
    ],
)
def test_a_tap_rides_the_line_that_can_carry_it(engines, given, found):
    pairs = riders.stop_pairs(riders.line_patterns(timetable()))
    made = riders.rides(engines("polars").table(frame_of([given])), pairs).gather()
    assert made.select("route_id", "direction_id", "board", "alight").rows() == [found or (None,) * 4]


def test_taps_that_do_not_say_where_they_end_are_no_rides(engines):
    patterns = riders.line_patterns(timetable())
    rides = riders.rides(engines("torn").table(frame_of([tap("A", route="12")])), riders.stop_pairs(patterns))
    assert rides.gather().height == 0
    load = riders.load_profile(rides, patterns)
    assert load.gather().height == 0
    assert riders.peak_load_sections(load).gather().height == 0


def test_of_equally_full_sections_the_earliest_is_the_peak(engine, spread, agree):
    schema = {
        "service_date": pl.Date,
        "route_id": pl.String,
        "direction_id": pl.Int64,
        "section": pl.Int64,
        "stop_id": pl.String,
        "next_stop_id": pl.String,
        "quarter": pl.Int64,
        "riders": pl.Int64,
    }
    rows = [
        (DAY, "12", 0, s, f"s{s}", f"s{s + 1}", q, n)
        for s, q, n in [(2, 30, 9), (1, 31, 9), (3, 30, 9), (0, 29, 8)]
    ]
    rows += [
        (DAY, "12", 1, 5, "x", "y", 100, 1),
        (DAY, "7", 0, 0, "x", "y", -1, 3),
        (DAY, "7", 0, 1, "y", "z", 0, 3),
    ]
    load = pl.DataFrame(rows, schema=schema, orient="row")
    agree(riders.peak_load_sections(spread(engine, load)), load[[0, 4, 5]])


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(list(LINES)), st.integers(0, 9), st.integers(0, 97_000), st.integers(1, 60)
        ),
        max_size=20,
    )
)
def test_every_rider_fills_each_section_of_the_ride_once(engines, trips):
    """Load is conserved: its sum over sections and quarters is riders times sections ridden."""
    taps = []
    for line, which, at, count in trips:
        stops = [stop for stop, _ in LINES[line]]
        board = which % (len(stops) - 1)
        alight = board + 1 + which % (len(stops) - 1 - board)
        if stops[board] != stops[alight]:
            taps.append(tap(stops[board], stops[alight], *line, at=at, count=count))
    patterns = riders.line_patterns(timetable())
    rides = riders.rides(engines("polars").table(frame_of(taps)), riders.stop_pairs(patterns)).gather()
    load = riders.load_profile(engines("polars").table(rides), patterns).gather()
    assert rides["riders"].sum() == sum(one["num_riders"] for one in taps)
    ridden = (rides["riders"] * (rides["alight"] - rides["board"])).sum()
    assert load["riders"].sum() == ridden
