"""Samples of damage in events of a hazard, as assets are and were they hardened, on the same luck."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipelines.lifelines.hardening_classes import strengthened
from workbench.lifelines.damage import damage_probability, sample_damage

if TYPE_CHECKING:
    from pipelines.lifelines.hardening import HardeningParameters
    from workbench.lifelines import InterdependentSystem
    from workbench.lifelines.fragility import Curves
    from workbench.lifelines.hazard import Intensity
    from workbench.lifelines.model import Bools, Floats
    from workbench.simulation import Streams


@dataclass(frozen=True, eq=False)
class Sampled:
    """
    Samples of damage, several of each event.

    Attributes
    ----------
    up, hardened
        Whether each asset works as it is, and were it hardened, shape (samples, assets).
    event
        Event of each sample, shape (samples,).
    """

    up: Bools
    hardened: Bools
    event: np.ndarray

    def with_hardened(self, assets: Sequence[int]) -> Bools:
        """State of each sample with some assets hardened."""
        state, which = self.up.copy(), list(assets)
        state[:, which] = self.hardened[:, which]
        return state

    def by_event(self, values: Floats) -> Floats:
        """Mean of values over the samples of each event, shape (events, ...)."""
        known, place = np.unique(self.event, return_inverse=True)
        totals = np.zeros((len(known), *values.shape[1:]))
        np.add.at(totals, place, values)
        count = np.bincount(place).reshape(-1, *([1] * (values.ndim - 1)))
        return np.asarray(totals / count)


def sampled(
    system: InterdependentSystem,
    curves: Curves,
    p: HardeningParameters,
    intensities: list[Intensity],
    streams: Streams,
) -> Sampled:
    """Sample damage in events, as assets are and were they hardened, on the same uniform numbers."""
    states = []
    for known in (curves, strengthened(curves, p.factor)):
        chance = damage_probability(system, intensities, known)
        rows = np.broadcast_to(chance, (p.events, system.size)).repeat(p.samples, axis=0)
        states.append(sample_damage(system, rows, streams=streams.child("damage")))
    return Sampled(states[0], states[1], np.arange(p.events).repeat(p.samples))


def luck(system: InterdependentSystem, p: HardeningParameters, streams: Streams) -> Floats:
    """Uniform numbers behind `sampled`, shape (samples, assets): an asset fails where its chance is above."""
    names = system.assets.select("layer", "part", "id").iter_rows()
    drawn = streams.child("damage")
    return np.stack([drawn.generator("damage", *who).random(p.events * p.samples) for who in names], axis=1)


def halves(everything: Sampled, p: HardeningParameters) -> tuple[Sampled, Sampled]:
    """Samples of the events to choose on and of those to judge on; an event is on one side."""
    first = p.events - round(p.events * p.held_out)
    early = everything.event < first
    train, test = (
        Sampled(everything.up[part], everything.hardened[part], everything.event[part])
        for part in (early, ~early)
    )
    return train, test
