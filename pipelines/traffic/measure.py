"""The measures of the traffic domain, each written once and named for what it says."""

from __future__ import annotations

import narwhals as nw
import polars as pl
from polars import selectors

from pipelines.traffic import regularity, riders, roads
from pipelines.traffic.clock import QUARTER_S, service_seconds
from workbench._text import Text
from workbench.data.table import Frame, Table
from workbench.domains import Measure, Measures


def scheduled_supply(timetable: Table) -> Table:
    """
    Vehicles and places that the timetable offers by line, direction, stop and quarter-hour of departure.

    Returns
    -------
    Table
        `service_date`, `route_id`, `direction_id`, `stop_id`, `quarter`, `vehicles`, `with_capacity`
        (vehicles whose capacity is known), `places` (persons, of those).
    """
    keys = ["service_date", "route_id", "direction_id", "stop_id", "quarter"]

    def calls(frame: Frame) -> Frame:
        frame = frame.select(
            "service_date", "route_id", "direction_id", "stop_id", "departure_timestamp", "vehicle_capacity"
        )
        known = (
            nw.when(~nw.col("vehicle_capacity").is_null())
            .then(nw.lit(1, nw.Int64()))
            .otherwise(nw.lit(0, nw.Int64()))
        )
        return service_seconds(frame, "_s", "departure_timestamp").select(
            *keys[:4],
            (nw.col("_s") // QUARTER_S).alias("quarter"),
            nw.lit(1, nw.Int64()).alias("vehicles"),
            known.alias("with_capacity"),
            nw.when(known == 1)
            .then(nw.col("vehicle_capacity"))
            .otherwise(nw.lit(0, nw.Int64()))
            .alias("places"),
        )

    def total(frame: Frame) -> Frame:
        return frame.group_by(*keys).agg(nw.col("vehicles", "with_capacity", "places").sum().cast(nw.Int64))

    return timetable.each(calls).by(["route_id", "direction_id", "stop_id"], total, before=total)


def _patterns(m: Measures) -> pl.DataFrame:
    """Line patterns from the day of most trips: one day of a timetable fits in memory, a year may not."""
    days = (
        m.clean("timetable")
        .by(["service_date"], lambda f: f.group_by("service_date").agg(nw.len().alias("calls")), before=None)
        .gather()
    )
    busiest = days.sort("calls", "service_date", descending=[True, False])["service_date"][0]
    one_day = (
        m.clean("timetable").each(lambda f: f.filter(nw.col("service_date") == nw.lit(busiest))).gather()
    )
    return riders.line_patterns(one_day).cast({selectors.unsigned_integer(): pl.Int64})


def _line_patterns(m: Measures) -> Table:
    engine = m.clean("timetable").engine
    return engine.table(_patterns(m))


def _rides(m: Measures) -> Table:
    return m.kept("rides", lambda: riders.rides(m.clean("taps"), riders.stop_pairs(m["line_patterns"])))


def _unassigned(m: Measures) -> Table:
    """Riders by day whose line could not be found."""

    def count(frame: Frame) -> Frame:
        lost = nw.when(nw.col("route_id").is_null()).then(nw.col("riders")).otherwise(nw.lit(0, nw.Int64()))
        frame = frame.select("service_date", lost.alias("unassigned"), "riders")
        return frame.group_by("service_date").agg(nw.col("unassigned", "riders").sum().cast(nw.Int64))

    return _rides(m).by(["service_date"], count)


def _headways(m: Measures) -> Table:
    return regularity.headways(m.clean("stop_visits"), m.clean("timetable") if m.has("timetable") else None)


def _scheduled_headways(m: Measures) -> Table:
    return regularity.headways(m.clean("timetable"))


MEASURES = (
    Measure(
        "hourly_boardings",
        ("taps",),
        lambda m: riders.hourly_boardings(m.clean("taps")),
        Text(
            "Riders boarding by line, stop and hour of the service day",
            "按线路、站点和营运日小时统计的上车人数",
        ),
    ),
    Measure(
        "origin_destination",
        ("taps",),
        lambda m: riders.origin_destination(m.clean("taps")),
        Text("Riders between stops by day", "按日统计的站间客流"),
    ),
    Measure(
        "distinct_cards",
        ("taps",),
        lambda m: riders.distinct_cards(m.clean("taps")),
        Text("Distinct cards by day and line", "按日和线路统计的不同卡数"),
    ),
    Measure(
        "tap_totals",
        ("taps",),
        lambda m: riders.tap_totals(m.clean("taps")),
        Text(
            "Taps and riders by day, and how many say where they alight",
            "按日统计的刷卡数、人数及有下车信息的数量",
        ),
    ),
    Measure(
        "line_patterns",
        ("timetable",),
        _line_patterns,
        Text("Stops of each line and direction", "各线路各方向的站序"),
    ),
    Measure(
        "rides_unassigned",
        ("taps", "timetable"),
        _unassigned,
        Text("Riders whose line could not be found, by day", "按日统计的无法确定线路的乘客"),
    ),
    Measure(
        "load_profile",
        ("taps", "timetable"),
        lambda m: m.kept("load_profile_kept", lambda: riders.load_profile(_rides(m), m["line_patterns"])),
        Text("Riders on board by section and quarter-hour", "按区间和刻钟统计的车上人数"),
    ),
    Measure(
        "peak_load_sections",
        ("taps", "timetable"),
        lambda m: riders.peak_load_sections(m.table("load_profile")),
        Text(
            "Fullest section and quarter-hour by line, direction and day",
            "按线路、方向和日统计的最大断面与刻钟",
        ),
    ),
    Measure(
        "scheduled_supply",
        ("timetable",),
        lambda m: scheduled_supply(m.clean("timetable")),
        Text("Vehicles and places offered by stop and quarter-hour", "按站点和刻钟统计的计划车次与运能"),
    ),
    Measure(
        "headways",
        ("stop_visits",),
        _headways,
        Text(
            "Actual headways at each stop and day, beside the timetable's",
            "各站点各日的实际发车间隔及与时刻表的对比",
        ),
        optional=("timetable",),
    ),
    Measure(
        "scheduled_headways",
        ("timetable",),
        _scheduled_headways,
        Text("Scheduled headways at each stop and day", "各站点各日的计划发车间隔"),
    ),
    Measure(
        "speeds_by_hour",
        ("road_speeds",),
        lambda m: m.kept("speeds_by_hour_kept", lambda: roads.speeds_by_hour(m.clean("road_speeds"))),
        Text("Mean speed by segment, date and hour", "按路段、日期和小时统计的平均车速"),
    ),
    Measure(
        "segment_reliability",
        ("road_speeds",),
        lambda m: m.kept(
            "segment_reliability_kept", lambda: roads.segment_reliability(m.clean("road_speeds"))
        ),
        Text("Free flow, congestion and reliability of each segment", "各路段的自由流速度、拥堵与可靠性"),
    ),
    Measure(
        "congestion_index",
        ("road_speeds",),
        lambda m: roads.congestion_index(m.table("speeds_by_hour"), m.table("segment_reliability")),
        Text("Congestion index by segment and hour of the week", "按路段和周内小时统计的拥堵指数"),
    ),
)
