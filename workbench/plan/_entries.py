"""Read entries of a YAML file, noting every mistake with its line instead of stopping at the first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from workbench._text import Text
from workbench.errors import nearest

if TYPE_CHECKING:
    import yaml

Place = tuple[str | int, ...]  # the keys and positions that lead to a value
NOTHING = Text("")


class Mistakes:
    """
    Everything wrong in one file, by line.

    Parameters
    ----------
    root
        The YAML node the document was made from; it knows the lines.
    """

    def __init__(self, root: yaml.Node) -> None:
        self._root = root
        self._found: list[tuple[int | None, str]] = [
            (line, f"`{key}` is given twice in one place; keep one") for line, key in _repeated(root)
        ]

    def add(self, place: Place, what: str) -> None:
        """Note a mistake and where it is."""
        self._found.append((self.line(place), what))

    def line(self, place: Place) -> int:
        """Return the line of a place in the file, or of the nearest thing around it that exists."""
        node: Any = self._root
        line = node.start_mark.line
        for step in place:
            if isinstance(step, int):
                below = node.value[step] if isinstance(node.value, list) else None
                line = below.start_mark.line if below else line
            else:
                pairs = node.value if node.id == "mapping" else []
                key, below = next((pair for pair in pairs if pair[0].value == step), (None, None))
                line = key.start_mark.line if key else line
            if below is None:
                break
            node = below
        return int(line) + 1

    def all(self) -> list[tuple[int | None, str]]:
        """Return what was found, in the order of the file."""
        return sorted(self._found, key=lambda found: found[0] or 0)


class Entry:
    """
    One mapping of the file, read key by key.

    Each reader method returns a stand-in when its key is wrong, so that reading goes on.

    Parameters
    ----------
    value
        What the file holds there; anything but a mapping is a mistake.
    label
        What to call the entry in a message, such as "project L01".
    place
        Where it is in the file.
    mistakes
        Where mistakes are noted.
    missing
        Whether it is known already that the file does not hold it.
    """

    def __init__(
        self, value: object, label: str, place: Place, mistakes: Mistakes, *, missing: bool = False
    ) -> None:
        self._label, self._place, self._mistakes = label, place, mistakes
        self._given: dict[object, object] = value if isinstance(value, dict) else {}
        self._asked: set[str] = set()
        self._usable = isinstance(value, dict)
        if not self._usable and not missing:
            mistakes.add(place, f"{label} is {value!r}, but should be a mapping of keys to values")

    def wrong(self, key: str, what: str) -> None:
        """Note a mistake about one key; nothing more is said of an entry that is no mapping."""
        if self._usable:
            self._mistakes.add((*self._place, key), f"{self._label}: {what}")

    def has(self, key: str) -> bool:
        """Tell whether an optional key is given."""
        self._asked.add(key)
        return key in self._given

    def _get(self, key: str) -> object:
        if not self.has(key):
            self.wrong(key, f"`{key}` is missing")
        return self._given.get(key)

    def name(self, key: str) -> str:
        """Read an identifier."""
        value = self._get(key)
        if self.has(key) and not (isinstance(value, str) and value):
            self.wrong(key, f"`{key}` is {value!r}, not text (put it in quotes if it should be)")
        return value if isinstance(value, str) else ""

    def one_of(self, key: str, known: Iterable[str], kind: str) -> str:
        """Read an identifier that must be among known ones."""
        value = self.name(key)
        self._check_known(key, value, known, kind)
        return value

    def some_of(self, key: str, known: Iterable[str], kind: str) -> tuple[str, ...]:
        """Read a list of identifiers, each among known ones, none twice."""
        value, known = self._get(key), list(known)
        if not self.has(key):
            return ()
        if not (isinstance(value, list) and value and all(isinstance(each, str) for each in value)):
            self.wrong(
                key,
                f"`{key}` is {value!r}, but should be a list of names, such as [{known[0] if known else ''}]",
            )
            return ()
        for each in dict.fromkeys(value):
            self._check_known(key, each, known, kind)
            if value.count(each) > 1:
                self.wrong(key, f"`{key}` names '{each}' twice")
        return tuple(value)

    def _check_known(self, key: str, value: str, known: Iterable[str], kind: str) -> None:
        names = list(known)
        if value and names and value not in names:
            self.wrong(key, f"`{key}` names '{value}', which is no {kind}. {nearest(value, names)}")

    def number(self, key: str) -> float:
        """Read a finite number."""
        value = self._get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
        if self.has(key):
            hint = " (write powers of ten with a sign, as 2.0e+12)" if _looks_like_number(value) else ""
            self.wrong(key, f"`{key}` is {value!r}, not a number{hint}")
        return math.nan

    def day(self, key: str) -> date:
        """Read a date."""
        value = self._get(key)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if self.has(key):
            self.wrong(key, f"`{key}` is {value!r}, not a date (expected YYYY-MM-DD, without quotes)")
        return date.min

    def text(self, key: str) -> Text:
        """Read a phrase in both languages."""
        value = self._get(key)
        return self._phrase(key, value) if self.has(key) else NOTHING

    def texts(self, key: str) -> tuple[Text, ...]:
        """Read a list of phrases in both languages."""
        value = self._get(key)
        if not isinstance(value, list):
            self.wrong(key, f"`{key}` is {value!r}, but should be a list of phrases with `en` and `zh`")
            return ()
        return tuple(self._phrase(key, each) for each in value)

    def _phrase(self, key: str, value: object) -> Text:
        if isinstance(value, dict) and set(value) == {"en", "zh"} and all(map(_filled, value.values())):
            return Text.of(value)
        self.wrong(
            key, f"`{key}` is {value!r}, but should have `en` and `zh` and nothing else, both filled in"
        )
        return NOTHING

    def phrases(self) -> dict[str, Text]:
        """Read the whole entry as identifiers and their phrases."""
        for key in self._given:
            if not isinstance(key, str):
                self.wrong(str(key), f"`{key}` is not text (put it in quotes if it should be)")
        return {key: self.text(key) for key in self._given if isinstance(key, str)}

    def entry(self, key: str) -> Entry:
        """Read a mapping inside this one; where it is missing, that is the one thing said of it."""
        value = self._get(key)
        return Entry(value, f"`{key}`", (*self._place, key), self._mistakes, missing=not self.has(key))

    def entries(self, key: str, kind: str) -> Iterator[Entry]:
        """Read a list of entries, each with an `id` of its own; close each one after it is read."""
        value = self._get(key)
        if not (isinstance(value, list) and value):
            if self.has(key):
                self.wrong(key, f"`{key}` is {value!r}, but should be a list of entries")
            return
        first: dict[str, int] = {}
        for position, each in enumerate(value):
            place = (*self._place, key, position)
            name = each.get("id") if isinstance(each, dict) else None
            entry = Entry(each, f"{kind} {name or f'number {position + 1}'}", place, self._mistakes)
            if isinstance(name, str) and name in first:
                entry.wrong("id", f"the id is already taken at line {first[name]}")
            elif isinstance(name, str):
                first[name] = self._mistakes.line((*place, "id"))
            yield entry
            entry.close()

    def close(self) -> None:
        """Note the keys nobody asked for."""
        for key in self._given:
            if key not in self._asked:
                self.wrong(str(key), f"`{key}` is not a key here. {nearest(str(key), sorted(self._asked))}")


def _filled(words: object) -> bool:
    return isinstance(words, str) and bool(words.strip())


def _looks_like_number(value: object) -> bool:
    try:
        return isinstance(value, str) and math.isfinite(float(value))
    except ValueError:
        return False


def _repeated(node: Any) -> Iterator[tuple[int, str]]:
    """Find keys given twice in one mapping; YAML would keep the last and drop the first in silence."""
    if node.id == "mapping":
        seen: set[str] = set()
        for key, below in node.value:
            if key.id == "scalar" and key.value in seen:
                yield key.start_mark.line + 1, key.value
            seen.add(key.value if key.id == "scalar" else "")
            yield from _repeated(below)
    elif node.id == "sequence":
        for below in node.value:
            yield from _repeated(below)
