"""
Runs: a folder for each, named by what went in, written whole or not at all.

The run id is the SHA-256 of everything that can move a number: the work's name, its parameters and seed, the bytes of
every input, the contract, the code and the engine. The same inputs give the same id and the same bytes, so a run that
is there already is simply opened again. No clock is read.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from workbench import __version__
from workbench._text import LANGUAGES
from workbench.data.intake import Intake, Supply, take_in, write_report
from workbench.data.report import Report, paths_of
from workbench.domains import Decision, Domain, Measures, Parameters
from workbench.errors import DataRejected, WorkbenchError

if TYPE_CHECKING:
    from workbench.briefs import Brief
    from workbench.data.engines import Engine

SCHEMA = "lived-run/1"
SHOWN = 12
SOFTWARE = {
    "polars": ("polars", "narwhals", "numpy"),
    "dask": ("polars", "narwhals", "numpy", "dask"),
    "spark": ("polars", "narwhals", "numpy", "pyspark"),
}
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Data:
    """
    The data of a run before any of it is read.

    Attributes
    ----------
    supply
        What can be opened.
    inputs
        Table, name and SHA-256 of every file that may be read.
    words
        How to give the same data on the command line again.
    more
        Tables that the files hold in another form; see `workbench.domains.Domain`.
    """

    supply: Supply
    inputs: tuple[Mapping[str, str], ...]
    words: str = ""
    more: Callable[..., Any] | None = None


@dataclass(frozen=True)
class Run:
    """A finished run: its folder and its record."""

    folder: Path
    record: Mapping[str, Any]
    fresh: bool = True

    @property
    def run_id(self) -> str:
        """The id, in full."""
        return str(self.record["run_id"])

    def brief(self, lang: str = "en") -> Path:
        """Path of the brief's page."""
        return self.folder / f"brief.{lang}.html"


def code_version(domain: Domain) -> str:
    """Version of the workbench and a hash of its source and the domain's, so that changed code is never the same run."""
    return f"{__version__}+{_source_hash(Path(__file__).parent, domain.contract_path.parent)}"


@cache
def _source_hash(*roots: Path) -> str:
    digest = hashlib.sha256()
    for root in roots:
        for path in sorted(root.rglob("*")):
            if path.suffix in (".py", ".yaml", ".json", ".j2", ".css", ".mplstyle"):
                digest.update(f"{root.name}/{path.relative_to(root).as_posix()}\0".encode())
                digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()[:12]


