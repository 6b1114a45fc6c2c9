"""MDAT and its baseline, against equations in NumPy."""

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from emoviz.core.errors import ConfigError
from emoviz.models import Model, build
from emoviz.models.layers import masked_mean
from emoviz.models.mdat import PAPER, CoAttention, GraphAttention

from .masks import noise

SWITCHES = ("graph", "co_attention", "transformer")
REAL = torch.ones(1, 6, dtype=torch.bool)


def small(name: str = "mdat", **options: Any) -> Model:
    torch.manual_seed(0)
    size = {"width": 4, "heads": 2, "dense": 5} if name == "mdat" else {"hidden": 3, "dense": 5}
    return build(name, {"streams": {"a": 5, "b": 3}, "outputs": 2, **size, **options}).eval()


def clip() -> dict[str, Tensor]:
    return {"a": noise(1, 6, 5), "b": noise(1, 6, 3, seed=1)}


def numpy_of(values: Tensor) -> np.ndarray:
    return values.detach().numpy()


def softmax(scores: np.ndarray) -> np.ndarray:
    return np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)


def test_graph_attention_follows_its_equations() -> None:
    torch.manual_seed(0)
    graph, nodes = GraphAttention(4, heads=2), noise(1, 6, 4)
    gathered, weights = graph(nodes, REAL)

    h = numpy_of(nodes)[0] @ numpy_of(graph.project.weight).T
    expected, maps = [], []
    for head, own in enumerate(np.split(h, 2, axis=1)):
        receiver, sender = numpy_of(graph.receiver)[head, :, 0], numpy_of(graph.sender)[head, :, 0]
        scores = np.array([[receiver @ i + sender @ j for j in own] for i in own])
        maps.append(softmax(np.where(scores > 0, scores, 0.2 * scores)))
        expected.append(maps[-1] @ own)
    np.testing.assert_allclose(numpy_of(gathered)[0], np.concatenate(expected, axis=1), atol=1e-6)
    np.testing.assert_allclose(numpy_of(weights)[0], np.mean(maps, axis=0), atol=1e-6)


def test_co_attention_follows_its_equations() -> None:
    torch.manual_seed(0)
    layer, first, second = CoAttention(4), noise(1, 6, 4), noise(1, 6, 4, seed=1)
    (attended_first, attended_second), maps = layer(first, second, REAL, REAL)

    x, y = numpy_of(first)[0], numpy_of(second)[0]
    dense_x = x @ numpy_of(layer.first.weight).T + numpy_of(layer.first.bias)
    dense_y = y @ numpy_of(layer.second.weight).T + numpy_of(layer.second.bias)
    over_y, over_x = softmax(dense_x @ dense_y.T), softmax(dense_y @ dense_x.T)
    np.testing.assert_allclose(numpy_of(attended_first)[0], np.concatenate([x, over_y @ y], axis=1), atol=1e-6)
    np.testing.assert_allclose(numpy_of(attended_second)[0], np.concatenate([y, over_x @ x], axis=1), atol=1e-6)
    np.testing.assert_allclose(numpy_of(maps[0])[0], over_y, atol=1e-6)
    np.testing.assert_allclose(numpy_of(maps[1])[0], over_x, atol=1e-6)


def test_the_modules_follow_one_another() -> None:
    model, streams = small(), clip()
    x, y = (project(values) for project, values in zip(model.project, streams.values(), strict=True))
    x, y = x + model.graphs[0](x, REAL)[0], y + model.graphs[1](y, REAL)[0]
    (x, y), _ = model.co_attention(x, y, REAL, REAL)
    x, y = model.encoders[0](x, x, REAL)[0], model.encoders[1](y, y, REAL)[0]
    prediction, embedding = model.head(torch.cat([x, y], -1), REAL)
    output = model(streams, REAL)
    torch.testing.assert_close(output.prediction, prediction)
    torch.testing.assert_close(output.embedding, embedding)


