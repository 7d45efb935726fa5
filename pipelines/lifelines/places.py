"""What assets are called, where they lie, and the picture of their network."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import polars as pl

from pipelines.lifelines.words import kind_name, system_name, words
from workbench._text import LANGUAGES, Text
from workbench.errors import BadParameter
from workbench.lifelines import InterdependentSystem
from workbench.lifelines.checks import reach
from workbench.lifelines.model import Bools, Floats

RADIUS_M = 6_371_008.8
FAR = 10.0
"""Nodes so many times the distance between the quartiles from the median do not make the city."""


class Places:
    """
    Names and places of the assets of a system.

    Parameters
    ----------
    system
        The networks.
    """

    def __init__(self, system: InterdependentSystem) -> None:
        self.system = system

    @cached_property
    def _rows(self) -> list[tuple[str, str, str | None, str | None, str | None]]:
        rows = []
        for layer, network in self.system.layers.items():
            for frame in (network.nodes, network.edges):
                zh = "name_zh" if "name_zh" in frame.columns else "name"
                rows += [
                    (layer, *row)
                    for row in frame.select("id", "kind", "name", pl.col(zh).alias("zh")).iter_rows()
                ]
        return rows

    def label(self, asset: int) -> Text:
        """What a planner calls an asset, by its number in the system."""
        layer, name, kind, called, called_zh = self._rows[asset]
        system = system_name(self.system.layers[layer].system)
        template = words().text("asset.named" if called and called != name else "asset.label")
        what = kind_name(kind)
        return Text(
            template.en.format(system=system.en.capitalize(), kind=what.en, id=name, name=called),
            template.zh.format(
                system=system.in_("zh"), kind=what.in_("zh"), id=name, name=called_zh or called
            ),
        )

    def slug(self, asset: int) -> str:
        """An asset fit for the id of a number: its number in the system."""
        return f"asset{asset}"

    @cached_property
    def places(self) -> Floats:
        """Where each asset lies in metres, an edge at its middle, shape (assets, 2); NaN where not known."""
        found = []
        for network in self.system.layers.values():
            at = _metres(network.nodes, network.geographic)
            ends = network.arrays
            found += [at, (at[ends.u] + at[ends.v]) / 2]
        return np.concatenate(found)

    @property
    def drawable(self) -> bool:
        """Whether every node has a place."""
        return all(
            bool(np.isfinite(_metres(network.nodes, network.geographic)).all())
            for network in self.system.layers.values()
        )

    def carrying(self, layer: str, up: Bools) -> Bools:
        """Whether each edge of a layer works and a source reaches both its ends, in a state of the system."""
        network, own = self.system.layers[layer], self.system.layer_state(layer, up)
        reached, a = reach(network, own), network.arrays
        return np.asarray(own[network.n :] & reached[a.u] & reached[a.v])

    def draw(
        self,
        layer: str,
        flows: Floats | None,
        *,
        up: Bools | None = None,
        marks: Sequence[int] = (),
        marks_label: Text,
        label: Text | None = None,
    ) -> dict[str, str]:
        """
        Draw the network of a layer to scale, in each language.

        Parameters
        ----------
        layer
            Which layer is drawn by what it carries; what is marked of others is shown at its place.
        flows
            What each of its edges carries, shape (edges,), signs left aside; None where that is not known.
        up
            State of the system, shape (assets,): edges that do not work are dashed.
        marks
            Assets to number, by their number in the system.
        marks_label
            What the numbers are.
        label
            What the widths show; by default what the system carries.
        """
        from workbench.briefs.figures import network as draw_network

        network = self.system.layers[layer]
        at = _metres(network.nodes, network.geographic)
        a, state = network.arrays, self.system.up(up)
        before, after = (self.carrying(layer, one) for one in (self.system.intact, state))
        carried = np.full(network.m, np.nan) if flows is None else np.where(after, np.abs(flows), np.nan)
        kinds = {
            kind: [tuple(row) for row in at[(network.nodes["kind"] == kind).to_numpy()].tolist()]
            for kind in ("source", "storage")
        }
        ends = [np.hstack([at[a.u], at[a.v]])]
        for name, other in self.system.layers.items():
            if name != layer:
                places = _metres(other.nodes, other.geographic)
                ends.append(np.hstack([places[other.arrays.u], places[other.arrays.v]]))
        lines = np.concatenate(ends)
        more = len(lines) - network.m
        plain = "map.plain" if more == 0 else "map.other"
        drawn = {}
        for lang in LANGUAGES:
            w = words()
            said = label or _filled(
                w.text("map.label"), system=system_name(network.system), unit=_unit(network.flow_unit)
            )
            drawn[str(lang)] = draw_network(
                [tuple(row) for row in lines.tolist()],
                [None if np.isnan(one) else float(one) for one in carried] + [None] * more,
                label=said.in_(lang),
                cut=(before & ~after).tolist() + [False] * more,
                cut_label=w.text("map.cut").in_(lang),
                plain_label=w.text(plain).in_(lang),
                places={w.text(f"map.{kind}").in_(lang): found for kind, found in kinds.items() if found},
                marks=[tuple(self.places[one].tolist()) for one in marks],
                marks_label=marks_label.in_(lang),
            )
        return drawn


def middle_of(system: InterdependentSystem) -> tuple[float, float]:
    """
    Middle of the box that holds all nodes with a place, in the coordinates of the networks.

    One coordinate that was mistyped does not move the city: nodes further from the median than `FAR` times
    the distance between the quartiles, east or north, are left out.

    Raises
    ------
    BadParameter
        No node has a place.
    """
    nodes = pl.concat([one.nodes.select("x", "y") for one in system.layers.values()])
    found = []
    for axis in ("x", "y"):
        known = nodes[axis].drop_nulls().to_numpy()
        if not len(known):
            raise BadParameter(f"No node has a place ({axis}): the hazard cannot be laid over the networks.")
        low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
        near = known[np.abs(known - middle) <= FAR * (high - low)]
        inside = near if len(near) else known
        found.append(float((inside.min() + inside.max()) / 2))
    return found[0], found[1]


def _metres(nodes: pl.DataFrame, geographic: bool) -> Floats:
    """Places of nodes in metres; degrees are laid flat about their middle."""
    at = nodes.select(pl.col("x", "y").fill_null(np.nan)).to_numpy().astype(float)
    if not geographic or not len(at):
        return at
    middle = np.nanmean(at, axis=0)
    scale = np.pi / 180 * RADIUS_M * np.array([np.cos(np.radians(middle[1])), 1.0])
    return np.asarray((at - middle) * scale)


def _unit(unit: str) -> Text:
    return words().find(f"unit.{unit}", unit)


def _filled(template: Text, **values: Text) -> Text:
    return Text(
        template.en.format(**{key: one.en for key, one in values.items()}),
        template.zh.format(**{key: one.in_("zh") for key, one in values.items()}),
    )
