"""Contracts: a good one is read to the letter, a bad one tells everything that is wrong with it at once."""

import json
import re
from pathlib import Path

import polars as pl
import pytest
from jsonschema import Draft202012Validator

from workbench._text import Text
from workbench.data import odcs
from workbench.data.contract import Column, Contract, Reference, RowRule
from workbench.errors import BadFile

ROOT = Path(__file__).parents[2]
TRAFFIC = ROOT / "pipelines" / "traffic" / "contract.yaml"
DOC = ROOT / "docs" / "reference" / "contracts.md"


@pytest.fixture(scope="module")
def traffic():
    return odcs.load(TRAFFIC)


def mistakes(text):
    with pytest.raises(BadFile) as caught:
        odcs.load(text)
    return caught.value.mistakes


class TestTraffic:
    def test_the_contract_as_a_whole(self, traffic):
        assert (traffic.name, traffic.version, traffic.zone) == ("traffic", "1.0.0", "Asia/Shanghai")
        assert list(traffic.tables) == [
            "taps",
            "stop_visits",
            "road_speeds",
            "segments",
            "stops",
            "timetable",
        ]
        assert traffic.description.zh == "公共交通客流与道路车速，用于服务与拥堵决策。"
        assert traffic.path == str(TRAFFIC)

    def test_columns(self, traffic):
        assert traffic.table("taps").column("num_riders") == Column(
            name="num_riders",
            type="integer",
            unit="persons",
            minimum=1,
            maximum=100,
            default=1,
            description=Text("Riders that the transaction stands for.", "本次交易代表的乘客人数。"),
        )
        assert traffic.table("road_speeds").column("speed_kmh") == Column(
            name="speed_kmh",
            type="number",
            unit="km/h",
            required=True,
            minimum=0,
            maximum=200,
            exclusive_minimum=True,
            description=Text("Mean speed of the vehicles in the interval.", "间隔内车辆的平均速度。"),
        )
        date = traffic.table("taps").column("service_date")
        assert (date.type, date.minimum, date.maximum) == ("date", "2000-01-01", "2100-01-01")
        assert traffic.table("taps").column("fare_media_id").classification == "identifier"

    def test_keys_follow_their_positions_not_the_order_of_columns(self, traffic):
        assert traffic.table("taps").key == ("service_date", "transaction_id")
        assert traffic.table("taps").names[:2] == ("transaction_id", "service_date")
        assert traffic.table("timetable").key == ("service_date", "trip_id", "stop_sequence")

    def test_references_and_rules(self, traffic):
        assert traffic.table("taps").references == (
            Reference(columns=("stop_id",), table="stops", targets=("stop_id",)),
            Reference(columns=("alight_stop_id",), table="stops", targets=("stop_id",)),
        )
        assert traffic.table("taps").rules[0] == RowRule(
            name="alights_after_boarding",
            left="alight_timestamp",
            op=">=",
            right="event_timestamp",
            description=Text("Alighting is not before boarding.", "下车时间不得早于上车时间。"),
        )

    def test_limits(self, traffic):
        limits = {table.name: table.rejected_limit for table in traffic.tables.values()}
        assert limits == {
            "taps": 0.05,
            "stop_visits": 0.05,
            "road_speeds": 0.1,
            "segments": 0.0,
            "stops": 0.0,
            "timetable": 0.01,
        }


def test_the_example_of_the_documentation_is_a_contract(tmp_path):
    path = tmp_path / "parking.yaml"
    path.write_text(re.search(r"```yaml\n(.*?)```", DOC.read_text("utf-8"), re.DOTALL)[1], "utf-8")
    contract = odcs.load(path)
    assert list(contract.tables) == ["lots", "stays"]
    assert contract.table("lots").column("kind").enum == ("street", "garage")
    assert contract.table("stays").column("arrived").minimum == "2000-01-01T00:00:00"
    assert contract.table("stays").rules[0].op == ">"


def test_the_schema_is_a_json_schema():
    Draft202012Validator.check_schema(odcs.schema())


def test_every_key_the_documentation_names_is_in_the_schema():
    known = json.dumps(odcs.schema())
    table = re.findall(r"^\| (`[^|]*) \|", DOC.read_text("utf-8"), re.MULTILINE)
    for key in re.findall(r"`([A-Za-z]+)`", " ".join(table)):
        assert f'"{key}"' in known or any(key in names for names in odcs._CUSTOM.values()), key


