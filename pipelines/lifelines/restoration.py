"""In which order to repair what an event damaged, what that saves, and how sure that is."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import field_validator

from pipelines.lifelines import fields
from pipelines.lifelines.restoration_brief import write_brief
from pipelines.lifelines.restoration_case import Case, case_of
from pipelines.lifelines.words import words
from workbench._text import Text
from workbench.briefs import Brief
from workbench.domains import Decision, Measures, Parameters, parameter
from workbench.lifelines import FLOW_UNITS

SYSTEMS = tuple(FLOW_UNITS)
DESIRED = {
    "water": (24.0, 168.0, 336.0),
    "power": (24.0, 72.0, 336.0),
    "gas": (72.0, 168.0, 336.0),
    "oil": (72.0, 168.0, 336.0),
    "telecom": (24.0, 72.0, 168.0),
    "road": (24.0, 72.0, 336.0),
}
MOST_CREWS, MOST_HOURS = 200, 100_000.0


def _crews(default: int, system: str, zh: str) -> Any:
    return parameter(default, f"Crews that repair {system}", f"{zh}抢修队数", "crews", ge=1, le=MOST_CREWS)


class RestorationParameters(Parameters):
    """What is damaged, who repairs it, and how soon service should be back."""

    damaged: tuple[str, ...] = parameter(
        (),
        "Damaged assets by id (or system:id) in the order of report; drawn by seed where none is named",
        "受损设施编号（或 系统:编号），按报告先后；不填则按种子抽取",
    )
    hazard: Literal["earthquake", "random"] = parameter(
        "earthquake", "Event that damages where no list is given", "未给清单时造成损坏的事件"
    )
    magnitude: float = fields.magnitude(6.5)
    centre: tuple[float, float] = parameter(
        (-10.0, 8.0),
        "Epicentre: km to the east and north of the middle of the city",
        "震中：相对城市中心的东向与北向距离",
        "km",
    )
    depth_km: float = fields.depth_km()
    vs30: float = fields.vs30()
    range_km: float = fields.range_km()
    share: float = parameter(
        0.01,
        "Share of all assets that a random event damages",
        "随机事件损坏的设施比例",
        "share",
        gt=0,
        le=0.5,
    )
    most: int = parameter(
        40,
        "Damaged assets planned for: those whose loss alone takes most people's services",
        "纳入计划的受损设施上限（取单独失效影响最大者）",
        "assets",
        ge=1,
        le=300,
    )
    crews: int | None = parameter(
        None,
        "Crews in one pool for all systems; each system has its own if empty",
        "统一调度的抢修队数；不填则各系统自有",
        "crews",
        ge=1,
        le=MOST_CREWS,
    )
    water_crews: int = _crews(3, "water", "供水")
    power_crews: int = _crews(3, "power", "供电")
    gas_crews: int = _crews(2, "gas", "供气")
    oil_crews: int = _crews(1, "oil", "供油")
    telecom_crews: int = _crews(2, "telecom", "通信")
    road_crews: int = _crews(2, "roads", "道路")
    speed_kmh: float = parameter(
        20.0,
        "Speed of crews between sites, in a straight line",
        "抢修队在各现场间的直线速度",
        "km/h",
        gt=0,
        le=200,
    )
    cv: float = parameter(
        0.5,
        "Coefficient of variation of repair times, around `repair_days` of the data",
        "抢修时长的变异系数（以数据中的抢修天数为均值）",
        "ratio",
        ge=0,
        le=2,
    )
    period_h: float = parameter(
        12.0,
        "Hours of a period where plans are made in whole periods",
        "按整周期编制计划时的周期长度",
        "h",
        ge=1,
        le=168,
    )
    method: Literal["search", "windows", "milp"] = parameter(
        "windows",
        "What the optimised order starts from besides the rules: nothing, windows of a simpler problem, or "
        "its best plan; nothing in very large systems",
        "优化顺序除规则外的起点：无、简化问题的滚动窗口解，或其最优解；规模很大时均不用",
    )
    evaluations: int = parameter(
        3000, "Orders tried by the search at most", "搜索至多试算的顺序数", "", ge=10, le=1_000_000
    )
    node_limit: int = parameter(
        200,
        "Nodes of the tree after which the programme stops",
        "整数规划搜索树节点上限",
        "",
        ge=0,
        le=1_000_000,
    )
    replications: int = parameter(
        60, "Runs with other repair times", "以不同抢修时长模拟的次数", "runs", ge=10, le=5_000
    )
    desired: dict[str, tuple[float, float, float]] | None = parameter(
        None,
        "Hours within which 50, 90 and 100 % of each service should be back; invented round ones if empty",
        "各系统服务恢复至50%、90%、100%的期望时限；不填则用内置的虚构整数",
        "h",
    )
    wanted: float = parameter(
        0.9, "How surely that should be so", "期望达到的把握", "probability", ge=0.5, le=0.99
    )
    close: float = parameter(
        0.01,
        "Difference that does not matter, as a share of what is lost without a plan",
        "可忽略的差异（占无计划时损失的比例）",
        "share",
        ge=0,
        le=0.5,
    )
    service_value: float | None = fields.service_value()
    planning_cost: float = parameter(
        0.0, "Cost of making and keeping to a plan", "编制并执行计划的成本", "CNY", ge=0
    )

    @field_validator("desired")
    @classmethod
    def _rising(
        cls, desired: dict[str, tuple[float, float, float]] | None
    ) -> dict[str, tuple[float, float, float]] | None:
        for system, hours in (desired or {}).items():
            if system not in SYSTEMS:
                raise ValueError(f"must name systems out of {', '.join(SYSTEMS)}, not '{system}'")
            if not 0 <= hours[0] <= hours[1] <= hours[2] <= MOST_HOURS:
                raise ValueError(f"hours of {system} must not fall from 50 to 90 to 100 %, from 0 on")
        return desired

    @property
    def crews_of(self) -> int | dict[str, int]:
        """Crews of all, or by system."""
        if self.crews is not None:
            return self.crews
        return {system: int(getattr(self, f"{system}_crews")) for system in SYSTEMS}

    @property
    def goals(self) -> dict[str, tuple[float, float, float]]:
        """Hours within which 50, 90 and 100 % of each system's service should be back."""
        return DESIRED if self.desired is None else self.desired


