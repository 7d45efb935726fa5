"""The data dictionary: everything a contract asks for is shown, in either language, within the page."""

import json
import re
from pathlib import Path

import pytest

from workbench._text import Text
from workbench.data import dictionary, odcs
from workbench.data.contract import Column, Contract, Reference, RowRule, TableContract
from workbench.errors import UnknownName

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def traffic():
    return odcs.load(ROOT / "pipelines" / "traffic" / "contract.yaml")


@pytest.fixture
def small():
    columns = (
        Column(
            name="lot",
            type="string",
            required=True,
            pattern="^[A-Z]{2}$",
            description=Text("Lot.", "停车场。"),
        ),
        Column(
            name="kind",
            type="string",
            enum=("street", "garage"),
            default="street",
            description=Text("Kind.", "类型。"),
        ),
        Column(
            name="price",
            type="number",
            unit="CNY/h",
            minimum=0,
            exclusive_minimum=True,
            maximum=99.5,
            classification="sensitive",
            description=Text("Price an hour. " * 12, "每小时价格，" * 30 + "完。"),
        ),
        Column(name="open", type="boolean", default=True, description=Text("Open | not.", "是否开放。")),
        Column(name="spaces", type="integer", maximum=5, description=Text("Spaces.", "泊位数。")),
    )
    lots = TableContract(
        name="lots",
        columns=columns,
        key=("lot",),
        references=(Reference(columns=("lot", "kind"), table="zones", targets=("lot", "kind")),),
        rules=(RowRule(name="cheap", left="price", op="<=", right="spaces"),),
        rejected_limit=0.025,
        description=Text("Car parks.", "停车场清单。"),
    )
    zones = TableContract(name="zones", columns=columns[:2], description=Text("Zones.", "分区。"))
    return Contract(
        name="parking",
        version="1.2.0",
        tables={"lots": lots, "zones": zones},
        zone="Asia/Shanghai",
        description=Text("Parking.", "停车。"),
        path="/somewhere/contract.yaml",
    )


def test_the_overview(small):
    assert dictionary.as_text(small) == (
        "parking: Parking.\n"
        "version 1.2.0, local time of Asia/Shanghai\n"
        "\n"
        "table  columns  may be rejected\n"
        "lots   5        2.5%\n"
        "    Car parks.\n"
        "zones  2        5%\n"
        "    Zones."
    )


def test_one_table(small):
    assert dictionary.as_text(small, "lots") == (
        "lots: Car parks.\n"
        "\n"
        "column  type     unit   required  key  classification  allowed values\n"
        "lot     string          yes       1    none            ^[A-Z]{2}$\n"
        "    Lot.\n"
        "kind    string                         none            street | garage; default street\n"
        "    Kind.\n"
        "price   number   CNY/h                 sensitive       above 0; at most 99.5\n"
        f"    {'Price an hour. ' * 7}\n".replace(". \n", ".\n")
        + f"    {'Price an hour. ' * 5}\n".replace(". \n", ".\n")
        + "open    boolean                        none            default true\n"
        "    Open | not.\n"
        "spaces  integer                        none            at most 5\n"
        "    Spaces.\n"
        "\n"
        "Found in other tables:\n"
        "  lot, kind → zones.lot, zones.kind\n"
        "\n"
        "In every row:\n"
        "  cheap: price <= spaces\n"
        "\n"
        "At most 2.5% of the rows may be set aside before the run stops."
    )


def test_chinese_stands_in_its_columns(small):
    lines = dictionary.as_text(small, "lots", "zh").splitlines()
    assert lines[0] == "lots：停车场清单。"
    assert lines[2] == "列      类型   单位   必填  主键  个人信息级别  取值范围"
    assert lines[3] == "lot     文本          是    1     无            ^[A-Z]{2}$"
    assert lines[5] == "kind    文本                      无            street | garage；缺省 street"
    assert lines[7] == "price   数值   CNY/h              敏感          大于 0；不大于 99.5"
    starts = {
        dictionary._wide(line[: line.index(word)]) for line, word in ((lines[2], "取值"), (lines[3], "^[A"))
    }
    assert len(starts) == 1
    assert lines[-1] == "剔除的行最多占 2.5%，超过则运行停止。"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_lines_stay_within_the_page(traffic, small, lang):
    for contract in (traffic, small):
        for table in (None, *contract.tables):
            for line in dictionary.as_text(contract, table, lang).splitlines():
                assert dictionary._wide(line) <= 110
                assert line == line.rstrip()


