"""Tables as CSV: exact numbers beside the printed ones, both languages, safe in a spreadsheet."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from workbench.briefs import Brief, Head, Row, Table, Text
from workbench.briefs.tables import columns_csv, tables_csv


def _read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_one_file_for_each_table_and_figure(full: Brief) -> None:
    assert list(tables_csv(full)) == ["options", "drawn", "closed", "again", "drawn-again"]


def test_numbers_are_exact_beside_what_is_printed(brief: Brief) -> None:
    first, second, third, last = _read(tables_csv(brief)["options"])
    quantity = brief.quantities()["index.0"]
    assert float(first["index"]) == quantity.value == 1 / 3
    assert (float(first["index.low"]), float(first["index.high"])) == (quantity.low, quantity.high)
    assert (first["index.unit"], first["index.en"]) == ("index", "0.33 (0.30–0.37)")
    assert (second["delay"], second["delay.unit"], second["delay.en"]) == ("234.0", "s", "3.9 (3.7–4.1)")
    assert (second["segment.en"], second["segment.zh"]) == ("Caofang", "草房")
    assert float(third["index"]) == 1e-7
    assert (last["index"], last["index.low"], last["index.en"]) == ("", "", "cannot tell")
    assert [row["row.chosen"] for row in _read(tables_csv(brief)["options"])] == ["1", "0", "0", "0"]


def test_a_table_without_rows_keeps_its_heads(brief: Brief) -> None:
    assert tables_csv(brief)["closed"] == "row.chosen,segment.en,segment.zh,index.en,index.zh\r\n"


def test_a_name_is_no_formula(brief: Brief) -> None:
    rows = tuple(Row((name,)) for name in ("=1+1", "+1", "-1", "@x", 'plain, with "quotes"\nand a line'))
    table = Table("names", Text("Names"), (Head("name", Text("Name")),), rows)
    read = [row["name.en"] for row in _read(tables_csv(replace(brief, tables=(table,)))["names"])]
    assert read == ["'=1+1", "'+1", "'-1", "'@x", 'plain, with "quotes"\nand a line']


def test_columns_are_explained(brief: Brief) -> None:
    rows = {(row["table"], row["column"]): row for row in _read(columns_csv(brief))}
    told = rows["options", "delay"]
    assert (told["head.en"], told["head.zh"], told["unit.en"], told["unit.zh"]) == (
        "Delay",
        "延误",
        "min",
        "分钟",
    )
    assert ("drawn", "index") in rows
