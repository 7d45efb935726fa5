"""Options, outcomes, constraints and samples: what is asked for, and what is refused."""

import numpy as np
import pytest

from workbench._text import Text
from workbench.decisions import Constraint, Option, Options, Outcome, Samples
from workbench.errors import BadParameter, UnknownName

WAIT = Outcome("wait", "s", Text("Wait", "候车时间"), "less")
NOTHING = Option("today", Text("Today", "现状"), "do_nothing")
LEAST = Option("repair", Text("Repair only"), "do_minimum")
MORE = Option("rebuild", Text("Rebuild"))
OUT = Option("move", Text("Move it"), screened_out=Text("No land within 5 km."))


class TestOptions:
    def test_those_screened_out_keep_their_reason_and_take_no_part(self):
        options = Options([NOTHING, LEAST, MORE, OUT])
        assert options.names == ("today", "repair", "rebuild")
        assert [each.name for each in options.screened_out] == ["move"]
        assert options["move"].screened_out.en == "No land within 5 km."
        assert (options.do_nothing, options.do_minimum) == (NOTHING, LEAST)
        assert list(options) == [NOTHING, LEAST, MORE, OUT]
        assert len(options) == 4

    def test_doing_nothing_may_be_the_minimum_if_it_says_why(self):
        both = Option("today", Text("Today"), "do_nothing", also_minimum=Text("No duty asks for more."))
        assert Options([both]).do_minimum is both

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ([LEAST, MORE], "one option of kind 'do_nothing'"),
            ([NOTHING, Option("now", Text("Now"), "do_nothing"), LEAST], "and there are 2"),
            ([NOTHING, MORE], "say in `also_minimum` of 'today' why"),
            ([NOTHING, LEAST, Option("patch", Text("Patch"), "do_minimum")], "one minimum, and there are 2"),
            ([NOTHING, LEAST, LEAST], "'repair'"),
            ([], "There is no option"),
        ],
    )
    def test_an_appraisal_without_its_baselines_is_refused(self, options, said):
        with pytest.raises(BadParameter) as refused:
            Options(options)
        assert said in refused.value.message

    @pytest.mark.parametrize(
        ("made", "said"),
        [
            (lambda: Option("", Text("Today")), "not empty"),
            (lambda: Option("a", "Today"), "must be a Text"),
            (lambda: Option("a", Text(" ")), "is empty"),
            (lambda: Option("a", Text("A"), screened_out=Text("")), "why 'a' was screened out is empty"),
            (
                lambda: Option("a", Text("A"), "do_nothing", screened_out=Text("Ugly")),
                "cannot be screened out",
            ),
            (lambda: Option("a", Text("A"), also_minimum=Text("Enough")), "Only doing nothing"),
            (lambda: Outcome("wait", "", Text("Wait"), "less"), "needs a unit"),
            (lambda: Constraint(WAIT), "one bound"),
            (lambda: Constraint(WAIT, at_most=1, at_least=0), "one bound"),
            (lambda: Constraint(WAIT, at_most=float("nan")), "must be a number"),
            (lambda: Constraint(WAIT, at_least=float("inf")), "must be a number"),
            (lambda: Constraint(WAIT, at_most="5"), "must be a number, not '5'"),
        ],
    )
    def test_what_says_too_little_is_refused(self, made, said):
        with pytest.raises(BadParameter) as refused:
            made()
        assert said in refused.value.message

    def test_unknown_names_offer_the_nearest(self):
        with pytest.raises(UnknownName, match="Nearest: repair"):
            Options([NOTHING, LEAST])["repiar"]
        with pytest.raises(UnknownName, match="Nearest: do_minimum"):
            Option("a", Text("A"), "do_minimun")
        with pytest.raises(UnknownName, match="No direction is called 'lower'"):
            Outcome("wait", "s", Text("Wait"), "lower")


