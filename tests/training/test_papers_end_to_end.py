"""Each paper's preset trains from media on stand-ins for its encoders: tiny ones of the architectures that it names."""

import dataclasses
from pathlib import Path

import encoders
import numpy as np
import pandas as pd
import pytest
from example import EXAMPLES

from emoviz import checkpoints
from emoviz.core.vocabulary import Emotion, intensity
from emoviz.corpora.base import RECORDING_COLUMNS, Corpus
from emoviz.evaluation import bootstrap
from emoviz.features import text_encoders
from emoviz.features.store import FeatureStore
from emoviz.features.transcripts import Transcript, Word
from emoviz.training import train
from emoviz.training.config import TrainingConfig
from emoviz.training.papers import PAPERS

pytestmark = pytest.mark.slow
EMOTIONS = ("angry", "happy")
SECONDS = 0.5
WORDS = Transcript((Word("kids", 0.1, 0.3), Word("talking", 0.3, 0.5)), "en")


def corpus_of(name: str, traced: bool) -> Corpus:
    """Three speakers, who are parts of an example, with two recordings each."""
    rows = [
        {
            "id": f"{name}/{speaker}-{number}",
            "video": str(EXAMPLES / "synthetic-english.mp4"),
            "speaker": f"{name}/{speaker}",
            "culture": "Here",
            "start": 0.2 + SECONDS * (2 * speaker + number),
            "end": 0.2 + SECONDS * (2 * speaker + number + 1),
            "emotion": emotion,
            "intensity": "strong",
        }
        for speaker in range(3)
        for number, emotion in enumerate(EMOTIONS)
    ]
    table = pd.DataFrame(rows).set_index("id")
    recordings = table.reindex(columns=[*RECORDING_COLUMNS, "start", "end"]).astype(object)
    recordings = recordings.where(recordings.notna(), None)
    times = np.arange(round(SECONDS * 10)) / 10
    said = [{"id": i, "time": t, "arousal": t, "valence": -t, "liking": t / 2} for i in table.index for t in times]
    labels = pd.DataFrame() if traced else table[["emotion", "intensity"]]
    return Corpus(name, name, "made up", recordings, labels, pd.DataFrame(said if traced else []))


CHANGES = {
    "cats": {"width": 8, "feedforward": 8, "reduction": 2},
    "emafn": {"hidden": 4},
    "viper": {"latents": 4, "width": 8, "layers": 1, "heads": 2, "projection": 8},
    "mdat": {},
    "av-attention": {"side": 32, "backbone_width": 2, "width": 8},
}
"""Sizes of each model that are none of the papers' facts."""


def small(name: str) -> TrainingConfig:
    """A paper's preset for one step on a few recordings; streams, frames, layers and windows stay the paper's."""
    config = PAPERS[name]
    inputs = tuple(
        dataclasses.replace(one, components=2 if one.components else None, settings={**one.settings, "side": 32})
        if one.feature == "snippets"
        else dataclasses.replace(one, components=2 if one.components else None)
        for one in config.inputs
    )
    outputs = config.outputs
    if config.kind == "emotion":
        outputs = EMOTIONS
    if config.kind == "intensity":
        outputs = tuple(intensity(Emotion(e)) for e in EMOTIONS)
    return dataclasses.replace(
        config,
        corpora=("traced" if config.data == "traces" else "labelled",),
        inputs=inputs,
        outputs=outputs,
        options={**config.options, **CHANGES[config.model]},
        label_delay=config.label_delay / 20,  # recordings are shorter than 2 s
        epochs=1,
        batch_size=2,
    )


TRAINED: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "paper1-av": ({"hop": 0.02, "window": 15.0}, {"channel_attention": True, "outputs": 2}),
    "paper2-llds": ({"hop": 0.1, "label_delay": 2.0}, {"step": 1, "window": None}),
    "paper2-deep": ({"hop": 0.1, "label_delay": 2.0}, {"step": 1, "window": None}),
    "paper3-full": ({"schedule": "halving", "learning_rate": 1e-5}, {"tokens": 32}),
    "paper4": ({"resample": "mean"}, {"graph": True, "co_attention": True, "transformer": True}),
    "paper5": ({"resample": "none", "patience": 20}, {"depth": 101, "audio_depth": 18, "frames": 16, "heads": 8}),
}
"""Presets that have the streams of all others, and the papers' facts in their config and in that of their model."""
FRAMES = {"hubert": 0.02, "deep-spectrum-vgg16": 0.1, "resnet50": 0.1, "egemaps-functionals": 0.1}
"""Seconds from one frame of a stream to the next."""


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> FeatureStore:
    """A store with the features of all presets, extracted once from one clip, whose parts all corpora are."""
    root = tmp_path_factory.mktemp("papers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOVIZ_WEIGHTS", str(encoders.save_all(root / "weights")))
        encoders.shrink(patch)
        patch.setattr(text_encoders, "transcribe", lambda *_, **__: WORDS)
        patch.setattr(bootstrap, "DRAWS", 10)
        store = FeatureStore(root / "store")
        chosen = {one.feature: one.settings for name in TRAINED for one in small(name).inputs}
        for name in ("labelled", "traced"):
            store.add_corpus(corpus_of(name, name == "traced"), list(chosen), settings=chosen)
        yield store


@pytest.mark.parametrize("name", TRAINED)
def test_a_preset_trains_from_media_to_a_model(name: str, store: FeatureStore, tmp_path: Path) -> None:
    config, (facts, sizes) = small(name), TRAINED[name]
    made = checkpoints.load(train(config, store, tmp_path / "runs", tmp_path / "checkpoints"))
    assert [f.name for f in made.description.features] == [one.feature for one in PAPERS[name].inputs]
    assert made.description.outputs == config.outputs
    assert facts.items() <= vars(PAPERS[name]).items()
    assert sizes.items() <= vars(made.predictor.model.config).items()
    assert all(np.isfinite(row["value"]) for row in made.metrics["test"] if row["metric"] in ("rmse", "accuracy"))


def test_streams_have_the_frames_of_the_papers(store: FeatureStore) -> None:
    key = store.corpus("labelled").recordings["key"].iloc[0]
    settings = {one.feature: one.settings for name in TRAINED for one in small(name).inputs}
    for feature, hop in FRAMES.items():
        assert store.stream(key, feature, settings[feature]).hop == pytest.approx(hop), feature
    for feature in ("snippets", "spectrogram"):
        assert len(store.stream(key, feature, settings[feature]).values) == 6
    assert len(store.stream(key, "wavlm-xvector", settings["wavlm-xvector"]).values) == 32
