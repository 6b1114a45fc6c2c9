"""The store: cached, atomic, resumable, and readable without media libraries."""

import dataclasses
import errno
import os
import re
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from places import ROOT

from emoviz.core import arrays, growing
from emoviz.core.errors import Cancelled, CorpusError, FeatureError, MediaError
from emoviz.core.keys import key_of_copy
from emoviz.corpora.base import RECORDING_COLUMNS, Corpus
from emoviz.features import store as store_module
from emoviz.features.align import align
from emoviz.features.base import FeatureStream
from emoviz.features.egemaps import Egemaps
from emoviz.features.store import FeatureStore
from emoviz.features.stream_file import pack, read_stream

from .fakes import FakeMedia, timeline, voice


def files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


class Counting(Egemaps):
    """Counts how often it really extracts."""

    def __init__(self) -> None:
        self.runs = 0

    def extract(self, media, progress=None):
        self.runs += 1
        return super().extract(media)


def write_wav(path: Path, seconds: float, seed: int) -> str:
    import wave

    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes((voice(seconds, seed) * 20000).astype(np.int16).tobytes())
    return str(path)


@pytest.fixture
def corpus(tmp_path) -> Corpus:
    clips = [write_wav(tmp_path / f"{n}.wav", 0.5, n) for n in range(3)]
    index = pd.Index(["toy/0", "toy/1", "toy/2"], name="id")
    recordings = pd.DataFrame({"audio": clips, "speaker": ["toy/a", "toy/a", "toy/b"]}, index=index)
    labels = pd.DataFrame({"emotion": ["happy", "sad", "angry"]}, index=index)
    return Corpus("toy", "Toy", "none", recordings.reindex(columns=list(RECORDING_COLUMNS)), labels, limits="A toy.")


def test_a_stream_is_extracted_once(tmp_path):
    extractor, store, media = Counting(), FeatureStore(tmp_path), FakeMedia(voice(0.5))
    first, second = (store.extract(extractor, media) for _ in range(2))
    assert extractor.runs == 1
    assert np.array_equal(first.values, second.values)
    (path,) = files(tmp_path)
    assert re.fullmatch(r"egemaps-1-[0-9a-f]{8}/ab/(ab){32}\.safetensors", str(path.relative_to(tmp_path)))


def test_another_version_or_setting_is_another_stream(tmp_path):
    store, media = FeatureStore(tmp_path), FakeMedia(voice(0.5))
    for version, settings in (("1", {"a": 1}), ("1", {"a": 2}), ("2", {"a": 2})):
        kind = type("Other", (Counting,), {"version": version, "settings": settings})
        store.extract(kind(), media)
    assert len(files(tmp_path)) == 3


