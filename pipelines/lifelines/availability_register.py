"""The register of failures of one network: counts by class in any part of its time, and what it did."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from workbench.lifelines import LifelineNetwork
from workbench.lifelines.solvers.connectivity import Connectivity

if TYPE_CHECKING:
    from workbench.domains import Measures

YEAR_H, HOUR_S, YEAR_MIN = 8766.0, 3600.0, 365.25 * 24 * 60
BLOCK = 2048


@dataclass(frozen=True, eq=False)
class Register:
    """
    Unplanned outages of a network's assets, while its register was complete.

    Attributes
    ----------
    network
        The network.
    outages
        `asset` (number in the network), `begins`, `ends` (hours from the register's first day; the end of the
        register where not yet restored), `restored`.
    first, days
        First day of the register, and how many days it covers.
    """

    network: LifelineNetwork
    outages: pl.DataFrame
    first: dt.date
    days: float

    @property
    def hours(self) -> float:
        """Hours that it covers."""
        return 24 * self.days

    def counts(self, classes: list[str], of: NDArray[np.int64], since: float, until: float) -> pl.DataFrame:
        """
        Failures and hours of repair by class, of what began within some hours.

        Parameters
        ----------
        classes, of
            Names of the classes, and the number of each asset's.
        since, until
            From which hour of the register to before which.
        """
        own = self.outages.filter((pl.col("begins") >= since) & (pl.col("begins") < until))
        number = of[own["asset"].to_numpy()]
        restored = own["restored"].to_numpy().astype(float)
        hours = (own["ends"] - own["begins"]).to_numpy() * restored
        return pl.DataFrame(
            {
                "asset_class": classes,
                "failures": np.bincount(number, minlength=len(classes)),
                "repaired": np.bincount(number, restored, minlength=len(classes)),
                "repair_h": np.bincount(number, hours, minlength=len(classes)),
            }
        )

    def replay(self, since: float, until: float) -> float:
        """
        Minutes a year that the mean inhabitant was without service, had only these assets failed.

        Parameters
        ----------
        since, until
            From which hour of the register to which.

        Returns
        -------
        minutes
            From every state that the outages made, for as long as it lasted; of the mean site where nobody is
            counted.
        """
        own = self.outages.filter((pl.col("ends") > since) & (pl.col("begins") < until))
        begins = np.clip(own["begins"].to_numpy(), since, until)
        ends = np.clip(own["ends"].to_numpy(), since, until)
        cuts = np.unique(np.concatenate([begins, ends, [since, until]]))
        site, solver = self.network.arrays.demand > 0, Connectivity(self.network)
        people = np.where(site, self.network.arrays.people, 0.0)
        people = people if people.sum() > 0 else site.astype(float)
        lasting, lost = np.diff(cuts), np.zeros(len(cuts) - 1)
        asset, from_, to = own["asset"].to_numpy(), np.searchsorted(cuts, begins), np.searchsorted(cuts, ends)
        for start in range(0, len(lasting), BLOCK):
            up = np.tile(self.network.intact, (min(BLOCK, len(lasting) - start), 1))
            for one, a, b in zip(asset, from_ - start, to - start, strict=True):
                up[max(a, 0) : max(b, 0), one] = False
            lost[start : start + len(up)] = (~solver.served_many(up)) @ people
        return float(lost @ lasting / people.sum() / (until - since) * YEAR_MIN)


def register_of(measures: Measures, network: LifelineNetwork) -> Register | None:
    """Read the register of a network; None where none was given, or it covers no time."""
    if not (measures.has("incidents") and measures.has("registers")):
        return None
    system = network.system
    registers = measures.clean("registers").gather().filter(pl.col("system") == system)
    if registers.is_empty():
        return None
    first, last = registers["observed_from"][0], registers["observed_to"][0]
    incidents = measures.clean("incidents").gather().filter(pl.col("system") == system)
    origin, end = (dt.datetime.combine(day, dt.time()) for day in (first, last))
    assets = pl.DataFrame(
        {"asset_id": list(network.asset_ids), "asset": np.arange(network.size, dtype=np.int64)}
    )
    within = (pl.col("started") >= origin) & (pl.col("started") < end) & (pl.col("cause") != "planned")
    hours = [
        ((when - origin).dt.total_seconds() / HOUR_S).alias(name)
        for name, when in (
            ("begins", pl.col("started")),
            ("ends", pl.min_horizontal(pl.col("restored").fill_null(end), pl.lit(end))),
        )
    ]
    outages = (
        incidents.filter(within)
        .join(assets, on="asset_id", how="inner")
        .select("asset", *hours, pl.col("restored").is_not_null().alias("restored"))
        .sort("begins", "asset", "ends")
    )
    return Register(network, outages, first, float((last - first).days))
