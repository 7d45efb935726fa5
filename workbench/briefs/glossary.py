"""
The words of a room in both languages, read from a YAML file of `key: {en: ..., zh: ...}`.

The glossary beside this file holds what every brief needs: headings, units, status words, reasons
for setting a row aside. A domain keeps its own file, which is laid over this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from workbench._text import LANGUAGES, Text
from workbench.briefs import _template
from workbench.errors import BadFile

HOUSE = Path(__file__).with_name("glossary.yaml")
RECORD = Path(__file__).with_name("record.yaml")


@cache
def house() -> Mapping[str, Text]:
    """Return the words that every brief shares."""
    return MappingProxyType(read_glossary(HOUSE) | read_glossary(RECORD))


def read_glossary(path: str | Path) -> dict[str, Text]:
    """
    Read one glossary file.

    Parameters
    ----------
    path
        A YAML file of `key: {en: ..., zh: ...}`.

    Returns
    -------
    words
        The phrase of each key.

    Raises
    ------
    BadFile
        Where a key has not both languages, is given twice, or types a number; all mistakes at once.
    """
    import yaml

    try:
        root = yaml.compose(Path(path).read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise BadFile(str(path), [(None, f"cannot be read ({error.strerror})")]) from error
    except UnicodeDecodeError as error:
        raise BadFile(str(path), [(None, "is not UTF-8 text; save it as UTF-8")]) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = (
            f"{getattr(error, 'problem', None) or 'is not YAML'}; put texts with braces or commas in quotes"
        )
        raise BadFile(str(path), [(mark.line + 1 if mark else None, problem)]) from error
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise BadFile(str(path), [(root.start_mark.line + 1, "expected lines of `key: {en: ..., zh: ...}`")])

    words: dict[str, Text] = {}
    mistakes: list[tuple[int | None, str]] = []
    for key_node, value_node in root.value:
        key, line = str(key_node.value), key_node.start_mark.line + 1
        if key in words:
            mistakes.append((line, f"`{key}` is given twice; keep one"))
        entry = _entry(value_node)
        absent = [lang for lang in LANGUAGES if not entry.get(lang)]
        unknown = sorted(set(entry) - set(LANGUAGES))
        if absent:
            mistakes.append((line, f"`{key}` has no {' and no '.join(absent)}; give both languages"))
        if unknown:
            mistakes.append((line, f"`{key}` has `{'`, `'.join(unknown)}`; only en and zh are known"))
        words[key] = Text(entry.get("en", ""), entry.get("zh", ""))
        if not absent:
            mistakes += [(line, f"`{key}`: {what}") for what in _template.mistakes(*_both(words[key]))]
    if mistakes:
        raise BadFile(str(path), mistakes)
    return words


def _both(text: Text) -> tuple[str, str]:
    return text.en, text.zh


def _entry(node: object) -> dict[str, str]:
    """Read `{en: ..., zh: ...}`; anything else is an empty entry, which is then refused."""
    import yaml

    if not isinstance(node, yaml.MappingNode):
        return {}
    return {
        str(key.value): str(value.value) for key, value in node.value if isinstance(value, yaml.ScalarNode)
    }
