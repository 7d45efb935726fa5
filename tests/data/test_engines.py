"""Engines open by name or address, say in a sentence what they lack, and leave nothing behind."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import narwhals as nw
import polars as pl
import pytest

from workbench.data import engines as engines_module
from workbench.data import java, parts
from workbench.data.engines import installed, open_engine
from workbench.errors import DataRejected, EngineMissing, UnknownName, WorkbenchError

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "name", ["polarss", "Dask", "tcp://", "sc://", "spark:/", "", "http://host:1", "local[2]"]
)
def test_unknown_engines_are_told_the_known_ones(name):
    with pytest.raises(
        UnknownName, match=rf"No engine is called '{name}'.*tcp://host:port".replace("[", r"\[")
    ) as caught:
        open_engine(name)
    assert caught.value.exit_code == 2


def test_an_engine_takes_its_temporary_folder_with_it():
    with open_engine("polars") as engine:
        work = engine.work
        assert work.is_dir()
        engine.table(pl.DataFrame({"a": [1]})).keep(str(work / "a"))
        assert str(engine) == "polars"
    assert not work.exists()


def test_a_folder_that_was_given_stays(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with open_engine("dask", work="my work/deep") as engine:
        assert engine.work == tmp_path / "my work" / "deep"
        kept = engine.table(pl.DataFrame({"a": [1, 2]})).keep("kept")
    assert engine.work.is_dir()
    assert kept.gather()["a"].to_list() == [1, 2]


def test_a_file_where_a_folder_should_be_is_not_overwritten(engines, tmp_path):
    (tmp_path / "there").write_text("mine")
    for name in ("polars", "torn", "dask"):
        with pytest.raises(WorkbenchError, match=r"Cannot keep a table in '.*there': it is there already"):
            engines(name).table(pl.DataFrame({"a": [1]})).keep(str(tmp_path / "there"))
    assert (tmp_path / "there").read_text() == "mine"


def test_a_package_that_is_not_installed_is_named(monkeypatch):
    found = engines_module.importlib.util.find_spec
    monkeypatch.setattr(
        engines_module.importlib.util,
        "find_spec",
        lambda name: None if name in ("dask", "pyspark") else found(name),
    )
    for name, package in {"dask": "dask", "tcp://127.0.0.1:1": "dask", "spark": "pyspark"}.items():
        with pytest.raises(
            EngineMissing, match=rf"needs the Python package '{package}', .*pip install 'lived-workbench\["
        ) as caught:
            open_engine(name)
        assert caught.value.exit_code == 5
    assert installed() == ["polars"]


@pytest.fixture
def no_java(monkeypatch, tmp_path):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))


def fake_java(folder: Path, said: str, code: int = 0) -> Path:
    """A `java` that says its version, or whatever."""
    path = folder / "bin" / "java"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\ncat >&2 <<'EOF'\n{said}\nEOF\nexit {code}\n")
    path.chmod(0o755)
    return path


NO_SPARK = "install Java 17 or newer .* and set JAVA_HOME, or use --engine polars or dask.$"


@pytest.mark.usefixtures("no_java")
class TestJava:
    """What is wrong with the Java that Spark would start, in one sentence with the remedy."""

    def told(self, message):
        problem = java.java_problem()
        assert problem is not None
        assert "\n" not in problem
        pytest.importorskip("pyspark")
        with pytest.raises(EngineMissing, match=message + ": " + NO_SPARK) as caught:
            open_engine("spark")
        assert caught.value.exit_code == 5
        assert str(caught.value) == problem
        assert "spark" not in installed()

    def test_none(self):
        self.told("needs Java, and none was found")

    def test_old(self, monkeypatch, tmp_path):
        path = fake_java(tmp_path / "old", 'java version "1.8.0_392"\nJava(TM) SE Runtime Environment')
        monkeypatch.setenv("PATH", f"{path.parent}:/bin:/usr/bin")
        self.told(f"needs Java 17 or newer, and '{path}' is Java 8")

    def test_not_old_enough_to_be_called_one_something(self, monkeypatch, tmp_path):
        fake_java(tmp_path / "eleven", 'openjdk version "11.0.21" 2023-10-17')
        monkeypatch.setenv("JAVA_HOME", str(tmp_path / "eleven"))
        monkeypatch.setenv("PATH", "/bin:/usr/bin")
        self.told("needs Java 17 or newer, and '.*/eleven/bin/java' is Java 11")

    @pytest.mark.parametrize(("said", "code"), [("error: no JVM", 1), ("hello", 0), ('version "17.0.1"', 3)])
    def test_one_that_does_not_run(self, monkeypatch, tmp_path, said, code):
        path = fake_java(tmp_path / "odd", said, code)
        monkeypatch.setenv("PATH", f"{path.parent}:/bin:/usr/bin")
        self.told(f"needs Java, and '{path}' does not run")

    def test_home_that_points_nowhere(self, monkeypatch, tmp_path):
        monkeypatch.setenv("JAVA_HOME", str(tmp_path / "gone"))
        self.told(r"needs Java, and '.*gone/bin/java' does not run \(JAVA_HOME points there\)")

    @pytest.mark.parametrize(
        "said", ['openjdk version "17.0.9"', 'openjdk version "21" 2023', 'java version "25-ea"']
    )
    def test_good_ones(self, monkeypatch, tmp_path, said):
        path = fake_java(tmp_path / "good", said)
        monkeypatch.setenv("PATH", f"{path.parent}:/bin:/usr/bin")
        assert java.java_problem() is None


def test_a_plain_error_of_a_measure_passes_as_it_is(engines):
    """Only complaints about files become ours: a mistake in a measure must not be blamed on the data."""
    for name in ("polars", "torn", "dask"):
        table = engines(name).table(pl.DataFrame({"a": ["x"]}))
        with pytest.raises(pl.exceptions.InvalidOperationError):
            table.each(lambda f: f.with_columns(nw.col("a") - nw.col("a"))).gather()
        with pytest.raises((pl.exceptions.PolarsError, nw.exceptions.NarwhalsError)):
            table.each(lambda f: f.with_columns(nw.col("gone"))).gather()


def test_running_out_of_memory_or_files_is_said_so():
    def no_memory():
        raise MemoryError

    def gone():
        raise FileNotFoundError("taps.parquet")

    with pytest.raises(
        WorkbenchError, match="ran out of memory: use --engine spark or dask with a cluster, or fewer days"
    ):
        engines_module.explained(no_memory)
    with pytest.raises(DataRejected, match=r"A file went away while it was read \(taps.parquet\)"):
        engines_module.explained(gone)


@pytest.mark.parametrize(
    "address",
    [
        "tcp://127.0.0.1:{free}",
        "tcp://127.0.0.1:99999",
        "tcp://x:y",
        "tls://127.0.0.1:{free}",
        "sc://127.0.0.1:{free}",
    ],
)
def test_an_address_where_nothing_answers_is_told_at_once(address, tmp_path):
    pytest.importorskip("distributed" if address.startswith("t") else "pyspark")
    address = address.format(free=free_port())
    start = time.monotonic()
    with pytest.raises(EngineMissing, match=rf"answers at '{address}' \(.*\): start one with"):
        open_engine(address, work=str(tmp_path)).table(pl.DataFrame({"a": [1]}))
    assert time.monotonic() - start < 30


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_a_dask_cluster_gives_the_same(engines, tmp_path, agree, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(parts, "PIECE_ROWS", 40)
    frame = pl.DataFrame({"k": [f"站{i * i % 17}" for i in range(200)], "v": range(200)})
    frame.write_parquet(tmp_path / "in.parquet")
    side = pl.DataFrame({"k": [f"站{i}" for i in range(17)], "w": [i / 7 for i in range(17)]})

    def work(engine, folder):
        table = engine.read(str(tmp_path / "in.parquet"))
        other = engine.table(side).each(lambda f: f.filter(nw.col("w") > 0))
        kept = table.by(["k"], summed, other).keep(str(folder))
        return kept.each(lambda f, w: f.join(w, on="k", how="left"), other).gather()

    expected = work(engines("polars"), tmp_path / "polars")
    settings = {"n_workers": 2, "threads_per_worker": 1, "processes": False, "dashboard_address": None}
    with distributed.LocalCluster(host="127.0.0.1", protocol="tcp://", **settings) as cluster:
        with open_engine(cluster.scheduler_address, work=str(tmp_path / "work")) as engine:
            assert engine.name == "dask"
            assert engine.workers == 2
            agree(work(engine, tmp_path / "dask"), expected)
            assert len(list((tmp_path / "dask").glob("*.parquet"))) == 5
        assert cluster.scheduler.workers, "the cluster runs on when an engine leaves it"


def summed(frame, side):
    sums = frame.group_by("k").agg(nw.col("v").sum(), nw.len().cast(nw.Int64).alias("n"))
    return sums.join(side, on="k", how="inner")


@pytest.mark.spark
@pytest.mark.slow
def test_spark_connect_gives_the_same(tmp_path):
    """A server of this machine's own, from the jars that pyspark brings; the zone is not UTC."""
    pyspark = pytest.importorskip("pyspark")
    pytest.importorskip("grpc")
    if problem := java.java_problem():
        pytest.skip(problem)
    port = free_port()
    env = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "TZ": "Asia/Shanghai", "PYTHONPATH": str(ROOT)}
    home = Path(pyspark.__file__).parent
    settings = {
        "spark.connect.grpc.binding.port": port,
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": 2,
        "spark.driver.memory": "1g",
        "spark.log.level": "FATAL",
    }
    command = [home / "bin" / "spark-submit", "--master", "local[2]"]
    command += [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]
    with (tmp_path / "server.log").open("wb") as log:
        server = subprocess.Popen(
            command, env={**env, "SPARK_HOME": str(home)}, cwd=tmp_path, stdout=log, stderr=log
        )
        try:
            wait_for(port, server, tmp_path / "server.log")
            done = subprocess.run(
                [
                    sys.executable,
                    ROOT / "tests" / "data" / "spark_connect.py",
                    f"sc://127.0.0.1:{port}",
                    tmp_path,
                ],
                env=env,
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=400,
                check=False,
            )
        finally:
            server.terminate()
            server.wait(timeout=60)
    assert done.stdout.splitlines()[-1:] == ["equal"], done.stderr[-3000:]


def wait_for(port, server, log, seconds=240):
    for _ in range(seconds * 2):
        if server.poll() is not None:
            pytest.fail(f"the server stopped: {log.read_text()[-2000:]}")
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    pytest.fail(f"the server did not start: {log.read_text()[-2000:]}")