# a contract with everything wrong; each `#!` says what the line must be told of

BROKEN = """\
apiVersion: v3.1.0 #! `name` is missing
kind: DataContrct #! kind: must be DataContract
id: broken
version: 1.0 #! version: must be text, is the number 1.0; put it in quotes
status: active
stauts: active #! stauts: unknown key. Nearest: status
description:
  purpose: Test.
customProperties:
  - {property: description_zh, value: 测试。}
  - {property: zone, value: Asia/Shanghia} #! must be an IANA time zone, is text 'Asia/Shanghia'. Nearest:
schema:
  - name: visits
    description: Visits.
    customProperties:
      - {property: description_zh, value: 访问。}
      - {property: rejected_limit, value: 5} #! must be a share of rows from 0 to 1, is the number 5
      - {property: rejected_limits, value: 0.1} #! unknown custom property of a table. Nearest: rejected_limit
    properties: #! primaryKeyPosition must count from 1 to 2 over the key, is: visit_id 1, day 3
      - name: visit_id #! a key column must be there in every row; write required: true
        logicalType: string
        primaryKey: true
        primaryKeyPosition: 1
        description: Visit.
        classification: identifier
        customProperties: [{property: description_zh, value: 访问。}]
        logicalTypeOptions: {pattern: "^(?=x).*$"} #! (?= (lookaround) is not known to Rust
      - name: day
        logicalType: date
        required: true
        primaryKey: true
        primaryKeyPosition: 3
        logicalTypeOptions:
          minimum: 2026-13-01 #! minimum: must be a date such as '2026-01-31', is text '2026-13-01'
        description: Day.
        classification: none
        customProperties: [{property: description_zh, value: 日期。}]
      - name: Day #! a column of this name is already on line 28
        logicalType: dat #! 'dat' is not known here. Nearest: date
        description: Day again.
        classification: public #! 'public' is not known here. Known: identifier, quasi
        customProperties: [{property: description_zh, value: 日期。}]
      - name: minutes #! `unit` is missing  #! `classification` is missing: How personal it is
        logicalType: number
        logicalTypeOptions: {minimum: 10, maximum: 5} #! no value is both from 10 and up to 5
        requierd: true #! minutes.requierd: unknown key. Nearest: required
        description: Length.
        customProperties: [{property: description_zh, value: 时长。}]
      - name: purpose #! `description_zh` is missing
        logicalType: string
        description: Why.
        classification: none
        logicalTypeOptions:
          minimum: 3 #! columns of type string have no range; list its values or give a pattern
          maxLength: 9 #! maxLength: is not supported here: say it with pattern, such as ^.{1,10}$
        quality:
          - metric: invalidValues
            arguments:
              validValues:
                - work
                - 5 #! must be text, is the number 5; put it in quotes
                - work #! text 'work' is listed twice
            mustBeLessThan: 5 #! mustBeLessThan: is not supported here: write mustBe: 0
            mustBe: 0
        relationships:
          - {to: purposes.purpose} #! no table is called 'purposes'. Known: people, visits
          - {to: people.nmae} #! 'people' has no column 'nmae'. Nearest: name
      - name: party
        logicalType: integer
        description: #! party.description: must be text, is empty
        classification: none
        customProperties:
          - {property: description_zh, value: 人数。}
          - {property: default, value: 0} #! default: the number 0 is below the minimum 1
        logicalTypeOptions: {minimum: 1}
        examples: [1, 2.5] #! examples[2]: must be a whole number, is the number 2.5
    quality:
      - name: lasts
        type: custom
        engine: workbench
        implementation:
          left: minuts #! the table has no column 'minuts'. Nearest: minutes
          op: ">"
          right: party
      - name: late
        type: custom
        engine: workbench
        implementation: {left: day, op: "<", right: party} #! day is date and party is integer; they cannot
      - name: other
        type: custom
        engine: soda #! engine: must be workbench, is text 'soda'
        implementation: {left: day, op: "=", right: party} #! '=' is not known here. #! they cannot
    relationships:
      - {from: [visits.day, visits.party], to: [people.name]} #! `from` has 2 columns and `to` has 1
  - name: people
    description: People.
    customProperties: [{property: description_zh, value: 人。}]
    properties:
      - name: name
        name: nom #! the key 'name' is given twice, first on line 99
        logicalType: string
        description: Name.
        classification: identifier
        customProperties: [{property: description_zh, value: 姓名。}]
  - name: people #! a table of this name is already on line 95 #! `description` is missing: What a row is
    customProperties: [{property: description_zh, value: 人。}]
    properties: [] #! properties: must not be empty
"""


