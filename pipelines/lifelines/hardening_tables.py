"""Options compared on the events that judge: means, bad days, layers and districts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipelines.lifelines.hardening_numbers import ALIKE, MILLION
from workbench.briefs import Head, Quantity, Row, Table
from workbench.lifelines.montecarlo import ServiceRisk

if TYPE_CHECKING:
    from pipelines.lifelines.hardening_numbers import Numbers
    from workbench.lifelines.model import Floats

HALF = 0.5
TAILS = ("p95", "p99", "cvar95")


def compared(n: Numbers) -> Table:
    """Every option on the same events: lost, saved, assets, cost."""
    w, case = n.w.text, n.case
    rows = []
    for name, assets in case.options.items():
        cost = float(case.means.costs[list(assets)].sum()) / MILLION
        numbers = (
            n.lost(name),
            n.saved(name),
            n.saved(name, "persons"),
            Quantity(
                f"best.{name}", case.verdict.of(case.verdict.p_best, name), "probability", resamples=2000
            ),
            n.count(f"assets.{name}", len(assets), "assets"),
            Quantity(f"cost.{name}", cost if np.isfinite(cost) else None, "million CNY", decimals=1),
        )
        rows.append(Row((n.option(name), *numbers), chosen=name == case.recommended))
    heads = (
        Head("option", w("sec.option")),
        Head("lost", w("hardening.head.lost"), "share"),
        Head("saved", w("hardening.head.saved"), "share"),
        Head("people", w("hardening.head.people"), "persons"),
        Head("best", w("hardening.head.best"), "probability"),
        Head("assets", w("hardening.head.assets")),
        Head("cost", w("hardening.head.cost"), "million CNY"),
    )
    note = n.w.phrase("hardening.compared.note", events=n.judging)
    return Table("compared", w("hardening.compared"), heads, tuple(rows), note=note)


def risk(n: Numbers, option: str) -> ServiceRisk:
    """Services lost in the samples that judge, under an option."""
    case = n.case
    state = case.test.with_hardened(case.options[option])
    works = case.loss.works(state)
    lost = case.lost[:, case.column(option)]
    return ServiceRisk(lost, case.loss.shares(works), case.loss, works, case.test.event.tolist(), None, 0.95)


def tail(n: Numbers, option: str, what: str) -> Quantity:
    """A quantile of the services lost ("p95", "p99") or the mean of the worst twentieth ("cvar95")."""
    found = getattr(risk(n, option), what)
    people, name = n.case.loss.people, f"tail.{what}.{option}"
    if not found.told:
        return Quantity(name, None, "persons")
    low, high = (min(max(one * people, 0.0), people) for one in (found.low, found.high))
    value, basis = found.value * people, n.w.text("hardening.basis.events")
    if high - low <= ALIKE * max(value, 1.0):
        return Quantity(name, value, "persons", decimals=0)
    return Quantity(name, value, "persons", min(low, value), max(high, value), basis=basis, decimals=0)


def over_half(n: Numbers, option: str) -> Quantity:
    """Share of the events that take more than half of all services."""
    row = risk(n, option).exceedance([HALF]).row(0, named=True)
    name, value = f"over-half.{option}", float(row["probability"])
    if not (np.isfinite(row["low"]) and row["high"] - row["low"] > ALIKE):
        return Quantity(name, value, "share", decimals=0)
    ends = (min(float(row["low"]), value), max(float(row["high"]), value))
    return Quantity(name, value, "share", *ends, basis=n.w.text("hardening.basis.events"), decimals=0)


def bad_days(n: Numbers) -> Table:
    """What bad events lose under every option."""
    w = n.w.text
    heads = [Head("option", w("sec.option"))]
    heads += [Head(one, w(f"hardening.head.{one}"), "persons") for one in TAILS]
    rows = tuple(
        Row((n.option(name), *(tail(n, name, one) for one in TAILS)), chosen=name == n.case.recommended)
        for name in n.case.options
    )
    return Table("bad-days", w("hardening.tails"), tuple(heads), rows, n.w.phrase("hardening.tails.note"))


def by_layer(n: Numbers) -> Table:
    """Who loses which service, with nothing hardened and with the choice."""
    case, w = n.case, n.w.text
    heads = (
        Head("system", w("head.system")),
        Head("before", n.option("none"), "persons"),
        Head("after", n.option(case.recommended), "persons"),
        Head("saved", w("hardening.head.people"), "persons"),
    )
    found = {one: risk(n, one).lost_by_layer for one in ("none", case.recommended)}
    rows = []
    for layer in case.loss.weights:
        people = case.loss.weights[layer] * case.loss.people
        pair = [case.test.by_event(found[one][layer]) * people for one in found]
        cells = before_after(n, f"layer.{layer}", *pair)
        rows.append(Row((n.w.find(f"system.{case.system.layers[layer].system}", layer), *cells)))
    return Table("by-layer", w("hardening.layers"), heads, tuple(rows))


def before_after(n: Numbers, name: str, before: Floats, after: Floats) -> list[Quantity]:
    """Means over events before and after, and their difference, with intervals over events drawn again."""
    from workbench.decisions import resample_ratio

    columns = np.column_stack([before, after, before - after])
    drawn = resample_ratio(
        columns, np.ones_like(columns), streams=n.case.streams.child("judge"), resamples=n.p.resamples
    )
    drawn[:, :2] = np.maximum(drawn[:, :2], 0.0)
    ends = ("before", "after", "saved")
    return [
        n.spread(f"{name}.{end}", float(columns[:, at].mean()), drawn[:, at], "persons", None, 0)
        for at, end in enumerate(ends)
    ]
