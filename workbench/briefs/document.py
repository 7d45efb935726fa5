"""
A brief as a neutral document: the very order and wording of the page, with no format's marks.

Markdown, Word and PDF are written from it, and `printed` names every printed number in reading order.
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench._text import Text, language
from workbench.briefs._tree import (
    Anchor,
    Block,
    Box,
    Bullets,
    Code,
    Document,
    Grid,
    GridRow,
    Heading,
    Inline,
    Inlines,
    Number,
    Pairs,
    Paragraph,
    Picture,
    Printed,
    Small,
    Strong,
    Verbatim,
    printed,
)
from workbench.briefs._wording import Wording, shortened
from workbench.briefs.brief import Brief
from workbench.briefs.checklist import Check
from workbench.briefs.evidence import Reason
from workbench.briefs.parts import Figure, Head, Prose, Table
from workbench.briefs.phrase import Phrase
from workbench.briefs.quantity import Quantity

__all__ = ["Document", "Printed", "document", "printed"]

NOTHING = "–"


def document(brief: Brief, lang: str) -> Document:
    """
    Lay a brief out as a document in one language.

    Parameters
    ----------
    brief
        The brief.
    lang
        "en" or "zh".
    """
    words = Wording(brief, language(lang))
    return Document(
        lang=words.lang,
        tag=words.tag,
        title=brief.title.in_(words.lang),
        subject=brief.question.in_(words.lang),
        status=words.word(f"status.{brief.status}"),
        running=words.running,
        chosen=words.word("table.chosen"),
        blocks=tuple(_Layout(words).blocks()),
    )


class _Layout:
    """Turns the parts of a brief into blocks."""

    def __init__(self, words: Wording) -> None:
        self.words, self.brief, self.lang = words, words.brief, words.lang
        self.word = words.word

    def blocks(self) -> Iterator[Block]:
        brief = self.brief
        yield from self._masthead()
        yield self._answer()
        yield self._heading(2, "head.options")
        yield from self._grid(brief.options)
        yield Heading(2, self.prose(brief.figure.title))
        yield self._picture(brief.figure)
        yield self._said("figure.data.where", "note")
        if brief.changes:
            yield self._heading(2, "head.changes")
            yield self._bullets(brief.changes)
        yield self._heading(2, "head.evidence", part=True)
        yield self._heading(3, "figure.data")
        yield from self._grid(brief.figure.data)
        if brief.tables:
            yield self._heading(3, "head.tables")
        for table in brief.tables:
            yield from self._grid(table)
        yield self._heading(3, "head.data")
        yield from self._data()
        if bases := self.words.bases():
            yield self._heading(3, "head.intervals")
            yield Bullets(tuple((basis,) for basis in bases))
        for key, said in (("head.assumptions", brief.assumptions), ("head.limits", brief.limits)):
            if said:
                yield self._heading(3, key)
                yield self._bullets(said)
        yield self._heading(3, "head.again")
        yield from self._run()
        if brief.links:
            yield self._heading(3, "head.links")
            yield Bullets(tuple((Anchor(link.label.in_(self.lang), link.href),) for link in brief.links))
        if brief.sections:
            yield from self._record()

    def prose(self, prose: Prose | str) -> Inlines:
        """Cut a sentence into strings and numbers."""
        if isinstance(prose, Phrase):
            return tuple(
                self._number(part) if isinstance(part, Quantity) else part for part in prose.parts(self.lang)
            )
        return (prose.in_(self.lang) if isinstance(prose, Text) else prose,)

    def _masthead(self) -> Iterator[Block]:
        brief = self.brief
        status: list[Inline] = [Strong(self.word(f"status.{brief.status}"))]
        status.append(" " + self.word(f"status.{brief.status}.says"))
        status += [" ", Strong(self.words.until)] if self.words.until else []
        yield Paragraph(tuple(status), "status")
        yield Paragraph((self.word("brief.kind"),), "kind")
        yield Heading(1, self.prose(brief.title))
        yield Paragraph(self.prose(brief.question), "question")
        facts = [
            (self.word("brief.project"), brief.project),
            (self.word("brief.decision"), brief.decision),
            *([(self.word("brief.run"), shortened(brief.run.run_id))] if brief.run else []),
        ]
        yield Pairs(tuple((name, (value,)) for name, value in facts), inline=True)

    def _answer(self) -> Box:
        answer = self.brief.answer
        sure = answer.confidence
        blocks: list[Block] = [self._heading(2, "head.answer")]
        blocks.append(Paragraph(self.prose(answer.headline), "headline"))
        blocks += [self._bullets(answer.points)] if answer.points else []
        word = self.word(f"confidence.{sure.word}")
        said = (Strong(self.word("confidence.label")), " ", Strong(word), " ", *self.prose(sure.rule))
        return Box((*blocks, Paragraph(said, "sure")))

    def _grid(self, table: Table) -> Iterator[Block]:
        """Lay out a table with its caption, or say that it has no rows."""
        brackets = self.words.brackets(table) if table.rows else ""
        note = self.prose(table.note) if table.note is not None else ()
        note = (*note, *([" "] if note and brackets else []), *([brackets] if brackets else []))
        caption = self.prose(table.caption)
        if not table.rows:
            yield Paragraph(caption, "caption")
            yield self._said("table.empty", "empty")
            if note:
                yield Paragraph(note, "note")
            return
        level = not brackets
        rows = tuple(
            GridRow(
                tuple(
                    (self._number(cell, head, level=level),)
                    if isinstance(cell, Quantity)
                    else self.prose(cell)
                    for cell, head in zip(row.cells, table.heads, strict=True)
                ),
                row.chosen,
            )
            for row in table.rows
        )
        heads = tuple(self.words.head(head) for head in table.heads)
        numeric = tuple(self.words.numeric(table, at) for at in range(len(heads)))
        yield Grid(table.id, caption, heads, rows, numeric, note)

    def _data(self) -> Iterator[Block]:
        brief, prose, number = self.brief, self.prose, self._number
        if not brief.data:
            yield self._said("data.none", "empty")
            return
        read = []
        for row in brief.data:
            count = row.numbers
            about = [prose(row.description)[0]]
            about += [f"{self.word('data.contract')} {row.contract}"] if row.contract else []
            start, end = row.period or ("", "")
            read.append(
                GridRow(
                    (
                        (Code(row.table), *(Small(str(each)) for each in about)),
                        (self.word("data.period.span", start=start, end=end) if row.period else NOTHING,),
                        *((number(count[name]),) for name in ("rows", "clean", "rejected", "share")),
                        (number(count["limit"]) if row.limit is not None else NOTHING,),
                        (number(count["duplicates"]),),
                    )
                )
            )
        heads = ("table", "period", "rows", "clean", "rejected", "share", "limit", "duplicates")
        yield self._made("data.read", "data.read", heads, read, numbers=6)
        why = [
            GridRow(
                (
                    (Code(row.table),),
                    (Code(reason.column) if reason.column else self.word("data.whole_row"),),
                    (self.words.reason(reason),),
                    (number(row.numbers[f"reason.{at}"]),),
                )
            )
            for row in brief.data
            for at, reason in enumerate(Reason(*each) for each in row.reasons)
        ]
        if why:
            yield self._made("data.why", "data.why", ("table", "column", "reason", "count"), why, numbers=1)
        yield self._said("data.why.note" if why else "data.why.none", "note")
        files = [
            GridRow(
                (
                    (name,),
                    (Code(row.table),),
                    (number(row.numbers[f"file.{at}"]),),
                    (Code(shortened(digest)),),
                )
            )
            for row in brief.data
            for at, (name, digest, _) in enumerate(row.files)
        ]
        yield self._made(
            "data.files", "data.files", ("file", "table", "count", "sha256"), files, numeric=(2,)
        )

    def _run(self) -> Iterator[Block]:
        run = self.brief.run
        if run is None:
            yield self._said("run.none", "empty")
            return
        if run.command:
            yield self._said("run.command", "lead")
            yield Verbatim(run.command)
        stamp: tuple[tuple[str, Inline], ...] = (
            ("run.id", Code(run.run_id)),
            ("run.code", run.code_version),
            ("run.contract", run.contract),
            ("run.engine", run.engine),
            ("run.seed", self.words.setting(run.seed)),
        )
        yield Pairs(tuple((self.word(key), (value,)) for key, value in stamp))
        settings = [
            GridRow(((Code(name),), (self.words.setting(value),)))
            for name, value in sorted(run.parameters.items(), key=_by_name)
        ]
        inputs = [
            GridRow(((name,), (Code(shortened(digest)),)))
            for name, digest in sorted(run.inputs.items(), key=_by_name)
        ]
        if settings:
            yield self._made(
                "run.parameters", "run.parameters", ("run.parameter", "run.value"), settings, room=""
            )
        if inputs:
            yield self._made("run.inputs", "run.inputs", ("run.input", "data.sha256"), inputs, room="")

    def _record(self) -> Iterator[Block]:
        yield self._heading(2, "head.record", part=True)
        checks = self.words.checklist()
        rows = [
            GridRow(
                (
                    (str(check.item.number),),
                    (check.item.title.in_(self.lang),),
                    (self.word(f"check.{check.state}"),),
                )
            )
            for check in checks
        ]
        heads = ("record.number", "record.item", "record.state")
        yield self._made("record.checklist", "record.checklist", heads, rows, room="", numeric=(0,), header=1)
        for group in dict.fromkeys(check.item.group for check in checks):
            told = [check for check in checks if check.item.group == group and check.said]
            if told:
                yield Heading(3, (self.words.group(group),))
            for check in told:
                yield from self._item(check)

    def _item(self, check: Check) -> Iterator[Block]:
        section = check.section
        if section is None:
            return
        yield Heading(4, (f"{check.item.number} {check.item.title.in_(self.lang)}",))
        if section.reason is not None:
            yield Paragraph(self.prose(section.reason), "said")
        for prose in section.prose:
            yield Paragraph(self.prose(prose), "said")
        for table in section.tables:
            yield from self._grid(table)
        for figure in section.figures:
            yield Paragraph(self.prose(figure.title), "caption")
            yield self._picture(figure)
            yield from self._grid(figure.data)
        if section.shown:
            yield Paragraph((self.word("record.see", parts=self.words.parts(section.shown)),), "note")

    def _number(self, quantity: Quantity, head: Head | None = None, *, level: bool = True) -> Number:
        within = (head.unit or None) if head else None
        value, interval = quantity.parts(self.lang, within=within, level=level)
        return Number(quantity.id, value, interval, quantity.value is None)

    def _picture(self, figure: Figure) -> Picture:
        lang = self.lang
        return Picture(figure.id, figure.title.text(lang), figure.alt.text(lang), figure.svg[lang])

    def _heading(self, level: int, key: str, *, part: bool = False) -> Heading:
        return Heading(level, (self.word(key),), part)

    def _said(self, key: str, role: str) -> Paragraph:
        return Paragraph((self.word(key),), role)  # type: ignore[arg-type]

    def _bullets(self, phrases: tuple[Phrase, ...]) -> Bullets:
        return Bullets(tuple(self.prose(each) for each in phrases))

    def _made(
        self,
        id: str,
        caption: str,
        heads: tuple[str, ...],
        rows: list[GridRow],
        *,
        numbers: int = 0,
        numeric: tuple[int, ...] = (),
        header: int = 0,
        room: str = "data.",
    ) -> Grid:
        """Make a table of the house's own words; the last `numbers` columns hold numbers."""
        first = len(heads) - numbers
        lined = tuple(at >= first or at in numeric for at in range(len(heads)))
        labels = tuple(self.word(room + head) for head in heads)
        return Grid(id, (self.word(caption),), labels, tuple(rows), lined, (), header)


def _by_name(named: tuple[str, object]) -> str:
    return named[0].lower()
