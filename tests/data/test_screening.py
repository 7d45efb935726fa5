"""Every row is clean or in quarantine once, under the rule that plain Python finds, on every engine."""

import datetime as dt
import random

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.data.contract import Column, Reference, RowRule, TableContract
from workbench.data.files import PROBLEM, find
from workbench.data.screening import screen
from workbench.errors import DataRejected, WorkbenchError

BAD = object()
"""Stands for a text that is not of its column's type."""
D, T = dt.date, dt.datetime
CONTRACT = TableContract(
    name="taps",
    columns=(
        Column(name="id", type="string", required=True, pattern="^[A-Z](?:[0-9]|站)$"),
        Column(name="day", type="date", required=True, minimum="2024-01-01", maximum="2024-12-31"),
        Column(name="n", type="integer", minimum=0, maximum=9, default=1),
        Column(
            name="x", type="number", minimum=0, exclusive_minimum=True, maximum=100, exclusive_maximum=True
        ),
        Column(name="kind", type="string", enum=("bus", "轨道")),
        Column(name="level", type="integer", enum=(1, 2)),
        Column(name="paid", type="boolean"),
        Column(name="start", type="timestamp", minimum="2024-01-01T06:00:00"),
        Column(name="end", type="timestamp"),
        Column(name="stop", type="string"),
        Column(name="line", type="string"),
    ),
    key=("day", "id"),
    rules=(
        RowRule(name="ends_after_start", left="end", op=">=", right="start"),
        RowRule(name="elsewhere", left="stop", op="!=", right="line"),
    ),
    references=(
        Reference(columns=("stop",), table="stops", targets=("stop_id",)),
        Reference(columns=("line", "level"), table="lines", targets=("line", "level")),
    ),
)
POOLS = {  # what a file says, and what it means
    "id": [
        ("A1", "A1"),
        ("B2", "B2"),
        ("C站", "C站"),
        ("a1", "a1"),
        ("A12", "A12"),
        ("A1\n", "A1\n"),
        (None, None),
    ],
    "day": [
        ("2024-01-01", D(2024, 1, 1)),
        (" 2024-12-31", D(2024, 12, 31)),
        ("2023-12-31", D(2023, 12, 31)),
        ("2025-01-01", D(2025, 1, 1)),
        ("2024-02-30", BAD),
        (None, None),
    ],
    "n": [("0", 0), ("9.0", 9), ("-1", -1), ("10", 10), ("1.5", BAD), ("", BAD), (None, None)],
    "x": [
        ("0.001", 0.001),
        ("99.9", 99.9),
        ("0", 0.0),
        ("1e2", 100.0),
        ("-3", -3.0),
        ("NaN", BAD),
        (None, None),
    ],
    "kind": [("bus", "bus"), ("轨道", "轨道"), ("Bus", "Bus"), (None, None)],
    "level": [("1", 1), ("2", 2), ("3", 3), (None, None)],
    "paid": [("yes", True), ("0", False), ("perhaps", BAD), (None, None)],
    "start": [
        ("2024-01-01 06:00", T(2024, 1, 1, 6)),
        ("2024-06-01T23:59:59", T(2024, 6, 1, 23, 59, 59)),
        ("2024-01-01 05:59:59", T(2024, 1, 1, 5, 59, 59)),
        ("25:61", BAD),
        (None, None),
    ],
    "end": [
        ("2024-01-01 06:00:00", T(2024, 1, 1, 6)),
        ("2024-06-02 00:10", T(2024, 6, 2, 0, 10)),
        ("24:00", BAD),
        (None, None),
    ],
    "stop": [("S1", "S1"), ("S2", "S2"), ("S9", "S9"), ("L1", "L1"), (None, None)],
    "line": [("L1", "L1"), ("L2", "L2"), (None, None)],
}
PROBLEMS = [(None, None), ("ragged", ("ragged", None, None)), ("code:kind:a:b", ("code", "kind", "a:b"))]
STOPS = pl.DataFrame({"stop_id": ["S1", "S2", "L1"], "name": ["东", None, "x"]})
LINES = pl.DataFrame(
    {"line": ["L1", "L1", "L2", "L1", None], "level": [1, 1, 2, 1, 2], "trip": list("abcde")}
)
PAIRS = {("L1", 1), ("L2", 2)}
FILES = ("taps/a.csv", "taps/b.csv", "taps/c 站.csv")


