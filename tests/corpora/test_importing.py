"""Imports of one's own clips: tables row by row, traces, audformat databases, and what is kept of them."""

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace

import audformat
import audformat.testing
import pandas as pd
import pytest
from example import example_voice, write_tagged
from hypothesis import given, settings
from hypothesis import strategies as st

from emoviz import media
from emoviz.core.errors import ConfigError, CorpusError, MediaError, UnknownNameError
from emoviz.core.vocabulary import Emotion
from emoviz.corpora import describe, load, names, own
from emoviz.corpora.base import clips_of
from emoviz.corpora.importing import Plan, check, corpus, suggest_scale, words_of
from emoviz.corpora.roles import LEFT_OUT, seconds_of, suggest, suggest_emotions, suggest_part
from emoviz.corpora.sources import SOUND_ENDINGS, VIDEO_ENDINGS, Material, find_clips, gather
from emoviz.corpora.table import Source, read_csv
from emoviz.corpora.words import account, grouped

COLUMNS = {"file": "file", "emotion": "emotion", "speaker": "who"}
PLAN = Plan("mine", COLUMNS, {"culture": "Here", "language": "eng"})


def folder_of(place: Path, table: str, clips: tuple[str, ...] = ("a/1.wav", "a/2.mp4", "b/1.wav", "b/3.WAV")) -> Path:
    for clip in clips:
        (place / clip).parent.mkdir(parents=True, exist_ok=True)
        (place / clip).touch()
    (place / "clips.csv").write_text(table, encoding="utf-8")
    return place


def material_of(folder: Path) -> Material:
    return gather(clips=folder, table=folder / "clips.csv")


def problems(folder: Path, plan: Plan = PLAN, **more) -> list[str]:
    return [str(problem) for problem in check(material_of(folder), plan, **more).problems]


def test_clips_and_a_table_become_a_corpus_that_is_read_again(tmp_path):
    folder = folder_of(tmp_path / "clips", "file,emotion,who\na/1.wav,happy,S1\n2,Sad,S2\nb/3.WAV,happy,S1\n")
    checked = check(material_of(folder), PLAN)
    assert checked.problems == ()
    imports = tmp_path / "imports"
    own.save(corpus(PLAN, checked), imports)
    read = load("mine", None, imports)
    assert list(read.recordings.index) == ["mine/a/1", "mine/a/2", "mine/b/3"]
    assert read.labels["emotion"].tolist() == ["happy", "sad", "happy"]
    second = read.recordings.loc["mine/a/2"]
    assert (second["video"], second["audio"], second["speaker"]) == (str(folder / "a/2.mp4"), None, "mine/S2")
    assert (second["culture"], second["language"], second["gender"]) == ("Here", "eng", None)
    row = describe(None, imports).set_index("name").loc["mine"]
    assert (row["present"], row["recordings"], row["labels"]) == (True, 3, "happy, sad")
    assert names(imports)[-1] == "mine" and "mine" not in names()


WRONG_ROWS = {
    "a/9.wav,happy,S1": "There is no clip 'a/9.wav' in the folder, which has 4, such as a/1.wav.",
    "1,happy,S1": "'1' may be a/1.wav or b/1.wav: give its path inside the folder.",
    "a/1.wav,gleeful,S1": "'gleeful' is no emotion; accepted are angry, bored",
    "a/1.wav,,S1": "The column 'emotion' is empty; every clip has an emotion.",
    "a/1.wav,happy,": "The column 'who' is empty; every clip has a speaker.",
    ",happy,S1": "The column 'file' is empty; every clip has a file.",
    "a/1.wav,happy": "The row has 2 fields, not 3.",
    "a/2.mp4,happy,S2": "The clip 'a/2' stands in line 2 already.",
}


@pytest.mark.parametrize("row", WRONG_ROWS)
def test_a_wrong_row_is_told_with_its_line(tmp_path, row):
    folder = folder_of(tmp_path, f'file,emotion,who\na/2.mp4,sad,"S\n2"\n\n{row}\nb/3.WAV,sad,S2\n')
    (found,) = problems(folder)
    assert found.startswith(f"clips.csv, line 5: {WRONG_ROWS[row]}")


def test_a_clip_that_cannot_be_decoded_is_told_with_its_line(tmp_path):
    folder = folder_of(tmp_path, "file,emotion,who\na/1.wav,sad,S1\n")
    (found,) = problems(folder, probe=media.probe)
    assert found.startswith("clips.csv, line 2: ") and "1.wav" in found

    def refuse(path: Path) -> None:
        raise MediaError(f"{path.name} is broken.")

    assert problems(folder, probe=refuse) == ["clips.csv, line 2: 1.wav is broken."]


@pytest.mark.parametrize(
    ("title", "encoding"), [("행복", "cp949"), ("行复", "gbk"), ("fröhlich", "latin-1"), ("행복", "utf-16-le")]
)
def test_clips_with_tags_in_any_encoding_and_any_name_are_imported(tmp_path, title, encoding):
    names = ["행복 %03d.wav", "😀.wav", "a:b.wav", f"{'n' * 240}.wav"]
    folder = folder_of(tmp_path, "file,emotion,who\n" + "".join(f"{name},sad,S1\n" for name in names), ())
    for name in names:
        write_tagged(folder / name, example_voice(), title.encode(encoding))
    checked = check(material_of(folder), PLAN, media.probe)
    assert not checked.problems and len(checked.rows) == len(names)


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> Path:
    """A folder with four clips, whose table each example writes anew."""
    return folder_of(tmp_path_factory.mktemp("clips"), "")


