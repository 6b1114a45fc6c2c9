"""Predictions of whole clips by untrained models: layout, gaps, windows, bad clips."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from clips import face_frames, plain_frames, sine, speech, write_clip, write_part, write_text
from untrained import DIMENSIONS, RMSE, save_all, save_speech

from emoviz.core import arrays, growing
from emoviz.core.errors import (
    Cancelled,
    CheckpointError,
    ConfigError,
    EmovizError,
    FeatureError,
    MediaError,
    UnknownNameError,
)
from emoviz.core.vocabulary import CIRCUMPLEX, FER_EMOTIONS, FUSED_SOURCES, Task
from emoviz.evaluation.intervals import Band
from emoviz.features import make
from emoviz.features.store import FeatureStore
from emoviz.media import ClipMedia
from emoviz.media import clip as media_module
from emoviz.prediction import source as source_module
from emoviz.prediction.assembly import ClipPrediction, assemble, combine
from emoviz.prediction.clip import load_checkpoints, predict_clip, require_size
from emoviz.prediction.corpus import predict_recording

SECONDS = 3.0
AWAY = range(30, 50)
"""Frames of 75 without the face; a face that comes back is found with the next detection, every tenth frame."""


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> ClipMedia:
    frames = face_frames(75, [lambda i: None if i in AWAY else (150 + i, 60)])
    sound = speech(SECONDS)
    return ClipMedia(write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames, sound))


@pytest.fixture(scope="module")
def prediction(media, models) -> ClipPrediction:
    return predict_clip(media, models)


def test_table_has_a_row_per_frame_of_50_hz_and_a_column_per_output(prediction):
    table = prediction.table
    assert len(table) == pytest.approx(SECONDS * 50, abs=3)
    np.testing.assert_allclose(np.diff(table.time), 0.02, atol=1e-9)
    marks = [c for c in table if c == FUSED_SOURCES or c.startswith(("quality.", "action_units."))]
    assert list(table.columns.drop(["time", *marks])) == list(prediction.outputs.column)
    assert {"face.happy", "face.valence (derived)", "speech.arousal (derived)", "fused.happy"} <= set(table)
    assert (table.dtypes.drop("time") == np.float32).all()


def test_outputs_say_what_each_column_is(prediction):
    rows = prediction.outputs.set_index("column")
    assert tuple(rows.loc["speech.valence (derived)", ["model", "kind", "derived"]]) == (
        "speech-cats",
        "dimension",
        True,
    )
    assert tuple(rows.loc["face.valence (derived)", ["model", "derived"]]) == ("face-expression", True)
    assert tuple(rows.loc["face.happy", ["kind", "derived"]]) == ("emotion", False)
    assert rows.rmse["speech.valence (derived)"] == RMSE
    assert np.isnan(rows.rmse["face.valence (derived)"])  # only its emotions were tested
    assert set(rows[rows.index.str.startswith("fused")].source) == {"fused"}


def test_a_stated_interval_has_two_columns_of_its_own(prediction):
    band = Band((-0.5, 0.5), (-0.1, -0.3), (0.2, 0.1))
    branches = []
    for branch in prediction.branches:
        models = []
        for model in branch.models:
            about = dataclasses.replace(model.checkpoint.description, bands={DIMENSIONS[0]: band})
            models.append(
                dataclasses.replace(model, checkpoint=dataclasses.replace(model.checkpoint, description=about))
            )
        branches.append(dataclasses.replace(branch, models=tuple(models)))
    table = assemble(prediction.info, branches).table
    column = f"speech.{DIMENSIONS[0]}"
    for end, offsets in ((".low", band.low), (".high", band.high)):
        expected = (table[column] + np.interp(table[column], band.at, offsets)).clip(-1, 1)
        np.testing.assert_allclose(table[f"{column}{end}"], expected, atol=1e-6)
        assert table[f"{column}{end}"].dtype == np.float32
    assert f"speech.{DIMENSIONS[1]}.low" not in table and not [c for c in prediction.table if c.endswith(".low")]


def test_probabilities_sum_to_one(prediction):
    emotions = prediction.outputs[prediction.outputs.kind == "emotion"]
    for source, columns in emotions.groupby("source").column:
        known = prediction.table[list(columns)].dropna(how="all")
        assert len(known) > 50, source
        np.testing.assert_allclose(known.sum(axis=1), 1, atol=1e-5)


def test_frames_without_a_face_are_gaps_of_the_face_only(prediction):
    table = prediction.table
    away = table.time.between(AWAY.start / 25, AWAY.stop / 25 - 0.01)
    face = table.filter(like="face.")
    assert face[away].isna().all(axis=None)
    assert face[~away].notna().all(axis=None)
    assert table.filter(like="speech.").notna().all(axis=None)
    np.testing.assert_allclose(
        table["fused.valence (derived)"][away], table["speech.valence (derived)"][away], atol=1e-6
    )
    assert (table[FUSED_SOURCES][away] == 1).all() and (table[FUSED_SOURCES][~away] == 2).all()
    assert prediction.gaps[["source", "model", "reason"]].to_numpy().tolist() == [
        ["face", "", "no face in the picture"]
    ]
    assert "No face in 27 % of the frames." in prediction.notes


def test_valence_and_arousal_of_the_face_follow_from_its_emotions(prediction):
    known = prediction.table.dropna()
    for axis, name in enumerate(DIMENSIONS):
        expected = sum(known[f"face.{emotion}"] * CIRCUMPLEX[emotion][axis] for emotion in FER_EMOTIONS)
        np.testing.assert_allclose(known[f"face.{name}"], expected, atol=1e-5)


def test_a_picture_model_says_of_a_frame_what_it_says_of_its_crop(media, models, prediction):
    track, frame = media.face_track(), 60
    crop = track.crops[frame].reshape(1, 1, -1).astype(np.float32) / 255
    expected = torch.softmax(models[0]({"crop": crop[0]}).prediction, -1)[0]
    time = media.faces().times[frame]
    shown = [np.interp(time, prediction.table.time, prediction.table[f"face.{e}"]) for e in FER_EMOTIONS]
    np.testing.assert_allclose(shown, expected, atol=2e-3)


def test_channel_weights_are_named_and_between_zero_and_one(prediction):
    weights = prediction.channel_weights["speech-cats"]
    assert list(weights.channel[:4]) == ["whisper.pc000", "whisper.pc001", "whisper.pc002", "whisper.pc003"]
    assert weights.channel.str.startswith("egemaps.").sum() == len(weights) - 4
    assert set(weights.modality) == {"audio"}
    assert weights.weight.between(0, 1).all()
    assert set(prediction.channel_weights) == {"speech-cats"}


def test_what_is_ready_first_is_shown_first(media, models):
    partial: list[ClipPrediction] = []
    final = predict_clip(media, models, on_partial=partial.append)
    assert len(partial) == 1
    assert 0 < len(partial[0].outputs) < len(final.outputs)
    assert len(partial[0].table) == len(final.table)
    assert set(partial[0].table) < set(final.table)


def test_the_store_gives_the_same_prediction_as_extraction(media, models, prediction, tmp_path):
    for _ in range(2):
        again = predict_clip(media, models, store=FeatureStore(tmp_path))
        np.testing.assert_allclose(again.table, prediction.table, atol=1e-6)


def test_the_second_model_of_an_output_bears_its_own_name(media, models, tmp_path):
    save_speech(tmp_path, "other", "bi-gru", Task.FRAMES, {"hidden": 4, "layers": 1})
    both = predict_clip(media, [models[1], *load_checkpoints(["other"], [tmp_path])])
    assert {"speech.valence (derived)", "other.valence (derived)"} <= set(both.table)
    assert not (both.table["speech.valence (derived)"] == both.table["other.valence (derived)"]).any()


def test_predictions_combine_into_what_predicting_together_gives(media, models, prediction):
    """Also where a model alone has derived dimensions that it has not beside another one."""
    alone = [predict_clip(media, [model]) for model in models]
    together = combine(alone, models)
    np.testing.assert_allclose(together.table, prediction.table, atol=1e-6)
    assert together.outputs.equals(prediction.outputs) and together.notes == prediction.notes
    assert set(together.channel_weights) == set(prediction.channel_weights) and together.faces is not None
    for model, expected in zip(models, alone, strict=True):
        part = combine([prediction], [model])
        np.testing.assert_allclose(part.table, expected.table, atol=1e-6)
        assert part.outputs.equals(expected.outputs) and part.notes == expected.notes
    assert combine([alone[0]], models[1:]) is None


def test_emotions_alone_give_derived_dimensions_of_speech_too(media, models):
    alone = predict_clip(media, [models[2]])
    assert set(DIMENSIONS) <= set(alone.outputs.output)
    assert alone.faces is None
    assert not alone.outputs.source.eq("fused").any()


# What goes wrong


def test_a_listener_can_stop_it(media, models):
    def stop(stage: str, done: float, total: float) -> None:
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        predict_clip(ClipMedia(media.path), models, progress=stop)


def test_no_model_is_refused(media):
    with pytest.raises(ConfigError, match="choose at least one trained model"):
        predict_clip(media, [])


def test_unknown_and_damaged_models_are_named(folder, tmp_path):
    with pytest.raises(UnknownNameError, match="'speech-cat'; known are: face-expression, speech-cats"):
        load_checkpoints(["speech-cat"], [folder])
    save_all(tmp_path)
    (tmp_path / "speech-cats" / "model.safetensors").write_bytes(b"noise")
    with pytest.raises(CheckpointError, match="'speech-cats' is damaged"):
        load_checkpoints(["speech-cats"], [tmp_path])
    assert load_checkpoints(["speech-emotion"], [tmp_path])[0].name == "speech-emotion"


def test_a_feature_that_is_extracted_otherwise_today_is_refused(media, models):
    features = tuple(dataclasses.replace(f, version="0") for f in models[1].description.features)
    old = dataclasses.replace(models[1], description=dataclasses.replace(models[1].description, features=features))
    with pytest.raises(FeatureError, match="version 0"):
        predict_clip(media, [old])


def test_models_that_read_another_sound_under_one_name_get_their_own(media, models, tmp_path):
    about = models[1].description
    chosen = {"sound": "conditioned"}
    features = tuple(
        dataclasses.replace(f, settings=make(f.name, chosen).settings, chosen=chosen) for f in about.features
    )
    other = dataclasses.replace(models[1], description=dataclasses.replace(about, name="other", features=features))
    store = FeatureStore(tmp_path)
    together = predict_clip(media, [models[1], other], store=store).branches[0].models
    for found, model in zip(together, (models[1], other), strict=True):
        alone = predict_clip(media, [model], store=store).branches[0].models[0]
        np.testing.assert_array_equal(found.values, alone.values)
    assert not np.array_equal(together[0].values, together[1].values, equal_nan=True)


def test_a_face_that_is_not_there_is_refused(media, models):
    with pytest.raises(MediaError):
        predict_clip(media.with_face(7), models)


def test_a_file_over_the_size_limit_is_refused(tmp_path):
    clip = tmp_path / "long.mp4"
    with clip.open("wb") as file:
        file.truncate(2_500_000)
    with pytest.raises(MediaError, match="'long.mp4' has 2 MB; clips up to 1 MB are accepted"):
        require_size(clip, 1)
    require_size(clip, 3)


def zero_bytes(path: Path) -> Path:
    path.touch()
    return path


def truncated(path: Path) -> Path:
    whole = write_clip(path.with_name("whole.mp4"), plain_frames(50), speech(2))
    return write_part(path, whole, 0.5)


@pytest.mark.parametrize("make", [zero_bytes, write_text, truncated])
def test_what_is_no_clip_is_refused_in_one_sentence(make, tmp_path):
    path = make(tmp_path / "clip.mp4")
    with pytest.raises(EmovizError, match="'clip.mp4' .*Accepted are mp4"):
        ClipMedia(path)


GREY = plain_frames(30)
ODD_CLIPS = {
    "no face": (dict(images=GREY, sound=speech(1.2)), "face", "No face was found"),
    "silent video": (dict(images=list(face_frames(20, [lambda i: (150, 60)]))), "speech", "has no sound"),
    "speech only": (dict(sound=speech(1.2), name="clip.m4a"), "face", "has no picture"),
    "one frame": (dict(images=GREY[:1]), "face", "No face was found"),
    "0.2 s of sound": (dict(sound=speech(0.2), name="clip.wav", audio_codec="pcm_s16le"), "speech", "0.2 s of sound"),
    "0.02 s of sound": (
        dict(sound=speech(0.02), name="clip.wav", audio_codec="pcm_s16le"),
        "speech",
        "0.02 s of sound",
    ),
    "8 kHz": (dict(sound=speech(1.2, 8000), rate=8000, name="clip.wav", audio_codec="pcm_s16le"), None, "no picture"),
    "96 kHz": (dict(sound=speech(1.2, 96000), rate=96000, name="clip.flac", audio_codec="flac"), None, "no picture"),
}


@pytest.mark.parametrize("name", ODD_CLIPS)
def test_an_odd_clip_gives_a_result_with_gaps_and_says_why(name, models, tmp_path):
    arguments, missing, note = ODD_CLIPS[name]
    arguments = dict(arguments)
    path = write_clip(tmp_path / arguments.pop("name", "clip.mp4"), **arguments)
    result = predict_clip(ClipMedia(path), models)
    assert note in " ".join(result.notes)
    assert len(result.table) >= 1
    if missing:
        assert result.table.filter(like=f"{missing}.").isna().all(axis=None)
    if missing and result.table[list(result.outputs.column)].notna().any(axis=None):
        assert set(result.of_clip.source) == {"face", "speech"} - {missing} and not result.is_fused, "of one alone"
    if "sound" in arguments and missing != "speech":
        assert result.table["speech.valence (derived)"].notna().all()
        np.testing.assert_array_equal(
            result.table["fused.valence (derived)"].isna(), result.table["speech.valence (derived)"].isna()
        )


def noise(seconds: float) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.05, (round(seconds * 16000), 1)).astype(np.float32)


def write_sound(path: Path, sound: np.ndarray) -> Path:
    return write_clip(path, sound=sound, audio_codec="pcm_s16le")


@pytest.mark.parametrize(
    ("sound", "reason", "note"),
    [
        (noise(3), "nobody speaks", "Nobody speaks in the clip, so there is no prediction from speech."),
        (0 * noise(3), "the sound is silence", "The clip's sound is silence, so there is no prediction from speech."),
        (sine(3), "nobody speaks", "Nobody speaks in the clip, so there is no prediction from speech."),
    ],
)
def test_where_nobody_speaks_models_of_speech_say_nothing(sound, reason, note, models, tmp_path):
    result = predict_clip(ClipMedia(write_sound(tmp_path / "clip.wav", sound)), models[1:])
    assert result.table[result.outputs.column].isna().all(axis=None)
    assert result.gaps[["source", "start", "end", "reason"]].to_numpy().tolist() == [["speech", 0, 3, reason]]
    assert result.notes == (note,)


def test_silence_around_speech_is_a_gap_and_changes_nothing_of_what_is_said(models, tmp_path):
    spoken = speech(2)
    padded = np.concatenate([0 * noise(2), spoken, 0 * noise(2)])
    alone, found = (
        predict_clip(ClipMedia(write_sound(tmp_path / f"{len(sound)}.wav", sound)), [models[2]])
        for sound in (spoken, padded)
    )
    gaps = found.gaps
    assert gaps.reason.tolist() == ["nobody speaks"] * 2
    assert gaps.end[0] == pytest.approx(1.75, abs=0.25) and gaps.start[1] == pytest.approx(4.25, abs=0.25)
    said = [one.table["speech.happy"].mean() for one in (alone, found)]
    assert said[1] == pytest.approx(said[0], abs=0.03)


def test_what_is_said_of_speech_is_what_an_evaluation_says(models, tmp_path):
    sound = np.concatenate([0.02 * noise(1), speech(1.5), 0.02 * noise(1)])
    clip, store = ClipMedia(write_sound(tmp_path / "clip.wav", sound)), FeatureStore(tmp_path / "store")
    stored = {f.name: store.extract(make(f.name), clip) for f in models[1].description.features}
    evaluated = dataclasses.replace(  # a window that holds the whole recording, as those of bundled models do
        models[1], description=dataclasses.replace(models[1].description, window=15.0)
    )
    expected = predict_recording(evaluated, stored)
    table = predict_clip(clip, [evaluated]).table
    found = table[[f"speech.{name}" for name in DIMENSIONS]].to_numpy()[: len(expected)]
    said = ~np.isnan(found).any(1)
    assert 60 < said.sum() < 120 and not said[:30].any() and not said[-30:].any()
    np.testing.assert_allclose(found[said], expected[said], atol=1e-5)


def test_sound_that_starts_late_and_ends_early_leaves_gaps_of_their_own_reasons(models, tmp_path):
    frames = face_frames(100, [lambda i: (150, 60)])
    clip = write_clip(tmp_path / "clip.mkv", frames, speech(2), sound_start=1.0, audio_codec="pcm_s16le")
    found = predict_clip(ClipMedia(clip), models)
    gaps = found.gaps[found.gaps.source == "speech"]
    assert gaps.reason.iloc[0] == "the sound starts at 1.0 s" and gaps.reason.iloc[-1] == "the sound ends at 3.0 s"
    assert {"The sound starts at 1.0 s.", "The sound ends at 3.0 s."} <= set(found.notes)
    late = found.table.time > 3.02
    assert (found.table[FUSED_SOURCES][late] == 1).all()
    assert found.table.filter(like="speech.")[late].isna().all(axis=None)


@pytest.mark.slow
def test_a_4k_clip_is_predicted_in_pixels_of_its_own(models, tmp_path):
    pictures = face_frames(5, [lambda i: (1500 + 4 * i, 400)], size=(3840, 2160), side=1200)
    clip = write_clip(tmp_path / "4k.mp4", pictures, speech(0.5), options={"preset": "ultrafast"})
    prediction = predict_clip(ClipMedia(clip), models)
    box = prediction.faces.tracks[0].boxes[2]
    assert 1500 < box[0] < 2700 and 400 < box[1] < 1600 and 400 < box[2] < 1200
    assert prediction.table["face.happy"].notna().any()


def test_the_next_clip_works(models, media, prediction, tmp_path):
    with pytest.raises(EmovizError):
        predict_clip(ClipMedia(write_text(tmp_path / "clip.mp4")), models)
    again = predict_clip(ClipMedia(media.path), models)
    np.testing.assert_allclose(again.table, prediction.table, atol=1e-6)


def test_a_long_recording_on_disk_gives_the_prediction_of_memory(media, models, prediction, monkeypatch, tmp_path):
    for module in (growing, arrays):
        monkeypatch.setattr(module, "IN_MEMORY", 0)
    decoded = ClipMedia(media.path)
    for _ in range(2):
        again = predict_clip(decoded, models, store=FeatureStore(tmp_path))
        np.testing.assert_allclose(again.table, prediction.table, atol=1e-6)
    assert isinstance(decoded.face_track().seen_crops, growing.Rows)
    assert isinstance(decoded.waveform().samples, growing.Rows)


def growing_curves(monkeypatch) -> None:
    """Treat a clip of seconds as one of minutes."""
    for name, value in {"SHORT": 1.0, "FIRST": 0.8, "LONGER": 1.6, "EVERY": 0.0}.items():
        monkeypatch.setattr(source_module, name, value)
    monkeypatch.setattr(media_module, "_MOMENT", 0.05)


def test_curves_of_a_long_clip_grow_and_end_as_the_whole(media, models, prediction, monkeypatch):
    growing_curves(monkeypatch)
    partial: list[ClipPrediction] = []
    final = predict_clip(ClipMedia(media.path), models, on_partial=partial.append)
    np.testing.assert_allclose(final.table, prediction.table, atol=1e-6)
    assert not final.is_partial and final.notes == prediction.notes
    for column in ("face.happy", "speech.valence (derived)"):
        known = [p.table[column].notna().sum() for p in partial if column in p.table]
        assert known == sorted(known) and len(set(known)) > 1
        assert 0 < known[0] < known[-1]
    first = next(p for p in partial if "face.happy" in p.table)
    assert first.is_partial and first.absences[-1].reason == "not analysed yet"
    until = next(b.until for b in first.branches if b.models[0].checkpoint is models[0])
    early = (first.table.time < until - 0.05) & first.table["face.happy"].notna()
    np.testing.assert_allclose(first.table["face.happy"][early], prediction.table["face.happy"][early], atol=1e-4)
    assert first.table["face.happy"][first.table.time > until + 0.05].isna().all()


def test_what_was_known_when_the_work_was_stopped_is_kept_and_gone_on_from(media, models, prediction, monkeypatch):
    growing_curves(monkeypatch)
    decoded, partial, stopping = ClipMedia(media.path), [], []

    def stop(stage: str, done: float, total: float) -> None:
        if stage == "Following faces" and done > 1.5:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        predict_clip(decoded, models[:1], progress=stop, on_partial=partial.append)
    began: list[float] = []

    def listen(stage: str, done: float, total: float) -> None:
        if stage == "Following faces":
            began.append(done)

    final = predict_clip(decoded, models[:1], progress=listen, on_partial=stopping.append)
    assert began[0] > 1.5 and sum(done > 1.5 for done in began) == len(began)
    np.testing.assert_allclose(final.table["face.happy"], prediction.table["face.happy"], atol=1e-6)


def test_of_two_predictions_by_a_model_that_of_more_of_the_clip_counts(media, models):
    whole = predict_clip(media, models[:1])
    (branch,) = whole.branches
    part = dataclasses.replace(whole, branches=(dataclasses.replace(branch, until=1.0),))
    for order in ([whole, part], [part, whole]):
        assert not combine(order, models[:1]).is_partial
    assert combine([part], models[:1]).is_partial
