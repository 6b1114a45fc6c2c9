"""Speech encoders loaded by name give what transformers gives, of clips of any length, and refuse what is broken."""

from pathlib import Path

import encoders
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from emoviz.core.errors import ConfigError, FeatureError, MissingWeightsError
from emoviz.features import downloads, make
from emoviz.features.store import FeatureStore

from .fakes import FakeMedia, voice

FAMILIES = tuple(encoders.SPEECH)


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("weights")
    saved = {feature: encoders.save_speech(root / feature, feature) for feature in FAMILIES}
    return saved | {"whisper-encoder": encoders.save_whisper(root / "whisper-encoder")}


def reference(feature: str, folder: Path, samples: np.ndarray, layer: int) -> np.ndarray:
    """Transformers alone."""
    import transformers

    prepared = transformers.AutoFeatureExtractor.from_pretrained(folder)(
        samples, sampling_rate=16000, return_tensors="pt"
    )
    network = transformers.AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        if feature == "whisper-encoder":
            network = network.get_encoder()
            states = network(prepared["input_features"], output_hidden_states=True).hidden_states[layer]
            return states[0, : -(-len(samples) // 320)].numpy()
        return network(prepared["input_values"], output_hidden_states=True).hidden_states[layer][0].numpy()


@pytest.mark.parametrize("layer", [0, 1, -1])
@pytest.mark.parametrize("feature", [*FAMILIES, "whisper-encoder"])
def test_an_encoder_gives_what_transformers_gives(feature, layer, folders):
    samples = voice(1.3)
    stream = make(feature, {"weights": str(folders[feature]), "layer": layer}).extract(FakeMedia(samples, start=0.5))
    expected = reference(feature, folders[feature], samples, layer)
    assert stream.values.shape == expected.shape
    np.testing.assert_allclose(stream.values, expected, atol=1e-5)
    assert stream.start == pytest.approx(0.5 if feature == "whisper-encoder" else 0.5 + 200 / 16000)
    assert stream.hop == 0.02


def test_the_last_layer_by_its_number_is_the_last_layer(folders):
    first, second = (make("hubert", {"weights": str(folders["hubert"]), "layer": layer}) for layer in (-1, 2))
    assert first.settings == second.settings


def test_pooling_over_the_clip(folders):
    chosen = {"weights": str(folders["wavlm"])}
    frames = make("wavlm", chosen).extract(FakeMedia(voice(1.0))).values
    stream = make("wavlm", chosen | {"pooling": "statistics"}).extract(FakeMedia(voice(1.0)))
    np.testing.assert_allclose(stream.values[0], np.concatenate([frames.mean(0), frames.std(0)]), atol=1e-6)
    assert stream.channels[0] == "wavlm.mean.0000"
    assert stream.channels[-1] == "wavlm.std.0015"
    assert (stream.start, stream.hop) == (0.5, 1.0)
    mean = make("wavlm", chosen | {"pooling": "mean"}).extract(FakeMedia(voice(1.0)))
    np.testing.assert_allclose(mean.values[0], frames.mean(0), atol=1e-6)


@pytest.mark.parametrize("feature", ["hubert", "whisper-encoder"])
def test_a_long_clip_is_encoded_in_windows_that_agree_with_the_whole_inside(feature, folders, monkeypatch):
    from emoviz.features import speech_encoders

    monkeypatch.setattr(speech_encoders, "WINDOW", 100)
    monkeypatch.setattr(speech_encoders, "OVERLAP", 20)
    monkeypatch.setitem(speech_encoders.BATCH, "cpu", 2)
    samples, told = voice(7.0), []
    extractor = make(feature, {"weights": str(folders[feature]), "layer": 0})
    values = extractor.encode(samples, lambda stage, done, total: told.append((done, total)))
    frame = extractor._frame()
    count = (len(samples) - frame.length) // frame.step + 1
    starts = list(range(0, count - 20, 80))
    assert len(values) == count
    assert told[0] == (0, len(starts))
    assert told[-1] == (len(starts), len(starts))
    assert len(told) < len(starts) + 1  # in batches
    if feature == "hubert":  # its input layer sees but a few frames around each
        monkeypatch.setattr(speech_encoders, "WINDOW", 10_000)
        whole = extractor.encode(samples)
        inside = [i for s in starts for i in range(s + 30, min(s + 70, count - 10))]
        np.testing.assert_allclose(values[inside], whole[inside], atol=1e-4)


def test_half_of_a_windows_weights_fade(folders):
    from emoviz.features.windows import cross_faded

    ones = cross_faded(260, 100, 20, lambda starts: [torch.ones(min(100, 260 - s), 3) for s in starts], batch=2)
    np.testing.assert_allclose(ones, 1, atol=1e-6)


def test_sound_shorter_than_a_frame_is_missing(folders):
    stream = make("hubert", {"weights": str(folders["hubert"])}).extract(FakeMedia(voice(0.02)))
    assert np.isnan(stream.values).all()
    assert stream.notes == ("The clip's sound is shorter than the 0.025 s that 'hubert' needs.",)


def test_weights_decide_the_stores_key_and_their_place_does_not(folders, tmp_path):
    import shutil

    chosen = make("hubert", {"weights": str(folders["hubert"])})
    moved = make("hubert", {"weights": shutil.copytree(folders["hubert"], tmp_path / "elsewhere").as_posix()})
    assert moved.settings == chosen.settings
    state = load_file(tmp_path / "elsewhere" / "model.safetensors")
    name = next(iter(state))
    save_file(state | {name: state[name] + 1}, tmp_path / "elsewhere" / "model.safetensors", {"format": "pt"})
    assert moved.settings != chosen.settings


def damage_tensors(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def remove_tensors(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def keep_only_the_old_file(folder: Path) -> None:
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    remove_tensors(folder)


def drop_a_tensor(folder: Path) -> None:
    state = load_file(folder / "model.safetensors")
    state.pop("encoder.layer_norm.weight")
    save_file(state, folder / "model.safetensors", {"format": "pt"})


@pytest.mark.parametrize(
    ("damage", "error", "message"),
    [
        (damage_tensors, FeatureError, "cannot be loaded, as a file is damaged.*get them again"),
        (remove_tensors, MissingWeightsError, "lack model.safetensors.*put config.json, preprocessor_config.json and"),
        (keep_only_the_old_file, MissingWeightsError, r"--convert .*pytorch_model.bin` makes it of pytorch_model.bin"),
        (drop_a_tensor, FeatureError, "lack encoder.layer_norm.weight, so they are not those of a HubertModel"),
        (lambda f: (f / "config.json").write_text("{"), FeatureError, "config.json' is damaged"),
        (lambda f: (f / "preprocessor_config.json").unlink(), MissingWeightsError, "lack preprocessor_config.json"),
        (lambda f: encoders.change_config(f, model_type="bert"), FeatureError, "architecture 'bert'.*takes hubert"),
        (
            lambda f: (f / "config.json").write_text('{"model_type": "hubert"}'),
            FeatureError,
            "lacks 'num_hidden_layers'",
        ),
        (lambda f: encoders.change_config(f, hidden_size=32), FeatureError, "have another size in|cannot be loaded"),
    ],
)
def test_broken_weights_get_one_sentence_and_nothing_is_stored(damage, error, message, tmp_path):
    folder = encoders.save_speech(tmp_path / "weights", "hubert")
    damage(folder)
    with pytest.raises(error, match=message) as caught:
        FeatureStore(tmp_path / "store").extract(make("hubert", {"weights": str(folder)}), FakeMedia(voice(0.5)))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "store").exists()


def test_an_old_state_file_becomes_safetensors_once(tmp_path):
    folder = encoders.save_speech(tmp_path / "weights", "hubert")
    extractor = make("hubert", {"weights": str(folder)})
    before = extractor.extract(FakeMedia(voice(0.5))).values
    keep_only_the_old_file(folder)
    downloads.convert(folder / "pytorch_model.bin")
    np.testing.assert_array_equal(extractor.extract(FakeMedia(voice(0.5))).values, before)


def test_names_of_older_published_weights_are_understood(tmp_path):
    folder = encoders.save_speech(tmp_path, "hubert")
    extractor = make("hubert", {"weights": str(folder)})
    before = extractor.extract(FakeMedia(voice(0.5))).values
    state = load_file(folder / "model.safetensors")
    old = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
    renamed = {next((n.replace(new, o) for new, o in old.items() if new in n), n): v for n, v in state.items()}
    assert set(renamed) != set(state)
    save_file(renamed, folder / "model.safetensors", {"format": "pt"})
    np.testing.assert_array_equal(extractor.extract(FakeMedia(voice(0.5))).values, before)


def test_a_state_file_that_would_run_code_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    torch.save({"a": Evil()}, tmp_path / "evil.bin")
    with pytest.raises(FeatureError, match="no file of named tensors that PyTorch can read safely"):
        downloads.convert(tmp_path / "evil.bin")
    assert not (tmp_path / "ran").exists()


def test_another_sample_rate_is_refused(tmp_path):
    folder = encoders.save_speech(tmp_path, "wavlm", rate=8000)
    with pytest.raises(FeatureError, match="takes sound of 8000 Hz; only encoders of 16000 Hz"):
        make("wavlm", {"weights": str(folder)}).settings  # noqa: B018


@pytest.mark.parametrize("layer", [-2, 3])
def test_a_layer_that_is_not_there_is_refused(layer, folders):
    with pytest.raises(FeatureError, match="has the layers 1 to 2.*no layer"):
        make("hubert", {"weights": str(folders["hubert"]), "layer": layer}).settings  # noqa: B018


def test_missing_weights_name_the_model_the_command_and_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("EMOVIZ_WEIGHTS", str(tmp_path))
    name = "facebook/hubert-large-ll60k"
    with pytest.raises(MissingWeightsError) as caught:
        FeatureStore(tmp_path).extract(make("hubert"), FakeMedia(voice(0.5)))
    assert all(part in str(caught.value) for part in (name, f"--get {name}", str(tmp_path / name)))


def test_weights_in_the_projects_folder_and_in_the_hubs_cache_are_found(monkeypatch, tmp_path):
    monkeypatch.setenv("EMOVIZ_WEIGHTS", str(tmp_path / "weights"))
    encoders.save_speech(tmp_path / "weights" / "someone" / "tiny", "hubert")
    assert make("hubert", {"weights": "someone/tiny"}).settings["layer"] == 2
    snapshot = tmp_path / "hub" / "models--someone--cached" / "snapshots" / "abc"
    encoders.save_speech(snapshot, "hubert")
    reference_file = tmp_path / "hub" / "models--someone--cached" / "refs" / "main"
    reference_file.parent.mkdir()
    reference_file.write_text("abc")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    assert make("hubert", {"weights": "someone/cached"}).settings["layer"] == 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"layers": 3}, "no setting 'layers'; known are: weights, layer, pooling, device"),
        ({"layer": "last"}, "'layer' of the feature 'hubert' is of type int"),
        ({"pooling": "max"}, "one of none, mean, statistics"),
    ],
)
def test_settings_that_are_none(settings, message):
    with pytest.raises(ConfigError, match=message):
        make("hubert", settings)


@pytest.mark.skipif(torch.cuda.is_available(), reason="a machine without CUDA is needed")
def test_cuda_where_there_is_none(folders):
    with pytest.raises(FeatureError, match="PyTorch finds no CUDA device"):
        make("hubert", {"weights": str(folders["hubert"]), "device": "cuda"}).extract(FakeMedia(voice(0.5)))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA is needed")
def test_half_precision_on_cuda_agrees_with_the_cpu(folders):
    streams = [
        make("hubert", {"weights": str(folders["hubert"]), "device": device}).extract(FakeMedia(voice(2.0))).values
        for device in ("cpu", "cuda")
    ]
    np.testing.assert_allclose(*streams, atol=0.05)
