"""A calibrated model reads people it never heard at the level and spread of its training, and says when it cannot."""

import dataclasses

import numpy as np
import pytest
import torch
from clips import speech, write_clip
from hypothesis import given, settings
from hypothesis import strategies as st

from emoviz.core.errors import CalibrationError, CorpusError, MediaError
from emoviz.features.store import FeatureStore
from emoviz.models.inputs import InputConfig, InputTransform
from emoviz.prediction import profiles
from emoviz.prediction.calibration import FLATTEST, TRUST, calibrated, measure
from emoviz.prediction.corpus import predict_recording
from emoviz.prediction.inputs import streams_of
from emoviz.prediction.profiles import find_profile, load_profile, save_profile


@pytest.fixture(scope="module")
def cats(models):
    return next(one for one in models if one.name == "speech-cats")


def recordings(checkpoint, count, frames, level=0.0, spread=3.0, seed=0):
    """Features of some recordings, each channel drawn around a level."""
    random = np.random.default_rng(seed)
    widths = {feature.name: feature.width for feature in checkpoint.description.features}
    return [
        {name: random.normal(level, spread, (frames, width)).astype(np.float32) for name, width in widths.items()}
        for _ in range(count)
    ]


def read(checkpoint, streams):
    """The features as the model reads them."""
    with torch.inference_mode():
        return {
            n: v.numpy()
            for n, v in checkpoint.predictor.inputs({n: torch.from_numpy(v) for n, v in streams.items()}).items()
        }


@pytest.mark.parametrize("components", [None, 3])
@settings(max_examples=30)
@given(level=st.floats(-3, 3), spread=st.floats(0.2, 4))
def test_moved_statistics_are_those_of_a_second_standardisation(components, level, spread):
    random = np.random.default_rng(0)
    transform = InputTransform(5, InputConfig("any", components))
    transform.fit(random.normal(2, 3, (200, 5)) @ random.normal(size=(5, 5)))
    values = torch.from_numpy(random.normal(2, 3, (7, 5)).astype(np.float32))
    before = transform(values)
    levels, spreads = torch.full((before.shape[1],), level), torch.full((before.shape[1],), spread)
    transform.move(levels, spreads)
    torch.testing.assert_close(transform(values), (before - levels) / spreads, rtol=1e-4, atol=1e-4)


def test_level_and_spread_are_drawn_towards_the_training_by_the_seconds(cats):
    heard = recordings(cats, 4, 500, level=2.0)
    found = measure(cats, heard, "Four people")
    assert found.recordings == 4 and found.seconds == pytest.approx(40)
    for name, values in found.levels.items():
        frames = np.concatenate([read(cats, streams)[name] for streams in heard]).astype(float)
        np.testing.assert_allclose(values, frames.mean(0) * 40 / (40 + TRUST), atol=1e-4)
        expected = np.sqrt((40 * frames.var(0) + TRUST) / (40 + TRUST))
        np.testing.assert_allclose(found.spreads[name], np.maximum(expected, FLATTEST), rtol=1e-3)


def test_people_at_another_level_are_predicted_as_if_they_were_at_that_of_the_training(cats):
    usual, moved = recordings(cats, 30, 500), recordings(cats, 30, 500, level=5.0, spread=6.0)
    fitted = calibrated(cats, measure(cats, moved, "Loud people"))
    expected = cats(usual[0]).prediction
    before, after = ((one(moved[0]).prediction - expected).abs().mean() for one in (cats, fitted))
    assert after < before / 3


def test_a_channel_that_stood_still_is_not_blown_up(cats):
    flat = [{name: np.ones_like(values) for name, values in one.items()} for one in recordings(cats, 1, 500)]
    found = measure(cats, flat, "Nobody", trust=0.05)
    assert min(values.min() for values in found.spreads.values()) == pytest.approx(FLATTEST)


def test_missing_frames_are_left_out(cats):
    (heard,) = recordings(cats, 1, 500)
    holes = {
        name: np.where(np.arange(1000)[:, None] % 2, np.nan, values.repeat(2, 0)) for name, values in heard.items()
    }
    found, expected = measure(cats, [holes], "Somebody"), measure(cats, [heard], "Somebody")
    assert found.seconds == pytest.approx(expected.seconds)
    assert found.digest == expected.digest


