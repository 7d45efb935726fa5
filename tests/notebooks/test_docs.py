"""What the pages say is so: commands run, options and columns are those of the code, links lead somewhere."""

import os
import re
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from workbench.cli import app
from workbench.domains import decisions, domains, load_decision, load_domain
from workbench.notebook import open_study

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.rglob("*.md")])
COMMANDS = typer.main.get_command(app).commands
BIN = Path(sys.executable).parent


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(page: Path, language: str) -> list[str]:
    """Fenced code of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text(page), flags=re.DOTALL | re.MULTILINE)


def indented(page: Path) -> list[str]:
    """Lines of code that stand indented under a paragraph."""
    plain = re.sub(r"^```.*?^```$", "", text(page), flags=re.DOTALL | re.MULTILINE)
    return [line.strip() for line in re.findall(r"(?<=\n)    (\S.*)", plain)]


def section(page: Path, name: str) -> str:
    """What stands under a heading of the second level."""
    return re.split(r"^## ", text(page).split(f"\n## {name}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def shell(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    command = ["bash", "-euo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


# --- commands ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_tutorial_runs_as_it_stands(tmp_path):
    steps = blocks(DOCS / "tutorial.md", "sh")
    assert len(steps) > 10
    said = []
    for step in steps:
        wanted = re.search(r"# ends with exit code (\d+)", step)
        done = shell(step, tmp_path)
        assert done.returncode == int(wanted[1] if wanted else 0), f"{step}\n{done.stdout}\n{done.stderr}"
        said.append(done.stdout + done.stderr)
    assert "already there" in said[-2]
    assert len(list((tmp_path / "runs").iterdir())) == 4
    assert (tmp_path / "screened" / "screening.en.html").exists()


def safe(line: str) -> bool:
    """Whether a documented command can be run as it stands: it names nothing of the reader's."""
    words = line.split("#")[0].split()
    named = {"--data", "--source", "--params", "--engine", "--scale"} & {*words}
    shaped = any(re.search(r"^[A-Z]+$|^\[|^>|://", word) for word in words)
    return words[:1] == ["workbench"] and not named and not shaped


def documented() -> list[str]:
    """Every command of the pages that can be run as it stands."""
    lines = [line for page in PAGES for line in indented(page)]
    lines += re.findall(r"^\| `(workbench [^`]+)` \|", text(ROOT / "README.md"), flags=re.MULTILINE)
    return sorted({" ".join(line.split("#")[0].split()) for line in lines if safe(line)})


@pytest.mark.parametrize("command", documented())
def test_a_documented_command_runs(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, shlex.split(command)[1:], catch_exceptions=False)
    assert done.exit_code == 0, done.output


def test_there_are_documented_commands():
    assert "workbench doctor" in documented()
    assert any("traffic.crowding" in command for command in documented())


def test_every_make_target_that_is_named_exists():
    targets = set(re.findall(r"^([a-z-]+):", text(ROOT / "Makefile"), flags=re.MULTILINE))
    named = {
        target for page in PAGES for target in re.findall(r"(?:^    |`)make ([a-z]+)", text(page), flags=re.M)
    }
    assert {"brief", "test", "notebooks"} <= named | {"notebooks"}
    assert named <= targets


