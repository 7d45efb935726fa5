"""
Bad rows, planted on purpose.

Each has one fault. It is a copy of a good row under a key of its own, put after the good one, so that the
good rows are whole without it; a bad reading or demand takes the place of the good one. A table written as
text can hold every kind of fault, a typed one those that its types allow.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from data_samples.traffic.planted import DUPLICATE, RAGGED, BadRow, Fault, Planted, as_texts

BLANK = "blank"


def _required(*columns: str) -> list[Fault]:
    return [Fault("required", column, {column: None}) for column in columns]


def _range(**values: float) -> list[Fault]:
    return [Fault("range", column, {column: value}) for column, value in values.items()]


def _type(column: str, *values: str) -> list[Fault]:
    return [Fault("type", column, text={column: value}) for value in values]


def _enum(**values: str) -> list[Fault]:
    return [Fault("enum", column, {column: pl.lit(value)}) for column, value in values.items()]


def _unknown(column: str, value: str, said: str = "") -> Fault:
    return Fault("reference", said or column, {column: pl.lit(value)})


ANOTHER_SYSTEM = {"system": "water", "from_node_id": "W001-T", "to_node_id": "T001-X"}
_RAGGED, _BLANK = [Fault(RAGGED)], [Fault(BLANK)]
FAULTS: dict[str, list[Fault]] = {
    "nodes": [
        *_required("node_id", "system", "asset_class", "x", "y"),
        *_type("x", "12,5"),
        *_type("people", "many"),
        *_type("in_service", "maybe"),
        *_type("install_year", "1998.5"),
        *_range(demand=-0.5, supply=-1.0, install_year=1066, repair_days=-2.0),
        *_range(people=-3, elevation_m=12_000.0),
        *_enum(system="steam", kind="tap"),
        _unknown("zone_id", "Z404"),
        Fault(DUPLICATE),
        Fault(DUPLICATE, typed={"demand": 0.001}),
        *_RAGGED,
        *_BLANK,
    ],
    "edges": [
        *_required("edge_id", "system", "from_node_id", "to_node_id", "asset_class"),
        *_type("length_m", "1.2 km"),
        *_type("capacity", "n/a"),
        *_type("directed", "both"),
        *_range(length_m=-20.0, capacity=-0.1, diameter_mm=0.0, install_year=3000),
        *_enum(system="heat"),
        _unknown("from_node_id", "W404-J01", "system, from_node_id"),
        Fault(
            "reference",
            "system, to_node_id",
            {name: pl.lit(value) for name, value in ANOTHER_SYSTEM.items()},
        ),
        _unknown("to_node_id", "no such node", "system, to_node_id"),
        Fault("rule:joins_two_nodes", typed={"to_node_id": pl.col("from_node_id")}),
        Fault(DUPLICATE),
        Fault(DUPLICATE, typed={"capacity": 0.02}),
        *_RAGGED,
        *_BLANK,
    ],
    "dependencies": [
        *_range(threshold=1.5),
        *_enum(rule="some"),
        Fault("rule:needs_another", typed={"dependee": pl.col("depender")}),
        Fault(DUPLICATE),
    ],
    "demands": [
        *_required("zone_id", "system", "timestamp", "metered"),
        *_type("metered", "1,5", "-"),
        *_type("timestamp", "2026-03-04 25:00:00"),
        *_range(metered=-0.2, billed=-1.0),
        *_range(metered=2e5),
        *_enum(system="heat"),
        _unknown("zone_id", "Z404"),
        Fault(DUPLICATE),
        Fault(DUPLICATE, typed={"metered": 0.4}),
        *_RAGGED,
        *_BLANK,
    ],
    "readings": [
        *_required("sensor_id", "timestamp", "value"),
        *_range(value=-9999.0),
        *_range(value=1e6),
        _unknown("sensor_id", "S404-F1"),
        Fault(DUPLICATE),
        Fault(DUPLICATE, typed={"value": 17.0}),
    ],
    "incidents": [
        *_required("incident_id", "system", "asset_id", "started", "cause"),
        *_type("started", "2025-02-30 10:00:00", "last night"),
        *_type("restored", "not yet"),
        *_enum(cause="dragon", system="heat"),
        Fault(
            "rule:restored_after_start",
            typed={"restored": pl.col("started") - pl.duration(hours=1)},
        ),
        Fault(DUPLICATE),
        *_RAGGED,
        *_BLANK,
    ],
}
# The column that gets a value of its own, so that a bad row is not a duplicate too; None: it replaces a row.
FRESH: dict[str, str | None] = {
    "nodes": "node_id",
    "edges": "edge_id",
    "dependencies": "depender",
    "demands": None,
    "readings": None,
    "incidents": "incident_id",
}


def plant(
    table: str, file: str, good: pl.DataFrame, draw: np.random.Generator, *, rounds: int = 1
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
    """
    as_text = file.endswith(".csv")
    faults = [f for f in FAULTS[table] if as_text or not (f.text or f.reason in (RAGGED, BLANK))] * rounds
    count = len(faults)
    if len(good) < 10 * count:
        return Planted(good, good)
    faults = [faults[each] for each in draw.permutation(count)]
    source = ((np.arange(count) + draw.random(count)) * (len(good) / count)).astype(np.int64)
    later = source + 1 + (draw.random(count) * (len(good) - source - 1)).astype(np.int64)
    after = [int(later[n] if f.reason == DUPLICATE else source[n]) for n, f in enumerate(faults)]
    gone = [
        int(source[n])
        for n, f in enumerate(faults)
        if FRESH[table] is None and f.reason not in (DUPLICATE, RAGGED, BLANK)
    ]
    rows = [_flawed(good[int(source[n])], table, n, fault, as_text) for n, fault in enumerate(faults)]
    keep = np.ones(len(good), bool)
    keep[gone] = False
    kept = good.filter(keep)
    shown = as_texts(kept) if as_text else kept
    place = pl.concat([pl.Series(np.flatnonzero(keep) * 2), pl.Series(after, dtype=pl.Int64) * 2 + 1])
    fault = pl.Series([-1] * len(kept) + list(range(count)), dtype=pl.Int64)
    woven = pl.concat([shown, *rows]).with_columns(place.alias("_place"), fault.alias("_fault"))
    woven = woven.sort("_place", "_fault", maintain_order=True).with_row_index("_row", 2 if as_text else 1)
    bad = [
        BadRow(table=table, file=file, row=row, reason=faults[n].reason, column=faults[n].column)
        for row, n in woven.filter(pl.col("_fault") >= 0).select("_row", "_fault").iter_rows()
    ]
    return Planted(woven.drop("_row", "_place", "_fault"), kept, bad, sorted(gone))


def _flawed(row: pl.DataFrame, table: str, number: int, fault: Fault, as_text: bool) -> pl.DataFrame:
    """Make the bad row of a good one."""
    fresh = FRESH[table]
    if fresh and fault.reason not in (DUPLICATE, RAGGED):
        row = row.with_columns(pl.concat_str(fresh, pl.lit(f"x{number:02d}")).alias(fresh))
    if fault.reason == BLANK:
        row = row.select(pl.lit(None, kind).alias(name) for name, kind in row.schema.items())
    else:
        row = row.with_columns(
            (value if isinstance(value, pl.Expr) else pl.lit(value)).cast(row.schema[name]).alias(name)
            for name, value in fault.typed.items()
        )
    if not as_text:
        return row
    return as_texts(row).with_columns(pl.lit(value).alias(name) for name, value in fault.text.items())
