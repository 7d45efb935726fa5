"""The run store: nothing is run twice, a killed experiment goes on, and models are told apart."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from workbench.errors import BadFile, BadParameter, CheckFailed
from workbench.simulation import Experiment, scenario_key
from workbench.simulation.store import RunStore, model_identity

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def experiment(shop, scenario):
    return Experiment(shop, {"a": scenario(), "b": scenario(2.0)}, seed=5)


def test_a_second_run_finds_everything(experiment, tmp_path):
    first = experiment.run(50, workers=1, store=tmp_path)
    again = experiment.run(50, workers=1, store=tmp_path)
    assert again.frame.equals(first.frame)
    assert (again.timing.computed, again.timing.from_store) == (0, 100)
    assert experiment.run(50, workers=1).frame.equals(first.frame)


def test_more_replications_and_scenarios_run_only_what_is_missing(experiment, shop, scenario, tmp_path):
    experiment.run(20, workers=1, store=tmp_path)
    wider = Experiment(shop, {"c": scenario(3.0), "renamed b": scenario(2.0), "a": scenario()}, seed=5)
    runs = wider.run(30, workers=1, store=tmp_path)
    assert (runs.timing.computed, runs.timing.from_store) == (30 + 2 * 10, 40)
    assert runs.frame.equals(wider.run(30, workers=1).frame)


def test_failed_runs_are_tried_again(shop, scenario, tmp_path):
    experiment = Experiment(
        shop, {"bad": scenario(fails_above=1.0), "part": scenario(closed_above=1.0)}, seed=1
    )
    first = experiment.run(30, workers=1, store=tmp_path)
    again = experiment.run(30, workers=1, store=tmp_path)
    assert again.frame.equals(first.frame)
    assert again.timing.computed == first.errors.height > 0


def test_a_cancelled_run_goes_on(experiment, tmp_path):
    stop = threading.Event()
    cut = experiment.run(
        100_000, workers=1, store=tmp_path, cancel=stop, progress=lambda now: now.done > 99 and stop.set()
    )
    assert 0 < cut.replications < 100_000
    more = cut.replications + 50
    rest = experiment.run(more, workers=1, store=tmp_path)
    assert rest.timing.from_store >= 2 * cut.replications
    assert rest.frame.equals(experiment.run(more, workers=1).frame)


SCRIPT = """
import sys
from workbench.simulation import Experiment
from workbench.simulation.services import Customers, Law, ServiceModel, ServicePoint

if __name__ == "__main__":
    office = ServicePoint(opens_h=9, closes_h=12, servers=2, customers=[
        Customers(per_hour=200, service=Law(mean_s=40), patience=Law(mean_s=900))])
    scenarios = {"two": office, "three": office.model_copy(update={"servers": 3})}
    experiment = Experiment(ServiceModel(engine="simpy"), scenarios, seed=3)
    runs = experiment.run(int(sys.argv[2]), workers=int(sys.argv[3]), store=sys.argv[1] or None)
    runs.to_parquet(sys.argv[4])
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """A script that simulates an office, and how it is called."""
    script = tmp_path_factory.mktemp("office") / "office.py"
    script.write_text(SCRIPT)

    def start(store, replications, workers, file):
        arguments = [str(each) for each in (store, replications, workers, file)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.Popen([sys.executable, str(script), *arguments], env=environment)

    return script, start


@pytest.fixture(scope="module")
def whole(office, tmp_path_factory):
    """The bytes of an experiment that nothing disturbed."""
    file = tmp_path_factory.mktemp("whole") / "runs.parquet"
    assert office[1]("", 60, 1, file).wait() == 0
    return file.read_bytes()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_experiment_goes_on_and_gives_the_same_bytes(office, whole, workers, tmp_path):
    script, start = office
    store, file = tmp_path / "store", tmp_path / "resumed.parquet"
    killed = start(store, 100_000, workers, file)
    limit = time.monotonic() + 60
    while len(list(store.glob("*/*.parquet"))) < workers and time.monotonic() < limit:
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)  # the parent alone: its workers must end by themselves
    killed.wait()
    while _alive(script) and time.monotonic() < limit:
        time.sleep(0.02)
    assert not _alive(script)
    assert list(store.glob("*/*.parquet"))
    assert not file.exists()
    assert start(store, 60, 1, file).wait() == 0
    assert file.read_bytes() == whole


