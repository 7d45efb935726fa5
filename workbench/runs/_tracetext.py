"""A trace in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from workbench._text import Text
from workbench.briefs.checklist import items
from workbench.briefs.glossary import house

if TYPE_CHECKING:
    from workbench.runs.places import Place
    from workbench.runs.trace import Trace

FEW = 5
"""Rows of a measure that are shown."""
MOST_CELLS = 8
"""Cells of a row that are shown, that of the number first; `--json` has them all."""


def as_text(trace: Trace, lang: str) -> str:
    """Return the chain, a heading for each link."""
    parts = (_number, _places, _read, _tables, _run, _again)
    return "\n".join(line for part in parts for line in part(trace, lang)) + "\n"


def word(key: str, lang: str, **values: object) -> str:
    """Return words of the house's glossary with their placeholders filled."""
    return house()[key].in_(lang).format(**values)


def _number(trace: Trace, lang: str) -> Iterator[str]:
    told = trace.number
    yield word("trace.number", lang, id=told["id"])
    yield _line("trace.printed", lang, told["text"][lang])
    if told["value"] is not None:
        yield _line("trace.value", lang, f"{told['value']!r} {told['unit']}".strip())
    if told["low"] is not None:
        ends = word("trace.ends", lang, low=repr(told["low"]), high=repr(told["high"]))
        yield _line("trace.interval", lang, f"{ends} ({told['level']:.3g})")
        yield _line("trace.basis", lang, Text.of(told["basis"] or "").in_(lang))
    yield _line("trace.kind", lang, word(f"trace.kind.{told['kind']}", lang))


def _places(trace: Trace, lang: str) -> Iterator[str]:
    yield word("trace.places", lang)
    if not trace.places:
        yield "  " + word("trace.places.none", lang)
    for place in trace.places:
        yield f"  {_part(place, lang)}: {_said(place, lang)}"


def _part(place: Place, lang: str) -> str:
    known = items()
    if place.part == "record" and place.key in known:
        return word("trace.item", lang, item=known[place.key].title.in_(lang))
    key = f"part.{place.part}"
    part = word(key, lang) if key in house() else word("head.record", lang)
    return f"{part} ({place.key})" if place.key else part


def _said(place: Place, lang: str) -> str:
    if not place.is_cell:
        return place.said[lang]
    row, column = place.row[lang], place.column[lang]
    return word("trace.cell", lang, row=row, column=column, text=place.said[lang])


def _read(trace: Trace, lang: str) -> Iterator[str]:
    read = trace.read
    yield word("trace.read", lang)
    if read.setting:
        yield "  " + word("trace.read.setting", lang, name=read.setting)
        return
    if not read.measure:
        yield "  " + word("trace.read.nowhere", lang)
        return
    where = ", ".join(f"{key}={value}" for key, value in (read.where or {}).items())
    yield _line("trace.measure", lang, f"{read.measure}.{read.column}" + (f" [{where}]" if where else ""))
    if read.rows:
        yield _line("trace.rows", lang, f"{read.count:,}")
    for row in read.rows[:FEW]:
        shown = {read.column: row[read.column], **row} if read.column in row else row
        cells = [f"{key}={value}" for key, value in shown.items()]
        yield "    " + ", ".join([*cells[:MOST_CELLS], *(["..."] if len(cells) > MOST_CELLS else [])])
    if read.count > FEW:
        yield "    ..."
    state = {True: "same", False: "other", None: "computed"}[read.cell]
    yield "  " + word(f"trace.read.{state}", lang)


def _tables(trace: Trace, lang: str) -> Iterator[str]:
    if not trace.tables:
        return
    yield word("trace.tables", lang)
    for table in trace.tables:
        counts = {name: f"{table[name]:,}" for name in ("rows", "clean", "rejected")}
        said = word("trace.screened", lang, **counts)
        period = (
            word("data.period.span", lang, start=table["period"][0], end=table["period"][1])
            if table["period"]
            else ""
        )
        yield f"  {table['table']} ({table['contract']}): " + "; ".join(filter(None, [said, period]))
    for one in trace.files:
        shared = "" if one["table"] else f" ({word('trace.file.shared', lang)})"
        yield f"    {one['file']}{shared}  SHA-256 {one['sha256']}"


def _run(trace: Trace, lang: str) -> Iterator[str]:
    run = trace.run
    packages = ", ".join(f"{name} {version}" for name, version in sorted(run["software"].items()))
    yield word("trace.run", lang)
    yield _line("run.id", lang, run["run_id"])
    yield _line("run.code", lang, run["code"])
    yield _line("run.engine", lang, f"{run['engine']} ({packages})")
    yield _line("run.seed", lang, str(run["seed"]))
    yield _line("run.parameters", lang, _settings(run["parameters"]))


def _again(trace: Trace, lang: str) -> Iterator[str]:
    yield word("head.again", lang)
    if trace.command:
        yield f"  {trace.command}"
    yield f"  workbench reproduce {trace.run['folder']}"


def _settings(parameters: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in sorted(parameters.items())
    )


def _line(key: str, lang: str, said: str) -> str:
    between = ": " if lang == "en" else "\N{FULLWIDTH COLON}"
    return f"  {word(key, lang)}{between}{said}"
