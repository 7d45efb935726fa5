"""
Water networks of EPANET, through WNTR.

    network = read_epanet("north district.inp")          # capacities at 2 m/s, tanks never run dry
    low_capacity(network)                                # what the capacities cannot serve even undamaged
    open_solver(network, "hydraulic")                    # the network carries its input file with it

Quantities are SI whatever the units of the file. Demand is the mean over the patterns; people are those who
use it at 0.757 m3 (200 gallons) a day [1]_. A pipe's capacity is its cross-section times a velocity: a
convention to be calibrated, not a limit of physics (docs/reference/water-validation.md has what it is worth).

References
----------
.. [1] US EPA (2015), Water security toolkit user manual, EPA/600/R-14/338; the method of WNTR's `population`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import polars as pl

from workbench._text import Text
from workbench.errors import UnknownName
from workbench.lifelines._given import number
from workbench.lifelines.checks import Finding
from workbench.lifelines.errors import BadNetwork
from workbench.lifelines.model import LifelineNetwork
from workbench.lifelines.readers._files import PathLike
from workbench.lifelines.readers._inp import model_of, text_of

Tanks = Literal["source", "storage", "junction"]
PER_PERSON_M3S = 0.00000876157
"""Mean use of one person, m3/s: 200 gallons a day."""
_ONE_WAY = {"PRV", "PSV", "FCV"}
_SHOWN = 5


@dataclass(frozen=True, eq=False, repr=False)
class EpanetNetwork(LifelineNetwork):
    """
    A water network with the EPANET input file it was read from.

    Parameters
    ----------
    inp
        Text of the input file, from which the hydraulic solver runs.
    """

    inp: str = field(default="", kw_only=True)


def read_epanet(
    source: PathLike | Any,
    *,
    velocity_m_s: float = 2.0,
    tanks: Tanks = "source",
    tank_hours: float = 24.0,
    per_person_m3s: float = PER_PERSON_M3S,
    geographic: bool = False,
) -> EpanetNetwork:
    """
    Read a water network from an EPANET input file.

    Parameters
    ----------
    source
        Path of the file, in any unit EPANET knows, or a WNTR model.
    velocity_m_s
        Velocity at which a pipe or valve carries its capacity.
    tanks
        "source" (a tank can give any amount), "storage" (the water in it above its least level, spread over
        `tank_hours`) or "junction" (a tank gives nothing: only reservoirs do).
    tank_hours
        Hours that a tank's water is to last, where tanks are "storage".
    per_person_m3s
        Mean use of one person, m3/s.
    geographic
        Whether the coordinates are degrees.

    Returns
    -------
    network
        Nodes with `elevation_m` (of a reservoir, its head) and `volume_m3` (of a tank, between its levels);
        edges with `diameter_m` and `roughness`. Pumps, check valves and the valves PRV, PSV and FCV have a
        direction. Pumps have no capacity, since theirs is a matter of head. A link that is closed and that no
        control opens is out of service. A junction that feeds water in is a source.

    Raises
    ------
    BadNetwork
        The file cannot be read, has no nodes, no links or nothing that supplies; the line is named where WNTR
        says it.
    UnknownName
        No such use of tanks.
    BadParameter
        A number is out of its bounds.
    EngineMissing
        WNTR is not installed.

    Notes ----- A demand without a pattern follows the default pattern, as in EPANET; WNTR's own metrics take
    it as constant.
    """
    if tanks not in get_args(Tanks):
        raise UnknownName("use of tanks", str(tanks), get_args(Tanks))
    velocity = number("velocity_m_s", velocity_m_s, above=0)
    hours = number("tank_hours", tank_hours, above=0)
    person = number("per_person_m3s", per_person_m3s, above=0)
    text, name = text_of(source)
    model = model_of(text, name)
    nodes, edges = _nodes(model, tanks, hours, person), _edges(model, velocity)
    if not nodes or not edges:
        part = "nodes" if not nodes else "pipes, pumps or valves"
        raise BadNetwork(name, [f"it has no {part}: give a complete EPANET input file"])
    if not any(one["kind"] == "source" or (one["supply"] or 0) > 0 for one in nodes):
        more = " that counts as a source" if model.num_tanks else ""
        raise BadNetwork(name, [f"it has no reservoir and no tank{more}: nothing supplies its demand"])
    node_frame, edge_frame = (pl.DataFrame(each, infer_schema_length=None) for each in (nodes, edges))
    return EpanetNetwork("water", node_frame, edge_frame, geographic=geographic, inp=text)


def low_capacity(network: LifelineNetwork) -> tuple[Finding, ...]:
    """
    Find what capacities cannot serve although nothing has failed.

    Parameters
    ----------
    network
        A network with capacities that were set by a convention, such as a velocity.

    Returns
    -------
    findings
        None where the intact network serves all its demand; else one, with the nodes served too little and
        how many times larger the capacities would have to be.
    """
    from workbench.lifelines.solvers import open_solver

    a = network.arrays
    served = open_solver(network, "flow").served(network.intact)
    wanted = float(a.demand.sum())
    if wanted == 0 or served.sum() >= wanted * (1 - 1e-6):
        return ()
    short = served < a.demand * (1 - 1e-6)
    factor = _factor(network, wanted)
    share = float(served.sum()) / wanted
    ids = [one for one, low in zip(network.nodes["id"].to_list(), short, strict=True) if low]
    names = ", ".join(f"'{one}'" for one in ids[:_SHOWN]) + (" ..." if len(ids) > _SHOWN else "")
    cure_en = f"capacities {factor:.2f} times as large would do" if factor else "no capacity would do"
    cure_zh = f"容量需为现在的 {factor:.2f} 倍" if factor else "增大容量也无济于事"
    said = Text(
        f"the capacities serve {share:.1%} of the demand of the undamaged network, {len(ids):,} nodes too "
        f"little ({names}); {cure_en}",
        f"未受损时按现有容量只能满足 {share:.1%} 的需求，{len(ids):,} 个节点供应不足（{names}）；{cure_zh}",
    )
    return (Finding("low_capacity", tuple(ids), float(a.people[short].sum()), said),)


def _factor(network: LifelineNetwork, wanted: float) -> float | None:
    """Least factor on the capacities with which all is served, to 1 %; None where none is enough."""
    from workbench.lifelines.solvers import open_solver

    def enough(factor: float) -> bool:
        larger = network.with_columns(edges=[pl.col("capacity") * factor])
        return float(open_solver(larger, "flow").totals(larger.intact[None])[0]) >= wanted * (1 - 1e-6)

    low, high = 1.0, 2.0
    while not enough(high):
        low, high = high, 2 * high
        if high > 1e4:
            return None
    while high / low > 1.01:
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _nodes(model: Any, tanks: Tanks, hours: float, person: float) -> list[dict[str, Any]]:
    default = model.options.hydraulic.pattern
    multiplier = model.options.hydraulic.demand_multiplier
    means = {name: float(np.mean(one.multipliers)) for name, one in model.patterns() if len(one.multipliers)}
    usual = means.get(str(default), 1.0)
    rows = []
    for name, one in model.junctions():
        demand = multiplier * sum(
            each.base_value * (usual if each.pattern is None else means.get(each.pattern.name, 1.0))
            for each in one.demand_timeseries_list
        )
        rows.append(
            _node(name, one, "source" if demand < 0 else None, max(0.0, -demand), one.elevation)
            | {"demand": max(0.0, demand), "people": max(0.0, round(demand / person))}
        )
    for name, one in model.tanks():
        least, start, most = (
            one.get_volume(level) for level in (one.min_level, one.init_level, one.max_level)
        )
        supply = {"source": None, "storage": max(0.0, start - least) / (3600 * hours), "junction": 0.0}[tanks]
        row = _node(name, one, tanks, supply, one.elevation)
        rows.append(row | {"volume_m3": float(most - least)})
    rows += [_node(name, one, "source", None, one.base_head) for name, one in model.reservoirs()]
    return rows


def _node(name: str, one: Any, kind: str | None, supply: float | None, elevation: float) -> dict[str, Any]:
    x, y = one.coordinates
    placed = (x, y) != (0, 0)  # where the file gives none, WNTR says (0, 0)
    return {
        "id": name,
        "kind": kind,
        "supply": supply,
        "demand": 0.0,
        "people": 0.0,
        "x": float(x) if placed else None,
        "y": float(y) if placed else None,
        "elevation_m": float(elevation),
        "volume_m3": None,
    }


def _edges(model: Any, velocity: float) -> list[dict[str, Any]]:
    opened = _opened(model)
    rows = []
    for name, one in model.links():
        kind = one.link_type.lower()
        diameter = None if kind == "pump" else float(one.diameter)
        capacity = None if diameter is None else np.pi / 4 * diameter**2 * velocity
        if capacity is not None and kind == "valve" and one.valve_type == "FCV":
            capacity = min(capacity, float(one.initial_setting))
        one_way = kind == "pump" or (kind == "pipe" and one.check_valve)
        rows.append(
            {
                "id": name,
                "u": one.start_node_name,
                "v": one.end_node_name,
                "kind": kind,
                "directed": bool(one_way or (kind == "valve" and one.valve_type in _ONE_WAY)),
                "capacity": capacity,
                "length_m": float(one.length) if kind == "pipe" else None,
                "in_service": one.initial_status.name != "Closed" or name in opened,
                "name": one.valve_type if kind == "valve" else None,
                "diameter_m": diameter,
                "roughness": float(one.roughness) if kind == "pipe" else None,
            }
        )
    return rows


def _opened(model: Any) -> set[str]:
    """Links that a control or rule may open."""
    found = set()
    for _, control in model.controls():
        for action in control.actions():
            link, what = action.target()
            value = getattr(action, "_value", None)
            if hasattr(link, "initial_status") and not (what == "status" and value == 0):
                found.add(link.name)
    return found
