"""Executors: the same frame from one process, several, or a Dask cluster; and a choice that pays."""

import importlib.util
import math
import os
import subprocess
import sys
import time
from concurrent.futures import Future
from pathlib import Path

import pytest

from workbench.errors import BadParameter
from workbench.simulation import Cluster, Experiment, Processes
from workbench.simulation.placement import LONG_S, PAYS_S, Idle, chosen
from workbench.simulation.services import Customers, Law, ServiceModel, ServicePoint
from workbench.simulation.tasks import LONGEST_S, SHORTEST_S, Tasks
from workbench.simulation.work import Batch, Row, Work

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def experiment():
    """Days of about 20 ms in SimPy, three scenarios each."""
    customers = Customers(per_hour=60, service=Law(mean_s=150), patience=Law(mean_s=900))
    office = ServicePoint(opens_h=9, closes_h=17, servers=2, customers=(customers,))
    scenarios = {f"{count} desks": office.model_copy(update={"servers": count}) for count in (2, 3, 4)}
    return Experiment(ServiceModel(engine="simpy"), scenarios, seed=7)


@pytest.fixture(scope="module")
def serial(experiment):
    return experiment.run(24, workers=1).frame


@pytest.mark.parametrize("workers", [2, 4])
def test_processes_give_the_same_frame(experiment, serial, workers):
    executor = Processes(workers)
    try:
        runs = experiment.run(24, workers=executor)
        again = experiment.run(12, workers=executor)
    finally:
        executor.close()
    assert runs.frame.equals(serial)
    assert again.frame.equals(serial[:36])
    assert (runs.timing.executor, runs.timing.workers) == ("processes", workers)


@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="needs dask")
def test_dask_gives_the_same_frame_and_leaves_a_client_alone(experiment, serial):
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address=None, processes=False) as cluster,
        Client(cluster) as client,
    ):
        runs = experiment.run(24, workers="dask")
        assert runs.frame.equals(serial)
        assert (runs.timing.executor, runs.timing.workers) == ("dask", 2)
        assert client.status == "running"
        by_address = Cluster(cluster.scheduler_address)
        assert experiment.run(6, workers=by_address).frame.equals(serial[:18])
        by_address.close()


@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="needs dask")
def test_a_scheduler_that_does_not_answer_is_told(experiment):
    with pytest.raises(BadParameter, match="No Dask scheduler answers at nothing://x"):
        experiment.run(2, workers="nothing://x")


def tasks_of(run_s, replications=1000, scenarios=3, sampling_s=0.0, got=1.0):
    tasks = Tasks([(each, tuple(range(scenarios))) for each in range(replications)], lambda: False)
    rows = [Row(0, place, (1.0,), None) for place in range(scenarios)]
    seconds = run_s * scenarios + sampling_s
    tasks.measured(Batch(rows, seconds, sampling_s, got * seconds))
    return tasks


def runs_in(task):
    return sum(len(wanted) for _, wanted in task)


@pytest.mark.parametrize("run_s", [1e-4, 1e-3, 0.03])
def test_tasks_last_long_enough_to_be_worth_it_and_short_enough_to_share(run_s):
    tasks = tasks_of(run_s)
    sizes, total = [], tasks.left
    while (task := tasks.take(4)) is not None:
        sizes.append(runs_in(task))
    assert sum(sizes) == total
    assert all(size * run_s >= min(SHORTEST_S * 0.9, total * run_s * 0.9) for size in sizes[:-1])
    assert all((size - 3) * run_s <= LONGEST_S for size in sizes)
    assert sizes[-1] <= sizes[0]


def test_long_replications_are_cut_only_where_sampling_is_cheap():
    cheap = tasks_of(1.0, scenarios=40, sampling_s=0.1)
    assert runs_in(cheap.take(4)) == 2
    dear = tasks_of(1.0, scenarios=40, sampling_s=30.0)
    assert runs_in(dear.take(4)) == 40
    assert runs_in(tasks_of(1.0, scenarios=40, sampling_s=30.0).take(1)) < 40  # here the day is kept


def test_every_unit_is_handed_out_once_and_in_order():
    tasks = tasks_of(0.7, replications=7, scenarios=5)
    units = [unit for task in iter(lambda: tasks.take(3), None) for unit in task]
    seen = [(replication, place) for replication, wanted in units for place in wanted]
    assert seen == [(replication, place) for replication in range(7) for place in range(5)]
    assert tasks.left == 0


def test_nothing_is_handed_out_once_it_should_stop():
    assert Tasks([(0, (0,))], lambda: True).take() is None


