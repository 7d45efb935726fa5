"""
Two runs of one decision, or more: which numbers moved, and what moved them.

The first run is the one that others are compared with. A cause is named only where a single thing differs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench._text import LANGUAGES
from workbench.errors import WorkbenchError
from workbench.runs._comparetext import as_text
from workbench.runs.kept import Kept, read_answered
from workbench.runs.places import Place, places
from workbench.runs.record import OUTSIDE

CAUSES = ("data", "parameters", "seed", "code", "contract", "engine", "packages", "about", "options")
OF_OTHERS = (
    "name",
    "parameters",
    "seed",
    "contract",
    "code",
    "engine",
    "software",
    "inputs",
    "about",
    *OUTSIDE,
)
"""Fields of a record that are told under causes of their own."""


@dataclass(frozen=True)
class Move:
    """
    A number that two runs have in common and that is not the same in both.

    Attributes
    ----------
    id
        Of the number.
    old, new
        The number in each run, as JSON holds it.
    change
        new - old over the size of old; infinite where old is zero, None where one cannot be told.
    apart
        Whether both have intervals and these do not overlap.
    about
        What each run's number is about, where that is not the same: the first cell of its row.
    """

    id: str
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    change: float | None
    apart: bool
    about: tuple[str, str] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the move as JSON holds it."""
        finite = self.change is not None and math.isfinite(self.change)
        shown = {
            name: {key: told[key] for key in ("value", "low", "high", "unit", "text")}
            for name, told in (("old", self.old), ("new", self.new))
        }
        return {
            "id": self.id,
            **shown,
            "change": self.change if finite else None,
            "intervals_apart": self.apart,
            "about": list(self.about) if self.about else None,
        }


@dataclass(frozen=True)
class Against:
    """
    How a run differs from the first.

    Attributes
    ----------
    run
        The run.
    differs
        What went in otherwise, by cause: `CAUSES`.
    moves
        Numbers that moved, the largest relative move first.
    same
        How many numbers are the same.
    lost, added
        Ids that only the first run, or only this one, prints.
    """

    run: Kept
    differs: Mapping[str, Sequence[Mapping[str, Any]]]
    moves: Sequence[Move]
    same: int
    lost: Sequence[str]
    added: Sequence[str]

    @property
    def cause(self) -> str:
        """The one thing that differs; "" where nothing does, or more than one."""
        return next(iter(self.differs)) if len(self.differs) == 1 else ""

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON holds it."""
        return {
            "run_id": self.run.run_id,
            "folder": str(self.run.folder),
            "cause": self.cause or None,
            "differs": {name: list(each) for name, each in self.differs.items()},
            "moves": [move.as_dict() for move in self.moves],
            "same": self.same,
            "lost": list(self.lost),
            "added": list(self.added),
        }


@dataclass(frozen=True)
class Compared:
    """
    Runs of one decision side by side.

    Attributes
    ----------
    first
        What the others are compared with.
    others
        Each of the others.
    """

    first: Kept
    others: Sequence[Against]

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON holds it."""
        runs = [self.first, *(each.run for each in self.others)]
        return {
            "decision": self.first.name,
            "runs": [
                {
                    "run_id": run.run_id,
                    "folder": str(run.folder),
                    "headline": {lang: run.brief["answer"]["headline"][lang] for lang in LANGUAGES},
                    "confidence": run.brief["answer"]["confidence"]["word"],
                    "chosen": {lang: chosen(run, lang) for lang in LANGUAGES},
                }
                for run in runs
            ],
            "against_first": [each.as_dict() for each in self.others],
        }

    def as_text(self, lang: str = "en") -> str:
        """Return the comparison for a terminal."""
        return as_text(self, lang)


def compare(runs: Sequence[str | Path]) -> Compared:
    """
    Compare runs of one decision with the first of them.

    Parameters
    ----------
    runs
        Their folders, or a file in each; two at least.

    Raises
    ------
    WorkbenchError
        There are fewer than two, or they answer different decisions, or one is no unchanged run.
    """
    if len(runs) < 2:
        raise WorkbenchError("One run cannot be compared: name two or more.")
    first, *others = (read_answered(run) for run in runs)
    for other in others:
        if other.name != first.name:
            raise WorkbenchError(
                f"'{first.folder}' answers {first.name} and '{other.folder}' answers {other.name}: only runs "
                "of one decision can be compared."
            )
    return Compared(first, [_against(first, other) for other in others])


