"""
Errors that say what is wrong, where, and how to mend it.

Each carries the exit code that the command line ends with: 1 unexpected, 2 usage or parameters,
3 data rejected, 4 finished but a check failed, 5 engine missing.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

DONE, UNEXPECTED, USAGE, DATA_REJECTED, CHECK_FAILED, ENGINE_MISSING = range(6)


class WorkbenchError(Exception):
    """
    Anything the workbench refuses.

    Parameters
    ----------
    message
        What is wrong, where, and how to mend it, in one sentence or two.
    """

    exit_code: int = USAGE

    @property
    def message(self) -> str:
        """The sentence the command line prints."""
        return str(self)


class UnknownName(WorkbenchError):
    """
    A name that is not among the known ones.

    Parameters
    ----------
    kind
        What was looked for, such as "project".
    name
        The name as it was given.
    known
        The names that exist.
    hint
        Where to look for more.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], hint: str = "") -> None:
        names = sorted({str(each) for each in known})
        self.name, self.known = name, names
        super().__init__(f"No {kind} is called '{name}'. {nearest(name, names)}{' ' + hint if hint else ''}")


class BadParameter(WorkbenchError):
    """A parameter that is unknown, of the wrong type or out of its bounds."""


class BadScenario(BadParameter):
    """
    A scenario that does not fit what it is to be simulated on.

    Parameters
    ----------
    scenario
        Its name.
    said
        What is wrong with it, and how to mend it.
    value
        What is wrong in it, where that can be pointed at: a field such as `fleet`, or a value such as a stop.
    """

    def __init__(self, scenario: str, said: str, value: str = "") -> None:
        self.scenario, self.said, self.value = scenario, said, value
        super().__init__(f"Option '{scenario}': {said}")


class BadFile(WorkbenchError):
    """A file of ours (contract, source, parameters) that cannot be understood; all its mistakes at once."""

    def __init__(self, path: str, mistakes: Sequence[tuple[int | None, str]]) -> None:
        self.path, self.mistakes = path, list(mistakes)
        lines = [f"{path}:{line}: {what}" if line else f"{path}: {what}" for line, what in mistakes]
        super().__init__("\n".join(lines))


class DataRejected(WorkbenchError):
    """Data that cannot be read, or of which too much is against its contract."""

    exit_code = DATA_REJECTED


class CheckFailed(WorkbenchError):
    """The work was finished, but a check on its result failed."""

    exit_code = CHECK_FAILED


class ExpiredAssumption(CheckFailed):
    """
    Assumptions past their last day that nobody allowed to be used all the same.

    Parameters
    ----------
    on
        The day of the analysis.
    expired
        Each one's id, statement, last day and owner.
    """

    def __init__(self, on: str, expired: Sequence[tuple[str, str, str, str]]) -> None:
        self.on, self.expired = on, list(expired)
        lines = [
            f"assumption '{name}' ({what}) expired on {day}; {owner} answers for it"
            for name, what, day, owner in expired
        ]
        super().__init__(
            "\n".join([*lines, f"As of {on}: renew them, or waive each by its id and say who allows it."])
        )


class EngineMissing(WorkbenchError):
    """An engine or library that is not installed or cannot start here."""

    exit_code = ENGINE_MISSING


def nearest(name: str, known: Sequence[str]) -> str:
    """Name the closest known names, or list them where none is close."""
    plain = name.casefold()
    near = [each for each in known if each.casefold() == plain]
    near = near or difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    if near:
        return f"Nearest: {', '.join(near)}."
    return f"Known: {', '.join(known[:12])}{' ...' if len(known) > 12 else ''}." if known else "None exist."