@given(st.lists(st.sampled_from(["sound", *WRONG_ROWS]), min_size=1, max_size=12))
@settings(max_examples=30)
def test_exactly_the_wrong_rows_are_told(clips, kinds):
    """Whatever the order, a sound row is kept and each wrong one is told once, at its own line."""
    emotions = {1: "a/1.wav", 3: "b/1.wav", 5: "b/3.WAV"}
    lines, wrong, kept = ["file,emotion,who", "a/2.mp4,sad,S2"], [], 1
    unused = list(emotions.values())
    for kind in kinds:
        if kind == "sound" and not unused:
            continue
        lines.append(f"{unused.pop()},happy,S1" if kind == "sound" else kind)
        kept += kind == "sound"
        wrong += [len(lines)] if kind != "sound" else []
    (clips / "clips.csv").write_text("\n".join(lines))
    checked = check(material_of(clips), PLAN)
    assert sorted({p.line for p in checked.problems}) == wrong
    assert len(checked.rows) == kept


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x85\u2028\u2029\v\f\x1c\x1d\x1e\0"), max_size=8),
        min_size=2,
        max_size=4,
    ),
    st.sampled_from(",;\t"),
)
@settings(max_examples=40)
def test_cells_survive_any_delimiter_and_quotes(clips, cells, delimiter):
    path = clips / "cells.csv"
    header = [f"c{n}" for n in range(len(cells))]
    quoted = delimiter.join('"' + cell.replace('"', '""') + '"' for cell in cells)
    path.write_text(f"{delimiter.join(header)}\n{quoted}\n", encoding="utf-8")
    source = read_csv(path)
    assert source.rows.loc[2].tolist() == [cell.strip() or None for cell in cells]


def test_words_are_mapped_and_rows_left_out(tmp_path):
    folder = folder_of(tmp_path, "file,emotion,who\na/1.wav,Freude,S1\na/2.mp4,xxx,S1\nb/1.wav,???,S2\n")
    source = read_csv(folder / "clips.csv")
    assert suggest_emotions(words_of(source, "emotion")) == {"Freude": "happy"}
    plan = Plan("mine", COLUMNS, {"culture": "Here"}, {"Freude": "happy", "xxx": LEFT_OUT, "???": "sad"})
    checked = check(material_of(folder), plan)
    assert (checked.problems, checked.left_out) == ((), 1)
    assert [row["emotion"] for row in checked.rows] == ["happy", "sad"]


def test_single_letters_are_no_emotion():
    """EMO-DB writes fear as A, happiness as F and sadness as T, which other corpora use for other emotions."""
    assert suggest_emotions(["A", "a", "W", "F", "T", "N", "n", "ang", "Wut"]) == {"ang": "angry", "Wut": "angry"}


def test_equal_problems_stand_in_one_line(tmp_path):
    rows = ["a/1.wav,gleeful,S1", "a/1.wav,sad,", "a/1.wav,gleeful,S1", *["b/1.wav,odd,S1"] * 7]
    found = check(material_of(folder_of(tmp_path, "\n".join(["file,emotion,who", *rows]))), PLAN).problems
    assert len(found) == 10
    first, second, third = grouped(found)
    assert first.startswith("clips.csv, lines 2 and 4: 'gleeful' is no emotion")
    assert second == "clips.csv, line 3: The column 'who' is empty; every clip has a speaker."
    assert third.startswith("clips.csv, lines 5, 6, 7, 8, 9 and 2 more: 'odd' is no emotion")


def test_what_an_import_consists_of_is_said(tmp_path):
    table = "file,emotion,who,room,act\na/1.wav,Freude,S1,r,1\na/2.mp4,Happy,S2,q,5\nb/1.wav,sad,S2,q,2\nb/3,?,S2,q,1\n"
    plan = Plan(
        "mine",
        COLUMNS | {"session": "room", "arousal": "act"},
        {"culture": "Here"},
        {"Freude": "happy", "Happy": "happy", "?": LEFT_OUT},
        (1, 5),
    )
    checked = check(material_of(folder_of(tmp_path, table)), plan)
    assert account(plan, checked, corpus(plan, checked)) == [
        "3 recordings of 2 people in 2 sessions.",
        "Columns: file from 'file', emotion from 'emotion', speaker from 'who', session from 'room', "
        "arousal from 'act'.",
        "Labels: happy 2 (written Freude), sad 1, arousal 3 (rated from 1 to 5).",
        "Left out: 1 row (?).",
    ]


