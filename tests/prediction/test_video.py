"""A written video keeps clock and sound of its recording, marks or hides faces, and says what the prediction says."""

from types import SimpleNamespace

import av
import numpy as np
import pandas as pd
import pytest
from clips import write_clip
from example import example_images, example_voice, write_wav
from predictions import make_clip, make_faces

from emoviz.cli import main
from emoviz.cli.video import LOOKS
from emoviz.core.errors import Cancelled, MediaError
from emoviz.core.vocabulary import EMOTION_COLOURS, MARKS, Emotion
from emoviz.media import ClipMedia
from emoviz.prediction.persons.diarisation import Turn
from emoviz.prediction.persons.found import Person, Persons
from emoviz.prediction.video import Faces, faces, panel, write_video
from emoviz.prediction.video.drawing import colour_of
from emoviz.prediction.video.faces import Marker, hidden_boxes
from emoviz.prediction.video.names import Names
from emoviz.prediction.video.panel import EDGE, Panel

NAN = np.nan


def picture_at(path, time: float) -> np.ndarray:
    with av.open(str(path)) as container:
        return next(f.to_ndarray(format="rgb24") for f in container.decode(video=0) if f.time >= time - 1e-3)


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> ClipMedia:
    return ClipMedia(make_clip(tmp_path_factory.mktemp("clip") / "square.mp4", 2.0))


def said(media, seconds: float = 2.0, **columns) -> SimpleNamespace:
    """A prediction: valence that rises from -1 to 1, angry in the first half and happy in the second."""
    time = (np.arange(round(50 * seconds)) + 0.5) / 50
    late = time > seconds / 2
    columns = {
        "face.valence (derived)": 2 * time / seconds - 1,
        "face.angry": np.where(late, 0.1, 0.8),
        "face.happy": np.where(late, 0.7, 0.2),
    } | columns
    outputs = pd.DataFrame(
        [(name, "face", name.partition(".")[2], "dimension" if "valence" in name else "emotion") for name in columns],
        columns=["column", "source", "output", "kind"],
    )
    gaps = pd.DataFrame([(0.5, 0.7, "no face", "face", "")], columns=["start", "end", "reason", "source", "model"])
    table = pd.DataFrame({"time": time, **columns})
    return SimpleNamespace(table=table, outputs=outputs, of_clip=outputs, gaps=gaps, faces=make_faces(seconds))


def test_the_clock_the_length_and_the_sound_stay(media, tmp_path):
    write_video(tmp_path / "out.mp4", media, said(media))
    with av.open(str(media.path)) as before, av.open(str(tmp_path / "out.mp4")) as after:
        times = [[round(float(frame.time), 3) for frame in one.decode(video=0)] for one in (before, after)]
        assert times[0] == times[1]
    assert abs(ClipMedia(tmp_path / "out.mp4").info.duration - media.info.duration) < 0.05
    own, written = (ClipMedia(path).waveform().samples for path in (media.path, tmp_path / "out.mp4"))
    length = min(len(own), len(written))
    assert abs(len(own) - len(written)) < 1600 and np.corrcoef(own[:length], written[:length])[0, 1] > 0.9


def test_a_box_goes_with_its_face_and_a_blurred_face_has_no_detail(media, tmp_path):
    shown = {}
    for look in Faces:
        write_video(tmp_path / f"{look}.mp4", media, said(media), look)
        shown[look] = picture_at(tmp_path / f"{look}.mp4", 0.2)
    box = np.array(colour_of(MARKS["analysed face"]))
    edge = shown[Faces.SHOWN][180, 100:112].astype(int)  # the left side of the square's box, 5 pictures on
    assert np.abs(edge - box).sum(1).min() < 90
    # The square's own edge is a step of 140; hidden, it is a slope.
    steps = {look: np.abs(np.diff(picture[100, 60:100].astype(int), axis=0)).max() for look, picture in shown.items()}
    inner = {look: np.abs(np.diff(picture[200, 120:250, 0].astype(int))).max() for look, picture in shown.items()}
    assert steps[Faces.BLURRED] < 30 and inner[Faces.BLURRED] < 30 < inner[Faces.MESH]


PERSONS = Persons((Person("Anna", (0,), (0,)), Person("Jürgen", (1,)), Person("张伟", (), (7,))),
                  (Turn(0.0, 0.5, 0), Turn(0.5, 1.0, 1)))  # fmt: skip


def test_curves_and_boxes_carry_the_names_of_persons(media, tmp_path, monkeypatch):
    names = Names(PERSONS, 0)
    assert [names.of_face(face) for face in (0, 1, 7)] == ["Anna", "face 1", "face 7"], "the font has no 张"
    assert names.of_curves("face", 0.7) == "Anna" and names.of_curves("speech", 0.7) == "Jürgen"
    assert names.of_curves("fused", 0.2) == "Anna" and names.of_curves("fused", 0.7) == "Anna (face), Jürgen (voice)"
    assert names.of_curves("speech", 1.5) == "" == Names(PERSONS, None).of_curves("face", 0.2)

    written: set[str] = set()
    for module in (faces, panel):
        monkeypatch.setattr(module, "write", lambda picture, words, *rest: written.add(words))
    write_video(tmp_path / "named.mp4", media, said(media), persons=PERSONS)
    assert {"Anna", "Anna:"} <= written
    written.clear()
    write_video(tmp_path / "hidden.mp4", media, said(media), Faces.BLURRED, persons=PERSONS)
    assert not [words for words in written if "Anna" in words], "a name tells whom a hidden face shows"


