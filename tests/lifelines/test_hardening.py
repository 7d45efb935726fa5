"""What to harden: greedy against a naive one and the true best, plateaus, budgets, importance."""

import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines import InterdependentSystem, LifelineNetwork
from workbench.lifelines._hardening import Gains
from workbench.lifelines.damage import sample_damage
from workbench.lifelines.hardening import (
    compare,
    evaluate,
    importance,
    select_assets,
    selection_frequency,
)
from workbench.lifelines.montecarlo import ServiceLoss
from workbench.simulation import Streams


def weighted(values):
    """A loss that adds up: each asset that is down loses its value."""
    values = np.array(values, float)
    return lambda up: (~up) @ values


def series(*groups):
    """A loss in which a group of assets is worth 1 / groups, and only while all of it is up."""
    return lambda up: np.mean([~up[:, list(group)].all(axis=1) for group in groups], axis=0)


def random_network(seed, n=9, m=14):
    rng = np.random.default_rng(seed)
    ends = np.concatenate(
        [[(int(rng.integers(0, i)), i) for i in range(1, n)], rng.integers(0, n, (m - n + 1, 2))]
    )
    ends = ends[ends[:, 0] != ends[:, 1]]
    nodes = pl.DataFrame(
        {
            "id": [f"n{i}" for i in range(n)],
            "supply": [99.0] + [0.0] * (n - 1),
            "demand": rng.integers(0, 5, n) + 0.0,
        }
    )
    edges = pl.DataFrame(
        {
            "id": [f"e{k}" for k in range(len(ends))],
            "u": [f"n{u}" for u, _ in ends],
            "v": [f"n{v}" for _, v in ends],
            "capacity": rng.integers(1, 9, len(ends)) + 0.0,
        }
    )
    return LifelineNetwork("water", nodes, edges)


def naive_greedy(loss, up, candidates, budget, cost):
    """Harden what saves most per cost, serving every sample again each time."""
    state, chosen = up.copy(), []
    while True:
        best, most = None, 1e-12
        for i, asset in enumerate(candidates):
            if asset in chosen or cost[i] > budget + 1e-12:
                continue
            after = state.copy()
            after[:, asset] = True
            worth = (loss(state).mean() - loss(after).mean()) / cost[i]
            if worth > most + 1e-12:
                best, most = i, worth
        if best is None:
            return chosen
        chosen.append(candidates[best])
        state[:, candidates[best]] = True
        budget -= cost[best]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["connectivity", "flow"]), st.booleans())
def test_looked_up_gains_are_those_of_serving_everything_again(seed, solver, backwards):
    net = random_network(seed)
    loss = ServiceLoss(net, solver=solver)
    p = np.full(net.size, 0.3)
    up = sample_damage(net, p, samples=40, streams=Streams(seed))
    hardened = sample_damage(net, p / 4, samples=40, streams=Streams(seed))
    weights = np.random.default_rng(seed).dirichlet(np.ones(40))
    candidates = np.arange(1, net.size)
    gains = Gains(loss, up, hardened, candidates, weights, backwards=backwards)
    column = up if backwards else hardened
    state = (hardened if backwards else up).copy()
    state[:, 0] = up[:, 0]
    for place in np.random.default_rng(seed).permutation(len(candidates))[:4]:
        now = weights @ loss(state)
        assert gains.total == pytest.approx(now, abs=1e-12)
        expected = []
        for asset in candidates:
            after = state.copy()
            after[:, asset] = column[:, asset]
            expected.append(now - weights @ loss(after))
        assert gains.single == pytest.approx(np.array(expected), abs=1e-12)
        gains.choose(int(place))
        state[:, candidates[place]] = column[:, candidates[place]]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_the_best_pair_is_that_of_all_pairs(seed):
    net = random_network(seed)
    loss = ServiceLoss(net)
    up = sample_damage(net, np.full(net.size, 0.4), samples=30, streams=Streams(seed))
    cost = np.random.default_rng(seed).uniform(1, 2, net.size)
    gains = Gains(loss, up, np.ones_like(up), np.arange(net.size), np.full(30, 1 / 30))
    best, beyond = 0.0, max(float((gains.single / cost).max()), 1e-12)
    for one, two in itertools.combinations(range(net.size), 2):
        after = up.copy()
        after[:, [one, two]] = True
        if cost[one] + cost[two] <= 3.2:
            best = max(best, (loss(up).mean() - loss(after).mean()) / (cost[one] + cost[two]))
    found = gains.best_pair(cost, 3.2, beyond)
    if found is None:
        assert best <= beyond + 1e-12
    else:
        after = up.copy()
        after[:, found] = True
        assert (loss(up).mean() - loss(after).mean()) / cost[list(found)].sum() == pytest.approx(best)


