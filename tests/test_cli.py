"""The command line as its users meet it: data on stdout, progress on stderr, an exit code for every end."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import typer

import workbench
from data_samples.traffic import DATA
from workbench import errors
from workbench.cli import app
from workbench.console import finish
from workbench.domains import decisions, load_decision

COMMANDS = (
    *("doctor", "plan", "contracts", "sample", "check", "measure", "brief", "simulate"),
    *("trace", "verify", "reproduce", "compare", "sign"),
)
FAST = ("--set", "resamples=200", "--format", "html")
PROGRAM = (sys.executable, "-m", "workbench.cli")
STEPS = [
    "screening road_speeds",
    "answering traffic.congestion",
    *(f"answering traffic.congestion with rows set aside ({case})" for case in ("low", "high", "against")),
]
"""What `brief` says on its way, about data of which a row is set aside."""


class Ended:
    """How a command ended."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def cli(capsys):
    """Run a command in this process."""

    def run(*args):
        capsys.readouterr()
        code = finish(lambda: app([str(each) for each in args], prog_name="workbench"))
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Ended(code, out, err)

    return run


@pytest.fixture(scope="module")
def roads(tmp_path_factory):
    """A folder of road speeds: enough for `traffic.congestion`, and fast."""
    folder = tmp_path_factory.mktemp("data") / "roads"
    folder.mkdir()
    parts = [
        pl.read_csv(path, infer_schema=False, truncate_ragged_lines=True)
        for path in sorted((DATA / "road_speeds").iterdir())
    ]
    pl.concat(parts).filter(pl.col("segment_id") < "S012").write_csv(folder / "road_speeds.csv")
    return folder


@pytest.fixture
def bad(roads, tmp_path):
    """The same with too many bad rows."""
    folder = tmp_path / "bad"
    folder.mkdir()
    frame = pl.read_csv(roads / "road_speeds.csv", infer_schema=False)
    third = pl.int_range(pl.len()) % 3 == 0
    speed = pl.when(third).then(pl.lit("fast")).otherwise("speed_kmh").alias("speed_kmh")
    frame.with_columns(speed).write_csv(folder / "road_speeds.csv")
    return folder


class TestHelp:
    @pytest.mark.parametrize("flag", ["--help", "-h"])
    def test_the_program(self, cli, flag):
        ended = cli(flag)
        assert (ended.code, ended.err) == (0, "")
        assert [name for name in COMMANDS if not re.search(rf"^  {name} ", ended.out, re.MULTILINE)] == []
        assert "..." not in ended.out.split("Commands:")[1]
        assert "Exit codes: 0 done, 1 unexpected, 2 usage or parameters, 3 data rejected" in " ".join(
            ended.out.split()
        )

    @pytest.mark.parametrize("command", COMMANDS)
    def test_every_command(self, cli, command):
        ended = cli(command, "--help")
        assert (ended.code, ended.err) == (0, "")
        assert ended.out.startswith(f"Usage: workbench {command} ")
        assert "--json" in ended.out
        assert max(map(len, ended.out.splitlines())) <= 80
        options = ended.out.split("Options:")[1]
        assert not re.search(r"^  -\S+( \S+)?$", options, re.MULTILINE), "an option without a word of help"

    def test_nothing_asked_is_help_and_a_usage_error(self, cli):
        ended = cli()
        assert (ended.code, ended.out) == (2, "")
        assert "Commands:" in ended.err

    def test_the_version(self, cli):
        assert (cli("--version").out, cli("--version").code) == (f"{workbench.__version__}\n", 0)


