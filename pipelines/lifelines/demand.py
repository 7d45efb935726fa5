"""What the customers of each zone draw, hour by hour."""

from __future__ import annotations

import narwhals as nw

from pipelines.lifelines.sums import DAY_S, HOUR_S, ONE, fine, mean, seconds
from workbench.data.table import Frame, Table

THURSDAY, SATURDAY = 3, 5
"""Days of the week counted from Monday, 0; 1970-01-01 was a Thursday."""


def hourly_demand(demands: Table) -> Table:
    """
    Metered demand by zone, system and hour of the day, on weekdays and at weekends.

    Parameters
    ----------
    demands
        Clean demands.

    Returns
    -------
    Table
        `zone_id`, `system`, `weekend` (Saturday and Sunday), `hour` (0 to 23), `hours` (counted), `mean` and
        `peak` (in the unit of flow of the system).
    """
    keys = ["zone_id", "system", "weekend", "hour"]

    def hours(frame: Frame) -> Frame:
        frame = seconds(frame.select("zone_id", "system", "timestamp", "metered"))
        weekday = (nw.col("_s") // DAY_S + THURSDAY) % 7
        return frame.select(
            "zone_id",
            "system",
            (weekday >= SATURDAY).alias("weekend"),
            (nw.col("_s") // HOUR_S % 24).alias("hour"),
            ONE.alias("hours"),
            fine(nw.col("metered")).alias("_sum"),
            nw.col("metered").alias("peak"),
        )

    def total(frame: Frame) -> Frame:
        return frame.group_by(*keys).agg(nw.col("hours", "_sum").sum().cast(nw.Int64), nw.col("peak").max())

    profile = demands.each(hours).by(["zone_id", "system"], total, before=total)
    return profile.each(
        lambda frame: frame.select(*keys, "hours", mean("_sum", "hours").alias("mean"), "peak")
    )
