"""Every asset lost alone, and the worst of them lost again on days when others are out as well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.lifelines.losses import Losses
from pipelines.lifelines.network import city
from pipelines.lifelines.places import Places
from pipelines.lifelines.undamaged import Undamaged, undamaged
from workbench.decisions import TopChoice, resample_ratio, top_choice
from workbench.errors import DataRejected
from workbench.lifelines import InterdependentSystem
from workbench.lifelines.criticality import n_minus_1
from workbench.lifelines.damage import sample_damage
from workbench.lifelines.model import Bools, Floats
from workbench.simulation import Streams

if TYPE_CHECKING:
    from pipelines.lifelines.criticality import CriticalityParameters
    from workbench.domains import Measures

BLOCK = 256


@dataclass(frozen=True, eq=False)
class Case:
    """
    What was found.

    Attributes
    ----------
    p
        The parameters.
    system, places, losses
        The networks, their names and places, and how people without a service are counted.
    single
        One row per asset judged: `asset`, `layer`, `id`, `alone` (services lost in its own network when it
        alone is lost), `total` (with what leans on it), worst first.
    compared
        Assets compared on the bad days, by number in the system: of assets whose loss takes the same services
        from the same people (such as a line and the station at its end) one stands for all.
    alike
        The others for which each of these stands.
    days
        The bad days: whether each asset works, shape (days, assets).
    lost
        Services lost through the loss of each asset compared, beyond what the day costs anyway, shape (days,
        compared).
    samples
        Means over resampled days, shape (resamples, compared).
    choice
        The k worst, and how sure that is; places count in `compared`.
    before
        Who lacks a service before anything fails.
    """

    p: CriticalityParameters
    system: InterdependentSystem
    places: Places
    losses: Losses
    single: pl.DataFrame
    compared: NDArray[np.int64]
    alike: dict[int, tuple[int, ...]]
    days: Bools
    lost: Floats
    samples: Floats
    choice: TopChoice
    before: Undamaged

    @property
    def value(self) -> Floats:
        """Mean services lost on a bad day, shape (compared,)."""
        return np.asarray(self.lost.mean(axis=0))

    @property
    def streams(self) -> Streams:
        """Randomness of the record."""
        return Streams(self.p.seed).child("criticality")


def case_of(measures: Measures, p: CriticalityParameters) -> Case:
    """
    Work out what each asset is worth.

    Parameters
    ----------
    measures
        With the tables of the networks.
    p
        Which assets, which days.

    Raises
    ------
    DataRejected
        No asset of the systems named is in the data, or none hurts anybody when lost.
    """
    system = city(measures)
    judged = [name for name, network in system.layers.items() if not p.systems or network.system in p.systems]
    if not judged:
        known = ", ".join(sorted({network.system for network in system.layers.values()}))
        raise DataRejected(
            f"None of the systems {', '.join(p.systems)} is in the data, which hold {known}: change the "
            "parameter `systems`, or leave it out."
        )
    losses = Losses(system, through_others=p.through_others)
    before = undamaged(losses)
    single = single_losses(system, losses, judged)
    hurting = single.filter(pl.col("total") > 0)
    if hurting.is_empty():
        raise DataRejected(
            "No asset leaves anybody without a service when it alone is lost: these networks bear any single "
            "loss. Give more systems or their dependencies."
        )
    alike = groups_of(losses, hurting["asset"].to_list(), max(p.contenders, p.k + 1))
    compared = np.array(list(alike), dtype=np.int64)
    streams = Streams(p.seed).child("criticality")
    days = bad_days(system, p.others_down, p.days, streams)
    lost = lost_on(losses, days, compared)
    samples = resample_ratio(lost, np.ones_like(lost), streams=streams, resamples=p.resamples)
    samples = np.maximum(samples, 0.0)
    choice = top_choice(lost.mean(axis=0), samples, p.k, days=p.days)
    return Case(
        p, system, Places(system), losses, single, compared, alike, days, lost, samples, choice, before
    )


def single_losses(system: InterdependentSystem, losses: Losses, judged: list[str]) -> pl.DataFrame:
    """
    Lose every asset alone: in its own network, and with all that leans on it.

    Where a dependency asks only that its dependee works, the loss of an asset that nothing leans on is that
    of its own network, which one pass gives for all.
    """
    frames = []
    for name in judged:
        network = system.layers[name]
        found = n_minus_1(network, solver="connectivity")
        frames.append(
            found.select(
                (pl.col("asset").cast(pl.Int64) + system.offsets[name]).alias("asset"),
                pl.lit(name).alias("layer"),
                "part",
                "id",
                pl.col("people_lost").alias("alone"),
            )
        )
    single = pl.concat(frames)
    total = single["alone"].to_numpy().astype(float).copy()
    if losses.through_others:
        leans = system.arrays
        followed = (
            np.ones(system.size, bool)
            if (leans.threshold > 0).any()
            else np.isin(np.arange(system.size), leans.dependee)
        )
        at = np.flatnonzero(followed[single["asset"].to_numpy()])
        assets = single["asset"].to_numpy()[at]
        for start in range(0, len(at), BLOCK):
            block = assets[start : start + BLOCK]
            up = np.tile(system.intact, (len(block), 1))
            up[np.arange(len(block)), block] = False
            total[at[start : start + BLOCK]] = losses.total(up)
    return single.with_columns(pl.Series("total", total)).sort(
        ["total", "alone", "asset"], descending=[True, True, False]
    )


def groups_of(losses: Losses, assets: list[int], most: int) -> dict[int, tuple[int, ...]]:
    """
    Put together assets whose loss takes the same services from the same people.

    Parameters
    ----------
    losses
        How services are counted.
    assets
        Assets, those that hurt most first.
    most
        Groups wanted.

    Returns
    -------
    groups
        First asset of each group, in order, and the others of it; of a group's assets the nodes come first.
    """
    nodes = losses.system.assets["part"].to_numpy() == "node"
    groups: dict[bytes, list[int]] = {}
    for asset in assets:
        up = losses.system.intact.copy()
        up[asset] = False
        dark = losses.dark(up)
        mark = b"".join(np.packbits(dark[name] > 1e-9).tobytes() for name in dark)
        if mark not in groups and len(groups) == most:
            break
        groups.setdefault(mark, []).append(asset)
    ordered = [sorted(group, key=lambda one: (not nodes[one], one)) for group in groups.values()]
    return {group[0]: tuple(group[1:]) for group in ordered}


def bad_days(system: InterdependentSystem, share: float, days: int, streams: Streams) -> Bools:
    """States in which each asset is out with the same chance, independent of the others."""
    return sample_damage(system, np.full(system.size, share), samples=days, streams=streams.child("bad days"))


def lost_on(losses: Losses, days: Bools, compared: NDArray[np.int64]) -> Floats:
    """Services lost on each day because an asset is lost that works otherwise, shape (days, compared)."""
    found, plain = np.zeros((len(days), len(compared))), losses.total(days)
    for place, asset in enumerate(compared):
        base, out = plain.copy(), ~days[:, asset]
        if out.any():
            with_it = days[out].copy()
            with_it[:, asset] = True
            base[out] = losses.total(with_it)
        without = days.copy()
        without[:, asset] = False
        found[:, place] = losses.total(without) - base
    return np.maximum(found, 0.0)
