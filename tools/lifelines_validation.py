"""
Print how rankings of pipes agree with EPANET closing each of them, as the tables of the validation page.

    python tools/lifelines_validation.py                 # the six cases, about five minutes python
    tools/lifelines_validation.py Net3-24h ky10   # some of them python tools/lifelines_validation.py
    --engines       # EPANET 2.2 as it is, as it is run here, and WNTR's own

The networks are those that WNTR brings. `rho` is Spearman's, over all pipes; `of 10` how many of the true ten
worst are among the ten ranked first (or verified worst); `value` their true loss as a share of that of the
true ten worst.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import wntr
from scipy.stats import spearmanr

from workbench.lifelines.criticality import betweenness, n_minus_1
from workbench.lifelines.model import Floats, LifelineNetwork
from workbench.lifelines.readers import read_epanet
from workbench.lifelines.solvers.hydraulic import MINIMUM_M, REQUIRED_M, Hydraulic
from workbench.lifelines.verification import screen_then_verify
from workbench.simulation import Streams

NETWORKS = Path(wntr.__file__).parent / "library" / "networks"
CASES: dict[str, tuple[str, float | None]] = {
    "Net3-24h": ("Net3", 24.0),
    "Net3-72h": ("Net3", 72.0),
    "ky4": ("ky4", None),
    "ky4-24h": ("ky4", 24.0),
    "ky10": ("ky10", None),
    "ky10-24h": ("ky10", 24.0),
}
SEED = 20260701
TOP = 10


class Case:
    """A network, its pipes, and what EPANET loses when each is closed."""

    def __init__(self, name: str) -> None:
        network, self.hours = CASES[name]
        self.path = NETWORKS / f"{network}.inp"
        self.network = read_epanet(self.path)
        self.pipes = np.flatnonzero(self.network.edges["kind"].to_numpy() == "pipe").astype(np.int32)
        self.ids = self.network.edges["id"].gather(self.pipes).to_list()
        self.solver = Hydraulic(self.network, duration_h=self.hours)
        begin = time.perf_counter()
        up = np.repeat(self.network.intact[None], len(self.pipes), axis=0)
        up[np.arange(len(self.pipes)), self.network.n + self.pipes] = False
        self.intact = float(self.solver.served(self.network.intact).sum())
        self.served = self.intact / float(self.network.arrays.demand.sum())
        self.loss = 1 - self.solver.totals(up) / self.intact
        self.seconds = time.perf_counter() - begin
        self.worst = np.argsort(-self.loss, kind="stable")[:TOP]
        self.best = float(self.loss[self.worst].sum())

    def row(self, name: str, score: Floats, chosen: Any = None, runs: int = 0) -> str:
        """Row of the table for a ranking."""
        first = np.argsort(-score, kind="stable")[:TOP] if chosen is None else chosen
        rho = float(spearmanr(score, self.loss).statistic)
        hit = len(set(first.tolist()) & set(self.worst.tolist()))
        return f"| {name} | {rho:.2f} | {hit} | {self.loss[first].sum() / self.best:.2f} | {runs:,} |"

    def of_edges(self, network: LifelineNetwork, losses: Any, column: str) -> Floats:
        """Column of a frame of assets, for the pipes."""
        by_asset = np.zeros(network.size)
        by_asset[losses["asset"].to_numpy()] = losses[column].to_numpy()
        return np.asarray(by_asset[network.n + self.pipes])


def table(name: str) -> list[str]:
    """Rows of one case."""
    case = Case(name)
    dry = read_epanet(case.path, tanks="junction")
    head = case.loss[case.worst]
    what = "an instant" if not case.hours else f"{case.hours:g} h"
    losing = int((case.loss > 1e-5).sum())
    rows = [
        f"### {name}: {len(case.pipes):,} pipes, {what}",
        "",
        f"{losing:,} pipes lose anything; the ten worst lose {head[-1]:.1%} to {head[0]:.1%} of service each "
        f"({', '.join(case.ids[i] for i in case.worst)}). Undamaged, {case.served:.1%} is served. "
        f"All runs: {case.seconds:.0f} s; {case.solver.unbalanced:,} of them not balanced at some step.",
        "",
        "| ranking | rho | of 10 | value | EPANET runs |",
        "|---|---|---|---|---|",
    ]
    rows.append(
        case.row(
            "connectivity, tanks are sources", case.of_edges(case.network, n_minus_1(case.network), "lost")
        )
    )
    rows.append(case.row("connectivity, reservoirs only", case.of_edges(dry, n_minus_1(dry), "lost")))
    flow = n_minus_1(case.network, solver="flow")
    rows.append(case.row("flow at 2 m/s, tanks are sources", case.of_edges(case.network, flow, "lost")))
    paths = betweenness(case.network)
    rows.append(case.row("betweenness", case.of_edges(case.network, paths, "betweenness")))
    rows.append(case.row("linearised screen alone", case.solver.closures(case.pipes).sum(axis=1), runs=1))
    for screen in ("connectivity", "flow", "linearised"):
        found = screen_then_verify(
            case.network, screen=screen, verify=case.solver, candidates=case.ids, streams=Streams(SEED)
        )
        place = {one: i for i, one in enumerate(case.ids)}
        score = np.zeros(len(case.ids))
        score[[place[one] for one in found.ranking["id"]]] = found.ranking["screened"].to_numpy()
        chosen = np.array([place[one] for one in found.worst["id"]])
        rows.append(case.row(f"screen_then_verify, {screen}", score, chosen, found.runs))
    return [*rows, "", f"Said of the last: {found.said.en}", ""]


def lost_by(simulator: str, network: str, hours: float, pipe: str, *, compare: bool = True) -> float:
    """Share of the wanted water lost by closing a pipe, by one of WNTR's simulators, as reported."""
    model = wntr.network.WaterNetworkModel(str(NETWORKS / f"{network}.inp"))
    options = model.options
    options.time.duration = hours * 3600
    options.hydraulic.demand_model = "PDD"
    options.hydraulic.required_pressure, options.hydraulic.minimum_pressure = REQUIRED_M, MINIMUM_M
    model.get_link(pipe).initial_status = "Closed"
    if simulator == "EPANET":
        with tempfile.TemporaryDirectory() as folder:
            results = wntr.sim.EpanetSimulator(model).run_sim(os.path.join(folder, "run"))  # noqa: PTH118
    else:
        results = wntr.sim.WNTRSimulator(model).run_sim()
    if not compare:  # the model was read and the file written, run and read: that is what a run takes
        return np.nan
    wanted = wntr.metrics.expected_demand(model)
    wanted = wanted[wanted.index < hours * 3600] if hours else wanted
    given = results.node["demand"].loc[wanted.index, wanted.columns]
    return 1 - float(np.minimum(given, wanted).clip(lower=0).to_numpy().sum() / wanted.to_numpy().sum())


