"""The record of how far the numbers hold: against the data, by outcome, and out of range."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipelines.traffic.headway_brief import RARE_S
from pipelines.traffic.headway_replay import held_out, observed, riders_by_day, scheduled_wait_s
from workbench.briefs import Head, Phrase, Quantity, Row, Table
from workbench.briefs.appraisal import certainty, graded, quality_of
from workbench.briefs.checklist import Section
from workbench.briefs.modelcard import Backcast, validation
from workbench.simulation.intervals import t_interval
from workbench.simulation.transit.plan import open_plan

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipelines.traffic.headway_record import Ground
    from workbench.briefs.parts import Prose
    from workbench.simulation.transit import Demand, LineScenario

    Floats = NDArray[np.float64]

FULL = 0.999
"""A vehicle this full, or fuller, takes nobody else."""
TURNS = 0.0


def validated(g: Ground) -> Section:
    """Today's timetable, simulated, against the taps, the timetable and, where given, the visits of stops."""
    case, looked, words = g.w.case, g.replay, g.words
    demand: Demand = case.model.demand  # type: ignore[assignment]
    riders = g.w.runs.values("passengers", g.base) / g.w.scenarios[g.base].demand_factor
    scheduled = scheduled_wait_s(case.model.line, demand)
    scores = [
        _score(g, "riders", riders, case.demand, "persons"),
        _score(g, "scheduled", looked.wait_s, scheduled, "s"),
    ]
    said: list[Prose] = [
        words.phrase("validation", days=Quantity("validation.days", len(looked.wait_s), "runs"))
    ]
    ran = observed(g.w.measures, case, demand.trips.sum(axis=(0, 2)), weekdays_only=g.w.p.weekdays_only)
    if ran is not None:
        scores.append(_score(g, "headways", looked.headway_wait_s, ran.wait_s, "s"))
        scores.append(_score(g, "cv", looked.cv, ran.cv, "ratio"))
        visits = Quantity("validation.visits", ran.visits, kind="counting")
        said.append(words.phrase("validation.visits", visits=visits))
    else:
        said.append(words.phrase("validation.unseen"))
    kept = held_out(case, g.w.p)
    if kept is not None:
        scores.append(
            Backcast(
                words.text("back.quarter"),
                Quantity("back.quarter.predicted", kept.predicted, "persons", decimals=1),
                Quantity("back.quarter.observed", kept.observed, "persons", decimals=1),
                Quantity("back.quarter.error", kept.error, "persons", decimals=1),
            )
        )
        named = zip(("first", "second"), kept.days, strict=True)
        days = {name: Quantity(f"back.days.{name}", count, "days") for name, count in named}
        said.append(words.phrase("validation.held", **days))
    else:
        said.append(words.phrase("validation.one"))
    return validation(scores, said)


def _score(g: Ground, key: str, days: Floats, seen: float, unit: str) -> Backcast:
    """A mean over simulated days, what it should be, and how far it is off."""
    told = days[np.isfinite(days)]
    one = t_interval(told)
    predicted = Quantity(f"back.{key}.predicted", one.mean, unit, one.low, one.high, basis=g.w.basis)
    off = one.mean - seen
    error = Quantity(f"back.{key}.error", off, unit, one.low - seen, one.high - seen, basis=g.w.basis)
    known = Quantity(f"back.{key}.observed", seen, unit)
    return Backcast(g.words.text(f"back.{key}"), predicted, known, error)


def certain(g: Ground) -> Section:
    """Certainty of waits, of costs, and of the choice."""
    quality = [quality_of(share) for share in g.w.measures.rejected.values()]
    costs = g.w.costs
    half = len(costs.totals) // 2
    halves = [int(part.mean(axis=0).argmin()) for part in (costs.totals[:half], costs.totals[half:])]
    agree = halves[0] == halves[1]
    second = costs.second
    gap = costs.saving(g.best, second)[1:] if second is not None else None
    wait = g.w.summary["mean_wait_s", g.best]
    waits = g.w.runs.values("mean_wait_s", g.best)
    total = costs.totals[:, costs.names.index(g.best)]
    seen = g.w.measures.has("stop_visits")
    defaults = type(g.w.p)()
    priced = all(
        getattr(g.w.p, name) != getattr(defaults, name)
        for name in ("vehicle_hour_cost", "vehicle_day_cost", "wait_hour_value")
    )
    spread = None if wait["low"] is None else (wait["low"], wait["high"])
    judged = (
        ("wait", spread, None, not seen, _alike(waits)),
        ("cost", costs.mean("total", g.best)[1:], None, not priced, _alike(total)),
        ("choice", gap, TURNS, not priced, agree),
    )
    grades = [
        graded(
            g.words.text(f"outcome.{key}"),
            quality=quality,
            interval=interval,
            turns_at=turns_at,
            stand_in=stand_in,
            halves_agree=alike,
        )
        for key, interval, turns_at, stand_in, alike in judged
    ]
    section = certainty(grades)
    return Section("certainty", prose=(g.words.phrase("certainty"),), tables=section.tables)


