"""One decision answered again and again with rows of its quarantine put back; see `workbench.runs.bounds`."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from workbench._text import LANGUAGES, Text
from workbench.briefs import Quantity, Source
from workbench.briefs.scope import answer_alone
from workbench.data.admissible import ENDS, End
from workbench.data.readmit import Readmitted
from workbench.domains import Decision, Domain, Measures, Parameters
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.briefs import Brief, Row
    from workbench.data.engines import Engine
    from workbench.data.intake import Intake
    from workbench.data.table import Frame, Table

FEWER = 20
"""Replications of each case, for decisions that simulate more."""
MOST_CROSSED = 3
"""Tables whose ends are crossed at most: so many give six cases."""
Ends = Mapping[str, pl.Series]
"""By table, whether each row put back stands at its high end."""


@dataclass(frozen=True)
class Case:
    """
    The decision answered once.

    Attributes
    ----------
    key
        "as_is", "low", "high", "against" or "crossed" and a number.
    rows
        Rows put back.
    high, low
        Where ends are crossed: the tables at their high and at their low end.
    chosen
        The recommended options.
    confidence
        The word for how sure the answer is.
    number
        The first number with an interval of the first recommended option.
    failed
        Why there is no answer; empty where there is one.
    """

    key: str
    rows: int
    high: tuple[str, ...] = ()
    low: tuple[str, ...] = ()
    chosen: tuple[Text, ...] = ()
    confidence: str = ""
    number: Quantity | None = None
    failed: str = ""

    @property
    def recommended(self) -> frozenset[str]:
        """Names of the recommended options."""
        return frozenset(one.en for one in self.chosen)


@dataclass
class Again:
    """The re-runs of one decision."""

    decision: type[Decision]
    domain: Domain
    intake: Intake
    parameters: Parameters
    engine: Engine
    measures: Measures
    tables: Mapping[str, Readmitted]
    work: Path
    workers: int | str
    progress: Callable[[str], None]
    _rest: dict[str, str] = field(default_factory=dict)

    @cached_property
    def fewer(self) -> dict[str, Any]:
        """Parameters that the cases change."""
        given = dict(self.parameters)
        if not isinstance(given.get("replications"), int):
            return {}
        stop = {"precision": None} if given.get("precision") is not None else {}
        few = {"replications": FEWER} if given["replications"] > FEWER else {}
        return {**stop, **few}

    @property
    def replications(self) -> int | None:
        """Replications of each case where they are others than the brief's."""
        return dict(self.parameters.model_copy(update=self.fewer))["replications"] if self.fewer else None

    @property
    def dirty(self) -> dict[str, Readmitted]:
        """Tables with rows to put back."""
        return {name: one for name, one in self.tables.items() if one.rows}

    def cases(self, brief: Brief) -> Iterator[Case]:
        """Answer as is and with every row at its low and at its high end, then against the recommendation."""
        base = self.measures.with_tables({}, self.work / "as_is")
        first, answered = self.answered("as_is", base) if self.fewer else (case_of("as_is", 0, brief), brief)
        yield first
        briefs: dict[End, Brief | None] = {}
        for end in ENDS:
            case, briefs[end] = self.at(end, {name: _all(one, end) for name, one in self.dirty.items()})
            yield case
        if answered is None:
            return
        columns = _columns_of_options(answered)
        feeding = [name for name in self.dirty if name in self.feeding(answered)]
        separable = columns and all(set(columns) <= set(self.tables[name].contract.names) for name in feeding)
        if separable and feeding:
            ends = self.against(answered, briefs, columns, feeding)
            if ends is not None:
                yield self.at("against", ends)[0]
        elif not hasattr(self.decision, "scenario_kind") and 1 < len(feeding) <= MOST_CROSSED:
            crossed = [each for each in itertools.product(ENDS, repeat=len(feeding)) if len(set(each)) > 1]
            for number, each in enumerate(crossed, start=1):
                at = dict(zip(feeding, each, strict=True))
                ends = {name: _all(one, at.get(name, "low")) for name, one in self.dirty.items()}
                high, low = (tuple(name for name in feeding if at[name] == end) for end in ("high", "low"))
                yield replace(self.at(f"crossed{number}", ends)[0], high=high, low=low)

    def feeding(self, brief: Brief) -> set[str]:
        """Tables that the numbers of the options are made from."""
        made = {n.source.measure for n in brief.options.quantities() if n.source is not None}
        known = [self.domain.known[name] for name in sorted(made) if name in self.domain.known]
        return {table for one in known for table in (*one.tables, *one.optional)}

    def against(
        self,
        brief: Brief,
        briefs: Mapping[End, Brief | None],
        columns: tuple[str, ...],
        feeding: Sequence[str],
    ) -> Ends | None:
        """
        Choose the end of each row that hurts the recommended options and helps the others.

        Which end helps an option is seen from its own number in the two cases; an option not seen in both
        goes with most others. None where no option moved.
        """
        rows = brief.options.rows
        numbers = {end: _numbers(one, columns) if one else {} for end, one in briefs.items()}
        upward = _upward(rows)
        helps: dict[tuple[Any, ...], End] = {}
        for option in numbers["low"].keys() & numbers["high"].keys():
            low, high = (numbers[end][option] * upward for end in ENDS)
            if low != high:
                helps[option] = "low" if low > high else "high"
        if not helps:
            return None
        most: End = "high" if Counter(helps.values())["high"] > len(helps) / 2 else "low"
        chosen = {_option(row, columns) for row in rows if row.chosen}
        ends: dict[str, pl.Series] = {}
        for name, one in self.dirty.items():
            if name not in feeding:
                ends[name] = _all(one, "low")
                continue
            options = one.low.select(columns).rows()
            against = [(helps.get(each, most) == "high") != (each in chosen) for each in options]
            ends[name] = pl.Series(against, dtype=pl.Boolean)
        return ends

    def at(self, key: str, ends: Ends) -> tuple[Case, Brief | None]:
        """Answer with rows put back at their ends."""
        place = self.work / key
        try:
            changed = {name: self.table(place, name, at_high) for name, at_high in ends.items()}
        except WorkbenchError as error:
            return Case(key, self.rows, failed=self.reason(error)), None
        return self.answered(key, self.measures.with_tables(changed, place))

    @property
    def rows(self) -> int:
        """Rows put back in every case."""
        return sum(one.rows for one in self.tables.values())

    def answered(self, key: str, measures: Measures) -> tuple[Case, Brief | None]:
        """Answer, or say why there is no answer."""
        self.progress(f"answering {self.decision.name} with rows set aside ({key})")
        rows = 0 if key == "as_is" else self.rows
        try:
            with answer_alone():
                asked = self.parameters.model_copy(update=self.fewer)
                brief = self.decision(workers=self.workers).answer(measures, asked)
        except Exception as error:  # a case that fails is told in the brief, whatever it fails by
            return Case(key, rows, failed=self.reason(error)), None
        return case_of(key, rows, brief), brief

    def reason(self, error: Exception) -> str:
        """Why a case failed, without the names of folders that are gone when it is read."""
        said = error.message if isinstance(error, WorkbenchError) else type(error).__name__
        return said.replace(str(self.intake.folder), "…")

    def table(self, place: Path, name: str, at_high: pl.Series) -> Table:
        """Clean rows and those put back; a clean row whose key is put back gives way."""
        folder = place / "put_back" / name
        folder.mkdir(parents=True)
        self.tables[name].standing(at_high).write_parquet(folder / "part-00000.parquet")
        return self.engine.read(self.rest(name), str(folder))

    def rest(self, name: str) -> str:
        """Folder of the clean rows that stay; written anew only where some give way."""
        if name not in self._rest:
            self._rest[name] = str(self.intake.folder / "clean" / name)
            key, clean = list(self.tables[name].contract.key), self.intake.tables[name]
            keys = self.tables[name].keys if key else pl.DataFrame()

            def same(frame: Frame, keys: Frame) -> Frame:
                return frame.select(*key).join(keys, on=key, how="semi")

            def other(frame: Frame, keys: Frame) -> Frame:
                return frame.join(keys, on=key, how="anti")

            if keys.height and clean.each(same, keys).gather().height:
                self._rest[name] = str(self.work / "rest" / name)
                clean.each(other, keys).keep(self._rest[name])
        return self._rest[name]