def engines() -> list[str]:
    """Rows of the table that compares EPANET as it is with what is run here and with WNTR's own simulator."""
    rows = [
        "| network | pipe closed | EPANET 2.2 by WNTR | here | WNTR's own simulator |",
        "|---|---|---|---|---|",
    ]
    for network, hours, pipe in [
        ("Net3", 24.0, "60"), ("Net3", 24.0, "125"), ("Net3", 24.0, "238"), ("Net3", 24.0, "173"),
        ("Net3", 24.0, "233"), ("ky10", 0.0, "P-893"),
    ]:  # fmt: skip
        read = read_epanet(NETWORKS / f"{network}.inp")
        solver = Hydraulic(read, duration_h=hours)
        up = read.intact.copy()
        up[read.asset(pipe, "edge")] = False
        here = 1 - solver.served(up).sum() / read.arrays.demand.sum()
        plain, own = (lost_by(one, network, hours, pipe) for one in ("EPANET", "WNTR"))
        rows.append(f"| {network} | {pipe} | {plain:.2%} | {here:.2%} | {own:.2%} |")
    return rows


def speed() -> list[str]:
    """Rows of the table of times: medians over pipes, one kind of run after the other in turn."""
    rows = ["| network | EPANET by WNTR | here | ratio |", "|---|---|---|---|"]
    for name in ("Net3-24h", "ky4", "ky10"):
        network, hours = CASES[name]
        read = read_epanet(NETWORKS / f"{network}.inp")
        solver = Hydraulic(read, duration_h=hours)
        times = []
        for pipe in read.edges.filter(read.edges["kind"] == "pipe")["id"].to_list()[::40][:15]:
            up = read.intact.copy()
            up[read.asset(pipe, "edge")] = False
            begin = time.perf_counter()
            lost_by("EPANET", network, hours or 0.0, pipe, compare=False)
            middle = time.perf_counter()
            solver.served(up)
            times.append((middle - begin, time.perf_counter() - middle))
        plain, here = np.median(np.array(times), axis=0) * 1000
        rows.append(f"| {name} | {plain:.0f} ms | {here:.1f} ms | {plain / here:.0f} |")
    return rows


def main() -> int:
    """Print the tables asked for."""
    flags = {"--engines": engines, "--speed": speed}
    asked = [one for one in sys.argv[1:] if one not in flags]
    if unknown := [one for one in asked if one not in CASES]:
        print(f"no case is called {unknown[0]}: known are {', '.join(CASES)}")
        return 2
    chosen = [rows for flag, rows in flags.items() if flag in sys.argv]
    for rows in chosen:
        print("\n".join(rows()))
    for name in asked or (() if chosen else CASES):
        print("\n".join(table(name)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
