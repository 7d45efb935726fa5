"""
Networks that lean on each other: the pump on the substation, the substation on the exchange.

A system numbers the assets of all its layers one after the other: for each layer its nodes, then its edges. A
state is one Boolean for each asset, as it is for a network; `layer_state` cuts out one layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl

from workbench.errors import BadParameter, UnknownName, nearest
from workbench.lifelines._columns import fits, framed
from workbench.lifelines.errors import BadNetwork
from workbench.lifelines.model import Bools, Floats, Ints, LifelineNetwork

KINDS = ("physical", "cyber", "geographic", "logical")
RULES = ("any", "all")
_DEPENDENCIES = {
    "dependee_layer": pl.String,
    "dependee": pl.String,
    "depender_layer": pl.String,
    "depender": pl.String,
    "kind": pl.String,
    "rule": pl.String,
    "threshold": pl.Float64,
    "buffer_h": pl.Float64,
}


@dataclass(frozen=True, eq=False)
class Dependencies:
    """
    Dependencies as arrays, one entry each.

    Attributes
    ----------
    dependee, depender
        Assets by their number in the system: the depender needs the dependee.
    every
        Whether the depender needs all of its dependees of the same kind, not any one of them.
    geographic
        Whether damage itself passes on, whatever stands in for the dependee.
    group
        Dependencies of one depender and one kind share a number.
    threshold
        Share of its own demand that a dependee must receive to be of use; 0 where it needs only be up.
    buffer_h
        Hours the depender lasts without.
    """

    dependee: Ints
    depender: Ints
    every: Bools
    geographic: Bools
    group: Ints
    threshold: Floats
    buffer_h: Floats


@dataclass(frozen=True, eq=False)
class InterdependentSystem:
    """
    Layers and the dependencies between (or within) them.

    Parameters
    ----------
    layers
        Networks by name.
    dependencies
        One row per dependency: `dependee_layer`, `dependee`, `depender_layer`, `depender` (asset ids), and
        optionally `kind` ("physical", "cyber", "geographic", "logical"; else "physical"), `rule` ("any" or
        "all" of the dependees of that kind are needed; else "any"), `threshold` (share of its demand, 0 to 1,
        that the dependee must receive; else 0), `buffer_h` (hours the depender lasts without; else 0). A
        geographic dependency passes damage on: what lies beside the dependee fails with it. None for no
        dependencies.

    Raises
    ------
    BadParameter
        There is no layer, or a layer is no network.
    BadNetwork
        A dependency on an unknown asset or layer, of itself, or with a quantity that is none or out of its
        bounds. All are named at once.
    """

    layers: Mapping[str, LifelineNetwork]
    dependencies: pl.DataFrame | None = None

    def __post_init__(self) -> None:
        if not self.layers:
            raise BadParameter("A system needs at least one network.")
        for name, network in self.layers.items():
            _network(name, network)
        frame = _tidy(self.dependencies)
        object.__setattr__(self, "layers", dict(self.layers))
        object.__setattr__(self, "dependencies", frame)
        found = list(self._mistakes(frame))
        if found:
            raise BadNetwork("dependencies", found)

    @classmethod
    def of(cls, given: LifelineNetwork | InterdependentSystem) -> InterdependentSystem:
        """Take a network as a system of one layer, named for what it is."""
        return given if isinstance(given, InterdependentSystem) else cls({given.system: given})

    @cached_property
    def offsets(self) -> dict[str, int]:
        """Number of the first asset of each layer."""
        found, at = {}, 0
        for name, network in self.layers.items():
            found[name] = at
            at += network.size
        return found

    @property
    def size(self) -> int:
        """Number of assets."""
        return sum(network.size for network in self.layers.values())

    @cached_property
    def assets(self) -> pl.DataFrame:
        """One row per asset: `asset` (number), `layer`, `part` (node, edge), `id`, `kind`, `name`, `zone`."""
        frames = []
        for layer, network in self.layers.items():
            for part, frame in (("node", network.nodes), ("edge", network.edges)):
                zone = pl.col("zone") if "zone" in frame.columns else pl.lit(None, pl.String).alias("zone")
                frames.append(
                    frame.select(
                        pl.lit(layer).alias("layer"), pl.lit(part).alias("part"), "id", "kind", "name", zone
                    )
                )
        return pl.concat(frames).with_row_index("asset")

    def asset(self, layer: str, name: str, part: Literal["node", "edge"] | None = None) -> int:
        """Number of an asset in the system; raises `UnknownName` for a layer or an id that is not there."""
        return self.offsets[self._layer(layer)] + self.layers[layer].asset(name, part)

    @cached_property
    def intact(self) -> Bools:
        """State without damage, shape (assets,)."""
        return np.concatenate([network.intact for network in self.layers.values()])

    def up(self, state: Bools | None = None) -> Bools:
        """Check a state, shape (assets,) or (states, assets), and take away what is out of service."""
        if state is None:
            return self.intact
        state = np.asarray(state)
        if state.dtype != np.bool_ or state.ndim not in (1, 2) or state.shape[-1] != self.size:
            raise BadParameter(
                f"A state of this system is {self.size} Booleans, or rows of them, not an array of "
                f"{state.dtype} of shape {state.shape}."
            )
        return np.asarray(state & self.intact)

    def layer_state(self, layer: str, state: Bools) -> Bools:
        """Part of a state (or of each row of many) that belongs to a layer."""
        start = self.offsets[self._layer(layer)]
        return state[..., start : start + self.layers[layer].size]

    def without(self, *assets: tuple[str, str]) -> Bools:
        """State in which these assets, each a layer and an id, have failed."""
        up = self.intact.copy()
        up[[self.asset(layer, name) for layer, name in assets]] = False
        return up

    @cached_property
    def arrays(self) -> Dependencies:
        """Dependencies as arrays, ordered by depender and kind."""
        assert self.dependencies is not None
        frame = self.dependencies.sort("depender_layer", "depender", "kind", maintain_order=True)
        rows = list(frame.iter_rows(named=True))
        groups: dict[tuple[str, str, str], int] = {}
        for row in rows:
            groups.setdefault((row["depender_layer"], row["depender"], row["kind"]), len(groups))
        return Dependencies(
            np.array([self.asset(row["dependee_layer"], row["dependee"]) for row in rows], np.int32),
            np.array([self.asset(row["depender_layer"], row["depender"]) for row in rows], np.int32),
            np.array([row["rule"] == "all" for row in rows], bool),
            np.array([row["kind"] == "geographic" for row in rows], bool),
            np.array([groups[row["depender_layer"], row["depender"], row["kind"]] for row in rows], np.int32),
            np.array([row["threshold"] for row in rows], float),
            np.array([row["buffer_h"] for row in rows], float),
        )

    def _layer(self, name: str) -> str:
        if name not in self.layers:
            raise UnknownName("layer of the system", name, self.layers)
        return name

    def _mistakes(self, frame: pl.DataFrame) -> Iterator[str]:
        rules: dict[tuple[str, str, str], set[str]] = {}
        for row in frame.iter_rows(named=True):
            depender, dependee = ((row[f"{end}_layer"], row[end]) for end in ("depender", "dependee"))
            said = f"dependency of '{depender[1]}' ({depender[0]}) on '{dependee[1]}' ({dependee[0]})"
            for layer, name in (dependee, depender):
                if wrong := self._unknown(layer, name):
                    yield f"{said}: {wrong}"
            if dependee == depender:
                yield f"{said}: an asset cannot depend on itself"
            for column, known in (("kind", KINDS), ("rule", RULES)):
                value = row[column]
                if value not in known:
                    yield f"{said}: {column} '{value}' is not known. {nearest(str(value), known)}"
            if not 0 <= row["threshold"] <= 1:
                yield f"{said}: threshold {row['threshold']} is not a share from 0 to 1"
            if not 0 <= row["buffer_h"] < np.inf:
                yield f"{said}: buffer_h {row['buffer_h']} is not a number of hours, 0 or more"
            rules.setdefault((*depender, row["kind"]), set()).add(row["rule"])
        for (layer, name, kind), found in rules.items():
            if len(found) > 1:
                yield f"{kind} dependencies of '{name}' ({layer}) have the rules any and all: give one rule"

    def _unknown(self, layer: str, name: str) -> str:
        """Say what is wrong with one end of a dependency, nothing where it is one asset."""
        if layer not in self.layers:
            return f"no layer is called '{layer}'. {nearest(str(layer), list(self.layers))}"
        network = self.layers[layer]
        node, edge = name in network.node_index, name in network.edge_index
        if node and edge:
            return f"'{name}' is a node and an edge of {layer}: give them different ids"
        if node or edge:
            return ""
        return f"the {layer} network has no asset '{name}'. {nearest(str(name), network.asset_ids)}"

    def __repr__(self) -> str:
        assert self.dependencies is not None
        layers = ", ".join(f"{name} {one.n:,} + {one.m:,}" for name, one in self.layers.items())
        return f"<system of {layers} (nodes + edges); {self.dependencies.height:,} dependencies>"


def _tidy(frame: pl.DataFrame | None) -> pl.DataFrame:
    if frame is None:
        return pl.DataFrame(schema=_DEPENDENCIES)
    framed(frame, "dependency")
    missing = [name for name in list(_DEPENDENCIES)[:4] if name not in frame.columns]
    if missing:
        raise BadNetwork(
            "dependencies", [f"there is no column '{one}'. {nearest(one, frame.columns)}" for one in missing]
        )
    wrong = [
        f"column '{name}' holds {frame.schema[name]}, not {dtype}: give it in that type"
        for name, dtype in _DEPENDENCIES.items()
        if name in frame.columns and not fits(frame.schema[name], dtype)
    ]
    if wrong:
        raise BadNetwork("dependencies", wrong)
    given = [
        (pl.col(name).cast(dtype) if name in frame.columns else pl.lit(None, dtype)).alias(name)
        for name, dtype in _DEPENDENCIES.items()
    ]
    return frame.select(given).with_columns(
        pl.col("kind").fill_null("physical"),
        pl.col("rule").fill_null("any"),
        pl.col("threshold", "buffer_h").fill_null(0.0),
    )


def _network(name: str, given: object) -> None:
    if not isinstance(given, LifelineNetwork):
        raise BadParameter(f"Layer '{name}' is of type {type(given).__name__}: give a LifelineNetwork.")
