"""The training config refuses nonsense with one clear sentence."""

import dataclasses
import json

import pytest

from emoviz.core.errors import ConfigError, UnknownNameError
from emoviz.training.config import load_config, with_settings
from emoviz.training.presets import preset, presets


@pytest.mark.parametrize("name", presets())
def test_presets_survive_json(name, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(dataclasses.asdict(preset(name))))
    assert dataclasses.asdict(load_config(path)) == dataclasses.asdict(preset(name))


def test_unknown_preset_lists_the_known():
    with pytest.raises(UnknownNameError, match="speech-cats"):
        preset("speech-dogs")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("epoch=3", "Unknown key 'epoch'"),
        ("epochs=0", "'epochs' is at least 1"),
        ("epochs=many", "'epochs' in the training config is of type int"),
        ("epochs=true", "'epochs' in the training config is of type int"),
        ("learning_rate=-1", "'learning_rate' is positive"),
        ("selection=loss", "is one of ccc, accuracy, ua"),
        ("selection=ua", "dimensions by ccc.*'ua' does not fit"),
        ('outputs=["joyful"]', "'joyful' is no output"),
        ('outputs=["happy", "valence (derived)"]', "either all emotions, all intensities"),
        ('outputs=["happy"]', "at least two emotions to tell apart; 'happy' is the only one"),
        ("corpora=[]", "'corpora' has at least one entry"),
        ('corpora=["emodb", "emodb"]', "none twice"),
        ("name=a/b", "no spaces, dots or slashes"),
        ("averaging=1", "'averaging' is at least 0 and below 1"),
        ("test_share=0.9", "leave speakers to train on"),
        ('inputs=[{"feature": "whisper", "components": 0}]', "at least 1"),
        ('inputs=[{"feature": "whisper", "pca": 3}]', "Unknown key 'pca'"),
        ('balance=["emotion"]', "'balance' takes speaker, culture, not 'emotion'"),
        ('outputs=["low valence"]', "'low arousal' and 'high arousal', 'low valence' and 'high valence' or 'dislike'"),
        ("threshold=0.2", "'threshold' and 'neutral' separate high from low, but the outputs here are others"),
        ("source=nose", "is one of face, speech, fused"),
        ("epochs", "A setting has the form key=value"),
    ],
)
def test_wrong_settings(setting, message):
    with pytest.raises(ConfigError, match=message):
        with_settings(preset("speech-cats"), [setting])


def test_settings_reach_the_model_options():
    config = with_settings(preset("speech-cats"), ["epochs=3", "options.width=32", "learning_rate=1"])
    assert (config.epochs, config.options["width"], config.learning_rate) == (3, 32, 1.0)


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"name": "x"}'])
def test_broken_files(content, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(content)
    with pytest.raises(ConfigError):
        load_config(path)
