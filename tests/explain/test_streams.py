"""Explanations of clips by untrained models of feature streams: contributions add up over windows."""

import dataclasses

import numpy as np
import pytest
from untrained import DIMENSIONS

from emoviz.core.errors import ConfigError, FeatureError, UnknownNameError
from emoviz.explain import Method, explain_streams
from emoviz.features.align import frame_middles
from emoviz.prediction.model import apply, predict_streams
from emoviz.prediction.windows import Windows

from .conftest import HOP, SECONDS


@pytest.mark.parametrize("number", [1, 2])
def test_value_is_the_mean_of_the_prediction(number, models, streams):
    model, (start, end) = models[number], (0.5, 1.5)
    output = model.description.outputs[1]
    found = explain_streams(model, streams, SECONDS, output, start=start, end=end, steps=4)
    times = frame_middles(SECONDS, HOP)
    windows = Windows.of(model.description, SECONDS)
    # Logits, as they are before the probabilities of a prediction.
    plain = dataclasses.replace(model, description=dataclasses.replace(model.description, kind="dimension"))
    said = predict_streams(plain, streams, times)[0][:, 1]
    assert len(windows.starts) > 1
    assert found.value == pytest.approx(np.nanmean(said[(times >= start) & (times < end)]), abs=1e-4)


@pytest.mark.parametrize("number", [1, 2])
def test_contributions_add_up_over_windows(number, models, streams):
    model = models[number]
    found = explain_streams(model, streams, SECONDS, model.description.outputs[0], steps=30)
    assert found.values.shape == (round(SECONDS / HOP), len(model.channels))
    assert found.completeness_error < 0.02
    assert found.values.sum(dtype=float) == pytest.approx(found.value - found.baseline, abs=0.02)
    assert found.channels.contribution.sum() == pytest.approx(found.times.contribution.sum(), abs=1e-4)
    assert set(found.channels.channel) == set(model.channels) and set(found.channels.modality) == {"audio"}
    assert found.channels.magnitude.is_monotonic_decreasing
    assert (found.values[50:60] == 0).all()
    np.testing.assert_allclose(found.times.time, frame_middles(SECONDS, HOP))


@pytest.mark.parametrize("number", [1, 2])
def test_occlusion_is_the_change_of_the_prediction(number, models, streams):
    """Hiding a channel of eGeMAPS from the model is giving it the mean of its training."""
    model = models[number]
    output = model.description.outputs[0]
    found = explain_streams(model, streams, SECONDS, output, method=Method.OCCLUSION, stretch=1.0)
    stream, channel = streams["egemaps"], 3
    values = stream.values.copy()
    mean = model.predictor.inputs["egemaps"].mean[channel].item()
    values[:, channel] = np.where(np.isnan(values[:, channel]), np.nan, mean)
    hidden = {**streams, "egemaps": dataclasses.replace(stream, values=values)}
    without = explain_streams(model, hidden, SECONDS, output, steps=1).value
    row = found.channels.set_index("channel").loc[stream.channels[channel]]
    assert row.contribution == pytest.approx(found.value - without, abs=1e-4)
    np.testing.assert_allclose(found.times.time, [0.5, 1.5, 2.5])
    assert found.values is None and np.isnan(found.completeness_error)


@pytest.mark.slow
def test_a_stretch_hidden_is_hidden_in_all_windows(models, streams):
    found = explain_streams(models[1], streams, SECONDS, DIMENSIONS[0], method=Method.OCCLUSION, stretch=2.0)
    gap = {}
    for name, stream in streams.items():
        values = stream.values.copy()
        values[:100] = np.nan
        gap[name] = dataclasses.replace(stream, values=values)
    windows = Windows.over(models[1].description, streams, SECONDS)
    wanted = windows.kept
    assert set(range(150)) - set(wanted) == set(range(50, 60))
    said = [
        np.concatenate([apply(models[1], windows.aligned(s, batch)).prediction for batch in windows.batches()])
        for s in (streams, gap)
    ]
    change = [windows.join(values)[wanted, 0].mean() for values in said]
    assert found.times.contribution[0] == pytest.approx(change[0] - change[1], abs=1e-4)


@pytest.mark.slow
def test_only_windows_that_matter_are_explained(models, streams):
    counts = []
    for end in (0.2, SECONDS):
        reports: list[tuple] = []
        listener = lambda *report, heard=reports: heard.append(report)  # noqa: E731
        explain_streams(models[1], streams, SECONDS, DIMENSIONS[0], steps=1, end=end, progress=listener)
        assert reports[-1][1:] == (len(reports) - 1,) * 2
        counts.append(len(reports) - 1)
    assert counts[0] == 1 < counts[1]


def test_bad_input_is_refused_in_one_sentence(models, streams):
    with pytest.raises(UnknownNameError, match="no output named 'joy'; known are: angry"):
        explain_streams(models[2], streams, SECONDS, "joy")
    with pytest.raises(FeatureError, match="^There is nothing to explain: .* from 5 s to the end.$"):
        explain_streams(models[1], streams, SECONDS, DIMENSIONS[0], start=5)
    with pytest.raises(FeatureError, match="known from 1 s to 1.1 s.$"):
        explain_streams(models[1], streams, SECONDS, DIMENSIONS[0], start=1, end=1.1)
    with pytest.raises(ConfigError, match="^A stretch of time is 0.02 s or more, not 0 s.$"):
        explain_streams(models[1], streams, SECONDS, DIMENSIONS[0], stretch=0)
