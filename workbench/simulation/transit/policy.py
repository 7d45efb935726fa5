"""A scenario's controls as numbers, for the stops of one line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.errors import BadParameter
from workbench.simulation.transit import rules
from workbench.simulation.transit._arrays import Flags
from workbench.simulation.transit.control import BoardingLimit, Control, ShortTurn
from workbench.simulation.transit.line import Line


@dataclass(frozen=True, eq=False, kw_only=True)
class Policy:
    """
    Control as numbers.

    Attributes
    ----------
    rule, alpha, slack_s, most_s, at
        Holding: which rule, its parameters, and the stops at which it applies.
    limit, over, limited
        Boarding limit (-1: none), for gaps over so many headways, and its stops.
    turn, resume, turn_over, turn_s
        Short turn (-1: none).
    own
        A policy of somebody's own, which only the SimPy engines can ask.
    """

    rule: int
    alpha: float
    slack_s: float
    most_s: float
    at: Flags
    limit: int = -1
    over: float = 0.0
    limited: Flags
    turn: int = -1
    resume: int = -1
    turn_over: float = 0.0
    turn_s: float = 0.0
    own: Control | None = None


def policy_of(line: Line, controls: tuple[Control, ...]) -> Policy:
    """Turn a scenario's controls into numbers; a stop that is not on the line raises `UnknownName`."""
    hold, limit, turn = Control(), None, None
    for each in controls:
        if isinstance(each, BoardingLimit):
            limit = each
        elif isinstance(each, ShortTurn):
            turn = each
        else:
            hold = each
    own = hold if type(hold).hold_s is not Control.hold_s else None
    none = np.zeros(len(line.stops), dtype=np.bool_)
    return Policy(
        rule=rules.OWN if own else hold.rule,
        alpha=hold.alpha_,
        slack_s=hold.slack_,
        most_s=float(hold.most_s),
        at=_at(line, hold) if own or hold.rule != rules.FREE else none,
        limited=_at(line, limit) if limit else none,
        own=own,
        **({} if limit is None else {"limit": int(limit.boardings), "over": float(limit.over)}),
        **({} if turn is None else _turn(line, turn)),
    )


def _at(line: Line, control: Control) -> Flags:
    """Stops at which a control applies."""
    flags = np.zeros(len(line.stops), dtype=np.bool_)
    flags[[line.place(stop) for stop in control.stops] if control.stops else slice(None)] = True
    return flags


def _turn(line: Line, turn: ShortTurn) -> dict[str, float]:
    """Places and numbers of a short turn."""
    begin, end = line.place(turn.turn), line.place(turn.resume)
    if begin == end:
        raise BadParameter(f"A short turn at '{turn.turn}' must resume at another stop.")
    return {"turn": begin, "resume": end, "turn_over": float(turn.over), "turn_s": float(turn.turn_s)}
