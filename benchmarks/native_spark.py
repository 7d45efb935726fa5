"""The traffic measures as a Spark user writes them: DataFrame API, small sides broadcast, results through Arrow."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F
from samples import Inputs

LINE = ["route_id", "direction_id"]
PAIR = ["stop_id", "alight_stop_id"]
STOP_DAY = ["service_date", "route_id", "direction_id", "stop_id"]


def session() -> SparkSession:
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.log.level": "ERROR",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.timestampType": "TIMESTAMP_NTZ",
        "spark.sql.shuffle.partitions": str(4 * (os.cpu_count() or 1)),
    }
    builder = SparkSession.builder.master("local[*]").appName("native")
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def read(given: Inputs, table: str) -> DataFrame:
    return session().read.parquet(given.of(table))


def seconds(timestamp: str) -> Any:
    return F.unix_timestamp(F.col(timestamp).cast("timestamp"))


def since_midnight() -> Any:
    return seconds("event_timestamp") - seconds("service_date")


def hourly_boardings(given: Inputs) -> DataFrame:
    hour = F.floor(since_midnight() / 3600).alias("hour")
    return (
        read(given, "taps")
        .groupBy("service_date", "route_id", "stop_id", hour)
        .agg(F.sum("num_riders").alias("boardings"))
    )


def origin_destination(given: Inputs) -> DataFrame:
    taps = read(given, "taps").dropna(subset="alight_stop_id")
    return taps.groupBy("service_date", *PAIR).agg(F.sum("num_riders").alias("riders"))


def distinct_cards(given: Inputs) -> DataFrame:
    taps = read(given, "taps").dropna(subset="fare_media_id")
    return taps.groupBy("service_date", "route_id").agg(F.count_distinct("fare_media_id").alias("cards"))


def tap_totals(given: Inputs) -> DataFrame:
    return (
        read(given, "taps")
        .groupBy("service_date")
        .agg(
            F.count("*").alias("taps"),
            F.sum("num_riders").alias("riders"),
            F.count("alight_stop_id").alias("with_alighting"),
            F.count("route_id").alias("with_route"),
        )
    )


def rides(given: Inputs) -> DataFrame:
    pairs = read(given, "pairs.parquet")
    alone = pairs.where("lines = 1").select(
        *PAIR, F.col("route_id").alias("only_route"), F.col("direction_id").alias("only_direction")
    )
    free = F.col("route_id").isNull() | (F.col("route_id") == F.col("only_route"))
    found = F.col("board").isNotNull()
    return (
        read(given, "taps")
        .dropna(subset="alight_stop_id")
        .join(F.broadcast(alone), PAIR, "left")
        .withColumn("direction_id", F.coalesce("direction_id", F.when(free, F.col("only_direction"))))
        .withColumn("route_id", F.coalesce("route_id", "only_route"))
        .withColumn("minute", F.floor(since_midnight() / 60))
        .join(F.broadcast(pairs.drop("lines")), [*LINE, *PAIR], "left")
        .withColumns({name: F.when(found, F.col(name)) for name in LINE})
        .groupBy("service_date", *LINE, "board", "alight", "board_offset_s", "minute")
        .agg(F.sum("num_riders").alias("riders"))
    )


def load_profile(given: Inputs) -> DataFrame:
    sections = read(given, "patterns.parquet").dropna(subset="next_stop_id")
    sections = sections.select(*LINE, "section", "stop_id", "next_stop_id", "offset_s")
    passed = (
        read(given, "rides").join(F.broadcast(sections), LINE).where("section >= board AND section < alight")
    )
    quarter = F.floor((F.col("minute") * 60 + F.col("offset_s") - F.col("board_offset_s")) / 900).alias(
        "quarter"
    )
    return passed.groupBy("service_date", *LINE, "section", "stop_id", "next_stop_id", quarter).agg(
        F.sum("riders").alias("riders")
    )


def gaps(given: Inputs, table: str, time: str) -> DataFrame:
    frame = read(given, table).select(*STOP_DAY, seconds(time).alias("t"))
    before = F.lag("t").over(Window.partitionBy(*STOP_DAY).orderBy("t"))
    return frame.withColumn("h", (F.col("t") - before).cast("double")).dropna(subset="h")


def headways(given: Inputs) -> DataFrame:
    h = F.col("h")
    planned = (
        gaps(given, "timetable", "departure_timestamp")
        .groupBy(*STOP_DAY)
        .agg(
            F.count("h").alias("scheduled_headways"),
            F.mean("h").alias("scheduled_mean_s"),
            F.try_divide(F.sum(h * h), 2 * F.sum("h")).alias("scheduled_wait_s"),
        )
    )
    actual = gaps(given, "stop_visits", "actual_departure_time")
    groups = (
        actual.groupBy(*STOP_DAY)
        .agg(
            F.count("h").alias("headways"),
            F.mean("h").alias("mean_s"),
            F.median("h").alias("median_s"),
            F.percentile("h", 0.95).alias("p95_s"),
            F.try_divide(F.stddev("h"), F.mean("h")).alias("cv"),
            F.try_divide(F.sum(h * h), 2 * F.sum("h")).alias("mean_wait_s"),
        )
        .join(planned, STOP_DAY, "left")
        .withColumn("excess_wait_s", F.col("mean_wait_s") - F.col("scheduled_wait_s"))
    )
    usual = groups.select(*STOP_DAY, F.coalesce("scheduled_mean_s", "mean_s").alias("usual"))
    bunched = (
        actual.join(usual, STOP_DAY)
        .groupBy(*STOP_DAY)
        .agg(F.mean((h < 0.25 * F.col("usual")).cast("double")).alias("bunched_share"))
    )
    return groups.join(bunched, STOP_DAY)


def speeds_by_hour(given: Inputs) -> DataFrame:
    date = F.to_date("timestamp").alias("date")
    hours = read(given, "road_speeds").groupBy(
        "segment_id", date, F.hour("timestamp").cast("bigint").alias("hour")
    )
    means = hours.agg(F.count("*").alias("observations"), F.mean("speed_kmh").alias("speed_kmh"))
    return means.withColumn("weekday", (F.weekday("date") + 1).cast("bigint"))


def segment_reliability(given: Inputs) -> DataFrame:
    speeds = read(given, "road_speeds").select(
        "segment_id", "speed_kmh", (1 / F.col("speed_kmh")).alias("pace")
    )
    groups = speeds.groupBy("segment_id").agg(
        F.count("*").alias("observations"),
        F.percentile("speed_kmh", 0.85).alias("free_flow_kmh"),
        F.mean("speed_kmh").alias("mean_kmh"),
        (F.percentile("pace", 0.95) / F.mean("pace") - 1).alias("buffer_index"),
    )
    slow = F.col("speed_kmh") < 0.6 * F.col("free_flow_kmh")
    shares = (
        speeds.join(F.broadcast(groups.select("segment_id", "free_flow_kmh")), "segment_id")
        .groupBy("segment_id")
        .agg(F.mean(slow.cast("double")).alias("share_congested"))
    )
    return groups.join(shares, "segment_id").withColumn(
        "congestion_index", F.col("free_flow_kmh") / F.col("mean_kmh")
    )


def congestion_index(given: Inputs) -> DataFrame:
    hour = ((F.col("weekday") - 1) * 24 + F.col("hour")).alias("hour_of_week")
    weighted = F.sum(F.col("speed_kmh") * F.col("observations")) / F.sum("observations")
    week = read(given, "speeds_by_hour").groupBy("segment_id", hour)
    free = read(given, "segment_reliability").select("segment_id", "free_flow_kmh")
    return (
        week.agg(F.sum("observations").alias("observations"), weighted.alias("speed_kmh"))
        .join(F.broadcast(free), "segment_id")
        .withColumn("congestion_index", F.col("free_flow_kmh") / F.col("speed_kmh"))
        .drop("free_flow_kmh")
    )


PLANS: dict[str, Callable[[Inputs], DataFrame]] = {
    plan.__name__: plan
    for plan in (
        hourly_boardings, origin_destination, distinct_cards, tap_totals, rides, load_profile, headways,
        speeds_by_hour, segment_reliability, congestion_index,
    )
}  # fmt: skip


def start(_variant: str) -> None:
    session()


def run(measure: str, given: Inputs) -> Any:
    return PLANS[measure](given).toArrow()


def keep(measure: str, given: Inputs, folder: str) -> None:
    PLANS[measure](given).write.parquet(Path(folder).as_uri())
