"""The Attention page in each of its states, on made-up weights, and on the bundled checkpoints."""

import base64
import dataclasses
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from places import ROOT
from predictions import make_prediction
from reading import lanes, texts, titled

from emoviz import checkpoints
from emoviz.analysis.reliability import Reliability
from emoviz.checkpoints.description import FeatureSpec
from emoviz.checkpoints.folder import CONFIG, read_description
from emoviz.core.settings import Settings
from emoviz.explain.attention import ClipAttention, WindowMap, channels_of
from emoviz.models.inputs import InputConfig
from emoviz.prediction.windows import Windows
from emoviz.ui import attention_weights, clip_analysis, loaders

MAPS = ("graph.toy", "spatial.toy")


@pytest.fixture
def weighing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """A model with channel weights of twelve held-out recordings of two cultures; no other attends to anything."""
    folder = settings.checkpoints[0] / "speech-cats"
    about = dataclasses.replace(
        read_description(folder),
        features=(FeatureSpec("toy", "1", {}, tuple(f"toy.{i}" for i in range(9)), 9),),
        inputs=(InputConfig("toy"),),
        derived=True,
    )
    (folder / CONFIG).write_text(json.dumps(dataclasses.asdict(about)))
    (folder / checkpoints.WEIGHTS).write_bytes(b"")
    values = np.random.default_rng(0).uniform(0.4, 0.6, (12, 9))
    values[:6, 3] += 0.3
    table = pd.DataFrame(values, columns=list(about.features[0].channels), index=[f"r{i}" for i in range(12)])
    who = pd.DataFrame({"culture": ["Here"] * 6 + ["There"] * 6, "speaker": list("aabbccddeeff"), "label": "happy sad"})
    pd.concat([who.set_index(table.index), table], axis=1).rename_axis("id").to_parquet(folder / "attention.parquet")
    monkeypatch.setattr(attention_weights, "maps", lambda path: ("channel",) if path == folder else ())
    monkeypatch.setattr(attention_weights, "of_clip", lambda clip, folder: clip_attention(about, True, ()))
    return folder.name


def clip_attention(about: checkpoints.Description, weights: bool, maps: tuple[str, ...]) -> ClipAttention:
    windows = Windows.of(dataclasses.replace(about, window=1.0, hop=0.1), 4.0)
    channels = channels_of(about).assign(weight=np.linspace(0.2, 0.8, 9)) if weights else None
    times = {name: np.ones(len(windows.times)) for name in maps if not name.startswith("spatial")}
    return ClipAttention(windows, channels, pd.DataFrame({"time": windows.times, **times}), maps)


