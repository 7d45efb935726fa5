"""Results of an experiment: one row a run, and what the rows say about scenarios."""

from __future__ import annotations

import io
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import BadFile, CheckFailed, UnknownName
from workbench.simulation._table import as_html
from workbench.simulation.comparison import compare, summarise
from workbench.simulation.selection import Chances, chances
from workbench.simulation.session import Timing
from workbench.simulation.streams import Streams
from workbench.simulation.work import Row

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

_ABOUT = "workbench.runs"


@dataclass(frozen=True, eq=False)
class Runs:
    """
    Runs of an experiment, in a tidy frame.

    Attributes
    ----------
    frame
        Columns `scenario`, `replication`, one for each outcome, and `error`; rows by replication, then in the
        order of the scenarios. Outcomes are null where the run failed, and NaN where they do not exist on
        that day. The same experiment gives the same frame, whoever ran it.
    units
        Unit code of each outcome.
    scenarios
        Name and canonical JSON of each scenario.
    model, version, seed
        What was run.
    cancelled
        Whether the work was stopped early; only replications that all scenarios finished are in the frame.
    reached
        For `run_until`: whether the precision was reached; None elsewhere.
    timing
        How the work was done; None for runs read from a file. Not part of the results.
    """

    frame: pl.DataFrame
    units: Mapping[str, str]
    scenarios: Mapping[str, str]
    model: str
    version: str
    seed: int
    cancelled: bool = False
    reached: bool | None = None
    timing: Timing | None = None

    @property
    def replications(self) -> int:
        """How many different days were simulated."""
        return int(self.frame["replication"].n_unique())

    @property
    def errors(self) -> pl.DataFrame:
        """The runs that failed: scenario, replication, error."""
        import polars as pl

        return self.frame.filter(pl.col("error").is_not_null()).select("scenario", "replication", "error")

    def values(self, outcome: str, scenario: str) -> NDArray[np.float64]:
        """
        Outcome of one scenario by replication, NaN where it failed or does not exist.

        Parameters
        ----------
        outcome, scenario
            Their names.
        """
        import polars as pl

        self._known(outcome, scenario)
        column = self.frame.filter(pl.col("scenario") == scenario).sort("replication")[outcome]
        return column.fill_null(math.nan).to_numpy()

    def pairs(
        self, outcome: str, scenarios: Sequence[str] | None = None, *, allow_errors: bool = False
    ) -> NDArray[np.float64]:
        """
        Outcome on the days for which all scenarios have it.

        Parameters
        ----------
        outcome
            Its name.
        scenarios
            Which, in this order; all by default.
        allow_errors
            Leave out the days on which a run failed, instead of refusing: the rest may be too good.

        Returns
        -------
        ndarray
            Shape (replications, scenarios), without NaN.

        Raises
        ------
        CheckFailed
            Runs failed, and that was not allowed for.
        """
        import numpy as np
        import polars as pl

        wanted = list(self.scenarios if scenarios is None else scenarios)
        self._known(outcome, *wanted)
        failed = self.errors.filter(pl.col("scenario").is_in(wanted))
        if failed.height and not allow_errors:
            raise CheckFailed(
                f"{failed.height} of the runs to compare failed, first '{failed['scenario'][0]}' in "
                f"replication {failed['replication'][0]}: {failed['error'][0]}. Mend them, or pass "
                "allow_errors=True to compare the days on which nothing failed."
            )
        days = self.frame["replication"].unique().sort().to_numpy()
        table = np.full((len(days), len(wanted)), math.nan)
        for place, scenario in enumerate(wanted):
            rows = self.frame.filter(pl.col("scenario") == scenario)
            found = np.searchsorted(days, rows["replication"].to_numpy())
            table[found, place] = rows[outcome].fill_null(math.nan).to_numpy()
        return np.asarray(table[np.isfinite(table).all(axis=1)])

    def summary(self, outcome: str | None = None, *, level: float = 0.95) -> pl.DataFrame:
        """
        Mean of each scenario with its t interval.

        Parameters
        ----------
        outcome
            Its name; all outcomes by default.
        level
            Coverage.

        Returns
        -------
        DataFrame
            Columns outcome, unit, scenario, n (runs behind the mean), mean, half_width, low, high, sd, errors
            (runs that failed) and missing (runs in which the outcome does not exist). Null where too few runs
            are left.
        """
        if outcome is not None:
            self._known(outcome)
        return summarise(self, list(self.units) if outcome is None else [outcome], level)

    def compare(
        self, outcome: str, baseline: str, *, level: float = 0.95, allow_errors: bool = False
    ) -> pl.DataFrame:
        """
        Difference of each scenario from a baseline, day by day.

        Parameters
        ----------
        outcome, baseline
            Names of the outcome and of the scenario to compare with.
        level
            Coverage of each interval, and the level at which a difference is called clear.
        allow_errors
            As in `pairs`.

        Returns
        -------
        DataFrame
            Columns scenario, unit, n (pairs), difference (scenario minus baseline), half_width, low, high,
            sd, p, p_holm (adjusted for the number of scenarios), clear (p_holm at most 1 - level),
            correlation, variance_ratio (how many times more replications independent days would need) and
            left_out (days on which one of the two has no outcome).

        Raises
        ------
        UnknownName
            There is no such outcome or scenario.
        CheckFailed
            Runs failed, and that was not allowed for.
        BadParameter
            Fewer than 2 pairs are left.
        """
        self._known(outcome, baseline)
        return compare(self, outcome, baseline, level, allow_errors)

    def chances(self, outcome: str, *, minimise: bool = True, allow_errors: bool = False) -> Chances:
        """
        Probability of each scenario being the best, and its expected regret, in the order of the scenarios.

        Parameters
        ----------
        outcome
            Its name.
        minimise
            Whether less is better.
        allow_errors
            As in `pairs`.
        """
        table = self.pairs(outcome, allow_errors=allow_errors)
        return chances(table, streams=Streams(self.seed).child("chances", outcome), minimise=minimise)

    def to_parquet(self, path: str | Path) -> None:
        """Write the frame, and in the file's metadata all else that is needed to read it back."""
        about = {
            "units": dict(self.units),
            "scenarios": dict(self.scenarios),
            "model": self.model,
            "version": self.version,
            "seed": self.seed,
            "cancelled": self.cancelled,
            "reached": self.reached,
        }
        self.frame.write_parquet(path, metadata={_ABOUT: json.dumps(about, ensure_ascii=False)})

    @classmethod
    def from_parquet(cls, path: str | Path) -> Runs:
        """Read what `to_parquet` wrote."""
        import polars as pl

        try:
            content = Path(path).read_bytes()
            about = json.loads(pl.read_parquet_metadata(io.BytesIO(content))[_ABOUT])
            return cls(frame=pl.read_parquet(io.BytesIO(content)), **about)
        except OSError as error:
            raise BadFile(str(path), [(None, f"cannot be read ({error.strerror}); check the path")]) from None
        except (KeyError, ValueError, TypeError, pl.exceptions.PolarsError):
            raise BadFile(
                str(path), [(None, "does not hold runs; name a file written by Runs.to_parquet")]
            ) from None

    def __repr__(self) -> str:
        failed = self.errors.height
        return (
            f"Runs of {self.model} {self.version}, seed {self.seed}: {len(self.scenarios)} scenarios x "
            f"{self.replications} replications{f', {failed} failed' if failed else ''}"
            f"{', cancelled' if self.cancelled else ''}"
        )

    def _repr_html_(self) -> str:
        """Means with their 95% intervals, as a notebook shows them."""
        return as_html(self)

    def _known(self, outcome: str, *scenarios: str) -> None:
        if outcome not in self.units:
            raise UnknownName("outcome", outcome, self.units)
        for scenario in scenarios:
            if scenario not in self.scenarios:
                raise UnknownName("scenario", scenario, self.scenarios)


def complete(rows: Sequence[Row], scenarios: int) -> list[Row]:
    """Rows of the replications that all scenarios finished."""
    count = Counter(row.replication for row in rows)
    return [row for row in rows if count[row.replication] == scenarios]


def tidy(rows: Sequence[Row], names: Sequence[str], outcomes: Sequence[str]) -> pl.DataFrame:
    """The frame of some rows, in their order."""
    import polars as pl

    columns = {
        "scenario": pl.Series([names[row.scenario] for row in rows], dtype=pl.String),
        "replication": pl.Series([row.replication for row in rows], dtype=pl.Int64),
    }
    for place, outcome in enumerate(outcomes):
        values = [None if row.values is None else row.values[place] for row in rows]
        columns[outcome] = pl.Series(values, dtype=pl.Float64)
    columns["error"] = pl.Series([row.error for row in rows], dtype=pl.String)
    return pl.DataFrame(columns)
