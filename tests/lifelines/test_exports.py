"""Names of the room: all are there, and importing it loads nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import workbench.lifelines as lifelines

HEAVY = {"matplotlib", "networkx", "numba", "pandas", "pydantic", "scipy", "simpy", "wntr", "yaml"}


def run(code: str) -> list[str]:
    """What a fresh interpreter prints as JSON after some code."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    found: list[str] = json.loads(done.stdout)
    return found


def test_importing_loads_nothing_heavy():
    tell = "import json, sys; print(json.dumps(sorted({one.partition('.')[0] for one in sys.modules})))"
    assert not HEAVY & {*run(f"import workbench.lifelines; {tell}")}


@pytest.mark.parametrize("name", lifelines.__all__)
def test_a_name_is_what_its_module_calls_so(name):
    found = getattr(lifelines, name)
    assert getattr(found, "__name__", name) == name
    assert name in dir(lifelines)


def test_what_is_called_like_its_module_is_never_the_module():
    """The import system would put a module in the place of a name that is imported late."""
    code = (
        "import json, workbench.lifelines.service, workbench.lifelines.cascade;"
        "import workbench.lifelines as room;"
        "print(json.dumps([type(getattr(room, name)).__name__ for name in sorted(room.__all__)]))"
    )
    assert "module" not in run(code)


def test_an_unknown_name_is_refused():
    with pytest.raises(AttributeError, match="no attribute 'n_minus_7'"):
        _ = lifelines.n_minus_7
