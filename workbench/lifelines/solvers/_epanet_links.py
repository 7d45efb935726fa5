"""Links of a project: what they join, and the controls and rules that govern them."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from workbench.lifelines.solvers import _epanet_library as codes

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, Ints
    from workbench.lifelines.solvers._epanet import Project
    from workbench.lifelines.solvers._epanet_handle import Handle


class Control(NamedTuple):
    """A simple control: its kind, link (from 1), setting, node (from 1, or 0) and level or time."""

    kind: int
    link: int
    setting: float
    node: int
    level: float


class Action(NamedTuple):
    """An action of a rule: "then" or "else", rule, action, and link (all from 1)."""

    part: str
    rule: int
    action: int
    link: int


def controls_of(epanet: Handle) -> list[Control]:
    """Simple controls in their order; link 0 where one is switched off."""
    found = []
    for i in range(1, epanet.count(codes.CONTROLS) + 1):
        kind, link, node = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
        setting, level = ctypes.c_double(), ctypes.c_double()
        epanet.call("EN_getcontrol", i, *_into(kind, link, setting, node, level))
        found.append(Control(kind.value, link.value, setting.value, node.value, level.value))
    return found


def actions_of(epanet: Handle) -> list[Action]:
    """Actions of all rules."""
    found = []
    for rule in range(1, epanet.count(codes.RULES) + 1):
        premises, thens, elses, link, status = (ctypes.c_int() for _ in range(5))
        priority, setting = ctypes.c_double(), ctypes.c_double()
        epanet.call("EN_getrule", rule, *_into(premises, thens, elses, priority))
        for part, count in (("then", thens.value), ("else", elses.value)):
            for action in range(1, count + 1):
                epanet.call(f"EN_get{part}action", rule, action, *_into(link, status, setting))
                found.append(Action(part, rule, action, link.value))
    return found


def take_away(epanet: Handle, links: set[int]) -> list[Control]:
    """Delete the simple controls of links (from 1), and return them."""
    taken = []
    controls = controls_of(epanet)
    for number in range(len(controls), 0, -1):  # from the last, since deleting moves those behind
        if controls[number - 1].link in links:
            epanet.call("EN_deletecontrol", number)
            taken.append(controls[number - 1])
    return taken[::-1]


def put(epanet: Handle, control: Control) -> None:
    """Add a simple control."""
    number = ctypes.c_int()
    setting, level = ctypes.c_double(control.setting), ctypes.c_double(control.level)
    epanet.call(
        "EN_addcontrol", control.kind, control.link, setting, control.node, level, ctypes.byref(number)
    )


def close_by_rules(epanet: Handle, links: set[int]) -> None:
    """Let rules only close links (from 1)."""
    for part, rule, action, link in actions_of(epanet):
        if link in links:
            epanet.call(f"EN_set{part}action", rule, action, link, codes.CLOSED_BY_RULE, ctypes.c_double(0.0))


def reach(project: Project, open_: Bools, roots: Ints) -> Bools:
    """Whether a node of `roots` reaches each node over open links."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order

    n, both = project.n, open_ & ~project.one_way
    begins = np.concatenate([project.u[open_], project.v[both], np.full(len(roots), n)])
    ends = np.concatenate([project.v[open_], project.u[both], roots])
    graph = csr_array((np.ones(len(begins), np.int8), (begins, ends)), shape=(n + 1, n + 1))
    reached = np.zeros(n + 1, bool)
    reached[breadth_first_order(graph, n, directed=True, return_predecessors=False)] = True
    return reached[:n]


def _into(*values: Any) -> list[Any]:
    """Where the library writes."""
    return [ctypes.byref(each) for each in values]
