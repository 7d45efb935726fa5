"""
What is compared: options, what they are judged by, and what they must keep to.

An appraisal without "do nothing" and "do minimum" cannot say what is gained, and one that leaves out what was
screened out hides a choice [1]_; so both are asked for here.

References
----------
.. [1] HM Treasury, The Green Book: appraisal and evaluation in central government, ch. 4 (longlist,
   shortlist, business as usual and do minimum).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from workbench._text import Text
from workbench.decisions._checks import names_of, number, phrase
from workbench.errors import BadParameter, UnknownName

Kind = Literal["do_nothing", "do_minimum", "option"]
Better = Literal["less", "more"]


@dataclass(frozen=True)
class Option:
    """
    One course of action.

    Parameters
    ----------
    name
        Short name, the same wherever the option appears.
    label
        What a reader sees.
    kind
        "do_nothing" (business as usual), "do_minimum" (no more than duty asks) or "option".
    screened_out
        Why it was not appraised; None where it was.
    also_minimum
        Only with "do_nothing": why doing nothing is also the least that must be done; None where the minimum
        is an option of its own.

    Raises
    ------
    BadParameter
        No name, an unknown kind, an empty reason, or a baseline that is screened out.
    """

    name: str
    label: Text
    kind: Kind = "option"
    screened_out: Text | None = None
    also_minimum: Text | None = None

    def __post_init__(self) -> None:
        names_of("option", [self.name])
        phrase(f"The label of '{self.name}'", self.label)
        if self.kind not in get_args(Kind):
            raise UnknownName("kind of option", str(self.kind), get_args(Kind))
        if self.screened_out is not None:
            phrase(f"The reason why '{self.name}' was screened out", self.screened_out)
            if self.kind != "option":
                raise BadParameter(
                    f"'{self.name}' is what the others are compared with ({self.kind}) and cannot be "
                    "screened out: compare it, however unwelcome."
                )
        if self.also_minimum is not None:
            phrase(f"The reason why '{self.name}' is also the minimum", self.also_minimum)
            if self.kind != "do_nothing":
                raise BadParameter(
                    f"Only doing nothing can also be the minimum, and '{self.name}' is of kind {self.kind}: "
                    "leave out `also_minimum`."
                )


@dataclass(frozen=True)
class Options:
    """
    All options of a decision, those screened out among them.

    Parameters
    ----------
    all
        Options in the order in which they are shown.

    Raises
    ------
    BadParameter
        A name is there twice, or doing nothing or the minimum is missing or there twice.
    """

    all: tuple[Option, ...]

    def __init__(self, options: Iterable[Option]) -> None:
        object.__setattr__(self, "all", tuple(options))
        names_of("option", (each.name for each in self.all))
        nothing = [each for each in self.all if each.kind == "do_nothing"]
        if len(nothing) != 1:
            raise BadParameter(
                f"There must be one option of kind 'do_nothing', what happens without a decision, and there "
                f"are {len(nothing)}."
            )
        least = [each.name for each in self.all if each.kind == "do_minimum" or each.also_minimum is not None]
        if not least:
            raise BadParameter(
                "There is no option of kind 'do_minimum', the least that must be done. Add it, or say in "
                f"`also_minimum` of '{nothing[0].name}' why doing nothing is enough."
            )
        if len(least) > 1:
            raise BadParameter(f"There must be one minimum, and there are {len(least)}: {', '.join(least)}.")

    def __iter__(self) -> Iterator[Option]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)

    def __getitem__(self, name: str) -> Option:
        for each in self.all:
            if each.name == name:
                return each
        raise UnknownName("option", name, (each.name for each in self.all))

    @property
    def compared(self) -> tuple[Option, ...]:
        """Those that take part in rankings."""
        return tuple(each for each in self.all if each.screened_out is None)

    @property
    def screened_out(self) -> tuple[Option, ...]:
        """Those that do not; each says why."""
        return tuple(each for each in self.all if each.screened_out is not None)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of those compared."""
        return tuple(each.name for each in self.compared)

    @property
    def do_nothing(self) -> Option:
        """What happens without a decision."""
        return next(each for each in self.all if each.kind == "do_nothing")

    @property
    def do_minimum(self) -> Option:
        """The least that must be done; doing nothing where that is enough."""
        return next(each for each in self.all if each.kind == "do_minimum" or each.also_minimum is not None)


@dataclass(frozen=True)
class Outcome:
    """
    What options are judged by.

    Parameters
    ----------
    name
        As in the samples, such as "mean_wait".
    unit
        Its unit; "1" for a share or an index.
    label
        What a reader sees.
    better
        Whether "less" or "more" of it is better.

    Raises
    ------
    BadParameter
        No name or no unit.
    UnknownName
        `better` is neither "less" nor "more".
    """

    name: str
    unit: str
    label: Text
    better: Better

    def __post_init__(self) -> None:
        names_of("outcome", [self.name])
        if not str(self.unit or "").strip():
            raise BadParameter(f"The outcome '{self.name}' needs a unit; give '1' where it has none.")
        phrase(f"The label of '{self.name}'", self.label)
        if self.better not in get_args(Better):
            raise UnknownName("direction", str(self.better), get_args(Better), "Say which is better.")

    @property
    def sign(self) -> float:
        """1 where less is better, -1 where more is: what it is multiplied by so that less is better."""
        return 1.0 if self.better == "less" else -1.0


@dataclass(frozen=True)
class Constraint:
    """
    A bound that the mean of an outcome must keep to.

    The probability that it is met is that of the true mean keeping to it, given the draws. For "on 9 days of
    10" make an outcome of each draw that is 1 on the days on which the bound holds, and ask for at least 0.9.

    Parameters
    ----------
    outcome
        Which outcome.
    at_most, at_least
        The bound, in the outcome's unit; exactly one of them. Two constraints make a band.

    Raises
    ------
    BadParameter
        Both bounds, neither, or not a number.
    """

    outcome: Outcome
    at_most: float | None = None
    at_least: float | None = None

    def __post_init__(self) -> None:
        if (self.at_most is None) == (self.at_least is None):
            raise BadParameter(
                f"A constraint on '{self.outcome.name}' has one bound, `at_most` or `at_least`: "
                "make two constraints for a band."
            )
        number(f"The bound on '{self.outcome.name}'", self.bound)

    @property
    def bound(self) -> float:
        """The bound, whichever it is."""
        found = self.at_most if self.at_most is not None else self.at_least
        return found if found is not None else float("nan")
