"""Theory: published values, and closed forms against the recursions they solve."""

import math

import numpy as np
import pytest

from workbench.errors import BadParameter
from workbench.simulation import Streams
from workbench.simulation.output_analysis import t_interval
from workbench.simulation.theory import (
    daganzo_headway_variance,
    erlang_b,
    erlang_c,
    exponential_limited,
    fixed_limited,
    jackson,
    mean_wait_from_headways,
    mg1,
    mmc,
    mmc_wait_exceeds,
    mt_ginf,
    newell_potts,
    self_coordinating_decay,
    self_coordinating_headway,
)


@pytest.mark.parametrize(  # tables of the Erlang C formula, recomputed with 12 digits
    ("servers", "rate", "waits", "wait", "queue", "beyond_one"),
    [
        (1, 0.8, 0.8, 4.0, 3.2, 0.654984602462),
        (4, 3.2, 0.596432471787, 0.745540589734, 2.385729887150, 0.267994384714),
        (10, 9.0, 0.668731524108, 0.668731524108, 6.018583716969, 0.246012579382),
        (3, 2.0, 0.444444444444, 0.444444444444, 0.888888888889, 0.163501973854),
    ],
)
def test_erlang_c_values(servers, rate, waits, wait, queue, beyond_one):
    theory = mmc(servers, rate, 1.0)
    assert erlang_c(servers, rate) == pytest.approx(waits, abs=1e-12)
    assert theory.waits == pytest.approx(waits, abs=1e-12)
    assert theory.mean_wait == pytest.approx(wait, abs=1e-12)
    assert theory.mean_queue == pytest.approx(queue, abs=2e-12)
    assert mmc_wait_exceeds(servers, rate, 1.0, 1.0) == pytest.approx(beyond_one, abs=1e-12)
    assert theory.mean_time == pytest.approx(wait + 1, abs=1e-12)
    assert theory.utilisation == pytest.approx(rate / servers)


def test_erlang_b_values():
    assert erlang_b(10, 8) == pytest.approx(0.121661064253, abs=1e-12)
    assert erlang_b(100, 90) == pytest.approx(0.026957380464, abs=1e-12)
    assert erlang_b(0, 5) == 1.0
    terms = [7.5**k / math.factorial(k) for k in range(13)]
    assert erlang_b(12, 7.5) == pytest.approx(terms[-1] / sum(terms), rel=1e-13)


def test_pollaczek_khinchine_values_at_rho_08():
    waits = [mg1(0.8, 1.0, cv).mean_wait for cv in (0.0, math.sqrt(0.5), 1.0, 2.0)]
    assert waits == pytest.approx([2.0, 3.0, 4.0, 10.0], abs=1e-12)
    assert mg1(0.8, 1.0, 1.0).mean_number == pytest.approx(mmc(1, 0.8, 1.0).mean_number, abs=1e-12)


def test_jackson_tandem_and_feedback():
    tandem = jackson([0.5, 0.0], [[0, 1], [0, 0]], [1.0, 0.625], [1, 1])
    assert sum(node.mean_number for node in tandem) == pytest.approx(5.0, abs=1e-12)  # 1 + 4
    [feedback] = jackson([0.3], [[0.4]], [1.0], [1])
    assert feedback.mean_number == pytest.approx(1.0, abs=1e-12)  # 0.3 / 0.6 = 0.5 arrive


def test_car_park_that_fills_and_empties():
    inside = mt_ginf([0.0, 1.0, 3.0, 1000.0], [0, 2], [10.0], exponential_limited(2.0))
    full, gone = 20 * (1 - math.exp(-0.5)), 20 * (math.exp(-0.5) - math.exp(-1.5))
    assert inside == pytest.approx([0.0, full, gone, 0.0], abs=1e-12)
    assert mt_ginf([1.5], [0, 1, 2], [4.0, 6.0], fixed_limited(1.0)) == pytest.approx([5.0], abs=1e-12)
    steady = mt_ginf([5000.0], [0, 10000], [3.0], exponential_limited(7.0))
    assert steady == pytest.approx([21.0], abs=1e-12)  # rate times mean, whatever the law


