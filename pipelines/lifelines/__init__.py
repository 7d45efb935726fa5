"""Water, power, gas, oil and telecom networks of a city: contract, measures and decisions."""

from __future__ import annotations

from pathlib import Path

from pipelines.lifelines.measure import MEASURES
from workbench._text import Text
from workbench.domains import Domain

HERE = Path(__file__).parent

domain = Domain(
    name="lifelines",
    contract_path=HERE / "contract.yaml",
    measures=MEASURES,
    title=Text("Lifelines: water, power, gas, oil and telecom", "生命线：水、电、气、油与通信"),
    sample="data_samples.lifelines.generate:generate",
    sample_data=HERE.parent.parent / "data_samples" / "lifelines" / "data",
)
