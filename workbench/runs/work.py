"""From data to a run folder: screen, measure, decide, write."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.data.intake import Intake, take_in
from workbench.data.report import Report
from workbench.domains import Decision, Domain, Measures, Parameters
from workbench.errors import DataRejected
from workbench.runs.about import About
from workbench.runs.data import Data
from workbench.runs.evidence import decision_record, keep_brief, keep_evidence, keep_measures, stamped
from workbench.runs.record import SHOWN, Run, as_json, file_hashes, make_record, open_run, put, work_folder

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
    command: str = "",
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
    command
        What to type to get the same numbers again; worked out where it is not given.
    workers
        For decisions that simulate; no result depends on it.
    progress
        Told what is being done.

    Raises
    ------
    DataRejected
        A table is missing, cannot be read, has too many rows against its contract, or does not answer the
        question; what was set aside is kept in a folder that ends in `-rejected`.
    """
    about = about if about is not None else data.about

    def work(folder: Path, intake: Intake, measures: Measures) -> None:
        progress(f"answering {decision.name}")
        brief = decision(workers=workers).answer(measures, parameters)
        report = intake.report
        brief = stamped(
            brief, decision, domain, data, engine, parameters, report, about=about, command=command
        )
        keep_brief(brief, folder)

    record = decision_record(decision, domain, data, engine, parameters, about)
    return _run(record, domain, data, engine, out, decision.required, decision.optional, work, progress)


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
) -> Run:
    target = out / f"{record['name']}-{record['run_id'][:SHOWN]}"
    if (found := open_run(target)) is not None:
        progress(f"already there: {target}")
        return found
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
        measures = Measures(domain.known, intake.tables, scratch)
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
        record = record | {"tables": _tables(intake.report), "files": file_hashes(folder)}
        (folder / "run.json").write_text(as_json(record), encoding="utf-8")
        put(folder, target)
    return Run(target, record)


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
