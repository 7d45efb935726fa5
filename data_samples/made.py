"""What samples have in common: how large they may be, and how their truth is kept."""

from __future__ import annotations

import json
import math
import numbers
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from data_samples.traffic.planted import BadRow
from workbench.errors import BadParameter


def checked_scale(scale: object, largest: float) -> float:
    """Check how many times the shipped sample is wanted; `BadParameter` where that is no number in bounds."""
    if isinstance(scale, bool) or not isinstance(scale, numbers.Real):
        raise BadParameter(f"The scale must be a number, not {str(scale)[:40]!r}; 1 is the shipped sample.")
    value = float(scale)
    if not (math.isfinite(value) and 0 < value <= largest):
        bounds = f"above 0 and at most {largest:,}"
        raise BadParameter(f"The scale must be {bounds}, not {value:g}; 1 is the shipped sample.")
    return value


def figure(value: float) -> float:
    """Round to the twelve digits that every platform agrees on."""
    return float(f"{value:.12g}")


class KeptTruth:
    """The truth of a sample as a file; a dataclass with `bad_rows`, the planted rows, among its fields."""

    def write(self, path: Path) -> None:
        """Write JSON that is the same bytes for the same truth, lists of records one to a line."""
        lines = []
        for name, value in asdict(self).items():  # type: ignore[call-overload]
            if isinstance(value, list) and value and isinstance(value[0], dict):
                rows = ",\n".join("  " + json.dumps(each, ensure_ascii=False) for each in value)
                lines.append(f' "{name}": [\n{rows}\n ]')
            else:
                text = json.dumps(value, ensure_ascii=False, indent=1).replace("\n", "\n ")
                lines.append(f' "{name}": {text}')
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote."""
        whole: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return cls(**whole | {"bad_rows": [BadRow(**each) for each in whole["bad_rows"]]})
