"""Other futures of the same hazard: stronger, elsewhere, with sturdier assets or other dependencies."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from pipelines.lifelines.hardening_case import Case
from pipelines.lifelines.hardening_changes import severities
from pipelines.lifelines.hardening_classes import Fragilities
from pipelines.lifelines.hardening_loss import PeopleLoss
from pipelines.lifelines.hardening_samples import luck
from workbench.decisions import Inputs, UncertainInput

if TYPE_CHECKING:
    from workbench.briefs.recording import Recorder
    from workbench.lifelines.model import Bools, Floats

MOST_EVENTS, LEAST_EVENTS, CELLS = 100, 25, 500_000
"""Events in which futures are tried: fewer in large networks, where events times assets are `CELLS`."""
RANGES = (8.5, 40.7)
"""Ranges of correlation for peak acceleration in Jayaram and Baker (2009), km."""
LEVELS = 3
STRENGTH, LEANING_LEAST = (0.7, 1.4), 0.6
EAST_KM = {"earthquake": 10.0, "wind": 20.0}
UNITS = {"earthquake": "ratio", "flood": "m", "wind": "m/s"}
IDLE = "random"
"""Option that is no plan, and is not tried in futures."""


class Futures:
    """
    What every option saves in other futures, in the events held out and on their luck, one sample of each.

    Parameters
    ----------
    case
        What was found.
    recorder
        Has the words of the inputs.
    """

    def __init__(self, case: Case, recorder: Recorder) -> None:
        self.case, self._make = case, partial(recorder.uncertain, "hardening")
        self.options = tuple(name for name in case.options if name != IDLE or name == case.recommended)
        self.events, first = np.unique(case.test.event, return_index=True)
        most = min(MOST_EVENTS, max(LEAST_EVENTS, CELLS // case.system.size))
        self.events, first = self.events[:most], first[:most]
        self._samples = case.p.samples * int(self.events[0]) + first

    @cached_property
    def inputs(self) -> Inputs:
        """What is not known of the hazard and the assets, by hazard."""
        case, make = self.case, self._make
        kind, made = case.hazard.kind, list[UncertainInput]()
        if kind != "age":
            base = case.hazard.severity
            made.append(make(f"severity_{kind}", *severities(case.hazard), base, UNITS[kind]))
        if kind in EAST_KM:
            made.append(make("east", -EAST_KM[kind], EAST_KM[kind], 0.0, "km"))
        if kind == "earthquake" and case.p.range_km > 0:
            base = case.p.range_km
            made.append(make("range", min(RANGES[0], base), max(RANGES[1], base), base, "km"))
        made.append(make("strength", *STRENGTH, 1.0, "ratio"))
        if case.p.factor is not None:
            made.append(make("factor", 1.0, 2 * case.p.factor - 1, case.p.factor, "ratio"))
        if case.loss.cascade is not False:
            made.append(make("leaning", LEANING_LEAST, 1.0, 1.0, "share"))
        return Inputs(tuple(made))

    @cached_property
    def _uniform(self) -> Floats:
        """Luck of every asset in every event, that of the main samples, shape (events, assets)."""
        return luck(self.case.system, self.case.p, self.case.streams)[self._samples]

    @cached_property
    def _fragilities(self) -> Fragilities:
        return Fragilities(self.case.system, self.case.curves)

    @cached_property
    def _touched(self) -> Bools:
        """Assets of some option: only these are hardened."""
        wanted = np.zeros(self.case.system.size, bool)
        for name in self.options:
            wanted[list(self.case.options[name])] = True
        return wanted

    @cached_property
    def _apart(self) -> PeopleLoss | None:
        """Loss without dependencies, where futures ask for it."""
        if "leaning" not in self.inputs.names:
            return None
        return PeopleLoss(self.case.system, solver=self.case.p.solver, through_others=False)

    @cached_property
    def _levels(self) -> Floats:
        """Ranges of correlation that are tried; a range takes the nearest."""
        one = self.inputs["range"]
        return np.unique([*np.geomspace(one.low, one.high, LEVELS), one.base])

    def lost(self, values: Floats, options: Sequence[str] | None = None) -> Floats:
        """
        Services lost in an event.

        Parameters
        ----------
        values
            Inputs of each future, shape (futures, inputs).
        options
            Which options; all that are plans by default.

        Returns
        -------
        lost
            Persons, shape (futures, options).
        """
        names = self.options if options is None else options
        rows = [dict(zip(self.inputs.names, row, strict=True)) for row in np.asarray(values, float).tolist()]
        return np.array([self._one(row, names) for row in rows])

    def saved(self, values: Floats) -> Floats:
        """What every option saves against hardening nothing, shape (futures, options)."""
        lost = self.lost(values)
        return np.asarray(lost[:, :1] - lost)

    def of_choice(self, values: Floats) -> Floats:
        """What the choice saves, shape (futures,)."""
        lost = self.lost(values, ("none", self.case.recommended))
        return np.asarray(lost[:, 0] - lost[:, 1])

    def _one(self, row: dict[str, float], options: Sequence[str]) -> Floats:
        case, range_km = self.case, None
        if "range" in row:
            range_km = float(self._levels[np.argmin(np.abs(np.log(self._levels / row["range"])))])
        strong = next((value for name, value in row.items() if name.startswith("severity")), None)
        found = case.hazard.intensities(
            strong, east_km=row.get("east", 0.0), range_km=range_km, events=self.events
        )
        intensities = {one.measure: one.values for one in found}
        chance = self._fragilities.probability(intensities, row["strength"])
        up = (self._uniform >= chance) & case.system.intact
        sturdy = np.ones_like(up)
        if "factor" in row:
            chance = self._fragilities.probability(
                intensities, row["strength"] * row["factor"], self._touched
            )
            sturdy = self._uniform >= chance
        lost = self._people(up, row.get("leaning", 1.0))
        means = []
        for name in options:
            which, own = list(case.options[name]), lost.copy()
            helped = up[:, which] | (sturdy[:, which] & case.system.intact[which])
            changed = np.flatnonzero((helped != up[:, which]).any(axis=1))
            state = up[changed]
            state[:, which] = helped[changed]
            own[changed] = self._people(state, row.get("leaning", 1.0))
            means.append(own.mean())
        return np.array(means)

    def _people(self, states: Bools, leaning: float) -> Floats:
        """Services lost in states."""
        lost = self.case.loss(states) * self.case.loss.people
        if self._apart is not None and leaning < 1:
            lost = leaning * lost + (1 - leaning) * self._apart(states) * self._apart.people
        return np.asarray(lost)
