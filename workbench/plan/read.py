"""Read the plan from its file and refuse one that does not hold together."""

from __future__ import annotations

import functools
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, cast

from workbench.errors import BadFile
from workbench.plan._entries import Entry, Mistakes
from workbench.plan.model import OPS, Action, Op, Plan, Project, Target

if TYPE_CHECKING:
    import yaml


@functools.cache
def load() -> Plan:
    """Return the plan shipped with the workbench; the file is read on the first call only."""
    return read(Path(__file__).with_name("plan.yaml"))


def read(path: Path) -> Plan:
    """
    Read a plan from a YAML file.

    Parameters
    ----------
    path
        A file laid out as the `plan.yaml` of this package.

    Returns
    -------
    plan
        The plan, with every reference in it resolved.

    Raises
    ------
    BadFile
        With every mistake in the file, each with its line and the entry it is in.
    """
    root, document = _parse(path)
    mistakes = Mistakes(root)
    plan = _plan(Entry(document, "the file", (), mistakes))
    if found := mistakes.all():
        raise BadFile(str(path), found)
    return plan


def _parse(path: Path) -> tuple[yaml.Node, object]:
    import yaml

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(path.read_text(encoding="utf-8"))
        root = loader.get_single_node()
        if root is None:
            raise BadFile(str(path), [(None, "the file is empty")])
        return root, loader.construct_document(root)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise BadFile(str(path), [(mark.line + 1 if mark else None, f"not valid YAML: {what}")]) from error
    except UnicodeDecodeError as error:
        raise BadFile(
            str(path), [(None, f"not UTF-8 text at byte {error.start}; save it as UTF-8")]
        ) from error
    except OSError as error:
        raise BadFile(str(path), [(None, f"cannot be read: {error.strerror}")]) from error


def _plan(file: Entry) -> Plan:
    about = file.entry("plan")
    start, end = about.day("start"), about.day("end")
    if date.min < end < start:
        about.wrong("end", f"`end` {end} is before `start` {start}")
    title, reporting = about.text("title"), about.text("reporting")
    about.close()
    methods, data = file.entry("methods").phrases(), file.entry("data").phrases()
    actions = tuple(
        Action(id=each.name("id"), title=each.text("title")) for each in file.entries("actions", "action")
    )
    projects = tuple(
        Project(
            id=each.name("id"),
            title=each.text("title"),
            action=each.one_of("action", (action.id for action in actions), "action"),
            asks=each.text("asks"),
            decision=each.text("decision"),
            methods=each.some_of("methods", methods, "method"),
            data=each.some_of("data", data, "dataset"),
        )
        for each in file.entries("projects", "project")
    )
    targets = tuple(
        Target(
            id=each.name("id"),
            title=each.text("title"),
            value=each.number("value"),
            unit=each.text("unit"),
            op=cast("Op", each.one_of("op", OPS, "comparison")),
            due=each.day("due") if each.has("due") else end,
            project=each.one_of("project", (project.id for project in projects), "project"),
            counted=each.texts("counted") if each.has("counted") else (),
        )
        for each in file.entries("targets", "target")
    )
    file.close()
    return Plan(
        title=title,
        start=start,
        end=end,
        reporting=reporting,
        actions=actions,
        projects=projects,
        targets=targets,
        methods=methods,
        data=data,
    )
