"""The compiled service point and the SimPy one give the same numbers to the last digit."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import CheckFailed
from workbench.simulation import Streams
from workbench.simulation.services import Customers, Law, ServiceModel, ServicePoint
from workbench.simulation.services.day import Arrivals
from workbench.simulation.services.kernel import fcfs_waits, run_kernel
from workbench.simulation.services.twin import run_simpy

KERNEL, SIMPY = ServiceModel(), ServiceModel(engine="simpy")

# Times on a coarse grid, so that services end, duty changes, customers come and lose patience all at once.
customer = st.tuples(st.integers(0, 12), st.integers(0, 8), st.integers(0, 6) | st.none(), st.integers(0, 2))
roster = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 3)), max_size=5)


def arrivals_of(customers):
    columns = list(zip(*sorted(customers, key=lambda each: each[0]), strict=True)) or [(), (), (), ()]
    patience = [np.inf if each is None else each for each in columns[2]]
    kind = np.zeros(len(columns[0]), np.int64)
    return Arrivals(
        np.array(columns[0], float),
        kind,
        np.array(columns[1], float),
        np.array(patience, float),
        np.array(columns[3], np.int64),
    )


def same(one, two):
    assert one.out_of_queue.tolist() == two.out_of_queue.tolist()
    assert one.fate.tolist() == two.fate.tolist()
    one.check()
    two.check()


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(customer, max_size=25), st.integers(0, 3), roster, st.integers(0, 2))
def test_ties_are_broken_alike(customers, first, later, last):
    steps, time = [(0.0, first)], 0
    for gap, count in later:
        time += gap
        steps.append((float(time), count))
    if last == 0 or steps[-1][1] > 0:  # the last step serves the rest, or turns them away
        steps.append((float(time + 3), last))
    same(run_kernel(arrivals_of(customers), steps), run_simpy(arrivals_of(customers), steps))


law = st.builds(
    lambda kind, mean, cv: Law(kind=kind, mean_s=mean, cv=cv if kind in ("lognormal", "gamma") else None),
    st.sampled_from(["exponential", "lognormal", "gamma", "fixed"]),
    st.floats(20, 900),
    st.floats(0.2, 3),
)
kind = st.builds(
    lambda name, rates, service, patience, priority: Customers(
        name=name,
        per_hour=tuple((9.0 + place, rate) for place, rate in enumerate(rates)),
        service=service,
        patience=patience,
        priority=priority,
    ),
    st.sampled_from(["walk-in", "booked", "urgent"]),
    st.lists(st.sampled_from([0.0, 5.0, 30.0, 80.0]), min_size=1, max_size=4).filter(any),
    law,
    law | st.none(),
    st.integers(0, 3),
)
office = st.builds(
    lambda kinds, servers, demand: ServicePoint(
        opens_h=9,
        closes_h=13,
        servers=tuple((9.0 + 0.7 * place, count) for place, count in enumerate(servers)),
        customers=tuple({each.name: each for each in kinds}.values()),
        demand=demand,
    ),
    st.lists(kind, min_size=1, max_size=3),
    st.lists(st.integers(0, 5), min_size=1, max_size=5).filter(any),
    st.sampled_from([0.5, 1.0, 2.0]),
)


@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(office, st.integers(0, 1000))
def test_any_office_has_the_same_day_in_both_engines(office, seed):
    day = KERNEL.sample(Streams(seed))
    same(KERNEL.visits(office, day), SIMPY.visits(office, day))
    assert repr(KERNEL.run(office, day)) == repr(SIMPY.run(office, SIMPY.sample(Streams(seed))))


@pytest.mark.parametrize("servers", [1, 4])
def test_the_kernel_agrees_with_kiefer_and_wolfowitz(servers):
    generator = Streams(3).generator("queue")
    at, service = generator.exponential(1, 3000).cumsum(), generator.exponential(0.9 * servers, 3000)
    everybody = Arrivals(at, np.zeros(3000, int), service, np.full(3000, np.inf), np.zeros(3000, int))
    assert run_kernel(everybody, [(0.0, servers)]).waits.tolist() == fcfs_waits(at, service, servers).tolist()


def test_a_model_that_loses_somebody_is_found():
    office = ServicePoint(closes_h=2, servers=1, customers=(Customers(per_hour=30, service=Law(mean_s=100)),))
    visits = KERNEL.visits(office, KERNEL.sample(Streams(1)))
    late = visits.out_of_queue.copy()
    late[3] += 1e-6
    with pytest.raises(CheckFailed, match="Little's law fails in the queue"):
        replace(visits, out_of_queue=late).check()
    late[3] = np.nan
    with pytest.raises(CheckFailed, match=r"1 of .* customers never left"):
        replace(visits, out_of_queue=late).check()
    with pytest.raises(CheckFailed, match="in the service point"):
        replace(visits, system_area=visits.system_area * (1 + 1e-9)).check()
