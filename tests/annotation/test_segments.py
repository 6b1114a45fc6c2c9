"""Annotation files of every registered format, windows, and what a prediction says in each segment."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoviz.annotation.formats import READERS
from emoviz.annotation.segments import Segment, endings, read, windows, write
from emoviz.annotation.summary import segment_table
from emoviz.core.errors import AnnotationError
from emoviz.evaluation.gaps import Absence
from emoviz.prediction.segmented import require_known, segments_of

EAF = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2026-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">
 <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"/>
 <TIME_ORDER><TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="500"/><TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="1250"/>
 <TIME_SLOT TIME_SLOT_ID="ts3" TIME_VALUE="1250"/><TIME_SLOT TIME_SLOT_ID="ts4" TIME_VALUE="3000"/></TIME_ORDER>
 <TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="Anna">
  <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
   <ANNOTATION_VALUE>Grüß Gott</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
 <TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="Ben">
  <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts3" TIME_SLOT_REF2="ts4">
   <ANNOTATION_VALUE>Yes.</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
 <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="default-lt" TIME_ALIGNABLE="true"/>
</ANNOTATION_DOCUMENT>
"""
TEXTGRID = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 3
tiers? <exists>
size = 3
item []:
    item [1]:
        class = "IntervalTier"
        name = "Anna"
        xmin = 0
        xmax = 3
        intervals: size = 3
        intervals [1]:
            xmin = 0
            xmax = 0.5
            text = ""
        intervals [2]:
            xmin = 0.5
            xmax = 1.25
            text = "Grüß Gott"
        intervals [3]:
            xmin = 1.25
            xmax = 3
            text = ""
    item [2]:
        class = "IntervalTier"
        name = "Ben"
        xmin = 0
        xmax = 3
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 1.25
            text = ""
        intervals [2]:
            xmin = 1.25
            xmax = 3
            text = "Yes."
    item [3]:
        class = "TextTier"
        name = "points"
        xmin = 0
        xmax = 3
        points: size = 1
        points [1]:
            number = 1
            mark = "a point"
