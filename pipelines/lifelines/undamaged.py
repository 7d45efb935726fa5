"""The city before anything fails: who lacks a service even then, and what is odd about its networks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from pipelines.lifelines.losses import Losses
from pipelines.lifelines.words import system_name, words
from workbench.briefs import Confidence, Phrase, Quantity, Source
from workbench.errors import DataRejected
from workbench.lifelines import Finding, InterdependentSystem, LifelineNetwork, check

if TYPE_CHECKING:
    from workbench.domains import Measures

NAME = "undamaged"
"""Name of the frame that a run keeps of it, where it is told."""
TOLD, MUCH = 0.01, 0.05
"""Share of services lacking from which an answer says so, and from which no answer is better than low."""


@dataclass(frozen=True)
class Undamaged:
    """
    What people have before anything fails.

    Attributes
    ----------
    system
        The networks.
    people, without
        By layer: people at the nodes with a demand, and those of them whom its service does not reach. Who
        has two services counts twice.
    findings
        What is odd about the networks, by layer.
    """

    system: InterdependentSystem
    people: dict[str, float]
    without: dict[str, float]
    findings: dict[str, tuple[Finding, ...]]

    @property
    def share(self) -> float:
        """Share of services that reach nobody."""
        return sum(self.without.values()) / sum(self.people.values())

    def keep(self, measures: Measures) -> None:
        """Put it beside the measures where it is told, so that its numbers can be traced."""
        if self.share >= TOLD:
            columns = {"layer": list(self.people), "people": list(self.people.values())}
            measures.made[NAME] = pl.DataFrame(columns | {"without": list(self.without.values())})

    def points(self) -> tuple[Phrase, ...]:
        """Warn where more than a few lack a service already: the answer is about the rest."""
        if self.share < TOLD:
            return ()
        worst = max(self.without, key=lambda layer: self.without[layer])
        system = system_name(self.system.layers[worst].system)
        values = {"people": sum(self.people.values()), "without": sum(self.without.values())}
        counts = {
            name: Quantity(f"{NAME}.{name}", value, "persons", decimals=0, source=Source(NAME, name, {}))
            for name, value in values.items()
        }
        return (words().phrase("undamaged.point", system=system, **counts),)

    def confidence(self, found: Confidence) -> Confidence:
        """No more than low where many lack a service already, which is more likely a gap in the data."""
        if self.share < MUCH or found.word in ("low", "cannot_tell"):
            return found
        rule = words().phrase(
            "undamaged.rule",
            share=Quantity(f"{NAME}.share", self.share, "share", source=Source(NAME, "without", {})),
            much=Quantity(f"{NAME}.much", MUCH, "share"),
        )
        return replace(found, word="low", rule=rule)

    def limits(self) -> tuple[Phrase, ...]:
        """What is odd about the networks, a sentence each."""
        layers = self.system.layers
        return tuple(one for name, findings in self.findings.items() for one in odd(layers[name], findings))


def odd(network: LifelineNetwork, findings: Iterable[Finding]) -> Iterator[Phrase]:
    """Say what is odd about a network, a sentence for each finding."""
    for one in findings:
        yield words().phrase("undamaged.finding", system=system_name(network.system), said=one.said)


def undamaged(losses: Losses) -> Undamaged:
    """
    Look at a city before anything fails.

    Parameters
    ----------
    losses
        How people without a service are counted.

    Raises
    ------
    DataRejected
        Nobody is served.
    BadNetwork
        A network has a demand and no source.
    """
    layers = losses.system.layers
    findings = {name: check(network) for name, network in layers.items()}
    arrays = {name: network.arrays for name, network in layers.items()}
    people = {name: float(one.people[one.demand > 0].sum()) for name, one in arrays.items()}
    without = dict(zip(layers, losses.before.tolist(), strict=True))
    if not sum(people.values()) - sum(without.values()) > 0:
        raise nobody_served()
    return Undamaged(losses.system, people, without, findings)


def nobody_served() -> DataRejected:
    """Refuse a city in which nobody has a service that could be lost."""
    return DataRejected(
        "Nobody is served in the undamaged city: give the people at the nodes with a demand (column "
        "`people` of the table 'nodes'), and check the sources and capacities."
    )
