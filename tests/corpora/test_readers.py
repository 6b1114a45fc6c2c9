"""What holds for every reader, on made-up folders and on the real corpora."""

from itertools import product
from pathlib import Path

import pytest
from layouts import LAYOUTS

from emoviz.core.errors import CorpusError, UnknownNameError
from emoviz.core.vocabulary import Emotion
from emoviz.corpora import READERS, describe, load
from emoviz.corpora.base import RECORDING_COLUMNS

ENDINGS = (".flac", ".wav", ".WAV")
STRAYS = ("notes.txt", ".DS_Store", "._03a01Wa.wav", "mix.wav", "03a01Na.wav.part")

FIRST = {
    "avec2019_ces": {"id": "Devel_DE_01", "culture": "German", "language": "deu", "audio": None},
    "crema-d": {"id": "1001_DFA_ANG_XX", "speaker": "crema-d/1001", "transcript": "Don't forget a jacket."},
    "emodb": {"id": "03a01Ea", "gender": "male", "transcript": "Der Lappen liegt auf dem Eisschrank."},
    "emotiontts": {"id": "nea00001", "session": None, "transcript": "안녕하세요.", "gender": None},
    "emovo": {"id": "dis-f1-b1", "speaker": "emovo/f1", "gender": "female", "culture": "Italian"},
    "ferplus": {"id": "fer0000000", "session": "train", "speaker": None, "audio": None},
    "nemo": {"id": "EB0_anger_1", "speaker": "nemo/EB0", "gender": "female", "transcript": "Racja, „dobrze”."},
    "ravdess": {"id": "03-01-01-01-01-01-02", "gender": "female", "transcript": "Kids are talking by the door."},
    "urdu": {"id": "SM1_F1_A01", "speaker": "urdu/SM1", "gender": "male", "language": "urd"},
}
EMOTIONS = {
    "crema-d": ("1002_IEO_ANG_HI", Emotion.ANGRY),
    "emodb": ("03a01La", Emotion.BORED),
    "emotiontts": ("ema00301", Emotion.SAD),
    "emovo": ("gio-m1-l2", Emotion.HAPPY),
    "nemo": ("KS0_fear_1", Emotion.FEARFUL),
    "ravdess": ("03-01-02-02-01-01-24", Emotion.CALM),
    "urdu": ("SF2_F50_N0100", Emotion.NEUTRAL),
}


@pytest.fixture(scope="module", params=sorted(LAYOUTS))
def published(request, tmp_path_factory):
    """Name of each corpus in turn, and a data folder with its files and stray ones among them."""
    layout = LAYOUTS[request.param]
    data_folder = tmp_path_factory.mktemp("data")
    place = data_folder / layout.places[0]
    layout.write(place, ENDINGS)
    folders = {place, *(p for p in place.rglob("*") if p.is_dir())} if place.is_dir() else {place.parent}
    for folder, stray in product(folders, STRAYS):
        (folder / stray).touch()
    return request.param, data_folder


def test_every_reader_is_tried_here():
    assert sorted(LAYOUTS) == sorted(FIRST) == sorted(SIZES)
    for name in set(READERS) - set(LAYOUTS):  # it has a test of its own instead
        module = READERS[name].__module__.rpartition(".")[2]
        assert (Path(__file__).parent / f"test_{module}.py").is_file(), name


def test_an_unknown_emotion_in_a_list_is_named(tmp_path):
    LAYOUTS["nemo"].write(tmp_path / "nemo", [".wav"])
    listed = tmp_path / "nemo" / "data.tsv"
    listed.write_text(listed.read_text("utf-8").replace("\tfear\t", "\tawe\t"), "utf-8")
    with pytest.raises(CorpusError, match="EB0_fear_1.*'awe'.*accepted are anger"):
        load("nemo", tmp_path)


