"""
What a domain offers: its contract, its measures, its sample, and the decisions it answers.

Domains and decisions are found through the entry points `workbench.domains` and `workbench.decisions`,
so that the command line, and anybody's own package, need not know each other.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from workbench._text import Text
from workbench.data.contract import Contract, Reference
from workbench.data.table import Table
from workbench.errors import EngineMissing, UnknownName, WorkbenchError

if TYPE_CHECKING:
    from workbench.briefs import Brief
    from workbench.data.intake import More


class Parameters(BaseModel):
    """
    Parameters of a decision: one model for the command line, the YAML file and the notebook form.

    Every field has a description and bounds; its extra holds the description in Chinese (`zh`) and the unit.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    seed: int = Field(
        20_260_101,
        ge=0,
        le=2**63 - 1,
        description="Seed of every random stream",
        json_schema_extra={"zh": "所有随机数流的种子"},
    )


def parameter(default: Any, says: str, zh: str, unit: str = "", **bounds: Any) -> Any:
    """
    Declare a field of `Parameters`.

    Parameters
    ----------
    default
        Its value where none is given.
    says, zh
        What it is, in English and in Chinese.
    unit
        Its unit; empty where it has none.
    bounds
        As `pydantic.Field` takes them: `ge`, `gt`, `le`, `lt`, `min_length` ...
    """
    extra: dict[str, Any] = {"zh": zh, "unit": unit} if unit else {"zh": zh}
    return Field(default, description=says, json_schema_extra=extra, **bounds)


@dataclass(frozen=True)
class Measure:
    """
    One measure of a domain.

    Parameters
    ----------
    name
        Name of its file in a run folder.
    tables
        Tables of the contract it is made from.
    make
        Given the measures at hand, returns the table, not yet computed.
    description
        What a row says.
    optional
        Tables it uses where they are.
    """

    name: str
    tables: tuple[str, ...]
    make: Callable[[Measures], Table]
    description: Text = field(default_factory=lambda: Text(""))
    optional: tuple[str, ...] = ()


class Measures:
    """
    Clean tables and the measures made of them; each is made once, when first asked for.

    Parameters
    ----------
    known
        The domain's measures by name.
    tables
        Clean tables by name.
    work
        Folder in which intermediates are kept.
    rejected
        Share of the rows of each table that screening set aside, where it is known.
    """

    def __init__(
        self,
        known: Mapping[str, Measure],
        tables: Mapping[str, Table],
        work: Path,
        *,
        rejected: Mapping[str, float] | None = None,
    ) -> None:
        self._known, self._tables, self._work = known, tables, work
        self.rejected = dict(rejected or {})
        self._lazy: dict[str, Table] = {}
        self.made: dict[str, pl.DataFrame] = {}

    def has(self, table: str) -> bool:
        """Whether a table of the contract was given."""
        return table in self._tables

    def clean(self, table: str) -> Table:
        """A clean table."""
        if table not in self._tables:
            raise UnknownName("clean table", table, self._tables)
        return self._tables[table]

    def table(self, name: str) -> Table:
        """A measure as a table, not gathered."""
        if name not in self._known:
            raise UnknownName("measure", name, self._known)
        if name not in self._lazy:
            self._lazy[name] = self._known[name].make(self)
        return self._lazy[name]

    def kept(self, name: str, table: Callable[[], Table]) -> Table:
        """An intermediate that several measures share: written once, read from then on."""
        if name not in self._lazy:
            self._lazy[name] = table().keep(str(self._work / "kept" / name))
        return self._lazy[name]

    def __getitem__(self, name: str) -> pl.DataFrame:
        """A measure in memory, sorted by its columns; it then belongs to the record of the run."""
        if name not in self.made:
            frame = self.table(name).gather()
            self.made[name] = frame.sort(frame.columns, nulls_last=True)
        return self.made[name]

    def with_tables(self, changed: Mapping[str, Table], work: Path) -> Measures:
        """Give the measures of other tables; what is made from none of the changed ones is taken over."""
        others = Measures(self._known, {**self._tables, **changed}, work, rejected=self.rejected)
        for name, one in self._known.items():
            if not {*one.tables, *one.optional} & set(changed):
                others._lazy |= {name: self._lazy[name]} if name in self._lazy else {}
                others.made |= {name: self.made[name]} if name in self.made else {}
        return others

    def possible(self) -> list[str]:
        """Names of the measures whose tables were given."""
        return [
            name for name, one in self._known.items() if all(table in self._tables for table in one.tables)
        ]