class TestUsage:
    """Exit code 2, a sentence that names the nearest, and nothing on stdout."""

    @pytest.mark.parametrize(
        ("args", "said"),
        [
            (["breif"], "No such command 'breif'. Did you mean 'brief'?"),
            (["brief"], "Missing argument 'DECISION'"),
            (["brief", "traffic.congestion", "--ouut", "x"], "--ouut"),
            (
                ["brief", "traffic.congestoin"],
                "No decision is called 'traffic.congestoin'. Nearest: traffic.congestion",
            ),
            (["brief", "traffic"], "`workbench plan` lists them"),
            (
                ["brief", "traffic.congestion", "--engine", "sparc"],
                "No engine is called 'sparc'. Nearest: spark.",
            ),
            (["brief", "traffic.congestion", "--engine", ""], "No engine is called ''."),
            (["brief", "traffic.congestion", "--set", "kk=3"], "There is no parameter 'kk'. Nearest: k."),
            (
                ["brief", "traffic.congestion", "--set", "k=many"],
                'must be a whole number from 1 to 100, not "many"',
            ),
            (["brief", "traffic.congestion", "--set", "k"], "--set 'k' is not key=value"),
            (["brief", "traffic.congestion", "--params", "none.yaml"], "none.yaml: there is no such file"),
            (["brief", "traffic.congestion", "--source", "none.yaml"], "none.yaml"),
            (["brief", "traffic.congestion", "--lang", "fr"], "No language is called 'fr'. Known: en, zh."),
            (["check", "trafic"], "No domain is called 'trafic'. Nearest: traffic."),
            (["check", "traffic", "--lang", "zn"], "No language is called 'zn'. Known: en, zh."),
            (["measure", "traffic"], "Missing option '--out'"),
            (["measure", "trafic", "--out", "x"], "No domain is called 'trafic'. Nearest: traffic."),
            (["sample", "traffic"], "Missing option '--out'"),
            (["sample", "traffic", "--out", "x", "--scale", "big"], "--scale"),
            (["sample", "traffic", "--out", "x", "--scale", "0"], "above 0 and at most 20,000, not 0"),
            (["sample", "trafic", "--out", "x"], "Nearest: traffic."),
            (["plan", "L99"], "No project is called 'L99'."),
            (["plan", "l01"], "No project is called 'l01'. Nearest: L01."),
            (["plan", "L01", "L02"], "L02"),
            (["contracts", "tap"], "No table is called 'tap'. Nearest: taps"),
            (["contracts", "traffic.tap"], "Nearest: traffic.taps"),
            (["doctor", "--lang", "de"], "No language is called 'de'. Known: en, zh."),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, list) else "",
    )
    def test_it_is_told(self, cli, args, said, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        ended = cli(*args)
        assert (ended.code, ended.out) == (2, "")
        assert said in " ".join(ended.err.split())
        assert list(tmp_path.iterdir()) == []


class TestExitCodes:
    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (errors.UnknownName("table", "tap", ["taps"]), 2),
            (errors.BadParameter("no"), 2),
            (errors.BadFile("a.yaml", [(3, "no")]), 2),
            (errors.DataRejected("no"), 3),
            (errors.CheckFailed("no"), 4),
            (errors.EngineMissing("no"), 5),
            (ZeroDivisionError("no"), 1),
            (KeyboardInterrupt(), 130),
        ],
        ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
    )
    def test_each_end_has_one(self, error, code, capsys):
        def command():
            raise error

        assert finish(command) == code
        out, err = capsys.readouterr()
        assert out == ""
        assert err.count("\n") == 1
        assert err.startswith("interrupted" if code == 130 else "error: ")

    @pytest.mark.parametrize(("end", "code"), [(None, 0), (0, 0), (3, 3), ("words", 1)])
    def test_an_exit_is_an_exit(self, end, code):
        assert finish(lambda: sys.exit(end)) == code

    def test_done(self):
        assert finish(lambda: "anything") == 0

    def test_what_is_unexpected_says_how_to_report_it(self, capsys):
        def command():
            raise ZeroDivisionError("division by zero")

        assert finish(command) == 1
        err = capsys.readouterr().err
        assert "unexpected ZeroDivisionError: division by zero. This is a fault of the workbench" in err
        with pytest.raises(ZeroDivisionError):
            finish(command, traceback=lambda: True)

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (
                OSError(errno.ENOSPC, "No space left on device", "runs/x"),
                "No space left on device 'runs/x': check",
            ),
            (MemoryError(), "the memory of this machine is not enough"),
        ],
    )
    def test_what_the_machine_lacks_is_no_fault_of_the_workbench(self, capsys, error, said):
        def command():
            raise error

        assert finish(command) == 1
        err = capsys.readouterr().err
        assert said in err
        assert "fault" not in err

    def test_a_panic_of_an_engine_is_told_in_a_sentence(self, capsys):
        class PanicException(BaseException):  # as polars raises it
            pass

        def command():
            raise PanicException("index out of bounds")

        assert finish(command) == 1
        assert "unexpected PanicException: index out of bounds" in capsys.readouterr().err

    def test_spark_without_java(self, cli, roads, tmp_path, monkeypatch):
        pytest.importorskip("pyspark")
        monkeypatch.setenv("JAVA_HOME", str(tmp_path))
        ended = cli(
            "brief", "traffic.congestion", "--data", roads, "--engine", "spark", "--out", tmp_path / "out"
        )
        assert (ended.code, ended.out) == (5, "")
        assert "Engine 'spark' needs Java" in ended.err
        assert "install Java 17 or newer" in ended.err
        assert not (tmp_path / "out").exists()

    def test_a_dask_scheduler_that_does_not_answer(self, cli, roads, tmp_path):
        pytest.importorskip("distributed")
        ended = cli("check", "traffic", "--data", roads, "--engine", "tcp://127.0.0.1:9")
        assert (ended.code, ended.out) == (5, "")
        assert "No Dask scheduler answers at 'tcp://127.0.0.1:9'" in ended.err


