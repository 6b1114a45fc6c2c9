"""A model's probabilities reckon with more equal class frequencies, by training or afterwards."""

import dataclasses

import numpy as np
import pytest
import torch

from emoviz.core.errors import ConfigError
from emoviz.core.vocabulary import Split
from emoviz.evaluation.scores import Result
from emoviz.models.losses import LOSSES
from emoviz.training.class_prior import log_weights, most_equal, move_prior
from emoviz.training.data import DATA, collate
from emoviz.training.module import Predictor, TrainingModule
from emoviz.training.untrained import build_model

from .made_up import UTTERANCES, MadeUpStore

PRIOR = np.array([0.7, 0.2, 0.1])


def test_moved_probabilities_are_those_of_bayes_rule_with_the_target_frequencies():
    likelihood = np.array([[0.2, 0.5, 0.3], [0.9, 0.3, 0.6]])  # p(x | class), two pictures
    before = likelihood * PRIOR
    before /= before.sum(1, keepdims=True)
    target = 0.6 * PRIOR + 0.4 / 3
    expected = likelihood * target
    expected /= expected.sum(1, keepdims=True)
    scores = np.log(before) + log_weights(PRIOR, 0.4)
    found = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_the_ends_are_the_training_frequencies_and_equal_ones():
    np.testing.assert_array_equal(log_weights(PRIOR, 0.0), 0)
    np.testing.assert_allclose(np.exp(log_weights(PRIOR, 1.0)) * PRIOR, 1 / 3)


def test_a_class_without_samples_is_refused():
    with pytest.raises(ConfigError, match="^'uniform_prior' needs a training sample of each class"):
        log_weights(np.array([0.5, 0.5, 0.0]), 0.1)


def test_a_head_moves_by_the_weights():
    head = torch.nn.Linear(4, 3)
    features = torch.randn(5, 4)
    before = head(features)
    move_prior(head, PRIOR, 0.25)
    np.testing.assert_allclose((head(features) - before).detach(), np.tile(log_weights(PRIOR, 0.25), (5, 1)), atol=1e-5)


def said(*rows: tuple[int, list[float]]) -> list[Result]:
    return [
        Result(str(n), None, None, "", np.eye(3)[truth], np.array(shares), np.zeros(1))
        for n, (truth, shares) in enumerate(rows)
    ]


@pytest.mark.parametrize(("loss", "expected"), [(0.0, 0.0), (0.25, 1.0)])
def test_the_highest_ua_is_chosen_among_those_that_cost_little_accuracy(loss, expected):
    # With equal frequencies the rare class is found, and two of the frequent one are lost.
    results = said(*[(0, [0.9, 0.09, 0.01])] * 5, *[(0, [0.75, 0.05, 0.2])] * 2, (2, [0.7, 0.1, 0.2]))
    assert most_equal(results, PRIOR, (1.0,), loss) == expected


def test_the_loss_of_a_training_takes_the_weights_from_the_scores():
    config = dataclasses.replace(UTTERANCES, uniform_prior=0.5)
    data = DATA["utterances"](config, MadeUpStore())
    torch.manual_seed(0)
    module = TrainingModule(config, Predictor(data.inputs, build_model(config, data.inputs.widths)), data).eval()
    part = data.parts[Split.TRAIN]
    batch = collate([part[(0, number)] for number in range(6)])
    prior = np.mean([sample.target.numpy() for sample in data.whole[Split.TRAIN]], axis=0)
    scores = module.predictor.model(module._inputs(batch), batch.mask).prediction
    expected = LOSSES[config.loss](scores - torch.from_numpy(log_weights(prior, 0.5)).float(), batch.target, batch.mask)
    assert module.training_step(batch, 0).item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize(("changes"), [{"uniform_prior": 1.1}, {"uniform_prior": -0.1}])
def test_a_share_lies_between_0_and_1(changes):
    with pytest.raises(ConfigError, match="^'uniform_prior' is a share"):
        dataclasses.replace(UTTERANCES, **changes)