@pytest.fixture
def looking(weighing: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same model with maps over time and places instead of channel weights."""
    folder = settings.checkpoints[0] / weighing
    (folder / "attention.parquet").unlink()
    about = read_description(folder)
    monkeypatch.setattr(attention_weights, "maps", lambda path: MAPS if path == folder else ())
    monkeypatch.setattr(attention_weights, "of_clip", lambda clip, folder: clip_attention(about, False, MAPS))
    maps = [WindowMap(MAPS[0], np.full((10, 10), 0.1)), WindowMap(MAPS[1], np.full((10, 2, 3, 3), 1 / 9))]
    monkeypatch.setattr(attention_weights, "of_window", lambda clip, folder, number: maps)


def put_deletion(settings: Settings, difference: float) -> None:
    rows = [
        (weighting, order, hidden, hidden / 9, 0.4, 0.3, 0.5)
        for weighting in ("channel attention", "integrated gradients")
        for order in ("highest first", "lowest first", "random")
        for hidden in (0, 4, 9)
    ]
    table = pd.DataFrame(rows, columns=["weighting", "order", "hidden", "share", "error", "low", "high"])
    table = table.assign(
        metric="ccc",
        recordings=8,
        held_out=12,
        difference=difference,
        difference_low=difference - 0.1,
        difference_high=difference + 0.1,
    )
    checkpoints.write_table(settings.checkpoints[0] / "speech-cats", "deletion", table)


def test_the_first_view_shows_channels_with_intervals_and_how_to_measure_faithfulness(open_page, weighing):
    test = open_page("attention")
    assert not test.exception
    bars = titled(test)["Which channels does the model weigh most?"]["data"][0]
    assert len(bars["x"]["bdata"] if isinstance(bars["x"], dict) else bars["x"]) and bars["error_x"]["array"]
    assert "All recordings** (12 held out)" in texts(test) and "`toy.3`" in texts(test)
    assert "python -m emoviz explain speech-cats --deletion" in texts(test)


def opacity(test, figure: str = "Which channels does the model weigh most?") -> set[float]:
    found = titled(test)[figure]["data"][0]["marker"]["opacity"]
    return set(found if isinstance(found, list) else np.frombuffer(base64.b64decode(found["bdata"]), found["dtype"]))


def test_weights_that_another_training_does_not_find_are_pale_and_the_page_says_so(open_page, weighing, settings):
    test = open_page("attention")
    assert "Is it reliable? Not known**" in texts(test) and opacity(test) == {1.0}
    folder, other = settings.checkpoints[0] / weighing, settings.checkpoints[0] / "again"
    shutil.copytree(folder, other)
    values = json.loads((folder / CONFIG).read_text())
    (other / CONFIG).write_text(json.dumps({**values, "training": {**values["training"], "seed": 7}}))
    assert "Is it reliable? Yes**: the mean weights correlate at 1.00 with" in texts(open_page("attention"))
    table = pd.read_parquet(folder / "attention.parquet")
    turned = table.assign(**{f"toy.{i}": table[f"toy.{(i + 4) % 9}"] for i in range(9)})
    turned.to_parquet(other / "attention.parquet")
    test = open_page("attention")
    assert "Is it reliable? No**" in texts(test) and opacity(test) == {0.35}
    assert "The bars are **pale**, as the weights are not reliable (another training of this model" in texts(test)
    assert "not shown to be faithful" not in texts(test)


@pytest.mark.parametrize(
    ("correlation", "difference", "reasons"),
    [(0.1, 0.3, (True, False)), (0.9, 0.0, (False, True)), (0.1, 0.0, (True, True)), (0.9, 0.3, (False, False))],
)
def test_the_doubt_about_weights_names_the_reasons_that_apply(
    weighing, settings, monkeypatch, correlation, difference, reasons
):
    put_deletion(settings, difference)
    monkeypatch.setattr(attention_weights, "agreement", lambda name, found: Reliability(correlation, 4))
    said = attention_weights.doubt_of(weighing, {weighing: settings.checkpoints[0] / weighing})
    assert ("not reliable" in said, "not shown to be faithful" in said) == reasons and bool(said) == any(reasons)


def test_emotions_that_change_within_a_recording_are_no_slice(open_page, weighing):
    test = open_page("attention")
    assert {m.label for m in test.multiselect} == {"Culture", "Speaker", "Only these of the slice"}


def test_two_slices_are_compared_and_the_confound_is_said(open_page, weighing):
    test = open_page("attention", slice="culture:Here", slice_b="culture:There")
    assert "Where do the two slices differ most?" in titled(test)
    assert "Compared with There**: In 1 of 9 channels" in texts(test)
    assert "A culture here is also a corpus" in texts(test)


def test_a_slice_is_chosen_and_stands_in_the_link(open_page, weighing):
    test = open_page("attention")
    test.multiselect(key="slice-culture").set_value(["Here"]).run()
    assert test.query_params["slice"] == "culture:Here"
    assert "Here** (6 held out)" in texts(test) and "Compared with all recordings" in texts(test)


def test_one_recording_is_shown_without_an_interval(open_page, weighing):
    test = open_page("attention", recordings="r3")
    assert not test.exception
    assert "r3** (1 held out)" in texts(test)
    test.multiselect(key="only").set_value([]).run()
    assert "(12 held out)" in texts(test) and "recordings" not in test.query_params


def test_what_is_selected_is_cleared_for_good(open_page, weighing):
    test = open_page("attention", recordings="r3,r4", why="two of them")
    assert test.multiselect(key="only").value == ["r3", "r4"] and "two of them" in texts(test)
    test.button(key="clear").click().run()
    test.run()
    assert test.multiselect(key="only").value == [] and "(12 held out)" in texts(test)
    assert "recordings" not in test.query_params and "chosen one by one" not in texts(test)


def test_a_slice_without_recordings_says_so(open_page, weighing):
    test = open_page("attention", slice="culture:Here;speaker:f")
    assert not test.exception and "choose fewer conditions" in texts(test)


@pytest.mark.parametrize(("difference", "says"), [(0.2, "Better than chance"), (0.0, "Not told from chance")])
def test_the_stored_deletion_curves_are_shown_with_their_verdict(open_page, weighing, settings, difference, says):
    put_deletion(settings, difference)
    test = open_page("attention")
    assert opacity(test) == ({1.0} if difference else {0.35})
    assert f"Is it faithful? {says}." in texts(test)
    assert "Measured on 8 of all 12 held-out recordings. " in texts(test)
    assert "Does hiding the highest-weighted channels hurt most?" in titled(test)
    assert "--deletion" not in texts(test)


def test_the_channels_of_a_clip_are_shown(open_page, finish, weighing, settings):
    put_deletion(settings, 0.0)
    test = finish(open_page("attention"))
    assert not test.exception
    assert opacity(test, "Which channels does it weigh most in this clip?") == {0.35}
    assert "The bars are pale, as the weights are not shown to be faithful" in texts(test)
    assert "gives no moment more weight" in texts(test)


def test_maps_over_time_and_places_have_their_figures(open_page, finish, looking):
    test = finish(open_page("attention"))
    assert not test.exception
    assert {"Attention", "Sound"} <= set(lanes(test))
    assert {
        "Where does each node gather from? (toy)",
        "Where in the face does each head look?",
    } <= set(titled(test))
    assert "no weights per channel" in texts(test) and "av-attention" not in texts(test)


def test_the_link_names_the_window_and_one_that_is_not_there_is_passed_over(open_page, finish, looking):
    assert finish(open_page("attention", window="0.7")).select_slider(key="window").value == 0.7
    test = finish(open_page("attention", window="77.0"))
    assert not test.exception and test.select_slider(key="window").value < 4


def test_damaged_weights_are_said_and_the_clip_still_shown(open_page, weighing, settings):
    (settings.checkpoints[0] / weighing / "attention.parquet").write_bytes(b"no table")
    test = open_page("attention")
    assert not test.exception and "is damaged" in test.error[0].value


def test_without_a_model_that_attends_the_page_says_how_to_get_one(open_page, settings, monkeypatch):
    monkeypatch.setattr(attention_weights, "maps", lambda path: ())
    assert "python -m emoviz train" in texts(open_page("attention"))


def test_the_bundled_checkpoints_answer_at_once(open_page, finish, monkeypatch, tmp_path):
    values = Settings(None, tmp_path / "store", (ROOT / "checkpoints",), tmp_path / "runs")
    monkeypatch.setattr(loaders, "settings", lambda: values)
    monkeypatch.setattr("emoviz.ui.loaders.load", REAL_LOAD)
    monkeypatch.setattr(clip_analysis, "predict_clip", lambda media, models, **_: make_prediction(media, models))
    test = open_page("attention", slice="culture:German", slice_b="culture:Italian")
    assert not test.exception
    assert "Compared with Italian" in texts(test) and "Is it faithful?" in texts(test)
    assert test.selectbox(key="model").value == "speech-cats"
    assert set(test.selectbox(key="model").options) >= {"speech-mdat", "per-culture/german-arousal-0"}
    assert "speech-emotion" not in test.selectbox(key="model").options


REAL_LOAD = checkpoints.load
