"""What held-out scores say in words, and which source leads."""

import pandas as pd
import pytest

from emoviz.evaluation.findings import (
    circumplex_source,
    collapsed,
    evaluated_on,
    held_out,
    leading_source,
    least_alike,
    spread,
)

from .made_up import described


@pytest.mark.parametrize(
    ("present", "leads"), [("face speech fused", "fused"), ("speech face", "face"), ("speech", "speech")]
)
def test_fused_leads_before_face_before_speech(present: str, leads: str):
    assert leading_source(described(*(f"{s}.valence" for s in present.split())), "dimension") == leads


def test_the_circumplex_needs_both_dimensions_of_one_source():
    assert circumplex_source(described("face.valence", "speech.valence", "speech.arousal (derived)")) == "speech"
    assert circumplex_source(described("face.valence", "face.happy")) is None


def test_held_out_figures_are_those_over_all_cultures_pooled():
    row = {
        "culture": "all",
        "output": "valence",
        "metric": "ccc",
        "aggregation": "pooled",
        "value": 0.612,
        "low": 0.55,
        "high": 0.66,
        "training_mean": None,
    }
    rows = [row, row | {"culture": "Polish"}, row | {"aggregation": "per_recording"}, row | {"metric": "rmse"}]
    assert held_out({"test": rows}) == [("CCC, valence", ".61 [.55, .66]", "undefined")]


def test_a_figure_of_one_recording_has_no_interval():
    row = {
        "culture": "all",
        "output": "emotion",
        "metric": "ua",
        "aggregation": "pooled",
        "value": 0.7,
        "low": None,
        "high": None,
        "training_mean": 0.25,
    }
    assert held_out({"test": [row]}) == [("UA", ".70", ".25")]
    assert held_out({}) == []


def test_figures_of_a_foreign_checkpoint_that_say_too_little_are_left_out():
    row = {"culture": "all", "output": "valence", "metric": "ccc", "aggregation": "pooled", "value": 0.5}
    assert held_out({"test": [row]}) == [("CCC, valence", ".50", "undefined")]
    assert held_out({"test": [{"culture": "all", "output": "valence", "value": 0.5}]}) == []


def test_the_least_alike_cultures_are_those_whose_mean_weights_correlate_least():
    weights = pd.DataFrame(
        {
            "culture": ["C", "A", "A", "B"],
            "label": "happy",
            "one": [0.9, 0.1, 0.3, 0.3],
            "two": [0.1, 0.5, 0.7, 0.7],
            "three": [0.1, 0.9, 0.7, 0.9],
        }
    )
    assert least_alike(weights) == ("A", "C")
    assert least_alike(weights[weights.culture == "A"]) is None


def test_the_spread_of_figures_over_checkpoints():
    row = {"culture": "all", "output": "valence", "metric": "ccc", "aggregation": "pooled"}
    found = [{"test": [row | {"value": value}]} for value in (0.3, -0.05, 0.5)] + [{}]
    assert spread(found) == ["CCC, valence: −.05 to .50"]


def test_what_a_checkpoint_was_evaluated_on_and_where_it_collapsed():
    row = {
        "culture": "all",
        "output": "valence",
        "metric": "ccc",
        "aggregation": "pooled",
        "value": 0.5,
        "recordings": 155,
        "speakers": 19,
    }
    assert evaluated_on({"test": [row]}) == "155 recordings of 19 speakers"
    assert evaluated_on({"test": [row | {"speakers": 0}]}) == "155 recordings"
    assert evaluated_on({}) == ""
    assert collapsed({"test": [row, row | {"output": "liking", "collapsed": True}]}) == ["liking"]
