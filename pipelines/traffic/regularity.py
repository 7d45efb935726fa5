"""How regular the service is at each stop, and how much longer riders wait for it than the timetable says."""

from __future__ import annotations

import narwhals as nw

from workbench.data.grouped import aggregate, gap_sums, gaps
from workbench.data.table import Frame, Table

KEYS = ["service_date", "route_id", "direction_id", "stop_id"]
BUNCHED_BELOW = 0.25
"""A headway is bunched when it is shorter than this share of the scheduled one (TCQSM, 3rd ed., ch. 5)."""


def headways(visits: Table, timetable: Table | None = None) -> Table:
    """
    Headways between departures at each stop, beside the timetable's.

    Riders who come at random wait E[h^2] / (2 E[h]) on average [1]_; the excess waiting time is that of the
    actual headways less that of the scheduled ones.

    Parameters
    ----------
    visits
        Clean stop visits, or a timetable.
    timetable
        Clean timetable; without one the scheduled columns and the excess are null, and bunching is counted
        against the mean actual headway.

    Returns
    -------
    Table
        By `service_date`, `route_id`, `direction_id` and `stop_id`: `headways` (count), `mean_s`, `median_s`,
        `p95_s`, `cv`, `mean_wait_s`, `scheduled_headways`, `scheduled_mean_s`, `scheduled_wait_s`,
        `excess_wait_s`, `bunched_share`. Stops with a single departure have none and are left out.

    References
    ----------
    .. [1] E. E. Osuna and G. F. Newell (1972), Control strategies for an idealized public transportation
       system.
    """
    time = "actual_departure_time" if "actual_departure_time" in visits.columns else "departure_timestamp"

    def needed(frame: Frame) -> Frame:
        return frame.select(*KEYS, time)

    def spread(frame: Frame, scheduled: Frame | None = None) -> Frame:
        planned = None
        if scheduled is not None:
            planned = gap_sums(scheduled, KEYS, "departure_timestamp", "scheduled_headways", "_s", "_s2")
            shortest = nw.col("_s") / nw.col("scheduled_headways") * BUNCHED_BELOW
            planned = planned.with_columns(shortest.alias("_shortest"))
        stops = aggregate(
            gaps(frame, KEYS, time, "h"),
            KEYS,
            nw.len().cast(nw.Int64).alias("headways"),
            nw.col("h").median().alias("median_s"),
            nw.col("h").quantile(0.95, interpolation="linear").alias("p95_s"),
            nw.col("h").sum().alias("_sum"),
            (nw.col("h") * nw.col("h")).sum().alias("_squares"),
            below={
                "_bunched": (
                    "h",
                    nw.col("h").mean() * BUNCHED_BELOW,
                    None if planned is None else "_shortest",
                )
            },
            beside=planned,
        )
        if planned is None:
            stops = stops.with_columns(
                nw.lit(None, nw.Int64()).alias("scheduled_headways"),
                nw.lit(None, nw.Float64()).alias("_s"),
                nw.lit(None, nw.Float64()).alias("_s2"),
            )
        n, total, squares = nw.col("headways"), nw.col("_sum"), nw.col("_squares")
        # Headways are whole seconds, so these sums are exact, and the same in whatever order they are added.
        spread = nw.when(n * squares > total * total).then(n * squares - total * total).otherwise(nw.lit(0.0))
        stops = stops.with_columns(
            (total / n).alias("mean_s"),
            nw.when(n > 1).then((spread / (n * (n - 1.0))) ** 0.5).alias("_sd"),
            nw.when(total > 0).then(squares / (2.0 * total)).alias("mean_wait_s"),
            (nw.col("_s") / nw.col("scheduled_headways")).alias("scheduled_mean_s"),
            nw.when(nw.col("_s") > 0).then(nw.col("_s2") / (2.0 * nw.col("_s"))).alias("scheduled_wait_s"),
            (nw.col("_bunched") / n).alias("bunched_share"),
        )
        return stops.select(
            *KEYS,
            "headways",
            "mean_s",
            "median_s",
            "p95_s",
            nw.when(nw.col("mean_s") > 0).then(nw.col("_sd") / nw.col("mean_s")).alias("cv"),
            "mean_wait_s",
            "scheduled_headways",
            "scheduled_mean_s",
            "scheduled_wait_s",
            (nw.col("mean_wait_s") - nw.col("scheduled_wait_s")).alias("excess_wait_s"),
            "bunched_share",
        )

    if timetable is None:
        return visits.by(KEYS, spread, before=needed)
    plan = timetable.each(lambda frame: frame.select(*KEYS, "departure_timestamp"))
    return visits.by(KEYS, spread, plan, before=needed)
