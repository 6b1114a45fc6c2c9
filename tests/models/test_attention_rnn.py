"""Attention RNNs against the equations in NumPy, and the BiLSTM against torch's own."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from emoviz.core.errors import ConfigError
from emoviz.models import build
from emoviz.models.attention_rnn import AEDConfig, BiLSTM, FeatureAttention
from emoviz.models.layers import Present

from .masks import masks, noise
from .streams import STREAMS

FRAMES = 11
WHOLE = torch.ones(2, FRAMES, dtype=torch.bool)
NAMES = ("eaf", "aed", "emafn")


def small(name: str, **options: Any) -> Any:
    torch.manual_seed(0)
    return build(name, {"streams": STREAMS, "outputs": 2, "hidden": 4, "step": 1, **options}).eval()


def clips(batch: int = 2, frames: int = FRAMES) -> dict[str, Tensor]:
    return {name: noise(batch, frames, width, seed=width) for name, width in STREAMS.items()}


def numpy_of(tensor: Tensor) -> np.ndarray:
    return tensor.detach().double().numpy()


def linear(layer: nn.Linear, x: np.ndarray) -> np.ndarray:
    bias = 0.0 if layer.bias is None else numpy_of(layer.bias)
    return x @ numpy_of(layer.weight).T + bias


def softmax(scores: np.ndarray) -> np.ndarray:
    return np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def weigh(attention: FeatureAttention, streams: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weighted streams, of which no frame is absent."""
    weighted, _ = attention({name: Present(values, WHOLE) for name, values in streams.items()})
    return {name: own.values for name, own in weighted.items()}


@pytest.mark.parametrize("scale", [True, False])
@settings(max_examples=10)
@given(mask=masks())
def test_features_are_weighted_per_stream_and_frame(scale: bool, mask: Tensor) -> None:
    attention, streams = small("eaf", scale=scale).feature_attention, clips(3, 9)
    weighted, maps = attention({name: Present(values, mask) for name, values in streams.items()})
    for score, (stream, features) in zip(attention.scores, streams.items(), strict=True):
        weights, factor = softmax(linear(score, numpy_of(features))), STREAMS[stream] if scale else 1
        np.testing.assert_allclose(numpy_of(weighted[stream].values), factor * weights * numpy_of(features), atol=1e-6)
        for row in range(3):
            expected = weights[row][mask[row].numpy()].mean(0)
            np.testing.assert_allclose(numpy_of(maps[f"channel.{stream}"][row]), expected, atol=1e-6)


def test_scaled_equal_weights_change_no_feature() -> None:
    attention, streams = small("eaf", scale=True).feature_attention, clips()
    for score in attention.scores:
        nn.init.zeros_(score.weight)
        nn.init.zeros_(score.bias)
    weighted = weigh(attention, streams)
    for name, features in streams.items():
        torch.testing.assert_close(weighted[name], features)


@pytest.mark.parametrize("layers", [1, 2])
def test_the_bilstm_is_that_of_torch_on_packed_sequences(layers: int) -> None:
    torch.manual_seed(0)
    expected = nn.LSTM(3, 4, layers, batch_first=True, bidirectional=True)
    got = BiLSTM(3, AEDConfig({"a": 3}, 2, hidden=4, layers=layers)).eval()
    for layer, (ahead, back) in enumerate(zip(got.ahead, got.back, strict=True)):
        for parameter in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            for network, suffix in ((ahead, ""), (back, "_reverse")):
                source = getattr(expected, f"{parameter}_l{layer}{suffix}")
                getattr(network, f"{parameter}_l0").data.copy_(source)
    lengths = torch.tensor([7, 2, 5])
    sequences, real = noise(3, 7, 3), torch.arange(7) < lengths[:, None]
    packed = pack_padded_sequence(sequences, lengths, batch_first=True, enforce_sorted=False)
    states, _ = pad_packed_sequence(expected(packed)[0], batch_first=True)
    torch.testing.assert_close(got(sequences, real)[0][real], states[real])


def test_eaf_reads_the_weighted_streams_side_by_side() -> None:
    model, streams = small("eaf"), clips()
    output = model(streams, WHOLE)
    weighted = weigh(model.feature_attention, streams)
    states, _ = model.recurrence(torch.cat([weighted["speech"], weighted["face"]], -1), WHOLE)
    torch.testing.assert_close(output.prediction, model.head(states))
    torch.testing.assert_close(output.embedding, states.mean(1))
    assert set(output.attention) == {"channel.speech", "channel.face"}


