"""Which stops each line calls at, in which order, and the rides it offers between them."""

from __future__ import annotations

import polars as pl

LINE = ["route_id", "direction_id"]
PAIR = ["stop_id", "alight_stop_id"]


def line_patterns(timetable: pl.DataFrame) -> pl.DataFrame:
    """
    The stops of each line and direction, from the pattern that most trips follow.

    Parameters
    ----------
    timetable
        Clean timetable rows.

    Returns
    -------
    DataFrame
        `route_id`, `direction_id`, `section` (from 0), `stop_id`, `next_stop_id` (null at the last stop),
        `offset_s` (median scheduled seconds from the first stop), `trips` (of the pattern), `pattern_share`
        (of the line's trips that follow it).
    """
    trip = ["service_date", "trip_id", *LINE]
    calls = timetable.sort(*trip, "stop_sequence").with_columns(
        pl.int_range(pl.len()).over(trip).alias("section"),
        (pl.col("departure_timestamp") - pl.col("departure_timestamp").first().over(trip))
        .dt.total_seconds()
        .alias("offset_s"),
    )
    trips = calls.group_by(trip, maintain_order=True).agg(pl.col("stop_id").str.join("\x1f").alias("pattern"))
    patterns = trips.group_by(*LINE, "pattern").agg(pl.len().alias("trips"))
    chosen = (
        patterns.with_columns((pl.col("trips") / pl.col("trips").sum().over(LINE)).alias("pattern_share"))
        .sort(*LINE, "trips", "pattern", descending=[False, False, True, False])
        .unique(LINE, keep="first", maintain_order=True)
    )
    calls = calls.join(trips, on=trip).join(chosen, on=[*LINE, "pattern"])
    stops = calls.group_by(*LINE, "section").agg(
        pl.col("stop_id").first(),
        pl.col("offset_s").median(),
        pl.col("trips").first(),
        pl.col("pattern_share").first(),
    )
    stops = stops.sort(*LINE, "section").with_columns(
        pl.col("stop_id").shift(-1).over(LINE).alias("next_stop_id")
    )
    return stops.select(
        *LINE,
        "section",
        "stop_id",
        "next_stop_id",
        pl.col("offset_s").round().cast(pl.Int64),
        "trips",
        "pattern_share",
    )


def stop_pairs(patterns: pl.DataFrame) -> pl.DataFrame:
    """
    Every ride a line offers: from a stop to a later one, the shortest where a stop is called at twice.

    Returns
    -------
    DataFrame
        `route_id`, `direction_id`, `stop_id`, `alight_stop_id`, `board`, `alight` (sections),
        `board_offset_s`, `lines` (how many lines and directions offer the pair).
    """
    ends = patterns.select(
        *LINE, pl.col("stop_id").alias("alight_stop_id"), pl.col("section").alias("alight")
    )
    starts = patterns.select(
        *LINE, "stop_id", pl.col("section").alias("board"), pl.col("offset_s").alias("board_offset_s")
    )
    pairs = starts.join(ends, on=LINE).filter(
        pl.col("board") < pl.col("alight"), pl.col("stop_id") != pl.col("alight_stop_id")
    )
    shortest = pairs.sort(*LINE, *PAIR, pl.col("alight") - pl.col("board"), "board").unique(
        [*LINE, *PAIR], keep="first", maintain_order=True
    )
    return shortest.with_columns(pl.len().over(PAIR).cast(pl.Int64).alias("lines")).with_columns(
        pl.col("board", "alight", "direction_id").cast(pl.Int64)
    )