def test_chinese_text_folds_between_characters_and_loses_none(small):
    text = small.table("lots").column("price").description.zh
    lines = dictionary._fold(text, 40)
    assert "".join(lines) == text
    assert all(36 <= dictionary._wide(line) <= 40 for line in lines[:-1])
    assert not any(line.startswith(("，", "。")) for line in lines)


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 10, []),
        ("a b c", 3, ["a b", "c"]),
        ("unbreakable", 4, ["unbreakable"]),
        ("乘车 card 卡号", 9, ["乘车 card", "卡号"]),
        ("一二三。", 6, ["一二", "三。"]),
        ("（一二）三", 6, ["（一", "二）三"]),
    ],
)
def test_folding(text, width, lines):
    assert dictionary._fold(text, width) == lines


def test_everything_of_the_contract_is_shown(traffic):
    for table in traffic.tables.values():
        text = dictionary.as_text(traffic, table.name)
        for column in table.columns:
            row = re.search(rf"^{column.name} .*$", text, re.MULTILINE).group()
            assert column.type in row
            assert column.unit in row
            assert column.classification in row
            assert ("  yes " in row) is column.required
        for reference in table.references:
            assert f"→ {reference.table}.{reference.targets[0]}" in text
        for rule in table.rules:
            assert (
                f"{rule.name}: {rule.left} {rule.op} {rule.right} ({rule.description.en.rstrip('.')})" in text
            )


def test_a_range_names_both_ends(traffic):
    assert "2000-01-01 to 2100-01-01" in dictionary.as_text(traffic, "taps")
    assert "2000-01-01 至 2100-01-01" in dictionary.as_text(traffic, "taps", "zh")


def test_plain_data_is_json_and_says_all(traffic):
    data = dictionary.as_dict(traffic)
    assert json.loads(json.dumps(data)) == data
    assert list(data) == ["name", "version", "zone", "description", "tables"]
    assert [table["name"] for table in data["tables"]] == list(traffic.tables)
    taps = dictionary.as_dict(traffic, "taps")["tables"]
    assert taps == data["tables"][:1]
    assert taps[0]["key"] == ["service_date", "transaction_id"]
    assert taps[0]["columns"][-1] == {
        "name": "num_riders",
        "type": "integer",
        "unit": "persons",
        "required": False,
        "minimum": 1,
        "maximum": 100,
        "exclusive_minimum": False,
        "exclusive_maximum": False,
        "enum": [],
        "pattern": "",
        "default": 1,
        "classification": "none",
        "description": {"en": "Riders that the transaction stands for.", "zh": "本次交易代表的乘客人数。"},
    }
    assert taps[0]["references"][0] == {"columns": ["stop_id"], "table": "stops", "targets": ["stop_id"]}
    assert taps[0]["rules"][0]["op"] == ">="
    assert str(ROOT) not in json.dumps(data)


def test_markdown(small):
    text = dictionary.as_markdown(small)
    assert text.startswith("## parking\n\nParking.\n\nversion 1.2.0")
    assert "| `kind` | string |  |  |  | street \\| garage; default street | none | Kind. |" in text
    assert "| `open` | boolean |  |  |  | default true | none | Open \\| not. |" in text
    assert "- cheap: price \\<= spaces\n" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {9}
    assert "### lots\n\n停车场清单。\n" in dictionary.as_markdown(small, "zh")


def test_unknown_names(small):
    with pytest.raises(UnknownName, match=r"No table is called 'lot'\. Nearest: lots"):
        dictionary.as_text(small, "lot")
    with pytest.raises(UnknownName, match="No table is called 'lot'"):
        dictionary.as_dict(small, "lot")
    with pytest.raises(UnknownName, match="No language is called 'fr'"):
        dictionary.as_markdown(small, "fr")
