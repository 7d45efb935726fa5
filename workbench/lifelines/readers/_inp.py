"""EPANET input files as text and as WNTR's models, whatever characters their paths have."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench.errors import BadParameter, EngineMissing
from workbench.lifelines.errors import BadNetwork
from workbench.lifelines.readers._files import PathLike, bytes_of

ACCURACY = 1e-5
"""
Change of flow, as a share, below which a step counts as solved; EPANET takes no less. With the 1e-3 or 1e-4
of many files a pump of constant power may stand still although it need not (OpenWaterAnalytics/EPANET, issues
528 and 661).
"""
_UNITS = re.compile(r"^\s*UNITS\s+\S", re.IGNORECASE | re.MULTILINE)
_KILOPASCAL = re.compile(r"^\s*PRESSURE\s+KPA\b", re.IGNORECASE | re.MULTILINE)
_END = re.compile(r"^\s*\[END\]", re.IGNORECASE | re.MULTILINE)
_NODE_SECTIONS, _LINK_SECTIONS = {"JUNCTIONS", "RESERVOIRS", "TANKS"}, {"PIPES", "PUMPS", "VALVES"}
_SAID = re.compile(r"\(Error \d+\) ")


def wntr_module() -> Any:
    """
    Import WNTR, which brings EPANET.

    Raises
    ------
    EngineMissing
        WNTR, or `six` which it does not declare, is not installed.
    """
    try:
        return importlib.import_module("wntr")
    except ImportError as error:
        package = (error.name or "wntr").partition(".")[0]
        raise EngineMissing(
            f"Water networks of EPANET need the Python package '{package}', which is not installed or cannot "
            "be imported here: pip install 'lived-workbench[water]'."
        ) from error


def text_of(source: PathLike | Any) -> tuple[str, str]:
    """
    Text of an input file.

    Parameters
    ----------
    source
        Path of the file, or a WNTR model, which is written.

    Returns
    -------
    text, name
        The file's text, and what to call it in an error.

    Raises
    ------
    BadNetwork
        There is no such file, or it is empty.
    BadParameter
        The source is neither.
    """
    if isinstance(source, str | os.PathLike):
        data = bytes_of(source)
        for encoding in ("utf-8-sig", "gb18030"):
            try:
                return data.decode(encoding), str(source)
            except UnicodeDecodeError:
                continue
        return data.decode("latin-1"), str(source)
    if not hasattr(source, "options") or not hasattr(source, "junction_name_list"):
        raise BadParameter(
            f"A water network is read from the path of an EPANET input file or from a WNTR model, not from a "
            f"{type(source).__name__}."
        )
    return written(source), str(source.name or "WNTR model")


def model_of(text: str, name: str) -> Any:
    """
    Parse the text of an input file with WNTR.

    Raises
    ------
    BadNetwork
        It cannot be understood; the line is named where it is known.
    """
    wntr = wntr_module()
    if _KILOPASCAL.search(text):
        raise BadNetwork(
            name, ["its pressures are in kPa, which WNTR takes for metres: convert them to METERS or PSI"]
        )
    if "[" not in text:
        raise BadNetwork(
            name,
            ["it has no section such as [JUNCTIONS], so that it is no EPANET input file: give the .inp file"],
        )
    if found := _twice(text.splitlines()):
        raise BadNetwork(name, found)
    if not _UNITS.search(text):  # EPANET's own default, without which WNTR cannot go on
        end = _END.search(text)
        at = end.start() if end else len(text)
        text = f"{text[:at]}\n[OPTIONS]\nUNITS GPM\n\n{text[at:]}"
    with _place() as path:
        path.write_text(text, encoding="utf-8")
        try:
            return wntr.network.WaterNetworkModel(str(path))
        except Exception as error:  # WNTR lets errors of many kinds through
            raise BadNetwork(name, [_explained(error, text.splitlines())]) from error


def written(model: Any) -> str:
    """Write a WNTR model as text, in the units it came in; the same model gives the same text."""
    wntr = wntr_module()
    with _place() as path:
        units = model.options.hydraulic.inpfile_units
        wntr.network.io.write_inpfile(model, str(path), units=units, version=2.2)
        lines = path.read_text(encoding="utf-8").splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith("["))  # before it stand file and date
    return "\n".join(lines[begin:]) + "\n"


def for_epanet(model: Any, hours: float | None = None) -> bytes:
    """
    Input file for EPANET, with the convergence that comparing runs needs.

    Parameters
    ----------
    model
        WNTR model, which is changed.
    hours
        Hours to run, None for those of the model.
    """
    hydraulic = model.options.hydraulic
    hydraulic.accuracy = min(hydraulic.accuracy, ACCURACY)
    hydraulic.unbalanced, hydraulic.unbalanced_value = "CONTINUE", 10  # else the rest of the run is missing
    hydraulic.demand_model = "DD"  # pressure-driven is set in EPANET, where pressures are not rounded
    if hours is not None:
        model.options.time.duration = round(3600 * hours)
    return written(model).encode()


@contextlib.contextmanager
def _place() -> Iterator[Path]:
    """File in a folder of its own; what WNTR only warns of, such as unused curves, is passed over."""
    with tempfile.TemporaryDirectory(prefix="lifelines-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield Path(folder) / "network.inp"


def _explained(error: BaseException, lines: list[str]) -> str:
    """Say what WNTR did not understand, and in which line."""
    root = error
    while root.__cause__ is not None:
        root = root.__cause__
    said = error.__cause__ if type(error).__name__ == "EpanetException" and error.__cause__ else error
    number = _line(said) or _line(root)
    text = _SAID.sub("", str(said)).split(", at line")[0].replace(" (%s)", "").strip().rstrip(".")
    if isinstance(root, KeyError) and root.args:
        text = f"'{root.args[0]}' is named but not defined"
    elif isinstance(root, IndexError):
        text = "too few values"
    elif isinstance(root, ValueError) and "convert" in str(root):
        text = f"{str(root).rpartition(': ')[2]} is not a number"
    where = f"line {number:,} ({' '.join(lines[number - 1].split())[:60]}): " if number else ""
    return f"{where}{text or type(said).__name__}. Mend the file, or open it in EPANET to see more"


def _twice(lines: list[str]) -> list[str]:
    """Ids that stand twice among the nodes or the links: WNTR would keep the last and say nothing."""
    found, section = [], ""
    seen: dict[str, dict[str, int]] = {"node": {}, "link": {}}
    for number, line in enumerate(lines, start=1):
        words = line.split(";", 1)[0].split()
        if not words:
            continue
        if words[0].startswith("["):
            section = words[0].upper().strip("[]")
            continue
        part = "node" if section in _NODE_SECTIONS else "link" if section in _LINK_SECTIONS else ""
        if part:
            first = seen[part].setdefault(words[0], number)
            if first != number:
                there = f"{part} '{words[0]}' is there already, in line {first:,}"
                found.append(f"line {number:,}: {there}: give each an id")
    return found


def _line(error: BaseException) -> int | None:
    """Line that WNTR was at, from the names in its frames: only some of its errors carry it."""
    found, trace = None, error.__traceback__
    while trace is not None:
        at = trace.tb_frame.f_locals.get("lnum")
        if isinstance(at, int) and (trace.tb_frame.f_code.co_name != "read" or trace.tb_next is None):
            found = at  # `read` is at the last line when it has the sections understood
        trace = trace.tb_next
    return found
