"""The recurrent family, against equations in NumPy."""

import numpy as np
import pytest
import torch

from emoviz.core.errors import ConfigError
from emoviz.core.vocabulary import Task
from emoviz.models import build

from .masks import noise


def small(name: str, **options: object) -> torch.nn.Module:
    torch.manual_seed(0)
    return build(name, {"streams": {"a": 3}, "outputs": 2, "hidden": 4, **options}).eval()


def numpy_of(parameter: torch.Tensor) -> np.ndarray:
    return parameter.detach().numpy()


def test_lstm_attention_follows_its_equations() -> None:
    model = small("lstm-attention")
    clip = noise(1, 7, 3)
    output = model({"a": clip}, torch.ones(1, 7, dtype=torch.bool))

    states = numpy_of(model.recurrent(clip)[0][0])
    hidden, score = model.summary.hidden, model.summary.score
    scores = np.tanh(states @ numpy_of(hidden.weight).T + numpy_of(hidden.bias)) @ numpy_of(score.weight)[0]
    weights = np.exp(scores) / np.exp(scores).sum()
    summary = weights @ states
    seen = np.tanh(numpy_of(model.from_summary.weight) @ summary + states @ numpy_of(model.from_state.weight).T)
    expected = seen @ numpy_of(model.head.weight).T + numpy_of(model.head.bias)
    np.testing.assert_allclose(numpy_of(output.attention["temporal"])[0], weights, atol=1e-6)
    np.testing.assert_allclose(numpy_of(output.prediction)[0], expected, atol=1e-6)


def test_bi_gru_follows_its_equations() -> None:
    model = small("bi-gru", layers=1)
    clip = noise(1, 6, 3)
    prediction = model({"a": clip}, torch.ones(1, 6, dtype=torch.bool)).prediction

    def sigmoid(x: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-x))

    def direction(frames: np.ndarray, suffix: str) -> np.ndarray:
        w, u, b, c = (numpy_of(getattr(model.recurrent, f"{p}_l0{suffix}")) for p in _NAMES)
        state, states = np.zeros(4), []
        for x in frames:
            (wr, wz, wn), (ur, uz, un) = np.split(w @ x + b, 3), np.split(u @ state + c, 3)
            reset, update = sigmoid(wr + ur), sigmoid(wz + uz)
            state = (1 - update) * np.tanh(wn + reset * un) + update * state
            states.append(state)
        return np.array(states)

    frames = numpy_of(clip)[0]
    states = np.concatenate([direction(frames, ""), direction(frames[::-1], "_reverse")[::-1]], axis=1)
    expected = states @ numpy_of(model.head.weight).T + numpy_of(model.head.bias)
    np.testing.assert_allclose(numpy_of(prediction)[0], expected, atol=1e-6)


_NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


@pytest.mark.parametrize("name", ["lstm", "bi-lstm"])
def test_a_gap_is_as_if_its_frames_did_not_exist(name: str) -> None:
    model = small(name)
    clip = noise(1, 8, 3)
    mask = torch.tensor([[True, False, True, True, False, False, True, False]])
    with_gaps = model({"a": clip}, mask).prediction[mask]
    without = model({"a": clip[:, mask[0]]}, torch.ones(1, 4, dtype=torch.bool)).prediction[0]
    torch.testing.assert_close(with_gaps, without)


@pytest.mark.parametrize(
    ("name", "looks_ahead"), [("rnn", False), ("lstm", False), ("bi-lstm", True), ("bi-gru", True)]
)
def test_only_both_directions_look_ahead(name: str, looks_ahead: bool) -> None:
    model, mask = small(name), torch.ones(1, 6, dtype=torch.bool)
    clip = noise(1, 6, 3)
    changed = torch.cat([clip[:, :4], noise(1, 2, 3, seed=1)], 1)
    before, after = model({"a": clip}, mask).prediction, model({"a": changed}, mask).prediction
    assert torch.equal(before[:, :4], after[:, :4]) is not looks_ahead
    assert not torch.equal(before[:, 4:], after[:, 4:])


def test_pooling_decides_the_task() -> None:
    assert small("bi-gru").task == Task.FRAMES
    assert small("bi-gru", pooling="attention").task == Task.CLIP


def test_mean_pooling_classifies_the_mean_of_the_states() -> None:
    model = small("lstm", pooling="mean")
    clip = noise(1, 5, 3)
    output = model({"a": clip}, torch.ones(1, 5, dtype=torch.bool))
    expected = model.head(model.recurrent(clip)[0].mean(1))
    torch.testing.assert_close(output.prediction, expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden": 0}, "'hidden' is at least 1, not 0."),
        ({"dropout": 1.0}, "'dropout' is at least 0 and below 1, not 1.0."),
        ({"pooling": "max"}, "'pooling' in the config of model 'lstm' is one of none, mean, attention, not 'max'."),
    ],
)
def test_a_wrong_value_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        small("lstm", **options)
    assert str(error.value) == message