def _all(one: Readmitted, end: End) -> pl.Series:
    return pl.Series([end == "high"] * one.rows, dtype=pl.Boolean)


def case_of(key: str, rows: int, brief: Brief) -> Case:
    """Return what a brief recommends, as a case."""
    chosen = [row for row in brief.options.rows if row.chosen]
    number = next((cell for row in chosen or brief.options.rows for cell in _intervals(row)), None)
    if number is not None:
        source = Source("bounds", "number", {"case": key})
        number = replace(number, id=f"bounds.{key}.number", source=source)
    labels = tuple(_label(row) for row in chosen)
    return Case(key, rows, chosen=labels, confidence=brief.answer.confidence.word, number=number)


def _label(row: Row) -> Text:
    """Name of an option: what stands before its first number."""
    cells = list(itertools.takewhile(lambda cell: not isinstance(cell, Quantity), row.cells))
    texts = [cell if isinstance(cell, Text) else Text(str(cell)) for cell in cells]
    return Text(*(" · ".join(one.in_(lang) for one in texts) for lang in LANGUAGES))


def _intervals(row: Row) -> list[Quantity]:
    return [cell for cell in row.cells if isinstance(cell, Quantity) and cell.low is not None]


def _columns_of_options(brief: Brief) -> tuple[str, ...]:
    """Columns that tell the options apart, from where their deciding numbers were read; else none."""
    found = {
        tuple(sorted(one.source.where)) for row in brief.options.rows for one in _deciding(row) if one.source
    }
    return found.pop() if len(found) == 1 else ()


def _deciding(row: Row) -> list[Quantity]:
    return _intervals(row)[:1]


def _option(row: Row, columns: tuple[str, ...]) -> tuple[Any, ...]:
    where: Mapping[str, Any] = next((one.source.where for one in _deciding(row) if one.source), {})
    return tuple(where.get(name) for name in columns)


def _numbers(brief: Brief, columns: tuple[str, ...]) -> dict[tuple[Any, ...], float]:
    """The deciding number of each option."""
    return {
        _option(row, columns): float(one.value)
        for row in brief.options.rows
        for one in _deciding(row)
        if one.value is not None
    }


def _upward(rows: Sequence[Row]) -> int:
    """1 where recommended options have the higher numbers, else -1."""
    told = [(row.chosen, float(one.value)) for row in rows for one in _deciding(row) if one.value is not None]
    chosen, others = ([value for mine, value in told if mine is kind] for kind in (True, False))
    if not chosen or not others:
        return 1 if not told or told[0][1] >= told[-1][1] else -1
    return 1 if sum(chosen) / len(chosen) >= sum(others) / len(others) else -1
