"""An encoder by name goes from a corpus through training to a prediction, and no further without its weights."""

import pickle
import shutil
import wave
from pathlib import Path

import encoders
import numpy as np
import pandas as pd
import pytest

from emoviz import checkpoints
from emoviz.core.errors import FeatureError, MissingWeightsError
from emoviz.core.vocabulary import Source
from emoviz.corpora.base import RECORDING_COLUMNS, Corpus
from emoviz.features import make
from emoviz.features.store import FeatureStore
from emoviz.media import ClipMedia
from emoviz.models.inputs import InputConfig
from emoviz.prediction.clip import predict_clip
from emoviz.training import train
from emoviz.training.config import TrainingConfig, load_config

pytestmark = pytest.mark.slow
EMOTIONS = ("happy", "sad")


def write_corpus(folder: Path, speakers: int = 5) -> Corpus:
    """Two utterances of each speaker, high and low ones."""
    rows, labels = [], []
    time = np.arange(12800) / 16000  # long enough for a model to say anything
    for speaker in range(speakers):
        for number, emotion in enumerate(EMOTIONS):
            path = folder / f"{speaker}-{emotion}.wav"
            sound = 0.3 * np.sin(2 * np.pi * (150 + 200 * number + 5 * speaker) * time)
            with wave.open(str(path), "wb") as file:
                file.setparams((1, 2, 16000, 0, "NONE", ""))
                file.writeframes((sound * 32767).astype(np.int16).tobytes())
            rows.append({"audio": str(path), "speaker": f"toy/{speaker}", "culture": "Toy"})
            labels.append({"emotion": emotion})
    index = pd.Index([f"toy/{n}" for n in range(len(rows))], name="id")
    recordings = pd.DataFrame(rows, index).reindex(columns=list(RECORDING_COLUMNS))
    return Corpus("toy", "Toy", "none", recordings, pd.DataFrame(labels, index))


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> tuple[Path, Path, Path]:
    """The folders of the weights, of the store and of the checkpoint."""
    root = tmp_path_factory.mktemp("end-to-end")
    weights = encoders.save_speech(root / "hubert", "hubert")
    (root / "sounds").mkdir()
    settings = {"weights": str(weights), "layer": 1}
    store = FeatureStore(root / "store")
    store.add_corpus(write_corpus(root / "sounds"), ["hubert"], settings={"hubert": settings})
    config = TrainingConfig(
        name="by-hubert",
        title="By HuBERT",
        source=Source.SPEECH,
        model="statistics-pooling",
        options={"hidden": 4},
        data="utterances",
        corpora=("toy",),
        inputs=(InputConfig("hubert", components=4, settings=settings),),
        outputs=EMOTIONS,
        loss="cross_entropy",
        selection="ua",
        window=0.4,
        epochs=1,
    )
    folder = train(config, store, root / "runs", root / "checkpoints")
    assert load_config(root / "runs" / "by-hubert" / "config.json") == config
    return weights, root, folder


def test_the_checkpoint_says_what_its_features_were_made_with(trained):
    weights, _, folder = trained
    about = checkpoints.read_description(folder)
    (feature,) = about.features
    assert feature.chosen == {"weights": str(weights), "layer": 1}
    assert feature.settings["layer"] == 1
    assert len(str(feature.settings["weights"])) == 16
    assert checkpoints.load(folder).channels == tuple(f"hubert.pc{i:03d}" for i in range(4))


def test_an_encoder_goes_to_other_processes_with_its_settings(trained):
    chosen = make("hubert", {"weights": str(trained[0]), "layer": 1})
    there = pickle.loads(pickle.dumps(chosen))
    assert (there.settings, there.channels) == (chosen.settings, chosen.channels)


def test_a_clip_is_predicted_with_the_same_encoder(trained, monkeypatch):
    _, root, folder = trained
    monkeypatch.setattr("emoviz.media.condition.speech_spans", lambda voice: [(0.0, 1e9)])  # made-up sound is no speech
    prediction = predict_clip(ClipMedia(root / "sounds" / "0-happy.wav"), [checkpoints.load(folder)])
    assert prediction.table["speech.happy"].notna().mean() > 0.9  # the last half frame is not there


def test_without_the_weights_one_sentence_says_what_is_missing(trained):
    weights, root, folder = trained
    hidden = shutil.move(weights, root / "hidden")
    try:
        with pytest.raises(MissingWeightsError, match=f"'{weights}' are not on this machine"):
            predict_clip(ClipMedia(root / "sounds" / "0-sad.wav"), [checkpoints.load(folder)])
    finally:
        shutil.move(hidden, weights)


def test_other_weights_of_the_same_name_are_refused(trained):
    weights, root, folder = trained
    hidden = shutil.move(weights, root / "hidden")
    try:
        encoders.save_speech(weights, "hubert", normalise=False)
        with pytest.raises(FeatureError, match="trained on the feature 'hubert'.*train the model again"):
            predict_clip(ClipMedia(root / "sounds" / "0-sad.wav"), [checkpoints.load(folder)])
    finally:
        shutil.rmtree(weights)
        shutil.move(hidden, weights)


def test_training_on_what_was_not_extracted_names_the_command_with_its_settings(trained):
    weights, root, _ = trained
    store = FeatureStore(root / "store")
    key = store.corpus("toy").recordings["key"].iloc[0]
    with pytest.raises(FeatureError, match=r"--features hubert --set hubert.weights=.* --set hubert.layer=2`"):
        store.stream(key, "hubert", {"weights": str(weights), "layer": 2})
