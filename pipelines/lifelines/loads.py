"""How hard assets are worked: daily means and peaks, load factors, and load against rating."""

from __future__ import annotations

import narwhals as nw

from pipelines.lifelines.sums import DAY_S, ONE, dated, fine, mean, one_if, over, seconds
from workbench.data.table import Frame, Table

MOST = 1e4
"""A load beyond so many times its rating counts as this in the mean: the rating is wrong; sums stay exact."""
ASSET = ["system", "asset_id", "sensor_id", "quantity", "unit"]


def daily_readings(readings: Table, sensors: Table) -> Table:
    """
    Count, mean and range of the readings of each sensor and day.

    Parameters
    ----------
    readings, sensors
        Clean tables.

    Returns
    -------
    Table
        `system`, `asset_id`, `sensor_id`, `quantity`, `unit`, `date`, `readings` (1,440 of a whole day by the
        minute), `mean`, `lowest`, `highest` (in the unit).
    """
    day = ["sensor_id", "_day"]

    def days(frame: Frame) -> Frame:
        return seconds(frame.select("sensor_id", "timestamp", "value")).select(
            "sensor_id",
            (nw.col("_s") // DAY_S).alias("_day"),
            ONE.alias("readings"),
            fine(nw.col("value")).alias("_sum"),
            nw.col("value").alias("lowest"),
            nw.col("value").alias("highest"),
        )

    def total(frame: Frame) -> Frame:
        return frame.group_by(*day).agg(
            nw.col("readings", "_sum").sum().cast(nw.Int64),
            nw.col("lowest").min(),
            nw.col("highest").max(),
        )

    def named(frame: Frame, sensors: Frame) -> Frame:
        frame = dated(frame.join(sensors.select(*ASSET), on="sensor_id", how="inner"), "_day")
        return frame.select(
            *ASSET, "date", "readings", mean("_sum", "readings").alias("mean"), "lowest", "highest"
        )

    return readings.each(days).by(["sensor_id"], total, before=total).each(named, sensors)


def load_factor(daily: Table) -> Table:
    """
    Mean over peak of each day, of every asset whose load or flow is read.

    Parameters
    ----------
    daily
        From `daily_readings`.

    Returns
    -------
    Table
        `system`, `asset_id`, `sensor_id`, `quantity`, `unit`, `date`, `readings`, `mean`, `peak` (in the
        unit), `load_factor` (0 to 1 where the load is never below 0; null where the peak is not above 0).
    """

    def factor(frame: Frame) -> Frame:
        frame = frame.filter((nw.col("quantity") == "load") | (nw.col("quantity") == "flow"))
        return frame.select(
            *ASSET,
            "date",
            "readings",
            "mean",
            nw.col("highest").alias("peak"),
            over(nw.col("mean"), nw.col("highest")).alias("load_factor"),
        )

    return daily.each(factor)


def _within(share: nw.Expr) -> nw.Expr:
    high = nw.when(share < MOST).then(share).otherwise(nw.lit(MOST))
    return nw.when(share > -MOST).then(high).otherwise(nw.lit(-MOST))


def utilisation(readings: Table, sensors: Table) -> Table:
    """
    Load over rating of each asset that has a rating, over all its readings.

    Parameters
    ----------
    readings, sensors
        Clean tables.

    Returns
    -------
    Table
        `system`, `asset_id`, `sensor_id`, `quantity`, `unit`, `rating` (in the unit), `readings`, `mean`,
        `p95`, `peak` (shares of the rating), `overloaded` (readings above the rating), `overloaded_share`.
    """

    def rated(frame: Frame) -> Frame:
        return frame.filter(~nw.col("rating").is_null()).select(*ASSET, "rating")

    def needed(frame: Frame) -> Frame:
        return frame.select("sensor_id", "value")

    def shares(frame: Frame, rated: Frame) -> Frame:
        share = nw.col("value") / nw.col("rating")
        frame = needed(frame).join(rated, on="sensor_id", how="inner")
        frame = frame.select(*ASSET, "rating", share.alias("_share"))
        frame = frame.with_columns(
            fine(_within(nw.col("_share"))).alias("_sum"), one_if(nw.col("_share") > 1).alias("overloaded")
        )
        groups = frame.group_by(*ASSET, "rating").agg(
            nw.len().cast(nw.Int64).alias("readings"),
            nw.col("_sum", "overloaded").sum().cast(nw.Int64),
            nw.col("_share").quantile(0.95, interpolation="linear").alias("p95"),
            nw.col("_share").max().alias("peak"),
        )
        return groups.select(
            *ASSET,
            "rating",
            "readings",
            mean("_sum", "readings").alias("mean"),
            "p95",
            "peak",
            "overloaded",
            (nw.col("overloaded") / nw.col("readings")).alias("overloaded_share"),
        )

    return readings.by(["sensor_id"], shares, sensors.each(rated), before=needed)
