"""
How much service is lost on average, on bad days, and where: Monte Carlo over sampled damage.

    up = sample_damage(system, probability, samples=2000, streams=Streams(1))
    risk = expected_service(system, up, solver="flow")
    risk.mean, risk.p99, risk.cvar95         # estimates with intervals
    risk.by_layer, risk.by_node              # frames

Where samples come from events (several samples of one earthquake), name the event of each in `groups`: then
the event is the unit of every interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from workbench.errors import BadParameter
from workbench.lifelines._estimates import Estimate, Sampled, group_numbers, sampled, weights_of
from workbench.lifelines._service_loss import Follow, ServiceLoss, Solvers
from workbench.lifelines.model import Bools, Floats, LifelineNetwork
from workbench.lifelines.system import InterdependentSystem

WITHOUT = 1e-6
"""A node is without service in a sample where it lacks more than this share of what it gets intact."""


@dataclass(frozen=True, eq=False)
class ServiceRisk:
    """
    Service lost over samples of damage, as shares of the intact service.

    Attributes
    ----------
    lost
        Of the whole system in each sample, shape (samples,).
    lost_by_layer
        Of each layer with a demand.
    model
        How it was served.
    works
        What still worked in each sample, shape (samples, assets).
    groups, weights
        Event and weight of each sample, as given.
    level
        Coverage of the intervals.
    """

    lost: Floats
    lost_by_layer: Mapping[str, Floats]
    model: ServiceLoss
    works: Bools
    groups: Sequence[Any] | None
    weights: Floats | None
    level: float

    @cached_property
    def mean(self) -> Estimate:
        """Mean share lost."""
        return self._of(self.lost).mean(self.level)

    @cached_property
    def p95(self) -> Estimate:
        """Share lost that is exceeded in 5 % of the samples."""
        return self.quantile(0.95)

    @cached_property
    def p99(self) -> Estimate:
        """Share lost that is exceeded in 1 % of the samples."""
        return self.quantile(0.99)

    @cached_property
    def cvar95(self) -> Estimate:
        """Mean share lost in the worst 5 % of the samples."""
        return self._of(self.lost).tail(0.95, self.level)

    def quantile(self, share: float) -> Estimate:
        """Quantile of the share lost; `share` between 0 and 1."""
        if not 0 < share < 1:
            raise BadParameter(f"A quantile is of a share between 0 and 1, not {share}.")
        return self._of(self.lost).quantile(share, self.level)

    def exceedance(self, shares: Sequence[float]) -> pl.DataFrame:
        """Loss exceedance curve: `probability` of losing more than each share, with `low` and `high`."""
        rows = []
        for share in shares:
            found = self._of((self.lost > share).astype(float)).mean(self.level)
            rows.append((float(share), found.value, max(found.low, 0.0), min(found.high, 1.0)))
        return pl.DataFrame(rows, schema=["share_lost", "probability", "low", "high"], orient="row")

    @cached_property
    def by_layer(self) -> pl.DataFrame:
        """Share lost by layer: `layer`, `mean` with `low` and `high`, `p95`, `p99`, `cvar95`."""
        rows = []
        for name, lost in self.lost_by_layer.items():
            one = self._of(lost)
            mean = one.mean(self.level)
            tails = (one.quantile(0.95).value, one.quantile(0.99).value, one.tail(0.95).value)
            rows.append((name, mean.value, mean.low, mean.high, *tails))
        schema = ["layer", "mean", "low", "high", "p95", "p99", "cvar95"]
        return pl.DataFrame(rows, schema=schema, orient="row")

    @cached_property
    def by_node(self) -> pl.DataFrame:
        """
        One row a node that is served when intact, by chance of going without.

        `layer`, `id`, `demand`, `people`, `chance_without` (lacking any of its service) with `low` and
        `high`, and `mean_lost` (share of its service). Each state is served node by node, which takes longer
        than totals. Where a flow could be shared out in several ways, these are of the one the solver chose:
        give `Flow(network, fair=True)` for a fair one.
        """
        frames = []
        for name in self.lost_by_layer:
            network = self.model.system.layers[name]
            lost = self.model.unserved(name, self.works)
            counted = np.flatnonzero(~np.isnan(lost[0]))
            rows = []
            for i in counted:
                chance = self._of((lost[:, i] > WITHOUT).astype(float)).mean(self.level)
                mean = self._of(lost[:, i]).mean(self.level).value
                rows.append((chance.value, max(chance.low, 0.0), min(chance.high, 1.0), mean))
            kept = network.nodes.select("id", "demand", "people")[counted]
            found = pl.DataFrame(
                rows,
                schema=dict.fromkeys(("chance_without", "low", "high", "mean_lost"), pl.Float64),
                orient="row",
            )
            frames.append(pl.concat([kept.select(pl.lit(name).alias("layer"), "*"), found], how="horizontal"))
        return pl.concat(frames).sort("chance_without", "layer", "id", descending=[True, False, False])

    def _of(self, values: Floats) -> Sampled:
        return sampled(values, self.groups, self.weights)

    def __repr__(self) -> str:
        return f"<service lost in {len(self.lost):,} samples: mean {self.mean}, P99 {self.p99}>"


def expected_service(
    system: InterdependentSystem | LifelineNetwork,
    up_samples: Bools,
    *,
    solver: Solvers = "connectivity",
    cascade: Follow = True,
    groups: Sequence[Any] | None = None,
    weights: Floats | None = None,
    layer_weights: Mapping[str, float] | None = None,
    level: float = 0.95,
    workers: int = 1,
) -> ServiceRisk:
    """
    Service lost over samples of damage.

    Parameters
    ----------
    system
        Networks and their dependencies.
    up_samples
        Whether each asset is undamaged, shape (samples, assets), from `sample_damage` or published scenarios.
    solver
        Name of a solver for all layers, or a solver or its name by layer.
    cascade
        Whether failures pass on through dependencies: True or "greatest", "black_start", or False.
    groups
        Event of each sample; None where samples are independent.
    weights
        Weight of each sample, such as the rate of its event; None for equal ones.
    layer_weights
        What each layer counts in the whole; else all with a demand the same.
    level
        Coverage of the intervals.
    workers
        Threads. Results do not depend on it.

    Returns
    -------
    risk
        Mean, quantiles and tail mean with intervals, by layer and by node. The intervals cover the sampling
        of damage, not what a solver leaves out of the physics.

    Raises
    ------
    BadParameter
        Samples, groups or weights that do not fit the system or each other; a layer that serves nothing even
        intact.
    UnknownName
        No such solver or layer.
    """
    up = np.asarray(up_samples)
    whole = InterdependentSystem.of(system)
    if up.ndim != 2 or not len(up):
        raise BadParameter(
            f"Give samples as rows, shape (samples, {whole.size}), not an array of shape {up.shape}."
        )
    if not 0 < level < 1:
        raise BadParameter(f"`level` lies between 0 and 1, not {level}.")
    group_numbers(groups, len(up))
    weights_of(weights, len(up))
    model = ServiceLoss(whole, solver=solver, cascade=cascade, weights=layer_weights, workers=workers)
    works = model.works(up)
    by_layer = model.shares(works)
    lost = np.asarray(sum(model.weights[name] * by_layer[name] for name in by_layer), float)
    return ServiceRisk(lost, by_layer, model, works, groups, weights, level)


__all__ = ["Estimate", "ServiceLoss", "ServiceRisk", "expected_service"]
