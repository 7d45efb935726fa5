"""
Assumptions: what an answer takes for granted, who answers for it, and until when.

    register = Register([
        assume(
            "fare", Text("The fare stays at 2 CNY", "票价维持2元"), basis=Text("Tariff 2025", "2025年票价表"),
            quality="green", impact="red", owner="Transit bureau", who="L. Chen", since=date(2026, 1, 10),
            expires=date(2026, 12, 31), value=2.0, unit="CNY", tested=(1.0, 3.0),
        ),
    ])
    register.check(today)                     # ExpiredAssumption stops a batch, unless waived by name
    sweep = register.inputs()                 # red impact and a tested range: swept without being asked

Every assumption is rated twice, with the definitions of the UK Home Office [1]_ as govcookiecutter prints
them [2]_:

quality
    green: reliable, well understood or documented, anything up to validated and recent data; amber: some
    evidence, from a source of poor method to a good one that is a few years old; red: little evidence, from
    an opinion to a limited source of poor method.
impact
    green: marginal, a change has no or limited effect on the outputs; amber: relevant, even if not critical;
    red: core, the outputs would be drastically affected.

The date is always passed in: no clock is read here.

References
----------
.. [1] HM Treasury, The Aqua Book: guidance on producing quality analysis.
.. [2] UK Government Analysis Function, govcookiecutter, docs/aqa/assumptions_caveats.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from workbench._text import Text
from workbench.decisions._arrays import unique
from workbench.decisions._checks import number, phrase
from workbench.decisions.inputs import Distribution, UncertainInput
from workbench.errors import BadParameter, UnknownName

Rating = Literal["red", "amber", "green"]
RATINGS: tuple[Rating, ...] = ("red", "amber", "green")


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """
    One thing taken for granted; `assume` makes it.

    Attributes
    ----------
    id
        Names it in the register, in waivers and in briefs.
    statement, basis
        What is assumed, and on what ground.
    quality, impact
        "red", "amber" or "green", as defined above.
    owner
        Who answers for it.
    who, since
        Who wrote it down, and when.
    expires
        Last day on which it may be used; None if it does not age.
    value, unit
        The number assumed, where it is one.
    tested
        Range over which the answer is tried, around `value`, in `unit`.
    distribution
        Law over that range.
    """

    id: str
    statement: Text
    basis: Text
    quality: Rating
    impact: Rating
    owner: str
    who: str
    since: date
    expires: date | None = None
    value: float | None = None
    unit: str = ""
    tested: tuple[float, float] | None = None
    distribution: Distribution = "uniform"

    def __post_init__(self) -> None:
        unique("assumption", (self.id,))
        for field in ("statement", "basis"):
            phrase(f"The {field} of assumption '{self.id}'", getattr(self, field))
        for field, text in (("owner", self.owner), ("who", self.who)):
            said: object = text  # from a notebook it may be anything
            if not (isinstance(said, str) and said.strip()):
                raise BadParameter(f"Assumption '{self.id}' has no `{field}`: name a person or an office.")
        for what, rating in (("quality rating", self.quality), ("impact rating", self.impact)):
            if rating not in RATINGS:
                raise UnknownName(what, str(rating), RATINGS, f"(assumption '{self.id}')")
        for field, day in (("since", self.since), ("expires", self.expires)):
            if field == "since" or day is not None:
                as_day(f"`{field}` of assumption '{self.id}'", day)
        if self.expires is not None and self.expires < self.since:
            raise BadParameter(
                f"Assumption '{self.id}' expires on {self.expires}, before it was made on {self.since}."
            )
        if self.value is not None:
            object.__setattr__(self, "value", number(f"`value` of assumption '{self.id}'", self.value))
        if self.tested is not None:
            ends: object = self.tested
            if self.value is None or not (isinstance(ends, Sequence) and len(ends) == 2):
                raise BadParameter(
                    f"Assumption '{self.id}' is tested over a range, so it needs `value` and "
                    f"`tested=(low, high)`, not {self.value!r} and {self.tested!r}."
                )
            object.__setattr__(self, "tested", tuple(self.tested))
            self.as_input()

    def expired(self, on: date) -> bool:
        """Whether its last day was before this one."""
        return self.expires is not None and self.expires < as_day("The date", on)

    def as_input(self) -> UncertainInput:
        """
        Turn it into an uncertain input over its tested range.

        Raises
        ------
        BadParameter
            It has no tested range, or a bad one.
        """
        if self.tested is None or self.value is None:
            raise BadParameter(
                f"Assumption '{self.id}' has no tested range: give `value` and `tested=(low, high)`."
            )
        low, high = self.tested
        return UncertainInput(
            self.id, low, high, self.unit, self.statement, self.distribution, self.value, self.basis
        )


def assume(
    id: str,
    statement: Text,
    basis: Text,
    quality: Rating,
    impact: Rating,
    owner: str,
    *,
    who: str,
    since: date,
    expires: date | None = None,
    value: float | None = None,
    unit: str = "",
    tested: tuple[float, float] | None = None,
    distribution: Distribution = "uniform",
) -> Assumption:
    """
    Write an assumption down.

    Parameters
    ----------
    id, statement, basis, quality, impact, owner, who, since, expires, value, unit, tested, distribution
        As the attributes of `Assumption`.

    Raises
    ------
    BadParameter
        A text is empty, a date is none, it expires before it was made, or the tested range is empty or does
        not hold the value.
    UnknownName
        A rating is not red, amber or green, or there is no such distribution.
    """
    return Assumption(
        id=id,
        statement=statement,
        basis=basis,
        quality=quality,
        impact=impact,
        owner=owner,
        who=who,
        since=since,
        expires=expires,
        value=value,
        unit=unit,
        tested=tested,
        distribution=distribution,
    )


def as_day(what: str, value: object) -> date:
    """Check a day; a time, a text or anything else raises `BadParameter`."""
    if not isinstance(value, date) or isinstance(value, datetime):
        raise BadParameter(f"{what} must be a day such as date(2026, 12, 31), not {value!r}.")
    return value
