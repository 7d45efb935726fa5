"""The action plan: actions, the projects under them, and the figures they commit to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from workbench._text import Text
from workbench.errors import UnknownName

Op = Literal["at_least", "more_than", "exactly", "milestone"]
OPS: tuple[Op, ...] = get_args(Op)


@dataclass(frozen=True, kw_only=True)
class Action:
    """One line of action of the plan, such as L, Livable."""

    id: str
    title: Text


@dataclass(frozen=True, kw_only=True)
class Project:
    """
    One special project of the plan.

    Parameters
    ----------
    id
        Letter of the action and running number, such as "L01".
    title
        The plan's own title.
    action
        Identifier of the action it belongs to.
    asks
        What the plan wants of the project.
    decision
        The question a planner brings to the workbench.
    methods
        Identifiers of the methods that answer it.
    data
        Identifiers of the datasets it reads.
    """

    id: str
    title: Text
    action: str
    asks: Text
    decision: Text
    methods: tuple[str, ...]
    data: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Target:
    """
    One figure the plan commits to.

    Parameters
    ----------
    id
        Short name, such as "ftth_rate".
    title
        What is measured.
    value
        The figure, in `unit`; shares as fractions of one.
    unit
        Unit of the value.
    op
        How a value must compare with the figure to meet it.
    due
        Last day to meet it.
    project
        Identifier of the project that answers for it.
    counted
        The things counted, where the plan lists them.
    """

    id: str
    title: Text
    value: float
    unit: Text
    op: Op
    due: date
    project: str
    counted: tuple[Text, ...] = ()

    def met_by(self, value: float) -> bool:
        """Tell whether a value, in this target's unit, meets it; a missing value (NaN) does not."""
        match self.op:
            case "more_than":
                return value > self.value
            case "exactly":
                return math.isclose(value, self.value)
            case _:
                return value >= self.value


@dataclass(frozen=True, kw_only=True)
class Plan:
    """
    The action plan as shipped with the workbench.

    Parameters
    ----------
    title
        Title of the plan.
    start, end
        First and last day of the plan.
    reporting
        What the plan orders about reporting.
    actions, projects, targets
        In the plan's order.
    methods, data
        Titles of the methods and datasets that projects name.
    """

    title: Text
    start: date
    end: date
    reporting: Text
    actions: tuple[Action, ...]
    projects: tuple[Project, ...]
    targets: tuple[Target, ...]
    methods: Mapping[str, Text]
    data: Mapping[str, Text]

    def action(self, name: str) -> Action:
        """Return the action with this identifier, such as "L"."""
        for action in self.actions:
            if action.id == name:
                return action
        raise UnknownName("action", name, (each.id for each in self.actions))

    def project(self, name: str) -> Project:
        """Return the project with this identifier, such as "L01"."""
        for project in self.projects:
            if project.id == name:
                return project
        raise UnknownName("project", name, (each.id for each in self.projects), self._where(name))

    def target(self, name: str) -> Target:
        """Return the target with this identifier, such as "ftth_rate"."""
        for target in self.targets:
            if target.id == name:
                return target
        raise UnknownName("target", name, (each.id for each in self.targets))

    def projects_of(self, action: str) -> tuple[Project, ...]:
        """Return the projects of one action, in the plan's order."""
        wanted = self.action(action).id
        return tuple(project for project in self.projects if project.action == wanted)

    def targets_of(self, project: str) -> tuple[Target, ...]:
        """Return the figures one project answers for; most projects have none."""
        wanted = self.project(project).id
        return tuple(target for target in self.targets if target.project == wanted)

    def _where(self, name: str) -> str:
        """Say where a mistyped project identifier would be found."""
        if any(name.upper() == project.id for project in self.projects):
            return f"Write it {name.upper()}."
        for action in self.actions:
            if name[:1].upper() == action.id and (siblings := self.projects_of(action.id)):
                return f"{action.title.en} has {siblings[0].id} to {siblings[-1].id}."
        return "`workbench plan` lists them all."
