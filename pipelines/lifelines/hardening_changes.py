"""What the choice would be if the hazard, the networks or the hardening were otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipelines.lifelines.hardening_case import Case
from pipelines.lifelines.hardening_choice import METHODS, choose, worth_a_look
from pipelines.lifelines.hardening_hazard import Hazard
from pipelines.lifelines.hardening_loss import PeopleLoss
from pipelines.lifelines.hardening_samples import Sampled, halves, sampled
from workbench.briefs import Phrase, Quantity
from workbench.decisions import interval, resample_ratio

if TYPE_CHECKING:
    from pipelines.lifelines.hardening_numbers import Numbers

MORE: dict[str, tuple[str, float]] = {
    "earthquake": ("by", 0.5),
    "flood": ("by", 1.0),
    "wind": ("times", 1.2),
    "age": ("times", 1.2),
}
"""How much stronger the hazard is tried, and as much weaker."""
BOUNDS = {"earthquake": (4.0, 9.0), "wind": (1.0, 150.0)}


def severities(hazard: Hazard) -> tuple[float, float]:
    """A weaker and a stronger hazard of the same kind."""
    way, much = MORE[hazard.kind]
    low, high = (
        (hazard.severity - much, hazard.severity + much)
        if way == "by"
        else (hazard.severity / much, hazard.severity * much)
    )
    least, most = BOUNDS.get(hazard.kind, (-np.inf, np.inf))
    return max(low, least), min(high, most)


def changes(n: Numbers) -> tuple[Phrase, ...]:
    """How many of the chosen would be chosen otherwise, and whether the rules part by another solver."""
    case, w, p = n.case, n.w, n.case.p
    told = []
    for key, severity in zip(("weaker", "stronger"), severities(case.hazard), strict=True):
        strong = Quantity(
            f"severity.{key}", severity, {"flood": "m", "wind": "m/s"}.get(p.hazard, "ratio"), decimals=1
        )
        train = _sampled(case, severity)
        kept = _kept(n, key, case.loss, train, fresh=True)
        told.append(w.phrase(f"hardening.change.{p.hazard}.{key}", strong=strong, kept=kept, k=n.k))
    if p.hazard in ("earthquake", "wind") and not p.absolute and any(p.centre):
        mirrored = p.model_copy(update={"centre": (-p.centre[0], -p.centre[1])})
        train = _sampled(
            case, None, Hazard(case.system, mirrored, p.events, case.hazard.streams, year=case.year)
        )
        told.append(
            w.phrase(
                f"hardening.change.{p.hazard}.across",
                kept=_kept(n, "across", case.loss, train, fresh=True),
                k=n.k,
            )
        )
    if p.through_others:
        apart = PeopleLoss(case.system, solver=p.solver, through_others=False)
        told.append(
            w.phrase("hardening.change.apart", kept=_kept(n, "apart", apart, case.train, fresh=True), k=n.k)
        )
    return (*told, _by_other_solver(n))


def _sampled(case: Case, severity: float | None, hazard: Hazard | None = None) -> Sampled:
    """Samples to choose on under another hazard, on the same luck."""
    intensities = (hazard or case.hazard).intensities(severity)
    return halves(sampled(case.system, case.curves, case.p, intensities, case.streams), case.p)[0]


def _again(case: Case, loss: PeopleLoss, train: Sampled, *, fresh: bool) -> tuple[int, ...]:
    """The choice made on other samples or by another loss; looked for among all candidates where `fresh`."""
    known = case.contenders
    if fresh:
        able = (train.hardened & ~train.up).any(axis=0) & (
            np.isfinite(case.means.costs) | ~np.isfinite(case.means.costs).any()
        )
        found = np.flatnonzero(able)
        if not len(found):
            return ()
        known = worth_a_look(loss, train, [int(one) for one in found], case.p.contenders)
    if not known:
        return ()
    method = METHODS[case.recommended]
    return choose(loss, train, known, case.means, method, streams=case.streams.child(case.recommended))


def _kept(n: Numbers, key: str, loss: PeopleLoss, train: Sampled, *, fresh: bool) -> Quantity:
    found = set(_again(n.case, loss, train, fresh=fresh))
    return Quantity(f"kept.{key}", len(found & set(n.case.chosen)))


def _by_other_solver(n: Numbers) -> Phrase:
    """Whether the choice, made by another solver, is the same, and can be told from the simple rule there."""
    case = n.case
    other = "flow" if case.p.solver == "connectivity" else "connectivity"
    loss = PeopleLoss(case.system, solver=other, through_others=case.p.through_others)
    picked = {
        name: choose(
            loss, case.train, case.contenders, case.means, METHODS[name], streams=case.streams.child(name)
        )
        for name in ("chosen", "rule")
    }
    kept = Quantity(f"kept.{other}", len(set(picked["chosen"]) & set(case.chosen)))
    lost = {name: loss(case.test.with_hardened(one)) for name, one in picked.items()}
    apart = case.test.by_event((lost["rule"] - lost["chosen"])[:, None]) * loss.people
    draws = resample_ratio(
        apart, np.ones_like(apart), streams=case.streams.child("other solver"), resamples=case.p.resamples
    )
    low, high = (float(one[0]) for one in interval(draws))
    more = n.spread(f"more.{other}", float(apart.mean()), draws[:, 0], "persons", None, 0)
    key = (
        "same" if set(picked["chosen"]) == set(picked["rule"]) else "cannot" if low <= 0 <= high else "apart"
    )
    values = {} if key == "same" else {"more": more}
    return n.w.phrase(f"hardening.change.{other}.{key}", kept=kept, k=n.k, **values)
