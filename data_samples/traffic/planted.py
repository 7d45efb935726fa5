"""
Bad rows, planted on purpose.

Each has one fault. It is a copy of a good row under a key of its own, put after the good one, so that the
good rows are whole without it; a bad speed takes the place of the good one. A table written as text can
hold every kind of fault, a typed one those that its types allow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

RAGGED = "ragged"
DUPLICATE = "duplicate"
TIME = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, kw_only=True)
class BadRow:
    """
    One planted row, and what screening should say of it.

    `row` counts as a reader does: in CSV the header is row 1, in Parquet the first record is row 1. `column`
    is empty where the fault is not in one column (duplicate, ragged, row rules).
    """

    table: str
    file: str
    row: int
    reason: str
    column: str


@dataclass(frozen=True)
class Fault:
    """A fault: typed values to put in, or texts that no type would allow."""

    reason: str
    column: str = ""
    typed: dict[str, pl.Expr | int | float | None] = field(default_factory=dict)
    text: dict[str, str] = field(default_factory=dict)


def _required(*columns: str) -> list[Fault]:
    return [Fault("required", column, {column: None}) for column in columns]


def _range(**values: pl.Expr | int | float) -> list[Fault]:
    return [Fault("range", column, {column: value}) for column, value in values.items()]


def _type(column: str, *values: str) -> list[Fault]:
    return [Fault("type", column, text={column: value}) for value in values]


def _unknown(column: str, value: str) -> Fault:
    return Fault("reference", column, {column: pl.lit(value)})


_LONG_AGO = pl.lit("1926-03-02").str.to_date()
_TWICE = [Fault(DUPLICATE), Fault(DUPLICATE)]
_RAGGED = [Fault(RAGGED), Fault(RAGGED)]
FAULTS: dict[str, list[Fault]] = {
    "taps": [
        *_required("transaction_id", "service_date", "event_timestamp", "stop_id"),
        *_type("event_timestamp", "2026-03-03 25:61:00", "25:61"),
        *_type("service_date", "2026-02-30"),
        *_type("alight_timestamp", "n/a"),
        *_type("direction_id", "up"),
        *_type("num_riders", "abc", "1.5"),
        *_range(num_riders=0, direction_id=2, service_date=_LONG_AGO),
        *_range(num_riders=101),
        _unknown("stop_id", "P-404"),
        _unknown("alight_stop_id", "P-405"),
        Fault(
            "rule:alights_after_boarding",
            typed={"alight_timestamp": pl.col("event_timestamp") - pl.duration(minutes=10)},
        ),
        Fault("rule:alights_elsewhere", typed={"alight_stop_id": pl.col("stop_id")}),
        *_TWICE,
        Fault(DUPLICATE, typed={"num_riders": 2, "fare_media_id": None}),
        *_RAGGED,
    ],
    "stop_visits": [
        *_required("service_date", "trip_id_performed", "trip_stop_sequence", "route_id", "stop_id"),
        *_required("actual_departure_time"),
        *_range(departure_load=5001, direction_id=2, trip_stop_sequence=-1, service_date=_LONG_AGO),
        *_range(departure_load=-3),
        _unknown("stop_id", "P-404"),
        Fault(
            "rule:departs_after_arriving",
            typed={"actual_departure_time": pl.col("actual_arrival_time") - pl.duration(minutes=2)},
        ),
        *_TWICE,
        Fault(DUPLICATE, typed={"actual_departure_time": pl.col("actual_departure_time").dt.offset_by("5m")}),
    ],
    "timetable": [
        *_required("departure_timestamp", "stop_id"),
        *_range(vehicle_capacity=0, direction_id=2),
        _unknown("stop_id", "P-404"),
        Fault(
            "rule:departs_after_arriving",
            typed={"departure_timestamp": pl.col("arrival_timestamp") - pl.duration(minutes=2)},
        ),
        *_TWICE,
    ],
    "road_speeds": [
        *_required("segment_id", "timestamp", "speed_kmh"),
        *_type("speed_kmh", "abc", "12,5", "n/a"),
        *_type("timestamp", "2026-03-04 25:61:00", "yesterday"),
        *_type("vehicle_count", "many"),
        *_range(speed_kmh=0.0, vehicle_count=-4),
        *_range(speed_kmh=-5.0),
        *_range(speed_kmh=250.5),
        _unknown("segment_id", "S-404"),
        *_TWICE,
        Fault(DUPLICATE, typed={"speed_kmh": 61.7}),
        *_RAGGED,
    ],
}
# The column that gets a value of its own, so that a bad row is not a duplicate too; None: it replaces a row.
FRESH: dict[str, str | None] = {
    "taps": "transaction_id",
    "stop_visits": "trip_id_performed",
    "timetable": "trip_id",
    "road_speeds": None,
}


@dataclass(frozen=True)
class Planted:
    """
    A file's rows with the bad ones among them, and the good rows alone.

    `removed` are the places that replaced rows had among the good rows given.
    """

    rows: pl.DataFrame
    good: pl.DataFrame
    bad: list[BadRow] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)


def plant(
    table: str,
    file: str,
    good: pl.DataFrame,
    draw: np.random.Generator,
    *,
    rounds: int = 1,
    before: pl.DataFrame | None = None,
) -> Planted:
    """
    Plant bad rows in one file of a table.

    Parameters
    ----------
    table
        Which table it is.
    file
        The file it will be written to, within the sample; a name that ends in .csv takes faults of text.
    good
        Its good rows.
    draw
        Where the bad rows come to lie.
    rounds
        How many times to plant each kind.
    before
        Good rows of an earlier file of the table, to be repeated in this one.
    """
    as_text = file.endswith(".csv")
    faults = [f for f in FAULTS[table] if as_text or not (f.text or f.reason == RAGGED)] * rounds
    if len(good) < 4 * len(faults):
        return Planted(good, good)
    count = len(faults)
    stride = len(good) / count
    source = ((np.arange(count) + draw.random(count)) * stride).astype(np.int64)
    faults = [faults[each] for each in draw.permutation(count)]
    later = source + 1 + (draw.random(count) * (len(good) - source - 1)).astype(np.int64)

    replaces = FRESH[table] is None
    removed: list[int] = []
    placed: list[tuple[int, pl.DataFrame, Fault]] = []  # (after how many good rows, row, fault)
    for number, fault in enumerate(faults):
        at = int(source[number])
        row = _flawed(good[at], table, number, fault)
        if fault.reason == DUPLICATE:
            placed.append((int(later[number]), row, fault))
        else:
            placed.append((at + 1, row, fault))
            removed += [at] if replaces else []
    if before is not None:
        spots = np.sort((draw.random(len(before)) * len(good)).astype(np.int64)).tolist()
        placed += [(spot, before[n], Fault(DUPLICATE)) for n, spot in enumerate(spots)]
    return _woven(table, file, good, sorted(placed, key=lambda each: each[0]), set(removed), as_text=as_text)


def _flawed(row: pl.DataFrame, table: str, number: int, fault: Fault) -> pl.DataFrame:
    """Make the bad row of a good one, still typed."""
    fresh = FRESH[table]
    if fresh == "transaction_id" and fault.reason != DUPLICATE:
        row = row.with_columns(pl.concat_str("route_id", pl.lit(f"-9{number:03d}")).alias(fresh))
    elif fresh and fault.reason != DUPLICATE:
        row = row.with_columns(pl.concat_str(fresh, pl.lit(f"x{number:02d}")).alias(fresh))
    values = [
        (value if isinstance(value, pl.Expr) else pl.lit(value)).cast(row.schema[name]).alias(name)
        for name, value in fault.typed.items()
    ]
    return row.with_columns(values)


def as_texts(frame: pl.DataFrame) -> pl.DataFrame:
    """Write every column as CSV shows it."""
    return frame.select(
        pl.col(name).dt.strftime(TIME) if dtype == pl.Datetime else pl.col(name).cast(pl.String)
        for name, dtype in frame.schema.items()
    )


def _woven(
    table: str,
    file: str,
    good: pl.DataFrame,
    placed: Sequence[tuple[int, pl.DataFrame, Fault]],
    removed: set[int],
    *,
    as_text: bool,
) -> Planted:
    """Put the bad rows between the good ones, and note the row that each becomes."""
    keep = np.ones(len(good), bool)
    keep[sorted(removed)] = False
    before = np.concatenate([[0], np.cumsum(keep)])  # good rows kept, by how many good rows there were
    good = good.filter(keep)
    shown = as_texts(good) if as_text else good
    pieces: list[pl.DataFrame] = []
    bad: list[BadRow] = []
    done = 0
    for number, (after, row, fault) in enumerate(placed):
        upto = int(before[after])
        pieces.append(shown[done:upto])
        if as_text:
            row = as_texts(row).with_columns(pl.lit(value).alias(name) for name, value in fault.text.items())
        pieces.append(row)
        done = upto
        place = upto + number + 1 + as_text
        bad.append(BadRow(table=table, file=file, row=place, reason=fault.reason, column=fault.column))
    pieces.append(shown[done:])
    return Planted(pl.concat(pieces, rechunk=True), good, bad, sorted(removed))
