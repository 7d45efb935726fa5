"""
Templates of prose: which placeholders they have, and that no number is typed into them.

A number in a brief is a `Quantity`. A digit in a template is allowed only inside a name, that is
glued after a Latin or Greek letter: "p85", "CO2", "PM2.5", "km²".
"""

from __future__ import annotations

import string
import unicodedata

GLUE = ".-"


def pieces(template: str) -> list[tuple[str, str | None]]:
    """
    Cut a template into (literal, placeholder) pairs.

    Raises
    ------
    ValueError
        Where a brace is left open, or a placeholder is not a plain `{name}`.
    """
    found: list[tuple[str, str | None]] = []
    for literal, name, spec, conversion in string.Formatter().parse(template):
        if name is not None and (not name.isidentifier() or spec or conversion):
            written = name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
            raise ValueError(f"the placeholder {{{written}}} is not a plain {{name}}")
        found.append((literal, name))
    return found


def names(template: str) -> set[str]:
    """Return the placeholders of a template."""
    return {name for _, name in pieces(template) if name is not None}


def typed_numbers(literal: str) -> list[str]:
    """Return the numbers typed into a text, leaving out digits glued after a letter."""
    found: list[str] = []
    allowed = False
    for at, char in enumerate(literal):
        if unicodedata.category(char) in ("Nd", "No"):
            before = literal[at - 1] if at else ""
            if _letter(before):
                allowed = True
            elif at and (_digit(before) or (before in GLUE and at > 1 and _digit(literal[at - 2]))):
                pass
            else:
                allowed = False
            if not allowed:
                found.append(_number_at(literal, at))
    return list(dict.fromkeys(found))


def mistakes(en: str, zh: str) -> list[str]:
    """Say everything that is wrong with a template in its two languages."""
    wrong: list[str] = []
    used: dict[str, set[str]] = {}
    for lang, template in (("en", en), ("zh", zh)):
        if not template.strip():
            wrong.append(f"the {lang} text is empty")
        try:
            cut = pieces(template)
        except ValueError as error:
            wrong.append(f"in the {lang} text, {error}")
            continue
        used[lang] = {name for _, name in cut if name is not None}
        typed = dict.fromkeys(number for literal, _ in cut for number in typed_numbers(literal))
        wrong += [f"the {lang} text types the number '{number}'; pass it as a Quantity" for number in typed]
    if len(used) == 2 and used["en"] != used["zh"]:
        apart = ", ".join(f"{{{name}}}" for name in sorted(used["en"] ^ used["zh"]))
        wrong.append(f"only one of the languages uses {apart}")
    return wrong


def _digit(char: str) -> bool:
    return unicodedata.category(char) in ("Nd", "No")


def _letter(char: str) -> bool:
    """Tell whether a character is a Latin or Greek letter; a Chinese one is a word and glues nothing."""
    return bool(char) and char.isalpha() and unicodedata.name(char, "").startswith(("LATIN", "GREEK"))


def _number_at(text: str, start: int) -> str:
    """Return the whole number around a digit, for the message."""
    left = start
    while left and (_digit(text[left - 1]) or text[left - 1] in ".,"):
        left -= 1
    right = start
    while right < len(text) and (_digit(text[right]) or text[right] in ".,%"):
        right += 1
    return text[left:right].strip(".,")
