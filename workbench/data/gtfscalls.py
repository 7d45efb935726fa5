"""The calls of every trip of a GTFS feed, and when each trip runs."""

from __future__ import annotations

import polars as pl

from workbench.data.gtfsfiles import FeedFiles, clock_text, seconds

INTEGER = r"^[+-]?[0-9]{1,18}$"


def read_trips(files: FeedFiles) -> pl.DataFrame:
    """Trips: trip_id, route_id, service_id, direction_id (0 where the feed is silent) and whether it is."""
    trips = files.table("trips.txt", ["trip_id", "route_id", "service_id"], ["direction_id"])
    bad = trips.filter(pl.col("direction_id").is_not_null() & ~pl.col("direction_id").str.contains("^[01]$"))
    files.note("trips.txt", bad, "type", "direction_id")
    nameless = trips.filter(pl.col("trip_id").is_null())
    files.note("trips.txt", nameless, "required", "trip_id")
    again = trips.filter(pl.col("trip_id").is_not_null() & ~pl.col("trip_id").is_first_distinct())
    files.note("trips.txt", again, "duplicate", "trip_id")
    trips = trips.filter(~pl.col("_row").is_in(pl.concat([bad, nameless, again])["_row"].implode()))
    said = pl.col("direction_id").is_not_null().alias("says_direction")
    return trips.with_columns(said, pl.col("direction_id").fill_null("0").cast(pl.Int64))


def read_calls(files: FeedFiles, trips: pl.DataFrame, stops: pl.DataFrame) -> pl.DataFrame:
    """
    Rows of stop_times.txt with their times in seconds since midnight of the day of service.

    A call without times (no timepoint) gets them between the timed calls around it: by `shape_dist_traveled`
    where every call between has it and it never falls, else evenly by the order of stops; to the second.

    Returns
    -------
    DataFrame
        _row, trip_id, stop_sequence, stop_id, arrival_s, departure_s, `interpolated`, and `_problem` as
        "rule:column:value" (null where the row can be used).
    """
    columns = ["trip_id", "stop_id", "stop_sequence", "arrival_time", "departure_time"]
    calls = files.table("stop_times.txt", columns, ["shape_dist_traveled"])
    order = pl.col("stop_sequence")
    calls = calls.with_columns(
        pl.when(order.str.contains(INTEGER)).then(order).cast(pl.Int64).alias("sequence"),
        seconds("arrival_time").alias("arrival_s"),
        seconds("departure_time").alias("departure_s"),
        pl.col("shape_dist_traveled").cast(pl.Float64, strict=False).alias("along"),
    )
    checks = [
        ("required", "trip_id", pl.col("trip_id").is_null()),
        ("required", "stop_id", pl.col("stop_id").is_null()),
        ("required", "stop_sequence", order.is_null()),
        ("type", "stop_sequence", order.is_not_null() & pl.col("sequence").is_null()),
        (
            "reference",
            "trip_id",
            pl.col("trip_id").is_not_null() & ~pl.col("trip_id").is_in(trips["trip_id"].implode()),
        ),
        (
            "reference",
            "stop_id",
            pl.col("stop_id").is_not_null() & ~pl.col("stop_id").is_in(stops["stop_id"].implode()),
        ),
        ("type", "arrival_time", pl.col("arrival_time").is_not_null() & pl.col("arrival_s").is_null()),
        ("type", "departure_time", pl.col("departure_time").is_not_null() & pl.col("departure_s").is_null()),
    ]
    for rule, column, wrong in checks:
        files.note("stop_times.txt", calls.filter(wrong), rule, column)
    said = [
        pl.when(wrong).then(pl.concat_str(pl.lit(f"{rule}:{column}:"), pl.col(column).fill_null("")))
        for rule, column, wrong in checks
    ]
    calls = _between(calls.with_columns(pl.coalesce(said).alias("_problem")))
    untimed = pl.col("arrival_s").is_null() & pl.col("_problem").is_null()
    files.note("stop_times.txt", calls.filter(untimed), "required", "arrival_time")
    calls = calls.with_columns(
        pl.when(untimed)
        .then(pl.lit("required:arrival_time:"))
        .otherwise(pl.col("_problem"))
        .alias("_problem")
    )
    return calls.select(
        "_row",
        "trip_id",
        pl.col("sequence").alias("stop_sequence"),
        "stop_id",
        "arrival_s",
        "departure_s",
        "interpolated",
        "_problem",
    )


