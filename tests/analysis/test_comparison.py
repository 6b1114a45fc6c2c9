"""Which recordings and outputs models share, and checkpoint folders as contenders."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from contenders import CLASSES, COUNT, DIMENSIONS, classifier, tracer, write

from emoviz import checkpoints
from emoviz.analysis import comparison, comparison_scores
from emoviz.core.errors import CheckpointError, ConfigError
from emoviz.evaluation.scores import ALL


def test_only_shared_recordings_with_the_same_labels_are_compared():
    late = classifier("late", 0, first=40)
    other = late.results[0]
    late = dataclasses.replace(
        late, results=(dataclasses.replace(other, truth=np.roll(other.truth, 1)), *late.results[1:])
    )
    both = comparison.compare([classifier("early", 0), late])
    assert [r.id for r in both["late"].results] == [f"corpus/{i}" for i in range(41, 60)]
    assert [r.id for r in both["early"].results] == [r.id for r in both["late"].results]


def test_whose_a_recording_is_says_the_first_model():
    first, later = classifier("first", 0), classifier("later", 0)
    renamed = tuple(dataclasses.replace(r, culture="Elsewhere") for r in later.results[:5])
    both = comparison.compare([first, dataclasses.replace(later, results=(*renamed, *later.results[5:]))])
    assert [r.culture for r in both["later"].results] == [r.culture for r in both["first"].results]
    assert set(comparison_scores.judge(both)[0].culture) == {ALL, "German", "Korean"}


def test_shared_outputs_are_compared_in_the_order_of_the_first():
    valence = tracer("valence", 0.1, DIMENSIONS[:1])
    turned = tracer("turned", 0.1, DIMENSIONS[::-1])
    both = comparison.compare([turned, valence])
    assert both["turned"].outputs == both["valence"].outputs == DIMENSIONS[:1]
    np.testing.assert_allclose(both["turned"].results[3].truth, both["valence"].results[3].truth)
    np.testing.assert_allclose(both["turned"].results[3].truth[:, 0], tracer("x", 0).results[3].truth[:, 0])


def test_two_to_four_different_models_are_compared():
    for wrong in ([], ["a"], ["a", "a"], list("abcde")):
        with pytest.raises(ConfigError, match="2 to 4 different models"):
            comparison.compare([classifier(name, 0) for name in wrong])


def test_the_pair_that_shares_most_is_suggested():
    models = [classifier("a", 0, first=30), classifier("b", 0, first=900), classifier("c", 0), classifier("d", 0)]
    assert comparison.suggest(models) == ("c", "d")
    assert comparison.suggest(models[:1]) == ()


def test_training_curves_of_those_that_kept_them():
    epochs = [{"epoch": 0, "loss": 1.0, "validation": 0.2}, {"epoch": 1, "loss": 0.5, "validation": 0.4}]
    kept = dataclasses.replace(classifier("a", 0), metrics={"epochs": epochs, "selection": {"metric": "ua"}})
    table = comparison.training_curves(comparison.compare([kept, classifier("b", 0)]))
    assert table.epoch.tolist() == [1, 2] and set(table.model) == {"a"} and set(table.metric) == {"ua"}
    assert comparison.training_curves(comparison.compare([classifier("a", 0), classifier("b", 0)])).empty


def test_a_checkpoint_folder_is_read_without_its_network(tmp_path: Path):
    own = classifier("a", 6)
    folder = tmp_path / "a"
    write(folder, own)
    found = comparison.read("a", folder)
    assert (found.kind, found.outputs, len(found.results)) == ("emotion", CLASSES, COUNT)
    np.testing.assert_allclose(found.results[5].prediction, own.results[5].prediction, atol=1e-3)
    np.testing.assert_allclose(found.constant, own.constant)
    (folder / checkpoints.METRICS).write_text("{")
    with pytest.raises(CheckpointError, match="no readable metrics.json"):
        comparison.read("a", folder)