def test_every_mistake_is_told_at_once_each_with_its_line(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text(BROKEN, "utf-8")
    with pytest.raises(BadFile) as caught:
        odcs.load(path)
    expected = [
        (number, words.strip())
        for number, row in enumerate(BROKEN.splitlines(), start=1)
        for words in row.split("#!")[1:]
    ]
    told = list(caught.value.mistakes)
    for line, words in expected:
        match = next((one for one in told if one[0] == line and words in one[1]), None)
        assert match, f"line {line}: {words}\nleft:\n" + "\n".join(map(str, told))
        told.remove(match)
    assert told == []
    assert caught.value.message.startswith(f"{path}:1: `name` is missing")
    assert caught.value.exit_code == 2


# one kind of mistake at a time, in a contract that is good but for it

GOOD = """\
apiVersion: v3.1.0
kind: DataContract
id: good
name: good
version: 1.0.0
status: active
description: {purpose: Test.}
customProperties:
  - {property: description_zh, value: 测试。}
schema:
  - name: a
    description: A.
    customProperties: [{property: description_zh, value: 甲。}]
    properties:
      - name: id
        logicalType: string
        required: true
        primaryKey: true
        description: Id.
        classification: none
        customProperties: [{property: description_zh, value: 编号。}]
      - name: flag
        logicalType: boolean
        description: Flag.
        classification: none
        customProperties: [{property: description_zh, value: 标志。}]
      - name: length
        logicalType: number
        description: Length.
        classification: none
        customProperties: [{property: description_zh, value: 长度。}, {property: unit, value: m}]
"""


def column(written="", version="v3.1.0"):
    """
    The good contract with a column `x` more.

    Its keys are separated by " / "; keys after " + " are custom properties.
    """
    written, _, custom = written.partition(" + ")
    given = [each for each in written.split(" / ") if each]
    plain = {"name": "x", "logicalType": "string", "description": "X.", "classification": "none"}
    keys = [each.partition(":")[0] for each in given]
    rows = [f"{key}: {value}" for key, value in plain.items() if key not in keys] + given
    items = ["{property: description_zh, value: 未知。}"]
    items += [f"{{property: {each.replace(':', ', value:', 1)}}}" for each in custom.split(" / ") if each]
    rows.append(f"customProperties: [{', '.join(items)}]")
    return GOOD.replace("v3.1.0", version) + "      - " + "\n        ".join(rows) + "\n"


def table(written):
    """The good contract with the column `x` and one key of its table more."""
    return column("logicalType: integer + unit: m") + f"    {written}\n"


def x(written="", version="v3.1.0"):
    return odcs.load(column(written, version)).table("a").column("x")


def test_the_good_contract_is_good():
    contract = odcs.load(column())
    assert isinstance(contract, Contract)
    assert contract.zone == "UTC"
    assert contract.table("a").rejected_limit == 0.05
    assert contract.table("a").key == ("id",)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("{minimum: 1, maximum: 2}", (1, 2, False, False)),
        ("{exclusiveMinimum: 1, exclusiveMaximum: 2.5}", (1, 2.5, True, True)),
        ("{maximum: 2}", (None, 2, False, False)),
        ("{minimum: 1, maximum: 1}", (1, 1, False, False)),
        ("{format: f64}", (None, None, False, False)),
    ],
)
def test_ranges(options, expected):
    found = x(f"logicalType: number / logicalTypeOptions: {options} + unit: m")
    ends = (found.minimum, found.maximum, found.exclusive_minimum, found.exclusive_maximum)
    assert ends == expected


def test_ranges_in_the_spelling_of_30():
    options = "{minimum: 0, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: false}"
    found = x(f"logicalType: integer / logicalTypeOptions: {options}", "v3.0.2")
    assert (found.minimum, found.exclusive_minimum) == (0, True)
    assert (found.maximum, found.exclusive_maximum) == (9, False)