def _between(calls: pl.DataFrame) -> pl.DataFrame:
    """Fill the times of calls that have none from the timed calls around them."""
    blank = (
        pl.col("arrival_time").is_null()
        & pl.col("departure_time").is_null()
        & pl.col("sequence").is_not_null()
    )
    arrival = pl.coalesce("arrival_s", "departure_s")
    departure = pl.coalesce("departure_s", "arrival_s")
    calls = calls.with_columns(
        arrival.alias("arrival_s"), departure.alias("departure_s"), blank.alias("blank")
    )
    calls = calls.with_columns(interpolated=pl.lit(value=False))
    if not calls["blank"].any():
        return calls
    calls = calls.sort("trip_id", "sequence", "_row", nulls_last=True)
    timed = pl.col("arrival_s").is_not_null()
    place, seen = (
        pl.int_range(pl.len()).over("trip_id"),
        pl.col("along").is_not_null().cum_sum().over("trip_id"),
    )
    calls = calls.with_columns(place.alias("place"), seen.alias("seen"))

    def last(column: str) -> pl.Expr:
        return pl.when(timed).then(pl.col(column)).forward_fill().over("trip_id")

    def next_(column: str) -> pl.Expr:
        return pl.when(timed).then(pl.col(column)).backward_fill().over("trip_id")

    calls = calls.with_columns(along=pl.col("along").fill_null(float("nan")))
    calls = calls.with_columns(
        last("departure_s").alias("from_s"), next_("arrival_s").alias("to_s"),
        last("place").alias("from_place"), next_("place").alias("to_place"),
        last("along").alias("from_along"), next_("along").alias("to_along"),
        (next_("seen") - last("seen")).alias("known"),
    )  # fmt: skip
    by_distance = (pl.col("along") - pl.col("from_along")) / (pl.col("to_along") - pl.col("from_along"))
    measured = (
        (pl.col("known") == pl.col("to_place") - pl.col("from_place"))
        & pl.col("from_along").is_not_nan()
        & (pl.col("to_along") > pl.col("from_along"))
        & (pl.col("along").diff().over("trip_id") >= 0)
        & (pl.col("along") <= pl.col("to_along"))
    )
    measured = measured.all().over("trip_id", "from_place", "blank")
    evenly = (pl.col("place") - pl.col("from_place")) / (pl.col("to_place") - pl.col("from_place"))
    share = pl.when(measured).then(by_distance).otherwise(evenly)
    found = (pl.col("from_s") + share * (pl.col("to_s") - pl.col("from_s")) + 0.5).floor()
    calls = calls.with_columns(pl.when(pl.col("blank")).then(found).cast(pl.Int64).alias("found"))
    return calls.with_columns(
        pl.coalesce("arrival_s", "found").alias("arrival_s"),
        pl.coalesce("departure_s", "found").alias("departure_s"),
        (pl.col("blank") & pl.col("found").is_not_null()).alias("interpolated"),
    ).sort("_row")


def read_runs(files: FeedFiles, trips: pl.DataFrame, calls: pl.DataFrame) -> pl.DataFrame:
    """
    Trips as they run: one row for each, or for each departure where frequencies.txt repeats the trip.

    A repeated trip leaves its first stop at `start_time` and every `headway_secs` after, before `end_time`,
    whether or not `exact_times` says that these are promised; each departure is called `<trip>@HH:MM:SS`.

    Returns
    -------
    DataFrame
        trip_id, run_id, shift_s (what is added to the trip's times), exact (null for a plain trip), and the
        trip's columns.
    """
    rows = files.table(
        "frequencies.txt", ["trip_id", "start_time", "end_time", "headway_secs"], ["exact_times"]
    )
    rows = rows.with_columns(
        seconds("start_time").alias("start_s"),
        seconds("end_time").alias("end_s"),
        pl.when(pl.col("headway_secs").str.contains("^0*[1-9][0-9]{0,8}$"))
        .then(pl.col("headway_secs"))
        .cast(pl.Int64)
        .alias("headway_s"),
    )
    known = pl.col("trip_id").is_in(trips["trip_id"].implode())
    for rule, column, wrong in (
        ("reference", "trip_id", ~known | pl.col("trip_id").is_null()),
        ("type", "start_time", known & pl.col("start_s").is_null()),
        ("type", "end_time", known & pl.col("end_s").is_null()),
        ("type", "headway_secs", known & pl.col("headway_s").is_null()),
    ):
        files.note("frequencies.txt", rows.filter(wrong), rule, column)
    repeated = rows["trip_id"].implode()
    usable = rows.filter(known & pl.all_horizontal(pl.col("start_s", "end_s", "headway_s").is_not_null()))
    starts = pl.int_ranges("start_s", "end_s", "headway_s").alias("departs_s")
    runs = usable.select(
        "_row", "trip_id", (pl.col("exact_times") == "1").fill_null(value=False).alias("exact"), starts
    )
    runs = runs.explode("departs_s").drop_nulls("departs_s")
    runs = runs.with_columns(pl.concat_str("trip_id", pl.lit("@"), clock_text("departs_s")).alias("run_id"))
    again = runs.filter(~pl.col("run_id").is_first_distinct())
    files.note("frequencies.txt", again, "duplicate", "start_time", "run_id")
    leaves = (
        calls.filter(pl.col("stop_sequence").is_not_null())
        .sort("stop_sequence", "_row")
        .group_by("trip_id", maintain_order=True)
        .agg(pl.col("departure_s").first().alias("leaves_s"))
    )
    runs = runs.filter(pl.col("run_id").is_first_distinct()).join(leaves, on="trip_id", how="left")
    runs = runs.select(
        "trip_id", "run_id", (pl.col("departs_s") - pl.col("leaves_s")).alias("shift_s"), "exact"
    )
    plain = trips.filter(~pl.col("trip_id").is_in(repeated)).select(
        "trip_id",
        pl.col("trip_id").alias("run_id"),
        pl.lit(0, pl.Int64).alias("shift_s"),
        pl.lit(None, pl.Boolean).alias("exact"),
    )
    columns = ["trip_id", "route_id", "service_id", "direction_id", "says_direction"]
    return pl.concat([plain, runs]).join(trips.select(columns), on="trip_id", how="left")
