"""M/M/4 with the same times between arrivals and the same service times in every engine."""

from __future__ import annotations

import math
from collections.abc import Iterator

import ciw
import numpy as np
import salabim
import simpy
from simulation_race import Result, race

from workbench.simulation import Streams
from workbench.simulation.services.day import Arrivals
from workbench.simulation.services.kernel import fcfs_waits, run_kernel
from workbench.simulation.services.twin import run_simpy

SERVERS, ARRIVALS, SERVICES = 4, 3.2, 1.0


def in_simpy(gaps: list[float], services: list[float]) -> list[float]:
    """As the SimPy documentation would have it: a process a customer, a Resource, timeouts."""
    env = simpy.Environment()
    desks = simpy.Resource(env, SERVERS)
    waits = [0.0] * len(gaps)

    def customer(number: int):  # noqa: ANN202
        came = env.now
        with desks.request() as turn:
            yield turn
            waits[number] = env.now - came
            yield env.timeout(services[number])

    def source():  # noqa: ANN202
        for number, gap in enumerate(gaps):
            yield env.timeout(gap)
            env.process(customer(number))

    env.process(source())
    env.run()
    return waits


def in_ciw(gaps: list[float], services: list[float]) -> list[float]:
    """Ciw, with the draws given to it."""
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Sequential([*gaps, math.inf])],
        service_distributions=[ciw.dists.Sequential(services)],
        number_of_servers=[SERVERS],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(1e9)
    records = sorted(simulation.get_all_records(), key=lambda one: one.arrival_date)
    return [one.waiting_time for one in records]


class Customer(salabim.Component):
    """A customer in salabim."""

    def setup(self, number, services, waits):  # noqa: ANN001, ANN201
        self.number, self.services, self.waits = number, services, waits

    def process(self):  # noqa: ANN201
        came = self.env.now()
        yield self.request(self.env.desks)
        self.waits[self.number] = self.env.now() - came
        yield self.hold(self.services[self.number])
        self.release()


class Source(salabim.Component):
    """Lets customers in."""

    def setup(self, gaps, services, waits):  # noqa: ANN001, ANN201
        self.gaps, self.services, self.waits = gaps, services, waits

    def process(self):  # noqa: ANN201
        for number, gap in enumerate(self.gaps):
            yield self.hold(gap)
            Customer(number=number, services=self.services, waits=self.waits)


def in_salabim(gaps: list[float], services: list[float]) -> list[float]:
    """Salabim, with processes that yield."""
    salabim.yieldless(False)
    env = salabim.Environment(trace=False)
    env.desks = salabim.Resource("desks", capacity=SERVERS)
    waits = [0.0] * len(gaps)
    Source(gaps=gaps, services=services, waits=waits)
    env.run()
    return waits


def results(rounds: int, customers: int) -> Iterator[Result]:
    """Check that all give the same waits, then measure."""
    generator = Streams(1).generator("benchmark")
    gaps = generator.exponential(1 / ARRIVALS, customers)
    services = generator.exponential(1 / SERVICES, customers)
    few = customers // 10  # salabim is slow
    gaps_list, services_list, at = gaps.tolist(), services.tolist(), gaps.cumsum()
    steps = [(0.0, SERVERS)]
    nobody_leaves, all_alike = np.full(customers, np.inf), np.zeros(customers, np.int64)
    everybody = Arrivals(at, all_alike, services, nobody_leaves, all_alike)

    expected = fcfs_waits(at, services, SERVERS)
    for name, found in {
        "SimPy": in_simpy(gaps_list, services_list),
        "Ciw": in_ciw(gaps_list, services_list),
        "our SimPy twin": run_simpy(everybody, steps).waits,
        "our kernel": run_kernel(everybody, steps).waits,
        "salabim": in_salabim(gaps_list[:few], services_list[:few]),
    }.items():
        apart = float(np.abs(np.asarray(found, float) - expected[: len(found)]).max())
        if apart > 1e-9:
            raise SystemExit(f"{name} gives other waits: up to {apart} s apart")
    sides = {
        "SimPy, a process a customer": lambda: in_simpy(gaps_list, services_list),
        "Ciw": lambda: in_ciw(gaps_list, services_list),
        "salabim": lambda: in_salabim(gaps_list[:few], services_list[:few]),
        "services, SimPy twin": lambda: run_simpy(everybody, steps).check(),
        "services, kernel": lambda: run_kernel(everybody, steps).check(),
        "Kiefer-Wolfowitz kernel": lambda: fcfs_waits(at, services, SERVERS),
    }
    size = dict.fromkeys(sides, customers) | {"salabim": few}
    notes = {name: (lambda s, n=count: f"{n / s:,.0f} customers/s") for name, count in size.items()}
    yield from race(
        f"M/M/4, {customers} customers",
        sides,
        "SimPy, a process a customer",
        rounds,
        weights={"salabim": few / customers},
        notes=notes,
    )
