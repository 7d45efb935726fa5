"""What to double so that every site has the availability promised, and what the next cable buys."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipelines.lifelines.availability_brief import write_brief
from pipelines.lifelines.availability_case import Case, case_of
from pipelines.lifelines.words import words
from workbench._text import Text
from workbench.briefs import Brief
from workbench.domains import Decision, Measures, Parameters, parameter


class ClassRate(BaseModel):
    """How often assets of a class fail, a year and asset (a year and kilometre where they have a length)."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    failures: float = Field(gt=0, le=1000)
    hours: float = Field(gt=0, le=10_000)


class AvailabilityParameters(Parameters):
    """Which network, what it promises, what doubling costs, and what is supposed where nothing is known."""

    system: Literal["telecom", "power", "water", "gas", "oil", "road"] = parameter(
        "telecom", "Network that is judged", "评判的网络"
    )
    promise: float = parameter(
        0.9995, "Availability that every site is to have", "承诺每处站点达到的可用性", "share", ge=0.5, lt=1
    )
    sure: float = parameter(
        0.9,
        "Chance wanted that the promise is kept at every site",
        "希望各站点均兑现承诺的概率",
        "share",
        ge=0.5,
        le=0.99,
    )
    parts: Literal["both", "links", "nodes"] = parameter("both", "What can be doubled", "可加倍的部分")
    common_cause: float = parameter(
        0.1,
        "Share of failures that take both of two at once",
        "同时影响两套设施的故障比例（共因）",
        "share",
        ge=0,
        le=1,
    )
    budget: float | None = parameter(
        None, "Most that may be spent; no limit if empty", "最多投入", "CNY", gt=0
    )
    most: int = parameter(80, "Most assets that may be doubled", "最多加倍的设施数", "assets", ge=1, le=1000)
    cost_per_km: float = parameter(
        400_000.0,
        "Cost of doubling a link, a kilometre, where the tables have none",
        "数据无费用时每公里链路的加倍费用",
        "CNY",
        gt=0,
    )
    cost_per_node: float = parameter(
        300_000.0,
        "Cost of doubling a node where the tables have none",
        "数据无费用时每个节点的加倍费用",
        "CNY",
        gt=0,
    )
    table_costs: bool = parameter(
        True,
        "Take the cost of hardening in the tables for that of doubling",
        "以数据中的加固费用代替加倍费用",
    )
    new_links: bool = parameter(True, "Compare new links on new routes as well", "同时比较新路由上的新链路")
    reach_km: float = parameter(
        4.0, "Longest new link looked at", "所考虑新链路的最大长度", "km", gt=0, le=1000
    )
    winding: float = parameter(
        1.3, "Length of a new route over the straight line", "新路由长度与直线距离之比", "ratio", ge=1, le=5
    )
    repair_factor: float = parameter(
        0.5,
        "Repair times under faster repair, as a share of today's",
        "加快抢修后的修复时间占现状的比例",
        "share",
        gt=0,
        lt=1,
    )
    faster_repair_cost: float | None = parameter(
        None,
        "What faster repair costs a year; not compared by cost if empty",
        "加快抢修每年费用",
        "CNY",
        gt=0,
    )
    life_years: int = parameter(
        25, "Years over which doubling is written off", "加倍投资的摊销年限", "years", ge=1, le=60
    )
    discount_rate: float = parameter(0.06, "Social discount rate", "社会折现率", "share", ge=0, le=1)
    failures_per_km: float = parameter(
        0.15,
        "Failures a year and kilometre of links without a register",
        "无登记记录的链路每年每公里故障次数",
        "",
        gt=0,
        le=1000,
    )
    failures_per_node: float = parameter(
        0.2,
        "Failures a year of other assets without a register",
        "无登记记录的其他设施每年故障次数",
        "",
        gt=0,
        le=1000,
    )
    repair_h: float = parameter(
        6.0,
        "Mean hours to repair where no repair is on record",
        "无修复记录时的平均修复时间",
        "h",
        gt=0,
        le=10_000,
    )
    rates: dict[str, ClassRate] | None = parameter(
        None,
        "Failures a year (and km) and hours to repair by class, in place of the register's",
        "按类别给定的年（公里）故障次数与修复小时数，替代登记数据",
        min_length=1,
    )
    resamples: int = parameter(
        1000, "How many times the rates are drawn", "对故障率与修复时间的抽样次数", "", ge=200, le=50_000
    )
    samples: int = parameter(
        4000,
        "States tried for each number of assets down at once of which not all are tried",
        "每种同时故障数下抽取的状态数（不能全部枚举时）",
        "",
        ge=100,
        le=200_000,
    )


class Availability(Decision):
    """Choose the links and nodes to double so that every site has the availability promised."""

    name: ClassVar[str] = "networks.availability"
    domain: ClassVar[str] = "lifelines"
    project: ClassVar[str] = "E22"
    also_for: ClassVar[tuple[str, ...]] = ("S04",)
    title: ClassVar[Text] = Text(
        "What to double for the availability promised", "为兑现承诺的可用性应加倍哪些设施"
    )
    question: ClassVar[Text] = Text(
        "Which links and nodes must be doubled so that every site has the availability promised, which "
        "failure cuts capacity most, and what does the next cable buy?",
        "哪些链路和节点必须加倍，才能使各站点达到承诺的可用性？哪处故障使容量下降最多？下一条线缆能带来什么？",
    )
    decision_maker: ClassVar[Text] = words("availability").text("availability.maker")
    use_for: ClassVar[Text] = words("availability").text("availability.use_for")
    not_for: ClassVar[Text] = words("availability").text("availability.not_for")
    required: ClassVar[tuple[str, ...]] = ("nodes", "edges")
    optional: ClassVar[tuple[str, ...]] = ("incidents", "registers", "zones")
    needs: ClassVar[tuple[str, ...]] = ("numba", "scipy", "networkx")
    Parameters: ClassVar[type[Parameters]] = AvailabilityParameters

    def answer(self, measures: Measures, parameters: Any) -> Brief:
        """Draw the rates, choose what to double, and compare it with faster repair and other choices."""
        case: Case = case_of(measures, parameters)
        return write_brief(self, measures, case)
