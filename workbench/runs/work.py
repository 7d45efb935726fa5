"""From data to a run folder: screen, measure, decide, write."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench._need import need
from workbench.briefs.formats import known_formats, lacking, present
from workbench.data.intake import Intake, take_in
from workbench.data.report import Report
from workbench.domains import Decision, Domain, Measures, Parameters
from workbench.errors import DataRejected
from workbench.runs.about import About
from workbench.runs.bounds import bounds as bounds_of
from workbench.runs.data import Data
from workbench.runs.evidence import decision_record, keep_brief, keep_evidence, keep_measures, stamped
from workbench.runs.machine import Watch
from workbench.runs.record import SHOWN, Run, make_record, open_run, put, work_folder
from workbench.runs.seal import seal

if TYPE_CHECKING:
    from workbench.data.engines import Engine

Progress = Callable[[str], None]
Work = Callable[[Path, Intake, Measures], None]


def decide(
    decision: type[Decision],
    domain: Domain,
    data: Data,
    parameters: Parameters,
    engine: Engine,
    out: Path,
    *,
    about: About | None = None,
    on: date | None = None,
    command: str = "",
    bounds: bool = False,
    formats: Sequence[str] = ("html",),
    workers: int | str = "auto",
    progress: Progress = lambda _: None,
) -> Run:
    """
    Answer a decision and write its run folder.

    Parameters
    ----------
    decision, domain
        The question and where it belongs.
    data
        What to read.
    parameters
        The decision's parameters.
    engine
        Where the measures are made.
    out
        Folder below which the run folder is made.
    about
        What people declared; by default the file about.yaml in the folder of the data, where there is one.
    on
        Day of the run: declared assumptions that have expired by then stop it, unless waived by name. Without
        it nothing is checked; nothing else depends on it.
    command
        What to type to get the same numbers again; worked out where it is not given.
    bounds
        Whether to answer again with the rows set aside put back, and to say in the brief what that changes.
        The command line does unless told not to; here it is off, because a decision that simulates takes
        seconds more (on the sample: congestion 0.2 s, crowding 1 s, headways 5 s).
    formats
        Formats of the brief, some of `workbench.briefs.formats.FORMATS`; no number and no id depends on them.
        A run that is there and lacks one of them is made again.
    workers
        For decisions that simulate; no result depends on it.
    progress
        Told what is being done.

    Raises
    ------
    DataRejected
        A table is missing, cannot be read, has too many rows against its contract, or does not answer the
        question; what was set aside is kept in a folder that ends in `-rejected`.
    ExpiredAssumption
        An assumption declared is out of date.
    EngineMissing
        A library that the decision needs is not installed.
    """
    wanted = known_formats(formats)
    about = about if about is not None else data.about
    if about is not None and on is not None:
        about.register().check(on, about.waived)

    def work(folder: Path, intake: Intake, measures: Measures) -> None:
        progress(f"answering {decision.name}")
        brief = decision(workers=workers).answer(measures, parameters)
        report = intake.report
        if bounds:
            again = partial(bounds_of, brief=brief, measures=measures, workers=workers, progress=progress)
            found = again(decision, domain, intake, parameters, engine)
            measures.made |= found.measures
            brief = brief.with_sections(found.section)
        stamp = partial(stamped, about=about, command=command, bounds=bounds)
        brief = stamp(brief, decision, domain, data, engine, parameters, report)
        keep_brief(brief, folder, (*wanted, *present(_target(out, record))), told=progress)

    record = decision_record(decision, domain, data, engine, parameters, about, bounds=bounds)
    tables = decision.required, decision.optional
    return _run(record, domain, data, engine, out, *tables, work, progress, wanted, decision.needs)


def measure(
    domain: Domain, data: Data, engine: Engine, out: Path, *, progress: Progress = lambda _: None
) -> Run:
    """Screen every table that is there and write all measures that can be made of them; see `decide`."""
    tables = tuple(domain.contract.tables)

    def work(_: Path, intake: Intake, measures: Measures) -> None:
        names = measures.possible()
        if not names:
            given = ", ".join(intake.tables) or "(none)"
            raise DataRejected(
                f"No measure of '{domain.name}' can be made of {given} alone: add other tables of its "
                f"contract (`workbench contracts {domain.name}` prints them)."
            )
        for name in names:
            progress(f"measuring {name}")
            measures[name]

    record = make_record(f"measure.{domain.name}", domain, data, engine, tables)
    return _run(record, domain, data, engine, out, (), tables, work, progress)


def _run(
    record: dict[str, Any],
    domain: Domain,
    data: Data,
    engine: Engine,
    out: Path,
    required: Sequence[str],
    optional: Sequence[str],
    work: Work,
    progress: Progress,
    formats: Sequence[str] = (),
    needs: Sequence[str] = (),
) -> Run:
    target = _target(out, record)
    if (found := open_run(target)) is not None:
        missing = lacking(target, formats)
        if not missing:
            progress(f"already there: {target}")
            return found
        progress(f"there without {', '.join(missing)}, made again: {target}")
    for library in needs:
        need(library, f"The decision '{record['name']}'")
    watch = Watch()
    with work_folder(out) as temporary, _scratch(engine) as scratch:
        folder = temporary / "run"
        folder.mkdir()
        intake = take_in(
            engine,
            domain.contract,
            data.supply,
            scratch,
            required=required,
            optional=optional,
            more=data.more,
            progress=progress,
        )
        keep_evidence(intake, folder)
        rejected = target.with_name(f"{target.name}-rejected")
        if not intake.report.passed:
            put(folder, rejected)
            intake.report.check(str(rejected / "quarantine"))
        shares = {table.table: table.share for table in intake.report.tables}
        measures = Measures(domain.known, intake.tables, scratch, rejected=shares)
        try:
            work(folder, intake, measures)
        except DataRejected as error:
            if not any(table.rejected for table in intake.report.tables):
                raise
            put(folder, rejected)
            raise DataRejected(
                f"{error.message} What screening set aside is kept in {rejected / 'quarantine'}."
            ) from error
        keep_measures(measures.made, folder / "measures")
        record = seal(folder, record, _tables(intake.report), domain.title, watch)
        put(folder, target)
    return Run(target, record)


def _target(out: Path, record: Mapping[str, Any]) -> Path:
    return out / f"{record['name']}-{record['run_id'][:SHOWN]}"


@contextmanager
def _scratch(engine: Engine) -> Iterator[Path]:
    """Folder for clean rows and what measures share; it is gone when the work is over."""
    folder = Path(tempfile.mkdtemp(dir=engine.work, prefix="run-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _tables(report: Report) -> list[dict[str, Any]]:
    return [
        {
            "table": t.table,
            "rows": t.rows,
            "clean": t.clean,
            "rejected": t.rejected,
            "period": t.period and list(t.period),
        }
        for t in report.tables
    ]
