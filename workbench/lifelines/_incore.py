"""
Fragility files of IN-CORE (NCSA, JSON): expressions of the intensity, with conditions and parameters.

Expressions are read, never run: numbers, names, arithmetic, comparisons, and the functions log, log10, exp,
sqrt, pow and the normal distribution function. Anything else is refused.
"""

from __future__ import annotations

import ast
import json
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from workbench._need import need
from workbench.errors import BadFile, UnknownName
from workbench.lifelines._measures import amounts
from workbench.lifelines.model import Floats

Evaluate = Callable[[Mapping[str, Any]], Any]
Rule = tuple[tuple[Evaluate, ...], Evaluate]
_UNITS = {
    ("pga", "g"): "pga_g",
    ("pgv", "cm/s"): "pgv_cm_s",
    ("sa", "g"): "sa_g",
    ("wind", "mps"): "gust_m_s",
    ("inundationdepth", "m"): "depth_m",
}
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
}


@dataclass(frozen=True, eq=False)
class IncoreCurves:
    """
    Curves of the limit states of one IN-CORE fragility set.

    Attributes
    ----------
    states
        Rules of each limit state, from light to heavy: conditions that must hold, and the expression then.
    demand
        Name of the intensity in the expressions.
    measure
        The same with its unit, as `Intensity` names it.
    parameters
        Values or expressions of the other names, which may use each other.
    fails_from
        First state in which the asset does not work.
    source
        Description and authors.
    """

    states: Mapping[str, tuple[Rule, ...]]
    demand: str
    measure: str
    parameters: Mapping[str, Evaluate]
    fails_from: str
    source: str
    per_km = False

    def probability(self, x: Floats, length_km: Floats | None = None) -> Floats:
        """Probability of reaching the first state in which the asset does not work, in the shape of `x`."""
        return self.exceedance(x, self.fails_from)

    def exceedance(self, x: Floats, state: str, **parameters: float) -> Floats:
        """
        Probability of reaching or exceeding a limit state.

        Parameters
        ----------
        x
            Intensities; at 0 the probability is 0.
        state
            Which limit state.
        parameters
            Values in place of the file's own, such as `num_stories=3`.

        Raises
        ------
        UnknownName
            No such limit state or parameter.
        """
        if state not in self.states:
            raise UnknownName("limit state", state, self.states)
        values = amounts(x)
        names: dict[str, Any] = {self.demand: np.where(values > 0, values, 1.0)}
        for name, given in parameters.items():
            if name not in self.parameters:
                raise UnknownName("parameter of the fragility curve", name, self.parameters)
            names[name] = given
        for name, expression in self.parameters.items():
            if name not in names:
                names[name] = expression(names)
        found, done = np.zeros(values.shape), np.zeros(values.shape, bool)
        for conditions, expression in self.states[state]:
            holds = ~done
            for condition in conditions:
                holds &= np.broadcast_to(condition(names), values.shape)
            found = np.where(holds, expression(names), found)
            done |= holds
        return np.where(values > 0, np.clip(found, 0.0, 1.0), values * 0.0)


