"""CREMA-D's two layouts: some clips in a plain folder, and the published folders."""

import pytest

from emoviz.core.errors import CorpusError
from emoviz.corpora import crema_d, load


@pytest.fixture
def published_folder(tmp_path, monkeypatch):
    """Three clips of two actors in the published folders."""
    monkeypatch.setattr(crema_d, "FOLDERS", {"VideoFlash": 3, "AudioWAV": 3})
    folder = tmp_path / "CREMA-D"
    for place, ending in (("VideoFlash", ".flv"), ("AudioWAV", ".wav")):
        (folder / place).mkdir(parents=True)
        for stem in ("1001_DFA_ANG_XX", "1001_IEO_HAP_LO", "1040_ITH_SAD_X"):
            (folder / place / f"{stem}{ending}").touch()
    (folder / "VideoDemographics.csv").write_text(
        "ActorID,Age,Sex,Race,Ethnicity\n1001,51,Male,Caucasian,Not Hispanic\n"
    )
    return folder


def test_picture_and_sound_of_a_clip_meet(published_folder):
    corpus = load("crema-d", published_folder.parent)
    clip = corpus.recordings.loc["crema-d/1001_IEO_HAP_LO"]
    assert clip["video"].endswith("VideoFlash/1001_IEO_HAP_LO.flv")
    assert clip["audio"].endswith("AudioWAV/1001_IEO_HAP_LO.wav")
    assert corpus.labels["intensity"].tolist() == [None, "low", None]


def test_gender_comes_from_the_table_of_actors(published_folder):
    recordings = load("crema-d", published_folder.parent).recordings
    assert recordings["gender"].tolist() == ["male", "male", None]


def test_one_published_folder_is_enough(published_folder):
    for path in (published_folder / "VideoFlash").iterdir():
        path.unlink()
    (published_folder / "VideoFlash").rmdir()
    assert load("crema-d", published_folder.parent).recordings["video"].isna().all()


def test_a_half_copied_folder_is_named(published_folder):
    (published_folder / "AudioWAV" / "1001_DFA_ANG_XX.wav").unlink()
    with pytest.raises(CorpusError, match="folder AudioWAV has 2 of 3 recordings"):
        load("crema-d", published_folder.parent)


def test_a_clip_without_separate_sound_is_its_own_sound(tmp_path):
    (tmp_path / "crema-d").mkdir()
    (tmp_path / "crema-d" / "1001_DFA_ANG_XX.mp4").touch()
    clip = load("crema-d", tmp_path).recordings.iloc[0]
    assert clip["audio"] == clip["video"] == str(tmp_path / "crema-d" / "1001_DFA_ANG_XX.mp4")
