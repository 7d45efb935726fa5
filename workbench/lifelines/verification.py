"""
Screen with something quick, verify the worst in physics, and say what was not looked at.

    found = screen_then_verify(network, streams=Streams(42), duration_h=24)
    found.worst         # the worst closures, each run in EPANET
    found.said.en       # how sure that is

A graph finds what it connects, not what has too little head or water. The linearised screen sees both, but is
an estimate. So the assets it puts first are run, the screen is corrected by what they turn out to lose, and a
random sample of the others is run as well: it bounds how many of those that nobody looked at could be worse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from workbench._text import Text
from workbench.lifelines._given import number, whole
from workbench.lifelines._screening import (
    LINEARISED,
    candidates_of,
    last_of,
    most_above,
    run_in_order,
    scores_of,
)
from workbench.lifelines.solvers import Solver, open_solver

if TYPE_CHECKING:
    from workbench.lifelines.model import Floats, Ints, LifelineNetwork
    from workbench.simulation import Streams


@dataclass(frozen=True, eq=False)
class Verification:
    """
    What was screened, what was run, and what is known.

    Attributes
    ----------
    ranking
        One row per candidate: `asset`, `id`, `screened` (unit of flow, as corrected at the end), `rank` (by
        that, from 1), `run` ("screen", "audit", or null where it was not run), `lost` (unit of flow) and
        `lost_share` (of the intact service), null where not run. Those run stand first, worst first.
    top
        How many of the worst were asked for.
    value
        Sum of `lost_share` of the worst that were run.
    runs
        Runs of the physics, with that of the undamaged network.
    audited, above
        How many were run at random, and how many of these lost more than the last of the worst of the others.
    possible
        How many of those not run may lose more than that, at most, with a confidence of 95 %.
    least_captured
        Least share of the value of the true worst that `value` is, if nothing that was not run loses more
        than the worst one known; with the same confidence.
    """

    ranking: pl.DataFrame
    top: int
    value: float
    runs: int
    audited: int
    above: int
    possible: int
    least_captured: float

    @property
    def worst(self) -> pl.DataFrame:
        """The worst that were run."""
        return self.ranking.head(self.top)

    @property
    def certain(self) -> bool:
        """Whether the worst are the worst: none that was not run can be among them."""
        return self.possible == 0

    @property
    def said(self) -> Text:
        """How sure it is, in a sentence or two."""
        count, left = self.ranking.height, self.ranking["run"].null_count()
        most, least = self.worst["lost_share"][0], self.worst["lost_share"][-1]
        found = Text(
            f"the {self.top} worst of {count:,} closures lose {least:.1%} to {most:.1%} of service each",
            f"{count:,} 个关闭情形中最严重的 {self.top} 个，各损失 {least:.1%} 至 {most:.1%} 的供给",
        )
        if left == 0:
            return Text(f"All were run: {found.en}.", f"全部已计算：{found.zh}。")
        audit = Text("none was run at random", "未做随机抽查")
        if self.audited:
            audit = Text(
                f"of {self.audited:,} run at random, {self.above:,} lost more than the last of them",
                f"随机抽查 {self.audited:,} 个，其中 {self.above:,} 个更严重",
            )
        sure = Text("with 95% confidence no other is worse.", "在 95% 置信度下，其余均不更严重。")
        if not self.certain:
            sure = Text(
                f"cannot tell whether they are the worst: up to {self.possible:,} of the {left:,} not run "
                f"may lose more (95% confidence). If none of those loses more than the worst known, at least "
                f"{self.least_captured:.0%} of what the worst hold is captured.",
                f"无法断定它们就是最严重的：未计算的 {left:,} 个中至多 {self.possible:,} 个可能更严重"
                f"（95% 置信度）。若其中没有比已知最严重者更严重的，则至少已涵盖 {self.least_captured:.0%}。",
            )
        return Text(
            f"{self.runs:,} runs: {found.en}; {audit.en}; {sure.en}",
            f"共计算 {self.runs:,} 次：{found.zh}；{audit.zh}；{sure.zh}",
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
        "linearised" (one hydraulic run, linearised), the name of a quick solver ("connectivity", "flow"), or
        an estimate of the loss of each candidate, shape (candidates,).
    verify
        Name of the solver to believe, or such a solver.
    top
        How many of the worst are wanted.
    share
        Runs allowed, as a share of the candidates, with that of the undamaged network; at least `top` are
        run, and with 1 all.
    audit
        Share of the runs to spend on candidates drawn at random, where `streams` is given; runs that the
        screen does not need go there too.
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

    Notes ----- The screen's estimates have reasons (a cut, a tank, a pressure). After every few runs each
    reason is scaled by what its assets lost so far against what it said. The ordered runs end with their part
    of the budget, or when three times the scaled estimate of every other asset is less than the last of the
    worst known.
    """
    wanted, allowed = whole("top", top, 1), number("share", share, above=0, most=1)
    spent = number("audit", audit, least=0, most=1)
    edges = candidates_of(network, candidates)
    solver = open_solver(network, verify, **options)
    wanted = min(wanted, len(edges))
    scores = scores_of(network, screen, solver, edges)
    intact = float(np.sum(solver.served(network.intact)))
    most = len(edges) if allowed == 1 else max(int(allowed * len(edges)) - 1, wanted)
    random = 0 if streams is None else min(most - wanted, round(spent * most))
    lost = np.full(len(edges), np.nan)

    def run(some: Ints) -> None:
        up = np.repeat(network.intact[None], len(some), axis=0)
        up[np.arange(len(some)), network.n + edges[some]] = False
        lost[some] = intact - solver.totals(up)

    scale = run_in_order(scores, lost, run, most=most - random, wanted=wanted)
    threshold, ordered = last_of(lost, wanted), ~np.isnan(lost)
    sample = np.empty(0, np.int64)
    if streams is not None:
        order = streams.generator("audit of a screen").permutation(len(edges))
        sample = order[~ordered[order]][: most - int(ordered.sum())]
        if len(sample):
            run(sample.astype(np.int32))
    above = int((lost[sample] > threshold).sum())
    possible = most_above(int((~ordered).sum()), len(sample), above) - above
    frame = _ranking(network, edges, scores @ scale, lost, ordered, intact)
    ran = frame["lost_share"].drop_nulls().to_numpy()
    value = float(ran[:wanted].sum())
    worse = np.concatenate([np.repeat(ran[0], min(possible, wanted)), ran])[:wanted].sum()
    least = value / float(worse) if worse > 0 else 1.0
    return Verification(frame, wanted, value, len(ran) + 1, len(sample), above, possible, least)


def _ranking(
    network: LifelineNetwork, edges: Ints, screened: Floats, lost: Floats, ordered: Any, intact: float
) -> pl.DataFrame:
    rank = np.empty(len(edges), np.int64)
    rank[np.argsort(-screened, kind="stable")] = np.arange(1, len(edges) + 1)
    how = np.where(ordered, "screen", np.where(np.isnan(lost), "", "audit"))
    return pl.DataFrame(
        {
            "asset": (network.n + edges).astype(np.int32),
            "id": network.edges["id"].gather(edges),
            "screened": screened,
            "rank": rank,
            "run": pl.Series(how.tolist()).replace("", None),
            "lost": pl.Series(lost).fill_nan(None),
            "lost_share": pl.Series(lost / intact if intact > 0 else 0 * lost).fill_nan(None),
        }
    ).sort("lost", "rank", descending=[True, False], nulls_last=True, maintain_order=True)
