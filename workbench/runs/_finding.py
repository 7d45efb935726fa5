"""One thing that is wrong with a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """
    One thing that is wrong.

    Attributes
    ----------
    file
        Where it is.
    says
        What is wrong.
    number
        Id of the number it is about, "" where it is about none.
    printed, recorded
        What is printed, and what the record says it should be.
    """

    file: str
    says: str
    number: str = ""
    printed: str = ""
    recorded: str = ""

    def __str__(self) -> str:
        return f"{self.file}: {self.says}"

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as JSON holds it; what does not apply is left out."""
        told = {
            "file": self.file,
            "says": self.says,
            "number": self.number,
            "printed": self.printed,
            "recorded": self.recorded,
        }
        return {name: value for name, value in told.items() if value or name in ("file", "says")}
