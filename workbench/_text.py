"""Text in the two languages of the workbench."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from workbench.errors import UnknownName

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


@dataclass(frozen=True)
class Text:
    """
    A phrase a planner reads, in English and in Chinese.

    Parameters
    ----------
    en
        English.
    zh
        Simplified Chinese; empty where none was given, and then English is shown.
    """

    en: str
    zh: str = ""

    def in_(self, lang: str) -> str:
        """Return the phrase in one language, English where the other is missing."""
        return (self.zh or self.en) if language(lang) == "zh" else self.en

    def as_dict(self) -> dict[str, str]:
        """Return both languages, as JSON holds them."""
        return {"en": self.en, "zh": self.zh or self.en}

    @classmethod
    def of(cls, value: str | Mapping[str, str] | Text) -> Text:
        """Read a phrase from a plain string or a mapping with `en` and `zh`."""
        if isinstance(value, Text):
            return value
        if isinstance(value, str):
            return cls(value)
        return cls(str(value.get("en", "")), str(value.get("zh", "")))


def language(lang: str) -> Language:
    """Check a language code; an unknown one raises `UnknownName`."""
    for known in LANGUAGES:
        if lang == known:
            return known
    raise UnknownName("language", lang, LANGUAGES)
