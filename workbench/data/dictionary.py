"""
The data dictionary: what a contract asks for, as a planner or a data owner reads it.

As text for a terminal, as Markdown for a document and as plain data for programs; English or Chinese.
Chinese characters count as two columns wide, as terminals draw them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from workbench._text import language
from workbench.data.contract import Column, Contract, Reference, RowRule, TableContract

_WIDTH = 110
_GAP = "  "
_EN = {
    "columns": "columns",
    "column": "column",
    "type": "type",
    "unit": "unit",
    "required": "required",
    "key": "key",
    "allowed": "allowed values",
    "classification": "classification",
    "description": "description",
    "table": "table",
    "rejected": "may be rejected",
    "yes": "yes",
    "none": "none",
    "identifier": "identifier",
    "quasi-identifier": "quasi-identifier",
    "sensitive": "sensitive",
    "string": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "default": "default {}",
    "above": "above {}",
    "below": "below {}",
    "least": "at least {}",
    "most": "at most {}",
    "range": "{} to {}",
    "and": "; ",
    "aside": " ({})",
    "references": "Found in other tables",
    "rules": "In every row",
    "limit": "At most {} of the rows may be set aside before the run stops.",
    "head": "version {}, local time of {}",
    "colon": ": ",
}
_ZH = {
    "columns": "列数",
    "column": "列",
    "type": "类型",
    "unit": "单位",
    "required": "必填",
    "key": "主键",
    "allowed": "取值范围",
    "classification": "个人信息级别",
    "description": "说明",
    "table": "表",
    "rejected": "可剔除比例",
    "yes": "是",
    "none": "无",
    "identifier": "直接标识",
    "quasi-identifier": "准标识",
    "sensitive": "敏感",
    "string": "文本",
    "integer": "整数",
    "number": "数值",
    "boolean": "是/否",
    "date": "日期",
    "timestamp": "时间",
    "default": "缺省 {}",
    "above": "大于 {}",
    "below": "小于 {}",
    "least": "不小于 {}",
    "most": "不大于 {}",
    "range": "{} 至 {}",
    "and": "；",
    "aside": "（{}）",
    "references": "须见于其他表",
    "rules": "每一行须满足",
    "limit": "剔除的行最多占 {}，超过则运行停止。",
    "head": "版本 {}，{} 当地时间",
    "colon": "：",
}


def as_text(contract: Contract, table: str | None = None, lang: str = "en") -> str:
    """
    The dictionary as text for a terminal.

    Parameters
    ----------
    contract
        The contract.
    table
        A table to show whole; None for an overview of all tables.
    lang
        "en" or "zh".

    Returns
    -------
    text
        Lines of at most 110 columns where words allow it, without a line break at the end.

    Raises
    ------
    UnknownName
        If there is no such table or language.
    """
    words = _words(lang)
    if table is not None:
        return "\n".join(_table_text(contract.table(table), lang))
    head = words["head"].format(contract.version, contract.zone)
    rows = [[words["table"], words["columns"], words["rejected"]]]
    rows += [[each.name, str(len(each.columns)), _share(each.rejected_limit)] for each in _tables(contract)]
    notes = [""] + [each.description.in_(lang) for each in _tables(contract)]
    lines = [*_wrapped(f"{contract.name}{words['colon']}{contract.description.in_(lang)}", ""), head, ""]
    return "\n".join(lines + _grid(rows, notes))


def as_markdown(contract: Contract, lang: str = "en") -> str:
    """
    The dictionary as Markdown, every table whole.

    Parameters
    ----------
    contract
        The contract.
    lang
        "en" or "zh".

    Returns
    -------
    text
        Headings of the second and third level, one table of columns for each table.
    """
    words = _words(lang)
    lines = [f"## {contract.name}", "", contract.description.in_(lang), ""]
    lines += [words["head"].format(contract.version, contract.zone), ""]
    for table in _tables(contract):
        lines += [f"### {table.name}", "", table.description.in_(lang), ""]
        heads = ("column", "type", "unit", "required", "key", "allowed", "classification", "description")
        lines += [_cells([words[head] for head in heads]), _cells(["---"] * len(heads))]
        for column in table.columns:
            name, *rest = _facts(table, column, lang)
            lines.append(_cells([f"`{name}`", *map(_escaped, [*rest, column.description.in_(lang)])]))
        for title, items in _notes(table, lang):
            lines += ["", f"{title}{words['colon']}", "", *(f"- {_escaped(item)}" for item in items)]
        lines += ["", words["limit"].format(_share(table.rejected_limit)), ""]
    return "\n".join(lines).rstrip() + "\n"


def as_dict(contract: Contract, table: str | None = None) -> dict[str, Any]:
    """
    The dictionary as plain data, in both languages.

    Parameters
    ----------
    contract
        The contract.
    table
        A table to give alone; None for all.

    Returns
    -------
    data
        Keys `name`, `version`, `zone`, `description` and `tables`, a list; what a column does not have is
        null or empty, never left out.
    """
    tables = _tables(contract) if table is None else [contract.table(table)]
    return {
        "name": contract.name,
        "version": contract.version,
        "zone": contract.zone,
        "description": contract.description.as_dict(),
        "tables": [
            {
                "name": each.name,
                "description": each.description.as_dict(),
                "key": list(each.key),
                "rejected_limit": each.rejected_limit,
                "columns": [_column_dict(column) for column in each.columns],
                "references": [_reference_dict(reference) for reference in each.references],
                "rules": [_rule_dict(rule) for rule in each.rules],
            }
            for each in tables
        ],
    }


def _column_dict(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": column.type,
        "unit": column.unit,
        "required": column.required,
        "minimum": column.minimum,
        "maximum": column.maximum,
        "exclusive_minimum": column.exclusive_minimum,
        "exclusive_maximum": column.exclusive_maximum,
        "enum": list(column.enum),
        "pattern": column.pattern,
        "default": column.default,
        "classification": column.classification,
        "description": column.description.as_dict(),
    }


def _reference_dict(reference: Reference) -> dict[str, Any]:
    return {
        "columns": list(reference.columns),
        "table": reference.table,
        "targets": list(reference.targets),
    }


def _rule_dict(rule: RowRule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "left": rule.left,
        "op": rule.op,
        "right": rule.right,
        "description": rule.description.as_dict(),
    }


def _words(lang: str) -> dict[str, str]:
    return _ZH if language(lang) == "zh" else _EN


def _tables(contract: Contract) -> list[TableContract]:
    return list(contract.tables.values())


def _table_text(table: TableContract, lang: str) -> list[str]:
    words = _words(lang)
    heads = ("column", "type", "unit", "required", "key", "classification", "allowed")
    rows = [[words[head] for head in heads]]
    for column in table.columns:
        name, kind, unit, required, key, allowed, classification = _facts(table, column, lang)
        rows.append([name, kind, unit, required, key, classification, allowed])
    lines = [*_wrapped(f"{table.name}{words['colon']}{table.description.in_(lang)}", ""), ""]
    lines += _grid(rows, ["", *(column.description.in_(lang) for column in table.columns)])
    for title, items in _notes(table, lang):
        lines += ["", f"{title}{words['colon'].rstrip()}"]
        for item in items:
            lines += _wrapped(item, _GAP)
    return [*lines, "", words["limit"].format(_share(table.rejected_limit))]


def _facts(table: TableContract, column: Column, lang: str) -> list[str]:
    """Name, type, unit, required, place in the key, allowed values and classification, as shown."""
    words = _words(lang)
    return [
        column.name,
        words[column.type],
        column.unit,
        words["yes"] if column.required else "",
        str(table.key.index(column.name) + 1) if column.name in table.key else "",
        _allowed(column, words),
        words[column.classification],
    ]


def _allowed(column: Column, words: dict[str, str]) -> str:
    said = [" | ".join(map(str, column.enum))] if column.enum else []
    low, high = column.minimum, column.maximum
    if low is not None and high is not None and not (column.exclusive_minimum or column.exclusive_maximum):
        said.append(words["range"].format(low, high))
    else:
        if low is not None:
            said.append(words["above" if column.exclusive_minimum else "least"].format(low))
        if high is not None:
            said.append(words["below" if column.exclusive_maximum else "most"].format(high))
    if column.pattern:
        said.append(column.pattern)
    if column.default is not None:
        default = str(column.default).lower() if isinstance(column.default, bool) else column.default
        said.append(words["default"].format(default))
    return words["and"].join(said)


def _notes(table: TableContract, lang: str) -> list[tuple[str, list[str]]]:
    """References and row rules of a table, each group with its title."""
    words = _words(lang)
    references = [
        f"{', '.join(each.columns)} → {', '.join(f'{each.table}.{target}' for target in each.targets)}"
        for each in table.references
    ]
    rules = []
    for rule in table.rules:
        text = rule.description.in_(lang)
        aside = words["aside"].format(text.rstrip(".。")) if text else ""
        rules.append(f"{rule.name}{words['colon']}{rule.left} {rule.op} {rule.right}{aside}")
    groups = [(words["references"], references), (words["rules"], rules)]
    return [(title, items) for title, items in groups if items]


def _share(limit: float) -> str:
    return f"{limit * 100:.10g}%"


# layout


def _grid(rows: Sequence[Sequence[str]], notes: Sequence[str]) -> list[str]:
    """Rows in columns, each followed by its note, indented; the last column wraps."""
    widths = [max(_wide(row[index]) for row in rows) for index in range(len(rows[0]) - 1)]
    start = sum(widths) + len(_GAP) * len(widths)
    lines = []
    for row, note in zip(rows, notes, strict=True):
        cells = [cell + " " * (width - _wide(cell)) for cell, width in zip(row[:-1], widths, strict=True)]
        last = _fold(row[-1], max(_WIDTH - start, 24)) or [""]
        lines.append(_GAP.join([*cells, last[0]]).rstrip())
        lines += [" " * start + each for each in last[1:]]
        lines += _wrapped(note, "    ")
    return lines


def _wrapped(text: str, indent: str) -> list[str]:
    return [indent + line for line in _fold(text, _WIDTH - len(indent))]


def _fold(text: str, width: int) -> list[str]:
    """
    Fold text into lines of a width.

    Lines break at spaces and between Chinese characters, never before closing punctuation; a word that is
    wider than a line keeps its own.
    """
    wide = r"[\u2e80-\u2fff\u3001-\u9fff\uf900-\ufaff\uff01-\uff60]"
    closing = "[，。、；：？！）》」』】〉”’…]"
    opening = "[（《「『【〈“‘]"
    pieces = re.findall(rf"\s+|{opening}*{wide}{closing}*|(?:(?!{wide})\S)+{closing}*", text)
    lines, line = [], ""
    for piece in pieces:
        if line.strip() and _wide(line) + _wide(piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += "" if piece.isspace() and not line else piece
    return [*lines, line.rstrip()] if line.strip() else lines


def _wide(text: str) -> int:
    """Columns a text takes in a terminal: two for Chinese, none for combining marks."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def _cells(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is, within a table too."""
    return re.sub(r"([\\`*_<|\[\]])", r"\\\1", text.replace("\n", " "))
