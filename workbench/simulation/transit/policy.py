"""A scenario's controls as numbers, for the stops of one line."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from workbench.errors import BadParameter
from workbench.simulation.transit import rules
from workbench.simulation.transit._arrays import Flags
from workbench.simulation.transit.control import BoardingLimit, Control, Holding, ShortTurn, Stop
from workbench.simulation.transit.line import Line


class Policy(NamedTuple):
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
    """

    rule: int
    alpha: float
    slack_s: float
    most_s: float
    at: Flags
    limit: int
    over: float
    limited: Flags
    turn: int
    resume: int
    turn_over: float
    turn_s: float


def policy_of(line: Line, controls: tuple[Control, ...]) -> Policy:
    """Turn a scenario's controls into numbers; a stop that is not on the line raises `UnknownName`."""
    hold = next((each for each in controls if isinstance(each, Holding)), None)
    limit = next((each for each in controls if isinstance(each, BoardingLimit)), None)
    turn = next((each for each in controls if isinstance(each, ShortTurn)), None)
    begin, end = (line.place(turn.turn), line.place(turn.resume)) if turn else (-1, -1)
    if turn and begin == end:
        raise BadParameter(f"A short turn at '{turn.turn}' must resume at another stop.")
    return Policy(
        rule=rules.FREE if hold is None else rules.OWN if own_policy(controls) else hold.rule,
        alpha=hold.strength if hold else 0.0,
        slack_s=hold.allowance_s if hold else 0.0,
        most_s=hold.most_s if hold else 0.0,
        at=_places(line, hold.stops if hold else None),
        limit=limit.boardings if limit else -1,
        over=limit.over if limit else 0.0,
        limited=_places(line, limit.stops if limit else None),
        turn=begin,
        resume=end,
        turn_over=turn.over if turn else 0.0,
        turn_s=turn.turn_s if turn else 0.0,
    )


def own_policy(controls: tuple[Control, ...]) -> Holding | None:
    """A holding policy of somebody's own, which only the SimPy engines can ask."""
    holding = (each for each in controls if isinstance(each, Holding))
    return next((each for each in holding if type(each).hold_s is not Holding.hold_s), None)


def _places(line: Line, stops: tuple[Stop, ...] | None) -> Flags:
    """Stops at which a control applies: none, the ones named, or all."""
    flags = np.zeros(len(line.stops), dtype=np.bool_)
    if stops is not None:
        places = [line.place(stop) for stop in stops]
        twice = next(
            (stop for stop, place in zip(stops, places, strict=True) if places.count(place) > 1), None
        )
        if twice is not None:
            raise BadParameter(f"The stop '{twice}' of line {line.name} is listed twice: keep it once.")
        flags[places or slice(None)] = True
    return flags
