"""
Electric vehicles on given blocks: where and when they charge, and how many more vehicles it takes.

A vehicle charges while it waits at a terminal with a charger. Where that is not enough, a full vehicle takes
over between two trips; the one it relieves drives to the depot, and may relieve another after `turnaround_s`.
The plan has the fewest vehicles more, then the fewest reliefs, then the least time on chargers. A small
variant: power is the same at any state of charge, and one charge for each wait.

References
----------
.. [1] L. Perron and F. Didier, CP-SAT, OR-Tools (Google), https://developers.google.com/optimization/cp
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from workbench.errors import BadParameter, DataRejected
from workbench.optimisation._charging import ChargingModel
from workbench.optimisation._check import Kind, first, number, table, whole
from workbench.optimisation.blocks import Blocks

DUTIES: Mapping[str, Kind] = {
    "block_id": "text",
    "sequence": "whole",
    "trip_id": "text",
    "start_s": "number",
    "end_s": "number",
    "energy_kwh": "number",
    "place": "text",
    "until_s": "number",
}


@dataclass(frozen=True, kw_only=True)
class Battery:
    """
    A vehicle's battery.

    Parameters
    ----------
    capacity_kwh
        What it holds.
    charge_kw
        Power of a charger, net of losses.
    reserve
        Share of the capacity that must never be used, 0 to less than 1.
    """

    capacity_kwh: float
    charge_kw: float
    reserve: float = 0.2

    def __post_init__(self) -> None:
        number("capacity_kwh", self.capacity_kwh, above=0)
        number("charge_kw", self.charge_kw, above=0)
        if number("reserve", self.reserve, least=0) >= 1:
            raise BadParameter(f"`reserve` must be a share below 1, not {self.reserve:g}.")

    @property
    def usable_wh(self) -> int:
        """What a full one may give, whole Wh."""
        return math.floor(self.capacity_kwh * (1 - self.reserve) * 1000 + 1e-6)


@dataclass(frozen=True)
class ChargingPlan:
    """
    How electric vehicles run given blocks.

    Attributes
    ----------
    extra_vehicles
        Vehicles beside one for each block; 0 when the blocks can be run as they are.
    lower_bound
        No plan of this kind takes fewer; the same as `extra_vehicles` when that is proved.
    reliefs
        block_id, after_trip_id, next_trip_id: where a full vehicle takes over.
    charges
        block_id, after_trip_id, place, from_s, to_s, energy_kwh (what the vehicle takes in).
    energy
        block_id, sequence, trip_id, before_kwh, after_kwh: what the battery holds above its reserve.
    """

    extra_vehicles: int
    lower_bound: int
    reliefs: pl.DataFrame = field(repr=False)
    charges: pl.DataFrame = field(repr=False)
    energy: pl.DataFrame = field(repr=False)


def duties_of(blocks: Blocks, trip_km: Mapping[str, float], *, kwh_per_km: float) -> pl.DataFrame:
    """
    What blocks ask of a battery.

    Parameters
    ----------
    blocks
        From `vehicle_blocks`.
    trip_km
        Length of each trip, km.
    kwh_per_km
        Consumption, in service and empty alike.

    Returns
    -------
    DataFrame
        block_id, sequence, trip_id, start_s, end_s, energy_kwh (of the trip and the empty way to it), place
        (where the vehicle waits after it) and until_s (when it must leave from there for the next trip; the
        end of the trip for the last).

    Raises
    ------
    DataRejected
        A trip has no length.
    BadParameter
        A length or the consumption is not above 0.
    """
    rate = number("kwh_per_km", kwh_per_km, above=0)
    for trip in blocks.trips["trip_id"]:
        if trip not in trip_km:
            raise DataRejected(f"Trip '{trip}' has no length: give its kilometres.")
        number(f"trip_km['{trip}']", trip_km[trip], above=0)
    reach = blocks.links.select("block_id", pl.col("sequence") + 1, "deadhead_km")
    leave = blocks.links.select("block_id", "sequence", "deadhead_s")
    rows = blocks.trips.join(reach, on=["block_id", "sequence"], how="left", maintain_order="left")
    rows = rows.join(leave, on=["block_id", "sequence"], how="left", maintain_order="left")
    driven = pl.col("trip_id").replace_strict(dict(trip_km), return_dtype=pl.Float64)
    following = pl.col("start_s").shift(-1).over("block_id") - pl.col("deadhead_s")
    return rows.select(
        "block_id",
        "sequence",
        "trip_id",
        "start_s",
        "end_s",
        ((driven + pl.col("deadhead_km").fill_null(0.0)) * rate).alias("energy_kwh"),
        pl.col("end_stop").alias("place"),
        following.fill_null(pl.col("end_s")).alias("until_s"),
    )


def charging_plan(
    duties: pl.DataFrame,
    chargers: Mapping[str, int],
    battery: Battery,
    *,
    shortest_charge_s: float = 120.0,
    step_s: int = 60,
    turnaround_s: float | None = None,
    effort: float = 5.0,
) -> ChargingPlan:
    """
    Charges and reliefs with the fewest vehicles beside one for each block.

    Parameters
    ----------
    duties
        From `duties_of`. Vehicles start the day full.
    chargers
        Place and how many vehicles can charge there at once; none elsewhere.
    battery
        The vehicles' battery.
    shortest_charge_s
        Least length of a charge, plugging in and out included, s.
    step_s
        Charges last a multiple of this many seconds.
    turnaround_s
        Time from the end of its last trip until a relieved vehicle is full and may relieve another, s; never
        on the same day where not given.
    effort
        How long to search for each of the three aims, in the solver's deterministic time (about seconds), so
        that results do not depend on the machine.

    Returns
    -------
    plan
        With the bound that tells whether it is proved to have the fewest.

    Raises
    ------
    DataRejected
        A column or value is missing, a block's trips overlap, or a trip needs more than a full battery gives.
    BadParameter
        A parameter is out of its bounds.
    CheckFailed
        No plan was found within the effort.
    EngineMissing
        OR-Tools is not installed.
    """
    rows = _checked(duties, battery)
    for place, count in chargers.items():
        whole(f"chargers['{place}']", count, least=0)
    whole("step_s", step_s, least=1)
    gain_wh = math.floor(battery.charge_kw * step_s / 3.6 + 1e-6)
    if not gain_wh:
        raise BadParameter(
            f"{battery.charge_kw:g} kW give less than 1 Wh in `step_s` {step_s}: make it longer."
        )
    model = ChargingModel(
        rows,
        chargers,
        full_wh=battery.usable_wh,
        gain_wh=gain_wh,
        least_steps=max(1, math.ceil(number("shortest_charge_s", shortest_charge_s, least=0) / step_s)),
        step_s=step_s,
        turnaround_s=None
        if turnaround_s is None
        else math.ceil(number("turnaround_s", turnaround_s, least=0)),
    )
    extra, bound = model.solve(number("effort", effort, above=0))
    return ChargingPlan(extra, bound, *model.read())


def _checked(duties: pl.DataFrame, battery: Battery) -> pl.DataFrame:
    rows = table(duties, DUTIES, "the duties").sort("block_id", "sequence")
    same = (rows["block_id"] == rows["block_id"].shift(1)).fill_null(value=False)
    said = ("trip_id", "block_id")
    for bad, why in (
        (rows["energy_kwh"] < 0, "uses a negative energy"),
        (rows["end_s"] <= rows["start_s"], "does not end after it starts"),
        (rows["until_s"] < rows["end_s"], "must leave its last stop before it gets there"),
        (rows["trip_id"].is_duplicated(), "is in the duties more than once"),
        (same & (rows["sequence"] == rows["sequence"].shift(1)), "has the same sequence as the one before"),
        (same & (rows["start_s"] < rows["until_s"].shift(1)), "starts before its vehicle can be there"),
    ):
        if (row := first(bad)) >= 0:
            trip, block = rows.select(said).row(row)
            raise DataRejected(f"Trip '{trip}' of block '{block}' {why}: mend the duties.")
    if (row := first((rows["energy_kwh"] * 1000).ceil() > battery.usable_wh)) >= 0:
        raise DataRejected(
            f"Trip '{rows['trip_id'][row]}' needs {rows['energy_kwh'][row]:g} kWh, and a full battery gives "
            f"{battery.usable_wh / 1000:g} kWh: no number of vehicles runs it."
        )
    return rows
