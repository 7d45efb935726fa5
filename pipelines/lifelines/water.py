"""
Water that is supplied and not paid for, and the flow at night that shows where it leaks.

What a zone is supplied with is what its boundary meters say: flow meters of the water system in m3/s whose
`boundary` is inlet, less those whose boundary is outlet. Where a boundary meter is silent the zone's supply
is not known, and the time is left out on both sides of the balance.
"""

from __future__ import annotations

import narwhals as nw
import polars as pl

from pipelines.lifelines.sums import DAY_S, FINE, HOUR_S, MINUTE_S, ONE, dated, fine, mean, over, seconds
from workbench.data.table import Frame, Table

NIGHT_FROM, NIGHT_TO, WINDOW = 120, 240, 60
"""The night is 02:00 to 04:00, and a window of it an hour, in minutes of the day."""
LEAST_KNOWN = 50
"""Minutes of a window that must be known."""


def non_revenue_water(readings: Table, sensors: Table, demands: Table) -> Table:
    """
    Water supplied, metered and billed by zone and day, and the share that earns nothing.

    Non-revenue water is system input less billed consumption [1]_: what leaks, and what is drawn and not
    billed. The supply of an hour is the mean of its readings; an hour counts where every boundary meter of
    the zone has a reading in it and the billed consumption is known.

    Parameters
    ----------
    readings, sensors, demands
        Clean tables.

    Returns
    -------
    Table
        `zone_id`, `date`, `hours` (counted, 24 of a whole day), `supplied_m3`, `metered_m3`, `billed_m3`,
        `non_revenue_m3`, `non_revenue_share` (of what was supplied; null where nothing was).

    References
    ----------
    .. [1] A. O. Lambert and W. Hirner (2000), Losses from water supply systems: standard terminology and
       recommended performance measures, IWA Blue Pages.
    """
    meters, expected = _boundary(sensors)

    def used(frame: Frame) -> Frame:
        frame = frame.filter((nw.col("system") == "water") & ~nw.col("billed").is_null())
        return seconds(frame.select("zone_id", "timestamp", "metered", "billed")).select(
            "zone_id",
            (nw.col("_s") // HOUR_S).alias("_t"),
            fine(nw.col("metered")).alias("_metered"),
            fine(nw.col("billed")).alias("_billed"),
        )

    def balance(frame: Frame, expected: Frame, used: Frame) -> Frame:
        hours = _complete(frame, expected).join(used, on=["zone_id", "_t"], how="inner")
        hours = hours.with_columns((nw.col("_t") // 24).alias("_day"), ONE.alias("hours"))
        sums = ["hours", "_flow", "_metered", "_billed"]
        return hours.group_by("zone_id", "_day").agg(nw.col(*sums).sum().cast(nw.Int64))

    def volumes(frame: Frame) -> Frame:
        lost = nw.col("_flow") - nw.col("_billed")
        return dated(frame, "_day").select(
            "zone_id",
            "date",
            "hours",
            _m3(nw.col("_flow")).alias("supplied_m3"),
            _m3(nw.col("_metered")).alias("metered_m3"),
            _m3(nw.col("_billed")).alias("billed_m3"),
            _m3(lost).alias("non_revenue_m3"),
            over(lost, nw.col("_flow")).alias("non_revenue_share"),
        )

    flows = readings.each(lambda frame, meters: _net(frame, meters, HOUR_S), meters)
    days = flows.by(["zone_id"], balance, expected, demands.each(used), before=_added)
    return days.each(volumes)


def minimum_night_flow(readings: Table, sensors: Table) -> Table:
    """
    Lowest mean flow over an hour between 02:00 and 04:00, by zone and day.

    At night customers draw least and pressure is highest, so that what flows is mostly leakage [1]_. The hour
    slides by the minute: 61 windows, from 02:00-03:00 to 03:00-04:00, each the mean of the minutes in which
    every boundary meter has a reading; a window needs 50 of them. Of equal windows the earliest counts.

    Parameters
    ----------
    readings, sensors
        Clean tables.

    Returns
    -------
    Table
        `zone_id`, `date`, `night_flow` (m3/s), `start_min` (minute of the day at which the window begins),
        `minutes` (known in it). Nights without a window of enough minutes are left out.

    References
    ----------
    .. [1] R. McKenzie and A. Lambert (2002), Minimum night flow analysis in ECONOLEAK; R. Puust et al.
       (2010), A review of methods for leakage management in pipe networks, Urban Water Journal 7, 25-45.
    """
    meters, expected = _boundary(sensors)

    def night(frame: Frame, meters: Frame) -> Frame:
        flows = _net(frame, meters, MINUTE_S)
        minute = nw.col("_t") % (DAY_S // MINUTE_S)
        return flows.filter((minute >= NIGHT_FROM) & (minute < NIGHT_TO))

    def lowest(frame: Frame, expected: Frame, windows: Frame) -> Frame:
        minutes = _complete(frame, expected).select(
            "zone_id",
            (nw.col("_t") // (DAY_S // MINUTE_S)).alias("_day"),
            (nw.col("_t") % (DAY_S // MINUTE_S)).alias("_minute"),
            "_flow",
            ONE.alias("minutes"),
        )
        means = (
            minutes.join(windows, on="_minute", how="inner")
            .group_by("zone_id", "_day", "start_min")
            .agg(nw.col("minutes", "_flow").sum().cast(nw.Int64))
            .filter(nw.col("minutes") >= LEAST_KNOWN)
            .with_columns(mean("_flow", "minutes").alias("night_flow"))
        )
        for first in ("night_flow", "start_min"):
            means = means.filter(nw.col(first) == nw.col(first).min().over("zone_id", "_day"))
        return means.drop("_flow")

    nights = readings.each(night, meters).by(["zone_id"], lowest, expected, _windows(), before=_added)
    return nights.each(
        lambda frame: dated(frame, "_day").select("zone_id", "date", "night_flow", "start_min", "minutes")
    )


def _windows() -> pl.DataFrame:
    """Each minute of the night with the windows it lies in."""
    starts = range(NIGHT_FROM, NIGHT_TO - WINDOW + 1)
    pairs = [(minute, start) for start in starts for minute in range(start, start + WINDOW)]
    return pl.DataFrame(pairs, schema={"_minute": pl.Int64, "start_min": pl.Int64}, orient="row")


def _boundary(sensors: Table) -> tuple[Table, Table]:
    """Boundary meters with their zone and sign, and how many each zone has."""

    def boundary(frame: Frame) -> Frame:
        flow = (nw.col("system") == "water") & (nw.col("quantity") == "flow") & (nw.col("unit") == "m3/s")
        frame = frame.filter(flow & ~nw.col("boundary").is_null() & ~nw.col("zone_id").is_null())
        sign = nw.when(nw.col("boundary") == "inlet").then(ONE).otherwise(nw.lit(-1, nw.Int64()))
        return frame.select("sensor_id", "zone_id", sign.alias("_sign"))

    def count(frame: Frame) -> Frame:
        return frame.group_by("zone_id").agg(nw.len().cast(nw.Int64).alias("_expected"))

    meters = sensors.each(boundary)
    return meters, meters.by(["zone_id"], count)


def _net(frame: Frame, meters: Frame, step: int) -> Frame:
    """Readings of boundary meters with their zone, in steps of so many seconds."""
    frame = frame.join(meters, on="sensor_id", how="inner")
    return seconds(frame.select("zone_id", "sensor_id", "_sign", "timestamp", "value")).select(
        "zone_id",
        "sensor_id",
        "_sign",
        (nw.col("_s") // step).alias("_t"),
        fine(nw.col("value")).alias("_sum"),
        ONE.alias("_count"),
    )


def _added(frame: Frame) -> Frame:
    """Sum and count of the readings of each meter and step."""
    return frame.group_by("zone_id", "sensor_id", "_sign", "_t").agg(
        nw.col("_sum", "_count").sum().cast(nw.Int64)
    )


def _complete(frame: Frame, expected: Frame) -> Frame:
    """Net flow of each zone and step in which all of its meters have a reading."""
    frame = _added(frame).with_columns(fine(mean("_sum", "_count")).alias("_mean"))
    steps = frame.group_by("zone_id", "_t").agg(
        (nw.col("_mean") * nw.col("_sign")).sum().cast(nw.Int64).alias("_flow"),
        nw.len().cast(nw.Int64).alias("_meters"),
    )
    steps = steps.join(expected, on="zone_id", how="inner")
    return steps.filter(nw.col("_meters") == nw.col("_expected")).select("zone_id", "_t", "_flow")


def _m3(flow: nw.Expr) -> nw.Expr:
    """Cubic metres from whole parts of m3/s, summed over hours."""
    return flow * (HOUR_S / FINE)
