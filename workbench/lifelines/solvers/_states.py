"""States as the solvers take them: checked, and in one piece."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import BadParameter

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, LifelineNetwork


def one_state(network: LifelineNetwork, up: Bools) -> Bools:
    """Check one state, shape (assets,), and take away what is out of service; or `BadParameter`."""
    up = network.up(up)
    if up.ndim != 1:
        raise BadParameter(f"Give one state, shape ({network.size},), not an array of shape {up.shape}.")
    return np.ascontiguousarray(up)


def many_states(network: LifelineNetwork, up: Bools) -> Bools:
    """Check states, shape (states, assets), and take away what is out of service; or `BadParameter`."""
    up = network.up(up)
    if up.ndim != 2:
        raise BadParameter(
            f"Give many states, shape (states, {network.size}), not an array of shape {up.shape}."
        )
    return np.ascontiguousarray(up)
