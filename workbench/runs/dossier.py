"""The part of a brief's record that follows from its run: commission, data log, software, roles, bundle."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workbench._text import Text
from workbench.briefs import Head, Phrase, Quantity, Row, Source, Table
from workbench.briefs.appraisal import AMBER_REJECTED, GREEN_REJECTED, quality_of
from workbench.briefs.checklist import Section, not_applicable
from workbench.briefs.modelcard import inputs
from workbench.briefs.phrase import Words
from workbench.briefs.robustness import register
from workbench.data.report import Report
from workbench.domains import Decision, Domain
from workbench.parameters import describe
from workbench.runs.about import About, Person, TableAbout, text_of

if TYPE_CHECKING:
    from workbench.briefs import Brief
    from workbench.data.contract import TableContract

YEAR = dt.timedelta(days=365)


def sections_of_run(
    brief: Brief,
    decision: type[Decision],
    domain: Domain,
    about: About,
    report: Report,
    record: Mapping[str, Any],
) -> tuple[Section, ...]:
    """
    Fill the items that the run itself can fill.

    Parameters
    ----------
    brief
        As the decision gave it, with its data and run.
    decision, domain
        What was answered, and by whose contract.
    about
        What people declared.
    report
        What screening found.
    record
        The run's record.
    """
    words = Words()
    tables = [domain.contract.table(row.table) for row in brief.data]
    made = (
        _commission(words, decision, about),
        Section("headline", shown=("answer",)),
        _use(words, decision, brief, about),
        _data_log(words, brief, about, report),
        _missing(words, about, brief),
        _privacy(words, tables, about),
        inputs(describe(decision.Parameters), record["parameters"]),
        Section("randomness", prose=(words.phrase("record.randomness"),))
        if record["seed"] is not None
        else None,
        _software(words, record),
        _roles(words, about),
        Section("bundle", prose=(words.phrase("record.bundle"),), shown=("run",)),
        Section("accessibility", prose=(words.phrase("record.accessibility"),)),
        _log(words, about),
        not_applicable("recovery", "no_lifelines"),
        not_applicable("ethics", "no_machine_learning"),
    )
    return tuple(one for one in made if one is not None)


def sunset_of(about: About, brief: Brief) -> dt.date | None:
    """
    Return the last day of use: the one declared, else a year after the last day of the data.

    Where no table has days in it, as those of a network have not, the last day on which one was extracted
    counts.
    """
    if about.sunset is not None:
        return about.sunset
    ends = [dt.date.fromisoformat(table.period[1][:10]) for table in brief.data if table.period]
    declared = (about.data.get(table.table) for table in brief.data)
    ends = ends or [one.extracted for one in declared if one is not None and one.extracted is not None]
    return max(ends) + YEAR if ends else None


def declared(brief: Brief, about: About) -> Brief:
    """Add to a brief's own sections what people declared on the same items: assumptions, and who looked."""
    words = Words()
    sections = {section.key: section for section in brief.sections}
    if about.assumptions:
        day = max(one.since for one in about.assumptions)
        added = register(about.register(), on=day, waived=about.waived, effects={}, prefix="declared")
        have = sections.get("assumptions", Section("assumptions"))
        sections["assumptions"] = replace(have, reason=None, tables=(*have.tables, *added.tables))
    if about.face_validity and "validation" in sections:
        have = sections["validation"]
        looked = words.phrase("sec.face", who=text_of(about.face_validity))
        sections["validation"] = replace(have, prose=(*have.prose, looked))
    return replace(brief, sections=tuple(sections.values()))


def statement(brief: Brief) -> Section:
    """State the outcome of the checklist itself: what is filled, and what does not apply."""
    from workbench.briefs.checklist import checklist

    states: list[str] = [check.state for check in checklist(brief)]
    counts = {
        name: Quantity(f"checklist.{name}", states.count(state) + add, kind="counting")
        for name, state, add in (
            ("filled", "filled", 1),
            ("left", "not_applicable", 0),
            ("empty", "empty", -1),
        )
    }
    return Section("statement", prose=(Words().phrase("record.statement", **counts),))


def _commission(words: Words, decision: type[Decision], about: About) -> Section:
    from workbench import plan

    loaded = plan.load()
    project = next(one for one in loaded.projects if one.id == decision.project)
    maker = text_of(about.decision_maker) if about.decision_maker else decision.decision_maker
    if not maker.en:
        return Section("commission")
    deadline = about.deadline or loaded.end
    key = "record.commission.declared" if about.deadline else "record.commission.plan"
    prose: list[Phrase | Text] = [
        words.phrase(key, maker=maker, day=deadline.isoformat(), project=project.id, title=project.title)
    ]
    others = [loaded.project(one) for one in decision.also_for]
    if others:
        titles = tuple(
            words.phrase("record.commission.project", id=one.id, title=one.title) for one in others
        )
        prose.append(words.phrase("record.commission.also", projects=titles))
    served = [one for one in loaded.targets if one.project in (project.id, *decision.also_for)]
    if served:
        prose.append(words.phrase("record.commission.targets", targets=tuple(one.title for one in served)))
    return Section("commission", prose=tuple(prose))


