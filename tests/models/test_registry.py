"""What every registered model must do. A new model adds its example configs and gets all of it."""

import dataclasses
import json
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from torch import Tensor

from emoviz.define import Task
from emoviz.errors import ConfigError, UnknownNameError
from emoviz.models import Model, Output, build, load_models
from emoviz.models.cats import PAPER

from .masks import masks, noise

OUTPUTS = 2
STREAMS = {"speech": 5, "face": 3}
RECURRENT: tuple[dict[str, Any], ...] = tuple(
    {"streams": STREAMS, "hidden": 4, "pooling": pooling} for pooling in ("none", "mean", "attention")
)
SMALL_CATS: dict[str, Any] = {"streams": STREAMS, "reduction": 2, "width": 8, "heads": 2, "feedforward": 16, "step": 4}
EXAMPLES: dict[str, tuple[dict[str, Any], ...]] = {
    "rnn": RECURRENT,
    "lstm": RECURRENT,
    "lstm-attention": RECURRENT,
    "bi-lstm": RECURRENT,
    "bi-gru": RECURRENT,
    "cats": (
        SMALL_CATS,
        {**SMALL_CATS, "channel_attention": False, "causal_memory": True},
        {**SMALL_CATS, **PAPER},
    ),
    "statistics-pooling": ({"streams": STREAMS, "hidden": 6},),
    "expression": ({"streams": {"crop": 256}, "side": 16, "widths": [4, 8], "depths": [1, 1]},),
}
CASES = [pytest.param(name, example, id=f"{name}-{i}") for name in EXAMPLES for i, example in enumerate(EXAMPLES[name])]
OVER_TIME = [case for case in CASES if case.values[0] != "expression"]


def make(name: str, example: dict[str, Any]) -> Model:
    torch.manual_seed(0)
    return build(name, {**example, "outputs": OUTPUTS}).eval()


def clips(model: Model, batch: int, frames: int, seed: int = 0) -> dict[str, Tensor]:
    return {
        name: noise(batch, frames, width, seed=seed + i) for i, (name, width) in enumerate(model.config.streams.items())
    }


def frames_of(name: str) -> int:
    return 1 if name == "expression" else 9


def everything(output: Output) -> dict[str, Tensor]:
    return {"prediction": output.prediction, "embedding": output.embedding, **output.attention}


def test_every_model_has_an_example() -> None:
    assert set(EXAMPLES) == set(load_models())


@pytest.mark.parametrize(("name", "example"), CASES)
def test_shapes(name: str, example: dict[str, Any]) -> None:
    model, frames = make(name, example), frames_of(name)
    output = model(clips(model, 3, frames), torch.ones(3, frames, dtype=torch.bool))
    assert output.prediction.shape == ((3, frames, OUTPUTS) if model.task == Task.FRAMES else (3, OUTPUTS))
    assert output.embedding.ndim == 2 and len(output.embedding) == 3
    shapes = {"channel": [(3, sum(model.config.streams.values()))], "temporal": [(3, frames), (3, frames, frames)]}
    for kind, values in output.attention.items():
        assert tuple(values.shape) in shapes[kind]
    assert all(values.isfinite().all() for values in everything(output).values())


@pytest.mark.parametrize(("name", "example"), CASES)
def test_every_parameter_learns(name: str, example: dict[str, Any]) -> None:
    model, frames = make(name, example).train(), frames_of(name)
    mask = torch.ones(3, frames, dtype=torch.bool)
    target = noise(3, frames, OUTPUTS) if model.task == Task.FRAMES else None
    prediction = model(clips(model, 3, frames), mask, target).prediction
    (prediction * noise(*prediction.shape, seed=9)).sum().backward()
    for parameter, values in model.named_parameters():
        assert values.grad is not None and values.grad.isfinite().all(), parameter
    assert sum(values.grad.abs().sum() for values in model.parameters() if values.grad is not None) > 0