def decoded(model: Any, memory: np.ndarray, window: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Predictions (T, K) and weights (T, T) of the decoder over one clip's encoder states (T, 2 hidden)."""
    recurrence, cell = model.recurrence, model.recurrence.decoder
    w, u, b, c = (numpy_of(getattr(cell, n)) for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    state, kept = np.tanh(linear(recurrence.start, memory[0, 4:])), np.zeros(4)
    predictions, rows = [], []
    for i in range(len(memory)):
        hidden = np.tanh(linear(recurrence.query, state) + linear(recurrence.key, memory))
        scores = linear(recurrence.score, hidden)[:, 0]
        if window is not None:
            scores[np.abs(np.arange(len(memory)) - i) > window] = -np.inf
        rows.append(softmax(scores))
        context = rows[-1] @ memory
        seen = np.concatenate([context, memory[i]]) if recurrence.aligned else context
        enter, forget, new, out = np.split(w @ seen + b + u @ state + c, 4)
        kept = sigmoid(forget) * kept + sigmoid(enter) * np.tanh(new)
        state = sigmoid(out) * np.tanh(kept)
        predictions.append(linear(model.head, np.concatenate([state, context])))
    return np.array(predictions), np.array(rows)


@pytest.mark.parametrize("window", [None, 1, 2, 4])
@pytest.mark.parametrize("aligned", [True, False])
def test_aed_follows_its_equations(window: int | None, aligned: bool) -> None:
    model, streams = small("aed", window=window, aligned=aligned), clips()
    output = model(streams, WHOLE)
    memory, _ = model.recurrence.encoder(torch.cat(list(streams.values()), -1), WHOLE)
    for row in range(2):
        prediction, weights = decoded(model, numpy_of(memory[row]), window)
        np.testing.assert_allclose(numpy_of(output.attention["temporal"][row]), weights, atol=1e-6)
        np.testing.assert_allclose(numpy_of(output.prediction[row]), prediction, atol=1e-6)


def test_emafn_is_aed_over_the_weighted_streams() -> None:
    both, decoder, streams = small("emafn"), small("aed"), clips()
    decoder.load_state_dict({k: v for k, v in both.state_dict().items() if not k.startswith("feature_attention")})
    weighted = weigh(both.feature_attention, streams)
    output, expected = both(streams, WHOLE), decoder(weighted, WHOLE)
    torch.testing.assert_close(output.prediction, expected.prediction)
    torch.testing.assert_close(output.attention["temporal"], expected.attention["temporal"])


@pytest.mark.parametrize("name", ["eaf", "aed"])
def test_steps_read_means_and_outputs_are_linear_between_their_centres(name: str) -> None:
    options = {} if name == "eaf" else {"window": None}
    coarse, fine, streams = small(name, step=3, **options), small(name, **options), clips()
    fine.load_state_dict(coarse.state_dict())
    streams = weigh(coarse.feature_attention, streams) if name == "eaf" else streams
    coarse.feature_attention = fine.feature_attention = None
    means = {key: torch.stack([block.mean(1) for block in values.split(3, 1)], 1) for key, values in streams.items()}
    output, expected = coarse(streams, WHOLE), fine(means, WHOLE[:, :4])
    frames, centres, sizes = np.arange(FRAMES), np.arange(4) * 3 + 1, np.array([3, 3, 3, 2])
    for row, k in np.ndindex(2, 2):
        line = np.interp(frames, centres, numpy_of(expected.prediction[row, :, k]))
        np.testing.assert_allclose(numpy_of(output.prediction[row, :, k]), line, atol=1e-6)
    for key, weights in expected.attention.items():
        for row, frame in np.ndindex(2, FRAMES):
            line = np.interp(frames, centres, numpy_of(weights[row, :, frame // 3])) / sizes[frame // 3]
            np.testing.assert_allclose(numpy_of(output.attention[key][row, :, frame]), line, atol=1e-6)


def test_the_window_is_in_frames() -> None:
    weights = small("aed", step=2, window=5)(clips(), WHOLE).attention["temporal"]
    distance = torch.arange(FRAMES)[:, None] // 2 - torch.arange(FRAMES) // 2
    assert (weights[:, distance.abs() > 3] == 0).all()  # 5 frames are two steps, and one more by interpolation
    assert (weights[:, distance.abs() <= 2] > 0).all()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("step", [1, 2])
@settings(max_examples=4)
@given(mask=masks())
def test_a_gap_is_as_if_its_frames_did_not_exist(name: str, step: int, mask: Tensor) -> None:
    model, streams = small(name, step=step), clips(3, 9)
    output = model(streams, mask)
    for row, real in enumerate(mask):
        without = model({k: v[row : row + 1, real] for k, v in streams.items()}, torch.ones(1, int(real.sum())) > 0)
        torch.testing.assert_close(output.prediction[row, real], without.prediction[0])
        if name != "eaf":
            weights = output.attention["temporal"][row]
            torch.testing.assert_close(weights[real][:, real], without.attention["temporal"][0])
            assert (weights[~real] == 0).all() and (weights[:, ~real] == 0).all()


def test_training_makes_no_map_over_time() -> None:
    model, streams = small("emafn").train(), clips()
    assert set(model(streams, WHOLE).attention) == {"channel.speech", "channel.face"}
    assert "temporal" in model.eval()(streams, WHOLE).attention


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("eaf", {"hidden": 0}, "'hidden' is at least 1, not 0."),
        ("eaf", {"step": 0}, "'step' is at least 1, not 0."),
        ("aed", {"layers": 0}, "'layers' is at least 1, not 0."),
        ("emafn", {"dropout": 1.0}, "'dropout' is at least 0 and below 1, not 1.0."),
        ("aed", {"step": 5, "window": 4}, "'window' is null or at least 'step' (5), not 4."),
        ("aed", {"scale": True}, "Unknown key 'scale' in the config of model 'aed'; known are: "),
        ("eaf", {"window": 40}, "Unknown key 'window' in the config of model 'eaf'; known are: "),
    ],
)
def test_a_wrong_value_is_refused(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        small(name, **options)
    assert str(error.value).startswith(message)
