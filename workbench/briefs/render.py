"""
A brief as a self-contained page, and as a fragment for a notebook.

The page needs no network: its style and its picture are inside it. Each printed number is a
`<span class="q" data-quantity="...">`, so that a page can be checked against the record.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from workbench._text import LANGUAGES, Language, language
from workbench.briefs._refuse import missing_library
from workbench.briefs._wording import LANGUAGE_TAGS
from workbench.briefs.brief import Brief
from workbench.briefs.glossary import house
from workbench.errors import EngineMissing

if TYPE_CHECKING:
    from jinja2 import Environment

    from workbench.briefs._page import Page

HERE = Path(__file__).parent


def file_name(lang: str) -> str:
    """Return the name a page is written under, which is also how the two languages link to each other."""
    return f"brief.{language(lang)}.html"


def render_html(brief: Brief, lang: str, *, other: str | None = None) -> str:
    """
    Render a brief as one self-contained HTML page.

    Parameters
    ----------
    brief
        The brief.
    lang
        "en" or "zh".
    other
        Path of the page in the other language, relative to this one; by default `file_name` of it,
        "" where there is none.

    Returns
    -------
    page
        The page; the same brief gives the same characters.

    Raises
    ------
    EngineMissing
        Where Jinja2 is not installed.
    """
    lang = language(lang)
    environment, page = _environment(), _page(brief, lang, ids=True)
    there = _other(lang)
    return environment.get_template("brief.html.j2").render(
        brief=brief,
        page=page,
        styles=_style("brief.css") + _style("page.css"),
        running=_css_string(page.running),
        other=file_name(there) if other is None else other,
        other_lang=LANGUAGE_TAGS[there],
        other_words=house()["brief.language"].in_(there),
    )


def render_fragment(brief: Brief, lang: str) -> str:
    """
    Render a brief as a piece of HTML for a notebook's output; its style touches nothing around it.

    Parameters
    ----------
    brief
        The brief.
    lang
        "en" or "zh".
    """
    page = _page(brief, language(lang), ids=False)
    template = _environment().get_template("fragment.html.j2")
    return template.render(brief=brief, page=page, styles=_style("brief.css"))


@cache
def _environment() -> Environment:
    try:
        import jinja2
    except ImportError as error:
        raise EngineMissing(missing_library(error, "A brief's page")) from error
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _page(brief: Brief, lang: Language, *, ids: bool) -> Page:
    from workbench.briefs._page import Page

    return Page(brief, lang, ids=ids)


@cache
def _style(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _other(lang: Language) -> Language:
    return LANGUAGES[1 - LANGUAGES.index(lang)]


def _css_string(text: str) -> str:
    """Return a text as a CSS string; everything but plain characters is written by its number."""
    return '"' + "".join(c if c.isalnum() or c in " ·.…-" else f"\\{ord(c):x} " for c in text) + '"'
