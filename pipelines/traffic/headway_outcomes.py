"""The record's results: outcomes of the options, their order, costs and benefits, and who waits longest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.traffic.headway_brief import MONEY
from pipelines.traffic.headway_costs import MILLION
from pipelines.traffic.headway_words import filled, reason
from workbench._text import Text
from workbench.briefs import Head, Quantity, Row, Source, Table
from workbench.briefs.appraisal import cost_benefit, equity, ranking
from workbench.briefs.checklist import Section
from workbench.decisions import CashFlow, Discounting, Outcome, appraise, by_group
from workbench.simulation import Streams
from workbench.simulation.intervals import paired_difference, t_interval

if TYPE_CHECKING:
    from pipelines.traffic.headway_record import Ground

Floats = NDArray[np.float64]
Found = tuple[float, float, float] | float | None
"""A mean with the ends of its interval, a number, or none."""
RESAMPLES = 1000
CURRENCY = "million CNY"
LEAST_DAYS = 3


def results(g: Ground) -> Section:
    """Costs, waits and riders left behind: mean, days, difference from the baseline, and per rider."""
    year = {name: _column(g, "total", name) for name in g.w.order}
    riders = {name: _outcome(g, "passengers", name) for name in g.w.order}
    per_rider = {
        name: year[name] * MILLION / g.w.p.days_per_year / np.maximum(riders[name], 1.0) for name in g.w.order
    }
    tables = (
        _table(g, "total", year, MONEY, "headway_costs", "total"),
        _table(g, "rider", per_rider, "CNY", "", ""),
        _table(g, "wait", _days(g, "mean_wait_s"), "s", "headway_runs", "mean_wait_s"),
        _table(g, "left", _days(g, "left_behind"), "persons", "headway_runs", "left_behind"),
    )
    note = g.words.phrase("results.note", days=Quantity("results.days", g.w.runs.replications, "runs"))
    return Section("results", prose=(note,), tables=tables, shown=("options", "tables"))


def _table(
    g: Ground, key: str, values: dict[str, Floats], unit: str | Text, measure: str, column: str
) -> Table:
    """One outcome of every option."""
    within = "" if unit == "s" else unit  # some durations print in s, others in min
    heads = (
        Head("option", g.words.house("sec.option")),
        Head("mean", g.words.text("head.mean"), within),
        Head("p5", g.words.text("head.p5"), within),
        Head("p95", g.words.text("head.p95"), within),
        Head("days", g.words.text("head.days"), "runs"),
        Head("difference", g.words.text("head.difference"), within),
    )
    rows = []
    for name in g.w.order:
        own, tag = values[name], g.w.slug(name)
        days = own[np.isfinite(own)]
        source = Source(measure, column, {"scenario": name}) if measure else None

        found: dict[str, Found] = dict.fromkeys(("mean", "p5", "p95"))
        if len(days) > 1:
            mean = t_interval(days)
            low, high = (float(each) for each in np.quantile(days, [0.05, 0.95]))
            found = {"mean": (mean.mean, mean.low, mean.high), "p5": low, "p95": high}
        found["difference"] = _difference(g, values, name)
        numbers = {
            what: _number(g, f"result.{key}.{what}.{tag}", each, unit, source) for what, each in found.items()
        }
        apart = numbers.pop("difference")
        count = Quantity(f"result.{key}.days.{tag}", len(days), "runs")
        rows.append(Row((g.labels[name], *numbers.values(), count, apart), chosen=name == g.best))
    return Table(f"result-{key}", g.words.text(f"results.{key}"), heads, tuple(rows))


def _number(g: Ground, name: str, found: Found, unit: str | Text, source: Source | None) -> Quantity:
    """A number, with its interval where it has one."""
    if not isinstance(found, tuple):
        return Quantity(name, found, unit, source=source)
    value, low, high = found
    return Quantity(name, value, unit, min(low, value), max(high, value), basis=g.w.basis, source=source)


def _difference(g: Ground, values: dict[str, Floats], name: str) -> Found:
    """Option less baseline, day by day; none of itself."""
    own, base = values[name], values[g.base]
    both = np.isfinite(own) & np.isfinite(base)
    if name == g.base:
        return 0.0
    if both.sum() < 2:
        return None
    found = paired_difference(own[both], base[both]).interval
    return found.mean, found.low, found.high


def ranked(g: Ground) -> Section:
    """How sure the order of costs is."""
    return ranking(g.w.costs.verdict, g.labels, unit=MONEY)


def priced(g: Ground) -> Section:
    """The option against the baseline over the life of a vehicle, in present values."""
    p, first = g.w.p, g.w.case.date.year
    lines = _lines(g)
    flow = CashFlow(
        g.other,
        first_year=first,
        unit=CURRENCY,
        price_year=first,
        costs={key: _years(lines[key], p.vehicle_life) for key in ("running", "vehicles")},
        benefits={"waiting": _years(lines["waiting"], p.vehicle_life)},
        unmonetised=tuple(g.words.text(f"unpriced.{key}") for key in ("comfort", "air", "ride")),
    )
    found = appraise(flow, Discounting.flat(p.discount_rate), optimism_bias=p.optimism_bias)
    labels = {key: g.words.text(f"line.{key}") for key in lines}
    section = cost_benefit(found, base=g.labels[g.base], labels=labels)
    said = g.words.phrase(
        "benefit",
        option=g.labels[g.other],
        base=g.labels[g.base],
        years=Quantity("benefit.years", p.vehicle_life, "years"),
        first=str(first),
        rate=Quantity("benefit.rate", p.discount_rate, "share"),
        draws=Quantity("benefit.draws", RESAMPLES, "resamples"),
    )
    bias = g.words.phrase(
        "benefit.bias" if p.optimism_bias else "benefit.nobias",
        bias=Quantity("benefit.bias", p.optimism_bias, "share"),
    )
    return Section("cost_benefit", prose=(said, bias, *section.prose), tables=section.tables)


def _lines(g: Ground) -> dict[str, Floats]:
    """Costs and benefits a year against the baseline, of resampled days, shape (resamples,)."""
    p, base = g.w.p, g.base
    wait = _column(g, "waiting", base) - _column(g, "waiting", g.other)
    operating = _column(g, "operating", g.other) - _column(g, "operating", base)
    today = g.w.scenarios[base].capacity
    owned = 0.0
    for name, sign in ((g.other, 1.0), (base, -1.0)):
        size = (g.w.scenarios[name].capacity / today) ** p.size_elasticity
        owned += sign * float(_column(g, "vehicles", name)[0]) * size
    vehicles = owned * p.vehicle_day_cost * p.days_per_year / MILLION
    n = len(wait)
    draw = Streams(p.seed).child("benefit").generator("days")
    weights = draw.multinomial(n, np.full(n, 1 / n), size=RESAMPLES) / n
    return {
        "running": weights @ operating - vehicles,
        "vehicles": np.full(RESAMPLES, vehicles),
        "waiting": weights @ wait,
    }


def _years(yearly: Floats, life: int) -> Floats:
    return np.repeat(yearly[:, None], life, axis=1)


def shared(g: Ground) -> Section:
    """Who waits longest with the recommended option, by where they board, and what it changes for them."""
    looked = g.replay
    own, base = looked.waits_s[g.best], looked.waits_s[g.base]
    full = np.isfinite(own).all(axis=1) & np.isfinite(base).all(axis=1)
    if len(looked.groups) < 2 or full.sum() < LEAST_DAYS or (looked.riders <= 0).any():
        return reason("equity", "one_group")
    names = [f"group {at}" for at in range(len(looked.groups))]
    values = {name: own[full, at] for at, name in enumerate(names)}
    riders = {name: float(looked.riders[at]) for at, name in enumerate(names)}
    outcome = Outcome("wait", "s", filled("headways.equity.outcome", option=g.labels[g.best]), "less")
    streams = Streams(g.w.p.seed).child("equity")
    found = by_group(values, outcome, riders, same_draws=True, least=LEAST_DAYS, streams=streams)
    labels = {name: _between(g, at) for at, name in enumerate(names)}
    section = equity(found, labels)
    said = g.words.phrase("equity", days=Quantity("equity.days", int(full.sum()), "runs"))
    if g.best == g.base:
        return Section("equity", prose=(*section.prose, said), tables=section.tables)
    heads = (
        Head("group", g.words.house("sec.equity.group")),
        Head("change", g.words.text("head.difference")),
    )
    rows = []
    for at, name in enumerate(names):
        pair = paired_difference(own[full, at], base[full, at]).interval
        change = Quantity(f"equity.change.{at + 1}", pair.mean, "s", pair.low, pair.high, basis=g.w.basis)
        rows.append(Row((labels[name], change)))
    table = Table("equity-change", g.words.text("equity.change"), heads, tuple(rows))
    return Section("equity", prose=(*section.prose, said), tables=(*section.tables, table))


def _between(g: Ground, at: int) -> Text:
    """A group of stops by its first and last one."""
    stops = g.w.case.model.line.stops
    group = g.replay.groups[at]
    ends = [g.w.named.get(stops[place]) or stops[place] for place in (group[0], group[-1])]
    said = " – ".join(dict.fromkeys(ends))
    return Text(said, said)


def _column(g: Ground, column: str, name: str) -> Floats:
    """A cost of an option by day."""
    rows = g.w.costs.frame.filter(pl.col("scenario") == name).sort("replication")
    return np.asarray(rows[column].to_numpy(), float)


def _outcome(g: Ground, outcome: str, name: str) -> Floats:
    return np.asarray(g.w.runs.values(outcome, name), float)


def _days(g: Ground, outcome: str) -> dict[str, Floats]:
    return {name: _outcome(g, outcome, name) for name in g.w.order}
