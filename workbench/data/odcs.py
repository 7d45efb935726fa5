"""
Contracts read from the Open Data Contract Standard 3 [1]_, all their mistakes told at once.

`odcs.schema.json` says which keys there are and of what type; the checks here are about what keys say of
each other. Whatever the workbench would not check is refused, never ignored.

References
----------
.. [1] Bitol, Open Data Contract Standard 3.1, https://bitol-io.github.io/open-data-contract-standard/
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast, get_args

from workbench._text import Text
from workbench.data import yamlfile
from workbench.data.contract import (
    Classification,
    Column,
    ColumnType,
    Contract,
    Operator,
    Reference,
    RowRule,
    Scalar,
    TableContract,
)
from workbench.data.yamlfile import Lines, Mistake, Where, shown
from workbench.errors import BadFile, nearest

Node = dict[str, Any]
_CUSTOM: dict[str, tuple[str, ...]] = {  # the custom properties that are read, by what they stand on
    "contract": ("description_zh", "zone"),
    "table": ("description_zh", "rejected_limit"),
    "column": ("description_zh", "unit", "default"),
    "rule": ("description_zh",),
}
_TYPES: tuple[str, ...] = get_args(ColumnType)
_ORDERED = ("integer", "number", "date", "timestamp")
_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date such as '2026-01-31'",
    "timestamp": "a local time such as '2026-01-31T06:30:00', without offset",
}


def load(path: str | Path) -> Contract:
    """
    Read a contract.

    Parameters
    ----------
    path
        An ODCS 3 file; a string that holds a line break is the text itself.

    Returns
    -------
    contract
        The tables it declares.

    Raises
    ------
    BadFile
        With every mistake in the file and its line.
    """
    name = "contract" if isinstance(path, str) and "\n" in path else str(path)
    data, lines = yamlfile.read(path, name, gather=True)
    reading = _Reading(data, lines)
    contract = reading.contract(name)
    if mistakes := yamlfile.ordered(yamlfile.check(data, schema(), lines) + reading.mistakes):
        raise BadFile(name, mistakes)
    return contract


def schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of a contract file, for editors and for `yamlfile.check`."""
    text = Path(__file__).with_name("odcs.schema.json").read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))


