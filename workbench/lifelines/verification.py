"""
Screen with something quick, verify the worst in physics, and say what was not looked at.

    found = screen_then_verify(network, streams=Streams(42), duration_h=24)
    found.worst         # the worst closures, each run in EPANET
    found.said.en       # how sure that is

A graph finds what it connects, not what has too little head or water. The linearised screen sees both, but is an
estimate. So the assets it puts first are run, the screen is corrected by what they turn out to lose, and a random
sample of the others is run as well: it bounds how many of those that nobody looked at could be worse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from workbench._text import Text
from workbench.errors import BadParameter, UnknownName
from workbench.lifelines._given import need, number, whole
from workbench.lifelines.solvers import SOLVERS, Solver, open_solver

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, Floats, Ints, LifelineNetwork
    from workbench.simulation import Streams

LINEARISED = "linearised"
CONFIDENCE = 0.95
_TOGETHER = 4  # closures run between two corrections of the screen
_CAUTION = 3.0  # times the corrected estimate that an asset might lose


@dataclass(frozen=True, eq=False)
class Verification:
    """
    What was screened, what was run, and what is known.

    Attributes
    ----------
    ranking
        One row per candidate: `asset`, `id`, `screened` (unit of flow), `rank` (in the screen, from 1), `run`
        ("screen", "audit", or null where it was not run), `lost` (unit of flow) and `lost_share` (of the intact
        service), null where not run. Those run stand first, worst first.
    top
        How many of the worst were asked for.
    value
        Sum of `lost_share` of the worst that were run.
    runs
        Runs of the physics, with that of the undamaged network.
    above
        How many of the audit lost more than the last of the worst that the screen had found.
    audited
        How many were run at random.
    possible
        How many of those not run may lose more than that, at most, with a confidence of 95 %.
    captured
        Share of the value of the true worst that `value` is, from and to: if no asset that was not run loses more
        than the worst one known.
    """

    ranking: pl.DataFrame
    top: int
    value: float
    runs: int
    above: int
    audited: int
    possible: int
    captured: tuple[float, float]

    @property
    def worst(self) -> pl.DataFrame:
        """The worst that were run."""
        return self.ranking.head(self.top)

    @property
    def certain(self) -> bool:
        """Whether the worst are the worst: no asset that was not run can be among them."""
        return self.possible == 0

    @property
    def said(self) -> Text:
        """How sure it is, in a sentence or two."""
        count, left = self.ranking.height, self.ranking["run"].null_count()
        if left == 0:
            return Text(
                f"All {count:,} closures were run: the {self.top} worst are known, {self.value:.1%} of service.",
                f"全部 {count:,} 个关闭情形均已计算：最严重的 {self.top} 个已确定，合计 {self.value:.1%}。",
            )
        audit_en = (
            f"of {self.audited:,} run at random, {self.above:,} lost more than the last of these"
            if self.audited
            else "none was run at random"
        )
        audit_zh = (
            f"随机抽查 {self.audited:,} 个，其中 {self.above:,} 个更严重" if self.audited else "未做随机抽查"
        )
        sure_en = (
            "with 95% confidence none of the others is worse."
            if self.certain
            else f"cannot tell whether they are the worst: up to {self.possible:,} of the {left:,} not run may lose more "
            f"(95% confidence), and they capture at least {self.captured[0]:.0%} of what the worst hold if none of "
            "those loses more than the worst one known."
        )
        sure_zh = (
            "在 95% 置信度下，其余均不更严重。"
            if self.certain
            else f"无法断定它们就是最严重的：未计算的 {left:,} 个中至多 {self.possible:,} 个可能更严重（95% 置信度）；若其中没有"
            f"比已知最严重者更严重的，则已涵盖至少 {self.captured[0]:.0%}。"
        )
        return Text(
            f"{self.runs:,} runs for {count:,} closures; the {self.top} worst of them lose {self.value:.1%} of service, "
            f"one at a time and added up; {audit_en}; {sure_en}",
            f"{count:,} 个关闭情形计算了 {self.runs:,} 次；其中最严重的 {self.top} 个损失合计 {self.value:.1%}；{audit_zh}；"
            f"{sure_zh}",
        )


def screen_then_verify(
    network: LifelineNetwork,
    *,
    screen: str | Floats = LINEARISED,
    verify: str | Solver = "hydraulic",
    top: int = 10,
    share: float = 0.15,
    audit: float = 0.2,
    candidates: Sequence[str] | None = None,
    streams: Streams | None = None,
    **options: Any,
) -> Verification:
    """
    Find the worst single closures with few runs of a slow solver.

    Parameters
    ----------
    network
        Any network; for the linearised screen a water network of `read_epanet`.
    screen
        "linearised" (one hydraulic run, linearised), the name of a quick solver ("connectivity", "flow"), or an
        estimate of the loss of each candidate, shape (candidates,).
    verify
        Name of the solver to believe, or such a solver.
    top
        How many of the worst are wanted.
    share
        Runs allowed, as a share of the candidates; at least `top` are run, and the undamaged network.
    audit
        Share of the runs to spend on candidates drawn at random, where `streams` is given; runs that the screen does
        not need go there too.
    candidates
        Ids of edges; by default all in service.
    streams
        Where the random sample comes from; None draws none, and then nothing is known of what was not run.
    options
        Further arguments of the solver named by `verify`, such as `duration_h`.

    Returns
    -------
    verification
        The worst that were run, and what is known of the others.

    Raises
    ------
    UnknownName
        No such screen, solver or edge.
    BadParameter
        A number out of its bounds, no candidates, one twice, or a screen that does not fit.

    Notes
    -----
    The screen's estimates have reasons (a cut, a tank, a pressure). After every few runs each reason is scaled by what
    its assets lost so far against what it said. The ordered runs end with their part of the budget, or when three
    times the scaled estimate of every other asset is less than the last of the worst known.
    """
    wanted, allowed = whole("top", top, 1), number("share", share, above=0, most=1)
    spent = number("audit", audit, least=0, most=1)
    edges = _candidates(network, candidates)
    solver = open_solver(network, verify, **options)
    wanted = min(wanted, len(edges))
    scores = _scores(network, screen, solver, edges)
    intact = float(np.sum(solver.served(network.intact)))
    most = min(len(edges), max(int(allowed * len(edges)) - 1, wanted))
    random = min(most - wanted, round(spent * most)) if streams is not None else 0
    lost = np.full(len(edges), np.nan)

    def run(some: Ints) -> None:
        up = np.repeat(network.intact[None], len(some), axis=0)
        up[np.arange(len(some)), network.n + edges[some]] = False
        lost[some] = intact - solver.totals(up)

    scale = _in_order(scores, lost, run, most - random, wanted)
    threshold = _last(lost, wanted)
    known = ~np.isnan(lost)
    how = np.where(known, "screen", "")
    sample = np.empty(0, np.int64)
    if streams is not None:
        order = streams.generator("audit of a screen").permutation(len(edges))
        sample = order[~known[order]][: most - int(known.sum())]
        if len(sample):
            run(sample)
        how[sample] = "audit"
    above = int((lost[sample] > threshold).sum())
    unknown = int((~known).sum())
    possible = _most_above(unknown, len(sample), above) - above
    return _verification(
        network, edges, scores @ scale, lost, how, intact, (wanted, above, len(sample), possible)
    )


def _candidates(network: LifelineNetwork, ids: Sequence[str] | None) -> Ints:
    up = network.arrays.in_service
    if ids is None:
        edges = np.flatnonzero(up)
        if not len(edges):
            raise BadParameter("No edge is in service: there is nothing to screen.")
        return edges.astype(np.int32)
    if isinstance(ids, str) or not len(ids):
        raise BadParameter(f"`candidates` is a list of ids of edges, not {ids!r}.")
    found = np.array([network.asset(one, "edge") - network.n for one in ids], np.int32)
    for at, count in zip(*np.unique(found, return_counts=True), strict=True):
        name = network.edges["id"][int(at)]
        if count > 1:
            raise BadParameter(f"`candidates` names '{name}' {count} times: name each edge once.")
        if not up[at]:
            raise BadParameter(f"Edge '{name}' is out of service already: leave it out of `candidates`.")
    return found


def _scores(network: LifelineNetwork, screen: str | Floats, solver: Solver, edges: Ints) -> Floats:
    """Estimated losses by reason, shape (edges, reasons)."""
    from workbench.lifelines.solvers.hydraulic import Hydraulic

    if not isinstance(screen, str):
        given = np.asarray(screen, np.float64)
        if given.shape != edges.shape or not np.isfinite(given).all() or (given < 0).any():
            raise BadParameter(
                f"A screen of your own is {len(edges):,} numbers, 0 or more, one for each candidate; this one has "
                f"shape {given.shape}, or holds others."
            )
        return given[:, None]
    if screen == LINEARISED:
        if not isinstance(solver, Hydraulic):
            raise BadParameter(
                f"The linearised screen is one of water hydraulics, and '{solver.name}' is to verify: give "
                "screen='connectivity' or screen='flow'."
            )
        return np.maximum(solver.closures(edges), 0.0)
    if screen not in SOLVERS:
        raise UnknownName("screen", screen, (LINEARISED, *SOLVERS))
    from workbench.lifelines.criticality import n_minus_1

    losses = n_minus_1(network, solver=screen)
    by_asset = np.zeros(network.size)
    by_asset[losses["asset"].to_numpy()] = losses["lost"].to_numpy()
    return np.maximum(by_asset[network.n + edges, None], 0.0)


def _in_order(scores: Floats, lost: Floats, run: Any, most: int, wanted: int) -> Floats:
    """Run the candidates that the corrected screen puts first; return the last correction of each reason."""
    total, reason = scores.sum(axis=1), scores.argmax(axis=1)
    doubt = (
        float(np.sort(total)[::-1][:wanted].mean()) or 1.0
    )  # an estimate is believed until runs outweigh this
    scale = np.ones(scores.shape[1])
    while (done := int((~np.isnan(lost)).sum())) < most:
        expected = np.where(np.isnan(lost), scores @ scale, -1.0)
        if done >= wanted and _CAUTION * expected.max() < _last(lost, wanted):
            break
        run(np.argsort(-expected, kind="stable")[: min(_TOGETHER, most - done)])
        known = ~np.isnan(lost)
        for one in range(len(scale)):
            its = known & (reason == one)
            scale[one] = (doubt + np.maximum(lost[its], 0).sum()) / (doubt + total[its].sum())
    return scale


def _last(lost: Floats, wanted: int) -> float:
    """Loss of the last of the worst that were run."""
    return float(np.sort(lost[~np.isnan(lost)])[::-1][wanted - 1])


def _most_above(unknown: int, sample: int, above: int) -> int:
    """Most of the unknown that can lie above, given how many of a sample without replacement do: exact, one-sided."""
    stats = need("scipy.stats", "A bound from an audit")
    if sample == 0:
        return unknown
    count = np.arange(unknown + 1)
    likely = stats.hypergeom.cdf(above, unknown, count, sample) >= 1 - CONFIDENCE
    return int(count[likely].max())


def _verification(
    network: LifelineNetwork,
    edges: Ints,
    screened: Floats,
    lost: Floats,
    how: Any,
    intact: float,
    counts: tuple[int, int, int, int],
) -> Verification:
    wanted, above, audited, possible = counts
    rank = np.empty(len(edges), np.int64)
    rank[np.argsort(-screened, kind="stable")] = np.arange(1, len(edges) + 1)
    share = lost / intact if intact else np.zeros(len(lost))
    frame = pl.DataFrame(
        {
            "asset": (network.n + edges).astype(np.int32),
            "id": network.edges["id"].gather(edges),
            "screened": screened,
            "rank": rank,
            "run": pl.Series(how.tolist()).replace("", None),
            "lost": pl.Series(lost).fill_nan(None),
            "lost_share": pl.Series(share).fill_nan(None),
        }
    ).sort("lost", "rank", descending=[True, False], nulls_last=True, maintain_order=True)
    ran = frame["lost_share"].drop_nulls().to_numpy()
    value = float(ran[:wanted].sum())
    best = np.sort(np.concatenate([ran, np.repeat(ran[0], min(possible, wanted))]))[::-1][:wanted].sum()
    low = value / best if best > 0 else 1.0
    return Verification(frame, wanted, value, len(ran) + 1, above, audited, possible, (float(low), 1.0))
