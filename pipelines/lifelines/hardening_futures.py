"""Other futures of the same hazard: stronger, elsewhere, with sturdier assets or other dependencies."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipelines.lifelines.hardening_case import Case
from pipelines.lifelines.hardening_changes import severities
from pipelines.lifelines.hardening_classes import STURDY
from pipelines.lifelines.hardening_hazard import Hazard
from pipelines.lifelines.hardening_loss import PeopleLoss
from workbench.decisions import Inputs, UncertainInput
from workbench.lifelines import InterdependentSystem
from workbench.lifelines.damage import damage_probability
from workbench.lifelines.hazard import Intensity

if TYPE_CHECKING:
    from workbench.briefs.recording import Recorder
    from workbench.lifelines.model import Bools, Floats

EVENTS = 32
"""Events in which futures are tried, drawn apart from all others."""
RANGES = (8.5, 40.7)
"""Ranges of correlation for peak acceleration in Jayaram and Baker (2009), km."""
LEVELS = 5
STRENGTH, LEANING_LEAST = (0.7, 1.4), 0.6
EAST_KM = {"earthquake": 10.0, "wind": 20.0}
UNITS = {"earthquake": "ratio", "flood": "m", "wind": "m/s"}


class Futures:
    """
    What every option saves in other futures, on events drawn for them alone.

    Parameters
    ----------
    case
        What was found.
    recorder
        Has the words of the inputs.
    """

    def __init__(self, case: Case, recorder: Recorder) -> None:
        self.case, self._make = case, partial(recorder.uncertain, "hardening")

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
    def hazard(self) -> Hazard:
        """Events of its own."""
        case = self.case
        return Hazard(case.system, case.p, EVENTS, case.streams.child("futures"), year=case.year)

    @cached_property
    def uniform(self) -> Floats:
        """Luck of every asset in every event, the same in all futures, shape (events, assets)."""
        return np.asarray(
            self.case.streams.child("futures").generator("luck").random((EVENTS, self.case.system.size))
        )

    @cached_property
    def _few(self) -> InterdependentSystem:
        """The networks with a class for the assets of some option alone: only these are hardened."""
        case = self.case
        wanted = np.zeros(case.system.size, bool)
        for assets in case.options.values():
            wanted[list(assets)] = True
        layers = {}
        for name, network in case.system.layers.items():
            own = case.system.layer_state(name, wanted)
            keep = [
                pl.when(pl.lit(pl.Series(part))).then(pl.col("fragility_class")).otherwise(pl.lit(STURDY))
                for part in (own[: network.n], own[network.n :])
            ]
            layers[name] = network.with_columns(
                [keep[0].alias("fragility_class")], [keep[1].alias("fragility_class")]
            )
        return InterdependentSystem(layers, case.system.dependencies)

    @cached_property
    def _losses(self) -> tuple[PeopleLoss, PeopleLoss | None]:
        """Loss with failures passing on, and apart where futures ask for it."""
        case = self.case
        if "leaning" not in self.inputs.names:
            return case.loss, None
        return case.loss, PeopleLoss(case.system, solver=case.p.solver, through_others=False)

    def lost(self, values: Floats) -> Floats:
        """
        Services lost in an event under every option.

        Parameters
        ----------
        values
            Inputs of each future, shape (futures, inputs).

        Returns
        -------
        lost
            Persons, shape (futures, options).
        """
        named = [dict(zip(self.inputs.names, row, strict=True)) for row in np.asarray(values, float)]
        return np.array([self._one(row) for row in named])

    def saved(self, values: Floats) -> Floats:
        """What every option saves against hardening nothing, shape (futures, options)."""
        lost = self.lost(values)
        return lost[:, :1] - lost

    def of_choice(self, values: Floats) -> Floats:
        """What the choice saves, shape (futures,)."""
        return np.asarray(self.saved(values)[:, self.case.column(self.case.recommended)])

    def _one(self, row: dict[str, float]) -> Floats:
        case, levels = self.case, self._levels
        range_km = float(levels[np.argmin(np.abs(np.log(levels / row["range"])))]) if "range" in row else None
        strong = next((value for name, value in row.items() if name.startswith("severity")), None)
        intensities = self.hazard.intensities(strong, east_km=row.get("east", 0.0), range_km=range_km)
        up = self._up(case.system, intensities, row["strength"])
        hardened: Bools = np.ones_like(up)
        if "factor" in row:
            hardened = self._up(self._few, intensities, row["strength"] * row["factor"])
        states = []
        for assets in case.options.values():
            state = up.copy()
            state[:, list(assets)] |= hardened[:, list(assets)]
            states.append(state)
        every = np.concatenate(states)
        through, apart = self._losses
        lost = through(every) * through.people
        if apart is not None:
            lost = row["leaning"] * lost + (1 - row["leaning"]) * apart(every) * apart.people
        return np.asarray(lost.reshape(len(states), EVENTS).mean(axis=1))

    @cached_property
    def _levels(self) -> Floats:
        """Ranges of correlation that are tried; a range takes the nearest."""
        if "range" not in self.inputs.names:
            return np.array([1.0])
        one = self.inputs["range"]
        return np.unique([*np.geomspace(one.low, one.high, LEVELS), one.base])

    def _up(self, system: InterdependentSystem, intensities: list[Intensity], strength: float) -> Bools:
        """What stays up where every asset bears so many times as much as its curve says."""
        scaled = [Intensity(one.measure, one.values / strength) for one in intensities]
        chance = damage_probability(system, scaled, self.case.curves)
        return np.asarray((self.uniform >= chance) & system.intact)
