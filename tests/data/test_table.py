"""Four verbs mean the same on every engine, and `torn` catches a function that lies about what it relates."""

import itertools
import random
import subprocess
import sys
from collections import defaultdict

import narwhals as nw
import polars as pl
import pytest

from workbench.data import split
from workbench.data.split import Split
from workbench.data.table import Whole
from workbench.errors import WorkbenchError

CITIES = ["西安", "Lyon", "北京 东", "", None]
SCHEMA = {"city": pl.String, "line": pl.Int64, "riders": pl.Int64, "km": pl.Float64}


def rows(count, seed=7):
    rng = random.Random(seed)
    return [
        {
            "city": rng.choice(CITIES),
            "line": rng.choice([1, 2, 3, None]),
            "riders": rng.choice([None, *range(20)]),
            "km": rng.uniform(0, 30),
        }
        for _ in range(count)
    ]


def doubled(frame):
    return frame.filter(~nw.col("riders").is_null()).with_columns((nw.col("riders") * 2).alias("both_ways"))


def total(frame):
    return frame.group_by("city", "line").agg(nw.col("both_ways").sum(), nw.col("km").sum())


def test_verbs_give_what_plain_python_gives(engine, spread, agree, tmp_path):
    data = rows(240)
    names = pl.DataFrame({"city": ["西安", "Lyon", ""], "province": ["陕西", "Rhône", "none"]})
    wanted = defaultdict(lambda: [0, 0.0])
    for row in data:
        if row["riders"] is not None:
            wanted[row["city"], row["line"]][0] += 2 * row["riders"]
            wanted[row["city"], row["line"]][1] += row["km"]
    provinces = dict(names.iter_rows())
    expected = [
        {
            "city": city,
            "line": line,
            "both_ways": riders,
            "km": km,
            "province": provinces.get(city),
            "share": None,
        }
        for (city, line), (riders, km) in wanted.items()
    ]
    for row in expected:
        row["share"] = row["km"] / sum(other["km"] for other in expected if other["city"] == row["city"])

    def with_name(frame, names):
        return frame.join(names, on="city", how="left")

    def share(frame):
        return frame.with_columns((nw.col("km") / nw.col("km").sum().over("city")).alias("share"))

    table = spread(engine, pl.DataFrame(data, schema=SCHEMA))
    by_line = table.each(doubled).by(["city"], total, before=total)
    made = by_line.each(with_name, names).by(["city"], share)
    assert made.columns == ("city", "line", "both_ways", "km", "province", "share")
    agree(made, expected)

    kept = made.keep(str(tmp_path / "kept 表"))
    assert kept.schema == made.schema
    agree(kept, expected)
    with pytest.raises(WorkbenchError, match=r"it is there already and not empty. Choose another folder"):
        made.keep(str(tmp_path / "kept 表"))


def test_sides_are_cut_alike_or_seen_whole(engine, spread, agree):
    left = pl.DataFrame(rows(150, seed=1), schema=SCHEMA)
    capacity = pl.DataFrame(
        {"line": [1, 2, 3, 1], "city": ["西安", "Lyon", "", "Lyon"], "places": [100, 200, 300, 400]}
    )
    factor = pl.DataFrame({"factor": [0.5]})

    def rated(frame, capacity, factor):
        sums = frame.group_by("city", "line").agg(nw.col("riders").sum())
        joined = sums.join(capacity, on=["city", "line"], how="left")
        return joined.join(factor, how="cross").with_columns(
            (nw.col("places") * nw.col("factor")).alias("limit")
        )

    places = {(row["city"], row["line"]): row["places"] for row in capacity.iter_rows(named=True)}
    sums = defaultdict(int)
    for row in left.iter_rows(named=True):
        sums[row["city"], row["line"]] += row["riders"] or 0
    expected = [
        {
            "city": city,
            "line": line,
            "riders": riders,
            "places": places.get((city, line)),
            "factor": 0.5,
            "limit": places[city, line] / 2 if (city, line) in places else None,
        }
        for (city, line), riders in sums.items()
    ]
    for side in (capacity, spread(engine, capacity, 2)):
        one = spread(engine, factor).each(lambda frame: frame)
        agree(spread(engine, left).by(["line", "city"], rated, side, one), expected)


