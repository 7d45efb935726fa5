"""Crowding and regularity in words, tables and a picture."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from pipelines.traffic.cells import Cells, Ranking
from pipelines.traffic.service import FIGURES, FREQUENT_S, LINE, Regularity
from pipelines.traffic.words import count, words
from workbench._text import LANGUAGES, Text
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
from workbench.decisions.resampling import LEAST_DAYS

if TYPE_CHECKING:
    from pipelines.traffic.crowding import CrowdingParameters
    from workbench.domains import Decision, Measures

SURE, LIKELY = 0.9, 0.7
ARROWS = {0: "→", 1: "←"}
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
        self.stops = _stop_names(measures)
        self.basis = words().text(f"crowding.basis.{'days' if cells.enough else 'count'}")

    @cached_property
    def ends(self) -> dict[tuple[Any, ...], str]:
        """The last stop of each line and direction."""
        patterns = self.m["line_patterns"].sort(*LINE, "section")
        last = patterns.group_by(LINE, maintain_order=True).agg(pl.col("stop_id").last())
        return {(row[0], row[1]): self.stop(row[2]) for row in last.iter_rows()}

    def line(self, row: dict[str, Any]) -> str:
        """Line and direction as a planner says them: the line and where it runs to."""
        end = self.ends.get((row["route_id"], row["direction_id"]))
        return f"{row['route_id']} {f'→ {end}' if end else ARROWS.get(row['direction_id'], '')}"

    def stop(self, stop: str | None) -> str:
        """Name of a stop."""
        return self.stops.get(stop or "", stop or "")

    def section(self, row: dict[str, Any]) -> str:
        """The two stops of a section."""
        return f"{self.stop(row['stop_id'])} → {self.stop(row['next_stop_id'])}"

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
            line=self.line(row),
            stop=self.stop(row["stop_id"]),
            next=self.stop(row["next_stop_id"]),
            time=_clock(row["quarter"]),
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
        lines = len({(row["route_id"], row["direction_id"]) for row in rows})
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
        excess, cv = self.regular_figure(worst, "wait"), self.regular_figure(worst, "cv")
        return w.phrase("crowding.point.regular", line=self.line(worst.where), excess=excess, cv=cv)

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
            named = self.line(row), self.section(row), _clock(row["quarter"])
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
        w, name, time = words(), self.line(first), _clock(first["quarter"])
        units = {"section": "", "time": "", "factor": "share"}
        heads = tuple(Head(key, w.text(f"crowding.head.{key}"), unit) for key, unit in units.items())
        rows = []
        for row in line.sort("factor", "cell", descending=[True, False]).head(MAP_ROWS).iter_rows(named=True):
            share = Quantity(
                f"map.{row['cell']}", row["factor"], "share", decimals=0, source=self.load_of(row)
            )
            rows.append(Row((self.section(row), _clock(row["quarter"]), share)))
        key = "crowding.figure.over" if self.ranking.over else "crowding.figure.none"
        factor = self.factor(self.ranking.order[0])
        return Figure(
            "map",
            w.phrase(key, line=name, time=time),
            w.phrase("crowding.figure.alt", line=name, time=time, factor=factor),
            self.maps(line),
            Table("map-data", w.text("crowding.map"), heads, tuple(rows)),
        )

    def maps(self, line: pl.DataFrame) -> dict[str, str]:
        """The picture in each language."""
        from workbench.briefs.figures import heatmap

        sections = line.select("section", "stop_id", "next_stop_id").unique().sort("section")
        present = line["quarter"].to_list()
        quarters = range(min(present), max(present) + 1)
        values = {(row["section"], row["quarter"]): row["factor"] for row in line.iter_rows(named=True)}
        grid = [[values.get((section, quarter)) for quarter in quarters] for section in sections["section"]]
        drawn = {}
        for lang in LANGUAGES:
            keys = ("time", "label", "section", "over", "missing")
            word = {key: words().text(f"crowding.axis.{key}").in_(lang) for key in keys}
            drawn[str(lang)] = heatmap(
                [self.section(row) for row in sections.iter_rows(named=True)],
                [_clock(quarter) for quarter in quarters],
                grid,
                label=word["label"],
                xlabel=word["time"],
                ylabel=word["section"],
                threshold=self.p.limit,
                threshold_label=word["over"],
                missing_label=word["missing"],
                percent=True,
            )
        return drawn

    def regularity(self) -> Table:
        """Regularity by line and direction."""
        w = words().text
        rows = [
            Row((self.line(line.where), *(self.regular_figure(line, name) for name in FIGURES)))
            for line in self.lines
        ]
        heads = [Head("line", w("crowding.head.line"))]
        for name in FIGURES:
            heads.append(Head(name, w(f"crowding.head.{name}"), UNITS[name] if name in IN_HEAD else ""))
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
        w, factor = words(), self.cells.table["factor"].gather(self.ranking.order)
        larger, more = ((factor * by > self.p.limit).sum() for by in (1 / 1.1, 1.1))
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
        return (*told, w.phrase("crowding.limit.comfort"))


def _clock(quarter: int) -> str:
    """Start of a quarter-hour of the service day, past 24:00 where it lies after midnight."""
    return f"{quarter // 4:02d}:{quarter % 4 * 15:02d}"


def _stop_names(measures: Measures) -> dict[str, str]:
    if not measures.has("stops"):
        return {}
    named = measures.clean("stops").gather().select("stop_id", "stop_name")
    return {row[0]: row[1] for row in named.iter_rows() if row[1]}
