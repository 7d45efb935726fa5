"""Who lacks a service before anything fails: counted, told in the answer, and never believed."""

import pytest

from pipelines.lifelines.decide import Criticality, CriticalityParameters, Hardening, HardeningParameters
from pipelines.lifelines.losses import Losses
from pipelines.lifelines.network import city
from pipelines.lifelines.restoration import Restoration, RestorationParameters
from pipelines.lifelines.undamaged import undamaged
from workbench.briefs import Confidence, Phrase
from workbench.domains import Measures
from workbench.errors import DataRejected
from workbench.lifelines import BadNetwork

COUNT = "60\u00a0people of 240\u00a0people"
HIGH = Confidence("high", Phrase("sure", "有把握"))
DECISIONS = [
    (Criticality, CriticalityParameters(days=10, contenders=5, resamples=200)),
    (
        Hardening,
        HardeningParameters(k=1, events=60, refits=10, resamples=200, magnitude=7.5, centre=(0.0, 0.0)),
    ),
    (Restoration, RestorationParameters(damaged=("l1",), replications=10, method="search")),
]


@pytest.fixture
def chain(city_of):
    """Measures of a grid that feeds two stations, and a third that no line reaches, by people."""

    def made(first=100.0, second=80.0, apart=60.0, supply=9.0, capacity=None) -> Measures:
        station = {
            "system": "power",
            "asset_class": "station",
            "fragility_class": "substation_low_voltage",
            "y": 0.0,
            "demand": 1.0,
            "harden_cost": 1e6,
            "repair_days": 1.0,
        }
        grid = {"node_id": "grid", "kind": "source", "supply": supply, "demand": 0.0, "x": 0.0}
        if not supply:
            grid |= {"kind": "junction", "supply": None}
        nodes = [station | grid]
        for x, (name, people) in enumerate({"a": first, "b": second, "c": apart}.items(), start=1):
            nodes.append(station | {"node_id": name, "people": people, "x": 900.0 * x})
        line = {"system": "power", "asset_class": "line", "repair_days": 1.0, "capacity": capacity}
        edges = [
            line | {"edge_id": "l1", "from_node_id": "grid", "to_node_id": "a"},
            line | {"edge_id": "l2", "from_node_id": "a", "to_node_id": "b"},
        ]
        return city_of(nodes=nodes, edges=edges)

    return made


def of(measures):
    return undamaged(Losses(city(measures)))


def test_people_are_counted_by_hand(chain):
    found = of(chain())
    assert found.people == {"power": 240.0}
    assert found.without == {"power": 60.0}
    assert found.share == 0.25
    assert [one.rule for one in found.findings["power"]] == ["unconnected_sink"]


def test_it_is_told_and_nothing_is_more_than_low(chain):
    found = of(chain())
    (point,) = found.points()
    assert COUNT in point.text("en")
    assert "供电" in point.text("zh")
    assert found.confidence(HIGH).word == "low"
    assert "25%" in found.confidence(HIGH).rule.text("en")
    unsure = Confidence("cannot_tell", HIGH.rule)
    assert found.confidence(unsure) == unsure


@pytest.mark.parametrize(
    ("apart", "told", "word"), [(0.0, 0, "high"), (1.0, 0, "high"), (5.0, 1, "high"), (20.0, 1, "low")]
)
def test_few_people_do_not_drown_an_answer(chain, apart, told, word):
    found = of(chain(apart=apart))
    assert len(found.points()) == told
    assert found.confidence(HIGH).word == word


def test_nobody_served_is_refused(chain):
    with pytest.raises(DataRejected, match="Nobody is served in the undamaged city"):
        of(chain(first=0.0, second=0.0))
    with pytest.raises(DataRejected, match="check the sources and capacities"):
        of(chain(capacity=0.0))
    with pytest.raises(BadNetwork, match="no source in service"):
        of(chain(supply=0.0))


@pytest.mark.parametrize(("decision", "parameters"), DECISIONS, ids=lambda one: getattr(one, "name", ""))
def test_every_answer_says_so_and_its_numbers_are_kept(chain, decision, parameters):
    measures = chain()
    answer = decision().answer(measures, parameters).answer
    assert COUNT in answer.points[0].text("en")
    assert answer.confidence.word in ("low", "cannot_tell")
    assert measures.made["undamaged"].rows() == [("power", 240.0, 60.0)]


@pytest.mark.parametrize(("decision", "parameters"), DECISIONS, ids=lambda one: getattr(one, "name", ""))
def test_a_whole_city_needs_no_word_of_it(chain, decision, parameters):
    measures = chain(apart=0.0)
    answer = decision().answer(measures, parameters).answer
    assert all("undamaged" not in quantity.id for point in answer.points for quantity in point.quantities())
    assert "undamaged" not in measures.made
