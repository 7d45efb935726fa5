"""Which assets to harden against a hazard within a budget, what that saves, and how sure that is."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import model_validator

from pipelines.lifelines import fields
from pipelines.lifelines.hardening_brief import write_brief
from pipelines.lifelines.hardening_case import Case, case_of
from pipelines.lifelines.words import words
from workbench._text import Text
from workbench.briefs import Brief
from workbench.domains import Decision, Measures, Parameters, parameter


class HardeningParameters(Parameters):
    """Which hazard, how many assets or how much money, on how many events it is chosen and judged."""

    hazard: Literal["earthquake", "flood", "wind", "age"] = parameter(
        "earthquake", "Hazard to harden against", "需抵御的灾害"
    )
    magnitude: float = fields.magnitude(6.0)
    depth_km: float = fields.depth_km()
    vs30: float = fields.vs30()
    range_km: float = fields.range_km()
    centre: tuple[float, float] = parameter(
        (-10.0, 8.0),
        "Epicentre or centre of the storm: km to the east and north of the middle of the city",
        "震中或风暴中心：相对城市中心的东向与北向距离",
        "km",
    )
    absolute: bool = parameter(
        False, "Whether the centre is given in the coordinates of the data instead", "中心是否以数据坐标给出"
    )
    level_m: float = parameter(
        4.0,
        "Level of the flood, on the datum of `elevation_m`",
        "洪水位（与高程同一基准）",
        "m",
        ge=-500,
        le=9000,
    )
    level_sd_m: float = parameter(
        0.5,
        "How far levels or mapped depths differ from event to event (standard deviation)",
        "各次事件水位或淹没深度的标准差",
        "m",
        ge=0,
        le=20,
    )
    flood_map: str | None = parameter(
        None,
        "Map of flood depths in place of a level: ESRI grid (.asc) or GeoJSON polygons with `depth_m`",
        "代替水位的淹没深度图文件：栅格或多边形",
        min_length=1,
    )
    gust_m_s: float = parameter(45.0, "Greatest gust of the storm", "风暴最大阵风", "m/s", gt=0, le=120)
    radius_km: float = parameter(
        30.0, "Distance from the centre at which it blows", "最大风速半径", "km", gt=0, le=500
    )
    gust_sd: float = parameter(
        0.1,
        "How far gusts differ from event to event (standard deviation of the logarithm)",
        "各次事件阵风对数的标准差",
        ge=0,
        le=1,
    )
    age_year: int | None = parameter(
        None,
        "Year in which ages are taken; that of the last data if empty",
        "计算设施年龄的年份；不填则取数据末年",
        "year",
        ge=1900,
        le=2200,
    )
    curves: str | None = parameter(
        None,
        "CSV table of fragility curves by class, in place of those shipped",
        "按类别给定的易损性曲线表文件，替代内置曲线",
        min_length=1,
    )
    k: int = parameter(10, "Assets that can be hardened", "可加固的设施数", "assets", ge=1, le=200)
    budget: float | None = parameter(
        None, "Most that they may cost together; no limit if empty", "加固总预算；不填则不限", "CNY", gt=0
    )
    factor: float | None = parameter(
        2.0,
        "How many times as much a hardened asset bears; never fails if empty",
        "加固后承受能力的倍数；不填则视为不失效",
        gt=1,
        le=100,
    )
    through_others: bool = parameter(
        True, "Count what fails because it depends on what failed", "计入因依赖失效设施而连带失效的影响"
    )
    solver: Literal["connectivity", "flow"] = parameter(
        "connectivity",
        "Whether a path is enough for service, or capacities count",
        "服务判定：连通即可，或计入容量",
    )
    events: int = parameter(400, "Events drawn", "抽取的事件数", "events", ge=20, le=20_000)
    samples: int = parameter(1, "Samples of damage in each event", "每次事件的损坏抽样数", "", ge=1, le=200)
    held_out: float = parameter(
        0.5,
        "Share of the events that judge and are not chosen on",
        "仅用于检验、不参与选择的事件比例",
        "share",
        ge=0.2,
        le=0.8,
    )
    contenders: int = parameter(
        40,
        "Assets looked at closely by each of three scores; all where they are fewer than twice as many",
        "按三种评分各取多少处设施作细致比较；不足两倍时全部比较",
        "assets",
        ge=2,
        le=2000,
    )
    refits: int = parameter(
        100,
        "How often the choice is made again from events drawn again",
        "以重抽样事件重新选择的次数",
        "",
        ge=10,
        le=2000,
    )
    close: float = parameter(
        0.02,
        "Difference that does not matter, as a share of what is lost without hardening",
        "可忽略的差异（占未加固损失的比例）",
        "share",
        ge=0,
        le=0.5,
    )
    service_value: float | None = fields.service_value()
    event_chance: float = parameter(
        0.005, "Chance of such an event in a year", "此类事件的年发生概率", "probability", gt=0, le=1
    )
    outage_days: float = parameter(
        7.0,
        "Days that a service stays lost in such an event, on average",
        "此类事件中服务平均中断天数",
        "d",
        gt=0,
        le=365,
    )
    life_years: int = parameter(30, "Years for which hardening holds", "加固有效年限", "years", ge=1, le=100)
    discount_rate: float = parameter(0.06, "Social discount rate", "社会折现率", "share", ge=0, le=1)
    optimism: float = parameter(
        0.0, "Uplift of costs for what estimates leave out", "成本乐观偏差上调比例", "share", ge=0, le=3
    )
    resamples: int = parameter(
        2000, "How many times the events are resampled", "对事件重抽样的次数", "", ge=200, le=50_000
    )

    @model_validator(mode="after")
    def _enough(self) -> HardeningParameters:
        judging = round(self.events * self.held_out)
        if min(judging, self.events - judging) < 5:
            raise ValueError(
                f"{self.events} events, of which a share of {self.held_out:g} judge, leave fewer than 5 on "
                "one side: draw more `events`"
            )
        return self


class Hardening(Decision):
    """Choose assets to harden on some events of a hazard, and judge the choice on others."""

    name: ClassVar[str] = "lifelines.hardening"
    domain: ClassVar[str] = "lifelines"
    project: ClassVar[str] = "V18"
    title: ClassVar[Text] = Text("Which lifeline assets to harden", "优先加固哪些生命线设施")
    question: ClassVar[Text] = Text(
        "Which assets should be hardened against this hazard within the budget, how much service does that "
        "save, and how sure is that?",
        "在预算内应加固哪些设施以抵御该灾害？可挽回多少服务？把握有多大？",
    )
    decision_maker: ClassVar[Text] = words("hardening").text("hardening.maker")
    use_for: ClassVar[Text] = words("hardening").text("hardening.use_for")
    not_for: ClassVar[Text] = words("hardening").text("hardening.not_for")
    required: ClassVar[tuple[str, ...]] = ("nodes", "edges")
    optional: ClassVar[tuple[str, ...]] = ("dependencies", "zones")
    needs: ClassVar[tuple[str, ...]] = ("numba", "scipy", "networkx")
    Parameters: ClassVar[type[Parameters]] = HardeningParameters

    def answer(self, measures: Measures, parameters: Any) -> Brief:
        """Draw events, choose on some of them, judge on the others."""
        case: Case = case_of(measures, parameters)
        return write_brief(self, measures, case)
