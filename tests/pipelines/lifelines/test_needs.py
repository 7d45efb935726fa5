"""Decisions run with the libraries that they say they need, and no other of the extra."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from workbench.domains import load_decision

ROOT = Path(__file__).resolve().parents[3]
EXTRA = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRA = [re.split(r"[<>=]", one)[0] for one in EXTRA["optional-dependencies"]["models"]]
RUN = """
import json, sys
name, parameters, others, out = json.loads(sys.argv[1])
for library in others:
    sys.modules[library] = None
from pathlib import Path
from workbench.data.engines import open_engine
from workbench.domains import load_decision, load_domain
from workbench.runs import data_from, decide
decision, domain = load_decision(name), load_domain("lifelines")
with open_engine("polars") as engine:
    decide(decision, domain, data_from(domain), decision.Parameters(**parameters), engine, Path(out))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["lifelines.criticality", "lifelines.hardening", "lifelines.restoration", "networks.availability"]
)
def test_nothing_else_is_needed(name, quick, tmp_path):
    needs = load_decision(name).needs
    assert set(needs) < set(EXTRA)
    others = [one for one in EXTRA if one not in needs]
    words = json.dumps([name, quick[name], others, str(tmp_path)])
    ended = subprocess.run([sys.executable, "-c", RUN, words], capture_output=True, text=True, cwd=ROOT)
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert len(list(tmp_path.glob(f"{name}-*/brief.en.html"))) == 1
