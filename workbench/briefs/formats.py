"""A brief in every format, written from one document, with its tables and its printed numbers beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from workbench._text import LANGUAGES, Language
from workbench.briefs._tree import Document, pictures
from workbench.briefs.brief import Brief
from workbench.briefs.document import document, printed
from workbench.errors import UnknownName

FORMATS = ("html", "md", "docx", "pdf")
PRINTED = "printed.json"
TABLES, COLUMNS = "tables", "tables.csv"
Told = Callable[[str], None]


def known_formats(formats: Iterable[str]) -> tuple[str, ...]:
    """
    Return formats in the order of `FORMATS`, each once.

    Raises
    ------
    UnknownName
        One of them is unknown.
    """
    wanted = list(formats)
    for each in wanted:
        if each not in FORMATS:
            raise UnknownName("format", each, FORMATS)
    return tuple(each for each in FORMATS if each in wanted)


def brief_name(lang: str, format: str) -> str:
    """Return the name of the file that holds a brief in a language and a format."""
    return f"brief.{lang}.{format}"


def write_formats(
    brief: Brief, folder: Path, formats: Iterable[str] = FORMATS, *, told: Told = lambda _: None
) -> list[Path]:
    """
    Write a brief in both languages, with its tables as CSV and its printed numbers as JSON.

    Parameters
    ----------
    brief
        The brief.
    folder
        Where; it is there already.
    formats
        Some of `FORMATS`.
    told
        Told of each file that cannot be made here for want of a Chinese font, and what to do about it.

    Returns
    -------
    files
        What was written.

    Raises
    ------
    UnknownName
        A format is unknown.
    EngineMissing
        A library that a format needs is not installed.
    """
    wanted = known_formats(formats)
    documents = {lang: document(brief, lang) for lang in LANGUAGES}
    written = list(_tables(brief, folder))
    numbers = {lang: [list(number) for number in printed(each)] for lang, each in documents.items()}
    text = json.dumps(numbers, ensure_ascii=False, indent=0, sort_keys=True) + "\n"
    written.append(_write(folder / PRINTED, text.encode()))
    for format in wanted:
        for lang in LANGUAGES:
            written += _brief(brief, documents[lang], folder, format, told)
    return written


def lacking(folder: Path, formats: Iterable[str]) -> tuple[str, ...]:
    """Return those formats that a folder lacks although they could be made here."""
    from workbench.briefs.fonts import cjk_files

    found = []
    for format in known_formats(formats):
        names = [brief_name(lang, format) for lang in LANGUAGES]
        missing = [name for name in names if not (folder / name).is_file()]
        waits_for_font = format in ("docx", "pdf") and len(missing) < len(names)
        if missing and not (waits_for_font and not cjk_files()):
            found.append(format)
    return tuple(found)


def present(folder: Path) -> tuple[str, ...]:
    """Return the formats that a folder holds."""
    return tuple(
        each for each in FORMATS if any((folder / brief_name(lang, each)).is_file() for lang in LANGUAGES)
    )


def _brief(brief: Brief, document: Document, folder: Path, format: str, told: Told) -> Iterator[Path]:
    from workbench.briefs._typeset import NoFont

    path = folder / brief_name(document.lang, format)
    try:
        if format == "html":
            yield _write(path, _page(brief, document.lang))
        elif format == "md":
            yield from _markdown(document, path)
        elif format == "docx":
            from workbench.briefs.word import render_word

            yield _write(path, render_word(document))
        else:
            from workbench.briefs.pdf import render_pdf

            yield _write(path, render_pdf(document))
    except NoFont as error:
        told(f"{path.name} was not written: {error.message}")


def _page(brief: Brief, lang: Language) -> bytes:
    from workbench.briefs.render import render_html

    return render_html(brief, lang).encode()


def _markdown(document: Document, path: Path) -> Iterator[Path]:
    from workbench.briefs.markdown import picture_name, render_markdown

    for picture in pictures(document.blocks):
        place = path.parent / picture_name(picture, document.lang)
        place.parent.mkdir(exist_ok=True)
        yield _write(place, picture.svg.encode())
    yield _write(path, render_markdown(document).encode())


def _tables(brief: Brief, folder: Path) -> Iterator[Path]:
    from workbench.briefs.tables import ENCODING, columns_csv, tables_csv

    place = folder / TABLES
    place.mkdir(exist_ok=True)
    for name, text in tables_csv(brief).items():
        yield _write(place / f"{name}.csv", text.encode(ENCODING))
    yield _write(folder / COLUMNS, columns_csv(brief).encode(ENCODING))


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
