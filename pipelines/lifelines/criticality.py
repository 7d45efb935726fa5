"""Which assets hurt most when they are lost, alone and through what leans on them."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import field_validator

from pipelines.lifelines.criticality_brief import write_brief
from pipelines.lifelines.criticality_case import Case, case_of
from pipelines.lifelines.words import words
from workbench._text import Text
from workbench.briefs import Brief
from workbench.domains import Decision, Measures, Parameters, parameter
from workbench.lifelines import FLOW_UNITS

SYSTEMS = tuple(FLOW_UNITS)


class CriticalityParameters(Parameters):
    """Which assets are judged, on which bad days, and how many can be looked after."""

    k: int = parameter(10, "Assets that can be looked after", "可重点保障的设施数", "assets", ge=1, le=100)
    systems: tuple[str, ...] = parameter(
        (), "Systems whose assets are judged; all where none is named", "参与评判的系统；不填则为全部"
    )
    through_others: bool = parameter(
        True, "Count what fails because it depends on the asset", "计入因依赖该设施而连带失效的影响"
    )
    others_down: float = parameter(
        0.005,
        "Share of all other assets that are out at the same time, on a bad day",
        "恶劣日其他设施同时停运的比例",
        "share",
        ge=0,
        le=0.2,
    )
    days: int = parameter(120, "Bad days drawn", "抽取的恶劣日数", "days", ge=10, le=5_000)
    contenders: int = parameter(
        40,
        "Assets compared on the bad days: those that hurt most when lost alone",
        "在恶劣日比较的设施数（单独失效影响最大者）",
        "assets",
        ge=2,
        le=500,
    )
    resamples: int = parameter(
        2000, "How many times the days are resampled", "对日期重抽样的次数", ge=200, le=50_000
    )

    @field_validator("systems")
    @classmethod
    def _known(cls, systems: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [one for one in systems if one not in SYSTEMS]
        if unknown or len(set(systems)) != len(systems):
            raise ValueError(f"must be different names out of {', '.join(SYSTEMS)}")
        return systems


class Criticality(Decision):
    """Rank assets by the people who lose a service when the asset is lost."""

    name: ClassVar[str] = "lifelines.criticality"
    domain: ClassVar[str] = "lifelines"
    project: ClassVar[str] = "V18"
    title: ClassVar[Text] = Text("Which lifeline assets matter most", "最关键的城市生命线设施")
    question: ClassVar[Text] = Text(
        "Which assets hurt most when they are lost, alone and through other systems, and how sure is that?",
        "哪些设施一旦失效，自身及经其他系统造成的影响最大？把握有多大？",
    )
    decision_maker: ClassVar[Text] = words("criticality").text("criticality.maker")
    use_for: ClassVar[Text] = words("criticality").text("criticality.use_for")
    not_for: ClassVar[Text] = words("criticality").text("criticality.not_for")
    required: ClassVar[tuple[str, ...]] = ("nodes", "edges")
    optional: ClassVar[tuple[str, ...]] = ("dependencies",)
    needs: ClassVar[tuple[str, ...]] = ("numba", "scipy")
    Parameters: ClassVar[type[Parameters]] = CriticalityParameters

    def answer(self, measures: Measures, parameters: Any) -> Brief:
        """Lose every asset, then the worst of them on bad days, and rank them."""
        case: Case = case_of(measures, parameters)
        return write_brief(self, measures, case)
