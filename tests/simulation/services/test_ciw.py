"""Ciw, an independent simulator, agrees on the wait of every customer from the same draws."""

import math

import ciw
import numpy as np
import pytest

from workbench.simulation import Streams
from workbench.simulation.services.day import Arrivals
from workbench.simulation.services.kernel import run_kernel

N = 400


def draws(name, mean):
    """Times that are multiples of 1/1024 s, so that sums of them are exact in both."""
    drawn = Streams(11).generator(name).exponential(mean, N)
    return np.ceil(drawn * 1024) / 1024


def in_ciw(kinds, servers, priorities=None, patience=None):
    """Records by kind in the order of arrival, from gaps between arrivals and service times of each kind."""
    more = {"priority_classes": priorities} if priorities else {}
    if patience:
        more["reneging_time_distributions"] = {name: [ciw.dists.Deterministic(patience)] for name in kinds}
    network = ciw.create_network(
        arrival_distributions={
            name: [ciw.dists.Sequential([*gaps, math.inf])] for name, (gaps, _) in kinds.items()
        },
        service_distributions={name: [ciw.dists.Sequential([*times])] for name, (_, times) in kinds.items()},
        number_of_servers=[servers],
        **more,
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(1e6)
    records = sorted(simulation.get_all_records(), key=lambda one: one.arrival_date)
    return {name: [one for one in records if one.customer_class == name] for name in kinds}


def ours(kinds, steps, priorities=None, patience=math.inf):
    at = np.concatenate([gaps.cumsum() for gaps, _ in kinds.values()])
    service = np.concatenate([times for _, times in kinds.values()])
    kind = np.repeat(np.arange(len(kinds)), N)
    rank = np.array([(priorities or {}).get(name, 0) for name in kinds])[kind]
    order = np.argsort(at, kind="stable")
    columns = at[order], kind[order], service[order], np.full(len(at), patience), rank[order]
    return run_kernel(Arrivals(*columns), steps)


@pytest.mark.parametrize("servers", [1, 4])
def test_waits_in_the_order_of_arrival(servers):
    kinds = {"all": (draws("gaps", 1.0), draws("services", 0.85 * servers))}
    theirs = [one.waiting_time for one in in_ciw(kinds, servers)["all"]]
    assert ours(kinds, [(0.0, servers)]).waits.tolist() == theirs


def test_waits_with_priorities():
    kinds = {
        "booked": (draws("booked gaps", 4.0), draws("booked services", 2.0)),
        "walk-in": (draws("walk-in gaps", 2.0), draws("walk-in services", 2.4)),
    }
    priorities = {"booked": 0, "walk-in": 1}
    theirs = in_ciw(kinds, 2, priorities)
    visits = ours(kinds, [(0.0, 2)], priorities)
    for place, name in enumerate(kinds):
        assert visits.waits[visits.arrivals.kind == place].tolist() == [
            one.waiting_time for one in theirs[name]
        ]
    assert visits.waits[visits.arrivals.kind == 0].mean() < visits.waits[visits.arrivals.kind == 1].mean() / 2


def test_who_leaves_when_patience_is_lost():
    gaps = draws("gaps", 1.0)
    records = in_ciw({"all": (gaps, draws("services", 2.4))}, 2, patience=3.0)["all"]
    served = np.array([one.record_type == "service" for one in records])
    times = np.array([one.service_time if kept else 1.0 for one, kept in zip(records, served, strict=True)])
    visits = ours({"all": (gaps, times)}, [(0.0, 2)], patience=3.0)  # Ciw draws a service when it begins
    assert (visits.fate == 0).tolist() == served.tolist()
    assert visits.waits.tolist() == [one.waiting_time for one in records]
    assert 20 < (visits.fate == 1).sum() < N