def test_a_calibrated_model_is_another_one_and_leaves_the_first_as_it_is(cats):
    (heard,) = recordings(cats, 1, 500, level=4.0)
    before = cats(heard).prediction
    fitted = calibrated(cats, measure(cats, [heard], "Somebody"))
    assert fitted.fingerprint != cats.fingerprint and fitted.name == cats.name
    torch.testing.assert_close(cats(heard).prediction, before)


def test_a_profile_is_kept_as_a_file(cats, tmp_path):
    found = measure(cats, recordings(cats, 2, 500), "Two people")
    save_profile(found, tmp_path / "two.safetensors")
    kept = load_profile(tmp_path / "two.safetensors")
    assert kept.digest == found.digest
    assert [getattr(kept, f.name) for f in dataclasses.fields(kept)[:5]] == [
        cats.name,
        cats.fingerprint,
        "Two people",
        2,
        20,
    ]


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"no profile"])
def test_a_damaged_profile_is_refused(cats, tmp_path, damage):
    path = tmp_path / "two.safetensors"
    save_profile(measure(cats, recordings(cats, 2, 500), "Two people"), path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CalibrationError, match=r"'two\.safetensors' is not a profile that can be read"):
        load_profile(path)


def test_a_file_of_weights_and_one_that_is_not_there_are_no_profiles(cats, tmp_path):
    for path in (cats.folder / "model.safetensors", tmp_path / "none.safetensors"):
        with pytest.raises(CalibrationError, match="is not a profile that can be read"):
            load_profile(path)


def test_a_profile_of_another_model_or_version_is_refused_by_name(cats, models):
    found = measure(cats, recordings(cats, 2, 500), "Two people")
    other = next(one for one in models if one.name == "speech-emotion")
    with pytest.raises(
        CalibrationError, match="does not fit the model 'speech-emotion': it was measured for 'speech-cats'"
    ):
        calibrated(other, found)
    with pytest.raises(CalibrationError, match="it was measured for another version of it"):
        calibrated(cats, dataclasses.replace(found, fingerprint="0"))


def test_too_little_nobody_and_pictures_are_refused(cats, models):
    with pytest.raises(CalibrationError, match=r"Somebody holds 1\.0 s that 'speech-cats' reads; .* at least 1.5 s"):
        measure(cats, recordings(cats, 1, 50), "Somebody")
    with pytest.raises(CalibrationError, match=r"Nobody holds 0\.0 s"):
        measure(cats, [], "Nobody")
    face = next(one for one in models if one.name == "face-expression")
    with pytest.raises(CalibrationError, match="'face-expression' reads pictures; only models of features"):
        measure(face, [], "Nobody")


@pytest.fixture(scope="module")
def comparing(models):
    """A model whose training standardised recordings by speaker."""
    usual = next(one for one in models if one.name == "speech-emotion")
    return dataclasses.replace(
        usual, description=dataclasses.replace(usual.description, training={"standardise_by": "speaker"})
    )


def test_a_model_of_standardised_recordings_reads_them_as_its_training_did(comparing, tmp_path):
    heard = recordings(comparing, 3, 60, level=2.0) + recordings(comparing, 2, 40, level=5.0, seed=1)
    found = measure(comparing, heard, "Somebody")
    save_profile(found, tmp_path / "somebody.safetensors")
    fitted = calibrated(comparing, load_profile(tmp_path / "somebody.safetensors"))
    for streams in heard:
        expected = {}
        for name, values in streams.items():
            means = np.stack([one[name].astype(float).mean(0) for one in heard])
            within = np.sqrt(np.mean([one[name].astype(float).var(0) for one in heard], axis=0))
            own = values.astype(float).mean(0)
            standard = (own - means.mean(0)) / means.std(0) + (values - own) / within
            expected[name] = standard.astype(np.float32)
        torch.testing.assert_close(fitted(streams).prediction, comparing(expected).prediction, rtol=1e-3, atol=1e-4)
    assert not torch.allclose(fitted(heard[0]).prediction, comparing(heard[0]).prediction, atol=1e-3)


