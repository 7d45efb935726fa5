"""What is derived stays in step with its source: locks, environment.yml; and no file names a place."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
EXTRAS = PROJECT["optional-dependencies"]
USES = ("base", "brief", "dask", "spark", "lab", "all", "dev")
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))

# Parts, so that this file does not hold what it looks for.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("pypi", "python", "org"),
        ("anaconda", "org"),
        ("anaconda", "com"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("crates", "io"),
        ("rubygems", "org"),
        ("proxy", "golang", "org"),
        ("maven", "org"),
        ("repo", "maven", "apache", "org"),
        ("deb", "debian", "org"),
        ("archive", "ubuntu", "com"),
        ("registry-1", "docker", "io"),
    )
]
MACHINE_FOLDERS = ["/".join(("", name, "")) for name in ("work", "root", "home")]


def locked(path: Path) -> dict[str, list[Requirement]]:
    """Each package of a lock with its pins (more than one where they differ by platform)."""
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    pins: dict[str, list[Requirement]] = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            pin = Requirement(line.split("--hash")[0].strip())
            pins.setdefault(canonicalize_name(pin.name), []).append(pin)
    return pins


def direct(use: str) -> list[Requirement]:
    """The requirements that pyproject.toml states for a use, those of the extras it names included."""
    stated = [Requirement(line) for line in PROJECT["dependencies"]]
    waiting = [] if use == "base" else [use]
    while waiting:
        for requirement in map(Requirement, EXTRAS[waiting.pop()]):
            if requirement.name == PROJECT["name"]:
                waiting += requirement.extras
            else:
                stated.append(requirement)
    return stated


def text_files() -> list[Path]:
    """Every text file that is or could be committed."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        done = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True)
        paths = [ROOT / name for name in done.stdout.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        skipped = {".git", ".venv", ".tools", "__pycache__", "runs", "build", "dist", "node_modules"}
        skipped |= {".pytest_cache", ".mypy_cache", ".ruff_cache", ".import_linter_cache", ".hypothesis"}
        paths = [path for path in ROOT.rglob("*") if not skipped & set(path.relative_to(ROOT).parts)]
        paths = [path for path in paths if ".egg-info" not in str(path)]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:8192]]


def test_there_is_one_lock_for_each_use():
    assert {path.stem for path in LOCKS} == {*USES, "build"}
    assert set(USES) - {"base"} <= set(EXTRAS)


@pytest.mark.parametrize("use", USES)
def test_a_lock_holds_what_its_use_needs(use):
    pins = locked(ROOT / "requirements" / f"{use}.txt")
    for need in direct(use):
        found = pins.get(canonicalize_name(need.name))
        assert found, f"requirements/{use}.txt has no {need.name}: run `make lock`"
        for pin in found:
            (version,) = pin.specifier
            fits = need.specifier.contains(Version(version.version), prereleases=True)
            assert fits, f"requirements/{use}.txt has {pin}, which is not {need}: run `make lock`"


def test_the_build_lock_holds_the_build_backend():
    pins = locked(ROOT / "requirements" / "build.txt")
    for need in map(Requirement, PYPROJECT["build-system"]["requires"]):
        (pin,) = pins[canonicalize_name(need.name)]
        assert all(need.specifier.contains(each.version) for each in pin.specifier)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_a_lock_is_pinned_and_hashed_and_names_no_place(lock):
    text = lock.read_text(encoding="utf-8")
    for line in text.replace("\\\n", " ").splitlines():
        if not line.startswith("#"):
            assert re.match(r"^[a-z0-9][a-z0-9.-]*==\S+ .*--hash=sha256:[0-9a-f]{64}", line), (
                f"{lock.name}: {line[:80]}"
            )
    assert not re.search(r"://|^\s*--?(?!hash=)\w|@ ", text, flags=re.MULTILINE)


def test_hashes_are_those_of_the_index_and_not_of_a_local_folder():
    """A package with compiled parts has one file, so one hash, for each Python and platform."""
    text = (ROOT / "requirements" / "base.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    numpy = next(line for line in text.splitlines() if line.startswith("numpy=="))
    assert numpy.count("--hash=") > 20


def test_locks_agree_so_that_uses_add_up_in_one_environment():
    whole = locked(ROOT / "requirements" / "dev.txt")
    for use in USES:
        for name, pins in locked(ROOT / "requirements" / f"{use}.txt").items():
            assert [str(pin.specifier) for pin in pins] == [str(pin.specifier) for pin in whole[name]], (
                f"{use}: {name}"
            )


def test_environment_yml_is_in_step_with_pyproject():
    stated = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    (pip,) = [each["pip"] for each in stated if isinstance(each, dict)]
    conda = [each for each in stated if isinstance(each, str)]
    ranges = {re.split(r"[<>=! ]", each)[0]: each for each in conda}
    assert ranges["python"] == f"python{PROJECT['requires-python']}"
    assert {"openjdk", "make", "pip"} <= set(ranges)
    named = []
    for line in pip:
        match = re.fullmatch(r"-e \.\[([\w,-]+)\]", line)
        assert match, f"environment.yml: '{line}' is not this project with extras"
        named += match[1].split(",")
    assert set(named) <= set(EXTRAS)
    from_pip = [requirement.name for extra in named for requirement in direct(extra)]
    everything = [*ranges, *named]
    assert len(everything) == len(set(everything)) == len(conda) + len(named)
    assert not set(ranges) & set(from_pip), "conda and pip both list it"


def test_no_file_names_a_package_registry_or_a_folder_of_this_machine():
    hosts = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, REGISTRIES))})(?!\w)", re.IGNORECASE)
    folders = re.compile(rf"(?<![\w.~}}-])({'|'.join(MACHINE_FOLDERS)})")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for path in text_files()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        for match in (*hosts.finditer(line), *folders.finditer(line))
    ]
    assert not found, "\n".join(found)
