"""
What a model is: a deterministic function of a scenario and a sampled day.

All randomness is drawn once a replication, before any scenario is looked at, and every scenario then
meets the same day: common random numbers hold by construction. A model need not inherit from anything.

    class Desk:
        name, version, outcomes = "desk", "1", {"mean_wait": "s"}

        def sample(self, streams):                    # the day: arrivals and services, keyed by name
            arrivals = streams.generator("arrivals").exponential(60.0, 500).cumsum()
            return arrivals, streams.generator("service").exponential(50.0, 500)

        def run(self, scenario, day):                 # no randomness here
            return {"mean_wait": ...}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from workbench.simulation.streams import Streams

Scenario = TypeVar("Scenario", contravariant=True)
Day = TypeVar("Day")
DayIn = TypeVar("DayIn", contravariant=True)


@runtime_checkable
class Model(Protocol[Scenario, Day]):
    """
    What an experiment runs.

    Models and scenarios travel to worker processes, so both are pickled; a model is a class (or an
    instance of one) in a module that can be imported.

    Attributes
    ----------
    name
        What the model is called in stores and messages.
    version
        Enters the key of every stored run: change it whenever the numbers change.
    outcomes
        Each outcome that `run` returns and its unit code, such as "s", "persons", "share" (0 to 1), "1".
    """

    @property
    def name(self) -> str:
        """What the model is called."""
        ...

    @property
    def version(self) -> str:
        """Changed whenever the numbers change."""
        ...

    @property
    def outcomes(self) -> Mapping[str, str]:
        """Outcome and unit code."""
        ...

    def sample(self, streams: Streams) -> Day:
        """
        Draw everything that is random about one replication.

        Parameters
        ----------
        streams
            Streams of the replication; ask for them by name and entity, never by scenario.

        Returns
        -------
        day
            Whatever the model's `run` needs; it is reused for all scenarios and must not be changed by them.
        """
        ...

    def run(self, scenario: Scenario, day: Day) -> Mapping[str, float]:
        """
        Work out one scenario on one day.

        Parameters
        ----------
        scenario
            A frozen dataclass or pydantic model.
        day
            What `sample` drew.

        Returns
        -------
        outcomes
            A number for every declared outcome; NaN only where an outcome does not exist on this day (the
            mean wait of nobody). Conservation (in = out + left) is checked inside and raises `CheckFailed`.
        """
        ...


@runtime_checkable
class Traced(Protocol[Scenario, DayIn]):
    """A model that can also write the event log of one replication (`Experiment.trace`)."""

    def trace(self, scenario: Scenario, day: DayIn) -> pl.DataFrame:
        """
        Log one scenario on one day, event by event.

        Returns
        -------
        log
            One row an event, in the order of time; the first column is the time.
        """
        ...


@runtime_checkable
class Observed(Protocol[Scenario, DayIn]):
    """A model that can also give its outputs over time, so that a warm-up can be chosen from them."""

    def series(self, scenario: Scenario, day: DayIn) -> Mapping[str, NDArray[np.float64]]:
        """
        Give outputs in the order of time.

        Returns
        -------
        series
            Name and values, one a customer or one an equal step of time; as many in every replication, or the
            shortest decides.
        """
        ...
