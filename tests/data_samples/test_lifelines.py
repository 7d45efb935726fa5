"""Making the lifelines sample: the same bytes from the same seed, larger on request, whole or not at all."""

import subprocess
import sys

import polars as pl
import pytest

from data_samples.lifelines import DATA, TRUTH
from data_samples.lifelines.city import boroughs, cell, number_at
from data_samples.lifelines.generate import generate
from data_samples.lifelines.truth import Truth
from workbench.errors import BadParameter, WorkbenchError

SMALL = 0.13  # one zone


def files(folder):
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def again(tmp_path_factory):
    """The shipped sample, made once more."""
    out = tmp_path_factory.mktemp("again") / "sample"
    generate(out)
    return out


@pytest.fixture(scope="module")
def ten(tmp_path_factory):
    """Ten times the sample, about 20,000 assets, without bad rows, and its truth."""
    out = tmp_path_factory.mktemp("ten") / "sample"
    return out, generate(out, scale=10, bad_rows=False)


def test_the_shipped_sample_is_what_the_generator_makes(again):
    made, shipped = files(again), files(DATA)
    assert set(made) == {*shipped, "truth.json"}
    assert made["truth.json"].read_bytes() == TRUTH.read_bytes()
    for name, path in shipped.items():
        if path.suffix == ".parquet":  # another release of polars may write the same rows as other bytes
            assert pl.read_parquet(made[name]).equals(pl.read_parquet(path)), name
        else:
            assert made[name].read_bytes() == path.read_bytes(), name


def test_the_same_seed_gives_the_same_bytes(again, tmp_path):
    generate(tmp_path / "once more")
    assert {name: path.read_bytes() for name, path in files(again).items()} == {
        name: path.read_bytes() for name, path in files(tmp_path / "once more").items()
    }


def test_another_seed_gives_another_city(tmp_path):
    generate(tmp_path / "one", scale=SMALL)
    generate(tmp_path / "other", scale=SMALL, seed=7)
    for name in ("nodes.csv", "edges.csv", "readings.parquet", "incidents.csv", "demands.csv"):
        assert (tmp_path / "one" / name).read_bytes() != (tmp_path / "other" / name).read_bytes()


def test_the_shipped_sample_is_small():
    assert sum(path.stat().st_size for path in (*files(DATA).values(), TRUTH)) < 3e6


def test_the_readme_tells_the_sizes():
    truth, text = Truth.read(TRUTH), (TRUTH.parent / "README.md").read_text(encoding="utf-8")
    for table, rows in truth.rows.items():
        assert f"| `{table}` | {rows['rows']:,} | {rows['bad']} |" in text
    assert str(truth.seed) in text


def test_it_is_a_city_of_two_thousand_assets_and_eight_hundred_thousand_people():
    told = Truth.read(TRUTH).city
    assert told["people"] == 800_000
    assert 1_900 < sum(one["nodes"] + one["edges"] for one in told["systems"].values()) < 2_100


def test_the_truth_reads_back(tmp_path):
    Truth.read(TRUTH).write(tmp_path / "same.json")
    assert (tmp_path / "same.json").read_bytes() == TRUTH.read_bytes()


def test_ten_times_has_about_ten_times_the_rows(ten):
    out, found = ten
    first = Truth.read(TRUTH)
    for table, rows in found.rows.items():
        assert rows["rows"] == rows["good"]
        if table != "registers":
            assert 9 < rows["rows"] / first.rows[table]["good"] < 11
        parts = sorted([*out.glob(f"{table}.*"), *out.glob(f"{table}/*")])
        assert sum(pl.scan_parquet(path).select(pl.len()).collect().item() for path in parts) == rows["rows"]
    assert found.bad_rows == []
    assert found.out_of_range == first.out_of_range


def test_a_larger_city_contains_the_smaller_one(ten, tmp_path):
    generate(tmp_path / "small", bad_rows=False)
    for table in ("nodes", "edges", "dependencies", "sensors", "zones", "demands", "incidents"):
        small = pl.read_csv(
            tmp_path / "small" / f"{table}.csv", infer_schema_length=None, try_parse_dates=True
        )
        large = pl.read_parquet(ten[0] / table)
        small = small.cast(dict(large.schema))
        key = {"dependencies": large.columns[:5], "demands": large.columns[:3]}.get(table, large.columns[:1])
        joined = small.join(large, on=large.columns, how="semi", nulls_equal=True)
        assert joined.equals(small), table
        assert large.select(pl.struct(key).n_unique()).item() == large.height


def test_boroughs_lie_in_a_square_that_grows_and_none_on_another():
    cells = [cell(number) for number in range(900)]
    assert len(set(cells)) == 900
    assert max(max(each) for each in cells) == 29
    assert [number_at(*each) for each in cells] == list(range(900))


@pytest.mark.parametrize(
    ("scale", "zones"), [(0.001, [1]), (1, [8]), (1.3, [8, 2]), (2.25, [8, 8, 2])], ids=str
)
def test_a_scale_is_so_many_zones(scale, zones):
    assert [one.zones for one in boroughs(scale)] == zones


@pytest.mark.parametrize("scale", [0.001, 0.4])
def test_odd_scales_work(tmp_path, scale):
    found = generate(tmp_path / "sample", scale=scale)
    assert found.rows["readings"]["rows"] > 20_000
    assert {spot["asset_id"] for spot in found.weak_spots} <= {"P001-S"}
    assert len(found.water) == found.rows["zones"]["good"]


@pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf"), 1_001, 1e300, True, "1", None])
def test_bad_scales_are_refused(tmp_path, scale):
    with pytest.raises(BadParameter, match="The scale must be"):
        generate(tmp_path / "sample", scale=scale)
    assert not (tmp_path / "sample").exists()


@pytest.mark.parametrize("seed", [-1, True, 2**64, 1.5])
def test_bad_seeds_are_refused(tmp_path, seed):
    with pytest.raises(BadParameter, match="The seed must be"):
        generate(tmp_path / "sample", seed=seed)


def test_a_folder_in_use_is_refused_and_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(BadParameter, match="is not empty; choose another folder or delete it"):
        generate(tmp_path, scale=SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_disk_too_small_is_told_before_the_work(tmp_path, monkeypatch):
    usage = type("Usage", (), {"free": 10**6})
    monkeypatch.setattr("data_samples.traffic.files.shutil.disk_usage", lambda _: usage)
    with pytest.raises(WorkbenchError, match=r"needs about 0\.1 GB"):
        generate(tmp_path / "sample", scale=100)


def test_progress_goes_from_none_to_all_and_stopping_leaves_nothing(tmp_path):
    told = []
    generate(tmp_path / "sample", scale=SMALL, progress=lambda what, share: told.append(share))
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0, 1)

    def stop(what, share):
        if share == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(tmp_path / "another", scale=SMALL, progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["sample"]


def test_importing_the_sample_reads_nothing_and_needs_no_engine():
    code = "import sys, data_samples.lifelines; print(sorted({'numpy', 'polars'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
