"""
Every planted row of the lifelines sample is where the truth says, with the fault it says; no other has any.

The check of a row here is written with the standard library alone, from the contract file.
"""

import csv
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
import yaml

from data_samples.lifelines import DATA, TRUTH
from data_samples.lifelines import generate as make
from data_samples.lifelines.truth import Truth

CONTRACT = Path(__file__).parents[2] / "pipelines/lifelines/contract.yaml"
OPS = {">=": lambda a, b: a >= b, "!=": lambda a, b: a != b, ">": lambda a, b: a > b}
WORDS = {"true": True, "false": False}


@pytest.fixture(scope="module")
def contract():
    """Tables in the order of the contract, in which those referred to stand before those that refer."""
    return {each["name"]: each for each in yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))["schema"]}


def rows_of(data, table):
    """Give (file, row number, header, cells) of every row, counted as a reader counts."""
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


READ = {
    "integer": int,
    "number": float,
    "string": str,
    "boolean": WORDS.__getitem__,
    "date": date.fromisoformat,
    "timestamp": datetime.fromisoformat,
}


def typed(value, kind):
    return READ[kind](value) if isinstance(value, str) else value


def outside(value, limits, kind):
    low, high, above = (typed(limits.get(each), kind) for each in ("minimum", "maximum", "exclusiveMinimum"))
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
            row[name] = custom(column, "default")
            if column.get("required") and row[name] is None:
                yield "required", name
            continue
        try:
            row[name] = typed(value, kind)
        except (ValueError, KeyError):
            row[name] = None
            yield "type", name
            continue
        if outside(row[name], column.get("logicalTypeOptions", {}), kind):
            yield "range", name
        for rule in column.get("quality", []):
            if row[name] not in rule["arguments"]["validValues"]:
                yield "enum", name


def references(table):
    """Columns and what they refer to, as lists."""
    for column in table["properties"]:
        for target in column.get("relationships", []):
            yield [column["name"]], [target["to"]]
    for target in table.get("relationships", []):
        yield [each.partition(".")[2] for each in target["from"]], target["to"]


def screen(contract, data):
    """Give the faults of every row that has any, and how many rows there are."""
    found, counts = {}, Counter()
    targets = {tuple(to): set() for table in contract.values() for _, to in references(table)}
    for name, table in contract.items():
        keys = [each["name"] for each in table["properties"] if each.get("primaryKey")]
        seen = set()
        for file, number, header, cells in rows_of(data, name):
            counts[name] += 1
            if len(cells) != len(header) or not any(cell is not None for cell in cells):
                found[name, file, number] = [("ragged" if any(cells) else "blank", "")]
                continue
            row = dict(zip(header, cells, strict=True))
            assert list(row) == [each["name"] for each in table["properties"]]
            faults = [*faults_of_values(table, row)]
            for rule in table.get("quality", []):
                how = rule["implementation"]
                left, right = row[how["left"]], row[how["right"]]
                if left is not None and right is not None and not OPS[how["op"]](left, right):
                    faults.append((f"rule:{rule['name']}", ""))
            key = tuple(row[each] for each in keys)
            if key in seen:
                faults.append(("duplicate", ""))
            elif not faults:
                for columns, to in references(table):
                    value = tuple(row[each] for each in columns)
                    if None not in value and value not in targets[tuple(to)]:
                        faults.append(("reference", ", ".join(columns)))
            seen.add(key)
            if faults:
                found[name, file, number] = faults
            else:
                for to, known in targets.items():
                    if to[0].partition(".")[0] == name:
                        known.add(tuple(row[each.partition(".")[2]] for each in to))
    return found, counts


def test_planted_rows_and_no_others_are_bad(contract):
    truth = Truth.read(TRUTH)
    found, counts = screen(contract, DATA)
    assert found == {(b.table, b.file, b.row): [(b.reason, b.column)] for b in truth.bad_rows}
    assert counts == {name: each["rows"] for name, each in truth.rows.items()}


def test_planted_rows_are_counted_right_and_stay_below_the_limit(contract):
    truth = Truth.read(TRUTH)
    bad = Counter(each.table for each in truth.bad_rows)
    for table, rows in truth.rows.items():
        assert rows["bad"] == bad[table] == rows["rows"] - rows["good"]
        assert rows["bad"] <= 0.6 * custom(contract[table], "rejected_limit") * rows["rows"]


def test_every_kind_is_planted():
    kinds = {each.reason for each in Truth.read(TRUTH).bad_rows}
    rules = {"joins_two_nodes", "needs_another", "restored_after_start"}
    plain = {"required", "type", "range", "enum", "duplicate", "reference", "ragged", "blank"}
    assert kinds == plain | {f"rule:{each}" for each in rules}


def test_typed_parts_have_bad_rows_of_every_kind_that_types_allow(contract, tmp_path, monkeypatch):
    monkeypatch.setattr(make, "TEXT_UP_TO", 0)  # parts of Parquet, as a large sample has them
    found = make.generate(tmp_path / "big", scale=0.5)
    got, _ = screen(contract, tmp_path / "big")
    assert got == {(b.table, b.file, b.row): [(b.reason, b.column)] for b in found.bad_rows}
    kinds = {b.reason for b in found.bad_rows if b.table == "edges"}
    assert kinds == {"required", "range", "enum", "duplicate", "reference", "rule:joins_two_nodes"}
