"""The maps of what to double and build, and of the sites below the promise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipelines.lifelines.availability_numbers import MILLION
from pipelines.lifelines.words import system_name, words
from workbench._text import LANGUAGES, Language, Text
from workbench.briefs import Figure, Head, Quantity, Row, Source, Table
from workbench.lifelines.solvers.flow import Flow

if TYPE_CHECKING:
    from pipelines.lifelines.availability_case import Case
    from pipelines.lifelines.availability_tables import Tables
    from workbench.lifelines.model import Bools


def map_of(case: Case, t: Tables, option: str) -> Figure:
    """
    Draw what an option doubles and builds, in its order, and which sites are below the promise today.

    Parameters
    ----------
    case, t
        What was found, and its tables.
    option
        Which option.
    """
    w, n, plan = t.n.w, t.n, case.options[option]
    below = case.dark["none"].mean(axis=0) > 1 - case.p.promise
    svg = {str(lang): _drawn(case, below, option, lang) for lang in LANGUAGES}
    said = {
        "sites": n.count("below", int(below.sum()), "sites"),
        "all": n.count("sites", len(below), "sites"),
        "promise": n.promise,
    }
    rows: list[Row] = []

    def add(label: Text, cost: float, source: Source | None) -> None:
        at = len(rows) + 1
        money = Quantity(f"map.{option}.cost.{at}", cost / MILLION, "million CNY", decimals=2, source=source)
        rows.append(Row((Quantity(f"map.{option}.{at}", at), label, money), chosen=option == case.best))

    links = plan.links if plan.links is not None else pl.DataFrame()
    for step, row in enumerate(links.iter_rows(named=True), start=1):
        joined = t.between(row)
        told = n.cables is not None and step < n.cables.height
        source = Source("availability_cables", "cost", {"step": step}) if told else None
        add(Text(joined.in_("en"), joined.in_("zh")), float(row["cost"]), source)
    for step, one in enumerate(plan.chosen, start=1):
        source = Source("availability_steps", "cost", {"step": step}) if option == "double" else None
        add(t.label(one), float(case.costs.each[one]), source)
    heads = (
        Head("number", w.text("availability.head.number")),
        Head("asset", w.text("availability.head.what")),
        Head("cost", w.text("availability.head.step_cost"), "million CNY"),
    )
    system = system_name(case.network.system)
    name = "map" if option == case.best else f"map-{option}"
    return Figure(
        name,
        w.phrase(f"availability.figure.{option}", **said),
        w.phrase("availability.figure.alt", system=system, what=t.what(option), **said),
        svg,
        Table(f"{name}-data", w.text("availability.figure.data"), heads, tuple(rows)),
    )


def _drawn(case: Case, below: Bools, option: str, lang: Language) -> str:
    from workbench.briefs.figures import network as draw

    network, w, plan = case.network, words("availability"), case.options[option]
    first = case.system.offsets[case.layer]
    places = case.places.places[first : first + network.n]
    a = network.arrays
    flows = np.abs(Flow(network).flows(network.intact))
    known = np.asarray(np.isfinite(places).all(axis=1))
    drawn = np.flatnonzero(known[a.u] & known[a.v])
    lines = np.hstack([places[a.u], places[a.v]])
    index = network.node_index
    links = plan.links if plan.links is not None else pl.DataFrame()
    new = [(index[row["u"]], index[row["v"]]) for row in links.iter_rows(named=True)]
    built = np.array([np.concatenate([places[u], places[v]]) for u, v in new]).reshape(-1, 4)
    middle = np.concatenate([places, (lines[:, :2] + lines[:, 2:]) / 2])
    marks = [*((built[:, :2] + built[:, 2:]) / 2), *(middle[one] for one in plan.chosen)]
    spots = {
        "map.source": np.flatnonzero(a.source & known),
        "availability.map.below": case.model.sites[below & known[case.model.sites]],
    }
    label = w.text("map.label").in_(lang)
    unit = w.find(f"unit.{network.flow_unit}", network.flow_unit)
    return draw(
        [tuple(row) for row in np.concatenate([lines[drawn], built]).tolist()],
        [*flows[drawn].tolist(), *([None] * len(built))],
        label=label.format(system=system_name(network.system).in_(lang), unit=unit.in_(lang)),
        cut=[False] * len(drawn) + [True] * len(built),
        cut_label=w.text("availability.map.new").in_(lang),
        plain_label=w.text("map.plain").in_(lang),
        places={
            w.text(name).in_(lang): [tuple(one) for one in places[found].tolist()]
            for name, found in spots.items()
            if len(found)
        },
        marks=[tuple(one.tolist()) for one in marks if np.isfinite(one).all()],
        marks_label=w.text(f"availability.map.marks.{'mixed' if new else 'double'}").in_(lang),
    )