def failure(row, problem):
    """Rule, column and value of the first check that a row fails by itself; plain Python."""
    text, value = {name: t for name, (t, _) in row.items()}, {name: v for name, (_, v) in row.items()}
    value["n"] = 1 if value["n"] is None else value["n"]
    if problem:
        return problem
    own = {
        "id": lambda v: "" if v in ("A1", "B2", "C站") else "pattern",
        "day": lambda v: "" if v.year == 2024 else "range",
        "n": lambda v: "" if 0 <= v <= 9 else "range",
        "x": lambda v: "" if 0 < v < 100 else "range",
        "kind": lambda v: "" if v in ("bus", "轨道") else "enum",
        "level": lambda v: "" if v in (1, 2) else "enum",
        "start": lambda v: "" if v >= T(2024, 1, 1, 6) else "range",
    }
    for name in POOLS:
        rule = ""
        if value[name] is None:
            rule = "required" if name in ("id", "day") else ""
        elif value[name] is BAD:
            rule = "type"
        elif name in own:
            rule = own[name](value[name])
        if rule:
            return rule, name, text[name]
    if value["end"] and value["start"] and value["end"] < value["start"]:
        return "ends_after_start", "end", text["end"]
    if value["stop"] and value["stop"] == value["line"]:
        return "elsewhere", "stop", text["stop"]
    return None


def oracle(rows):
    """Clean rows and quarantine of (file, row, fields, problem)."""
    clean, quarantine, seen = [], [], set()
    for file, number, row, (_, problem) in sorted(rows, key=lambda one: one[:2]):
        found = failure(row, problem)
        value = {name: v for name, (_, v) in row.items()}
        if not found:
            key = value["day"], value["id"]
            if key in seen:
                found = "duplicate", "day, id", row["day"][0]
            seen.add(key)
        if not found and value["stop"] and value["stop"] not in ("S1", "S2", "L1"):
            found = "reference", "stop", value["stop"]
        if not found and value["line"] and value["level"] and (value["line"], value["level"]) not in PAIRS:
            found = "reference", "line, level", value["line"]
        if found:
            texts = {f"raw_{name}": t for name, (t, _) in row.items()}
            rule, column, shown = found
            quarantine.append(
                {"file": FILES[file], "row": number, "rule": rule, "column": column, "value": shown, **texts}
            )
        else:
            clean.append(value | {"n": 1 if value["n"] is None else value["n"]})
    return clean, quarantine


def frame_of(rows):
    columns = {name: [row[name][0] for _, _, row, _ in rows] for name in POOLS}
    columns |= {PROBLEM: [problem[0] for *_, problem in rows]}
    columns |= {"_file": [file for file, *_ in rows], "_row": [number for _, number, *_ in rows]}
    schema = dict.fromkeys([*POOLS, PROBLEM], pl.String) | {"_file": pl.Int64, "_row": pl.Int64}
    return pl.DataFrame(columns, schema=schema)


def screened(engine, spread, frame, **more):
    others = {"stops": spread(engine, STOPS, 2), "lines": spread(engine, LINES, 2)}
    return screen(spread(engine, frame, 4), CONTRACT, others=others, files=FILES, **more)


def random_rows(count, seed, good=0.8):
    """Rows of which most fields are good, else hardly a row would reach the later checks."""
    rng = random.Random(seed)

    def pick(pool):
        return pool[rng.randrange(2)] if rng.random() < good else rng.choice(pool)

    numbers = rng.sample([(file, row) for file in range(len(FILES)) for row in range(2, count + 2)], count)
    return [
        (file, row, {name: pick(pool) for name, pool in POOLS.items()}, rng.choices(PROBLEMS, [50, 1, 1])[0])
        for file, row in numbers
    ]


def test_rows_are_parted_as_plain_python_parts_them(engine, spread, agree):
    rows = random_rows(600, seed=11, good=0.97) + [
        (0, 9000 + i, {name: pool[0] for name, pool in POOLS.items()} | {name: (text, value)}, PROBLEMS[0])
        for i, (name, text, value) in enumerate((n, t, v) for n, pool in POOLS.items() for t, v in pool)
    ]
    clean, quarantine = oracle(rows)
    made = screened(engine, spread, frame_of(rows))
    agree(made.clean, clean)
    agree(made.quarantine, quarantine)
    assert made.clean.columns == CONTRACT.names
    assert made.unchecked == ()
    assert {row["rule"] for row in quarantine} == {
        *("ragged", "code", "required", "type", "range", "enum", "pattern"),
        *("ends_after_start", "elsewhere", "duplicate", "reference"),
    }


ROWS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(2, 2**39),
        st.fixed_dictionaries({name: st.sampled_from(pool[:3] * 3 + pool) for name, pool in POOLS.items()}),
        st.sampled_from(PROBLEMS[:1] * 8 + PROBLEMS),
    ),
    max_size=12,
    unique_by=lambda row: row[:2],
)