@pytest.mark.parametrize(("name", "example"), OVER_TIME)
def test_padding_changes_nothing(name: str, example: dict[str, Any]) -> None:
    model = make(name, example)
    streams = clips(model, 3, 9)
    lengths = (9, 4, 1)
    mask = torch.arange(14) < torch.tensor(lengths)[:, None]
    padded = {key: torch.cat([values, noise(3, 5, values.shape[-1])], 1) for key, values in streams.items()}
    padded = {key: values.where(mask[..., None], torch.nan) for key, values in padded.items()}
    together = everything(model(padded, mask))
    for row, length in enumerate(lengths):
        single = {key: values[row : row + 1, :length] for key, values in streams.items()}
        alone = everything(model(single, torch.ones(1, length, dtype=torch.bool)))
        for key, expected in alone.items():
            got = together[key][row : row + 1]
            if key == "temporal" or (key == "prediction" and model.task == Task.FRAMES):
                got = got[:, :length]
            torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-4, msg=lambda text, key=key: f"{key}: {text}")


@pytest.mark.parametrize(("name", "example"), OVER_TIME)
@settings(max_examples=10)
@given(mask=masks())
def test_what_stands_in_a_gap_changes_nothing(name: str, example: dict[str, Any], mask: Tensor) -> None:
    model = make(name, example)
    streams, others = clips(model, 3, 9), clips(model, 3, 9, seed=5)
    mixed = {key: streams[key].where(mask[..., None], others[key]) for key in streams}
    before, after = everything(model(streams, mask)), everything(model(mixed, mask))
    for key in before:
        if key == "prediction" and model.task == Task.FRAMES:
            before[key], after[key] = before[key][mask], after[key][mask]
        torch.testing.assert_close(after[key], before[key], atol=1e-5, rtol=1e-4)
        assert after[key].isfinite().all()


@pytest.mark.parametrize(("name", "example"), OVER_TIME)
def test_a_clip_without_real_frames_gives_finite_values(name: str, example: dict[str, Any]) -> None:
    model = make(name, example)
    output = model(clips(model, 2, 9), torch.tensor([[True] * 9, [False] * 9]))
    assert all(values.isfinite().all() for values in everything(output).values())


@pytest.mark.parametrize(("name", "example"), CASES)
def test_a_model_is_rebuilt_from_its_config_alone(name: str, example: dict[str, Any]) -> None:
    model, frames = make(name, example), frames_of(name)
    again = build(name, json.loads(json.dumps(dataclasses.asdict(model.config)))).eval()
    again.load_state_dict(model.state_dict())
    assert again.config == model.config and again.task == model.task
    streams, mask = clips(model, 2, frames), torch.ones(2, frames, dtype=torch.bool)
    assert torch.equal(again(streams, mask).prediction, model(streams, mask).prediction)


@pytest.mark.parametrize(("name", "example"), CASES)
def test_the_same_clip_gives_the_same_output(name: str, example: dict[str, Any]) -> None:
    model, frames = make(name, example), frames_of(name)
    streams, mask = clips(model, 2, frames), torch.ones(2, frames, dtype=torch.bool)
    first, second = everything(model(streams, mask)), everything(model(streams, mask))
    assert all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.parametrize(("name", "example"), OVER_TIME)
@settings(max_examples=10)
@given(mask=masks())
def test_attention_over_time_sums_to_one_over_real_frames(name: str, example: dict[str, Any], mask: Tensor) -> None:
    model = make(name, example)
    attention = model(clips(model, 3, 9), mask).attention
    if "temporal" in attention:
        torch.testing.assert_close(attention["temporal"].sum(-1), torch.ones(3))
        assert (attention["temporal"][~mask] == 0).all()
    if "channel" in attention:
        assert ((attention["channel"] > 0) & (attention["channel"] < 1)).all()


def test_the_family_has_both_kinds_of_attention() -> None:
    kinds = {
        kind
        for case in OVER_TIME
        for model in [make(*case.values)]
        for kind in model(clips(model, 1, 9), torch.ones(1, 9, dtype=torch.bool)).attention
    }
    assert kinds == {"channel", "temporal"}


@pytest.mark.parametrize(("name", "example"), CASES)
def test_an_unknown_key_is_refused(name: str, example: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=f"Unknown key 'colour' in the config of model '{name}'; known are: streams"):
        build(name, {**example, "outputs": OUTPUTS, "colour": "red"})


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_outputs_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="at least one output, not 0"):
        build(name, {**EXAMPLES[name][0], "outputs": 0})


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="no model named 'gru'; known are: bi-gru, bi-lstm, cats"):
        build("gru", {})
