"""
YAML files that people write, read with the line of everything in them.

Contracts, source files and scenario files pass through here, so that a mistake in one is told with its
line and its place, such as `schema.taps.properties.route_id` (list items by their `name`, or counted
from 1). Values are those of JSON: `yes`, `no`, `06:30`, `007` and `2026-01-31` are text, never something
else by surprise, and keys are always text.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from workbench.errors import BadFile, nearest

Where = tuple[str | int, ...]
Mistake = tuple[int, str]

_TAG = "tag:yaml.org,2002:"
_DEEPEST, _MOST = 100, 200_000  # levels and values; more is a mistake or an attack
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")
_TYPES = {
    "object": "a mapping of keys",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "empty",
}
_BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "above",
    "exclusiveMaximum": "below",
}


class Lines:
    """
    Where each value of a file stands.

    Parameters
    ----------
    root
        The composed document; None for a file that holds only comments.
    """

    def __init__(self, root: yaml.Node | None) -> None:
        self._root = root
        self.mistakes: list[Mistake] = []
        """Keys given twice and the like, when `read` was told to gather them; `check` reports them."""

    def of(self, where: Where) -> int:
        """Line of a key or list item, counted from 1; of the nearest thing around it where it is missing."""
        line, node = 1 if self._root is None else self._root.start_mark.line + 1, self._root
        for step in where:
            found = _child(node, step)
            if found is None:
                break
            line, node = found
        return line

    def has(self, where: Where) -> bool:
        """Whether something stands there."""
        node = self._root
        for step in where:
            found = _child(node, step)
            if found is None:
                return False
            node = found[1]
        return True

    def find(self, where: Where, text: str) -> Where | None:
        """Place of the first key or value of that text at or below a place; None where there is none."""
        node = self._root
        for step in where:
            found = _child(node, step)
            node = found[1] if found else None
        if isinstance(node, yaml.ScalarNode):
            return where if node.value == text else None
        steps: list[str | int] = []
        if isinstance(node, yaml.MappingNode):
            steps = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        elif isinstance(node, yaml.SequenceNode):
            steps = list(range(len(node.value)))
        if text in steps:
            return (*where, text)
        return next((there for step in steps if (there := self.find((*where, step), text))), None)

    def place(self, where: Where) -> str:
        """Name of a place: keys joined by dots, list items by `name` or `property`, else counted from 1."""
        words, node = "", self._root
        for step in where:
            found = _child(node, step)
            node = found[1] if found else None
            if isinstance(step, str):
                words += f".{step}" if words else step
                continue
            label = next((each[1] for key in ("name", "property") if (each := _child(node, key))), None)
            named = isinstance(label, yaml.ScalarNode) and label.value
            words += f".{label.value}" if isinstance(label, yaml.ScalarNode) and named else f"[{step + 1}]"
        return words


def read(source: str | Path, name: str = "", *, gather: bool = False) -> tuple[Any, Lines]:
    """
    Read a YAML file.

    Parameters
    ----------
    source
        A path, or the text itself: a string that holds a line break is text.
    name
        What messages call the file; its path if none is given.
    gather
        Leave keys given twice, and tags and aliases that cannot be read, in `lines.mistakes`, for `check`
        to report with everything else, instead of raising them here.

    Returns
    -------
    data
        Mappings, lists, text, numbers, true or false, and None.
    lines
        The line of each of them.

    Raises
    ------
    BadFile
        If the file is missing, empty, not UTF-8 or not YAML.
    """
    is_text = isinstance(source, str) and "\n" in source
    name = name or ("text" if is_text else str(source))
    text = str(source) if is_text else _text(Path(source), name)
    if found := _UNPRINTABLE.search(text):
        line = text.count("\n", 0, found.start()) + 1
        what = f"holds a character that is no text (U+{ord(found.group()):04X}); remove it"
        raise BadFile(name, [(line, what)])
    try:
        if too_deep := _too_deep(text):
            raise BadFile(name, [(too_deep, f"is nested more than {_DEEPEST} levels deep; make it flatter")])
        root = _compose(text)
        if root is None:
            raise BadFile(name, [(None, "is empty; write its content or leave the file out")])
        lines = Lines(root)
        data = _Reading(lines).value(root, ())
    except yaml.MarkedYAMLError as error:
        raise BadFile(name, [_syntax(error, text)]) from None
    if lines.mistakes and not gather:
        raise BadFile(name, lines.mistakes)
    return data, lines


def check(data: object, schema: Mapping[str, Any], lines: Lines, path: Where = ()) -> list[Mistake]:
    """
    Compare what was read with a JSON schema (draft 2020-12).

    A subschema may carry `x-remedy`, a phrase that is added to whatever fails there.

    Parameters
    ----------
    data
        What `read` returned, or a part of it.
    schema
        The schema.
    lines
        The lines that `read` returned.
    path
        Where `data` stands in the file, if it is a part.

    Returns
    -------
    mistakes
        Line and sentence of each, in the order of the lines; those `read` gathered are among them.
    """
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    mistakes = list(lines.mistakes)
    for error in validator.iter_errors(data):
        for where, sentence in _told(error):
            place = lines.place(path + where)
            mistakes.append((lines.of(path + where), f"{place}: {sentence}" if place else sentence))
    return ordered(mistakes)


def ordered(mistakes: Iterable[Mistake]) -> list[Mistake]:
    """Mistakes in the order of the lines, each once."""
    return sorted(dict.fromkeys(mistakes), key=lambda mistake: mistake[0])


def shown(value: object) -> str:
    """A value as a message shows it: "text 'abc'", "the number 5", "empty"."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"text '{value if len(value) <= 40 else value[:37] + '...'}'"
    return "a list" if isinstance(value, list) else "a mapping of keys"


