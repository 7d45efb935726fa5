"""
The only randomness of the house.

A stream of random numbers belongs to what it decides: the dwell of trip 7 at stop 3, the arrivals of
clinic "north". It is found by its name, never by the order in which streams were asked for. So two
scenarios that share a source of variation see the same numbers (common random numbers), and results do
not depend on workers, engines or the order of the work.

    streams = Streams(seed=42, replication=3)
    dwell = streams.generator("dwell", "line 12", 7)      # always the same numbers
    line = streams.child("line", 12)                      # hand a part of the model its own streams
    dwell = line.generator("dwell", 7)

The key of a stream is the BLAKE2b hash of (seed, replication, name, entity), used as the 128-bit key of
the counter-based generator Philox 4x64 [1]_. The raw numbers are the same on every platform; NumPy keeps
the methods of `Generator` stable within a release and names any change to them in its release notes.

References
----------
.. [1] J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw (2011), Parallel random numbers: as easy as
   1, 2, 3, SC '11.
"""

from __future__ import annotations

import hashlib
import operator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, SupportsIndex

from workbench.errors import BadParameter

if TYPE_CHECKING:
    import numpy as np

Entity = str | SupportsIndex
LARGEST = 2**63 - 1
_VERSION = b"workbench-stream"


@dataclass(frozen=True, slots=True)
class Streams:
    """
    Random streams of one replication (one simulated day, one resample).

    Cheap to make, to copy and to send to a worker: it holds no state but its numbers and names.

    Parameters
    ----------
    seed
        The seed of the whole experiment, 0 to 2**63 - 1.
    replication
        Which replication, 0 to 2**63 - 1.
    """

    seed: int
    replication: int = 0
    _path: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "seed", _whole("seed", self.seed))
        object.__setattr__(self, "replication", _whole("replication", self.replication))

    def generator(self, name: str, *entity: Entity) -> np.random.Generator:
        """
        Start the stream of one source of variation, always at its first number.

        Parameters
        ----------
        name
            What varies, such as "dwell".
        entity
            Whose it is: texts and whole numbers. The number 1 and the text "1" are different.

        Returns
        -------
        generator
            A NumPy generator.
        """
        import numpy as np

        digest = hashlib.blake2b(digest_size=16, person=_VERSION)
        digest.update(b"%d/%d/" % (self.seed, self.replication))
        digest.update(self._path)
        digest.update(_step(name, entity))
        key = np.frombuffer(digest.digest(), dtype="<u8").astype(np.uint64)
        return np.random.Generator(np.random.Philox(key=key))

    def child(self, name: str, *entity: Entity) -> Streams:
        """
        Make the streams of a part of the model, apart from every stream outside it.

        Parameters
        ----------
        name
            What the part is, such as "line".
        entity
            Which one.

        Returns
        -------
        streams
            Streams of the same seed and replication; its names cannot meet those of other parts.
        """
        return Streams(self.seed, self.replication, self._path + b">" + _step(name, entity))


def _whole(what: str, value: object) -> int:
    """Check a seed or replication."""
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        shown = repr(value)[:60]
        raise BadParameter(f"The {what} must be a whole number, not {shown}; give 0 to 2**63 - 1.") from None
    if not 0 <= number <= LARGEST:
        raise BadParameter(f"The {what} must be from 0 to 2**63 - 1, not {_short(number)}.")
    return number


def _short(number: int) -> str:
    """Show a whole number that may be too long to print."""
    return str(number) if number.bit_length() <= 128 else f"a number of {number.bit_length()} bits"


def _step(name: object, entity: tuple[Entity, ...]) -> bytes:
    """Spell a name and its entity so that no two different ones are spelt alike."""
    if not isinstance(name, str) or not name:
        raise BadParameter(f"A stream is named by a text that is not empty, not {name!r}.")
    return b"%d:" % (len(entity) + 1) + _part(name) + b"".join(_part(each) for each in entity)


def _part(value: Entity) -> bytes:
    """Spell one part with its kind and length."""
    if isinstance(value, str):
        text, kind = value.encode("utf-8", "surrogatepass"), b"s"
    else:
        try:
            if isinstance(value, bool):
                raise TypeError
            text, kind = b"%d" % operator.index(value), b"i"
        except TypeError:
            raise BadParameter(
                f"A stream belongs to texts and whole numbers, not to {value!r} ({type(value).__name__})."
            ) from None
    return kind + b"%d:" % len(text) + text
