"""The record's results: options on the events that judge, who gains, and what it is worth in money."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pipelines.lifelines.districts import member, names_of, zones_of
from pipelines.lifelines.hardening_numbers import CURRENCY, MILLION
from pipelines.lifelines.hardening_tables import bad_days, before_after, by_layer
from workbench.briefs import Head, Quantity, Row, Table
from workbench.briefs.appraisal import cost_benefit
from workbench.briefs.appraisal import equity as section_of_equity
from workbench.briefs.checklist import Section
from workbench.briefs.recording import drawn_cells
from workbench.decisions import CashFlow, Discounting, Outcome, appraise, by_group

if TYPE_CHECKING:
    from pipelines.lifelines.hardening_numbers import Numbers
    from workbench.briefs.recording import Recorder
    from workbench.domains import Measures
    from workbench.lifelines.model import Floats

LEAST_EVENTS = 5


def results(n: Numbers) -> Section:
    """What each option loses, how much less than hardening nothing; bad events; by service."""
    case, w = n.case, n.w.text
    heads = (
        Head("option", w("sec.option")),
        Head("lost", w("hardening.head.lost"), "persons"),
        Head("p5", w("record.p5"), "persons"),
        Head("p95", w("record.p95"), "persons"),
        Head("draws", w("record.draws"), "resamples"),
        Head("saved", w("hardening.head.people"), "persons"),
    )
    rows = []
    for at, name in enumerate(case.options):
        value = float(case.events[:, at].mean()) * case.loss.people
        drawn = case.draws[:, at] * case.loss.people
        cells = drawn_cells(f"result.{name}", value, drawn, "persons", decimals=0)
        draws = Quantity(f"result.{name}.draws", len(drawn), "resamples")
        rows.append(
            Row((n.option(name), *cells, draws, n.saved(name, "persons")), chosen=name == case.recommended)
        )
    table = Table("options-lost", w("hardening.results"), heads, tuple(rows))
    return Section("results", tables=(table, bad_days(n), by_layer(n)), shown=("options", "tables"))


def equity(n: Numbers, measures: Measures, recorder: Recorder) -> Section:
    """In which district people still lose most with the choice, and what it changes for each."""
    found = _by_zone(n)
    if len(found) < 2:
        return recorder.reason("equity", "no_zones")
    if len(n.case.events) < LEAST_EVENTS:
        return recorder.reason("equity", "few_events")
    labels = names_of(measures.clean("zones").gather() if measures.has("zones") else None, found)
    persons = {zone: each[2] for zone, each in found.items()}
    values = {zone: each[1] / each[2] for zone, each in found.items()}
    outcome = Outcome("services", "ratio", n.w.text("hardening.head.services"), "less")
    told = by_group(values, outcome, persons, same_draws=True, streams=n.case.streams.child("equity"))
    section = section_of_equity(told, labels)
    heads = (
        Head("district", n.w.text("head.district")),
        Head("before", n.option("none"), "persons"),
        Head("after", n.option(n.case.recommended), "persons"),
        Head("saved", n.w.text("hardening.head.people"), "persons"),
    )
    rows = tuple(
        Row((labels[zone], *before_after(n, f"zone.{at}", each[0], each[1])))
        for at, (zone, each) in enumerate(found.items(), start=1)
    )
    table = Table("by-district", n.w.text("hardening.zones"), heads, rows)
    return replace(
        section,
        prose=(*section.prose, n.w.phrase("hardening.equity")),
        tables=(*section.tables, table),
    )


def _by_zone(n: Numbers) -> dict[str, tuple[Floats, Floats, float]]:
    """Services lost by event before and after, and people, of each zone with people."""
    case, system = n.case, n.case.system
    zones = zones_of(system)
    people = np.zeros(len(zones))
    lost: dict[str, Floats] = {}
    for option in ("none", case.recommended):
        works = case.loss.works(case.test.with_hardened(case.options[option]))
        total = np.zeros((len(works), len(zones)))
        for layer in case.loss.weights:
            network = system.layers[layer]
            inside = member(network.nodes, zones)
            served = np.where(network.arrays.demand > 0, network.arrays.people, 0.0)
            people = np.maximum(people, served @ inside)
            total += (np.nan_to_num(case.loss.unserved(layer, works)) * served) @ inside
        lost[option] = case.test.by_event(total)
    before, after = lost["none"], lost[case.recommended]
    return {
        zone: (before[:, at], after[:, at], float(people[at]))
        for at, zone in enumerate(zones)
        if people[at] > 0
    }


def priced(n: Numbers, recorder: Recorder) -> Section:
    """Costs and benefits in present values, where a worth of services and the costs are given."""
    case, p, w = n.case, n.p, n.w
    if p.service_value is None:
        return recorder.reason("cost_benefit", "no_price")
    if case.cost is None:
        return recorder.reason("cost_benefit", "no_costs")
    _, drawn = case.saved(case.recommended)
    a_year = drawn * case.loss.people * p.outage_days * p.service_value * p.event_chance / MILLION
    years = p.life_years + 1
    cost = [case.cost / MILLION] + [0.0] * p.life_years
    benefit = np.repeat(a_year[:, None], years, axis=1)
    benefit[:, 0] = 0.0
    flow = CashFlow(
        case.recommended,
        first_year=case.year,
        unit=CURRENCY,
        price_year=case.year,
        costs={"hardening": cost},
        benefits={"services": benefit},
        unmonetised=tuple(w.text(f"hardening.unpriced.{one}") for one in ("repair", "lives")),
    )
    found = appraise(flow, Discounting.flat(p.discount_rate), optimism_bias=p.optimism)
    labels = {one: w.text(f"hardening.line.{one}") for one in ("hardening", "services")}
    section = cost_benefit(found, base=n.option("none"), labels=labels)
    said = w.phrase(
        "hardening.benefit",
        value=Quantity("benefit.value", p.service_value, "CNY"),
        days=Quantity("benefit.days", p.outage_days, "d", decimals=1),
        chance=Quantity("benefit.chance", p.event_chance, "share", decimals=2),
        years=Quantity("benefit.years", p.life_years, "years"),
        bias=Quantity("benefit.bias", p.optimism, "share"),
    )
    return Section("cost_benefit", prose=(said, *section.prose), tables=section.tables)
