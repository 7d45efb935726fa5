"""The flow model of the multi-depot problem: one layer for each depot, over some links of each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench._need import need
from workbench.errors import CheckFailed
from workbench.optimisation.deadheads import Floats
from workbench.optimisation.depots import DepotProblem

Links = list[NDArray[np.int64]]
"""For each depot the links that it may use, as rows of `DepotModel.tail` and `head`."""


class DepotModel:
    """
    Matrices, relaxations and integer programs of one problem.

    Parameters
    ----------
    problem
        What is to be scheduled.

    Attributes
    ----------
    tail, head, price
        Trips and cost of every possible link.
    outs, backs
        Trips that each depot can pull out to and in from.
    """

    def __init__(self, problem: DepotProblem) -> None:
        self.problem = problem
        self.tail, self.head = np.nonzero(np.isfinite(problem.link))
        self.price = problem.link[self.tail, self.head]
        self.depots, self.trips = problem.pull_out.shape
        self.outs = [np.flatnonzero(np.isfinite(row)) for row in problem.pull_out]
        self.backs = [np.flatnonzero(np.isfinite(row)) for row in problem.pull_in.T]

    def program(self, links: Links) -> tuple[Any, Floats]:
        """
        Matrix and costs.

        Rows: each trip is run once; in each layer what comes to a trip leaves it; vehicles of each depot.
        Columns for each depot: its links, pull-outs, pull-ins.
        """
        sparse = need("scipy.sparse", "Multi-depot scheduling")
        rows: list[Any] = []
        columns: list[Any] = []
        signs: list[Any] = []
        costs: list[Floats] = []
        width = 0

        def put(row: Any, column: Any, sign: float) -> None:
            rows.append(row)
            columns.append(column)
            signs.append(np.full(len(row), sign))

        for depot, used in enumerate(links):
            layer, out, back = self.trips * (1 + depot), self.outs[depot], self.backs[depot]
            link = width + np.arange(len(used))
            put(self.head[used], link, 1.0)
            put(layer + self.head[used], link, 1.0)
            put(layer + self.tail[used], link, -1.0)
            start = width + len(used) + np.arange(len(out))
            put(out, start, 1.0)
            put(layer + out, start, 1.0)
            put(np.full(len(out), self.trips * (1 + self.depots) + depot), start, 1.0)
            put(layer + back, width + len(used) + len(out) + np.arange(len(back)), -1.0)
            costs += [self.price[used], self.problem.pull_out[depot, out], self.problem.pull_in[back, depot]]
            width += len(used) + len(out) + len(back)
        shape = (self.trips * (1 + self.depots) + self.depots, width)
        parts = (np.concatenate(signs), (np.concatenate(rows), np.concatenate(columns)))
        return sparse.csr_array(parts, shape=shape), np.concatenate(costs)

    def sides(self) -> tuple[Floats, Floats]:
        """Least and most of each row."""
        exact = np.concatenate([np.ones(self.trips), np.zeros(self.trips * self.depots)])
        return (
            np.concatenate([exact, np.full(self.depots, -np.inf)]),
            np.concatenate([exact, np.array(self.problem.vehicles, float)]),
        )

    def relaxed(self, links: Links) -> tuple[float, Floats] | None:
        """Value of the linear relaxation and reduced costs of all links; None where it has no solution."""
        optimize = need("scipy.optimize", "Multi-depot scheduling")
        matrix, costs = self.program(links)
        exact, (_, most) = self.trips * (1 + self.depots), self.sides()
        done = optimize.linprog(
            costs,
            A_ub=matrix[exact:],
            b_ub=most[exact:],
            A_eq=matrix[:exact],
            b_eq=most[:exact],
            method="highs-ipm",
        )
        if done.status == 2 or "infeasible" in done.message.lower():
            return None
        if done.status:
            raise CheckFailed(f"The linear relaxation could not be solved: {done.message}")
        dual = done.eqlin.marginals
        run, layers = dual[: self.trips], dual[self.trips :].reshape(self.depots, self.trips)
        return float(done.fun), self.price - run[self.head] - layers[:, self.head] + layers[:, self.tail]

    def blended(self) -> Floats:
        """Reduced costs of the links when all depots are one, which is quick to solve."""
        optimize, sparse = (
            need("scipy.optimize", "Multi-depot scheduling"),
            need("scipy.sparse", "Multi-depot scheduling"),
        )
        out, back = self.problem.pull_out.min(axis=0), self.problem.pull_in.min(axis=1)
        outs, backs = np.flatnonzero(np.isfinite(out)), np.flatnonzero(np.isfinite(back))
        leave = np.concatenate([self.tail, backs])
        reach = np.concatenate([self.head, outs])
        rows = np.concatenate([leave, self.trips + reach])
        many = len(self.tail)
        columns = np.concatenate(
            [np.arange(many), many + len(outs) + np.arange(len(backs)), np.arange(many + len(outs))]
        )
        matrix = sparse.csr_array(
            (np.ones(len(rows)), (rows, columns)), shape=(2 * self.trips, columns.max() + 1)
        )
        costs = np.concatenate([self.price, out[outs], back[backs]])
        done = optimize.linprog(costs, A_eq=matrix, b_eq=np.ones(2 * self.trips), method="highs")
        if done.status:
            raise CheckFailed(
                "No schedule exists: the trips cannot all be reached and left, with any vehicles."
            )
        dual = done.eqlin.marginals
        reduced: Floats = self.price - dual[self.tail] - dual[self.trips + self.head]
        return reduced
