"""What is decided about a service point: who serves when, for whom, and for how many."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

_STRICT = ConfigDict(frozen=True, extra="forbid")
Hour = Annotated[float, Field(ge=0, le=48)]
Rate = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=100_000)]
_SPREAD = {"exponential": 1.0, "fixed": 0.0}


class Law(BaseModel):
    """How long something takes: a mean, and how much it varies."""

    model_config = _STRICT

    kind: Literal["exponential", "lognormal", "gamma", "fixed"] = Field(
        "exponential", description="Shape of the distribution"
    )
    mean_s: float = Field(gt=0, allow_inf_nan=False, description="Mean, seconds")
    cv: float | None = Field(
        None, ge=0, le=20, description="Standard deviation over mean, for lognormal and gamma"
    )

    @model_validator(mode="after")
    def _spread(self) -> Law:
        own = _SPREAD.get(self.kind)
        if own is None and not self.cv:
            raise ValueError(f"a {self.kind} law needs `cv`, its standard deviation over its mean, above 0")
        if own is not None and self.cv not in (None, own):
            raise ValueError(f"the cv of {'an' if own else 'a'} {self.kind} law is {own:g}: leave `cv` out")
        return self


class Customers(BaseModel):
    """One kind of customers: how many come, how they are served, how long they wait."""

    model_config = _STRICT

    name: str = Field("all", pattern=r"\S", description="What they are called")
    per_hour: Rate | tuple[tuple[Hour, Rate], ...] = Field(
        description="Arrivals per hour, all day or as [from hour, arrivals per hour] steps"
    )
    service: Law = Field(description="Time that one service takes")
    patience: Law | None = Field(
        None, description="Wait after which one leaves unserved; without it, all wait"
    )
    priority: int = Field(
        0, ge=0, le=100, description="Smaller is served first; equal ones in order of arrival"
    )
    target_s: float = Field(600.0, ge=0, description="Wait that is still acceptable, seconds")

    @model_validator(mode="after")
    def _rising(self) -> Customers:
        _steps_rise("per_hour", self.per_hour)
        return self


class ServicePoint(BaseModel):
    """
    A place where people wait for the next free server.

    Servers that go off duty finish whom they serve. After closing nobody comes any more, and the servers of
    the last step stay until all are served; if the last step is 0, those who still wait are turned away then.
    """

    model_config = _STRICT

    opens_h: Hour = Field(0.0, description="Hour of the day from which people come")
    closes_h: Hour = Field(24.0, description="Hour of the day until which people come")
    servers: Count | tuple[tuple[Hour, Count], ...] = Field(
        description="Servers on duty, all day or as [from hour, servers] steps"
    )
    customers: tuple[Customers, ...] = Field(min_length=1, description="Kinds of customers")
    demand: float = Field(1.0, gt=0, le=1000, description="Factor on all arrivals")

    @model_validator(mode="after")
    def _sensible(self) -> ServicePoint:
        if self.closes_h <= self.opens_h:
            raise ValueError(f"it closes at {self.closes_h:g} h, not after it opens at {self.opens_h:g} h")
        _steps_rise("servers", self.servers)
        if all(count == 0 for _, count in self.server_steps):
            raise ValueError("`servers` is 0 all day: nobody could ever be served; give at least 1")
        names = [each.name for each in self.customers]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"two kinds of customers are called '{min(twice)}': give each its own name")
        if all(sum(self.hourly(each)[1]) == 0 for each in self.customers):
            raise ValueError("`per_hour` is 0 all day for everybody: there is no demand; give some arrivals")
        return self

    @property
    def server_steps(self) -> list[tuple[float, int]]:
        """Second of the day and servers from then on, the first at opening."""
        if isinstance(self.servers, int):
            return [(self.opens_h * 3600, self.servers)]
        first = [count for hour, count in self.servers if hour <= self.opens_h][-1:] or [0]
        later = [(hour * 3600, count) for hour, count in self.servers if hour > self.opens_h]
        return [(self.opens_h * 3600, first[0]), *later]

    def hourly(self, kind: Customers) -> tuple[list[float], list[float]]:
        """Edges (seconds of the day) and arrivals per second between them, demand included."""
        steps = kind.per_hour if isinstance(kind.per_hour, tuple) else ((self.opens_h, kind.per_hour),)
        first = [rate for hour, rate in steps if hour <= self.opens_h][-1:] or [0.0]
        later = [(hour, rate) for hour, rate in steps if self.opens_h < hour < self.closes_h]
        inside = [(self.opens_h, first[0]), *later]
        edges = [hour * 3600 for hour, _ in inside] + [self.closes_h * 3600]
        return edges, [rate * self.demand / 3600 for _, rate in inside]


def _steps_rise(field: str, steps: object) -> None:
    if not isinstance(steps, tuple):
        return
    hours = [hour for hour, _ in steps]
    if not hours:
        raise ValueError(f"`{field}` has no step: give a number, or [hour, number] steps")
    if any(later <= earlier for earlier, later in pairwise(hours)):
        said = ", ".join(f"{hour:g}" for hour in hours if math.isfinite(hour))
        raise ValueError(f"the hours of `{field}` must rise from step to step, and are {said}")