def test_where_a_face_is_hidden():
    times = np.arange(8.0) / 2  # every half a second
    boxes = np.full((8, 4), NAN)
    boxes[3], boxes[5] = [10, 10, 4, 4], [20, 10, 4, 4]
    hidden = hidden_boxes(boxes, times)
    assert np.isnan(hidden[0]).all(), "a second and a half before it is seen"
    assert hidden[1:, 0].tolist() == [10, 10, 10, 15, 20, 20, 20]
    assert np.isnan(hidden_boxes(np.full((3, 4), NAN), np.arange(3.0))).all()
    far = hidden_boxes(np.array([[0, 0, 1, 1.0], *[[NAN] * 4] * 9, [9, 0, 1, 1]]), np.arange(11.0))
    assert np.isfinite(far[:2]).all() and np.isfinite(far[9:]).all() and np.isnan(far[2:9]).all(), "ten seconds apart"


def test_every_face_is_hidden_to_the_edge_of_the_picture():
    faces = make_faces(1.0, people=2)
    picture = np.random.default_rng(0).integers(0, 255, (360, 640, 3), np.uint8)
    marked = Marker(faces, Faces.BLURRED, (640, 360)).marked(picture.copy(), 0.0)
    for track in faces.tracks:
        x, y, width, height = track.boxes[0].astype(int)
        inside = marked[y + 10 : y + height - 10, max(0, x + 10) : x + width - 10].astype(int)
        assert np.abs(np.diff(inside, axis=1)).max() < 40
    assert (marked[:20, :20] == picture[:20, :20]).all()


def test_the_panel_says_what_the_prediction_says(monkeypatch, media):
    written = []
    monkeypatch.setattr(
        "emoviz.prediction.video.panel.write", lambda picture, words, *how: written.append((words, how[-1]))
    )
    panel = Panel(said(media), 640, 2.0)
    assert [words for words, _ in written] == ["−1", "0", "+1", "happy", "angry"]
    written.clear()
    panel.at(1.51)
    assert [words for words, _ in written] == ["valence (derived) .51", "happy .70 (face)"]
    assert written[1][1] == colour_of(EMOTION_COLOURS[Emotion.HAPPY])


def test_a_gap_has_its_reason_and_no_value(monkeypatch, media):
    written = []
    prediction = said(media)
    hidden = prediction.table.time.between(0.5, 0.7)
    prediction.table.loc[hidden, prediction.outputs.column] = NAN
    panel = Panel(prediction, 640, 2.0)
    monkeypatch.setattr("emoviz.prediction.video.panel.write", lambda picture, words, *how: written.append(words))
    panel.at(0.6)
    assert written == ["valence (derived) –", "no face"]
    # Neither curve nor colour of an emotion stands in the gap.
    still = panel._still.astype(int)
    dark = np.array(colour_of(MARKS["behind a clip"]))
    ribbon = still[-10, EDGE : 640 - EDGE]
    bare = np.flatnonzero((ribbon == dark).all(1)) / (640 - 2 * EDGE) * 2
    assert abs(bare.min() - 0.5) < 0.05 and abs(bare.max() - 0.7) < 0.05


def test_a_recording_without_picture_is_its_panel(tmp_path):
    sound = ClipMedia(write_wav(tmp_path / "voice.wav", example_voice()))
    prediction = said(sound, 2.4)
    prediction.faces = None
    write_video(tmp_path / "out.mp4", sound, prediction, Faces.BLURRED)
    picture = picture_at(tmp_path / "out.mp4", 1.0)
    assert picture.shape[1] == 640 and picture.shape[0] < 200
    assert abs(ClipMedia(tmp_path / "out.mp4").info.duration - 2.4) < 0.15


def test_a_stop_or_a_wrong_name_leaves_nothing(media, tmp_path):
    def stop(stage, done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        write_video(tmp_path / "out.mp4", media, said(media), progress=stop)
    with pytest.raises(MediaError, match=r"written as \.mp4, not as '\.avi'"):
        write_video(tmp_path / "out.avi", media, said(media))
    with pytest.raises(MediaError, match="is a picture"):
        write_video(tmp_path / "out.mp4", SimpleNamespace(info=SimpleNamespace(still=True, path=media.path)), None)
    assert not list(tmp_path.iterdir())


def test_the_command_writes_what_the_models_say(tmp_path, capsys):
    assert tuple(Faces) == LOOKS
    clip, path = write_clip(tmp_path / "clip.mp4", example_images()[:10]), tmp_path / "out.mp4"
    given = ["video", str(clip), "--model", "face-expression", "--faces", "mesh", "--out"]
    assert main([*given, str(path)]) == 0
    assert "A face that was not found is not hidden" in capsys.readouterr().err
    assert picture_at(path, 0.2).shape[1] == 640
    assert main([*given, str(tmp_path / "out.gif")]) == 1
    assert "A video is written as .mp4" in capsys.readouterr().err


def test_the_recording_itself_is_not_replaced(media):
    before = media.path.read_bytes()
    with pytest.raises(MediaError, match="would take the place of the recording 'square.mp4' itself"):
        write_video(media.path, media, said(media))
    assert media.path.read_bytes() == before


def test_a_narrow_picture_stands_in_the_middle_and_the_last_one_stays_while_the_sound_goes_on(tmp_path):
    images = [np.full((480, 96, 3), 200, np.uint8)] * 5
    narrow = ClipMedia(write_clip(tmp_path / "narrow.mp4", images, sound=example_voice()[:16000, None]))
    write_video(tmp_path / "out.mp4", narrow, said(narrow, narrow.info.duration), Faces.BLURRED)
    with av.open(str(tmp_path / "out.mp4")) as container:
        pictures = [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    last, picture = pictures[-1]
    assert picture.shape[1] == 640 and abs(last - narrow.info.duration) < 0.25 and last > 0.7
    assert picture[100, 320].min() > 150 > 30 > picture[100, 20].max()
