"""
The traffic measures as a Dask user writes them: `dask.dataframe`, pyarrow strings, pandas where groups are whole.

Partitions are as Dask infers them from the files. Results with many groups are split over as many partitions as the
table has (`split_out`), without which one task would hold them all. Quantiles and gaps need whole groups: one shuffle,
then pandas in each partition.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dask
import dask.dataframe as dd
import pandas as pd
from samples import Inputs

LINE = ["route_id", "direction_id"]
PAIR = ["stop_id", "alight_stop_id"]
STOP_DAY = ["service_date", "route_id", "direction_id", "stop_id"]
SECOND, MINUTE, HOUR = (pd.Timedelta(one, unit=unit) for one, unit in ((1, "s"), (1, "min"), (1, "h")))


def read(given: Inputs, table: str, *columns: str) -> Any:
    frame = dd.read_parquet(given.of(table), columns=list(columns))
    if "service_date" in columns:
        frame["service_date"] = (
            frame["service_date"].astype("timestamp[us][pyarrow]").astype("datetime64[us]")
        )
    return frame


def total(frame: Any, keys: list[str], *columns: str) -> Any:
    groups = frame.groupby(keys, dropna=False, sort=False)
    return groups[list(columns)].sum(split_out=frame.npartitions).reset_index()


def hourly_boardings(given: Inputs) -> Any:
    taps = read(given, "taps", "service_date", "event_timestamp", "route_id", "stop_id", "num_riders")
    taps["hour"] = (taps["event_timestamp"] - taps["service_date"]) // HOUR
    boarded = total(taps, ["service_date", "route_id", "stop_id", "hour"], "num_riders")
    return boarded.rename(columns={"num_riders": "boardings"})


def origin_destination(given: Inputs) -> Any:
    taps = read(given, "taps", "service_date", *PAIR, "num_riders").dropna(subset=["alight_stop_id"])
    return total(taps, ["service_date", *PAIR], "num_riders").rename(columns={"num_riders": "riders"})


def distinct_cards(given: Inputs) -> Any:
    taps = read(given, "taps", "service_date", "route_id", "fare_media_id").dropna(subset=["fare_media_id"])
    once = taps.drop_duplicates(split_out=taps.npartitions)
    cards = once.groupby(["service_date", "route_id"], dropna=False)["fare_media_id"].count()
    return cards.reset_index().rename(columns={"fare_media_id": "cards"})


def tap_totals(given: Inputs) -> Any:
    taps = read(given, "taps", "service_date", "num_riders", "alight_stop_id", "route_id")
    taps["taps"] = 1
    days = taps.groupby("service_date").agg(
        {"taps": "sum", "num_riders": "sum", "alight_stop_id": "count", "route_id": "count"}
    )
    names = {"num_riders": "riders", "alight_stop_id": "with_alighting", "route_id": "with_route"}
    return days.reset_index().rename(columns=names)


def rides(given: Inputs) -> Any:
    pairs = pd.read_parquet(given.folder / "pairs.parquet").astype(
        dict.fromkeys(["route_id", *PAIR], "string[pyarrow]")
    )
    alone = pairs.loc[pairs["lines"] == 1, [*PAIR, *LINE]].rename(
        columns=lambda name: name if name in PAIR else f"only_{name}"
    )
    taps = read(given, "taps", "service_date", "event_timestamp", *PAIR, *LINE, "num_riders").dropna(
        subset=["alight_stop_id"]
    )
    taps = taps.merge(alone, on=PAIR, how="left")
    free = taps["route_id"].isna() | (taps["route_id"] == taps["only_route_id"])
    taps["direction_id"] = taps["direction_id"].fillna(taps["only_direction_id"].where(free))
    taps["route_id"] = taps["route_id"].fillna(taps["only_route_id"])
    taps = taps.merge(pairs.drop(columns="lines"), on=[*LINE, *PAIR], how="left")
    taps["minute"] = (taps["event_timestamp"] - taps["service_date"]) // MINUTE
    for name in LINE:
        taps[name] = taps[name].mask(taps["board"].isna())
    keys = ["service_date", *LINE, "board", "alight", "board_offset_s", "minute"]
    return total(taps, keys, "num_riders").rename(columns={"num_riders": "riders"})


def load_profile(given: Inputs) -> Any:
    sections = pd.read_parquet(given.folder / "patterns.parquet").dropna(subset=["next_stop_id"])
    sections = sections[[*LINE, "section", "stop_id", "next_stop_id", "offset_s"]].astype(
        {"route_id": "string[pyarrow]"}
    )
    rides = read(
        given, "rides", "service_date", *LINE, "board", "alight", "board_offset_s", "minute", "riders"
    )
    passed = rides.merge(sections, on=LINE)
    passed = passed[(passed["section"] >= passed["board"]) & (passed["section"] < passed["alight"])]
    passed["quarter"] = (passed["minute"] * 60 + passed["offset_s"] - passed["board_offset_s"]) // 900
    return total(passed, ["service_date", *LINE, "section", "stop_id", "next_stop_id", "quarter"], "riders")


def gaps(frame: pd.DataFrame, time: str) -> pd.DataFrame:
    frame = frame.sort_values(time)
    seconds = frame[time].astype("datetime64[s]")
    frame["h"] = seconds.groupby([frame[key] for key in STOP_DAY], sort=False).diff() / SECOND
    frame = frame.dropna(subset=["h"])
    return frame.assign(h2=frame["h"] ** 2)


def regularity(visits: pd.DataFrame, timetable: pd.DataFrame) -> pd.DataFrame:
    planned = gaps(timetable, "departure_timestamp").groupby(STOP_DAY, sort=False)
    plan = planned.agg(scheduled_headways=("h", "size"), s=("h", "sum"), s2=("h2", "sum"))
    plan["scheduled_mean_s"] = plan["s"] / plan["scheduled_headways"]
    plan["scheduled_wait_s"] = plan["s2"] / (2 * plan["s"])
    actual = gaps(visits, "actual_departure_time")
    groups = actual.groupby(STOP_DAY, sort=False)
    out = groups.agg(
        headways=("h", "size"),
        mean_s=("h", "mean"),
        median_s=("h", "median"),
        sd=("h", "std"),
        s=("h", "sum"),
        s2=("h2", "sum"),
    )
    out["p95_s"] = groups["h"].quantile(0.95)
    out["cv"] = out["sd"] / out["mean_s"]
    out["mean_wait_s"] = out["s2"] / (2 * out["s"])
    out = out.join(plan[["scheduled_headways", "scheduled_mean_s", "scheduled_wait_s"]])
    out["excess_wait_s"] = out["mean_wait_s"] - out["scheduled_wait_s"]
    usual = out["scheduled_mean_s"].fillna(out["mean_s"]).rename("usual")
    actual = actual.join(usual, on=STOP_DAY)
    bunched = actual["h"] < 0.25 * actual["usual"]
    out["bunched_share"] = bunched.groupby([actual[key] for key in STOP_DAY], sort=False).mean()
    return out.drop(columns=["sd", "s", "s2"]).reset_index()


def headways(given: Inputs) -> Any:
    visits = read(given, "stop_visits", *STOP_DAY, "actual_departure_time")
    timetable = read(given, "timetable", *STOP_DAY, "departure_timestamp")
    parts = max(visits.npartitions, timetable.npartitions)
    visits, timetable = (one.shuffle(STOP_DAY, npartitions=parts) for one in (visits, timetable))
    meta = regularity(visits._meta, timetable._meta)
    return visits.map_partitions(regularity, timetable, meta=meta)


def speeds_by_hour(given: Inputs) -> Any:
    speeds = read(given, "road_speeds", "segment_id", "timestamp", "speed_kmh")
    speeds["date"] = speeds["timestamp"].dt.floor("D")
    speeds["hour"] = speeds["timestamp"].dt.hour
    speeds["observations"] = 1
    hours = total(speeds, ["segment_id", "date", "hour"], "speed_kmh", "observations")
    hours["speed_kmh"] = hours["speed_kmh"] / hours["observations"]
    hours["weekday"] = hours["date"].dt.weekday + 1
    return hours


def reliability(speeds: pd.DataFrame) -> pd.DataFrame:
    speeds = speeds.assign(pace=1 / speeds["speed_kmh"])
    groups = speeds.groupby("segment_id", sort=False)
    out = groups.agg(
        observations=("speed_kmh", "size"), mean_kmh=("speed_kmh", "mean"), pace=("pace", "mean")
    )
    out["free_flow_kmh"] = groups["speed_kmh"].quantile(0.85)
    out["congestion_index"] = out["free_flow_kmh"] / out["mean_kmh"]
    out["buffer_index"] = groups["pace"].quantile(0.95) / out["pace"] - 1
    slow = speeds["speed_kmh"] < 0.6 * speeds["segment_id"].map(out["free_flow_kmh"])
    out["share_congested"] = slow.groupby(speeds["segment_id"], sort=False).mean()
    return out.drop(columns="pace").reset_index()


def segment_reliability(given: Inputs) -> Any:
    speeds = read(given, "road_speeds", "segment_id", "speed_kmh").shuffle("segment_id")
    return speeds.map_partitions(reliability, meta=reliability(speeds._meta))


def congestion_index(given: Inputs) -> Any:
    free = pd.read_parquet(given.of("segment_reliability"), columns=["segment_id", "free_flow_kmh"])
    free = free.astype({"segment_id": "string[pyarrow]"})
    hours = read(given, "speeds_by_hour", "segment_id", "weekday", "hour", "observations", "speed_kmh")
    hours["hour_of_week"] = (hours["weekday"] - 1) * 24 + hours["hour"]
    hours["speed_kmh"] = hours["speed_kmh"] * hours["observations"]
    week = total(hours, ["segment_id", "hour_of_week"], "speed_kmh", "observations")
    week["speed_kmh"] = week["speed_kmh"] / week["observations"]
    week = week.merge(free, on="segment_id")
    week["congestion_index"] = week["free_flow_kmh"] / week["speed_kmh"]
    return week.drop(columns="free_flow_kmh")


PLANS: dict[str, Callable[[Inputs], Any]] = {
    plan.__name__: plan
    for plan in (
        hourly_boardings, origin_destination, distinct_cards, tap_totals, rides, load_profile, headways,
        speeds_by_hour, segment_reliability, congestion_index,
    )
}  # fmt: skip


def start(variant: str) -> None:
    """Use the threads of this process, as Dask does by itself, or a cluster of processes on this machine."""
    if variant == "processes":
        from distributed import Client, LocalCluster

        Client(
            LocalCluster(processes=True, threads_per_worker=1, dashboard_address=None, silence_logs="ERROR")
        )
    else:
        dask.config.set(scheduler=variant)


def run(measure: str, given: Inputs) -> pd.DataFrame:
    return PLANS[measure](given).compute()


def keep(measure: str, given: Inputs, folder: str) -> None:
    PLANS[measure](given).to_parquet(folder, write_index=False)
