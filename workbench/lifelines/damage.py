"""
Which assets fail: probabilities from intensities and curves, and samples of them.

    probability = damage_probability(system, intensity, curves)
    up = sample_damage(system, probability, samples=1000, streams=Streams(1))      # (samples, assets), True
    works up = sample_field_damage(system, shaking, curves, streams=Streams(1))          # correlated shaking,
    block by block

Asset i fails in sample s where its own uniform number of that sample is below its probability. The numbers
belong to the asset (its layer and id), so a sturdier asset fails in a part of the samples in which it failed
before, and adding or hardening one moves no other: options are compared on the same luck (common random
numbers).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from workbench.errors import BadParameter
from workbench.lifelines._curves import Curves
from workbench.lifelines._given import whole as whole_number
from workbench.lifelines._measures import Intensity, named
from workbench.lifelines._probability import System, damage_probability
from workbench.lifelines.model import Bools, Floats
from workbench.lifelines.system import InterdependentSystem

if TYPE_CHECKING:
    from workbench.simulation import Streams

CELLS = 2**23
"""Numbers held at a time while sampling, some 64 MB."""


class IntensitySamples(Protocol):
    """Samples of an intensity that are made block by block, such as `hazard.Shaking`."""

    @property
    def samples(self) -> int:
        """How many there are."""
        ...

    def block(self, start: int, stop: int) -> Intensity:
        """Samples from `start` up to `stop`, shape (stop - start, assets)."""
        ...


def sample_damage(
    system: System, probability: Floats, *, samples: int | None = None, streams: Streams
) -> Bools:
    """
    Sample which assets still work.

    Parameters
    ----------
    system
        Networks.
    probability
        Of failing, shape (assets,), or (samples, assets) where it differs from sample to sample (correlated
        shaking).
    samples
        How many; may be left out where `probability` has a row each.
    streams
        Randomness. Sample s of an asset is the same however many samples or other assets there are.

    Returns
    -------
    up
        Shape (samples, assets), True where the asset works; what is out of service anyway does not.

    Raises
    ------
    BadParameter
        Probabilities that are none, or of another shape than the system and the samples have.
    """
    whole = InterdependentSystem.of(system)
    p = np.asarray(probability, float)
    if p.ndim not in (1, 2) or p.shape[-1] != whole.size:
        raise BadParameter(
            f"Give one probability for each of the {whole.size:,} assets, or rows of them, not an array of "
            "shape "
            f"{p.shape}."
        )
    if samples is None:
        if p.ndim == 1:
            raise BadParameter("Say how many `samples` to take.")
        samples = len(p)
    whole_number("samples", samples, 1)
    if p.ndim == 2 and len(p) != samples:
        raise BadParameter(f"{samples} samples cannot be taken of probabilities of shape {p.shape}.")
    wrong = ~((p >= 0) & (p <= 1))
    if wrong.any():
        at = np.asarray(wrong if p.ndim == 1 else wrong.any(axis=0), bool)
        raise BadParameter(f"Probabilities are from 0 to 1; these are not: {named(whole, at)}.")
    up = np.empty((samples, whole.size), bool)
    names = _names(whole)
    step = max(1, CELLS // samples)
    for start in range(0, whole.size, step):
        stop = min(start + step, whole.size)
        uniform = np.empty((stop - start, samples))
        for row, who in enumerate(names[start:stop]):
            uniform[row] = streams.generator("damage", *who).random(samples)
        block = p[start:stop, None] if p.ndim == 1 else p[:, start:stop].T
        up[:, start:stop] = (uniform >= block).T
    return whole.up(up)


def sample_field_damage(
    system: System,
    field: IntensitySamples | Sequence[IntensitySamples],
    curves: Curves,
    *,
    streams: Streams,
    unclassed: Literal["refuse", "sturdy"] = "refuse",
) -> Bools:
    """
    Sample which assets still work under intensities that come in samples, a block of samples at a time.

    The same as `sample_damage` of the probabilities of the whole field, which need not fit in memory.

    Parameters
    ----------
    system
        Networks.
    field
        Samples of the intensity, such as `hazard.intensity_field` returns; several where curves take several
        measures.
    curves
        A curve for each class.
    streams
        Randomness.
    unclassed
        See `damage_probability`.

    Returns
    -------
    up
        Shape (samples, assets).
    """
    whole = InterdependentSystem.of(system)
    fields = list(field) if isinstance(field, Sequence) else [field]
    counts = {one.samples for one in fields}
    if len(counts) != 1:
        raise BadParameter(f"Fields that go together have the same number of samples, not {sorted(counts)}.")
    samples = counts.pop()
    draws = [streams.generator("damage", *who) for who in _names(whole)]
    up = np.empty((samples, whole.size), bool)
    for start, stop in _blocks(samples, whole.size):
        rows = stop - start
        uniform = np.empty((whole.size, rows))
        for i, draw in enumerate(draws):  # each goes on where its last block ended
            uniform[i] = draw.random(rows)
        p = damage_probability(whole, [one.block(start, stop) for one in fields], curves, unclassed=unclassed)
        up[start:stop] = p <= uniform.T
    return whole.up(up)


def _blocks(samples: int, assets: int) -> Iterator[tuple[int, int]]:
    step = 256 if assets * 256 <= 4 * CELLS else max(1, CELLS // assets)
    for start in range(0, samples, step):
        yield start, min(start + step, samples)


def _names(system: InterdependentSystem) -> list[tuple[str, str, str]]:
    return list(system.assets.select("layer", "part", "id").iter_rows())


__all__ = ["IntensitySamples", "damage_probability", "sample_damage", "sample_field_damage"]
