"""
Which assets to harden within a budget so that most service is saved, and how sure that is.

    loss = ServiceLoss(system, solver="flow")
    choice = select_assets(loss, up[train], candidates, budget=10)
    evaluate(loss, choice.assets, up[test], groups=events[test], streams=Streams(1)).saved

Choose on some events and judge on others: what a choice saves on the samples it was made on is too good by a
third or more. Samples of one event belong on one side. How often an asset is chosen when the events are drawn
again says whether it is the asset or the luck of the draw (`selection_frequency`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np
import polars as pl

from workbench.errors import BadParameter, UnknownName
from workbench.lifelines._estimates import group_numbers, weights_of
from workbench.lifelines._given import whole
from workbench.lifelines._hardening import Gains, Loss, Whole, rows_of
from workbench.lifelines._hardening_evaluation import Evaluation, compare, evaluate
from workbench.lifelines._hardening_methods import Method, Pairs, best_greedy, ranked, reverse, scores_of
from workbench.lifelines._importance import importance
from workbench.lifelines.model import Bools, Floats

if TYPE_CHECKING:
    from workbench.lifelines.system import InterdependentSystem
    from workbench.simulation import Streams


@dataclass(frozen=True, eq=False)
class HardeningChoice:
    """
    Assets to harden.

    Attributes
    ----------
    assets
        By number, in the order in which they were chosen.
    method
        How.
    saved
        Mean share of service saved on the samples it was chosen on: too good, never to be reported as the
        saving.
    base
        Mean share lost there without hardening.
    spent, budget
        Cost of the assets, and what they might cost.
    """

    assets: tuple[int, ...]
    method: str
    saved: float
    base: float
    spent: float
    budget: float

    def frame(self, system: InterdependentSystem) -> pl.DataFrame:
        """One row an asset, in order: `rank`, `asset`, `layer`, `part`, `id`, `kind`, `name`, `zone`."""
        order = pl.DataFrame(
            {"rank": range(1, len(self.assets) + 1), "asset": self.assets},
            schema_overrides={"asset": pl.UInt32},
        )
        return order.join(
            system.assets.with_columns(pl.col("asset").cast(pl.UInt32)),
            on="asset",
            how="left",
            maintain_order="left",
        )


def select_assets(
    loss_model: Loss,
    up_samples: Bools,
    candidates: Sequence[int],
    *,
    budget: float,
    costs: Sequence[float] | None = None,
    method: Method = "greedy",
    hardened: Bools | None = None,
    weights: Floats | None = None,
    pairs: Pairs = "plateau",
    streams: Streams | None = None,
) -> HardeningChoice:
    """
    Choose assets to harden on samples of damage.

    Parameters
    ----------
    loss_model
        Share lost in each of many states, such as a `ServiceLoss`.
    up_samples
        Whether each asset is undamaged, shape (samples, assets).
    candidates
        Assets that may be hardened, by number.
    budget
        What they may cost together; without costs how many.
    costs
        Of each candidate, above 0; None for 1 each.
    method
        "greedy": the greatest saving per cost next, given what is chosen; where no single asset saves
        anything (two in series), the best pair. Where costs differ it is compared with greedy by saving
        alone, which also stands for the best single asset [1]_, and where it ends before the budget does,
        with "reverse_greedy". "reverse_greedy": all hardened, then the least missed per cost is given up
        until the budget holds. Slower, and sees what only saves together.
        "risk_reduction_worth": the greatest saving of each alone. "failure_times_loss": chance of failing
        times loss when it alone fails. "betweenness" and "random" are there to be compared with.
    hardened
        What would be up if all were hardened, shape of `up_samples`: samples of the hardened fragilities from
        the same `Streams`. None where a hardened asset never fails.
    weights
        Of the samples.
    pairs
        Whether greedy looks at pairs: only where singles gain nothing ("plateau"), "always", or "never".
    streams
        Randomness of "random".

    Returns
    -------
    choice
        Some of the budget stays where nothing more is saved.

    Raises
    ------
    BadParameter
        Samples, candidates, costs or `hardened` that do not fit each other.
    UnknownName
        No such method.

    Notes
    -----
    Saved service has no diminishing returns in general, so that the guarantee of 1 - 1/e of greedy selection
    does not hold. All methods meet the same samples (common random numbers).

    References
    ----------
    .. [1] S. Khuller, A. Moss and J. Naor (1999), The budgeted maximum coverage problem, Information
       Processing Letters 70(1), 39-45.
    """
    if method not in get_args(Method):
        raise UnknownName("method of hardening", str(method), get_args(Method))
    if pairs not in get_args(Pairs):
        raise UnknownName("use of pairs", str(pairs), get_args(Pairs))
    up, sturdy, numbers, cost = _checked(up_samples, hardened, candidates, costs)
    if not (budget > 0 and np.isfinite(budget)):
        raise BadParameter(f"`budget` is above 0, not {budget}.")
    if cost.min() > budget:
        raise BadParameter(
            f"The cheapest candidate costs {cost.min():g}, more than the budget of {budget:g}."
        )
    shares = weights_of(weights, len(up))

    def gains(*, backwards: bool = False) -> Gains:
        return Gains(loss_model, up, sturdy, numbers, shares, backwards=backwards)

    if method == "greedy":
        places = best_greedy(gains, cost, float(budget), pairs)
    elif method == "reverse_greedy":
        places = reverse(gains(backwards=True), cost, float(budget))
    else:
        scores = scores_of(method, loss_model, gains, up, sturdy, numbers, shares, streams)
        places = ranked(scores, cost, float(budget))
    after = up.copy()
    chosen = numbers[places]
    after[:, chosen] = sturdy[:, chosen]
    base, then = (float(shares @ loss_model(state)) for state in (up, after))
    spent = float(cost[places].sum())
    return HardeningChoice(tuple(int(one) for one in chosen), method, base - then, base, spent, float(budget))


def selection_frequency(
    loss_model: Loss,
    up_samples: Bools,
    candidates: Sequence[int],
    *,
    budget: float,
    groups: Sequence[object],
    streams: Streams,
    refits: int = 20,
    costs: Sequence[float] | None = None,
    method: Method = "greedy",
    hardened: Bools | None = None,
) -> pl.DataFrame:
    """
    How often each asset is chosen when the events are drawn again.

    Parameters
    ----------
    loss_model, up_samples, candidates, budget, costs, method, hardened
        As in `select_assets`.
    groups
        Event of each sample; events are drawn with replacement, as many as there are.
    streams
        Randomness.
    refits
        How often.

    Returns
    -------
    frequency
        `asset`, `chosen` (share of the refits), most often first; assets never chosen are left out.

    Raises
    ------
    BadParameter
        Fewer than two events or refits.
    """
    up = np.asarray(up_samples)
    group = group_numbers(groups, len(up))
    events = int(group.max()) + 1 if len(group) else 0
    whole("refits", refits, 1)
    if events < 2 or refits < 2:
        raise BadParameter(f"Stability needs at least 2 events and 2 refits, not {events} and {refits}.")
    counts: dict[int, int] = {}
    for refit in range(refits):
        draw = streams.generator("events", refit).integers(0, events, events)
        times = np.bincount(draw, minlength=events).astype(float)
        choice = select_assets(
            loss_model,
            up,
            candidates,
            budget=budget,
            costs=costs,
            method=method,
            hardened=hardened,
            weights=times[group],
            streams=streams.child("refit", refit),
        )
        for asset in choice.assets:
            counts[asset] = counts.get(asset, 0) + 1
    rows = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return pl.DataFrame(
        {"asset": [one for one, _ in rows], "chosen": [count / refits for _, count in rows]},
        schema={"asset": pl.Int64, "chosen": pl.Float64},
    )


def _checked(
    up_samples: Bools, hardened: Bools | None, candidates: Sequence[int], costs: Sequence[float] | None
) -> tuple[Bools, Bools, Whole, Floats]:
    up = rows_of(up_samples)
    numbers = np.asarray(candidates)
    if numbers.ndim != 1 or not len(numbers) or not np.issubdtype(numbers.dtype, np.integer):
        raise BadParameter("Candidates are numbers of assets, at least one.")
    if numbers.min() < 0 or numbers.max() >= up.shape[1]:
        raise BadParameter(
            f"Candidates are numbers from 0 to {up.shape[1] - 1}, not {numbers.min()} to {numbers.max()}."
        )
    if len(np.unique(numbers)) < len(numbers):
        raise BadParameter("Some candidates are given more than once.")
    sturdy = np.ones_like(up) if hardened is None else np.asarray(hardened)
    if sturdy.shape != up.shape or sturdy.dtype != np.bool_:
        raise BadParameter(
            f"`hardened` has the shape {sturdy.shape}, the samples {up.shape}: give Booleans of one shape."
        )
    worse = (up & ~sturdy)[:, numbers].any(axis=0)
    if worse.any():
        raise BadParameter(
            f"{int(worse.sum())} candidates fail more when hardened (numbers {numbers[worse][:5].tolist()}): "
            "sample both with the same Streams, and give hardened assets lower probabilities."
        )
    cost = np.ones(len(numbers)) if costs is None else np.asarray(costs, float)
    if cost.shape != numbers.shape or not np.isfinite(cost).all() or (cost <= 0).any():
        raise BadParameter(f"Give one cost above 0 for each of {len(numbers)} candidates.")
    return up, sturdy, numbers.astype(np.int64), cost


__all__ = [
    "Evaluation",
    "HardeningChoice",
    "compare",
    "evaluate",
    "importance",
    "select_assets",
    "selection_frequency",
]
