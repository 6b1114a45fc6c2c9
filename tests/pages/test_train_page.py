"""The Train page: what it refuses before anything starts, what it starts, and how jobs are shown."""

import dataclasses
from pathlib import Path

import pytest
from job_queue import Queue
from own_corpus import TABLE, write_own
from reading import specs, tables, texts
from streamlit.testing.v1 import AppTest

from emoviz.core import words
from emoviz.core.settings import Settings
from emoviz.corpora import load, own
from emoviz.corpora.importing import Plan, check, corpus
from emoviz.corpora.sources import gather
from emoviz.features.estimate import Estimate
from emoviz.features.store import FeatureStore
from emoviz.jobs.devices import Device
from emoviz.jobs.folder import State
from emoviz.jobs.kinds.culture_set import CultureSet
from emoviz.models.inputs import InputConfig
from emoviz.training import preset
from emoviz.training.papers import PAPERS
from emoviz.ui import cache, job_cards

CONFIG = dataclasses.replace(preset("speech-emotion"), name="mine-1", corpora=("mine",), epochs=3)


@pytest.fixture(scope="module")
def extracted(tmp_path_factory) -> Path:
    """A store with an imported corpus of four speakers, whose features were extracted in part."""
    folder = tmp_path_factory.mktemp("own")
    clips = write_own(folder / "clips", takes=1)
    columns = {"file": "file", "emotion": "label", "speaker": "actor", "culture": "country"}
    plan = Plan("mine", columns, emotions={"anger": "angry", "joy": "happy", "sadness": "sad"})
    own.save(corpus(plan, check(gather(clips, clips / TABLE), plan)), folder / "imported")
    FeatureStore(folder).add_corpus(load("mine", None, folder / "imported"), ["egemaps"])
    return folder


@pytest.fixture
def queue(monkeypatch) -> Queue:
    made = Queue()
    monkeypatch.setattr(job_cards, "jobs", lambda: made)
    return made


@pytest.fixture
def page(open_page, settings: Settings, extracted: Path, queue: Queue, monkeypatch):
    cache.clear()
    values = dataclasses.replace(settings, store=extracted)
    monkeypatch.setattr("emoviz.ui.loaders.settings", lambda: values)
    monkeypatch.setattr("emoviz.jobs.slurm.partitions", list)  # whatever cluster this machine may belong to
    return lambda: open_page("train")


def errors(test: AppTest) -> list[str]:
    assert not test.exception
    return [error.value for error in test.error]


def press(test: AppTest, label: str) -> AppTest:
    return next(button for button in test.button if button.label == label).click().run()


def ready(page, **changes) -> AppTest:
    """The page with the preset on the imported corpus."""
    test = page()
    test.multiselect(key="speech-emotion-corpora").set_value(["mine"])
    for key, value in changes.items():
        test.number_input(key=f"speech-emotion--{key}").set_value(value)
    return test.run()


def test_without_a_corpus_the_form_says_what_is_missing_and_starts_nothing(page, queue):
    test = page()
    assert errors(test) == [] and "Choose a corpus to train on." in texts(test)
    assert next(b for b in test.button if b.label == "Start").disabled and queue.submitted == []


def test_where_no_corpus_is_the_form_leads_to_the_data(open_page, queue, monkeypatch):
    cache.clear()
    monkeypatch.setattr("emoviz.jobs.slurm.partitions", list)
    test = open_page("train")
    assert errors(test) == [] and "none is on this machine yet. The Data page says how to get one." in texts(test)
    assert next(b for b in test.button if b.label == "Start").disabled


def test_devices_keep_their_names_while_what_is_free_of_them_changes(page, queue, monkeypatch):
    shown = []
    for percent in (10.0, 100.0):
        device = Device("cpu", "CPU, 2 threads", "", 25, 18, percent)
        monkeypatch.setattr(job_cards, "devices", lambda device=device: [device])
        shown.append(next(box for box in ready(page).selectbox if box.label == "Where"))
    first, second = shown
    assert first.options == second.options == ["cpu: CPU, 2 threads"]
    assert "10 % busy" in first.help and "100 % busy" in second.help


def test_what_will_happen_is_said_and_then_started(page, queue):
    test = ready(page, epochs=3)
    assert errors(test) == []
    assert "Extracted first: mine: whisper (sound=conditioned), egemaps (sound=conditioned)." in texts(test)
    assert "384 channels of whisper, 25 channels of egemaps" in texts(test)
    assert tables(test)[0].iloc[0].tolist() == ["Here", "8 / 2", "4 / 1", "4 / 1"]
    test.button(key="start").click().run()
    ((work, where, group),) = queue.submitted
    assert work.config == dataclasses.replace(
        preset("speech-emotion"), name="speech-emotion-2", corpora=("mine",), epochs=3
    )
    assert work.extract and where.device == "cpu" and group == ""