def test_greedy_without_ties_is_the_naive_one():
    rng = np.random.default_rng(1)
    values = rng.uniform(0.1, 1, 12)
    pairs = rng.uniform(0, 1, (12, 12))

    def loss(up):
        down = (~up).astype(float)
        return down @ values + np.einsum("si,ij,sj->s", down, pairs, down)

    up = rng.random((80, 12)) > 0.3
    cost = rng.uniform(0.5, 2, 12)
    for budget in (1.0, 3.0, 6.0):
        found = select_assets(loss, up, range(12), budget=budget, pairs="never")
        assert list(found.assets) == naive_greedy(loss, up, list(range(12)), budget, np.ones(12))
    by_cost = naive_greedy(loss, up, list(range(12)), 4.0, cost)
    found = select_assets(loss, up, range(12), budget=4.0, costs=cost, pairs="never")
    after = up.copy()
    after[:, by_cost] = True
    assert found.saved >= loss(up).mean() - loss(after).mean() - 1e-12
    assert found.spent == pytest.approx(cost[list(found.assets)].sum())
    assert found.spent <= 4.0


def test_losses_that_add_up_are_hardened_by_chance_times_loss():
    rng = np.random.default_rng(2)
    values = rng.uniform(0, 1, 20)
    up = rng.random((500, 20)) > rng.uniform(0.05, 0.5, 20)
    best = np.argsort(-values * (~up).mean(axis=0))[:5].tolist()
    for method in ("greedy", "reverse_greedy", "risk_reduction_worth", "failure_times_loss"):
        found = select_assets(weighted(values), up, range(20), budget=5, method=method)
        assert sorted(found.assets) == sorted(best)
        assert found.method == method
        assert found.saved == pytest.approx((values * (~up).mean(axis=0))[best].sum())


def test_two_in_series_gain_nothing_alone():
    """Assets 0 and 1 always fail together; 2 fails alone, a little."""
    up = np.ones((100, 4), bool)
    up[:, :2] = False
    up[:5, 2] = False
    loss = series((0, 1), (2,), (3,))
    single = select_assets(loss, up, range(4), budget=1)
    assert single.assets == (2,)
    assert set(select_assets(loss, up, range(4), budget=2).assets) == {0, 1}
    assert set(select_assets(loss, up, range(4), budget=2, pairs="always").assets) == {0, 1}
    assert select_assets(loss, up, range(4), budget=2, pairs="never").assets == (2,)
    assert set(select_assets(loss, up, range(4), budget=3).assets) == {0, 1, 2}
    assert set(select_assets(loss, up, range(4), budget=2, method="reverse_greedy").assets) == {0, 1}


def test_three_in_series_are_found_backwards():
    up = np.ones((50, 5), bool)
    up[:, :3] = False
    loss = series((0, 1, 2), (3,), (4,))
    assert set(select_assets(loss, up, range(5), budget=3).assets) == {0, 1, 2}
    assert select_assets(loss, up, range(5), budget=2).assets == ()
    assert select_assets(loss, up, range(5), budget=2).saved == 0


def test_a_pair_must_fit_the_budget():
    up = np.zeros((10, 4), bool)
    loss = series((0, 1), (2, 3))
    found = select_assets(loss, up, range(4), budget=3.0, costs=[2.0, 2.0, 1.5, 1.5])
    assert set(found.assets) == {2, 3}
    assert found.spent == 3.0


def test_the_best_single_asset_stands_where_cheap_ones_take_its_place():
    """Saving per cost takes the cheap asset, and the one that matters no longer fits."""
    up = np.zeros((10, 2), bool)
    found = select_assets(weighted([1.0, 50.0]), up, range(2), budget=10.0, costs=[0.1, 10.0])
    assert found.assets == (1,)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_greedy_is_near_the_best_of_all_choices(seed):
    net = random_network(seed, n=7, m=9)
    loss = ServiceLoss(net)
    up = sample_damage(net, np.full(net.size, 0.3), samples=40, streams=Streams(seed))
    candidates = list(range(net.n, net.size))
    best = 0.0
    for chosen in itertools.combinations(candidates, 2):
        after = up.copy()
        after[:, chosen] = True
        best = max(best, loss(up).mean() - loss(after).mean())
    for choice in (
        select_assets(loss, up, candidates, budget=2, pairs="always"),
        select_assets(loss, up, candidates, budget=2, method="reverse_greedy"),
    ):
        assert choice.saved <= best + 1e-12
    # with pairs in play a budget of two is searched in full when no single asset is worth half of it
    assert select_assets(loss, up, candidates, budget=2, pairs="always").saved >= 0.5 * best - 1e-12


