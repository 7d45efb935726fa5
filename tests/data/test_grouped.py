"""Gaps and counts within groups, against plain Python, the same on every engine."""

import datetime as dt
import random
from collections import defaultdict

import narwhals as nw
import polars as pl
import pytest

from workbench.data.grouped import aggregate, gap_sums, gaps

START = dt.datetime(2026, 3, 1)


def visits():
    """Lines with ties, single visits, missing times and a Chinese name, in no order."""
    random.seed(4)
    rows = [("快1", START + dt.timedelta(seconds=random.choice([0, 90, 91.5, 600, 4000]))) for _ in range(9)]
    rows += [("2", START), ("2", None), ("3", None), ("4", START)]
    rows += [("5", START + dt.timedelta(days=400, seconds=each)) for each in (5, 1, 3)]
    random.shuffle(rows)
    return pl.DataFrame(rows, schema={"line": pl.String, "at": pl.Datetime("us")}, orient="row")


def expected():
    seconds = defaultdict(list)
    for line, at in visits().iter_rows():
        if at is not None:
            seconds[line].append(int((at - START).total_seconds()))
    return {
        line: [float(b - a) for a, b in zip(sorted(each), sorted(each)[1:], strict=False)]
        for line, each in seconds.items()
    }


def test_gaps(engine, spread, agree):
    made = spread(engine, visits()).by(["line"], lambda frame: gaps(frame, ["line"], "at", "s"))
    agree(made, [{"line": line, "s": gap} for line, found in expected().items() for gap in found])


def test_gap_sums(engine, spread, agree):
    made = spread(engine, visits()).by(["line"], lambda f: gap_sums(f, ["line"], "at", "n", "s", "s2"))
    agree(
        made,
        [
            {"line": line, "n": len(found), "s": sum(found), "s2": sum(gap * gap for gap in found)}
            for line, found in expected().items()
            if found
        ],
    )


@pytest.mark.parametrize("few", [False, True])
def test_counts_below_a_limit_of_the_group(engine, spread, agree, few):
    numbers = [("a", 1.0), ("a", 2.0), ("a", 9.0), ("b", 4.0), ("b", None), ("c", None), ("c", None)]
    frame = pl.DataFrame(numbers, schema={"key": pl.String, "x": pl.Float64}, orient="row")

    def count(frame):
        return aggregate(
            frame,
            ["key"],
            nw.len().cast(nw.Int64).alias("rows"),
            below={"under": ("x", nw.col("x").mean(), None), "half": ("x", nw.col("x").max() * 0.5, None)},
            few=few,
        )

    agree(
        spread(engine, frame).by(["key"], count),
        [
            {"key": "a", "rows": 3, "under": 2, "half": 2},
            {"key": "b", "rows": 2, "under": 0, "half": 0},
            {"key": "c", "rows": 2, "under": 0, "half": 0},
        ],
    )


def test_a_limit_from_beside_takes_the_place_of_the_groups_own(engine, spread, agree):
    numbers = [("a", 1.0), ("a", 3.0), ("b", 1.0), ("b", 3.0), ("c", 1.0), ("c", 3.0)]
    frame = pl.DataFrame(numbers, schema={"key": pl.String, "x": pl.Float64}, orient="row")
    limits = pl.DataFrame({"key": ["a", "b", "d"], "limit": [9.0, None, 1.0]})

    def count(frame, beside):
        below = {"under": ("x", nw.col("x").mean(), "limit")}
        return aggregate(frame, ["key"], nw.col("x").sum().alias("sum"), below=below, beside=beside)

    agree(
        spread(engine, frame).by(["key"], count, engine.table(limits)),
        [
            {"key": "a", "sum": 4.0, "limit": 9.0, "under": 2},
            {"key": "b", "sum": 4.0, "limit": None, "under": 1},
            {"key": "c", "sum": 4.0, "limit": None, "under": 1},
        ],
    )
