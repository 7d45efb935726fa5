"""Numbers read back from what was written: all of them, in order, and a changed digit is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.briefs import Brief
from workbench.briefs.document import document, printed
from workbench.briefs.markdown import render_markdown
from workbench.briefs.pdf import render_pdf
from workbench.briefs.printed import Printed, found_in_order, plain_text, printed_numbers
from workbench.briefs.render import render_html
from workbench.briefs.word import render_word
from workbench.errors import UnknownName, WorkbenchError

WRITE = {
    ".html": lambda brief, lang: render_html(brief, lang).encode(),
    ".md": lambda brief, lang: render_markdown(document(brief, lang)).encode(),
    ".docx": lambda brief, lang: render_word(document(brief, lang)),
    ".pdf": lambda brief, lang: render_pdf(document(brief, lang)),
}


@pytest.mark.paper
@pytest.mark.parametrize("ending", [".html", ".docx"])
def test_marked_numbers_are_those_printed(full: Brief, lang: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"brief{ending}"
    path.write_bytes(WRITE[ending](full, lang))
    assert printed_numbers(path) == printed(document(full, lang))


@pytest.mark.paper
@pytest.mark.parametrize("ending", [".md", ".pdf"])
def test_text_holds_the_numbers_in_order(full: Brief, lang: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"brief{ending}"
    path.write_bytes(WRITE[ending](full, lang))
    numbers = printed(document(full, lang))
    text = plain_text(path)
    assert found_in_order(text, numbers) is None
    assert found_in_order(text, [*numbers, Printed("more", "987654")]) == Printed("more", "987654")


@pytest.mark.paper
@pytest.mark.parametrize("ending", [".md", ".pdf"])
def test_a_changed_digit_is_found_in_text(full: Brief, lang: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"brief{ending}"
    path.write_bytes(WRITE[ending](full, lang))
    numbers = list(printed(document(full, lang)))
    at = next(i for i, number in enumerate(numbers) if number.id == "delay.1")
    numbers[at] = Printed("delay.1", numbers[at].text.replace("3.9", "3.8"))
    assert found_in_order(plain_text(path), numbers) == numbers[at]


@pytest.mark.parametrize("ending", [".html", ".docx"])
def test_a_changed_digit_is_found_where_numbers_are_marked(full: Brief, ending: str, tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / f"brief{ending}"
    path.write_bytes(WRITE[ending](full, "en"))
    if ending == ".html":
        path.write_text(path.read_text(encoding="utf-8").replace(">3.9<", ">3.8<", 1), encoding="utf-8")
    else:
        with zipfile.ZipFile(path) as package:
            parts = {name: package.read(name) for name in package.namelist()}
        parts["word/document.xml"] = parts["word/document.xml"].replace(b">3.9<", b">3.8<", 1)
        with zipfile.ZipFile(path, "w") as package:
            for name, content in parts.items():
                package.writestr(name, content)
    wanted, found = printed(document(full, "en")), printed_numbers(path)
    wrong = [(one.text, other.text) for one, other in zip(wanted, found, strict=True) if one != other]
    assert [(one[:3], other[:3]) for one, other in wrong] == [("3.9", "3.8")]


@pytest.mark.parametrize(
    ("text", "number", "there"),
    [
        ("it takes 3.9 min (95% 3.7–4.1) to", "3.9\N{NO-BREAK SPACE}min (95% 3.7–4.1)", True),
        ("it takes 3.9\nmin (95%\n3.7–4.1)", "3.9 min (95% 3.7–4.1)", True),
        ("13.9", "3.9", False),
        ("3.95", "3.9", False),
        ("3.9.", "3.9", True),
        ("3.9, and", "3.9", True),
        ("1,003", "1", False),
        ("1,003", "003", False),
        ("2027-03-08", "27", False),
        ("−3.9", "3.9", False),
        ("about 3.9min", "3.9", True),
        ("3.\u200b9", "3.9", True),
        ("cannot tell", "cannot tell", True),
        ("共3个", "3个", True),
    ],
)
def test_what_counts_as_found(text: str, number: str, there: bool) -> None:
    assert (found_in_order(text, [Printed("n", number)]) is None) is there


def test_order_counts() -> None:
    numbers = [Printed("a", "1"), Printed("b", "2")]
    assert found_in_order("1 and 2", numbers) is None
    assert found_in_order("2 and 1", numbers) == numbers[1]
    assert found_in_order("", []) is None


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    for name, read in (("a.html", printed_numbers), ("a.docx", printed_numbers), ("a.pdf", plain_text)):
        path = tmp_path / name
        with pytest.raises(WorkbenchError, match="cannot be read"):
            read(path)
        path.write_bytes(b"\xff\xfe nothing of the kind")
        with pytest.raises(WorkbenchError, match="cannot be read"):
            read(path)
    with pytest.raises(UnknownName):
        printed_numbers(tmp_path / "a.pdf")
    with pytest.raises(UnknownName):
        plain_text(tmp_path / "a.html")