def test_newell_potts_closed_form_solves_the_recursion():
    rho, buses, stops = 0.1, 12, 20
    delays = newell_potts(1.0, rho, buses, stops)
    expected = np.zeros((buses, stops))
    expected[0, 0] = 1.0
    for n in range(buses):
        for m in range(1, stops):
            before = expected[n - 1, m] if n else 0.0
            expected[n, m] = (expected[n, m - 1] - rho * before) / (1 - rho)
    assert np.abs(delays - expected).max() < 1e-12 * np.abs(expected).max()
    assert delays[:3, 12] == pytest.approx([3.54070616, -4.72094155, 3.4095689], abs=1e-8)
    assert (np.sign(delays[:, 12]) == [(-1) ** n for n in range(buses)]).all()  # buses pair


def test_daganzo_variance_lies_in_the_simulated_interval():
    strength, buses, stops, runs = 0.3, 400, 2400, 20  # at 2,400 stops it is 4.702, and 4.762 in the end
    theory = daganzo_headway_variance(strength)
    assert theory == pytest.approx(4.762, abs=5e-4)
    noise = [Streams(2009, each).generator("segment").standard_normal((stops, buses)) for each in range(runs)]
    late = np.zeros((runs, buses))
    for segment in np.stack(noise, axis=1):
        late = (1 - strength) * late + strength * np.roll(late, 1, axis=1) + segment
    found = t_interval(np.var(late - np.roll(late, 1, axis=1), axis=1))
    assert found.low < theory < found.high
    assert found.half_width < 0.2


@pytest.mark.parametrize(("strength", "headway"), [(0.3, 374.026), (0.5, 384.0), (0.8, 400.0)])
def test_self_coordinating_headway(strength, headway):
    assert self_coordinating_headway(2880.0, 8, strength) == pytest.approx(headway, abs=5e-4)


def test_a_loop_settles_at_the_self_coordinating_headway_at_the_stated_pace():
    assert self_coordinating_headway(3600.0, 5, 0.5) == 800.0
    buses, strength, cycle = 5, 0.5, 3600.0
    passes = [0.0, 100.0, 350.0, 900.0, 1000.0]
    while len(passes) < 400:
        passes.append((1 - strength) * passes[-buses] + strength * passes[-buses + 1] + cycle)
    headways = np.diff(passes)
    assert headways[-1] == pytest.approx(800.0, abs=1e-6)
    late = np.abs(headways - 800.0)
    pace = (late[100:130].max() / late[40:70].max()) ** (1 / 60)
    assert pace == pytest.approx(self_coordinating_decay(buses, strength), rel=0.01)


def test_mean_wait_is_longer_where_headways_are_uneven():
    assert mean_wait_from_headways([600.0, 600.0]) == 300.0
    assert mean_wait_from_headways([200.0, 1000.0]) == pytest.approx(300 * (1 + (400 / 600) ** 2))
    moments = np.random.Generator(np.random.PCG64(1)).exponential(600, 200_000)
    assert mean_wait_from_headways(moments) == pytest.approx(600, rel=0.02)  # the inspection paradox


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: mmc(4, 4.0, 1.0), "no steady state"),
        (lambda: mmc(0, 1.0, 1.0), "`servers`"),
        (lambda: mmc(2, -1.0, 1.0), "`arrival_rate`"),
        (lambda: mg1(1.0, 1.0, 1.0), "no steady state"),
        (lambda: mg1(0.1, 1.0, math.nan), "`cv`"),
        (lambda: erlang_b(-1, 1), "`servers`"),
        (lambda: erlang_b(3, math.inf), "`load`"),
        (lambda: jackson([1.0, 0], [[0, 1], [1, 0]], [1, 1], [1, 1]), "never leave"),
        (lambda: jackson([1.0], [[0.5, 0.5]], [1], [1]), "one row"),
        (lambda: jackson([1.0], [[1.5]], [1], [1]), "add up to at most 1"),
        (lambda: mt_ginf([1], [0, 0], [1], fixed_limited(1)), "rising"),
        (lambda: newell_potts(1, 1.0, 2, 2), "`rho`"),
        (lambda: daganzo_headway_variance(0), "`strength`"),
        (lambda: self_coordinating_headway(10, 0, 0.1), "at least one bus"),
        (lambda: self_coordinating_decay(1, 0.1), "two buses"),
        (lambda: mean_wait_from_headways([]), "at least one"),
    ],
)
def test_what_has_no_answer_is_refused(call, says):
    with pytest.raises(BadParameter, match=says):
        call()