def test_hardening_everything_loses_nothing():
    net = random_network(3)
    loss = ServiceLoss(net)
    up = sample_damage(net, np.full(net.size, 0.3), samples=50, streams=Streams(1))
    found = select_assets(loss, up, range(net.size), budget=net.size)
    assert found.saved == pytest.approx(found.base)
    full = evaluate(loss, range(net.size), up, streams=Streams(2), candidates=range(net.size))
    assert full.avoidable.value == pytest.approx(1.0)
    assert (full.avoidable.low, full.avoidable.high) == pytest.approx((1.0, 1.0))


def test_hardened_fragilities_lower_the_chance_on_the_same_luck():
    net = random_network(4)
    loss, p = ServiceLoss(net), np.full(net.size, 0.4)
    up = sample_damage(net, p, samples=400, streams=Streams(1))
    half = sample_damage(net, p / 2, samples=400, streams=Streams(1))
    some = select_assets(loss, up, range(net.size), budget=4, hardened=half)
    full = select_assets(loss, up, range(net.size), budget=4)
    assert 0 < some.saved < full.saved
    after = up.copy()
    after[:, list(some.assets)] = half[:, list(some.assets)]
    assert some.saved == pytest.approx(loss(up).mean() - loss(after).mean())
    with pytest.raises(BadParameter, match="fail more when hardened"):
        select_assets(loss, half, range(net.size), budget=4, hardened=up)
    judged = evaluate(loss, some.assets, up, streams=Streams(2), hardened=half)
    assert judged.saved.value == pytest.approx(some.saved)


def test_weights_are_repetitions():
    rng = np.random.default_rng(5)
    up = rng.random((30, 8)) > 0.3
    values, times = rng.uniform(0, 1, 8), rng.integers(1, 4, 30)
    loss = weighted(values)
    one = select_assets(loss, up, range(8), budget=3, weights=times)
    two = select_assets(loss, np.repeat(up, times, axis=0), range(8), budget=3)
    assert one.assets == two.assets
    assert one.saved == pytest.approx(two.saved)


def bridge():
    """Two terminals, five edges, the fifth across: the loss is being cut off."""
    nodes = pl.DataFrame({"id": ["s", "a", "b", "t"], "supply": [1.0, 0, 0, 0], "demand": [0.0, 0, 0, 1.0]})
    ends = [("s", "a"), ("s", "b"), ("a", "t"), ("b", "t"), ("a", "b")]
    edges = pl.DataFrame(
        {"id": [f"e{i}" for i in range(5)], "u": [u for u, _ in ends], "v": [v for _, v in ends]}
    )
    return LifelineNetwork("power", nodes, edges)


@pytest.mark.parametrize("p", [0.5, 0.9, 0.99])
def test_importance_in_a_bridge_network_is_the_closed_form(p):
    """
    Reliability of the bridge network: 2p^2 + 2p^3 - 5p^4 + 2p^5 (a classical result, such as in Barlow and
    Proschan 1975); conditioning on one edge gives each Birnbaum importance.
    """
    net = bridge()
    states = np.array(list(itertools.product([True, False], repeat=5)))
    up = np.ones((32, net.size), bool)
    up[:, net.n :] = states
    weights = np.where(states, p, 1 - p).prod(axis=1)
    found = importance(ServiceLoss(net), up, range(net.n, net.size), weights=weights).sort("asset")
    reliability = 2 * p**2 + 2 * p**3 - 5 * p**4 + 2 * p**5
    across_up, across_down = (1 - (1 - p) ** 2) ** 2, 1 - (1 - p**2) ** 2
    assert p * across_up + (1 - p) * across_down == pytest.approx(reliability)
    last = found.row(4, named=True)
    assert last["birnbaum"] == pytest.approx(across_up - across_down)
    assert last["birnbaum"] == pytest.approx(2 * p**2 * (1 - p) ** 2)
    assert last["failure_probability"] == pytest.approx(1 - p)
    loss = 1 - reliability
    assert last["risk_achievement_worth"] == pytest.approx((1 - across_down) / loss)
    assert last["risk_reduction_worth"] == pytest.approx(loss / (1 - across_up))
    assert last["fussell_vesely"] == pytest.approx((loss - (1 - across_up)) / loss)
    # an outer edge: up, the terminal is reached by a -> t, or over b; down, only over b
    first_up = p + (1 - p) * p * p + (1 - p) * p * p * (1 - p)
    first_down = p * (p + (1 - p) * p * p)
    assert p * first_up + (1 - p) * first_down == pytest.approx(reliability)
    outer = found["birnbaum"].to_numpy()[:4]
    assert outer == pytest.approx([first_up - first_down] * 4)


