"""What screening found, as data, text, JSON and a page."""

from __future__ import annotations

import html
import json
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from workbench._text import Text, language
from workbench.data.contract import RowRule, TableContract
from workbench.data.wanted import not_wanted
from workbench.errors import DataRejected

RULES = {
    "blank": Text("without any value", "整行为空"),
    "ragged": Text("more fields than columns", "字段数多于列数"),
    "required": Text("missing", "必填值缺失"),
    "type": Text("not of its type", "类型不符"),
    "range": Text("out of range", "超出取值范围"),
    "enum": Text("not in the list of values", "不在取值列表中"),
    "pattern": Text("not of its pattern", "格式不符"),
    "duplicate": Text("repeats an earlier row's key", "主键重复"),
    "reference": Text("not in the table it refers to", "引用的记录不存在"),
    "code": Text("not in the code list", "不在代码表中"),
}
WORDS = {
    "title": Text("Screening report", "数据筛查报告"),
    "rule": Text("rule", "规则"),
    "column": Text("column", "列"),
    "count": Text("rows", "行数"),
    "first": Text("first", "首例"),
    "unchecked": Text("not checked, table not given", "未检查（未提供引用的数据表）"),
    "passed": Text("within the limit", "未超上限"),
    "stopped": Text("over the limit", "超过上限"),
    "empty": Text("no row is left", "无合格数据"),
    "ignored": Text("files not used", "未使用的文件"),
}
COUNTS = Text(
    "{rows:,} rows, {clean:,} clean, {rejected:,} set aside ({share:.2%}; limit {limit:.2%}: {verdict})",
    "共 {rows:,} 行，合格 {clean:,} 行，隔离 {rejected:,} 行（{share:.2%}；上限 {limit:.2%}：{verdict}）",
)
LINE = Text("{column}{what} (first {example})", "{column}{what}（首例 {example}）")
PLACE = Text("{file} row {row}", "{file} 第 {row} 行")
STYLE = """
body{font:16px/1.5 system-ui,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;max-width:60rem;
margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}
th,td{border-bottom:1px solid #ccc;padding:.3rem .6rem;text-align:left;vertical-align:top}
td{overflow-wrap:anywhere}
td.n,th.n{text-align:right;white-space:nowrap}.bad{font-weight:700}
h2{margin-bottom:.2rem;font-size:1.15rem}p{margin:.2rem 0}
"""


@dataclass(frozen=True, kw_only=True)
class RuleCount:
    """Rows that broke one rule, with the first of them."""

    rule: str
    column: str
    count: int
    file: str
    row: int
    value: str | None
    text: Text

    def example(self, lang: str = "en") -> str:
        """Where the first row is, and its value, cut to a readable length."""
        shown = "" if self.value is None else f" '{''.join(map(_visible, self.value[:60]))}'"
        return PLACE.in_(lang).format(file=self.file, row=self.row) + shown


@dataclass(frozen=True, kw_only=True)
class TableReport:
    """One table: how many rows came, went on and were set aside, and why."""

    table: str
    rows: int
    clean: int
    limit: float
    rules: tuple[RuleCount, ...]
    files: tuple[tuple[str, str], ...] = ()
    file_rows: tuple[int, ...] = ()
    unchecked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    period: tuple[str, str] | None = None

    @property
    def rejected(self) -> int:
        """Rows in quarantine."""
        return self.rows - self.clean

    @property
    def share(self) -> float:
        """Share of the rows in quarantine, 0 to 1."""
        return self.rejected / self.rows if self.rows else 0.0

    @property
    def duplicates(self) -> int:
        """Rows that repeat an earlier row's key."""
        return sum(one.count for one in self.rules if one.rule == "duplicate")

    @property
    def passed(self) -> bool:
        """Whether the share set aside is within the contract's limit, and any row is left."""
        return self.clean > 0 and self.share <= self.limit

    @property
    def verdict(self) -> str:
        """`passed`, `stopped` (over the limit) or `empty` (within it, but no row is left)."""
        if self.share > self.limit:
            return "stopped"
        return "passed" if self.clean else "empty"

    def counts(self, lang: str = "en") -> str:
        """How many rows came, went on and were set aside, beside the limit."""
        return COUNTS.in_(lang).format(
            rows=self.rows,
            clean=self.clean,
            rejected=self.rejected,
            share=self.share,
            limit=self.limit,
            verdict=WORDS[self.verdict].in_(lang),
        )

    def complaint(self) -> str:
        """One sentence: what is wrong with the table, and the first row to look at."""
        if not self.rows:
            return f"'{self.table}' has no rows"
        worst = max(self.rules, key=lambda one: one.count)
        limit = f"over its limit of {self.limit:.1%}" if self.share > self.limit else "so that none is left"
        return (
            f"{self.rejected:,} of {self.rows:,} rows of '{self.table}' ({self.share:.1%}) are against "
            "the contract, "
            f"{limit}; most ({worst.count:,}) for '{worst.column or worst.rule}': {worst.text.en}, first in "
            f"{worst.example()}"
        )


