"""A folder of a brief: every format asked for, tables, numbers, and what is missing on this machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.briefs import Brief, _typeset
from workbench.briefs.document import document, printed
from workbench.briefs.fonts import cjk_files
from workbench.briefs.formats import FORMATS, known_formats, lacking, present, write_formats
from workbench.errors import UnknownName

needs_font = pytest.mark.skipif(not cjk_files(), reason="no Chinese font")


@needs_font
def test_all_formats_in_both_languages(full: Brief, tmp_path: Path) -> None:
    written = write_formats(full, tmp_path)
    assert sorted(written) == sorted(path for path in tmp_path.rglob("*") if path.is_file())
    names = {path.relative_to(tmp_path).as_posix() for path in written}
    assert {f"brief.{lang}.{each}" for lang in ("en", "zh") for each in FORMATS} <= names
    assert {"tables/options.csv", "tables/drawn.csv", "tables.csv", "printed.json"} <= names
    assert {"figures/ranking.en.svg", "figures/second.zh.svg"} <= names
    assert (tmp_path / "tables/options.csv").read_bytes().startswith(b"\xef\xbb\xbf")


@needs_font
def test_the_same_bytes_twice(full: Brief, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    first, second = (write_formats(full, tmp_path / name) for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_one_format_alone(brief: Brief, tmp_path: Path) -> None:
    write_formats(brief, tmp_path, ["html"])
    assert present(tmp_path) == ("html",)
    assert not list(tmp_path.glob("*.md"))
    assert (tmp_path / "tables" / "options.csv").is_file()


def test_printed_json_holds_every_number_in_order(full: Brief, tmp_path: Path) -> None:
    write_formats(full, tmp_path, ())
    told = json.loads((tmp_path / "printed.json").read_text(encoding="utf-8"))
    for lang in ("en", "zh"):
        assert [tuple(each) for each in told[lang]] == [tuple(each) for each in printed(document(full, lang))]


def test_an_unknown_format_is_refused_before_anything_is_written(brief: Brief, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"No format is called 'pfd'. Nearest: pdf"):
        write_formats(brief, tmp_path, ["html", "pfd"])
    assert not list(tmp_path.iterdir())
    assert known_formats(["pdf", "html", "pdf"]) == ("html", "pdf")


def test_without_a_chinese_font_the_rest_is_written_and_the_remedy_told(
    brief: Brief, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_typeset, "cjk_files", lambda _: [])
    monkeypatch.setattr("workbench.briefs.fonts.cjk_files", lambda: [])
    told: list[str] = []
    written = {path.name for path in write_formats(brief, tmp_path, ["md", "pdf", "docx"], told=told.append)}
    assert {"brief.en.pdf", "brief.en.docx", "brief.en.md", "brief.zh.md"} <= written
    assert not {"brief.zh.pdf", "brief.zh.docx"} & written
    assert [sentence.partition(" ")[0] for sentence in told] == ["brief.zh.docx", "brief.zh.pdf"]
    assert all("fonts-noto-cjk" in sentence for sentence in told)
    assert lacking(tmp_path, ["md", "pdf", "docx"]) == ()
    monkeypatch.setattr("workbench.briefs.fonts.cjk_files", lambda: [Path("one.otf")])
    assert lacking(tmp_path, ["md", "pdf", "docx"]) == ("docx", "pdf")


def test_what_a_folder_lacks(tmp_path: Path) -> None:
    assert present(tmp_path / "none") == ()
    assert lacking(tmp_path, ["html"]) == ("html",)
    (tmp_path / "brief.en.html").touch()
    assert lacking(tmp_path, ["html"]) == ("html",)
    (tmp_path / "brief.zh.html").touch()
    assert lacking(tmp_path, ["html", "md"]) == ("md",)
