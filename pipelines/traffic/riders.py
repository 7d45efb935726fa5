"""
Where riders board, where they go, and how many are on board between two stops.

Each measure is one function, Table to Table, written once and run on every engine.
"""

from __future__ import annotations

import narwhals as nw
import polars as pl

from pipelines.traffic.clock import HOUR_S, QUARTER_S, service_seconds
from pipelines.traffic.patterns import LINE, PAIR, line_patterns, stop_pairs
from workbench.data.table import Frame, Table

CELL_S = 60
"""Boardings are summed by the minute before they are spread over the sections they ride."""
ANY_DIRECTION = -1
"""Stands for the direction that a tap does not say, because nulls meet nothing in a join."""
RIDE = [*LINE, "board", "alight", "board_offset_s"]
"""Where a rider rides: the line, the sections, and how long after its start the line passes the first."""


def hourly_boardings(taps: Table) -> Table:
    """
    Riders boarding by line, stop and hour of the service day.

    Parameters
    ----------
    taps
        Clean taps.

    Returns
    -------
    Table
        `service_date`, `route_id` (null where taps have none), `stop_id`, `hour` (0 to 23, past midnight 24
        and more), `boardings` (persons).
    """
    keys = ["service_date", "route_id", "stop_id", "hour"]

    def with_hour(frame: Frame) -> Frame:
        frame = frame.select("service_date", "route_id", "stop_id", "event_timestamp", "num_riders")
        return service_seconds(frame, "_s", "event_timestamp").with_columns(
            (nw.col("_s") // HOUR_S).alias("hour")
        )

    def total(frame: Frame) -> Frame:
        return frame.group_by(*keys).agg(nw.col("num_riders").sum())

    hours = taps.each(with_hour).by(["stop_id"], total, before=total)
    return hours.each(
        lambda frame: frame.select(*keys, nw.col("num_riders").cast(nw.Int64).alias("boardings"))
    )


def origin_destination(taps: Table) -> Table:
    """
    Riders between stops.

    Parameters
    ----------
    taps
        Clean taps; those without an alighting stop are left out here and counted by `tap_totals`.

    Returns
    -------
    Table
        `service_date`, `stop_id`, `alight_stop_id`, `riders` (persons).
    """
    keys = ["service_date", "stop_id", "alight_stop_id"]

    def known(frame: Frame) -> Frame:
        return frame.filter(~nw.col("alight_stop_id").is_null()).select(*keys, "num_riders")

    def total(frame: Frame) -> Frame:
        return frame.group_by(*keys).agg(nw.col("num_riders").sum())

    pairs = taps.each(known).by(["stop_id", "alight_stop_id"], total, before=total)
    return pairs.each(lambda frame: frame.select(*keys, nw.col("num_riders").cast(nw.Int64).alias("riders")))


def distinct_cards(taps: Table) -> Table:
    """
    Cards seen by day and line.

    Returns
    -------
    Table
        `service_date`, `route_id`, `cards` (distinct, those without a card left out).
    """
    keys = ["service_date", "route_id"]

    def cards(frame: Frame) -> Frame:
        return frame.filter(~nw.col("fare_media_id").is_null()).select(*keys, "fare_media_id")

    def once(frame: Frame) -> Frame:
        return frame.unique([*keys, "fare_media_id"])

    def count(frame: Frame) -> Frame:
        return frame.group_by(*keys).agg(nw.col("fare_media_id").n_unique().cast(nw.Int64).alias("cards"))

    return taps.each(cards).by(keys, count, before=once)


def tap_totals(taps: Table) -> Table:
    """
    Taps and riders by day, and how many of them say where they alight.

    Returns
    -------
    Table
        `service_date`, `taps`, `riders`, `with_alighting`, `with_route` (counts).
    """
    counts = ["taps", "riders", "with_alighting", "with_route"]

    def count(frame: Frame) -> Frame:
        return frame.group_by("service_date").agg(
            nw.len().cast(nw.Int64).alias("taps"),
            nw.col("num_riders").sum().cast(nw.Int64).alias("riders"),
            nw.col("alight_stop_id").count().cast(nw.Int64).alias("with_alighting"),
            nw.col("route_id").count().cast(nw.Int64).alias("with_route"),
        )

    def total(frame: Frame) -> Frame:
        if "taps" not in frame.columns:
            return count(frame)
        return frame.group_by("service_date").agg(nw.col(*counts).sum().cast(nw.Int64))

    return taps.by(["service_date"], total, before=count)


def rides(taps: Table, pairs: pl.DataFrame) -> Table:
    """
    Riders by line, direction, boarding and alighting section, and minute of boarding.

    A tap without a line, as at the gates of a metro, takes the line and direction that alone offers its pair
    of stops; one without a direction, the direction of its line that alone does.

    Parameters
    ----------
    taps
        Clean taps.
    pairs
        From `stop_pairs`.

    Returns
    -------
    Table
        `service_date`, `route_id`, `direction_id`, `board`, `alight`, `board_offset_s`, `minute`, `riders`;
        taps that no line carries, or more than one could, have a null `route_id`.
    """
    keys = ["service_date", *LINE, "board", "alight", "board_offset_s", "minute"]

    def carried(frame: Frame, alone: Frame, shared: Frame) -> Frame:
        route, direction = nw.col("route_id"), nw.col("direction_id")
        frame = frame.filter(~nw.col("alight_stop_id").is_null())
        frame = frame.select("service_date", "event_timestamp", *PAIR, *LINE, "num_riders")
        frame = service_seconds(frame, "_s", "event_timestamp")
        frame = frame.join(alone, on=PAIR, how="left")
        named = direction.is_null()
        frame = frame.with_columns(
            nw.when(named).then(nw.lit(ANY_DIRECTION, nw.Int64())).otherwise(direction).alias("_said")
        )
        frame = frame.join(shared, on=["route_id", "_said", *PAIR], how="left")
        fits = (route.is_null() | (route == nw.col("_route_id"))) & (
            named | (direction == nw.col("_direction_id"))
        )
        fits = fits & ~nw.col("_route_id").is_null()
        return frame.select(
            "service_date",
            *(
                nw.when(fits).then(nw.col(f"_{name}")).otherwise(nw.col(f"_shared_{name}")).alias(name)
                for name in RIDE
            ),
            (nw.col("_s") // CELL_S).alias("minute"),
            nw.col("num_riders").alias("riders"),
        )

    def total(frame: Frame) -> Frame:
        return frame.group_by(*keys).agg(nw.col("riders").sum().cast(nw.Int64).alias("riders"))

    return taps.each(carried, _alone(pairs), _shared(pairs)).by(
        [*LINE, "board", "minute"], total, before=total
    )


def _alone(pairs: pl.DataFrame) -> pl.DataFrame:
    """Pairs of stops that one line alone carries, which a tap need not name."""
    return pairs.filter(pl.col("lines") == 1).select(
        *PAIR, *(pl.col(name).alias(f"_{name}") for name in RIDE)
    )


def _shared(pairs: pl.DataFrame) -> pl.DataFrame:
    """Pairs that several lines carry, by the route and the direction that a tap says, or may leave out."""
    shared = pairs.with_columns((pl.len().over("route_id", *PAIR) == 1).alias("one_way")).filter(
        pl.col("lines") > 1
    )
    ride = [pl.col(name).alias(f"_shared_{name}") for name in RIDE]
    said = [
        (shared, pl.col("direction_id")),
        (shared.filter("one_way"), pl.lit(ANY_DIRECTION, pl.Int64)),
    ]
    return pl.concat([rows.select("route_id", way.alias("_said"), *PAIR, *ride) for rows, way in said])


def load_profile(rides: Table, patterns: pl.DataFrame) -> Table:
    """
    Riders on board by section and quarter-hour of passing it.

    A rider passes a section at the time of boarding plus the scheduled running time up to it.

    Parameters
    ----------
    rides
        From `rides`.
    patterns
        From `line_patterns`.

    Returns
    -------
    Table
        `service_date`, `route_id`, `direction_id`, `section`, `stop_id`, `next_stop_id`, `quarter` (from the
        midnight that begins the service date), `riders` (persons through the section in the quarter-hour).
    """
    sections = patterns.filter(pl.col("next_stop_id").is_not_null()).select(
        "route_id",
        pl.col("direction_id").cast(pl.Int64),
        pl.col("section").cast(pl.Int64),
        "stop_id",
        "next_stop_id",
        "offset_s",
    )
    keys = ["service_date", *LINE, "section", "quarter"]

    def spread(frame: Frame, sections: Frame) -> Frame:
        passed = frame.join(sections, on=LINE, how="inner")
        passed = passed.filter(
            (nw.col("section") >= nw.col("board")) & (nw.col("section") < nw.col("alight"))
        )
        seconds = nw.col("minute") * CELL_S + nw.col("offset_s") - nw.col("board_offset_s")
        return passed.select(*keys[:-1], (seconds // QUARTER_S).alias("quarter"), "riders")

    def total(frame: Frame) -> Frame:
        return frame.group_by(*keys).agg(nw.col("riders").sum().cast(nw.Int64).alias("riders"))

    def named(frame: Frame, sections: Frame) -> Frame:
        frame = frame.join(sections, on=[*LINE, "section"], how="inner")
        return frame.select(*keys[:-1], "stop_id", "next_stop_id", "quarter", "riders")

    load = rides.each(spread, sections.drop("stop_id", "next_stop_id"))
    load = load.by([*LINE, "section"], total, before=total)
    return load.each(named, sections.drop("offset_s"))


def peak_load_sections(load: Table) -> Table:
    """
    The fullest section and quarter-hour of each line, direction and day; the earliest of equal ones.

    Parameters
    ----------
    load
        From `load_profile`.
    """
    line = ["service_date", "route_id", "direction_id"]

    def fullest(frame: Frame) -> Frame:
        top = frame.filter(nw.col("riders") == nw.col("riders").max().over(*line))
        place = nw.col("quarter") * 100_000 + nw.col("section")
        return (
            top.with_columns(place.alias("_place"))
            .filter(nw.col("_place") == nw.col("_place").min().over(*line))
            .drop("_place")
        )

    return load.by(line, fullest)


__all__ = [
    "distinct_cards",
    "hourly_boardings",
    "line_patterns",
    "load_profile",
    "origin_destination",
    "peak_load_sections",
    "rides",
    "stop_pairs",
    "tap_totals",
]
