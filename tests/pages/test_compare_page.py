"""The Compare page in each of its states, without browser and networks."""

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from contenders import DIMENSIONS, classifier, tracer, write
from places import ROOT
from reading import specs, tables, texts
from streamlit.testing.v1 import AppTest

from emoviz import checkpoints
from emoviz.core.errors import CorpusError
from emoviz.core.settings import Settings
from emoviz.corpora.inventory import Holding
from emoviz.evaluation import bootstrap
from emoviz.features.stored_corpus import StoredCorpus
from emoviz.prediction import cost
from emoviz.prediction.cost import Complexity
from emoviz.ui import cache, compared, figures, loaders

EPOCHS = {"epochs": [{"epoch": e, "loss": 1 / (1 + e), "validation": e / 3} for e in range(3)],
          "selection": {"metric": "ua", "value": 0.6}}  # fmt: skip


@pytest.fixture
def models(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five planted models in place of the usual ones."""
    monkeypatch.setattr(bootstrap, "DRAWS", 60)
    folder = settings.checkpoints[0]
    shutil.rmtree(folder)
    write(folder / "bad", classifier("bad", 30))
    write(folder / "good", dataclasses.replace(classifier("good", 6), metrics=EPOCHS))
    write(folder / "far", classifier("far", 6, first=900))
    write(folder / "calm", tracer("calm", 0.1))
    write(folder / "loud", tracer("loud", 0.6))
    cache.clear()
    return folder


def grid(test):
    return tables(test)[0].set_index("culture")


def test_a_first_visit_sees_a_pair_that_shares_recordings_judged(open_page, models):
    test = open_page("compare")
    assert not test.exception
    assert test.multiselect(key="compared").value == ["bad", "good"]
    assert "good is better than bad: UA .90 against .50" in texts(test)
    assert "compared on the same 60 held-out recordings of 4 speakers" in texts(test)
    assert grid(test).loc["all", "good"].startswith(".90 [") and list(grid(test).columns)[2] == "training mean"
    assert list(specs(test)) == ["differences", "confusions"]
    assert "a culture here is also a corpus" in texts(test).lower()


def test_the_link_reopens_models_figure_slice_and_view(open_page, models):
    test = open_page(
        "compare", compared=["good", "bad"], figure="Accuracy", slice="culture:Korean", depth="Calibration"
    )
    assert not test.exception
    assert test.selectbox(key="figure").value == "Accuracy"
    assert list(grid(test).index) == ["all"] and grid(test).loc["all", "recordings"] == "30"
    assert list(specs(test)) == ["differences", "reliability"]


def test_models_that_share_nothing_are_said_to_and_shown_side_by_side(open_page, models):
    test = open_page("compare", compared=["good", "far"])
    assert not test.exception
    assert "far shares no held-out recording and output with another model." in texts(test)
    assert "their difference would be one of recordings too" in texts(test)
    assert list(specs(test)) == ["confusions"]


def test_dimensions_have_their_own_calibration(open_page, models):
    test = open_page("compare", compared=["calm", "loud"])
    assert not test.exception
    assert "Labels called derived" in texts(test)
    assert len(list(specs(test))) == 3 and list(specs(test))[0] == "differences"


def test_levels_of_a_dimension_are_set_against_those_predicted(open_page, models):
    test = open_page("compare", compared=["calm", "loud"], depth="Levels", level_of=DIMENSIONS[1])
    assert not test.exception
    assert list(specs(test)) == ["differences", "levels"]
    assert "How high is arousal (derived) predicted" in str(specs(test)["levels"])


@pytest.fixture
def clicked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures with a button ``click-<key>`` each, which clicks what a test puts into the session as ``points``."""

    def click(key: str, tell: Callable[[], None]) -> None:
        st.session_state[key] = {"points": st.session_state["points"]}
        tell()

    def draw(*, key: str, on_points_change: Callable[[], None], **_: object) -> None:
        st.button("Click", key=f"click-{key}", on_click=click, args=(key, on_points_change))

    monkeypatch.setattr(figures, "_figure", draw)


def test_a_cell_becomes_the_selection_by_which_the_page_filters_and_its_link_reopens_it(open_page, models, clicked):
    test = open_page("compare", compared=["good", "bad"], slice="culture:German")
    test.session_state["points"] = [["bad", "angry", "happy"]]
    test.button(key="click-confusions").click().run()
    said = "**5 recordings**: German, angry taken for happy by bad"
    assert said in texts(test) and test.query_params["recordings"] == (
        "corpus/0,corpus/6,corpus/12,corpus/18,corpus/24"
    )
    assert grid(test).loc["all", "recordings"] == "30"
    assert "collapsed" not in texts(test)
    test.toggle(key="only_selected").set_value(True).run()
    assert grid(test).loc["all", "recordings"] == "5"
    assert "do not tell how good a model is" in texts(test), "all of them are errors of one model"
    assert "has collapsed" not in texts(test)
    none = open_page("compare", compared=["good", "bad"], recordings="corpus/none", only_selected="true")
    assert "None of the selected recordings" in texts(none) and not none.exception

    test.text_input(key="selected-save-as").set_value("angry/1")
    test.button(key="selected-save").click().run()
    assert "no slash" in test.info[0].value and said in texts(test)
    test.text_input(key="selected-save-as").set_value("angry 1")
    test.button(key="selected-save").click().run()
    assert test.query_params["selection"] == "angry 1" and "recordings" not in test.query_params
    again = open_page("compare", compared=["good", "bad"], selection="angry 1", only_selected="true")
    assert f"{said} (saved as *angry 1*)" in texts(again) and grid(again).loc["all", "recordings"] == "5"
    again.button(key="clear").click().run()
    assert "selection" not in again.query_params and "5 recordings" not in texts(again)
    assert not again.exception
    assert "No selection named 'other' is saved here." in texts(open_page("compare", selection="other"))


def test_the_model_of_another_page_is_measured_against_the_one_that_shares_most_with_it(open_page, models):
    test = AppTest.from_file(str(ROOT / "pages" / "compare.py"), default_timeout=60)
    test.session_state["model-of-visit"] = "loud"
    assert test.run().multiselect(key="compared").value == ["loud", "calm"] and not test.exception


def test_the_worst_recordings_of_a_model_stand_first(open_page, models):
    test = open_page("compare", compared=["good", "bad"], depth="Disagreement", order="worst of bad")
    assert "the 50 worst of bad" in texts(test)
    assert test.dataframe[-1].value["error of bad"].is_monotonic_decreasing
    assert test.dataframe[-1].value["error of bad"].iloc[[0, 29, 30]].round(6).tolist() == [0.9, 0.9, 0.2]


@pytest.mark.parametrize("depth", ["Error by slice", "Disagreement", "Training", "Complexity"])
def test_each_view_in_depth_opens(open_page, models, monkeypatch, depth):
    monkeypatch.setattr(cost, "size", lambda c: Complexity(c.name, 1234, 0.5))
    test = open_page("compare", compared=["good", "bad"], depth=depth)
    assert not test.exception
    if depth == "Disagreement":
        assert "Of 60 shared recordings, the 50 most different." in texts(test)
        assert "name their folder by `EMOVIZ_DATA`" in texts(test) and list(specs(test))[-1] == "said"
    if depth == "Training":
        assert "No curves were kept of bad" in texts(test) and list(specs(test))[-1] == "training"
    if depth == "Complexity":
        table = tables(test)[-1]
        assert table.parameters.tolist() == ["1,234"] * 2 and set(table.time) == {"not measured"}


def test_cost_is_measured_on_request(open_page, models, monkeypatch):
    monkeypatch.setattr(cost, "size", lambda c: Complexity(c.name, 1234, 0.5))
    monkeypatch.setattr(
        compared, "measure", lambda c, progress: Complexity(c.name, 1234, 0.5, 2_000_000, 3.0, 2.5, 4.0, 5_000_000)
    )
    test = open_page("compare", compared=["good", "bad"], depth="Complexity")
    test.button(key="measure").click().run()
    test.session_state["complexity of good, bad"].wait(30)
    test.run()
    assert not test.exception
    row = tables(test)[-1].set_index("model").loc["bad"]
    assert (row.operations, row.time, row["peak memory"]) == ("2.0 MFLOP", "3.0 ms [2.5, 4.0]", "5.0 MB")


def test_fewer_than_two_models_are_asked_for(open_page, models):
    test = open_page("compare", compared="good")
    assert not test.exception and "Choose 2 to 4 models" in texts(test)
    shutil.rmtree(models)
    models.mkdir()
    write(models / "only", classifier("only", 3))
    test = open_page("compare")
    assert not test.exception and "EMOVIZ_CHECKPOINTS" in texts(test)


def test_a_damaged_model_is_named_and_left_out(open_page, models):
    (models / "far" / checkpoints.METRICS).write_text("{")
    test = open_page("compare", compared=["good", "bad", "far"])
    assert not test.exception
    assert "It is left out." in texts(test) and list(specs(test)) == ["differences", "confusions"]


def test_a_model_whose_scores_lack_a_field_is_named_and_left_out(open_page, models):
    file = models / "far" / checkpoints.METRICS
    scores = json.loads(file.read_text())
    file.write_text(
        json.dumps(scores | {"test": [dict(row, recordings=1) for row in scores["test"][:1]] + [{"culture": "all"}]})
    )
    test = open_page("compare", compared=["good", "far"])
    assert not test.exception
    assert "The scores of 'far' are damaged: A score in metrics.json is without 'output'" in texts(test)


def test_an_empty_slice_says_so(open_page, models):
    test = open_page("compare", compared=["good", "bad"], slice="id:nothing")
    assert not test.exception and "No shared recording is in this slice" in texts(test)


def test_models_are_set_against_the_ratings_of_a_corpus_of_the_store(open_page, models, monkeypatch):
    assert not [box for box in open_page("compare", compared=["calm", "loud"]).selectbox if box.key == "ratings"]
    labels = pd.DataFrame({"valence": [0.5, None], "arousal": [0.1, 0.2]})
    tables = StoredCorpus("rated", "Rated", "", "", pd.DataFrame(), labels, pd.DataFrame(), None)
    acted = dataclasses.replace(tables, labels=labels.assign(emotion="sad"))
    holdings = [Holding(n, "", True, t, {}, True) for n, t in (("rated", tables), ("acted", acted))]
    monkeypatch.setattr(loaders, "holdings", lambda: holdings)
    monkeypatch.setattr(loaders, "load_checkpoint", lambda folder: folder.name)

    def on_ratings(name: str, store: object, corpus: str):
        if name == "good":
            raise CorpusError(f"'{corpus}' rates nothing that follows from '{name}'.")
        return dataclasses.replace(tracer(name, 0.1 if name == "calm" else 0.9, frames=2), note=f"{name} is derived.")

    monkeypatch.setattr(compared, "on_ratings", on_ratings)
    test = open_page("compare", compared=["calm", "loud"], ratings="rated")
    assert not test.exception
    assert test.selectbox(key="ratings").options == ["held out in training", "rated"]
    assert "calm is derived. loud is derived." in texts(test) and "calm is better than loud: CCC" in texts(test)
    test = open_page("compare", compared=["calm", "good"], ratings="rated")
    assert not test.exception and "'rated' rates nothing that follows from 'good'." in texts(test)


def test_one_clip_is_compared_curve_over_curve(open_page, finish):
    test = finish(open_page("compare", view="One clip", compared=["face-expression", "speech-cats"]))
    assert not test.exception
    assert test.selectbox(key="output").options == ["valence (derived)", "arousal (derived)"]
    assert list(specs(test)) == ["curves"]
    assert "face-expression and speech-cats, valence (derived) (CCC): **" in texts(test)


def test_models_without_common_outputs_have_no_curves_to_lay_over_each_other(open_page, finish):
    test = finish(open_page("compare", view="One clip", compared=["speech-cats", "speech-emotion"]))
    assert not test.exception and "predict nothing in common" in texts(test)


def test_bundled_models_are_compared(open_page, monkeypatch):
    monkeypatch.setattr(bootstrap, "DRAWS", 60)
    values = dataclasses.replace(loaders.settings(), checkpoints=(ROOT / "checkpoints",))
    monkeypatch.setattr(loaders, "settings", lambda: values)
    test = open_page("compare")
    assert not test.exception
    assert list(specs(test))[0] == "differences" and "held-out recordings" in texts(test)
