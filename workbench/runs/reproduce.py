"""
A run made again from its inputs, and every number compared.

On the same engine each number must be the very same. On another, floats are added in another order: there
whole numbers must be the same, and others agree to `CLOSE` of their size. Nothing is written to the run.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from workbench.errors import BadParameter, CheckFailed
from workbench.runs.about import About
from workbench.runs.data import data_from
from workbench.runs.kept import Kept, read_kept
from workbench.runs.record import Run, code_version

if TYPE_CHECKING:
    from workbench.data.engines import Engine
    from workbench.domains import Decision, Domain, Parameters
    from workbench.runs.data import Data

CLOSE = 1e-9
ENDS = ("value", "low", "high")
MEASURE = "measure."
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Difference:
    """
    Something that came out otherwise.

    Attributes
    ----------
    what
        "number", "measure" or "table".
    name
        Id of the number, or name of the measure or table.
    field
        "value", "low", "high", a column, or "rows".
    recorded, made
        What the run says, and what was made now.
    """

    what: str
    name: str
    field: str
    recorded: Any
    made: Any

    def as_dict(self) -> dict[str, Any]:
        """Return the difference as JSON holds it; what JSON does not know stands as text."""
        return {name: each if _in_json(each) else str(each) for name, each in vars(self).items()}

    def __str__(self) -> str:
        return (
            f"{self.what} '{self.name}', {self.field}: recorded {self.recorded!r}, made again {self.made!r}"
        )


@dataclass(frozen=True)
class Reproduced:
    """
    How a run compares with the same made again.

    Attributes
    ----------
    folder, run_id, name
        Of the run.
    engine
        On which it was made again.
    exact
        Whether numbers had to be the very same; else they had to agree to `CLOSE`.
    numbers, measures
        How many of each were compared.
    same_bytes
        Whether every file of the run came out with the same bytes.
    notes
        What is not the same and need not be: the code, the packages.
    differences
        What came out otherwise.
    """

    folder: Path
    run_id: str
    name: str
    engine: str
    exact: bool
    numbers: int
    measures: int
    same_bytes: bool
    notes: tuple[str, ...]
    differences: tuple[Difference, ...]

    def check(self) -> None:
        """Refuse where anything came out otherwise (`CheckFailed`), naming all of it."""
        if self.differences:
            lines = "\n".join(f"  {each}" for each in self.differences)
            notes = "".join(f"\n{each}" for each in self.notes)
            many = len(self.differences)
            raise CheckFailed(
                f"The run in '{self.folder}' was made again and {many} "
                f"{'values differ' if many > 1 else 'value differs'}:\n{lines}{notes}"
            )

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome as JSON holds it."""
        return {
            "folder": str(self.folder),
            "run_id": self.run_id,
            "name": self.name,
            "engine": self.engine,
            "reproduced": not self.differences,
            "exact": self.exact,
            "numbers": self.numbers,
            "measures": self.measures,
            "same_bytes": self.same_bytes,
            "notes": list(self.notes),
            "differences": [each.as_dict() for each in self.differences],
        }

    def as_text(self) -> str:
        """Return the outcome for a terminal."""
        how = "are the very same" if self.exact else f"agree to {CLOSE:g} of their size, counts exactly"
        bytes_ = " Every file has the same bytes." if self.same_bytes else ""
        said = (
            f"{self.name} {self.run_id[:12]} made again on {self.engine}: {self.numbers} numbers and "
            f"{self.measures} measures {how}.{bytes_}"
        )
        return "\n".join([said, *self.notes])


