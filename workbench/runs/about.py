"""What only people can say about a run: who owns the data, who decides, who checked it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from workbench._text import Text

if TYPE_CHECKING:
    from workbench.decisions import Register

Rating = Literal["green", "amber", "red"]
Said = str | dict[Literal["en", "zh"], str]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _said(says: str, zh: str, default: Any = "") -> Any:
    return Field(default, description=says, json_schema_extra={"zh": zh})


class TableAbout(_Strict):
    """Where a table comes from, and how well it suits the question."""

    owner: Said = _said("Who owns the data", "数据所有者")
    licence: Said = _said("Under which licence it may be used", "使用许可")
    basis: Said = _said("Lawful basis for using it", "使用的法律依据")
    extracted: dt.date | None = _said("When it was taken from its source", "提取日期", None)
    suitability: Rating | None = _said("How well it suits the question", "适用性", None)
    note: Said = _said("What a reader has to know about it", "说明")


class Person(_Strict):
    """Someone who answers for the brief, and since when."""

    name: str = Field(..., min_length=1, description="Name", json_schema_extra={"zh": "姓名"})
    date: dt.date = Field(..., description="Date", json_schema_extra={"zh": "日期"})


class Taken(_Strict):
    """Something taken for granted beyond what the decision itself assumes."""

    id: str = Field(..., min_length=1, description="Name", json_schema_extra={"zh": "编号"})
    statement: Said = Field(..., description="What is assumed", json_schema_extra={"zh": "假设内容"})
    basis: Said = Field(..., description="On what ground", json_schema_extra={"zh": "依据"})
    quality: Rating = Field(..., description="How good the ground is", json_schema_extra={"zh": "依据质量"})
    impact: Rating = Field(..., description="How much hangs on it", json_schema_extra={"zh": "影响程度"})
    owner: str = Field(
        ..., min_length=1, description="Who answers for it", json_schema_extra={"zh": "责任方"}
    )
    since: dt.date = Field(..., description="When it was written down", json_schema_extra={"zh": "登记日期"})
    expires: dt.date | None = _said("Last day on which it may be used", "有效期至", None)


class About(_Strict):
    """
    What people declare about a run, from a YAML file (`--about`).

    Its parts are printed in the brief's record; nothing is computed from them but the status: ASSURED with an
    assurer, APPROVED with an approver as well.
    """

    decision_maker: Said = _said("Who decides", "决策人")
    deadline: dt.date | None = _said("By when", "决策期限", None)
    data: dict[str, TableAbout] = _said("Where each table comes from", "各数据表的来源", {})
    analyst: Person | None = _said("Who analysed", "分析人", None)
    assurer: Person | None = _said("Who checked", "复核人", None)
    approver: Person | None = _said("Who approved", "批准人", None)
    log: list[Said] = _said("Decisions taken on the way", "过程中的决定", [])
    missing: list[Said] = _said("Missing data and stand-ins", "缺失数据与替代数据", [])
    assumptions: list[Taken] = _said(
        "What is assumed beyond what the decision itself assumes", "补充假设", []
    )
    waived: dict[str, str] = _said(
        "Expired assumptions waived, and by whom", "获准沿用的过期假设及批准人", {}
    )
    face_validity: Said = _said(
        "Who looked at the model's results and found them plausible", "结果合理性确认"
    )
    sunset: dt.date | None = _said("Last day on which the brief may be used", "简报有效期", None)

    def register(self) -> Register:
        """Return the assumptions declared, as `workbench.decisions` has them."""
        from workbench.decisions import Register, assume

        return Register(
            tuple(
                assume(
                    one.id,
                    text_of(one.statement),
                    text_of(one.basis),
                    one.quality,
                    one.impact,
                    one.owner,
                    who=one.owner,
                    since=one.since,
                    expires=one.expires,
                )
                for one in self.assumptions
            )
        )

    @property
    def status(self) -> Literal["DRAFT", "ASSURED", "APPROVED"]:
        """Who has answered for the brief."""
        if self.assurer is None:
            return "DRAFT"
        return "APPROVED" if self.approver is not None else "ASSURED"


def read_about(path: str | Path | None) -> About:
    """
    Read what people declare; nothing where there is no file.

    Raises
    ------
    BadFile
        The file cannot be read or has unknown or wrong entries, all told with their lines.
    """
    from workbench.parameters import read_parameters

    return read_parameters(About, path)


def text_of(said: Said) -> Text:
    """Return a declaration as text in both languages."""
    return Text(said) if isinstance(said, str) else Text(said.get("en", ""), said.get("zh", ""))