class _Reading:
    """
    One contract on its way from YAML, with the mistakes met.

    Reading goes on after a mistake, so every step takes what is well formed and leaves the rest to the
    schema, which tells of it.
    """

    def __init__(self, data: Any, lines: Lines) -> None:
        self.data = data if isinstance(data, dict) else {}
        self.lines = lines
        self.mistakes: list[Mistake] = []
        self.tables: dict[str, dict[str, Column]] = {}
        self.is_30 = str(self.data.get("apiVersion", "")).startswith("v3.0.")

    def wrong(self, where: Where, what: str) -> None:
        place = self.lines.place(where)
        self.mistakes.append((self.lines.of(where), f"{place}: {what}" if place else what))

    def contract(self, path: str) -> Contract:
        custom = self.custom((), self.data, "contract")
        zone = custom.get("zone", "UTC")
        if zone != "UTC" and (problem := _zone_problem(zone)):
            self.wrong(self.custom_place((), self.data, "zone"), problem)
        nodes = _items(self.data, (), "schema")
        self.unique("table", nodes)
        columns = [self.columns(where, node) for where, node in nodes]
        for (_, node), found in zip(nodes, columns, strict=True):
            self.tables.setdefault(_str(node, "name"), found)
        made = [self.table(*each, found) for each, found in zip(nodes, columns, strict=True)]
        return Contract(
            name=_str(self.data, "name"),
            version=_str(self.data, "version"),
            tables={table.name: table for table in made},
            zone=str(zone),
            description=self.text((), _str(self.data.get("description"), "purpose"), custom, needed=True),
            path=path,
        )

    def table(self, where: Where, node: Node, columns: dict[str, Column]) -> TableContract:
        custom = self.custom(where, node, "table")
        limit = custom.get("rejected_limit", TableContract.rejected_limit)
        if isinstance(limit, bool) or not isinstance(limit, int | float) or not 0 <= limit <= 1:
            what = f"must be a share of rows from 0 to 1, is {shown(limit)}"
            self.wrong(self.custom_place(where, node, "rejected_limit"), what)
            limit = 0.0
        return TableContract(
            name=_str(node, "name"),
            columns=tuple(columns.values()),
            key=self.key(where, node),
            references=self.references(where, node, columns),
            rules=self.rules(where, node, columns),
            rejected_limit=float(limit),
            description=self.text(where, _str(node, "description"), custom, needed=True),
        )

    def columns(self, where: Where, node: Node) -> dict[str, Column]:
        nodes = _items(node, where, "properties")
        self.unique("column", nodes)
        found: dict[str, Column] = {}
        for place, each in nodes:
            column = self.column(place, each)
            found.setdefault(column.name, column)
        return found

    def unique(self, kind: str, nodes: list[tuple[Where, Node]]) -> None:
        """Tell of names given twice; names that differ only in case are one to many databases."""
        seen: dict[str, Where] = {}
        for where, node in nodes:
            name = _str(node, "name").lower()
            if name and name in seen:
                line = self.lines.of((*seen[name], "name"))
                self.wrong((*where, "name"), f"a {kind} of this name is already on line {line}; rename one")
            seen.setdefault(name, where)

    # columns

    def column(self, where: Where, node: Node) -> Column:
        kind = _str(node, "logicalType")
        custom = self.custom(where, node, "column")
        unit = custom.get("unit", "")
        unit = "1" if isinstance(unit, int) and unit == 1 else unit  # 1 is the unit of shares and ratios
        if not isinstance(unit, str) or ("unit" in custom and not unit.strip()):
            what = f"must be text such as km/h, or 1 for a pure number; is {shown(unit)}"
            self.wrong(self.custom_place(where, node, "unit"), what)
        elif unit and kind in ("string", "boolean", "date", "timestamp"):
            self.wrong(
                self.custom_place(where, node, "unit"), f"columns of type {kind} have no unit; remove it"
            )
        elif kind == "number" and "unit" not in custom:
            what = (
                "`unit` is missing from customProperties: a number needs one, such as km/h, or '1' for none"
            )
            self.wrong(where, what)
        options = node.get("logicalTypeOptions")
        options = options if isinstance(options, dict) else {}
        inside = (*where, "logicalTypeOptions")
        low, above = self.bound(inside, options, "minimum", kind)
        high, below = self.bound(inside, options, "maximum", kind)
        if low is not None and high is not None:
            first, last = _ordinal(low, kind), _ordinal(high, kind)
            if first > last or (first == last and (above or below)):
                self.wrong(inside, f"no value is both from {low} and up to {high}; mend minimum or maximum")
        column = Column(
            name=_str(node, "name"),
            type=cast("ColumnType", kind),
            unit=str(unit),
            required=node.get("required") is True,
            minimum=low,
            maximum=high,
            exclusive_minimum=above,
            exclusive_maximum=below,
            enum=self.enum(where, node, kind),
            pattern=self.pattern(inside, options, kind),
            default=None,
            classification=cast("Classification", _str(node, "classification")),
            description=self.text(where, _str(node, "description"), custom, needed=True),
        )
        return self.values(where, node, column, custom)

    def bound(self, where: Where, options: Any, key: str, kind: str) -> tuple[Any, bool]:
        """Read one end of a range, and whether the end itself is left out."""
        exclusive = f"exclusive{key.capitalize()}"
        value, strict = options.get(key), options.get(exclusive)
        place = (*where, key if key in options else exclusive)
        if isinstance(strict, bool) and self.is_30:
            if strict and value is None:
                self.wrong(place, f"has no `{key}` beside it; write that too")
        elif isinstance(strict, bool):
            what = (
                f"is a value since ODCS 3.1: write {exclusive}: 0 in place of {key}: 0 and {exclusive}: true"
            )
            self.wrong((*where, exclusive), what)
        elif strict is not None:
            if self.is_30:
                what = f"is true or false in ODCS 3.0: write {key}: {strict} and {exclusive}: true"
                self.wrong((*where, exclusive), what)
            elif value is not None:
                self.wrong((*where, exclusive), f"stands beside `{key}`; keep one of the two")
            value, strict = strict, True
        if value is None or kind not in _TYPES:
            return None, False
        if kind not in _ORDERED:
            remedy = "list its values or give a pattern" if kind == "string" else "remove it"
            self.wrong(place, f"columns of type {kind} have no range; {remedy}")
            return None, False
        if problem := _misfit(value, kind):
            self.wrong(place, problem)
            return None, False
        return _stored(value, kind), strict is True

    def enum(self, where: Where, node: Any, kind: str) -> tuple[Scalar, ...]:
        """Read the allowed values: `enum` of 3.2, invalidValues of 3.1 or validValues of 3.0."""
        lists: list[tuple[Where, list[Any]]] = []
        if isinstance(listed := node.get("enum"), list):
            values = [each.get("value") for each in listed if isinstance(each, dict)]
            lists.append(((*where, "enum"), values))
        for place, rule in _items(node, where, "quality"):
            if rule.get("type", "library") != "library":
                continue
            key, values = self.valid_values(place, rule)
            if isinstance(values, list):
                lists.append(((*place, *key), values))
        for place, _ in lists[1:]:
            line = self.lines.of(lists[0][0])
            self.wrong(place, f"allowed values are already on line {line}; keep one list")
        if not lists:
            return ()
        place, values = lists[0]
        if kind not in ("string", "integer"):
            if kind in _TYPES:
                self.wrong(place, f"only string and integer columns list their values, this one is {kind}")
            return ()
        allowed: list[Scalar] = []
        for index, value in enumerate(values):
            if problem := _misfit(value, kind):
                self.wrong((*place, index), problem)
            elif value in allowed:
                self.wrong((*place, index), f"{shown(value)} is listed twice")
            else:
                allowed.append(value)
        return tuple(allowed)

    def valid_values(self, where: Where, rule: Node) -> tuple[Where, Any]:
        """Where a quality rule lists its values, as the version of the standard spells it, and the list."""
        old, new = (
            "rule: validValues and validValues: [...]",
            "metric: invalidValues, arguments and mustBe: 0",
        )
        if self.is_30:
            if "rule" not in rule:
                self.wrong(where, f"says nothing to check in ODCS 3.0; write {old}, or type: text")
            elif "validValues" not in rule:
                self.wrong(where, "`validValues` is missing: list the allowed values")
            return ("validValues",), rule.get("validValues")
        if "metric" not in rule:
            self.wrong(where, f"says nothing to check since ODCS 3.1; write {new}, or type: text")
            return ("validValues",), rule.get("validValues")
        for key, why in (("arguments", "validValues: [...]"), ("mustBe", "0")):
            if key not in rule:
                self.wrong(where, f"`{key}` is missing; write {key}: {why}")
        arguments = rule.get("arguments")
        return ("arguments", "validValues"), arguments.get("validValues") if isinstance(
            arguments, dict
        ) else None

    def pattern(self, where: Where, options: Any, kind: str) -> str:
        pattern = _str(options, "pattern")
        if not pattern or kind not in _TYPES:
            return ""
        if kind != "string":
            self.wrong((*where, "pattern"), f"columns of type {kind} have no pattern; remove it")
            return ""
        for problem in pattern_problems(pattern):
            self.wrong((*where, "pattern"), problem)
        return pattern

    def values(self, where: Where, node: Node, column: Column, custom: dict[str, Any]) -> Column:
        """Check every value that is given for a column against the column, and set its default."""
        if column.type not in _TYPES:
            return column
        for value in column.enum:
            if problem := _break(value, replace(column, enum=())):
                self.wrong(where, f"of its allowed values, {problem}")
        examples = node.get("examples")
        for index, value in enumerate(examples if isinstance(examples, list) else []):
            if problem := _break(value, column):
                self.wrong((*where, "examples", index), problem)
        if "default" not in custom:
            return column
        default = custom["default"]
        if problem := _break(default, column):
            self.wrong(self.custom_place(where, node, "default"), problem)
            return column
        return replace(column, default=_stored(default, column.type))

    # what columns say of each other

    def key(self, where: Where, node: Node) -> tuple[str, ...]:
        placed: list[tuple[int, str]] = []
        for place, each in _items(node, where, "properties"):
            given = each.get("primaryKeyPosition", -1)
            position = given if isinstance(given, int) else -1
            if each.get("primaryKey") is True:
                placed.append((position, _str(each, "name")))
                if each.get("required") is not True:
                    self.wrong(place, "a key column must be there in every row; write required: true")
            elif position != -1:
                what = "the column is not in the key; write primaryKey: true or remove this"
                self.wrong((*place, "primaryKeyPosition"), what)
        names = tuple(name for _, name in sorted(placed, key=lambda one: one[0]))
        positions = sorted(position for position, _ in placed)
        if positions != list(range(1, len(placed) + 1)) and positions != [-1]:
            said = ", ".join(f"{name} {position if position != -1 else 'none'}" for position, name in placed)
            what = f"primaryKeyPosition must count from 1 to {len(placed)} over the key, is: {said}"
            self.wrong((*where, "properties"), what)
        for place, each in _items(node, where, "properties"):
            if each.get("unique") is True and names != (_str(each, "name"),):
                what = "only keys are checked for duplicates; make the column the table's key or remove this"
                self.wrong((*place, "unique"), what)
        return names

    def references(self, where: Where, node: Node, columns: dict[str, Column]) -> tuple[Reference, ...]:
        own = _str(node, "name")
        given: list[tuple[Where, Any, Any]] = []
        for place, each in _items(node, where, "properties"):
            for inside, relation in _items(each, place, "relationships"):
                given.append((inside, f"{own}.{_str(each, 'name')}", relation.get("to")))
        for inside, relation in _items(node, where, "relationships"):
            given.append((inside, relation.get("from"), relation.get("to")))
        found: dict[Reference, Where] = {}
        for place, source, target in given:
            if source is None or target is None:
                continue
            reference = self.reference(place, own, columns, source, target)
            if reference and reference in found:
                line = self.lines.of(found[reference])
                self.wrong(place, f"the same reference is already on line {line}; keep one")
            elif reference:
                found[reference] = place
        return tuple(found)

    def reference(
        self, where: Where, own: str, columns: dict[str, Column], source: Any, target: Any
    ) -> Reference | None:
        if isinstance(source, str) is not isinstance(target, str):
            self.wrong(where, "`from` and `to` must be both one table.column or both lists of them")
            return None
        sources, targets = ([end] if isinstance(end, str) else end for end in (source, target))
        if not _is_texts(sources) or not _is_texts(targets):
            return None
        if len(sources) != len(targets):
            self.wrong(where, f"`from` has {len(sources)} columns and `to` has {len(targets)}; pair them")
            return None
        tables = self.tables | {own: columns}
        left = [found for each in sources if (found := self.endpoint(where, each, tables))]
        right = [found for each in targets if (found := self.endpoint(where, each, self.tables))]
        if len(left) < len(sources) or len(right) < len(targets):
            return None
        if any(table != own for table, _ in left):
            self.wrong(where, f"`from` must name columns of '{own}'")
            return None
        if len({table for table, _ in right}) > 1:
            self.wrong(where, "`to` must name columns of one table")
            return None
        for (_, one), (_, other) in zip(left, right, strict=True):
            if one.type != other.type and {one.type, other.type} <= set(_TYPES):
                what = f"{one.name} is {one.type} and {other.name} is {other.type}; give both one type"
                self.wrong(where, what)
        return Reference(
            columns=tuple(column.name for _, column in left),
            table=right[0][0],
            targets=tuple(column.name for _, column in right),
        )

    def endpoint(
        self, where: Where, text: str, tables: dict[str, dict[str, Column]]
    ) -> tuple[str, Column] | None:
        table, dot, name = text.partition(".")
        if not dot or "/" in text:
            self.wrong(where, f"'{text}' must be written table.column, of this contract")
        elif table not in tables:
            self.wrong(where, f"no table is called '{table}'. {nearest(table, sorted(tables))}")
        elif name not in tables[table]:
            self.wrong(where, f"'{table}' has no column '{name}'. {nearest(name, list(tables[table]))}")
        else:
            return table, tables[table][name]
        return None

    def rules(self, where: Where, node: Node, columns: dict[str, Column]) -> tuple[RowRule, ...]:
        found: list[RowRule] = []
        rules = _items(node, where, "quality")
        self.unique("rule", rules)
        for place, each in rules:
            custom = self.custom(place, each, "rule")
            text = self.text(place, _str(each, "description"), custom, needed=False)
            left, op, right = (_str(each.get("implementation"), key) for key in ("left", "op", "right"))
            if each.get("type") != "custom" or not (left and op and right):
                continue
            inside = (*place, "implementation")
            for key, name in (("left", left), ("right", right)):
                if name not in columns:
                    what = f"the table has no column '{name}'. {nearest(name, list(columns))}"
                    self.wrong((*inside, key), what)
            both = left in columns and right in columns
            if both and (problem := _incomparable(columns[left], op, columns[right])):
                self.wrong(inside, problem)
            rule = RowRule(
                name=_str(each, "name"), left=left, op=cast("Operator", op), right=right, description=text
            )
            found.append(rule)
        return tuple(found)

    # custom properties and words

    def custom(self, where: Where, node: Node, kind: str) -> dict[str, Any]:
        known = _CUSTOM[kind]
        found: dict[str, Any] = {}
        for place, each in _items(node, where, "customProperties"):
            name = _str(each, "property")
            if each.get("vendor", "workbench") != "workbench" or not name:
                continue
            if name not in known:
                levels = [level for level, names in _CUSTOM.items() if name in names]
                hint = f"It belongs to a {levels[0]}." if levels else nearest(name, known)
                self.wrong(place, f"unknown custom property of a {kind}. {hint} Others' carry `vendor`.")
            elif name in found:
                self.wrong(place, "is given twice; keep one")
            elif "value" in each:
                found[name] = each["value"]
        return found

    def custom_place(self, where: Where, node: Node, name: str) -> Where:
        items = _items(node, where, "customProperties")
        return next((place for place, each in items if each.get("property") == name), where)

    def text(self, where: Where, english: str, custom: dict[str, Any], *, needed: bool) -> Text:
        chinese = custom.get("description_zh", "")
        if not isinstance(chinese, str) or ("description_zh" in custom and not chinese.strip()):
            self.wrong(where, f"description_zh must be Chinese text, is {shown(chinese)}")
        elif not chinese and (needed or english):
            self.wrong(where, "`description_zh` is missing from customProperties: the description in Chinese")
        return Text(english, str(chinese))


