"""
Runs kept on disk, found by their content, so that nothing is run twice and a killed experiment goes on.

A run is identified by the SHA-256 of the model (name, version, what the instance holds, outcomes) and seed,
by the SHA-256 of the scenario's canonical JSON, and by its replication. Finished runs are appended as
Parquet parts, each written aside and then renamed, so that a part is whole or not there, and several
processes may write at the same time. Runs that failed are not kept: they are tried again.

    store/
      bus-line-3fd0.../          model and seed
        about.json               what the folder is about, for people
        0f6c....parquet          scenario (key), replication, outcomes
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import uuid
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import BadFile, BadParameter, CheckFailed
from workbench.simulation.model import Model
from workbench.simulation.scenario import canonical, fields_of

if TYPE_CHECKING:
    import polars as pl

Values = tuple[float, ...]


class RunStore:
    """
    Runs of one model with one seed.

    Parameters
    ----------
    path
        Folder of the store; made if it is not there. Many models and seeds may share it.
    model
        The model.
    seed
        The seed of the experiment.
    """

    def __init__(self, path: str | Path, model: Model[Any, Any], seed: int) -> None:
        identity = {"model": model_identity(model), "seed": seed}
        text = json.dumps(identity, ensure_ascii=False, sort_keys=True)
        self._digest = hashlib.sha256(text.encode()).hexdigest()
        readable = re.sub(r"[^\w.-]+", "-", model.name).strip("-.")[:40]
        self.folder = Path(path) / f"{readable or 'model'}-{self._digest[:16]}"
        self._outcomes = tuple(model.outcomes)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not (about := self.folder / "about.json").exists():
                shown = {
                    "model": model.name,
                    "version": model.version,
                    "seed": seed,
                    "units": dict(model.outcomes),
                }
                _write(about, json.dumps(shown, ensure_ascii=False, indent=2).encode())
        except OSError as error:
            raise BadParameter(
                f"The run store {path} cannot be made or written ({error.strerror})."
            ) from None

    def read(self, scenarios: Iterable[str]) -> dict[tuple[str, int], Values]:
        """
        Find the stored runs of some scenarios.

        Parameters
        ----------
        scenarios
            Keys of scenarios.

        Returns
        -------
        runs
            Outcomes, by scenario key and replication.

        Raises
        ------
        BadFile
            A part is damaged.
        CheckFailed
            Two parts hold different numbers for the same run.
        """
        import polars as pl

        wanted = list(scenarios)
        frames = [self._part(path) for path in sorted(self.folder.glob("*.parquet"))]
        if not frames:
            return {}
        runs = pl.concat(frames).filter(pl.col("scenario").is_in(wanted)).unique(maintain_order=True)
        if (twice := runs.filter(runs.select("scenario", "replication").is_duplicated())).height:
            raise CheckFailed(
                f"{self.folder} holds different numbers for the same run (replication "
                f"{twice['replication'][0]}): the model changed without a new version, or is not "
                "deterministic. Give it a new version."
            )
        return {(row[0], row[1]): row[2:] for row in runs.iter_rows()}

    def write(self, runs: Sequence[tuple[str, int, Values]]) -> None:
        """Append finished runs: scenario key, replication, outcomes."""
        import polars as pl

        if not runs:
            return
        ordered = sorted(runs, key=lambda run: (run[1], run[0]))
        columns: dict[str, Any] = {
            "scenario": pl.Series([run[0] for run in ordered], dtype=pl.String),
            "replication": pl.Series([run[1] for run in ordered], dtype=pl.Int64),
        }
        for place, name in enumerate(self._outcomes):
            columns[f"outcome:{name}"] = pl.Series([run[2][place] for run in ordered], dtype=pl.Float64)
        keys = "\n".join(f"{self._digest}/{run[0]}/{run[1]}" for run in ordered)
        path = self.folder / f"{hashlib.sha256(keys.encode()).hexdigest()}.parquet"
        if not path.exists():
            _write(path, _parquet(pl.DataFrame(columns)))

    def _part(self, path: Path) -> pl.DataFrame:
        import polars as pl

        names = ["scenario", "replication", *(f"outcome:{name}" for name in self._outcomes)]
        try:
            return pl.read_parquet(path).select(names)
        except (pl.exceptions.PolarsError, OSError) as error:
            said = str(error).splitlines()[0]
            what = f"is damaged ({said}); delete it, and its runs will be made again"
            raise BadFile(str(path), [(None, what)]) from None


def model_identity(model: Model[Any, Any]) -> dict[str, Any]:
    """
    What tells a model from others: name, version, outcomes, and what the instance holds.

    Parameters
    ----------
    model
        A model. If it has a text `fingerprint`, that stands for what it holds; otherwise its fields (of a
        dataclass or pydantic model) or its attributes do, those that begin with an underscore left out.

    Raises
    ------
    BadParameter
        What it holds cannot be told apart.
    """
    mark = getattr(model, "fingerprint", None)
    holds: Any = mark
    if not isinstance(mark, str):
        held = fields_of(model)
        if held is None:
            lazy = {
                name
                for name in dir(type(model))
                if isinstance(getattr(type(model), name, None), cached_property)
            }
            held = {name: value for name, value in getattr(model, "__dict__", {}).items() if name not in lazy}
        public = {name: value for name, value in held.items() if not name.startswith("_")}
        try:
            holds = {name: canonical(value, name, _large) for name, value in public.items()}
        except BadParameter as error:
            raise BadParameter(
                f"The store cannot tell one {type(model).__name__} from another: {error} "
                "Or give the model a text `fingerprint` that changes with what it holds."
            ) from None
    return {"name": model.name, "version": model.version, "outcomes": dict(model.outcomes), "holds": holds}


def _large(value: object) -> object:
    """Tables and arrays by the hash of their content."""
    import numpy as np
    import polars as pl

    if isinstance(value, pl.DataFrame | pl.LazyFrame):
        frame = value.collect() if isinstance(value, pl.LazyFrame) else value
        return {"table": hashlib.sha256(_parquet(frame)).hexdigest(), "columns": frame.columns}
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufSUM" and value.ndim:
        plain = np.ascontiguousarray(value)
        shape, kind = list(plain.shape), plain.dtype.str
        return {"array": hashlib.sha256(plain.tobytes()).hexdigest(), "shape": shape, "kind": kind}
    return NotImplemented


def _parquet(frame: pl.DataFrame) -> bytes:
    import io

    made = io.BytesIO()
    frame.write_parquet(made, compression="zstd", statistics=False)
    return made.getvalue()


def _write(path: Path, content: bytes) -> None:
    """Write aside, then rename: readers see the whole file or none."""
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