@pytest.mark.parametrize("damage", ["empty", "cut", "changed", "text", "foreign"])
def test_a_damaged_file_is_extracted_again(tmp_path, damage):
    extractor, store, media = Counting(), FeatureStore(tmp_path), FakeMedia(voice(0.5))
    whole = store.extract(extractor, media)
    (path,) = files(tmp_path)
    content = path.read_bytes()
    from safetensors.numpy import save

    foreign = save({"values": np.zeros((2, 25), np.float32)})
    damaged = {
        "empty": b"",
        "cut": content[: len(content) // 2],
        "changed": content[:-8] + bytes(8),
        "text": b"not a tensor file",
        "foreign": foreign,
    }
    path.write_bytes(damaged[damage])
    with pytest.raises(FeatureError):
        store.stream(media.key, "egemaps")
    again = store.extract(extractor, media)
    assert extractor.runs == 2
    assert np.array_equal(again.values, whole.values)
    assert path.read_bytes() == content


def test_a_full_disk_gives_a_sentence_and_leaves_nothing(tmp_path, monkeypatch):
    def full(stream):
        yield b"a part"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(store_module, "pack", full)
    with pytest.raises(FeatureError, match="No space left on device.*needs space"):
        FeatureStore(tmp_path).extract(Egemaps(), FakeMedia(voice(0.5)))
    assert files(tmp_path) == []


def test_a_root_that_is_a_file_gives_a_sentence(tmp_path):
    (tmp_path / "store").write_text("")
    with pytest.raises(FeatureError, match="cannot be written"):
        FeatureStore(tmp_path / "store").extract(Egemaps(), FakeMedia(voice(0.5)))


def _extract_in_process(root: Path) -> np.ndarray:
    return FeatureStore(root).extract(Egemaps(), FakeMedia(voice(0.5))).values


def test_two_processes_share_a_store(tmp_path):
    with ProcessPoolExecutor(2) as pool:
        first, second = pool.map(_extract_in_process, [tmp_path, tmp_path])
    assert np.array_equal(first, second)
    assert len(files(tmp_path)) == 1


def test_a_chosen_face_has_a_stream_of_its_own_and_the_sound_has_not(tmp_path):
    from emoviz.features.blendshapes import Blendshapes

    store = FeatureStore(tmp_path)
    picture = timeline(np.arange(5) / 25, np.ones(5, bool))
    for face in (None, 0):
        media = FakeMedia(voice(0.5), picture, face=face)
        store.extract(Blendshapes(), media)
        store.extract(Egemaps(), media)
    assert len([f for f in files(tmp_path) if "blendshapes" in str(f)]) == 2
    assert len([f for f in files(tmp_path) if "egemaps" in str(f)]) == 1


def test_a_stream_that_is_not_there_names_the_command(tmp_path):
    store = FeatureStore(tmp_path)
    with pytest.raises(FeatureError, match=r"clip cdcdcdcdcdcd, .* extract CORPUS --features whisper`"):
        store.stream("cd" * 32, "whisper")
    folder = tmp_path / "corpora" / "mine"
    folder.mkdir(parents=True)
    pd.DataFrame({"key": ["ab" * 32, "cd" * 32]}).to_parquet(folder / "recordings.parquet")
    (folder / "corpus.json").touch()
    said = (
        f"The store {tmp_path} lacks whisper (sound=conditioned) of recordings of 'mine'; extract it with "
        "`python -m emoviz extract mine --features whisper --set whisper.sound=conditioned`."
    )
    with pytest.raises(FeatureError, match=re.escape(said)):
        store.stream("cd" * 32, "whisper", {"sound": "conditioned"})


def test_a_corpus_comes_back_with_keys_and_streams(tmp_path, corpus):
    store = FeatureStore(tmp_path / "store")
    seen = []
    store.add_corpus(corpus, ["egemaps"], lambda stage, done, total: seen.append((done, total)))
    stored = store.corpus("toy")
    assert (stored.name, stored.title, stored.licence, stored.limits) == ("toy", "Toy", "none", "A toy.")
    pd.testing.assert_frame_equal(stored.labels, corpus.labels)
    assert stored.recordings["speaker"].tolist() == ["toy/a", "toy/a", "toy/b"]
    assert stored.recordings.index.name == "id"
    assert stored.traces.empty
    assert stored.pictures is None
    assert stored.recordings["key"].is_unique
    for key in stored.recordings["key"]:
        assert store.stream(key, "egemaps").values.shape == (46, 25)
    assert seen[0] == (0, 3)
    assert seen[-1] == (3, 3)


def test_an_interrupted_corpus_resumes(tmp_path, corpus):
    store = FeatureStore(tmp_path / "store")

    def stop(stage, done, total):
        if done == 2:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        store.add_corpus(corpus, ["egemaps"], stop)
    done = {path: path.stat().st_mtime_ns for path in files(tmp_path / "store")}
    assert len(done) == 2
    with pytest.raises(CorpusError, match="python -m emoviz extract toy"):
        store.corpus("toy")
    store.add_corpus(corpus, ["egemaps"])
    assert all(path.stat().st_mtime_ns == time for path, time in done.items())
    assert len(store.corpus("toy").recordings) == 3


def test_more_features_can_be_added_later(tmp_path, corpus):
    store = FeatureStore(tmp_path / "store")
    store.add_corpus(corpus, [])
    key = store.corpus("toy").recordings["key"].iloc[0]
    with pytest.raises(FeatureError):
        store.stream(key, "egemaps")
    store.add_corpus(corpus, ["egemaps"])
    assert store.stream(key, "egemaps").channels == Egemaps().channels


def test_corrupted_copies_are_stored_beside_the_recordings_and_made_once(tmp_path, corpus):
    store = FeatureStore(tmp_path / "store")
    store.add_corpus(corpus, ["egemaps"], copies=2)
    keys = store.corpus("toy").recordings["key"]
    streams = [store.stream(key_of_copy(key, number), "egemaps").values for key in keys for number in (1, 2)]
    assert not any(np.array_equal(streams[0], other) for other in streams[1:])
    time = {path: path.stat().st_mtime_ns for path in files(tmp_path / "store") if "copy" in path.name}
    assert len(time) == 6
    store.add_corpus(corpus, ["egemaps"], copies=2)
    assert all(path.stat().st_mtime_ns == before for path, before in time.items())


def test_recordings_that_cannot_be_read_are_named_and_the_others_are_extracted(tmp_path, corpus):
    clips = [Path(clip) for clip in corpus.recordings["audio"]]
    sound = clips[0].read_bytes()
    clips[0].write_bytes(b"no sound")
    clips[1].unlink()
    store, told = FeatureStore(tmp_path / "store"), []
    with pytest.raises(
        MediaError, match=r"Toy: 2 of 3 recordings cannot be read \(toy/0: '0\.wav' .*toy/1: .*later call"
    ):
        store.add_corpus(corpus, ["egemaps"], note=told.append)
    assert [line.partition(":")[0] for line in told] == ["toy/0", "toy/1"]
    assert not (tmp_path / "store" / "corpora").exists()
    (done,) = files(tmp_path / "store")
    time = done.stat().st_mtime_ns
    clips[0].write_bytes(sound)
    write_wav(clips[1], 0.5, 1)
    store.add_corpus(corpus, ["egemaps"])
    assert done.stat().st_mtime_ns == time and len(store.corpus("toy").recordings) == 3


def test_of_many_recordings_that_cannot_be_read_the_first_are_named(tmp_path, corpus):
    rows = pd.concat([corpus.recordings.assign(audio=str(tmp_path / "none.wav"))] * 4)
    many = dataclasses.replace(corpus, recordings=rows.set_index(pd.Index([f"toy/{n}" for n in range(12)], name="id")))
    with pytest.raises(MediaError, match=r"12 of 12 .*toy/0: .*; toy/1: .*; toy/2: .*; and 9 more\); the others"):
        FeatureStore(tmp_path / "store").add_corpus(many, ["egemaps"])


def picture_corpus(contents: list[bytes]) -> Corpus:
    index = pd.Index([f"p/{n}" for n in range(len(contents))], name="id")
    recordings = pd.DataFrame(index=index, columns=list(RECORDING_COLUMNS), dtype=object)
    pictures = pd.Series(contents[::-1], index=index[::-1], dtype=object)
    return Corpus("p", "Pictures", "none", recordings, pictures=pictures)


def encoded(grey: int, side: int = 48) -> bytes:
    return cv2.imencode(".png", np.full((side, side), grey, np.uint8))[1].tobytes()


def test_pictures_are_stored_decoded_in_the_order_of_the_recordings(tmp_path):
    FeatureStore(tmp_path).add_corpus(picture_corpus([encoded(10), encoded(20), encoded(30)]), [])
    stored = FeatureStore(tmp_path).corpus("p")
    assert stored.pictures.shape == (3, 48, 48)
    assert stored.pictures.dtype == np.uint8
    assert stored.pictures[:, 0, 0].tolist() == [10, 20, 30]
    assert stored.recordings["key"].isna().all()


@pytest.mark.parametrize("content", [b"", b"no picture", encoded(10, side=32)])
def test_a_picture_that_is_none_is_named(tmp_path, content):
    with pytest.raises(CorpusError, match="'p/1' is not a picture of 48 x 48"):
        FeatureStore(tmp_path).add_corpus(picture_corpus([encoded(10), content]), [])
    assert files(tmp_path) == []


def test_a_damaged_corpus_says_how_to_mend_it(tmp_path, corpus):
    store = FeatureStore(tmp_path / "store")
    store.add_corpus(corpus, [])
    (tmp_path / "store" / "corpora" / "toy" / "labels.parquet").write_bytes(b"x")
    with pytest.raises(CorpusError, match="damaged; add it again"):
        store.corpus("toy")


@pytest.mark.slow
def test_a_store_is_read_without_the_libraries_that_filled_it(tmp_path, corpus):
    FeatureStore(tmp_path / "store").add_corpus(corpus, ["egemaps"])
    program = f"""
import sys
for name in ("av", "cv2", "opensmile", "ai_edge_litert", "streamlit", "plotly"):
    sys.modules[name] = None
from pathlib import Path
from emoviz.features.store import FeatureStore
store = FeatureStore(Path({str(tmp_path / "store")!r}))
print(len([store.stream(key, "egemaps") for key in store.corpus("toy").recordings["key"]]))
"""
    result = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert result.stdout.strip() == "3", result.stderr


def test_a_long_stream_is_stored_and_read_block_by_block(tmp_path, monkeypatch):
    """The file is the same, and what is read is the same, whether values lie in memory or on disk."""
    media = FakeMedia(voice(1.5))
    stores = [FeatureStore(tmp_path / "memory"), FeatureStore(tmp_path / "disk")]
    whole = stores[0].extract(Egemaps(), media)
    for module in (growing, arrays):
        monkeypatch.setattr(module, "IN_MEMORY", 0)
    for found in [stores[1].extract(Egemaps(), media) for _ in range(2)]:
        assert isinstance(found.values, growing.Rows)
        np.testing.assert_array_equal(found.values, whole.values)
        times = np.linspace(0, 1, 33)
        np.testing.assert_array_equal(align(found, times), align(whole, times))
        np.testing.assert_array_equal(align(found, times, "mean"), align(whole, times, "mean"))
    (one,), (other,) = (list(place.root.rglob("*.safetensors")) for place in stores)
    assert one.read_bytes() == other.read_bytes()
    other.write_bytes(other.read_bytes()[:-8] + b"damaged!")
    np.testing.assert_array_equal(stores[1].extract(Egemaps(), media).values, whole.values)


def test_names_of_very_many_channels_are_not_kept(tmp_path):
    many = FeatureStream(np.ones((2, 20_000), np.float32), 0.0, 1.0, tuple(f"pixel.{n}" for n in range(20_000)))
    path = tmp_path / "stream.safetensors"
    path.write_bytes(b"".join(pack(many)))
    read = read_stream(path)
    assert read is not None and path.stat().st_size < many.values.nbytes + 1000
    np.testing.assert_array_equal(read.values, many.values)
    assert read.channels[:2] == ("00000", "00001") and len(read.channels) == 20_000
