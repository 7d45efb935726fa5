"""Sections made of what the methods of `workbench.decisions` return."""

import datetime as dt

import numpy as np
import pytest

from workbench.briefs import Head, Phrase, Text, modelcard
from workbench.briefs.appraisal import alternatives, certainty, cost_benefit, equity, graded, ranking
from workbench.decisions import (
    CashFlow,
    Discounting,
    Option,
    Options,
    Outcome,
    Samples,
    appraise,
    by_group,
    rank,
)
from workbench.errors import BadParameter
from workbench.simulation import Streams

COST = Outcome("cost", "CNY", Text("Cost", "成本"), "less")
LABELS = {"now": Text("Today", "现状"), "more": Text("More", "加密"), "less": Text("Fewer", "减少")}


def cells(table):
    """Cells as printed in English, with plain spaces."""
    texts = [
        [table.cell_text(cell, Head("x", Text("X")), "en", level=True) for cell in row.cells]
        for row in table.rows
    ]
    return [[text.replace("\u00a0", " ") for text in row] for row in texts]


def test_alternatives_say_what_was_left_out():
    options = Options(
        [
            Option(
                "now", LABELS["now"], "do_nothing", also_minimum=Text("no duty asks more", "无更高法定要求")
            ),
            Option("more", LABELS["more"]),
            Option("tram", Text("Tram", "有轨电车"), screened_out=Text("costs too much", "造价过高")),
        ]
    )
    section = alternatives(options)
    assert cells(section.tables[0]) == [
        ["Today", "do nothing, which is also the minimum", "compared"],
        ["More", "option", "compared"],
        ["Tram", "option", "costs too much"],
    ]
    assert "no duty asks more" in section.prose[0].text("en")


@pytest.fixture(scope="module")
def verdict():
    rng = np.random.default_rng(1)
    days = rng.normal(0, 1, 30)
    costs = np.column_stack([days + 10, days + rng.normal(9, 0.3, 30), days + rng.normal(9.05, 0.3, 30)])
    samples = Samples.paired({"cost": costs}, ("now", "more", "less"))
    return rank(samples, COST, streams=Streams(3), delta=0.05)


def test_ranking_prints_the_chances_of_the_verdict(verdict):
    section = ranking(verdict, LABELS, unit="CNY")
    table = section.tables[0]
    assert [row.cells[0] for row in table.rows] == [LABELS[name] for name in verdict.order]
    best = [row.cells[1].value for row in table.rows]
    assert sum(best) == pytest.approx(1)
    assert [row.chosen for row in table.rows] == [True, False, False]
    assert ("cannot be told apart" in section.prose[0].text("en")) == (not verdict.separated)
    assert table.rows[0].cells[-1].value == 1 + int(verdict.ranks[verdict.names.index(verdict.best)].argmax())


def test_cost_benefit_prints_what_was_appraised():
    flow = CashFlow(
        "buses", 2026, "CNY", 2026, {"vehicles": [100.0, 10.0, 10.0]}, {"time": [0.0, 90.0, 90.0]},
        (Text("quieter streets", "街道更安静"),),
    )  # fmt: skip
    found = appraise(flow, Discounting.flat(0.04), optimism_bias=0.2)
    lines = {"vehicles": Text("vehicles", "车辆"), "time": Text("time saved", "节省时间")}
    section = cost_benefit(found, base=LABELS["now"], labels=lines)
    by_id = {number.id: number.value for number in section.quantities()}
    factors = np.array([1, 1 / 1.04, 1 / 1.04**2])
    npv = np.array([0, 90, 90]) @ factors - 1.2 * np.array([100, 10, 10]) @ factors
    assert by_id["cb.npv"] == pytest.approx(npv)
    assert by_id["cb.rate.0"] == 0.04
    assert "quieter streets" in section.prose[0].text("en")


