"""The sanity check flags what does not look at the model, and nothing else."""

import numpy as np
import pytest
import torch
from models.examples import EXAMPLES

from emoviz.core.errors import ConfigError
from emoviz.explain import grad_cam, integrated_gradients, randomisation, rank_correlation
from emoviz.models import build

from .toys import Linear, clip, everywhere, hooks

SIDE = 48
PICTURES = clip(4, 1, SIDE * SIDE).cumsum(2)
"""Smooth along the rows, as pictures are."""


def network():
    torch.manual_seed(3)
    options = {"widths": (8, 16), "depths": (1, 1), "outputs": 4, "streams": {"crop": SIDE**2}, "side": SIDE}
    return build("expression", {**EXAMPLES["expression"][0], **options}).eval()


def edges(model) -> np.ndarray:
    """Sobel's detector, which knows nothing of the model."""
    pictures = PICTURES.reshape(-1, SIDE, SIDE).numpy()
    return np.hypot(*np.gradient(pictures, axis=(1, 2)))


def test_an_edge_detector_is_flagged():
    found = randomisation(network(), edges, repetitions=2)
    assert not found.changes
    assert found.table.correlation.to_list() == [pytest.approx(1)] * len(found.table)
    assert "does not change" in found.sentence and found.sentence.endswith(".")


def test_grad_cam_is_not_flagged_and_leaves_the_model_as_it_was():
    model = network()
    before = {name: values.clone() for name, values in model.state_dict().items()}
    found = randomisation(model, lambda m: grad_cam(m, {"crop": PICTURES}, everywhere(4, 1), 2), repetitions=3)
    assert found.changes
    assert list(found.table.randomised) == sorted(found.table.randomised) and found.table.randomised.iloc[-1] == 1
    assert found.table.layer.iloc[0].startswith("head")  # destroyed from the output on
    assert all(torch.equal(values, before[name]) for name, values in model.state_dict().items())
    assert hooks(model) == 0


def test_integrated_gradients_of_a_linear_model_are_not_flagged():
    model = Linear({"a": 30}, np.random.default_rng(0).normal(size=(1, 30)))
    streams = {"a": torch.ones(3, 2, 30)}
    found = randomisation(model, lambda m: integrated_gradients(m, streams, everywhere(3, 2), 0).values, stages=1)
    assert found.changes and len(found.table) == 1


def test_rank_correlation_by_hand():
    assert rank_correlation(np.array([[1, 2, 3]]), np.array([[10, 20, 400]])) == pytest.approx(1)
    assert rank_correlation(np.array([[1, 2, 3], [1, 2, 3]]), np.array([[3, 2, 1], [1, 2, 3]])) == pytest.approx(0)
    assert rank_correlation(np.array([[1, 2, 3]]), np.array([[5, 5, 5]])) == 0


def test_bad_input_is_refused_in_one_sentence():
    with pytest.raises(ConfigError, match="one stage and one repetition at least"):
        randomisation(network(), edges, stages=0)
