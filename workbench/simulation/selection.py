"""Which scenario is best: stop as soon as it is clear, and say how clear it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.errors import BadParameter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from workbench.simulation.streams import Streams


@dataclass(frozen=True)
class KimNelson:
    """
    The fully sequential procedure of Kim and Nelson [1]_, step by step.

    It guarantees that the best of `count` normal scenarios is selected with probability at least
    1 - `alpha` whenever it is better than the others by at least `delta`. It works with the variances of
    differences, so it holds under common random numbers, and stops the sooner the more they help. Larger is
    better; turn signs for a minimum.

    Parameters
    ----------
    count
        Scenarios, at least 2.
    delta
        The smallest difference worth detecting, in the unit of the outcome (indifference zone).
    alpha
        Probability of a wrong selection, below 1 - 1/count.
    first
        Replications of the first stage, at least 2; 10 or more are better.

    References
    ----------
    .. [1] S.-H. Kim and B. L. Nelson (2001), A fully sequential procedure for indifference-zone selection in
       simulation, ACM Transactions on Modeling and Computer Simulation 11(3).
    """

    count: int
    delta: float
    alpha: float = 0.05
    first: int = 20

    def __post_init__(self) -> None:
        if self.count < 2:
            raise BadParameter(f"Selecting the best needs at least 2 scenarios, not {self.count}.")
        if not (self.delta > 0 and math.isfinite(self.delta)):
            raise BadParameter(
                f"`delta`, the smallest difference worth detecting, must be above 0, not {self.delta}."
            )
        if not 0 < self.alpha < 1 - 1 / self.count:
            raise BadParameter(
                f"`alpha` must lie between 0 and {1 - 1 / self.count:g} with {self.count} scenarios, "
                f"not {self.alpha}."
            )
        if self.first < 2:
            raise BadParameter(f"The first stage needs at least 2 replications, not {self.first}.")

    @property
    def h2(self) -> float:
        """The constant h squared of the procedure."""
        power = -2 / (self.first - 1)
        return float(((2 * self.alpha / (self.count - 1)) ** power - 1) * (self.first - 1))

    def spread(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """
        Variances of the differences between scenarios in the first stage.

        Parameters
        ----------
        values
            Shape (..., first, count).

        Returns
        -------
        ndarray
            Shape (..., count, count).
        """
        import numpy as np

        apart = values - values.mean(axis=-2, keepdims=True)
        products = np.swapaxes(apart, -1, -2) @ apart / (values.shape[-2] - 1)
        own = np.diagonal(products, axis1=-2, axis2=-1)
        return np.asarray(np.maximum(own[..., :, None] + own[..., None, :] - 2 * products, 0.0))

    def last(self, spread: NDArray[np.float64]) -> NDArray[np.float64]:
        """Replications after which the largest mean wins at the latest, for each leading index."""
        import numpy as np

        return np.asarray(np.floor(self.h2 * spread.max(axis=(-1, -2)) / self.delta**2) + 1)

    def surviving(
        self,
        means: NDArray[np.float64],
        n: int,
        spread: NDArray[np.float64],
        alive: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """
        Scenarios that may still be the best after `n` replications.

        Parameters
        ----------
        means
            Of the first `n` replications, shape (..., count); those of the eliminated do not matter.
        n
            Replications so far.
        spread
            From `spread`.
        alive
            Those that survived so far, shape (..., count).

        Returns
        -------
        ndarray
            Shape (..., count); after the last replication only the largest mean survives.
        """
        import numpy as np

        room = np.maximum(0.0, self.delta / (2 * n) * (self.h2 * spread / self.delta**2 - n))
        held = np.where(alive, means, -np.inf)
        behind = held[..., :, None] < held[..., None, :] - room
        kept = alive & ~(behind & alive[..., None, :]).any(axis=-1)
        over = n >= self.last(spread)
        best = np.argmax(held, axis=-1)[..., None] == np.arange(self.count)
        return np.asarray(np.where(over[..., None], best, kept))


def kim_nelson(
    values: ArrayLike, *, delta: float, alpha: float = 0.05, first: int = 20
) -> tuple[int | None, int]:
    """
    Apply the procedure of Kim and Nelson to replications that are already there.

    Parameters
    ----------
    values
        Shape (replications, scenarios); rows met the same day or not, larger is better.
    delta, alpha, first
        As in `KimNelson`.

    Returns
    -------
    best, replications
        The place of the best, None where the replications do not suffice to tell, and how many were used.

    Raises
    ------
    BadParameter
        Fewer replications than the first stage, or some are not numbers.
    """
    import numpy as np

    observed = np.asarray(values, float)
    if observed.ndim != 2 or not np.isfinite(observed).all():
        raise BadParameter("Selection needs a table of numbers, replications by scenarios, without gaps.")
    procedure = KimNelson(observed.shape[1], delta, alpha, first)
    if len(observed) < first:
        raise BadParameter(f"The first stage needs {first} replications, and there are {len(observed)}.")
    spread = procedure.spread(observed[:first])
    means = np.cumsum(observed, axis=0) / np.arange(1, len(observed) + 1)[:, None]
    alive = np.ones(observed.shape[1], bool)
    for n in range(first, len(observed) + 1):
        alive = procedure.surviving(means[n - 1], n, spread, alive)
        if alive.sum() == 1:
            return int(np.argmax(alive)), n
    return None, len(observed)


def ocba(samples: Sequence[ArrayLike], more: int, *, minimise: bool = True) -> list[int]:
    """
    Share further replications among independently simulated scenarios, where they tell most (OCBA) [1]_.

    It assumes that scenarios were simulated independently. Data that met the same days are refused; use
    `Experiment.select_best` for them.

    Parameters
    ----------
    samples
        For each scenario its observations, at least 5; lengths may differ.
    more
        Replications to share out.
    minimise
        Whether the smallest mean is the best.

    Returns
    -------
    list of int
        Further replications of each scenario; they add up to `more`.

    Raises
    ------
    BadParameter
        Too few scenarios or observations, or scenarios that are correlated.

    References
    ----------
    .. [1] C.-H. Chen, J. Lin, E. Yucesan and S. E. Chick (2000), Simulation budget allocation for further
       enhancing the efficiency of ordinal optimization, Discrete Event Dynamic Systems 10(3).
    """
    import numpy as np

    if hasattr(samples, "frame"):
        raise BadParameter(_CRN)
    data = [np.asarray(each, float) for each in samples]
    if len(data) < 2 or any(each.ndim != 1 or len(each) < 5 or not np.isfinite(each).all() for each in data):
        raise BadParameter("OCBA needs at least 2 scenarios, each with a list of at least 5 numbers.")
    if more < 1:
        raise BadParameter(f"There must be at least 1 replication to share out, not {more}.")
    _refuse_correlated(data)
    means = np.array([each.mean() for each in data]) * (1 if minimise else -1)
    variances = np.array([each.var(ddof=1) for each in data])
    done = np.array([len(each) for each in data])
    wanted = _shares(means, variances) * (done.sum() + more)
    extra = np.maximum(0.0, wanted - done)
    if extra.sum() == 0:
        extra = np.ones(len(data))
    exact = extra / extra.sum() * more
    given = np.floor(exact).astype(int)
    for place in np.argsort(given - exact, kind="stable")[: more - int(given.sum())]:
        given[place] += 1
    return [int(each) for each in given]


@dataclass(frozen=True)
class Chances:
    """
    How likely each scenario is to have the best mean, and what choosing it is expected to cost.

    Attributes
    ----------
    best
        Probability of being the best, adding up to 1.
    regret
        Expected loss against whichever is the best, in the unit of the outcome, at least 0.
    """

    best: NDArray[np.float64]
    regret: NDArray[np.float64]


def chances(values: ArrayLike, *, streams: Streams, minimise: bool = True, resamples: int = 2000) -> Chances:
    """
    Probability of being best and expected regret, from drawing whole replications again.

    All scenarios are measured on the same drawn replications, so days that are bad for all do not blur
    their order. Deviations are widened by sqrt(n / (n - 1)): the bootstrap is too narrow with few days.

    Parameters
    ----------
    values
        Shape (replications, scenarios); a row is one day met by all.
    streams
        Randomness; the stream is called "replications".
    minimise
        Whether the smallest mean is the best.
    resamples
        How many times the replications are drawn.

    Raises
    ------
    BadParameter
        Fewer than 2 replications, or some are not numbers.
    """
    import numpy as np

    observed = np.asarray(values, float)
    if observed.ndim != 2 or len(observed) < 2 or not observed.shape[1] or not np.isfinite(observed).all():
        raise BadParameter(
            "Chances need a table of numbers, at least 2 replications by scenarios, without gaps."
        )
    n = len(observed)
    signed = observed if minimise else -observed
    weights = streams.generator("replications").multinomial(n, np.full(n, 1 / n), size=resamples) / n
    centre = signed.mean(axis=0)
    drawn = centre + (weights @ (signed - centre)) * math.sqrt(n / (n - 1))
    least = drawn.min(axis=1, keepdims=True)
    winners = drawn == least
    share = winners / winners.sum(axis=1, keepdims=True)
    return Chances(np.asarray(share.mean(axis=0)), np.asarray((drawn - least).mean(axis=0)))


_CRN = (
    "OCBA assumes that scenarios were simulated independently, and these met the same days (common random "
    "numbers): use Experiment.select_best, which gains from it."
)


def _refuse_correlated(data: Sequence[NDArray[np.float64]]) -> None:
    """Fisher's test of each pair, at one in a thousand for all pairs together."""
    import numpy as np

    from workbench._need import need

    pairs = [
        (one, two)
        for place, one in enumerate(data)
        for two in data[place + 1 :]
        if len(one) == len(two) and one.std() > 0 and two.std() > 0
    ]
    if not pairs:
        return
    z = float(need("scipy.special", "OCBA").ndtri(1 - 0.001 / (2 * len(pairs))))
    for one, two in pairs:
        correlation = float(np.clip(np.corrcoef(one, two)[0, 1], -1 + 1e-15, 1 - 1e-15))
        if len(one) > 3 and abs(math.atanh(correlation)) * math.sqrt(len(one) - 3) > z:
            raise BadParameter(_CRN)


def _shares(means: NDArray[np.float64], variances: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    best = int(np.argmin(means))
    gap = means - means[best]
    positive = gap[gap > 0]
    least = float(positive.min()) * 1e-3 if positive.size else 1.0
    gap = np.maximum(gap, least)  # a tie with the best would take everything
    variances = np.maximum(variances, 1e-300)
    ratio = variances / gap**2
    ratio[best] = 0.0
    ratio[best] = math.sqrt(float(variances[best] * (ratio**2 / variances).sum()))
    return np.asarray(ratio / ratio.sum())