def test_a_model_that_compares_recordings_needs_several_and_a_profile_of_its_kind(comparing):
    with pytest.raises(CalibrationError, match=r"Somebody holds too little .* it needs 3 of them, or 3 s of one"):
        measure(comparing, recordings(comparing, 2, 100), "Somebody")
    found = measure(comparing, recordings(comparing, 3, 50), "Somebody")
    for damaged in ({"within": {}}, {"levels": {name: v[:-1] for name, v in found.levels.items()}}):
        with pytest.raises(CalibrationError, match="The profile of Somebody is damaged: measure it again"):
            calibrated(comparing, dataclasses.replace(found, **damaged))


def test_a_model_of_standardised_recordings_answers_only_for_people_that_it_knows(comparing, folder_of_people, store):
    from emoviz.media import ClipMedia
    from emoviz.prediction.clip import predict_clip

    clip = ClipMedia(folder_of_people / "0.wav")
    with pytest.raises(CalibrationError, match="by speaker, so it has to know whom it hears: calibrate it"):
        predict_clip(clip, [comparing], store=store)
    found = find_profile("0-4", comparing, clip=clip, store=store)
    assert found.recordings == 1 and found.seconds == pytest.approx(4, abs=0.2)
    said = predict_clip(clip, [calibrated(comparing, found)], store=store).table["speech.happy"]
    assert said.notna().mean() > 0.5 and said.std() > 0


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return FeatureStore(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def folder_of_people(tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    for number in range(2):
        write_clip(folder / f"{number}.wav", sound=speech(4), audio_codec="pcm_s16le")
    (folder / "notes.txt").write_text("Not a recording.")
    return folder


def test_people_are_named_by_a_folder_a_stretch_or_a_file(cats, folder_of_people, tmp_path, store, monkeypatch):
    from emoviz.media import ClipMedia

    found = find_profile(str(folder_of_people), cats, store=store)
    assert found.recordings == 2 and found.people == f"'{folder_of_people.name}'"
    clip = ClipMedia(folder_of_people / "0.wav")
    stretch = find_profile("0:00-0:03.5", cats, clip=clip, store=store)
    assert 3 <= stretch.seconds <= 3.5
    assert stretch.digest == find_profile("0-3.5", cats, clip=clip, store=store).digest
    monkeypatch.setattr(profiles, "OWN_SPEECH", 3.0)
    own = find_profile("own", cats, clip=clip, store=store)
    assert own.digest == find_profile("0-4", cats, clip=clip, store=store).digest
    assert own.people == "The speech of '0.wav'"
    save_profile(found, tmp_path / "people.safetensors")
    assert find_profile(str(tmp_path / "people.safetensors"), cats).digest == found.digest
    fitted = calibrated(cats, found)
    streams = streams_of(cats, clip, store=store)
    assert not np.array_equal(predict_recording(fitted, streams), predict_recording(cats, streams))


@pytest.mark.parametrize("asked", ["nobody", "n" * 300, "", "1:-2:", "10", "corpus", "speaker"])
def test_words_that_name_nobody_are_refused(cats, folder_of_people, asked):
    from emoviz.media import ClipMedia

    with pytest.raises(CalibrationError, match=f"'{asked}' names no people to calibrate to: name a folder"):
        find_profile(asked, cats, clip=ClipMedia(folder_of_people / "0.wav"))


@pytest.mark.parametrize("asked", ["0:20-0:10", "5-5"])
def test_a_stretch_that_does_not_end_after_it_begins_is_refused(cats, folder_of_people, asked):
    from emoviz.media import ClipMedia

    with pytest.raises(CalibrationError, match=f"^The stretch {asked} does not end after it begins: write from and to"):
        find_profile(asked, cats, clip=ClipMedia(folder_of_people / "0.wav"))


def test_an_empty_folder_a_broken_recording_and_an_unknown_corpus_are_named(cats, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CalibrationError, match="The folder 'empty' holds no recording"):
        find_profile(str(tmp_path / "empty"), cats)
    (tmp_path / "empty" / "broken.wav").write_bytes(b"RIFF")
    with pytest.raises(MediaError, match=r"broken\.wav"):
        find_profile(str(tmp_path / "empty"), cats)
    with pytest.raises(CorpusError, match="nobodys"):
        find_profile("corpus:nobodys", cats, store=FeatureStore(tmp_path / "store"))