def test_tables_without_rows_keep_their_columns(engine, spread, agree, tmp_path):
    none = spread(engine, pl.DataFrame(schema=SCHEMA))
    wide = none.each(doubled)
    summed = wide.by(["city", "line"], total, before=doubled)
    assert wide.columns == (*SCHEMA, "both_ways")
    assert summed.columns == ("city", "line", "both_ways", "km")
    kept = summed.keep(str(tmp_path / "none"))
    assert kept.schema == summed.schema
    some = spread(engine, pl.DataFrame(rows(20), schema=SCHEMA)).each(
        lambda frame: frame.filter(nw.col("km") < 0)
    )
    both = some.each(lambda frame, side: frame.join(side.select("city"), on="city", how="inner"), none)
    for table in (wide, summed, kept, both):
        agree(table, pl.DataFrame(schema=table.gather().schema))
        assert table.gather().height == 0


def test_keys_that_are_not_there_are_named(engine):
    table = engine.table(pl.DataFrame({"city": ["a"], "line": [1]}))
    with pytest.raises(
        WorkbenchError, match=r"`by` cannot cut by 'lime': the table has no such column. Nearest: line."
    ):
        table.by(["city", "lime"], lambda frame: frame)
    for none in ("city", [], ()):
        with pytest.raises(WorkbenchError, match="needs a list of at least one key column"):
            table.by(none, lambda frame: frame)


def test_a_side_of_another_engine_is_refused(engines):
    frame = pl.DataFrame({"city": ["a"]})
    for one, other in itertools.permutations(("polars", "dask", "torn"), 2):
        table, side = engines(one).table(frame), engines(other).table(frame)
        with pytest.raises(
            WorkbenchError, match=rf"table on the same engine \('{one}'\); gather\(\) it first"
        ):
            table.each(lambda frame, side: frame, side)
        with pytest.raises(WorkbenchError, match="gather"):
            table.by(["city"], lambda frame, side: frame, side)


def test_torn_catches_a_function_that_lies_about_its_keys(engines, spread):
    frame = pl.DataFrame(rows(60), schema=SCHEMA)

    def ranked(frame):
        return frame.with_columns(nw.col("km").rank("ordinal").over("line").alias("place"))

    honest, lying = (
        spread(engines("torn"), frame).by(keys, ranked).gather() for keys in (["line"], ["city"])
    )
    truth = engines("polars").table(frame).by(["city"], ranked).gather()
    by_all = list(truth.columns)
    assert honest.sort(by_all).equals(truth.sort(by_all))
    assert not lying.sort(by_all).equals(truth.sort(by_all))


def test_torn_catches_an_each_that_relates_rows(engines, spread):
    frame = pl.DataFrame({"km": [float(i) for i in range(30)]})
    made = spread(engines("torn"), frame).each(
        lambda f: f.select((nw.col("km") - nw.col("km").mean()).alias("d"))
    )
    assert made.gather()["d"].sort().to_list() != [i - 14.5 for i in range(30)]


def test_torn_catches_an_each_that_drops_duplicates(engines, spread):
    made = spread(engines("torn"), pl.DataFrame({"k": ["same"] * 12})).each(lambda f: f.unique(["k"]))
    assert made.gather().height > 1


def test_torn_refuses_a_by_that_changes_its_keys(engines, spread):
    table = spread(engines("torn"), pl.DataFrame({"k": list(range(40)), "v": [1.0] * 40}))
    with pytest.raises(WorkbenchError, match=r"`by` \['k'\]: the function changed the keys"):
        table.by(["k"], lambda f: f.with_columns((nw.col("k") % 2).alias("k")))
    assert table.by(["k"], lambda f: f.select("v")).columns == ("v",)


