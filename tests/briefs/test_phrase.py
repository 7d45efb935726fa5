"""Prose holds no typed numbers, says the same in both languages, and comes from checked glossaries."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.briefs import BadBrief, Phrase, Quantity, Text, Words
from workbench.briefs.glossary import HOUSE, house, read_glossary
from workbench.data.report import RULES
from workbench.errors import BadFile, UnknownName

N = Quantity("n", 3, "segments")


def test_fill() -> None:
    phrase = Phrase(
        "Treat {names}: {n} at {place}", "优先治理{names}：{n}，位于{place}",
        {"names": (Text("A", "甲"), Text("B", "乙"), "C 7"), "n": N, "place": Text("{n} braces", "括号{n}")},
    )  # fmt: skip
    assert phrase.text("en") == "Treat A, B and C 7: 3\N{NO-BREAK SPACE}segments at {n} braces"
    assert phrase.text("zh") == "优先治理甲、乙和C 7：3个路段，位于括号{n}"
    assert phrase.quantities() == (N,)
    assert phrase.parts("zh") == ("优先治理甲、乙和C 7：", N, "，位于括号{n}")


def test_phrases_nest() -> None:
    inner = Phrase("{name} ({n})", "{name}（{n}）", {"name": "A", "n": N})
    assert Phrase("First {x}", "先{x}", {"x": (inner, inner)}).text("zh") == "先A（3个路段）和A（3个路段）"
    assert Phrase("First {x}", "先{x}", {"x": ()}).text("en") == "First "


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("the 3 worst", "3"),
        ("95% sure", "95%"),
        ("in 1,204 rows", "1,204"),
        ("about 2.5 times", "2.5"),
        ("第3位", "3"),
        ("共３条", "３"),
        ("half ½", "½"),
        ("p85 of 12", "12"),
        ("(4)", "4"),
        ("SHA-256", "256"),
    ],
)
def test_refuse_typed_numbers(text: str, number: str) -> None:
    with pytest.raises(BadBrief, match=f"types the number '{number}'"):
        Phrase(text, "无")
    with pytest.raises(BadBrief, match=f"the zh text types the number '{number}'"):
        Phrase("none", text)


@pytest.mark.parametrize(
    "text", ["speed (p85)", "CO2 and PM2.5", "per km²", "L01", "NOx-free {n}", "route B12-3", "三条"]
)
def test_digits_within_names_are_allowed(text: str) -> None:
    values = {"n": N} if "{n}" in text else {}
    Phrase(text, text, values)


@pytest.mark.parametrize(
    ("told", "en", "zh", "values"),
    [
        ("nothing fills {n}", "{n}", "{n}", {}),
        ("no placeholder uses `m`", "{n}", "{n}", {"n": N, "m": N}),
        ("only one of the languages uses {n}", "{n}", "无", {"n": N}),
        ("the zh text is empty", "a", " ", {}),
        ("not a plain", "{n:.2f}", "{n:.2f}", {"n": N}),
        ("not a plain", "{n.value}", "{n.value}", {"n": N}),
        ("not a plain", "{}", "{}", {}),
        ("in the en text", "{n", "{n}", {"n": N}),
        ("give a Quantity", "{n}", "{n}", {"n": 3}),
        ("give a Quantity", "{n}", "{n}", {"n": ("a", 3)}),
    ],
)
def test_refuse(told: str, en: str, zh: str, values: dict[str, object]) -> None:
    with pytest.raises(BadBrief, match=told):
        Phrase(en, zh, values)


def test_unknown_language() -> None:
    with pytest.raises(UnknownName, match="No language is called 'fr'"):
        Phrase("a", "甲").text("fr")


def test_the_house_glossary_holds_together() -> None:
    words = house()
    assert len(words) > 100
    assert all(text.en and text.zh for text in words.values())
    assert {key.removesuffix(".one") for key in words if key.endswith(".one")} <= set(words)


def test_every_rule_of_screening_has_words() -> None:
    assert {key.removeprefix("reason.") for key in house() if key.startswith("reason.")} == set(RULES)


def test_a_domain_lays_its_words_over_the_house(tmp_path: Path) -> None:
    path = tmp_path / "glossary.yaml"
    path.write_text(
        'answer: {en: "Treat {name} first", zh: "优先治理{name}"}\nhead.answer: {en: Advice, zh: 建议}\n',
        "utf-8",
    )
    words = Words(path)
    assert words.phrase("answer", name="A").text("zh") == "优先治理A"
    assert words.text("head.answer") == Text("Advice", "建议")
    assert words.text("head.limits") == Words().text("head.limits")
    assert words.find("nowhere", "as it is") == Text("as it is")
    assert "answer" in words.keys
    with pytest.raises(UnknownName, match=r"'head\.anser'.*Nearest: head\.answer"):
        words.text("head.anser")
    with pytest.raises(BadBrief, match="nothing fills"):
        words.phrase("answer")


def test_all_mistakes_of_a_glossary_are_told_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "glossary.yaml"
    path.write_text(
        "# words\na: {en: A}\nb: {en: the 3 worst, zh: 最差}\nc: just text\n"
        "d: {en: D, zh: 丁, fr: D}\nd: {en: D, zh: 丁}\n"
        'e: {en: "{x}", zh: "{y}"}\n',
        "utf-8",
    )
    with pytest.raises(BadFile) as caught:
        read_glossary(path)
    told = [f"{line}: {what}" for line, what in caught.value.mistakes]
    assert [line.partition(":")[0] for line in told] == ["2", "3", "4", "5", "6", "7"]
    for part, line in zip(
        ("no zh", "'3'", "no en and no zh", "`fr`", "twice", "{x}, {y}"), told, strict=True
    ):
        assert part in line


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a: {en: Brackets hold {level}, zh: x}", r":1: .*quotes"),
        (b"- a\n- b\n", "expected lines of"),
        ("a: {en: A, zh: 中文}".encode("gbk"), "not UTF-8"),
    ],
)
def test_broken_glossaries(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "glossary.yaml"
    path.write_bytes(content)
    with pytest.raises(BadFile, match=told):
        read_glossary(path)


def test_glossary_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="cannot be read"):
        Words(tmp_path / "none.yaml")
    empty = tmp_path / "empty.yaml"
    empty.write_text("# nothing yet\n")
    assert read_glossary(empty) == {}
    assert HOUSE.exists()
