"""Monitors on SimPy models, and Little's law as an exact check."""

import math

import pytest
import simpy

from workbench.errors import BadParameter, CheckFailed
from workbench.simulation import Streams
from workbench.simulation.clockwork import at
from workbench.simulation.monitors import QueueLog, Tally, TimeWeighted, Utilisation, little


class Clock:
    now = 0.0


def test_time_weighted_mean_area_and_maximum():
    clock = Clock()
    queue = TimeWeighted(clock)
    assert math.isnan(queue.mean)
    for time, value in ((1, 2), (3, 5), (4, 0)):
        clock.now = time
        queue.set(value)
    clock.now = 10
    assert (queue.area, queue.mean, queue.maximum, queue.value) == (9.0, 0.9, 5.0, 0.0)
    queue.add(4)
    queue.reset()
    clock.now = 12
    assert (queue.area, queue.mean, queue.maximum) == (8.0, 4.0, 4.0)


def test_tally():
    tally = Tally()
    assert math.isnan(tally.mean)
    assert math.isnan(tally.sd)
    assert math.isnan(tally.quantile(0.5))
    for value in (4, 1, 3, 2):
        tally.record(value)
    assert (tally.count, tally.total, tally.mean) == (4, 10.0, 2.5)
    assert tally.sd == pytest.approx(math.sqrt(5 / 3))
    assert tally.quantile(0.95) == pytest.approx(3.85)
    assert (tally.quantile(0), tally.quantile(1)) == (1, 4)
    tally.reset()
    assert tally.count == 0
    with pytest.raises(BadParameter, match="from 0 to 1"):
        tally.quantile(95)


def test_utilisation_counts_whoever_finishes_after_duty():
    clock = Clock()
    desks = Utilisation(clock, servers=2)
    assert math.isnan(desks.share)
    desks.begin()
    clock.now = 4
    desks.on_duty(0)
    clock.now = 6
    desks.end()
    clock.now = 10
    assert desks.busy.area == 6
    assert desks.offered.area == 10
    assert desks.share == 0.6
    desks.reset()
    assert math.isnan(desks.share)


def test_littles_law_holds_exactly_in_a_simpy_model():
    env = simpy.Environment()
    desk = simpy.Resource(env, 2)
    log = QueueLog(env)
    random = Streams(5).generator("desk")

    def customer(number, service):
        log.join(number)
        with desk.request() as turn:
            yield turn
            yield env.timeout(service)
        log.leave(number)

    def arrivals():
        for number in range(5000):
            yield env.timeout(random.exponential(1.0))
            env.process(customer(number, random.exponential(1.8)))

    env.process(arrivals())
    env.run()
    log.check()
    assert log.times.count == 5000
    log.number.add(0.001)
    env.run(until=env.now + 1)
    with pytest.raises(CheckFailed, match="Little's law fails in the queue"):
        log.check()


def test_a_queue_that_is_not_empty_or_loses_somebody_is_told():
    log = QueueLog(Clock())
    log.join("a")
    with pytest.raises(CheckFailed, match="still in the queue"):
        log.check()
    with pytest.raises(CheckFailed, match="already in"):
        log.join("a")
    with pytest.raises(CheckFailed, match="not in"):
        log.leave("b")


def test_little_is_exact_to_twelve_digits():
    little(0.0, [])
    little(6.0, [1.0, 2.0, 3.0])
    little(6.0 * (1 + 5e-13), [1.0, 2.0, 3.0])
    for area in (6.0 * (1 + 2e-12), 0.0, math.nan):
        with pytest.raises(CheckFailed):
            little(area, [1.0, 2.0, 3.0])


def test_events_at_one_time_come_in_the_order_of_their_rank():
    env = simpy.Environment()
    seen = []

    def wait(name, time, rank):
        yield at(env, time, rank)
        seen.append((name, env.now))
        yield env.timeout(0)
        seen.append((f"{name} again", env.now))

    for name, rank in (("late", 4), ("early", 2), ("middle", 3)):
        env.process(wait(name, 0.1 + 0.2, rank))
    env.run()
    assert [name for name, _ in seen] == [
        "early",
        "early again",
        "middle",
        "middle again",
        "late",
        "late again",
    ]
    assert {time for _, time in seen} == {0.1 + 0.2}
    with pytest.raises(BadParameter, match="needs a time from"):
        at(env, env.now - 1)
    with pytest.raises(BadParameter, match="rank of at least 2"):
        at(env, env.now, 1)