def test_one_recording_under_two_speakers_is_told_and_puts_them_into_one_session(tmp_path):
    rows = ["a/1.wav,sad,S1,one", "a/2.mp4,sad,S2,two", "b/1.wav,sad,S2,", "b/3.WAV,sad,S3,three", "c.wav,sad,S3,two"]
    folder = folder_of(
        tmp_path, "\n".join(["file,emotion,who,room", *rows]), ("a/1.wav", "a/2.mp4", "b/1.wav", "b/3.WAV")
    )
    for name, content in (("a/1.wav", b"same"), ("b/1.wav", b"same"), ("a/2.mp4", b"else"), ("b/3.WAV", b"longer")):
        (folder / name).write_bytes(content)
    (folder / "c.wav").write_bytes(b"same")
    plan = Plan("mine", COLUMNS | {"session": "room"}, {"culture": "Here"})
    checked = check(material_of(folder), plan)
    made = corpus(plan, checked)
    # a/1, b/1 and c are one recording, and a/2 stands in c's session.
    assert made.recordings["session"].tolist() == ["one", "one", "one", "three", "one"]
    said = "1 times the same recording, byte for byte, stands under two speakers, first a/1 and b/1: correct the table"
    assert account(plan, checked, made)[-1].startswith(said) and said in made.limits
    own_takes = folder_of(tmp_path / "own", "file,emotion,who\na/1.wav,sad,S1\na/2.mp4,sad,S1\n")
    for name in ("a/1.wav", "a/2.mp4"):
        (own_takes / name).write_bytes(b"same")
    alone = corpus(PLAN, check(material_of(own_takes), PLAN))  # twice under one speaker parts nothing
    assert alone.recordings["session"].tolist() == [None, None] and alone.limits == PLAN.limits


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path):
    folder = folder_of(tmp_path / "clips", "file,emotion,who\na/1.wav,sad,S1\n")
    (folder / "b" / "inside.wav").symlink_to(folder / "a" / "1.wav")
    assert "b/inside.wav" in find_clips(folder)
    (tmp_path / "secret.wav").touch()
    (folder / "a" / "out.wav").symlink_to(tmp_path / "secret.wav")
    with pytest.raises(CorpusError, match="'a/out.wav' is a link that leads out of"):
        find_clips(folder)


RATED = Plan("mine", {"file": "file", "valence": "pleasure", "arousal": "act", "speaker": "who"},
             {"culture": "Here"}, scale=(1, 5))  # fmt: skip


def test_ratings_of_whole_clips_come_onto_one_scale(tmp_path):
    folder = folder_of(tmp_path / "clips", "file,pleasure,act,who\na/1.wav,1,5,S1\na/2.mp4,3,2.5,S2\n")
    checked = check(material_of(folder), RATED)
    assert checked.problems == ()
    own.save(corpus(RATED, checked), tmp_path / "imports")
    read = load("mine", None, tmp_path / "imports")
    assert read.labels.astype(float).to_dict("list") == {"valence": [-1, 0], "arousal": [1, -0.25]}
    assert describe(None, tmp_path / "imports").set_index("name").loc["mine", "labels"] == "valence, arousal"


@pytest.mark.parametrize("rating", ["0.9", "6", "nan", "inf", "often"])
def test_what_is_no_rating_on_the_scale_is_told_with_its_line(tmp_path, rating):
    folder = folder_of(tmp_path, f"file,pleasure,act,who\na/1.wav,1,5,S1\na/2.mp4,{rating},2,S2\n")
    said = f"'{rating}' is no rating of valence; accepted are numbers from 1 to 5, or name another scale."
    assert problems(folder, RATED) == [f"clips.csv, line 3: {said}"]


def test_a_rating_that_is_missing_is_told(tmp_path):
    folder = folder_of(tmp_path, "file,pleasure,act,who\na/1.wav,1,,S1\n")
    assert problems(folder, RATED) == ["clips.csv, line 2: The column 'act' is empty; every clip has an arousal."]


@given(low=st.floats(-100, 100), width=st.floats(0.1, 200), share=st.floats(0, 1))
def test_a_scale_keeps_its_order_and_ends(clips, low, width, share):
    high, middle = low + width, low + share * width
    lines = [
        f"{name},{value!r},{value!r},S1"
        for name, value in (("a/1.wav", low), ("a/2.mp4", min(middle, high)), ("b/3.WAV", high))
    ]
    (clips / "clips.csv").write_text("\n".join(["file,pleasure,act,who", *lines]))
    checked = check(material_of(clips), dataclasses.replace(RATED, scale=(low, high)))
    first, second, third = (row["valence"] for row in checked.rows)
    assert (first, third) == (-1, 1) and second == pytest.approx(2 * share - 1, abs=1e-6)


@pytest.mark.parametrize(
    ("ratings", "scale"),
    [("0.2 1", (0, 1)), ("-0.4 0.5", (-1, 1)), ("1 4.5", (1, 5)), ("2 6", (1, 7)), ("0 6", (0, 10)), ("-7 1", (-1, 1)),
     ("often never", (-1, 1))],
)  # fmt: skip
def test_the_narrowest_usual_scale_is_suggested(tmp_path, ratings, scale):
    first, second = ratings.split()
    source = material_of(folder_of(tmp_path, f"file,aro\na/1.wav,{first}\na/2.mp4,{second}\n")).source
    assert suggest_scale(source, suggest(source.rows.columns)) == scale
    assert suggest_scale(source, {}) == Plan.scale


