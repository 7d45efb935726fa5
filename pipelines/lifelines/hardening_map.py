"""The map: what a typical event cuts off in the network worst hit, and where the assets to harden lie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from pipelines.lifelines.places import Places
from pipelines.lifelines.words import system_name
from workbench.briefs import Figure, Head, Quantity, Row, Table
from workbench.lifelines import InterdependentSystem
from workbench.lifelines.solvers import open_solver

if TYPE_CHECKING:
    from pipelines.lifelines.hardening_case import Case
    from pipelines.lifelines.hardening_numbers import Numbers
    from workbench.lifelines.model import Bools, Floats

MARK = 0.026
"""Width of a number on the map as a share of the map's."""
LEFT = 0.3
"""A sample is drawn that leaves at least this share of the network's edges carrying."""


class Apart(Places):
    """
    Places in which numbered assets that would cover one another on the map stand side by side.

    Parameters
    ----------
    system
        The networks.
    marks
        Assets that are numbered, in order.
    """

    def __init__(self, system: InterdependentSystem, marks: Sequence[int]) -> None:
        super().__init__(system)
        self.marks = marks

    @cached_property
    def places(self) -> Floats:
        """Where each asset lies; one that is numbered stands aside, no further than it must."""
        at = super().places.copy()
        wide = float(np.nanmax(at[:, 0]) - np.nanmin(at[:, 0])) * MARK
        stood: list[Floats] = []
        for one in self.marks:
            at[one] = next(
                place
                for place in _around(at[one], wide / 4)
                if all(np.hypot(*(place - other)) >= wide for other in stood)
            )
            stood.append(at[one].copy())
        return at


def _around(place: Floats, step: float) -> Iterator[Floats]:
    """A place, and then others around it, nearest first."""
    yield place
    for ring in count(1):
        for turn in range(8):
            angle = turn * np.pi / 4
            yield place + ring * step * np.array([np.cos(angle), np.sin(angle)])


def drawn(case: Case) -> tuple[str, Bools, float]:
    """Layer worst hit, a state of it in a sample that loses about the mean, and what that sample loses."""
    found = case.loss.by_layer(case.test.up)
    layer = max(found, key=lambda one: (float(found[one].mean()) * case.loss.weights[one], one))
    lost = case.lost[:, 0]
    for at in np.argsort(np.abs(lost - lost.mean()) + (found[layer] <= 0), kind="stable")[:20]:
        state = case.loss.works(case.test.up[[at]])[0]
        before, after = (case.places.carrying(layer, one) for one in (case.system.intact, state))
        if LEFT * before.sum() <= after.sum() < before.sum():
            break
    return layer, state, float(lost[at])


def figure(n: Numbers) -> Figure:
    """Where the assets lie, and what a typical event cuts off."""
    case, w = n.case, n.w
    layer, state, lost = drawn(case)
    network = case.system.layers[layer]
    flows = np.asarray(open_solver(network, "flow").flows(network.intact))  # type: ignore[attr-defined]
    svg = Apart(case.system, case.chosen).draw(
        layer, flows, up=state, marks=case.chosen, marks_label=w.text("hardening.marks")
    )
    system = system_name(network.system)
    amount = Quantity("map.lost", lost * case.loss.people, "persons", decimals=0)
    heads = (
        Head("number", w.text("hardening.head.number")),
        Head("asset", w.text("head.asset")),
        Head("within", w.text("hardening.head.within"), "persons"),
    )
    rows = tuple(
        Row(
            (Quantity(f"order.place{i + 1}", i + 1), case.places.label(asset), n.of_asset(i, "within")),
            chosen=True,
        )
        for i, asset in enumerate(case.chosen)
    )
    return Figure(
        "map",
        w.phrase("hardening.figure", system=system, lost=amount),
        w.phrase("hardening.figure.alt", system=system, k=n.k, lost=amount),
        svg,
        Table("map-data", w.text("hardening.options"), heads, rows),
    )
