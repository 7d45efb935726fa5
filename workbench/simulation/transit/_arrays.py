"""Arrays, times of day and digests shared by the transit models."""

from __future__ import annotations

import hashlib
import re

import numpy as np
from numpy.typing import NDArray

from workbench.errors import BadParameter

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

DAY_S = 86_400.0
CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d))?")


def seconds(what: str, value: float | str) -> float:
    """
    Read a time of the service day: seconds after its midnight, or "HH:MM[:SS]" (past 24:00 as in GTFS).

    Parameters
    ----------
    what
        What the time is, for the message.
    value
        The time as it was given.
    """
    if isinstance(value, str):
        found = CLOCK.fullmatch(value.strip())
        if not found:
            raise BadParameter(
                f"{what} '{value}' is not a time of day: write HH:MM, or seconds after midnight."
            )
        hours, minutes, rest = (int(part or 0) for part in found.groups())
        return hours * 3600.0 + minutes * 60.0 + rest
    number(what, value, "seconds after midnight")
    return float(value)


def clock(time_s: float) -> str:
    """Show seconds after midnight as HH:MM."""
    minutes = round(time_s / 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def number(
    what: str,
    value: object,
    unit: str = "",
    *,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
    whole: bool = False,
) -> None:
    """Refuse what is not a finite number within its bounds, in one sentence."""
    kind = "a whole number" if whole else "a number"
    bounds = [
        *([f"at least {least:g}"] if least is not None else []),
        *([f"above {above:g}"] if above is not None else []),
        *([f"at most {most:g}"] if most is not None else []),
    ]
    wanted = f"{kind}{' ' + ' and '.join(bounds) if bounds else ''}{f' ({unit})' if unit else ''}"
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise BadParameter(f"{what} must be {wanted}, not {value!r}.")
    given = float(value)
    right = np.isfinite(given) and not (whole and given != int(given))
    right = right and not (least is not None and given < least)
    right = right and not (above is not None and given <= above)
    if not right or (most is not None and given > most):
        raise BadParameter(f"{what} must be {wanted}, not {value}.")


def digest(*parts: object) -> str:
    """Spell arrays, numbers and texts as one short hash that is the same on every machine."""
    found = hashlib.blake2b(digest_size=8)
    for part in parts:
        if isinstance(part, np.ndarray):
            found.update(f"{part.dtype.str}{part.shape}".encode())
            found.update(np.ascontiguousarray(part).tobytes())
        else:
            found.update(repr(part).encode())
        found.update(b"|")
    return found.hexdigest()
