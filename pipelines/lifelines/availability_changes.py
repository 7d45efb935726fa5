"""What would change if failures, repairs, common causes or the promise were otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.lifelines.availability_choice import kept
from pipelines.lifelines.availability_numbers import nines
from workbench.briefs import Phrase, Quantity
from workbench.lifelines.doubling import double_for

if TYPE_CHECKING:
    from pipelines.lifelines.availability_case import Case
    from pipelines.lifelines.availability_numbers import Numbers

FACTOR, COMMON = 2.0, 0.1


def changed(case: Case, n: Numbers) -> tuple[Phrase, ...]:
    """
    Judge the recommended option at the mean rates, and choose again, with one thing changed at a time.

    Parameters
    ----------
    case, n
        What was found, and its numbers.
    """
    p, plain = case.p, set(case.choice.plain.chosen)
    ways = {
        "failures": (FACTOR, p.common_cause, p.promise),
        "repair": (p.repair_factor, p.common_cause, p.promise),
        "common": (1.0, min(1.0, FACTOR * p.common_cause) or COMMON, p.promise),
        "stricter": (1.0, p.common_cause, 1 - (1 - p.promise) / FACTOR),
        "looser": (1.0, p.common_cause, 1 - (1 - p.promise) * FACTOR),
    }
    base = n.count("plain", len(plain), "assets")
    plan, told = case.options[case.best], []
    for name, (factor, common, promise) in ways.items():
        if not 0 < promise < 1:
            continue
        loads = case.rates.mean * factor
        dark = plan.model.unavailable(plan.unavailability(loads[None], common)[0])
        found = double_for(
            case.model,
            promise,
            unavailability=case.rates.unavailability(loads),
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
        said: dict[str, Phrase | Quantity] = {
            "way": n.w.phrase(f"availability.way.{name}", value=values[name]),
            "share": Quantity(f"change.{name}.share", float(kept(dark, promise).mean()), "share"),
        }
        if found.reached and not found.chosen:
            told.append(n.w.phrase("availability.change.none", **said))
            continue
        told.append(
            n.w.phrase(
                f"availability.change.{'done' if found.reached else 'short'}",
                number=n.count(f"change.{name}.number", len(found.chosen), "assets"),
                kept=n.count(f"change.{name}.kept", len(plain & set(found.chosen)), "assets"),
                base=base,
                **said,
            )
        )
    return tuple(told)
