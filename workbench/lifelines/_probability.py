"""How likely each asset fails: intensities at assets, put through the curves of their classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import polars as pl

from workbench.errors import BadParameter, nearest
from workbench.lifelines._curves import Curve, Curves
from workbench.lifelines._measures import SHOWN, Intensity, listed, named
from workbench.lifelines.model import Bools, Floats, Ints, LifelineNetwork
from workbench.lifelines.system import InterdependentSystem

System = InterdependentSystem | LifelineNetwork


def damage_probability(
    system: System,
    intensity: Intensity | Sequence[Intensity],
    curves: Curves,
    *,
    unclassed: Literal["refuse", "sturdy"] = "refuse",
) -> Floats:
    """
    Probability that each asset fails.

    Parameters
    ----------
    system
        Networks whose assets have a `fragility_class`.
    intensity
        How strong the hazard is at each asset; several, of different measures, where the curves take
        different ones.
    curves
        A curve for each class.
    unclassed
        What assets without a class do: "refuse", or never fail ("sturdy").

    Returns
    -------
    probability
        0 to 1, shape (assets,), or (samples, assets) where an intensity has samples.

    Raises
    ------
    BadParameter
        Classes without a curve, assets without a class, a curve whose measure is not given, an intensity or a
        length that is not known; all of one kind are named at once.
    """
    whole = InterdependentSystem.of(system)
    given = _by_measure(whole, [intensity] if isinstance(intensity, Intensity) else list(intensity))
    groups = _classes(whole, curves, unclassed)
    shapes = {one.values.shape for one in given.values()}
    samples = max((shape[0] for shape in shapes if len(shape) == 2), default=0)
    lengths = _lengths_km(whole)
    probability = np.zeros((samples, whole.size) if samples else whole.size)
    for name, which in groups.items():
        curve = curves[name]
        values = _values(whole, given, name, curve, which)
        length = None
        if curve.per_km:
            length = lengths[which]
            if np.isnan(length).any():
                lost = _mark(whole, which[np.isnan(length)])
                raise BadParameter(
                    f"The curve of class '{name}' is per km, but {int(lost.sum()):,} of its assets have no "
                    "length "
                    f"({named(whole, lost)}): give edges `length_m`, and nodes another curve."
                )
        probability[..., which] = curve.probability(values, length)
    return probability


def _classes(system: InterdependentSystem, curves: Curves, unclassed: str) -> dict[str, Ints]:
    """Assets of each class by number; refuses classes without a curve and assets without a class."""
    if unclassed not in ("refuse", "sturdy"):
        raise BadParameter(f"`unclassed` is 'refuse' or 'sturdy', not '{unclassed}'.")
    column = pl.concat(
        [
            frame["fragility_class"]
            for network in system.layers.values()
            for frame in (network.nodes, network.edges)
        ]
    )
    none = column.is_null().to_numpy()
    if none.any() and unclassed == "refuse":
        raise BadParameter(
            f"{int(none.sum()):,} assets have no fragility_class ({named(system, none)}): give them one, or "
            "say "
            "unclassed='sturdy' for assets that the hazard does not touch."
        )
    frame = pl.DataFrame({"class": column, "asset": np.arange(system.size, dtype=np.int32)}).drop_nulls()
    groups = {
        str(name): part["asset"].to_numpy()
        for (name,), part in frame.partition_by("class", as_dict=True, maintain_order=True).items()
    }
    lost = [name for name in groups if name not in curves]
    if lost:
        said = "; ".join(
            f"'{name}' ({len(groups[name]):,} assets, such as "
            f"{named(system, _mark(system, groups[name][:2]))}). "
            f"{nearest(name, list(curves))}"
            for name in lost[:SHOWN]
        )
        raise BadParameter(f"There is no curve for {len(lost)} fragility classes: {said}")
    return groups


def _by_measure(system: InterdependentSystem, given: Sequence[Intensity]) -> dict[str, Intensity]:
    found: dict[str, Intensity] = {}
    rows = {len(one.values) for one in given if one.values.ndim == 2}
    if len(rows) > 1:
        raise BadParameter(
            f"Intensities that go together have the same number of samples, not {sorted(rows)}."
        )
    for one in given:
        if one.values.shape[-1] != system.size:
            raise BadParameter(
                f"The intensity {one.measure} has {one.values.shape[-1]:,} values a sample for "
                f"{system.size:,} assets."
            )
        if one.measure in found:
            raise BadParameter(f"The intensity {one.measure} is given twice: give one of each measure.")
        found[one.measure] = one
    return found


def _values(
    system: InterdependentSystem, given: dict[str, Intensity], name: str, curve: Curve, which: Ints
) -> Floats:
    """Intensities that a curve takes, at its assets."""
    if not curve.measure:
        return np.zeros(len(which))
    if curve.measure not in given:
        raise BadParameter(
            f"The curve of class '{name}' takes {curve.measure}; given is "
            f"{listed(sorted(given)) or 'nothing'}: give the "
            "intensity in that measure and unit, or another curve."
        )
    values = given[curve.measure].values[..., which]
    unknown = np.isnan(values) if values.ndim == 1 else np.isnan(values).any(axis=0)
    if unknown.any():
        lost = _mark(system, which[unknown])
        raise BadParameter(
            f"The intensity {curve.measure} is not known at {int(lost.sum()):,} assets of class '{name}' "
            f"({named(system, lost)})."
        )
    return np.asarray(values, float)


def _lengths_km(system: InterdependentSystem) -> Floats:
    return np.concatenate(
        [
            np.concatenate([np.full(network.n, np.nan), network.arrays.length_m / 1000.0])
            for network in system.layers.values()
        ]
    )


def _mark(system: InterdependentSystem, which: Ints) -> Bools:
    marked = np.zeros(system.size, bool)
    marked[which] = True
    return marked