def _alive(script):
    """Processes whose command line names the script, besides those that have ended."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if str(script).encode() in (folder / "cmdline").read_bytes():
                found.append(folder.name)
        except OSError:
            continue
    return found


def test_writers_do_not_disturb_each_other(shop, scenario, tmp_path):
    key = scenario_key(scenario())
    stores = [RunStore(tmp_path, shop, 1) for _ in range(4)]

    def write(store, first):
        for replication in range(first, 40, 2):
            store.write([(key, replication, (float(replication), 1.0))])

    threads = [threading.Thread(target=write, args=(store, place % 2)) for place, store in enumerate(stores)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert stores[0].read([key]) == {(key, number): (float(number), 1.0) for number in range(40)}
    assert not [each for each in stores[0].folder.iterdir() if each.name.startswith(".")]


def test_overlapping_parts_are_one_and_contradictions_are_told(shop, scenario, tmp_path):
    store, key = RunStore(tmp_path, shop, 1), scenario_key(scenario())
    store.write([(key, 0, (1.0, float("nan"))), (key, 1, (2.0, 3.0))])
    store.write([(key, 0, (1.0, float("nan")))])
    assert len(store.read([key])) == 2
    store.write([(key, 1, (2.5, 3.0))])
    with pytest.raises(CheckFailed, match=r"different numbers for the same run .*replication 1.*new version"):
        store.read([key])


def test_a_damaged_part_is_told(experiment, tmp_path):
    experiment.run(3, workers=1, store=tmp_path)
    [part] = tmp_path.glob("*/*.parquet")
    part.write_bytes(part.read_bytes()[:50])
    with pytest.raises(BadFile, match=r"is damaged.*delete it"):
        experiment.run(3, workers=1, store=tmp_path)


def test_a_store_that_cannot_be_made_is_told(experiment, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadParameter, match="cannot be made or written"):
        experiment.run(3, workers=1, store=tmp_path / "file")


@dataclass(frozen=True)
class LineModel:
    line: object = "12"
    stops: object = None
    version: str = "1"
    name: str = "line"
    outcomes: dict = field(default_factory=lambda: {"wait": "s"})

    def sample(self, streams):
        return None

    def run(self, scenario, day):
        return {"wait": 1.0}


def test_models_that_hold_other_things_are_not_confused():
    base = LineModel()
    others = [
        replace(base, version="2"),
        replace(base, name="loop"),
        replace(base, line="13"),
        replace(base, outcomes={"wait": "min"}),
        replace(base, stops=np.arange(3)),
        replace(base, stops=np.arange(3.0)),
        replace(base, stops=np.arange(3).reshape(1, 3)),
        replace(base, stops=pl.DataFrame({"x": [1]})),
        replace(base, stops=pl.DataFrame({"y": [1]})),
        replace(base, stops=pl.DataFrame({"x": [2]})),
        replace(base, stops=(np.arange(3), {"a": np.arange(4)})),
    ]
    identities = [repr(model_identity(each)) for each in (base, *others)]
    assert len(set(identities)) == len(identities)
    assert model_identity(replace(base, stops=np.arange(3))) == model_identity(
        replace(base, stops=np.arange(3))
    )


def test_a_model_that_cannot_be_told_apart_is_refused_where_it_matters(scenario, tmp_path):
    experiment = Experiment(LineModel(line=object()), {"a": scenario()}, seed=1)
    assert experiment.run(2, workers=1).errors.height == 0
    with pytest.raises(
        BadParameter, match=r"cannot tell one LineModel from another.*`line` holds an object.*fingerprint"
    ):
        experiment.run(2, workers=1, store=tmp_path)

    class Named(LineModel):
        fingerprint = "line 12, July"

    assert Experiment(Named(line=object()), {"a": scenario()}, seed=1).run(2, workers=1, store=tmp_path)


def test_the_store_says_what_it_holds(experiment, tmp_path):
    experiment.run(3, workers=1, store=tmp_path)
    [about] = tmp_path.glob("shop-*/about.json")
    assert '"seed": 5' in about.read_text()
