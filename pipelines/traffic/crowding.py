"""Which line sections and quarter-hours are over capacity, by how much, and how regular the service is."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl
from pydantic import Field

from pipelines.traffic.cells import Cells, Floats, cells
from workbench._text import LANGUAGES, Text
from workbench.briefs import Answer, Brief, Confidence, Figure, Head, Phrase, Quantity, Row, Source, Table, Words
from workbench.decisions import interval, resample_ratio
from workbench.decisions.resampling import LEAST_DAYS
from workbench.domains import Decision, Measures, Parameters
from workbench.errors import DataRejected
from workbench.simulation import Streams

SURE, LIKELY = 0.9, 0.7
HERE = Path(__file__).parent
LINE = ["route_id", "direction_id"]
REGULAR = {"headway": "mean_s", "scheduled": "scheduled_mean_s", "cv": "cv", "p95": "p95_s", "wait": "excess_wait_s", "bunched": "bunched_share"}
FREQUENT_S = 900
"""Riders come at random up to about this scheduled headway (TCQSM, third edition, ch. 5)."""
OWN_UNITS = ("cells", "lines")
ARROWS = {0: "→", 1: "←"}


class CrowdingParameters(Parameters):
    """What a vehicle takes, whom the taps stand for, and when a section counts as full."""

    capacity: int = Field(
        80, ge=1, le=5000, description="Riders that a vehicle takes where the timetable does not say",
        json_schema_extra={"zh": "时刻表未注明时的车辆定员", "unit": "persons"},
    )  # fmt: skip
    limit: float = Field(1.0, gt=0, le=5, description="Share of places above which a section is over capacity", json_schema_extra={"zh": "判定超载的客流与运能之比", "unit": "share"})
    sample_share: float = Field(1.0, gt=0, le=1, description="Share of all riders that the taps stand for", json_schema_extra={"zh": "刷卡记录代表的乘客比例", "unit": "share"})
    weekdays_only: bool = Field(True, description="Leave out Saturdays and Sundays", json_schema_extra={"zh": "不含周六和周日"})
    shown: int = Field(10, ge=1, le=50, description="Sections and quarter-hours to list", json_schema_extra={"zh": "列出的区间与刻钟数"})
    least_riders: float = Field(
        10, ge=0, description="Riders a day below which a section in a quarter-hour is not ranked",
        json_schema_extra={"zh": "参与排序所需的最低日均客流", "unit": "persons"},
    )  # fmt: skip
    resamples: int = Field(2000, ge=200, le=50_000, description="How many times the days are resampled", json_schema_extra={"zh": "对日期重抽样的次数"})


class Crowding(Decision):
    """Which sections are over capacity, and when?"""

    name: ClassVar[str] = "traffic.crowding"
    domain: ClassVar[str] = "traffic"
    project: ClassVar[str] = "L01"
    title: ClassVar[Text] = Text("Where lines are too full, and how regular they run", "线路拥挤与服务规律性")
    question: ClassVar[Text] = Text(
        "Which line sections and quarter-hours are over capacity, by how much, and how regular is the service against the timetable?",
        "哪些线路区间在哪些刻钟超载、超载多少？服务相对时刻表是否规律？",
    )
    required: ClassVar[tuple[str, ...]] = ("taps", "timetable")
    optional: ClassVar[tuple[str, ...]] = ("stops", "stop_visits")
    Parameters: ClassVar[type[Parameters]] = CrowdingParameters

    def answer(self, measures: Measures, parameters: Any) -> Brief:
        """Compare riders with places in every section and quarter-hour."""
        found = cells(
            measures["load_profile"], measures["scheduled_supply"], measures["line_patterns"],
            weekdays_only=parameters.weekdays_only, capacity=parameters.capacity, share=parameters.sample_share,
        )  # fmt: skip
        for name in ("tap_totals", "rides_unassigned", "peak_load_sections"):
            measures[name]
        if found.table.is_empty() or not found.riders.any():
            raise DataRejected(
                "No ride of the taps lies on a line of the timetable on the days judged: check that stop_id, route_id and the dates of both agree, "
                "and that taps say where riders alight."
            )
        return _Writer(measures, parameters, found).brief(self)


class _Writer:
    """Puts the comparison into words, tables and a picture."""

    def __init__(self, measures: Measures, parameters: CrowdingParameters, found: Cells) -> None:
        self.m, self.p, self.c = measures, parameters, found
        self.words = Words(HERE / "words.yaml")
        self.stops = _stop_names(measures)
        table = found.table
        ranked = table.filter(pl.col("riders") >= parameters.least_riders)
        ranked = ranked if not ranked.is_empty() else table
        over = (ranked["factor"] > parameters.limit).to_numpy()
        key = np.lexsort((ranked["cell"].to_numpy(), -ranked["factor"].to_numpy(), -np.where(over, ranked["excess"].to_numpy(), 0), ~over))
        self.order = [int(i) for i in ranked["cell"].to_numpy()[key]]
        self.over = [i for i in self.order if table["factor"][i] > parameters.limit]
        self.shown = self.order[: parameters.shown]
        wanted = list(dict.fromkeys([*self.shown, *self.over]))
        self.samples = dict(zip(wanted, found.samples(wanted, seed=parameters.seed, resamples=parameters.resamples).T, strict=True))
        enough = len(found.days) >= LEAST_DAYS
        self.basis = self.words.text("crowding.basis.days" if enough else "crowding.basis.count")
        self.regular = self._regularity()

    def brief(self, decision: Crowding) -> Brief:
        """The brief, without its run."""
        return Brief(
            decision=decision.name,
            project=decision.project,
            title=decision.title,
            question=decision.question,
            answer=self.answer(),
            options=self.options(),
            figure=self.figure(),
            tables=(self.regularity_table(),) if self.regular else (),
            changes=self.changes(),
            assumptions=self.assumptions(),
            limits=self.limits(),
        )

    def row(self, i: int) -> dict[str, Any]:
        """A cell's row."""
        return self.c.table.row(i, named=True)

    def line(self, row: dict[str, Any]) -> str:
        """Line and direction as a planner says them: the line and where it runs to."""
        last = self.ends.get((row["route_id"], row["direction_id"]))
        return f"{row['route_id']} → {last}" if last else f"{row['route_id']} {ARROWS.get(row['direction_id'], '')}"

    @property
    def ends(self) -> dict[tuple[Any, Any], str]:
        """The last stop of each line and direction."""
        last = self.m["line_patterns"].sort(*LINE, "section").group_by(LINE, maintain_order=True).agg(pl.col("stop_id").last())
        return {(row[0], row[1]): self.stops.get(row[2], row[2]) for row in last.iter_rows()}

    def stop(self, stop: str | None) -> str:
        """Name of a stop."""
        return self.stops.get(stop or "", stop or "")

    def where(self, i: int) -> dict[str, Any]:
        """What picks a cell's rows in the load profile."""
        row = self.row(i)
        return {key: row[key] for key in ("route_id", "direction_id", "section", "quarter")}

    def slug(self, i: int) -> str:
        """A cell's place in the ranking, fit for an id."""
        return f"cell{self.order.index(i) + 1}"

    def factor(self, i: int) -> Quantity:
        """Riders as share of places."""
        value = float(self.c.table["factor"][i])
        low, high = (float(one[0]) for one in interval(self.samples[i][:, None]))
        return Quantity(f"factor.{self.slug(i)}", value, "share", min(low, value), max(high, value), basis=self.basis, source=Source("load_profile", "riders", self.where(i)))

    def chance(self, i: int) -> Quantity:
        """Chance of being over the limit; cannot be told from one or two days."""
        value = self.chance_over(i) if len(self.c.days) >= LEAST_DAYS else None
        return Quantity(f"chance.{self.slug(i)}", value, "probability", resamples=self.p.resamples if value is not None else None, source=Source("load_profile", "riders", self.where(i)))

    def chance_over(self, i: int) -> float:
        """Share of the draws above the limit."""
        return float((self.samples[i] > self.p.limit).mean())

    def answer(self) -> Answer:
        """What to act on, and how sure that is."""
        w, first = self.words, self.order[0]
        row = self.row(first)
        place = {"line": self.line(row), "stop": self.stop(row["stop_id"]), "next": self.stop(row["next_stop_id"]), "time": _clock(row["quarter"]), "factor": self.factor(first)}
        points: list[Phrase] = []
        chance = self.chance_over(first)
        enough = len(self.c.days) >= LEAST_DAYS
        if self.over:
            lines = len({(self.row(i)["route_id"], self.row(i)["direction_id"]) for i in self.over})
            counts = {"cells": _count("over", len(self.over), "cells"), "lines": _count("lines", lines, "lines")}
            if enough:
                sure = sum(self.chance_over(i) >= SURE for i in self.over)
                counts |= {"sure": _count("sure", sure, "cells"), "level": Quantity("sure_level", SURE, "share")}
            points.append(w.phrase("crowding.point.count" if enough else "crowding.point.count.days", **counts))
            points.append(w.phrase("crowding.point.excess", excess=self.excess(first)))
        points.append(self._regular_point())
        key = "over" if self.over and chance >= LIKELY else "maybe" if self.over or chance > 1 - LIKELY else "none"
        key = key if enough else "days"
        headline = w.phrase(f"crowding.headline.{key}", **place)
        if not enough:
            rule = w.phrase("crowding.rule.days", days=_count("days", len(self.c.days), "days"), least=_count("least_days", LEAST_DAYS, "days"))
            return Answer(headline, tuple(points), Confidence("cannot_tell", rule))
        certain = max(chance, 1 - chance)
        word = "high" if certain >= SURE else "moderate" if certain >= LIKELY else "low"
        rule = w.phrase(
            "crowding.rule.chance", chance=Quantity("first_chance", chance, "probability", resamples=self.p.resamples), high=Quantity("rule_high", SURE, "share"),
            low=Quantity("rule_low", round(1 - SURE, 6), "share"), moderate=Quantity("rule_moderate", LIKELY, "share"), little=Quantity("rule_little", round(1 - LIKELY, 6), "share"),
        )  # fmt: skip
        return Answer(headline, tuple(points), Confidence(word, rule))

    def excess(self, i: int) -> Quantity:
        """Mean riders a day above the places."""
        return Quantity(f"excess.{self.slug(i)}", float(self.c.table["excess"][i]), "persons", decimals=0, source=Source("load_profile", "riders", self.where(i)))

    def options(self) -> Table:
        """The fullest cells."""
        rows = []
        for i in self.shown:
            row = self.row(i)
            riders = Quantity(f"riders.{self.slug(i)}", row["riders"], "persons", decimals=0, source=Source("load_profile", "riders", self.where(i)))
            places = Quantity(f"places.{self.slug(i)}", row["places"], "persons", decimals=0, source=Source("scheduled_supply", "places", {"route_id": row["route_id"], "direction_id": row["direction_id"], "stop_id": row["stop_id"], "quarter": row["quarter"]}))
            section = f"{self.stop(row['stop_id'])} → {self.stop(row['next_stop_id'])}"
            rows.append(Row((self.line(row), section, _clock(row["quarter"]), self.factor(i), self.chance(i), riders, places, self.excess(i)), chosen=i in self.over))
        w = self.words.text
        heads = (
            Head("line", w("crowding.head.line")),
            Head("section", w("crowding.head.section")),
            Head("time", w("crowding.head.time")),
            Head("factor", w("crowding.head.factor"), "share"),
            Head("chance", w("crowding.head.chance"), "probability"),
            Head("riders", w("crowding.head.riders"), "persons"),
            Head("places", w("crowding.head.places"), "persons"),
            Head("excess", w("crowding.head.excess"), "persons"),
        )
        return Table("cells", w("crowding.options"), heads, tuple(rows), note=w("crowding.note"))

    def figure(self) -> Figure:
        """The line of the fullest cell: sections against time."""
        from workbench.briefs.figures import heatmap

        first = self.row(self.order[0])
        line = self.c.table.filter(pl.col("route_id") == first["route_id"], pl.col("direction_id") == first["direction_id"])
        sections = line.select("section", "stop_id", "next_stop_id").unique().sort("section")
        quarters = list(range(line["quarter"].min(), line["quarter"].max() + 1))  # type: ignore[arg-type, operator]
        values = {(row["section"], row["quarter"]): row["factor"] for row in line.iter_rows(named=True)}
        grid = [[values.get((section, quarter)) for quarter in quarters] for section in sections["section"]]
        names = [f"{self.stop(a)} → {self.stop(b)}" for _, a, b in sections.iter_rows()]
        words = {lang: {key: self.words.text(f"crowding.axis.{key}").in_(lang) for key in ("time", "label", "section", "over", "missing")} for lang in LANGUAGES}
        svg = {
            lang: heatmap(
                names, [_clock(quarter) for quarter in quarters], grid, label=words[lang]["label"], xlabel=words[lang]["time"], ylabel=words[lang]["section"],
                threshold=self.p.limit, threshold_label=words[lang]["over"], missing_label=words[lang]["missing"], percent=True,
            )
            for lang in LANGUAGES
        }  # fmt: skip
        heads = (Head("section", self.words.text("crowding.head.section")), Head("time", self.words.text("crowding.head.time")), Head("factor", self.words.text("crowding.head.factor"), "share"))
        cells_of = line.sort("factor", "cell", descending=[True, False]).head(30)
        rows = tuple(
            Row((f"{self.stop(row['stop_id'])} → {self.stop(row['next_stop_id'])}", _clock(row["quarter"]), Quantity(f"map.{row['cell']}", row["factor"], "share", decimals=0, source=Source("load_profile", "riders", self.where(row["cell"])))))
            for row in cells_of.iter_rows(named=True)
        )
        data = Table("map-data", self.words.text("crowding.options"), heads, rows)
        key = "crowding.figure.over" if self.over else "crowding.figure.none"
        name, time = self.line(first), _clock(first["quarter"])
        return Figure("map", self.words.phrase(key, line=name, time=time), self.words.phrase("crowding.figure.alt", line=name, time=time, factor=self.factor(self.order[0])), svg, data)

    def _regularity(self) -> list[tuple[dict[str, Any], dict[str, tuple[float | None, float | None, float | None]]]]:
        """Means by line and direction over stops and days, with intervals over days."""
        if not self.m.has("stop_visits"):
            return []
        headways = self.m["headways"]
        if self.p.weekdays_only:
            headways = headways.filter(pl.col("service_date").dt.weekday() <= 5)
        found = []
        for (route, direction), group in headways.sort(*LINE, "service_date").group_by(LINE, maintain_order=True):
            figures = {name: _over_days(group, column, self.p) for name, column in REGULAR.items()}
            found.append(({"route_id": route, "direction_id": direction}, figures))
        return found

    def regularity_table(self) -> Table:
        """Regularity by line and direction."""
        units = {"headway": "s", "scheduled": "s", "cv": "ratio", "p95": "s", "wait": "s", "bunched": "share"}
        rows = [
            Row((self.line(line), *(self._figure(name, units[name], line, figures[name], n) for name in REGULAR)))
            for n, (line, figures) in enumerate(self.regular, start=1)
        ]
        w = self.words.text
        heads = (Head("line", w("crowding.head.line")), *(Head(name, w(f"crowding.head.{name}"), units[name] if name in ("cv", "bunched") else "") for name in REGULAR))
        return Table("regularity", w("crowding.regularity"), heads, tuple(rows), note=w("crowding.regularity.note"))

    def _figure(self, name: str, unit: str, line: dict[str, Any], told: tuple[float | None, float | None, float | None], n: int) -> Quantity:
        value, low, high = told
        basis = self.words.text("crowding.basis.days") if low is not None else Text("")
        return Quantity(f"{name}.line{n}", value, unit, low, high, basis=basis, source=Source("headways", REGULAR[name], line))

    def _regular_point(self) -> Phrase:
        known = [(n, line, f) for n, (line, f) in enumerate(self.regular, start=1) if _frequent(f)]
        if not known:
            return self.words.phrase("crowding.point.timetable")
        n, line, figures = max(known, key=lambda one: float(one[2]["wait"][0] or 0))
        if float(figures["wait"][0] or 0) < 1.0:
            return self.words.phrase("crowding.point.ontime")
        return self.words.phrase("crowding.point.regular", line=self.line(line), excess=self._figure("wait", "s", line, figures["wait"], n), cv=self._figure("cv", "ratio", line, figures["cv"], n))

    def changes(self) -> tuple[Phrase, ...]:
        """What more places or more riders would do."""
        factor = self.c.table.filter(pl.col("riders") >= self.p.least_riders)["factor"].to_numpy()
        larger, more = int((factor / 1.1 > self.p.limit).sum()), int((factor * 1.1 > self.p.limit).sum())
        return (
            self.words.phrase("crowding.change.capacity", cells=_count("over_larger", larger, "cells")),
            self.words.phrase("crowding.change.demand", cells=_count("over_more", more, "cells")),
            self.words.phrase("crowding.change.share", share=Quantity("sample_share", self.p.sample_share, "share")),
        )

    def assumptions(self) -> tuple[Phrase, ...]:
        """What the comparison rests on."""
        w = self.words
        return (
            w.phrase("crowding.assume.days", days=_count("days", len(self.c.days), "days"), which=w.text("weekdays" if self.p.weekdays_only else "alldays")),
            w.phrase("crowding.assume.passing"),
            w.phrase("crowding.assume.capacity", capacity=_count("capacity", self.p.capacity, "persons")),
            w.phrase("crowding.assume.pattern"),
            w.phrase("crowding.assume.timetable"),
            w.phrase("crowding.assume.random", frequent=Quantity("frequent", FREQUENT_S, "s")),
        )

    def limits(self) -> tuple[Phrase, ...]:
        """What is not in it."""
        w, totals, lost = self.words, self.m["tap_totals"], self.m["rides_unassigned"]
        told = []
        silent = 1 - totals["with_alighting"].sum() / totals["taps"].sum()
        if silent > 0:
            told.append(w.phrase("crowding.limit.alighting", share=Quantity("no_alighting", float(silent), "share", source=Source("tap_totals", "with_alighting"))))
        if lost["unassigned"].sum():
            told.append(w.phrase("crowding.limit.unassigned", riders=Quantity("unassigned", int(lost["unassigned"].sum()), "persons", source=Source("rides_unassigned", "unassigned"))))
        if self.c.unserved:
            told.append(w.phrase("crowding.limit.noservice", riders=Quantity("unserved", self.c.unserved, "persons", decimals=0)))
        return (*told, w.phrase("crowding.limit.comfort"))


