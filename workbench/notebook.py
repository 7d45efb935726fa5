"""
The workbench in a notebook: open data, see what screening found, take measures, show a brief.

    study = open_study("traffic")
    study                                       # rows clean and set aside, by table
    study.quarantine("road_speeds")             # the rows set aside, with reason, file and row
    study["segment_reliability"]                # a measure, in memory
    study.brief("traffic.congestion", k=3)      # shows itself

The numbers are those of the command line: the same code, and the same run id for the same inputs.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from workbench.errors import DataRejected

if TYPE_CHECKING:
    from workbench.briefs import Brief
    from workbench.data.engines import Engine
    from workbench.data.intake import Intake
    from workbench.data.report import Report
    from workbench.data.table import Table
    from workbench.domains import Decision, Domain
    from workbench.runs import Data

WHERE = "this study: look at `study.quarantine(table)`"


class Study:
    """
    Screened data of one domain on one engine, with its measures and briefs; `open_study` makes it.

    Attributes
    ----------
    domain
        Whose contract and measures.
    engine
        Where the work is done.
    measures
        Clean tables, and the measures made of them; each measure is made once, when first asked for.
    """

    def __init__(
        self, domain: Domain, data: Data, engine: Engine, intake: Intake, tidy: Callable[[], object]
    ) -> None:
        from workbench.domains import Measures

        self.domain, self.engine, self._data, self._intake, self._tidy = domain, engine, data, intake, tidy
        shares = {table.table: table.share for table in intake.report.tables}
        self.measures = Measures(domain.known, intake.tables, intake.folder, rejected=shares)

    @property
    def report(self) -> Report:
        """What screening found, by table and rule."""
        return self._intake.report

    def clean(self, table: str) -> Table:
        """Good rows of a table, not yet computed: the start of `each`, `by`, `keep` and `gather`."""
        return self.measures.clean(table)

    def quarantine(self, table: str) -> pl.DataFrame:
        """
        Rows of a table that were set aside.

        Returns
        -------
        DataFrame
            `file`, `row`, `rule`, `column` and `value` of what is wrong, then the row itself as text.
        """
        from workbench.data.report import paths_of

        self.measures.clean(table)
        kept = pl.scan_parquet(list(paths_of(str(self._intake.quarantine / table))), glob=False)
        return kept.sort("file", "row", "rule", nulls_last=True).collect()

    def __getitem__(self, measure: str) -> pl.DataFrame:
        """Return a measure in memory, sorted by its columns."""
        self.report.check(WHERE)
        return self.measures[measure]

    def brief(self, decision: str, **parameters: Any) -> Brief:
        """
        Answer a decision.

        Parameters
        ----------
        decision
            Its name, such as `traffic.congestion`.
        parameters
            What differs from the defaults; `workbench brief DECISION --show-params` lists them. Options to
            compare may be given as they are simulated: `scenarios={"today": LineScenario(), ...}`.

        Returns
        -------
        Brief
            It shows itself in a notebook. `workbench brief` writes the same one to a run folder.

        Raises
        ------
        BadParameter
            A parameter is unknown or out of its bounds.
        DataRejected
            A table that the decision needs was not given, or has too many rows against its contract.
        """
        from workbench.domains import load_decision
        from workbench.parameters import read_parameters
        from workbench.runs import stamped

        chosen = load_decision(decision)
        settings = [f"{name}={json.dumps(value, default=_plain)}" for name, value in parameters.items()]
        read = read_parameters(chosen.Parameters, None, settings)
        self._check(chosen)
        self.report.check(WHERE)
        brief = chosen().answer(self.measures, read)
        about = self._data.about
        return stamped(brief, chosen, self.domain, self._data, self.engine, read, self.report, about=about)

    def _check(self, decision: type[Decision]) -> None:
        if decision.domain != self.domain.name:
            raise DataRejected(
                f"'{decision.name}' needs data of the domain '{decision.domain}', and this study has "
                f"'{self.domain.name}': open_study('{decision.domain}')."
            )
        for name in decision.required:
            if not self.measures.has(name):
                raise DataRejected(
                    f"'{decision.name}' needs the table '{name}', which this study does not have: "
                    "add it to the data, or to `tables` if you named some."
                )

    def close(self) -> None:
        """Let the engine go, with what was written on the way; it goes by itself when no table is left."""
        self.engine.close()
        self._tidy()

    def __enter__(self) -> Study:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        lines = [f"{self.domain.name} on {self.engine.name}"]
        lines += [
            f"  {one.table:<12} {one.clean:>12,} rows clean, {one.rejected:,} set aside ({one.share:.2%})"
            for one in self.report.tables
        ]
        return "\n".join(lines)


def open_study(
    domain: str,
    *,
    data: str | Path | None = None,
    source: str | Path | None = None,
    tables: Iterable[str] | None = None,
    engine: str = "polars",
    work: str | Path | None = None,
) -> Study:
    """
    Open data and screen it.

    Parameters
    ----------
    domain
        Its name, such as `traffic`.
    data
        Folder that holds the tables; with `source`, the folder its files are in. The shipped sample where
        neither is given.
    source
        Source file that maps somebody's files to the contract.
    tables
        Tables to read, with those they refer to; all that are there where none are named.
    engine
        `polars`, `dask`, `spark`, or an address: `tcp://`, `spark://`, `sc://`.
    work
        Folder for what is made on the way; the workers of a cluster must see it, too.

    Returns
    -------
    Study
        Rows over a contract's limit do not raise here, so that they can be looked at; measures and briefs do.

    Raises
    ------
    UnknownName
        There is no such domain, table or engine.
    DataRejected
        A table is missing or cannot be read.
    EngineMissing
        The engine is not installed, or cannot start here.
    """
    from workbench.data.engines import open_engine
    from workbench.data.intake import take_in
    from workbench.domains import load_domain
    from workbench.runs import data_from

    found = load_domain(domain)
    given = data_from(found, data=_text(data), source=_text(source))
    named = None if tables is None else tuple(tables)
    folder = Path(tempfile.mkdtemp(prefix="study-", dir=_made(work)))
    try:
        opened = open_engine(engine, work=str(folder))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    tidy = weakref.finalize(opened, shutil.rmtree, folder, ignore_errors=True)
    try:
        intake = take_in(
            opened,
            found.contract,
            given.supply,
            folder / "tables",
            required=named or (),
            optional=tuple(found.contract.tables) if named is None else (),
            more=given.more,
        )
    except BaseException:
        opened.close()
        tidy()
        raise
    return Study(found, given, opened, intake, tidy)


def _made(folder: str | Path | None) -> str | None:
    if folder is not None:
        Path(folder).mkdir(parents=True, exist_ok=True)
    return _text(folder)


def _plain(value: Any) -> Any:
    """What JSON has no word for: a scenario as its fields, a date as text."""
    fields = getattr(value, "model_dump", None)
    return str(value) if fields is None else fields(mode="json")


def _text(path: str | Path | None) -> str | None:
    return None if path is None else str(path)
