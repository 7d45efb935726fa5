"""Selection of the best: the guarantee of Kim and Nelson, OCBA's shares, and the chances of being best."""

import math

import numpy as np
import pytest

from workbench.errors import BadParameter
from workbench.simulation import Streams
from workbench.simulation.output_analysis import KimNelson, chances, kim_nelson, ocba

MACRO = 400


def race(means, sds, *, common=0.0, delta=1.0, first=10, seed=0):
    """Share of correct selections and mean replications of many procedures side by side."""
    procedure = KimNelson(len(means), delta, 0.05, first)
    generator = Streams(seed).generator("selection")
    means, sds = np.asarray(means, float), np.asarray(sds, float)

    def observed(count):
        day = common * generator.standard_normal((MACRO, count, 1))
        return means + day + sds * generator.standard_normal((MACRO, count, len(means)))

    stage = observed(first)
    spread, sums, n = procedure.spread(stage), stage.sum(axis=1), first
    alive = np.ones((MACRO, len(means)), bool)
    used = np.zeros(MACRO)
    while True:
        alive = procedure.surviving(sums / n, n, spread, alive)
        open_ = alive.sum(axis=1) > 1
        used[open_] = n + 1
        if not open_.any():
            return (np.argmax(alive, axis=1) == int(np.argmax(means))).mean(), np.maximum(used, first).mean()
        sums += observed(1)[:, 0]
        n += 1


@pytest.mark.parametrize(
    ("means", "sds"),
    [
        ((0, 0, 0, 0, 1), (6, 6, 1, 1, 1)),  # where a well-known package reaches 0.50
        ((0, 0, 0, 0, 1), (3, 3, 3, 3, 3)),
        ((0, 0, 0, 0, 1), (1, 1, 1, 1, 6)),
        ((-51, -51, -51, -51, -50), (3, 3, 3, 3, 3)),
        ((-1, 0, -1), (2, 4, 1)),
    ],
)
def test_kim_nelson_reaches_its_nominal_probability(means, sds):
    correct, _ = race(means, sds)
    assert correct >= 0.95


def test_kim_nelson_keeps_its_promise_under_common_random_numbers_and_gains_from_them():
    alone, many = race((0, 0, 0, 0, 1), (3, 3, 3, 3, 3))
    together, few = race((0, 0, 0, 0, 1), (1, 1, 1, 1, 1), common=math.sqrt(8))  # the same variances
    assert min(alone, together) >= 0.95
    assert few < many / 3


def test_kim_nelson_step_by_step_as_the_paper_writes_it():
    values = np.random.Generator(np.random.PCG64(3)).normal([0, 0.3, 0.5, 1.0], [1, 2, 1, 3], (3000, 4))
    delta, alpha, first, k = 0.4, 0.05, 12, 4
    eta = ((2 * alpha / (k - 1)) ** (-2 / (first - 1)) - 1) / 2
    h2 = 2 * eta * (first - 1)
    s2 = [[np.var(values[:first, i] - values[:first, j], ddof=1) for j in range(k)] for i in range(k)]
    alive, r = list(range(k)), first
    while True:
        mean = values[:r].mean(axis=0)
        room = [
            [max(0.0, delta / (2 * r) * (h2 * s2[i][j] / delta**2 - r)) for j in range(k)] for i in range(k)
        ]
        alive = [i for i in alive if all(mean[i] >= mean[j] - room[i][j] for j in alive if j != i)]
        if len(alive) == 1:
            break
        r += 1
    assert kim_nelson(values, delta=delta, alpha=alpha, first=first) == (alive[0], r)


def test_kim_nelson_says_when_it_cannot_tell():
    values = np.random.Generator(np.random.PCG64(4)).normal(0, 1, (30, 3))
    assert kim_nelson(values, delta=0.01) == (None, 30)


