"""Shares of time that assets are down, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import BadParameter

if TYPE_CHECKING:
    from workbench.lifelines.model import Floats, LifelineNetwork


def shares_of(network: LifelineNetwork, unavailability: Floats) -> Floats:
    """Check shares of time, one for each asset, or rows of them."""
    u = np.asarray(unavailability, dtype=float)
    if u.ndim not in (1, 2) or u.shape[-1] != network.size:
        raise BadParameter(
            f"The unavailability has shape {u.shape}; give one share for each of the {network.size:,} "
            "assets, nodes first."
        )
    bad = ~((u >= 0) & (u < 1))
    if bad.any():
        at = np.argwhere(bad)[0]
        raise BadParameter(
            f"The unavailability of '{network.asset_ids[int(at[-1])]}' is {u[tuple(at)]}, not a share from 0 "
            f"to below 1 ({int(bad.sum()):,} such assets)."
        )
    return u