def read_incore(path: str | PathLike[str], *, fails_from: str | None = None) -> IncoreCurves:
    """
    Read a fragility set of IN-CORE.

    Parameters
    ----------
    path
        JSON file.
    fails_from
        First limit state in which the asset does not work; None for the heaviest but one, or the only one.

    Returns
    -------
    curves
        They take their place in `Curves` as any other.

    Raises
    ------
    BadFile
        It is not such a file, or an expression in it cannot be read.
    UnknownName
        No limit state is called `fails_from`.
    """
    name = str(path)
    try:
        told = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadFile(name, [(None, f"cannot be read as JSON ({error})")]) from error
    if not isinstance(told, dict) or not told.get("fragilityCurves") or not told.get("demandTypes"):
        raise BadFile(
            name, [(None, "is no IN-CORE fragility set: it has no `fragilityCurves` or no `demandTypes`")]
        )
    mistakes: list[tuple[int | None, str]] = []
    try:
        given = told.get("fragilityCurveParameters") or told.get("curveParameters") or []
        free = [one["name"] for one in given if one.get("expression") is None]
        parameters = {
            one["name"]: _read(str(one["expression"]), mistakes)
            for one in given
            if one.get("expression") is not None
        }
        states: dict[str, tuple[Rule, ...]] = {}
        for curve in told["fragilityCurves"]:
            state = str((curve.get("returnType") or {}).get("description") or f"state {len(states) + 1}")
            states[state] = tuple(
                (
                    tuple(_read(one, mistakes) for one in _many(rule.get("condition"))),
                    _read(str(rule["expression"]), mistakes),
                )
                for rule in curve["rules"]
            )
    except (KeyError, TypeError, AttributeError) as error:
        raise BadFile(name, [(None, f"a curve or a parameter has no {error}")]) from error
    if len(free) != 1:
        mistakes.append((None, f"one parameter is the intensity and has no expression, not {free}"))
    if mistakes:
        raise BadFile(name, mistakes)
    if fails_from is None:
        fails_from = list(states)[max(len(states) - 2, 0)]
    if fails_from not in states:
        raise UnknownName("limit state", fails_from, states)
    demand, unit = _many(told["demandTypes"])[0], (_many(told.get("demandUnits")) or [""])[0]
    authors = ", ".join(told.get("authors") or [])
    source = f"IN-CORE: {told.get('description', '')}" + (f" ({authors})" if authors else "")
    return IncoreCurves(
        states, free[0], _measure(demand, unit), _ordered(parameters, given), fails_from, source
    )


def _measure(demand: str, unit: str) -> str:
    plain = demand.strip().lower()
    if plain.endswith(" sa"):
        plain = "sa"
    return _UNITS.get((plain, unit.strip().lower()), f"{demand} ({unit})" if unit else demand)


def _many(value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else [str(one) for one in value]


def _ordered(parameters: dict[str, Evaluate], given: Sequence[Mapping[str, Any]]) -> dict[str, Evaluate]:
    """Parameters that are plain numbers before those that use others."""
    texts = {one["name"]: str(one.get("expression")) for one in given}

    def uses(name: str) -> int:
        return sum(isinstance(node, ast.Name) for node in ast.walk(ast.parse(texts[name], mode="eval")))

    return {name: parameters[name] for name in sorted(parameters, key=uses)}


def _read(text: str, mistakes: list[tuple[int | None, str]]) -> Evaluate:
    try:
        return _node(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError) as error:
        mistakes.append((None, f"the expression '{text[:80]}' cannot be read ({error})"))
        return lambda names: 0.0


def _node(node: ast.expr) -> Evaluate:
    """Turn an expression into a function of the values of its names."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        number = float(node.value)
        return lambda names: number
    if isinstance(node, ast.Name):
        name = node.id
        return lambda names: _value(names, name)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        inner, sign = _node(node.operand), -1.0 if isinstance(node.op, ast.USub) else 1.0
        return lambda names: sign * inner(names)
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        left, right, apply = _node(node.left), _node(node.right), _BINARY[type(node.op)]
        return lambda names: apply(left(names), right(names))
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARE:
        left, right, compare = _node(node.left), _node(node.comparators[0]), _COMPARE[type(node.ops[0])]
        return lambda names: compare(left(names), right(names))
    if isinstance(node, ast.Call) and not node.keywords:
        return _call(ast.unparse(node.func), [_node(one) for one in node.args])
    raise ValueError(f"{ast.unparse(node)} is not among what may stand there")


def _call(name: str, arguments: list[Evaluate]) -> Evaluate:
    need("scipy.special", "A curve of IN-CORE")
    from scipy.special import ndtr

    known: dict[str, tuple[int, Callable[..., Any]]] = {
        "math.log": (1, np.log),
        "math.log10": (1, np.log10),
        "math.exp": (1, np.exp),
        "math.sqrt": (1, np.sqrt),
        "math.pow": (2, np.power),
        "scipy.stats.norm.cdf": (1, ndtr),
    }
    if name not in known or len(arguments) != known[name][0]:
        raise ValueError(f"{name} with {len(arguments)} arguments is not known")
    function = known[name][1]
    return lambda names: function(*(one(names) for one in arguments))


def _value(names: Mapping[str, Any], name: str) -> Any:
    if name not in names:
        raise UnknownName("name in the fragility expression", name, names)
    return names[name]
