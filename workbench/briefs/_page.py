"""What a template asks for: words, prose with its numbers marked, cells, the picture."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup, escape

from workbench._text import Language, Text
from workbench.briefs.brief import Brief
from workbench.briefs.checklist import Check, checklist, groups
from workbench.briefs.evidence import Reason
from workbench.briefs.glossary import house
from workbench.briefs.parts import Cell, Figure, Head, Prose, Table
from workbench.briefs.phrase import Phrase
from workbench.briefs.quantity import Quantity

SHORT_HASH = 12
HTML_LANGUAGES: Mapping[Language, str] = {"en": "en", "zh": "zh-CN"}


class Page:
    """
    One rendering of one brief in one language.

    The first time a number is printed it gets the element id `q-<id>`, so that a link can point at
    it; a fragment for a notebook, where several briefs share a page, gets no element ids.
    """

    def __init__(self, brief: Brief, lang: Language, *, ids: bool) -> None:
        self.brief, self.lang, self.ids = brief, lang, ids
        self._seen: set[str] = set()

    @property
    def html_lang(self) -> str:
        """The language tag of the page."""
        return HTML_LANGUAGES[self.lang]

    @property
    def running(self) -> str:
        """What stands at the foot of every printed page: status, decision and run."""
        run = [shortened(self.brief.run.run_id)] if self.brief.run else []
        return " · ".join([self.word(f"status.{self.brief.status}"), self.brief.decision, *run])

    def word(self, key: str, **values: str) -> str:
        """Return words of the house's glossary."""
        text = house()[key].in_(self.lang)
        return text.format(**values) if values else text

    def reason(self, reason: Reason) -> str:
        """Return the words for a rule of screening: its own, the glossary's, else its name."""
        return (reason.text or house().get(f"reason.{reason.rule}", Text(reason.rule))).in_(self.lang)

    def prose(self, prose: Prose | str) -> Markup:
        """Return a sentence with each of its numbers marked."""
        if isinstance(prose, Phrase):
            return Markup("").join(
                self.number(part) if isinstance(part, Quantity) else escape(part)
                for part in prose.parts(self.lang)
            )
        return escape(prose.in_(self.lang) if isinstance(prose, Text) else prose)

    def number(self, quantity: Quantity, head: Head | None = None, *, level: bool = True) -> Markup:
        """Return a printed number, marked with its id and where it came from."""
        within = (head.unit or None) if head else None
        value, interval = quantity.parts(self.lang, within=within, level=level)
        element = ""
        if self.ids and quantity.id not in self._seen:
            self._seen.add(quantity.id)
            element = Markup(' id="q-{}"').format(quantity.id)
        title = Markup(' title="{}"').format(str(quantity.source)) if quantity.source else ""
        bracket = Markup('<span class="ci">{}</span>').format(interval) if interval else ""
        kind = "q unknown" if quantity.value is None else "q"
        return Markup('<span class="{}"{} data-quantity="{}"{}><span class="v">{}</span>{}</span>').format(
            kind, element, quantity.id, title, value, bracket
        )

    def cell(self, cell: Cell, head: Head, *, level: bool) -> Markup:
        """Return a cell of a table."""
        return self.number(cell, head, level=level) if isinstance(cell, Quantity) else self.prose(cell)

    def head(self, head: Head) -> str:
        """Return the head of a column with its unit."""
        label, unit = head.label.in_(self.lang), unit_of(head, self.lang)
        if not unit:
            return label
        return f"{label}（{unit}）" if self.lang == "zh" else f"{label} ({unit})"

    def numeric(self, table: Table, column: int) -> bool:
        """Tell whether every cell of a column is a number, which then lines up to the right."""
        return bool(table.rows) and all(isinstance(row.cells[column], Quantity) for row in table.rows)

    def brackets(self, table: Table) -> str:
        """Return the sentence that states the level of a table's intervals once, where they share it."""
        level = table.shared_level()
        return "" if level is None else self.word("table.brackets", level=percent(level))

    def drawing(self, figure: Figure) -> Markup:
        """Return the picture with its title and description inside, for readers who cannot see it."""
        svg = figure.svg[self.lang]
        start = re.search(r"<svg\b[^>]*>", svg)
        if start is None:
            return Markup("")
        tag = re.sub(r'\s(?:role|aria-\w+|width|height)="[^"]*"', "", start.group())
        label = f"figure-{figure.id}"
        named = Markup(' role="img" aria-labelledby="{0}-title {0}-desc"').format(label)
        inside = Markup('<title id="{0}-title">{1}</title><desc id="{0}-desc">{2}</desc>').format(
            label, figure.title.text(self.lang), figure.alt.text(self.lang)
        )
        return Markup(tag[:-1]) + named + Markup(">") + inside + Markup(svg[start.end() :])

    def checklist(self) -> tuple[Check, ...]:
        """Return the state of every item of the checklist."""
        return checklist(self.brief)

    def group(self, group: str) -> str:
        """Return what a group of the checklist is called."""
        return groups()[group].in_(self.lang)

    def parts(self, shown: Iterable[str]) -> str:
        """Name the parts of the brief that say what an item asks for."""
        return self.word("list.between").join(self.word(f"part.{part}") for part in shown)

    def period(self, period: tuple[str, str]) -> Markup:
        """Return a period whose dates are not broken over lines."""
        start, end = (Markup('<span class="nb">{}</span>').format(each) for each in period)
        return escape(self.word("data.period.span")).format(start=start, end=end)

    def bases(self) -> list[str]:
        """Return how the intervals were made, each way once."""
        found = (q.basis.in_(self.lang) for q in self.brief.quantities().values() if q.low is not None)
        return list(dict.fromkeys(found))

    def short(self, digest: str, element: str = "code") -> Markup:
        """Return the start of a hash, with the whole of it on hover."""
        shown = shortened(digest)
        title = Markup(' title="{}"').format(digest) if shown != digest else ""
        return Markup("<{0}{1}>{2}</{0}>").format(element, title, shown)

    def setting(self, value: Any) -> str:
        """Return a parameter's value as it is read."""
        if value is None:
            return self.word("none")
        if isinstance(value, bool):
            return self.word("yes" if value else "no")
        if isinstance(value, Text):
            return value.in_(self.lang)
        if isinstance(value, Mapping):
            return "; ".join(f"{key} = {self.setting(each)}" for key, each in value.items())
        if isinstance(value, Iterable) and not isinstance(value, str):
            return ", ".join(self.setting(each) for each in value) or self.word("none")
        return str(value)


def shortened(digest: str) -> str:
    """Cut a hash; a name that is not one stays whole."""
    return f"{digest[:SHORT_HASH]}…" if re.fullmatch(r"[0-9a-f]{32,}", digest) else digest


def unit_of(head: Head, lang: str) -> str:
    """Return the unit a head states."""
    from workbench.briefs.formatting import SHARES, unit_text

    return "%" if head.unit in SHARES else unit_text(head.unit, lang)


def percent(level: float) -> str:
    """Print a level such as 0.95 as 95%."""
    return f"{level * 100:g}%"
