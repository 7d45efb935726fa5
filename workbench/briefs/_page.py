"""What a template of the page asks for: prose with its numbers marked, cells, the picture."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from workbench._text import Language, Text
from workbench.briefs._wording import Wording, shortened
from workbench.briefs.brief import Brief
from workbench.briefs.parts import Cell, Figure, Head, Prose
from workbench.briefs.phrase import Phrase
from workbench.briefs.quantity import Quantity

TIME = re.compile(r"\d{1,2}:\d{2}|\d{4}-\d{2}-\d{2}")
"""What is not broken over lines in a cell."""


class Page(Wording):
    """
    One page of one brief in one language.

    The first time a number is printed it gets the element id `q-<id>`, so that a link can point at
    it; a fragment for a notebook, where several briefs share a page, gets no element ids.
    """

    def __init__(self, brief: Brief, lang: Language, *, ids: bool) -> None:
        super().__init__(brief, lang)
        self.ids = ids
        self._seen: set[str] = set()

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
        """Return a cell of a table; a time of day is not broken over lines."""
        if isinstance(cell, str) and TIME.fullmatch(cell):
            return Markup('<span class="nb">{}</span>').format(cell)
        return self.number(cell, head, level=level) if isinstance(cell, Quantity) else self.prose(cell)

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

    def period(self, period: tuple[str, str]) -> Markup:
        """Return a period whose dates are not broken over lines."""
        start, end = (Markup('<span class="nb">{}</span>').format(each) for each in period)
        return escape(self.word("data.period.span")).format(start=start, end=end)

    def short(self, digest: str, element: str = "code") -> Markup:
        """Return the start of a hash, with the whole of it on hover."""
        shown = shortened(digest)
        title = Markup(' title="{}"').format(digest) if shown != digest else ""
        return Markup("<{0}{1}>{2}</{0}>").format(element, title, shown)
