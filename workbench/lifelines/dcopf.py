"""
The cheapest dispatch of a MATPOWER case: a direct-current optimal power flow.

    found = dc_opf(read_case("pglib_opf_case118_ieee.m"))
    found.cost                                      # $/h
    overloads(network, found.injections)            # how secure that dispatch is

No load is shed: where not all can be served there is no dispatch, and `PowerFlow` says what must be shed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from workbench._need import need
from workbench.errors import UnknownName
from workbench.lifelines.errors import BadNetwork
from workbench.lifelines.readers import _matpowercase as columns

if TYPE_CHECKING:
    from workbench.lifelines.model import Bools, Floats, Ints
    from workbench.lifelines.readers._matpowercase import MatpowerCase

Branches = Literal["powermodels", "matpower"]
_CUTS = 200
_CLOSE = 1e-6


@dataclass(frozen=True, eq=False)
class DcOpf:
    """
    A cheapest dispatch.

    Attributes
    ----------
    cost
        Of an hour, in the money of the case.
    generation
        Of each generator, MW, in the order of the case.
    injections
        Fed in at each bus less what is drawn, MW, shape (n,).
    flows
        On each branch, MW, from its first bus to its second, shape (m,).
    prices
        What one MWh more would cost at each bus (locational marginal prices), shape (n,).
    """

    cost: float
    generation: Floats
    injections: Floats
    flows: Floats
    prices: Floats


def dc_opf(case: MatpowerCase, *, branches: Branches = "powermodels") -> DcOpf:
    """
    Dispatch generators at the least cost within their outputs, branch ratings and limits on angles.

    Parameters
    ----------
    case
        As `read_case` reads it.
    branches
        Susceptance of a branch: "powermodels" takes x / (r^2 + x^2) and leaves taps and phase shifts aside,
        as PGLib's published costs do [1]_; "matpower" takes 1 / (x tap) and the phase shifts.

    Returns
    -------
    dispatch
        Costs that are linear or convex piecewise linear are exact; with quadratic ones the dispatch costs at
        most 1e-6 more than the cheapest, by tangents that are added where they are needed [2]_.

    Raises
    ------
    BadNetwork
        The case has no costs, or one that is not convex or above the second degree, or no dispatch serves
        all.
    UnknownName
        Another word for `branches`.

    References
    ----------
    .. [1] S. Babaeinejadsarookolaee et al. (2019), The power grid library for benchmarking AC optimal power
       flow algorithms, arXiv:1908.02788.
    .. [2] J. E. Kelley (1960), The cutting-plane method for solving convex programs, Journal of the SIAM 8.
    """
    if branches not in get_args(Branches):
        raise UnknownName("kind of branches", str(branches), get_args(Branches))
    need("scipy.optimize", "Optimal power flow")
    running, open_ = _numbers(case.running), _numbers(_open(case))
    slopes, heights, owner, squares = _costs(case, running)
    programme = _Programme(case, running, open_, branches)
    for _ in range(_CUTS):
        found = programme.solve(slopes, heights, owner)
        output, told = programme.outputs(found.x)
        true = told.copy()
        for g, (square, linear, constant) in squares.items():
            true[g] = square * output[g] ** 2 + linear * output[g] + constant
        if (true - told).sum() <= _CLOSE * max(1.0, abs(true.sum())):
            return programme.dispatch(found, output, float(true.sum()))
        for g in squares:
            if true[g] - told[g] > 0:
                slope = 2 * squares[g][0] * output[g] + squares[g][1]
                slopes = np.append(slopes, slope)
                heights = np.append(heights, true[g] - slope * output[g])
                owner = np.append(owner, g)
    raise BadNetwork(case.name, [f"its costs were not settled by {_CUTS} rounds of tangents: scale them"])


class _Programme:
    """Columns: angles (n), outputs (g) and costs (g) of running generators, flows (m); MW are per unit."""

    def __init__(self, case: MatpowerCase, running: Ints, open_: Ints, branches: Branches) -> None:
        from scipy.sparse import csr_array, diags_array, eye_array, hstack, vstack

        self.case, self.running, self.open = case, running, open_
        n, g, m = len(case.bus), len(running), len(open_)
        self.n, self.g, self.m = n, g, m
        branch, base = case.branch[open_], case.base_mva
        r, x, tap = branch[:, columns.BR_R], branch[:, columns.BR_X], branch[:, columns.TAP]
        begins, ends = (case.bus_rows(branch[:, at]) for at in (columns.F_BUS, columns.T_BUS))
        shift = np.deg2rad(branch[:, columns.SHIFT])
        if branches == "powermodels":
            b, shift = x / (r**2 + x**2), np.zeros(m)
        else:
            b = 1 / (x * np.where(tap == 0, 1.0, tap))
        edges, ones = np.tile(np.arange(m), 2), np.ones(m)
        across = csr_array(
            (np.concatenate([ones, -ones]), (edges, np.concatenate([begins, ends]))), shape=(m, n)
        )
        fed = csr_array(
            (np.ones(g), (case.bus_rows(case.gen[running, columns.GEN_BUS]), np.arange(g))), shape=(n, g)
        )
        on = case.bus[:, columns.BUS_TYPE] != columns.ISOLATED
        self.drawn = np.where(on, case.bus[:, columns.PD] + case.bus[:, columns.GS], 0.0)
        self.equal = vstack([
            hstack([csr_array((n, n)), fed, csr_array((n, g)), -across.T]),
            hstack([diags_array(b) @ across, csr_array((m, 2 * g)), -eye_array(m)]),
        ]).tocsr()  # fmt: skip
        self.right = np.concatenate([self.drawn / base, b * shift])
        rate = np.where(branch[:, columns.RATE_A] > 0, branch[:, columns.RATE_A], np.inf)
        least, most = case.gen[running, columns.PMIN], case.gen[running, columns.PMAX]
        free = np.full(n + g, np.inf)
        self.bounds = np.stack([
            np.concatenate([-free[:n], least / base, -free[n:], -rate / base]),
            np.concatenate([free[:n], most / base, free[n:], rate / base]),
        ], 1)  # fmt: skip
        low, high = _angles(branch)
        self.turned = hstack([vstack([across, -across]), csr_array((2 * m, 2 * g + m))]).tocsr()
        self.turn = np.concatenate([high, -low])
        limited = np.isfinite(self.turn)
        self.turned, self.turn = self.turned[limited], self.turn[limited]

    def solve(self, slopes: Floats, heights: Floats, owner: Ints) -> Any:
        """Cheapest dispatch where each generator's cost lies above its lines."""
        from scipy.optimize import linprog
        from scipy.sparse import csr_array, vstack

        n, g, lines = self.n, self.g, len(slopes)
        base = self.case.base_mva
        k, ones = np.arange(lines), np.ones(lines)
        above = csr_array(
            (np.concatenate([slopes, -ones]), (np.tile(k, 2), np.concatenate([n + owner, n + g + owner]))),
            shape=(lines, len(self.bounds)),
        )
        cost = np.zeros(len(self.bounds))
        cost[n + g : n + 2 * g] = 1.0
        found = linprog(
            cost,
            A_ub=vstack([above, self.turned]).tocsr(), b_ub=np.concatenate([-heights / base, self.turn]),
            A_eq=self.equal, b_eq=self.right, bounds=self.bounds, method="highs",
        )  # fmt: skip
        if found.status != 0:
            most = self.bounds[n : n + g, 1].sum() * base
            raise BadNetwork(
                self.case.name,
                [
                    f"no dispatch serves all within the limits: {self.drawn.sum():,.6g} MW are drawn, and "
                    f"generators give up to {most:,.6g} MW; `PowerFlow` says what must be shed"
                ],
            )
        return found

    def outputs(self, x: Floats) -> tuple[Floats, Floats]:
        """Output of each running generator, MW, and its cost as the lines tell it."""
        base = self.case.base_mva
        return x[self.n : self.n + self.g] * base, x[self.n + self.g : self.n + 2 * self.g] * base

    def dispatch(self, found: Any, output: Floats, cost: float) -> DcOpf:
        """Put what was found in the order of the case."""
        generation, flows = np.zeros(len(self.case.gen)), np.zeros(len(self.case.branch))
        generation[self.running] = output
        flows[self.open] = found.x[self.n + 2 * self.g :] * self.case.base_mva
        at = self.case.bus_rows(self.case.gen[self.running, columns.GEN_BUS])
        injections = np.asarray(np.bincount(at, output, self.n), np.float64) - self.drawn
        return DcOpf(cost, generation, injections, flows, np.asarray(found.eqlin.marginals[: self.n]))


