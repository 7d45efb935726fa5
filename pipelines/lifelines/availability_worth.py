"""What each option is worth, to whom, at what cost, and how far it is from the promise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipelines.lifelines.availability_futures import RECORDER
from pipelines.lifelines.availability_numbers import MILLION
from pipelines.lifelines.districts import member, names_of
from workbench._text import Text
from workbench.briefs import Head, Quantity, Row, Source, Table
from workbench.briefs.checklist import Section
from workbench.briefs.recording import drawn_cells
from workbench.decisions.inequality import ginis
from workbench.lifelines.doubling import YEAR_MIN

if TYPE_CHECKING:
    from pipelines.lifelines.availability_case import Case
    from pipelines.lifelines.availability_numbers import Numbers
    from workbench.domains import Measures

LEAST_ZONES = 2


@dataclass(frozen=True, eq=False)
class Worth:
    """
    Sections on what options bring.

    Parameters
    ----------
    measures, case, n
        What it was made from, what was found, and its numbers.
    labels
        What each option is called.
    """

    measures: Measures
    case: Case
    n: Numbers
    labels: dict[str, Text]

    def results(self) -> Section:
        """Minutes under each option, and how many fewer than today in the same draws."""
        w, n, rows = self.n.w.text, self.n, []
        unit, minutes = n.unit("min_year"), self.case.minutes
        for at, name in enumerate(self.labels):
            cells = drawn_cells(
                f"result.{name}", float(minutes[:, at].mean()), minutes[:, at], unit, decimals=0
            )
            fewer = n.spread(f"fewer.{name}", minutes[:, 0] - minutes[:, at], unit, decimals=0)
            draws = Quantity(f"result.{name}.draws", len(minutes), "resamples")
            rows.append(Row((self.labels[name], *cells, fewer, draws), chosen=name == self.case.best))
        heads = (
            Head("option", w("sec.option")),
            Head("minutes", w("availability.head.minutes"), unit),
            Head("p5", w("record.p5"), unit),
            Head("p95", w("record.p95"), unit),
            Head("fewer", w("availability.head.fewer"), unit),
            Head("draws", w("record.draws"), "resamples"),
        )
        table = Table("results", w("availability.results"), heads, tuple(rows))
        return Section("results", tables=(table,), shown=("options",))

    def ranking(self) -> Section:
        """Chance of the fewest minutes, rank and regret of every option, draw by draw."""
        w, n, standing, rows = self.n.w.text, self.n, self.case.standing, []
        unit = n.unit("min_year")
        for at, name in enumerate(self.labels):
            regret = Quantity(f"regret.{name}", float(standing.regret[at]), unit, decimals=1)
            rank = Quantity(f"rank.{name}", int(standing.ranks[at].argmax()) + 1)
            rows.append(
                Row((self.labels[name], n.least_minutes(name), regret, rank), chosen=name == self.case.best)
            )
        heads = (
            Head("option", w("sec.option")),
            Head("best", w("availability.head.best"), "probability"),
            Head("regret", w("sec.ranking.regret"), unit),
            Head("rank", w("sec.ranking.rank")),
        )
        said = n.w.phrase("availability.ranking")
        table = Table("ranking", w("sec.ranking"), heads, tuple(rows))
        return Section("ranking", prose=(said,), tables=(table,))

    def cost_benefit(self) -> Section:
        """What an hour without service that is spared one person costs, by option."""
        if self.case.best == "none" or self.case.people <= 0:
            return RECORDER.reason("cost_benefit", "nothing_doubled" if self.case.people > 0 else "no_people")
        w, n, case, rows = self.n.w.text, self.n, self.case, []
        hours = (case.minutes[:, [0]] - case.minutes) * case.people / 60
        for at, name in enumerate(self.labels):
            if name == "none":
                continue
            spared = n.spread(f"hours.{name}", hours[:, at], n.unit("person_h_year"), decimals=0)
            money = self._a_year(name)
            each = Quantity(f"each.{name}", None, "CNY")
            if money is not None and (hours[:, at] > 0).all():
                each = n.spread(f"each.{name}", money / hours[:, at], "CNY", decimals=1)
            a_year = Quantity(
                f"year.{name}", None if money is None else money / MILLION, "million CNY", decimals=2
            )
            rows.append(
                Row((self.labels[name], n.cost(name), a_year, spared, each), chosen=name == self.case.best)
            )
        heads = (
            Head("option", w("sec.option")),
            Head("cost", w("availability.head.cost"), "million CNY"),
            Head("year", w("availability.head.year"), "million CNY"),
            Head("hours", w("availability.head.person_hours"), n.unit("person_h_year")),
            Head("each", w("availability.head.each"), "CNY"),
        )
        said = n.w.phrase(
            "availability.cost_benefit",
            years=Quantity("life", self.case.p.life_years, "years"),
            rate=Quantity("discount", self.case.p.discount_rate, "share"),
        )
        table = Table("cost-effect", w("availability.cost_effect"), heads, tuple(rows))
        return Section("cost_benefit", prose=(said,), tables=(table,))

    def _a_year(self, name: str) -> float | None:
        if name == "repair":
            return self.case.p.faster_repair_cost
        return self.case.options[name].cost / self.n.annuity

    def targets(self) -> Section:
        """The worst site and the share of sites, against the promise."""
        w, n, case, rows = self.n.w.text, self.n, self.case, []
        for name in dict.fromkeys(("none", self.case.best)):
            worst = n.spread(f"target.worst.{name}", 1 - case.dark[name].max(axis=1), "share", decimals=3)
            rows.append(
                Row(
                    (self.labels[name], n.promise, worst, n.share_kept(name), n.chance(name)),
                    chosen=name == self.case.best,
                )
            )
        heads = (
            Head("option", w("sec.option")),
            Head("target", w("availability.head.promise"), "share"),
            Head("worst", w("availability.head.worst"), "share"),
            Head("kept", w("availability.head.kept"), "share"),
            Head("chance", w("availability.head.chance"), "probability"),
        )
        table = Table("targets", w("availability.targets"), heads, tuple(rows))
        return Section("targets", prose=(n.w.phrase("availability.targets.said"),), tables=(table,))

    def recovery(self) -> Section:
        """How often each class fails and how long it is mended."""
        w, n, rates, rows = self.n.w.text, self.n, self.case.rates, []
        failures, hours = rates.draw(self.case.p.resamples, self.case.streams.child("judge"))
        for at, row in enumerate(rates.frame.iter_rows(named=True)):
            source = Source("availability_rates", "failures", {"asset_class": row["asset_class"]})
            rows.append(
                Row(
                    (
                        str(row["asset_class"]),
                        w(f"availability.source.{row['source']}"),
                        Quantity(
                            f"class.{at}.failures", int(row["failures"]), source=source, kind="counting"
                        ),
                        n.spread(f"class.{at}.rate", failures[:, at], n.unit("per_year")),
                        w(f"availability.per.{'km' if row['by_km'] else 'asset'}"),
                        n.spread(f"class.{at}.hours", hours[:, at], "h"),
                    )
                )
            )
        heads = (
            Head("class", w("availability.head.class")),
            Head("source", w("sec.source")),
            Head("failures", w("availability.head.failures")),
            Head("rate", w("availability.head.rate"), n.unit("per_year")),
            Head("per", w("availability.head.per")),
            Head("hours", w("availability.head.repair"), "h"),
        )
        table = Table("classes", w("availability.classes"), heads, tuple(rows))
        return Section("recovery", prose=(n.w.phrase("availability.recovery"),), tables=(table,))

    def equity(self) -> Section:
        """Minutes of the mean inhabitant of each district, today and then."""
        case, w, n = self.case, self.n.w.text, self.n
        nodes = case.network.nodes[case.model.sites]
        zones = sorted(set(nodes.filter(pl.col("people") > 0)["zone"].drop_nulls().to_list()))
        if len(zones) < LEAST_ZONES:
            return RECORDER.reason("equity", "no_zones")
        people = nodes["people"].to_numpy()[:, None] * member(nodes, zones)
        minutes = {
            name: case.dark[name] @ (people / people.sum(axis=0)) * YEAR_MIN
            for name in dict.fromkeys(("none", self.case.best))
        }
        after, labels, rows = minutes[self.case.best], names_of(self._zones, zones), []
        worst = np.bincount(after.argmax(axis=1), minlength=len(zones)) / len(after)
        unit = n.unit("min_year")
        for at, zone in enumerate(zones):
            chance = Quantity(f"equity.worst.{at}", float(worst[at]), "probability", resamples=len(after))
            told = [n.spread(f"equity.{name}.{at}", one[:, at], unit) for name, one in minutes.items()]
            cells = (told[0], told[-1]) if len(told) > 1 else (told[0],)
            rows.append(
                Row(
                    (
                        labels[zone],
                        Quantity(f"equity.people.{at}", float(people[:, at].sum()), "persons", decimals=0),
                        *cells,
                        chance,
                    )
                )
            )
        heads = [
            Head("district", w("head.district")),
            Head("people", w("sec.equity.persons"), "persons"),
            Head("today", w("availability.head.today"), unit),
        ]
        heads += [Head("then", w("availability.head.then"), unit)] if len(minutes) > 1 else []
        heads.append(Head("worst", w("sec.equity.p_worst"), "probability"))
        shares = people.sum(axis=0)
        said = [
            n.w.phrase(
                "availability.equity",
                before=n.spread("equity.gini.none", ginis(minutes["none"], shares), "index", decimals=3),
                after=n.spread("equity.gini.then", ginis(after, shares), "index", decimals=3),
            )
        ]
        table = Table("equity", w("availability.equity.caption"), tuple(heads), tuple(rows))
        return Section("equity", prose=tuple(said), tables=(table,))

    @property
    def _zones(self) -> pl.DataFrame | None:
        return self.measures["zones"] if self.measures.has("zones") else None
