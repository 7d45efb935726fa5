"""The headways decision in words, tables and a picture."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from pipelines.traffic.headway_costs import LIKELY, SURE
from pipelines.traffic.words import words
from workbench._text import LANGUAGES, Text
from workbench.briefs import Answer, Brief, Confidence, Figure, Head, Phrase, Quantity, Row, Source, Table
from workbench.briefs.scope import whole

if TYPE_CHECKING:
    from pipelines.traffic.headway_case import Case, HeadwaysParameters
    from pipelines.traffic.headway_costs import Costs
    from pipelines.traffic.headways import Headways
    from workbench.briefs.parts import ConfidenceWord
    from workbench.domains import Measures
    from workbench.simulation.runs import Runs
    from workbench.simulation.transit import LineScenario

ROUNDING = 1e-9
RARE_S = 900.0
"""Riders of a line with longer headways look at the timetable."""
OUTCOMES = {
    "mean_wait_s": "s",
    "p95_wait_s": "s",
    "excess_wait_s": "s",
    "left_behind": "persons",
    "max_load_ratio": "share",
    "vehicle_hours": "h",
}
MONEY = Text("million CNY/year", "百万元/年")
Changed = Mapping[str, tuple[str, float]]


def write_brief(
    decision: Headways,
    measures: Measures,
    p: HeadwaysParameters,
    case: Case,
    scenarios: Mapping[str, LineScenario],
    back: Mapping[str, LineScenario],
    runs: Runs,
    costs: Costs,
    changed: Changed,
) -> Brief:
    """Put the comparison into a brief, without its run."""
    from pipelines.traffic.headway_record import record  # SciPy and SALib come with it

    w = Writer(measures, p, case, scenarios, runs, costs, changed)
    return Brief(
        decision=decision.name,
        project=decision.project,
        title=decision.title,
        question=decision.question,
        answer=w.answer(),
        options=w.options(),
        figure=w.figure(),
        tables=w.tables(),
        changes=w.changes(),
        assumptions=w.assumptions(),
        limits=w.limits(),
        sections=record(w, back) if whole() else (),
    )


class Writer:
    """Words, tables and picture of one comparison."""

    def __init__(
        self,
        measures: Measures,
        p: HeadwaysParameters,
        case: Case,
        scenarios: Mapping[str, LineScenario],
        runs: Runs,
        costs: Costs,
        changed: Changed,
    ) -> None:
        self.measures, self.p, self.case, self.scenarios = measures, p, case, scenarios
        self.runs, self.costs, self.changed = runs, costs, changed
        self.words = words()
        self.summary = {
            (row["outcome"], row["scenario"]): row for row in runs.summary().iter_rows(named=True)
        }
        self.order = [
            str(name) for name in np.array(costs.names)[np.argsort(costs.totals.mean(axis=0), kind="stable")]
        ]
        self.basis = self.words.text("headways.basis")
        last = (
            measures["line_patterns"]
            .filter(pl.col("route_id") == case.route, pl.col("direction_id") == case.direction)
            .sort("section")["stop_id"][-1]
        )
        self.named: dict[str, str | None] = (
            dict(measures.clean("stops").gather().select("stop_id", "stop_name").iter_rows())
            if measures.has("stops")
            else {}
        )
        self.line = f"{case.route} → {self.named.get(last) or last}"

    def option(self, name: str) -> Text:
        """What an option is called: the house's own are worded, others are as the file says."""
        return Text(name, name) if self.p.scenarios else self.words.text(f"headways.option.{name}")

    def slug(self, name: str) -> str:
        """An option's place in the order, fit for an id."""
        plain = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-")
        return f"{self.order.index(name) + 1}-{plain}".strip("-")

    def money(self, tag: str, found: tuple[float, float, float], name: str, column: str) -> Quantity:
        """A yearly amount with its interval over simulated days."""
        value, low, high = (float(one) for one in found)
        return Quantity(
            f"{tag}.{self.slug(name)}",
            value,
            MONEY,
            min(low, value),
            max(high, value),
            basis=self.basis,
            decimals=2,
            source=Source("headway_costs", column, {"scenario": name}),
        )

    def outcome(self, outcome: str, name: str, unit: str) -> Quantity:
        """An outcome of an option."""
        row = self.summary[outcome, name]
        base = outcome.replace("@", "-at-")
        source = Source("headway_runs", outcome, {"scenario": name})
        if row["mean"] is None or row["low"] is None:
            return Quantity(f"{base}.{self.slug(name)}", row["mean"], unit, source=source)
        return Quantity(
            f"{base}.{self.slug(name)}",
            row["mean"],
            unit,
            row["low"],
            row["high"],
            basis=self.basis,
            source=source,
        )

    def chance(self, name: str) -> Quantity:
        """Probability of being the cheapest."""
        return Quantity(
            f"best.{self.slug(name)}",
            self.costs.chance_of(name),
            "probability",
            resamples=2000,
            source=Source("headway_costs", "total", {"scenario": name}),
        )

    def answer(self) -> Answer:
        """What to do, and how sure that is."""
        c, w, base = self.costs, self.words, self.p.baseline
        best, chance = c.best, c.chance_of(c.best)
        told: dict[str, Any] = {"line": self.line, "option": self.option(best)}
        wait = self.outcome("mean_wait_s", best, "s")
        points = [w.phrase("headways.point.stay", option=self.option(best), wait=wait)]
        if best != base:
            today = self.outcome("mean_wait_s", base, "s")
            points = [
                w.phrase(
                    "headways.point.wait",
                    option=self.option(best),
                    wait=wait,
                    today=today,
                    base=self.option(base),
                )
            ]
            points.append(
                w.phrase(
                    "headways.point.saving",
                    saving=self.money("saving", c.saving(best, base), best, "total"),
                    base=self.option(base),
                )
            )
        if not self.p.scenarios and "holding" not in (best, base):
            points.append(
                w.phrase(
                    "headways.point.holding",
                    saving=self.money("holding", c.saving("holding", base), "holding", "total"),
                    base=self.option(base),
                )
            )
        if chance < SURE and c.second is not None:
            needed = c.runs_to_separate()
            key = "headways.point.separate" if needed is not None else "headways.point.never"
            more = {"runs": Quantity("runs_needed", needed, "runs")} if needed is not None else {}
            points.append(w.phrase(key, first=self.option(best), second=self.option(c.second), **more))
        points.append(
            w.phrase(
                "headways.point.regret",
                regret=Quantity(
                    "regret", c.regret_of(best), MONEY, decimals=2, source=Source("headway_costs", "total")
                ),
            )
        )
        key = "stay" if best == "today" and not self.p.scenarios else "change"
        headline = w.phrase(f"headways.headline.{key if chance >= LIKELY else 'cannot'}", **told)
        word: ConfidenceWord = "high" if chance >= SURE else "moderate" if chance >= LIKELY else "low"
        rule = w.phrase(
            "headways.rule",
            chance=self.chance(best),
            high=Quantity("rule_high", SURE, "share"),
            moderate=Quantity("rule_moderate", LIKELY, "share"),
        )
        return Answer(headline, tuple(points), Confidence(word, rule))

    def options(self) -> Table:
        """Every option with what decides."""
        rows = []
        for name in self.order:
            vehicles = self.costs.frame.filter(pl.col("scenario") == name)["vehicles"][0]
            rows.append(
                Row(
                    (
                        self.option(name),
                        self.chance(name),
                        self.money("total", self.costs.mean("total", name), name, "total"),
                        self.money("operating", self.costs.mean("operating", name), name, "operating"),
                        Quantity(
                            f"vehicles.{self.slug(name)}",
                            int(vehicles),
                            "vehicles",
                            source=Source("headway_costs", "vehicles", {"scenario": name}),
                        ),
                        self.outcome("mean_wait_s", name, "s"),
                        self.outcome("left_behind", name, "persons"),
                    ),
                    chosen=name == self.costs.best,
                )
            )
        w = self.words.text
        note = "given" if self.p.scenarios else "house"
        heads = (
            Head("option", w("headways.head.option")),
            Head("chance", w("headways.head.chance"), "probability"),
            Head("total", w("headways.head.total"), MONEY),
            Head("operating", w("headways.head.operating"), MONEY),
            Head("vehicles", w("headways.head.vehicles"), "vehicles"),
            Head("wait", w("headways.head.mean_wait_s")),
            Head("left", w("headways.head.left_behind"), "persons"),
        )
        return Table("options", w("headways.options"), heads, tuple(rows), note=w(f"headways.note.{note}"))

    def tables(self) -> tuple[Table, ...]:
        """All outcomes, over the day and by time band."""
        bands = list(
            dict.fromkeys(outcome.partition("@")[2] for outcome in self.runs.units if "@" in outcome)
        )
        return (
            self._outcomes("", list(OUTCOMES)),
            *(self._outcomes(band, list(OUTCOMES)[:5]) for band in bands),
        )

    def _outcomes(self, band: str, names: list[str]) -> Table:
        at = f"@{band}" if band else ""
        known = [name for name in names if f"{name}{at}" in self.runs.units]
        rows = [
            Row(
                (self.option(one), *(self.outcome(f"{name}{at}", one, OUTCOMES[name]) for name in known)),
                chosen=one == self.costs.best,
            )
            for one in self.order
        ]
        w = self.words.text
        heads = (
            Head("option", w("headways.head.option")),
            *(
                Head(name, w(f"headways.head.{name}"), "" if OUTCOMES[name] == "s" else OUTCOMES[name])
                for name in known
            ),
        )
        return Table(
            f"outcomes-{band or 'day'}",
            self.words.find(f"headways.band.{band or 'day'}", band),
            heads,
            tuple(rows),
        )

    def figure(self) -> Figure:
        """Total cost of each option with its interval."""
        from workbench.briefs.figures import ranking

        found = [self.costs.mean("total", name) for name in self.order]
        svg: dict[str, str] = {
            lang: ranking(
                [self.option(name).in_(lang) for name in self.order],
                [v for v, _, _ in found],
                [low for _, low, _ in found],
                [high for _, _, high in found],
                xlabel=self.words.text("headways.axis").in_(lang),
                highlight=[self.order.index(self.costs.best)],
            )
            for lang in LANGUAGES
        }
        heads = (
            Head("option", self.words.text("headways.head.option")),
            Head("total", self.words.text("headways.head.total"), MONEY),
        )
        rows = tuple(
            Row((self.option(name), self.money("total", one, name, "total")), chosen=name == self.costs.best)
            for name, one in zip(self.order, found, strict=True)
        )
        data = Table("costs-data", self.words.text("headways.options"), heads, rows)
        best = self.option(self.costs.best)
        return Figure(
            "costs",
            self.words.phrase("headways.figure", option=best, line=self.line),
            self.words.phrase("headways.figure.alt", option=best, line=self.line),
            svg,
            data,
        )

    def changes(self) -> tuple[Phrase, ...]:
        """Which option is cheapest had things been otherwise."""
        told = []
        for name, (best, chance) in self.changed.items():
            key = "same" if best == self.costs.best else "other"
            sure = Quantity(f"changed.{name}", chance, "probability", resamples=2000)
            told.append(
                self.words.phrase(
                    f"headways.change.{key}",
                    what=self.words.text(f"headways.what.{name}"),
                    option=self.option(best),
                    chance=sure,
                )
            )
        return tuple(told)

    def assumptions(self) -> tuple[Phrase, ...]:
        """What the comparison rests on."""
        w, p, case = self.words, self.p, self.case
        days = Quantity("days", case.days, "days")
        return (
            w.phrase(
                "headways.assume.days",
                runs=Quantity("runs", self.runs.replications, "runs"),
                days=days,
            ),
            *self._left_out(),
            w.phrase(f"headways.assume.arrivals.{p.arrivals}"),
            w.phrase("headways.assume.share", share=Quantity("sample_share", p.sample_share, "share")),
            w.phrase(
                "headways.assume.costs",
                hour=Quantity("vehicle_hour_cost", p.vehicle_hour_cost, "CNY"),
                vehicle=Quantity("vehicle_day_cost", p.vehicle_day_cost, "CNY"),
                wait=Quantity("wait_hour_value", p.wait_hour_value, "CNY"),
                year=Quantity("days_per_year", p.days_per_year, "days"),
            ),
            w.phrase("headways.assume.both"),
            w.phrase("headways.assume.traffic"),
        )

    def _headway(self) -> Quantity:
        """Mean headway of today's departures; unknown where there is one alone."""
        times = np.sort(self.case.model.line.trips.dispatch_s)
        return Quantity("headway", float(np.diff(times).mean()) if len(times) > 1 else None, "s")

    def _left_out(self) -> list[Phrase]:
        """How many riders are simulated, and which trips and riders of the data are not."""
        w, case = self.words, self.case
        demand, kept = case.demand, len(case.model.line.trips)
        told = [
            w.phrase(
                "headways.assume.service",
                trips=Quantity("departures", kept, "trips"),
                headway=self._headway(),
                date=str(case.date),
            ),
            w.phrase("headways.assume.riders", riders=Quantity("riders", demand, "persons")),
        ]
        if case.riders is not None and case.riders - demand > ROUNDING * case.riders:
            left = Quantity("riders_left_out", case.riders - demand, "persons")
            told.append(w.phrase("headways.assume.riders.left", left=left))
        if case.unknown:
            share = Quantity("alighting_unknown", case.unknown, "share")
            told.append(w.phrase("headways.assume.alighting", share=share))
        if kept < case.trips:
            left, trips = (
                Quantity(name, value, "trips")
                for name, value in (("trips_left_out", case.trips - kept), ("trips", case.trips))
            )
            told.append(w.phrase("headways.assume.trips", left=left, trips=trips))
        if case.short:
            told.append(w.phrase("headways.assume.short", short=Quantity("trips_short", case.short, "trips")))
        return told

    def limits(self) -> tuple[Phrase, ...]:
        """What it must not be used for."""
        told = [self.words.phrase("headways.limit.direction"), self.words.phrase("headways.limit.demand")]
        headway = self._headway()
        if (headway.value or 0.0) > RARE_S:
            told.append(self.words.phrase("headways.limit.rare", headway=headway))
        if len({each.demand_factor for each in self.scenarios.values()}) > 1:
            told.append(self.words.phrase("headways.limit.unlike"))
        return tuple(told)
