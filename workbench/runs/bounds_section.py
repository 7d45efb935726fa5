"""What a brief says of its quarantine: a verdict, the cases, and the rows by table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench._text import LANGUAGES, Text
from workbench.briefs import Head, Phrase, Quantity, Row, Source, Table
from workbench.briefs.checklist import Section
from workbench.briefs.phrase import Words

if TYPE_CHECKING:
    from workbench.runs.bounds import Bounds
    from workbench.runs.cases import Case


def section_of(found: Bounds) -> Section:
    """Say whether the rows set aside could change the recommendation."""
    words = Words()
    if not found.rejected:
        return Section("quarantine", prose=(words.phrase("bounds.none"),), shown=("data",))
    tables = (_rows(words, found), *((_cases(words, found),) if found.cases else ()))
    return Section("quarantine", prose=tuple(_verdict(words, found)), tables=tables[::-1], shown=("data",))


def _verdict(words: Words, found: Bounds) -> list[Phrase]:
    told: list[Phrase] = []
    rows = _count("readmitted", found.readmitted)
    cases = found.cases[1:]
    alike: dict[frozenset[str], list[Case]] = {}
    for case in found.changing:
        alike.setdefault(case.recommended, []).append(case)
    for first, *others in alike.values():
        told.append(_changes(words, found.as_is, first, rows))
        if others:
            ways = tuple(_when(words, case) for case in others)
            told.append(words.phrase("bounds.changes.also", ways=ways))
    told += [
        words.phrase("bounds.failed", case=_name(words, case), why=case.failed)
        for case in found.cases
        if case.failed
    ]
    if cases and not told:
        ways = tuple(_when(words, case) for case in cases)
        told.append(words.phrase("bounds.same", rows=rows, ways=ways))
    for case in cases:
        if not case.failed and case not in found.changing and case.confidence != found.as_is.confidence:
            word = words.text(f"confidence.{case.confidence}")
            told.append(words.phrase("bounds.sure", word=word, rows=rows, case=_when(words, case)))
    if found.unplaced:
        told.append(words.phrase("bounds.unplaced", rows=_count("unplaced", found.unplaced)))
    if found.replications is not None:
        runs = Quantity("bounds.replications", found.replications, "runs")
        told.append(words.phrase("bounds.fewer", runs=runs))
        if found.as_is.recommended != found.full.recommended and not found.as_is.failed:
            told.append(words.phrase("bounds.fewer.differs"))
    return told


def _changes(words: Words, as_is: Case, case: Case, rows: Quantity) -> Phrase:
    """Say which options a case recommends that are not recommended as is, and which no longer."""
    come = tuple(one for one in case.chosen if one.en not in as_is.recommended)
    gone = tuple(one for one in as_is.chosen if one.en not in case.recommended)
    when = _when(words, case)
    if not (case.recommended & as_is.recommended):
        return words.phrase("bounds.changes", options=_options(words, case), rows=rows, case=when)
    if come and gone:
        return words.phrase("bounds.changes.both", come=come, gone=gone, rows=rows, case=when)
    if come:
        return words.phrase("bounds.changes.join", come=come, rows=rows, case=when)
    return words.phrase("bounds.changes.leave", gone=gone, rows=rows, case=when)


def _cases(words: Words, found: Bounds) -> Table:
    w, rows = words.text, []
    for case in found.cases:
        source = Source("bounds", "rows", {"case": case.key})
        count = Quantity(f"bounds.{case.key}.rows", case.rows, "rows", source=source, kind="counting")
        if case.failed:
            rows.append(Row((_name(words, case), count, w("bounds.no_answer"), "–", "–")))
            continue
        same = case is not found.as_is and case not in found.changing
        options = w("bounds.unchanged") if same else _text(_options(words, case))
        number = case.number if case.number is not None else "–"
        rows.append(Row((_name(words, case), count, options, w(f"confidence.{case.confidence}"), number)))
    heads = (
        Head("case", w("bounds.head.case")),
        Head("rows", w("bounds.head.rows"), "rows"),
        Head("recommended", w("bounds.head.recommended")),
        Head("confidence", w("confidence.label")),
        Head("number", w("bounds.head.number")),
    )
    return Table("bounds", w("bounds.caption"), heads, tuple(rows), note=w("bounds.note"))


def _rows(words: Words, found: Bounds) -> Table:
    """Rows by table, those with none left out."""
    w, rows = words.text, []
    for name, one in found.tables.items():
        if not one.rejected:
            continue
        counts = {"rejected": one.rejected, "readmitted": one.rows, "unplaced": one.unplaced.height}
        cells = (
            Quantity(
                f"bounds.{what}.{name.lower()}",
                count,
                "rows",
                source=Source("bounds_rows", what, {"table": name}),
                kind="counting",
            )
            for what, count in counts.items()
        )
        description = one.contract.description
        rows.append(Row((description if description.en else name, *cells)))
    heads = (
        Head("table", w("data.table")),
        *(Head(key, w(f"bounds.head.{key}"), "rows") for key in ("rejected", "readmitted", "unplaced")),
    )
    return Table("bounds-rows", w("bounds.rows.caption"), heads, tuple(rows), note=w("bounds.rows.note"))


def _count(what: str, count: int) -> Quantity:
    return Quantity(f"bounds.{what}", count, "rows", source=Source("bounds_rows", what), kind="counting")


def _kind(case: Case) -> str:
    return "crossed" if case.high or case.low else case.key


def _name(words: Words, case: Case) -> Text:
    """What a case is called in the table."""
    return _text(words.phrase(f"bounds.case.{_kind(case)}", **_ends(case)))


def _when(words: Words, case: Case) -> Phrase:
    """How the rows stand in a case, as the end of a sentence."""
    return words.phrase(f"bounds.if.{_kind(case)}", **_ends(case))


def _ends(case: Case) -> dict[str, tuple[str, ...]]:
    return {"high": case.high, "low": case.low} if _kind(case) == "crossed" else {}


def _options(words: Words, case: Case) -> Phrase:
    return Phrase("{options}", "{options}", {"options": case.chosen or words.text("bounds.no_option")})


def _text(phrase: Phrase) -> Text:
    return Text(*(phrase.text(lang) for lang in LANGUAGES))
