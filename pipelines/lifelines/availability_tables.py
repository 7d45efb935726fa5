"""The tables of the availability brief: options, doublings and cables one by one, capacity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.lifelines.availability_numbers import MILLION, Numbers
from pipelines.lifelines.words import kind_name
from workbench._text import Text
from workbench.briefs import Head, Phrase, Quantity, Row, Source, Table
from workbench.lifelines.doubling import YEAR_MIN

if TYPE_CHECKING:
    from pipelines.lifelines.availability_case import Case

SHOWN, SHOWN_CUTS = 4, 10


@dataclass(frozen=True, eq=False)
class Tables:
    """
    Tables of one case.

    Parameters
    ----------
    case, n
        What was found, and its numbers.
    """

    case: Case
    n: Numbers

    def label(self, asset: int) -> Text:
        """What a planner calls an asset, the network being known: by its name, else by kind and id."""
        network = self.case.network
        node = asset < network.n
        row = (
            network.nodes.row(asset, named=True) if node else network.edges.row(asset - network.n, named=True)
        )
        if row["name"] and row["name"] != row["id"]:
            return self.case.places.label(self.case.asset(asset))
        kind = kind_name(row["kind"])
        return Text(f"{kind.en} {row['id']}", f"{kind.in_('zh')} {row['id']}")

    def between(self, row: Mapping[str, Any]) -> Phrase:
        """What a new link joins."""
        u, v = (self.label(self.case.network.node_index[row[end]]) for end in ("u", "v"))
        return self.n.w.phrase("availability.between", u=u, v=v)

    def what(self, option: str) -> Phrase:
        """How many links an option builds and assets it doubles."""
        plan, n = self.case.options[option], self.n
        doubled = n.count(f"{option}.doubled", len(plan.chosen), "assets")
        if plan.links is None or not plan.links.height:
            return n.w.phrase("availability.what.double", assets=doubled)
        links = n.count(f"{option}.links", plan.links.height, "links")
        if not plan.chosen:
            return n.w.phrase("availability.what.build", links=links)
        return n.w.phrase("availability.what.both", links=links, assets=doubled)

    def first_link(self) -> Phrase | Text:
        """What is built first, or doubled where nothing is built."""
        plan = self.case.options["mixed"]
        if plan.links is None or not plan.links.height:
            return self.label(plan.chosen[0])
        return self.between(plan.links.row(0, named=True))

    def options(self) -> Table:
        """What each option leaves unserved."""
        w, n, case = self.n.w.text, self.n, self.case
        unit = n.unit("min_year")
        rows = [
            Row(
                (
                    self._option(name),
                    n.minutes(name),
                    n.chance(name),
                    n.share_kept(name),
                    Quantity(f"uncarried.{name}", case.uncarried[name], unit, decimals=0),
                    n.least_minutes(name),
                    n.cost(name),
                ),
                chosen=name == case.best,
            )
            for name in case.options
            if name != "double" or case.choice.chosen
        ]
        heads = (
            Head("option", w("sec.option")),
            Head("minutes", w("availability.head.minutes"), unit),
            Head("chance", w("availability.head.chance"), "probability"),
            Head("kept", w("availability.head.kept"), "share"),
            Head("uncarried", w("availability.head.uncarried"), unit),
            Head("best", w("availability.head.best"), "probability"),
            Head("cost", w("availability.head.cost"), "million CNY"),
        )
        note = n.w.phrase("availability.note", promise=n.promise)
        return Table("options", w("availability.options"), heads, tuple(rows), note=note)

    def _option(self, name: str) -> Text:
        """What an option is called: with the first of what it doubles or builds."""
        said, plan = self.n.w.text(f"availability.option.{name}"), self.case.options[name]
        if name not in ("double", "mixed"):
            return said
        links = [] if plan.links is None else plan.links.select("u", "v").rows()
        ids = [f"{u}–{v}" for u, v in links] + [self.case.network.asset_ids[one] for one in plan.chosen]
        more = "…" if len(ids) > SHOWN else ""
        return Text(
            f"{said.en}: {', '.join(ids[:SHOWN])}{more}", f"{said.zh}：{'、'.join(ids[:SHOWN])}{more}"
        )

    def steps(self) -> tuple[Table, ...]:
        """What each further doubling buys."""
        chosen, w, n = self.case.choice.chosen, self.n.w.text, self.n
        if not chosen:
            return ()
        rows = []
        for row in n.steps.iter_rows(named=True):
            of = _Cells("availability_steps", "", row)
            label = self.label(chosen[row["step"] - 1]) if row["step"] else w("availability.today")
            money = [of("cost", "million CNY", 2, MILLION), of("spent", "million CNY", 2, MILLION)]
            spared = of("spared_h", n.unit("person_h_year"), 0)
            order = Quantity(f"order.{row['step']}", row["step"])
            rows.append(Row((order, label, *money, *self._kept(of), spared)))
        heads = (
            Head("number", w("availability.head.number")),
            Head("asset", w("head.asset")),
            *self._heads(),
            Head("spared", w("availability.head.spared"), n.unit("person_h_year")),
        )
        note = w("availability.steps.note")
        return (Table("steps", w("availability.steps"), heads, tuple(rows), note),)

    def cables(self) -> tuple[Table, ...]:
        """What each new link buys, where new links are part of an option."""
        w, n, p = self.n.w.text, self.n, self.case.p
        if n.cables is None:
            return ()
        flows = n.cables["uncarried"].null_count() == 0
        rows = []
        for row in n.cables.iter_rows(named=True):
            of = _Cells("availability_cables", "cable.", row)
            said = self.between(row) if row["step"] else w("availability.today")
            label = Text(said.in_("en"), said.in_("zh"))
            money = [of("cost", "million CNY", 2, MILLION), of("spent", "million CNY", 2, MILLION)]
            order = Quantity(f"cable.{row['step']}", row["step"])
            more = (of("uncarried", n.unit("min_year"), 0),) if flows else ()
            rows.append(Row((order, label, of("length_m", "km", 1, 1000.0), *money, *self._kept(of), *more)))
        heads = (
            Head("number", w("availability.head.number")),
            Head("link", w("availability.head.link")),
            Head("km", w("availability.head.km"), "km"),
            *self._heads(),
            *((Head("uncarried", w("availability.head.uncarried"), n.unit("min_year")),) if flows else ()),
        )
        note = n.w.phrase(
            "availability.cables.note",
            number=n.count("mixed.doubled", len(self.case.options["mixed"].chosen), "assets"),
            winding=Quantity("winding", p.winding, "ratio", decimals=1),
            reach=Quantity("reach", p.reach_km, "km"),
        )
        return (Table("cables", w("availability.cables"), heads, tuple(rows), note),)

    def _kept(self, of: _Cells) -> tuple[Quantity, ...]:
        return of("worst", "share", 3), of("kept", "share", 1), of("minutes", self.n.unit("min_year"), 1)

    def _heads(self) -> tuple[Head, ...]:
        w = self.n.w.text
        return (
            Head("cost", w("availability.head.step_cost"), "million CNY"),
            Head("spent", w("availability.head.spent"), "million CNY"),
            Head("worst", w("availability.head.worst"), "share"),
            Head("kept", w("availability.head.kept"), "share"),
            Head("minutes", w("availability.head.minutes"), self.n.unit("min_year")),
        )

    def capacity(self) -> Table:
        """Which failure cuts most of what can flow, and what doubling the worst of them buys."""
        w, case, rows = self.n.w.text, self.case, []
        shown = case.capacity.filter(case.capacity["lost"] > 0).head(SHOWN_CUTS + 1).rows(named=True)
        for at, row in enumerate(shown[:SHOWN_CUTS], start=1):
            asset = int(row["asset"])
            hours = float(case.mean_load[asset]) * YEAR_MIN / 60
            left = self.cut(f"cut.next.{at}", shown[at]) if at < len(shown) else None
            people = Source("availability_capacity", "people_lost", {"asset": asset})
            cells = (
                self.label(asset),
                self.cut(f"cut.{at}", row),
                Quantity(
                    f"cut.people.{at}", max(row["people_lost"], 0.0), "persons", decimals=0, source=people
                ),
                Quantity(f"cut.hours.{at}", hours, self.n.unit("h_year"), decimals=1),
                left or Quantity(f"cut.next.{at}", 0.0, "share"),
            )
            rows.append(Row(cells, chosen=asset in case.choice.chosen))
        heads = (
            Head("asset", w("head.asset")),
            Head("cut", w("availability.head.cut"), "share"),
            Head("people", w("availability.head.people"), "persons"),
            Head("hours", w("availability.head.hours"), self.n.unit("h_year")),
            Head("left", w("availability.head.left"), "share"),
        )
        note = w("availability.capacity.note")
        return Table("capacity", w("availability.capacity"), heads, tuple(rows), note)

    def cut(self, name: str, row: Mapping[str, Any]) -> Quantity:
        """Share of the demand that the loss of an asset takes away."""
        source = Source("availability_capacity", "lost_share", {"asset": int(row["asset"])})
        return Quantity(name, float(row["lost_share"]), "share", source=source)


@dataclass(frozen=True)
class _Cells:
    """Makes the numbers of one step from its row."""

    measure: str
    prefix: str
    row: Mapping[str, Any]

    def __call__(self, name: str, unit: str | Text, decimals: int, part: float = 1.0) -> Quantity:
        step = self.row["step"]
        value = (self.row[name] or 0.0) / part
        source = Source(self.measure, name, {"step": step})
        return Quantity(f"{self.prefix}{name}.{step}", value, unit, decimals=decimals, source=source)
