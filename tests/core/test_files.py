"""JSON lines stay readable whatever ended their writer; a JSON file is there whole or not at all."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from emoviz.core.files import append_line, create_json, read_json, read_lines, write_json

RECORDS = st.lists(st.dictionaries(st.text(), st.integers() | st.text() | st.none()), max_size=5)


@settings(max_examples=30)
@given(before=RECORDS, cut=st.integers(0, 40), after=RECORDS)
def test_torn_line_costs_no_other(before, cut, after, tmp_path_factory):
    path = tmp_path_factory.mktemp("lines") / "file.jsonl"
    for record in before:
        append_line(path, record)
    torn = (json.dumps({"torn": "x" * 40}).encode())[:cut]
    with path.open("ab") as file:
        file.write(torn)
    for record in after:
        append_line(path, record)
    assert read_lines(path) == [*before, *after]


def test_of_two_writers_one_creates(tmp_path):
    path = tmp_path / "file.json"
    assert read_json(path) is None
    assert create_json(path, {"who": "first"})
    assert not create_json(path, {"who": "second"})
    assert read_json(path) == {"who": "first"}
    write_json(path, {"who": "third"})
    assert read_json(path) == {"who": "third"}
    assert [file.name for file in tmp_path.iterdir()] == ["file.json"]