def test_processes_are_started_only_where_they_pay(experiment, monkeypatch):
    monkeypatch.setattr("workbench.simulation.placement.processors", lambda: 8)
    work = experiment._work
    short, long = tasks_of(0.001), tasks_of(2 * PAYS_S / 1000)
    assert chosen("auto", work, short)[0].name == "serial"
    assert chosen(4, work, short)[0].name == "serial"
    assert [chosen(each, work, long)[0].workers for each in ("auto", 4, 1)] == [8, 4, 1]
    busy = tasks_of(2 * PAYS_S / 1000, got=0.3)
    for workers in ("auto", 4):
        executor, reason = chosen(workers, work, busy)
        assert executor.name == "serial"
        assert reason == "the machine is busy: the first runs got 30% of a processor"
    assert chosen("auto", work, long, 0.9)[0].name == "processes"
    executor, reason = chosen("auto", work, long, 0.1)
    assert executor.name == "serial"
    assert reason == "the machine is busy: 0.1 processors stood idle during the first runs"
    assert chosen("auto", work, tasks_of(1.1 * LONG_S / 1000), 0.1)[0].name == "processes"  # cheap to try
    monkeypatch.setattr("workbench.simulation.placement.processors", lambda: 1)
    assert chosen("auto", work, long)[0].name == "serial"


def test_processors_stand_idle_or_not():
    idle = Idle()
    time.sleep(0.1)
    found = idle.processors()
    assert found is None or -0.1 <= found <= (os.cpu_count() or 1) + 0.5


@pytest.mark.parametrize(("there", "kept"), [(0.9, True), (0.45, False)])
def test_processes_that_bring_nothing_get_no_more_tasks(experiment, there, kept, monkeypatch):
    handed = []

    class Pool:
        """Runs a task at once, and claims a share of a processor for it."""

        def submit(self, _, task):
            handed.append(task)
            rows = experiment._work.batch(task).rows
            future = Future()
            future.set_result(Batch(rows, 1.0, 0.0, there))
            return future

    class Here(Work):
        def batch(self, task):
            return Batch(super().batch(task).rows, 1.0, 0.0, there)

    executor = Processes(2, alone=0.9)
    monkeypatch.setattr(executor, "_started", lambda work: Pool())
    units = [(each, (0, 1, 2)) for each in range(40)]
    tasks = Tasks(units, lambda: False)
    work = Here(experiment._work.model, experiment._work.scenarios, experiment._work.seed)
    rows = [row for batch in executor.results(work, tasks) for row in batch.rows]
    assert sorted(row[:2] for row in rows) == [(each, place) for each, places in units for place in places]
    assert (len(handed) > 4) == kept


def test_models_that_cannot_travel_stay_here_or_are_told(shop, scenario):
    class Local(type(shop)):
        pass

    experiment = Experiment(Local(), {"a": scenario()}, seed=1)
    executor, reason = chosen("auto", experiment._work, tasks_of(1.0))
    assert executor.name == "serial"
    assert "inside a function" in reason or executor.workers == 1
    with pytest.raises(BadParameter, match=r"defined inside a function.*workers=1"):
        experiment.run(2, workers=Processes(2))
    open_file = type(shop)()
    open_file.log = lambda: None
    with pytest.raises(BadParameter, match="cannot be sent to other processes"):
        Experiment(open_file, {"a": scenario()}, seed=1).run(2, workers=Processes(2))


def test_a_model_typed_at_the_prompt_is_told_clearly():
    code = (
        "from dataclasses import dataclass\n"
        "from workbench.simulation import Experiment, Processes\n"
        "class M:\n"
        "    name, version, outcomes = 'm', '1', {'x': 's'}\n"
        "    def sample(self, streams): return 1.0\n"
        "    def run(self, scenario, day): return {'x': day}\n"
        "@dataclass(frozen=True)\n"
        "class S:\n"
        "    a: int = 1\n"
        "print(Experiment(M(), {'a': S()}, seed=1).run(3, workers='auto').frame.height)\n"
        "try: Experiment(M(), {'a': S()}, seed=1).run(3, workers=Processes(2))\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.startswith("3\nBadParameter M is defined in a notebook or at the prompt")


def test_a_script_without_a_guard_is_told(tmp_path):
    script = tmp_path / "unguarded.py"
    script.write_text(
        "from workbench.simulation import Experiment, Processes\n"
        "from workbench.simulation.services import Customers, Law, ServiceModel, ServicePoint\n"
        "office = ServicePoint(servers=1, customers=[Customers(per_hour=3, service=Law(mean_s=60))])\n"
        "Experiment(ServiceModel(engine='simpy'), {'a': office}, seed=1).run(50, workers=Processes(2))\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}
    )
    assert done.returncode
    assert "if __name__ == '__main__':" in done.stderr.splitlines()[-1]


def test_unfinished_estimates_do_not_divide_by_zero():
    tasks = Tasks([(0, (0, 1))], lambda: False)
    assert tasks.run_s == tasks.left_s == 0.0
    assert runs_in(tasks.take()) == 1
    tasks.measured(Batch([Row(0, 0, (1.0,), None)], 0.0))
    assert math.isfinite(tasks.left_s)


def test_the_public_face_is_light():
    code = (
        "import sys, workbench.simulation as s, workbench.simulation.services; "
        "print([m for m in ('numpy', 'polars', 'simpy', 'numba', 'scipy', 'pydantic') if m in sys.modules]); "
        "[getattr(s, name) for name in s.__all__]; print('numba' in sys.modules, 'simpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split("\n")[:2] == ["[]", "False False"]
    import workbench.simulation

    assert set(workbench.simulation.__all__) <= set(dir(workbench.simulation))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        workbench.simulation.nothing  # noqa: B018