@pytest.mark.parametrize("content", ["", "file_id\temotion\nEB0_anger_1.wav\tanger\n"])
def test_a_list_that_is_no_list_is_named(tmp_path, content):
    LAYOUTS["nemo"].write(tmp_path / "nemo", [".wav"])
    (tmp_path / "nemo" / "data.tsv").write_text(content)
    with pytest.raises(CorpusError, match="data.tsv (is not a readable table|lacks the columns raw_text)"):
        load("nemo", tmp_path)


def test_many_missing_things_are_named_in_part(tmp_path):
    LAYOUTS["emodb"].write(tmp_path / "emodb", [".wav"])
    for path in (tmp_path / "emodb" / "wav").glob("*a01*"):
        path.unlink()
    with pytest.raises(CorpusError, match="speaker 03 .*speaker 11 has .* and 5 more[.]"):
        load("emodb", tmp_path)


def test_reads_its_published_names_and_nothing_else(published):
    name, data_folder = published
    corpus = load(name, data_folder)
    assert len(corpus.recordings) == LAYOUTS[name].recordings
    first = dict(FIRST[name])
    row = corpus.recordings.loc[f"{name}/{first.pop('id')}"]
    assert {key: row[key] for key in first} == first
    if name in EMOTIONS:
        stem, emotion = EMOTIONS[name]
        assert corpus.labels.loc[f"{name}/{stem}", "emotion"] == emotion.value


def test_reads_the_folder_as_distributed(published, tmp_path):
    name, data_folder = published
    here, distributed = LAYOUTS[name].places[0], LAYOUTS[name].places[-1]
    (tmp_path / distributed).symlink_to(data_folder / here)
    assert len(load(name, tmp_path).recordings) == LAYOUTS[name].recordings


@pytest.mark.parametrize("name", READERS)
def test_a_missing_folder_is_named(name, tmp_path):
    with pytest.raises(CorpusError, match=LAYOUTS[name].places[0] if name in LAYOUTS else "") as told:
        load(name, tmp_path)
    assert str(tmp_path) in str(told.value)


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_an_empty_folder_is_no_corpus(name, tmp_path):
    (tmp_path / LAYOUTS[name].places[0]).mkdir(parents=True)
    with pytest.raises(CorpusError):
        load(name, tmp_path)


@pytest.mark.parametrize("published", [name for name in sorted(LAYOUTS) if LAYOUTS[name].part], indirect=True)
def test_a_half_copied_corpus_says_what_is_missing(published, tmp_path):
    name, data_folder = published
    lost, sentence = LAYOUTS[name].part
    folder = data_folder / LAYOUTS[name].places[0]
    (whole,) = folder.glob(f"{lost}.*")
    away = whole.rename(tmp_path / "away")
    try:
        with pytest.raises(CorpusError) as told:
            load(name, data_folder)
    finally:
        away.rename(whole)
    assert sentence in str(told.value) and str(folder) in str(told.value)


@pytest.mark.parametrize("published", [name for name in sorted(LAYOUTS) if LAYOUTS[name].odd], indirect=True)
def test_an_unknown_emotion_code_is_named(published):
    name, data_folder = published
    odd, code = LAYOUTS[name].odd
    path = data_folder / LAYOUTS[name].places[0] / odd
    path.touch()
    try:
        with pytest.raises(CorpusError, match=code) as told:
            load(name, data_folder)
    finally:
        path.unlink()
    assert path.name in str(told.value) and "accepted are" in str(told.value)


def test_one_recording_in_two_formats_counts_once(tmp_path):
    folder = tmp_path / "emodb"
    for ending in (".flac", ".wav"):
        LAYOUTS["emodb"].write(folder, [ending])
    recordings = load("emodb", tmp_path).recordings
    assert len(recordings) == 535 and recordings["audio"].str.endswith(".wav").all()


def test_a_cut_off_script_is_named(tmp_path):
    LAYOUTS["emotiontts"].write(tmp_path / "emotiontts", [".wav"])
    script = tmp_path / "emotiontts" / "plain-to-emotional" / "emb" / "script" / "emb00102.txt"
    script.write_bytes("안녕".encode()[:-1])
    with pytest.raises(CorpusError, match="emb00102.txt is not UTF-8"):
        load("emotiontts", tmp_path)