class TestDoctor:
    @pytest.mark.parametrize("lang", ["en", "zh"])
    def test_text(self, cli, lang):
        ended = cli("doctor", "--lang", lang)
        assert (ended.code, ended.err) == (0, "")
        assert ended.out.startswith(f"workbench {workbench.__version__}\n")

    def test_json(self, cli):
        assert set(cli("doctor", "--json").json) == {
            "version",
            "engines",
            "packages",
            "java",
            "machine",
            "fonts",
        }


class TestPlan:
    def test_the_whole_as_json(self, cli):
        told = cli("plan", "--json").json
        assert {"actions", "projects", "targets"} <= set(told)
        assert (len(told["projects"]), len(told["targets"])) == (50, 25)
        (smart_transport,) = (one for one in told["projects"] if one["id"] == "L01")
        answered = {one["name"] for one in smart_transport["decisions"]}
        assert answered >= {"traffic.congestion", "traffic.crowding"}

    def test_one_project_as_json(self, cli):
        told = cli("plan", "L01", "--json").json
        assert "traffic.crowding" in json.dumps(told)

    @pytest.mark.parametrize(("lang", "said"), [("en", "not yet"), ("zh", "上海市")])
    def test_text(self, cli, lang, said):
        ended = cli("plan", "--lang", lang)
        assert (ended.code, ended.err) == (0, "")
        assert said in ended.out
        assert "traffic.congestion" in ended.out


class TestContracts:
    def test_all_one_domain_and_one_table(self, cli):
        whole, domain, table = (cli("contracts", *args).out for args in ([], ["traffic"], ["taps"]))
        assert domain in whole
        assert cli("contracts", "lifelines").out in whole
        assert "\ntaps " in domain
        assert table == cli("contracts", "traffic.taps").out
        assert table.startswith("taps: ")

    @pytest.mark.parametrize("args", [[], ["traffic"], ["road_speeds"]])
    def test_json(self, cli, args):
        assert "speed_kmh" in json.dumps(cli("contracts", *args, "--json").json)

    def test_in_chinese(self, cli):
        assert "刷卡" in cli("contracts", "taps", "--lang", "zh").out


