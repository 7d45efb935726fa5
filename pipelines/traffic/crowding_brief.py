"""Crowding and regularity in words, tables and a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from pipelines.traffic.cells import Cells, Ranking
from pipelines.traffic.crowding_case import Case
from pipelines.traffic.crowding_map import draw_map
from pipelines.traffic.crowding_record import record
from pipelines.traffic.names import LINE, LineNames, clock
from pipelines.traffic.recording import able, unable
from pipelines.traffic.service import FIGURES, FREQUENT_S, Regularity
from pipelines.traffic.words import count, words
from workbench._text import Text
from workbench.briefs import (
    Answer,
    Brief,
    Confidence,
    Figure,
    Head,
    Phrase,
    Quantity,
    Row,
    Source,
    Table,
)
from workbench.briefs.scope import whole
from workbench.decisions.resampling import LEAST_DAYS

if TYPE_CHECKING:
    from pipelines.traffic.crowding import CrowdingParameters
    from workbench.briefs.checklist import Section
    from workbench.domains import Decision, Measures

SURE, LIKELY = 0.9, 0.7
LATE_S = 1.0
"""An excess wait below this is no wait."""
UNITS = {"headway": "s", "scheduled": "s", "cv": "ratio", "p95": "s", "wait": "s", "bunched": "share"}
IN_HEAD = ("cv", "bunched")
MAP_ROWS = 30


def write_brief(
    decision: Decision,
    measures: Measures,
    parameters: CrowdingParameters,
    cells: Cells,
    ranking: Ranking,
    lines: list[Regularity],
) -> Brief:
    """Write the brief, without its run."""
    w = _Writer(measures, parameters, cells, ranking, lines)
    return Brief(
        decision=decision.name,
        project=decision.project,
        title=decision.title,
        question=decision.question,
        answer=w.answer(),
        options=w.options(),
        figure=w.figure(),
        tables=(w.regularity(),) if lines else (),
        changes=w.changes(),
        assumptions=w.assumptions(),
        limits=w.limits(),
        sections=w.sections() if whole() and able() else (),
    )


class _Writer:
    def __init__(
        self,
        measures: Measures,
        parameters: CrowdingParameters,
        cells: Cells,
        ranking: Ranking,
        lines: list[Regularity],
    ) -> None:
        self.m, self.p, self.cells, self.ranking, self.lines = measures, parameters, cells, ranking, lines
        self.names = LineNames(measures)
        self.basis = words().text(f"crowding.basis.{'days' if cells.enough else 'count'}")

    def slug(self, i: int) -> str:
        """A cell's place in the ranking, fit for an id."""
        return f"cell{self.ranking.order.index(i) + 1}"

    def load_of(self, row: dict[str, Any]) -> Source:
        """Where a cell's riders stand."""
        keys = ("route_id", "direction_id", "section", "quarter")
        return Source("load_profile", "riders", {key: row[key] for key in keys})

    def factor(self, i: int) -> Quantity:
        """Riders as share of places."""
        row = self.cells.row(i)
        value, (low, high) = float(row["factor"]), self.ranking.interval(i)
        ends = min(low, value), max(high, value)
        return Quantity(
            f"factor.{self.slug(i)}", value, "share", *ends, basis=self.basis, source=self.load_of(row)
        )

    def chance(self, i: int) -> Quantity:
        """Chance of being over the limit; cannot be told from one or two days."""
        value, resamples = (self.ranking.chance(i), self.p.resamples) if self.cells.enough else (None, None)
        source = self.load_of(self.cells.row(i))
        return Quantity(f"chance.{self.slug(i)}", value, "probability", resamples=resamples, source=source)

    def persons(self, i: int, name: str) -> Quantity:
        """Riders, places or excess a day."""
        row, source = self.cells.row(i), self.load_of(self.cells.row(i))
        if name == "places":
            keys = ("route_id", "direction_id", "stop_id", "quarter")
            source = Source("scheduled_supply", "places", {key: row[key] for key in keys})
        return Quantity(f"{name}.{self.slug(i)}", float(row[name]), "persons", decimals=0, source=source)

    def answer(self) -> Answer:
        """What to act on, and how sure that is."""
        w, first = words(), self.ranking.order[0]
        row, chance = self.cells.row(first), self.ranking.chance(first)
        if not self.cells.enough:
            key = "days"
        elif self.ranking.over and chance >= LIKELY:
            key = "over"
        else:
            key = "maybe" if self.ranking.over or chance > 1 - LIKELY else "none"
        headline = w.phrase(
            f"crowding.headline.{key}",
            line=self.names.line(row),
            stop=self.names.stop(row["stop_id"]),
            next=self.names.stop(row["next_stop_id"]),
            time=clock(row["quarter"]),
            factor=self.factor(first),
        )
        points = [*self.over_points(), self.regular_point()]
        return Answer(headline, tuple(points), self.confidence(chance))

    def over_points(self) -> list[Phrase]:
        """How many cells are over capacity, and by how much the first."""
        w, over = words(), self.ranking.over
        if not over:
            return []
        rows = [self.cells.row(i) for i in over]
        lines = len({row["route_id"] for row in rows})
        counts = {"cells": count("over", len(over), "cells"), "lines": count("lines", lines, "lines")}
        key = "crowding.point.count.days"
        if self.cells.enough:
            key = "crowding.point.count"
            sure = sum(self.ranking.chance(i) >= SURE for i in over)
            counts |= {"sure": count("sure", sure, "cells"), "level": Quantity("sure_level", SURE, "share")}
        excess = self.persons(over[0], "excess")
        return [w.phrase(key, **counts), w.phrase("crowding.point.excess", excess=excess)]

    def regular_point(self) -> Phrase:
        """The line whose riders wait longest beyond the timetable, among those frequent enough to tell."""
        w = words()
        if not self.lines:
            return w.phrase("crowding.point.timetable")
        frequent = [line for line in self.lines if line.frequent]
        if not frequent:
            return w.phrase("crowding.point.rare", frequent=Quantity("frequent", FREQUENT_S, "s"))
        worst = max(frequent, key=lambda line: line.wait)
        if worst.wait < LATE_S:
            return w.phrase("crowding.point.ontime")
        excess = self.regular_figure(worst, "wait")
        return w.phrase("crowding.point.regular", line=self.names.line(worst.where), excess=excess)

    def confidence(self, chance: float) -> Confidence:
        """How sure it is whether the first cell is over the limit."""
        w = words()
        if not self.cells.enough:
            days = count("days", len(self.cells.days), "days")
            least = count("least_days", LEAST_DAYS, "days")
            return Confidence("cannot_tell", w.phrase("crowding.rule.days", days=days, least=least))
        certain = max(chance, 1 - chance)
        word: Literal["high", "moderate", "low"] = "low"
        if certain >= LIKELY:
            word = "high" if certain >= SURE else "moderate"
        rule = w.phrase(
            "crowding.rule.chance",
            chance=Quantity("first_chance", chance, "probability", resamples=self.p.resamples),
            high=Quantity("rule_high", SURE, "share"),
            low=Quantity("rule_low", round(1 - SURE, 6), "share"),
            moderate=Quantity("rule_moderate", LIKELY, "share"),
            little=Quantity("rule_little", round(1 - LIKELY, 6), "share"),
        )
        return Confidence(word, rule)

    def options(self) -> Table:
        """The fullest cells."""
        w, rows = words().text, []
        for i in self.ranking.order[: self.p.shown]:
            row = self.cells.row(i)
            persons = (self.persons(i, name) for name in ("riders", "places", "excess"))
            named = self.names.line(row), self.names.section(row), clock(row["quarter"])
            rows.append(
                Row((*named, self.factor(i), self.chance(i), *persons), chosen=i in self.ranking.over)
            )
        units = {
            "line": "",
            "section": "",
            "time": "",
            "factor": "share",
            "chance": "probability",
            "riders": "persons",
            "places": "persons",
            "excess": "persons",
        }
        heads = tuple(Head(key, w(f"crowding.head.{key}"), unit) for key, unit in units.items())
        return Table("cells", w("crowding.options"), heads, tuple(rows), note=w("crowding.note"))

    def figure(self) -> Figure:
        """The line of the fullest cell: sections against time."""
        first = self.cells.row(self.ranking.order[0])
        same = [pl.col(key) == first[key] for key in LINE]
        line = self.cells.table.filter(*same)
        w, name, time = words(), self.names.line(first), clock(first["quarter"])
        units = {"section": "", "time": "", "factor": "share"}
        heads = tuple(Head(key, w.text(f"crowding.head.{key}"), unit) for key, unit in units.items())
        rows = []
        for row in line.sort("factor", "cell", descending=[True, False]).head(MAP_ROWS).iter_rows(named=True):
            share = Quantity(
                f"map.{row['cell']}", row["factor"], "share", decimals=0, source=self.load_of(row)
            )
            rows.append(Row((self.names.section(row), clock(row["quarter"]), share)))
        key = "crowding.figure.over" if self.ranking.over else "crowding.figure.none"
        factor = self.factor(self.ranking.order[0])
        return Figure(
            "map",
            w.phrase(key, line=name, time=time),
            w.phrase("crowding.figure.alt", line=name, time=time, factor=factor),
            draw_map(line, self.names, self.p.limit),
            Table("map-data", w.text("crowding.map"), heads, tuple(rows)),
        )

    def regularity(self) -> Table:
        """Regularity by line and direction."""
        w = words().text
        rows = [
            Row((self.names.line(line.where), *(self.regular_figure(line, name) for name in FIGURES)))
            for line in self.lines
        ]
        units = {"line": "", **{name: UNITS[name] if name in IN_HEAD else "" for name in FIGURES}}
        heads = (Head(key, w(f"crowding.head.{key}"), unit) for key, unit in units.items())
        note = w("crowding.regularity.note")
        return Table("regularity", w("crowding.regularity"), tuple(heads), tuple(rows), note=note)

    def regular_figure(self, line: Regularity, name: str) -> Quantity:
        """One figure of a line's regularity."""
        told = line.figures[name]
        return Quantity(
            f"{name}.line{line.number}",
            told.value,
            UNITS[name],
            told.low,
            told.high,
            basis=words().text("crowding.basis.days") if told.low is not None else Text(""),
            source=Source("headways", FIGURES[name], line.where),
        )

    def changes(self) -> tuple[Phrase, ...]:
        """What more places or more riders would do."""
        w, factor = words(), self.cells.table["factor"].to_numpy()[list(self.ranking.order)]
        larger, more = (int((factor * by > self.p.limit).sum()) for by in (1 / 1.1, 1.1))
        return (
            w.phrase("crowding.change.capacity", cells=count("over_larger", larger, "cells")),
            w.phrase("crowding.change.demand", cells=count("over_more", more, "cells")),
            w.phrase("crowding.change.share", share=Quantity("sample_share", self.p.sample_share, "share")),
        )

    def assumptions(self) -> tuple[Phrase, ...]:
        """What the comparison rests on."""
        w, days = words(), count("days", len(self.cells.days), "days")
        which = w.text("weekdays" if self.p.weekdays_only else "alldays")
        told = [
            w.phrase("crowding.assume.days", days=days, which=which),
            w.phrase("crowding.assume.passing"),
            w.phrase("crowding.assume.capacity", capacity=count("capacity", self.p.capacity, "persons")),
            w.phrase("crowding.assume.pattern"),
            w.phrase("crowding.assume.timetable"),
        ]
        if self.lines:
            told.append(w.phrase("crowding.assume.random", frequent=Quantity("frequent", FREQUENT_S, "s")))
        return tuple(told)

    def limits(self) -> tuple[Phrase, ...]:
        """What is not in it."""
        w, totals = words(), self.m["tap_totals"]
        lost, taps = int(self.m["rides_unassigned"]["unassigned"].sum()), int(totals["taps"].sum())
        told = []
        if silent := taps - int(totals["with_alighting"].sum()):
            source = Source("tap_totals", "with_alighting")
            share = Quantity("no_alighting", silent / taps, "share", source=source)
            told.append(w.phrase("crowding.limit.alighting", share=share))
        if lost:
            source = Source("rides_unassigned", "unassigned")
            riders = Quantity("unassigned", lost, "persons", source=source)
            told.append(w.phrase("crowding.limit.unassigned", riders=riders))
        if self.cells.unserved:
            riders = Quantity("unserved", self.cells.unserved, "persons", decimals=0)
            told.append(w.phrase("crowding.limit.noservice", riders=riders))
        return (*told, w.phrase("crowding.limit.comfort"), *unable())

    def sections(self) -> tuple[Section, ...]:
        """The record."""
        return record(Case(self.m, self.p, self.cells, self.ranking, self.lines, self.names))
