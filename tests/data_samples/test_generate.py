"""Making a sample: the same bytes from the same seed, larger on request, whole or not at all."""

import os
import signal
import subprocess
import sys
import time
import zipfile

import polars as pl
import pytest

from data_samples.traffic import TRUTH
from data_samples.traffic.generate import generate
from workbench.errors import BadParameter, WorkbenchError


def files(folder):
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_shipped_sample_is_what_the_generator_makes(data, again):
    made, shipped = files(again), files(data)
    assert set(made) == {*shipped, "truth.json"}
    assert made["truth.json"].read_bytes() == TRUTH.read_bytes()
    for name, path in shipped.items():
        if path.suffix in (".csv", ".yaml"):
            assert made[name].read_bytes() == path.read_bytes(), name
        elif path.suffix == ".parquet":  # another release of polars may write the same rows as other bytes
            assert pl.read_parquet(made[name]).equals(pl.read_parquet(path)), name
        else:  # another zlib may pack the same text as other bytes
            with zipfile.ZipFile(path) as old, zipfile.ZipFile(made[name]) as new:
                assert old.namelist() == new.namelist()
                assert all(old.read(each) == new.read(each) for each in old.namelist())


def test_the_same_seed_gives_the_same_bytes(again, tmp_path):
    generate(tmp_path / "once more")
    same = files(tmp_path / "once more")
    assert {name: path.read_bytes() for name, path in files(again).items()} == {
        n: p.read_bytes() for n, p in same.items()
    }


def test_another_seed_gives_another_week(again, tmp_path):
    generate(tmp_path / "other", seed=7)
    other = files(tmp_path / "other")
    for name in ("taps.csv", "stop_visits.parquet", "road_speeds/part-0.csv"):
        assert other[name].read_bytes() != files(again)[name].read_bytes()


def test_the_shipped_sample_is_small(data):
    assert sum(path.stat().st_size for path in (*files(data).values(), TRUTH)) < 3e6


def test_the_readme_tells_the_sizes(truth):
    text = (TRUTH.parent / "README.md").read_text(encoding="utf-8")
    for table, rows in truth["rows"].items():
        assert f"| `{table}` | {rows['rows']:,} | {rows['bad']} |" in text
    assert str(truth["seed"]) in text


def test_twenty_times_has_about_twenty_times_the_rows(twenty, truth):
    out, found = twenty
    for table, rows in found.rows.items():
        assert 19 < rows["rows"] / truth["rows"][table]["good"] < 21
        assert rows["rows"] == rows["good"]
        parts = sorted([*out.glob(f"{table}.*"), *out.glob(f"{table}/*")])
        assert sum(pl.scan_parquet(path).select(pl.len()).collect().item() for path in parts) == rows["rows"]
    assert found.bad_rows == []
    assert found.congestion["segments"] == truth["congestion"]["segments"]
    top = {each["segment_id"] for each in found.congestion["realised_top"][:5]}
    assert top == set(truth["congestion"]["segments"])


def test_a_larger_city_contains_the_smaller_one(twenty, again, truth):
    out, _ = twenty
    bad = pl.DataFrame([(b["file"], b["row"]) for b in truth["bad_rows"]], ["file", "row"], orient="row")
    rows = bad.filter(pl.col("file") == "stop_visits.parquet")["row"].to_list()
    small = (
        pl.read_parquet(again / "stop_visits.parquet")
        .with_row_index("row", 1)
        .filter(~pl.col("row").is_in(rows))
    )
    large = pl.read_parquet(out / "stop_visits").filter(pl.col("route_id").is_in(["12", "27", "35", "88"]))
    assert small.drop("row").equals(large)


def test_only_the_first_quarter_is_crowded(twenty):
    visits = pl.read_parquet(twenty[0] / "stop_visits").filter(pl.col("service_date") <= pl.date(2026, 3, 6))
    plan = pl.read_parquet(twenty[0] / "timetable").filter(pl.col("service_date") <= pl.date(2026, 3, 6))
    where = ["route_id", "direction_id", "sequence", "quarter"]
    load = visits.with_columns(
        sequence="trip_stop_sequence", quarter=pl.col("actual_departure_time").dt.truncate("15m").dt.time()
    )
    seats = plan.with_columns(
        sequence="stop_sequence", quarter=pl.col("departure_timestamp").dt.truncate("15m").dt.time()
    )
    ratio = (
        load.group_by(where)
        .agg(pl.col("departure_load").sum())
        .join(seats.group_by(where).agg(pl.col("vehicle_capacity").sum()), where)
        .filter(pl.col("departure_load") > pl.col("vehicle_capacity"))
    )
    assert set(ratio.select("route_id", "direction_id", "sequence").iter_rows()) == {("12", 0, 7)}


@pytest.mark.parametrize("scale", [0.001, 0.3, 1.6])
def test_odd_scales_work(tmp_path, scale):
    found = generate(tmp_path / "sample", scale=scale)
    assert found.rows["taps"]["rows"] > 1000
    assert found.crowding["route_id"] == "12"
    assert found.congestion["k"] == len(found.congestion["segments"]) > 0


@pytest.mark.parametrize("scale", [0, -1, float("nan"), float("inf"), 20_001, 1e300, True, "1", None])
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
        generate(tmp_path, scale=0.001)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(BadParameter, match="is a file, not a folder"):
        generate(tmp_path / "mine.txt", scale=0.001)


def test_an_empty_folder_is_used_and_missing_parents_are_made(tmp_path):
    (tmp_path / "empty").mkdir()
    generate(tmp_path / "empty", scale=0.001)
    generate(tmp_path / "a" / "b", scale=0.001)
    assert files(tmp_path / "empty").keys() == files(tmp_path / "a" / "b").keys()


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkbenchError, match=r"Cannot write the sample to .*choose another folder"):
        generate(tmp_path / "file" / "sample", scale=0.001)


def test_a_disk_too_small_is_told_before_the_work(tmp_path, monkeypatch):
    usage = type("Usage", (), {"free": 10**6})
    monkeypatch.setattr("data_samples.traffic.files.shutil.disk_usage", lambda _: usage)
    with pytest.raises(WorkbenchError, match=r"needs about 0\.8 GB"):
        generate(tmp_path / "sample", scale=1000)


def test_progress_goes_from_none_to_all(tmp_path):
    told = []
    generate(tmp_path / "sample", scale=0.001, progress=lambda what, share: told.append((what, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)


def test_stopping_leaves_nothing(tmp_path):
    def stop(what, share):
        if share > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate(tmp_path / "sample", scale=0.001, progress=stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="kills a process")
def test_killing_leaves_no_sample_and_the_next_run_tidies_up(tmp_path):
    code = "import sys; from data_samples.traffic.generate import generate; generate(sys.argv[1], scale=300)"
    out = tmp_path / "sample"
    with subprocess.Popen([sys.executable, "-c", code, str(out)]) as run:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob(".sample.partial-*/taps/*")) and time.monotonic() < deadline:
            time.sleep(0.02)
        run.send_signal(signal.SIGKILL)
    assert not out.exists()
    assert len(list(tmp_path.iterdir())) == 1
    generate(out, scale=0.001)
    assert [path.name for path in tmp_path.iterdir()] == ["sample"]


def test_importing_the_sample_reads_nothing_and_needs_no_engine():
    code = "import sys, data_samples.traffic; print(sorted({'numpy', 'polars'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
