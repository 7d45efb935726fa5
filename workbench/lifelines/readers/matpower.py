"""
MATPOWER cases, PGLib's among them, as power networks.

    network = read_matpower("pglib_opf_case118_ieee.m")     # nodes are buses, edges are branches, in MW
    case = read_case("pglib_opf_case118_ieee.m")            # with generators and their costs, for `dc_opf`
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import nearest
from workbench.lifelines.errors import BadNetwork
from workbench.lifelines.readers._matpowercase import (
    BR_R,
    BR_STATUS,
    BR_X,
    BUS_I,
    BUS_TYPE,
    COST,
    F_BUS,
    GEN_BUS,
    GEN_STATUS,
    GS,
    ISOLATED,
    MODEL,
    NCOST,
    PD,
    PG,
    PIECEWISE,
    PMAX,
    PMIN,
    POLYNOMIAL,
    RATE_A,
    REFERENCE,
    SHIFT,
    T_BUS,
    TAP,
    MatpowerCase,
)  # fmt: skip
from workbench.lifelines.readers._mfile import Table, read_mfile

if TYPE_CHECKING:
    from workbench.lifelines.model import LifelineNetwork

__all__ = ["MatpowerCase", "read_case", "read_matpower"]

_LEAST = {"bus": 13, "gen": 10, "branch": 11}
_NUMBERS = {
    "bus": {"bus_i": BUS_I, "type": BUS_TYPE, "Pd": PD, "Gs": GS},
    "gen": {"bus": GEN_BUS, "Pg": PG, "status": GEN_STATUS, "Pmax": PMAX, "Pmin": PMIN},
    "branch": {
        "fbus": F_BUS,
        "tbus": T_BUS,
        "r": BR_R,
        "x": BR_X,
        "ratio": TAP,
        "angle": SHIFT,
        "status": BR_STATUS,
    },
}


def read_matpower(path: str | Path) -> LifelineNetwork:
    """
    Read a MATPOWER case as a power network.

    Nodes are the buses, by their number: `supply` (MW, the greatest output of the generators in service; a
    negative load is a supply too), `demand` (MW, Pd; a generator whose greatest output is below 0 draws at
    least that much), `generation` (MW, as scheduled in the file, negative loads included), `shunt_mw` (drawn
    at nominal voltage), `slack` (the reference), `cost` (linear cost of a MWh, the mean by greatest output),
    `base_kv`, `zone`. Edges are the branches, "from-to", then "from-to:2" beside it: `capacity` (MW, from
    rateA in MVA; 0 is unlimited), `susceptance` (MW/rad, 1 / (x tap)), `x_pu`, `r_pu`, `tap`, `shift_deg`.

    Parameters
    ----------
    path
        File in MATPOWER's case format, version 2.

    Returns
    -------
    network
        In MW; buses of type 4 and branches of status 0 are not in service.

    Raises
    ------
    BadNetwork
        The file cannot be read, lacks a table, computes something, or has a bus that is there twice, a branch
        or generator at no bus, no reactance or a rating below 0; all mistakes, each with its line.

    References
    ----------
    .. [1] R. D. Zimmerman, C. E. Murillo-Sanchez and R. J. Thomas (2011), MATPOWER, IEEE Transactions on
       Power Systems 26; its User's Manual, appendix B.
    """
    return read_case(path).network()


def read_case(path: str | Path) -> MatpowerCase:
    """
    Read a MATPOWER case with its generators and their costs.

    Parameters
    ----------
    path
        File in MATPOWER's case format, version 2.

    Raises
    ------
    BadNetwork
        As `read_matpower`.
    """
    path = Path(path)
    tables, values, texts = read_mfile(path)
    found = []
    if str(values.get("version", "2")) not in ("2", "2.0"):
        found.append(
            f"it is a case of version {values['version']}: save it as version 2 with MATPOWER's `savecase`"
        )
    base = values.get("baseMVA")
    if not isinstance(base, float) or not 0 < base < np.inf:
        found.append("there is no `mpc.baseMVA` above 0: add it, such as `mpc.baseMVA = 100;`")
    for name, least in _LEAST.items():
        if name not in tables:
            known = nearest(f"mpc.{name}", [f"mpc.{one}" for one in tables])
            found.append(f"there is no table `mpc.{name}`: add it. {known}")
        elif tables[name].rows.shape[1] < least and len(tables[name].rows):
            line, width = tables[name].lines[0], tables[name].rows.shape[1]
            found.append(f"line {line}: `mpc.{name}` has {width} columns, not {least} or more")
    names = tuple(texts.get("bus_name", ()))
    if not found:
        found = list(_mistakes(tables))
        if names and len(names) != len(tables["bus"].rows):
            found.append(f"`mpc.bus_name` has {len(names)} names for {len(tables['bus'].rows)} buses")
    if found:
        raise BadNetwork(str(path), found)
    cost = tables["gencost"].rows if "gencost" in tables else None
    empty = {"gen": np.zeros((0, 21)), "branch": np.zeros((0, 13))}
    bus, gen, branch = (
        tables[one].rows if len(tables[one].rows) else empty[one] for one in ("bus", "gen", "branch")
    )
    return MatpowerCase(path.stem, float(base), bus, gen, branch, cost, names)  # type: ignore[arg-type]


def _mistakes(tables: dict[str, Table]) -> Iterator[str]:
    bus = tables["bus"]
    if not len(bus.rows):
        yield "`mpc.bus` has no row: give at least one bus"
        return
    missing = list(_not_numbers(tables))
    yield from missing
    if not missing:
        yield from _bus_mistakes(bus)
        known = [f"{number:g}" for number in np.unique(bus.rows[:, BUS_I])]
        yield from _gen_mistakes(tables["gen"], known)
        yield from _branch_mistakes(tables["branch"], known)
        if "dcline" in tables:
            for line, row in zip(tables["dcline"].lines, tables["dcline"].rows, strict=True):
                if row[2:3].any():
                    yield f"line {line}: `mpc.dcline` is not read: give its ends a load and a plant"
        if "gencost" in tables:
            yield from _cost_mistakes(tables["gencost"], len(tables["gen"].rows))


def _not_numbers(tables: dict[str, Table]) -> Iterator[str]:
    for name, columns in _NUMBERS.items():
        table = tables[name]
        for column, at in columns.items():
            for row in np.flatnonzero(~np.isfinite(table.rows[:, at])) if len(table.rows) else ():
                value = table.rows[row, at]
                yield f"line {table.lines[row]}: {column} of `mpc.{name}` is {value:g}: give a number"


def _bus_mistakes(bus: Table) -> Iterator[str]:
    first: dict[float, int] = {}
    for line, row in zip(bus.lines, bus.rows, strict=True):
        number = row[BUS_I]
        if number != round(number) or number < 1:
            yield f"line {line}: the bus number {number:g} is not a whole number above 0"
        if row[BUS_TYPE] not in (1, 2, REFERENCE, ISOLATED):
            yield f"line {line}: bus {number:g} has the type {row[BUS_TYPE]:g}, not 1, 2, 3 or 4"
        if number in first:
            yield f"line {line}: bus {number:g} is there twice, first in line {first[number]}: leave one out"
        first.setdefault(number, line)


def _gen_mistakes(gen: Table, known: list[str]) -> Iterator[str]:
    for line, row in zip(gen.lines, gen.rows, strict=True):
        bus = f"{row[GEN_BUS]:g}"
        if bus not in known:
            yield f"line {line}: a generator at bus {bus}, which is not in `mpc.bus`. {nearest(bus, known)}"
        if row[PMIN] > row[PMAX]:
            yield f"line {line}: the generator at bus {bus} has a Pmin above its Pmax"


def _branch_mistakes(branch: Table, known: list[str]) -> Iterator[str]:
    for line, row in zip(branch.lines, branch.rows, strict=True):
        ends = [f"{row[F_BUS]:g}", f"{row[T_BUS]:g}"]
        said = f"line {line}: branch {ends[0]}-{ends[1]}"
        for bus in ends:
            if bus not in known:
                yield f"{said} joins bus {bus}, which is not in `mpc.bus`. {nearest(bus, known)}"
        if ends[0] == ends[1]:
            yield f"{said} joins a bus to itself: leave it out or mend its ends"
        if row[BR_X] == 0 and row[BR_STATUS] > 0:
            yield f"{said} has a reactance x of 0: give one, or make one bus of the two"
        if not row[RATE_A] >= 0:
            yield f"{said} has a rateA of {row[RATE_A]:g}: give MVA, 0 where there is no limit"
        if row[TAP] < 0:
            yield f"{said} has a tap ratio of {row[TAP]:g}: give one above 0, or 0 for a line"


def _cost_mistakes(gencost: Table, generators: int) -> Iterator[str]:
    if len(gencost.rows) not in (generators, 2 * generators):
        line = gencost.lines[0] if gencost.lines else 0
        yield f"line {line}: `mpc.gencost` has {len(gencost.rows)} rows for {generators} generators"
    for line, row in zip(gencost.lines, gencost.rows, strict=True):
        model, count = (row[MODEL], row[NCOST]) if len(row) > COST else (np.nan, np.nan)
        wide = COST + count * (2 if model == PIECEWISE else 1)
        if model not in (PIECEWISE, POLYNOMIAL) or not count >= 0 or count != round(count) or wide > len(row):
            yield f"line {line}: a cost of model {model:g} with {count:g} terms in {len(row)} columns is none"
        elif not np.isfinite(row[COST : int(wide)]).all():
            yield f"line {line}: a cost is not finite: give money per MWh"