def _over_days(group: pl.DataFrame, column: str, p: CrowdingParameters) -> tuple[float | None, float | None, float | None]:
    """Mean over stops and days, with its interval over resampled days."""
    daily = group.filter(pl.col(column).is_not_null()).group_by("service_date").agg(pl.col(column).sum().alias("sum"), pl.len().alias("n")).sort("service_date")
    if daily.is_empty():
        return None, None, None
    sums, n = (daily[name].to_numpy().astype(float)[:, None] for name in ("sum", "n"))
    value = float(sums.sum() / n.sum())
    if daily.height < LEAST_DAYS:
        return value, None, None
    low, high = interval(_drawn(sums, n, p))
    return value, min(value, float(low[0])), max(value, float(high[0]))


def _drawn(sums: Floats, n: Floats, p: CrowdingParameters) -> Floats:
    return resample_ratio(sums, n, streams=Streams(p.seed), resamples=p.resamples)


def _frequent(figures: dict[str, Any]) -> bool:
    """Whether riders come at random, as the excess wait takes for granted; on rarer lines they look at the timetable."""
    scheduled, wait, cv = (figures[name][0] for name in ("scheduled", "wait", "cv"))
    return scheduled is not None and wait is not None and cv is not None and scheduled <= FREQUENT_S


def _count(name: str, value: float | None, unit: str) -> Quantity:
    """A plain number; a unit of this domain is worded here, for one and for many."""
    words = Words(HERE / "words.yaml")
    own = f"unit.{unit}.one" if value == 1 else f"unit.{unit}"
    return Quantity(name, value, words.text(own) if unit in OWN_UNITS else unit)


def _clock(quarter: int) -> str:
    """Start of a quarter-hour of the service day, past 24:00 where it lies after midnight."""
    return f"{quarter // 4:02d}:{quarter % 4 * 15:02d}"


def _stop_names(measures: Measures) -> dict[str, str]:
    if not measures.has("stops"):
        return {}
    return {row[0]: row[1] for row in measures.clean("stops").gather().select("stop_id", "stop_name").iter_rows() if row[1]}
