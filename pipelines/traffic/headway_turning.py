"""The record of what would turn the choice: assumptions, sensitivity, other futures, what to measure next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipelines.traffic.headway_brief import MONEY
from pipelines.traffic.headway_futures import DAYS, STEP
from pipelines.traffic.headway_words import filled
from workbench.briefs import Phrase, Quantity
from workbench.briefs.checklist import Section
from workbench.briefs.robustness import WILSON, futures, information, register, sensitivity
from workbench.decisions import (
    compare_robustness,
    discover,
    morris,
    sobol,
    tornado,
    value_of_information,
)
from workbench.simulation import Streams

if TYPE_CHECKING:
    from pipelines.traffic.headway_futures import Sweep
    from pipelines.traffic.headway_record import Ground

TRAJECTORIES, SOBOL = 10, 64
SAME = 1e-9


def assumed(g: Ground) -> Section:
    """What is taken for granted, and what each number does to the order over its range."""
    effects = {name: _effect(g, name) for name in g.inputs.names} if g.w.p.futures else {}
    return register(g.register, on=g.w.case.date, waived={}, effects=effects, owner=g.words.text("owner"))


def _effect(g: Ground, name: str) -> Phrase:
    """The cheapest option at both ends of an input's range."""
    at = g.inputs.names.index(name)
    ends = np.tile(g.inputs.base, (2, 1))
    ends[:, at] = [g.inputs[name].low, g.inputs[name].high]
    low, high = (g.bench.names[int(each)] for each in g.bench.totals(ends).argmin(axis=1))
    if low == high:
        key = "effect.same" if low == g.best else "effect.both"
        return g.words.phrase(key, option=g.labels[low])
    return g.words.phrase("effect.ends", low=g.labels[low], high=g.labels[high])


def turning(g: Ground) -> tuple[Section, ...]:
    """Sensitivity, futures and changes; without futures the first two stay empty."""
    trigger = g.words.phrase("trigger")
    if g.sweep is None:
        return (Section("changes", prose=(trigger,), shown=("changes",)),)
    names = g.sweep.names
    streams = Streams(g.w.p.seed).child("record")
    net = g.sweep.savings(g.base)
    found = value_of_information(net, names, g.sweep.values, g.inputs.names, streams)
    prose, table = information(found, inputs=g.inputs, unit=MONEY)
    changes = Section("changes", prose=(prose, trigger), tables=(table,), shown=("changes",))
    return (_sensitivity(g, g.sweep, streams), _futures(g, g.sweep, streams), changes)


def _sensitivity(g: Ground, tried: Sweep, streams: Streams) -> Section:
    """What moves the saving of the recommended option against the baseline."""
    other, base = (g.other, g.base) if g.best != g.base else (g.base, g.other)
    saving = g.bench.saving(other, base)
    what = filled("headways.saving", option=g.labels[other], base=g.labels[base])
    seen = tried.totals[:, tried.names.index(base)] - tried.totals[:, tried.names.index(other)]
    moves = bool(np.ptp(seen) > SAME * np.abs(tried.totals).max())
    section = sensitivity(
        g.inputs,
        what=what,
        unit=MONEY,
        tornado=tornado(g.inputs, saving),
        screening=morris(g.inputs, saving, TRAJECTORIES, streams) if moves else None,
        indices=sobol(g.inputs, saving, SOBOL, streams) if moves else None,
    )
    how = g.words.phrase(
        "futures.how",
        days=Quantity("futures.days", DAYS, "days"),
        step=Quantity("futures.step", STEP, "share"),
        runs=Quantity("futures.runs", g.bench.simulated, "runs"),
    )
    return Section("sensitivity", prose=(*section.prose, how), tables=section.tables)


def _futures(g: Ground, tried: Sweep, streams: Streams) -> Section:
    """Where another option is cheaper, and which option holds up."""
    robust = compare_robustness(tried.savings(g.base), tried.names, target=0.0)
    section = futures(
        count=len(tried),
        fails=discover(tried.values, tried.fails(g.best), g.inputs.names, streams),
        robustness=robust,
        inputs=g.inputs,
        labels=g.labels,
        recommended=g.best,
    )
    share = robust.shares[tried.names.index(g.other)]
    enough = Quantity("futures.enough", share.share, "share", share.low, share.high, basis=WILSON)
    said = g.words.phrase("futures.enough", option=g.labels[g.other], base=g.labels[g.base], share=enough)
    worst = float(robust.regret[:, tried.names.index(g.best)].max())
    regret = Quantity("futures.regret", worst, MONEY, decimals=2)
    most = g.words.phrase("futures.regret", option=g.labels[g.best], regret=regret)
    return Section("futures", prose=(*section.prose, said, most), tables=section.tables)