def test_columns_are_suggested_by_their_names():
    found = suggest(["Filename", "label", "Actor", "speaker.gender", "note", "Country"])
    assert found == {
        "file": "Filename",
        "emotion": "label",
        "speaker": "Actor",
        "gender": "speaker.gender",
        "culture": "Country",
    }
    assert suggest(["file", "actor", "who"], ["actor"]) == {"file": "file"}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": "My corpus"}, "lower-case letters"),
        ({"columns": {"file": "f", "speaker": "s"}, "values": {}}, "Every clip has a culture.*value for all rows"),
        ({"columns": {"file": "f"}, "values": {"culture": "X"}}, "Every clip has a speaker, so name its column: who"),
        ({"values": {"emotion": "happy", "culture": "X"}}, "'emotion' differs from clip to clip"),
        ({"columns": {"mood": "m"}}, "cannot mean 'mood'; accepted are file"),
        ({"scale": (5, 1)}, "from its lowest to its highest rating, not from 5 to 1"),
        ({"scale": (0, float("inf"))}, "not from 0 to inf"),
        ({"emotions": {"joy": "joyful"}}, "'joy' cannot mean 'joyful'; accepted are angry"),
    ],
)
def test_a_plan_that_cannot_be_followed_is_refused(values, said):
    with pytest.raises(ConfigError, match=said):
        Plan(**{"name": "mine", "columns": COLUMNS, "values": {"culture": "Here"}} | values)


def test_a_plan_is_refused_that_names_no_column_of_the_table(tmp_path):
    folder = folder_of(tmp_path, "file,emotion,who\na/1.wav,sad,S1\n")
    with pytest.raises(ConfigError, match="no column 'mood' for the emotion; it has file, emotion, who"):
        check(material_of(folder), Plan("mine", COLUMNS | {"emotion": "mood"}, {"culture": "Here"}))
    with pytest.raises(ConfigError, match="Clips have a label"):
        check(material_of(folder), Plan("mine", {"file": "file", "speaker": "who"}, {"culture": "Here"}))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("start", "end"),
        ("start_time", "end_time"),
        ("onset (s)", "duration"),
        ("startTime", "stopTime"),
        ("Begin", "End"),
    ],
)
def test_rows_that_are_parts_of_files_are_never_whole_files(tmp_path, start, end):
    folder = folder_of(tmp_path, f"file,{start},{end},who,emotion\na/1.wav,0.0,1.2,S1,sad\na/2.mp4,1.2,2.4,S2,sad\n")
    with pytest.raises(CorpusError, match="are parts of files, from .*: name these columns as start and"):
        check(material_of(folder), PLAN)


def parts(table, tmp_path, **more):
    """The sound rows of a table of parts of files of 3 s, and what is wrong with the others."""
    material = material_of(folder_of(tmp_path, table))
    columns = COLUMNS | suggest_part(material.source.rows)
    plan = Plan("mine", columns, {"culture": "Here"}, **more)
    return check(material, plan, lambda path: SimpleNamespace(duration=3.0))


def test_each_part_of_a_file_is_a_recording(tmp_path):
    table = "file,start,end,who,emotion\na/1.wav,0.0,1.2,S1,sad\na/1.wav,1.2,,S2,happy\na/2.mp4,0:01.5,3.05,S3,sad\n"
    checked = parts(table, tmp_path)
    assert not checked.problems
    made = corpus(Plan("mine", COLUMNS, {"culture": "Here"}), checked)
    assert list(made.recordings.index) == ["mine/a/1@0-1.2", "mine/a/1@1.2-3", "mine/a/2@1.5-3.05"]
    assert [clip.part for clip in clips_of(made.recordings)] == [(0.0, 1.2), (1.2, 3.0), (1.5, 3.0)]
    assert [Path(clip.file).name for clip in clips_of(made.recordings)] == ["1.wav", "1.wav", "2.mp4"]
    assert list(made.recordings["session"]) == ["a/1", "a/1", "a/2"]
    assert list(made.labels["emotion"]) == ["sad", "happy", "sad"]


def test_parts_may_have_a_length_and_milliseconds(tmp_path):
    checked = parts("file,onset_ms,duration_ms,who,emotion\na/1.wav,500,1000,S1,sad\n", tmp_path)
    assert [(row["start"], row["end"]) for row in checked.rows] == [(0.5, 1.5)]


def test_an_offset_beside_a_length_is_where_a_part_starts(tmp_path):
    checked = parts("file,offset,duration,who,emotion\na/1.wav,0.5,1,S1,sad\n", tmp_path)
    assert [(row["start"], row["end"]) for row in checked.rows] == [(0.5, 1.5)]
    with pytest.raises(CorpusError, match="are parts of files, from 'offset' to 'duration': name these columns"):
        check(material_of(folder_of(tmp_path / "b", "file,offset,duration,who,emotion\na/1.wav,0,1,S1,sad\n")), PLAN)
    rows = pd.DataFrame({"onset": ["0.5"], "offset": ["1"], "duration": ["0.5"]})
    assert suggest_part(rows) == {"start": "onset", "end": "offset"}  # where it is the end of an onset


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1.2,1.2", "The part goes from 1.2 s to 1.2 s; a part ends after it starts."),
        ("0,3000", "The part ends at 3000 s, but '1.wav' lasts 3.0 s."),
        (",1", "The cell is empty in 'start'; accepted are seconds as 1.5, or 0:01.5."),
    ],
)
def test_a_part_that_cannot_be_is_a_problem_of_its_row(tmp_path, row, said):
    checked = parts(f"file,start,end,who,emotion\na/1.wav,{row},S1,sad\na/1.wav,0,1,S1,sad\n", tmp_path)
    assert len(checked.rows) == 1
    assert [(problem.line, problem.sentence) for problem in checked.problems] == [(2, said)]


