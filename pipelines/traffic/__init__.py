"""Public transport use and road speeds: contract, measures and decisions."""

from __future__ import annotations

from pathlib import Path

from pipelines.traffic.feed import feed_beside
from pipelines.traffic.measure import MEASURES
from workbench._text import Text
from workbench.domains import Domain

HERE = Path(__file__).parent

domain = Domain(
    name="traffic",
    contract_path=HERE / "contract.yaml",
    measures=MEASURES,
    title=Text("Traffic: public transport and roads", "交通：公共交通与道路"),
    sample="data_samples.traffic.generate:generate",
    sample_data=HERE.parent.parent / "data_samples" / "traffic" / "data",
    more=feed_beside,
)
