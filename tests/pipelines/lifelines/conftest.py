"""What the tests of the lifeline decisions share: the shipped sample, small cities of rows, and runs."""

import json

import polars as pl
import pytest

from data_samples.lifelines import ABOUT, DATA
from pipelines.lifelines import domain
from workbench.data.intake import supply_from_folder, take_in
from workbench.domains import Measures, load_decision
from workbench.runs import data_from, decide
from workbench.runs.about import read_about

PLAIN = {
    "string": pl.String,
    "integer": pl.Int64,
    "number": pl.Float64,
    "boolean": pl.Boolean,
    "timestamp": pl.Datetime("us"),
    "date": pl.Date,
}


@pytest.fixture(scope="session")
def sample(engines, tmp_path_factory):
    """Measures of the shipped sample."""
    intake = take_in(
        engines("polars"),
        domain.contract,
        supply_from_folder(DATA, domain.contract),
        tmp_path_factory.mktemp("intake"),
        required=("nodes", "edges"),
        optional=("dependencies", "incidents", "registers", "zones"),
    )
    return Measures(domain.known, intake.tables, tmp_path_factory.mktemp("work"))


@pytest.fixture
def city_of(engines, tmp_path):
    """Make measures of a city from rows by table; columns not given are their default or null."""

    def made(**rows):
        tables = {}
        for name, some in rows.items():
            columns = domain.contract.table(name).columns
            full = [{c.name: row.get(c.name, c.default) for c in columns} for row in some]
            frame = pl.DataFrame(full, schema={c.name: PLAIN[c.type] for c in columns})
            tables[name] = engines("polars").table(frame)
        return Measures(domain.known, tables, tmp_path)

    return made


QUICK = {
    "lifelines.criticality": {"days": 20, "contenders": 20, "resamples": 400},
    "lifelines.hardening": {
        **{"events": 120, "refits": 10, "resamples": 400, "contenders": 20},
        **{"service_value": 50, "budget": 3e7},
    },
    "lifelines.restoration": {"replications": 20, "service_value": 5.0},
    "networks.availability": {"resamples": 300},
}
"""Settings that keep a run short and leave no part of its brief out."""


@pytest.fixture(scope="session")
def quick():
    """Settings by decision that keep a run short."""
    return QUICK


@pytest.fixture(scope="session")
def decided(engines, tmp_path_factory):
    """Run a decision on the shipped sample, as the command line does; each once."""
    runs = {}

    def run(name):
        if name not in runs:
            decision = load_decision(name)
            folder, about, data = tmp_path_factory.mktemp("runs"), read_about(ABOUT), data_from(domain)
            parameters, engine = decision.Parameters(**QUICK[name]), engines("polars")
            runs[name] = decide(decision, domain, data, parameters, engine, folder, about=about, bounds=True)
        return runs[name]

    return run


@pytest.fixture(scope="session")
def told():
    """What the brief of a run says."""

    def read(run):
        return json.loads((run.folder / "brief.json").read_text(encoding="utf-8"))

    return read
