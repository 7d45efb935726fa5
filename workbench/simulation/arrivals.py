"""
Arrivals whose rate changes over the day, and what is drawn for each who arrives.

Arrivals are points of a Poisson process of rate 1, laid on the day through the cumulative number expected
[1]_. So the n-th customer stays the n-th customer when demand is scaled: only the time moves, and what is
drawn for it (service, patience) stays.

References
----------
.. [1] E. Cinlar (1975), Introduction to Stochastic Processes, ch. 4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from workbench.errors import BadParameter
from workbench.simulation.streams import Entity, Streams

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

_BLOCK = 1024


class Profile:
    """
    A rate that is constant between times.

    Parameters
    ----------
    edges
        Times at which the rate changes, rising, and the last at which it ends.
    rates
        Arrivals per unit of time between one edge and the next, at least 0.
    """

    def __init__(self, edges: Sequence[float], rates: Sequence[float]) -> None:
        import numpy as np

        self.edges, self.rates = np.asarray(edges, float), np.asarray(rates, float)
        if len(self.edges) != len(self.rates) + 1 or not len(self.rates):
            raise BadParameter("A profile has at least one rate, and one edge more than rates.")
        if not (np.diff(self.edges) > 0).all() or not np.isfinite(self.edges).all():
            raise BadParameter("The edges of a profile are times that rise.")
        if not ((self.rates >= 0) & np.isfinite(self.rates)).all():
            raise BadParameter("The rates of a profile are numbers of at least 0.")
        self._total = np.concatenate([[0.0], np.cumsum(self.rates * np.diff(self.edges))])

    @property
    def expected(self) -> float:
        """Number expected over the whole profile."""
        return float(self._total[-1])

    def by(self, times: ArrayLike) -> NDArray[np.float64]:
        """Number expected up to each time."""
        import numpy as np

        return np.asarray(np.interp(np.asarray(times, float), self.edges, self._total))

    def times(self, numbers: ArrayLike) -> NDArray[np.float64]:
        """
        Time at which each expected number is reached.

        Parameters
        ----------
        numbers
            Above 0 and at most `expected`.
        """
        import numpy as np

        wanted = np.asarray(numbers, float)
        piece = np.clip(np.searchsorted(self._total, wanted, side="left") - 1, 0, len(self.rates) - 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            into = (wanted - self._total[piece]) / self.rates[piece]
        return np.asarray(np.minimum(self.edges[piece] + into, self.edges[piece + 1]))


class Draws:
    """
    An endless list of random numbers, made as far as it is asked for, the same however far that is.

    Parameters
    ----------
    streams
        Randomness.
    kind
        "uniform" (0 to 1), "exponential" (mean 1), "normal" (mean 0, sd 1) or "poisson" (the points of a
        Poisson process of rate 1).
    name, entity
        What is drawn, and for whom; block by block the block's number is added.
    """

    def __init__(
        self,
        streams: Streams,
        kind: Literal["uniform", "exponential", "normal", "poisson"],
        name: str,
        *entity: Entity,
    ) -> None:
        import numpy as np

        self._streams, self._kind, self._name, self._entity = streams, kind, name, entity
        self._made = np.empty(0)

    def first(self, count: int) -> NDArray[np.float64]:
        """Return the first `count` numbers, to be read only."""
        while len(self._made) < count:
            self._extend()
        return self._made[:count]

    def until(self, number: float) -> NDArray[np.float64]:
        """Return the numbers up to and including `number`, for the points of a process."""
        import numpy as np

        if self._kind != "poisson":
            raise BadParameter(
                "Only the points of a Poisson process rise, so that they can be asked for up to one."
            )
        while not len(self._made) or self._made[-1] <= number:
            self._extend()
        return self._made[: int(np.searchsorted(self._made, number, side="right"))]

    def _extend(self) -> None:
        import numpy as np

        blocks = max(1, len(self._made) // _BLOCK)  # twice as many each time
        first = len(self._made) // _BLOCK
        parts = [self._made, *(self._block(number) for number in range(first, first + blocks))]
        if self._kind == "poisson":
            for place in range(1, len(parts)):
                start = parts[place - 1][-1] if len(parts[place - 1]) else 0.0
                parts[place] = start + np.cumsum(parts[place])
        self._made = np.concatenate(parts)
        self._made.flags.writeable = False

    def _block(self, number: int) -> NDArray[np.float64]:
        generator = self._streams.generator(self._name, *self._entity, number)
        draw: dict[str, Callable[[int], NDArray[np.float64]]] = {
            "uniform": generator.random,
            "normal": generator.standard_normal,
        }
        return draw.get(self._kind, generator.standard_exponential)(_BLOCK)
