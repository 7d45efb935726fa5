"""The parts of a brief that prove: the data it used, what was set aside, and the run that made it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from workbench._text import Text
from workbench.briefs._refuse import refuse
from workbench.briefs.quantity import Quantity, Source


class FileUsed(NamedTuple):
    """A file that was read: its name, the SHA-256 of its bytes, and its rows."""

    name: str
    sha256: str
    rows: int


class Reason(NamedTuple):
    """
    How many rows one rule set aside, each row under the first rule it breaks.

    `column` is "" where the rule looks at the whole row; `text` says a contract's own rule in words,
    the common rules of screening have theirs in the glossary.
    """

    rule: str
    column: str
    rows: int
    text: Text | None = None


@dataclass(frozen=True, kw_only=True)
class DataRow:
    """
    One table that was read, and what its screening found.

    Parameters
    ----------
    table
        Name of the table in its contract.
    description
        What the table holds.
    files
        (name, sha256, rows) of each file read.
    rows, clean, rejected
        Rows read, kept, and set aside in quarantine.
    reasons
        (rule, column, rows) of every rule that set rows aside, or a `Reason` with words of its own.
    duplicates
        Rows whose key was already there.
    period
        First and last date or time covered, as text; None where the table has no time.
    contract
        Name and version of the contract, such as "traffic 1.0.0".
    limit
        Share of rows (0 to 1) that may be set aside before a run stops; None where there is no limit.
    """

    table: str
    description: Text
    files: tuple[tuple[str, str, int], ...]
    rows: int
    clean: int
    rejected: int
    reasons: tuple[tuple[str, str, int] | Reason, ...] = ()
    duplicates: int = 0
    period: tuple[str, str] | None = None
    contract: str = ""
    limit: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", tuple(FileUsed(*each) for each in self.files))
        object.__setattr__(self, "reasons", tuple(Reason(*each) for each in self.reasons))
        wrong = [
            f"`{name}` is negative"
            for name in ("rows", "clean", "rejected", "duplicates")
            if getattr(self, name) < 0
        ]
        lost = self.rows - self.clean - self.rejected
        if lost not in (0, self.duplicates):
            wrong.append(
                f"of {self.rows} rows {self.clean} are clean and {self.rejected} set aside: {lost} are lost"
            )
        refuse(f"data of table '{self.table}'", wrong)

    @property
    def numbers(self) -> Mapping[str, Quantity]:
        """The counts as quantities: rows, clean, rejected, duplicates, share, limit, file.N, reason.N."""
        counts = {
            "rows": self.rows,
            "clean": self.clean,
            "rejected": self.rejected,
            "duplicates": self.duplicates,
        }
        found = {name: self._count(name, name, count, {}) for name, count in counts.items()}
        share = self.rejected / self.rows if self.rows else None
        source = Source("screening", "share", {"table": self.table})
        found["share"] = Quantity(self._id("share"), share, "share", source=source, kind="counting")
        if self.limit is not None:
            found["limit"] = Quantity(self._id("limit"), self.limit, "share", source=source)
        for at, file in enumerate(self.files):
            found[f"file.{at}"] = self._count(f"file.{at}", "rows", file[2], {"file": file[0]})
        for at, reason in enumerate(self.reasons):
            where = {"rule": reason[0], "column": reason[1]}
            found[f"reason.{at}"] = self._count(f"reason.{at}", "rows", reason[2], where)
        return found

    def _count(self, name: str, column: str, count: int, where: Mapping[str, str]) -> Quantity:
        source = Source("screening", column, {"table": self.table, **where})
        return Quantity(self._id(name), count, source=source, kind="counting")

    def _id(self, name: str) -> str:
        return f"data.{_slug(self.table)}.{name}"

    def as_dict(self) -> dict[str, Any]:
        """Return the row as JSON holds it."""
        return {
            "table": self.table,
            "description": self.description.as_dict(),
            "files": [FileUsed(*each)._asdict() for each in self.files],
            "rows": self.rows,
            "clean": self.clean,
            "rejected": self.rejected,
            "reasons": [_reason_dict(Reason(*each)) for each in self.reasons],
            "duplicates": self.duplicates,
            "period": list(self.period) if self.period else None,
            "contract": self.contract,
            "limit": self.limit,
        }


@dataclass(frozen=True, kw_only=True)
class RunStamp:
    """
    The run that made the numbers. It holds no clock: the same inputs give the same stamp.

    Parameters
    ----------
    run_id
        Name of the run, computed from its inputs.
    code_version
        Version of the workbench, with the commit where it is known.
    contract
        Name and version of the contract.
    engine
        What the measures ran on, such as "polars 1.30".
    seed
        Seed of every random stream; None where nothing was random.
    parameters
        The decision's parameters as they were used, defaults included.
    inputs
        SHA-256 of each input, by name.
    command
        What to type to get these numbers again.
    """

    run_id: str
    code_version: str
    contract: str
    engine: str
    seed: int | None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    command: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", dict(self.parameters))
        object.__setattr__(self, "inputs", dict(self.inputs))

    def as_dict(self) -> dict[str, Any]:
        """Return the stamp as JSON holds it."""
        return {
            "run_id": self.run_id,
            "code_version": self.code_version,
            "contract": self.contract,
            "engine": self.engine,
            "seed": self.seed,
            "parameters": dict(self.parameters),
            "inputs": dict(self.inputs),
            "command": self.command,
        }


def _reason_dict(reason: Reason) -> dict[str, Any]:
    return reason._asdict() | {"text": reason.text.as_dict() if reason.text else None}


def _slug(name: str) -> str:
    """Make a name fit for an id; one that does not fit keeps a short hash, so that two never meet."""
    plain = re.sub(r"[^a-z0-9_.-]+", "-", name.lower())
    return (
        plain
        if plain == name
        else f"{plain.strip('-')}-{hashlib.sha256(name.encode()).hexdigest()[:8]}".strip("-")
    )
