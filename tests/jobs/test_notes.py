"""Notes and tags of runs: what is kept, what is refused, and what is read of a damaged file."""

import pytest

from emoviz.core.errors import ConfigError, JobError
from emoviz.jobs.notes import FILE, Note, note_of, read_note, write_note


def test_a_note_is_kept_beside_its_run_and_an_empty_one_is_none(tmp_path):
    folder = tmp_path / "a" / "run"
    assert read_note(folder) == Note() and not Note()
    write_note(folder, note_of(" better with less decay ", "paper, first,, paper "))
    assert read_note(folder) == Note("better with less decay", ("paper", "first"))
    write_note(folder, note_of("", " , "))
    assert not (folder / FILE).exists()


@pytest.mark.parametrize(
    ("text", "tags", "said"),
    [
        ("x" * 2001, "", "A note has at most 2,000 characters, and this one 2,001."),
        ("", ",".join(map(str, range(11))), "A run has at most 10 tags, and these are 11."),
        ("", "y" * 31, "A tag has 1 to 30 characters without a comma, unlike 'yyy"),
        ("", "a\x00b", "A tag has 1 to 30 characters without a comma"),
    ],
)
def test_what_is_too_long_is_refused(text, tags, said):
    with pytest.raises(ConfigError) as refused:
        note_of(text, tags)
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize("content", ["", "[1]", '{"text": 3}', '{"tags": ["a,b"]}', '{"other": ""}'])
def test_a_damaged_note_counts_as_none(tmp_path, content):
    (tmp_path / FILE).write_text(content)
    assert read_note(tmp_path) == Note()


def test_a_note_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(JobError, match="cannot be written"):
        write_note(tmp_path / "file", Note("a"))
