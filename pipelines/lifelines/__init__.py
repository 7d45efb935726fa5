"""Water, power, gas, oil and telecom networks of a city: contract, measures and decisions."""

from __future__ import annotations

from pathlib import Path

from pipelines.lifelines.measure import MEASURES
from workbench._text import Text
from workbench.data.contract import Reference
from workbench.domains import Domain

HERE = Path(__file__).parent

ASSETS = {"nodes": "node_id", "edges": "edge_id"}


def _asset(system: str, name: str) -> tuple[Reference, ...]:
    """An asset is a node or an edge."""
    return tuple(
        Reference(columns=(system, name), table=table, targets=("system", key))
        for table, key in ASSETS.items()
    )


domain = Domain(
    name="lifelines",
    contract_path=HERE / "contract.yaml",
    measures=MEASURES,
    title=Text("Lifelines: water, power, gas, oil and telecom", "生命线：水、电、气、油与通信"),
    sample="data_samples.lifelines.generate:generate",
    sample_data=HERE.parent.parent / "data_samples" / "lifelines" / "data",
    either={
        "dependencies": (_asset("depender_layer", "depender"), _asset("dependee_layer", "dependee")),
        "incidents": (_asset("system", "asset_id"),),
    },
)