@pytest.mark.parametrize("name", ["polars", "torn", "dask"])
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(rows=ROWS)
def test_any_rows_are_parted_as_plain_python_parts_them(engines, spread, agree, name, rows):
    clean, quarantine = oracle(rows)
    made = screened(engines(name), spread, frame_of(rows))
    agree(made.clean, clean)
    agree(made.quarantine, quarantine)
    assert len(clean) + len(quarantine) == len(rows)


def test_of_rows_with_one_key_the_first_by_file_and_row_stays(engine, spread, agree):
    contract = TableContract(
        name="t",
        columns=(Column(name="k", type="integer"), Column(name="v", type="number", maximum=100)),
        key=("k",),
    )
    places = [(1, 2), (0, 30), (0, 4), (2, 5), (0, 3), (1, 1), (0, 100), (2, 9), (2, 8)]
    keys = ["7", "7.0", " 7", "8", "7", "08", None, None, "9"]
    values = ["1", "2", "3", "4", "500", "6", "7", "8", "9"]  # the very first 7 is out of range, so no first
    frame = pl.DataFrame(
        {"k": keys, "v": values, "_file": [file for file, _ in places], "_row": [row for _, row in places]}
    )
    made = screen(spread(engine, frame, 4), contract, files=("a", "b", "c"))
    agree(made.clean.each(lambda f: f.select("v")), [{"v": v} for v in (3.0, 6.0, 7.0, 8.0, 9.0)])
    aside = made.quarantine.gather().sort("file", "row")
    assert aside.select("file", "row", "rule", "column", "value", "raw_v").rows() == [
        ("a", 3, "range", "v", "500", "500"),
        ("a", 30, "duplicate", "k", "7.0", "2"),
        ("b", 2, "duplicate", "k", "7", "1"),
        ("c", 5, "duplicate", "k", "8", "4"),
    ]


def test_references_without_their_table_are_unchecked_and_said_so(engines, spread):
    rows = [(0, 2, {name: pool[0] for name, pool in POOLS.items()} | {"stop": ("S9", "S9")}, PROBLEMS[0])]
    made = screen(engines("polars").table(frame_of(rows)), CONTRACT, files=FILES)
    assert made.unchecked == CONTRACT.references
    assert made.clean.gather()["stop"].to_list() == ["S9"]
    assert made.quarantine.gather().height == 0


NATIVE = TableContract(
    name="t",
    columns=(
        Column(name="i", type="integer", required=True),
        Column(name="f", type="integer"),
        Column(name="x", type="number"),
        Column(name="day", type="date"),
        Column(name="at", type="timestamp"),
        Column(name="on", type="timestamp"),
        Column(name="s", type="string"),
        Column(name="sf", type="string"),
        Column(name="b", type="boolean"),
        Column(name="none", type="timestamp"),
    ),
)


def test_native_types_become_the_contracts_where_nothing_is_lost(engine, tmp_path):
    """Whole floats are integers, dates are midnights; NaN, infinity, fractions and times of day are not."""
    nan, inf = float("nan"), float("inf")
    rows = [
        # i, f, x, day, at, on, s, sf, b
        (1, 1.0, 1.5, T(2024, 1, 1), T(2024, 1, 1, 5, 6, 7), D(2024, 2, 1), 5, 5.0, True),
        (2, -3.0, nan, T(2024, 1, 1), None, None, None, None, None),
        (3, 2.5, 1.0, None, None, None, None, None, False),
        (4, None, inf, None, None, None, None, None, None),
        (5, None, 2.0, T(2024, 1, 1, 0, 0, 1), None, None, None, None, None),
        (6, nan, 1.0, None, None, None, None, None, None),
        (7, 2.0**60, 1.0, None, None, None, None, None, None),
        (8, 2.0**52, -0.5, None, None, None, -7, 1e15, None),
        (9, None, None, None, None, None, None, nan, None),
        (10, None, None, None, None, None, None, 0.5, None),
        (11, None, None, None, None, None, None, -inf, None),
        (None, None, None, None, None, None, None, None, None),
    ]
    schema = {
        "i": pl.Int16,
        "f": pl.Float64,
        "x": pl.Float32,
        "day": pl.Datetime("ns"),
        "at": pl.Datetime("ms"),
        "on": pl.Date,
        "s": pl.Int32,
        "sf": pl.Float64,
        "b": pl.Boolean,
    }
    pl.DataFrame(rows, schema=schema, orient="row").with_columns(none=None).write_parquet(
        tmp_path / "t.parquet"
    )
    listing = find([str(tmp_path)], work=engine.work)
    made = screen(engine.scan(listing, numbered=True), NATIVE, files=[one.name for one in listing.files])
    clean = made.clean.gather().sort("i")
    assert list(clean.schema.values()) == [
        *(pl.Int64, pl.Int64, pl.Float64, pl.Date, pl.Datetime("us"), pl.Datetime("us")),
        *(pl.String, pl.String, pl.Boolean, pl.Datetime("us")),
    ]
    assert clean.rows() == [
        (1, 1, 1.5, D(2024, 1, 1), T(2024, 1, 1, 5, 6, 7), T(2024, 2, 1), "5", "5", True, None),
        (8, 2**52, -0.5, None, None, None, "-7", "1000000000000000", None, None),
    ]
    aside = made.quarantine.gather().sort("row").select("row", "rule", "column")
    assert aside.rows() == [
        (2, "type", "x"),
        (3, "type", "f"),
        (4, "type", "x"),
        (5, "type", "day"),
        (6, "type", "f"),
        (7, "type", "f"),
        (9, "type", "sf"),
        (10, "type", "sf"),
        (11, "type", "sf"),
        (12, "required", "i"),
    ]