@pytest.mark.parametrize("most", [10_000, 30, 1])
@pytest.mark.parametrize("parts", [1, 2, 7, 19])
def test_a_large_shuffle_in_two_stages_loses_nothing(engines, monkeypatch, parts, most):
    monkeypatch.setattr(split, "MOST_TASKS", most)
    frame = pl.DataFrame({"k": [i * i % 101 for i in range(500)], "v": range(500)})
    engine = engines("dask")
    table = Split(engine, [frame[i::parts] for i in range(parts)], frame.clear())
    made = table.by(["k"], lambda f: f)
    cut = engine.compute(made.tasks())
    assert len(cut) == parts
    assert pl.concat(cut).sort("v").equals(frame.sort("v"))
    homes = [set(part["k"]) for part in cut]
    assert sum(map(len, homes)) == len(set(frame["k"]))


def test_a_table_cut_by_its_keys_is_not_cut_again(engines, agree):
    engine = engines("dask")
    frame = pl.DataFrame(rows(90), schema=SCHEMA)
    table = Split(engine, [frame[i::4] for i in range(4)], frame.clear())

    def parts(table):
        return list(map(id, table.parts))

    def summed(frame):
        return frame.group_by("city", "line").agg(nw.col("riders").sum())

    def same(frame):
        return frame

    first = table.by(["city"], same)
    again = first.by(["line", "city"], summed)
    assert parts(again) == parts(first)
    agree(again, engine.table(frame).by(["city", "line"], summed).gather())
    assert parts(first.by(["line"], same)) != parts(first)
    assert parts(first.each(same).by(["city"], same)) != parts(first), "each may have changed the key"
    gone = first.by(["city"], lambda frame: frame.select("line", "riders"))
    assert parts(gone) == parts(first)
    assert parts(gone.by(["line"], same)) != parts(first)


def test_sides_with_narrower_integers_still_meet(engines, agree):
    engine = engines("dask")
    left = pl.DataFrame({"k": range(50), "v": range(50)})
    right = left.select(pl.col("k").cast(pl.Int32), (pl.col("v") * 2).alias("w"))
    table, side = (Split(engine, [frame[i::5] for i in range(5)], frame.clear()) for frame in (left, right))
    made = table.by(["k"], lambda f, side: f.join(side, on="k", how="inner"), side)
    agree(made, left.with_columns((pl.col("v") * 2).alias("w")))


def test_buckets_are_the_same_in_every_process():
    frame = pl.DataFrame(
        {"k": [*CITIES, "a" * 99], "n": [None, 1, -5, 2**60, 0, 7], "d": [0.0, None, 1e300, -1.5, 2.0, 3.0]}
    )
    here = split._bucket(frame, ("k", "n", "d"), 1000).to_list()
    code = (
        "import polars as pl; from workbench.data import split; "
        f"frame = pl.DataFrame({frame.to_dict(as_series=False)!r}); "
        "print(split._bucket(frame, ('k', 'n', 'd'), 1000).to_list())"
    )
    there = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert there.stdout.strip() == str(here)


def test_asking_for_columns_computes_nothing(engines, monkeypatch):
    engine = engines("dask")
    monkeypatch.setattr(engine, "compute", lambda tasks: pytest.fail("computed"))
    table = engine.table(pl.DataFrame(rows(5), schema=SCHEMA)).each(doubled).by(["city"], total, before=total)
    assert dict(table.schema) == {
        "city": nw.String(),
        "line": nw.Int64(),
        "both_ways": nw.Int64(),
        "km": nw.Float64(),
    }


def test_a_whole_table_is_the_engines_own_frame(engines):
    table = engines("polars").table(pl.DataFrame({"a": [1]}))
    assert isinstance(table, Whole)
    assert isinstance(table.native, pl.LazyFrame)
