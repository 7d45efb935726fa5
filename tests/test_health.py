"""What `workbench doctor` finds, and what it says to do about what is missing."""

import json

import pytest

from workbench import health
from workbench.data.engines import installed
from workbench.data.java import java_problem


@pytest.fixture
def without(monkeypatch):
    """Pretend that packages are not installed."""

    def remove(*names):
        real = health._version
        monkeypatch.setattr(health, "_version", lambda name: None if name in names else real(name))

    return remove


def test_it_finds_what_is_here():
    found = health.examine()
    assert found.engines["polars"] is None
    assert found.packages["base"]["polars"]
    assert found.machine["cores"] >= 1
    assert [name for name, problem in found.engines.items() if problem is None] == installed()
    assert json.loads(json.dumps(found.as_dict()))["engines"]["polars"] == {"ready": True, "problem": None}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_page_for_the_terminal(lang):
    text = health.examine().as_text(lang)
    lines = text.splitlines()
    assert lines[0].startswith("workbench ")
    assert {"en": "Engines", "zh": "计算引擎"}[lang] in lines
    assert max(map(len, lines)) < 200
    assert text.endswith("\n")


def test_a_missing_package_is_told_with_its_remedy(without):
    without("distributed")
    found = health.examine()
    assert found.engines["dask"] == "needs distributed: pip install 'lived-workbench[dask]'"
    text = found.as_text()
    assert "distributed missing" in text
    assert "(pip install 'lived-workbench[dask]')" in text
    assert not found.as_dict()["engines"]["dask"]["ready"]


def test_missing_java_is_told(monkeypatch):
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    monkeypatch.setenv("PATH", "/nowhere")
    assert java_problem()
    found = health.examine()
    assert found.engines["spark"] == java_problem()
    assert "  java     missing\n" in found.as_text()


def test_without_chinese_fonts_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr("workbench.briefs.fonts.cjk_fonts", list)
    assert "install fonts-noto-cjk" in health.examine().as_text()
    assert "fonts-noto-cjk" in health.examine().as_text("zh")


def test_a_machine_that_does_not_tell_its_memory(monkeypatch):
    monkeypatch.setattr(health, "_memory", lambda: None)
    assert "memory" not in health.examine().as_text()
