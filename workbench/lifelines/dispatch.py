"""
How to run the pumps and tanks: schedules, levels, fires, heat and outages compared in EPANET.

    compare_dispatch("city.inp", [
        TODAY,
        WaterScenario(name="heat wave", demand_multiplier=1.4),
        WaterScenario(name="night pumping", pumps={"335": [1] * 6 + [0] * 18}),
        WaterScenario(name="pump fails", outages={"335": (6, 18)}),
        WaterScenario(name="tank closed", closed_nodes=("2",)),
        WaterScenario(name="fire", fires=(FireFlow("105", 0.1, 18, 20),)),
    ], price_per_kwh=0.12)

Pressures decide what is served; tanks give what they hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from workbench.errors import BadParameter
from workbench.lifelines._dispatch_model import apply, priced
from workbench.lifelines._dispatch_run import watch
from workbench.lifelines._dispatch_tables import steps, summary, tank_levels
from workbench.lifelines._given import number
from workbench.lifelines.readers._inp import for_epanet, model_of
from workbench.lifelines.readers.epanet import EpanetNetwork, read_epanet
from workbench.lifelines.solvers import _epanet_library as codes
from workbench.lifelines.solvers._epanet_runs import Physics, Runner
from workbench.lifelines.solvers.hydraulic import MINIMUM_M, REQUIRED_M

if TYPE_CHECKING:
    from workbench.lifelines.readers._files import PathLike


@dataclass(frozen=True)
class FireFlow:
    """
    Water drawn for a fire.

    Parameters
    ----------
    node
        Junction.
    flow_m3s
        Flow, m3/s.
    from_h, to_h
        Hours of the run.
    """

    node: str
    flow_m3s: float
    from_h: float
    to_h: float

    def __post_init__(self) -> None:
        number("flow_m3s", self.flow_m3s, above=0)
        _window(f"The fire at '{self.node}'", self.from_h, self.to_h)


@dataclass(frozen=True, kw_only=True)
class WaterScenario:
    """
    A way to run the network, or what may happen to it.

    Parameters
    ----------
    name
        What it is called.
    demand_multiplier
        Times the demand of the input file: a heat wave, growth, saving.
    pumps
        Speed of pumps, 1 as in the file and 0 off: one number, or one for each hour, then again from the
        first. It stands for the controls and rules of these pumps.
    outages
        Pumps that are off from an hour to an hour; their controls hold before and after.
    tank_levels
        Level of tanks at the beginning, m.
    closed_links, closed_nodes
        Pipes, pumps, valves, tanks and junctions out of use for the whole run: a burst, a contaminated tank.
    fires
        Water drawn for fires.
    """

    name: str
    demand_multiplier: float = 1.0
    pumps: Mapping[str, float | Sequence[float]] = field(default_factory=dict)
    outages: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    tank_levels: Mapping[str, float] = field(default_factory=dict)
    closed_links: Sequence[str] = ()
    closed_nodes: Sequence[str] = ()
    fires: Sequence[FireFlow] = ()

    def __post_init__(self) -> None:
        if not self.name:
            raise BadParameter("A scenario needs a name.")
        number("demand_multiplier", self.demand_multiplier, above=0)
        for name, level in self.tank_levels.items():
            number(f"level of tank '{name}'", level)
        for name, hours in self.outages.items():
            if len(hours) != 2:
                raise BadParameter(f"The outage of pump '{name}' is two hours, from and to, not {hours!r}.")
            _window(f"The outage of pump '{name}'", *hours)
        if both := sorted(set(self.pumps) & set(self.outages)):
            raise BadParameter(
                f"Scenario '{self.name}': pump '{both[0]}' has a schedule and an outage: put 0 into the "
                "schedule."
            )
        for what in ("closed_links", "closed_nodes"):
            if isinstance(getattr(self, what), str):
                raise BadParameter(f"`{what}` is a list of ids: give ['{getattr(self, what)}'].")


TODAY = WaterScenario(name="today")
"""The network as the input file runs it."""


@dataclass(frozen=True, eq=False)
class DispatchRun:
    """
    A scenario as it ran.

    Attributes
    ----------
    summary
        One row; its columns are those of `compare_dispatch`.
    steps
        One row per hydraulic step: `time_h`, `length_h`, `wanted_m3s`, `served_m3s`, `people_low`,
        `power_kw`, `todini`, `unbalanced`.
    tanks
        One row per step and tank: `time_h`, `id`, `level_m`, `full` (0 to 1, between its levels).
    """

    summary: pl.DataFrame
    steps: pl.DataFrame
    tanks: pl.DataFrame


def compare_dispatch(
    source: PathLike | Any,
    scenarios: Sequence[WaterScenario],
    **options: Any,
) -> pl.DataFrame:
    """
    Compare scenarios.

    Parameters
    ----------
    source
        Path of an EPANET input file, a WNTR model, or a network of `read_epanet`.
    scenarios
        At least one, each with a name of its own.
    options
        Those of `run_dispatch`: `duration_h`, `required_pressure_m`, `minimum_pressure_m`, `price_per_kwh`.

    Returns
    -------
    comparison
        One row per scenario: `scenario`, `served_share` (of the wanted water), `unserved_m3`,
        `low_pressure_h` (hours in which anyone's pressure is below the required one), `people_low` (most at
        once), `people_h_low` (people times hours), `lowest_tank` and `lowest_full` (the tank that comes
        nearest to empty, and how full it then is, 0 to 1), `lowest_level_m`, `empty_tank_h` (hours with an
        empty tank), `energy_kwh`, `cost`, `kwh_per_m3`, `fire_served_share` (of the wanted water at the nodes
        of fires while these burn), `todini` (index of resilience, mean over time), `unbalanced_h` (hours that
        EPANET could not balance: doubtful).

    Raises
    ------
    BadParameter
        No scenario, two of one name, or what `run_dispatch` refuses.
    """
    names = [one.name for one in scenarios]
    if not names:
        raise BadParameter("There is no scenario to run: give at least one, such as TODAY.")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadParameter(f"Two scenarios are called '{twice[0]}': give each a name of its own.")
    network = source if isinstance(source, EpanetNetwork) else read_epanet(source)
    return pl.concat([run_dispatch(network, one, **options).summary for one in scenarios])


def run_dispatch(
    source: PathLike | Any,
    scenario: WaterScenario = TODAY,
    *,
    duration_h: float = 24.0,
    required_pressure_m: float = REQUIRED_M,
    minimum_pressure_m: float = MINIMUM_M,
    price_per_kwh: float | Sequence[float] = 0.0,
) -> DispatchRun:
    """
    Run one scenario.

    Parameters
    ----------
    source
        Path of an EPANET input file, a WNTR model, or a network of `read_epanet`.
    scenario
        What is done or happens.
    duration_h
        Hours to run.
    required_pressure_m, minimum_pressure_m
        Pressures at which a node is served all its demand and nothing.
    price_per_kwh
        One number, or 24, one for each hour of the day; the run begins at the file's clock time.

    Raises
    ------
    UnknownName
        No node, pump, tank or link has an id.
    BadParameter
        A number out of its bounds, a level outside of its tank, or a pump that cannot be scheduled.
    BadNetwork
        The input file cannot be read.
    Unsolvable
        EPANET finds no solution.
    """
    hours = number("duration_h", duration_h, above=0, most=24 * 366)
    least = number("minimum_pressure_m", minimum_pressure_m, least=0)
    required = number("required_pressure_m", required_pressure_m, least=least + 0.1)
    network = source if isinstance(source, EpanetNetwork) else read_epanet(source)
    model = model_of(network.inp, "the network's input file")
    cost = priced(price_per_kwh, int(model.options.time.start_clocktime))
    apply(model, scenario, hours)
    exponent = model.options.hydraulic.pressure_exponent
    runner = Runner(network, for_epanet(model, hours), Physics(least, required, exponent, stop_empty=True))
    up = network.intact.copy()
    up[[network.asset(one, "edge") for one in scenario.closed_links]] = False
    up[[network.asset(one, "node") for one in scenario.closed_nodes]] = False
    seen = watch(runner, up, scenario)
    kinds = zip(runner.project.node_ids, runner.project.node_types, strict=True)
    tanks = [one for one, kind in kinds if kind == codes.TANK]
    return DispatchRun(summary(scenario.name, seen, tanks, cost), steps(seen), tank_levels(seen, tanks))


def _window(what: str, from_h: float, to_h: float) -> None:
    begin, end = number("from_h", from_h, least=0), number("to_h", to_h, least=0)
    if end <= begin:
        raise BadParameter(
            f"{what} ends at hour {end:g}, not after its beginning at {begin:g}: swap or mend them."
        )