class TestSamples:
    def test_columns_are_the_options_that_are_compared(self):
        samples = Samples.paired({"wait": [[1, 2, 3], [4, 5, 6]]}, Options([NOTHING, OUT, LEAST, MORE]))
        assert samples.names == ("today", "repair", "rebuild")
        assert list(samples.values("wait", "rebuild")) == [3, 6]
        assert list(samples.means("wait")) == [2.5, 3.5, 4.5]
        assert (samples.draws, samples.same_draws) == ((2, 2, 2), True)

    def test_options_may_have_draws_of_their_own(self):
        samples = Samples.independent(
            {"a": {"wait": [1, 2], "cost": [5, 6]}, "b": {"cost": [7, 8, 9], "wait": [1, 1, 4]}}
        )
        assert (samples.draws, samples.same_draws) == ((2, 3), False)
        assert list(samples.values("wait", "b")) == [1, 1, 4]
        assert list(samples.means("cost")) == [5.5, 8]

    @pytest.mark.parametrize(
        ("values", "options", "said"),
        [
            ({"wait": [[1, 2]]}, ("a", "b"), "At least 2 draws are needed, and there are 1"),
            ({"wait": [[1, 2], [3, 4]]}, ("a", "b", "c"), "shape (2, 2), and must have (draws, 3)"),
            ({"wait": [1, 2]}, ("a", "b"), "shape (2,)"),
            ({"wait": [[1, 2], [3]]}, ("a", "b"), "rows of one length"),
            ({"wait": [["x", 2], [3, 4]]}, ("a", "b"), "must be numbers"),
            ({"wait": [[1, np.nan], [3, 4]]}, ("a", "b"), "first at place [0, 1]"),
            ({"wait": [[1, 2], [np.inf, np.inf]]}, ("a", "b"), "2 of 4"),
            ({"wait": np.ones((3, 2)), "cost": np.ones((4, 2))}, ("a", "b"), "need the same draws"),
            ({"wait": np.ones((3, 2))}, ("a", "a"), "'a'"),
            ({"wait": np.ones((3, 0))}, (), "There is no option"),
            ({}, ("a",), "There is no outcome"),
        ],
    )
    def test_pairs_that_do_not_fit_are_refused(self, values, options, said):
        with pytest.raises(BadParameter) as refused:
            Samples.paired(values, options)
        assert said in refused.value.message

    @pytest.mark.parametrize(
        ("values", "said"),
        [
            ({}, "There is no option"),
            ({"a": {}}, "There is no outcome"),
            ({"a": {"wait": [1]}}, "there are 1 of 'a'"),
            ({"a": {"wait": [1, 2]}, "b": {"cost": [1, 2]}}, "give the same for all options"),
            ({"a": {"wait": [1, 2], "cost": [1, 2, 3]}}, "lists of one length"),
            ({"a": {"wait": [[1, 2]]}}, "lists of one length"),
            ({"a": {"wait": [1, None]}}, "missing or infinite"),
        ],
    )
    def test_draws_of_their_own_that_do_not_fit_are_refused(self, values, said):
        with pytest.raises(BadParameter) as refused:
            Samples.independent(values)
        assert said in refused.value.message

    def test_an_option_that_was_screened_out_has_no_draws(self):
        draws = {"wait": [1.0, 2.0]}
        options = Options([NOTHING, LEAST, OUT])
        assert Samples.independent({"repair": draws, "today": draws}, options).names == ("today", "repair")
        with pytest.raises(BadParameter, match=r"screened out \(No land within 5 km.\)"):
            Samples.independent({"today": draws, "repair": draws, "move": draws}, options)
        with pytest.raises(BadParameter, match="no draws of repair"):
            Samples.independent({"today": draws}, options)
        with pytest.raises(UnknownName, match="Nearest: repair"):
            Samples.independent({"today": draws, "repairs": draws}, options)

    def test_unknown_outcomes_and_options(self):
        samples = Samples.paired({"wait": np.ones((2, 1))}, ("a",))
        with pytest.raises(UnknownName, match="No outcome is called 'weight'"):
            samples.values("weight", "a")
        with pytest.raises(UnknownName, match="No option is called 'b'"):
            samples.values("wait", "b")