def test_the_time_counts_the_extraction_in(page, queue, monkeypatch):
    first = [Estimate(recordings=100, seconds=100.0, size=1.0, tried=4)]
    monkeypatch.setattr("emoviz.training.outlook.extractions", lambda *_: first)
    monkeypatch.setattr("emoviz.training.outlook.step_seconds", lambda *_: 10.0)
    test = press(ready(page, epochs=3), "How long will it take?")
    assert f"**About {words.duration(130)}** on this processor, {words.duration(100)} of them" in texts(test)
    assert f"Training takes at most **{words.duration(30)}** on this processor: 3 epochs of 1 steps" in texts(test)
    monkeypatch.setattr("emoviz.training.outlook.extractions", lambda *_: [])
    test = press(test, "How long will it take?")
    assert f"At most **{words.duration(30)}**" in texts(test) and "**About" not in texts(test)


@pytest.mark.parametrize(
    ("key", "value", "said", "remedy"),
    [
        ("epochs", 0, "'epochs' is at least 1, not 0.", "50"),
        ("learning_rate", -1.0, "'learning_rate' is positive, not -1.0.", "0.001"),
        ("test_share", 0.9, "'validation_share' and 'test_share' are positive and leave speakers to train on.", "0.2"),
    ],
)
def test_contradictions_are_refused_in_words_and_mended_by_a_click(page, key, value, said, remedy):
    test = ready(page, **{key: value})
    assert errors(test) == [said]
    assert errors(press(test, f"Set {key.replace('_', ' ')} to {remedy}")) == []


def test_ratings_of_clips_bring_their_loss_and_metric(page, queue):
    test = page()
    test.selectbox(key="speech-emotion-kind").set_value("rated dimension").run()
    assert not test.exception
    assert test.multiselect(key="speech-emotion-outputs-rated dimension").value == ["valence", "arousal", "liking"]
    values = {
        field: test.selectbox(key=f"speech-emotion-rated dimension--{field}").value
        for field in ("data", "loss", "selection")
    }
    assert values == {"data": "utterances", "loss": "ccc_mse", "selection": "ccc"}
    test.multiselect(key="speech-emotion-corpora").set_value(["mine"]).run()
    (refusal,) = (error.value for error in test.error)
    assert refusal == "No recording of mine has one of the outputs as its label."
    test.selectbox(key="speech-emotion-kind").set_value("emotion").run()
    assert test.selectbox(key="speech-emotion--loss").value == "cross_entropy"


def test_a_paper_s_system_says_what_is_missing_and_how_to_get_it(page, tmp_path, monkeypatch):
    monkeypatch.setenv("EMOVIZ_WEIGHTS", str(tmp_path))
    test = page()
    choice = test.selectbox(key="base-face-expression")
    assert {*PAPERS} < {*choice.options} and len(PAPERS) == 22
    assert "Missing on this machine" not in texts(test)
    choice.set_value("paper1-av").run()
    said = texts(test)
    assert "'hubert' lacks the weights of facebook/hubert-large-ll60k: `python -m emoviz encoders --get" in said
    assert "'vggface' lacks the weights of" in said and "The corpus 'crema-d': No data folder is set" in said
    test.multiselect(key="paper1-av-corpora").set_value(["mine"]).run()
    (refusal,) = errors(test)
    assert "so 'hubert' cannot be extracted" in refusal
    assert next(b for b in test.button if b.label == "Start").disabled
    assert test.selectbox(key="paper1-av-model").value == preset("paper1-av").model


def test_a_system_that_does_not_fit_the_data_is_refused(page):
    test = ready(page)
    test.selectbox(key="speech-emotion-model").set_value("cats").run()
    assert errors(test) == ["'windows' has labels per clip, but 'cats' predicts per frames."]
    assert "CATS-Transformer" in texts(test)
    assert errors(press(test, "Predict: dimension derived from emotions")) == []
    assert test.selectbox(key="speech-emotion-dimension derived from emotions--data").value == "sequences"


def test_a_sweep_is_one_group(page, queue):
    test = ready(page)
    test.multiselect(key="sweep-systems").set_value(["mdat", "statistics-pooling"])
    test.text_input(key="sweep-seeds").set_value("0, 1").run()
    assert errors(test) == []
    test.button(key="start").click().run()
    assert len(queue.submitted) == 4 and len({group for *_, group in queue.submitted}) == 1
    assert {(work.config.model, work.config.seed) for work, *_ in queue.submitted} == {
        ("mdat", 0),
        ("mdat", 1),
        ("statistics-pooling", 0),
        ("statistics-pooling", 1),
    }
    test = ready(page)
    test.text_input(key="sweep-seeds").set_value("one").run()
    assert errors(test) == ["Seeds are whole numbers, separated by commas: 0, 1, 2."]


