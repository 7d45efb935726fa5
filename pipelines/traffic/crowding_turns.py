"""What would turn the answer on crowding: assumptions, sensitivity, futures, and what to measure next."""

from __future__ import annotations

from dataclasses import replace

from pipelines.traffic.crowding_case import Case
from pipelines.traffic.recording import FUTURES, MANY, assumed, ends_of, vary, worth
from pipelines.traffic.words import record_words
from workbench._text import Text
from workbench.briefs import Phrase, Quantity
from workbench.briefs.checklist import Section
from workbench.briefs.robustness import WILSON
from workbench.briefs.robustness import futures as section_of
from workbench.decisions import Box, compare_robustness, discover, wilson
from workbench.decisions.assumptions import Rating

UNTRIED: dict[str, tuple[Rating, Rating]] = {
    "timetable": ("amber", "red"),
    "passing": ("amber", "amber"),
    "pattern": ("green", "amber"),
    "stay": ("red", "amber"),
}
"""What is assumed and not tried: quality of its ground, and impact."""
OFTEN = 0.2
"""Share of the futures in which somebody must be above places, for that to be what sensitivity looks at."""


def assumptions(case: Case) -> Section:
    """What the comparison takes for granted, tried where it is a number."""
    effects: dict[str, Text | Phrase] = {}
    for name in case.inputs.names:
        values = ends_of(case.inputs, name)
        low, high = sorted(case.today(values).tolist())
        ends = {
            end: Quantity(f"effect.{name}.{end}", value, "persons", decimals=0)
            for end, value in (("low", low), ("high", high))
        }
        if not high:
            effects[name] = record_words().text("crowding.effect.nobody")
            continue
        kind = "same" if case.still_ahead(case.leaves(values)).all() else "other"
        effects[name] = record_words().phrase(f"crowding.effect.{kind}", **ends)
    return assumed("crowding", case.inputs, UNTRIED, effects, day=case.last_day)


def sensitivity(case: Case) -> Section:
    """What moves the riders above places, or the fullest section where hardly anybody ever is above."""
    w = record_words().text
    if (case.left[:, 0] > 0).mean() >= OFTEN:
        evaluate, what, unit = case.today, w("crowding.above"), "persons"
    else:
        evaluate, what, unit = case.fullest, w("crowding.fullest"), "share"
    return vary(case.inputs, evaluate, case.streams, what=what, unit=unit, points=MANY)


def futures(case: Case) -> Section:
    """In which futures the fullest section is within its limit, or over it, and which option holds up."""
    words = record_words()
    over = case.fullest(case.tried) > case.p.limit
    now = float(case.first["factor"]) > case.p.limit
    other = ~over if now else over
    found = discover(case.tried, other, case.inputs.names, case.streams)
    enough = float(case.above[:, 0].mean()) / 2
    robust = compare_robustness(case.left, case.options, larger_is_better=False, target=enough)
    section = section_of(
        count=FUTURES,
        fails=found,
        robustness=robust,
        inputs=case.inputs,
        labels=case.labels,
        recommended="",
    )
    often = wilson(int(over.sum()), FUTURES)
    share = Quantity("futures.over", often.share, "share", often.low, often.high, basis=WILSON)
    said = words.phrase("crowding.futures.over", share=share)
    option = case.labels[case.ahead]
    held = Quantity("futures.ahead", float(case.still_ahead(case.left).mean()), "share")
    ahead = words.phrase("crowding.futures.nobody", option=option, share=held)
    if enough:
        at_most = Quantity("futures.enough", enough, "persons", decimals=0)
        ahead = words.phrase("crowding.futures.ahead", option=option, share=held, enough=at_most)
    boxes = [_box(case, "within" if now else "other", at, box) for at, box in enumerate(found.boxes, start=1)]
    return replace(section, prose=(section.prose[0], said, *boxes, ahead))


def changes(case: Case) -> Section:
    """How far the fullest section is from its limit, what to measure next, and when to look again."""
    words, factor, limit = record_words(), float(case.first["factor"]), case.p.limit
    if factor > limit:
        ends = {"fewer": 1 - limit / factor, "places": factor / limit - 1}
        told = words.phrase(
            "crowding.margin.over", **{k: Quantity(f"margin.{k}", v, "share") for k, v in ends.items()}
        )
    else:
        more = Quantity("margin.more", limit / factor - 1, "share")
        told = words.phrase("crowding.margin.within", more=more)
    said, tables = worth(-case.left, case.options, case.tried, case.inputs, case.streams, unit="persons")
    prose = (told, words.phrase("crowding.information"), said, words.phrase("crowding.trigger"))
    return Section("changes", prose=prose, tables=tables, shown=("changes",))


def _box(case: Case, kind: str, at: int, box: Box) -> Phrase:
    """Word a box of futures in which the fullest section is on the other side of its limit."""
    words, where = record_words(), []
    for one in box.restrictions:
        known = case.inputs[one.name]
        ends = {
            end: Quantity(f"full.{at}.{one.name}.{end}", value, known.unit)
            for end, value in (("low", one.low), ("high", one.high))
            if value is not None
        }
        side = "within" if len(ends) == 2 else "above" if "low" in ends else "below"
        where.append(words.phrase(f"sec.futures.{side}", input=known.label, **ends))
    return words.phrase(
        f"crowding.futures.{kind}",
        where=tuple(where),
        density=Quantity(f"full.{at}.density", box.density, "share"),
        coverage=Quantity(f"full.{at}.coverage", box.coverage, "share"),
    )
