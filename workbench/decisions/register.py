"""The register of an analysis's assumptions: what stops a batch, what is swept, and how it is printed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from workbench._text import Text, language
from workbench.decisions.assumptions import Assumption, as_day
from workbench.decisions.inputs import Inputs
from workbench.errors import BadParameter, ExpiredAssumption, UnknownName
from workbench.plan._layout import rows, wrap

Cell = Text | str | float | None
COLUMNS = {"statement": 40, "basis": 28}
HEADS = {
    "id": Text("id", "编号"),
    "statement": Text("assumption", "假设"),
    "quality": Text("quality", "依据质量"),
    "impact": Text("impact", "影响程度"),
    "value": Text("value", "取值"),
    "tested": Text("tested", "检验范围"),
    "basis": Text("basis", "依据"),
    "owner": Text("owner", "责任方"),
    "expires": Text("expires", "有效期至"),
}
WORDS = {"red": Text("red", "红"), "amber": Text("amber", "黄"), "green": Text("green", "绿")}
EXPIRED = Text("expired", "已过期")
NONE = Text("No assumptions are registered.", "未登记任何假设。")


@dataclass(frozen=True)
class Register:
    """
    The assumptions of one analysis.

    Parameters
    ----------
    each
        The assumptions; none is legal.

    Raises
    ------
    BadParameter
        Two have one id.
    """

    each: tuple[Assumption, ...] = ()

    def __post_init__(self) -> None:
        given: object = self.each  # from a notebook it may be anything
        if not isinstance(given, Iterable) or not all(isinstance(one, Assumption) for one in tuple(given)):
            raise BadParameter("A register holds a list of assumptions made by `assume`, and nothing else.")
        object.__setattr__(self, "each", tuple(self.each))
        twice = [name for name, count in Counter(one.id for one in self.each).items() if count > 1]
        if twice:
            raise BadParameter(f"Two assumptions have the id '{twice[0]}': give each its own.")

    def __iter__(self) -> Iterator[Assumption]:
        return iter(self.each)

    def __len__(self) -> int:
        return len(self.each)

    def __getitem__(self, id: str) -> Assumption:
        for one in self.each:
            if one.id == id:
                return one
        raise UnknownName("assumption", id, [one.id for one in self.each])

    def expired(self, on: date) -> tuple[Assumption, ...]:
        """Return those whose last day was before `on`."""
        return tuple(one for one in self.each if one.expired(on))

    def check(self, on: date, waived: Mapping[str, str] | None = None) -> tuple[Assumption, ...]:
        """
        Refuse to go on with an assumption out of date.

        Parameters
        ----------
        on
            The day of the analysis.
        waived
            Assumptions used all the same, by id, and who allows it.

        Returns
        -------
        tuple
            The expired ones that were waived; a brief has to print them.

        Raises
        ------
        ExpiredAssumption
            Some are expired and not waived; all of them are named.
        UnknownName
            A waiver names no assumption of this register.
        BadParameter
            A waiver does not say who allows it.
        """
        waivers = dict(waived or {})
        for name, by in waivers.items():
            self[name]
            who: object = by
            if not (isinstance(who, str) and who.strip()):
                raise BadParameter(
                    f"The waiver of assumption '{name}' does not say who allows it: name them."
                )
        old = self.expired(as_day("The date", on))
        stop = [one for one in old if one.id not in waivers]
        if stop:
            raise ExpiredAssumption(
                str(on), [(one.id, one.statement.en, str(one.expires), one.owner) for one in stop]
            )
        return old

    def core(self) -> tuple[Assumption, ...]:
        """Return those of red impact with a tested range: what is swept without being asked."""
        return tuple(one for one in self.each if one.impact == "red" and one.tested is not None)

    def untested(self) -> tuple[Assumption, ...]:
        """Return those of red impact without a tested range, which a brief has to own up to."""
        return tuple(one for one in self.each if one.impact == "red" and one.tested is None)

    def inputs(self) -> Inputs | None:
        """Return the core assumptions as uncertain inputs; None where there is none."""
        core = self.core()
        return Inputs(tuple(one.as_input() for one in core)) if core else None

    def as_rows(self) -> list[dict[str, Cell]]:
        """
        Return the register as rows for a brief.

        Returns
        -------
        list
            Each with `id`, `statement`, `basis`, `quality`, `impact`, `owner`, `who`, `since`, `expires`,
            `value`, `low`, `high` and `unit`: texts in both languages, days as ISO text ("" if none), numbers
            as they are.
        """
        return [
            {
                "id": one.id,
                "statement": one.statement,
                "basis": one.basis,
                "quality": WORDS[one.quality],
                "impact": WORDS[one.impact],
                "owner": one.owner,
                "who": one.who,
                "since": str(one.since),
                "expires": "" if one.expires is None else str(one.expires),
                "value": one.value,
                "low": None if one.tested is None else one.tested[0],
                "high": None if one.tested is None else one.tested[1],
                "unit": one.unit,
            }
            for one in self.each
        ]

    def as_text(self, lang: str, on: date | None = None) -> str:
        """
        Return the register as a table in plain text.

        Parameters
        ----------
        lang
            "en" or "zh".
        on
            The day of the analysis; expired assumptions are marked.

        Raises
        ------
        UnknownName
            There is no such language.
        """
        language(lang)
        if not self.each:
            return NONE.in_(lang)
        lines = [[head.in_(lang) for head in HEADS.values()]]
        for one in self.each:
            until = "" if one.expires is None else str(one.expires)
            if on is not None and one.expired(on):
                until += f"\n{EXPIRED.in_(lang)}"
            lines.append(
                [
                    one.id,
                    "\n".join(wrap(one.statement.in_(lang), COLUMNS["statement"])),
                    WORDS[one.quality].in_(lang),
                    WORDS[one.impact].in_(lang),
                    "" if one.value is None else f"{one.value:g} {one.unit}".strip(),
                    "" if one.tested is None else f"{one.tested[0]:g} – {one.tested[1]:g}",
                    "\n".join(wrap(one.basis.in_(lang), COLUMNS["basis"])),
                    one.owner,
                    until,
                ]
            )
        return "\n".join(rows(lines))
