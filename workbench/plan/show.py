"""The plan as a planner or a program reads it, with the decisions this installation answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from workbench._text import Text, language
from workbench.errors import UnknownName
from workbench.plan._layout import rows, width, wrap
from workbench.plan.amounts import day, goal
from workbench.plan.model import Plan, Project, Target

COLUMNS = 100
TITLE_COLUMNS = 44
INDENT = 3

NOT_YET = Text("not yet", "尚未提供")
ASKS = Text("What the plan asks", "行动计划要求")
DECISION = Text("The decision", "决策问题")
METHODS = Text("Methods", "方法")
DATA = Text("Data", "数据")
TARGETS = Text("Targets", "目标")
ANSWERED = Text("Decisions answered here", "本系统可回答的决策问题")
NO_TARGETS = Text("The plan sets no figure for this project.", "行动计划未为该项目设定量化目标。")
DUE = Text("due {day}", "{day}前")
SUMMARY = Text(
    "{projects} projects, {answered} with decisions answered here; {targets} targets",
    "共{projects}个项目，其中{answered}个可在本系统获得决策支持；{targets}项目标",
)


class DecisionInfo(Protocol):
    """What the plan needs to know about a decision: its name and the question it answers."""

    @property
    def name(self) -> str:
        """Name on the command line, such as "traffic.congestion"."""

    @property
    def question(self) -> Text:
        """The question, as a planner would put it."""


Decisions = Mapping[str, Sequence[DecisionInfo]]


def as_json(plan: Plan, decisions: Decisions, project: str | None = None) -> dict[str, Any]:
    """
    Return the plan as plain data, ready for `json.dumps`.

    Parameters
    ----------
    plan
        The plan.
    decisions
        Decisions this installation answers, by project identifier.
    project
        Narrow everything to one project.

    Returns
    -------
    document
        With keys `actions`, `projects` and `targets`. Each project carries its `decisions` and a
        `status`, "answered" or "not yet".
    """
    _check(plan, decisions)
    projects = _chosen(plan, project)
    ids, actions = {each.id for each in projects}, {each.action for each in projects}
    return {
        "actions": [
            {"id": each.id, "title": each.title.as_dict()}
            for each in plan.actions
            if project is None or each.id in actions
        ],
        "projects": [_project_dict(each, _found(decisions, each)) for each in projects],
        "targets": [_target_dict(each) for each in plan.targets if each.project in ids],
    }


def as_text(plan: Plan, decisions: Decisions, project: str | None = None, lang: str = "en") -> str:
    """
    Return the plan as plain text: a table of all projects and targets, or a page on one project.

    Parameters
    ----------
    plan
        The plan.
    decisions
        Decisions this installation answers, by project identifier.
    project
        Show this project only.
    lang
        "en" or "zh".

    Returns
    -------
    text
        Paragraphs at most 100 columns wide, a Chinese character counting as two; ends with a line break.
    """
    _check(plan, decisions)
    language(lang)
    lines = (
        _overview(plan, decisions, lang)
        if project is None
        else _page(plan, decisions, plan.project(project), lang)
    )
    return "\n".join(lines) + "\n"


def _check(plan: Plan, decisions: Decisions) -> None:
    """Refuse decisions for a project the plan does not have, rather than leave them out."""
    known = [each.id for each in plan.projects]
    for project, found in decisions.items():
        if project not in known:
            names = ", ".join(each.name for each in found)
            raise UnknownName(
                "project", project, known, f"It is given by the decision {names}; mend its `project`."
            )


def _chosen(plan: Plan, project: str | None) -> tuple[Project, ...]:
    return plan.projects if project is None else (plan.project(project),)


def _found(decisions: Decisions, project: Project) -> list[DecisionInfo]:
    return sorted(decisions.get(project.id, ()), key=lambda decision: decision.name)


def _project_dict(project: Project, found: Sequence[DecisionInfo]) -> dict[str, Any]:
    return {
        "id": project.id,
        "title": project.title.as_dict(),
        "action": project.action,
        "asks": project.asks.as_dict(),
        "decision": project.decision.as_dict(),
        "methods": list(project.methods),
        "data": list(project.data),
        "status": "answered" if found else "not yet",
        "decisions": [{"name": each.name, "question": each.question.as_dict()} for each in found],
    }


def _target_dict(target: Target) -> dict[str, Any]:
    return {
        "id": target.id,
        "title": target.title.as_dict(),
        "value": target.value,
        "unit": target.unit.as_dict(),
        "op": target.op,
        "due": target.due.isoformat(),
        "project": target.project,
        "goal": {"en": goal(target, "en"), "zh": goal(target, "zh")},
        "counted": [each.as_dict() for each in target.counted],
    }


def _overview(plan: Plan, decisions: Decisions, lang: str) -> list[str]:
    found = [_found(decisions, project) for project in plan.projects]
    summary = SUMMARY.in_(lang).format(
        projects=len(plan.projects), answered=sum(map(bool, found)), targets=len(plan.targets)
    )
    cells = [
        (project.id, project.title.in_(lang), "\n".join(each.name for each in names) or NOT_YET.in_(lang))
        for project, names in zip(plan.projects, found, strict=True)
    ]
    table = list(zip(plan.projects, rows(cells, indent=INDENT), strict=True))  # aligned over all actions
    lines = [*_heading(plan.title.in_(lang)), summary, *wrap(plan.reporting.in_(lang), COLUMNS)]
    for action in plan.actions:
        of_action = [row for project, row in table if project.action == action.id]
        lines += _section(f"{action.id}  {action.title.in_(lang)}", of_action)
    return lines + _section(TARGETS.in_(lang), _target_rows(plan.targets, lang, with_project=True))


def _page(plan: Plan, decisions: Decisions, project: Project, lang: str) -> list[str]:
    action = plan.action(project.action)
    targets = _target_rows(plan.targets_of(project.id), lang)
    methods = [(each, plan.methods[each].in_(lang)) for each in project.methods]
    data = [(each, plan.data[each].in_(lang)) for each in project.data]
    return [
        *_heading(f"{project.id}  {project.title.in_(lang)}"),
        f"{action.id}  {action.title.in_(lang)}",
        plan.title.in_(lang),
        *_section(ASKS.in_(lang), _paragraph(project.asks.in_(lang))),
        *_section(DECISION.in_(lang), _paragraph(project.decision.in_(lang))),
        *_section(METHODS.in_(lang), rows(methods, indent=INDENT)),
        *_section(DATA.in_(lang), rows(data, indent=INDENT)),
        *_section(TARGETS.in_(lang), targets or _paragraph(NO_TARGETS.in_(lang))),
        *_section(ANSWERED.in_(lang), _answers(_found(decisions, project), lang)),
    ]


def _target_rows(targets: Sequence[Target], lang: str, *, with_project: bool = False) -> list[str]:
    cells = [
        (
            *((each.project,) if with_project else ()),
            "\n".join([*wrap(each.title.in_(lang), TITLE_COLUMNS), *_counted(each, lang)]),
            goal(each, lang),
            DUE.in_(lang).format(day=day(each.due, lang)),
        )
        for each in targets
    ]
    return rows(cells, indent=INDENT)


def _counted(target: Target, lang: str) -> list[str]:
    """Name the things a target counts, where the plan lists them."""
    between = "、" if language(lang) == "zh" else ", "
    names = between.join(each.in_(lang) for each in target.counted)
    return ["  " + line for line in wrap(names, TITLE_COLUMNS - 2)]


def _answers(found: Sequence[DecisionInfo], lang: str) -> list[str]:
    if not found:
        return _paragraph(NOT_YET.in_(lang))
    beside = COLUMNS - INDENT - 2 - max(width(each.name) for each in found)
    return rows(
        [(each.name, "\n".join(wrap(each.question.in_(lang), beside))) for each in found], indent=INDENT
    )


def _heading(title: str) -> list[str]:
    return [title, "=" * width(title)]


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", title, *lines]


def _paragraph(text: str) -> list[str]:
    return [" " * INDENT + line for line in wrap(text, COLUMNS - INDENT)]
