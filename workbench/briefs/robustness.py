"""Sections of the record on what would turn the answer: assumptions, sensitivity, futures, information."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from workbench._text import Text
from workbench.briefs.checklist import Section
from workbench.briefs.parts import Head, Prose, Row, Table
from workbench.briefs.phrase import Phrase, Words
from workbench.briefs.quantity import Quantity

if TYPE_CHECKING:
    from workbench.decisions import (
        Box,
        Discovery,
        Indices,
        Information,
        Inputs,
        Register,
        Robustness,
        Screening,
        Tornado,
    )

TRAJECTORIES = Text("t interval over trajectories", "对轨迹的t区间")
RESAMPLED = Text("resampling", "重抽样")
WILSON = Text("Wilson's interval over futures", "对情景的Wilson区间")


def register(
    found: Register,
    *,
    on: date,
    waived: Mapping[str, str],
    effects: Mapping[str, Text | Phrase],
    prefix: str = "assumption",
    owner: Text | None = None,
) -> Section:
    """
    Print the register of assumptions.

    Parameters
    ----------
    found
        The assumptions.
    on
        Day of the data's end, against which they expire.
    waived
        Expired ones used all the same, and who allows it.
    effects
        What trying an assumption over its range does to the order of options, by id.
    prefix
        Start of the ids of its numbers, and end of the table's.
    owner
        Who answers for all of them, in both languages; None where each names its own.
    """
    words = Words()
    w = words.text
    keys = ("statement", "quality", "impact", "tested", "until", "effect", "owner", "expires")
    heads = tuple(Head(key, w(f"sec.register.{key}")) for key in keys)
    rows = []
    for one in found:
        low, high = one.tested if one.tested is not None else (None, None)
        ends: list[Quantity | Text] = [
            w("sec.register.untested")
            if end is None
            else Quantity(f"{prefix}.{_slug(one.id)}.{which}", end, one.unit)
            for which, end in (("low", low), ("high", high))
        ]
        until: Text | str = one.expires.isoformat() if one.expires else w("sec.register.never")
        if one.expired(on) or one.id in waived:
            said = w("sec.register.expired")
            who = waived.get(one.id, "–")
            until = Text(said.en.format(who=who), said.zh.format(who=who))
        effect = effects.get(one.id, w("sec.register.untested"))
        told = Text(effect.in_("en"), effect.in_("zh"))
        rows.append(
            Row(
                (
                    one.statement,
                    w(f"rag.{one.quality}"),
                    w(f"rag.{one.impact}"),
                    *ends,
                    told,
                    owner or one.owner,
                    until,
                )
            )
        )
    name = "register" if prefix == "assumption" else f"register-{prefix}"
    table = Table(name, w("sec.register"), heads, tuple(rows), w("sec.register.note"))
    return Section("assumptions", tables=(table,), shown=())


def sensitivity(
    inputs: Inputs,
    *,
    what: Text,
    unit: str | Text,
    tornado: Tornado | None = None,
    screening: Screening | None = None,
    indices: Indices | None = None,
) -> Section:
    """
    Say which uncertain inputs move an outcome.

    Parameters
    ----------
    inputs
        What was varied.
    what, unit
        The outcome looked at, such as the saving against today.
    tornado, screening, indices
        What was found; None where a method was not used.
    """
    words = Words()
    labels = {one.name: one.label for one in inputs}
    tables = [uncertain_inputs(inputs)]
    tables += [_tornado(tornado, labels, what, unit)] if tornado is not None else []
    tables += [_morris(screening, labels, unit)] if screening is not None else []
    tables += [_sobol(indices, labels)] if indices is not None else []
    prose: list[Prose] = []
    ranked = indices or screening or tornado
    if ranked is not None:
        order = getattr(ranked, "order", None) or tuple(one.name for one in getattr(ranked, "swings", ()))
        prose.append(words.phrase("sec.sensitivity.order", names=tuple(labels[name] for name in order)))
        if ranked.cannot_separate:
            pairs = tuple(
                words.phrase("sec.between", one=labels[one], other=labels[other])
                for one, other in ranked.cannot_separate
            )
            prose.append(words.phrase("sec.sensitivity.unclear", pairs=pairs))
    if screening is not None and indices is not None:
        runs = {
            "screen": Quantity("sensitivity.runs.screen", screening.runs, "runs"),
            "sobol": Quantity("sensitivity.runs.sobol", indices.runs, "runs"),
        }
        prose.append(words.phrase("sec.sensitivity.runs", **runs))
    return Section("sensitivity", prose=tuple(prose), tables=tuple(tables))


def uncertain_inputs(inputs: Inputs, *, table_id: str = "uncertain-inputs") -> Table:
    """List uncertain inputs: the value used, the range tried, and on what ground."""
    w = Words().text
    heads = (
        Head("input", w("sec.input")),
        Head("base", w("sec.base")),
        Head("low", w("sec.register.tested")),
        Head("high", w("sec.register.until")),
        Head("source", w("sec.source")),
    )
    rows = tuple(
        Row(
            (
                one.label,
                *(
                    Quantity(f"input.{_slug(one.name)}.{end}", getattr(one, end), one.unit or "ratio")
                    for end in ("base", "low", "high")
                ),
                one.basis,
            )
        )
        for one in inputs
    )
    return Table(table_id, w("sec.uncertain"), heads, rows)


def futures(
    *,
    count: int,
    fails: Discovery,
    robustness: Robustness,
    inputs: Inputs,
    labels: Mapping[str, Text],
    recommended: str,
) -> Section:
    """
    Say in which futures the recommended option fails, in plain words, and what robust rules pick.

    Parameters
    ----------
    count
        Futures tried.
    fails
        From `discover`, the cases being the futures in which the recommended option is not the best.
    robustness
        From `compare_robustness` over the same futures.
    inputs
        What the futures vary.
    labels
        What each option is called.
    recommended
        The option recommended; named in the table by being marked.
    """
    from workbench.decisions import wilson

    words = Words()
    w = words.text
    told: list[Prose] = [
        words.phrase("sec.futures.tried", futures=Quantity("futures.count", count, "futures"))
    ]
    if fails.cases:
        share = wilson(fails.cases, fails.runs)
        said = Quantity("futures.fails", share.share, "share", share.low, share.high, basis=WILSON)
        told.append(words.phrase("sec.futures.fails", share=said))
        told += [_box(words, at, box, inputs) for at, box in enumerate(fails.boxes, start=1)]
        told += [] if fails.boxes else [words.phrase("sec.futures.nobox")]
    else:
        told.append(words.phrase("sec.futures.never"))
    heads = tuple(Head(key, w(f"sec.futures.{key}")) for key in ("rule", "picks", "also"))
    rows = []
    for pick in robustness.picks:
        chosen = _listed(tuple(labels[name] for name in pick.chosen))
        also = (
            _listed(tuple(labels[name] for name in pick.cannot_separate))
            if pick.cannot_separate
            else w("none")
        )
        rows.append(Row((w(f"rule.{pick.rule}"), chosen, also), chosen=recommended in pick.chosen))
    return Section(
        "futures", prose=tuple(told), tables=(Table("futures", w("sec.futures.rules"), heads, tuple(rows)),)
    )


def information(found: Information, *, inputs: Inputs, unit: str | Text) -> tuple[Prose, Table]:
    """
    Say what it would be worth to know before deciding, and so what to measure next.

    Parameters
    ----------
    found
        From `value_of_information`.
    inputs
        The inputs looked at.
    unit
        Unit of net benefit.

    Returns
    -------
    prose, table
        A sentence, and the worth of each input.
    """
    words = Words()
    w = words.text
    labels = {one.name: one.label for one in inputs}

    def worth(name: str, one: Any) -> Quantity:
        return Quantity(
            name, one.value, unit, min(one.low, one.value), max(one.high, one.value), basis=RESAMPLED
        )

    rows = [Row((w("sec.information.everything"), worth("evpi", found.evpi)))]
    rows += [Row((labels[name], worth(f"evppi.{_slug(name)}", one))) for name, one in found.evppi.items()]
    heads = (Head("input", w("sec.input")), Head("worth", w("sec.information.worth"), unit))
    table = Table("information", w("sec.information"), heads, tuple(rows))
    worthwhile = tuple(labels[name] for name in found.worth_measuring)
    if not worthwhile:
        return words.phrase("sec.information.nothing"), table
    return words.phrase("sec.information.next", names=worthwhile), table


def _tornado(found: Tornado, labels: Mapping[str, Text], what: Text, unit: str | Text) -> Table:
    words = Words()
    w = words.text
    heads = (
        Head("input", w("sec.input")),
        Head("low", w("sec.low"), unit),
        Head("high", w("sec.high"), unit),
    )
    rows = tuple(
        Row(
            (
                labels[one.name],
                Quantity(f"tornado.{_slug(one.name)}.low", one.at_low, unit),
                Quantity(f"tornado.{_slug(one.name)}.high", one.at_high, unit),
            )
        )
        for one in found.swings
    )
    return Table("tornado", words.phrase("sec.tornado", what=what), heads, rows)


def _morris(found: Screening, labels: Mapping[str, Text], unit: str | Text) -> Table:
    w = Words().text
    heads = (
        Head("input", w("sec.input")),
        Head("mu", w("sec.mu_star"), unit),
        Head("sigma", w("sec.sigma"), unit),
    )
    rows = []
    for name in found.order:
        at = found.names.index(name)
        value, low, high = (float(each[at]) for each in (found.mu_star, found.low, found.high))
        size = Quantity(
            f"morris.{_slug(name)}", value, unit, min(low, value), max(high, value), basis=TRAJECTORIES
        )
        rows.append(
            Row((labels[name], size, Quantity(f"morris.sigma.{_slug(name)}", float(found.sigma[at]), unit)))
        )
    return Table("morris", w("sec.morris"), heads, tuple(rows))


def _sobol(found: Indices, labels: Mapping[str, Text]) -> Table:
    w = Words().text
    heads = (Head("input", w("sec.input")), Head("first", w("sec.first")), Head("total", w("sec.total")))
    rows = []
    for name in found.order:
        at = found.names.index(name)
        cells = []
        for which in ("first", "total"):
            value, low, high = (float(getattr(found, f"{which}{end}")[at]) for end in ("", "_low", "_high"))
            ends = (min(low, value), max(high, value))
            cells.append(Quantity(f"sobol.{which}.{_slug(name)}", value, "index", *ends, basis=RESAMPLED))
        rows.append(Row((labels[name], *cells)))
    return Table("sobol", w("sec.sobol"), heads, tuple(rows))


def _box(words: Words, at: int, box: Box, inputs: Inputs) -> Phrase:
    where = []
    for one in box.restrictions:
        known = inputs[one.name]
        ends = {
            end: Quantity(f"box.{at}.{_slug(one.name)}.{end}", value, known.unit or "ratio")
            for end, value in (("low", one.low), ("high", one.high))
            if value is not None
        }
        kind = "within" if len(ends) == 2 else "above" if "low" in ends else "below"
        where.append(words.phrase(f"sec.futures.{kind}", input=known.label, **ends))
    return words.phrase(
        "sec.futures.box",
        where=tuple(where),
        density=Quantity(f"box.{at}.density", box.density, "share"),
        coverage=Quantity(f"box.{at}.coverage", box.coverage, "share"),
    )


def _listed(texts: Sequence[Text]) -> Text:
    return Text(", ".join(one.en for one in texts), "、".join(one.in_("zh") for one in texts))


def _slug(name: str) -> str:
    return "".join(c if c.isalnum() and c.isascii() else "-" for c in name.lower())
