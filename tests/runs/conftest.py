"""Runs of the sample, made once; each test changes a copy."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from pipelines.traffic import domain
from workbench.cli import app
from workbench.console import finish
from workbench.domains import load_decision
from workbench.runs import data_from, decide

FEW = {
    "traffic.congestion": {"resamples": 200},
    "traffic.crowding": {"resamples": 200},
    "traffic.headways": {"replications": 5},
}


@pytest.fixture(scope="session")
def made(engines, tmp_path_factory):
    """Answer a decision from the sample on polars, each question once in a session."""
    out = tmp_path_factory.mktemp("runs")

    def answer(name="traffic.congestion", workers=1, **asked):
        decision = load_decision(name)
        parameters = decision.Parameters(**{**FEW[name], **asked})
        return decide(
            decision, domain, data_from(domain), parameters, engines("polars"), out, workers=workers
        )

    return answer


@pytest.fixture
def run(made, tmp_path):
    """The folder of a run of `traffic.congestion`, to be changed."""
    return Path(shutil.copytree(made().folder, tmp_path / "run"))


def hashed(folder):
    """Write the hashes of all files into the record and the crate again, as who wants to deceive would."""
    path, crate = folder / "run.json", folder / "ro-crate-metadata.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    told = json.loads(crate.read_text(encoding="utf-8"))
    sha = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in record["files"]}
    for one in told["@graph"]:
        if "sha256" in one and one["@type"] == "File":
            one["sha256"] = sha[one["@id"]]
    crate.write_text(dumped(told), encoding="utf-8")
    sha["ro-crate-metadata.json"] = hashlib.sha256(crate.read_bytes()).hexdigest()
    path.write_text(dumped(record | {"files": sha}), encoding="utf-8")


def dumped(value):
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


@pytest.fixture
def deceive():
    """Change a file of a run and hash everything again."""

    def change(folder, name, how):
        path = folder / name
        if name.endswith(".json"):
            told = json.loads(path.read_text(encoding="utf-8"))
            how(told)
            path.write_text(
                json.dumps(told, ensure_ascii=False, sort_keys=True, indent=2) + "\n", encoding="utf-8"
            )
        else:
            path.write_text(how(path.read_text(encoding="utf-8")), encoding="utf-8")
        hashed(folder)

    return change


@pytest.fixture
def rehash():
    return hashed


@pytest.fixture
def cli(capsys):
    """Run a command in this process: exit code, stdout, stderr."""

    def ran(*args):
        capsys.readouterr()
        code = finish(lambda: app([str(each) for each in args], prog_name="workbench"))
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        assert "fault of the workbench" not in err
        return code, out, err

    return ran
