"""What to double, in words, tables and a map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.lifelines.availability_changes import changed
from pipelines.lifelines.availability_map import draw_map
from pipelines.lifelines.availability_numbers import MILLION, Numbers
from pipelines.lifelines.availability_record import RECORDER, record
from pipelines.lifelines.words import system_name, words
from workbench._text import LANGUAGES, Text
from workbench.briefs import Answer, Brief, Confidence, Figure, Head, Phrase, Quantity, Row, Source, Table
from workbench.briefs.recording import able
from workbench.briefs.scope import whole
from workbench.lifelines.doubling import YEAR_MIN

if TYPE_CHECKING:
    from pipelines.lifelines.availability_case import Case
    from workbench.domains import Decision, Measures

SURE, LIKELY = 0.9, 0.7
SHOWN, SHOWN_SITES, SHOWN_CUTS = 4, 3, 10


def write_brief(decision: Decision, measures: Measures, case: Case) -> Brief:
    """Write the brief, without its run."""
    w = _Writer(case)
    w.n.keep(measures)
    return Brief(
        decision=decision.name,
        project=decision.project,
        title=decision.title,
        question=decision.question,
        answer=w.answer(),
        options=w.options(),
        figure=w.figure(),
        tables=(*w.steps(), *w.cables(), w.capacity()),
        changes=changed(case, w.n) if whole() else (),
        assumptions=w.assumptions(),
        limits=w.limits(),
        sections=record(measures, case, w.n) if whole() and able() else (),
    )


class _Writer:
    def __init__(self, case: Case) -> None:
        self.case, self.p, self.n, self.w = case, case.p, Numbers(case), words("availability")
        self.chosen = case.choice.chosen

    @property
    def kind(self) -> str:
        """What kind of answer it is: "keep", "double", "beyond" or "short"."""
        if self.case.choice.beyond.any():
            return "beyond"
        if not self.chosen:
            return "keep" if self.case.chance("none") >= LIKELY else "short"
        return "double" if self.case.chance("double") >= LIKELY else "short"

    def label(self, asset: int) -> Text:
        """What a planner calls an asset of the network."""
        return self.case.places.label(self.case.asset(asset))

    def site(self, at: int) -> Text:
        """What a planner calls a site."""
        return self.label(int(self.case.model.sites[at]))

    @property
    def number(self) -> Quantity:
        """How many assets are doubled."""
        return self.n.count("doubled", len(self.chosen), "assets")

    def answer(self) -> Answer:
        """What to double, and how sure it is that the promise is then kept."""
        w, n, first = self.w, self.n, tuple(self.label(one) for one in self.chosen[:SHOWN])
        said = {"promise": n.promise}
        if self.kind == "keep":
            headline = w.phrase("availability.headline.keep", chance=n.chance("none"), **said)
        elif self.kind == "beyond":
            below = self.beyond[:SHOWN_SITES]
            headline = w.phrase(
                "availability.headline.beyond",
                sites=n.count("beyond", len(self.beyond), "sites"),
                first=tuple(self.site(at) for at in below),
                **said,
            )
        elif self.kind == "short":
            headline = w.phrase(
                "availability.headline.short",
                number=self.number,
                cost=n.cost("double"),
                chance=n.chance("double"),
                wanted=Quantity("sure", self.p.sure, "share"),
                **said,
            )
        else:
            which = "all" if len(self.chosen) <= SHOWN else "many"
            more = {} if which == "all" else {"number": self.number}
            headline = w.phrase(
                f"availability.headline.{which}",
                assets=first,
                cost=n.cost("double"),
                chance=n.chance("double"),
                today=n.chance("none"),
                **said,
                **more,
            )
        return Answer(headline, tuple(self.points()), self.confidence())

    @property
    def beyond(self) -> list[int]:
        """Places of the sites that no doubling brings to the promise, the worst first."""
        dark = self.case.dark["double"].mean(axis=0)
        found = np.flatnonzero(self.case.choice.beyond)
        return [int(one) for one in found[np.argsort(-dark[found], kind="stable")]]

    def points(self) -> list[Phrase]:
        """The numbers that decide."""
        w, n, case = self.w, self.n, self.case
        told = []
        if self.kind == "beyond" and self.chosen:
            told.append(
                w.phrase(
                    "availability.point.others",
                    number=self.number,
                    cost=n.cost("double"),
                    chance=n.chance("double", all_sites=False),
                )
            )
        told += [self.held_back(at) for at in self.beyond[:SHOWN_SITES]]
        told += self.mixed()
        if self.chosen:
            told.append(
                w.phrase("availability.point.minutes", before=n.minutes("none"), after=n.minutes("double"))
            )
            worst = int(case.dark["none"].mean(axis=0).argmax())
            told.append(
                w.phrase(
                    "availability.point.worst",
                    site=self.site(worst),
                    before=n.site("worst.none", "none", worst),
                    after=n.site("worst.double", "double", worst),
                )
            )
        told.append(
            w.phrase(
                "availability.point.repair",
                factor=Quantity("repair_factor", self.p.repair_factor, "share"),
                minutes=n.minutes("repair"),
                chance=n.chance("repair"),
            )
        )
        top = case.capacity.row(0, named=True)
        if top["lost"] > 0:
            told.append(
                w.phrase(
                    "availability.point.capacity",
                    asset=self.label(int(top["asset"])),
                    share=self.cut("capacity.first", top),
                )
            )
        return told

    def mixed(self) -> list[Phrase]:
        """Whether new cables would do it for less."""
        case, n, plan = self.case, self.n, self.case.options.get("mixed")
        if plan is None or plan.links is None or not plan.links.height:
            return []
        cheaper = not self.chosen or plan.cost < case.options["double"].cost
        if not (cheaper and case.chance("mixed") >= case.chance(case.best)):
            return []
        which = "with" if plan.chosen else "alone"
        more = {"number": n.count("mixed.doubled", len(plan.chosen), "assets")} if plan.chosen else {}
        return [
            self.w.phrase(
                f"availability.point.mixed.{which}",
                links=n.count("mixed.links", plan.links.height, "links"),
                first=self.between(plan.links.row(0, named=True)),
                cost=n.cost("mixed"),
                chance=n.chance("mixed"),
                minutes=n.minutes("mixed"),
                **more,
            )
        ]

    def between(self, row: dict[str, Any]) -> Phrase:
        """What a new link joins."""
        u, v = (self.label(self.case.network.node_index[row[end]]) for end in ("u", "v"))
        return self.w.phrase("availability.between", u=u, v=v)

    def held_back(self, at: int) -> Phrase:
        """What keeps a site below the promise when all that can be is doubled."""
        case = self.case
        node = int(case.model.sites[at])
        name = case.network.nodes["id"][node]
        u = case.everything_doubled
        if case.model.never[at]:
            return self.w.phrase("availability.point.never", site=self.site(at))
        weak = case.model.weak_points(name, u).row(0, named=True)
        left = float(case.model.unavailable(u)[at]) * YEAR_MIN / 60
        asset = int(weak["asset"])
        able = asset in set(case.costs.candidates.tolist())
        why = "common" if able else "single"
        return self.w.phrase(
            f"availability.point.held.{why}",
            site=self.site(at),
            hours=Quantity(f"left.{at}", left, self.n.unit("h_year"), decimals=1),
            asset=self.w.text("availability.itself") if asset == node else self.label(asset),
        )

    def cut(self, name: str, row: dict[str, object]) -> Quantity:
        """Share of the demand that the loss of an asset takes away."""
        source = Source("availability_capacity", "lost_share", {"asset": int(str(row["asset"]))})
        return Quantity(name, float(str(row["lost_share"])), "share", source=source)

    def confidence(self) -> Confidence:
        """How sure the promise is kept; or how sure it is that it cannot be."""
        if self.kind == "beyond":
            chance = 1 - self.case.chance_at_most
            value = Quantity("beyond.chance", chance, "probability", resamples=self.p.resamples)
            key = "availability.rule.beyond"
        else:
            option = "double" if self.chosen else "none"
            chance, value, key = self.case.chance(option), self.n.chance(option), "availability.rule"
        rule = self.w.phrase(
            key,
            chance=value,
            high=Quantity("rule_high", SURE, "share"),
            moderate=Quantity("rule_moderate", LIKELY, "share"),
        )
        return Confidence("high" if chance >= SURE else "moderate" if chance >= LIKELY else "low", rule)

    def option(self, name: str) -> Text:
        """What an option is called: with the first of what it doubles."""
        said = self.w.text(f"availability.option.{name}")
        if name != "double" or not self.chosen:
            return said
        ids = [self.case.network.asset_ids[one] for one in self.chosen[:SHOWN]]
        more = "…" if len(self.chosen) > SHOWN else ""
        return Text(f"{said.en}: {', '.join(ids)}{more}", f"{said.zh}：{'、'.join(ids)}{more}")

    def options(self) -> Table:
        """What each option leaves unserved."""
        w, n = self.w.text, self.n
        recommended = "double" if self.chosen else "none"
        rows = [
            Row(
                (
                    self.option(name),
                    n.minutes(name),
                    n.chance(name),
                    n.share_kept(name),
                    Quantity(f"uncarried.{name}", self.case.uncarried[name], n.unit("min_year"), decimals=0),
                    n.least_minutes(name),
                    n.cost(name),
                ),
                chosen=name == recommended,
            )
            for name in self.case.options
            if name != "double" or self.chosen
        ]
        heads = (
            Head("option", w("sec.option")),
            Head("minutes", w("availability.head.minutes"), n.unit("min_year")),
            Head("chance", w("availability.head.chance"), "probability"),
            Head("kept", w("availability.head.kept"), "share"),
            Head("uncarried", w("availability.head.uncarried"), n.unit("min_year")),
            Head("best", w("availability.head.best"), "probability"),
            Head("cost", w("availability.head.cost"), "million CNY"),
        )
        note = self.w.phrase("availability.note", promise=n.promise)
        return Table("options", w("availability.options"), heads, tuple(rows), note=note)

    def steps(self) -> tuple[Table, ...]:
        """What each further doubling buys."""
        if not self.chosen:
            return ()
        w, n, rows = self.w.text, self.n, []
        for row in n.steps.iter_rows(named=True):
            step, where = row["step"], {"step": row["step"]}

            def of(name: str, unit: str | Text, decimals: int | None, part: float = 1.0) -> Quantity:
                source = Source("availability_steps", name, where)  # noqa: B023
                return Quantity(f"{name}.{step}", row[name] / part, unit, decimals=decimals, source=source)  # noqa: B023

            label = self.label(self.chosen[step - 1]) if step else w("availability.today")
            rows.append(
                Row(
                    (
                        Quantity(f"order.{step}", step),
                        label,
                        of("cost", "million CNY", 2, MILLION),
                        of("spent", "million CNY", 2, MILLION),
                        of("worst", "share", 3),
                        of("kept", "share", 1),
                        of("minutes", n.unit("min_year"), 1),
                        of("spared_h", n.unit("person_h_year"), 0),
                    )
                )
            )
        heads = (
            Head("number", w("availability.head.number")),
            Head("asset", w("head.asset")),
            Head("cost", w("availability.head.step_cost"), "million CNY"),
            Head("spent", w("availability.head.spent"), "million CNY"),
            Head("worst", w("availability.head.worst"), "share"),
            Head("kept", w("availability.head.kept"), "share"),
            Head("minutes", w("availability.head.minutes"), n.unit("min_year")),
            Head("spared", w("availability.head.spared"), n.unit("person_h_year")),
        )
        return (Table("steps", w("availability.steps"), heads, tuple(rows), w("availability.steps.note")),)

    def cables(self) -> tuple[Table, ...]:
        """What each new link buys, where new links are part of an option."""
        w, n, frame = self.w.text, self.n, self.n.cables
        if frame is None:
            return ()
        rows, spent = [], 0.0
        for row in frame.iter_rows(named=True):
            step, where = row["step"], {"step": row["step"]}
            cost = row["cost"] or 0.0
            spent += cost
            joined = self.between(row) if step else None
            label = Text(joined.text("en"), joined.text("zh")) if joined else w("availability.today")

            def of(name: str, unit: str | Text, decimals: int, step: int = step, row: Any = row) -> Quantity:
                source = Source("availability_cables", name, {"step": step})
                return Quantity(f"cable.{name}.{step}", row[name], unit, decimals=decimals, source=source)

            rows.append(
                Row(
                    (
                        Quantity(f"cable.{step}", step),
                        label,
                        Quantity(f"cable.km.{step}", (row["length_m"] or 0.0) / 1000, "km", decimals=1),
                        Quantity(f"cable.cost.{step}", cost / MILLION, "million CNY", decimals=2),
                        Quantity(f"cable.spent.{step}", spent / MILLION, "million CNY", decimals=2),
                        of("worst", "share", 3),
                        of("kept", "share", 1),
                        of("minutes", n.unit("min_year"), 1),
                    )
                )
            )
        heads = (
            Head("number", w("availability.head.number")),
            Head("link", w("availability.head.link")),
            Head("km", w("availability.head.km"), "km"),
            Head("cost", w("availability.head.step_cost"), "million CNY"),
            Head("spent", w("availability.head.spent"), "million CNY"),
            Head("worst", w("availability.head.worst"), "share"),
            Head("kept", w("availability.head.kept"), "share"),
            Head("minutes", w("availability.head.minutes"), n.unit("min_year")),
        )
        doubled = self.case.options["mixed"].chosen
        note = self.w.phrase(
            "availability.cables.note",
            number=n.count("mixed.doubled", len(doubled), "assets"),
            winding=Quantity("winding", self.p.winding, "ratio", decimals=1),
            reach=Quantity("reach", self.p.reach_km, "km"),
        )
        return (Table("cables", w("availability.cables"), heads, tuple(rows), note),)

    def capacity(self) -> Table:
        """Which failure cuts most of what can flow, and what doubling the worst of them buys."""
        w, case, rows = self.w.text, self.case, []
        shown = case.capacity.filter(case.capacity["lost"] > 0).head(SHOWN_CUTS + 1).rows(named=True)
        for at, row in enumerate(shown[:SHOWN_CUTS], start=1):
            after = shown[at] if at < len(shown) else None
            asset = int(row["asset"])
            where = {"asset": asset}
            left = (
                Quantity(f"cut.next.{at}", 0.0, "share")
                if after is None
                else self.cut(f"cut.next.{at}", after)
            )
            people = Source("availability_capacity", "people_lost", where)
            hours = float(case.mean_load[asset]) * YEAR_MIN / 60
            rows.append(
                Row(
                    (
                        self.label(asset),
                        self.cut(f"cut.{at}", row),
                        Quantity(
                            f"cut.people.{at}",
                            max(row["people_lost"], 0.0),
                            "persons",
                            decimals=0,
                            source=people,
                        ),
                        Quantity(f"cut.hours.{at}", hours, self.n.unit("h_year"), decimals=1),
                        left,
                    ),
                    chosen=asset in self.chosen,
                )
            )
        heads = (
            Head("asset", w("head.asset")),
            Head("cut", w("availability.head.cut"), "share"),
            Head("people", w("availability.head.people"), "persons"),
            Head("hours", w("availability.head.hours"), self.n.unit("h_year")),
            Head("left", w("availability.head.left"), "share"),
        )
        return Table(
            "capacity", w("availability.capacity"), heads, tuple(rows), w("availability.capacity.note")
        )

    def figure(self) -> Figure:
        """Where the assets lie that are to be doubled, and which sites are below the promise today."""
        case, w, n = self.case, self.w, self.n
        below = case.dark["none"].mean(axis=0) > 1 - self.p.promise
        svg = {str(lang): draw_map(case, below, lang) for lang in LANGUAGES}
        said = {
            "sites": n.count("below", int(below.sum()), "sites"),
            "all": n.count("sites", len(below), "sites"),
            "promise": n.promise,
        }
        heads = (
            Head("number", w.text("availability.head.number")),
            Head("asset", w.text("head.asset")),
            Head("cost", w.text("availability.head.step_cost"), "million CNY"),
        )
        rows = tuple(
            Row(
                (
                    Quantity(f"order.{at}", at),
                    self.label(one),
                    Quantity(
                        f"cost.{at}",
                        float(case.costs.each[one]) / MILLION,
                        "million CNY",
                        decimals=2,
                        source=Source("availability_steps", "cost", {"step": at}),
                    ),
                ),
                chosen=True,
            )
            for at, one in enumerate(self.chosen, start=1)
        )
        which = "double" if self.chosen else "none"
        return Figure(
            "map",
            w.phrase(f"availability.figure.{which}", **said),
            w.phrase(
                "availability.figure.alt",
                system=system_name(case.network.system),
                number=self.number,
                **said,
            ),
            svg,
            Table("map-data", w.text("availability.figure.data"), heads, rows),
        )

    def assumptions(self) -> tuple[Phrase, ...]:
        """What the answer rests on."""
        w, p, rates = self.w, self.p, self.case.rates
        sources = rates.frame["source"].to_list()
        told = [w.phrase("availability.assume.path"), w.phrase("availability.assume.independent")]
        if "register" in sources and self.case.register is not None:
            seen = rates.frame.filter(rates.frame["source"] == "register")
            failures = self.n.count("failures", int(seen["failures"].sum()), "failures")
            years = Quantity("years", round(self.case.register.days / 365.25, 1), "years")
            told.append(w.phrase("availability.assume.register", failures=failures, years=years))
        for source in ("given", "supposed"):
            names = tuple(name for name, one in zip(rates.classes, sources, strict=True) if one == source)
            if names:
                told.append(w.phrase(f"availability.assume.{source}", classes=names))
        told.append(
            w.phrase("availability.assume.common", share=Quantity("common_cause", p.common_cause, "share"))
        )
        told.append(self.costs())
        return tuple(told)

    def costs(self) -> Phrase:
        """Where the costs of doubling come from."""
        case = self.case
        stated = int(case.costs.stated[list(case.costs.candidates)].sum())
        return self.w.phrase(
            "availability.assume.costs",
            stated=self.n.count("costs.stated", stated, "assets"),
            rest=self.n.count("costs.rest", len(case.costs.candidates) - stated, "assets"),
            km=Quantity("costs.km", self.p.cost_per_km / MILLION, "million CNY", decimals=2),
            node=Quantity("costs.node", self.p.cost_per_node / MILLION, "million CNY", decimals=2),
        )

    def limits(self) -> tuple[Phrase, ...]:
        """What it must not be used for, and what is odd about the network."""
        w, case = self.w, self.case
        told = [w.phrase(f"availability.limit.{one}") for one in ("others", "planned", "routes", "greedy")]
        if case.rates.unknown:
            unknown = self.n.count("unknown", case.rates.unknown, "failures")
            told.append(w.phrase("availability.limit.unknown", failures=unknown))
        system = system_name(case.network.system)
        told += [
            w.phrase("availability.limit.finding", system=system, said=one.said) for one in case.findings
        ]
        return (*told, *RECORDER.unable())
