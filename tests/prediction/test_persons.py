"""Persons of a recording: voices told apart, faces that speak, names, and files that say so."""

from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pandas as pd
import pytest
from clips import portrait, sine, speech, write_clip

from emoviz import cli
from emoviz.annotation.segments import read
from emoviz.core.errors import AnnotationError, ConfigError, MediaError
from emoviz.core.kept import Kept
from emoviz.media import BLENDSHAPES, ClipMedia, Waveform
from emoviz.prediction.persons import diarisation, found, known
from emoviz.prediction.persons.diarisation import Turn, turns_of
from emoviz.prediction.persons.emotions import emotion_table, with_other_faces, with_speakers
from emoviz.prediction.persons.export import person_table, turn_table, writer_of
from emoviz.prediction.persons.faces import faces_of
from emoviz.prediction.persons.found import Person, Persons, find_persons, voice_name
from emoviz.prediction.persons.known import Changes
from emoviz.prediction.persons.mouths import speaking_faces
from emoviz.prediction.persons.naming import merged, parted, renamed

SPOKEN = [(0.0, 10.0, 0), (10.0, 19.0, 1), (20.0, 26.0, 0), (26.0, 36.0, 2)]
"""Who speaks when in the sound of :func:`sound`."""
KNOWN = Persons((Person("voice A", (0,), (3,)), Person("voice B", (1,)), Person("face 1", (), (1,))),
                (Turn(0, 2, 0), Turn(2, 3.5, 1), Turn(4, 5, 0)))  # fmt: skip


@pytest.fixture
def sound(monkeypatch) -> Waveform:
    """Sound of 36 s in which three voices speak, whom a made-up encoder tells apart, but for some noise."""

    def voices(sound, windows, progress):
        points = np.zeros((len(windows), 8))
        for row, (start, end) in zip(points, windows, strict=True):
            for first, last, who in SPOKEN:
                row[who] += max(0, min(end, last) - max(start, first))
        points += 0.1 * np.random.default_rng(0).random(points.shape)
        return points / np.linalg.norm(points, axis=1, keepdims=True)

    monkeypatch.setattr(diarisation, "voices_in", voices)
    return Waveform(np.zeros(36 * 16000, np.float32), 16000, 0.0, unspoken=((19.0, 20.0),))


@pytest.mark.parametrize("count", [None, 3])
def test_voices_are_told_apart(sound, count):
    turns = turns_of(sound, count)
    assert [turn.voice for turn in turns] == [who for *_, who in SPOKEN]
    edges = [(turn.start, turn.end) for turn in turns]
    assert np.abs(np.array(edges) - [span[:2] for span in SPOKEN]).max() <= 0.3


def test_as_many_voices_as_are_asked_for(sound):
    assert {turn.voice for turn in turns_of(sound, 2)} == {0, 1}
    assert {turn.voice for turn in turns_of(sound, 1)} == {0}


def test_where_too_many_are_asked_for_as_many_as_can_be_told_stay(sound, monkeypatch):
    monkeypatch.setattr(diarisation, "FEWEST_GIVEN", 1000.0)
    assert len({turn.voice for turn in turns_of(sound, 9)}) >= 3  # and not one, as nine could not be told


def test_of_long_recordings_some_windows_are_compared(sound, monkeypatch):
    monkeypatch.setattr(diarisation, "MOST", 24)
    assert len({turn.voice for turn in turns_of(sound)}) == 3


def test_nobody_speaks_in_silence(sound):
    assert turns_of(Waveform(sound.samples, 16000, 0.0, unspoken=((0.0, 36.0),))) == []


def mouth(id: int, speaks: list[tuple[float, float]], times: np.ndarray) -> SimpleNamespace:
    """A face whose jaw moves while it speaks."""
    moves = sum(((times >= start) & (times < end)) for start, end in speaks) * np.abs(np.sin(13 * times))
    actions = 0.05 * np.random.default_rng(id).random((len(times), len(BLENDSHAPES)))
    actions[:, BLENDSHAPES.index("jawOpen")] += moves
    return SimpleNamespace(id=id, frames=np.arange(len(times)), seen_blendshapes=actions)


def test_a_voice_belongs_to_the_mouth_that_moves_with_it(sound):
    times = np.arange(0, 36, 0.04)
    turns = [Turn(*span) for span in SPOKEN]
    loud = Waveform(np.random.default_rng(0).normal(0, 0.1, 36 * 16000).astype(np.float32), 16000, 0.0)
    faces = [mouth(4, [(10, 19)], times), mouth(7, [(0, 10), (20, 26)], times), mouth(9, [], times)]
    assert speaking_faces(turns, loud, faces, times) == {0: 7, 1: 4}  # the third speaks behind the camera
    assert speaking_faces(turns, loud, [], times) == {}