@pytest.mark.parametrize(
    ("dtype", "column", "message"),
    [
        (
            pl.Datetime("us", "UTC"),
            "at",
            "holds timestamps in the zone UTC where the contract wants local timestamps without",
        ),
        (pl.Boolean, "i", "holds true and false where the contract wants integer"),
        (pl.Int64, "at", "holds numbers where the contract wants local timestamps"),
        (pl.Datetime("us"), "s", "holds timestamps where the contract wants string"),
        (pl.Date, "x", "holds dates where the contract wants number"),
        (pl.Float64, "b", "holds numbers where the contract wants boolean"),
        (pl.List(pl.Int64), "i", r"holds values of type List\(.*where the contract wants integer"),
    ],
)
def test_types_that_never_fit_are_told_before_anything_is_read(engines, dtype, column, message):
    frame = pl.DataFrame(
        {"i": [1], column: [None], "_file": [0], "_row": [1]}, schema_overrides={column: dtype}
    )
    with pytest.raises(DataRejected, match=f"a.parquet: the column '{column}' {message}.*source file"):
        screen(engines("polars").table(frame), NATIVE, files=["a.parquet"])


@pytest.mark.spark
def test_a_zone_is_told_on_spark_too(engines, tmp_path):
    frame = pl.DataFrame(
        {"i": [1], "at": [T(2024, 1, 1)]}, schema={"i": pl.Int16, "at": pl.Datetime("ms", "Asia/Shanghai")}
    )
    frame.write_parquet(tmp_path / "a.parquet")
    engine = engines("spark")
    with pytest.raises(DataRejected, match="holds timestamps in the zone"):
        screen(engine.scan(find([str(tmp_path)], work=engine.work), numbered=True), NATIVE)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            ["ID", "day"],
            r"the required column 'id' is missing. Nearest: ID. Rename it in the file, or map it",
        ),
        (["day"], r"the required column 'id' is missing. Rename it in the file"),
        (
            ["id", "day", "路"],
            r"the column '路' is not in the contract of table 'taps'. Known: id, day, .*Rename or remove it",
        ),
        (["id", "day", "stopp"], r"the column 'stopp' is not in .* Nearest: stop."),
    ],
)
def test_columns_that_are_missing_or_unknown_are_named(engines, columns, message):
    frame = pl.DataFrame({name: ["x"] for name in columns} | {"_file": [0], "_row": [2]})
    files = [f"{name}.csv" for name in "aabcdef"]
    with pytest.raises(DataRejected, match=rf"^a.csv, b.csv, c.csv and 3 more files: {message}"):
        screen(engines("polars").table(frame), CONTRACT, files=files)
    with pytest.raises(DataRejected, match=r"^taps: the"):
        screen(engines("polars").table(frame), CONTRACT)


def test_a_table_without_row_numbers_is_refused(engines):
    with pytest.raises(WorkbenchError, match="has no row numbers to report"):
        screen(engines("polars").table(pl.DataFrame({"id": ["A1"], "day": ["2024-01-01"]})), CONTRACT)


def test_columns_that_were_not_given_are_null_or_their_default(engine, spread, agree):
    frame = pl.DataFrame(
        {"id": ["A1", "a"], "day": ["2024-01-01", "2024-01-02"], "_file": [0, 0], "_row": [2, 3]}
    )
    made = screen(spread(engine, frame), CONTRACT, files=FILES)
    none = dict.fromkeys(CONTRACT.names)
    agree(made.clean, [none | {"id": "A1", "day": D(2024, 1, 1), "n": 1}])
    raw = {f"raw_{name}": None for name in CONTRACT.names} | {"raw_id": "a", "raw_day": "2024-01-02"}
    agree(
        made.quarantine,
        [{"file": FILES[0], "row": 3, "rule": "pattern", "column": "id", "value": "a", **raw}],
    )