def test_media_paths_are_absolute(tmp_path, monkeypatch):
    LAYOUTS["emovo"].write(tmp_path / "emovo", [".wav"])
    monkeypatch.chdir(tmp_path)
    assert all(Path(path).is_absolute() for path in load("emovo", Path(".")).recordings["audio"])


def test_without_a_data_folder_the_setting_is_named():
    with pytest.raises(CorpusError, match="EMOVIZ_DATA"):
        load("emodb", None)
    with pytest.raises(UnknownNameError, match="emodb"):
        load("emodbb", None)


def test_describe_lists_present_and_missing(tmp_path):
    LAYOUTS["emovo"].write(tmp_path / "emovo", [".wav"])
    table = describe(tmp_path).set_index("name")
    assert sorted(table.index) == sorted(READERS)
    assert list(table.index[table["present"].astype(bool)]) == ["emovo"]
    assert table.loc["emovo", ["recordings", "speakers", "missing"]].tolist() == [588, 6, None]
    assert table.loc["emovo", "labels"] == "angry, disgusted, fearful, happy, neutral, sad, surprised"
    assert "speech/emodb" in table.loc["emodb", "missing"]


SIZES = {
    "avec2019_ces": (28, 28),
    "crema-d": (6, 1),
    "emodb": (535, 10),
    "emotiontts": (300, 15),
    "emovo": (588, 6),
    "ferplus": (35710, 0),
    "nemo": (530, 9),
    "ravdess": (1440, 24),
    "urdu": (400, 29),
}


@pytest.mark.corpora
@pytest.mark.parametrize("name", sorted(SIZES))
def test_real_corpus_keeps_the_contract(data, name):
    corpus = load(name, data)
    recordings = corpus.recordings
    assert (len(recordings), recordings["speaker"].nunique()) == SIZES[name]
    assert corpus.name == name and corpus.title and corpus.licence and corpus.limits
    assert tuple(recordings.columns.drop("sentence", errors="ignore")) == RECORDING_COLUMNS
    assert recordings.index.name == "id"
    assert recordings.index.str.startswith(f"{name}/").all()
    assert recordings["speaker"].dropna().str.startswith(f"{name}/").all()
    assert set(recordings["gender"].dropna()) <= {"female", "male"}
    assert all(Path(path).is_file() for column in ("audio", "video") for path in recordings[column].dropna())
    assert (recordings.groupby("speaker")[["culture", "language"]].nunique() == 1).all(axis=None)
    assert corpus.labels.empty != corpus.traces.empty
    if corpus.traces.empty:
        assert corpus.labels.index.equals(recordings.index)
        assert set(corpus.labels["emotion"].dropna()) <= {emotion.value for emotion in Emotion}
    else:
        assert set(corpus.traces["id"]) == set(recordings.index)
        assert corpus.traces.groupby("id")["time"].is_monotonic_increasing.all()


@pytest.mark.corpora
def test_real_labels_balance_as_published(data):
    counts = load("emodb", data).labels["emotion"].value_counts()
    assert counts.to_dict() == dict(angry=127, bored=81, neutral=79, happy=71, fearful=69, sad=62, disgusted=46)
    assert set(load("emovo", data).labels["emotion"].value_counts()) == {84}
    assert set(load("urdu", data).labels["emotion"].value_counts()) == {100}
    assert set(load("emotiontts", data).labels["emotion"].value_counts()) == {75}
    takes = load("ravdess", data).labels.value_counts(["emotion", "intensity"])
    assert set(takes) == {96} and len(takes) == 15


@pytest.mark.corpora
def test_real_transcripts_are_text(data):
    for name in ("emodb", "emotiontts", "nemo", "ravdess", "crema-d"):
        texts = load(name, data).recordings["transcript"]
        assert texts.notna().all() and not texts.str.contains("\ufeff").any()
        assert (texts == texts.str.strip()).all() and (texts != "").all()
