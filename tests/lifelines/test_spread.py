"""Spread: certain, by chance, and over time; each against enumeration, a closed form or the cascade."""

import itertools
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter
from workbench.lifelines import InterdependentSystem, LifelineNetwork
from workbench.lifelines.cascade import cascade_rounds
from workbench.lifelines.spread import Contacts, by_chance, by_threshold, over_time
from workbench.simulation import Streams

weights = st.sampled_from([0.0, 0.3, 0.8, 1.0])
graphs = st.integers(2, 7).flatmap(
    lambda n: st.tuples(
        st.just(n),
        st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1), weights), max_size=14),
    )
)


def contacts(n, arcs):
    return Contacts(
        n,
        np.array([a for a, *_ in arcs], int),
        np.array([b for _, b, *_ in arcs], int),
        np.array([w for *_, w in arcs], float),
    )


def both_ways(n, pairs, weight=1.0):
    return contacts(n, [(a, b, weight) for u, v in pairs for a, b in ((u, v), (v, u))])


def line(n):
    return both_ways(n, [(i, i + 1) for i in range(n - 1)])


@settings(deadline=None)
@given(graphs, st.sampled_from([0.1, 0.5, 1.0]), st.integers(0, 6), st.integers(0, 6))
def test_thresholds_equal_a_plain_loop(made, threshold, seed, immune):
    n, arcs = made
    seed, immune = seed % n, immune % n
    immune = [] if immune == seed else [immune]
    barrier = np.array([0.5 if i % 3 == 0 else 0.0 for i in range(len(arcs))])
    hit, turn = {seed: 0}, 0
    while True:
        turn += 1
        new = []
        for node in set(range(n)) - set(hit) - set(immune):
            total = sum(w for _, b, w in arcs if b == node)
            got = sum(
                w * (1 - hold)
                for (a, b, w), hold in zip(arcs, barrier, strict=True)
                if b == node and a in hit
            )
            if total > 0 and got >= threshold * total - 1e-12:
                new.append(node)
        if not new:
            break
        hit |= dict.fromkeys(new, turn)
    when = by_threshold(contacts(n, arcs), [seed], threshold, immune=immune, barrier=barrier)
    assert when.tolist() == [hit.get(i, -1) for i in range(n)]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda e: e[0] != e[1]), max_size=14),
    st.data(),
)
def test_it_is_the_engine_of_the_cascade(pairs, data):
    nodes = LifelineNetwork(
        "power",
        pl.DataFrame({"id": [str(i) for i in range(7)]}),
        pl.DataFrame(schema={"id": pl.String, "u": pl.String, "v": pl.String}),
    )
    frame = pl.DataFrame(
        {"dependee": [str(a) for a, _ in pairs], "depender": [str(b) for _, b in pairs]},
        schema={"dependee": pl.String, "depender": pl.String},
    ).with_columns(dependee_layer=pl.lit("power"), depender_layer=pl.lit("power"))
    hit = np.array(
        data.draw(st.lists(st.lists(st.booleans(), min_size=7, max_size=7), min_size=1, max_size=3))
    )
    for rule, threshold in (("any", 1.0), ("all", 1e-6)):
        system = InterdependentSystem({"power": nodes}, frame.with_columns(rule=pl.lit(rule)))
        arcs = [(a, b, 1.0) for a, b in pairs]
        assert (by_threshold(contacts(7, arcs), hit, threshold) == cascade_rounds(system, ~hit).when).all()


def test_a_weak_tie_needs_reinforcement():
    ring = both_ways(6, [(i, (i + 1) % 6) for i in range(6)])
    assert by_threshold(ring, [0], 0.6).tolist() == [0, -1, -1, -1, -1, -1]
    assert by_threshold(ring, [0, 2], 0.6).tolist() == [0, 1, 0, -1, -1, -1]
    assert by_threshold(ring, [0], 0.5).tolist() == [0, 1, 2, 3, 2, 1]
    assert by_threshold(ring, [0], 0.5, immune=[1]).tolist() == [0, -1, 4, 3, 2, 1]