class TestSample:
    def test_it_makes_the_folder_it_prints(self, cli, tmp_path):
        ended = cli("sample", "traffic", "--scale", 0.2, "--out", tmp_path / "city")
        assert (ended.code, ended.out) == (0, f"{tmp_path / 'city'}\n")
        assert (tmp_path / "city" / "truth.json").exists()
        assert "taps" in ended.err
        again = cli("sample", "traffic", "--out", tmp_path / "city")
        assert (again.code, again.out) == (2, "")
        assert "is not empty" in again.err

    def test_json_and_seed(self, cli, tmp_path):
        for seed in (1, 2):
            ended = cli(
                "sample", "traffic", "--scale", 0.1, "--seed", seed, "--out", tmp_path / f"{seed}", "--json"
            )
            assert ended.json == {"folder": str(tmp_path / f"{seed}")}
        one, two = ((tmp_path / name / "taps.csv").read_bytes() for name in "12")
        assert one != two


class TestCheck:
    def test_the_sample_passes(self, cli, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        ended = cli("check", "traffic")
        assert ended.code == 0
        assert "taps: 11,774 rows, 11,726 clean, 48 set aside" in ended.out
        assert "screening" not in ended.out
        assert "screening taps" in ended.err
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("engine", ["polars", "dask", pytest.param("spark", marks=pytest.mark.spark)])
    def test_the_report_does_not_depend_on_the_engine(self, cli, roads, engine, engines):
        engines(engine)
        ended = cli("check", "traffic", "--data", roads, "--engine", engine, "--json")
        assert ended.code == 0
        assert ended.json == cli("check", "traffic", "--data", roads, "--json").json

    def test_too_many_bad_rows(self, cli, bad, tmp_path, monkeypatch):
        (tmp_path / "here").mkdir()
        monkeypatch.chdir(tmp_path / "here")
        ended = cli("check", "traffic", "--data", bad)
        assert ended.code == 3
        assert "over the limit" in ended.out
        assert "not a number, first in road_speeds.csv row 2 'fast'" in ended.err
        aside = pl.read_parquet("traffic-quarantine/quarantine/road_speeds.parquet")
        assert len(aside) >= 2000
        assert "kept in traffic-quarantine/quarantine" in ended.err

    def test_json_and_a_folder_for_the_evidence(self, cli, bad, tmp_path):
        ended = cli("check", "traffic", "--data", bad, "--json", "--out", tmp_path / "kept")
        assert ended.code == 3
        assert ended.json["passed"] is False
        names = {path.relative_to(tmp_path / "kept").as_posix() for path in (tmp_path / "kept").rglob("*.*")}
        pages = {"screening.en.html", "screening.zh.html", "screening.json"}
        assert names == {*pages, "quarantine/road_speeds.parquet"}

    def test_in_chinese(self, cli, roads):
        assert "未超上限" in cli("check", "traffic", "--data", roads, "--lang", "zh").out

    def test_a_place_that_takes_nothing_is_told_before_the_work(self, cli, roads, tmp_path):
        (tmp_path / "file").write_text("")
        ended = cli("check", "traffic", "--data", roads, "--out", tmp_path / "file")
        assert (ended.code, ended.out) == (2, "")
        assert "a file is in the way" in ended.err
        assert "screening" not in ended.err


class TestMeasure:
    def test_it_prints_the_folder_and_opens_it_again(self, cli, roads, tmp_path):
        first = cli("measure", "traffic", "--data", roads, "--out", tmp_path)
        folder = Path(first.out.strip())
        assert first.code == 0
        assert {path.stem for path in (folder / "measures").iterdir()} == {
            "congestion_index", "segment_reliability", "speeds_by_hour"
        }  # fmt: skip
        again = cli("measure", "traffic", "--data", roads, "--out", tmp_path, "--json")
        assert again.json["folder"] == str(folder)
        assert again.json["fresh"] is False
        assert "measures/speeds_by_hour.parquet" in again.json["files"]
        assert again.err == f"already there: {folder}\n"


class TestBrief:
    def test_it_prints_the_page(self, cli, roads, tmp_path):
        ended = cli("brief", "traffic.congestion", "--data", roads, *FAST, "--out", tmp_path)
        page = Path(ended.out.strip())
        assert ended.code == 0
        assert page.name == "brief.en.html"
        assert page.read_text(encoding="utf-8").startswith("<!")
        assert ended.err.splitlines() == STEPS
        chinese = cli(
            "brief", "traffic.congestion", "--data", roads, *FAST, "--out", tmp_path, "--lang", "zh"
        )
        assert chinese.out.strip() == str(page.with_name("brief.zh.html"))

    @pytest.mark.parametrize("name", [name for name in decisions() if load_decision(name).needs])
    def test_a_library_that_is_missing_is_asked_for_before_anything_is_read(
        self, cli, name, monkeypatch, tmp_path
    ):
        for library in load_decision(name).needs:
            with monkeypatch.context() as without:
                without.setitem(sys.modules, library, None)
                ended = cli("brief", name, "--out", tmp_path)
            assert (ended.code, ended.out) == (5, "")
            assert ended.err == (
                f"error: The decision '{name}' needs the Python package '{library}', which is not installed: "
                "pip install 'lived-workbench[models]'.\n"
            )

    def test_a_run_that_is_there_needs_no_library(self, cli, roads, tmp_path, monkeypatch):
        args = ("brief", "traffic.congestion", "--data", roads, *FAST, "--out", tmp_path)
        page = cli(*args).out
        monkeypatch.setattr(load_decision("traffic.congestion"), "needs", ("numba",))
        monkeypatch.setitem(sys.modules, "numba", None)
        assert (again := cli(*args)).code == 0
        assert again.out == page
        assert cli(*args, "--set", "k=2").code == 5

    def test_formats(self, cli, roads, tmp_path):
        args = ("brief", "traffic.congestion", "--data", roads, "--set", "resamples=200", "--out", tmp_path)
        page = Path(cli(*args, "--format", "md", "--format", "html").out.strip())
        assert page.name == "brief.en.html"
        assert page.with_name("brief.zh.md").is_file()
        assert cli(*args, "--format", "md").out.strip() == str(page.with_name("brief.en.md"))
        refused = cli(*args, "--format", "pfd")
        assert (refused.code, refused.out) == (2, "")
        assert refused.err == "error: No format is called 'pfd'. Nearest: pdf.\n"

    def test_json(self, cli, roads, tmp_path):
        args = ("brief", "traffic.congestion", "--data", roads, *FAST, "--out", tmp_path, "--json")
        first, again = cli(*args).json, cli(*args).json
        assert set(first) == {"run_id", "folder", "brief", "fresh"}
        assert (first.pop("fresh"), again.pop("fresh")) == (True, False)
        assert first == again

    def test_parameters_from_a_file_and_from_settings(self, cli, roads, tmp_path):
        (tmp_path / "p.yaml").write_text("k: 2\nresamples: 200\nhours: [7, 8]\n")
        args = (
            "brief",
            "traffic.congestion",
            "--data",
            roads,
            "--params",
            tmp_path / "p.yaml",
            "--set",
            "k=3",
        )
        told = cli(*args, "--out", tmp_path, "--json").json
        used = json.loads((Path(told["folder"]) / "run.json").read_text(encoding="utf-8"))["parameters"]
        assert (used["k"], used["hours"], used["resamples"]) == (3, [7, 8], 200)

    @pytest.mark.parametrize("decision", ["traffic.congestion", "traffic.crowding"])
    def test_its_parameters_can_be_asked_for(self, cli, decision, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        text, told = (cli("brief", decision, "--show-params", *more) for more in ([], ["--json"]))
        assert (text.code, text.err) == (0, "")
        assert "seed = 20260101" in text.out
        assert {"name", "default", "description"} <= set(told.json[0])
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("engine", ["dask", pytest.param("spark", marks=pytest.mark.spark)])
    def test_another_engine_says_the_same(self, cli, roads, tmp_path, engine, engines):
        engines(engine)
        args = ("brief", "traffic.congestion", "--data", roads, *FAST, "--out", tmp_path, "--json")
        told = [
            json.loads((Path(ended.json["folder"]) / "brief.json").read_text(encoding="utf-8"))
            for ended in (cli(*args), cli(*args, "--engine", engine))
        ]
        assert told[0]["answer"] == told[1]["answer"]

    def test_the_command_in_the_brief_works(self, cli, roads, tmp_path):
        args = ("brief", "traffic.congestion", "--data", roads, *FAST, "--set", "hours=[7, 8]", "--json")
        told = cli(*args, "--out", tmp_path / "one").json
        written = json.loads((Path(told["folder"]) / "brief.json").read_text(encoding="utf-8"))["run"][
            "command"
        ]
        words = subprocess.run(
            ["bash", "-c", f"printf '%s\\n' {written}"], capture_output=True, text=True, check=True
        )
        again = [
            {"DIR": str(roads), "runs": str(tmp_path / "two")}.get(word, word)
            for word in words.stdout.splitlines()
        ]
        assert cli(*again[1:], "--json").json["run_id"] == told["run_id"]

    def test_where_runs_go_if_no_folder_is_named(self, cli, roads, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        ended = cli("brief", "traffic.congestion", "--data", roads, *FAST)
        assert ended.out.startswith("runs/traffic.congestion-")

    @pytest.mark.parametrize("place", ["file", "file/below", "/proc/nothing"])
    def test_a_place_that_takes_nothing(self, cli, roads, tmp_path, place):
        (tmp_path / "file").write_text("")
        ended = cli("brief", "traffic.congestion", "--data", roads, "--out", tmp_path / place)
        assert (ended.code, ended.out) == (2, "")
        assert "Nothing can be written to '" in ended.err
        assert "screening" not in ended.err


class TestProcess:
    """What only a process of its own can show."""

    @pytest.fixture
    def start(self, tmp_path):
        """Start the program with a folder of its own for temporary files."""
        (tmp_path / "tmp").mkdir()
        began = []

        def program(*args, **more):
            env = {**os.environ, "TMPDIR": str(tmp_path / "tmp"), **more.pop("env", {})}
            more = {
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                "text": True,
                "encoding": "utf-8",
            } | more
            began.append(subprocess.Popen([*PROGRAM, *map(str, args)], env=env, **more))
            return began[-1]

        yield program
        for each in began:
            if each.poll() is None:
                each.kill()
            each.wait()
            for stream in filter(None, (each.stdout, each.stderr)):
                stream.close()

    def until(self, process, said):
        for line in process.stderr:
            if line.startswith(said):
                return
        pytest.fail(f"it never said '{said}'")

    def test_stdout_is_data_alone(self, start, roads, tmp_path):
        process = start("brief", "traffic.congestion", "--data", roads, *FAST, "--out", tmp_path / "out")
        out, err = process.communicate()
        assert process.returncode == 0
        assert re.fullmatch(r"\S+/brief\.en\.html\n", out)
        assert err.splitlines() == STEPS
        assert list((tmp_path / "tmp").iterdir()) == []

    def test_chinese_is_printed_whatever_the_locale(self, start):
        out, _ = start("plan", "L01", "--lang", "zh", env={"LC_ALL": "C", "PYTHONUTF8": "0"}).communicate()
        assert "交通" in out

    @pytest.mark.parametrize(
        "args", [["plan"], ["contracts", "--json"], ["--help"], ["check", "traffic", "--data"]]
    )
    def test_a_reader_who_has_seen_enough(self, start, roads, args):
        """As `| head -1`: nobody reads on, which is no error and no noise."""
        args = [*args, roads] if args[-1] == "--data" else args
        process = start(*args)
        process.stdout.close()
        err = process.stderr.read()
        code = process.wait()
        assert "Broken" not in err
        assert "Exception" not in err
        assert code == 0 or args == ["--help"]

    def test_nobody_reads_progress(self, start, roads, tmp_path):
        process = start("brief", "traffic.congestion", "--data", roads, *FAST, "--out", tmp_path / "out")
        process.stderr.close()
        assert process.stdout.read().endswith("brief.en.html\n")
        assert process.wait() == 0

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
    def test_a_full_disk_under_stdout(self, start):
        with Path("/dev/full").open("w") as full:
            process = start("plan", stdout=full)
            err = process.communicate()[1]
        assert process.returncode == 1
        assert (
            err
            == "error: The result could not be printed (No space left on device): print it somewhere else.\n"
        )

    @pytest.mark.parametrize(
        ("sent", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
    )
    def test_stopped_in_the_middle(self, start, tmp_path, sent, code, word):
        process = start("brief", "traffic.crowding", "--out", tmp_path / "out")
        self.until(process, "screening taps")
        process.send_signal(sent)
        out, err = process.communicate()
        assert (process.returncode, out) == (code, ""), err
        assert err.splitlines()[-1] == word
        assert "Traceback" not in err
        assert list((tmp_path / "out").iterdir()) == []
        assert list((tmp_path / "tmp").iterdir()) == []

    def test_stopped_where_an_engine_holds_it_up(self):
        """An exception in a callback of an engine goes no further; the next progress says it again."""
        code = """
import os, signal, sys
from workbench import cli, console
console.take_over()
class Held:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
def work():
    Held()
    console.say("too far")
sys.exit(console.finish(work))
"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (143, "", "terminated\n")

    @pytest.mark.parametrize("raised", ["RuntimeError('from an engine')", "DataRejected('half a file')"])
    def test_stopped_where_an_engine_says_so_in_words_of_its_own(self, raised):
        code = f"""
import os, signal, sys
from workbench import cli, console
from workbench.errors import DataRejected
console.take_over()
class Left:
    def __del__(self):
        raise AttributeError("torn down")
def work():
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    except console.Stopped:
        left = Left()
        del left
        raise {raised} from None
sys.exit(console.finish(work))
"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (143, "", "terminated\n")

    def test_killed_in_the_middle(self, start, roads, tmp_path):
        process = start("brief", "traffic.crowding", "--out", tmp_path / "out")
        self.until(process, "screening taps")
        process.kill()
        process.wait()
        assert all(path.name.startswith(".run-") for path in (tmp_path / "out").iterdir())
        process = start("brief", "traffic.congestion", "--data", roads, *FAST, "--out", tmp_path / "out")
        out, _ = process.communicate()
        assert process.returncode == 0
        assert [path.name for path in (tmp_path / "out").iterdir()] == [Path(out.strip()).parent.name]

    def test_two_at_once_make_one_run(self, start, roads, tmp_path):
        both = [
            start("brief", "traffic.congestion", "--data", roads, *FAST, "--out", tmp_path / "out")
            for _ in "12"
        ]
        pages = [process.communicate()[0] for process in both]
        assert [process.returncode for process in both] == [0, 0]
        assert pages[0] == pages[1]
        assert len(list((tmp_path / "out").iterdir())) == 1


def test_the_installed_program(tmp_path):
    program = shutil.which("workbench", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("the package is not installed")
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert (done.stdout, done.stderr) == (f"{workbench.__version__}\n", "")


def test_every_command_can_be_stopped():
    """Ctrl-C means the same in every command, whichever version of Typer reads the arguments."""
    for command in app.registered_commands:
        assert isinstance(command, typer.models.CommandInfo)
        assert hasattr(command.callback, "__wrapped__"), command.callback
