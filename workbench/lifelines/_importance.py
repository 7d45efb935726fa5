"""How much single assets matter: what is lost when each is sure to fail, and sure to stand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from workbench.errors import BadParameter
from workbench.lifelines._estimates import weights_of
from workbench.lifelines._hardening import Loss, rows_of
from workbench.lifelines.model import Bools, Floats


def importance(
    loss_model: Loss, up_samples: Bools, assets: Sequence[int], *, weights: Floats | None = None
) -> pl.DataFrame:
    """
    Importance measures of assets [1]_ [2]_, each on the same samples.

    Parameters
    ----------
    loss_model
        Share lost in each of many states, such as a `ServiceLoss`.
    up_samples
        Whether each asset is undamaged, shape (samples, assets).
    assets
        Which, by number.
    weights
        Of the samples. With every state of a small system as a row and its probability as the weight, the
        measures are exact.

    Returns
    -------
    importance
        One row an asset, greatest Birnbaum importance first: `asset`, `failure_probability`, `lost_if_failed`
        and `lost_if_up` (mean loss with the asset forced down, and up), `birnbaum` (their difference),
        `risk_achievement_worth` (loss if failed / loss now), `risk_reduction_worth` (loss now / loss if up;
        infinite where nothing is lost then; both NaN where nothing is lost now) and `fussell_vesely` ((loss
        now - loss if up) / loss now).

    Raises
    ------
    BadParameter
        Samples, assets or weights that do not fit.

    References
    ----------
    .. [1] Z. W. Birnbaum (1969), On the importance of different components in a multicomponent system,
       Multivariate Analysis II.
    .. [2] M. van der Borst and H. Schoonakker (2001), An overview of PSA importance measures, Reliability
       Engineering and System Safety 72(3), 241-245.
    """
    up = rows_of(up_samples)
    numbers = np.asarray(assets, int)
    if numbers.ndim != 1 or not len(numbers) or numbers.min() < 0 or numbers.max() >= up.shape[1]:
        raise BadParameter(f"Assets are numbers from 0 to {up.shape[1] - 1}, at least one.")
    w = weights_of(weights, len(up))
    lost = np.asarray(loss_model(up), float)
    base = float(w @ lost)
    rows = []
    for asset in numbers.tolist():
        means = []
        for to in (False, True):
            turned = np.flatnonzero(up[:, asset] != to)
            states = up[turned]
            states[:, asset] = to
            then = lost.copy()
            if len(turned):
                then[turned] = loss_model(states)
            means.append(float(w @ then))
        failed, stands = means
        worth = (np.nan, np.nan, np.nan)
        if base > 0:
            worth = (failed / base, base / stands if stands > 0 else np.inf, (base - stands) / base)
        rows.append((asset, float(w @ ~up[:, asset]), failed, stands, failed - stands, *worth))
    schema = {"asset": pl.Int64} | dict.fromkeys(
        (
            "failure_probability",
            "lost_if_failed",
            "lost_if_up",
            "birnbaum",
            "risk_achievement_worth",
            "risk_reduction_worth",
            "fussell_vesely",
        ),
        pl.Float64,
    )
    return pl.DataFrame(rows, schema=schema, orient="row").sort("birnbaum", "asset", descending=[True, False])
