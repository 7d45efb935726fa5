"""
Experiments: scenarios x replications, every scenario on the same days.

    experiment = Experiment(BusLine(line), {"today": Scenario(), "4 min": Scenario(headway_s=240)}, seed=42)
    runs = experiment.run(replications=50, workers="auto", store="runs/line-12")
    runs.compare("mean_wait", baseline="today")
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from workbench.errors import BadParameter, UnknownName
from workbench.simulation.best import Race, Selection
from workbench.simulation.checks import check_model, refuse_incomplete
from workbench.simulation.executors import Executor
from workbench.simulation.model import Model, Observed, Traced
from workbench.simulation.runs import Runs, complete, tidy
from workbench.simulation.scenario import scenario_json
from workbench.simulation.selection import KimNelson
from workbench.simulation.session import Cancel, Report, Session, whole
from workbench.simulation.stopping import runs_wanted
from workbench.simulation.streams import Streams
from workbench.simulation.warmup import WarmUp, warm_up
from workbench.simulation.work import Work

if TYPE_CHECKING:
    import polars as pl

S = TypeVar("S")
D = TypeVar("D")


class Experiment(Generic[S, D]):
    """
    A model, the scenarios to compare, and a seed.

    Each replication samples one day, and every scenario is run on it (common random numbers). A run that
    fails becomes a row with its error.

    Parameters
    ----------
    model
        See `workbench.simulation.model`.
    scenarios
        Name and scenario, in the order in which they are shown.
    seed
        Seed of all randomness, 0 to 2**63 - 1.

    Raises
    ------
    BadParameter
        The model lacks something, or a scenario is not a dataclass or pydantic model.
    """

    def __init__(self, model: Model[S, D], scenarios: Mapping[str, S], *, seed: int) -> None:
        refuse_incomplete(model)
        given: object = scenarios  # from a notebook it may be anything
        if not isinstance(given, Mapping) or not given:
            raise BadParameter("An experiment needs scenarios: {'today': ..., 'every 4 min': ...}.")
        if not all(isinstance(name, str) and name.strip() for name in given):
            raise BadParameter("Scenarios are named by texts that are not blank.")
        self.model, self.scenarios = model, dict(scenarios)
        self.seed = Streams(seed).seed
        self._json = {name: scenario_json(scenario) for name, scenario in scenarios.items()}
        self._work = Work(model, tuple(scenarios.values()), self.seed)

    def run(
        self,
        replications: int = 50,
        *,
        workers: int | str | Executor = "auto",
        store: str | Path | None = None,
        progress: Report = None,
        cancel: Cancel = None,
    ) -> Runs:
        """
        Run every scenario on the same sampled days.

        Parameters
        ----------
        replications
            How many days, at least 1.
        workers
            "auto" starts processes where enough work is left to repay it; a number is the most that are used
            (1 for none but this process); "dask", or the address of a Dask scheduler. Results do not depend
            on it.
        store
            Folder in which finished runs are kept and found again; None for none.
        progress
            Called after each task with a `Progress`.
        cancel
            A function or `threading.Event`; once true, tasks in hand are finished and the rest is not begun.

        Raises
        ------
        BadParameter
            An argument is out of its bounds, or the model cannot be sent to the workers that were asked for.
        WorkbenchError
            A worker process or cluster failed; finished runs are in the store.
        """
        whole("replications", replications, 1)
        with self._session(workers, store, progress, cancel) as session:
            session.fetch(range(replications), range(len(self.scenarios)))
            return self._runs(session)

    def run_until(
        self,
        outcome: str,
        half_width: float,
        *,
        relative: bool = False,
        baseline: str | None = None,
        first: int = 20,
        at_most: int = 2000,
        level: float = 0.95,
        workers: int | str | Executor = "auto",
        store: str | Path | None = None,
        progress: Report = None,
        cancel: Cancel = None,
    ) -> Runs:
        """
        Run replications until an outcome is known precisely enough in every scenario.

        Parameters
        ----------
        outcome
            Its name.
        half_width
            Of the confidence interval, in the outcome's unit, or as a share of the mean if `relative`.
        relative
            Not for means near 0 or for differences, which may be 0: give an absolute half-width there.
        baseline
            Ask for the precision of the differences from this scenario, instead of the means.
        first
            Replications before the first look; fewer than 20 stop too early too often.
        at_most
            Replications at which to stop in any case.
        level
            Coverage.
        workers, store, progress, cancel
            As in `run`.

        Returns
        -------
        runs
            `runs.reached` says whether the precision was reached.

        Raises
        ------
        BadParameter
            An argument is out of its bounds.
        CheckFailed
            Runs failed, so that their precision cannot be told.
        """
        self._known(outcome, *([] if baseline is None else [baseline]))
        whole("first", first, 2)
        whole("at_most", at_most, first)
        if relative and baseline is not None:
            raise BadParameter(
                "A difference may be 0, so its half-width cannot be relative: give it in the outcome's unit."
            )
        if not (half_width > 0 and math.isfinite(half_width)):
            raise BadParameter(f"`half_width` must be above 0, not {half_width}.")
        with self._session(workers, store, progress, cancel) as session:
            n, reached = first, False
            while session.fetch(range(n), range(len(self.scenarios))):
                runs = self._runs(session)
                wanted = runs_wanted(
                    runs, outcome, half_width, relative=relative, baseline=baseline, level=level
                )
                reached = wanted <= n
                if reached or n == at_most:
                    break
                n = int(min(at_most, max(n + 1, min(wanted, 2 * n))))
            return self._runs(session, reached=reached)

    def select_best(
        self,
        outcome: str,
        delta: float,
        *,
        alpha: float = 0.05,
        minimise: bool = True,
        first: int = 20,
        at_most: int = 2000,
        workers: int | str | Executor = "auto",
        store: str | Path | None = None,
        progress: Report = None,
        cancel: Cancel = None,
    ) -> Selection:
        """
        Find the best scenario with as few runs as it takes, leaving out those that cannot be it.

        Parameters
        ----------
        outcome
            Its name.
        delta
            The smallest difference worth detecting, in the outcome's unit.
        alpha
            Probability of a wrong selection where the best is better than the others by `delta` or more.
        minimise
            Whether less is better.
        first, at_most
            Replications of the first stage, and at which to give up.
        workers, store, progress, cancel
            As in `run`.

        Raises
        ------
        BadParameter
            An argument is out of its bounds.
        CheckFailed
            A run failed or has no such outcome, so that the guarantee does not hold.
        """
        self._known(outcome)
        procedure = KimNelson(len(self.scenarios), delta, alpha, first)
        whole("at_most", at_most, first)
        with self._session(workers, store, progress, cancel) as session:
            race = Race(session, procedure, list(self.scenarios), outcome, minimise=minimise)
            race.run(at_most)
            return race.selection(self._runs(session, balanced=False))

    def warm_up(
        self,
        series: str,
        scenario: str | None = None,
        *,
        pilot: int = 20,
        batch: int = 5,
        window: int | None = None,
    ) -> WarmUp:
        """
        Choose a warm-up by MSER-5 on the mean over pilot replications; keep it for all production runs.

        Parameters
        ----------
        series
            Which of the model's series.
        scenario
            Its name; the first by default. Choose the busiest.
        pilot
            Replications, at least 2.
        batch, window
            As in `workbench.simulation.output_analysis.mser5` and `welch`.

        Raises
        ------
        BadParameter
            The model gives no series, or they are too short.
        UnknownName
            It gives no such series.
        """
        import numpy as np

        name = next(iter(self.scenarios)) if scenario is None else scenario
        self._known(None, name)
        whole("pilot", pilot, 2)
        model: Any = self.model
        if not isinstance(model, Observed):
            raise BadParameter(
                f"{type(model).__name__} gives no series, from which a warm-up could be chosen: "
                "write a method `series(scenario, day)` that returns them by name."
            )
        found = []
        for replication in range(pilot):
            given = model.series(self.scenarios[name], self._work.day(replication))
            if series not in given:
                raise UnknownName("series", series, given)
            found.append(np.asarray(given[series], float))
        shortest = min(len(each) for each in found)
        return warm_up(np.array([each[:shortest] for each in found]), batch=batch, window=window)

    def trace(self, scenario: str, replication: int) -> pl.DataFrame:
        """
        Run one replication again and log its events.

        Parameters
        ----------
        scenario
            Its name.
        replication
            Which, as in the frame.

        Raises
        ------
        BadParameter
            The model writes no log.
        """
        self._known(None, scenario)
        model: Any = self.model
        if not isinstance(model, Traced):
            raise BadParameter(
                f"{type(model).__name__} writes no log: give it a method `trace(scenario, day)` that returns "
                "a table."
            )
        return model.trace(self.scenarios[scenario], self.model.sample(Streams(self.seed, replication)))

    def check(self, replication: int = 0) -> None:
        """
        Check on one day that the model keeps its promises.

        The same day gives the same outcomes when it is sampled again, and when the scenarios are run in the
        other order; so no scenario changes the day or draws from it.

        Raises
        ------
        CheckFailed
            It does not, or a run failed.
        """
        check_model(self._work, list(self.scenarios), replication)

    def _session(
        self, workers: int | str | Executor, store: str | Path | None, progress: Report, cancel: Cancel
    ) -> Session:
        return Session(self._work, workers=workers, store=store, progress=progress, cancel=cancel)

    def _runs(self, session: Session, *, reached: bool | None = None, balanced: bool = True) -> Runs:
        """The tidy frame of what was gathered; replications that are not complete are left to the store."""
        names = list(self.scenarios)
        rows = [session.rows[key] for key in sorted(session.rows)]
        if balanced and session.cancelled:
            rows = complete(rows, len(names))
        return Runs(
            frame=tidy(rows, names, self._work.outcomes),
            units=dict(self.model.outcomes),
            scenarios=dict(self._json),
            model=self.model.name,
            version=self.model.version,
            seed=self.seed,
            cancelled=session.cancelled,
            reached=reached,
            timing=session.timing(),
        )

    def _known(self, outcome: str | None, *scenarios: str) -> None:
        if outcome is not None and outcome not in self.model.outcomes:
            raise UnknownName("outcome", outcome, self.model.outcomes)
        for scenario in scenarios:
            if scenario not in self.scenarios:
                raise UnknownName("scenario", scenario, self.scenarios)