def reproduce(
    folder: str | Path,
    *,
    data: str | None = None,
    source: str | None = None,
    engine: str | None = None,
    workers: int | str = "auto",
    work: str | None = None,
    progress: Progress = lambda _: None,
) -> Reproduced:
    """
    Make a run again from its inputs and compare every number and measure.

    Parameters
    ----------
    folder
        The run folder, or a file in it.
    data, source
        Where the inputs are; the shipped sample where neither is given.
    engine
        On which to make it; that of the run by default.
    workers
        For decisions that simulate; no result depends on it.
    work
        Folder for what an engine makes on the way.
    progress
        Told what is being done.

    Raises
    ------
    CheckFailed
        The inputs are not those recorded; every one that differs is named.
    WorkbenchError
        There is no such run, or it was changed.
    """
    from workbench.data.engines import open_engine
    from workbench.domains import load_decision, load_domain

    kept = read_kept(folder)
    record = kept.record
    measured = kept.name.startswith(MEASURE)
    decision = None if measured else load_decision(kept.name)
    domain = load_domain(kept.name.removeprefix(MEASURE) if decision is None else decision.domain)
    progress("hashing the inputs")
    given = data_from(domain, data=data, source=source)
    _same_inputs(kept, given)
    with (
        open_engine(engine or record["engine"], work=work) as opened,
        tempfile.TemporaryDirectory(prefix="workbench-") as out,
    ):
        run = _again(kept, domain, given, opened, Path(out), workers, progress)
        progress("comparing")
        exact = opened.name == record["engine"]
        told = _brief(run.folder)
        differences = [
            *_tables(record, run.record),
            *_numbers(kept.brief.get("quantities", {}), told.get("quantities", {}), exact),
            *_measures(kept.folder / "measures", run.folder / "measures", exact),
        ]
        return Reproduced(
            kept.folder,
            kept.run_id,
            kept.name,
            opened.name,
            exact,
            len(kept.brief.get("quantities", {})),
            len(list((kept.folder / "measures").glob("*.parquet"))),
            record["files"] == run.record["files"],
            _notes(record, run.record, code_version(domain)),
            tuple(differences),
        )


def _again(
    kept: Kept, domain: Domain, data: Data, engine: Engine, out: Path, workers: int | str, progress: Progress
) -> Run:
    from workbench.briefs.formats import present
    from workbench.domains import load_decision
    from workbench.runs.work import decide, measure

    if kept.name.startswith(MEASURE):
        return measure(domain, data, engine, out, progress=progress)
    decision = load_decision(kept.name)
    return decide(
        decision,
        domain,
        data,
        _parameters(kept, decision),
        engine,
        out,
        about=About.model_validate(kept.record.get("about", {})),
        bounds=bool(kept.record.get("bounds", False)),
        formats=present(kept.folder) or ("html",),
        command=kept.brief["run"]["command"],
        workers=workers,
        progress=progress,
    )


def _parameters(kept: Kept, decision: type[Decision]) -> Parameters:
    """Settings of the run; `BadParameter` where the decision takes others here than where it was made."""
    from workbench.parameters import read_parameters

    try:
        return read_parameters(decision.Parameters, options=kept.record["parameters"])
    except BadParameter as error:
        raise BadParameter(
            f"{error}\nThe settings kept in {kept.folder / 'run.json'} are not those that {kept.name} takes "
            f"here: reproduce it with the version it was made with ({kept.record['code']})."
        ) from error


def _same_inputs(kept: Kept, data: Data) -> None:
    """Refuse inputs that are not those recorded; files that the run had no use for do not matter."""
    recorded = {(one["table"], one["file"]): one["sha256"] for one in kept.record["inputs"]}
    tables = {table for table, _ in recorded}
    given = {(one["table"], one["file"]): one["sha256"] for one in data.inputs if one["table"] in tables}
    wrong = []
    for (table, file), sha in recorded.items():
        found = given.get((table, file))
        name = f"'{file}' of table '{table}'" if table else f"'{file}'"
        if found is None:
            wrong.append(f"{name} is missing")
        elif found != sha:
            wrong.append(f"{name} differs: its SHA-256 begins {found[:12]}, recorded is {sha[:12]}")
    wrong += [
        f"'{file}' of table '{table}' was not there" for table, file in sorted(set(given) - set(recorded))
    ]
    if wrong:
        lines = "\n".join(f"  {each}" for each in wrong)
        raise CheckFailed(
            f"The inputs are not those of the run in '{kept.folder}':\n{lines}\nGive the same files with "
            "--data or --source; `workbench compare` tells what other data move."
        )


