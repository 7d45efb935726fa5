"""What would have to be doubled if failures, repairs, common causes or the promise were otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.lifelines.availability_numbers import nines
from workbench.briefs import Phrase, Quantity
from workbench.lifelines.doubling import double_for

if TYPE_CHECKING:
    from pipelines.lifelines.availability_case import Case
    from pipelines.lifelines.availability_numbers import Numbers

FACTOR = 2.0


def changed(case: Case, n: Numbers) -> tuple[Phrase, ...]:
    """
    Choose again at the mean rates, with one thing changed at a time.

    Parameters
    ----------
    case, n
        What was found, and its numbers.
    """
    p, plain = case.p, set(case.choice.plain.chosen)
    ways = {
        "failures": (FACTOR, p.common_cause, p.promise),
        "repair": (p.repair_factor, p.common_cause, p.promise),
        "common": (1.0, min(1.0, FACTOR * p.common_cause) if p.common_cause else 0.1, p.promise),
        "stricter": (1.0, p.common_cause, 1 - (1 - p.promise) / FACTOR),
        "looser": (1.0, p.common_cause, 1 - (1 - p.promise) * FACTOR),
    }
    base = n.count("plain", len(plain), "assets")
    told = []
    for name, (factor, common, promise) in ways.items():
        if not 0 < promise < 1:
            continue
        found = double_for(
            case.model,
            promise,
            unavailability=case.rates.unavailability(case.rates.mean * factor),
            costs=case.costs.each,
            candidates=case.costs.candidates,
            common_cause=common,
            budget=p.budget or float("inf"),
            most=p.most,
        )
        values = {
            "failures": Quantity("change.factor", FACTOR, "ratio"),
            "repair": Quantity("repair_factor", p.repair_factor, "share"),
            "common": Quantity("change.common", common, "share"),
            "stricter": Quantity("change.stricter", promise, "share", decimals=nines(promise)),
            "looser": Quantity("change.looser", promise, "share", decimals=nines(promise)),
        }
        key = "short" if not found.reached else "done"
        told.append(
            n.w.phrase(
                f"availability.change.{key}",
                way=n.w.phrase(f"availability.way.{name}", value=values[name]),
                number=n.count(f"change.{name}.number", len(found.chosen), "assets"),
                kept=n.count(f"change.{name}.kept", len(plain & set(found.chosen)), "assets"),
                base=base,
            )
        )
    return tuple(told)