@pytest.mark.parametrize("cell", ["soon", "-1", "nan", "0h01"])
def test_a_cell_that_is_no_time_does_not_make_the_other_rows_whole_files(tmp_path, cell):
    checked = parts(f"file,start,end,who,emotion\na/1.wav,0,1,S1,sad\na/2.mp4,{cell},2,S2,sad\n", tmp_path)
    assert [(row["start"], row["end"]) for row in checked.rows] == [(0.0, 1.0)]
    said = f"'{cell}' is no time in 'start'; accepted are seconds as 1.5, or 0:01.5."
    assert [(problem.line, problem.sentence) for problem in checked.problems] == [(3, said)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_table_is_read_in_each_encoding_that_its_first_bytes_tell(tmp_path, encoding):
    path = tmp_path / "clips.csv"
    path.write_bytes("file\twho\n행복.wav\tJürgen\n".encode(encoding))
    source = read_csv(path)
    assert source.rows.to_dict("records") == [{"file": "행복.wav", "who": "Jürgen"}] and not source.problems


@pytest.mark.parametrize(
    ("text", "column", "seconds"),
    [
        ("1.5", "start", 1.5),
        ("1,5 s", "start", 1.5),
        ("1500 ms", "start", 1.5),
        ("1500", "start_ms", 1.5),
        ("01:02:03.5", "start_ms", 3723.5),
        ("2:03", "start", 123.0),
        ("soon", "start", None),
        ("2", "start_frame", None),
        ("2", "endSamples", None),
        ("2", "start (us)", None),
        ("2 s", "start_frame", 2.0),
        ("", "start", None),
    ],
)
def test_times_of_tables_are_read(text, column, seconds):
    assert seconds_of(text, column) == seconds


@pytest.mark.parametrize("columns", ["duration,take", "to,from", "who2,start_of_day"])
def test_other_columns_make_no_parts_of_files(tmp_path, columns):
    folder = folder_of(tmp_path, f"file,{columns},who,emotion\na/1.wav,1.5,Anna,S1,sad\na/2.mp4,2,Bert,S2,sad\n")
    assert len(check(material_of(folder), PLAN).rows) == 2


@pytest.mark.parametrize("column", ["start", "onset_ms", "Begin"])
def test_rows_that_only_say_where_they_start_are_never_whole_files(tmp_path, column):
    folder = folder_of(tmp_path, f"file,{column},who,emotion\na/1.wav,0,S1,sad\na/1.wav,1.2,S1,happy\n")
    with pytest.raises(
        CorpusError, match=f"'{column}' of 'clips.csv' says where a row starts .* none says where it ends"
    ):
        check(material_of(folder), PLAN)
    named = dataclasses.replace(PLAN, columns=COLUMNS | {"start": column})
    with pytest.raises(CorpusError, match="'clips.csv' are parts of one file, first in line 3, so name the column"):
        check(material_of(folder), named)
    (folder / "clips.csv").write_text(f"file,{column},who,emotion\na/1.wav,0,S1,sad\na/2.mp4,1,S1,happy\n")
    checked = check(material_of(folder), named, lambda path: SimpleNamespace(duration=3.0))
    assert [row["end"] for row in checked.rows] == [3.0, 3.0]


@pytest.mark.parametrize("content", ["", "file\na.wav\n", "file,file\n1,2\n"])
def test_what_is_no_table_is_refused(tmp_path, content):
    (tmp_path / "clips.csv").write_text(content)
    with pytest.raises(CorpusError, match="first line names two columns or more"):
        read_csv(tmp_path / "clips.csv")
    (tmp_path / "clips.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CorpusError, match="'clips.csv' cannot be read: it is no UTF-8 text"):
        read_csv(tmp_path / "clips.csv")


@pytest.mark.parametrize("name", ["n" * 300, "a\0b"])
def test_names_that_no_file_can_have_are_refused_in_words(tmp_path, name):
    folder = folder_of(tmp_path, "")
    with pytest.raises(CorpusError, match="is no folder"):
        find_clips(tmp_path / name)
    with pytest.raises(CorpusError, match="is no folder"):
        gather(traces=tmp_path / name)
    with pytest.raises(CorpusError, match="cannot be read"):
        gather(clips=folder, table=tmp_path / name)
    (folder / "clips.csv").write_text(f"file,emotion,who\n{name},sad,S1\n")
    (problem,) = problems(folder)
    assert problem.startswith("clips.csv, line 2: There is no clip ")


def test_what_is_asked_for_must_be_one_of_three_kinds(tmp_path):
    with pytest.raises(ConfigError, match="from a folder of clips and a table"):
        gather(clips=tmp_path)
    with pytest.raises(CorpusError, match="is no folder on this machine"):
        gather(clips=tmp_path / "none", table=tmp_path / "clips.csv")
    with pytest.raises(CorpusError, match="There are no clips in .*; they end in wav, flac"):
        find_clips(tmp_path)


def test_pictures_need_no_table_in_one_folder_per_emotion(tmp_path):
    files = ("test/joy/1.jpg", "train/joy/2.PNG", "train/sadness/3.webp", "valid/sadness/1.tif")
    for name in files:
        (tmp_path / "faces" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "faces" / name).touch()
    material = gather(clips=tmp_path / "faces")
    plan = Plan(
        "faces",
        suggest(material.source.rows.columns),
        {"culture": "Here"},
        suggest_emotions(words_of(material.source, "emotion")),
        limits=material.source.limits,
    )
    own.save(corpus(plan, check(material, plan)), tmp_path / "imports")
    read = load("faces", None, tmp_path / "imports")
    assert read.labels["emotion"].tolist() == ["happy", "happy", "sad", "sad"]
    assert read.recordings["split"].tolist() == ["test", "train", "train", "validation"]
    assert read.recordings["speaker"].nunique() == 4 and "each picture counts as a person" in read.limits
    assert read.pictures is not None and list(read.pictures) == [tmp_path / "faces" / name for name in files]
    (tmp_path / "faces" / "loose.jpg").touch()
    with pytest.raises(CorpusError, match="'loose.jpg' lies in no folder of an emotion"):
        gather(clips=tmp_path / "faces")
    (tmp_path / "faces" / "loose.jpg").unlink()
    for number, name in enumerate(("talk.mp4", "train/joy/moving.gif", "2.wav", "3.wav", "4.wav")):
        assert len(gather(clips=tmp_path / "faces").source.problems) == number  # what is no picture is named
        (tmp_path / "faces" / name).touch()
    with pytest.raises(ConfigError, match="from pictures in one folder per emotion"):
        gather(clips=tmp_path / "faces")  # most of them are clips


def test_endings_are_those_that_clips_are_decoded_from():
    assert sorted(ending[1:] for ending in SOUND_ENDINGS + VIDEO_ENDINGS) == sorted(media.ACCEPTED)


TRACE = "'name';timestamp;arousal;valence\n'a';0.0;0.1;-0.2\n'a';0.1;0.2;-0.3\n'a';0.2;0.2;0\n"
OTHER = TRACE.replace("'a'", "'b'")


def traces_of(place: Path, **files: str) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (place / f"{name}.csv").write_text(content)
    return place


def test_traces_become_a_corpus_with_labels_over_time(tmp_path):
    folder = traces_of(tmp_path / "traces", a=TRACE, b=OTHER)
    plan = Plan("mine", {"file": "file", "speaker": "file"}, {"culture": "Here"})
    made = corpus(plan, check(gather(traces=folder), plan))
    own.save(made, tmp_path / "imports")
    read = load("mine", None, tmp_path / "imports")
    assert read.labels.empty and list(read.recordings["speaker"]) == ["mine/a", "mine/b"]
    assert set(read.traces) == {"id", "time", "valence", "arousal"}
    assert read.traces.groupby("id")["valence"].sum().round(6).to_dict() == {"mine/a": -0.5, "mine/b": -0.5}


def test_traces_can_have_clips_and_a_table(tmp_path):
    folder = folder_of(
        tmp_path / "clips", "file,who,culture\na.wav,S1,Here\nb,S2,There\nc,S3,There\n", ("a.wav", "b.mp4", "c.wav")
    )
    traces = traces_of(tmp_path / "traces", a=TRACE, b=OTHER)
    plan = Plan("mine", {"file": "file", "speaker": "who", "culture": "culture"})
    checked = check(gather(clips=folder, table=folder / "clips.csv", traces=traces), plan)
    assert [str(p) for p in checked.problems] == ["clips.csv, line 4: There is no trace 'c.csv' that is sound."]
    made = corpus(plan, checked)
    assert made.recordings["video"].tolist() == [None, str(folder / "b.mp4")]
    assert set(made.traces["id"]) == {"mine/a", "mine/b"}


@pytest.mark.parametrize(("step", "length"), [(100, 2.4), (0.1, 90.0)])
def test_a_trace_of_another_length_than_its_clip_is_refused(tmp_path, step, length):
    """In milliseconds, or of a recording that is much longer."""
    folder = folder_of(tmp_path / "clips", "", ("a.wav",))
    rows = "".join(f"{number * step:g};0.1\n" for number in range(24))
    material = gather(clips=folder, traces=traces_of(tmp_path / "traces", a=f"timestamp;arousal\n{rows}"))
    plan = Plan("mine", {"file": "file", "speaker": "file"}, {"culture": "Here"})

    class Info:
        duration = length

    said = f"The trace 'a.csv' lasts {23 * step:g} s and its clip {length:.1f} s; the times of a trace are seconds."
    assert [problem.sentence for problem in check(material, plan, lambda path: Info()).problems] == [said]
    Info.duration = 23 * step
    assert not check(material, plan, lambda path: Info()).problems


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        ("name;arousal\na;1\n", 1, "The header has timestamp or time and one or more of valence, arousal, liking"),
        (TRACE.replace("0.2;-0.3", "1.2;-0.3"), 3, "arousal lies in [-1, 1], unlike 1.2."),
        (TRACE.replace("-0.3", "low"), 3, "'low' is no number; every step has its valence."),
        (TRACE.replace("-0.3", "nan"), 3, "'nan' is no number; every step has its valence."),
        (TRACE.replace("'a';0.2;", "'a';0.5;"), 3, "The time goes from 0 s to 0.1 s; steps are even"),
        (TRACE.replace("'a';0.1;", "'a';0.0;"), 3, "The time goes from 0 s to 0 s"),
        (TRACE.replace(";-0.3", ""), 3, "The row has 3 fields, not 4."),
        (TRACE.rpartition("'a';0.1")[0], 0, "A trace has two steps or more, not 1."),
    ],
)
def test_a_wrong_step_of_a_trace_is_told_with_its_line(tmp_path, content, line, said):
    source = gather(traces=traces_of(tmp_path, a=content, b=OTHER)).source
    first = source.problems[0]
    assert (first.file, first.line) == ("a.csv", line) and first.sentence.startswith(said)
    assert source.rows["file"].tolist() == ["b"]