def test_importance_of_what_never_fails_and_of_nothing_to_lose():
    up = np.ones((4, 3), bool)
    up[0, 0] = False
    found = importance(weighted([0.5, 0.25, 0.0]), up, [0, 1, 2])
    assert found["asset"].to_list() == [0, 1, 2]
    assert found["lost_if_up"].to_list() == [0.0, 0.125, 0.125]
    assert found["risk_reduction_worth"].to_list() == [np.inf, 1.0, 1.0]
    calm = importance(weighted([0.5, 0.25, 0.0]), up[1:], [0])
    assert np.isnan(calm["risk_achievement_worth"][0])
    with pytest.raises(BadParameter, match="numbers from 0 to 2"):
        importance(weighted([1, 1, 1]), up, [3])


def events(seed, count=40, size=10, assets=12):
    """Samples in events: each event shakes its own assets."""
    rng = np.random.default_rng(seed)
    frail = rng.random((count, 1, assets)) * 0.5
    up = rng.random((count, size, assets)) > frail
    return up.reshape(-1, assets), np.repeat(np.arange(count), size)


def test_judging_on_other_events():
    values = np.linspace(1, 0.1, 12)
    loss = weighted(values)
    up, group = events(1)
    train = group % 2 == 0
    choice = select_assets(loss, up[train], range(12), budget=3)
    judged = evaluate(
        loss, choice.assets, up[~train], groups=group[~train], candidates=range(12), streams=Streams(1)
    )
    assert judged.events == 20
    assert judged.saved.low < judged.saved.value < judged.saved.high
    assert judged.saved.value == pytest.approx(judged.by_sample.mean())
    assert judged.avoidable.value == pytest.approx(judged.saved.value / loss(up[~train]).mean())
    assert "20 events" in judged.said.en
    assert "20 个事件" in judged.said.zh
    again = evaluate(loss, choice.assets, up[~train], groups=group[~train], streams=Streams(1))
    assert again.saved == judged.saved
    assert again.avoidable is None
    wide = judged.saved.high - judged.saved.low
    alone = evaluate(loss, choice.assets, up[~train], streams=Streams(1)).saved
    assert wide > 1.2 * (alone.high - alone.low)


def test_few_events_cannot_tell():
    up, group = events(2, count=3)
    judged = evaluate(weighted(np.ones(12)), [0], up, groups=group, streams=Streams(1))
    assert not judged.saved.told
    assert "cannot be told from 3 events" in judged.said.en
    frame = compare(weighted(np.ones(12)), {"a": [0], "b": []}, up, groups=group, streams=Streams(1))
    assert frame["verdict"].to_list() == ["first", "cannot tell"]


def test_the_bootstrap_interval_is_that_of_the_events():
    """Against the t interval of the event means, which are independent and of one size."""
    from scipy.stats import t

    up, group = events(3, count=60)
    values = np.linspace(1, 0.1, 12)
    judged = evaluate(weighted(values), [0, 1, 2], up, groups=group, streams=Streams(1))
    means = judged.by_sample.reshape(60, 10).mean(axis=1)
    low, high = t.interval(0.95, 59, means.mean(), means.std(ddof=1) / np.sqrt(60))
    assert (judged.saved.low, judged.saved.high) == pytest.approx((low, high), abs=0.1 * (high - low))


def test_choices_are_compared_sample_by_sample():
    up, group = events(4)
    values = np.linspace(1, 0.1, 12)
    choices = {"best": [0, 1, 2], "same": [2, 1, 0], "worse": [9, 10, 11], "more": [0, 1, 2, 3]}
    frame = compare(weighted(values), choices, up, groups=group, streams=Streams(1))
    assert frame["verdict"].to_list() == ["first", "cannot tell", "saves less", "saves more"]
    assert frame["less"][1] == 0.0
    assert frame["less"][2] == pytest.approx(frame["saved"][0] - frame["saved"][2])
    with pytest.raises(BadParameter, match="at least one choice"):
        compare(weighted(values), {}, up, streams=Streams(1))


