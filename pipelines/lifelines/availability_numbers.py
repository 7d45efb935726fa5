"""The numbers of the availability brief, each with its unit, interval and source."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipelines.lifelines.availability_choice import kept
from pipelines.lifelines.words import words
from workbench._text import Text
from workbench.briefs import Quantity, Source
from workbench.lifelines.doubling import YEAR_MIN

if TYPE_CHECKING:
    from pipelines.lifelines.availability_case import Case
    from workbench.domains import Measures
    from workbench.lifelines.model import Floats

ENDS = (0.025, 0.975)
MILLION = 1e6
MOST_CABLES = 12
"""New links of which each is told what it adds."""
FINE = 3
"""Decimals of an availability in %."""


class Numbers:
    """
    Numbers of one case, and the frames that they are read from.

    Parameters
    ----------
    case
        What was found.
    """

    def __init__(self, case: Case) -> None:
        self.case, self.p, self.w = case, case.p, words("availability")

    def keep(self, measures: Measures) -> None:
        """Put what was worked out beside the measures, so that its numbers can be traced."""
        measures.made["availability_draws"] = self.draws
        measures.made["availability_sites"] = self.sites
        measures.made["availability_steps"] = self.steps
        measures.made["availability_capacity"] = self.case.capacity
        measures.made["availability_rates"] = self.case.rates.frame
        if self.cables is not None:
            measures.made["availability_cables"] = self.cables

    @cached_property
    def draws(self) -> pl.DataFrame:
        """One row per option and draw: minutes, share of sites that keep the promise, worst availability."""
        case, frames = self.case, []
        for at, name in enumerate(case.options):
            kept = case.kept_at(name)
            frames.append(
                pl.DataFrame(
                    {
                        "option": [name] * len(kept),
                        "draw": np.arange(len(kept)),
                        "minutes": case.minutes[:, at],
                        "kept": kept.mean(axis=1),
                        "all_kept": kept.all(axis=1),
                        "within_reach_kept": kept[:, case.within_reach].all(axis=1),
                        "worst": 1 - case.dark[name].max(axis=1),
                    }
                )
            )
        return pl.concat(frames)

    @cached_property
    def sites(self) -> pl.DataFrame:
        """One row per option and site: mean availability with the ends of its interval."""
        case, frames = self.case, []
        nodes = case.network.nodes[case.model.sites]
        for name, dark in case.dark.items():
            low, high = np.quantile(dark, ENDS, axis=0)
            mean = dark.mean(axis=0)
            frames.append(
                nodes.select("id", "zone", "people").with_columns(
                    pl.lit(name).alias("option"),
                    pl.Series("availability", 1 - mean),
                    pl.Series("low", 1 - np.maximum(high, mean)),
                    pl.Series("high", 1 - np.minimum(low, mean)),
                    pl.Series("chance", case.kept_at(name).mean(axis=0)),
                )
            )
        return pl.concat(frames)

    @cached_property
    def steps(self) -> pl.DataFrame:
        """One row per doubling, before any as the first: cost so far and what is then kept."""
        found, case = self.case.steps, self.case
        assets = [None, *(case.network.asset_ids[one] for one in found.chosen)]
        hours = np.array(found.people) * case.people / 60
        return pl.DataFrame(
            {
                "step": np.arange(len(assets)),
                "id": pl.Series(assets, dtype=pl.String),
                "cost": [0.0, *found.costs],
                "spent": np.cumsum([0.0, *found.costs]),
                "worst": found.worst,
                "kept": found.kept,
                "minutes": found.people,
                "spared_h": np.concatenate([[0.0], -np.diff(hours)]),
            }
        )

    @cached_property
    def cables(self) -> pl.DataFrame | None:
        """One row per new link, none as the first: what is kept once it and those before it stand."""
        case, plan = self.case, self.case.options.get("mixed")
        if plan is None or plan.links is None or not plan.links.height:
            return None
        rows = []
        links = plan.links.head(MOST_CABLES)
        for step in range(links.height + 1):
            doubled_too = step == links.height and links.height == plan.links.height
            dark, uncarried = case.with_links(links.head(step), plan.chosen if doubled_too else ())
            rows.append(
                {
                    "step": step,
                    "uncarried": uncarried,
                    "worst": float(1 - dark.max()),
                    "kept": float(kept(dark, self.p.promise).mean()),
                    "minutes": float(dark @ case.weights) * YEAR_MIN,
                }
            )
        own = links.select("u", "v", "length_m", "cost").with_row_index("step", 1)
        found = pl.DataFrame(rows).with_columns(pl.col("step").cast(pl.UInt32))
        spent = pl.col("cost").fill_null(0.0).cum_sum().alias("spent")
        return found.join(own, on="step", how="left", maintain_order="left").with_columns(spent)

    def unit(self, name: str, count: float = 2) -> Text:
        """A unit of this domain, such as "assets"."""
        return self.w.text(f"unit.{name}.one" if count == 1 else f"unit.{name}")

    def count(self, name: str, value: float, unit: str) -> Quantity:
        """A plain number in a unit of this domain."""
        return Quantity(name, value, self.unit(unit, value))

    @property
    def promise(self) -> Quantity:
        """The availability promised."""
        return Quantity("promise", self.p.promise, "share", decimals=nines(self.p.promise))

    def chance(self, option: str, *, all_sites: bool = True) -> Quantity:
        """Chance that every site keeps its promise; or every site that can."""
        column = "all_kept" if all_sites else "within_reach_kept"
        value = self.case.chance(option, all_sites=all_sites)
        source = Source("availability_draws", column, {"option": option})
        name = f"chance.{option}" if all_sites else f"reach.{option}"
        return Quantity(name, value, "probability", resamples=self.p.resamples, source=source)

    def minutes(self, option: str) -> Quantity:
        """Minutes a year without service of the mean inhabitant."""
        drawn = self.case.minutes[:, list(self.case.options).index(option)]
        source = Source("availability_draws", "minutes", {"option": option})
        return self.spread(f"minutes.{option}", drawn, self.unit("min_year"), source=source)

    def share_kept(self, option: str) -> Quantity:
        """Share of the sites that keep their promise."""
        source = Source("availability_draws", "kept", {"option": option})
        drawn = self.case.kept_at(option).mean(axis=1)
        return self.spread(f"kept.{option}", drawn, "share", source=source)

    def least_minutes(self, option: str) -> Quantity:
        """Chance of the fewest minutes of all options."""
        value = float(self.case.standing.best[list(self.case.options).index(option)])
        source = Source("availability_draws", "minutes", {})
        return Quantity(f"best.{option}", value, "probability", resamples=self.p.resamples, source=source)

    def cost(self, option: str) -> Quantity:
        """What an option doubles costs; None where faster repair has no cost stated."""
        if option == "repair":
            stated = self.p.faster_repair_cost
            value = None if stated is None else stated * self.annuity / MILLION
        else:
            value = self.case.options[option].cost / MILLION
        return Quantity(f"cost.{option}", value, "million CNY", decimals=2)

    @cached_property
    def annuity(self) -> float:
        """What a yuan a year over the life of a doubling is worth today, the first year not discounted."""
        rate, years = self.p.discount_rate, np.arange(self.p.life_years)
        return float((1 / (1 + rate) ** years).sum())

    def site(self, name: str, option: str, at: int) -> Quantity:
        """Availability of a site, by its place among the sites."""
        node = self.case.network.nodes["id"][int(self.case.model.sites[at])]
        row = self.sites.filter((pl.col("option") == option) & (pl.col("id") == node)).row(0, named=True)
        return Quantity(
            name,
            row["availability"],
            "share",
            row["low"],
            row["high"],
            basis=self.w.text("availability.basis"),
            decimals=FINE,
            source=Source("availability_sites", "availability", {"option": option, "id": node}),
        )

    def spread(
        self,
        name: str,
        drawn: Floats,
        unit: str | Text,
        *,
        decimals: int | None = None,
        source: Source | None = None,
    ) -> Quantity:
        """Mean of draws with the ends between which 95 % of them lie; a plain number where all are alike."""
        value = float(drawn.mean())
        if np.ptp(drawn) <= 1e-12 * max(1.0, abs(value)):
            return Quantity(name, value, unit, decimals=decimals, source=source)
        low, high = (float(one) for one in np.quantile(drawn, ENDS))
        ends = (min(low, value), max(high, value))
        basis = self.w.text("availability.basis")
        return Quantity(name, value, unit, *ends, basis=basis, decimals=decimals, source=source)


def nines(share: float) -> int:
    """Decimals in % that a share near 1 needs to be told from 1."""
    rest = 100 * (1 - share)
    return int(np.clip(np.ceil(-np.log10(max(rest, 1e-9)) - 1e-9), 0, 9)) + (0 if _round(rest) else 1)


def _round(rest: float) -> bool:
    """Whether a number has one digit alone."""
    scaled = rest / 10 ** np.floor(np.log10(max(rest, 1e-9)))
    return bool(abs(scaled - round(scaled)) < 1e-6)