def _use(words: Words, decision: type[Decision], brief: Brief, about: About) -> Section:
    day = sunset_of(about, brief)
    if not (decision.use_for.en and day):
        return Section("use")
    said = [words.phrase("record.use.for", what=decision.use_for)]
    if decision.not_for.en:
        said.append(words.phrase("record.use.not_for", what=decision.not_for))
    said.append(words.phrase("record.use.until", day=day.isoformat()))
    return Section("use", prose=tuple(said), shown=("limits",) if brief.limits else ())


def _data_log(words: Words, brief: Brief, about: About, report: Report) -> Section:
    """Fill the data log; a table whose owner or licence nobody stated leaves the item empty."""
    w = words.text
    found = {table.table: table for table in report.tables}
    rows, told = [], True
    for row in brief.data:
        one = about.data.get(row.table, TableAbout())
        told = told and bool(one.owner and one.licence and one.suitability)
        share = found[row.table].share
        quality = quality_of(share)
        rows.append(
            Row(
                (
                    row.description,
                    text_of(one.owner) if one.owner else w("record.unstated"),
                    text_of(one.licence) if one.licence else w("record.unstated"),
                    one.extracted.isoformat() if one.extracted else w("record.unstated"),
                    w(f"rag.{quality}"),
                    w(f"rag.{one.suitability}") if one.suitability else w("record.unstated"),
                )
            )
        )
    heads = tuple(
        Head(key, w(f"record.data.{key}"))
        for key in ("table", "owner", "licence", "extracted", "quality", "suitability")
    )
    note = words.phrase(
        "record.data.note",
        green=Quantity("quality.green", GREEN_REJECTED, "share"),
        amber=Quantity("quality.amber", AMBER_REJECTED, "share"),
    )
    if not told:
        return Section("data_log")
    return Section(
        "data_log",
        tables=(Table("data-log", w("record.data.caption"), heads, tuple(rows), note),),
        shown=("data",),
    )


def _missing(words: Words, about: About, brief: Brief) -> Section:
    said: list[Phrase | Text] = [text_of(one) for one in about.missing]
    lost = sum(reason[2] for row in brief.data for reason in row.reasons if reason[0] == "required")
    count = Quantity("missing.values", lost, "rows", source=Source("screening", "required"), kind="counting")
    said.append(words.phrase("record.missing", rows=count))
    return Section("missing", prose=tuple(said))


def _privacy(words: Words, tables: Sequence[TableContract], about: About) -> Section:
    classed = [
        (table.name, column.name, column.classification)
        for table in tables
        for column in table.columns
        if column.classification != "none"
    ]
    if not classed:
        return Section("privacy", prose=(words.phrase("record.privacy.none"),))
    w = words.text
    heads = tuple(Head(key, w(f"record.privacy.{key}")) for key in ("table", "column", "class", "basis"))
    rows = tuple(
        Row(
            (
                table,
                column,
                w(f"class.{kind}"),
                text_of(about.data[table].basis)
                if table in about.data and about.data[table].basis
                else w("record.unstated"),
            )
        )
        for table, column, kind in classed
    )
    return Section(
        "privacy",
        prose=(words.phrase("record.privacy.left"),),
        tables=(Table("privacy", w("record.privacy.caption"), heads, rows),),
    )


def _software(words: Words, record: Mapping[str, Any]) -> Section:
    w = words.text
    heads = (Head("package", w("record.software.package")), Head("version", w("record.software.version")))
    rows = [Row((name, version)) for name, version in sorted(record["software"].items())]
    table = Table(
        "software", w("record.software.caption"), heads, (Row(("lived-workbench", record["code"])), *rows)
    )
    return Section("software", prose=(words.phrase("record.software.machine"),), tables=(table,))


def _roles(words: Words, about: About) -> Section:
    w = words.text

    def row(role: str, person: Person | None) -> Row:
        name = person.name if person else w("record.nobody")
        return Row((w(f"role.{role}"), name, person.date.isoformat() if person else "–"))

    rows = (row("analyst", about.analyst), row("assurer", about.assurer), row("approver", about.approver))
    heads = tuple(Head(key, w(f"record.roles.{key}")) for key in ("role", "name", "date"))
    table = Table("roles", w("record.roles.caption"), heads, rows)
    return Section("roles", prose=(words.phrase(f"record.roles.{about.status.lower()}"),), tables=(table,))


def _log(words: Words, about: About) -> Section:
    said: list[Phrase | Text] = [text_of(one) for one in about.log] or [words.phrase("record.log.none")]
    return Section("log", prose=(*said, words.phrase("record.log.compare")))
