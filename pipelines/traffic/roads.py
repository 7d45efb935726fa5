"""How slow the roads are, where, when, and how sure a driver can be of the time."""

from __future__ import annotations

import narwhals as nw
import polars as pl

from pipelines.traffic.clock import HOUR_S
from workbench.data.expressions import epoch_seconds, from_epoch_seconds
from workbench.data.grouped import aggregate
from workbench.data.table import Frame, Table

THURSDAY = 3
"""Day of the week of 1970-01-01, counted from Monday."""
FREE_FLOW_QUANTILE = 0.85
CONGESTED_BELOW = 0.6
"""A segment is congested while it is slower than this share of its free-flow speed."""
SLOWEST_KMH = 0.01
"""A speed below this counts as this in travel times, so that standing traffic has one."""
FINE = 1e9
"""Speeds and travel times are added up in whole parts of so many to one: such sums are exact, so the same
inputs give the same bytes in whatever order threads and workers add."""


def speeds_by_hour(speeds: Table) -> Table:
    """
    Mean speed by segment, date and hour.

    Parameters
    ----------
    speeds
        Clean road speeds.

    Returns
    -------
    Table
        `segment_id`, `date`, `weekday` (1 Monday to 7), `hour`, `observations`, `speed_kmh` (mean).
    """
    keys = ["segment_id", "_hours"]

    def hours(frame: Frame) -> Frame:
        frame = epoch_seconds(frame.select("segment_id", "timestamp", "speed_kmh"), {"_s": "timestamp"})
        return frame.select(
            "segment_id",
            (nw.col("_s") // HOUR_S).alias("_hours"),
            _fine(nw.col("speed_kmh")).alias("_sum"),
            nw.lit(1, nw.Int64()).alias("observations"),
        )

    def total(frame: Frame) -> Frame:
        return frame.group_by(*keys).agg(nw.col("observations", "_sum").sum().cast(nw.Int64))

    def mean(frame: Frame) -> Frame:
        frame = frame.with_columns((nw.col("_hours") * HOUR_S).alias("_s"))
        return from_epoch_seconds(frame, {"_time": "_s"}).select(
            "segment_id",
            nw.col("_time").cast(nw.Date).alias("date"),
            ((nw.col("_hours") // 24 + THURSDAY) % 7 + 1).alias("weekday"),
            (nw.col("_hours") % 24).alias("hour"),
            "observations",
            _mean("_sum", "observations").alias("speed_kmh"),
        )

    return speeds.each(hours).by(["segment_id"], total, before=total).each(mean)


def segment_reliability(speeds: Table) -> Table:
    """
    Free flow, congestion and reliability of each segment, over all its observations.

    Free-flow speed is the 85th percentile; the congestion index is free-flow over mean speed (1 is free); the
    buffer index is the extra share of travel time to allow so as to be late one time in twenty, (p95 - mean)
    / mean [1]_.

    Parameters
    ----------
    speeds
        Clean road speeds.

    Returns
    -------
    Table
        `segment_id`, `observations`, `free_flow_kmh`, `mean_kmh`, `congestion_index`, `share_congested` (0 to
        1), `buffer_index`.

    References
    ----------
    .. [1] US Federal Highway Administration (2006), Travel Time Reliability: Making It There On Time, All The
       Time.
    """

    def needed(frame: Frame) -> Frame:
        return frame.select("segment_id", "speed_kmh")

    def reliability(frame: Frame) -> Frame:
        slowest = nw.when(nw.col("speed_kmh") > SLOWEST_KMH).then(nw.col("speed_kmh"))
        pace = HOUR_S / slowest.otherwise(nw.lit(SLOWEST_KMH))  # s/km
        free_flow = nw.col("speed_kmh").quantile(FREE_FLOW_QUANTILE, interpolation="linear")
        sums = aggregate(
            frame.select("segment_id", "speed_kmh", pace.alias("_pace")),
            ["segment_id"],
            nw.len().cast(nw.Int64).alias("observations"),
            free_flow.alias("free_flow_kmh"),
            nw.col("_pace").quantile(0.95, interpolation="linear").alias("_pace_p95"),
            _fine(nw.col("speed_kmh")).sum().alias("_speeds"),
            _fine(nw.col("_pace")).sum().alias("_paces"),
            below={"_slow": ("speed_kmh", free_flow * CONGESTED_BELOW, None)},
            few=True,
        )
        means = sums.with_columns(
            _mean("_speeds", "observations").alias("mean_kmh"),
            _mean("_paces", "observations").alias("_pace_mean"),
            (nw.col("_slow") / nw.col("observations")).alias("share_congested"),
        )
        return means.select(
            "segment_id",
            "observations",
            "free_flow_kmh",
            "mean_kmh",
            _over("free_flow_kmh", "mean_kmh").alias("congestion_index"),
            "share_congested",
            ((nw.col("_pace_p95") - nw.col("_pace_mean")) / nw.col("_pace_mean")).alias("buffer_index"),
        )

    return speeds.by(["segment_id"], reliability, before=needed)


def congestion_index(by_hour: Table, reliability: Table) -> Table:
    """
    Free-flow over mean speed, by segment and hour of the week.

    Parameters
    ----------
    by_hour, reliability
        From `speeds_by_hour` and `segment_reliability`.

    Returns
    -------
    Table
        `segment_id`, `hour_of_week` (0 is Monday 00 to 01), `observations`, `speed_kmh`, `congestion_index`.
    """

    def index(frame: Frame, free: Frame) -> Frame:
        frame = frame.with_columns(
            ((nw.col("weekday") - 1) * 24 + nw.col("hour")).alias("hour_of_week"),
            _fine(nw.col("speed_kmh") * nw.col("observations")).alias("_sum"),
        )
        sums = frame.group_by("segment_id", "hour_of_week").agg(
            nw.col("observations", "_sum").sum().cast(nw.Int64)
        )
        joined = sums.join(free.select("segment_id", "free_flow_kmh"), on="segment_id", how="inner")
        joined = joined.with_columns(_mean("_sum", "observations").alias("speed_kmh"))
        return joined.select(
            "segment_id",
            "hour_of_week",
            "observations",
            "speed_kmh",
            _over("free_flow_kmh", "speed_kmh").alias("congestion_index"),
        )

    return by_hour.by(["segment_id"], index, reliability)


def _fine(value: nw.Expr) -> nw.Expr:
    """A value of 0 or more in whole parts of `FINE`."""
    return (value * FINE + 0.5).cast(nw.Int64)


def _mean(total: str, count: str) -> nw.Expr:
    # A column over a column: polars divides a long column by a constant through its reciprocal, a short
    # one not, and how it cuts them differs from run to run.
    return nw.col(total) / (nw.col(count) * FINE)


def _over(top: str, bottom: str) -> nw.Expr:
    """A quotient, null where the lower number is 0 at this fineness: engines differ in what it gives."""
    return nw.when(nw.col(bottom) > 0).then(nw.col(top) / nw.col(bottom))


def top_segments(reliability: pl.DataFrame, *, k: int = 10) -> pl.DataFrame:
    """The `k` segments of the highest congestion index, highest first; equals by name."""
    return reliability.sort("congestion_index", "segment_id", descending=[True, False]).head(k)