"""
SRT = "1\n00:00:00,500 --> 00:00:01,250\nGrüß Gott\n\n2\n00:00:01,250 --> 00:00:03,000\n<i>Yes.</i>\n"
VTT = "WEBVTT\n\n1\n00:00.500 --> 00:01.250\n<v Anna>Grüß Gott</v>\n\nid2\n00:01.250 --> 00:03.000\n<v Ben>Yes.\n"
ASS = """[Script Info]
ScriptType: v4.00+

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:00.00,0:00:03.00,Default,,0,0,0,,not shown
Dialogue: 0,0:00:00.50,0:00:01.25,Default,Anna,0,0,0,,Grüß Gott
Dialogue: 0,0:00:01.25,0:00:03.00,Default,Ben,0,0,0,,{\\i1}Yes.
"""
RTTM = """;; a comment
SPEAKER clip 1 0.5 0.75 <NA> <NA> Anna <NA> <NA>
SPEAKER clip 1 1.25 1.75 <NA> <NA> Ben <NA> <NA>
"""
CSV = "start,end,label,tier\n0.5,1.25,Grüß Gott,Anna\n1.25,3,Yes.,Ben\n"
FILES = {
    "eaf": EAF,
    "textgrid": TEXTGRID,
    "srt": SRT,
    "vtt": VTT,
    "ass": ASS,
    "rttm": RTTM,
    "csv": CSV,
    "tsv": CSV.replace(",", "\t"),
}
SPEAKERS = [Segment(0.5, 1.25, "Anna", "Anna"), Segment(1.25, 3.0, "Ben", "Ben")]
SENTENCES = [Segment(0.5, 1.25, "Grüß Gott", "Anna"), Segment(1.25, 3.0, "Yes.", "Ben")]


@pytest.mark.parametrize("name", READERS)
def test_every_format_gives_the_same_segments(name, tmp_path, capfd):
    path = tmp_path / f"notes.{name.upper()}"
    path.write_text(FILES[name], encoding="utf-8")
    expected = SPEAKERS if name == "rttm" else SENTENCES
    if name == "srt":  # which names no speakers
        expected = [segment._replace(tier="") for segment in expected]
    assert read(path) == expected
    assert f".{name}" in endings() and capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("content", [b"", b"\x00\xff\xfe nothing", b"<a><b>", b"start,end\nsoon,later\n"])
def test_a_damaged_file_is_one_sentence(name, content, tmp_path):
    path = tmp_path / f"notes.{name}"
    path.write_bytes(content)
    with pytest.raises(AnnotationError) as error:
        read(path)
    assert path.name in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("notes.docx", "x", "no annotation that is read; accepted are .ass, .csv, .eaf"),
        ("notes.rttm", RTTM + "SPEAKER clip 1 soon\n", "Line 4 of 'notes.rttm' is not 'SPEAKER file channel"),
        ("notes.csv", "begin,end\n0,1\n", "lacks the column start; a table of segments has start and end"),
        ("notes.csv", "start,end\n0,1\nx,2\n", "Line 3 of 'notes.csv' has times that are no seconds: 'x' and '2'"),
        ("notes.csv", "start,end\n2,1\n", "goes from 2 s to 1 s; it starts at 0 s or later and ends after that"),
        ("notes.csv", "start,end\n0,inf\n", "goes from 0 s to inf s"),
        ("notes.csv", "", "'notes.csv' is empty"),
        (
            "notes.eaf",
            EAF.replace(' VERSION="3.0"', ""),
            "no complete file of ELAN, as it lacks 'VERSION': open it in ELAN",
        ),
        (
            "notes.eaf",
            EAF.replace("\n xsi:noNamespaceSchemaLocation", "\n xsi:other"),
            r"lacks the address of ELAN's format at its beginning: open .* or give its segments as \.csv with start",
        ),
        ("notes.csv", "start,end\n", "1 to 100,000 segments, and 'notes.csv' has 0"),
    ],
)
def test_what_is_wrong_is_said(name, content, message, tmp_path):
    (tmp_path / name).write_text(content)
    with pytest.raises(AnnotationError, match=message):
        read(tmp_path / name)


@pytest.mark.parametrize("name", ["srt", "csv", "textgrid", "rttm"])
def test_another_encoding_than_utf_8_is_told_and_utf_16_is_read(name, tmp_path):
    path = tmp_path / f"notes.{name}"
    path.write_bytes((FILES[name] + ";; ü\n").encode("latin-1"))
    with pytest.raises(AnnotationError, match="is no text in UTF-8: save it again with that encoding"):
        read(path)
    path.write_bytes(FILES[name].encode("utf-16"))
    assert [segment[:2] for segment in read(path)] == [(0.5, 1.25), (1.25, 3.0)]


def test_slots_of_elan_without_a_time_lie_between_their_neighbours(tmp_path):
    path = tmp_path / "notes.eaf"
    path.write_text(EAF.replace(' TIME_VALUE="1250"', ""), encoding="utf-8")
    (start, end, *_), other = read(path)
    assert (start, end) == pytest.approx((0.5, 0.5 + 2.5 / 3)) and other.end == 3.0


def test_a_table_of_segments_may_have_capitals_and_empty_rows(tmp_path):
    path = tmp_path / "notes.csv"
    path.write_text("Start,End,Label\n0,1,a\n,,\n\n1,2,b\n,,\n")
    assert [segment.label for segment in read(path)] == ["a", "b"]
    path.write_text("start,end\n0,1\n\nx,2\n")
    with pytest.raises(AnnotationError, match="Line 4 of"):
        read(path)


@given(st.floats(0.01, 5000), st.floats(0.1, 100))
def test_windows_cover_a_recording_and_no_more(duration, seconds):
    found = windows(duration, seconds)
    assert found[0].start == 0 and found[-1].end == pytest.approx(duration)
    assert all(a.end == pytest.approx(b.start) for a, b in zip(found, found[1:], strict=False))
    assert all(0 < segment.end - segment.start <= seconds + 1e-6 for segment in found)


TIMES = np.arange(150) * 0.02 + 0.01
OUTPUTS = pd.DataFrame(
    {
        "column": ["speech.valence", "speech.happy", "speech.sad"],
        "source": "speech",
        "model": ["cats", "emotion", "emotion"],
        "kind": ["dimension", "emotion", "emotion"],
    }
)


def table() -> pd.DataFrame:
    random = np.random.default_rng(0)
    happy = random.uniform(size=150)
    found = pd.DataFrame({"time": TIMES, "speech.valence": random.uniform(-1, 1, 150), "speech.happy": happy})
    found["speech.sad"], found["quality.level"] = 1 - happy, np.arange(150.0)
    found.loc[:24, ["speech.valence", "speech.happy", "speech.sad"]] = np.nan
    return found


def near(value: float):
    return pytest.approx(value, abs=2e-6)  # tables have six digits


def test_a_segment_is_summed_up_as_pandas_does():
    frames = table()
    made = segment_table(frames, OUTPUTS, [Segment(0.0, 0.5, "silent"), Segment(0.4, 2.0, "both", "Anna")])
    silent, both = made.iloc[0], made.iloc[1]
    assert silent["speech.gap"] == 1 and np.isnan(silent["speech.happy.mean"]) and np.isnan(silent["speech.sad.share"])
    inside = frames[(frames["time"] >= 0.4) & (frames["time"] < 2.0)]
    assert both["speech.gap"] == near(inside["speech.happy"].isna().mean())
    assert both["speech.happy.mean"] == near(inside["speech.happy"].mean())
    assert both["speech.happy.median"] == near(inside["speech.happy"].median())
    assert both["speech.happy.peak"] == near(inside["speech.happy"].max())
    assert both["speech.happy.peak_time"] == near(inside["time"][inside["speech.happy"].idxmax()])
    far = inside["speech.valence"].abs().idxmax()
    assert both["speech.valence.peak"] == near(inside["speech.valence"][far])
    assert both["speech.valence.peak"] < 0  # an extreme may be negative
    known = inside.dropna()
    assert both["speech.happy.share"] == near((known["speech.happy"] > known["speech.sad"]).mean())
    assert both["speech.happy.share"] + both["speech.sad.share"] == near(1)
    assert both["quality.level"] == near(inside["quality.level"].mean()) and both["tier"] == "Anna"


def prediction(*absences: Absence, outputs: pd.DataFrame = OUTPUTS):
    info = SimpleNamespace(duration=3.0, path=SimpleNamespace(name="clip.mp4"))
    return SimpleNamespace(table=table(), outputs=outputs, absences=absences, info=info)


def test_where_somebody_speaks_is_what_no_absence_says_nobody_does():
    silence = Absence("speech", 1.0, 2.0, "nobody speaks")
    assert segments_of("speech", prediction(silence)) == [Segment(0, 1, "1"), Segment(2, 3, "2")]
    with pytest.raises(AnnotationError, match="Nobody speaks in 'clip.mp4'"):
        segments_of("speech", prediction(Absence("speech", 0.0, 3.0, "the sound is silence")))
    with pytest.raises(AnnotationError, match="known only to a prediction by a model of speech"):
        segments_of("speech", prediction(outputs=OUTPUTS.assign(source="face")))


def test_what_is_asked_is_refused_before_anything_is_analysed(tmp_path):
    require_known("speech")
    require_known("2.5")
    refused = {"0": "at least 0.1 s", "nan": "at least 0.1 s", "x.doc": "that is read", "speach": "not 'speach'"}
    for asked, message in refused.items():
        with pytest.raises(AnnotationError, match=message):
            require_known(asked)
    (tmp_path / "other.csv").write_text("start,end\n0,1\n5,6\n")
    with pytest.raises(AnnotationError, match="segment that ends at 6 s, but 'clip.mp4' lasts 3.00 s"):
        segments_of(str(tmp_path / "other.csv"), prediction())
    assert len(segments_of("2", prediction())) == 2


def test_signs_of_markup_are_escaped_in_webvtt(tmp_path):
    path = tmp_path / "notes.vtt"
    write([Segment(0.0, 1.0, "Tom & <Jerry>")], path, "talk")
    assert "Tom &amp; &lt;Jerry" in path.read_text(encoding="utf-8"), "players drop what looks like a tag"
    assert read(path)[0].label == "Tom & <Jerry>"