def test_recordings_have_the_same_dimensions(tmp_path):
    folder = traces_of(tmp_path, a=TRACE, b="time,arousal\n0,0\n0.1,0\n")
    material = gather(traces=folder)
    assert [str(p) for p in material.source.problems] == [
        "b.csv, line 1: All recordings have the same dimensions; here are not all of valence, arousal."
    ]
    assert material.source.rows["file"].tolist() == ["a"]


def database(folder: Path, storage_format: str = "csv") -> audformat.Database:
    """Three clips of two speakers whose gender stands in the speakers' scheme."""
    db = audformat.Database("toy", license="CC0-1.0")
    db.schemes["emotion"] = audformat.Scheme(labels=["anger", "joy"])
    db.schemes["speaker"] = audformat.Scheme(labels={"s1": {"gender": "female"}, "s2": {"gender": "male"}})
    files = ["audio/1.wav", "audio/2.wav", "audio/3.wav"]
    db["emotion"] = audformat.Table(audformat.filewise_index(files))
    db["emotion"]["emotion"] = audformat.Column(scheme_id="emotion")
    db["emotion"]["emotion"].set(["anger", "joy", "joy"])
    db["files"] = audformat.Table(audformat.filewise_index(files))
    db["files"]["speaker"] = audformat.Column(scheme_id="speaker")
    db["files"]["speaker"].set(["s1", "s2", "s2"])
    db.save(str(folder), storage_format=storage_format)
    (folder / "audio").mkdir()
    for file in files:
        (folder / file).touch()
    return db


