"""Parameters from a file and from settings: types are never guessed, and all mistakes are told at once."""

import json
from typing import Literal

import pytest
from pydantic import Field

from pipelines.traffic.decide import CongestionParameters, CrowdingParameters
from workbench.domains import Parameters
from workbench.errors import BadFile, BadParameter
from workbench.parameters import as_text, describe, read_parameters


class Depot(Parameters):
    """Every kind of parameter."""

    buses: int = Field(
        8, ge=1, le=500, description="Buses", json_schema_extra={"zh": "车辆数", "unit": "buses"}
    )
    speed: float = Field(20.0, gt=0, description="Speed", json_schema_extra={"zh": "车速", "unit": "km/h"})
    share: float = Field(0.5, ge=0, lt=1, description="Share", json_schema_extra={"zh": "比例"})
    night: bool = Field(False, description="Night service", json_schema_extra={"zh": "夜班"})
    policy: Literal["none", "holding"] = Field("none", description="Policy", json_schema_extra={"zh": "策略"})
    lines: tuple[str, ...] = Field(("12",), description="Lines", json_schema_extra={"zh": "线路"})
    label: str = Field("", description="Label", json_schema_extra={"zh": "标签"})


@pytest.fixture
def params(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "params.yaml"
        path.write_text(text, encoding=encoding)
        return path

    return write


def refused(*settings, path=None, model=Depot):
    with pytest.raises((BadParameter, BadFile)) as error:
        read_parameters(model, path, settings)
    assert error.value.exit_code == 2
    return error.value.message


class TestReading:
    def test_nothing_given_is_the_defaults(self):
        assert read_parameters(Depot) == Depot()

    def test_settings_are_read_as_yaml(self):
        got = read_parameters(
            Depot, None, ["buses=9", " speed = 1.5e1 ", "night=true", "lines=['12', '35']", "label=a=b"]
        )
        assert (got.buses, got.speed, got.night, got.lines, got.label) == (9, 15.0, True, ("12", "35"), "a=b")

    def test_a_whole_number_is_a_number(self):
        assert read_parameters(Depot, None, ["speed=15"]).speed == 15.0

    def test_settings_win_over_the_file_and_the_last_over_those_before(self, params):
        path = params("buses: 3\nspeed: 30\n")
        got = read_parameters(Depot, path, ["buses=4", "buses=5"])
        assert (got.buses, got.speed) == (5, 30.0)

    def test_a_mistake_that_a_setting_overrides_is_none(self, params):
        assert read_parameters(Depot, params("buses: many\n"), ["buses=5"]).buses == 5


def test_a_number_for_a_text_parameter_is_its_text():
    assert read_parameters(Depot, settings=["label=12"]).label == "12"


class TestMistakes:
    @pytest.mark.parametrize(
        ("setting", "said"),
        [
            ("buses=many", "Parameter 'buses' (Buses) must be a whole number from 1 to 500, not \"many\"."),
            ("buses=true", "Parameter 'buses' (Buses) must be a whole number from 1 to 500, not true."),
            ("buses=7.5", "must be a whole number from 1 to 500, not 7.5."),
            ("buses='7'", 'must be a whole number from 1 to 500, not "7".'),
            ("buses=0", "must be a whole number from 1 to 500, not 0."),
            ("buses=99999999999999999999", "not 99999999999999999999."),
            ("buses=null", "not null."),
            ("speed=0", "must be a number above 0, not 0."),
            ("speed=.nan", "must be a number above 0, not NaN."),
            ("speed=.inf", "must be a number above 0, not Infinity."),
            ("speed=1e999", "must be a number above 0, not Infinity."),
            ("share=1", "must be a number of at least 0 and below 1, not 1."),
            ("night=yes", 'must be true or false, not "yes".'),
            ("night=1", "must be true or false, not 1."),
            ("policy=hold", 'must be one of none, holding, not "hold".'),
            ("lines=12", 'must be a list of texts, such as ["12"], not 12.'),
            ("lines=[12]", 'must be a list of texts, such as ["12"], not [12].'),
            ("label={a: 1}", 'must be text, not {"a": 1}.'),
            ("busses=3", "There is no parameter 'busses'. Nearest: buses."),
            ("zzz=3", "There is no parameter 'zzz'. Known: buses, label, lines,"),
            ("buses", "--set 'buses' is not key=value: write, for example, --set buses=1."),
            ("=3", "--set '=3' is not key=value"),
            ("buses=", "--set 'buses=' is not key=value"),
            ("lines=[12", "--set lines: '[12' cannot be read: check its brackets and quotes."),
            ("label='", "cannot be read: check its brackets and quotes."),
        ],
    )
    def test_each_says_what_it_must_be(self, setting, said):
        message = refused(setting)
        assert said in message
        assert "\n" not in message

    def test_all_are_told_at_once(self):
        assert len(refused("buses=0", "speed=-1", "busses=1").splitlines()) == 3

    def test_those_of_a_file_with_their_lines(self, params):
        path = params("# the depot\nbuses: 0\nspeed: fast\n\nnigth: true\n")
        assert refused(path=path).splitlines() == [
            f"{path}:2: Parameter 'buses' (Buses) must be a whole number from 1 to 500, not 0.",
            f"{path}:3: Parameter 'speed' (Speed) must be a number above 0, not \"fast\".",
            f"{path}:5: There is no parameter 'nigth'. Nearest: night.",
        ]

    def test_those_of_a_file_and_of_settings_together(self, params):
        path = params("buses: 0\n")
        assert refused("speed=0", path=path).splitlines() == [
            f"{path}:1: Parameter 'buses' (Buses) must be a whole number from 1 to 500, not 0.",
            "Parameter 'speed' (Speed) must be a number above 0, not 0.",
        ]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "is empty"),
            ("- buses\n- 3\n", "parameters must be written as `name: value`, one a line"),
            ("buses 3\n", "parameters must be written as `name: value`"),
            ("buses: 3\nbuses: 4\n", "buses"),
            ("buses: [3\n", "is not YAML"),
        ],
    )
    def test_files_that_are_none(self, params, text, said):
        path = params(text)
        message = refused(path=path)
        assert said in message
        assert str(path) in message

    def test_a_file_in_another_encoding(self, params):
        assert "probably GB18030" in refused(path=params("label: 公交停车场\n", "gb18030"))

    def test_a_file_that_is_not_there(self, tmp_path):
        (tmp_path / "params.yaml").write_text("buses: 3\n")
        assert "nearest in that folder: params.yaml" in refused(path=tmp_path / "parms.yaml")
        assert "is a folder" in refused(path=tmp_path)

    @pytest.mark.parametrize("hours", ["[7, 7]", "[24]", "[-1]"])
    def test_a_rule_of_the_decision(self, hours):
        message = refused(f"hours={hours}", model=CongestionParameters)
        assert message == (
            "Parameter 'hours' (Hours of the day to judge, each from its full hour) must be different whole "
            f"hours from 0 to 23, not {hours}."
        )

    def test_no_hours(self):
        assert "must be a list of whole numbers, such as [7, 8, 17, 18], not []" in refused(
            "hours=[]", model=CongestionParameters
        )


class TestDescription:
    def test_everything_a_form_needs(self):
        told = {one["name"]: one for one in describe(Depot)}
        assert list(told) == list(Depot.model_fields)
        assert told["buses"] == {
            "name": "buses",
            "type": "integer",
            "default": 8,
            "minimum": 1,
            "maximum": 500,
            "must_be": "a whole number from 1 to 500",
            "unit": "buses",
            "description": {"en": "Buses", "zh": "车辆数"},
        }
        assert told["policy"]["enum"] == ["none", "holding"]
        assert json.dumps(describe(Depot))

    @pytest.mark.parametrize("lang", ["en", "zh"])
    def test_as_text(self, lang):
        text = as_text(describe(Depot), lang)
        assert "buses = 8 buses\n" in text
        assert {"en": "    Speed\n", "zh": "    车速\n"}[lang] in text

    @pytest.mark.parametrize("model", [CongestionParameters, CrowdingParameters])
    def test_every_parameter_of_a_decision_is_described_in_both_languages(self, model):
        for one in describe(model):
            assert one["description"]["en"]
            assert one["description"]["zh"] != one["description"]["en"]
            assert one["default"] is not None
            assert one["must_be"] != "a value"
