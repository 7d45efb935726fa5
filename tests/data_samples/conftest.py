import json

import pytest

from data_samples.traffic import DATA, TRUTH
from data_samples.traffic.generate import generate


@pytest.fixture(scope="session")
def data():
    return DATA


@pytest.fixture(scope="session")
def truth():
    return json.loads(TRUTH.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def again(tmp_path_factory):
    """The shipped sample, made once more."""
    out = tmp_path_factory.mktemp("again") / "sample"
    generate(out)
    return out


@pytest.fixture(scope="session")
def twenty(tmp_path_factory):
    """Twenty times the sample, without bad rows, and its truth."""
    out = tmp_path_factory.mktemp("twenty") / "sample"
    return out, generate(out, scale=20, bad_rows=False)
