"""The map of what to double, and of the sites below the promise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipelines.lifelines.words import system_name, words
from workbench._text import Language
from workbench.lifelines.solvers.flow import Flow

if TYPE_CHECKING:
    from pipelines.lifelines.availability_case import Case
    from workbench.lifelines.model import Bools


def draw_map(case: Case, below: Bools, lang: Language) -> str:
    """
    Draw the network to scale.

    Parameters
    ----------
    case
        What was found.
    below
        Whether each site is below the promise today, shape (sites,).
    lang
        Language of its words.
    """
    from workbench.briefs.figures import network as draw

    network, w = case.network, words("availability")
    first = case.system.offsets[case.layer]
    places = case.places.places[first : first + network.n]
    a = network.arrays
    flows = np.abs(Flow(network).flows(network.intact))
    known = np.isfinite(places).all(axis=1)
    drawn = np.flatnonzero(known[a.u] & known[a.v])
    spots = {
        "map.source": np.flatnonzero(a.source & known),
        "availability.map.below": case.model.sites[below & known[case.model.sites]],
    }
    middle = np.concatenate([places, (places[a.u] + places[a.v]) / 2])
    marks = [one for one in case.choice.chosen if np.isfinite(middle[one]).all()]
    label = w.text("map.label").in_(lang)
    unit = w.find(f"unit.{network.flow_unit}", network.flow_unit)
    return draw(
        [tuple(row) for row in np.hstack([places[a.u], places[a.v]])[drawn].tolist()],
        flows[drawn].tolist(),
        label=label.format(system=system_name(network.system).in_(lang), unit=unit.in_(lang)),
        plain_label=w.text("map.plain").in_(lang),
        places={
            w.text(name).in_(lang): [tuple(one) for one in places[found].tolist()]
            for name, found in spots.items()
            if len(found)
        },
        marks=[tuple(middle[one].tolist()) for one in marks],
        marks_label=w.text("availability.map.marks").in_(lang),
    )
