"""Where a sample is written: whole or not at all, in files that are the same bytes for the same rows."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from data_samples.traffic.planted import RAGGED, TIME, Planted
from workbench.errors import BadParameter, WorkbenchError

MARK = ".partial-"


@contextmanager
def staged(out: Path, expected_bytes: float) -> Iterator[Path]:
    """
    Give a folder beside `out` to write into, and rename it to `out` at the end.

    Whatever goes wrong, `out` is either as it was or complete. What a killed run left behind is removed by
    the next run to the same place.
    """
    out = out.resolve()
    stage = out.parent / f".{out.name}{MARK}{os.getpid()}"
    try:
        _check_free(out)
        out.parent.mkdir(parents=True, exist_ok=True)
        _sweep(out)
        free = shutil.disk_usage(out.parent).free
        if expected_bytes > free:
            raise WorkbenchError(
                f"The sample needs about {expected_bytes / 1e9:.1f} GB and {out.parent} has "
                f"{free / 1e9:.1f} GB free; choose a smaller scale or another disk."
            )
        stage.mkdir()
        yield stage
        _check_free(out)
        if out.exists():
            out.rmdir()
        stage.rename(out)
    except (OSError, pl.exceptions.PolarsError) as error:
        why = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise WorkbenchError(f"Cannot write the sample to {out}: {why}; choose another folder.") from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _check_free(out: Path) -> None:
    """Refuse a place where something is already."""
    if not os.path.lexists(out):
        return
    if not out.is_dir():
        raise BadParameter(f"{out} is a file, not a folder; choose another folder.")
    if os.path.ismount(out):
        raise BadParameter(
            f"{out} is where a disk is mounted and cannot be replaced; choose a folder inside it."
        )
    if any(out.iterdir()):
        raise BadParameter(f"{out} is not empty; choose another folder or delete it first.")


def _sweep(out: Path) -> None:
    """Remove what killed runs left."""
    for left in out.parent.glob(f".{out.name}{MARK}*"):
        maker = left.name.rpartition("-")[2]
        if maker.isdigit() and not _alive(int(maker)):
            shutil.rmtree(left, ignore_errors=True)


def _alive(process: int) -> bool:
    """Tell whether a process runs."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def write(path: Path, planted: Planted) -> None:
    """Write one file of a table, as its name says: CSV or Parquet."""
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".parquet":
        planted.rows.write_parquet(path, compression="zstd", compression_level=3)
        return
    lines = planted.rows.write_csv(datetime_format=TIME).split("\n")
    for bad in planted.bad:
        if bad.reason == RAGGED:
            lines[bad.row - 1] += ",?"
    path.write_text("\n".join(lines), encoding="utf-8", newline="\n")
