"""Pictures that are files become crops of the face on them, and those without a face are told and left out."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from emoviz.core.errors import CorpusError
from emoviz.corpora.base import RECORDING_COLUMNS, Corpus
from emoviz.features.store import FeatureStore
from emoviz.media import ClipMedia

PORTRAIT = Path(__file__).resolve().parent.parent / "media" / "astronaut.jpg"


def corpus_of(**files: Path) -> Corpus:
    index = pd.Index([f"p/{name}" for name in files], name="id")
    recordings = pd.DataFrame(index=index, columns=list(RECORDING_COLUMNS), dtype=object)
    recordings["video"] = [str(path) for path in files.values()]
    labels = pd.DataFrame({"emotion": "happy"}, index)
    return Corpus("p", "Faces", "none", recordings, labels, limits="Posed.", pictures=recordings["video"].map(Path))


def test_faces_are_cut_out_and_what_shows_none_is_left_out(tmp_path):
    crop = np.random.default_rng(0).integers(0, 255, (48, 48), np.uint8)
    cv2.imwrite(str(tmp_path / "crop.png"), crop)
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((200, 200, 3), 120, np.uint8))
    (tmp_path / "cut.jpg").write_bytes(PORTRAIT.read_bytes()[:5000])
    files = {
        "wall": tmp_path / "wall.png",
        "face": PORTRAIT,
        "cut": tmp_path / "cut.jpg",
        "crop": tmp_path / "crop.png",
    }
    told: list[str] = []
    store = FeatureStore(tmp_path / "store")
    store.add_corpus(corpus_of(**files), [], note=told.append)
    stored = store.corpus("p")
    assert list(stored.recordings.index) == list(stored.labels.index) == ["p/face", "p/crop"]
    np.testing.assert_array_equal(stored.pictures[0], ClipMedia(PORTRAIT).face_track().seen_crops[0])
    np.testing.assert_array_equal(stored.pictures[1], crop)
    assert [line.split(":")[0] for line in told] == ["p/wall", "p/cut"]
    assert told[0] == "p/wall: No face is found in the picture."
    assert stored.limits == "Posed. 2 pictures without a face that is found are left out."


def test_pictures_without_any_face_are_refused(tmp_path):
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((200, 200, 3), 120, np.uint8))
    with pytest.raises(CorpusError, match="No picture of 'p' shows a face, so there is nothing to store"):
        FeatureStore(tmp_path / "store").add_corpus(corpus_of(wall=tmp_path / "wall.png"), [])
