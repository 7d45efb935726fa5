"""
How much of its service a city keeps in a given state of its networks: by node, by network, by people.

    service(network, network.without("pipe 7")).share
    service(system, cascade(system, up), solver={"water": "connectivity", "power": "powerflow"}).by_layer

Shares are of what the intact networks serve, since some cannot serve their whole demand even then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from workbench._text import Text
from workbench.errors import BadParameter, UnknownName
from workbench.lifelines.solvers import Solver, open_solver
from workbench.lifelines.system import InterdependentSystem

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, Floats, LifelineNetwork

NONE = 1e-3
"""A node counts as not served below this share of its intact service, and as short where this much lacks."""
_FAIR = ("flow", "powerflow")
Choice = str | Solver


@dataclass(frozen=True, eq=False)
class Service:
    """
    Service in a state, against that of the intact networks.

    Attributes
    ----------
    by_node
        One row per node: `layer`, `id`, `demand`, `intact` (what it is served without damage), `served` (both
        in the unit of flow of its layer), `share` (of its intact service; null where there is none),
        `people`.
    solvers
        Name of the solver of each layer.
    """

    by_node: pl.DataFrame
    solvers: Mapping[str, str]

    @cached_property
    def by_layer(self) -> pl.DataFrame:
        """
        One row per layer.

        `layer`, `solver`, `demand`, `intact`, `served`, `share`, `people`, `people_without`: `share` is
        served by intact, NaN where the intact network serves nothing (power flow may serve more without a
        line, and then it is above 1). `people` are those at nodes that the intact network serves;
        `people_without` adds up the part of its service that each of their nodes lacks.
        """
        counted = pl.when(pl.col("share").is_not_null()).then(pl.col("people")).otherwise(0.0)
        lacking = (1.0 - pl.col("share").clip(0.0, 1.0)).fill_null(0.0) * counted
        frame = self.by_node.group_by("layer", maintain_order=True).agg(
            pl.col("demand", "intact", "served").sum(),
            counted.sum().alias("people"),
            lacking.sum().alias("people_without"),
        )
        share = pl.when(pl.col("intact") > 0).then(pl.col("served") / pl.col("intact")).otherwise(np.nan)
        solver = pl.col("layer").replace_strict(dict(self.solvers), return_dtype=pl.String)
        return frame.select(
            "layer",
            solver.alias("solver"),
            "demand",
            "intact",
            "served",
            share.alias("share"),
            "people",
            "people_without",
        )

    @property
    def share(self) -> float:
        """Served by what the intact network serves; of several layers the mean, for units do not add up."""
        shares = self.by_layer["share"].drop_nans()
        return float(shares.mean()) if len(shares) else float("nan")  # type: ignore[arg-type]

    @property
    def people_share(self) -> float:
        """Part of their service that people keep, each counted once in every layer; NaN without people."""
        people, without = (float(self.by_layer[one].sum()) for one in ("people", "people_without"))
        return 1.0 - without / people if people > 0 else float("nan")

    @property
    def people_without(self) -> float:
        """People without service, by the part of it they lack; who lacks two services is counted twice."""
        return float(self.by_layer["people_without"].sum())

    @property
    def unserved(self) -> tuple[tuple[str, str], ...]:
        """Layer and id of the nodes that the intact network serves and that are served nothing."""
        return self._where(pl.col("share") < NONE)

    @property
    def short(self) -> tuple[tuple[str, str], ...]:
        """Layer and id of the nodes that are served less than by the intact network, or nothing."""
        return self._where(pl.col("share") < 1 - NONE)

    @property
    def said(self) -> Text:
        """The result in a sentence for each layer."""
        en, zh = [], []
        for row in self.by_layer.iter_rows(named=True):
            name, share, without = row["layer"], row["share"], row["people_without"]
            if np.isnan(share):
                en.append(f"{name}: serves nothing even when intact")
                zh.append(f"{name}：完好时也无服务")
                continue
            en.append(f"{name}: {share:.1%} of its intact service, {without:,.0f} people without")
            zh.append(f"{name}：保有完好时 {share:.1%} 的服务，{without:,.0f} 人失去服务")
        return Text("; ".join(en), "；".join(zh))

    def _where(self, condition: pl.Expr) -> tuple[tuple[str, str], ...]:
        return tuple(self.by_node.filter(condition).select("layer", "id").iter_rows())


def service(
    system: LifelineNetwork | InterdependentSystem,
    state: Bools | None = None,
    *,
    solver: Choice | Mapping[str, Choice] = "connectivity",
    **options: Any,
) -> Service:
    """
    Serve every layer in a state, and compare with the intact layers.

    Nothing follows from the damage but what the solver finds in each network by itself: a pump whose
    substation is down still runs. Where layers depend on each other, hand over `cascade(system, state)`, not
    the damage alone.

    Parameters
    ----------
    system
        A network, or several.
    state
        Whether each asset works, shape (assets,); None is undamaged.
    solver
        "connectivity", "flow", "powerflow" or "hydraulic" for every layer; or by layer, a name or an open
        solver, which spares opening it again for each state. What is short is shared out fairly by "flow" and
        "powerflow" (`fair=True`), so that what single nodes are served means something.
    options
        Further arguments of the solvers that are opened here, such as `fair=False`.

    Returns
    -------
    service
        By node and by layer.

    Raises
    ------
    BadParameter
        The state has another shape, a layer has no solver, or a solver is of another network.
    UnknownName
        A layer or solver that is not known.
    """
    whole = InterdependentSystem.of(system)
    up = whole.up(state)
    if up.ndim != 1:
        raise BadParameter(f"Give one state, shape ({whole.size},), not an array of shape {up.shape}.")
    chosen = _by_layer(whole, solver)
    frames, names = [], {}
    for layer, network in whole.layers.items():
        opened = _opened(network, layer, chosen[layer], options)
        intact, served = (
            _asked(opened, network, network.intact),
            _asked(opened, network, whole.layer_state(layer, up)),
        )
        names[layer] = opened.name
        a = network.arrays
        frames.append(
            pl.DataFrame(
                {
                    "layer": [layer] * network.n,
                    "id": network.nodes["id"],
                    "demand": a.demand,
                    "intact": intact,
                    "served": served,
                    "share": pl.Series(
                        np.divide(served, intact, out=np.full(network.n, np.nan), where=intact > 0)
                    ).fill_nan(None),
                    "people": a.people,
                }
            )
        )
    return Service(pl.concat(frames), names)


def _by_layer(system: InterdependentSystem, solver: Choice | Mapping[str, Choice]) -> dict[str, Choice]:
    if not isinstance(solver, Mapping):
        if not isinstance(solver, str) and len(system.layers) > 1:
            raise BadParameter(
                f"One open solver cannot serve {len(system.layers)} layers: give one for each, by layer."
            )
        return dict.fromkeys(system.layers, solver)
    for layer in solver:
        if layer not in system.layers:
            raise UnknownName("layer of the system", str(layer), system.layers)
    missing = [layer for layer in system.layers if layer not in solver]
    if missing:
        raise BadParameter(f"No solver is given for {', '.join(missing)}: name one for each layer.")
    return dict(solver)


def _opened(network: LifelineNetwork, layer: str, choice: Choice, options: Mapping[str, Any]) -> Solver:
    if isinstance(choice, str):
        fair = {"fair": True} if choice in _FAIR and options.get("engine") != "reference" else {}
        return open_solver(network, choice, **(fair | dict(options)))
    if getattr(choice, "network", network) is not network:
        raise BadParameter(
            f"The solver given for {layer} was opened for another network: open it for this one."
        )
    return choice


def _asked(solver: Solver, network: LifelineNetwork, up: Bools) -> Floats:
    served = np.asarray(solver.served(up), float)
    if served.shape != (network.n,):
        raise BadParameter(f"The solver '{solver.name}' served {served.shape}, not {network.n} nodes.")
    return served