def test_labelled_segments_of_an_audformat_database_are_its_rows(tmp_path):
    db = audformat.Database("segmented")
    db.schemes["emotion"] = audformat.Scheme(labels=["anger", "joy"])
    db.schemes["speaker"] = audformat.Scheme(labels=["s1", "s2"])
    db["files"] = audformat.Table(audformat.filewise_index(["a.wav", "b.wav"]))
    db["files"]["speaker"] = audformat.Column(scheme_id="speaker")
    db["files"]["speaker"].set(["s1", "s2"])
    index = audformat.segmented_index(["a.wav", "a.wav", "b.wav"], ["0s", "1.25s", "0s"], ["1.25s", "2s", None])
    db["segments"] = audformat.Table(index)
    db["segments"]["emotion"] = audformat.Column(scheme_id="emotion")
    db["segments"]["emotion"].set(["anger", "joy", "joy"])
    db.save(tmp_path, storage_format="csv")
    for name in ("a.wav", "b.wav"):
        (tmp_path / name).touch()
    material = gather(database=tmp_path)
    columns = suggest(material.source.rows) | suggest_part(material.source.rows)
    plan = Plan("mine", columns, {"culture": "Here"}, {"anger": "angry", "joy": "happy"})
    checked = check(material, plan, lambda path: SimpleNamespace(duration=2.5))
    assert not checked.problems
    made = corpus(plan, checked)
    assert list(made.recordings.index) == ["mine/a@0-1.25", "mine/a@1.25-2", "mine/b@0-2.5"]
    assert list(made.recordings["speaker"]) == ["mine/s1", "mine/s1", "mine/s2"]
    assert list(made.labels["emotion"]) == ["angry", "happy", "happy"]


@pytest.mark.parametrize("storage_format", ["csv", "parquet"])
def test_an_audformat_database_becomes_a_corpus(tmp_path, storage_format):
    database(tmp_path, storage_format)
    material = gather(database=tmp_path)
    source = material.source
    assert (source.title, source.licence) == ("toy", "CC0-1.0")
    plan = Plan(
        "mine", suggest(source.rows.columns), {"culture": "Here"}, suggest_emotions(words_of(source, "emotion"))
    )
    checked = check(material, plan)
    assert checked.problems == ()
    made = corpus(plan, checked)
    assert made.labels["emotion"].tolist() == [Emotion.ANGRY, Emotion.HAPPY, Emotion.HAPPY]
    assert made.recordings["speaker"].tolist() == ["mine/s1", "mine/s2", "mine/s2"]
    assert made.recordings["gender"].tolist() == ["female", "male", "male"]