class Decision(ABC):
    """
    A planner's question, and how it is answered from measures.

    Class attributes give its project in the plan and others it serves, the tables it needs and those it uses
    where they are, libraries of an extra that it cannot do without, who usually decides, and what its brief
    may be used for and what not.

    Parameters
    ----------
    workers
        For decisions that simulate: processes to use, "auto", or a Dask address. No result depends on it.
    """

    name: ClassVar[str]
    domain: ClassVar[str]
    project: ClassVar[str]
    also_for: ClassVar[tuple[str, ...]] = ()
    title: ClassVar[Text]
    question: ClassVar[Text]
    required: ClassVar[tuple[str, ...]]
    optional: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ()
    decision_maker: ClassVar[Text] = Text("")
    use_for: ClassVar[Text] = Text("")
    not_for: ClassVar[Text] = Text("")
    Parameters: ClassVar[type[Parameters]]

    def __init__(self, workers: int | str = "auto") -> None:
        self.workers = workers

    @abstractmethod
    def answer(self, measures: Measures, parameters: Any) -> Brief:
        """Answer the question from the measures at hand."""


@dataclass(frozen=True)
class Domain:
    """
    A package of `pipelines`.

    Parameters
    ----------
    name
        Its name on the command line.
    contract_path
        Its contract file.
    measures
        What it can measure.
    title
        What a planner calls it.
    sample
        `package.module:function` that makes sample data of any size.
    sample_data
        Folder of the shipped sample.
    more
        Given the folder of the data, a function for `workbench.data.intake.take_in` that makes tables which
        the files hold in another form; None where there are none.
    either
        By table, references of which one in each group must be found, where a contract cannot say so: a row
        set aside is not put back else.
    """

    name: str
    contract_path: Path
    measures: tuple[Measure, ...]
    title: Text
    sample: str = ""
    sample_data: Path | None = None
    more: Callable[[str | Path], More | None] | None = None
    either: Mapping[str, tuple[tuple[Reference, ...], ...]] = field(default_factory=dict)

    @property
    def contract(self) -> Contract:
        """The contract, read when asked for."""
        return _contract(str(self.contract_path))

    @property
    def known(self) -> dict[str, Measure]:
        """Measures by name."""
        return {one.name: one for one in self.measures}


@cache
def _contract(path: str) -> Contract:
    from workbench.data.odcs import load

    return load(path)


def domains() -> dict[str, EntryPoint]:
    """Entry points of the domains installed here, by name."""
    return _entry_points("workbench.domains")


def decisions() -> dict[str, EntryPoint]:
    """Entry points of the decisions installed here, by name."""
    return _entry_points("workbench.decisions")


def load_domain(name: str) -> Domain:
    """Load a domain; an unknown one raises `UnknownName` with the nearest."""
    found = domains()
    if name not in found:
        raise UnknownName("domain", name, found)
    domain = _load(found[name])
    if not isinstance(domain, Domain):
        raise WorkbenchError(f"{_where(found[name])} is {domain!r}, not a `workbench.domains.Domain`.")
    return domain


def load_decision(name: str) -> type[Decision]:
    """Load a decision's class; an unknown one raises `UnknownName` with the nearest."""
    found = decisions()
    if name not in found:
        raise UnknownName("decision", name, found, "`workbench plan` lists them.")
    decision = _load(found[name])
    if not (isinstance(decision, type) and issubclass(decision, Decision)):
        raise WorkbenchError(f"{_where(found[name])} is {decision!r}, not a `workbench.domains.Decision`.")
    return decision


def load_simulated(name: str) -> type[Any]:
    """Load the class of a decision that simulates; `UnknownName` says which do where this one does not."""
    decision = load_decision(name)
    if not hasattr(decision, "scenario_kind"):
        simulated = [one for one in decisions() if hasattr(load_decision(one), "scenario_kind")]
        raise UnknownName("decision that simulates", name, simulated, f"`workbench brief {name}` answers it.")
    return decision


def decisions_by_project() -> dict[str, list[type[Decision]]]:
    """Decisions installed here, by the project of the plan that they serve."""
    by_project: dict[str, list[type[Decision]]] = {}
    for name in decisions():
        decision = load_decision(name)
        for project in (decision.project, *decision.also_for):
            by_project.setdefault(project, []).append(decision)
    return by_project


def _entry_points(group: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in sorted(entry_points(group=group), key=lambda one: one.name)}


def _load(point: EntryPoint) -> Any:
    try:
        return point.load()
    except (ImportError, AttributeError) as error:
        package = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
        if package and package != point.module.partition(".")[0]:
            raise EngineMissing(
                f"'{point.name}' needs the Python package '{package}', which is not installed: "
                f"pip install {package}."
            ) from error
        raise WorkbenchError(
            f"{_where(point)} cannot be loaded ({error}): install its package again."
        ) from error


def _where(point: EntryPoint) -> str:
    return f"The entry point '{point.name}' ({point.value})"
