"""Each notebook is run once, in an empty folder, and the tests look at what came out."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def load(path: Path) -> ModuleType:
    """Import a module of `tools/`, which is no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def tool():
    """`tools/notebooks.py`."""
    return load(ROOT / "tools" / "notebooks.py")


@pytest.fixture(scope="session", params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request, tool, tmp_path_factory):
    """A notebook as it is kept, and as it came out of a fresh run in an empty folder."""
    folder = tmp_path_factory.mktemp(request.param.stem)
    kept = tool.read(request.param)
    fresh = tool.normalise(tool.execute(request.param, folder), folder)
    return SimpleNamespace(path=request.param, folder=folder, kept=kept, fresh=fresh)
