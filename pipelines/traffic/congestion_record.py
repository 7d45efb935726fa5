"""The record behind the ranking of road segments: what was compared, how checked, what would turn it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipelines.traffic.congestion_equity import equity
from pipelines.traffic.congestion_ways import ways, ways_to_judge
from pipelines.traffic.recording import (
    FUTURES,
    assumed,
    card,
    drawn_cells,
    ends_of,
    half_days,
    halves,
    reason,
    resampled,
    steps,
    vary,
    worth,
)
from pipelines.traffic.words import count, record_words
from workbench.briefs import Head, Phrase, Quantity, Row, Table
from workbench.briefs.appraisal import alternatives, certainty, graded, quality_of
from workbench.briefs.checklist import Section
from workbench.briefs.modelcard import Backcast, Checked, validation, verification
from workbench.briefs.robustness import futures
from workbench.decisions import (
    Option,
    Options,
    compare_robustness,
    discover,
    interval,
)
from workbench.simulation import Streams

if TYPE_CHECKING:
    from pipelines.traffic.congestion import CongestionParameters, Floats, Judged
    from workbench.decisions import TopChoice
    from workbench.decisions.assumptions import Rating
    from workbench.domains import Measures

STEPS = ("hours", "free", "judge", "resample", "choose")
UNTRIED: dict[str, tuple[Rating, Rating]] = {
    "days": ("amber", "amber"),
    "free": ("green", "amber"),
    "volume": ("red", "amber"),
}
"""What is assumed and not tried: quality of its ground, and impact."""


def record(
    measures: Measures,
    p: CongestionParameters,
    judged: Judged,
    samples: Floats | None,
    choice: TopChoice,
    names: list[str],
) -> tuple[Section, ...]:
    """Fill the items of the checklist that this decision can fill."""
    r = _Record(measures, p, judged, samples, choice, names)
    return (
        r.alternatives(),
        card("congestion"),
        resampled(None if samples is None else len(samples)),
        r.verification(),
        r.validation(),
        steps("congestion", STEPS),
        r.assumptions(),
        r.results(),
        r.ranking(),
        r.sensitivity(),
        r.futures(),
        equity(measures, judged, r.streams),
        r.certainty(),
        r.changes(),
        reason("cost_benefit", "no_costs"),
        reason("targets", "no_target"),
        reason("maps", "no_places"),
        Section("limits", shown=("limits",)),
    )


class _Record:
    """One ranking, and what is recorded of it."""

    def __init__(
        self,
        measures: Measures,
        p: CongestionParameters,
        judged: Judged,
        samples: Floats | None,
        choice: TopChoice,
        names: list[str],
    ) -> None:
        self.m, self.p, self.judged, self.samples, self.choice = measures, p, judged, samples, choice
        self.names, self.words = names, record_words()
        self.chosen = list(choice.chosen)
        rest = [i for i in choice.order if i not in choice.chosen]
        self.swap = [*self.chosen[:-1], rest[0]] if rest else []
        self.sets = {"none": [], "chosen": self.chosen} | ({"swap": self.swap} if self.swap else {})
        self.labels = {name: self.words.text(f"congestion.set.{name}") for name in self.sets}
        self.inputs = ways_to_judge(p)
        self.ways = ways(measures["speeds_by_hour"], judged, p)
        self.streams = Streams(p.seed).child("record")
        self.drawn = self.inputs.sample(FUTURES, self.streams)
        self.tried = self.ways.index(self.drawn)

    def gains(self, index: Floats) -> Floats:
        """What treating each set removes: the sum of its indices above free flow, shape (draws, sets)."""
        over = np.maximum(index - 1.0, 0.0)
        return np.column_stack(
            [over[:, at].sum(axis=1) if at else np.zeros(len(over)) for at in self.sets.values()]
        )

    def kept(self, values: Floats) -> Floats:
        """How many of the chosen stay among the k highest, shape (runs,)."""
        index = self.ways.index(values)
        k = len(self.chosen)
        top = np.argsort(-index, axis=1, kind="stable")[:, :k]
        return np.isin(top, self.chosen).sum(axis=1).astype(float)

    def alternatives(self) -> Section:
        """Treat none, the chosen, or the next in place of the last."""
        w = self.words.text
        options = [Option("none", self.labels["none"], "do_nothing", also_minimum=w("congestion.minimum"))]
        options += [Option(name, self.labels[name]) for name in self.sets if name != "none"]
        if self.judged.unjudged:
            options.append(Option("rare", w("congestion.set.rare"), screened_out=w("congestion.out.rare")))
        return alternatives(Options(options))

    def verification(self) -> Section:
        """Checks that must hold in every run."""
        w = self.words.text
        by_hour = self.m["speeds_by_hour"]
        counted = float(self.m["segment_reliability"]["observations"].sum())
        lost = count("check.lost", int(counted - float(by_hour["observations"].sum())), "rows")
        checks = [Checked(w("congestion.check.rows"), lost)]
        if self.samples is not None:
            over = abs(float(np.nansum(self.choice.probability)) - len(self.chosen))
            checks.append(
                Checked(w("congestion.check.places"), Quantity("check.places", round(over, 9), "segments"))
            )
        oracles = [w(f"congestion.oracle.{key}") for key in ("student", "numpy", "sample")]
        return verification(checks, oracles)

    def validation(self) -> Section:
        """Choose from the earlier half of the days, and see how the choice does in the later half."""
        cut = halves(len(self.judged.days))
        if cut is None:
            return Section("validation", prose=(self.words.phrase("record.validation.single"),))
        index = [self._index_of(days) for days in cut]
        k = len(self.chosen)
        first, second = (np.argsort(-one, kind="stable")[:k] for one in index)
        both = len(set(first.tolist()) & set(second.tolist()))
        apart = float(np.abs(index[0] - index[1])[self.chosen].mean())
        w = self.words.text
        scores = [
            Backcast(
                w("congestion.back.top"),
                count("back.k", k, "segments"),
                count("back.kept", both, "segments"),
                count("back.lost", both - k, "segments"),
            ),
            Backcast(
                w("congestion.back.index"),
                Quantity("back.first", float(index[0][self.chosen].mean()), "index", decimals=2),
                Quantity("back.second", float(index[1][self.chosen].mean()), "index", decimals=2),
                Quantity("back.apart", apart, "index", decimals=2),
            ),
        ]
        said = self.words.phrase("congestion.validation", **half_days(len(self.judged.days)))
        return validation(scores, [said])

    def _index_of(self, days: slice) -> Floats:
        counts, sums = self.judged.observations[days].sum(axis=0), self.judged.speed_sums[days].sum(axis=0)
        return np.where(counts > 0, self.judged.free_flow * counts / np.maximum(sums, 1e-9), 1.0)

    def halves_agree(self) -> bool | None:
        """Whether both halves of the days give the same choice."""
        cut = halves(len(self.judged.days))
        if cut is None:
            return None
        first, second = (
            set(np.argsort(-self._index_of(days), kind="stable")[: len(self.chosen)].tolist()) for days in cut
        )
        return first == second

    def assumptions(self) -> Section:
        """What the ranking takes for granted, tried where it is a number."""
        effects = {name: self._effect(name) for name in self.inputs.names}
        return assumed("congestion", self.inputs, UNTRIED, effects, day=self.judged.days[-1])

    def _effect(self, name: str) -> Phrase:
        least = int(self.kept(ends_of(self.inputs, name)).min())
        kept = count(f"effect.{name}", least, "segments")
        return self.words.phrase(
            "congestion.effect", kept=kept, k=count("effect.k", len(self.chosen), "segments")
        )

    def results(self) -> Section:
        """What each set removes, and how much more than treating none."""
        w = self.words.text
        value = self.gains(self.judged.index[None, :])[0]
        drawn = None if self.samples is None else self.gains(np.nan_to_num(self.samples, nan=1.0))
        heads = (
            Head("set", w("sec.option")),
            Head("gain", w("congestion.head.gain"), "index"),
            Head("p5", w("record.p5"), "index"),
            Head("p95", w("record.p95"), "index"),
            Head("draws", w("record.draws"), "resamples"),
        )
        rows = []
        for at, name in enumerate(self.sets):
            own = None if drawn is None else drawn[:, at]
            cells = drawn_cells(f"gain.{name}", float(value[at]), own, "index", decimals=2)
            draws = Quantity(f"gain.{name}.draws", 0 if own is None else len(own), "resamples")
            rows.append(Row((self.labels[name], *cells, draws), chosen=name == "chosen"))
        note = self.words.phrase("congestion.results.note")
        return Section(
            "results",
            tables=(Table("sets", w("congestion.results"), heads, tuple(rows), note),),
            shown=("options",),
        )

    def ranking(self) -> Section:
        """Regret of the choice over resampled days; chances are in the options table."""
        if self.samples is None:
            return Section(
                "ranking", prose=(self.words.phrase("congestion.ranking.none"),), shown=("options",)
            )
        drawn = np.maximum(np.nan_to_num(self.samples, nan=1.0) - 1.0, 0.0)
        best = np.sort(drawn, axis=1)[:, -len(self.chosen) :].sum(axis=1)
        regret = float((best - drawn[:, self.chosen].sum(axis=1)).mean())
        said = self.words.phrase(
            "congestion.ranking",
            regret=Quantity("choice.regret", regret, "index", decimals=3),
            gain=self._gain("chosen"),
        )
        return Section("ranking", prose=(said,), shown=("options",))

    def _gain(self, name: str) -> Quantity:
        (table,) = self.results().tables
        return next(
            one
            for row in table.rows
            for one in row.cells
            if isinstance(one, Quantity) and one.id == f"gain.{name}"
        )

    def sensitivity(self) -> Section:
        """What moves the number of chosen segments that stay among the highest."""
        what = self.words.text("congestion.kept")
        return vary(self.inputs, self.kept, self.streams, what=what, unit="segments")

    def futures(self) -> Section:
        """Where another choice would have removed more."""
        k = len(self.chosen)
        top = np.argsort(-self.tried, axis=1, kind="stable")[:, :k]
        other = np.asarray(~np.isin(top, self.chosen).all(axis=1))
        names = tuple(self.sets)
        return futures(
            count=FUTURES,
            fails=discover(self.drawn, other, self.inputs.names, self.streams),
            robustness=compare_robustness(self.gains(self.tried), names),
            inputs=self.inputs,
            labels=self.labels,
            recommended="chosen",
        )

    def certainty(self) -> Section:
        """Certainty of the index of the chosen and of the choice."""
        quality = [quality_of(share) for share in self.m.rejected.values()]
        last, after = self.choice.chosen[-1], self.swap[-1] if self.swap else None
        index = apart = None
        if self.samples is not None:
            low, high = interval(self.samples[:, self.chosen[:1]])
            index = (float(low[0]), float(high[0]))
        if self.samples is not None and after is not None:
            low, high = interval(self.samples[:, [last]] - self.samples[:, [after]])
            apart = (float(low[0]), float(high[0]))
        agree = self.halves_agree()
        outcomes = (
            graded(
                self.words.text("congestion.outcome.index"),
                quality=quality,
                interval=index,
                turns_at=None,
                stand_in=False,
                halves_agree=agree is not None,
            ),
            graded(
                self.words.text("congestion.outcome.choice"),
                quality=quality,
                interval=apart,
                turns_at=0.0,
                stand_in=True,
                halves_agree=agree,
            ),
        )
        return certainty(outcomes)

    def changes(self) -> Section:
        """What would change the conclusion, and what to measure next."""
        said, tables = worth(
            self.gains(self.tried), tuple(self.sets), self.drawn, self.inputs, self.streams, unit="index"
        )
        prose = (said, self.words.phrase("congestion.trigger"))
        return Section("changes", prose=prose, tables=tables, shown=("changes",))
