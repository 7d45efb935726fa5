"""Fragility curves in files: medians and betas, damage by depth, and the curves that are shipped."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from workbench.errors import BadFile, BadParameter, UnknownName, WorkbenchError, nearest
from workbench.lifelines._curves import (
    Curve,
    Curves,
    DamageStates,
    DepthDamage,
    FixedProbability,
    FragilityCurve,
)
from workbench.lifelines._rates import BreakRate, RepairRate, WeibullLife

SHIPPED = Path(__file__).with_name("fragility.yaml")
_COLUMNS = ("class", "state", "measure", "median", "beta")
Mistakes = list[tuple[int | None, str]]


def read_fragility_table(
    path: str | PathLike[str], *, fails_from: str | Mapping[str, str] = "extensive"
) -> Curves:
    """
    Read lognormal curves as Hazus tabulates them.

    Parameters
    ----------
    path
        CSV file with the columns `class`, `state`, `measure`, `median`, `beta` and optionally `source`; one
        row for each damage state of a class, from light to heavy.
    fails_from
        First state in which an asset does not work, for all classes or by class. A class with only one state
        fails in it.

    Returns
    -------
    curves
        By class.

    Raises
    ------
    BadFile
        Columns missing, numbers that are none, states that do not go from light to heavy; all at once.
    UnknownName
        A class has no state called `fails_from`.
    """
    name, mistakes = str(path), Mistakes()
    classes: dict[str, dict[str, FragilityCurve]] = {}
    lines = _lines(path)
    reader = csv.DictReader(lines)
    heads = list(reader.fieldnames or [])
    missing = [one for one in _COLUMNS if one not in heads]
    if missing:
        raise BadFile(name, [(1, f"there is no column '{one}'. {nearest(one, heads)}") for one in missing])
    for row in reader:
        line = reader.line_num
        try:
            curve = FragilityCurve(
                float(row["median"]), float(row["beta"]), row["measure"].strip(), row.get("source") or ""
            )
        except (TypeError, ValueError, AttributeError):
            mistakes.append((line, f"median '{row['median']}' or beta '{row['beta']}' is not a number"))
            continue
        except WorkbenchError as error:
            mistakes.append((line, str(error)))
            continue
        states = classes.setdefault(row["class"].strip(), {})
        state = row["state"].strip()
        if state in states:
            mistakes.append((line, f"class '{row['class']}' has the state '{state}' twice"))
        states[state] = curve
    if not classes and not mistakes:
        mistakes.append((None, "holds no curve"))
    made: dict[str, Curve] = {}
    for one, states in classes.items():
        wanted = fails_from if isinstance(fails_from, str) else fails_from.get(one, "extensive")
        first = next(iter(states)) if len(states) == 1 else wanted
        if first not in states:
            raise UnknownName(f"damage state of '{one}'", first, states, "Give `fails_from` for it.")
        try:
            made[one] = DamageStates(states, first)
        except WorkbenchError as error:
            mistakes.append((None, f"class '{one}': {error}"))
    if mistakes:
        raise BadFile(name, mistakes)
    return Curves(made)


def read_damage_csv(
    path: str | PathLike[str], *, measure: str = "depth_m", fails_at: float | None = None
) -> DepthDamage:
    """
    Read a damage curve as open-gira keeps them.

    Lines of `#` say where it stands; a header or none; then an intensity and a share of damage a line.

    Parameters
    ----------
    path
        CSV file; columns beyond the second (bounds) are left aside.
    measure
        Intensity of the first column.
    fails_at
        See `DepthDamage`.

    Raises
    ------
    BadFile
        Rows that are not numbers, or a curve that does not rise.
    """
    name, source, points, mistakes = str(path), [], [], Mistakes()
    for number, line in enumerate(_lines(path), start=1):
        if line.startswith("#"):
            source.append(line.lstrip("# ").strip())
            continue
        cells = line.split(",")
        try:
            points.append((float(cells[0]), float(cells[1])))
        except (ValueError, IndexError):
            if points or not line.strip():
                if line.strip():
                    mistakes.append((number, f"'{line[:60]}' is not an intensity and a share"))
            elif any(_number(cell) for cell in cells):
                mistakes.append((number, f"'{line[:60]}' is not an intensity and a share"))
    if mistakes:
        raise BadFile(name, mistakes)
    try:
        table = np.array(points, float).reshape(-1, 2)
        return DepthDamage(table[:, 0], table[:, 1], measure, fails_at, " ".join(filter(None, source)))
    except BadParameter as error:
        raise BadFile(name, [(None, str(error))]) from error


def shipped_curves() -> Curves:
    """
    Return the curves that come with the workbench, by class.

    They are for trying things out, each with its source in words (`source`): check and replace them before a
    decision rests on them. Those of Hazus are the published generic ones, not those of a given city's assets.
    """
    told = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    return Curves({name: _curve(entry) for name, entry in told.items()})


def _curve(entry: Mapping[str, Any]) -> Curve:
    kind, source = entry["kind"], str(entry["source"])
    given = {key: value for key, value in entry.items() if key not in ("kind", "source", "states")}
    if kind == "states":
        measure = given["measure"]
        states = {
            name: FragilityCurve(median, beta, measure, source)
            for name, (median, beta) in entry["states"].items()
        }
        return DamageStates(states, given["fails_from"])
    if kind == "repair_rate":
        return RepairRate(**given, source=source)
    if kind == "ala":
        return replace(RepairRate.ala(**given), source=source)
    if kind == "hazus":
        return replace(RepairRate.hazus(**given), source=source)
    if kind == "break_rate":
        return BreakRate(**given, source=source)
    if kind == "life":
        return WeibullLife(**given, source=source)
    if kind == "damage":
        points = np.array(given.pop("points"), float)
        return DepthDamage(points[:, 0], points[:, 1], source=source, **given)
    return FixedProbability(**given, source=source)


def _lines(path: str | PathLike[str]) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(str(path), [(None, f"cannot be read ({error})")]) from error


def _number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False
