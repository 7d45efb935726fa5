"""Every planted row is where the truth says and has the fault it says, and no other row has any.

The check of a row here is written with the standard library alone, from the contract file.
"""

import csv
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
import yaml

from data_samples.traffic import generate as make

CONTRACT = Path(__file__).parents[2] / "pipelines/traffic/contract.yaml"
TABLES = (
    "stops",
    "segments",
    "timetable",
    "stop_visits",
    "taps",
    "road_speeds",
)  # referred to before referring
OPS = {">=": lambda a, b: a >= b, "!=": lambda a, b: a != b}


@pytest.fixture(scope="module")
def contract():
    return {each["name"]: each for each in yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))["schema"]}


def rows_of(data, table):
    """Give (file, row number, header or None, cells) of every row, counted as a reader counts."""
    for path in sorted([*data.glob(f"{table}.*"), *data.glob(f"{table}/*")]):
        name = path.relative_to(data).as_posix()
        if path.suffix == ".parquet":
            frame = pl.read_parquet(path)
            for number, cells in enumerate(frame.iter_rows(), 1):
                yield name, number, frame.columns, cells
        else:
            with path.open(encoding="utf-8", newline="") as file:
                header, *records = csv.reader(file)
                for number, cells in enumerate(records, 2):
                    yield name, number, header, [cell if cell else None for cell in cells]


def typed(value, kind):
    if not isinstance(value, str):
        return value
    read = {
        "integer": int,
        "number": float,
        "string": str,
        "date": date.fromisoformat,
        "timestamp": datetime.fromisoformat,
    }
    return read[kind](value)


def outside(value, limits, kind):
    low, high = (typed(limits.get(each), kind) for each in ("minimum", "maximum"))
    above = limits.get("exclusiveMinimum")
    return (
        (low is not None and value < low)
        or (high is not None and value > high)
        or (above is not None and value <= above)
    )


def custom(owner, name):
    return next(
        (each["value"] for each in owner.get("customProperties", []) if each["property"] == name), None
    )


def faults_of_values(table, row):
    for column in table["properties"]:
        name, kind, value = column["name"], column["logicalType"], row[column["name"]]
        if value is None:
            if column.get("required") and custom(column, "default") is None:
                yield "required", name
            continue
        try:
            row[name] = typed(value, kind)
        except ValueError:
            row[name] = None
            yield "type", name
            continue
        if outside(row[name], column.get("logicalTypeOptions", {}), kind):
            yield "range", name


def faults_between(table, row):
    for rule in table.get("quality", []):
        how = rule["implementation"]
        left, right = row[how["left"]], row[how["right"]]
        if left is not None and right is not None and not OPS[how["op"]](left, right):
            yield f"rule:{rule['name']}", ""


def screen(contract, data):
    """Give the faults of every row that has any, and how many rows there are."""
    found, counts, known, parents = {}, Counter(), {}, {}
    for name in TABLES:
        table = contract[name]
        keys = [each["name"] for each in table["properties"] if each.get("primaryKey")]
        seen = set()
        for file, number, header, cells in rows_of(data, name):
            counts[name] += 1
            if len(cells) != len(header):
                found[name, file, number] = [("ragged", "")]
                continue
            row = dict(zip(header, cells, strict=True))
            assert list(row) == [each["name"] for each in table["properties"]]
            faults = [*faults_of_values(table, row)]
            faults += faults_between(table, row)
            for column in table["properties"]:
                for target in column.get("relationships", []):
                    if row[column["name"]] is not None and row[column["name"]] not in parents[target["to"]]:
                        faults.append(("reference", column["name"]))
            key = tuple(row[each] for each in keys)
            if key in seen:
                faults.append(("duplicate", ""))
            seen.add(key)
            if faults:
                found[name, file, number] = faults
            elif len(keys) == 1:
                known.setdefault(f"{name}.{keys[0]}", set()).add(key[0])
        parents |= known
    return found, counts


def test_planted_rows_and_no_others_are_bad(contract, data, truth):
    found, counts = screen(contract, data)
    planted = {(b["table"], b["file"], b["row"]): [(b["reason"], b["column"])] for b in truth["bad_rows"]}
    assert found == planted
    assert counts == {name: each["rows"] for name, each in truth["rows"].items()}


def test_planted_rows_are_counted_right(truth):
    bad = Counter(each["table"] for each in truth["bad_rows"])
    for table, rows in truth["rows"].items():
        assert rows["bad"] == bad[table]
        assert rows["good"] == rows["rows"] - rows["bad"]


def test_every_kind_is_planted(truth):
    kinds = {each["reason"] for each in truth["bad_rows"]}
    rules = {"alights_after_boarding", "alights_elsewhere", "departs_after_arriving"}
    plain = {"required", "type", "range", "duplicate", "reference", "ragged"}
    assert kinds == plain | {f"rule:{each}" for each in rules}


def test_the_bad_share_is_below_the_limit(contract, truth):
    for table, rows in truth["rows"].items():
        limit = custom(contract[table], "rejected_limit")
        assert rows["bad"] <= limit * rows["rows"]
        assert rows["bad"] < 0.5 * limit * rows["rows"] or not limit


def test_a_duplicate_crosses_from_one_file_to_the_next(data, truth):
    rows = {(file, number): cells[:2] for file, number, _, cells in rows_of(data, "road_speeds")}
    before = [key for (file, _), key in rows.items() if file == "road_speeds/part-0.csv"]
    duplicates = [b for b in truth["bad_rows"] if b["file"] == "road_speeds/part-1.csv"]
    duplicates = [b for b in duplicates if b["reason"] == "duplicate"]
    assert sum(rows[b["file"], b["row"]] in before for b in duplicates) == 2


def test_typed_parts_have_bad_rows_of_every_kind_that_types_allow(contract, tmp_path, monkeypatch):
    monkeypatch.setattr(make, "TEXT_UP_TO", 0)  # parts of Parquet, as a large sample has them
    found = make.generate(tmp_path / "big", scale=0.5)
    got, _ = screen(contract, tmp_path / "big")
    planted = {(b.table, b.file, b.row): [(b.reason, b.column)] for b in found.bad_rows}
    assert got == planted
    kinds = {b.reason for b in found.bad_rows if b.table == "road_speeds"}
    assert kinds == {"required", "range", "duplicate", "reference"}
