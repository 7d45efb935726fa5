"""What is wrong with a network, all at once."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.errors import DataRejected

SHOWN = 8


class BadNetwork(DataRejected):
    """
    A network that cannot be what it says.

    Parameters
    ----------
    what
        Which network: its system, or a file.
    mistakes
        What is wrong, each naming its asset and how to mend it.
    """

    def __init__(self, what: str, mistakes: Sequence[str]) -> None:
        self.mistakes = list(mistakes)
        shown = self.mistakes[:SHOWN]
        more = len(self.mistakes) - len(shown)
        lines = [f"{what}: {one}." if not one.endswith(".") else f"{what}: {one}" for one in shown]
        super().__init__("\n".join([*lines, f"{what}: and {more:,} more."] if more else lines))
