"""
How far the rows set aside could have moved the answer: the decision made again with them put back.

Every row of the quarantine that can be placed is put back (`workbench.data.readmit`), once with its offending
values at the lowest end of what the contract admits and once at the highest, and the same decision answers
again from the measures of these tables. Where the rows say which option they belong to, a third case puts
each at the end that speaks against the recommendation; where several tables make the options' numbers, the
ends are crossed between tables instead. A decision that simulates is spared that.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from workbench.briefs.checklist import Section
from workbench.briefs.scope import answer_alone
from workbench.data.readmit import Readmitted, readmit
from workbench.data.report import paths_of
from workbench.domains import Decision, Domain, Measures, Parameters
from workbench.runs.cases import FEWER, Again, Case, case_of

if TYPE_CHECKING:
    from workbench.briefs import Brief
    from workbench.data.engines import Engine
    from workbench.data.intake import Intake
    from workbench.data.table import Table

__all__ = ["FEWER", "Bounds", "Case", "bounds", "put_back"]


@dataclass(frozen=True)
class Bounds:
    """
    What the rows set aside could have done to a recommendation.

    Attributes
    ----------
    tables
        Rows set aside, put back and not placeable, by table.
    full
        The answer of the brief itself.
    cases
        The answers compared, the first as is; none where no row could be put back.
    replications
        How often each case was simulated, where that is fewer than for the brief; else None.
    """

    tables: Mapping[str, Readmitted]
    full: Case
    cases: tuple[Case, ...] = ()
    replications: int | None = None

    @property
    def rejected(self) -> int:
        """Rows in quarantine."""
        return sum(one.rejected for one in self.tables.values())

    @property
    def readmitted(self) -> int:
        """Rows put back."""
        return sum(one.rows for one in self.tables.values())

    @property
    def unplaced(self) -> int:
        """Rows that cannot be placed."""
        return self.rejected - self.readmitted

    @property
    def as_is(self) -> Case:
        """The answer that the cases are compared with."""
        return self.cases[0] if self.cases else self.full

    @property
    def changing(self) -> tuple[Case, ...]:
        """Cases in which other options are recommended than as is."""
        if self.as_is.failed:
            return ()
        answered = (one for one in self.cases[1:] if not one.failed)
        return tuple(one for one in answered if one.recommended != self.as_is.recommended)

    @property
    def changed(self) -> bool:
        """Whether the recommendation changes in any case."""
        return bool(self.changing)

    def case(self, key: str) -> Case:
        """Return a case by its key."""
        return {one.key: one for one in self.cases}[key]

    @property
    def section(self) -> Section:
        """What a brief says of it."""
        from workbench.runs.bounds_section import section_of

        return section_of(self)

    @property
    def measures(self) -> dict[str, pl.DataFrame]:
        """The cases and the counts by table as measures of the run, so that their numbers can be traced."""
        columns = ("case", "rows", "recommended", "confidence", "number", "low", "high", "changed", "failed")
        types = (pl.String, pl.Int64, *([pl.String] * 2), *([pl.Float64] * 3), pl.Boolean, pl.String)
        rows = [
            (
                one.key,
                one.rows,
                "; ".join(label.en for label in one.chosen),
                one.confidence,
                *((None,) * 3 if (number := one.number) is None else (number.value, number.low, number.high)),
                one in self.changing,
                one.failed,
            )
            for one in self.cases or (self.full,)
        ]
        counts = [(name, one.rejected, one.rows, one.unplaced.height) for name, one in self.tables.items()]
        schema = {"table": pl.String, "rejected": pl.Int64, "readmitted": pl.Int64, "unplaced": pl.Int64}
        return {
            "bounds": pl.DataFrame(rows, dict(zip(columns, types, strict=True)), orient="row"),
            "bounds_rows": pl.DataFrame(counts, schema, orient="row"),
        }


def bounds(
    decision: type[Decision],
    domain: Domain,
    intake: Intake,
    parameters: Parameters,
    engine: Engine,
    *,
    brief: Brief | None = None,
    measures: Measures | None = None,
    workers: int | str = "auto",
    progress: Callable[[str], None] = lambda _: None,
) -> Bounds:
    """
    Answer a decision again with the rows set aside at either end of what they may have been.

    Parameters
    ----------
    decision, domain, parameters
        What is asked. Seed and parameters stay; a decision that simulates more than `FEWER` replications does
        `FEWER`, in every case and as is.
    intake
        The clean tables and the quarantine; what is made on the way goes below its folder.
    engine
        Where the measures are made.
    brief, measures
        The answer as it is and what it was made from, where they are at hand; measures of tables without rows
        put back are not made again.
    workers
        For decisions that simulate.
    progress
        Told what is being done.

    Returns
    -------
    Bounds
        A case that cannot be answered says why.
    """
    work = Path(tempfile.mkdtemp(dir=intake.folder, prefix="bounds-"))
    if measures is None:
        shares = {table.table: table.share for table in intake.report.tables}
        measures = Measures(domain.known, intake.tables, work, rejected=shares)
    if brief is None:
        with answer_alone():
            brief = decision(workers=workers).answer(measures, parameters)
    tables = put_back(domain, intake)
    full = case_of("as_is", 0, brief)
    if not any(one.rows for one in tables.values()):
        return Bounds(tables, full)
    again = Again(decision, domain, intake, parameters, engine, measures, tables, work, workers, progress)
    return Bounds(tables, full, tuple(again.cases(brief)), again.replications)


def put_back(domain: Domain, intake: Intake) -> dict[str, Readmitted]:
    """Put back what can be of every table; a table that others refer to comes before them."""
    done: dict[str, Readmitted] = {}
    for name in intake.tables:
        aside = pl.read_parquet(paths_of(str(intake.quarantine / name)), glob=False)
        others: dict[str, Sequence[Table | pl.DataFrame]] = {
            other: (table, *((done[other].low,) if other in done else ()))
            for other, table in intake.tables.items()
        }
        done[name] = readmit(
            aside,
            domain.contract.table(name),
            others=others,
            referred=domain.contract.referred(name),
            either=domain.either.get(name, ()),
        )
    return {table.table: done[table.table] for table in intake.report.tables}