def test_how_often_an_asset_is_chosen_again():
    up, group = events(5, count=30)
    values = np.array([5.0, 4.0, *np.full(10, 0.5)])
    found = selection_frequency(
        weighted(values), up, range(12), budget=3, groups=group, streams=Streams(1), refits=10
    )
    chosen = dict(found.iter_rows())
    assert chosen[0] == chosen[1] == 1.0
    assert found["chosen"].is_sorted(descending=True)
    assert sum(chosen.values()) == pytest.approx(3.0)
    assert len(chosen) > 3  # the third place is luck
    again = selection_frequency(
        weighted(values), up, range(12), budget=3, groups=group, streams=Streams(1), refits=10
    )
    assert again.equals(found)
    with pytest.raises(BadParameter, match="2 events and 2 refits"):
        selection_frequency(weighted(values), up, range(12), budget=3, groups=[0] * 300, streams=Streams(1))


def test_choices_to_compare_with():
    net = random_network(6)
    loss = ServiceLoss(net)
    up = sample_damage(net, np.full(net.size, 0.3), samples=80, streams=Streams(1))
    drawn = select_assets(loss, up, range(net.size), budget=3, method="random", streams=Streams(1))
    assert len(drawn.assets) == 3
    other = select_assets(loss, up, range(net.size), budget=3, method="random", streams=Streams(2))
    assert drawn.assets != other.assets
    central = select_assets(loss, up, range(net.size), budget=3, method="betweenness")
    from workbench.lifelines.criticality import betweenness

    expected = betweenness(net).sort("betweenness", "asset", descending=[True, False])["asset"].to_list()[:3]
    assert list(central.assets) == expected
    with pytest.raises(BadParameter, match="give a `ServiceLoss`"):
        select_assets(weighted(np.ones(net.size)), up, [0], budget=1, method="betweenness")
    with pytest.raises(BadParameter, match="needs `streams`"):
        select_assets(loss, up, [0], budget=1, method="random")


def test_chosen_assets_have_names():
    net = random_network(7)
    loss = ServiceLoss(net)
    up = sample_damage(net, np.full(net.size, 0.3), samples=80, streams=Streams(1))
    choice = select_assets(loss, up, range(net.size), budget=3)
    frame = choice.frame(InterdependentSystem.of(net))
    assert frame["asset"].to_list() == list(choice.assets)
    assert frame["id"].to_list() == [net.asset_ids[i] for i in choice.assets]
    assert frame["rank"].to_list() == [1, 2, 3]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"method": "greed"}, "Nearest: greedy"),
        ({"pairs": "sometimes"}, "sometimes"),
        ({"budget": 0}, "`budget` is above 0"),
        ({"budget": np.inf}, "`budget`"),
        ({"budget": 0.5}, "cheapest candidate costs 1"),
        ({"candidates": []}, "at least one"),
        ({"candidates": [0, 0]}, "more than once"),
        ({"candidates": [0, 9]}, "from 0 to 3"),
        ({"candidates": [0.5]}, "numbers of assets"),
        ({"costs": [1.0]}, "one cost above 0"),
        ({"costs": [1.0, 0.0]}, "one cost above 0"),
        ({"costs": [1.0, np.nan]}, "one cost above 0"),
        ({"up_samples": np.ones(4, bool)}, "rows of Booleans"),
        ({"up_samples": np.ones((3, 4))}, "rows of Booleans"),
        ({"hardened": np.ones((2, 4), bool)}, "one shape"),
        ({"weights": np.ones(2)}, "one weight"),
    ],
)
def test_bad_input_is_refused(change, said):
    given = {"up_samples": np.zeros((3, 4), bool), "candidates": [0, 1], "budget": 1} | change
    with pytest.raises((BadParameter, UnknownName), match=said):
        select_assets(weighted(np.ones(4)), given.pop("up_samples"), given.pop("candidates"), **given)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"assets": [4]}, "from 0 to 3"),
        ({"groups": [1]}, "one group"),
        ({"resamples": 5}, "at least 100"),
        ({"level": 0}, "level"),
        ({"hardened": np.ones((1, 4), bool)}, "shape"),
        ({"held_out": np.ones((0, 4), bool)}, "rows of Booleans"),
    ],
)
def test_bad_evaluations_are_refused(change, said):
    given = {"assets": [0], "held_out": np.zeros((9, 4), bool), "streams": Streams(1)} | change
    with pytest.raises(BadParameter, match=said):
        evaluate(weighted(np.ones(4)), given.pop("assets"), given.pop("held_out"), **given)