def test_the_cron_script_says_how_it_ended(tmp_path):
    (script,) = blocks(DOCS / "how-to" / "batch.md", "sh")
    path = tmp_path / "weekly-brief.sh"
    path.write_text(script, encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    done = shell(f"./weekly-brief.sh {nothing} runs", tmp_path)
    assert done.returncode == 3
    assert done.stdout.startswith("data rejected: error: ")
    done = shell(f"./weekly-brief.sh {ROOT / 'data_samples' / 'traffic' / 'data'} runs", tmp_path)
    assert done.returncode == 0
    assert (tmp_path / done.stdout.removeprefix("brief: ").strip()).is_file()


def test_python_of_the_pages_compiles():
    for page in PAGES:
        for code in blocks(page, "python"):
            compile(code, str(page), "exec")


# --- reference --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_reference_has_every_option_of_a_command(name):
    described = section(DOCS / "reference" / "cli.md", name)
    told = dict(re.findall(r"^\| `(--[a-z-]+)([^`]*)` \|", described, flags=re.MULTILINE))
    options = {one.opts[0]: one for one in COMMANDS[name].params if one.param_type_name == "option"}
    options.pop("--help", None)
    assert told.keys() == options.keys()
    for option, metavar in told.items():
        wanted = "" if options[option].is_flag else f" {options[option].metavar}"
        assert metavar.replace("\\|", "|") == wanted, option
    usage = described.strip().split("\n\n")[0]
    for option in options:
        assert option in usage, option
    for argument in (one for one in COMMANDS[name].params if one.param_type_name == "argument"):
        assert argument.metavar in usage


def test_the_reference_has_every_command_and_its_own_words():
    table = dict(
        re.findall(r"^\| \[`(\w+)`\]\(#\w+\) \| (.+) \|$", text(DOCS / "reference" / "cli.md"), flags=re.M)
    )
    assert table.keys() == COMMANDS.keys()
    for name, words in table.items():
        assert words.lower() == COMMANDS[name].short_help.rstrip(".").lower()


@pytest.mark.parametrize("page", ["README.md", "docs/reference/cli.md", "docs/how-to/batch.md"])
def test_exit_codes_are_those_of_the_code(page):
    from workbench import console, errors

    codes = re.findall(r"^\| (\d[\d, ]*) \|", text(ROOT / page), flags=re.MULTILINE)
    told = {int(code) for line in codes for code in line.split(",")}
    known = [errors.DONE, errors.UNEXPECTED, errors.USAGE, errors.DATA_REJECTED, errors.CHECK_FAILED]
    assert told == {*known, errors.ENGINE_MISSING, console.INTERRUPTED, console.TERMINATED}


MEASURES = [(domain, one) for domain in ("traffic", "lifelines") for one in load_domain(domain).measures]
UNITS = {"_s": "s", "_kmh": "km/h", "_h": "h", "_m3": "m3", "_km": "km", "_min": "min", "_share": "share"}


@pytest.fixture(scope="module")
def study():
    with open_study("traffic") as traffic, open_study("lifelines") as lifelines:
        yield {"traffic": traffic, "lifelines": lifelines}


def test_the_reference_has_every_measure():
    names = re.findall(r"^## (\w+)$", text(DOCS / "reference" / "measures.md"), flags=re.MULTILINE)
    assert [*names] == [*[one.name for _, one in MEASURES], "Sources"]
    assert {domain for domain, _ in MEASURES} == {*domains()}


@pytest.mark.parametrize(("domain", "measure"), MEASURES, ids=lambda one: getattr(one, "name", one))
def test_a_measure_is_described_as_it_is(domain, measure, study):
    described = section(DOCS / "reference" / "measures.md", measure.name)
    columns = re.findall(r"^\| `(\w+)` \|([^|]*)\|", described, flags=re.MULTILINE)
    made = study[domain][measure.name].columns
    if "The table as it is" in described:
        assert made == [one.name for one in load_domain(domain).contract.table(measure.name).columns]
        assert not columns
    else:
        assert [name for name, _ in columns] == made
    for name, unit in columns:
        ends = [end for end in UNITS if name.endswith(end)]
        assert not ends or unit.strip() == UNITS[max(ends, key=len)], name
    made = re.search(r"Made from (.*?)\.", described.replace("\n", " "))[1]
    assert re.findall(r"`(\w+)`", made) == [*measure.tables, *measure.optional]


@pytest.mark.parametrize("name", sorted(decisions()))
def test_how_to_pages_have_every_parameter_with_its_default(name):
    page = DOCS / "how-to" / f"decide-{name.rpartition('.')[2]}.md"
    if not page.exists():
        pytest.skip(f"{page.name} is not written yet")
    told = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", section(page, "Parameters"), flags=re.MULTILINE))
    defaults = load_decision(name).Parameters().model_dump(mode="json")
    assert told.keys() == defaults.keys()
    for parameter, value in defaults.items():
        shown = (", ".join(map(str, value)) or "none") if isinstance(value, list) else str(value).lower()
        assert told[parameter] in (shown, shown.removesuffix(".0")), parameter


@pytest.mark.parametrize("name", sorted(decisions()))
def test_how_to_pages_have_the_tables_of_the_decision(name):
    page = DOCS / "how-to" / f"decide-{name.rpartition('.')[2]}.md"
    if not page.exists():
        pytest.skip(f"{page.name} is not written yet")
    told = dict(re.findall(r"^\| `(\w+)` \| (yes|no) \|", section(page, "Data"), flags=re.MULTILINE))
    decision = load_decision(name)
    assert told == {**dict.fromkeys(decision.required, "yes"), **dict.fromkeys(decision.optional, "no")}


def test_the_readme_names_decisions_that_there_are():
    named = re.findall(r"^\| `(\w+\.\w+)` \|", text(ROOT / "README.md"), flags=re.MULTILINE)
    assert named
    assert set(named) <= set(decisions())


# --- links and files --------------------------------------------------------------------------


def anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    plain = re.sub(r"^```.*?^```$", "", text(page), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)\s]+)\)", plain):
        if "://" in target:
            continue
        path, _, place = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        if place:
            assert place in {
                anchor(one) for one in re.findall(r"^#+ (.+)$", text(found), flags=re.MULTILINE)
            }, target


@pytest.mark.parametrize(
    "page", [DOCS / "validation.md", *sorted((DOCS / "decisions").glob("*.md"))], ids=lambda p: p.stem
)
def test_files_that_are_named_exist(page):
    for name in re.findall(
        r"`((?:tests|workbench|tools|benchmarks|docs|notebooks|requirements)/[\w./-]+)`", text(page)
    ):
        assert (ROOT / name).exists() or re.search("[A-Z]{3}", name), name


def test_every_page_can_be_found_from_the_index():
    linked = {
        (DOCS / target).resolve() for target in re.findall(r"\]\(([^)#\s]+)\)", text(DOCS / "index.md"))
    }
    aside = {DOCS / "index.md", DOCS / "images" / "README.md"}
    assert not [
        str(page.relative_to(ROOT))
        for page in PAGES
        if page.is_relative_to(DOCS) and page not in linked | aside
    ]


def test_the_picture_of_the_readme_is_small():
    assert (DOCS / "images" / "brief.png").stat().st_size < 200_000
