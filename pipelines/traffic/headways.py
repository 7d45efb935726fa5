"""How often a line should run, with what vehicles, and whether holding is worth it: by simulation."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from pipelines.traffic.headway_case import Case, HeadwaysParameters, back_scenarios, build
from pipelines.traffic.headway_options import moved, refuse_unfit, today_and_others
from pipelines.traffic.headway_words import headway_words
from workbench._text import Text
from workbench.briefs import Brief
from workbench.briefs.scope import whole
from workbench.domains import Decision, Measures, Parameters
from workbench.errors import UnknownName
from workbench.simulation.transit.scenario import LineScenario

if TYPE_CHECKING:
    from pipelines.traffic.headway_costs import Costs
    from workbench.simulation.runs import Runs

CHANGES: Mapping[str, Mapping[str, float]] = {
    "demand_down": {"demand_factor": 0.8},
    "demand_up": {"demand_factor": 1.2},
    "running_down": {"running_time_factor": 0.9},
    "running_up": {"running_time_factor": 1.1},
    "dwell_up": {"boarding": 1.25},
}


class Headways(Decision):
    """Simulate a line under options for its headway, vehicles and holding, on the same days."""

    name: ClassVar[str] = "traffic.headways"
    domain: ClassVar[str] = "traffic"
    project: ClassVar[str] = "L01"
    title: ClassVar[Text] = Text("How often a line should run", "线路应以多大间隔发车")
    question: ClassVar[Text] = Text(
        "How often should this line run, with which vehicles, and is holding worth it?",
        "这条线路应以多大间隔、用什么车辆运行？驻站控制是否值得？",
    )
    decision_maker: ClassVar[Text] = headway_words().text("headways.maker")
    use_for: ClassVar[Text] = headway_words().text("headways.use_for")
    not_for: ClassVar[Text] = headway_words().text("headways.not_for")
    required: ClassVar[tuple[str, ...]] = ("taps", "timetable")
    optional: ClassVar[tuple[str, ...]] = ("stops", "stop_visits")
    needs: ClassVar[tuple[str, ...]] = ("numba", "scipy", "ortools")
    Parameters: ClassVar[type[Parameters]] = HeadwaysParameters
    scenario_kind: ClassVar[type[LineScenario]] = LineScenario

    def answer(self, measures: Measures, parameters: Any) -> Brief:
        """Build the line and its demand, simulate the options, price them and see how sure the order is."""
        from pipelines.traffic.headway_brief import write_brief
        from workbench.simulation import Experiment

        p: HeadwaysParameters = parameters
        case = build(measures, p)
        scenarios = dict(p.scenarios) if p.scenarios else today_and_others(case.model.line, case.capacity)
        if p.baseline not in scenarios:
            raise UnknownName("option", p.baseline, scenarios, "The parameter `baseline` names one of them.")
        refuse_unfit(case.model, scenarios)
        experiment = Experiment(case.model, scenarios, seed=p.seed)
        experiment.check()
        run = partial(experiment.run, p.replications)
        if p.precision is not None:
            run = partial(
                experiment.run_until,
                "mean_wait_s",
                p.precision,
                relative=True,
                at_most=max(2000, p.replications),
            )
        runs = run(workers=self.workers)
        back = back_scenarios(case, scenarios, house=not p.scenarios)
        costs = self._priced(case, runs, scenarios, back, p)
        measures.made["headway_runs"] = runs.frame
        measures.made["headway_costs"] = costs.frame
        changed = self._changed(case, scenarios, back, p) if whole() else {}
        return write_brief(self, measures, p, case, scenarios, back, runs, costs, changed)

    def _priced(
        self,
        case: Case,
        runs: Runs,
        scenarios: Mapping[str, LineScenario],
        back: Mapping[str, LineScenario],
        p: HeadwaysParameters,
    ) -> Costs:
        from pipelines.traffic.headway_costs import fleets, priced

        line = case.model.line
        needs = fleets(runs, scenarios, line, p.layover_s, back=case.back, back_scenarios=back)
        return priced(runs, scenarios, needs, p)

    def _changed(
        self,
        case: Case,
        scenarios: Mapping[str, LineScenario],
        back: Mapping[str, LineScenario],
        p: HeadwaysParameters,
    ) -> dict[str, tuple[str, float]]:
        """The cheapest option and its chance, had demand, running times or dwell been otherwise."""
        from workbench.simulation import Experiment

        found = {}
        for name, change in CHANGES.items():
            here = {one: moved(scenario, change) for one, scenario in scenarios.items()}
            both = {one: moved(scenario, change) for one, scenario in back.items()}
            runs: Runs = Experiment(case.model, here, seed=p.seed).run(
                max(10, p.replications // 3), workers=self.workers
            )
            costs = self._priced(case, runs, here, both, p)
            found[name] = (costs.best, costs.chance_of(costs.best))
        return found
