"""The words of the record of the headways decision."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from workbench._text import LANGUAGES, Text
from workbench.briefs import Words
from workbench.briefs.checklist import Section

FILE = Path(__file__).with_name("headway_record.yaml")


@cache
def headway_words() -> Words:
    """Return the glossary of this record, laid over the house's."""
    return Words(FILE)


def filled(key: str, **values: Text) -> Text:
    """Fill a label with other words, where a plain text is wanted and no sentence."""
    template = headway_words().text(key)
    en, zh = (
        template.in_(lang).format(**{name: one.in_(lang) for name, one in values.items()})
        for lang in LANGUAGES
    )
    return Text(en, zh)


def reason(key: str, why: str) -> Section:
    """Say that an item of the checklist does not apply, with a reason of this glossary."""
    return Section(key, reason=headway_words().text(f"headways.why.{why}"))
