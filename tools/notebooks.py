"""
Run the notebooks again and keep their outputs normalised: `python tools/notebooks.py [--check] [NAME ...]`.

Each notebook runs from its first cell in an empty folder of its own, on this very Python (no installed
kernelspec is asked), over IPC, so that no port is opened. What is kept holds no execution counts, no
times, no running ids and no path of this machine; stderr is shown here and not kept. A notebook whose
outputs say the same as the kept ones is left as it is, byte for byte.

A cell tagged `varies` tells of the machine (which engines are ready): its output is kept and not compared.

`--tables tests/notebooks/expected` keeps the results tables as well, which the tests compare: for a change
that means to move numbers.

Exit codes: 0 done; 1 a notebook failed; 2 no such notebook; 4 with --check, kept outputs are out of date.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "notebooks"
FAILED, USAGE, STALE = 1, 2, 4
CELL_SECONDS = 600
KERNEL = "workbench"
VARIES = "varies"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CELL_METADATA = ("tags",)
MASKS = (  # what changes with every change of the code: run ids, and the hash in a code version
    (re.compile(r"\b[0-9a-f]{64}\b"), "<sha256>"),
    (re.compile(r"\b(\d+\.\d+\.\d+)\+[0-9a-f]{12}\b"), r"\1+<code>"),
    (re.compile(r"\b[0-9a-f]{12}(?=…)"), "<run>"),
    (re.compile(r"\b(\w+\.\w+)-[0-9a-f]{12}\b"), r"\1-<run>"),
)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
PICTURE = re.compile(r"<svg\b.*?</svg>", re.DOTALL)


class NotebookFailed(Exception):
    """A cell raised, took too long, or the kernel died."""


def notebooks(names: Sequence[str] = ()) -> list[Path]:
    """Paths of the notebooks, all of them or those named (`01-congestion`, with or without its ending)."""
    found = sorted(FOLDER.glob("[0-9]*.ipynb"))
    if not names:
        return found
    wanted = {Path(name).stem for name in names}
    if unknown := wanted - {path.stem for path in found}:
        there = ", ".join(path.stem for path in found)
        raise SystemExit(_complain(f"no notebook is called '{min(unknown)}'; there are {there}", USAGE))
    return [path for path in found if path.stem in wanted]


def execute(path: Path, folder: Path) -> Any:
    """
    Run a notebook from its first cell.

    Parameters
    ----------
    path
        The notebook; it is read, not written.
    folder
        Where it runs: what it writes is left here.

    Returns
    -------
    notebook
        With its fresh outputs, not yet normalised.

    Raises
    ------
    NotebookFailed
        A cell raised, took longer than ten minutes, or the kernel died.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = read(path)
    with tempfile.TemporaryDirectory(prefix="nb-") as private:  # short, as a socket's path must be
        client = NotebookClient(
            notebook,
            km=_manager(Path(private)),
            resources={"metadata": {"path": str(folder)}},
            timeout=CELL_SECONDS,
            record_timing=False,
            coalesce_streams=True,
            ipython_hist_file=":memory:",
        )
        try:
            client.execute(cleanup_kc=True, env=_environment(Path(private)))
        except CellExecutionError as error:
            raise NotebookFailed(f"{path.name}: {COLOUR.sub('', str(error)).strip()}") from error
        except CellTimeoutError as error:
            raise NotebookFailed(f"{path.name}: a cell took longer than {CELL_SECONDS} s") from error
        except DeadKernelError as error:
            raise NotebookFailed(f"{path.name}: the kernel died, most likely for lack of memory") from error
    return notebook