def _text(path: Path, name: str) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        folder = path.parent
        siblings = sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []
        near = difflib.get_close_matches(path.name, siblings, n=3, cutoff=0.6)
        hint = f"nearest in that folder: {', '.join(near)}" if near else "check the path"
        raise BadFile(name, [(None, f"there is no such file; {hint}")]) from None
    except IsADirectoryError:
        raise BadFile(name, [(None, "is a folder; name a file in it")]) from None
    except OSError as error:
        what = f"cannot be opened ({error.strerror}); check that you may read it"
        raise BadFile(name, [(None, what)]) from None
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        likely = "UTF-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else _likely_encoding(raw)
        what = f"is not UTF-8 text{f' but probably {likely}' if likely else ''}; save it again as UTF-8"
        raise BadFile(name, [(line, what)]) from None


def _likely_encoding(raw: bytes) -> str:
    try:
        return "GB18030" if re.search("[\u4e00-\u9fff]", raw.decode("gb18030")) else ""
    except UnicodeDecodeError:
        return ""


def _too_deep(text: str) -> int | None:
    """Line on which the text is nested beyond reason, found without recursion: libyaml would crash on it."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            return event.start_mark.line + 1 if event.start_mark else 1
    return None


def _compose(text: str) -> yaml.Node | None:
    loader = _Loader(text)
    try:
        root: yaml.Node | None = loader.get_single_node()
        return root
    finally:
        loader.dispose()


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # libyaml where it was built in
    """A loader that takes for a number only what JSON would, and never makes dates or times of text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own attribute


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", list("-+0123456789")),
    (
        "float",
        r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
):
    _Loader.add_implicit_resolver(_TAG + _tag, re.compile(f"^(?:{_pattern})$"), _first)


