"""Domains and decisions are found by name, and measures are made once, when asked for."""

from importlib.metadata import EntryPoint
from pathlib import Path

import narwhals as nw
import polars as pl
import pytest

from workbench import domains
from workbench._text import Text
from workbench.data.contract import Contract
from workbench.domains import (
    Decision,
    Domain,
    Measure,
    Measures,
    decisions_by_project,
    load_decision,
    load_domain,
)
from workbench.errors import EngineMissing, UnknownName, WorkbenchError


@pytest.fixture
def installed(monkeypatch):
    """Pretend that somebody's package offers something."""

    def offer(group, name, value):
        point = EntryPoint(name, value, group)
        monkeypatch.setattr(domains, "entry_points", lambda group: [point] if group == point.group else [])

    return offer


class TestFinding:
    def test_the_traffic_domain(self):
        domain = load_domain("traffic")
        assert isinstance(domain, Domain)
        assert isinstance(domain.contract, Contract)
        assert domain.contract is domain.contract
        assert {"taps", "road_speeds", "timetable"} <= set(domain.contract.tables)
        assert domain.sample_data is not None
        assert domain.sample_data.is_dir()

    @pytest.mark.parametrize("name", ["traffic.congestion", "traffic.crowding"])
    def test_its_decisions(self, name):
        decision = load_decision(name)
        assert issubclass(decision, Decision)
        assert (decision.name, decision.domain, decision.project) == (name, "traffic", "L01")
        assert decision.title.zh
        assert decision.question.zh
        assert {*decision.required, *decision.optional} <= set(load_domain("traffic").contract.tables)

    def test_they_are_listed_by_project(self):
        found = {
            project: [one.name for one in several] for project, several in decisions_by_project().items()
        }
        assert {"traffic.congestion", "traffic.crowding"} <= set(found["L01"])

    @pytest.mark.parametrize(
        ("load", "name", "said"),
        [
            (load_domain, "trafic", "No domain is called 'trafic'. Nearest: traffic."),
            (load_domain, "Traffic", "Nearest: traffic."),
            (load_domain, "zzz", "Known: lifelines, traffic"),
            (load_decision, "traffic.congestoin", "Nearest: traffic.congestion"),
            (load_decision, "", "`workbench plan` lists them."),
        ],
    )
    def test_an_unknown_name_tells_the_nearest(self, load, name, said):
        with pytest.raises(UnknownName) as refused:
            load(name)
        assert said in refused.value.message
        assert refused.value.exit_code == 2

    def test_a_package_that_is_not_there_is_named(self, installed, tmp_path, monkeypatch):
        (tmp_path / "waterworks.py").write_text("import no_such_package.pumps\n")
        monkeypatch.syspath_prepend(tmp_path)
        installed("workbench.domains", "water", "waterworks:domain")
        with pytest.raises(EngineMissing, match="pip install no_such_package") as refused:
            load_domain("water")
        assert refused.value.exit_code == 5

    @pytest.mark.parametrize(
        ("value", "said"),
        [
            ("workbench.domains:nothing", "cannot be loaded"),
            ("no_such_package:domain", "cannot be loaded (No module named 'no_such_package')"),
            ("workbench.domains:Measure", "not a `workbench.domains.Domain`"),
        ],
    )
    def test_an_entry_point_that_is_wrong_is_named(self, installed, value, said):
        installed("workbench.domains", "water", value)
        with pytest.raises(WorkbenchError) as refused:
            load_domain("water")
        assert f"The entry point 'water' ({value})" in refused.value.message
        assert said in refused.value.message

    def test_a_decision_that_is_none_is_named(self, installed):
        installed("workbench.decisions", "water.leaks", "workbench.domains:Measures")
        with pytest.raises(WorkbenchError, match=r"not a `workbench\.domains\.Decision`"):
            load_decision("water.leaks")


class TestMeasures:
    @pytest.fixture
    def made(self, engines, tmp_path):
        """Two measures that share an intermediate, and a note of what was made."""
        engine, calls = engines("polars"), []

        def doubled(m):
            def double():
                calls.append("doubled")
                return m.clean("counts").each(lambda frame: frame.with_columns(nw.col("n") * 2))

            return m.kept("doubled", double)

        def total(m):
            calls.append("total")
            return doubled(m).by(["k"], lambda frame: frame.group_by("k").agg(nw.col("n").sum()))

        def largest(m):
            calls.append("largest")
            return doubled(m).by(["k"], lambda frame: frame.group_by("k").agg(nw.col("n").max()))

        known = [
            Measure("total", ("counts",), total),
            Measure("largest", ("counts",), largest),
            Measure("other", ("counts", "more"), total),
        ]
        counts = pl.DataFrame({"k": ["b", "a", "b"], "n": [1, 2, 3]})
        tables = {"counts": engine.table(counts)}
        return Measures({one.name: one for one in known}, tables, tmp_path), calls

    def test_nothing_is_made_before_it_is_asked_for(self, made):
        measures, calls = made
        assert (calls, measures.made) == ([], {})

    def test_each_is_made_once_and_sorted(self, made):
        measures, calls = made
        assert measures["total"].rows() == [("a", 4), ("b", 8)]
        assert measures["total"] is measures["total"]
        assert measures["largest"].rows() == [("a", 4), ("b", 6)]
        assert calls == ["total", "doubled", "largest"]
        assert list(measures.made) == ["total", "largest"]

    def test_only_those_whose_tables_are_there_are_possible(self, made):
        measures, _ = made
        assert measures.possible() == ["total", "largest"]
        assert measures.has("counts")
        assert not measures.has("more")

    def test_an_unknown_measure_or_table_tells_the_nearest(self, made):
        measures, _ = made
        with pytest.raises(UnknownName, match=r"No measure is called 'totl'\. Nearest: total"):
            measures["totl"]
        with pytest.raises(UnknownName, match="No clean table is called 'count'"):
            measures.clean("count")


def test_a_domain_without_a_sample_or_feed():
    domain = Domain("empty", Path("nowhere"), (), Text("Empty", "空"))
    assert (domain.sample, domain.sample_data, domain.more, domain.known) == ("", None, None, {})
