"""Checks of a brief's tables as CSV against the numbers of brief.json."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from workbench._text import LANGUAGES
from workbench.runs._filechecks import attempt
from workbench.runs._finding import Finding

ENDS = {"value": "", "low": ".low", "high": ".high"}
ENCODING = "utf-8-sig"
Json = Mapping[str, Any]


def tables(folder: Path, brief: Json, findings: list[Finding]) -> int:
    """Compare every number of every table that is kept as CSV; return how many were."""
    count = 0
    for table in _tables(brief):
        path = folder / "tables" / f"{table['id']}.csv"
        if not path.is_file():
            continue
        text = attempt(partial(_text, path), path, folder, findings)
        rows = list(csv.DictReader(io.StringIO(text or "")))
        file = path.relative_to(folder).as_posix()
        if len(rows) != len(table["rows"]):
            said = f"has {len(rows)} rows; the table of the brief has {len(table['rows'])}"
            findings.append(Finding(file, said))
            continue
        for row, told in zip(rows, table["rows"], strict=True):
            for head, cell in zip(table["heads"], told["cells"], strict=True):
                if "quantity" in cell:
                    count += 1
                    findings += _cell(file, row, head["key"], cell, brief["quantities"])
    return count


def _cell(file: str, row: Mapping[str, str], key: str, cell: Json, numbers: Json) -> Iterator[Finding]:
    name = cell["quantity"]
    told = numbers.get(name)
    if told is None:
        return
    wanted = {key + suffix: "" if told[end] is None else repr(told[end]) for end, suffix in ENDS.items()}
    wanted |= {f"{key}.{lang}": cell["text"][lang] for lang in LANGUAGES}
    for column, recorded in wanted.items():
        printed = row.get(column) or ""
        if printed not in (recorded, f"'{recorded}"):
            said = f"number '{name}' stands as {printed!r} in column {column}; recorded is {recorded!r}"
            yield Finding(file, said, name, printed, recorded)


def _text(path: Path) -> str:
    return path.read_bytes().decode(ENCODING)


def _tables(brief: Json) -> Iterator[Json]:
    yield from (brief["options"], brief["figure"]["data"], *brief["tables"])
    for section in brief["sections"]:
        yield from section["tables"]
        yield from (figure["data"] for figure in section["figures"])