def test_equity_names_the_worst_off_or_says_it_cannot():
    rng = np.random.default_rng(2)
    wait = Outcome("wait", "min", Text("Wait", "等待"), "less")
    values = {"north": rng.normal(5, 1, 40), "south": rng.normal(9, 1, 40), "west": [6.0, 7.0]}
    found = by_group(values, wait, {"north": 100, "south": 50, "west": 10}, streams=Streams(4))
    labels = {name: Text(name, name) for name in values}
    section = equity(found, labels)
    assert section.prose[0].text("en").startswith("Worst off: south")
    west = section.tables[0].rows[2].cells
    assert west[2].value is None
    few = by_group({"a": [1.0, 2.0], "b": [2.0, 3.0]}, wait, {"a": 1, "b": 1}, streams=Streams(4))
    assert "cannot be told" in equity(few, {"a": labels["north"], "b": labels["south"]}).prose[0].text("en")


@pytest.mark.parametrize(
    ("given", "grade", "reasons"),
    [
        ({}, "high", ()),
        ({"quality": ["green", "amber"]}, "moderate", ("bias",)),
        ({"turns_at": 1.5}, "moderate", ("imprecision",)),
        ({"turns_at": 3.0}, "high", ()),
        ({"interval": None, "stand_in": True}, "low", ("imprecision", "indirectness")),
        (
            {"interval": None, "stand_in": True, "halves_agree": None},
            "very_low",
            ("imprecision", "indirectness", "inconsistency"),
        ),
        (
            {"quality": ["red"], "interval": None, "stand_in": True, "halves_agree": False},
            "very_low",
            ("bias", "imprecision", "indirectness", "inconsistency"),
        ),
    ],
)
def test_certainty_is_lowered_once_for_each_reason(given, grade, reasons):
    usual = {
        "quality": ["green"],
        "interval": (1.0, 2.0),
        "turns_at": None,
        "stand_in": False,
        "halves_agree": True,
    }
    one = graded(Text("Wait", "等待"), **(usual | given))
    assert (one.grade, one.reasons) == (grade, reasons)


def test_certainty_is_listed():
    usual = {
        "quality": ["red"],
        "interval": (1.0, 2.0),
        "turns_at": None,
        "stand_in": True,
        "halves_agree": True,
    }
    section = certainty([graded(Text("Wait", "等待"), **usual)])
    assert cells(section.tables[0]) == [["Wait", "low", "risk of bias, indirectness"]]