def test_timestamps_have_one_spelling():
    options = "logicalTypeOptions: {minimum: 2026-01-31 06:30}"
    found = x(f"logicalType: timestamp / {options} + default: '2026-01-31 06:30:00.5'")
    assert found.minimum == "2026-01-31T06:30:00"
    assert found.default == "2026-01-31T06:30:00.500000"


@pytest.mark.parametrize(
    ("version", "written"),
    [
        ("v3.1.0", "quality: [{metric: invalidValues, arguments: {validValues: [b, c]}, mustBe: 0}]"),
        (
            "v3.1.0",
            "quality: [{type: library, metric: invalidValues, arguments: {validValues: [b, c]}, mustBe: 0}]",
        ),
        ("v3.0.2", "quality: [{rule: validValues, validValues: [b, c]}]"),
        ("v3.0.2", "quality: [{rule: invalidValues, validValues: [b, c], mustBe: 0}]"),
        (
            "v3.0.2",
            "quality: [{type: text, description: As known}, {rule: validValues, validValues: [b, c]}]",
        ),
        ("v3.2.0", "enum: [{value: b, label: B}, {value: c}]"),
    ],
)
def test_allowed_values_in_the_spelling_of_each_version(version, written):
    assert x(written, version).enum == ("b", "c")


def test_allowed_integers():
    quality = "quality: [{metric: invalidValues, arguments: {validValues: [1, 2]}, mustBe: 0}]"
    assert x(f"logicalType: integer / {quality}").enum == (1, 2)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("boolean", "false", False),
        ("date", "2026-01-31", "2026-01-31"),
        ("integer", "0", 0),
        ("string", "no", "no"),
    ],
)
def test_defaults(kind, value, expected):
    assert x(f"logicalType: {kind} + default: {value}").default == expected


@pytest.mark.parametrize("unit", ["1", "'1'"])
def test_one_is_the_unit_of_pure_numbers(unit):
    assert x(f"logicalType: number + unit: {unit}").unit == "1"


def test_references_over_several_columns():
    text = column() + "    relationships: [{type: foreignKey, from: [a.x, a.flag], to: [a.id, a.flag]}]\n"
    assert odcs.load(text).table("a").references == (
        Reference(columns=("x", "flag"), table="a", targets=("id", "flag")),
    )


def rule(left, op, right):
    implementation = f"{{left: {left}, op: '{op}', right: {right}}}"
    return f"quality: [{{name: r, type: custom, engine: workbench, implementation: {implementation}}}]"


def test_integers_compare_with_numbers():
    rules = odcs.load(table(rule("x", "<=", "length"))).table("a").rules
    assert rules == (RowRule(name="r", left="x", op="<=", right="length"),)


def test_what_is_documentation_only_is_accepted():
    text = column("businessName: X / physicalType: varchar / tags: [a] / unique: false / examples: [b]")
    text += "servers: [{server: s, type: local}]\nteam: {name: t}\nslaProperties: [{property: p, value: 1}]\n"
    assert odcs.load(text)
    assert x("logicalTypeOptions: {format: email}").pattern == ""


def test_custom_properties_of_other_tools_carry_their_vendor():
    lineage = "{property: lineage, value: 1, vendor: zeenea}"
    assert odcs.load(column().replace("value: 标志。}", f"value: 标志。}}, {lineage}"))


# what is written, then what is told of it; "..." where more is told as well

