"""How the comparison of riders with places was checked: in itself, and against days it had not seen."""

from __future__ import annotations

import numpy as np
import polars as pl

from pipelines.traffic.crowding_case import Case
from pipelines.traffic.crowding_ways import Floats
from pipelines.traffic.recording import half_days, halves
from pipelines.traffic.words import count, record_words
from workbench.briefs import Quantity
from workbench.briefs.checklist import Section
from workbench.briefs.modelcard import Backcast, Checked
from workbench.briefs.modelcard import validation as section_of
from workbench.briefs.modelcard import verification as section_of_checks

ORACLES = ("beijing", "sample", "hand", "student")
PASSAGE = ["service_date", "route_id", "direction_id", "section", "quarter"]


def verification(case: Case) -> Section:
    """Check what must hold in every run: riders and places are kept, chances add up."""
    w, cells = record_words().text, case.cells
    load = case.measures["load_profile"].filter(pl.col("service_date").is_in(cells.days))
    held = (float(cells.riders.sum()) + cells.unserved * len(cells.days)) * case.p.sample_share
    again = float(case.burdens[0].above(*(np.array([one]) for one in (1.0, 1.0, 0.0)))[0])
    found = {
        "riders": count("check.riders", round(float(load["riders"].sum()) - held), "persons"),
        "twice": count("check.twice", load.height - load.select(PASSAGE).n_unique(), "rows"),
        "again": Quantity("check.again", round(again - float(case.above[:, 0].mean()), 6), "persons"),
    }
    if "spread" in case.options:
        found["spread"] = Quantity("check.spread", case.offers.added("spread"), "persons")
    if case.verdict is not None:
        total = float(case.verdict.p_best.sum())
        found["chances"] = Quantity("check.chances", round(total - 1, 9), "index")
    checks = [Checked(w(f"crowding.check.{name}"), one) for name, one in found.items()]
    return section_of_checks(checks, [w(f"crowding.oracle.{name}") for name in ORACLES])


def validation(case: Case) -> Section:
    """Let the earlier half of the days tell what is over capacity in the later half."""
    cut = halves(len(case.cells.days))
    if cut is None:
        return Section("validation", prose=(record_words().phrase("record.validation.single"),))
    (told, before), (seen, after) = (_over(case, days) for days in cut)
    at = sorted(told) or [case.ranking.order[0]]
    apart = float(np.abs(before[at] - after[at]).mean())
    above = [float(case.above[days, 0].mean()) for days in cut]
    both = len(told & seen)
    scores = (
        _score("again", "cells", len(told), both, len(told) - both),
        _score("missed", "cells", both, len(seen), both - len(seen)),
        _score("factor", "share", float(before[at].mean()), float(after[at].mean()), apart),
        _score("above", "persons", above[0], above[1], above[0] - above[1]),
    )
    said = record_words().phrase("crowding.validation", **half_days(len(case.cells.days)))
    return section_of(scores, [said])


def agree(case: Case) -> dict[str, bool | None]:
    """
    Whether both halves of the days say the same; None where there are no halves.

    Of the fullest section, that it is over its limit or that it is within; of the riders above places, that
    there are some or none; of the options, which leaves the fewest.
    """
    cut = halves(len(case.cells.days))
    if cut is None:
        return {"fullest": None, "above": None, "effect": None}
    first, second = (
        {
            "fullest": bool(_over(case, days)[1][case.ranking.order[0]] > case.p.limit),
            "above": bool(case.above[days, 0].any()),
            "effect": int(case.above[days].mean(axis=0).argmin()),
        }
        for days in cut
    )
    return {name: first[name] == second[name] for name in first}


def _over(case: Case, days: slice) -> tuple[set[int], Floats]:
    """Ranked cells over the limit on some of the days, and the share of places taken in every cell."""
    riders, places = (one[days].sum(axis=0) for one in (case.cells.riders, case.cells.places))
    factor = np.where(places > 0, riders / np.maximum(places, 1e-9), 0.0)
    return {at for at in case.ranking.order if factor[at] > case.p.limit}, factor


def _score(name: str, unit: str, predicted: float, observed: float, error: float) -> Backcast:
    def number(end: str, value: float) -> Quantity:
        if unit == "cells":
            return count(f"back.{name}.{end}", value, unit)
        return Quantity(f"back.{name}.{end}", value, unit, decimals=0)

    numbers = number("predicted", predicted), number("observed", observed), number("error", error)
    return Backcast(record_words().text(f"crowding.back.{name}"), *numbers)
