"""Whether a model keeps its promises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.errors import BadParameter, CheckFailed
from workbench.simulation.streams import Streams
from workbench.simulation.work import Row, Work


def refuse_incomplete(model: object) -> None:
    """Refuse what is not a model, saying what it lacks."""
    kind = type(model).__name__
    missing = [name for name in ("name", "version", "outcomes", "sample", "run") if not hasattr(model, name)]
    if missing:
        lacking = ", ".join(f"`{name}`" for name in missing)
        raise BadParameter(f"{kind} is not a model: it has no {lacking}. See workbench.simulation.model.")
    outcomes: Any = model.outcomes  # type: ignore[attr-defined]  # just looked for
    if not isinstance(outcomes, Mapping) or not outcomes:
        raise BadParameter(f"{kind}.outcomes must name at least one outcome and its unit code.")
    reserved = {"scenario", "replication", "error"} & set(outcomes)
    if reserved:
        raise BadParameter(f"An outcome cannot be called '{min(reserved)}', which is a column of its own.")


def check_model(work: Work, names: list[str], replication: int) -> None:
    """
    Run one day several times over and compare; see `Experiment.check`.

    Parameters
    ----------
    work
        Model, scenarios and seed.
    names
        Of the scenarios.
    replication
        Which day.

    Raises
    ------
    CheckFailed
        A run failed, or the same day gave different outcomes.
    """

    def sampled() -> Any:
        return work.model.sample(Streams(work.seed, replication))

    places = range(len(names))
    day = sampled()
    first = [work.row(replication, place, day) for place in places]
    for row in first:
        if row.error is not None:
            raise CheckFailed(
                f"Scenario '{names[row.scenario]}' fails in replication {replication}: {row.error}"
            )
    again = [work.row(replication, place, day) for place in reversed(places)][::-1]
    _same(first, again, names, "on a day that another scenario was run on")
    alone = [work.row(replication, place, sampled()) for place in places]
    _same(first, alone, names, "on the same day sampled again")


def _same(rows: list[Row], others: list[Row], names: list[str], when: str) -> None:
    for row, other in zip(rows, others, strict=True):
        if repr(row) != repr(other):  # NaN is like NaN here
            raise CheckFailed(
                f"Scenario '{names[row.scenario]}' gives other outcomes {when}: the model must draw all "
                "randomness in `sample`, by name, and must not change the day."
            )