COLUMN_MISTAKES = """
logicalType: time
    x.logicalType: 'time' is not known here
logicalType: boolean / logicalTypeOptions: {minimum: 0}
    minimum: columns of type boolean have no range; remove it
logicalType: integer / logicalTypeOptions: {minimum: 0.5}
    must be a whole number, is the number 0.5
logicalType: integer / logicalTypeOptions: {maximum: .inf}
    must be a whole number, is the number inf
logicalType: integer / logicalTypeOptions: {maximum: '5'}
    must be a whole number, is text '5'
logicalType: integer / logicalTypeOptions: {minimum: 1, exclusiveMaximum: 1}
    no value is both from 1 and up to 1
logicalType: integer / logicalTypeOptions: {minimum: 1, exclusiveMinimum: 1}
    exclusiveMinimum: stands beside `minimum`; keep one
logicalType: integer / logicalTypeOptions: {minimum: 1, exclusiveMinimum: true}
    exclusiveMinimum: is a value since ODCS 3.1
v3.0.0 logicalType: integer / logicalTypeOptions: {exclusiveMinimum: 1}
    is true or false in ODCS 3.0: write minimum: 1 and exclusiveMinimum: true
v3.0.0 logicalType: integer / logicalTypeOptions: {exclusiveMinimum: true}
    has no `minimum` beside it
logicalType: date / logicalTypeOptions: {minimum: 20260131}
    must be a date such as '2026-01-31', is the number 20260131
logicalType: date / logicalTypeOptions: {minimum: 2026-02-01, maximum: 2026-01-01}
    no value is both from 2026-02-01 and up to 2026-01-01
logicalType: timestamp / logicalTypeOptions: {minimum: 2026-01-31}
    must be a local time such as
logicalType: timestamp / logicalTypeOptions: {minimum: 2026-01-31T06:30:00+08:00}
    without offset, is text
logicalType: timestamp / logicalTypeOptions: {timezone: true}
    timezone: is not supported here: times are local
logicalType: date / quality: [{metric: invalidValues, arguments: {validValues: [2026-01-31]}, mustBe: 0}]
    only string and integer columns list their values, this one is date
logicalType: integer / quality: [{metric: invalidValues, arguments: {validValues: [1, b]}, mustBe: 0}]
    validValues[2]: must be a whole number, is text 'b'
logicalType: integer / logicalTypeOptions: {maximum: 5} / enum: [{value: 1}, {value: 9}]
    x: of its allowed values, the number 9 is above the maximum 5
quality: [{metric: invalidValues, arguments: {validValues: []}, mustBe: 0}]
    validValues: must not be empty
quality: [{metric: invalidValues, arguments: {validValues: [b]}}]
    `mustBe` is missing; write mustBe: 0
quality: [{metric: invalidValues, mustBe: 0}]
    `arguments` is missing; write arguments: validValues: [...]
quality: [{metric: invalidValues, arguments: {validValues: [b]}, mustBe: 3}]
    mustBe: must be 0, is the number 3: every row with an invalid value is set aside
quality: [{metric: invalidValues, arguments: {pattern: b}, mustBe: 0}]
    pattern: is not supported here: write it as logicalTypeOptions.pattern ...
quality: [{metric: nullValues, mustBe: 0, arguments: {validValues: [b]}}]
    Say nullValues with required
quality: [{rule: validValues, validValues: [b]}]
    says nothing to check since ODCS 3.1; write metric
v3.0.2 quality: [{metric: invalidValues, arguments: {validValues: [b]}, mustBe: 0}]
    says nothing to check in ODCS 3.0; write rule
v3.0.2 quality: [{rule: validValues}]
    `validValues` is missing
quality: [{type: sql, query: select 1, mustBe: 0}]
    'sql' is not known here. Known: library, text ...
enum: [{value: b}] / quality: [{metric: invalidValues, arguments: {validValues: [b]}, mustBe: 0}]
    allowed values are already on line 36; keep one list
logicalTypeOptions: {minLength: 1}
    minLength: is not supported here: say it with pattern
logicalType: integer / logicalTypeOptions: {multipleOf: 5}
    multipleOf: is not supported here: it would not be checked
properties: []
    a column holds single values
logicalType: integer / logicalTypeOptions: {pattern: '^a$'}
    pattern: columns of type integer have no pattern
logicalTypeOptions: {pattern: '^(a$'}
    is not a regular expression
logicalTypeOptions: {pattern: '[0-9]'}
    must describe the whole value: write ^ at its beginning
examples: [ok, 5]
    examples[2]: must be text, is the number 5
 + default: 5
    default: must be text, is the number 5; put it in quotes
 + default: ~
    default: must be text, is empty
logicalTypeOptions: {pattern: '^[a-z]$'} + default: B
    default: text 'B' does not match ^[a-z]$
enum: [{value: b}, {value: c}] + default: d
    default: text 'd' is not an allowed value (b, c)
logicalType: integer / logicalTypeOptions: {exclusiveMinimum: 0} + default: 0
    default: the number 0 is below the minimum 0
logicalType: date / logicalTypeOptions: {maximum: 2026-01-01} + default: 2026-01-02
    default: text '2026-01-02' is above the maximum 2026-01-01
logicalType: boolean + default: yes
    default: must be true or false, is text 'yes'
logicalType: number
    x: `unit` is missing from customProperties
logicalType: number + unit: ' '
    unit: must be text such as km/h
 + unit: m
    unit: columns of type string have no unit; remove it
primaryKey: true / required: true
    primaryKeyPosition must count from 1 to 2 over the key, is: id none, x none
primaryKeyPosition: 2
    the column is not in the key; write primaryKey: true or remove this
unique: true
    only keys are checked for duplicates
relationships: [{to: id}]
    'id' must be written table.column
relationships: [{to: schema/a/properties/id}]
    must be written table.column, of this contract
relationships: [{to: a.flag}]
    x is string and flag is boolean; give both one type
relationships: [{to: a.id}, {to: a.id}]
    the same reference is already on line
relationships: [{from: a.x, to: a.id}]
    from: is not supported here: the column itself is meant
 + untis: m
    customProperties.untis: unknown custom property of a column. Nearest: unit
 + zone: UTC
    unknown custom property of a column. It belongs to a contract.
 + default: b / default: c
    default: is given twice; keep one
description: ' '
    x.description: must not be blank
name: o-ther
    is text 'o-ther', must match ^[A-Za-z][A-Za-z0-9_]*$: a letter
name: Flag
    a column of this name is already on line 22; rename one
v2.2.2 name: x
    a version 3 of the standard
"""

