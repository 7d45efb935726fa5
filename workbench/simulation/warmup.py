"""Where the start of a run still shows: how much to leave out, found on the mean over replications."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.errors import BadParameter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class WarmUp:
    """
    A warm-up, chosen once on pilot runs and then kept for all production runs.

    Attributes
    ----------
    delete
        Observations to leave out at the beginning.
    ensemble
        Mean over the pilot replications, in the order of time.
    smooth
        Its moving average, to look at (Welch).
    replications
        Pilot replications behind it.
    settled
        False where the method would have left out half of the run or more: the run is too short.
    """

    delete: int
    ensemble: NDArray[np.float64]
    smooth: NDArray[np.float64]
    replications: int
    settled: bool


def mser5(values: ArrayLike, *, batch: int = 5) -> int:
    """
    Truncation that makes the mean of the rest most precise (MSER-5) [1]_.

    Apply it to the mean over replications: on single runs it is biased, since it keeps the runs that happen
    to look settled.

    Parameters
    ----------
    values
        Observations in the order of time, at least 4 batches of them.
    batch
        Observations averaged before looking; 5 gives the method its name.

    Returns
    -------
    int
        Observations to leave out, a multiple of `batch`; half of the run at most, and then it is too short.

    References
    ----------
    .. [1] K. P. White, M. J. Cobb and S. C. Spratt (2000), A comparison of five steady-state truncation
       heuristics for simulation, Winter Simulation Conference.
    """
    import numpy as np

    observed = np.asarray(values, float)
    count = len(observed) // batch if batch >= 1 else 0
    if observed.ndim != 1 or count < 4 or not np.isfinite(observed).all():
        raise BadParameter(
            f"MSER needs at least {4 * max(batch, 1)} numbers in the order of time, in batches of at least 1."
        )
    means = observed[: count * batch].reshape(count, batch).mean(axis=1)
    backwards = means[::-1] - means.mean()  # the variance does not depend on the level; rounding does
    kept = np.arange(1, count + 1)
    total, squares = np.cumsum(backwards), np.cumsum(backwards * backwards)
    criterion = ((squares - total * total / kept) / kept**2)[::-1]
    return int(np.argmin(criterion[: count // 2 + 1])) * batch


def welch(values: ArrayLike, window: int) -> NDArray[np.float64]:
    """
    Moving average whose window grows from one observation at the start to its full width [1]_.

    Parameters
    ----------
    values
        Mean over replications, in the order of time.
    window
        Observations to each side, at least 0 and at most a quarter of the run.

    Returns
    -------
    ndarray
        Shorter than `values` by `window`.

    References
    ----------
    .. [1] P. D. Welch (1983), The statistical analysis of simulation results, in: The Computer Performance
       Modeling Handbook.
    """
    import numpy as np

    observed = np.asarray(values, float)
    n = len(observed)
    if observed.ndim != 1 or not 0 <= window <= n // 4:
        raise BadParameter(
            f"`window` must be from 0 to {n // 4}, a quarter of the {n} observations, not {window}."
        )
    total = np.concatenate([[0.0], np.cumsum(observed)])
    place = np.arange(n - window)
    side = np.minimum(place, window)
    return np.asarray((total[place + side + 1] - total[place - side]) / (2 * side + 1))


def warm_up(series: ArrayLike, *, batch: int = 5, window: int | None = None) -> WarmUp:
    """
    Choose a warm-up from pilot replications.

    Parameters
    ----------
    series
        Shape (replications, observations), in the order of time.
    batch
        As in `mser5`.
    window
        As in `welch`; by default a twentieth of the run.
    """
    import numpy as np

    runs = np.asarray(series, float)
    if runs.ndim != 2 or not runs.size:
        raise BadParameter("A warm-up is chosen from runs of equal length, as rows of a table.")
    ensemble = runs.mean(axis=0)
    delete = mser5(ensemble, batch=batch)
    half = len(ensemble) // batch // 2 * batch
    smooth = welch(ensemble, max(1, len(ensemble) // 20) if window is None else window)
    return WarmUp(delete, ensemble, smooth, len(runs), delete < half)