def pattern_problems(pattern: str) -> list[str]:
    """
    What keeps a regular expression from meaning the same in Rust, Java and Python.

    Polars matches with Rust's engine, Spark with Java's; a row must not be clean on one and set aside on
    the other. Both ends must be anchored, so that it does not matter whether an engine searches or matches.

    Parameters
    ----------
    pattern
        The regular expression.

    Returns
    -------
    problems
        One sentence each, empty where the pattern is portable.
    """
    problems = [f"{found} {remedy}" for found, remedy in _unportable(pattern)]
    try:
        if not problems:  # else Python may warn of what is told already
            re.compile(pattern)
    except re.error as error:
        return [f"is not a regular expression: {error.msg} at character {(error.pos or 0) + 1}"]
    tokens = _TOKEN.findall(pattern)
    if not tokens or tokens[0] != "^" or tokens[-1] != "$":
        problems.append("must describe the whole value: write ^ at its beginning and $ at its end")
    return list(dict.fromkeys(problems))


_ESCAPES = {
    **dict.fromkeys("dD", "differs between engines in digits of other scripts; write [0-9] or [^0-9]"),
    **dict.fromkeys("wW", "differs between engines in letters of other scripts; write [A-Za-z0-9_]"),
    **dict.fromkeys("sS", "differs between engines in wide spaces; write [ \\t]"),
    **dict.fromkeys("bB", "(word edge) differs between engines; write the characters that may stand there"),
    **dict.fromkeys("AzZG", "is not known to every engine; write ^ and $"),
    **dict.fromkeys("pP", "(Unicode class) is spelled differently by engines; write a range such as [一-龥]"),
    **dict.fromkeys("123456789k", "(backreference) is not known to Rust; write the alternatives out"),
}
_PLAIN = frozenset(string.punctuation + " tnrf") - frozenset("<>")
_GROUPS = (
    (r"\(\?<?[=!]", "(lookaround) is not known to Rust; say what a value is, not what surrounds it"),
    (r"\(\?P?[<=]", "(named group) is spelled differently by engines; write ( or (?:"),
    (r"\(\?>", "(atomic group) is not known to Rust; write (?:"),
    (r"\(\?(?!:)", "(flags, comment or condition) differs between engines; write it without"),
)
_TOKEN = re.compile(
    r"\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\.|\{[0-9]+(?:,[0-9]*)?\}[+]?|[*+?]\+|.", re.DOTALL
)