def test_equal_scenarios_end_at_the_last_replication():
    values = np.zeros((20, 2))
    assert kim_nelson(values, delta=1.0) == (0, 20)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"delta": 0.0}, "`delta`"),
        ({"delta": math.nan}, "`delta`"),
        ({"alpha": 0.7}, "`alpha`"),
        ({"count": 1}, "at least 2 scenarios"),
        ({"first": 1}, "first stage"),
    ],
)
def test_bad_procedures_are_refused(change, says):
    with pytest.raises(BadParameter, match=says):
        KimNelson(**{"count": 3, "delta": 1.0, **change})


def test_selection_needs_whole_tables():
    with pytest.raises(BadParameter, match="without gaps"):
        kim_nelson([[1.0, math.nan]] * 30, delta=1)
    with pytest.raises(BadParameter, match="needs 20 replications"):
        kim_nelson([[1.0, 2.0]] * 3, delta=1)


def exact(mean, sd, n, place):
    """Observations with exactly this mean and deviation, uncorrelated between places."""
    wave = np.cos(2 * np.pi * (place + 1) * np.arange(n) / n)
    return mean + sd * wave / wave.std(ddof=1)


def test_ocba_shares_follow_the_formula():
    means, sds, n = [1.0, 2.0, 3.0, 5.0], [1.0, 2.0, 1.0, 4.0], 50
    data = [exact(mean, sd, n, place) for place, (mean, sd) in enumerate(zip(means, sds, strict=True))]
    given = np.array(ocba(data, 100_000)) + n
    assert given.sum() == 100_000 + 4 * n
    ratio = [(sd / (mean - 1.0)) ** 2 for mean, sd in zip(means[1:], sds[1:], strict=True)]
    assert given[2] / given[1] == pytest.approx(ratio[1] / ratio[0], rel=1e-3)
    assert given[3] / given[1] == pytest.approx(ratio[2] / ratio[0], rel=1e-3)
    best = sds[0] * math.sqrt(sum((one / sd) ** 2 for one, sd in zip(given[1:], sds[1:], strict=True)))
    assert given[0] == pytest.approx(best, rel=1e-3)
    negative = [-each for each in data]
    assert ocba(negative, 1000, minimise=False) == ocba(data, 1000)


def test_ocba_works_for_two_and_adds_up():
    data = [exact(0.0, 1.0, 10, 0), exact(0.1, 1.0, 10, 1)]
    assert sum(ocba(data, 7)) == 7


def test_ocba_refuses_common_random_numbers():
    generator = np.random.Generator(np.random.PCG64(5))
    day = generator.normal(0, 1, 30)
    with pytest.raises(BadParameter, match="common random numbers"):
        ocba([day + generator.normal(0, 0.3, 30), day + generator.normal(1, 0.3, 30)], 100)
    assert sum(ocba([generator.normal(0, 1, 30), generator.normal(1, 1, 30)], 100)) == 100


@pytest.mark.parametrize("data", [[[1.0] * 5], [[1.0, 2.0], [3.0] * 9], [[math.nan] * 9, [1.0] * 9]])
def test_ocba_refuses_what_it_cannot_use(data):
    with pytest.raises(BadParameter, match="at least 2 scenarios"):
        ocba(data, 10)


def test_chances_agree_with_the_normal_theory_of_the_difference():
    generator = np.random.Generator(np.random.PCG64(6))
    n = 60
    difference = generator.normal(0, 1, n)
    difference += 0.15 - difference.mean()
    day = generator.normal(0, 10, n)
    found = chances(np.column_stack([day, day + difference]), streams=Streams(1), resamples=20_000)
    z = 0.15 / (difference.std(ddof=1) / math.sqrt(n))
    assert found.best.sum() == pytest.approx(1.0)
    assert found.best[0] == pytest.approx(0.5 * math.erfc(-z / math.sqrt(2)), abs=0.02)
    assert found.regret[1] - found.regret[0] == pytest.approx(0.15, abs=0.01)
    maximise = chances(np.column_stack([-day, -day - difference]), streams=Streams(1), minimise=False)
    assert maximise.best[0] == pytest.approx(found.best[0], abs=0.03)


def test_equal_scenarios_share_the_chance():
    found = chances(np.ones((5, 4)), streams=Streams(1))
    assert found.best.tolist() == [0.25] * 4
    assert found.regret.tolist() == [0.0] * 4