@dataclass(frozen=True)
class Report:
    """All tables of a run."""

    tables: tuple[TableReport, ...]
    ignored: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every table is within its limit."""
        return all(table.passed for table in self.tables)

    def check(self, quarantine: str) -> None:
        """Raise `DataRejected` where a table is over its limit; `quarantine` says where its rows are kept."""
        bad = [table for table in self.tables if not table.passed]
        if bad:
            raise DataRejected(
                f"{'. '.join(table.complaint() for table in bad)}. The rows are kept in {quarantine}: "
                "mend the files (or map them with a source file) and run again."
            )

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON holds it."""
        tables = []
        for table in self.tables:
            rules = [asdict(rule) | {"text": rule.text.as_dict()} for rule in table.rules]
            figures = {
                "rejected": table.rejected,
                "share": table.share,
                "duplicates": table.duplicates,
                "passed": table.passed,
            }
            tables.append(
                asdict(table)
                | {"rules": rules, "files": [{"name": n, "sha256": h} for n, h in table.files]}
                | figures
            )
        return {"passed": self.passed, "tables": tables, "ignored": list(self.ignored)}

    def to_json(self) -> str:
        """The report as JSON text, the same bytes for the same data."""
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"

    def as_text(self, lang: str = "en") -> str:
        """The report for a terminal."""
        w = {key: text.in_(lang) for key, text in WORDS.items()}
        lines = []
        for table in self.tables:
            lines.append(f"{table.table}: {table.counts(lang)}")
            for rule in table.rules:
                column = f"{rule.column}: " if rule.column else ""
                line = LINE.in_(lang).format(
                    column=column, what=rule.text.in_(lang), example=rule.example(lang)
                )
                lines.append(f"  {rule.count:>8,}  {line}")
            lines += [f"            {one}: {w['unchecked']}" for one in table.unchecked]
            lines += [f"            {note}" for note in table.notes]
        if self.ignored:
            lines.append(f"{w['ignored']}: {', '.join(self.ignored)}")
        return "\n".join(lines) + "\n"

    def to_html(self, lang: str = "en") -> str:
        """The report as a page that needs nothing else."""
        e = html.escape
        w = {key: e(text.in_(lang)) for key, text in WORDS.items()}
        parts = [
            f'<!DOCTYPE html><html lang="{language(lang)}"><head><meta charset="utf-8">',
            f"<title>{w['title']}</title><style>{STYLE}</style></head><body><h1>{w['title']}</h1>",
        ]
        for table in self.tables:
            kind = "" if table.passed else ' class="bad"'
            parts.append(f"<h2>{e(table.table)}</h2><p{kind}>{e(table.counts(lang))}</p>")
            if table.rules:
                heads = (("column", ""), ("rule", ""), ("count", ' class="n"'), ("first", ""))
                cells = "".join(f'<th scope="col"{kind}>{w[head]}</th>' for head, kind in heads)
                parts.append(f"<table><thead><tr>{cells}</tr></thead><tbody>")
                parts += [
                    f"<tr><td>{e(rule.column)}</td><td>{e(rule.text.in_(lang))}</td>"
                    f'<td class="n">{rule.count:,}</td><td>{e(rule.example(lang))}</td></tr>'
                    for rule in table.rules
                ]
                parts.append("</tbody></table>")
            parts += [f"<p>{e(one)}: {w['unchecked']}</p>" for one in table.unchecked]
            parts += [f"<p>{e(note)}</p>" for note in table.notes]
        if self.ignored:
            parts.append(f"<p>{w['ignored']}: {e(', '.join(self.ignored))}</p>")
        parts.append("</body></html>\n")
        return "".join(parts)


def count_rules(quarantine: pl.LazyFrame, contract: TableContract) -> tuple[RuleCount, ...]:
    """Count the rows of a kept quarantine by rule and column, most first, with the first row of each."""
    own = {rule.name: _broken(rule) for rule in contract.rules}
    columns = {column.name: column for column in contract.columns}
    first = pl.col("file", "row", "value").sort_by("file", "row").first()
    found = (
        quarantine.group_by("rule", "column")
        .agg(pl.len().alias("count"), first)
        .sort(["count", "rule", "column"], descending=[True, False, False], nulls_last=True)
        .collect()
    )
    return tuple(
        RuleCount(
            **{**row, "column": row["column"] or ""},
            text=own.get(row["rule"])
            or (row["column"] in columns and not_wanted(row["rule"], columns[row["column"]]))
            or RULES.get(row["rule"], Text(row["rule"])),
        )
        for row in found.iter_rows(named=True)
    )


def _broken(rule: RowRule) -> Text:
    english, chinese = rule.description.en.rstrip("."), rule.description.zh.rstrip("。")
    return Text(f"against the rule: {english or rule.name}", f"违反规则：{chinese}" if chinese else "")


def _visible(character: str) -> str:
    """A character as it is shown: one that cannot be seen, by its number."""
    return character if character.isprintable() else f"\\x{ord(character):02x}"


def paths_of(folder: str) -> list[str]:
    """Parquet files of a kept table."""
    from pathlib import Path

    return sorted(
        str(path) for path in Path(folder).rglob("*.parquet") if not path.name.startswith((".", "_"))
    )
