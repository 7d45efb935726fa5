"""What a run keeps so that its brief can be proved: quarantine, report, measures, and the brief's stamp."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from workbench.data.intake import Intake, write_report
from workbench.data.report import RULES, Report, RuleCount, TableReport, paths_of
from workbench.domains import Decision, Domain, Parameters
from workbench.runs.about import About
from workbench.runs.data import Data
from workbench.runs.dossier import declared, sections_of_run, statement, sunset_of
from workbench.runs.record import make_record

if TYPE_CHECKING:
    from workbench.briefs import Brief, DataRow, Reason, RunStamp
    from workbench.data.engines import Engine

PARAMETERS = "parameters.json"
"""File of a run folder with parameters that are too much to be typed."""


def keep_evidence(intake: Intake, folder: Path) -> None:
    """Write the quarantine, one sorted file a table, and the report."""
    write_report(intake.report, folder)
    kept = folder / "quarantine"
    kept.mkdir(exist_ok=True)
    for table in intake.report.tables:
        frame = pl.scan_parquet(list(paths_of(str(intake.quarantine / table.table))), glob=False)
        write_parquet(frame.sort("file", "row", "rule", nulls_last=True), kept / f"{table.table}.parquet")


def keep_measures(made: Mapping[str, pl.DataFrame], folder: Path) -> None:
    """Write the measures that were asked for, one file each."""
    folder.mkdir(exist_ok=True)
    for name, frame in made.items():
        write_parquet(frame.lazy(), folder / f"{name}.parquet")


def keep_brief(
    brief: Brief,
    folder: Path,
    formats: Sequence[str] = ("html",),
    *,
    told: Callable[[str], None] = lambda _: None,
) -> None:
    """Write a brief as JSON and in some formats; see `workbench.briefs.formats.write_formats`."""
    from workbench.briefs.formats import write_formats

    (folder / "brief.json").write_text(brief.to_json(), encoding="utf-8")
    if brief.run is not None and f"--params {PARAMETERS}" in brief.run.command:
        given = json.dumps(brief.run.parameters, ensure_ascii=False, indent=2, sort_keys=True)
        (folder / PARAMETERS).write_text(given + "\n", encoding="utf-8")
    write_formats(brief, folder, formats, told=told)


def write_parquet(frame: pl.LazyFrame, path: Path) -> None:
    """Write one file, the same bytes for the same rows."""
    frame.collect().rechunk().write_parquet(path, compression="zstd", statistics=True)


def decision_record(
    decision: type[Decision],
    domain: Domain,
    data: Data,
    engine: Engine,
    parameters: Parameters,
    about: About | None = None,
    *,
    bounds: bool = False,
) -> dict[str, Any]:
    """Record what a decision is answered from; see `workbench.runs.record.make_record`."""
    tables = (*decision.required, *decision.optional)
    given = parameters.model_dump(mode="json")
    said = (about or About()).model_dump(mode="json", exclude_defaults=True)
    return make_record(
        decision.name, domain, data, engine, tables, parameters=given, about=said, bounds=bounds
    )


def stamped(
    brief: Brief,
    decision: type[Decision],
    domain: Domain,
    data: Data,
    engine: Engine,
    parameters: Parameters,
    report: Report,
    *,
    about: About | None = None,
    command: str = "",
    bounds: bool = False,
) -> Brief:
    """
    Add to a brief what was read and set aside, the run that made its numbers, and the rest of its record.

    Parameters
    ----------
    brief
        As the decision gave it.
    decision, domain, data, engine, parameters
        What it was answered from.
    report
        What screening found; tables that the decision does not use are left out.
    about
        What people declared.
    command
        What to type to get the same numbers again; worked out where it is not given.
    bounds
        Whether the quarantine was put back; see `workbench.runs.bounds`.
    """
    about = about or About()
    record = decision_record(decision, domain, data, engine, parameters, about, bounds=bounds)
    contract = domain.contract
    tables = (*decision.required, *decision.optional)
    used = {*tables, *(one.table for name in tables for one in contract.table(name).references)}
    rows = tuple(_data_row(domain, table) for table in report.tables if table.table in used)
    command = command or again(decision, data, engine, parameters, bounds=bounds)
    brief = brief.with_run(data=rows, run=_stamp(record, command))
    brief = replace(brief, status=about.status, sunset=sunset_of(about, brief))
    brief = declared(brief, about)
    brief = brief.with_sections(*sections_of_run(brief, decision, domain, about, report, record))
    return brief.with_sections(statement(brief))


def again(
    decision: type[Decision], data: Data, engine: Engine, parameters: Parameters, *, bounds: bool = True
) -> str:
    """
    Word the command that makes the same numbers; what the user typed as paths stands as DIR and FILE.

    Parameters that are too much to be typed, such as scenarios, are kept in a file of the run folder, which
    the command names.
    """
    words = ["workbench", "brief", decision.name, *data.words.split(), "--engine", engine.name]
    defaults = decision.Parameters().model_dump(mode="json")
    values = parameters.model_dump(mode="json")
    changed = {name: value for name, value in values.items() if value != defaults[name]}
    if any(isinstance(value, dict) for value in changed.values()):
        words.append(f"--params {PARAMETERS}")
    else:
        words += [
            f"--set '{name}={json.dumps(value, ensure_ascii=False)}'" for name, value in changed.items()
        ]
    return " ".join([*words, *(() if bounds else ("--no-bounds",)), "--out runs"])


def _data_row(domain: Domain, table: TableReport) -> DataRow:
    from workbench.briefs import DataRow

    contract = domain.contract
    files = zip(table.files, table.file_rows, strict=True)
    return DataRow(
        table=table.table,
        description=contract.table(table.table).description,
        files=tuple((name, sha, rows) for (name, sha), rows in files),
        rows=table.rows,
        clean=table.clean,
        rejected=table.rejected,
        reasons=tuple(_reason(rule) for rule in table.rules),
        duplicates=table.duplicates,
        period=table.period,
        contract=f"{contract.name} {contract.version}",
        limit=table.limit,
    )


def _reason(rule: RuleCount) -> Reason:
    from workbench.briefs import Reason

    return Reason(rule.rule, rule.column, rule.count, None if rule.rule in RULES else rule.text)


def _stamp(record: Mapping[str, Any], command: str) -> RunStamp:
    from workbench.briefs import RunStamp

    engine = {"dask": "dask", "spark": "pyspark"}.get(record["engine"], "polars")
    return RunStamp(
        run_id=record["run_id"],
        code_version=record["code"],
        contract=f"{record['contract']['name']} {record['contract']['version']}",
        engine=f"{record['engine']} {record['software'][engine]}",
        seed=record["seed"],
        parameters=record["parameters"],
        inputs={
            ": ".join(filter(None, (one["table"], one["file"]))): one["sha256"] for one in record["inputs"]
        },
        command=command,
    )