def parted_database(folder: Path, *, doubled: bool = False) -> Path:
    """Three clips whose labels stand in a train and a test table."""
    db = audformat.Database("parted")
    db.schemes["emotion"] = audformat.Scheme(labels=["anger", "joy"])
    db.schemes["speaker"] = audformat.Scheme(labels=["s1", "s2", "s3"])
    parts = {"emotion.train": (["1.wav", "2.wav"], ["anger", "joy"]), "emotion.test": (["3.wav"], ["joy"])}
    if doubled:
        parts["emotion.test"] = (["2.wav", "3.wav"], ["anger", "joy"])
    for name, (files, emotions) in parts.items():
        db[name] = audformat.Table(audformat.filewise_index(files))
        for column, values in (("emotion", emotions), ("speaker", [f"s{file[0]}" for file in files])):
            db[name][column] = audformat.Column(scheme_id=column)
            db[name][column].set(values)
    db.save(str(folder), storage_format="csv")
    for number in (1, 2, 3):
        (folder / f"{number}.wav").touch()
    return folder


def test_labels_in_a_train_and_a_test_table_are_both_read_and_keep_their_split(tmp_path):
    material = gather(database=parted_database(tmp_path / "database"))
    source = material.source
    assert list(source.rows) == ["file", "emotion", "speaker", "split"]
    plan = Plan("mine", suggest(source.rows.columns), {"culture": "Here"}, {"anger": "angry", "joy": "happy"})
    checked = check(material, plan)
    assert checked.problems == ()
    own.save(corpus(plan, checked), tmp_path / "imports")
    read = load("mine", None, tmp_path / "imports")
    assert read.labels["emotion"].tolist() == ["angry", "happy", "happy"]
    assert read.recordings["split"].tolist() == ["train", "train", "test"]


def test_tables_that_contradict_each_other_stand_side_by_side(tmp_path):
    rows = gather(database=parted_database(tmp_path, doubled=True)).source.rows.set_index("file")
    found = [rows[column].dropna().to_dict() for column in ("emotion", "emotion.2")]
    assert {"1.wav": "anger", "2.wav": "joy"} in found and {"2.wav": "anger", "3.wav": "joy"} in found
    assert rows["speaker"].to_dict() == {"1.wav": "s1", "2.wav": "s2", "3.wav": "s3"}


@pytest.mark.parametrize(("word", "part"), [("Train", "train"), ("devel", "validation"), ("test", "test")])
def test_a_table_may_say_in_which_part_of_a_split_a_clip_stands(tmp_path, word, part):
    folder = folder_of(tmp_path, f"file,emotion,who,partition\na/1.wav,sad,S1,{word}\na/2.mp4,sad,S2,often\n")
    checked = check(material_of(folder), dataclasses.replace(PLAN, columns=COLUMNS | {"split": "partition"}))
    assert [row["split"] for row in checked.rows] == [part]
    said = "'often' is no part of a split; accepted are train, validation, test."
    assert [str(problem) for problem in checked.problems] == [f"clips.csv, line 3: {said}"]


def test_a_database_cannot_run_code(tmp_path):
    database(tmp_path, "pkl")
    with pytest.raises(CorpusError, match="pickled tables are not read"):
        gather(database=tmp_path)
    (tmp_path / "db.yaml").write_text("name: !!python/object/apply:os.system ['touch " + str(tmp_path / "ran") + "']\n")
    with pytest.raises(CorpusError, match="is no readable audformat database"):
        gather(database=tmp_path)
    assert not (tmp_path / "ran").exists()


def test_a_folder_that_is_no_database_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="is no readable audformat database.*header db.yaml"):
        gather(database=tmp_path)


def saved(tmp_path: Path) -> Path:
    folder = folder_of(tmp_path / "clips", "file,emotion,who\na/1.wav,happy,S1\n")
    own.save(corpus(PLAN, check(material_of(folder), PLAN)), tmp_path / "imports")
    return tmp_path / "imports"


def test_a_name_is_taken_once(tmp_path):
    imports = saved(tmp_path)
    again = load("mine", None, imports)
    with pytest.raises(ConfigError, match="was imported already"):
        own.save(again, imports)
    own.save(again, imports, replace=True)
    assert own.names(imports) == ("mine",)
    folder = folder_of(tmp_path / "more", "file,emotion,who\na/1.wav,happy,S1\n")
    plan = Plan("emodb", COLUMNS, {"culture": "Here"})
    with pytest.raises(ConfigError, match="is the name of a published corpus"):
        own.save(corpus(plan, check(material_of(folder), plan)), imports)


def test_a_clip_that_is_gone_and_a_damaged_import_are_told(tmp_path):
    imports = saved(tmp_path)
    (tmp_path / "clips" / "a" / "1.wav").unlink()
    with pytest.raises(CorpusError, match="a/1.wav is gone"):
        load("mine", None, imports)
    (imports / "mine" / own.DESCRIPTION).write_text(json.dumps({"name": "mine"}))
    with pytest.raises(CorpusError, match="is damaged; import it again"):
        load("mine", None, imports)
    own.remove("mine", imports)
    assert own.names(imports) == () and not list(imports.iterdir())
    with pytest.raises(UnknownNameError, match="There is no corpus named 'mine'"):
        load("mine", None, imports)


def test_nothing_sound_is_nothing_to_import():
    rows = pd.DataFrame({"file": [None], "emotion": [None], "who": [None]}, pd.Index([2], name="line"), dtype=object)
    checked = check(Material(Source("t.csv", rows), {"a.wav": Path("a.wav")}), PLAN)
    with pytest.raises(CorpusError, match="No row of the corpus 'mine' is sound"):
        corpus(PLAN, checked)
