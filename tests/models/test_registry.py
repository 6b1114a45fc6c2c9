"""What every registered model must do. A new model adds its example configs and gets all of it."""

import dataclasses
import json
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from torch import Tensor

from emoviz.core.errors import ConfigError, UnknownNameError
from emoviz.core.vocabulary import Task
from emoviz.models import MODELS, Model, Output, build

from . import examples
from .examples import WITHOUT_TIME
from .masks import masks, noise

DEFAULT: tuple[dict[str, Any], ...] = ({"streams": {"a": 3, "b": 2}},)
"""Example of a model without a file of examples: two streams, and the defaults of its config."""
EXAMPLES = dict.fromkeys(MODELS, DEFAULT) | examples.EXAMPLES
OUTPUTS = 2
"""Outputs of every example."""
FRAMES = 9
CASES = [pytest.param(name, example, id=f"{name}-{i}") for name in EXAMPLES for i, example in enumerate(EXAMPLES[name])]
OVER_TIME = [case for case in CASES if case.values[0] not in WITHOUT_TIME]
OF_SEVERAL = [case for case in OVER_TIME if len(case.values[1]["streams"]) > 1]
MAPS = {
    "channel": ("D",),
    "temporal": ("T", "T"),
    "cross_modal": ("T", "T"),
    "graph": ("T", "T"),
    "co": ("T", "T"),
    "latent": ("L", "T"),
    "spatial": ("T", "heads", "h", "w"),
}
"""Kind of attention -> its axes after the batch; ``temporal`` may also have but one. A map of one stream
is named ``<kind>.<stream>``."""


def kind_of(key: str) -> str:
    return key.partition(".")[0]


def time_axes(key: str, values: Tensor, model: Model) -> list[int]:
    """Axes of an output that run over the frames of the clip."""
    if key == "prediction":
        return [1] if model.task == Task.FRAMES else []
    axes = MAPS.get(kind_of(key), ())[: values.ndim - 1]
    return [i + 1 for i, axis in enumerate(axes) if axis == "T"]


def crop(key: str, values: Tensor, model: Model, length: int) -> Tensor:
    for axis in time_axes(key, values, model):
        values = values.narrow(axis, 0, length)
    return values


def make(name: str, example: dict[str, Any]) -> Model:
    torch.manual_seed(0)
    return build(name, {**example, "outputs": OUTPUTS}).eval()


def clips(model: Model, batch: int, frames: int, seed: int = 0) -> dict[str, Tensor]:
    return {
        name: noise(batch, frames, width, seed=seed + i) for i, (name, width) in enumerate(model.config.streams.items())
    }


def frames_of(name: str) -> int:
    return 1 if name in WITHOUT_TIME else FRAMES


def everything(output: Output) -> dict[str, Tensor]:
    return {"prediction": output.prediction, "embedding": output.embedding, **output.attention}


def test_every_example_is_of_a_model() -> None:
    assert set(EXAMPLES) == set(MODELS)


@pytest.mark.parametrize(("name", "example"), CASES)
def test_shapes(name: str, example: dict[str, Any]) -> None:
    model, frames = make(name, example), frames_of(name)
    output = model(clips(model, 3, frames), torch.ones(3, frames, dtype=torch.bool))
    assert output.prediction.shape == ((3, frames, OUTPUTS) if model.task == Task.FRAMES else (3, OUTPUTS))
    assert output.embedding.ndim == 2 and len(output.embedding) == 3
    for key, values in output.attention.items():
        kind, _, stream = key.partition(".")
        assert kind in MAPS and (not stream or stream in model.config.streams)
        assert len(values) == 3
        assert values.ndim - 1 == len(MAPS[kind]) or (kind == "temporal" and values.ndim == 2)
        for axis in time_axes(key, values, model):
            assert values.shape[axis] == frames
        if kind == "channel":
            widths = model.config.streams
            assert values.shape[1] == (widths[stream] if stream else sum(widths.values()))
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
        assert (values.grad != 0).any(), parameter


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
            got = crop(key, got, model, length)
            torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-4, msg=lambda text, key=key: f"{key}: {text}")


@pytest.mark.parametrize(("name", "example"), OVER_TIME)
@settings(max_examples=5)  # of three clips each
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


def lacking(streams: dict[str, Tensor], absent: dict[str, Tensor], filling: float) -> dict[str, Tensor]:
    """The streams without some frames (B, T) each: NaN in the first channel, and a filling in the others."""
    found = {}
    for name, values in streams.items():
        found[name] = values.masked_fill(absent[name][..., None], filling)
        found[name][..., 0] = values[..., 0].masked_fill(absent[name], torch.nan)
    return found


def absences(model: Model, frames: int = FRAMES) -> dict[str, Tensor]:
    """Of three clips: one stream is absent at the beginning, the other at the end; the second is absent; the first."""
    first, *others = model.config.streams
    absent = {name: torch.zeros(3, frames, dtype=torch.bool) for name in (first, *others)}
    absent[first][0, :3] = absent[first][2] = True
    for name in others:
        absent[name][0, -4:] = absent[name][1] = True
    return absent