class TestRobustness:
    @pytest.fixture(scope="class")
    @classmethod
    def inputs(cls):
        from workbench.decisions import Inputs, UncertainInput

        basis = Text("counts", "计数")
        return Inputs(
            [
                UncertainInput("demand", 0.5, 1.5, "", Text("Demand", "客流"), "uniform", 1.0, basis),
                UncertainInput("cost", 100, 300, "CNY", Text("Cost", "成本"), "uniform", 200, basis),
            ]
        )

    def test_sensitivity_prints_all_three_methods(self, inputs):
        pytest.importorskip("SALib")
        from workbench.briefs.robustness import sensitivity
        from workbench.decisions import morris, sobol, tornado

        def saving(values):
            return 100 * values[:, 0] - 0.1 * values[:, 1]

        section = sensitivity(
            inputs,
            what=Text("Saving", "节省"),
            unit="CNY",
            tornado=tornado(inputs, saving),
            screening=morris(inputs, saving, 10, Streams(1)),
            indices=sobol(inputs, saving, 64, Streams(1)),
        )
        by_id = {number.id: number.value for number in section.quantities()}
        assert by_id["tornado.demand.high"] - by_id["tornado.demand.low"] == pytest.approx(100)
        assert by_id["morris.demand"] == pytest.approx(100)
        assert by_id["sobol.total.demand"] == pytest.approx(100**2 / (100**2 + 20**2), abs=0.1)
        assert section.prose[0].text("en").startswith("What moves it most: Demand")

    def test_futures_say_where_it_fails_in_plain_words(self, inputs):
        from workbench.briefs.robustness import futures
        from workbench.decisions import compare_robustness, discover

        values = inputs.sample(400, Streams(5))
        more = np.where(values[:, 0] < 0.75, -10.0, 10.0)
        outcomes = np.column_stack([np.zeros(400), more])
        fails = discover(values, more < 0, inputs.names, Streams(5))
        robust = compare_robustness(outcomes, ("now", "more"), target=0.0)
        labels = {"now": LABELS["now"], "more": LABELS["more"]}
        section = futures(
            count=400, fails=fails, robustness=robust, inputs=inputs, labels=labels, recommended="more"
        )
        told = " ".join(each.text("en") for each in section.prose)
        assert "Demand is below 0.7" in told
        assert "400\u00a0futures were tried" in told
        none = discover(values, np.zeros(400, bool), inputs.names, Streams(5))
        said = futures(
            count=400, fails=none, robustness=robust, inputs=inputs, labels=labels, recommended="more"
        )
        assert "best in all of them" in said.prose[1].text("en")

    def test_information_names_what_to_measure(self, inputs):
        from workbench.briefs.robustness import information
        from workbench.decisions import value_of_information

        values = inputs.sample(600, Streams(6))
        benefit = np.column_stack([np.zeros(600), values[:, 0] - 0.95])
        found = value_of_information(benefit, ("now", "more"), values, inputs.names, Streams(6))
        prose, table = information(found, inputs=inputs, unit="CNY")
        assert prose.text("en") == "To be measured next, by what it is worth: Demand."
        assert table.rows[0].cells[0].en == "everything"

    def test_the_register_says_what_expired_and_who_waived_it(self):
        from workbench.briefs.robustness import register
        from workbench.decisions import Register, assume

        fare = assume(
            "fare",
            Text("Fare stays", "票价不变"),
            Text("tariff", "票价表"),
            "green",
            "red",
            "Bureau",
            who="L. Chen",
            since=dt.date(2025, 1, 1),
            expires=dt.date(2025, 12, 31),
            value=2.0,
            unit="CNY",
            tested=(1.0, 3.0),
        )
        effects = {"fare": Phrase("the order stays", "名次不变")}
        section = register(
            Register([fare]), on=dt.date(2026, 1, 1), waived={"fare": "W. Li"}, effects=effects
        )
        (row,) = cells(section.tables[0])
        assert row[:4] == ["Fare stays", "green", "red", "1 CNY"]
        assert row[4:] == ["3 CNY", "the order stays", "Bureau", "expired, waived by W. Li"]


class TestModelCard:
    def test_all_rows_in_order(self):
        from workbench.briefs.modelcard import ELSEWHERE, STRESS, model_card

        said = {key: Text(f"about {key}", "说明") for key in STRESS if key not in ELSEWHERE and key != "code"}
        table = model_card(said).tables[0]
        assert [row.cells[0] for row in table.rows] == list(STRESS.values()) == sorted(STRESS.values())
        assert cells(table)[0] == ["1.1", "Purpose", "about purpose"]
        assert ["3.3", "Input parameters", "see item 10 of this record"] in cells(table)
        with pytest.raises(BadParameter, match=r"leaves out queues, entry_exit"):
            model_card({key: one for key, one in said.items() if key not in ("queues", "entry_exit")})

    def test_a_model_without_a_score_does_not_enter(self):
        from workbench.briefs.modelcard import validation

        with pytest.raises(BadParameter, match="back-cast or a hold-out score"):
            validation([], [])


class TestShares:
    @pytest.mark.parametrize(
        ("value", "printed"),
        [(0.9995, "99.95"), (0.99999, "99.999"), (0.5, "50"), (0.005, "0.5"), (1, "100")],
    )
    def test_a_share_that_was_set_prints_as_it_was_set(self, value, printed):
        described = [{"name": "promise", "description": "Promise", "unit": "share", "default": 0.9}]
        (table,) = modelcard.inputs(described, {"promise": value}).tables
        assert table.rows[0].cells[1].text("en").rstrip("%") == printed
