"""The papers' presets name the streams of the specification, fit their models, and stop where weights are missing."""

import dataclasses

import numpy as np
import pytest

from emoviz.core.configuration import from_dict, to_dict
from emoviz.core.errors import ConfigError, MissingWeightsError
from emoviz.core.vocabulary import Split, Task
from emoviz.features import EXTRACTORS, bag_of_words, make
from emoviz.features.base import FeatureStream
from emoviz.features.store import FeatureStore
from emoviz.models import build
from emoviz.models.inputs import InputConfig
from emoviz.training import train
from emoviz.training.codebooks import fit_codebooks
from emoviz.training.config import TrainingConfig
from emoviz.training.papers import PAPERS
from emoviz.training.presets import preset, presets

from .made_up import UTTERANCES, MadeUpStore

STREAMS = {
    "paper1-audio": ("hubert",),
    "paper1-video": ("vggface",),
    "paper1-av": ("hubert", "vggface"),
    "paper2-llds": (
        "egemaps-functionals", "egemaps-words", "mfcc-functionals", "mfcc-words",
        "blendshapes-functionals", "blendshapes-words",
    ),
    "paper2-deep": (
        "deep-spectrum-vgg16", "deep-spectrum-alexnet", "deep-spectrum-densenet121", "deep-spectrum-densenet201",
        "vgg16", "resnet50",
    ),
    "paper3-full": ("vit", "wavlm-xvector", "captions", "blendshapes", "expression"),
    "paper3-image-fau": ("vit", "blendshapes", "expression"),
    "paper4": ("xls-r", "roberta"),
    "paper5": ("spectrogram", "snippets"),
}  # fmt: skip


def test_each_paper_reads_its_own_streams():
    for name, streams in STREAMS.items():
        assert tuple(entry.feature for entry in PAPERS[name].inputs) == streams
    assert len([name for name in PAPERS if name.startswith("paper3-")]) == 15
    assert PAPERS["paper1-audio"].inputs[0].components == 128
    assert not set(PAPERS) & set(presets())


def test_a_preset_has_the_papers_frames_layers_and_windows():
    for name in ("paper2-llds", "paper2-deep"):
        config = PAPERS[name]
        model = build(config.model, {**config.options, "streams": {"a": 3}, "outputs": 3})
        assert (config.hop, config.label_delay) == (0.1, 2.0)
        assert (model.config.step, model.config.window) == (1, None)  # each frame, all states
        assert not model.config.aligned
        for entry in config.inputs:
            extractor = make(entry.feature, entry.settings)
            if entry.feature.startswith("deep-spectrum") or entry.feature.endswith("-functionals"):
                assert (extractor.window, extractor.hop) == (4.0, 0.1)
    assert build("eaf", {"streams": {"a": 3}, "outputs": 3}).config.layers == 2
    full = PAPERS["paper3-full"]
    assert (full.epochs, full.batch_size, full.learning_rate) == (50, 16, 1e-5)
    assert (full.schedule, full.schedule_epochs) == ("halving", 10)


@pytest.mark.parametrize("name", PAPERS)
def test_a_preset_is_a_config_of_known_parts(name):
    config = preset(name)
    assert config.name == name
    assert from_dict(TrainingConfig, to_dict(config), "a config") == config
    for entry in config.inputs:
        assert entry.feature in EXTRACTORS
        make(entry.feature, entry.settings)


@pytest.mark.parametrize("name", [name for name in PAPERS if name not in ("paper3-full", "paper5")])
def test_a_preset_fits_its_model(name):
    config = preset(name)
    small = {"latents": 4, "width": 8, "layers": 1, "heads": 2, "projection": 8} if config.model == "viper" else {}
    streams = {entry.feature: entry.components or 3 for entry in config.inputs}
    model = build(config.model, {**config.options, **small, "streams": streams, "outputs": len(config.outputs)})
    assert (model.task is Task.FRAMES) == (config.data != "utterances")


@pytest.mark.parametrize("name", [name for name in PAPERS if name not in ("paper3-fau", "paper5")])
def test_without_weights_a_preset_stops_and_says_which(name, tmp_path, monkeypatch):
    monkeypatch.setenv("EMOVIZ_WEIGHTS", str(tmp_path / "weights"))
    missing = next(e for e in preset(name).inputs if getattr(make(e.feature, e.settings), "needs", ()))
    with pytest.raises(MissingWeightsError, match=rf"so '{missing.feature}' cannot be extracted: .*weights"):
        train(preset(name), FeatureStore(tmp_path / "store"), tmp_path / "runs", tmp_path / "checkpoints")
    assert not (tmp_path / "checkpoints").exists()


class Wide(MadeUpStore):
    """Answers with as many channels as eGeMAPS has, and remembers whose frames were asked for."""

    def stream(self, key, name, settings=None) -> FeatureStream:
        values = np.tile(super().stream(key, name).values, 7)[:, :25]
        return FeatureStream(values, 0.01, 0.02, tuple(f"{name}.{i}" for i in range(25)))


def test_a_codebook_is_made_of_training_speakers_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOVIZ_WEIGHTS", str(tmp_path))
    config = dataclasses.replace(UTTERANCES, inputs=(InputConfig("egemaps-words", settings={"codebook": "mine"}),))
    seen = []
    fit = bag_of_words.fit
    monkeypatch.setattr(bag_of_words, "fit", lambda frames, *rest: seen.append(len(frames)) or fit(frames, *rest))
    (folder,) = fit_codebooks(config, Wide(), words=4)
    assert folder == tmp_path / "mine"
    assert make("egemaps-words", {"codebook": "mine"}).channels == tuple(f"egemaps-words.{i:03d}" for i in range(4))
    from emoviz.training.data import arrange, load_recordings

    alone = dataclasses.replace(config, inputs=(InputConfig("egemaps"),))
    arranged = arrange(alone, load_recordings(alone, Wide()))
    assert seen == [sum(len(arranged.recordings.streams[i]["egemaps"]) for i in arranged.partition[Split.TRAIN])]


def test_a_config_without_bags_needs_no_codebook():
    with pytest.raises(ConfigError, match="No feature of 'toy' reads a codebook"):
        fit_codebooks(dataclasses.replace(UTTERANCES, inputs=(InputConfig("egemaps"),)), MadeUpStore())