def test_chances_equal_those_of_all_outcomes_enumerated():
    arcs = [(0, 1, 0.5), (0, 2, 0.3), (1, 2, 0.8), (2, 3, 0.6), (1, 3, 0.2), (3, 0, 0.9)]
    exact, size = np.zeros(4), 0.0
    for live in itertools.product([False, True], repeat=len(arcs)):
        chance = math.prod(w if on else 1 - w for (*_, w), on in zip(arcs, live, strict=True))
        hit = {0}
        while more := {b for (a, b, _), on in zip(arcs, live, strict=True) if on and a in hit} - hit:
            hit |= more
        exact[list(hit)] += chance
        size += chance * len(hit)
    told = by_chance(contacts(4, arcs), [0], samples=8000, streams=Streams(3))
    found, low, high = told.chance(0.9999)
    assert ((low <= exact) & (exact <= high)).all()
    assert (high - low).max() < 0.05
    mean, least, most = told.mean_size(0.9999)
    assert least <= size <= most
    assert mean == pytest.approx(found.sum())


def test_a_full_graph_has_the_final_size_of_reed_and_frost():
    n, r0 = 400, 2.0
    u, v = np.nonzero(~np.eye(n, dtype=bool))
    told = by_chance(Contacts(n, u, v, np.full(len(u), r0 / n)), [0], samples=60, streams=Streams(8))
    major = told.sizes[told.sizes > n / 4] / n
    assert major.mean() == pytest.approx(0.7968, abs=0.02)  # s = 1 - exp(-2 s)
    assert len(major) / 60 == pytest.approx(0.7968, abs=0.16)  # and as likely, 3 standard errors


@settings(max_examples=30, deadline=None)
@given(graphs, st.floats(0, 1), st.floats(0, 1), st.integers(0, 6))
def test_a_stronger_barrier_never_lets_more_through(made, one, other, seed):
    n, arcs = made
    weak, strong = sorted((one, other))
    graph, seeds = contacts(n, arcs), [seed % n]
    few = by_chance(graph, seeds, samples=5, streams=Streams(1), barrier=strong).when
    assert (few >= by_chance(graph, seeds, samples=5, streams=Streams(1), barrier=weak).when).all()
    timed = {"rate": 1.0, "lasts": 1.0, "samples": 5, "streams": Streams(1)}
    slow = over_time(graph, seeds, barrier=strong, **timed).when
    assert (slow >= over_time(graph, seeds, barrier=weak, **timed).when - 1e-12).all()


def test_who_is_immune_stops_what_must_pass_him():
    assert by_chance(line(5), [0], samples=2, streams=Streams(1), immune=[3]).when[0].tolist() == [
        0,
        1,
        2,
        np.inf,
        np.inf,
    ]
    told = over_time(line(5), [0], rate=1, lasts=np.inf, samples=3, streams=Streams(1), immune=[3])
    assert (told.sizes == 3).all()
    closed = by_chance(line(5), [0], samples=2, streams=Streams(1), barrier=1.0)
    assert (closed.sizes == 1).all()


@pytest.mark.parametrize(("fixed", "share"), [(False, 2 / 3), (True, 1 - math.exp(-2))])
def test_one_contact_passes_on_with_the_chance_of_sir(fixed, share):
    pair = contacts(2, [(0, 1, 2.0)])
    told = over_time(pair, [0], rate=0.5, lasts=2.0, fixed=fixed, samples=4000, streams=Streams(2))
    _, low, high = told.chance(0.9999)
    assert low[1] <= share <= high[1]  # rate / (rate + 1 / lasts), or 1 - exp(-rate lasts), with rate 1
    assert ((told.recovered[:, 0] == 2.0).all()) == fixed


