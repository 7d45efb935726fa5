"""The numbers of the hardening brief, each with its unit, interval and source."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipelines.lifelines.words import words
from workbench._text import Text
from workbench.briefs import Phrase, Quantity, Source

if TYPE_CHECKING:
    from pipelines.lifelines.hardening_case import Case
    from workbench.domains import Measures
    from workbench.lifelines.model import Floats

ENDS = (0.025, 0.975)
MILLION = 1e6
ALIKE = 1e-9
"""Draws that differ by less than this, relatively, are alike, and make no interval."""
CURRENCY = "million CNY"
EVENTS, ASSETS = "hardening_events", "hardening_assets"


class Numbers:
    """
    Numbers of one case, and the frames that they are read from.

    Parameters
    ----------
    case
        What was found.
    """

    def __init__(self, case: Case) -> None:
        self.case, self.p, self.w = case, case.p, words("hardening")

    def keep(self, measures: Measures) -> None:
        """Put what was worked out beside the measures, so that its numbers can be traced."""
        measures.made[EVENTS] = self.events
        measures.made[ASSETS] = self.assets

    @cached_property
    def events(self) -> pl.DataFrame:
        """One row per option and event that judges: share and number of services lost."""
        case = self.case
        number = np.unique(case.test.event)
        names = [*case.options, "all"]
        lost = case.events[:, : len(names)]
        return pl.DataFrame(
            {
                "option": np.repeat(names, len(number)),
                "event": np.tile(number, len(names)),
                "lost_share": lost.T.ravel(),
                "lost_people": lost.T.ravel() * case.loss.people,
            }
        )

    @cached_property
    def assets(self) -> pl.DataFrame:
        """One row per asset shown: how often chosen, how often it fails, what it saves, what it costs."""
        case, ids = self.case, list(self.case.shown)
        alone, within = (self._of_assets(what)[0] for what in ("alone", "within"))
        return (
            case.system.assets[ids]
            .select("asset", "layer", "part", "id")
            .with_columns(
                pl.Series("chosen", [one in case.chosen for one in ids]),
                pl.Series("chance", [case.chance.get(one, 0.0) for one in ids]),
                pl.Series("fails", 1 - case.test.up[:, ids].mean(axis=0)),
                pl.Series("fails_hardened", 1 - case.test.hardened[:, ids].mean(axis=0)),
                pl.Series("saved_alone", alone),
                pl.Series("saved_within", within),
                pl.Series("cost", case.means.costs[ids]).fill_nan(None),
            )
        )

    def _of_assets(self, what: str) -> tuple[Floats, Floats]:
        """Services that each of those shown saves alone or within the choice: means, and draws."""
        case = self.case
        first = len(case.options) + 1 + (0 if what == "alone" else len(case.shown))
        own = slice(first, first + len(case.shown))
        base = case.column("none" if what == "alone" else case.recommended)
        sign = np.array([1.0] * len(case.shown))
        if what == "within":  # a chosen one is missed, another would be added
            sign = np.array([-1.0 if one in case.chosen else 1.0 for one in case.shown])
        mean, draws = case.events.mean(axis=0), case.draws
        return (
            sign * (mean[base] - mean[own]) * case.loss.people,
            sign * (draws[:, [base]] - draws[:, own]) * case.loss.people,
        )

    def spread(
        self,
        name: str,
        value: float,
        drawn: Floats,
        unit: str,
        source: Source | None = None,
        decimals: int | None = None,
    ) -> Quantity:
        """A mean with its interval over events drawn again; no interval where all draws are alike."""
        drawn = drawn[np.isfinite(drawn)]
        if not len(drawn) or np.ptp(drawn) <= ALIKE * max(abs(value), 1e-12):
            return Quantity(name, value, unit, decimals=decimals, source=source)
        low, high = (float(one) for one in np.quantile(drawn, ENDS))
        ends = (min(low, value), max(high, value))
        basis = self.w.text("hardening.basis")
        return Quantity(name, value, unit, *ends, basis=basis, decimals=decimals, source=source)

    def lost(self, option: str, unit: str = "share") -> Quantity:
        """Services lost in an event under an option, as a share of all or as persons."""
        case, at = self.case, self.case.column(option)
        value, drawn = float(case.events[:, at].mean()), np.maximum(case.draws[:, at], 0.0)
        return self._either(f"lost.{option}", value, drawn, unit, option)

    def saved(self, option: str, unit: str = "share", *, than: str = "none") -> Quantity:
        """Services that an option saves in an event, against hardening nothing or another option."""
        value, drawn = self.case.saved(option, than)
        name = f"saved.{option}" + ("" if than == "none" else f".than-{than}")
        return self._either(name, value, drawn, unit, option)

    def _either(self, name: str, value: float, drawn: Floats, unit: str, option: str) -> Quantity:
        if unit == "share":
            return self.spread(
                name, value, drawn, unit, Source(EVENTS, "lost_share", {"option": option}), decimals=1
            )
        people, source = self.case.loss.people, Source(EVENTS, "lost_people", {"option": option})
        return self.spread(f"{name}.people", value * people, drawn * people, unit, source, decimals=0)

    @cached_property
    def avoidable(self) -> Quantity:
        """What the choice saves as a share of what hardening every candidate would."""
        ours, most = self.case.saved(self.case.recommended), self.case.saved("all")
        if most[0] <= 0:
            return Quantity("avoidable", None, "share")
        with np.errstate(divide="ignore", invalid="ignore"):
            drawn = np.where(most[1] > 0, ours[1] / most[1], np.nan)
        return self.spread(
            "avoidable", ours[0] / most[0], drawn, "share", Source(EVENTS, "lost_share", {}), 0
        )

    def of_asset(self, i: int, what: str) -> Quantity:
        """A number of one of those shown, by its place: "alone", "within", "chance", "fails", "cost"."""
        asset = self.case.shown[i]
        row, name = self.assets.row(i, named=True), f"{what}.place{i + 1}"
        if what in ("alone", "within"):
            means, draws = self._of_assets(what)
            source = Source(ASSETS, f"saved_{what}", {"asset": asset})
            return self.spread(name, float(means[i]), draws[:, i], "persons", source, decimals=0)
        source = Source(ASSETS, what, {"asset": asset})
        if what == "cost":
            cost = None if row["cost"] is None else row["cost"] / MILLION
            return Quantity(name, cost, CURRENCY, decimals=2, source=source)
        if what == "chance":
            return Quantity(name, row["chance"], "probability", resamples=self.p.refits, source=source)
        return Quantity(name, row["fails"], "share", decimals=0, source=source)

    def count(self, name: str, value: float, unit: str) -> Quantity:
        """A plain number in a unit of this domain."""
        return Quantity(name, value, self.w.text(f"unit.{unit}.one" if value == 1 else f"unit.{unit}"))

    @property
    def k(self) -> Quantity:
        """How many assets are recommended."""
        return self.count("k", len(self.case.chosen), "assets")

    @property
    def judging(self) -> Quantity:
        """How many events judge."""
        return self.count("events.judging", len(self.case.events), "events")

    @property
    def cost(self) -> Quantity:
        """What the assets recommended cost together."""
        known = None if self.case.cost is None else self.case.cost / MILLION
        return Quantity("cost", known, CURRENCY, decimals=1, source=Source(ASSETS, "cost", {"chosen": True}))

    @property
    def cost_each(self) -> Quantity:
        """Cost for each person who keeps a service in an event; cannot be told where none may be saved."""
        value, drawn = self.case.saved(self.case.recommended)
        unit = "CNY"
        if self.case.cost is None or value <= 0 or float(np.quantile(drawn, ENDS[0])) <= 0:
            return Quantity("cost.each", None, unit)
        people = self.case.loss.people
        each = self.case.cost / np.where(drawn > 0, drawn * people, np.nan)
        return self.spread("cost.each", self.case.cost / (value * people), each, unit, None, 0)

    def option(self, name: str) -> Text:
        """What an option is called."""
        return self.w.text(f"hardening.option.{name}")

    def event(self) -> Phrase:
        """The hazard in words, with how strong it is."""
        unit = {"flood": "m", "wind": "m/s"}.get(self.p.hazard, "ratio")
        key = "mapped" if self.p.hazard == "flood" and self.p.flood_map else self.p.hazard
        values = {}
        if key in ("earthquake", "flood", "wind"):
            values["strong"] = Quantity("severity", self.case.hazard.severity, unit, decimals=1)
        return self.w.phrase(f"hardening.event.{key}", **values)
