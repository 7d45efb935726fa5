"""The record behind the fullest sections: what could be run there, what it leaves above places, how sure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipelines.traffic import crowding_checks as checks
from pipelines.traffic import crowding_turns as turns
from pipelines.traffic.crowding_case import Case
from pipelines.traffic.crowding_equity import equity
from pipelines.traffic.crowding_options import LARGER
from pipelines.traffic.crowding_ways import Floats
from pipelines.traffic.recording import card, drawn_cells, reason, resampled, steps
from pipelines.traffic.words import count, record_words
from workbench.briefs import Head, Quantity, Row, Table
from workbench.briefs.appraisal import DRAWS_BASIS, certainty, graded, quality_of
from workbench.briefs.appraisal import alternatives as section_of_options
from workbench.briefs.appraisal import ranking as section_of_ranking
from workbench.briefs.checklist import Section
from workbench.decisions import Option, Options

OUT = ("holding", "demand", "express")
"""Options that these data cannot judge."""
STEPS = ("ride", "load", "offer", "lay", "resample", "act")


def record(case: Case) -> tuple[Section, ...]:
    """Fill the items of the checklist that this decision can fill."""
    return (
        alternatives(case),
        card("crowding"),
        resampled(case.p.resamples if case.cells.enough else None),
        checks.verification(case),
        checks.validation(case),
        steps("crowding", STEPS),
        turns.assumptions(case),
        results(case),
        ranking(case),
        turns.sensitivity(case),
        turns.futures(case),
        equity(case),
        certain(case),
        turns.changes(case),
        Section("maps", prose=(record_words().phrase("crowding.maps"),), shown=("figure",)),
        reason("cost_benefit", "no_prices"),
        reason("targets", "no_target"),
        Section("limits", shown=("limits",)),
    )


def alternatives(case: Case) -> Section:
    """Today's timetable, what could be run instead, and what these data cannot judge."""
    words, compared = record_words(), case.options
    w = words.text
    options = [Option("none", case.labels["none"], "do_nothing", also_minimum=w("crowding.minimum"))]
    options += [Option(name, case.labels[name]) for name in compared if name != "none"]
    options += [
        Option(name, w(f"crowding.option.{name}"), screened_out=w(f"crowding.out.{name}"))
        for name in ("spread", *OUT)
        if name not in compared
    ]
    section = section_of_options(Options(options))
    said = words.phrase(
        f"crowding.acted.{'over' if case.ranking.over else 'none'}",
        cells=count("record.cells", len(case.offers.targets), "cells"),
        trips=count("record.trips", case.offers.trips, "trips"),
        larger=Quantity("record.larger", LARGER, "share"),
    )
    return replace(section, prose=(*section.prose, said))


def results(case: Case) -> Section:
    """What each option leaves above places, and how much less than today's timetable."""
    words = record_words()
    w = words.text
    units = {"left": "persons", "p5": "persons", "p95": "persons", "less": "persons", "share": "share"}
    units |= {"added": "persons", "draws": "resamples"}
    labels = {"p5": w("record.p5"), "p95": w("record.p95"), "draws": w("record.draws")}
    heads = [Head(key, labels.get(key) or w(f"crowding.head.{key}"), unit) for key, unit in units.items()]
    means, riders, drawn = case.above.mean(axis=0), case.cells.riders.sum(axis=1).mean(), case.drawn
    rows = []
    for at, name in enumerate(case.options):
        own = None if drawn is None else drawn[:, at]
        cells = drawn_cells(f"above.{name}", float(means[at]), own, "persons", decimals=0)
        apart = None if drawn is None else drawn[:, at] - drawn[:, 0]
        cells.append(_difference(f"above.less.{name}", float(means[at] - means[0]), apart))
        cells += [
            Quantity(f"above.share.{name}", float(means[at] / riders), "share", decimals=1),
            Quantity(f"above.added.{name}", case.offers.added(name), "persons", decimals=0),
            Quantity(f"above.draws.{name}", 0 if own is None else len(own), "resamples"),
        ]
        rows.append(Row((case.labels[name], *cells)))
    table = Table(
        "options-tried",
        w("crowding.results"),
        (Head("option", w("sec.option")), *heads),
        tuple(rows),
        words.phrase("crowding.results.note"),
    )
    few = () if case.cells.enough else (words.phrase("crowding.results.few"),)
    return Section("results", prose=few, tables=(table,), shown=("options",))


def _difference(name: str, value: float, drawn: Floats | None) -> Quantity:
    if drawn is None or np.ptp(drawn) == 0:
        return Quantity(name, value, "persons", decimals=0)
    low, high = (float(one) for one in np.quantile(drawn, [0.025, 0.975]))
    ends = (min(low, value), max(high, value))
    return Quantity(name, value, "persons", *ends, basis=DRAWS_BASIS, decimals=0)


def ranking(case: Case) -> Section:
    """How sure the order of the options is, with none marked: they are not compared by what they cost."""
    words = record_words()
    if case.verdict is None:
        return Section("ranking", prose=(words.phrase("crowding.ranking.few"),), shown=("options",))
    section = section_of_ranking(case.verdict, case.labels, unit="persons", draws="days")
    plain = tuple(replace(one, rows=tuple(Row(row.cells) for row in one.rows)) for one in section.tables)
    return replace(section, prose=(*section.prose, words.phrase("crowding.ranking")), tables=plain)


def certain(case: Case) -> Section:
    """How certain the fullest section, the riders above places and the effect of the option ahead are."""
    w, drawn = record_words().text, case.drawn
    quality = [quality_of(share) for share in case.measures.rejected.values()]
    ends: dict[str, tuple[float, float] | None] = dict.fromkeys(("fullest", "above", "effect"))
    if drawn is not None:
        at = case.options.index(case.ahead)
        ends["fullest"] = case.ranking.interval(case.ranking.order[0])
        ends["above"], ends["effect"] = _ends(drawn[:, 0]), _ends(drawn[:, at] - drawn[:, 0])
    turns_at = {"fullest": case.p.limit, "above": None, "effect": 0.0}
    same = checks.agree(case)
    return certainty(
        graded(
            w(f"crowding.outcome.{name}"),
            quality=quality,
            interval=interval,
            turns_at=turns_at[name],
            stand_in=True,
            halves_agree=same[name],
        )
        for name, interval in ends.items()
    )


def _ends(drawn: Floats) -> tuple[float, float]:
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)