@pytest.mark.parametrize(("name", "example"), OF_SEVERAL)
def test_what_a_stream_lacks_changes_nothing(name: str, example: dict[str, Any]) -> None:
    model = make(name, example)
    streams, mask, absent = clips(model, 3, FRAMES), torch.ones(3, FRAMES, dtype=torch.bool), absences(model)
    nothing = everything(model(lacking(streams, absent, torch.nan), mask))
    something = everything(model(lacking(streams, absent, 1e6), mask))
    for key, values in nothing.items():
        assert values.isfinite().all(), key
        assert torch.equal(something[key], values), key


@pytest.mark.parametrize(("name", "example"), OF_SEVERAL)
def test_no_gradient_flows_to_what_a_stream_lacks(name: str, example: dict[str, Any]) -> None:
    model = make(name, example).train()
    absent = absences(model)
    streams = {key: values.requires_grad_() for key, values in lacking(clips(model, 3, FRAMES), absent, 1e6).items()}
    prediction = model(streams, torch.ones(3, FRAMES, dtype=torch.bool)).prediction
    (prediction * noise(*prediction.shape, seed=9)).sum().backward()
    assert all(values.grad is None or values.grad.isfinite().all() for values in model.parameters())
    for key, values in streams.items():
        assert values.grad is not None
        assert (values.grad[absent[key]] == 0).all(), key
        assert (values.grad[~absent[key]] != 0).any(), key


@pytest.mark.parametrize(("name", "example"), OF_SEVERAL)
def test_an_absent_stream_is_no_stream_of_zeros(name: str, example: dict[str, Any]) -> None:
    model = make(name, example)
    mask, absent = torch.ones(3, FRAMES, dtype=torch.bool), absences(model)
    streams = {key: values + 1 for key, values in clips(model, 3, FRAMES).items()}  # means that differ from zero
    zeros = {key: values.masked_fill(absent[key][..., None], 0.0) for key, values in streams.items()}
    found, other = (everything(model(given, mask)) for given in (lacking(streams, absent, torch.nan), zeros))
    assert all(torch.equal(found[key], other[key]) for key in found) == adds_up(name, example)


def adds_up(name: str, example: dict[str, Any]) -> bool:
    """Whether a linear layer alone reads the frames of a model, so that zeros add nothing already."""
    coarse = example.get("step", 1) > 1
    weighs = example.get("channel_attention", True) and example.get("channel_form") != "gates"  # by what a clip holds
    return {"aed": not coarse, "cats": not weighs}.get(
        name, name in {"rnn", "lstm", "lstm-attention", "bi-lstm", "bi-gru"}
    )


@pytest.mark.parametrize(("name", "example"), OF_SEVERAL)
def test_nothing_attends_to_what_a_stream_lacks(name: str, example: dict[str, Any]) -> None:
    model = make(name, example)
    absent, names = absences(model), list(model.config.streams)
    streams = lacking(clips(model, 3, FRAMES), absent, torch.nan)
    for key, values in model(streams, torch.ones(3, FRAMES, dtype=torch.bool)).attention.items():
        kind, _, stream = key.partition(".")
        of_both = kind == "graph" and example.get("graph_over") == "concatenation"  # a column adds up both streams
        if kind in ("channel", "spatial", "latent") or of_both or not (stream or kind == "cross_modal"):
            continue
        seen = next(n for n in names if n != stream) if kind == "co" else stream or names[-1]
        weights = values if values.ndim == 3 else values[:, None]
        assert (weights.mT[absent[seen]] == 0).all(), key


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
@settings(max_examples=5)  # of three clips each
@given(mask=masks())
def test_attention_sums_to_one_over_real_frames(name: str, example: dict[str, Any], mask: Tensor) -> None:
    model = make(name, example)
    for key, values in model(clips(model, 3, FRAMES), mask).attention.items():
        kind = kind_of(key)
        if kind == "channel":
            assert ((values > 0) & (values < 1)).all()
        elif kind == "spatial":
            assert (values[~mask] == 0).all()
            torch.testing.assert_close(values[mask].sum((-2, -1)), torch.ones(values[mask].shape[:2]))
        elif values.ndim == 2 or kind == "latent":
            torch.testing.assert_close(values.sum(-1), torch.ones(values.shape[:-1]))
            assert (values.movedim(-1, 1)[~mask] == 0).all()
        else:  # (B, T, T): rows of real frames
            torch.testing.assert_close(values[mask].sum(-1), torch.ones(int(mask.sum())))
            assert (values.movedim(-1, 1)[~mask] == 0).all()


@pytest.mark.parametrize(("name", "example"), CASES)
def test_an_unknown_key_is_refused(name: str, example: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=f"Unknown key 'colour' in the config of model '{name}'; known are: streams"):
        build(name, {**example, "outputs": OUTPUTS, "colour": "red"})


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_outputs_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="at least one output, not 0"):
        build(name, {**EXAMPLES[name][0], "outputs": 0})


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="no model named 'gru'; known are: .*bi-gru, bi-lstm, cats"):
        build("gru", {})
