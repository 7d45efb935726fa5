"""One comparison of riders with places, and what every option leaves above them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipelines.traffic.crowding_options import Offers, offers
from pipelines.traffic.crowding_ways import Burden, Floats, scales, unknowns
from pipelines.traffic.recording import FUTURES
from pipelines.traffic.words import record_words
from workbench._text import Text
from workbench.decisions import Inputs, Outcome, Samples, Verdict, rank, resample_ratio
from workbench.simulation import Streams

if TYPE_CHECKING:
    from pipelines.traffic.cells import Cells, Ranking
    from pipelines.traffic.crowding import CrowdingParameters
    from pipelines.traffic.names import LineNames
    from pipelines.traffic.service import Regularity
    from workbench.domains import Measures


@dataclass(frozen=True, eq=False)
class Case:
    """
    What the brief was made from; whatever else the record needs is worked out when first asked for.

    Riders above places are those above `limit` times the places, each once in every section and quarter-hour.
    """

    measures: Measures
    p: CrowdingParameters
    cells: Cells
    ranking: Ranking
    lines: list[Regularity]
    names: LineNames

    @property
    def streams(self) -> Streams:
        """Randomness of the record."""
        return Streams(self.p.seed).child("record")

    @property
    def last_day(self) -> dt.date:
        """Last day of the data."""
        return max(self.measures["load_profile"]["service_date"].to_list())

    @property
    def first(self) -> dict[str, Any]:
        """The fullest section and quarter-hour, as the brief names it."""
        return self.cells.row(self.ranking.order[0])

    @cached_property
    def offers(self) -> Offers:
        """Places under each option."""
        m, targets = self.measures, self.ranking.over or self.ranking.order[:1]
        supply, patterns = m["scheduled_supply"], m["line_patterns"]
        return offers(self.cells, targets, supply, patterns, capacity=self.p.capacity)

    @property
    def options(self) -> tuple[str, ...]:
        """Options compared, today's timetable first."""
        return self.offers.names

    @cached_property
    def labels(self) -> dict[str, Text]:
        """What each option is called."""
        return {name: record_words().text(f"crowding.option.{name}") for name in self.options}

    @property
    def outcome(self) -> Outcome:
        """What options are judged by."""
        return Outcome("above", "persons", record_words().text("crowding.above"), "less")

    @cached_property
    def above(self) -> Floats:
        """Riders above places by day and option, shape (days, options)."""
        riders, limit = self.cells.riders, self.p.limit
        each = (np.maximum(riders - limit * self.offers.places[name], 0.0) for name in self.options)
        return np.column_stack([one.sum(axis=1) for one in each])

    @property
    def ahead(self) -> str:
        """The option that leaves the fewest above places, the plainest of equals."""
        return self.options[int(self.above.mean(axis=0).argmin())]

    @cached_property
    def drawn(self) -> Floats | None:
        """The same over resampled days, shape (resamples, options); None where the days are too few."""
        if not self.cells.enough:
            return None
        streams, ones = self.streams.child("days"), np.ones_like(self.above)
        return resample_ratio(self.above, ones, streams=streams, resamples=self.p.resamples)

    @cached_property
    def verdict(self) -> Verdict | None:
        """Options ranked over the days; None where the days are too few."""
        if not self.cells.enough:
            return None
        samples = Samples.paired({self.outcome.name: self.above}, self.options)
        return rank(samples, self.outcome, streams=self.streams.child("rank"))

    @cached_property
    def inputs(self) -> Inputs:
        """What is not known."""
        return unknowns(self.p, self.measures, self.lines)

    @cached_property
    def burdens(self) -> tuple[Burden, ...]:
        """Riders above places as a function of what is not known, by option."""
        places = self.offers.places.values()
        return tuple(Burden.of(self.cells.riders, self.p.limit * one) for one in places)

    @cached_property
    def tried(self) -> Floats:
        """Futures tried, shape (futures, inputs)."""
        return self.inputs.sample(FUTURES, self.streams)

    @cached_property
    def left(self) -> Floats:
        """Riders above places in each future, shape (futures, options)."""
        return self.leaves(self.tried)

    def leaves(self, values: Floats) -> Floats:
        """Riders above places for values of the inputs, shape (runs, options)."""
        factors = scales(values, self.p.sample_share)
        return np.column_stack([one.above(*factors) for one in self.burdens])

    def still_ahead(self, left: Floats) -> NDArray[np.bool_]:
        """Whether none leaves fewer than the option ahead, given what each leaves; equals but rounding."""
        least = left.min(axis=1)
        return np.asarray(left[:, self.options.index(self.ahead)] <= least + 1e-9 * np.maximum(least, 1.0))

    def today(self, values: Floats) -> Floats:
        """Riders above places of today's timetable, shape (runs,)."""
        return self.burdens[0].above(*scales(values, self.p.sample_share))

    def fullest(self, values: Floats) -> Floats:
        """Share of the places taken in the fullest section, shape (runs,)."""
        riders, places, _ = scales(values, self.p.sample_share)
        return np.asarray(float(self.first["factor"]) * riders / places)