def test_a_protocol_is_started_as_such(page, queue):
    test = ready(page)
    test.selectbox(key="speech-emotion-protocol").set_value("folds").run()
    test.number_input(key="folds-options-folds").set_value(2)
    test.text_input(key="folds-seeds").set_value("0, 1").run()
    assert errors(test) == ["Train, validation and test need 3 folds or more, not 2."]
    assert next(b for b in test.button if b.label == "Start").disabled
    test.text_input(key="folds-sources").set_value("German, Italian; Urdu")
    test.number_input(key="folds-options-folds").set_value(4).run()
    test.button(key="start").click().run()
    ((work, *_),) = queue.submitted
    assert work.protocol == "folds" and work.config.corpora == ("mine",)
    assert work.options.folds == 4 and work.seeds == (0, 1)
    assert work.options.sources == (("German", "Italian"), ("Urdu",))


def test_a_logger_is_a_setting_of_one_training(page, queue):
    test = ready(page)
    test.selectbox(key="logger").set_value("tensorboard").run()
    test.button(key="start").click().run()
    ((work, *_),) = queue.submitted
    assert work.logger == "tensorboard"


def test_a_running_job_shows_its_curves_and_can_be_stopped(page, queue):
    queue.put(
        "a",
        State.RUNNING,
        CONFIG,
        stage="Training",
        done=1.5,
        total=3,
        usage={"memory": 2e9, "cpu": 90.0},
        device="cpu",
    )
    test = page()
    assert not test.exception
    assert "2.0 GB, 90 % of a core" in texts(test)
    assert len(specs(test)) == 1
    press(test, "Stop")
    assert queue.asked == [("cancel", "a")]


@pytest.mark.parametrize("state", [State.CANCELLED, State.LOST, State.FAILED])
def test_an_ended_job_says_why_and_can_be_resumed(page, queue, state):
    queue.put("a", state, CONFIG, message="The disk was full.")
    test = page()
    assert "The disk was full." in texts(test)
    press(test, "Resume")
    assert queue.asked == [("resume", "a")]


def test_a_job_is_cloned_into_the_form_under_a_free_name(page, queue):
    queue.put("a", State.FINISHED, CONFIG)
    test = press(page(), "Clone with changes")
    assert errors(test) == []
    key = "clone of mine-1-"
    assert test.number_input(key=f"{key}-epochs").value == 3
    assert test.text_input(key=f"{key}name").value == "mine-1-2"
    assert test.multiselect(key=f"{key}corpora").value == ["mine"]


def test_a_group_has_a_summary(page, queue):
    queue.put("a", State.FINISHED, CONFIG, group="g")
    queue.put("b", State.QUEUED, dataclasses.replace(CONFIG, name="mine-2", seed=1), group="g")
    test = page()
    assert "**g**: 1 of 2 finished" in texts(test)
    table = next(table for table in tables(test) if "seed" in table)
    assert table["state"].tolist() == ["finished", "queued"] and table["validation ua"].tolist() == ["0.4", "0.4"]


def test_settings_of_features_are_those_of_the_config(page, queue):
    test = ready(page)
    test.text_input(key="speech-emotion-input-whisper-settings").set_value("nonsense").run()
    assert errors(test)[0] == "A setting has the form key=value, unlike 'nonsense'."
    test.text_input(key="speech-emotion-input-whisper-settings").set_value("").run()
    test.number_input(key="speech-emotion-input-whisper-components").set_value(64).run()
    test.button(key="start").click().run()
    assert queue.submitted[0][0].config.inputs == (
        InputConfig("whisper", components=64),
        InputConfig("egemaps", settings={"sound": "conditioned"}),
    )


def test_the_link_keeps_what_a_training_starts_from(open_page, page):
    test = open_page("train", base="speech-cats")
    assert test.selectbox(key="base-face-expression").value == "speech-cats" and not test.exception
    test = page()
    choice = test.selectbox(key="base-face-expression")
    assert choice.value == "speech-emotion" and "base" not in test.query_params
    choice.set_value("paper5").run()
    assert test.query_params["base"] in ("paper5", ["paper5"])
    assert open_page("train", base="no such preset").selectbox(key="base-face-expression").value == "speech-emotion"


def test_the_preset_compare_cultures_starts_one_job_of_all_trainings(page, queue):
    test = page()
    test.selectbox(key="base-face-expression").set_value("compare-cultures").run()
    assert test.selectbox(key="compare-cultures-protocol").value == "per-culture"
    test.multiselect(key="compare-cultures-corpora").set_value(["mine"]).run()
    assert errors(test) == []
    assert (
        "10 trainings in one job, which goes on where it was stopped: of 1 culture for 2 tasks with 5 seeds."
        in texts(test)
    )
    assert "They read the channels of 'per-culture', so both are compared in one matrix." in texts(test)
    test.text_input(key="per-culture-seeds").set_value("0, 0").run()
    assert errors(test) == ["A protocol takes each seed once, not 0, 0."]
    test.text_input(key="per-culture-seeds").set_value("0").run()
    assert "With one seed, a difference between cultures cannot be told" in texts(test)
    test.text_input(key="compare-cultures-name").set_value("lab").run()
    test.button(key="start").click().run()
    ((work, where, group),) = queue.submitted
    expected = dataclasses.replace(preset("compare-cultures"), name="lab", corpora=("mine",))
    assert work == CultureSet(expected, (0,), extract=True) and group == ""
