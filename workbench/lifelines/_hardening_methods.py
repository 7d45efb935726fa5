"""Ways to choose assets within a budget: greedily from none or from all, or by a score of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np

from workbench.errors import BadParameter
from workbench.lifelines._hardening import Gains, Loss, Whole
from workbench.lifelines._service_loss import ServiceLoss
from workbench.lifelines.model import Bools, Floats

if TYPE_CHECKING:
    from workbench.simulation import Streams

Method = Literal[
    "greedy", "reverse_greedy", "risk_reduction_worth", "failure_times_loss", "betweenness", "random"
]
Pairs = Literal["plateau", "always", "never"]
NOTHING = 1e-12


def best_greedy(gains: Callable[..., Gains], cost: Floats, budget: float, pairs: Pairs) -> list[int]:
    """Best of greedy by saving per cost, by saving, and backwards where these end early."""
    found = [_forward(gains(), cost, budget, cost, pairs)]
    if np.ptp(cost) > 0:
        found.append(_forward(gains(), cost, budget, np.ones_like(cost), pairs))
    places, total, early = min(found, key=lambda one: one[1])
    if early and pairs != "never":
        back = gains(backwards=True)
        if back.total < total - NOTHING:
            kept = reverse(back, cost, budget)
            if back.total < total - NOTHING:
                return kept
    return places


def _forward(
    now: Gains, cost: Floats, budget: float, per: Floats, pairs: Pairs
) -> tuple[list[int], float, bool]:
    """Places chosen, the mean loss then, and whether it ended with budget and loss left."""
    places: list[int] = []
    while True:
        open_ = cost <= budget + NOTHING
        open_[places] = False
        if not open_.any():
            return places, now.total, False
        worth = np.where(open_, now.single / per, -np.inf)
        best = int(np.lexsort((np.arange(len(cost)), cost, -worth))[0])
        pair = None
        if pairs == "always" or (pairs == "plateau" and worth[best] <= NOTHING):
            pair = now.best_pair(np.where(open_, cost, np.inf), budget, max(float(worth[best]), NOTHING))
        if pair is None and worth[best] <= NOTHING:
            return places, now.total, now.total > NOTHING
        for place in pair or (best,):
            now.choose(place)
            places.append(place)
            budget -= float(cost[place])


def reverse(now: Gains, cost: Floats, budget: float) -> list[int]:
    """Places kept, most missed first."""
    kept = list(range(len(cost)))
    while kept and float(cost[kept].sum()) > budget + NOTHING:
        missed = -now.single[kept] / cost[kept]
        place = kept[int(np.lexsort((-np.array(kept), missed))[0])]
        now.choose(place)
        kept.remove(place)
    return [kept[i] for i in np.argsort(now.single[kept], kind="stable")]


def scores_of(
    method: str,
    loss_model: Loss,
    gains: Callable[..., Gains],
    up: Bools,
    sturdy: Bools,
    numbers: Whole,
    shares: Floats,
    streams: Streams | None,
) -> Floats:
    """Score of each candidate alone."""
    if method == "risk_reduction_worth":
        return gains().single
    if method == "failure_times_loss":
        fails = shares @ (sturdy[:, numbers] & ~up[:, numbers])
        alone = np.ones((len(numbers) + 1, up.shape[1]), bool)
        alone[np.arange(len(numbers)), numbers] = False
        lost = loss_model(alone)
        return np.asarray(fails * (lost[:-1] - lost[-1]), float)
    if method == "random":
        if streams is None:
            raise BadParameter("Choosing at random needs `streams`.")
        return np.asarray(1.0 + streams.generator("hardening").random(len(numbers)), float)
    return _betweenness(loss_model)[numbers]


def _betweenness(loss_model: Loss) -> Floats:
    from workbench.lifelines.criticality import betweenness

    if not isinstance(loss_model, ServiceLoss):
        raise BadParameter("Betweenness needs the networks: give a `ServiceLoss` as the loss model.")
    system = loss_model.system
    scores = np.zeros(system.size)
    for name, network in system.layers.items():
        found = betweenness(network)
        scores[system.offsets[name] + found["asset"].to_numpy()] = found["betweenness"].to_numpy()
    return scores


def ranked(scores: Floats, cost: Floats, budget: float) -> list[int]:
    """Places by score per cost, as long as they fit; those without a score are left out."""
    places: list[int] = []
    for place in np.argsort(-scores / cost, kind="stable"):
        if scores[place] > NOTHING and cost[place] <= budget + NOTHING:
            places.append(int(place))
            budget -= float(cost[place])
    return places