def decide(
    decision: type[Decision],
    domain: Domain,
    data: Data,
    parameters: Parameters,
    engine: Engine,
    out: Path,
    *,
    command: str = "",
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
    command
        What to type to get the same numbers again.
    progress
        Told what is being done.

    Raises
    ------
    DataRejected
        A table is missing, cannot be read or has too many rows against its contract; its quarantine is kept.
    """
    record = _record(decision.name, domain, data, engine, (*decision.required, *decision.optional), parameters=parameters.model_dump(mode="json"))

    def work(folder: Path, intake: Intake, measures: Measures) -> None:
        progress(f"answering {decision.name}")
        brief = decision().answer(measures, parameters)
        brief = brief.with_run(data=_data_rows(domain, intake.report), run=_stamp(record, command))
        _write_brief(brief, folder)

    return _run(record, domain, data, engine, out, decision.required, decision.optional, work, progress)


def measure(
    domain: Domain, data: Data, engine: Engine, out: Path, *, progress: Progress = lambda _: None
) -> Run:
    """Screen every table that is there and write all measures that can be made of them; see `decide`."""
    tables = tuple(domain.contract.tables)
    record = _record(f"measure.{domain.name}", domain, data, engine, tables)

    def work(folder: Path, intake: Intake, measures: Measures) -> None:
        names = measures.possible()
        if not names:
            raise DataRejected(f"No measure of '{domain.name}' can be made of the tables {', '.join(intake.tables) or '(none)'}.")
        for name in names:
            progress(f"measuring {name}")
            measures[name]

    return _run(record, domain, data, engine, out, (), tables, work, progress)


def _run(
    record: dict[str, Any],
    domain: Domain,
    data: Data,
    engine: Engine,
    out: Path,
    required: Sequence[str],
    optional: Sequence[str],
    work: Callable[[Path, Intake, Measures], None],
    progress: Progress,
) -> Run:
    target = out / f"{record['name']}-{record['run_id'][:SHOWN]}"
    if (found := open_run(target)) is not None:
        progress(f"already there: {target}")
        return found
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".run-") as temporary:
        folder = Path(temporary) / "run"
        folder.mkdir()
        scratch = Path(tempfile.mkdtemp(dir=engine.work, prefix="run-"))
        try:
            intake = take_in(engine, domain.contract, data.supply, scratch, required=required, optional=optional, more=data.more, progress=progress)
            keep_evidence(intake, folder)
            if not intake.report.passed:
                rejected = _place(folder, target.with_name(f"{target.name}-rejected"))
                intake.report.check(str(rejected / "quarantine"))
            measures = Measures(domain.known, intake.tables, scratch)
            work(folder, intake, measures)
            _write_measures(measures.made, folder / "measures")
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        record = record | {"tables": _tables(intake.report), "files": _hashes(folder)}
        (folder / "run.json").write_text(_json(record), encoding="utf-8")
        _place(folder, target)
    return Run(target, record)


def open_run(folder: Path) -> Run | None:
    """Open a finished run; None where there is none. A run folder that was tampered with is not opened but refused."""
    path = folder / "run.json"
    if not path.exists():
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        changed = [name for name, sha in record["files"].items() if not (folder / name).exists() or _sha(folder / name) != sha]
    except (ValueError, KeyError, AttributeError) as error:
        raise WorkbenchError(f"'{path}' is not a record of a run ({type(error).__name__}): remove the folder and run again.") from error
    if changed:
        raise WorkbenchError(f"The run in '{folder}' was changed after it was made ({', '.join(changed[:3])}): remove the folder and run again.")
    return Run(folder, record, fresh=False)


def _record(
    name: str, domain: Domain, data: Data, engine: Engine, tables: Sequence[str], *, parameters: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    wanted = {*tables, *(r.table for t in tables for r in domain.contract.table(t).references), ""}
    identity = {
        "name": name,
        "parameters": dict(parameters or {}),
        "seed": (parameters or {}).get("seed"),
        "contract": {"name": domain.contract.name, "version": domain.contract.version},
        "code": code_version(domain),
        "engine": engine.name,
        "inputs": [dict(one) for one in data.inputs if one["table"] in wanted],
    }
    run_id = hashlib.sha256(_json(identity).encode()).hexdigest()
    software = {package: metadata.version(package) for package in SOFTWARE.get(engine.name, ("polars", "narwhals", "numpy"))}
    return {"schema": SCHEMA, "run_id": run_id, **identity, "software": software}


def keep_evidence(intake: Intake, folder: Path) -> None:
    """Write the quarantine, one sorted file a table, and the report."""
    write_report(intake.report, folder)
    for table in intake.report.tables:
        frame = pl.scan_parquet(paths_of(str(intake.quarantine / table.table)), glob=False)
        (folder / "quarantine").mkdir(exist_ok=True)
        _write_parquet(frame.sort("file", "row", "rule", nulls_last=True), folder / "quarantine" / f"{table.table}.parquet")


def _write_measures(made: Mapping[str, pl.DataFrame], folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, frame in made.items():
        _write_parquet(frame.lazy(), folder / f"{name}.parquet")


def _write_parquet(frame: pl.LazyFrame, path: Path) -> None:
    frame.collect().write_parquet(path, compression="zstd", statistics=True)


def _write_brief(brief: Brief, folder: Path) -> None:
    from workbench.briefs.render import file_name, render_html

    (folder / "brief.json").write_text(brief.to_json(), encoding="utf-8")
    for lang in LANGUAGES:
        (folder / file_name(lang)).write_text(render_html(brief, lang), encoding="utf-8")


def _data_rows(domain: Domain, report: Report) -> tuple[Any, ...]:
    from workbench.briefs import DataRow

    contract = domain.contract
    return tuple(
        DataRow(
            table=one.table,
            description=contract.table(one.table).description,
            files=tuple((name, sha, rows) for (name, sha), rows in zip(one.files, one.file_rows, strict=True)),
            rows=one.rows,
            clean=one.clean,
            rejected=one.rejected,
            reasons=tuple((rule.rule, rule.column, rule.count) for rule in one.rules),
            duplicates=one.duplicates,
            period=one.period,
            contract=f"{contract.name} {contract.version}",
            limit=one.limit,
        )
        for one in report.tables
    )


def _stamp(record: Mapping[str, Any], command: str) -> Any:
    from workbench.briefs import RunStamp

    engine = {"dask": "dask", "spark": "pyspark"}.get(record["engine"], "polars")
    return RunStamp(
        run_id=record["run_id"],
        code_version=record["code"],
        contract=f"{record['contract']['name']} {record['contract']['version']}",
        engine=f"{record['engine']} {record['software'].get(engine, '')}".strip(),
        seed=record["seed"],
        parameters=record["parameters"],
        inputs={one["file"]: one["sha256"] for one in record["inputs"]},
        command=command,
    )


def _tables(report: Report) -> list[dict[str, Any]]:
    return [{"table": t.table, "rows": t.rows, "clean": t.clean, "rejected": t.rejected, "period": t.period} for t in report.tables]


def _hashes(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): _sha(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _place(folder: Path, target: Path) -> Path:
    """Move a finished folder to its name; one that is there already is replaced."""
    if target.exists():
        shutil.rmtree(target)
    folder.rename(target)
    return target


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def data_from(domain: Domain, *, data: str | None = None, source: str | None = None) -> Data:
    """
    Find the data of a run: a folder, a source file, or the shipped sample where neither is given.

    Parameters
    ----------
    domain
        Whose tables.
    data
        Folder that holds the tables; with `source`, the folder its files are in.
    source
        Source file that maps somebody's files to the contract.

    Raises
    ------
    DataRejected
        Nothing is there.
    BadFile
        The source file cannot be understood.
    """
    from workbench.data.intake import supply_from_folder, supply_from_source

    if source is not None:
        supply = supply_from_source(source, domain.contract, root=data)
        return Data(supply, _inputs(supply), "--source FILE" + (" --data DIR" if data else ""))
    folder = data if data is not None else domain.sample_data
    if folder is None:
        raise DataRejected(f"Domain '{domain.name}' ships no sample: give --data or --source.")
    supply = supply_from_folder(folder, domain.contract)
    more = domain.more(folder) if domain.more is not None else None
    return Data(supply, _inputs(supply), "--data DIR" if data is not None else "", more)


def screen_all(domain: Domain, data: Data, engine: Engine, folder: Path, *, progress: Progress = lambda _: None) -> Intake:
    """Screen every table that is there."""
    return take_in(engine, domain.contract, data.supply, folder, optional=tuple(domain.contract.tables), more=data.more, progress=progress)


def _inputs(supply: Supply) -> tuple[Mapping[str, str], ...]:
    return tuple(sorted(supply.inputs(), key=lambda one: (one["table"], one["file"])))
