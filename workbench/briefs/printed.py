"""
Reading the printed numbers of a written brief back, to compare them with the record.

A page and a Word file mark every number with its id; of Markdown and PDF there is the text alone, in which
the numbers have to be found in their order.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path

from workbench.briefs._refuse import missing_library
from workbench.briefs._tree import Printed
from workbench.errors import EngineMissing, UnknownName, WorkbenchError

__all__ = ["MARKED", "TEXTS", "Printed", "found_in_order", "plain_text", "printed_numbers"]

MARKED = (".html", ".docx")
TEXTS = (".md", ".pdf")
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
IDS = "urn:lived-workbench:quantity-ids"
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# Characters that are there for line breaking alone.
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")


def printed_numbers(path: str | Path) -> tuple[Printed, ...]:
    """
    Read the numbers of a page or a Word file back, in reading order.

    Parameters
    ----------
    path
        A file that ends in `.html` or `.docx`.

    Returns
    -------
    numbers
        The id and the characters of each number, as often as it is printed.

    Raises
    ------
    UnknownName
        The format marks no numbers; see `plain_text` and `found_in_order`.
    WorkbenchError
        The file cannot be read.
    """
    path = Path(path)
    if path.suffix == ".html":
        return _of_page(_text_of(path))
    if path.suffix == ".docx":
        return _of_word(path)
    raise UnknownName("format with marked numbers", path.suffix, MARKED)


def plain_text(path: str | Path) -> str:
    """
    Return the text of a Markdown or PDF file as a reader sees it.

    Raises
    ------
    UnknownName
        The format is another.
    WorkbenchError
        The file cannot be read.
    EngineMissing
        pypdf is not installed, and the file is a PDF.
    """
    path = Path(path)
    if path.suffix == ".md":
        return html.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", _text_of(path)))
    if path.suffix == ".pdf":
        return _text_of_pdf(path)
    raise UnknownName("format read as text", path.suffix, TEXTS)


def found_in_order(text: str, printed: Iterable[Printed]) -> Printed | None:
    """
    Look for numbers in a text, one after the other.

    White space does not count, wherever the text breaks its lines; a number within a longer one is not found.

    Parameters
    ----------
    text
        Such as `plain_text` gives.
    printed
        The numbers in reading order.

    Returns
    -------
    missing
        The first number that does not follow the one before it; None where all are there.
    """
    text = _INVISIBLE.sub("", text)
    at = 0
    for number in printed:
        found = _pattern(number.text).search(text, at)
        if found is None:
            return number
        at = found.end()
    return None


def _pattern(number: str) -> re.Pattern[str]:
    characters = [re.escape(char) for char in _INVISIBLE.sub("", number) if not char.isspace()]
    before = r"(?<![0-9\u2212])(?<![0-9][.,])" if number[:1].isdigit() else ""
    after = r"(?![0-9])(?![.,][0-9])" if number[-1:].isdigit() else ""
    return re.compile(before + r"\s*".join(characters) + after)


class _Page(HTMLParser):
    """Collects the text of every element that names a quantity."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, list[str]]] = []
        self._depth = 0
        self._inside: list[tuple[int, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        self._depth += 1
        name = dict(attrs).get("data-quantity")
        if name is not None:
            pieces: list[str] = []
            self.found.append((name, pieces))
            self._inside.append((self._depth, pieces))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if self._inside and self._inside[-1][0] == self._depth:
            self._inside.pop()
        self._depth -= 1

    def handle_data(self, data: str) -> None:
        for _, pieces in self._inside:
            pieces.append(data)


def _of_page(text: str) -> tuple[Printed, ...]:
    reader = _Page()
    reader.feed(text)
    reader.close()
    return tuple(Printed(name, "".join(pieces)) for name, pieces in reader.found)


def _of_word(path: Path) -> tuple[Printed, ...]:
    import zipfile
    from xml.etree import ElementTree

    try:
        with zipfile.ZipFile(path) as package:
            body = ElementTree.fromstring(package.read("word/document.xml"))
            kept = [name for name in package.namelist() if name.startswith("customXml/item")]
            parts = [ElementTree.fromstring(package.read(name)) for name in kept if name.endswith(".xml")]
    except (OSError, KeyError, zipfile.BadZipFile, ElementTree.ParseError) as error:
        raise _unreadable(path, "a Word file") from error
    ids = {each.get("tag"): each.text for part in parts for each in part.iter(f"{{{IDS}}}id")}
    found = []
    for control in body.iter(f"{W}sdt"):
        tag = control.find(f"{W}sdtPr/{W}tag")
        if tag is not None:
            text = "".join(piece.text or "" for piece in control.iter(f"{W}t"))
            name = tag.get(f"{W}val")
            found.append(Printed(ids.get(name, name), text))
    return tuple(found)


def _text_of_pdf(path: Path) -> str:
    try:
        import pypdf
    except ImportError as error:
        raise EngineMissing(missing_library(error, "Reading a PDF back")) from error
    try:
        return "\n".join(page.extract_text() for page in pypdf.PdfReader(path).pages)
    except (OSError, ValueError, pypdf.errors.PyPdfError) as error:
        raise _unreadable(path, "a PDF") from error


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, "UTF-8 text") from error


def _unreadable(path: Path, what: str) -> WorkbenchError:
    return WorkbenchError(f"'{path}' cannot be read as {what}: make the brief again.")