def _numbers(which: Bools) -> Ints:
    return np.flatnonzero(which).astype(np.int32)


def _open(case: MatpowerCase) -> Bools:
    apart = case.bus[:, columns.BUS_TYPE] == columns.ISOLATED
    ends = [case.bus_rows(case.branch[:, at]) for at in (columns.F_BUS, columns.T_BUS)]
    return np.asarray((case.branch[:, columns.BR_STATUS] > 0) & ~apart[ends[0]] & ~apart[ends[1]])


def _angles(branch: Floats) -> tuple[Floats, Floats]:
    """Least and most difference of the angles at the ends, rad; infinite where there is no limit."""
    if branch.shape[1] <= columns.ANGMAX:
        return np.full(len(branch), -np.inf), np.full(len(branch), np.inf)
    low, high = branch[:, columns.ANGMIN], branch[:, columns.ANGMAX]
    free = (low == 0) & (high == 0)
    return (
        np.where(free | (low <= -360), -np.inf, np.deg2rad(low)),
        np.where(free | (high >= 360), np.inf, np.deg2rad(high)),
    )


def _costs(
    case: MatpowerCase, running: Ints
) -> tuple[Floats, Floats, Ints, dict[int, tuple[float, float, float]]]:
    """Lines (slope, height, generator) below which no cost lies, and the quadratic costs by generator."""
    if case.gencost is None or len(case.gencost) < len(case.gen):
        rows = 0 if case.gencost is None else len(case.gencost)
        raise BadNetwork(
            case.name, [f"`mpc.gencost` has {rows} rows for {len(case.gen)} generators: give each a cost"]
        )
    slopes, heights, owner, squares, wrong = [], [], [], {}, []
    for g, row in enumerate(case.gencost[running]):
        said = f"generator {int(running[g]) + 1} (bus {case.gen[running[g], columns.GEN_BUS]:g})"
        count = int(row[columns.NCOST])
        if row[columns.MODEL] == columns.PIECEWISE:
            points = row[columns.COST : columns.COST + 2 * count].reshape(-1, 2)
            steps = np.diff(points, axis=0)
            if count < 2 or (steps[:, 0] <= 0).any():
                wrong.append(f"the piecewise cost of {said} does not go from point to point to the right")
                continue
            lines = steps[:, 1] / steps[:, 0]
            if (np.diff(lines) < -1e-9 * np.abs(lines).max()).any():
                wrong.append(f"the piecewise cost of {said} is not convex: a MWh must not get cheaper")
            slopes += lines.tolist()
            heights += (points[:-1, 1] - lines * points[:-1, 0]).tolist()
            owner += [g] * len(lines)
            continue
        terms = np.concatenate([np.zeros(3), row[columns.COST : columns.COST + count]])
        if terms[:-3].any() or terms[-3] < 0:
            wrong.append(f"the cost of {said} is not a convex polynomial of degree 2 or less: give one")
            continue
        square, linear, constant = (float(one) for one in terms[-3:])
        at = float(case.gen[running[g], columns.PMAX])
        if square > 0:
            squares[g] = (square, linear, constant)
        slopes.append(2 * square * at + linear)
        heights.append(constant - square * at**2)
        owner.append(g)
    if wrong:
        raise BadNetwork(case.name, wrong)
    return np.array(slopes), np.array(heights), np.array(owner, np.int32), squares
