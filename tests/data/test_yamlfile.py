"""YAML files: values as JSON has them, the line of everything, and mistakes a person can mend."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.data import yamlfile
from workbench.errors import BadFile

TEXT = """\
# a comment
name: taps

schema:
  - name: stop
    type: string
    options: {minimum: 1,
      maximum: 2}
  -
    type: integer
  - 5
last: end
"""


def test_every_key_and_item_has_its_line():
    data, lines = yamlfile.read(TEXT, "taps.yaml")
    assert data["schema"][0]["options"] == {"minimum": 1, "maximum": 2}
    assert [
        lines.of(where)
        for where in [
            (),
            ("name",),
            ("schema", 0),
            ("schema", 0, "type"),
            ("schema", 0, "options", "maximum"),
            ("schema", 1, "type"),
            ("schema", 2),
            ("last",),
        ]
    ] == [2, 2, 5, 6, 8, 10, 11, 12]


def test_what_is_missing_has_the_line_of_what_is_around_it():
    _, lines = yamlfile.read(TEXT)
    assert lines.of(("schema", 0, "description")) == 5
    assert lines.of(("schema", 9)) == 4
    assert lines.of(("nothing", "at", "all")) == 2


def test_places_are_named_as_people_name_them():
    _, lines = yamlfile.read(TEXT)
    assert lines.place(("schema", 0, "type")) == "schema.stop.type"
    assert lines.place(("schema", 1, "type")) == "schema[2].type"
    assert lines.place(()) == ""


@st.composite
def written(draw):
    """A nested mapping, written as YAML by hand, with the line of each key and item."""
    rows, lines = [], {}

    def content(depth, where):
        """Write a mapping or a list; return the line of its first key or dash."""
        if where == () or draw(st.booleans()):
            keys = draw(st.lists(st.sampled_from(["line", "stop", "name", "on"]), min_size=1, unique=True))
            heads = [(key, f"{key}:") for key in keys]
        else:
            heads = [(index, "-") for index in range(draw(st.integers(1, 3)))]
        return min(entry(depth, (*where, step), head) for step, head in heads)

    def entry(depth, where, head):
        rows.extend(["", "  " * depth + "# note"][: draw(st.integers(0, 2))])
        deeper = depth < 3 and draw(st.booleans())
        rows.append("  " * depth + head + ("" if deeper else " 1"))
        line = lines[where] = len(rows)
        if deeper:
            first = content(depth + 1, where)
            lines[where] = first if head == "-" else line  # an item is where its content begins
        return line

    content(0, ())
    return "\n".join(rows) + "\n", lines


@given(written())
def test_lines_are_right_in_any_file(file):
    text, expected = file
    _, lines = yamlfile.read(text)
    assert {where: lines.of(where) for where in expected} == expected


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("06:30", "06:30"),
        ("12:30:45", "12:30:45"),
        ("2026-01-31", "2026-01-31"),
        ("2026-01-31 06:30:00", "2026-01-31 06:30:00"),
        ("007", "007"),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("1.0.0", "1.0.0"),
        ("-5", -5),
        ("+5", 5),
        ("1e3", 1000.0),
        ("1.", 1.0),
        (".5", 0.5),
        ("-.inf", float("-inf")),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("null", None),
        ('"5"', "5"),
        ("!!str 5", "5"),
        ("中文", "中文"),
    ],
)
def test_values_are_those_of_json(written, value):
    data, _ = yamlfile.read(f"key: {written}\n")
    assert data == {"key": value}
    assert type(data["key"]) is type(value)


def test_keys_are_text():
    assert yamlfile.read("1: a\ntrue: b\n2026-01-31: c\n")[0] == {"1": "a", "true": "b", "2026-01-31": "c"}


def test_aliases_are_written_out():
    assert yamlfile.read("a: &x [1, 2]\nb: *x\n")[0] == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: b: c\n", 1, "in quotes"),
        ("a:\n\t- b\n", 2, "spaces, not tabs"),
        ("名称：甲\nx: 1\n", 2, "full-width colon"),
        ("a: [1, 2\nb: 3\n", 2, "brackets"),
        ("a: 1\n---\nb: 2\n", 2, "one document"),
        ("a: *gone\n", 1, "in quotes"),
        ("a: @home\n", 1, "in quotes"),
        ("ok: 1\na: \x00\n", 2, "U+0000"),
        ("a: 1\nb: 2\na: 3\n", 3, "'a' is given twice, first on line 1"),
        ("a:\n  b: 1\n  <<: {c: 1}\n", 3, "merge keys"),
        ("? [1]\n: 2\n", 1, "a key must be text"),
        ("a: &x\n  b: *x\n", 1, "alias"),
        ("a: !!python/object:os.system 1\n", 1, "tag"),
        ("a: !!set {b}\n", 1, "tag"),
        ("a: !!int b\n", 1, "cannot be read as int"),
        (f"a: {'9' * 5000}\n", 1, "cannot be read as int"),
        ("[" * 100_000 + "]" * 100_000 + "\n", 1, "nested"),
        ("# nothing\n", None, "is empty"),
        ("\n", None, "is empty"),
    ],
)
def test_what_cannot_be_read_says_where_and_what_to_do(text, line, words):
    with pytest.raises(BadFile) as caught:
        yamlfile.read(text, "x.yaml")
    assert caught.value.path == "x.yaml"
    assert [where for where, _ in caught.value.mistakes] == [line]
    assert words in caught.value.message


def test_aliases_of_aliases_do_not_fill_the_memory():
    rows = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    with pytest.raises(BadFile, match="aliases are written out"):
        yamlfile.read("\n".join(rows) + "\n")


def test_mistakes_of_the_file_itself_can_be_gathered():
    data, lines = yamlfile.read("b: x\na: 1\na: 2\n", gather=True)
    schema = {"properties": {"b": {"type": "integer"}}}
    assert yamlfile.check(data, schema, lines) == [
        (1, "b: must be a whole number, is text 'x'"),
        (3, "the key 'a' is given twice, first on line 2"),
    ]


class TestFiles:
    def test_a_path_is_read_and_named(self, tmp_path):
        path = tmp_path / "x.yaml"
        path.write_bytes("\ufeffa: 1\r\nb: 二\r\n".encode())
        data, lines = yamlfile.read(path)
        assert data == {"a": 1, "b": "二"}
        assert lines.of(("b",)) == 2
        assert yamlfile.read(str(path))[0] == data

    def test_missing_names_the_nearest(self, tmp_path):
        (tmp_path / "contract.yaml").write_text("a: 1\n")
        with pytest.raises(BadFile, match=r"no such file; nearest in that folder: contract\.yaml"):
            yamlfile.read(tmp_path / "contrct.yaml")
        with pytest.raises(BadFile, match="no such file; check the path"):
            yamlfile.read(tmp_path / "nowhere" / "contract.yaml")

    def test_a_folder(self, tmp_path):
        with pytest.raises(BadFile, match="is a folder"):
            yamlfile.read(tmp_path)

    @pytest.mark.parametrize(
        ("raw", "line", "words"),
        [
            (b"", None, "is empty"),
            ("a: 1\nname: 公交\n".encode("gb18030"), 2, "GB18030; save it again as UTF-8"),
            ("a: 1\n".encode("utf-16"), 1, "UTF-16; save it again as UTF-8"),
            (b"a: \xff\xff\n", 1, "is not UTF-8 text; save it again as UTF-8"),
        ],
    )
    def test_other_encodings(self, tmp_path, raw, line, words):
        path = tmp_path / "x.yaml"
        path.write_bytes(raw)
        with pytest.raises(BadFile) as caught:
            yamlfile.read(path)
        assert caught.value.mistakes[0][0] == line
        assert words in caught.value.message


def told(text, schema, path=()):
    data, lines = yamlfile.read(text)
    for step in path:
        data = data[step]
    return yamlfile.check(data, schema, lines, path)


@pytest.mark.parametrize(
    ("text", "schema", "line", "sentence"),
    [
        (
            "tables:\n- name: taps\n  requierd: true\n",
            {
                "properties": {
                    "tables": {
                        "items": {
                            "properties": {"name": {}, "required": {}},
                            "additionalProperties": False,
                        }
                    }
                }
            },
            3,
            "tables.taps.requierd: unknown key. Nearest: required.",
        ),
        (
            "a: 1\nb:\n  c: 1\n",
            {"properties": {"b": {"required": ["d"], "properties": {"d": {"description": "how long"}}}}},
            2,
            "b: `d` is missing: how long",
        ),
        (
            "v: 1.0\n",
            {"properties": {"v": {"type": "string"}}},
            1,
            "v: must be text, is the number 1.0; put it in quotes",
        ),
        ("\nv:\n", {"properties": {"v": {"type": "string"}}}, 2, "v: must be text, is empty"),
        (
            "v: [1]\n",
            {"properties": {"v": {"type": ["number", "null"]}}},
            1,
            "v: must be a number or empty, is a list",
        ),
        (
            "v: strng\n",
            {"properties": {"v": {"enum": ["string", "date"]}}},
            1,
            "v: 'strng' is not known here. Nearest: string.",
        ),
        ("v: 3\n", {"properties": {"v": {"enum": [1, 2]}}}, 1, "v: must be one of 1, 2; is the number 3"),
        ("v: x\n", {"properties": {"v": {"const": "y"}}}, 1, "v: must be y, is text 'x'"),
        ("v: -1\n", {"properties": {"v": {"minimum": 0}}}, 1, "v: must be at least 0, is -1"),
        ("v: 1\n", {"properties": {"v": {"exclusiveMaximum": 1}}}, 1, "v: must be below 1, is 1"),
        ("v: ' '\n", {"properties": {"v": {"pattern": r"\S"}}}, 1, "v: must not be blank"),
        (
            "v: a\n",
            {"properties": {"v": {"pattern": "^[0-9]$", "x-remedy": "one digit"}}},
            1,
            "v: is text 'a', must match ^[0-9]$: one digit",
        ),
        ("v: []\n", {"properties": {"v": {"minItems": 1}}}, 1, "v: must not be empty"),
        ("v: [1, 1]\n", {"properties": {"v": {"uniqueItems": True}}}, 1, "v: has a value twice"),
        (
            "v: 2026-02-31\n",
            {"properties": {"v": {"format": "date"}}},
            1,
            "v: is text '2026-02-31', not a date",
        ),
        (
            "v: 1\n",
            {"properties": {"v": {"not": {}, "x-remedy": "use w"}}},
            1,
            "v: is not supported here: use w",
        ),
        ("- 1\n- 2\n", {"type": "object"}, 1, "must be a mapping of keys, is a list"),
        (
            "v: x\n",
            {"properties": {"v": {"anyOf": [{"type": "number"}, {"type": "null"}]}}},
            1,
            "v: must be a number or empty, is text 'x'",
        ),
        (
            "v:\n  kind: a\n  sise: 1\n",
            {
                "properties": {
                    "v": {
                        "anyOf": [
                            {"type": "null"},
                            {
                                "type": "object",
                                "properties": {"kind": {}, "size": {}},
                                "additionalProperties": False,
                            },
                        ]
                    }
                }
            },
            3,
            "v.sise: unknown key. Nearest: size.",
        ),
    ],
)
def test_mistakes_against_a_schema_are_sentences(text, schema, line, sentence):
    assert told(text, schema) == [(line, sentence)]


def test_a_part_is_checked_at_its_place():
    schema = {"properties": {"c": {"type": "string"}}}
    assert told("a:\n  b:\n    c: 1\n", schema, ("a", "b")) == [
        (3, "a.b.c: must be text, is the number 1; put it in quotes")
    ]


def test_all_mistakes_come_at_once_in_the_order_of_the_lines():
    schema = {"required": ["x", "y"], "additionalProperties": False, "properties": {"a": {"type": "string"}}}
    assert told("a: 1\nq: 2\nr: 3\n", schema) == [
        (1, "`x` is missing"),
        (1, "`y` is missing"),
        (1, "a: must be text, is the number 1; put it in quotes"),
        (2, "q: unknown key. Known: a."),
        (3, "r: unknown key. Known: a."),
    ]


def test_a_schema_from_pydantic_gives_sentences_too():
    from pydantic import BaseModel, ConfigDict, Field

    class Parameters(BaseModel):
        model_config = ConfigDict(extra="forbid")
        headway_s: float = Field(gt=0, description="Time between buses")
        line: str | None = None

    assert told("headway: 5\nline: 3\n", Parameters.model_json_schema()) == [
        (1, "headway: unknown key. Nearest: headway_s."),
        (1, "`headway_s` is missing: Time between buses"),
        (2, "line: must be text or empty, is the number 3; put it in quotes"),
    ]