def chosen(run: Kept, lang: str) -> list[str]:
    """Return the first cell of every option that a brief chooses."""
    return [row["cells"][0]["text"][lang] for row in run.brief["options"]["rows"] if row["chosen"]]


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """
    Return what differs between two records, by cause; a cause that does not differ is left out.

    Parameters
    ----------
    old, new
        Records of runs; see `workbench.runs.record.make_record`.
    """
    found = {
        "data": [*_files(old, new), *_tables(old, new)],
        "parameters": list(_named(_settings(old), _settings(new))),
        "seed": list(_named({"seed": old["seed"]}, {"seed": new["seed"]})),
        "code": list(_named({"code": old["code"]}, {"code": new["code"]})),
        "contract": list(_named(old["contract"], new["contract"])),
        "engine": list(_named({"engine": old["engine"]}, {"engine": new["engine"]})),
        "packages": _packages(old, new),
        "about": list(_named(_flat(old.get("about", {})), _flat(new.get("about", {})))),
        "options": list(_named(_options(old), _options(new))),
    }
    return {name: found[name] for name in CAUSES if found[name]}


def _against(first: Kept, other: Kept) -> Against:
    old, new = first.brief["quantities"], other.brief["quantities"]
    rows = [_rows(run.brief) for run in (first, other)]
    moves, same = [], 0
    for name in sorted(set(old) & set(new)):
        move = _move(name, old[name], new[name], rows[0].get(name, ""), rows[1].get(name, ""))
        if move is None:
            same += 1
        else:
            moves.append(move)
    moves.sort(key=lambda move: (-abs(move.change) if move.change is not None else math.inf, move.id))
    return Against(
        other,
        differences(first.record, other.record),
        moves,
        same,
        sorted(set(old) - set(new)),
        sorted(set(new) - set(old)),
    )


def _move(name: str, old: Mapping[str, Any], new: Mapping[str, Any], was: str, now: str) -> Move | None:
    if all(old[end] == new[end] for end in ("value", "low", "high")) and was == now:
        return None
    apart = None not in (old["low"], new["low"]) and (old["high"] < new["low"] or new["high"] < old["low"])
    return Move(
        name, old, new, _change(old["value"], new["value"]), apart, (was, now) if was != now else None
    )


def _change(old: float | None, new: float | None) -> float | None:
    if old is None or new is None:
        return None
    if old == new:
        return 0.0
    return (new - old) / abs(old) if old else math.copysign(math.inf, new)


def _rows(brief: Mapping[str, Any]) -> dict[str, str]:
    """Return what each number in a table is about: the first cell of the first row it stands in."""
    found: dict[str, str] = {}
    cells: Iterator[Place] = (place for place in places(brief) if place.is_cell)
    for place in cells:
        found.setdefault(place.numbers[0], place.row["en"])
    return found


def _files(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    then, now = (
        {(one["table"], one["file"]): one["sha256"] for one in record["inputs"]} for record in (old, new)
    )
    for table, file in sorted({*then, *now}):
        before, after = then.get((table, file)), now.get((table, file))
        if before != after:
            yield {"table": table, "name": file, "old": before, "new": after}


def _tables(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    then, now = ({table["table"]: table for table in record["tables"]} for record in (old, new))
    for name in sorted({*then, *now}):
        for field in ("rows", "clean", "rejected", "period"):
            before, after = then.get(name, {}).get(field), now.get(name, {}).get(field)
            if before != after:
                yield {"table": name, "name": field, "old": before, "new": after}


def _settings(record: Mapping[str, Any]) -> dict[str, Any]:
    return _flat({name: value for name, value in record["parameters"].items() if name != "seed"})


def _options(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return how it was run, such as with `--bounds`."""
    return _flat({name: value for name, value in record.items() if name not in OF_OTHERS})


def _packages(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the packages that both use in different versions; an engine brings its own."""
    both = set(old["software"]) & set(new["software"])
    return list(_named(*({name: record["software"][name] for name in both} for record in (old, new))))


def _named(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield {"name": name, "old": old.get(name), "new": new.get(name)}


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Return nested settings by their path, such as `scenarios.more.headway_s`."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            found |= _flat(value, f"{before}{name}.")
        else:
            found[f"{before}{name}"] = value
    return found
