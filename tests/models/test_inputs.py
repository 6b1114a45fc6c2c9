"""PCA and standardisation against scikit-free linear algebra and their own definitions."""

import numpy as np
import pytest
import torch

from emoviz.core.errors import ConfigError
from emoviz.models.inputs import InputConfig, Inputs, InputTransform, channel_names


def frames(seed=0, count=200, width=6):
    random = np.random.default_rng(seed)
    return (random.normal(size=(count, width)) @ random.normal(size=(width, width)) + 5).astype(np.float32)


def test_components_are_uncorrelated_with_unit_spread_and_match_the_svd():
    x = frames()
    transform = InputTransform(6, InputConfig("x", components=3))
    transform.fit(x)
    scores = transform(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(np.cov(scores, rowvar=False, bias=True), np.eye(3), atol=1e-3)
    directions = np.linalg.svd(x - x.mean(0), full_matrices=False)[2][:3]
    np.testing.assert_allclose(np.abs((directions * transform.components.numpy()).sum(1)), 1, atol=1e-4)


def test_standardisation():
    x = frames()
    transform = InputTransform(6, InputConfig("x"))
    transform.fit(x)
    np.testing.assert_allclose(transform(torch.from_numpy(x)).numpy(), (x - x.mean(0)) / x.std(0), atol=1e-3)


def test_a_frame_with_a_missing_value_is_missing_as_a_whole_and_leaves_others_alone():
    x = frames()
    transform = InputTransform(6, InputConfig("x", components=2))
    transform.fit(np.vstack([x, np.full((1, 6), np.nan, np.float32)]))
    broken = torch.from_numpy(x[:3].copy())
    whole = transform(broken)
    broken[1, 4] = float("nan")
    changed = transform(broken)
    assert changed[1].isnan().all()
    assert torch.equal(changed[[0, 2]], whole[[0, 2]])


def test_a_missing_value_makes_its_frame_missing_without_components_too():
    x = frames()
    transform = InputTransform(6, InputConfig("x"))
    transform.fit(x)
    broken = torch.from_numpy(x[:2].copy())
    broken[1, 4] = float("nan")
    changed = transform(broken)
    assert changed[1].isnan().all() and changed[0].isfinite().all()


def test_constant_channels_do_not_divide_by_zero():
    transform = InputTransform(2, InputConfig("x"))
    transform.fit(np.ones((5, 2), np.float32))
    assert torch.equal(transform(torch.ones(3, 2)), torch.zeros(3, 2))


def test_refusals():
    with pytest.raises(ConfigError, match="so it has no 7 components"):
        InputTransform(6, InputConfig("x", components=7))
    with pytest.raises(ConfigError, match="no complete frames"):
        InputTransform(2, InputConfig("x")).fit(np.full((4, 2), np.nan))


def test_names_and_widths():
    configs = (InputConfig("a", components=2), InputConfig("b", standardise=False))
    assert Inputs(configs, {"a": 5, "b": 3}).widths == {"a": 2, "b": 3}
    assert channel_names(configs[0], tuple("vwxyz")) == ("a.pc000", "a.pc001")
    assert channel_names(configs[1], ("x", "y", "z")) == ("x", "y", "z")
