"""What a choice of assets saves on samples it was not made on, and whether another saves more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from workbench._text import Text
from workbench.errors import BadParameter
from workbench.lifelines._estimates import TOO_FEW, Estimate, group_numbers, weights_of
from workbench.lifelines._given import whole
from workbench.lifelines._hardening import Loss, rows_of
from workbench.lifelines.model import Bools, Floats, Ints

if TYPE_CHECKING:
    from workbench.simulation import Streams

CELLS = 2**22
LEAST_EVENTS = 5
"""With fewer events a bootstrap interval is not to be trusted, and none is given."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """
    What hardening a choice saves.

    Attributes
    ----------
    saved
        Mean share of service saved, with its bootstrap interval over events.
    avoidable
        The same as a share of what hardening every candidate saves; None where candidates were not given, or
        nothing can be saved.
    base
        Mean share lost without hardening.
    by_sample
        Share saved in each sample, shape (samples,).
    events
        Number of events, or of samples where no groups were given.
    """

    saved: Estimate
    avoidable: Estimate | None
    base: float
    by_sample: Floats
    events: int

    @property
    def said(self) -> Text:
        """What it comes to, in a sentence."""
        one = self.saved
        if not one.told:
            return Text(
                f"{one.value:.4f} of the service is saved; how surely cannot be told from {self.events} "
                "events",
                f"可挽回 {one.value:.4f} 的服务；仅 {self.events} 个事件，无法判断其可靠程度",
            )
        return Text(
            f"{one.value:.4f} of the service is saved ({one.low:.4f} to {one.high:.4f}, {self.events} "
            "events)",
            f"可挽回 {one.value:.4f} 的服务（{one.low:.4f} 至 {one.high:.4f}，{self.events} 个事件）",
        )


def evaluate(
    loss_model: Loss,
    assets: Sequence[int],
    held_out: Bools,
    *,
    streams: Streams,
    groups: Sequence[Any] | None = None,
    candidates: Sequence[int] | None = None,
    hardened: Bools | None = None,
    weights: Floats | None = None,
    resamples: int = 2000,
    level: float = 0.95,
) -> Evaluation:
    """
    Judge a choice on samples it was not made on.

    Parameters
    ----------
    loss_model
        Share lost in each of many states.
    assets
        Assets to harden, by number.
    held_out
        Samples of other events than those it was chosen on, shape (samples, assets).
    streams
        Randomness of the bootstrap.
    groups
        Event of each sample; the bootstrap draws events [1]_. None where samples are independent.
    candidates
        Assets that might have been hardened: then also the share of the avoidable loss.
    hardened
        What would be up if all were hardened; None where a hardened asset never fails.
    weights
        Of the samples.
    resamples
        Bootstrap resamples.
    level
        Coverage of the percentile interval.

    Raises
    ------
    BadParameter
        Samples, groups, assets or weights that do not fit each other.

    References
    ----------
    .. [1] A. C. Davison and D. V. Hinkley (1997), Bootstrap methods and their application, section 3.8:
       resampling of clusters.
    """
    up = rows_of(held_out)
    base = np.asarray(loss_model(up), float)
    saved = base - np.asarray(loss_model(_harden(up, hardened, assets)), float)
    w, group = weights_of(weights, len(up)), group_numbers(groups, len(up))
    most = saved
    if candidates is not None:
        most = base - np.asarray(loss_model(_harden(up, hardened, candidates)), float)
    ones, ours, all_ = _resampled(group, w, [np.ones(len(up)), saved, most], resamples, streams)
    avoidable = None
    if candidates is not None and float(w @ most) > 0:
        avoidable = _interval(float(w @ saved) / float(w @ most), _ratio(ours, all_), level, group)
    return Evaluation(
        _interval(float(w @ saved), _ratio(ours, ones), level, group),
        avoidable,
        float(w @ base),
        saved,
        int(group.max()) + 1,
    )


def compare(
    loss_model: Loss,
    choices: Mapping[str, Sequence[int]],
    held_out: Bools,
    *,
    streams: Streams,
    groups: Sequence[Any] | None = None,
    hardened: Bools | None = None,
    weights: Floats | None = None,
    resamples: int = 2000,
    level: float = 0.95,
) -> pl.DataFrame:
    """
    Compare choices on the same held-out samples with the first of them.

    Parameters
    ----------
    choices
        Assets to harden, by the name of the choice; the first is what the others are compared with.
    loss_model, held_out, streams, groups, hardened, weights, resamples, level
        As in `evaluate`.

    Returns
    -------
    comparison
        One row a choice: `choice`, `assets`, `saved` with `low` and `high`; `less` (what it saves less than
        the first, sample by sample) with `less_low` and `less_high`, and `verdict`: "first", "saves less",
        "saves more" or "cannot tell", the last where the interval of the difference holds 0 or cannot be
        told.

    Raises
    ------
    BadParameter
        No choices, or what `evaluate` refuses.
    """
    if not choices:
        raise BadParameter("Give at least one choice to compare.")
    up = rows_of(held_out)
    base = np.asarray(loss_model(up), float)
    w, group = weights_of(weights, len(up)), group_numbers(groups, len(up))
    saved = [
        base - np.asarray(loss_model(_harden(up, hardened, assets)), float) for assets in choices.values()
    ]
    ones, *totals = _resampled(group, w, [np.ones(len(up)), *saved], resamples, streams)
    rows: list[tuple[Any, ...]] = []
    for (name, assets), mine, total in zip(choices.items(), saved, totals, strict=True):
        one = _interval(float(w @ mine), _ratio(total, ones), level, group)
        less = _interval(float(w @ (saved[0] - mine)), _ratio(totals[0] - total, ones), level, group)
        if not rows:
            verdict = "first"
        elif not less.told or less.low <= 0 <= less.high:
            verdict = "cannot tell"
        else:
            verdict = "saves less" if less.low > 0 else "saves more"
        rows.append(
            (name, len(assets), one.value, one.low, one.high, less.value, less.low, less.high, verdict)
        )
    return pl.DataFrame(
        rows,
        schema=["choice", "assets", "saved", "low", "high", "less", "less_low", "less_high", "verdict"],
        orient="row",
    )


def _harden(up: Bools, hardened: Bools | None, assets: Sequence[int]) -> Bools:
    which = np.asarray(list(assets), int)
    if len(which) and (which.min() < 0 or which.max() >= up.shape[1]):
        raise BadParameter(f"Assets are numbers from 0 to {up.shape[1] - 1}.")
    if hardened is not None and np.shape(hardened) != up.shape:
        raise BadParameter(f"`hardened` has the shape {np.shape(hardened)}, the samples {up.shape}.")
    after = up.copy()
    after[:, which] = True if hardened is None else np.asarray(hardened)[:, which]
    return after


def _resampled(
    group: Ints, w: Floats, values: Sequence[Floats], resamples: int, streams: Streams
) -> list[Floats]:
    """Weighted totals of several values over events drawn with replacement, the same draws for all."""
    whole("resamples", resamples, 100)
    events = int(group.max()) + 1
    totals = np.column_stack([np.bincount(group, w * one, minlength=events) for one in values])
    draw, even = streams.generator("bootstrap"), np.full(events, 1.0 / events)
    step = max(1, CELLS // events)
    parts = [
        draw.multinomial(events, even, min(step, resamples - start)).astype(float) @ totals
        for start in range(0, resamples, step)
    ]
    return list(np.concatenate(parts).T)


def _ratio(totals: Floats, weights: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(totals / weights, float)


def _interval(value: float, means: Floats, level: float, group: Ints) -> Estimate:
    if not 0 < level < 1:
        raise BadParameter(f"`level` lies between 0 and 1, not {level}.")
    usable = means[np.isfinite(means)]
    if int(group.max()) + 1 < LEAST_EVENTS or len(usable) < len(means) / 2:
        return Estimate(value, np.nan, np.nan, level, TOO_FEW)
    low, high = np.quantile(usable, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(value, float(low), float(high), level)
