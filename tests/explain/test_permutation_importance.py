"""Permutation importance: by hand, against scikit-learn's, and that people and what is missing stay what they are."""

import dataclasses

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.inspection import permutation_importance as scikit_learns

from emoviz.core.errors import Cancelled
from emoviz.evaluation.scores import class_scores, frame_scores
from emoviz.explain import Example, permutation_importance
from emoviz.explain.permutation_importance import rotate

from .test_deletion import _scored, examples
from .toys import Linear, Quadratic

RMSE = frame_scores(("valence",), np.zeros(1))[2]
UA = class_scores(np.array([0.5, 0.5]))[1]
MODEL = Linear({"a": 2, "b": 1}, np.array([[2.0, 1.0, 0.0]]))


def of(person: str, count: int, seed: int, noise: float = 0.3) -> list[Example]:
    return [dataclasses.replace(e, speaker=person) for e in examples(MODEL, count, seed=seed, noise=noise)]


def test_every_rotation_within_a_person_by_hand():
    recordings = [*of("p", 2, 0), *of("q", 1, 1)]
    frames = sum(len(recording.truth) for recording in recordings[:2])
    found = permutation_importance(MODEL, recordings, RMSE, rotations=frames - 1)
    assert list(found) == ["p", "q"]
    values = np.concatenate([np.hstack([r.streams["a"], r.streams["b"]]) for r in recordings[:2]]).tolist()
    truth = [row[0] for recording in recordings[:2] for row in recording.truth]
    rises = []
    for channel in range(3):
        errors = []
        for step in range(frames):
            squares = 0.0
            for t, row in enumerate(values):
                a, b = (values[(t + step) % frames][c] if c == channel else row[c] for c in (0, 1))
                squares += (2 * a + b - truth[t]) ** 2
            errors.append((squares / frames) ** 0.5)
        rises.append(sum(errors[1:]) / (frames - 1) - errors[0])
    np.testing.assert_allclose(found["p"], rises, atol=1e-5)
    assert found["p"][2] == pytest.approx(0, abs=1e-7) and found["p"][0] > found["p"][1] > 0


def test_of_one_person_with_independent_frames_it_is_scikit_learns():
    (recording,) = [dataclasses.replace(e, speaker="p") for e in examples(MODEL, 1, frames=400, noise=0.5)]

    class Estimator(BaseEstimator):
        def fit(self, x, y):
            return self

        def predict(self, x):
            return x @ np.array([2.0, 1.0, 0.0])

    x = np.hstack([recording.streams["a"], recording.streams["b"]])
    theirs = scikit_learns(
        Estimator(), x, recording.truth[:, 0], scoring="neg_root_mean_squared_error", n_repeats=50, random_state=0
    )
    ours = permutation_importance(MODEL, [recording], RMSE, rotations=50)["p"]
    np.testing.assert_allclose(ours, theirs.importances_mean, atol=0.03)


def test_a_channel_that_only_tells_people_apart_is_of_no_importance():
    recordings = [*of("p", 2, 0, noise=0), *of("q", 2, 1, noise=0)]
    for recording in recordings:
        recording.streams["a"][:, 1] = 5.0 if recording.speaker == "p" else -5.0
    for values in permutation_importance(MODEL, recordings, RMSE).values():
        assert values[1] == 0 and values[0] > 0


def test_missing_values_stay_missing_and_the_others_are_all_kept():
    recordings = of("p", 2, 0)
    recordings[0].streams["a"][1:3] = np.nan
    before = np.concatenate([r.streams["a"] for r in recordings])
    after = np.concatenate([r.streams["a"] for r in rotate(recordings, "a", 0, 0.5)])
    np.testing.assert_array_equal(np.isnan(after), np.isnan(before))
    np.testing.assert_array_equal(after[:, 1], before[:, 1])
    known = before[~np.isnan(before[:, 0]), 0]
    moved = after[~np.isnan(after[:, 0]), 0]
    assert (moved != known).all() and sorted(moved) == sorted(known)
    nothing = dataclasses.replace(recordings[0], streams={"a": np.full((3, 2), np.nan)})
    assert rotate([nothing], "a", 0, 0.0)[0].streams["a"] is nothing.streams["a"]


def test_people_who_are_not_known_stand_for_themselves_and_classes_will_do():
    weights = np.array([[1.0, 0, 0], [0, 1.0, 0]])
    model = Quadratic({"a": 3}, weights)
    scored = [_scored(model, recording) for recording in examples(model, 12, frames=40)]
    recordings = [dataclasses.replace(r, truth=np.eye(2)[r.truth.argmax()]) for r in scored]
    assert list(permutation_importance(model, recordings[:2], UA, rotations=1)) == ["0", "1"]
    (found,) = permutation_importance(model, [dataclasses.replace(r, speaker="p") for r in recordings], UA).values()
    assert found[0] > 0.1 and found[1] > 0.1 and found[2] == 0


def test_it_can_be_stopped():
    def stop(stage, done, total):
        raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        permutation_importance(MODEL, of("p", 2, 0), RMSE, progress=stop)