def test_without_modules_the_projected_frames_are_pooled() -> None:
    model, streams = small(**dict.fromkeys(SWITCHES, False), pooling="mean"), clip()
    projected = [project(values) for project, values in zip(model.project, streams.values(), strict=True)]
    torch.testing.assert_close(model(streams, REAL).prediction, model.head(torch.cat(projected, -1), REAL)[0])
    assert model.head.pool is masked_mean


@pytest.mark.parametrize("on", list(itertools.product([True, False], repeat=3)))
def test_each_module_can_be_left_out(on: tuple[bool, bool, bool]) -> None:
    model = small(**dict(zip(SWITCHES, on, strict=True)))
    kinds = [kind for kind, there in zip(("graph", "co", "temporal"), on, strict=True) if there]
    assert list(model(clip(), REAL).attention) == [f"{kind}.{stream}" for kind in kinds for stream in "ab"]


def test_the_paper_replaces_the_nodes_by_what_they_gather() -> None:
    model, streams = small(**PAPER, co_attention=False, transformer=False), clip()
    gathered = [
        graph(project(values), REAL)[0]
        for graph, project, values in zip(model.graphs, model.project, streams.values(), strict=True)
    ]
    torch.testing.assert_close(model(streams, REAL).prediction, model.head(torch.cat(gathered, -1), REAL)[0])


def test_one_graph_over_both_streams_sums_what_a_frame_gives_to_one_time() -> None:
    model = small(graph_over="concatenation", residual=False, co_attention=False, transformer=False)
    streams = clip()
    nodes = torch.cat([project(values) for project, values in zip(model.project, streams.values(), strict=True)], 1)
    gathered, weights = model.graphs[0](nodes, REAL.repeat(1, 2))
    output = model(streams, REAL)
    expected = model.head(torch.cat([gathered[:, :6], gathered[:, 6:]], -1), REAL)[0]
    torch.testing.assert_close(output.prediction, expected)
    torch.testing.assert_close(output.attention["graph.a"], weights[:, :6, :6] + weights[:, :6, 6:])
    torch.testing.assert_close(output.attention["graph.b"], weights[:, 6:, :6] + weights[:, 6:, 6:])


@pytest.mark.parametrize(("name", "sees"), [("mdat", False), ("mdat-baseline", True)])
def test_only_the_baseline_sees_the_order_of_frames(name: str, sees: bool) -> None:
    model, streams = small(name), clip()
    shuffled = {key: values[:, [3, 0, 5, 1, 4, 2]] for key, values in streams.items()}
    before, after = model(streams, REAL).prediction, model(shuffled, REAL).prediction
    assert torch.allclose(before, after, atol=1e-6) is not sees


def test_the_baseline_puts_the_states_of_two_networks_side_by_side() -> None:
    model, streams = small("mdat-baseline"), clip()
    states = [network(values)[0] for network, values in zip(model.recurrent, streams.values(), strict=True)]
    output = model(streams, REAL)
    prediction, embedding = model.head(torch.cat(states, -1), REAL)
    torch.testing.assert_close(output.prediction, prediction)
    torch.testing.assert_close(output.embedding, embedding)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("mdat", {"heads": 3}, "'heads' divides 'width': 3 does not divide 4."),
        ("mdat", {"dense": 0}, "'dense' is at least 1, not 0."),
        ("mdat", {"dropout": 1.0}, "'dropout' is at least 0 and below 1, not 1.0."),
        (
            "mdat",
            {"streams": {"a": 5}},
            "Co-attention needs two streams, not 1; 'co_attention' = false leaves it out.",
        ),
        ("mdat", {"streams": dict.fromkeys("abc", 2)}, "The model takes 1 or 2 streams, not 3: a, b, c."),
        (
            "mdat",
            {"graph_over": "clips"},
            "'graph_over' in the config of model 'mdat' is one of streams, concatenation, not 'clips'.",
        ),
        ("mdat-baseline", {"hidden": 0}, "'hidden' is at least 1, not 0."),
        ("mdat-baseline", {"dropout": -0.1}, "'dropout' is at least 0 and below 1, not -0.1."),
    ],
)
def test_a_wrong_value_is_refused(name: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        small(name, **options)
    assert str(error.value) == message
