"""The traffic measures as a polars user writes them: lazy, one plan each, the streaming engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
from samples import Inputs

LINE = ["route_id", "direction_id"]
PAIR = ["stop_id", "alight_stop_id"]
STOP_DAY = ["service_date", "route_id", "direction_id", "stop_id"]


def since_midnight(timestamp: str) -> pl.Expr:
    return pl.col(timestamp) - pl.col("service_date").cast(pl.Datetime("us"))


def hourly_boardings(given: Inputs) -> pl.LazyFrame:
    hour = since_midnight("event_timestamp").dt.total_hours().alias("hour")
    taps = pl.scan_parquet(given.of("taps"))
    return taps.group_by("service_date", "route_id", "stop_id", hour).agg(
        pl.col("num_riders").sum().alias("boardings")
    )


def origin_destination(given: Inputs) -> pl.LazyFrame:
    taps = pl.scan_parquet(given.of("taps")).drop_nulls("alight_stop_id")
    return taps.group_by("service_date", *PAIR).agg(pl.col("num_riders").sum().alias("riders"))


def distinct_cards(given: Inputs) -> pl.LazyFrame:
    taps = pl.scan_parquet(given.of("taps")).drop_nulls("fare_media_id")
    return taps.group_by("service_date", "route_id").agg(
        pl.col("fare_media_id").n_unique().cast(pl.Int64).alias("cards")
    )


def tap_totals(given: Inputs) -> pl.LazyFrame:
    return (
        pl.scan_parquet(given.of("taps"))
        .group_by("service_date")
        .agg(
            pl.len().cast(pl.Int64).alias("taps"),
            pl.col("num_riders").sum().alias("riders"),
            pl.col("alight_stop_id").count().cast(pl.Int64).alias("with_alighting"),
            pl.col("route_id").count().cast(pl.Int64).alias("with_route"),
        )
    )


def rides(given: Inputs) -> pl.LazyFrame:
    pairs = pl.scan_parquet(given.folder / "pairs.parquet")
    offers = [
        pairs.with_columns(said_route="route_id", said_direction="direction_id"),
        pairs.filter(pl.len().over("route_id", *PAIR) == 1).with_columns(
            said_route="route_id", said_direction=None
        ),
        pairs.filter(pl.col("lines") == 1).with_columns(said_route=None, said_direction="direction_id"),
        pairs.filter(pl.col("lines") == 1).with_columns(said_route=None, said_direction=None),
    ]
    taps = pl.scan_parquet(given.of("taps")).drop_nulls("alight_stop_id")
    return (
        taps.rename({"route_id": "said_route", "direction_id": "said_direction"})
        .join(pl.concat(offers, how="vertical_relaxed"), on=["said_route", "said_direction", *PAIR], how="left", nulls_equal=True)
        .group_by(
            "service_date", *LINE, "board", "alight", "board_offset_s",
            since_midnight("event_timestamp").dt.total_minutes().alias("minute"),
        )
        .agg(pl.col("num_riders").sum().alias("riders"))
    )  # fmt: skip


def load_profile(given: Inputs) -> pl.LazyFrame:
    sections = pl.scan_parquet(given.folder / "patterns.parquet").drop_nulls("next_stop_id")
    quarter = (pl.col("minute") * 60 + pl.col("offset_s") - pl.col("board_offset_s")) // 900
    return (
        pl.scan_parquet(given.of("rides"))
        .join(sections.select(*LINE, "section", "offset_s"), on=LINE)
        .filter(pl.col("section").is_between("board", "alight", closed="left"))
        .group_by("service_date", *LINE, "section", quarter.alias("quarter"))
        .agg(pl.col("riders").sum())
        .join(sections.select(*LINE, "section", "stop_id", "next_stop_id"), on=[*LINE, "section"])
    )


def gaps(given: Inputs, table: str, time: str) -> pl.LazyFrame:
    seconds = pl.col(time).dt.epoch("s").sort().diff().drop_nulls().cast(pl.Float64)
    return (
        pl.scan_parquet(given.of(table)).group_by(STOP_DAY).agg(h=seconds).filter(pl.col("h").list.len() > 0)
    )


def headways(given: Inputs) -> pl.LazyFrame:
    each, h = pl.col("h").list, pl.col("h")
    plan = gaps(given, "timetable", "departure_timestamp").select(
        *STOP_DAY,
        scheduled_headways=each.len().cast(pl.Int64),
        scheduled_mean_s=each.mean(),
        scheduled_wait_s=each.eval(pl.element() ** 2).list.sum() / (2 * each.sum()),
    )
    usual = pl.coalesce(pl.col("scheduled_mean_s").first(), h.mean())
    return (
        gaps(given, "stop_visits", "actual_departure_time")
        .join(plan, on=STOP_DAY, how="left")
        .explode("h")
        .group_by(STOP_DAY)
        .agg(
            h.len().cast(pl.Int64).alias("headways"),
            h.mean().alias("mean_s"),
            h.median().alias("median_s"),
            h.quantile(0.95, "linear").alias("p95_s"),
            (h.std() / h.mean()).alias("cv"),
            ((h**2).sum() / (2 * h.sum())).alias("mean_wait_s"),
            pl.col("scheduled_headways", "scheduled_mean_s", "scheduled_wait_s").first(),
            (h < 0.25 * usual).mean().alias("bunched_share"),
        )
        .with_columns((pl.col("mean_wait_s") - pl.col("scheduled_wait_s")).alias("excess_wait_s"))
    )


def speeds_by_hour(given: Inputs) -> pl.LazyFrame:
    time = pl.col("timestamp")
    return (
        pl.scan_parquet(given.of("road_speeds"))
        .group_by("segment_id", time.dt.date().alias("date"), time.dt.hour().cast(pl.Int64).alias("hour"))
        .agg(pl.len().cast(pl.Int64).alias("observations"), pl.col("speed_kmh").mean())
        .with_columns(pl.col("date").dt.weekday().cast(pl.Int64).alias("weekday"))
    )


def segment_reliability(given: Inputs) -> pl.LazyFrame:
    speed = pl.col("speed_kmh")
    pace = 1 / speed.clip(0.01)
    free = speed.quantile(0.85, "linear")
    return (
        pl.scan_parquet(given.of("road_speeds"))
        .group_by("segment_id")
        .agg(
            pl.len().cast(pl.Int64).alias("observations"),
            free.alias("free_flow_kmh"),
            speed.mean().alias("mean_kmh"),
            (speed < 0.6 * free).mean().alias("share_congested"),
            (pace.quantile(0.95, "linear") / pace.mean() - 1).alias("buffer_index"),
        )
        .with_columns((pl.col("free_flow_kmh") / pl.col("mean_kmh")).alias("congestion_index"))
    )


def congestion_index(given: Inputs) -> pl.LazyFrame:
    free = pl.scan_parquet(given.of("segment_reliability")).select("segment_id", "free_flow_kmh")
    hour = ((pl.col("weekday") - 1) * 24 + pl.col("hour")).alias("hour_of_week")
    return (
        pl.scan_parquet(given.of("speeds_by_hour"))
        .group_by("segment_id", hour)
        .agg(
            pl.col("observations").sum(),
            ((pl.col("speed_kmh") * pl.col("observations")).sum() / pl.col("observations").sum()).alias(
                "speed_kmh"
            ),
        )
        .join(free, on="segment_id")
        .with_columns((pl.col("free_flow_kmh") / pl.col("speed_kmh")).alias("congestion_index"))
        .drop("free_flow_kmh")
    )


PLANS: dict[str, Callable[[Inputs], pl.LazyFrame]] = {
    plan.__name__: plan
    for plan in (
        hourly_boardings, origin_destination, distinct_cards, tap_totals, rides, load_profile, headways,
        speeds_by_hour, segment_reliability, congestion_index,
    )
}  # fmt: skip


def start(_variant: str) -> None:
    """Have nothing to start."""


def run(measure: str, given: Inputs) -> pl.DataFrame:
    return PLANS[measure](given).collect(engine="streaming")


def keep(measure: str, given: Inputs, folder: str) -> None:
    PLANS[measure](given).sink_parquet(Path(folder) / "part-0.parquet", mkdir=True, engine="streaming")
