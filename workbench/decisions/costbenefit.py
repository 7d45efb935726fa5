"""
Social cost-benefit analysis: net present value, benefit-cost ratio, what turns them, what has no price.

    flow = CashFlow(
        "tunnel", first_year=2026, unit="million CNY", price_year=2025,
        costs={"construction": [400, 300, 0, 0], "upkeep": [0, 0, 20, 20]},
        benefits={"time saved": [0, 0, 410, 430]},
        unmonetised=(Text("Less noise for 3,000 homes"),),
    )
    found = appraise(flow, Discounting.flat(0.08), optimism_bias={"construction": 0.44})
    found.npv.mean, found.bcr, found.switching["time saved"], found.payback_year

Flows are real, in prices of one year, and are differences from doing nothing. The first year is not
discounted [1]_. Optimism bias is a stated uplift of costs, and 0 has to be stated too [2]_.

References
----------
.. [1] HM Treasury, The Green Book, annex 6 (discounting, and the declining long-term rates in `GREEN_BOOK`).
.. [2] HM Treasury, Supplementary Green Book guidance: optimism bias.
.. [3] A. E. Boardman et al. (2018), Cost-Benefit Analysis: concepts and practice, 5th ed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from workbench._text import Text
from workbench.decisions._arrays import Floats, level_between, whole
from workbench.decisions._checks import names_of, number, numbers, phrase
from workbench.decisions.discounting import Discounting
from workbench.errors import BadParameter, UnknownName


@dataclass(frozen=True, eq=False)
class CashFlow:
    """
    Costs and benefits of one option by year, against doing nothing.

    Parameters
    ----------
    name
        The option.
    first_year
        Year of the first amount, to which all is discounted.
    unit
        Unit of all amounts, such as "million CNY".
    price_year
        Year in whose prices the amounts are: real, without inflation.
    costs, benefits
        Lines by name, names differing among both. Each is a list of amounts, shape (years,), or of draws,
        shape (draws, years); draws of several lines belong together row by row. What is saved or left over
        at the end is a negative cost.
    unmonetised
        Effects that have no price here and are not to be forgotten.

    Raises
    ------
    BadParameter
        Amounts that are not numbers, lengths or numbers of draws that differ, a name that is there twice.
    """

    name: str
    first_year: int
    unit: str
    price_year: int
    costs: Mapping[str, ArrayLike]
    benefits: Mapping[str, ArrayLike]
    unmonetised: tuple[Text, ...] = ()

    def __post_init__(self) -> None:
        names_of("option", [self.name])
        whole("first_year", self.first_year, 1)
        whole("price_year", self.price_year, 1)
        if not str(self.unit or "").strip():
            raise BadParameter(f"The amounts of '{self.name}' need a unit, such as 'million CNY'.")
        if not self.costs or not self.benefits:
            raise BadParameter(
                f"'{self.name}' needs at least one line of costs and one of benefits; give zeros for none."
            )
        names_of("line", [*self.costs, *self.benefits])
        for side in ("costs", "benefits"):
            lines = {
                name: _amounts(f"'{name}' of '{self.name}'", each)
                for name, each in getattr(self, side).items()
            }
            object.__setattr__(self, side, lines)
        lines = self._lines
        years, draws = ({each.shape[axis] for each in lines.values()} for axis in (1, 0))
        if len(years) > 1:
            raise BadParameter(
                f"Every line of '{self.name}' needs the same years, and their numbers are "
                f"{', '.join(str(each) for each in sorted(years))}: fill up with zeros."
            )
        if len(draws - {1}) > 1:
            counts = " and ".join(str(each) for each in sorted(draws - {1}))
            raise BadParameter(
                f"Lines of '{self.name}' have {counts} draws: draw them together, as many of each."
            )
        object.__setattr__(self, "unmonetised", tuple(self.unmonetised))
        for each in self.unmonetised:
            phrase(f"An unmonetised effect of '{self.name}'", each)

    @property
    def years(self) -> int:
        """Number of years."""
        return int(next(iter(self._lines.values())).shape[1])

    @property
    def draws(self) -> int:
        """Number of draws; 1 where every line is a single list."""
        return max(len(each) for each in self._lines.values())

    @property
    def _lines(self) -> dict[str, Floats]:
        return {name: np.asarray(each) for name, each in [*self.costs.items(), *self.benefits.items()]}


@dataclass(frozen=True)
class Spread:
    """
    A mean over draws, and what most draws lie between.

    Attributes
    ----------
    mean
        Over draws.
    low, high
        Ends of the middle `level` of the draws; None where there is only one.
    """

    mean: float
    low: float | None
    high: float | None


@dataclass(frozen=True, eq=False)
class CostBenefit:
    """
    What a cash flow is worth; made by `appraise`. Amounts are in the unit of the flow, in its first year.

    Attributes
    ----------
    flow, discounting, uplifts
        What it was made from; `uplifts` has the optimism bias of each line of costs as a share.
    pv_costs, pv_benefits, npv
        Present values, uplift included, and their difference.
    bcr
        Present benefits over present costs: `mean` is the ratio of the means, None where the mean cost is not
        above 0; the ends are those of the ratio by draw, None where some draw has no cost.
    p_worthwhile
        Share of the draws with an NPV above 0; None where there is only one.
    switching
        For each line the factor on all its amounts at which the mean NPV is 0; None where there is none from
        0 on: the line's present value is 0, or the NPV keeps its sign even without it.
    payback_year, discounted_payback_year
        First year from which on the cumulated mean net benefit stays at 0 or above; None where never.
    npv_draws, bcr_draws
        By draw, shape (draws,); NaN where a draw has no cost.
    """

    flow: CashFlow
    discounting: Discounting
    uplifts: Mapping[str, float]
    pv_costs: Spread
    pv_benefits: Spread
    npv: Spread
    bcr: Spread | None
    p_worthwhile: float | None
    switching: Mapping[str, float | None]
    payback_year: int | None
    discounted_payback_year: int | None
    npv_draws: Floats
    bcr_draws: Floats


def appraise(
    flow: CashFlow,
    discounting: Discounting,
    *,
    optimism_bias: float | Mapping[str, float],
    level: float = 0.95,
) -> CostBenefit:
    """
    Discount costs and benefits, and say how sure and how sensitive the result is.

    Parameters
    ----------
    flow
        Costs and benefits by year.
    discounting
        Discount rates.
    optimism_bias
        Uplift of costs as a share: 0.44 makes them 1.44 times as large. One for all lines of costs, or by
        line; lines not named get none.
    level
        Share of the draws between the ends of each spread.

    Raises
    ------
    UnknownName
        An uplift of a line that is not among the costs.
    BadParameter
        An uplift below 0, or `level` not between 0 and 1.
    """
    level_between(level)
    uplifts = _uplifts(flow, optimism_bias)
    factors = discounting.factors(flow.years)
    costs = {name: np.asarray(each) * (1 + uplifts[name]) for name, each in flow.costs.items()}
    benefits = {name: np.asarray(each) for name, each in flow.benefits.items()}
    pv_costs, pv_benefits = (_present(lines, factors, flow.draws) for lines in (costs, benefits))
    npv = pv_benefits - pv_costs
    priced = pv_costs > 0
    ratios = np.divide(pv_benefits, pv_costs, out=np.full(len(npv), np.nan), where=priced)
    bcr = None
    if pv_costs.mean() > 0:
        ends = _spread(ratios, level) if priced.all() else Spread(np.nan, None, None)
        bcr = Spread(float(pv_benefits.mean() / pv_costs.mean()), ends.low, ends.high)
    worth = {name: -float((each @ factors).mean()) for name, each in costs.items()}
    worth |= {name: float((each @ factors).mean()) for name, each in benefits.items()}
    net = sum(each.mean(axis=0) for each in benefits.values()) - sum(
        each.mean(axis=0) for each in costs.values()
    )
    return CostBenefit(
        flow=flow,
        discounting=discounting,
        uplifts=uplifts,
        pv_costs=_spread(pv_costs, level),
        pv_benefits=_spread(pv_benefits, level),
        npv=_spread(npv, level),
        bcr=bcr,
        p_worthwhile=float((npv > 0).mean()) if flow.draws > 1 else None,
        switching={name: _switch(float(npv.mean()), part) for name, part in worth.items()},
        payback_year=_payback(net, flow.first_year),
        discounted_payback_year=_payback(net * factors, flow.first_year),
        npv_draws=npv,
        bcr_draws=ratios,
    )


def _amounts(what: str, values: ArrayLike) -> Floats:
    """A line as draws by years; a single list is one draw."""
    found = numbers(what, values)
    if found.ndim not in (1, 2) or not found.size:
        raise BadParameter(
            f"{what} must be a list of amounts by year, or draws of it, not of shape {found.shape}."
        )
    if found.ndim == 2 and len(found) < 2:
        raise BadParameter(f"{what} has 1 draw, and draws must be at least 2: give a plain list of amounts.")
    return np.atleast_2d(found)


def _uplifts(flow: CashFlow, bias: float | Mapping[str, float]) -> dict[str, float]:
    given = bias if isinstance(bias, Mapping) else dict.fromkeys(flow.costs, bias)
    for name, each in given.items():
        if name not in flow.costs:
            raise UnknownName("line of costs", name, flow.costs, "Benefits have no optimism bias here.")
        number(f"The optimism bias of '{name}', a share,", each, least=0)
    return {name: float(given.get(name, 0.0)) for name in flow.costs}


def _present(lines: Mapping[str, Floats], factors: Floats, draws: int) -> Floats:
    """Present value of some lines by draw, shape (draws,)."""
    total = np.zeros(draws)
    for each in lines.values():
        total += each @ factors
    return total


def _spread(values: Floats, level: float) -> Spread:
    if len(values) < 2:
        return Spread(float(values[0]), None, None)
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Spread(float(values.mean()), float(low), float(high))


def _switch(npv: float, part: float) -> float | None:
    """Factor on a part of the NPV at which the whole is 0."""
    if part == 0:
        return None
    factor = 1 - npv / part
    return factor if factor >= 0 else None


def _payback(net: Floats, first_year: int) -> int | None:
    """Year from which on the cumulated net benefit stays at 0 or above."""
    cumulated = np.cumsum(net)
    short = np.flatnonzero(cumulated < -1e-9 * np.abs(net).max(initial=0.0))
    after = int(short[-1]) + 1 if short.size else 0
    return first_year + after if after < len(net) else None
