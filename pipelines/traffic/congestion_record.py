"""The record behind the ranking of road segments: what was compared, how it was checked, what would turn it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipelines.traffic.words import count, reason, record_words, words
from workbench._text import Text
from workbench.briefs import Head, Phrase, Quantity, Row, Table
from workbench.briefs.appraisal import DRAWS_BASIS, alternatives, certainty, equity, graded, quality_of
from workbench.briefs.checklist import Section
from workbench.briefs.modelcard import Backcast, Checked, model_card, validation, verification
from workbench.briefs.robustness import futures, information, register, sensitivity
from workbench.decisions import (
    Inputs,
    Option,
    Options,
    Outcome,
    Register,
    UncertainInput,
    assume,
    by_group,
    compare_robustness,
    discover,
    morris,
    sobol,
    tornado,
    value_of_information,
)
from workbench.simulation import Streams

if TYPE_CHECKING:
    import datetime as dt

    import polars as pl

    from pipelines.traffic.congestion import CongestionParameters, Floats, Judged
    from workbench.decisions import TopChoice
    from workbench.domains import Measures

FUTURES, TRAJECTORIES, SOBOL = 512, 20, 64
CARD = ("purpose", "outputs", "aims", "logic", "scenarios", "algorithms", "entities", "activities", "resources", "queues", "entry_exit")  # fmt: skip
SETS = ("none", "chosen", "swap")
INDEX = "index"


@dataclass(frozen=True, eq=False)
class Ways:
    """
    Ways to judge the same roads, from the hours of each day.

    Attributes
    ----------
    counts, sums
        Observations and sums of speeds by kind of day (weekday, weekend), hour of day and segment.
    free
        Free-flow speed of each segment, km/h.
    hours
        Hours judged.
    weekend
        Whether weekends are judged.
    noise
        For each future and segment a draw of how far its detector errs, in standard deviations.
    """

    counts: Floats
    sums: Floats
    free: Floats
    hours: tuple[int, ...]
    weekend: bool
    noise: Floats

    def index(self, values: Floats) -> Floats:
        """
        Congestion index of each segment judged in other ways.

        Parameters
        ----------
        values
            Shape (runs, 3): hours by which the time judged is moved, weight of weekend days, error of
            detectors (standard deviation as a share of speed).

        Returns
        -------
        ndarray
            Shape (runs, segments).
        """
        shift, weekend, error = values.T
        before = np.floor(shift).astype(int)
        part = (shift - before)[:, None]
        sums = (1 - part) * self._judged(self.sums, before, weekend) + part * self._judged(
            self.sums, before + 1, weekend
        )
        counts = (1 - part) * self._judged(self.counts, before, weekend) + part * self._judged(
            self.counts, before + 1, weekend
        )
        speed = sums / np.maximum(counts, 1e-9)
        erring = np.exp(error[:, None] * self.noise[np.arange(len(values)) % len(self.noise)])
        return np.where(counts > 0, self.free / np.maximum(speed * erring, 1e-3), 1.0)

    def _judged(self, table: Floats, shift: np.ndarray, weekend: Floats) -> Floats:
        """Sums over the hours judged, moved by whole hours, weekends weighted; shape (runs, segments)."""
        found = np.zeros((len(shift), table.shape[2]))
        for by in np.unique(shift):
            rows = shift == by
            at = [(hour + int(by)) % 24 for hour in self.hours]
            found[rows] = table[0, at].sum(axis=0) + weekend[rows, None] * table[1, at].sum(axis=0)
        return found


def ways(by_hour: pl.DataFrame, judged: Judged, p: CongestionParameters) -> Ways:
    """Lay the hours of each day side by side for the segments judged."""
    import polars as pl

    place = {one: at for at, one in enumerate(judged.ids)}
    known = by_hour.filter(pl.col("segment_id").is_in(judged.ids)).sort("segment_id", "date", "hour")
    counts = np.zeros((2, 24, len(judged.ids)))
    sums = np.zeros_like(counts)
    at = (
        (known["weekday"] > 5).cast(pl.Int64).to_numpy(),
        known["hour"].to_numpy(),
        np.array([place[one] for one in known["segment_id"]], dtype=int),
    )
    seen = known["observations"].to_numpy().astype(float)
    np.add.at(counts, at, seen)
    np.add.at(sums, at, seen * known["speed_kmh"].to_numpy())
    streams = Streams(p.seed).child("ways")
    noise = streams.generator("detectors").standard_normal((FUTURES, len(judged.ids)))
    return Ways(counts, sums, judged.free_flow, tuple(p.hours), not p.weekdays_only, noise)


def uncertain(p: CongestionParameters) -> Inputs:
    """What is not known of how to judge: the hours, the weekend, the detectors."""
    w = record_words().text
    weekend = 0.0 if p.weekdays_only else 1.0

    def one(name: str, low: float, high: float, base: float, unit: str) -> UncertainInput:
        return UncertainInput(
            name,
            low,
            high,
            unit,
            w(f"congestion.input.{name}"),
            "uniform",
            base,
            w(f"congestion.basis.{name}"),
        )

    return Inputs(
        (
            one("shift", -1.0, 1.0, 0.0, "h"),
            one("weekend", 0.0, 1.0, weekend, "ratio"),
            one("detectors", 0.0, 0.05, 0.0, "share"),
        )
    )


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
        r.card(),
        r.runs(),
        r.verification(),
        r.validation(),
        r.map(),
        r.assumptions(),
        r.results(),
        r.ranking(),
        r.sensitivity(),
        r.futures(),
        r.equity(),
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
        self.inputs = uncertain(p)
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

    def card(self) -> Section:
        """What the measure is, in the order asked of models."""
        return model_card({key: self.words.text(f"congestion.card.{key}") for key in CARD})

    def runs(self) -> Section:
        """Resamples instead of runs, and what their number costs in accuracy."""
        if self.samples is None:
            return Section("runs", prose=(self.words.phrase("congestion.runs.none"),))
        error = 1.96 * float(np.sqrt(0.25 / len(self.samples)))
        said = self.words.phrase(
            "congestion.runs",
            resamples=count("record.resamples", len(self.samples), "resamples"),
            error=Quantity("record.error", error, "points", decimals=1),
            level=Quantity("record.level", 0.95, "share"),
        )
        return Section("runs", prose=(said,))

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
        half = len(self.judged.days) // 2
        if not half:
            return Section("validation", prose=(self.words.phrase("congestion.validation.one"),))
        index = [self._index_of(slice(0, half)), self._index_of(slice(half, None))]
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
        days = {
            "first": count("back.days.first", half, "days"),
            "second": count("back.days.second", len(self.judged.days) - half, "days"),
        }
        return validation(scores, [self.words.phrase("congestion.validation", **days)])

    def _index_of(self, days: slice) -> Floats:
        counts, sums = self.judged.observations[days].sum(axis=0), self.judged.speed_sums[days].sum(axis=0)
        return np.where(counts > 0, self.judged.free_flow * counts / np.maximum(sums, 1e-9), 1.0)

    def halves_agree(self) -> bool | None:
        """Whether both halves of the days give the same choice."""
        half = len(self.judged.days) // 2
        if not half:
            return None
        k = len(self.chosen)
        tops = (
            set(np.argsort(-self._index_of(s), kind="stable")[:k].tolist())
            for s in (slice(0, half), slice(half, None))
        )
        return next(tops) == next(tops)

    def map(self) -> Section:
        """From tables to the choice, step by step."""
        w = self.words.text
        heads = tuple(Head(key, w(f"map.{key}")) for key in ("from", "step", "to"))
        rows = tuple(
            Row(tuple(w(f"congestion.map.{step}.{part}") for part in ("from", "step", "to")))
            for step in ("hours", "free", "judge", "resample", "choose")
        )
        return Section("model_map", tables=(Table("model-map", w("map.caption"), heads, rows),))

    def assumptions(self) -> Section:
        """What the ranking takes for granted, tried where it is a number."""
        w = self.words.text
        day: dt.date = self.judged.days[-1]
        made = []
        for one in self.inputs:
            made.append(
                assume(
                    one.name, w(f"congestion.assumed.{one.name}"), one.basis, "amber", "red",
                    w("congestion.owner").en, who="LIVED Workbench", since=day,
                    value=one.base, unit=one.unit, tested=(one.low, one.high),
                )
            )  # fmt: skip
        for name, quality, impact in (
            ("days", "amber", "amber"),
            ("free", "green", "amber"),
            ("volume", "red", "amber"),
        ):
            made.append(
                assume(
                    name, w(f"congestion.assumed.{name}"), w(f"congestion.basis.{name}"), quality, impact,  # type: ignore[arg-type]
                    w("congestion.owner").en, who="LIVED Workbench", since=day,
                )
            )  # fmt: skip
        found = Register(tuple(made))
        effects = {one.name: self._effect(at, one.name) for at, one in enumerate(self.inputs)}
        return register(found, on=day, waived={}, effects=effects)

    def _effect(self, at: int, name: str) -> Phrase:
        ends = np.tile(self.inputs.base, (2, 1))
        ends[:, at] = [self.inputs[name].low, self.inputs[name].high]
        least = int(self.kept(ends).min())
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
            ends: dict[str, float] = {}
            spread = {}
            if drawn is not None and name != "none":
                low, p5, p95, high = np.quantile(drawn[:, at], [0.025, 0.05, 0.95, 0.975])
                spread = {
                    "low": min(float(low), value[at]),
                    "high": max(float(high), value[at]),
                    "basis": DRAWS_BASIS,
                }
                ends = {"p5": float(p5), "p95": float(p95)}
            cells = [Quantity(f"gain.{name}", float(value[at]), "index", decimals=2, **spread)]
            for end in ("p5", "p95"):
                found = float(ends[end]) if end in ends else None if name != "none" else 0.0
                cells.append(Quantity(f"gain.{end}.{name}", found, "index", decimals=2))
            cells.append(Quantity(f"gain.draws.{name}", 0 if drawn is None else len(drawn), "resamples"))
            rows.append(Row((self.labels[name], *cells), chosen=name == "chosen"))
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
        return sensitivity(
            self.inputs,
            what=self.words.text("congestion.kept"),
            unit="segments",
            tornado=tornado(self.inputs, self.kept),
            screening=morris(self.inputs, self.kept, TRAJECTORIES, self.streams),
            indices=sobol(self.inputs, self.kept, SOBOL, self.streams),
        )

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

    def equity(self) -> Section:
        """Congestion by district, where the segments say theirs."""
        if not self.m.has("segments"):
            return reason("equity", "no_groups")
        import polars as pl

        rows = self.m.clean("segments").gather()
        if (
            "district" not in rows.columns
            or rows["district"].null_count() == rows.height
            or len(self.judged.days) < 2
        ):
            return reason("equity", "no_groups")
        where = dict(
            rows.filter(pl.col("district").is_not_null()).select("segment_id", "district").iter_rows()
        )
        groups: dict[str, list[int]] = {}
        for at, one in enumerate(self.judged.ids):
            if one in where:
                groups.setdefault(str(where[one]), []).append(at)
        if len(groups) < 2:
            return reason("equity", "no_groups")
        counts, sums = self.judged.observations, self.judged.speed_sums
        free = counts * self.judged.free_flow
        values, persons = {}, {}
        for name, places in sorted(groups.items()):
            seen = sums[:, places].sum(axis=1)
            values[name] = (free[:, places].sum(axis=1) / np.maximum(seen, 1e-9))[seen > 0]
            persons[name] = float(len(places))
        outcome = Outcome(INDEX, "index", words().text("congestion.head.index"), "less")
        found = by_group(values, outcome, persons, least=3, streams=self.streams)
        labels = {name: Text(name, name) for name in values}
        section = equity(found, labels, members="segments")
        return Section(
            "equity", prose=(*section.prose, self.words.phrase("congestion.equity")), tables=section.tables
        )

    def certainty(self) -> Section:
        """Certainty of the index of the chosen and of the choice."""
        quality = [quality_of(share) for share in self.m.rejected.values()]
        last, after = self.choice.chosen[-1], self.swap[-1] if self.swap else None
        spread = None
        if self.samples is not None and after is not None:
            low, high = np.nanquantile(self.samples[:, last] - self.samples[:, after], [0.025, 0.975])
            spread = (float(low), float(high))
        agree = self.halves_agree()
        w = self.words.text
        return certainty(
            [
                graded(w("congestion.outcome.index"), quality=quality, interval=spread and (1.0, 2.0), turns_at=None, stand_in=False, halves_agree=agree is not None),
                graded(w("congestion.outcome.choice"), quality=quality, interval=spread, turns_at=0.0, stand_in=True, halves_agree=agree),
            ]
        )  # fmt: skip

    def changes(self) -> Section:
        """What would change the conclusion, and what to measure next."""
        names = tuple(self.sets)
        found = value_of_information(
            self.gains(self.tried), names, self.drawn, self.inputs.names, self.streams
        )
        prose, table = information(found, inputs=self.inputs, unit="index")
        trigger = self.words.phrase("congestion.trigger")
        return Section("changes", prose=(prose, trigger), tables=(table,), shown=("changes",))