def _unportable(pattern: str) -> Iterator[tuple[str, str]]:
    """Walk over a pattern that Python compiles; yield each part others read differently, with the remedy."""
    inside, depth = False, 0
    for match in _TOKEN.finditer(pattern):
        token, rest = match.group(), pattern[match.start() :]
        if token[0] == "\\":
            if len(token) == 2 and token[1] not in _PLAIN:
                yield (
                    token,
                    _ESCAPES.get(token[1], "is not known to every engine; write the character itself"),
                )
        elif inside:
            if found := re.match(r"\[|&&|--|~~", rest):
                yield found.group(), "within [ ] is set arithmetic to some engines; write \\ before it"
            inside = token != "]"
        elif token == "[":
            inside = True
            if re.match(r"\[\^?\]", rest):
                yield rest[:2], "is read differently by engines; write \\] for the bracket itself"
        elif token == "(":
            depth += 1
            yield from [(m.group(), why) for form, why in _GROUPS if (m := re.match(form, rest))][:1]
        elif token == ")":
            depth -= 1
        elif token == "|" and depth == 0:
            yield "|", "outside of brackets leaves one alternative open at an end; write ^(?:...|...)$"
        elif token == "{":
            yield "{", "must be a count such as {2} or {1,3}, or be written \\{"
        elif len(token) > 1 and token.endswith("+"):
            yield token, "(possessive) is not known to Rust; leave out the last +"


