"""HCAM, against its equations with torch's own attention."""

from typing import Any

import pytest
import torch
from torch import Tensor

from emoviz.core.errors import ConfigError
from emoviz.models import Model, build

from .masks import noise
from .torch_attention import transformer_layer

MASK = torch.ones(1, 6, dtype=torch.bool)


def small(**options: Any) -> Model:
    torch.manual_seed(0)
    size = {"hidden": 4, "heads": 2, "feedforward": 6, "dense": 5}
    return build("hcam", {"streams": {"a": 5, "b": 3}, "outputs": 2, **size, **options}).eval()


def clip() -> dict[str, Tensor]:
    return {"a": noise(1, 6, 5), "b": noise(1, 6, 3, seed=1)}


def test_it_follows_its_equations() -> None:
    model, streams = small(), clip()
    context, expected = {}, {}
    for name, recurrent, own in zip("ab", model.recurrent, model.own, strict=True):
        states = recurrent(streams[name])[0]
        context[name], expected[f"temporal.{name}"] = transformer_layer(own, states, states)
    first, expected["co.a"] = transformer_layer(model.cross[0], context["a"], context["b"])
    second, expected["co.b"] = transformer_layer(model.cross[1], context["b"], context["a"])
    prediction, embedding = model.head(torch.cat([first, second], -1), MASK)

    output = model(streams, MASK)
    torch.testing.assert_close(output.prediction, prediction)
    torch.testing.assert_close(output.embedding, embedding)
    torch.testing.assert_close(output.attention, expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"streams": {"a": 5}}, "The model takes 2 streams, not 1: a."),
        ({"heads": 3}, "'heads' divides 'hidden': 3 does not divide 4."),
        ({"feedforward": 0}, "'feedforward' is at least 1, not 0."),
        ({"dropout": 1.0}, "'dropout' is at least 0 and below 1, not 1.0."),
    ],
)
def test_a_wrong_value_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        small(**options)
    assert str(error.value) == message