def test_persons_are_written_as_tables_and_annotations(tmp_path):
    for ending in ("rttm", "eaf", "textgrid", "csv"):
        file = tmp_path / f"who.{ending}"
        writer_of(file)(KNOWN, "talk")
        spans = [(start, end, tier.replace("_", " ")) for start, end, _, tier in sorted(read(file))]
        assert spans == [(0, 2, "voice A"), (2, 3.5, "voice B"), (4, 5, "voice A")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["who.csv", "who.eaf", "who.rttm", "who.textgrid"]
    silent = Persons((Person("face 0", (), (0,)),), (), ("'photo' has no sound, so nothing is said about voices.",))
    with pytest.raises(AnnotationError, match=r"has no sound.* A \.rttm file says who speaks when"):
        writer_of(tmp_path / "none.rttm")(silent, "photo")
    assert list(turn_table(KNOWN)["face"]) == ["3", "", "3"]
    assert person_table(KNOWN).to_dict("list") == {
        "person": ["voice A", "voice B", "face 1"], "faces": ["3", "", "1"], "turns": [2, 1, 0], "seconds": [3, 1.5, 0]
    }  # fmt: skip
    with pytest.raises(AnnotationError, match=r"written as .*\.rttm.*, not '\.doc'"):
        writer_of(tmp_path / "who.doc")


def test_persons_and_their_changes_stay_with_the_recording(tmp_path, monkeypatch):
    looked_for: list[int | None] = []
    monkeypatch.setattr(known, "find_persons", lambda media, count, progress: looked_for.append(count) or KNOWN)
    media = SimpleNamespace(key="content", content="content", kept=Kept(tmp_path))
    assert known.persons_of(media) == known.persons_of(media) == KNOWN and looked_for == [None]
    Changes(media).add(renamed(KNOWN.people, "voice B", "Ben"))
    assert [person.name for person in Changes(media).applied(KNOWN).people] == ["voice A", "Ben", "face 1"]
    assert [person.name for person in known.persons_found_before(media).people] == ["voice A", "Ben", "face 1"]
    assert known.persons_found_before(SimpleNamespace(key="content", content="other", kept=Kept(tmp_path))) is None
    assert Changes(media, 2).applied(KNOWN) == KNOWN  # of another number of voices nothing is known
    assert Changes(media).applied(replace(KNOWN, people=KNOWN.people[:1])).people == KNOWN.people[:1]
    next(tmp_path.glob("persons-*.json")).write_text('{"states": [[["Ben"]]]}')
    assert len(Changes(media)) == 0  # damaged
    unkept = Changes(SimpleNamespace(key="content", content="content", kept=None))
    unkept.add(KNOWN.people)
    unkept.undo()
    assert len(unkept) == 0


def test_names_are_whole_and_no_two_persons_share_one():
    for new, wrong in (("  ", "1 to 60 characters"), ("voice A", "Two persons cannot both be called 'voice A'")):
        with pytest.raises(AnnotationError, match=wrong):
            renamed(KNOWN.people, "voice B", new)
    with pytest.raises(AnnotationError, match="at least two"):
        merged(KNOWN.people, ["voice A"])
    with pytest.raises(AnnotationError, match="cannot be parted"):
        parted(KNOWN.people, "voice B")


def test_a_given_name_outlives_joining_and_parting():
    people = merged(renamed(KNOWN.people, "voice B", "Ben"), ["voice A", "Ben"])
    assert people == (Person("Ben", (0, 1), (3,)), KNOWN.people[2])
    joined = replace(KNOWN, people=people)
    assert joined.segments() == [(0, 3.5, "Ben", "Ben"), (4, 5, "Ben", "Ben")] and joined.seconds(people[0]) == 4.5
    assert parted(people, "Ben") == (
        Person("Ben", (0,)), Person("voice B", (1,)), Person("face 3", (), (3,)), KNOWN.people[2]
    )  # fmt: skip


def test_letters_go_on_after_z():
    assert [voice_name(number) for number in (0, 25, 26, 27, 701, 702)] == [
        "voice A", "voice Z", "voice AA", "voice AB", "voice ZZ", "voice AAA"
    ]  # fmt: skip


def test_what_cannot_be_told_is_said_in_one_sentence(tmp_path, monkeypatch):
    hum = ClipMedia(write_clip(tmp_path / "hum.wav", sound=sine(2), audio_codec="pcm_s16le"))
    with pytest.raises(MediaError, match=r"Nobody speaks in 'hum\.wav', and no face is seen\."):
        find_persons(hum)
    with pytest.raises(ConfigError, match="1 to 20 voices, not 0"):
        find_persons(hum, 0)
    monkeypatch.setattr(found, "turns_of", lambda *_: [Turn(0, 2, 0)])
    assert find_persons(hum).notes == ("'hum.wav' has no picture, so its persons are voices alone.",)
    assert find_persons(hum, 3).notes[0] == "The speech is too short to tell 3 voices apart; 1 could be told."


def test_faces_without_speech_are_persons_and_of_a_crowd_twenty_are_compared(monkeypatch, tmp_path):
    random = np.random.default_rng(0)
    tracks = tuple(
        SimpleNamespace(
            id=id,
            weight=id,
            frames=np.arange(3),
            seen_crops=random.integers(0, 255, (3, 48, 48)).astype(np.uint8),
            seen_blendshapes=np.zeros((3, 52)),
        )
        for id in range(21)
    )
    compared: list[list[int]] = []

    def speaking(turns, sound, tracks, times):
        compared.append([track.id for track in tracks])
        return {0: 7}

    monkeypatch.setattr(found, "speaking_faces", speaking)
    crowd = SimpleNamespace(
        path=tmp_path / "crowd.mp4",
        info=SimpleNamespace(audio=True, video=True),
        speech=lambda progress: None,
        faces=lambda progress: SimpleNamespace(tracks=tracks, times=None),
    )
    monkeypatch.setattr(found, "turns_of", lambda *_: [])
    still = find_persons(crowd)
    assert len(still.people) == 21 and still.people[3] == Person("face 3", (), (3,)) and not compared
    assert still.notes[0] == "Nobody speaks in 'crowd.mp4' (music is no speech), so nothing is said about voices."
    monkeypatch.setattr(found, "turns_of", lambda *_: [Turn(0, 2, 0)])
    heard = find_persons(crowd)
    assert heard.people[0] == Person("voice A", (0,), (7,)) and len(heard.people) == 21
    assert compared == [list(range(20, 0, -1))] and heard.notes[0].startswith("21 faces are seen: who speaks is looked")


def track(id: int, frames: range, crop: np.ndarray) -> SimpleNamespace:
    """A face that looks alike in all of its pictures."""
    crops = np.repeat(crop[None], len(frames), 0)
    return SimpleNamespace(
        id=id, frames=np.array(frames), seen_crops=crops, seen_blendshapes=np.zeros((len(crops), 52))
    )


def test_faces_that_look_alike_and_are_never_seen_together_are_one():
    one, other = portrait()[20:220, 120:320, 0], portrait()[20:220, 120:320, 0][:, ::-1]
    small = [cv2.resize(np.ascontiguousarray(face), (48, 48), interpolation=cv2.INTER_AREA) for face in (one, other)]
    darker = (0.7 * small[0] + 10).astype(np.uint8)
    faces, said = faces_of(
        [track(0, range(10), small[0]), track(1, range(20), small[1]), track(2, range(15, 20), darker)]
    )
    assert [face.ids for face in faces] == [(0, 2), (1,)] and list(faces[0].frames) == [*range(10), *range(15, 20)]
    assert said == ["Faces 0 and 2 look alike and are never seen together, so they count as one person."]
    faces, said = faces_of([track(0, range(10), small[0]), track(2, range(9, 12), darker)])
    assert [face.ids for face in faces] == [(0,), (2,)] and not said, "both are in one picture"
    assert faces_of([]) == ([], [])


def test_each_segment_names_who_speaks_longest_and_each_turn_has_the_own_face():
    table = with_speakers(pd.DataFrame({"start": [0.0, 1.0, 4.9, 6.0], "end": [1.0, 3.4, 6.0, 7.0],
                                        "label": "", "tier": ""}), KNOWN)  # fmt: skip
    assert list(table["person"]) == ["voice A", "voice B", "voice A", ""]
    two = Persons((Person("Anna", (0,), (3,)), Person("Ben", (1,), (5,))), KNOWN.turns)
    outputs = pd.DataFrame({"column": ["face.happy", "speech.happy"], "source": ["face", "speech"],
                            "model": ["a", "b"], "kind": "emotion"})  # fmt: skip

    def prediction(face: int) -> SimpleNamespace:
        frames = pd.DataFrame({"time": np.arange(0.01, 5, 0.02), "face.happy": face / 10, "speech.happy": 0.9})
        return SimpleNamespace(table=frames, outputs=outputs)

    table = emotion_table(prediction(3), two, 3)
    assert table["face.happy.mean"].round(1).fillna(0).tolist() == [0.3, 0, 0.3]
    assert with_other_faces(table, two, 3, prediction)["face.happy.mean"].round(1).tolist() == [0.3, 0.5, 0.3]
    assert list(emotion_table(prediction(3), replace(two, turns=()), 3)) == ["start", "end", "label", "tier"]


def test_the_command_says_who_speaks(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("EMOVIZ_STORE", str(tmp_path / "store"))
    clip = write_clip(tmp_path / "talk.wav", sound=speech(5), audio_codec="pcm_s16le")
    cli.main(["persons", str(clip), "--out", str(tmp_path / "who.rttm")])
    assert {segment.tier for segment in read(tmp_path / "who.rttm")} == {"voice_A"}