TABLE_MISTAKES = """
relationships: [{from: a.x, to: [a.id]}]
    `from` and `to` must be both one table.column or both lists
relationships: [{from: b.x, to: a.id}]
    no table is called 'b'
relationships: [{to: a.id}]
    `from` is missing
quality: [{name: r, type: custom, engine: workbench, implementation: {left: x, op: <, right: x}}]
    compares 'x' with itself
quality: [{name: r, type: custom, engine: workbench, implementation: {left: flag, op: ==, right: id}}]
    flag is boolean and id is string; they cannot be compared
quality: [{type: custom, engine: workbench, implementation: {left: x, op: <, right: length}}]
    `name` is missing: the reason a row is set aside for
quality: [{name: r, type: custom, implementation: {left: x, op: <, right: length}}]
    `engine` is missing
quality: [{name: r, type: custom, engine: workbench, implementation: {left: x, right: length}}]
    `op` is missing: One of <, <=, ==, !=, >=, >.
quality: [{name: r, type: text, description: Fast}]
    `description_zh` is missing
quality: [{type: text, name: r}, {type: text, name: r}]
    a rule of this name is already on line
quality: [{metric: rowCount, mustBe: 5}]
    `type` is missing: custom for a comparison of two columns ...
"""


def pairs(text):
    lines = text.strip("\n").splitlines()
    return list(zip(lines[::2], (line.strip() for line in lines[1::2]), strict=True))


def assert_told(text, sentence):
    told = mistakes(text)
    assert any(sentence.removesuffix(" ...") in words for _, words in told), told
    assert len(told) == 1 or sentence.endswith(" ..."), told


@pytest.mark.parametrize(("written", "sentence"), pairs(COLUMN_MISTAKES))
def test_mistakes_in_a_column(written, sentence):
    version = found.group() if (found := re.match(r"v\S+", written)) else ""
    assert_told(
        column(written.removeprefix(version).removeprefix(" " if version else ""), version or "v3.1.0"),
        sentence,
    )


@pytest.mark.parametrize(("written", "sentence"), pairs(TABLE_MISTAKES))
def test_mistakes_in_a_table(written, sentence):
    assert_told(table(written), sentence)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("value: 标志。", "value: ''", "description_zh must be Chinese text, is text ''"),
        ("  - {property: description_zh, value: 测试。}", "  []", "`description_zh` is missing"),
        ("测试。}\n", "测试。}\n  - {property: zone, value: [1]}\n", "must be an IANA time zone, is a list"),
        ("version: 1.0.0", "version: '1.0'", "three numbers, such as 1.0.0"),
        ("unit, value: m}]", "unit, value: m}]\n      - 5", "properties[4]: must be a mapping of keys"),
        ("- name: flag", "- name: 5", "name: must be text, is the number 5; put it in quotes"),
    ],
)
def test_mistakes_elsewhere(old, new, sentence):
    assert_told(GOOD.replace(old, new), sentence)


def test_units_of_compared_columns_must_agree():
    text = GOOD + f"    {rule('length', '<', 'x')}\n"
    other = column("logicalType: number + unit: km").removeprefix(GOOD)
    assert_told(GOOD + other + f"    {rule('length', '<', 'x')}\n", "length is in m and x in km; compare")
    assert_told(text, "the table has no column 'x'")