def _alike(days: Floats) -> bool | None:
    """Whether the means of both halves of the days may be one; None where they cannot be told."""
    told = days[np.isfinite(days)]
    half = len(told) // 2
    if half < 2:
        return None
    one, other = (t_interval(part) for part in (told[:half], told[half:]))
    return one.low <= other.high and other.low <= one.high


def limited(g: Ground) -> Section:
    """What was tried or run beyond what was observed, and vehicles that are full."""
    words = g.words
    keys = ("what", "low", "high", "used", "until", "flag")
    heads = tuple(Head(key, words.text(f"range.{key}")) for key in keys)
    today = _headways(g, None)
    used = [_headways(g, one) for one in g.w.scenarios.values()]
    lengths = [each for each in used if len(each)]
    days = riders_by_day(g.w.case, g.w.p)
    rows = []
    if len(today) and lengths:
        ends = float(min(each.min() for each in lengths)), float(max(each.max() for each in lengths))
        rows.append(_range(g, "headway", (float(today.min()), float(today.max())), ends, "s"))
    if g.w.p.futures:
        mean = float(days.mean())
        share = float(days.min()) / mean, float(days.max()) / mean
        tried = g.inputs["demand"]
        factors = [one.demand_factor for one in g.w.scenarios.values()]
        ends = tried.low * min(factors), tried.high * max(factors)
        rows.append(_range(g, "riders", share, ends, "ratio"))
    sizes = [float(one.capacity) for one in g.w.scenarios.values()]
    own = float(g.w.case.capacity)
    rows.append(_range(g, "capacity", (own, own), (min(sizes), max(sizes)), "persons"))
    table = Table("ranges", words.text("ranges"), heads, tuple(rows))
    return Section("limits", prose=tuple(_flags(g)), tables=(table,), shown=("limits",))


def _range(g: Ground, key: str, seen: tuple[float, float], used: tuple[float, float], unit: str) -> Row:
    """What was observed, what was used, and whether that goes beyond."""
    slack = 1e-9 * max(abs(each) for each in (*seen, *used))
    beyond = used[0] < seen[0] - slack or used[1] > seen[1] + slack
    decimals = 0 if unit == "persons" else None
    ends = [
        Quantity(f"range.{key}.{name}", value, unit, decimals=decimals)
        for name, value in zip(("low", "high", "used", "until"), (*seen, *used), strict=True)
    ]
    flag = g.words.text("range.beyond" if beyond else "range.within")
    return Row((g.words.text(f"range.{key}"), *ends, flag))


def _flags(g: Ground) -> list[Phrase]:
    """Options whose vehicles are full, and those so rare that riders look at the timetable."""
    told = []
    for name in g.w.order:
        load, left = (g.w.summary[outcome, name]["mean"] for outcome in ("max_load_ratio", "left_behind"))
        if load is not None and load >= FULL and left:
            count = Quantity(f"flag.left.{g.w.slug(name)}", left, "persons", decimals=0)
            told.append(g.words.phrase("flag.full", option=g.labels[name], left=count))
        gaps = _headways(g, g.w.scenarios[name])
        if len(gaps) and gaps.mean() > RARE_S:
            mean = Quantity(f"flag.headway.{g.w.slug(name)}", float(gaps.mean()), "s")
            told.append(g.words.phrase("flag.rare", option=g.labels[name], headway=mean))
    return told or [g.words.phrase("flag.none")]


def _headways(g: Ground, scenario: LineScenario | None) -> Floats:
    """Headways between the departures of a scenario, or of today's timetable, from the first stop."""
    line = g.w.case.model.line
    trips = line.trips
    if scenario is not None:
        trips = open_plan(line, scenario.headway_s, scenario.bands, scenario.departures_s).trips
    times = np.sort(trips.dispatch_s[trips.first == 0])
    gaps = np.diff(times)
    return np.asarray(gaps[gaps > 0])
