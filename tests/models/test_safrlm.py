"""SA-FRLM, against its equations with torch's own attention."""

from typing import Any

import pytest
import torch
from torch import Tensor

from emoviz.core.errors import ConfigError
from emoviz.models import Model, build

from .masks import noise
from .torch_attention import attention, transformer_layer

MASK = torch.ones(1, 6, dtype=torch.bool)


def small(**options: Any) -> Model:
    torch.manual_seed(0)
    size = {"width": 4, "heads": 2, "feedforward": 6, "dense": 5}
    return build("safrlm", {"streams": {"a": 5, "b": 3}, "outputs": 2, **size, **options}).eval()


def clip() -> dict[str, Tensor]:
    return {"a": noise(1, 6, 5), "b": noise(1, 6, 3, seed=1)}


@pytest.mark.parametrize("layers", [1, 2])
def test_it_follows_its_equations(layers: int) -> None:
    model, streams = small(layers=layers), clip()
    expected = {}
    first, second = (align(values) for align, values in zip(model.align, streams.values(), strict=True))
    from_second, expected["co.a"] = attention(model.collaborate[0], first, second)
    from_first, expected["co.b"] = attention(model.collaborate[1], second, first)
    fused = model.fuse(torch.cat([from_second, from_first], -1))
    for layer in model.adjust:
        fused, expected["cross_modal.a"] = transformer_layer(layer.looks[0], fused, first)
        fused, expected["cross_modal.b"] = transformer_layer(layer.looks[1], fused, second)
    prediction, embedding = model.head(fused, MASK)

    output = model(streams, MASK)
    torch.testing.assert_close(output.prediction, prediction)
    torch.testing.assert_close(output.embedding, embedding)
    torch.testing.assert_close(output.attention, expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"streams": dict.fromkeys("abc", 2)}, "The model takes 2 streams, not 3: a, b, c."),
        ({"heads": 3}, "'heads' divides 'width': 3 does not divide 4."),
        ({"layers": 0}, "'layers' is at least 1, not 0."),
        ({"dropout": 1.0}, "'dropout' is at least 0 and below 1, not 1.0."),
    ],
)
def test_a_wrong_value_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        small(**options)
    assert str(error.value) == message
