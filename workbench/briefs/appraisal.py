"""Sections of the record on what was compared: options, ranking, costs and benefits, equity, certainty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from workbench._text import Text
from workbench.briefs.checklist import Section
from workbench.briefs.parts import Head, Prose, Row, Table
from workbench.briefs.phrase import Words
from workbench.briefs.quantity import Quantity, Source
from workbench.errors import BadParameter

if TYPE_CHECKING:
    from workbench.decisions import CostBenefit, Equity, Options, Verdict

Reason = Literal["bias", "imprecision", "indirectness", "inconsistency"]
GRADES = ("high", "moderate", "low", "very_low")
GREEN_REJECTED, AMBER_REJECTED = 0.01, 0.05
"""Shares of rows set aside up to which the quality of a table is green, and amber; red above (house rule)."""
T_BASIS = Text("t interval over draws", "对抽样的t区间")
DRAWS_BASIS = Text("quantiles over draws", "抽样分位数")


def alternatives(options: Options) -> Section:
    """Say which options were appraised, which are doing nothing and the minimum, and which were not."""
    words = Words()
    w = words.text
    heads = (Head("option", w("sec.option")), Head("kind", w("sec.kind")), Head("why", w("sec.why_out")))
    rows = []
    for one in options:
        kind = "both" if one.also_minimum is not None else one.kind
        rows.append(Row((one.label, w(f"kind.{kind}"), one.screened_out or w("sec.alternatives.compared"))))
    minimum = options.do_nothing.also_minimum
    prose: tuple[Prose, ...] = ()
    if minimum is not None:
        prose = (words.phrase("sec.alternatives.minimum", why=minimum),)
    table = Table("alternatives", w("sec.alternatives"), heads, tuple(rows))
    return Section("alternatives", prose=prose, tables=(table,), shown=("options",))


def ranking(
    verdict: Verdict,
    labels: Mapping[str, Text],
    *,
    unit: str | Text,
    draws: str = "runs",
    resamples: int = 2000,
) -> Section:
    """
    Say how sure the order of options is.

    Parameters
    ----------
    verdict
        From `workbench.decisions.rank`.
    labels
        What each option is called.
    unit
        Unit of the objective.
    draws
        Unit code of a draw, such as "runs" or "days".
    resamples
        Worlds behind the chances.
    """
    words = Words()
    w = words.text

    def chance(name: str, what: str, value: float) -> Quantity:
        return Quantity(f"ranking.{what}.{_place(verdict, name)}", value, "probability", resamples=resamples)

    close = verdict.delta > 0
    heads = [Head("option", w("sec.option")), Head("best", w("sec.ranking.best"), "probability")]
    heads += [Head("within", w("sec.ranking.within"), "probability")] if close else []
    heads += [Head("regret", w("sec.ranking.regret"), unit), Head("rank", w("sec.ranking.rank"))]
    rows = []
    for name in (*verdict.order, *(one for one in verdict.names if one not in verdict.order)):
        place = verdict.names.index(name)
        regret = float(verdict.regret[place])
        cells: list[Quantity | Text] = [labels[name], chance(name, "best", float(verdict.p_best[place]))]
        cells += [chance(name, "within", float(verdict.p_within[place]))] if close else []
        cells += [
            Quantity(f"ranking.regret.{_place(verdict, name)}", regret if regret == regret else None, unit),
            Quantity(f"ranking.rank.{_place(verdict, name)}", int(verdict.ranks[place].argmax()) + 1),
        ]
        rows.append(Row(tuple(cells), chosen=name == verdict.best))
    sure = Quantity("ranking.sure", verdict.sure, "share")
    needed = verdict.runs_to_separate()
    if verdict.separated:
        said = words.phrase("sec.ranking.separated", sure=sure)
    elif needed is None:
        said = words.phrase("sec.ranking.never", sure=sure)
    else:
        said = words.phrase("sec.ranking.cannot", sure=sure, runs=Quantity("ranking.needed", needed, draws))
    note = words.phrase("sec.ranking.note.exact")
    if close:
        note = words.phrase("sec.ranking.note", delta=Quantity("ranking.delta", verdict.delta, unit))
    table = Table("ranking", w("sec.ranking"), tuple(heads), tuple(rows), note)
    return Section("ranking", prose=(said,), tables=(table,))


def cost_benefit(found: CostBenefit, *, base: Text, labels: Mapping[str, Text]) -> Section:
    """
    Say what an option costs and brings against a baseline, in present values.

    Parameters
    ----------
    found
        From `workbench.decisions.appraise`.
    base
        What it is compared with.
    labels
        What each line of costs and benefits is called.
    """
    words = Words()
    w = words.text
    unit = found.flow.unit

    def spread(key: str, one: object, in_unit: str | Text) -> Row:
        value, low, high = (getattr(one, name) for name in ("mean", "low", "high"))
        ends = {} if low is None else {"low": min(low, value), "high": max(high, value), "basis": DRAWS_BASIS}
        return Row((w(f"sec.cb.{key}"), Quantity(f"cb.{key}", value, in_unit, **ends)))

    rows = [spread(key, getattr(found, key), unit) for key in ("pv_costs", "pv_benefits", "npv")]
    if found.bcr is not None:
        rows.append(spread("bcr", found.bcr, "ratio"))
    if found.p_worthwhile is not None:
        chance = Quantity("cb.worthwhile", found.p_worthwhile, "probability", resamples=found.flow.draws)
        rows.append(Row((w("sec.cb.worthwhile"), chance)))
    for at, rate in enumerate(dict.fromkeys(one for _, one in found.discounting.steps)):
        rows.append(Row((w("sec.cb.rate"), Quantity(f"cb.rate.{at}", rate, "share"))))
    for at, (line, uplift) in enumerate(found.uplifts.items()):
        name = _filled(w("sec.cb.uplift"), line=labels[line])
        rows.append(Row((name, Quantity(f"cb.uplift.{at}", uplift, "share"))))
    for at, (line, factor) in enumerate(found.switching.items()):
        name = _filled(w("sec.cb.switch"), line=labels[line])
        rows.append(Row((name, Quantity(f"cb.switch.{at}", factor, "ratio"))))
    heads = (Head("line", w("sec.cb.line")), Head("value", w("sec.cb.value")))
    prose = tuple(words.phrase("sec.cb.unmonetised", what=what) for what in found.flow.unmonetised)
    caption = words.phrase("sec.cost_benefit", base=base)
    return Section("cost_benefit", prose=prose, tables=(Table("cost-benefit", caption, heads, tuple(rows)),))


def equity(found: Equity, labels: Mapping[str, Text], *, members: str = "persons") -> Section:
    """
    Say who gains least.

    Parameters
    ----------
    found
        From `workbench.decisions.by_group`.
    labels
        What each group is called.
    members
        Unit code of what the groups are made of and weighted by: "persons", "segments", "stops".
    """
    words = Words()
    w = words.text
    unit = found.outcome.unit
    heads = (
        Head("group", w("sec.equity.group")),
        Head("members", w(f"sec.equity.{members}"), members),
        Head("mean", w("sec.equity.mean")),
        Head("gap", w("sec.equity.gap")),
        Head("worst", w("sec.equity.p_worst"), "probability"),
    )
    rows = []
    for at, group in enumerate(found.groups, start=1):
        mean, gap = group.mean, group.gap
        rows.append(
            Row(
                (
                    labels[group.name],
                    Quantity(f"equity.members.{at}", group.population, members, decimals=0),
                    _interval(
                        f"equity.mean.{at}", (mean.mean, mean.low, mean.high) if mean else None, unit, T_BASIS
                    ),
                    _interval(
                        f"equity.gap.{at}", (gap.value, gap.low, gap.high) if gap else None, unit, DRAWS_BASIS
                    ),
                    Quantity(f"equity.worst.{at}", group.p_worst, "probability", resamples=2000),
                ),
                chosen=False,
            )
        )
    if found.worst is None or found.p_worst is None or found.word == "cannot_tell":
        said = [words.phrase("sec.equity.cannot")]
    else:
        chance = Quantity("equity.p_worst", found.p_worst, "probability", resamples=2000)
        said = [words.phrase("sec.equity.worst", group=labels[found.worst], chance=chance)]
    if found.gini is not None:
        gini = (found.gini.value, found.gini.low, found.gini.high)
        said.append(
            words.phrase("sec.equity.gini", gini=_interval("equity.gini", gini, "index", DRAWS_BASIS))
        )
    caption = words.phrase("sec.equity", outcome=found.outcome.label)
    return Section("equity", prose=tuple(said), tables=(Table("equity", caption, heads, tuple(rows)),))


def quality_of(share: float) -> str:
    """Rate a table by the share of its rows that were set aside: "green", "amber" or "red"."""
    return "green" if share <= GREEN_REJECTED else "amber" if share <= AMBER_REJECTED else "red"


@dataclass(frozen=True)
class Grade:
    """
    How certain an outcome is, from what speaks against it.

    Parameters
    ----------
    outcome
        Which outcome.
    reasons
        Why it is lowered, each at most once.
    """

    outcome: Text
    reasons: tuple[Reason, ...]

    def __post_init__(self) -> None:
        if len(set(self.reasons)) < len(self.reasons):
            raise BadParameter(f"A reason lowers the certainty of '{self.outcome.en}' twice: give each once.")

    @property
    def grade(self) -> str:
        """Certainty in a word of `GRADES`: a step down for each reason."""
        return GRADES[min(len(self.reasons), len(GRADES) - 1)]


def graded(
    outcome: Text,
    *,
    quality: Iterable[str],
    interval: tuple[float, float] | None,
    turns_at: float | None,
    stand_in: bool,
    halves_agree: bool | None,
) -> Grade:
    """
    Compute the certainty of an outcome.

    Parameters
    ----------
    outcome
        Which outcome.
    quality
        Computed quality of each table it rests on, "green", "amber" or "red".
    interval
        Its interval; None where there is none, which counts as imprecise.
    turns_at
        Value at which the choice would turn; None where it does not turn on this outcome.
    stand_in
        Whether it stands in for what is really asked.
    halves_agree
        Whether both halves of the evidence give the same choice; None where it cannot be halved, which counts
        against it.

    Returns
    -------
    Grade
        Each reason lowers it by one step, after the GRADE approach [1]_.

    References
    ----------
    .. [1] G. H. Guyatt et al. (2008), GRADE: an emerging consensus on rating quality of evidence and strength
       of recommendations, BMJ 336.
    """
    reasons: list[Reason] = []
    if any(each != "green" for each in quality):
        reasons.append("bias")
    if interval is None or (turns_at is not None and interval[0] <= turns_at <= interval[1]):
        reasons.append("imprecision")
    if stand_in:
        reasons.append("indirectness")
    if not halves_agree:
        reasons.append("inconsistency")
    return Grade(outcome, tuple(reasons))


def certainty(grades: Iterable[Grade]) -> Section:
    """Say how certain each outcome is, and why not more."""
    words = Words()
    w = words.text
    heads = tuple(Head(key, w(f"sec.certainty.{key}")) for key in ("outcome", "grade", "why"))
    rows = []
    for one in grades:
        why = tuple(w(f"grade.{reason}") for reason in one.reasons)
        listed = Text(", ".join(each.en for each in why), "、".join(each.zh for each in why))
        rows.append(Row((one.outcome, w(f"grade.{one.grade}"), listed if why else w("none"))))
    table = Table("certainty", w("sec.certainty"), heads, tuple(rows), words.text("sec.certainty.note"))
    return Section("certainty", tables=(table,))


def _interval(
    name: str,
    found: tuple[float, float, float] | None,
    unit: str | Text,
    basis: Text,
    source: Source | None = None,
) -> Quantity:
    if found is None:
        return Quantity(name, None, unit, source=source)
    value, low, high = found
    if not (abs(low) < float("inf") and abs(high) < float("inf")):
        return Quantity(name, value, unit, source=source)
    return Quantity(name, value, unit, min(low, value), max(high, value), basis=basis, source=source)


def _place(verdict: Verdict, name: str) -> int:
    return verdict.names.index(name) + 1


def _filled(template: Text, **values: Text) -> Text:
    """Fill a label of the glossary with other words."""
    return Text(
        template.en.format(**{key: one.en for key, one in values.items()}),
        template.in_("zh").format(**{key: one.in_("zh") for key, one in values.items()}),
    )
