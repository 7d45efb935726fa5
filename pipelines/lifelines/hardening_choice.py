"""Assets chosen within places and money, and how often each is chosen when the events are drawn again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from pipelines.lifelines.hardening_loss import PeopleLoss
from pipelines.lifelines.hardening_samples import Sampled
from workbench.lifelines import InterdependentSystem
from workbench.lifelines.hardening import select_assets
from workbench.lifelines.model import Floats

if TYPE_CHECKING:
    from workbench.simulation import Streams

Method = Literal["greedy", "failure_times_loss", "betweenness", "random"]
METHODS: dict[str, Method] = {
    "chosen": "greedy",
    "rule": "failure_times_loss",
    "central": "betweenness",
    "random": "random",
}
"""How each option is made."""


@dataclass(frozen=True, eq=False)
class Means:
    """
    What there is to spend.

    Attributes
    ----------
    k
        Places.
    budget
        Money; None where there is no limit.
    costs
        Of each asset of the system, NaN where it has none.
    """

    k: int
    budget: float | None
    costs: Floats


def costs_of(system: InterdependentSystem) -> Floats:
    """Cost of hardening each asset, shape (assets,); NaN where it cannot be hardened or no cost is known."""
    parts = []
    for network in system.layers.values():
        for frame in (network.nodes, network.edges):
            if "harden_cost" in frame.columns:
                parts.append(frame["harden_cost"].cast(pl.Float64).fill_null(np.nan).to_numpy())
            else:
                parts.append(np.full(frame.height, np.nan))
    return np.concatenate(parts)


def choose(
    loss: PeopleLoss,
    on: Sampled,
    candidates: Sequence[int],
    means: Means,
    method: Method,
    *,
    weights: Floats | None = None,
    streams: Streams,
) -> tuple[int, ...]:
    """
    Choose within both places and money.

    Without a budget every asset takes one place. With one, an asset takes the greater of its share of the
    money and of the places, so that what fits, fits both; what is left of either is spent in further rounds,
    given what is chosen.

    Returns
    -------
    assets
        In the order in which they were chosen; fewer than `k` where no more is saved or paid for.
    """
    state, picked = on.up, list[int]()
    money = np.inf if means.budget is None else means.budget
    for at in range(means.k):
        places = means.k - len(picked)
        rest = [one for one in candidates if one not in picked and not means.costs[one] > money]
        if not rest or places < 1:
            break
        limited = means.budget is not None
        takes = [max(means.costs[one] / money, 1 / places, 1e-9) for one in rest] if limited else None
        found = select_assets(
            loss,
            state,
            rest,
            budget=1.0 if limited else places,
            costs=takes,
            method=method,
            hardened=on.hardened,
            weights=weights,
            streams=streams.child("round", at),
        )
        picked += found.assets
        if not limited or not found.assets:
            break
        money -= float(means.costs[list(found.assets)].sum())
        state = Sampled(on.up, on.hardened, on.event).with_hardened(picked)
    return tuple(picked)


def frequency(
    loss: PeopleLoss,
    on: Sampled,
    candidates: Sequence[int],
    means: Means,
    method: Method,
    *,
    refits: int,
    streams: Streams,
) -> dict[int, float]:
    """Share of the refits in which each asset is chosen when events are drawn with replacement."""
    known, place = np.unique(on.event, return_inverse=True)
    counts: dict[int, int] = {}
    for refit in range(refits):
        draw = streams.generator("events", refit).integers(0, len(known), len(known))
        times = np.bincount(draw, minlength=len(known)).astype(float)
        chosen = choose(
            loss, on, candidates, means, method, weights=times[place], streams=streams.child("refit", refit)
        )
        for asset in chosen:
            counts[asset] = counts.get(asset, 0) + 1
    return {asset: count / refits for asset, count in counts.items()}


def worth_a_look(loss: PeopleLoss, on: Sampled, candidates: Sequence[int], most: int) -> tuple[int, ...]:
    """
    Assets worth a closer look: all, where they are few.

    Else those that save most alone, those with the greatest chance of failing times loss when they alone
    fail, and those that fail where most is lost. The last two also find assets in series of which none saves
    anything alone.
    """
    numbers = np.asarray(candidates)
    if len(numbers) <= 2 * most:
        return tuple(int(one) for one in numbers)
    exposed = loss(on.up) @ (on.hardened & ~on.up)[:, numbers]
    found = {int(one) for one in numbers[np.argsort(-exposed, kind="stable")[:most]]}
    worth = select_assets(
        loss, on.up, numbers.tolist(), budget=most, method="risk_reduction_worth", hardened=on.hardened
    )
    threat = select_assets(
        loss, on.up, numbers.tolist(), budget=most, method="failure_times_loss", hardened=on.hardened
    )
    found |= {*worth.assets, *threat.assets}
    return tuple(sorted(found))
