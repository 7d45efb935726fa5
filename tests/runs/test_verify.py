"""A run that was changed anywhere says where; one that was not proves itself."""

import json
import re
import shutil

import polars as pl
import pytest

from workbench.errors import CheckFailed, WorkbenchError
from workbench.runs import decide, measure
from workbench.runs.data import data_from
from workbench.runs.record import id_of
from workbench.runs.verify import verify

NUMBER = "index.rank1"


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def flip(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def told(folder):
    return json.loads((folder / "brief.json").read_text(encoding="utf-8"))


def numbers(found):
    return {(each.file, each.number) for each in found.findings if each.number}


class TestUnchanged:
    @pytest.mark.parametrize("name", ["traffic.congestion", "traffic.crowding", "traffic.headways"])
    def test_every_decision_proves_itself(self, made, name):
        found = verify(made(name).folder)
        assert found.findings == ()
        assert found.looked_at["numbers"] == len(told(made(name).folder)["quantities"])
        assert found.looked_at["printed"] > 2 * found.looked_at["numbers"] * 0.8
        assert found.looked_at["files"] == len(made(name).record["files"])
        found.check()

    def test_cells_are_compared(self, made):
        assert verify(made().folder).looked_at["cells"] == len(made().record["cells"]) >= 27

    def test_a_run_of_measures(self, engines, tmp_path):
        from pipelines.traffic import domain

        run = measure(domain, data_from(domain), engines("polars"), tmp_path)
        assert verify(run.folder).findings == ()

    def test_wherever_it_lies_and_by_any_of_its_files(self, run):
        assert verify(run / "brief.en.html").findings == ()

    def test_the_machine_has_no_part_in_it(self, run):
        (run / "machine.json").write_text("another")
        assert verify(run).findings == ()
        (run / "machine.json").unlink()
        assert verify(run).findings == ()

    def test_nothing_is_written(self, run):
        before = {name: (run / name).read_bytes() for name in files(run)}
        verify(run)
        assert before == {name: (run / name).read_bytes() for name in files(run)}


class TestFiles:
    def test_one_byte_in_every_file_in_turn(self, made, tmp_path):
        for name in files(made().folder):
            if name in ("machine.json", "run.json"):
                continue
            folder = shutil.copytree(made().folder, tmp_path / "flipped")
            flip(folder / name, (folder / name).stat().st_size // 2)
            found = verify(folder)
            said = [each.says for each in found.findings if each.file == name]
            assert any("was changed" in each for each in said), name
            with pytest.raises(CheckFailed, match=re.escape(name)):
                found.check()
            shutil.rmtree(folder)

    def test_one_byte_of_the_record_wherever_it_is(self, made, tmp_path):
        folder = shutil.copytree(made().folder, tmp_path / "run")
        path = folder / "run.json"
        whole = path.read_bytes()
        for at in range(0, len(whole), 41):
            path.write_bytes(whole)
            flip(path, at)
            assert verify(folder).findings, whole[at - 20 : at + 20]

    def test_missing_and_extra_files(self, run):
        (run / "measures" / "speeds_by_hour.parquet").unlink()
        (run / "brief.fr.html").write_text("<p>Traitez d'abord ...</p>")
        said = {each.file: each.says for each in verify(run).findings}
        assert said["measures/speeds_by_hour.parquet"] == "is missing"
        assert "is not of this run" in said["brief.fr.html"]

    def test_everything_at_once(self, run):
        (run / "brief.zh.html").unlink()
        flip(run / "brief.en.html", 99)
        flip(run / "quarantine" / "segments.parquet", 99)
        with pytest.raises(CheckFailed) as refused:
            verify(run).check()
        for name in ("brief.zh.html", "brief.en.html", "quarantine/segments.parquet"):
            assert name in refused.value.message

    @pytest.mark.parametrize(
        "text", ["", "{", "[]", "null", '{"files": 1}', "\x00\x01", '{"schema": "lived-run/1"}']
    )
    def test_a_damaged_record_is_told_and_the_rest_still_checked(self, run, text):
        (run / "run.json").write_text(text)
        page = run / "brief.en.html"
        page.write_text(page.read_text(encoding="utf-8").replace(">2.37<", ">3.37<"), encoding="utf-8")
        found = verify(run)
        assert found.findings[0].file == "run.json"
        assert ("brief.en.html", NUMBER) in numbers(found)

    def test_no_record_at_all(self, run):
        (run / "run.json").unlink()
        assert "is missing" in verify(run).findings[0].says

    @pytest.mark.parametrize("name", ["../elsewhere.txt", "/etc/hostname", "a\\b"])
    def test_a_record_that_names_files_elsewhere(self, run, name):
        record = json.loads((run / "run.json").read_text(encoding="utf-8"))
        record["files"][name] = "0" * 64
        (run / "run.json").write_text(json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
        assert "cannot be of the run" in verify(run).findings[0].says

    def test_no_folder(self, tmp_path):
        with pytest.raises(WorkbenchError, match="No folder is called"):
            verify(tmp_path / "none")


class TestDeceived:
    """Who changes a number and hashes everything again is found all the same."""

    def test_a_digit_of_the_page(self, run, deceive):
        deceive(run, "brief.en.html", lambda text: text.replace(">2.37<", ">2.73<", 1))
        (found,) = verify(run).findings
        assert (found.file, found.number) == ("brief.en.html", NUMBER)
        assert found.printed.startswith("2.73 (95% 1.84")
        assert found.recorded.startswith("2.37 (95% 1.84")

    def test_a_digit_of_the_chinese_page(self, run, deceive):
        deceive(run, "brief.zh.html", lambda text: text.replace(">2.37<", ">2.73<", 1))
        assert numbers(verify(run)) == {("brief.zh.html", NUMBER)}

    def test_a_digit_everywhere_but_in_the_value(self, run, deceive):
        def text(told):
            told["quantities"][NUMBER]["text"] = {
                lang: said.replace("2.37", "2.73")
                for lang, said in told["quantities"][NUMBER]["text"].items()
            }

        deceive(run, "brief.json", text)
        for lang in ("en", "zh"):
            deceive(run, f"brief.{lang}.html", lambda text: text.replace(">2.37<", ">2.73<"))
        found = numbers(verify(run))
        assert {("brief.json", NUMBER), ("brief.en.html", NUMBER), ("brief.zh.html", NUMBER)} <= found

    def test_a_digit_of_a_sentence_of_the_record(self, run, deceive):
        def sentence(told):
            said = told["answer"]["points"][0]
            said["en"] = said["en"].replace("20.0", "30.0")

        deceive(run, "brief.json", sentence)
        (found,) = verify(run).findings
        assert (found.file, found.number) == ("brief.json", "speed.rank1")

    def test_a_digit_of_a_cell_of_a_table(self, run, deceive):
        def cell(told):
            told["options"]["rows"][0]["cells"][2]["text"]["en"] = "9.99 (1.84–2.81)"

        deceive(run, "brief.json", cell)
        assert numbers(verify(run)) == {("brief.json", NUMBER), ("tables/segments.csv", NUMBER)}

    def test_a_value_that_is_a_cell_of_its_measure(self, run, deceive):
        def value(told):
            told["quantities"]["buffer.rank1"]["value"] += 1e-6

        deceive(run, "brief.json", value)
        assert numbers(verify(run)) == {
            ("measures/segment_reliability.parquet", "buffer.rank1"),
            ("tables/segments.csv", "buffer.rank1"),
        }

    def test_a_cell_of_a_measure(self, run, rehash):
        path = run / "measures" / "segment_reliability.parquet"
        frame = pl.read_parquet(path)
        changed = pl.when(pl.col("segment_id") == "S004").then(0.5).otherwise("buffer_index")
        frame.with_columns(changed.alias("buffer_index")).write_parquet(path)
        rehash(run)
        assert numbers(verify(run)) == {("measures/segment_reliability.parquet", "buffer.rank1")}

    def test_rows_set_aside(self, run, deceive):
        def count(told):
            told["quantities"]["data.road_speeds.rejected"]["value"] = 4

        deceive(run, "brief.json", count)
        found = [each for each in verify(run).findings if each.number == "data.road_speeds.rejected"]
        assert any("screening.json says 40" in each.says for each in found)

    def test_rows_of_the_quarantine(self, run, rehash):
        path = run / "quarantine" / "road_speeds.parquet"
        pl.read_parquet(path).head(3).write_parquet(path)
        rehash(run)
        (found,) = verify(run).findings
        assert "holds 3 rows; 40 are recorded" in found.says

    def test_a_number_taken_out_of_the_page(self, run, deceive):
        def plain(text):
            return re.sub(rf'<span [^>]*data-quantity="{NUMBER}"[^>]*>', "<span>", text)

        deceive(run, "brief.en.html", plain)
        assert numbers(verify(run)) == {("brief.en.html", NUMBER)}

    def test_a_number_nobody_recorded(self, run, deceive):
        extra = '<span data-quantity="made.up">99%</span></body>'
        deceive(run, "brief.en.html", lambda text: text.replace("</body>", extra))
        assert numbers(verify(run)) == {("brief.en.html", "made.up")}

    def test_another_parameter_with_an_id_that_follows(self, run):
        path = run / "run.json"
        record = json.loads(path.read_text(encoding="utf-8"))
        record["parameters"]["k"] = 4
        record["run_id"] = id_of(record)
        path.write_text(
            json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8"
        )
        said = [each.says for each in verify(run).findings]
        assert "its run's parameters is not that of run.json" in said

    def test_another_parameter_alone(self, run):
        path = run / "run.json"
        path.write_text(path.read_text(encoding="utf-8").replace('"k": 5', '"k": 4'), encoding="utf-8")
        assert any("does not follow from what is recorded" in each.says for each in verify(run).findings)

    @pytest.mark.parametrize("part", ["quantities", "answer", "options", "run", "sections"])
    def test_a_brief_that_lost_a_part(self, run, deceive, part):
        deceive(run, "brief.json", lambda told: told.pop(part))
        assert any(each.file == "brief.json" for each in verify(run).findings)


class TestTables:
    def test_a_value_of_a_table(self, run, deceive):
        path = run / "tables" / "segments.csv"
        value = repr(told(run)["quantities"][NUMBER]["value"])
        assert value in path.read_text(encoding="utf-8-sig")
        deceive(run, "tables/segments.csv", lambda text: text.replace(value, "1.5"))
        (found,) = verify(run).findings
        assert (found.file, found.number, found.printed) == ("tables/segments.csv", NUMBER, "1.5")

    def test_a_row_of_a_table(self, run, deceive):
        deceive(run, "tables/segments.csv", lambda text: "\n".join(text.splitlines()[:-1]) + "\n")
        assert "rows; the table of the brief has" in verify(run).findings[0].says


@pytest.fixture(scope="module")
def every(engines, tmp_path_factory):
    """A run in every format."""
    from pipelines.traffic import domain
    from pipelines.traffic.decide import Congestion, CongestionParameters

    pytest.importorskip("pypdf")
    asked, out = CongestionParameters(resamples=200), tmp_path_factory.mktemp("every")
    formats = ("html", "md", "docx", "pdf")
    return decide(
        Congestion, domain, data_from(domain), asked, engines("polars"), out, formats=formats
    ).folder


class TestFormats:
    """Word, PDF and Markdown print the same numbers, and a digit changed in one of them is named."""

    def test_as_they_are(self, every, made):
        found = verify(every)
        assert found.findings == ()
        assert found.looked_at["printed"] > verify(made().folder).looked_at["printed"]

    def test_a_digit_of_markdown(self, every, tmp_path, deceive):
        folder = shutil.copytree(every, tmp_path / "run")
        deceive(folder, "brief.en.md", lambda text: text.replace("2.37", "2.73", 1))
        assert ("brief.en.md", NUMBER) in numbers(verify(folder))

    def test_a_digit_of_word(self, every, tmp_path, rehash):
        import zipfile

        folder = shutil.copytree(every, tmp_path / "run")
        path = folder / "brief.en.docx"
        with zipfile.ZipFile(path) as package:
            parts = {name: package.read(name) for name in package.namelist()}
        parts["word/document.xml"] = parts["word/document.xml"].replace(b">2.37", b">2.73", 1)
        with zipfile.ZipFile(path, "w") as package:
            for name, content in parts.items():
                package.writestr(name, content)
        rehash(folder)
        assert ("brief.en.docx", NUMBER) in numbers(verify(folder))

    def test_a_page_of_another_brief(self, every, tmp_path, made, rehash):
        folder = shutil.copytree(every, tmp_path / "run")
        shutil.copy(folder / "brief.zh.pdf", folder / "brief.en.pdf")
        rehash(folder)
        assert any(each.file == "brief.en.pdf" for each in verify(folder).findings)

    def test_the_order_that_was_kept(self, every, tmp_path, deceive):
        def change(told):
            at = next(i for i, (name, _) in enumerate(told["en"]) if name == NUMBER)
            told["en"][at][1] = told["en"][at][1].replace("2.37", "2.73")

        folder = shutil.copytree(every, tmp_path / "run")
        deceive(folder, "printed.json", change)
        assert ("printed.json", NUMBER) in numbers(verify(folder))


class TestTexts:
    """Markdown is compared in the order of the page."""

    @pytest.fixture
    def written(self, run):
        from workbench.briefs.printed import printed_numbers

        lines = [f"Number {text}." for _, text in printed_numbers(run / "brief.en.html")]
        record = json.loads((run / "run.json").read_text(encoding="utf-8"))
        (run / "brief.en.md").write_text("\n".join(lines), encoding="utf-8")
        record["files"]["brief.en.md"] = ""
        (run / "run.json").write_text(json.dumps(record), encoding="utf-8")
        crate = json.loads((run / "ro-crate-metadata.json").read_text(encoding="utf-8"))
        crate["@graph"].append({"@id": "brief.en.md", "@type": "File", "sha256": ""})
        (run / "ro-crate-metadata.json").write_text(json.dumps(crate), encoding="utf-8")
        return run

    def test_as_it_is(self, written, rehash):
        rehash(written)
        assert verify(written).findings == ()

    def test_a_digit(self, written, deceive):
        deceive(written, "brief.en.md", lambda text: text.replace("2.37", "2.73"))
        assert ("brief.en.md", NUMBER) in numbers(verify(written))


class TestCommand:
    def test_good(self, cli, made):
        code, out, err = cli("verify", made().folder)
        assert code == 0
        assert "files are those recorded" in out
        assert err.splitlines() == ["reading run.json", "hashing the files", "comparing the numbers"]

    def test_bad(self, cli, run):
        flip(run / "brief.json", 5000)
        code, out, err = cli("verify", run)
        assert (code, out) == (4, "")
        assert "brief.json: was changed" in err

    def test_json_tells_both(self, cli, run):
        flip(run / "brief.zh.html", 5000)
        code, out, _ = cli("verify", run, "--json")
        answer = json.loads(out)
        assert (code, answer["verified"]) == (4, False)
        assert answer["findings"][0]["file"] == "brief.zh.html"

    def test_no_run(self, cli, tmp_path):
        assert cli("verify", tmp_path / "none")[0] == 2
        assert cli("verify", tmp_path)[0] == 4