def _notes(record: Mapping[str, Any], made: Mapping[str, Any], code: str) -> tuple[str, ...]:
    notes = []
    if record["code"] != code:
        notes.append(f"The code is another: the run was made with {record['code']}, here is {code}.")
    packages = sorted(set(record["software"]) & set(made["software"]))
    other = [
        f"{name} {record['software'][name]} then, {made['software'][name]} now"
        for name in packages
        if record["software"][name] != made["software"][name]
    ]
    return (*notes, *([f"Packages are other ones: {'; '.join(other)}."] if other else []))


def _tables(record: Mapping[str, Any], made: Mapping[str, Any]) -> list[Difference]:
    then, now = ({table["table"]: table for table in one["tables"]} for one in (record, made))
    found = []
    for name in sorted({*then, *now}):
        for field in ("rows", "clean", "rejected"):
            old, new = then.get(name, {}).get(field), now.get(name, {}).get(field)
            if old != new:
                found.append(Difference("table", name, field, old, new))
    return found


def _numbers(then: Mapping[str, Any], now: Mapping[str, Any], exact: bool) -> list[Difference]:
    found = []
    for name in sorted({*then, *now}):
        if name not in then or name not in now:
            known = (name in then, name in now)
            found.append(Difference("number", name, "printed", *known))
            continue
        for field in ENDS:
            old, new = then[name][field], now[name][field]
            if not _same(old, new, exact):
                found.append(Difference("number", name, field, old, new))
    return found


def _same(old: Any, new: Any, exact: bool) -> bool:
    if exact or old is None or new is None or (isinstance(old, int) and isinstance(new, int)):
        return bool(old == new)
    return math.isclose(old, new, rel_tol=CLOSE, abs_tol=0.0)


def _measures(then: Path, now: Path, exact: bool) -> list[Difference]:
    names = {path.stem for folder in (then, now) for path in folder.glob("*.parquet")}
    found = []
    for name in sorted(names):
        paths = [folder / f"{name}.parquet" for folder in (then, now)]
        if not all(path.is_file() for path in paths):
            found.append(Difference("measure", name, "kept", *(path.is_file() for path in paths)))
            continue
        found += _frames(name, *(pl.read_parquet(path) for path in paths), exact=exact)
    return found


def _frames(name: str, old: pl.DataFrame, new: pl.DataFrame, *, exact: bool) -> list[Difference]:
    """Compare two frames: columns, rows, then values column by column; the first that differs is shown."""
    if old.schema != new.schema:
        kinds = [{column: str(kind) for column, kind in frame.schema.items()} for frame in (old, new)]
        return [Difference("measure", name, "columns", *kinds)]
    if old.height != new.height:
        return [Difference("measure", name, "rows", old.height, new.height)]
    if not exact:
        keys = sorted(old.columns, key=lambda column: old.schema[column].is_float())
        old, new = old.sort(keys, nulls_last=True), new.sort(keys, nulls_last=True)
    found = []
    for column in old.columns:
        same = _columns(old[column], new[column], exact)
        if not same.all():
            at = same.arg_min() or 0
            shown = f"column {column}, {(~same).sum()} of {old.height} rows, first in row {at + 1}"
            found.append(Difference("measure", name, shown, old[column][at], new[column][at]))
    return found


def _columns(old: pl.Series, new: pl.Series, exact: bool) -> pl.Series:
    same = old.eq_missing(new)
    if exact or not old.dtype.is_float():
        return same
    size = pl.DataFrame([old.abs().alias("old"), new.abs().alias("new")]).max_horizontal()
    return same | ((old - new).abs() <= CLOSE * size).fill_null(value=False)


def _in_json(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool | list | dict)


def _brief(folder: Path) -> dict[str, Any]:
    path = folder / "brief.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
