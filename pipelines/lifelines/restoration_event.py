"""What is damaged: a list, an earthquake drawn by seed, or assets drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipelines.lifelines.hardening_classes import classed, curves_of
from pipelines.lifelines.hardening_hazard import KM, RELATION
from pipelines.lifelines.places import Places, middle_of
from workbench.errors import BadParameter, DataRejected
from workbench.lifelines import InterdependentSystem
from workbench.lifelines.damage import damage_probability, sample_damage
from workbench.lifelines.hazard import Earthquake, Intensity, intensity_field
from workbench.lifelines.model import Bools, Floats, Ints
from workbench.simulation import Streams

if TYPE_CHECKING:
    from pipelines.lifelines.restoration import RestorationParameters


@dataclass(frozen=True, eq=False)
class Event:
    """
    What an event damaged.

    Attributes
    ----------
    up
        State after it with what is planned for damaged, shape (assets,).
    damaged
        Assets planned for, by number in the system; those of a list in its order.
    drawn
        How many the event damaged: more than are planned for where there is a cap.
    listed
        Whether a list was given, whose order is that of report.
    """

    up: Bools
    damaged: Ints
    drawn: int
    listed: bool


def event_of(system: InterdependentSystem, p: RestorationParameters, streams: Streams) -> Event:
    """
    Find what is damaged.

    Parameters
    ----------
    system
        The networks.
    p
        Which event.
    streams
        Where randomness comes from.

    Raises
    ------
    BadParameter
        An asset of the list is not in the data, or is named twice.
    DataRejected
        The event damages nothing.
    """
    if p.damaged:
        found = [_named(system, one) for one in p.damaged]
        if len(set(found)) < len(found):
            twice = next(one for one, at in zip(p.damaged, found, strict=True) if found.count(at) > 1)
            raise BadParameter(f"`damaged` names '{twice}' more than once.")
        damaged = np.array(found, np.int32)
    else:
        down = system.intact & ~_drawn(system, p, streams.child("event"))
        damaged = np.flatnonzero(down).astype(np.int32)
        if not len(damaged):
            raise DataRejected(
                "The event damages nothing: raise `magnitude` or `share`, bring `centre` nearer, or list "
                "what is `damaged`."
            )
    up = system.intact.copy()
    up[damaged] = False
    return Event(up, damaged, len(damaged), bool(p.damaged))


def _named(system: InterdependentSystem, name: str) -> int:
    """Number of an asset given by its id, or by system:id where several systems use the id."""
    layer, _, own = name.rpartition(":")
    rows = system.assets
    found = [
        number
        for number, its_layer, its_id in rows.select("asset", "layer", "id").iter_rows()
        if (its_id == own and its_layer == layer) or (not layer and its_id == name)
    ]
    if len(found) != 1:
        said = "is not in the data" if not found else f"names {len(found)} assets: write system:id"
        raise BadParameter(f"The damaged asset '{name}' {said}.")
    if not system.intact[found[0]]:
        raise BadParameter(f"The damaged asset '{name}' was out of service before the event: leave it out.")
    return int(found[0])


def _drawn(system: InterdependentSystem, p: RestorationParameters, streams: Streams) -> Bools:
    """State after the event, shape (assets,)."""
    if p.hazard == "random":
        return np.asarray(sample_damage(system, np.full(system.size, p.share), samples=1, streams=streams)[0])
    curves = curves_of(None)
    asset_classes = classed(system, "earthquake", curves)
    if np.isnan(Places(system).places).any():
        raise BadParameter("An earthquake needs a place for every node (x, y): give them, or list `damaged`.")
    (x, y), (east, north) = middle_of(system), p.centre
    quake = Earthquake(magnitude=p.magnitude, x=x + KM * east, y=y + KM * north, depth_km=p.depth_km)
    shaking: list[Intensity] = [
        intensity_field(
            asset_classes, quake, relation=one, vs30=p.vs30, range_km=p.range_km, samples=1, streams=streams
        ).all()
        for one in RELATION.values()
    ]
    chance: Floats = damage_probability(asset_classes, shaking, curves)
    return np.asarray(sample_damage(asset_classes, chance, streams=streams)[0])
