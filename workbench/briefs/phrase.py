"""Prose in both languages with its numbers filled in, and the glossary it is written from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workbench._text import LANGUAGES, Text, language
from workbench.briefs import _template
from workbench.briefs._refuse import refuse
from workbench.briefs.glossary import house, read_glossary
from workbench.briefs.quantity import Quantity
from workbench.errors import UnknownName

Part = Quantity | str


@dataclass(frozen=True)
class Phrase:
    """
    A sentence in both languages, with `{name}` where a number or a name goes.

    Parameters
    ----------
    en, zh
        The templates. A digit outside a placeholder is refused, unless it is part of a name such as
        "p85" or "CO2": no number is typed into prose.
    values
        What fills each placeholder: a `Quantity`, a `Text`, a plain string (a name from the data),
        another `Phrase`, or a tuple of these, which is joined as a list in each language.
    """

    en: str
    zh: str
    values: Mapping[str, Filling] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", dict(self.values))
        wrong = _template.mistakes(self.en, self.zh)
        if not wrong:
            wanted = _template.names(self.en)
            wrong += [f"nothing fills {{{name}}}" for name in sorted(wanted - set(self.values))]
            wrong += [f"no placeholder uses `{name}`" for name in sorted(set(self.values) - wanted)]
        wrong += [
            f"`{name}` is {type(value).__name__} {value!r}; give a Quantity, a Text, a string or a Phrase"
            for name, value in self.values.items()
            if not _fits(value)
        ]
        refuse(f"phrase '{_start(self.en or self.zh)}'", wrong)

    def parts(self, lang: str) -> tuple[Part, ...]:
        """Return the sentence cut into strings and the quantities between them."""
        lang = language(lang)
        return tuple(_merged(self._parts(lang)))

    def _parts(self, lang: str) -> Iterator[Part]:
        for literal, name in _template.pieces(self.zh if lang == "zh" else self.en):
            yield literal
            if name is not None:
                yield from _filled(self.values[name], lang)

    def text(self, lang: str) -> str:
        """Return the sentence in one language."""
        return "".join(part.text(lang) if isinstance(part, Quantity) else part for part in self.parts(lang))

    def in_(self, lang: str) -> str:
        """Return the sentence in one language, as `Text.in_` does."""
        return self.text(lang)

    def quantities(self) -> tuple[Quantity, ...]:
        """Return the quantities in the order they are printed in English."""
        return tuple(part for part in self.parts("en") if isinstance(part, Quantity))

    def __str__(self) -> str:
        return self.text("en")


Filling = Quantity | Text | str | Phrase | tuple["Filling", ...]


class Words:
    """
    The glossary of a room: the house's words, with a domain's own files laid over them.

    Parameters
    ----------
    paths
        The domain's glossary files, each laid over those before; none for the house's words alone.
    """

    def __init__(self, *paths: str | Path) -> None:
        self._words: dict[str, Text] = dict(house())
        for path in paths:
            self._words.update(read_glossary(path))

    @property
    def keys(self) -> tuple[str, ...]:
        """The known keys, sorted."""
        return tuple(sorted(self._words))

    def text(self, key: str) -> Text:
        """Return the words of a key; an unknown one raises `UnknownName` with the nearest."""
        if key not in self._words:
            raise UnknownName("phrase of the glossary", key, self._words)
        return self._words[key]

    def find(self, key: str, otherwise: str) -> Text:
        """Return the words of a key, or a plain text where there is none."""
        return self._words.get(key, Text(otherwise))

    def phrase(self, key: str, **values: Filling) -> Phrase:
        """Return the sentence of a key with its placeholders filled."""
        words = self.text(key)
        return Phrase(words.en, words.zh, values)


def _fits(value: object) -> bool:
    if isinstance(value, tuple):
        return all(_fits(each) for each in value)
    return isinstance(value, Quantity | Text | str | Phrase)


def _filled(value: Filling, lang: str) -> Iterator[Part]:
    if isinstance(value, Quantity):
        yield value
    elif isinstance(value, Phrase):
        yield from value.parts(lang)
    elif isinstance(value, tuple):
        for at, each in enumerate(value):
            if at:
                yield house()["list.last" if at == len(value) - 1 else "list.between"].in_(lang)
            yield from _filled(each, lang)
    else:
        yield value.in_(lang) if isinstance(value, Text) else value


def _merged(parts: Iterator[Part]) -> Iterator[Part]:
    """Join neighbouring strings and leave out empty ones."""
    text = ""
    for part in parts:
        if isinstance(part, str):
            text += part
            continue
        if text:
            yield text
        text = ""
        yield part
    if text:
        yield text


def _start(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


def rendered(prose: Phrase | Text) -> dict[str, str]:
    """Return the sentence in every language, as JSON holds it."""
    return {lang: prose.in_(lang) for lang in LANGUAGES}