@pytest.mark.parametrize("op", ["<", "<=", ">", ">="])
def test_true_and_false_have_no_order(op):
    both = column("logicalType: boolean")
    assert_told(both + f"    {rule('flag', op, 'x')}\n", "true and false have no order")
    assert odcs.load(both + f"    {rule('flag', '!=', 'x')}\n")


def test_an_empty_and_a_missing_file(tmp_path):
    with pytest.raises(BadFile, match="is empty"):
        odcs.load("\n")
    with pytest.raises(BadFile, match="there is no such file"):
        odcs.load(tmp_path / "contract.yaml")


@pytest.mark.parametrize("key", ["schema", "customProperties", "description", "apiVersion", "name"])
@pytest.mark.parametrize("value", ["5", "[1]", "{a: 1}", "~", "text", "[{a: [1]}]", "[[[]]]"])
def test_no_shape_of_a_contract_is_a_traceback(key, value):
    lines = [line for line in GOOD.splitlines() if re.match("[a-z]", line)]
    kept = [line for line in lines if not line.startswith(key) and line[-1] != ":"]
    assert mistakes("\n".join([*kept, f"{key}: {value}", ""]))


@pytest.mark.parametrize("key", ["properties", "quality", "relationships", "customProperties", "name"])
@pytest.mark.parametrize(
    "value", ["5", "[1]", "{a: 1}", "~", "[{}]", "[{name: 5, properties: 5, from: 1, to: {}}]"]
)
def test_no_shape_of_a_table_or_column_is_a_traceback(key, value):
    assert mistakes(column(f"{key}: {value}"))
    assert mistakes(f"schema:\n  - name: t\n    {key}: {value}\n")
    assert mistakes(f"schema:\n  - properties:\n    - {key}: {value}\n      logicalTypeOptions: {value}\n")


# patterns that mean the same everywhere

PORTABLE = [
    r"^[A-Z]{2}[0-9]{1,4}$",
    r"^(?:street|garage)$",
    r"^(a|b)+?c{2,}$",
    r"^[一-龥]{1,8}路$",
    r"^[^\n\t]*$",
    r"^\(\-?[0-9]+(?:\.[0-9]+)?\)$",
    r"^\u4e00\x41$",
    r"^[a\-z\[\]&]$",
    r"^.{1,10}$",
]


@pytest.mark.parametrize("pattern", PORTABLE)
def test_portable_patterns_are_those_of_rust_and_python(pattern):
    assert odcs.pattern_problems(pattern) == []
    values = ["AB12", "street", "abcc", "人民路", "", "(-1.5)", "一A", "&", "x" * 11, "garages"]
    rust = pl.Series(values).str.contains(pattern).to_list()
    assert rust == [re.search(pattern, value) is not None for value in values]
    assert rust == [re.fullmatch(pattern, value) is not None for value in values]


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        (r"^(?=a)a$", "lookaround"),
        (r"^(?<!a)b$", "lookaround"),
        (r"^(a)\1$", "backreference"),
        (r"^(?P<n>a)$", "named group"),
        (r"^(?i)a$", "flags"),
        (r"^(?i:a)$", "flags"),
        (r"^(?>a)$", "atomic"),
        (r"^a++$", "possessive"),
        (r"^a{2}+$", "possessive"),
        (r"^\d$", "[0-9]"),
        (r"^[\w]$", "[A-Za-z0-9_]"),
        (r"^\s$", "spaces"),
        (r"^\ba$", "word edge"),
        (r"\Aa\Z", "write ^ and $"),
        (r"^\p{L}$", "Unicode class"),
        (r"^[[:alpha:]]$", "set arithmetic"),
        (r"^[a-z&&b]$", "set arithmetic"),
        (r"^[]a]$", "the bracket itself"),
        (r"^a{,3}$", "count"),
        (r"^a|b$", "alternative"),
        (r"^a\$", "whole value"),
        (r"a$", "whole value"),
        (r"^\U00004e00$", "every engine"),
        (r"^a(b$", "not a regular expression: missing )"),
        (r"^a**$", "not a regular expression: multiple repeat"),
    ],
)
def test_patterns_that_engines_read_differently_are_refused(pattern, word):
    assert word in " ".join(odcs.pattern_problems(pattern))