def _manager(private: Path) -> Any:
    """A kernel of this Python, described in a folder that goes away, spoken to over IPC."""
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    spec = private / KERNEL
    spec.mkdir()
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    described = {"argv": command, "display_name": KERNEL, "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(described), encoding="utf-8")
    specs = KernelSpecManager(kernel_dirs=[str(private)], ensure_native_kernel=False)
    manager = AsyncKernelManager(
        kernel_name=KERNEL, kernel_spec_manager=specs, connection_file=str(private / "connection.json")
    )
    if sys.platform != "win32":
        manager.transport, manager.ip = "ipc", str(private / "ipc")
    return manager


def _environment(private: Path) -> dict[str, str]:
    """The environment of the kernel: its own IPython folder, modules of this checkout first."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    temporary = private / "tmp"
    temporary.mkdir()
    own = {
        "IPYTHONDIR": str(private / "ipython"),
        "TMPDIR": str(temporary),
        "PYTHONPATH": os.pathsep.join(paths),
    }
    return {**os.environ, **own, "COLUMNS": "100", "NO_COLOR": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


def normalise(notebook: Any, folder: Path) -> Any:
    """Take out of an executed notebook what belongs to this run and machine; `folder` is where it ran."""
    notebook.metadata.clear()
    notebook.metadata.update(METADATA)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02d}"
        cell.metadata = {key: cell.metadata[key] for key in CELL_METADATA if cell.metadata.get(key)}
        if cell.cell_type != "code":
            continue
        cell.execution_count = None
        cell.outputs = [output for output in cell.outputs if not _aside(output)]
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = None
            output.pop("transient", None)
            if "metadata" in output:
                output.metadata = {}
            if "text" in output:
                output.text = _placeless(output.text, folder)
            for kind, value in output.get("data", {}).items():
                if isinstance(value, str) and not kind.startswith("image/png"):
                    output.data[kind] = _placeless(value, folder)
    return notebook


def _aside(output: Any) -> bool:
    """Whether an output is for whoever runs it, not for the reader; if so, show it now."""
    if output.output_type == "stream" and output.name == "stderr":
        sys.stderr.write(output.text)
        return True
    return False


def _placeless(text: str, folder: Path) -> str:
    """Text without folders of this machine."""
    places = {folder: ".", ROOT: ".", Path(tempfile.gettempdir()): "<tmp>", Path.home(): "~"}
    for place, name in places.items():
        for spelling in {str(place.resolve()), str(place)} - {place.anchor}:
            text = re.sub(rf"{re.escape(spelling)}(?![\w.-])", name, text)
    return text


def said(notebook: Any, *, pictures: bool = False) -> Iterator[tuple[int, str]]:
    """What the outputs say by cell in text and tables, without ids of runs; no cells that vary."""
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or VARIES in cell.metadata.get("tags", ()):
            continue
        lines = []
        for output in cell.outputs:
            shown = [output.get("text", "")]
            data = sorted(output.get("data", {}).items())
            shown += [str(value) for kind, value in data if pictures or kind.startswith("text/")]
            lines += (
                [output.output_type, *shown] if pictures else [PICTURE.sub("<svg/>", one) for one in shown]
            )
        text = "\n".join(lines)
        for pattern, mask in MASKS:
            text = pattern.sub(mask, text)
        yield number, text


def differences(kept: Any, fresh: Any, *, pictures: bool = False) -> list[str]:
    """What the fresh outputs say otherwise than the kept ones, as lines of a diff."""
    old, new = dict(said(kept, pictures=pictures)), dict(said(fresh, pictures=pictures))
    found: list[str] = []
    for number in sorted({*old, *new}):
        before, after = old.get(number, "").splitlines(), new.get(number, "").splitlines()
        names = f"cell {number} kept", f"cell {number} now"
        found += difflib.unified_diff(before, after, *names, lineterm="", n=0)
    return found


def read(path: Path) -> Any:
    """The notebook in a file."""
    import nbformat

    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def written(notebook: Any) -> str:
    """A notebook as its file holds it."""
    import nbformat

    return str(nbformat.writes(notebook, version=4)).rstrip("\n") + "\n"  # type: ignore[no-untyped-call]


def tidy(path: Path) -> bool:
    """Whether a kept notebook is in the form that `make notebooks` writes."""
    return written(normalise(read(path), FOLDER)) == path.read_text(encoding="utf-8")


def run(path: Path, *, check: bool = False, tables: Path | None = None) -> list[str]:
    """Run one notebook and keep its outputs (and tables), or with `check` only compare; give what differs."""
    with tempfile.TemporaryDirectory(prefix="nb-") as folder:
        fresh = normalise(execute(path, Path(folder)), Path(folder))
        if tables is not None and not check:
            shutil.copy(Path(folder) / "results" / f"{path.stem}.csv", tables)
    found = differences(read(path), fresh, pictures=not check)
    if not tidy(path):
        found.append("not in the form that `make notebooks` writes")
    if found and not check:
        path.write_text(written(fresh), encoding="utf-8", newline="\n")
    return found


def _complain(message: str, code: int) -> int:
    sys.stderr.write(f"notebooks: {message}\n")
    return code


def main(arguments: Sequence[str] | None = None) -> int:
    """Run or check the notebooks; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="notebooks", description="Run the notebooks and keep their outputs."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a notebook, such as 01-congestion")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 4 where outputs are out of date"
    )
    parser.add_argument("--tables", type=Path, metavar="DIR", help="keep the results tables there, too")
    given = parser.parse_args(arguments)
    code = 0
    for path in notebooks(given.names):
        try:
            found = run(path, check=given.check, tables=given.tables)
        except NotebookFailed as error:
            code = _complain(str(error), FAILED)
            continue
        verdict = ("out of date" if given.check else "written") if found else "as kept"
        print(f"{path.relative_to(ROOT)}: {verdict}", flush=True)
        if found and given.check:
            print("\n".join(found[:40]))
            code = code or _complain(f"{path.name} is out of date: run `make notebooks`", STALE)
    return code


if __name__ == "__main__":
    sys.exit(main())