class Restoration(Decision):
    """Compare orders of repair on the same simulated repair times."""

    name: ClassVar[str] = "lifelines.restoration"
    domain: ClassVar[str] = "lifelines"
    project: ClassVar[str] = "V18"
    title: ClassVar[Text] = Text("In which order to repair lifelines", "生命线设施的抢修顺序")
    question: ClassVar[Text] = Text(
        "After this event, in which order should what is damaged be repaired, with these crews: how much "
        "service does the order save, when is each service back, and how sure is that?",
        "该事件之后，以现有抢修队应按何种顺序修复受损设施？可挽回多少服务？各项服务何时恢复？把握有多大？",
    )
    decision_maker: ClassVar[Text] = words("restoration").text("restoration.maker")
    use_for: ClassVar[Text] = words("restoration").text("restoration.use_for")
    not_for: ClassVar[Text] = words("restoration").text("restoration.not_for")
    required: ClassVar[tuple[str, ...]] = ("nodes", "edges")
    optional: ClassVar[tuple[str, ...]] = ("dependencies", "zones")
    needs: ClassVar[tuple[str, ...]] = ("numba", "scipy", "simpy")
    Parameters: ClassVar[type[Parameters]] = RestorationParameters

    def answer(self, measures: Measures, parameters: Any) -> Brief:
        """Find what is damaged, plan its repair in several ways, and simulate each."""
        case: Case = case_of(measures, parameters)
        return write_brief(self, measures, case)
