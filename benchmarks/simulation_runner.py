"""What the runner itself costs, and what a second worker brings."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from simulation_race import Result, race

from workbench.simulation import Experiment, Streams
from workbench.simulation.services import Customers, Law, ServiceModel, ServicePoint


@dataclass(frozen=True)
class Nothing:
    """A scenario."""

    factor: float = 1.0


class Trivial:
    """A model that does next to nothing."""

    name, version, outcomes = "trivial", "1", {"value": "1"}

    def sample(self, streams: Streams) -> float:
        """One number."""
        return float(streams.generator("value").random())

    def run(self, scenario: Nothing, day: float) -> dict[str, float]:
        """One product."""
        return {"value": scenario.factor * day}


def by_hand(replications: int) -> list[float]:
    """The same without a runner."""
    model, scenario = Trivial(), Nothing()
    return [model.run(scenario, model.sample(Streams(1, each)))["value"] for each in range(replications)]


def overhead(rounds: int, replications: int) -> Iterator[Result]:
    """Runs a second of a trivial model, in this process."""
    one = Experiment(Trivial(), {"one": Nothing()}, seed=1)
    four = Experiment(Trivial(), {str(each): Nothing(each) for each in range(4)}, seed=1)

    def stored() -> None:
        with tempfile.TemporaryDirectory() as folder:
            one.run(replications, workers=1, store=folder)

    sides = {
        "a loop by hand": lambda: by_hand(replications),
        "runner, 1 scenario": lambda: one.run(replications, workers=1),
        "runner, 4 scenarios": lambda: four.run(replications // 4, workers=1),
        "runner, 1 scenario, stored": stored,
    }
    notes = {name: lambda s: f"{replications / s:,.0f} runs/s" for name in sides}
    yield from race("runner on a trivial model", sides, "a loop by hand", rounds, notes=notes)


def workers(rounds: int, seconds: float) -> Iterator[Result]:
    """Wall clock of two workers and of the automatic choice, on long and on short work."""
    office = ServicePoint(
        opens_h=9, closes_h=17, servers=12, customers=(Customers(per_hour=250, service=Law(mean_s=150)),)
    )
    experiment = Experiment(ServiceModel(engine="simpy"), {"office": office}, seed=1)
    experiment.run(2, workers=1)
    start = time.perf_counter()
    experiment.run(5, workers=1)
    one = (time.perf_counter() - start) / 5
    for what, total in (("SimPy, long work", seconds), ("SimPy, short work", min(1.0, seconds))):
        yield from _with_workers(what, experiment, max(4, round(total / one)), rounds)


def _with_workers(what: str, experiment: Experiment, count: int, rounds: int) -> Iterator[Result]:
    chosen = {}

    def run(workers: int | str) -> None:
        chosen[workers] = experiment.run(count, workers=workers).timing.executor

    asked = {f"workers={each}": each for each in (1, 2, "auto")}
    sides = {name: partial(run, each) for name, each in asked.items()}
    notes = {name: partial(lambda each, _: chosen[each], each) for name, each in asked.items()}
    long = {"clock": time.perf_counter, "shortest_s": 0.0}
    yield from race(f"{what}, {count} runs", sides, "workers=1", rounds, notes=notes, **long)
