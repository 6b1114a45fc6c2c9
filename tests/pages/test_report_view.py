"""The report of a recording holds what is predicted of it, by which models and settings, and needs no network."""

import dataclasses
import re

import numpy as np
import pytest
from plotly.offline import get_plotlyjs
from predictions import make_prediction

from emoviz.analysis import recording_report
from emoviz.core import words
from emoviz.media import ClipMedia
from emoviz.ui import loaders

MODELS = ("face-expression", "speech-cats", "speech-emotion")


@pytest.fixture
def prediction(settings, clip):
    models = [loaders.load_checkpoint(settings.checkpoints[0] / name) for name in MODELS]
    return make_prediction(ClipMedia(clip), models)


def test_the_report_is_made_on_request_of_what_the_page_shows(open_page, finish):
    test = finish(open_page("predict"))
    assert not test.get("download_button")
    test.toggle(key="recording_report").set_value(True).run()
    (button,) = test.get("download_button")
    assert not test.exception and button.label == "Save the report"


def test_the_report_holds_figures_tables_models_settings_and_limits(prediction):
    found = recording_report.write(
        "<i>.mp4",
        prediction,
        {"fusion": "weighted", "content": "a1b2"},
        dict.fromkeys(prediction.channel_weights, "the weights are made up"),
    )
    assert found.count(get_plotlyjs()) == 1
    found = found.replace(get_plotlyjs(), "")
    assert found.count("Plotly.newPlot(") == 3 and "<i>" not in found and "**" not in found
    assert not re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=", found)
    for text in (
        *MODELS,
        "weighted",
        "a1b2",
        words.NOT_FOR_DECISIONS,
        "No face in 12 %",
        "Strongest moments",
        "Gaps",
        "The bars are pale, as the weights are made up.",
    ):
        assert text in found


def test_a_long_recording_is_drawn_in_fewer_frames_and_says_so(prediction, monkeypatch):
    monkeypatch.setattr(recording_report, "MOST_FRAMES", 60)
    first, *_ = recording_report.sections(prediction, {}, {})
    assert "one frame in 4" in first.text
    assert all(len(trace.x) <= 2 * 60 for trace in first.figure.data if trace.x is not None)  # 2 where it is a band
    assert first.table.second.tolist() == [0, 1, 2, 3, 4]
    column = prediction.of_clip.column.iloc[0]
    assert first.table[column].iloc[0] == pytest.approx(np.nanmean(prediction.table[column].iloc[:50]))


def test_a_report_without_fusion_or_weights_has_fewer_sections(prediction):
    plain = dataclasses.replace(prediction, channel_weights={})
    assert len(recording_report.sections(plain, {}, {})) == len(recording_report.sections(prediction, {}, {})) - 1