def test_times_add_up_along_a_line_and_the_shorter_way_counts():
    told = over_time(line(4), [0], rate=0.25, lasts=np.inf, samples=3000, streams=Streams(4))
    assert (told.sizes == 4).all()
    for node in (1, 2, 3):
        assert told.when[:, node].mean() == pytest.approx(4.0 * node, abs=4 * 4.0 * math.sqrt(node / 3000))
    twice = contacts(2, [(0, 1, 1.0), (0, 1, 1.0)])  # the first of two: an exponential of half the mean
    told = over_time(twice, [0], rate=0.25, lasts=np.inf, samples=3000, streams=Streams(4))
    assert told.when[:, 1].mean() == pytest.approx(2.0, abs=4 * 2.0 / math.sqrt(3000))


def test_who_is_active_rises_and_falls():
    told = over_time(line(3), [1], rate=5.0, lasts=1.0, fixed=True, samples=200, streams=Streams(6))
    active = told.active([-1.0, 0.0, 0.9, 50.0])
    assert active[0] == 0
    assert active[1] == 1
    assert 2.5 < active[2] <= 3
    assert active[3] == 0


def test_the_same_streams_give_the_same_samples_and_more_samples_begin_with_them():
    few, many = (
        by_chance(both_ways(9, [(i, i + 1) for i in range(8)], 0.5), [4], samples=k, streams=Streams(1))
        for k in (3, 9)
    )
    assert (few.when == many.when[:3]).all()


def test_what_does_not_fit_is_refused():
    chain, streams = line(3), Streams(1)
    chance = {"samples": 2, "streams": streams}
    for call, said in [
        (lambda: Contacts(0, np.zeros(0, int), np.zeros(0, int)), "`n`"),
        (lambda: Contacts(2, np.array([0]), np.array([2])), "`target` names"),
        (lambda: Contacts(2, np.array([0, 1]), np.array([1])), "`target` must be"),
        (lambda: Contacts(2, np.array([0.0]), np.array([1])), "`source` must be"),
        (lambda: contacts(2, [(0, 1, -1.0)]), "`weight`"),
        (lambda: contacts(2, [(0, 1, np.nan)]), "`weight`"),
        (lambda: by_threshold(chain, [], 0.5), "`seeds`"),
        (lambda: by_threshold(chain, [3], 0.5), "`seeds`"),
        (lambda: by_threshold(chain, np.ones((2, 4), bool), 0.5), "`seeds`"),
        (lambda: by_chance(chain, np.ones((2, 3), bool), **chance), "`seeds`"),
        (lambda: by_threshold(chain, [0], 0.0), "`threshold`"),
        (lambda: by_threshold(chain, [0], np.nan), "`threshold`"),
        (lambda: by_threshold(chain, [0], 0.5, immune=[0]), "Node 0 is a seed"),
        (lambda: by_threshold(chain, [0], 0.5, immune=[9]), "`immune`"),
        (lambda: by_threshold(chain, [0], 0.5, barrier=1.5), "`barrier`"),
        (lambda: by_threshold(chain, [0], 0.5, barrier=[0.1, 0.2]), "`barrier`"),
        (lambda: by_chance(chain, [0], samples=0, streams=streams), "`samples`"),
        (lambda: by_chance(contacts(2, [(0, 1, 2.0)]), [0], **chance), "no chance"),
        (lambda: over_time(chain, [0], rate=0, lasts=1, **chance), "`rate`"),
        (lambda: over_time(chain, [0], rate=1, lasts=np.nan, **chance), "`lasts`"),
        (lambda: by_chance(chain, [0], **chance).chance(1.0), "`level`"),
    ]:
        with pytest.raises(BadParameter, match=said):
            call()


def test_nobody_to_reach_and_one_sample():
    alone = contacts(3, [])
    assert by_threshold(alone, [1], 0.5).tolist() == [-1, 0, -1]
    told = by_chance(alone, [1], samples=1, streams=Streams(1))
    assert told.sizes.tolist() == [1]
    assert told.mean_size()[1:] == (-np.inf, np.inf)
    assert over_time(alone, [1], rate=1, lasts=1, samples=1, streams=Streams(1)).sizes.tolist() == [1]