def _misfit(value: object, kind: str) -> str:
    """Why a value is not of a column type; empty if it is."""
    match kind:
        case "string" | "boolean":
            fits = isinstance(value, str if kind == "string" else bool)
        case "integer" | "number":
            is_number = isinstance(value, int if kind == "integer" else int | float)
            fits = is_number and not isinstance(value, bool) and abs(cast("float", value)) < float("inf")
        case _:
            fits = isinstance(value, str) and _moment(value, kind) is not None
    if fits:
        return ""
    quotes = "; put it in quotes" if kind == "string" and isinstance(value, bool | int | float) else ""
    return f"must be {_WORDS[kind]}, is {shown(value)}{quotes}"


def _break(value: Any, column: Column) -> str:
    """Which rule of its column a value breaks; empty if none."""
    if problem := _misfit(value, column.type):
        return problem
    if column.enum and value not in column.enum:
        return f"{shown(value)} is not an allowed value ({', '.join(map(str, column.enum))})"
    if column.pattern and not pattern_problems(column.pattern) and not re.search(column.pattern, value):
        return f"{shown(value)} does not match {column.pattern}"
    ordinal = _ordinal(value, column.type)
    if column.minimum is not None:
        low = _ordinal(column.minimum, column.type)
        if ordinal < low or (ordinal == low and column.exclusive_minimum):
            return f"{shown(value)} is below the minimum {column.minimum}"
    if column.maximum is not None:
        high = _ordinal(column.maximum, column.type)
        if ordinal > high or (ordinal == high and column.exclusive_maximum):
            return f"{shown(value)} is above the maximum {column.maximum}"
    return ""


