"""Options on draws: what each option's outcomes were, draw by draw, with or without the same days for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from workbench.decisions._arrays import Floats
from workbench.decisions._checks import names_of, numbers
from workbench.decisions.options import Options
from workbench.errors import BadParameter, UnknownName


@dataclass(frozen=True, eq=False)
class Samples:
    """
    Outcomes of options, draw by draw; made by `Samples.paired` or `Samples.independent`.

    A draw is what is independent of the other draws: a simulated or observed day, a replication, a draw of
    uncertain inputs, a household of a survey.

    Attributes
    ----------
    names
        The options compared, in their order.
    outcomes
        Outcomes, in their order.
    tables
        For each option its draws, shape (draws, outcomes), at least 2 draws.
    same_draws
        Whether row by row the options met the same draw.
    """

    names: tuple[str, ...]
    outcomes: tuple[str, ...]
    tables: tuple[Floats, ...]
    same_draws: bool

    @classmethod
    def paired(cls, values: Mapping[str, ArrayLike], options: Options | Sequence[str]) -> Samples:
        """
        Options that met the same draws.

        Parameters
        ----------
        values
            For each outcome its values, shape (draws, options).
        options
            The columns, in order; of `Options` those that are compared.

        Raises
        ------
        BadParameter
            Shapes differ, fewer than 2 draws, values that are not numbers, a name that is there twice.
        """
        names = _compared(options)
        outcomes = names_of("outcome", values)
        tables = [numbers(f"The draws of '{name}'", values[name]) for name in outcomes]
        for name, table in zip(outcomes, tables, strict=True):
            if table.ndim != 2 or table.shape[1] != len(names):
                raise BadParameter(
                    f"The draws of '{name}' have the shape {table.shape}, and must have (draws, "
                    f"{len(names)}): a column for each option, {', '.join(names)}."
                )
            if len(table) != len(tables[0]):
                raise BadParameter(
                    f"'{name}' has {len(table)} draws and '{outcomes[0]}' has {len(tables[0])}: outcomes of "
                    "paired options need the same draws."
                )
        _enough(len(tables[0]), "all options")
        stacked = np.stack(tables, axis=2)
        return cls(names, outcomes, tuple(stacked[:, place].copy() for place in range(len(names))), True)

    @classmethod
    def independent(
        cls, values: Mapping[str, Mapping[str, ArrayLike]], options: Options | None = None
    ) -> Samples:
        """
        Options that met draws of their own.

        Parameters
        ----------
        values
            For each option its outcomes, and for each outcome its draws, shape (draws,). Lengths may differ
            between options, not between the outcomes of one.
        options
            If given, `values` must hold exactly those that are compared.

        Raises
        ------
        BadParameter
            Lengths or outcomes differ, fewer than 2 draws, values that are not numbers, an option missing.
        UnknownName
            An option that is not among `options`.
        """
        names = _compared(options, given=values) if options is not None else names_of("option", values)
        outcomes = names_of("outcome", values[names[0]])
        tables = []
        for name in names:
            if set(values[name]) != set(outcomes):
                raise BadParameter(
                    f"'{name}' has the outcomes {', '.join(sorted(values[name])) or 'none'}, and "
                    f"'{names[0]}' has {', '.join(sorted(outcomes))}: give the same for all options."
                )
            columns = [numbers(f"The draws of '{each}' of '{name}'", values[name][each]) for each in outcomes]
            if any(column.ndim != 1 or len(column) != len(columns[0]) for column in columns):
                raise BadParameter(f"The outcomes of '{name}' must be lists of one length, a number a draw.")
            _enough(len(columns[0]), f"'{name}'")
            tables.append(np.column_stack(columns))
        return cls(names, outcomes, tuple(tables), False)

    @property
    def draws(self) -> tuple[int, ...]:
        """Draws of each option."""
        return tuple(len(table) for table in self.tables)

    def place(self, name: str) -> int:
        """Place of an option; `UnknownName` where there is none."""
        if name not in self.names:
            raise UnknownName("option", name, self.names)
        return self.names.index(name)

    def values(self, outcome: str, name: str) -> Floats:
        """Draws of one outcome of one option, shape (draws,)."""
        if outcome not in self.outcomes:
            raise UnknownName("outcome", outcome, self.outcomes, "Add it to the samples.")
        return np.asarray(self.tables[self.place(name)][:, self.outcomes.index(outcome)])

    def means(self, outcome: str) -> Floats:
        """Mean of one outcome by option, shape (options,)."""
        return np.array([self.values(outcome, name).mean() for name in self.names])


def _compared(options: Options | Sequence[str], given: Mapping[str, object] | None = None) -> tuple[str, ...]:
    """Names of the options that take part, checked against what is given."""
    if not isinstance(options, Options):
        return names_of("option", options)
    for name in given or ():
        if (out := options[name].screened_out) is not None:
            raise BadParameter(f"'{name}' was screened out ({out.en}): leave it out of the samples.")
    missing = [name for name in options.names if given is not None and name not in given]
    if missing:
        raise BadParameter(f"There are no draws of {', '.join(missing)}: give them, or screen them out.")
    return options.names


def _enough(draws: int, whose: str) -> None:
    if draws < 2:
        raise BadParameter(f"At least 2 draws are needed, and there are {draws} of {whose}.")
