"""The set-up tool: when an environment serves, when it is refreshed, what it says. No network is used."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "tools" / "bootstrap.py"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]

[project]
name = "house"
version = "1"

[project.optional-dependencies]
brief = ["jinja2"]
dask = ["dask"]
all = ["house[brief, dask]"]
dev = ["house[all]", "pytest"]

[tool.ruff]
line-length = 110
"""


@pytest.fixture(scope="module")
def bootstrap():
    spec = importlib.util.spec_from_file_location("bootstrap", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def root(tmp_path):
    (tmp_path / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (tmp_path / "requirements").mkdir()
    for name in ("build", "base", "brief", "dask", "all", "dev"):
        (tmp_path / "requirements" / f"{name}.txt").write_text(f"{name}==1\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def installer(bootstrap, monkeypatch):
    """An installer that makes an empty environment and records what it was asked for."""

    class Recorder(bootstrap.Installer):
        name = "recorder"
        environment: dict = {}  # noqa: RUF012
        asked: list = []  # noqa: RUF012
        fails_at = ""
        failure = bootstrap.SetupError

        def make(self):
            self.asked.append("make")
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            python = bootstrap.interpreter(self.root)
            python.parent.mkdir(parents=True)
            python.symlink_to(sys.executable)
            (self.root / ".venv" / "lib" / f"python{version}" / "site-packages").mkdir(parents=True)
            (self.root / ".venv" / "pyvenv.cfg").touch()

        def add(self, lock):
            self.asked.append(lock)
            if lock == self.fails_at:
                raise self.failure("the index is away")

        def add_project(self):
            self.asked.append("project")

    Recorder.asked.clear()
    monkeypatch.setattr(bootstrap.Uv, "found", Recorder)
    return Recorder


posix = pytest.mark.skipif(os.name == "nt", reason="makes the environment with links")


@pytest.mark.parametrize(
    ("use", "served"),
    [
        ("base", {"base"}),
        ("brief", {"base", "brief"}),
        ("all", {"base", "all", "brief", "dask"}),
        ("dev", {"base", "dev", "all", "brief", "dask"}),
    ],
)
def test_a_use_serves_for_the_uses_it_names(bootstrap, root, use, served):
    assert bootstrap.contains(root, use) == served


def test_the_projects_own_dev_use_serves_for_every_other(bootstrap):
    assert set(bootstrap.uses(bootstrap.ROOT)) <= bootstrap.contains(bootstrap.ROOT, "dev")


def test_the_lock_of_the_build_backend_is_no_use(bootstrap, root):
    assert bootstrap.uses(root) == ["all", "base", "brief", "dask", "dev"]


@posix
def test_first_run_makes_second_run_does_nothing(bootstrap, installer, root):
    assert bootstrap.main(["brief"], root) == 0
    assert installer.asked == ["make", "build", "brief", "project"]
    assert bootstrap.main(["brief"], root) == 0
    assert bootstrap.main(["base"], root) == 0
    assert len(installer.asked) == 4


@posix
def test_a_larger_use_serves_a_smaller_one_and_not_the_other_way(bootstrap, installer, root):
    bootstrap.main(["all"], root)
    assert bootstrap.ready(root, "brief")
    assert not bootstrap.ready(root, "dev")
    bootstrap.main(["dev"], root)
    assert installer.asked == ["make", "build", "all", "project", "build", "dev", "project"]


@posix
def test_uses_add_up_in_one_environment(bootstrap, installer, root):
    bootstrap.main(["brief"], root)
    bootstrap.main(["dask"], root)
    assert bootstrap.ready(root, "brief")
    assert bootstrap.ready(root, "dask")
    assert not bootstrap.ready(root, "all")


@posix
@pytest.mark.parametrize(
    ("file", "old", "new", "stays"),
    [
        ("requirements/brief.txt", "brief==1", "brief==2", False),
        ("requirements/build.txt", "build==1", "build==2", False),
        ("requirements/dask.txt", "dask==1", "dask==2", True),
        ("pyproject.toml", 'version = "1"', 'version = "2"', False),
        ("pyproject.toml", "line-length = 110", "line-length = 100", True),
    ],
)
def test_what_makes_an_environment_out_of_date(bootstrap, installer, root, file, old, new, stays):
    bootstrap.main(["brief"], root)
    path = root / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert bootstrap.ready(root, "brief") is stays


@posix
def test_an_environment_that_was_refreshed_is_not_taken_for_the_old_one(bootstrap, installer, root):
    lock = root / "requirements" / "brief.txt"
    bootstrap.main(["brief"], root)
    lock.write_text("brief==2\n", encoding="utf-8")
    installer.fails_at = "brief"
    assert bootstrap.main(["brief"], root) == 1
    lock.write_text("brief==1\n", encoding="utf-8")  # as when another branch is checked out
    assert not bootstrap.ready(root, "brief")


@posix
@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"uses": 3, "root": "/"}', '{"uses": {"gone": "0"}, "root": "/"}']
)
def test_a_stamp_that_says_nothing_useful_is_no_stamp(bootstrap, installer, root, text):
    bootstrap.main(["brief"], root)
    bootstrap.stamp_file(root).write_text(text, encoding="utf-8")
    assert not bootstrap.ready(root, "brief")


@posix
def test_a_failed_addition_leaves_what_was_there(bootstrap, installer, root, capsys):
    bootstrap.main(["brief"], root)
    installer.fails_at = "dev"
    assert bootstrap.main(["dev"], root) == 1
    assert "the index is away" in capsys.readouterr().err
    assert bootstrap.ready(root, "brief")
    installer.fails_at = ""
    bootstrap.main(["dev"], root)
    assert installer.asked.count("make") == 1


@posix
def test_a_killed_set_up_starts_afresh(bootstrap, installer, root):
    installer.fails_at, installer.failure = "brief", bootstrap.Killed
    assert bootstrap.main(["brief"], root) == 1
    (root / ".venv" / "half-written").touch()
    installer.fails_at = ""
    assert bootstrap.main(["brief"], root) == 0
    assert installer.asked.count("make") == 2
    assert not (root / ".venv" / "half-written").exists()


@posix
def test_an_environment_that_does_not_run_or_was_moved_is_made_again(
    bootstrap, installer, root, tmp_path_factory
):
    bootstrap.main(["brief"], root)
    bootstrap.interpreter(root).unlink()
    bootstrap.interpreter(root).symlink_to("nowhere")
    assert bootstrap.main(["brief"], root) == 0
    assert installer.asked.count("make") == 2
    elsewhere = tmp_path_factory.mktemp("moved") / "house"
    root.rename(elsewhere)
    assert bootstrap.main(["brief"], elsewhere) == 0
    assert installer.asked.count("make") == 3


@posix
@pytest.mark.parametrize(
    ("version", "works"), [("3.9", False), ("3.10", False), ("3.11", True), ("3.14", True)]
)
def test_an_environment_of_an_older_python_does_not_serve(bootstrap, root, version, works):
    python = bootstrap.interpreter(root)
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\necho {version}\n", encoding="utf-8")
    python.chmod(0o755)
    (root / ".venv" / "pyvenv.cfg").touch()
    (root / ".venv" / "lib" / f"python{version}" / "site-packages").mkdir(parents=True)
    assert (bootstrap.venv_python(root) is not None) is works


@posix
def test_an_environment_whose_python_was_replaced_under_it_does_not_serve(bootstrap, installer, root):
    bootstrap.main(["brief"], root)
    (next((root / ".venv" / "lib").iterdir())).rename(root / ".venv" / "lib" / "python3.10")
    assert bootstrap.venv_python(root) is None


def test_a_folder_that_is_no_environment_is_left_alone(bootstrap, installer, root, capsys):
    (root / ".venv").mkdir()
    (root / ".venv" / "mine.txt").touch()
    assert bootstrap.main(["brief"], root) == 1
    assert "move it away" in capsys.readouterr().err
    assert (root / ".venv" / "mine.txt").exists()


def test_without_uv_ensurepip_and_pip_one_sentence_says_what_to_install(bootstrap, root, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap.Uv, "found", lambda root: None)
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(bootstrap, "answers", lambda *command: False)
    assert bootstrap.main(["brief"], root) == 1
    said = capsys.readouterr().err
    assert "apt install python3-venv" in said
    assert said.count("\n") == 1


@posix
def test_a_broken_pyproject_is_named(bootstrap, installer, root, capsys):
    bootstrap.main(["brief"], root)
    (root / "pyproject.toml").write_text("<<<<<<<", encoding="utf-8")
    assert bootstrap.main(["brief"], root) == 1
    assert "pyproject.toml cannot be read" in capsys.readouterr().err


def test_an_unknown_use_is_a_usage_error(bootstrap, root, capsys):
    with pytest.raises(SystemExit) as stopped:
        bootstrap.main(["breif"], root)
    assert stopped.value.code == 2
    assert "brief" in capsys.readouterr().err


@posix
def test_only_one_set_up_at_a_time(bootstrap, root):
    other = (
        f"import runpy; b = runpy.run_path({str(SCRIPT)!r}); import pathlib\n"
        f"with b['alone'](pathlib.Path({str(root)!r})): print('in')\n"
    )
    with bootstrap.alone(root):
        second = subprocess.Popen([sys.executable, "-c", other], stdout=-1, stderr=-1, text=True)
        assert "waiting" in second.stderr.readline()
        assert second.poll() is None
    out, _ = second.communicate(timeout=60)
    assert out == "in\n"


def test_pip_settings_are_read_weakest_first(bootstrap, tmp_path):
    weak, strong = tmp_path / "xdg" / "pip", tmp_path / "home" / ".config" / "pip"
    weak.mkdir(parents=True)
    strong.mkdir(parents=True)
    (weak / "pip.conf").write_text("[global]\nindex-url = weak\n", encoding="utf-8")
    (strong / "pip.conf").write_text("[global]\nindex-url = 100%strong\ncert = ca.pem\n", encoding="utf-8")
    environ = {"HOME": str(tmp_path / "home"), "XDG_CONFIG_DIRS": str(tmp_path / "xdg")}
    assert bootstrap.pip_settings(environ) == {"index-url": "100%strong", "cert": "ca.pem"}
    assert bootstrap.pip_settings({**environ, "PIP_INDEX_URL": "said"})["index-url"] == "said"
    assert bootstrap.pip_settings({**environ, "PIP_CONFIG_FILE": os.devnull}) == {"index-url": "", "cert": ""}


def test_uv_is_told_pips_index_unless_it_has_its_own(bootstrap):
    pip = {"index-url": "mirror", "cert": "ca.pem"}
    assert bootstrap.uv_settings({}, pip) == {"UV_DEFAULT_INDEX": "mirror", "SSL_CERT_FILE": "ca.pem"}
    assert bootstrap.uv_settings({"UV_INDEX_URL": "own", "SSL_CERT_FILE": "own"}, pip) == {}
    assert bootstrap.uv_settings({}, {"index-url": "", "cert": ""}) == {}


def test_installers_are_asked_for_hashes_and_never_to_resolve(bootstrap, root, monkeypatch):
    asked = []
    monkeypatch.setattr(
        bootstrap.Installer, "run", lambda self, what, *command: asked.append([*map(str, command)])
    )
    monkeypatch.setattr(bootstrap, "answers", lambda *command: True)
    for install in (bootstrap.Uv(root, "uv"), bootstrap.Pip(root)):
        install.add("brief")
        install.add_project()
    locks, projects = asked[0::2], asked[1::2]
    assert all(
        {"--require-hashes", "--no-deps", "requirements/brief.txt"} <= set(command) for command in locks
    )
    assert all(command[-3:] == ["--no-deps", "-e", "."] for command in projects)
    assert all("--no-build-isolation" in command for command in asked)


def test_the_stamp_is_replaced_whole(bootstrap, root):
    (root / ".venv").mkdir()
    bootstrap.write_stamp(root, {"brief": "mark"})
    assert json.loads(bootstrap.stamp_file(root).read_text(encoding="utf-8"))["uses"] == {"brief": "mark"}
    assert [path.name for path in (root / ".venv").iterdir()] == [bootstrap.stamp_file(root).name]