def _incomparable(left: Column, op: str, right: Column) -> str:
    """Why two columns cannot be compared; empty if they can."""
    kinds = {left.type, right.type}
    if left.name == right.name:
        return f"compares '{left.name}' with itself; name another column"
    if not kinds <= set(_TYPES):
        return ""
    if len(kinds) > 1 and kinds != {"integer", "number"}:
        return f"{left.name} is {left.type} and {right.name} is {right.type}; they cannot be compared"
    if op not in ("==", "!=") and kinds == {"boolean"}:
        return f"true and false have no order for {op}; write == or !="
    if left.unit and right.unit and left.unit != right.unit:
        return f"{left.name} is in {left.unit} and {right.name} in {right.unit}; compare columns of one unit"
    return ""


def _moment(text: str, kind: str) -> date | datetime | None:
    form = r"\d{4}-\d\d-\d\d" if kind == "date" else r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?"
    if not re.fullmatch(form, text, re.ASCII):
        return None
    try:
        return date.fromisoformat(text) if kind == "date" else datetime.fromisoformat(text)
    except ValueError:
        return None


def _ordinal(value: Any, kind: str) -> Any:
    return _moment(value, kind) if kind in ("date", "timestamp") else value


def _stored(value: Any, kind: str) -> Any:
    """A value as a column holds it: timestamps in one spelling."""
    return _ordinal(value, kind).isoformat() if kind == "timestamp" else value


def _zone_problem(zone: object) -> str:
    from zoneinfo import available_timezones

    known = available_timezones()
    if not known:
        return "cannot be looked up, as no time zones are installed here; install the package tzdata"
    if isinstance(zone, str) and zone in known:
        return ""
    return f"must be an IANA time zone, is {shown(zone)}. {nearest(str(zone), sorted(known))}"


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)


def _str(owner: object, key: str) -> str:
    value = owner.get(key) if isinstance(owner, dict) else None
    return value if isinstance(value, str) else ""


def _items(owner: object, where: Where, key: str) -> list[tuple[Where, Node]]:
    """Items of a list that are mappings, each with its place; none where the list is missing."""
    value = owner.get(key) if isinstance(owner, dict) else None
    items = value if isinstance(value, list) else []
    return [((*where, key, index), item) for index, item in enumerate(items) if isinstance(item, dict)]
