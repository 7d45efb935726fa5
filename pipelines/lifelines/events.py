"""When a sensor left its limits, for how long and how far."""

from __future__ import annotations

import narwhals as nw

from pipelines.lifelines.sums import MINUTE_S, ONE, one_if, seconds
from workbench.data.expressions import from_epoch_seconds
from workbench.data.table import Frame, Table

GAP_S = 900
"""Readings further apart than this do not follow each other: what was between them is not known."""
HIGH, LOW, INSIDE = 1, -1, 0


def out_of_range(readings: Table, sensors: Table) -> Table:
    """
    Runs of consecutive readings beyond the same limit of their sensor.

    A run ends at a reading that is within the limits or beyond the other one, and at a silence of more than
    15 minutes. A reading on a limit is within it.

    Parameters
    ----------
    readings, sensors
        Clean tables; sensors without limits have no events.

    Returns
    -------
    Table
        `system`, `asset_id`, `sensor_id`, `quantity`, `unit`, `side` (high or low), `start` and `end` (first
        and last reading beyond the limit), `readings`, `minutes` (from the first to the last reading, both
        counted), `limit`, `worst` (furthest beyond it), in the unit.
    """
    event = ["sensor_id", "_run", "_side"]

    def limited(frame: Frame) -> Frame:
        some = ~nw.col("low").is_null() | ~nw.col("high").is_null()
        columns = ["sensor_id", "system", "asset_id", "quantity", "unit", "low", "high"]
        return frame.filter(some).select(*columns)

    def needed(frame: Frame) -> Frame:
        return frame.select("sensor_id", "timestamp", "value")

    def runs(frame: Frame, limits: Frame) -> Frame:
        frame = needed(frame).join(limits.select("sensor_id", "low", "high"), on="sensor_id", how="inner")
        side = (
            nw.when(nw.col("value") > nw.col("high"))
            .then(nw.lit(HIGH, nw.Int64()))
            .when(nw.col("value") < nw.col("low"))
            .then(nw.lit(LOW, nw.Int64()))
            .otherwise(nw.lit(INSIDE, nw.Int64()))
        )
        frame = seconds(frame).select("sensor_id", "_s", "value", side.alias("_side"), ONE.alias("_n"))
        frame = frame.with_columns(nw.col("_n").cum_sum().over("sensor_id", order_by="_s"))
        beyond = frame.filter(nw.col("_side") != INSIDE)  # few, so that what follows is cheap
        beyond = beyond.with_columns(
            nw.col(name).shift(1).over("sensor_id", order_by="_s").alias(f"{name}_before")
            for name in ("_s", "_n", "_side")
        )
        next_one = nw.col("_n") - nw.col("_n_before") == 1
        near = nw.col("_s") - nw.col("_s_before") <= GAP_S
        follows = one_if(next_one & near & (nw.col("_side") == nw.col("_side_before")))
        beyond = beyond.with_columns((ONE - follows).alias("_begins"))
        beyond = beyond.with_columns(
            nw.col("_begins").cum_sum().over("sensor_id", order_by="_s").alias("_run")
        )
        return beyond.group_by(*event).agg(
            nw.col("_s").min().alias("_start"),
            nw.col("_s").max().alias("_end"),
            nw.len().cast(nw.Int64).alias("readings"),
            nw.col("value").min().alias("_lowest"),
            nw.col("value").max().alias("_highest"),
        )

    def named(frame: Frame, limits: Frame) -> Frame:
        frame = from_epoch_seconds(frame, {"start": "_start", "end": "_end"})
        frame = frame.join(limits, on="sensor_id", how="inner")
        high = nw.col("_side") == HIGH
        return frame.select(
            "system",
            "asset_id",
            "sensor_id",
            "quantity",
            "unit",
            nw.when(high).then(nw.lit("high")).otherwise(nw.lit("low")).alias("side"),
            "start",
            "end",
            "readings",
            ((nw.col("_end") - nw.col("_start")) // MINUTE_S + 1).alias("minutes"),
            nw.when(high).then(nw.col("high")).otherwise(nw.col("low")).alias("limit"),
            nw.when(high).then(nw.col("_highest")).otherwise(nw.col("_lowest")).alias("worst"),
        )

    limits = sensors.each(limited)
    return readings.by(["sensor_id"], runs, limits, before=needed).each(named, limits)