class _Reading:
    """Values made from nodes, aliases written out."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._open: set[yaml.Node] = set()
        self._count = 0

    def value(self, node: yaml.Node, where: Where) -> Any:
        self._count += 1
        if node in self._open:
            return self._wrong(node, where, "an alias stands inside what it names; write the values out")
        if self._count > _MOST:
            what = f"the file holds more than {_MOST} values once its aliases are written out; split it"
            return self._wrong(node, where, what) if self._count == _MOST + 1 else None
        self._open.add(node)
        made = self._make(node, where)
        self._open.discard(node)
        return made

    def _make(self, node: yaml.Node, where: Where) -> Any:
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return [self.value(item, (*where, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            return self._mapping(node, where)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, where)
        return self._wrong(node, where, f"the tag {node.tag} is not read; remove it")

    def _mapping(self, node: yaml.MappingNode, where: Where) -> dict[str, Any]:
        made: dict[str, Any] = {}
        first: dict[str, int] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._wrong(key, where, "a key must be text; put it in quotes")
            elif key.value == "<<":
                self._wrong(key, where, "merge keys (<<) are not read; write the keys out")
            elif key.value in first:
                what = f"the key '{key.value}' is given twice, first on line {first[key.value]}"
                self._wrong(key, where, what)
            else:
                first[key.value] = key.start_mark.line + 1
                made[key.value] = self.value(value, (*where, key.value))
        return made

    def _scalar(self, node: yaml.ScalarNode, where: Where) -> Any:
        text, kind = node.value, node.tag.removeprefix(_TAG)
        try:
            match kind:
                case "str":
                    return text
                case "null":
                    return None
                case "bool":
                    return {"true": True, "false": False}[text.lower()]
                case "int":
                    return int(text)
                case "float":
                    return float(re.sub(r"\.(inf|nan)$", r"\1", text, flags=re.IGNORECASE))
        except (KeyError, ValueError):
            return self._wrong(node, where, f"{shown(text)} cannot be read as {kind}; put it in quotes")
        return self._wrong(node, where, f"the tag {node.tag} is not read; remove it")

    def _wrong(self, node: yaml.Node, where: Where, what: str) -> None:
        place = self._lines.place(where)
        self._lines.mistakes.append((node.start_mark.line + 1, f"{place}: {what}" if place else what))


def _child(node: yaml.Node | None, step: str | int) -> tuple[int, yaml.Node] | None:
    """Line and node of one key or list item below a node."""
    if isinstance(node, yaml.MappingNode) and isinstance(step, str):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == step:
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and 0 <= step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    return None


def _syntax(error: yaml.MarkedYAMLError, text: str) -> tuple[int | None, str]:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else None
    problem = error.problem or "it cannot be read"
    around = text.split("\n")[max(0, (line or 1) - 2) : line]
    if any("\uff1a" in each and not re.search(r":(\s|$)", each) for each in around):
        hint = "write a colon and a space (: ) instead of the full-width colon"
    elif any(re.match(r" *\t", each) for each in around):
        hint = "indent with spaces, not tabs"
    elif re.search("alias|anchor|cannot start any token", problem):
        hint = "put text that begins with a sign such as *, &, @ or % in quotes"
    elif "mapping values are not allowed" in problem:
        hint = "put text that holds a colon in quotes, and check the indentation"
    elif "single document" in f"{error.context} {problem}":
        hint = "keep one document in the file, without '---' in its middle"
    else:
        hint = "check indentation, quotes and brackets on this line and the one before"
    return line, f"is not YAML: {problem}; {hint}"


def _told(error: Any) -> Iterator[tuple[Where, str]]:
    """Sentences for one error of jsonschema, each with the place it is about."""
    where, schema, value = tuple(error.absolute_path), error.schema, error.instance
    remedy = schema.get("x-remedy", "") if isinstance(schema, dict) else ""
    match error.validator:
        case "additionalProperties":
            known, patterns = list(schema.get("properties", {})), schema.get("patternProperties", {})
            for key in value:
                if key not in known and not any(re.search(each, key) for each in patterns):
                    yield (*where, key), f"unknown key. {nearest(key, known)}"
        case "required":
            for key in error.validator_value:
                if key not in value:
                    about = schema.get("properties", {}).get(key)
                    why = about.get("description", "") if isinstance(about, dict) else ""
                    yield where, f"`{key}` is missing{f': {why}' if why else ''}"
        case "anyOf" | "oneOf" if error.context:
            yield from _alternatives(error, where, remedy)
        case _:
            sentence = _sentence(error.validator, error.validator_value, value, error.message)
            yield where, _with(sentence, remedy)


def _sentence(rule: str | None, wanted: Any, value: Any, message: str) -> str:
    match rule:
        case "type":
            kinds = [wanted] if isinstance(wanted, str) else list(wanted)
            quotes = "string" in kinds and isinstance(value, bool | int | float)
            bare = isinstance(value, str) and _NUMBER.fullmatch(value) and {"number", "integer"} & {*kinds}
            mend = "; put it in quotes" if quotes else "; write it without quotes" if bare else ""
            return f"must be {_either(kinds)}, is {shown(value)}{mend}"
        case "enum":
            if isinstance(value, str):
                return f"'{value}' is not known here. {nearest(value, [str(each) for each in wanted])}"
            return f"must be one of {', '.join(str(each) for each in wanted)}; is {shown(value)}"
        case "const":
            return f"must be {wanted}, is {shown(value)}"
        case "pattern":
            return "must not be blank" if wanted == r"\S" else f"is {shown(value)}, must match {wanted}"
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            return f"must be {_BOUNDS[rule]} {wanted}, is {value}"
        case "minLength" | "minItems" | "minProperties" if wanted == 1:
            return "must not be empty"
        case "uniqueItems":
            return "has a value twice"
        case "format":
            return f"is {shown(value)}, not a {wanted}"
        case "not":
            return "is not supported here"
        case None:
            return "is not allowed here"
    return message


def _alternatives(error: Any, where: Where, remedy: str) -> Iterator[tuple[Where, str]]:
    """What to say where none of several forms fits: the types, or what is wrong with the likeliest form."""
    forms: dict[int, list[Any]] = {}
    for each in error.context:
        forms.setdefault(each.schema_path[0], []).append(each)
    by_type = [form[0] for form in forms.values() if form[0].validator == "type" and not form[0].path]
    likely = [form for form in forms.values() if not (form[0].validator == "type" and not form[0].path)]
    if not likely:
        wanted = [each.validator_value for each in by_type]
        kinds = dict.fromkeys(kind for each in wanted for kind in ([each] if isinstance(each, str) else each))
        yield where, _with(_sentence("type", list(kinds), error.instance, ""), remedy)
        return
    best = max(likely, key=lambda form: (max(len(each.path) for each in form), -len(form)))
    if remedy and len(best) == 1 and best[0].validator == "pattern" and not best[0].path:
        yield where, _with(f"is {shown(error.instance)}", remedy)
        return
    for each in best:
        yield from _told(each)


def _with(sentence: str, remedy: str) -> str:
    if not remedy:
        return sentence
    return (
        f"{sentence} {remedy[0].upper()}{remedy[1:]}." if sentence.endswith(".") else f"{sentence}: {remedy}"
    )


def _either(kinds: list[str]) -> str:
    words = [_TYPES.get(kind, kind) for kind in kinds]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
