"""A set of models of one culture each: who has enough people, what it trains, and which names it may have."""

import dataclasses

import pandas as pd
import pytest

from emoviz.checkpoints.folder import CONFIG, METRICS
from emoviz.core.configuration import to_dict
from emoviz.core.errors import ConfigError, CorpusError, SplitError, UnknownNameError
from emoviz.corpora.base import RECORDING_COLUMNS
from emoviz.corpora.inventory import Holding
from emoviz.features.stored_corpus import StoredCorpus
from emoviz.models.inputs import InputConfig
from emoviz.studies import culture_set
from emoviz.training import preset
from emoviz.training.data import labelled
from emoviz.training.data.channels import check_channels
from emoviz.training.protocols import Options, make_folds

CONFIG_OF_SET = dataclasses.replace(
    preset("compare-cultures"), name="lab", corpora=("c",), inputs=(InputConfig("egemaps"),), channels="", hop=0.1
)


def holding(people: dict[str, int], sessions: dict[str, str] | None = None) -> Holding:
    """A corpus with some people of each culture, who say an angry and a sad utterance each."""
    rows = [
        {"id": f"c/{who}/{e}", "speaker": who, "culture": c, "emotion": e, "session": (sessions or {}).get(who)}
        for c, count in people.items()
        for who in (f"{c}{number}" for number in range(count))
        for e in ("angry", "sad")
    ]
    table = pd.DataFrame(rows).set_index("id")
    recordings = table.reindex(columns=[*RECORDING_COLUMNS, "key"])
    tables = StoredCorpus("c", "C", "", "", recordings, table[["emotion"]], pd.DataFrame(), None)
    return Holding("c", "", True, tables, {"egemaps": len(table)})


def test_a_culture_with_too_few_people_is_left_out_with_what_it_lacks():
    config, left_out = culture_set.with_enough_people(CONFIG_OF_SET, [holding({"A": 3, "B": 2, "C": 4, "D": 1})])
    assert config == dataclasses.replace(CONFIG_OF_SET, cultures=("A", "C"))
    assert left_out == (
        "'B' has 2 people and needs 1 more, as different ones train, validate and are tested; it is left out.",
        "'D' has 1 person and needs 2 more, as different ones train, validate and are tested; it is left out.",
    )


def test_where_all_have_enough_people_nothing_changes():
    assert culture_set.with_enough_people(CONFIG_OF_SET, [holding({"A": 3, "B": 3})]) == (CONFIG_OF_SET, ())


def test_people_who_share_a_session_count_as_one():
    few = holding({"A": 3, "B": 3}, {"B0": "talk", "B1": "talk"})
    config, (sentence,) = culture_set.with_enough_people(CONFIG_OF_SET, [few])
    assert config.cultures == ("A",) and sentence.startswith("'B' has 2 people who share no session and needs 1 more")


def test_without_any_culture_of_enough_people_the_set_is_refused():
    with pytest.raises(SplitError, match=r"No culture has enough people: 'A' has 1 person and needs 2 more"):
        culture_set.with_enough_people(CONFIG_OF_SET, [holding({"A": 1})])


def test_a_config_reads_the_recordings_of_its_cultures_alone():
    found = [holding({"A": 3, "B": 2})]
    config, _ = culture_set.with_enough_people(CONFIG_OF_SET, found)
    table = labelled(config, [found[0].tables], ["speaker", "culture"])
    assert set(table["culture"]) == {"A"}
    assert [fold.name for fold in make_folds("per-culture", table, Options())] == ["A"]
    with pytest.raises(CorpusError, match="No recording of c is of the culture 'Z'; they are of A, B."):
        labelled(dataclasses.replace(config, cultures=("A", "Z")), [found[0].tables], ["speaker"])


def test_each_dimension_is_a_system_of_the_study():
    study = culture_set.study_of(CONFIG_OF_SET, (0, 1))
    assert study.name == "lab" and study.plans["per-culture"].keep == "lab"
    assert {n: study.system(n).outputs for n in study.systems} == {
        "valence": ("valence (derived)",),
        "arousal": ("arousal (derived)",),
    }
    assert study.command == "python -m emoviz cultures --config lab.json --seeds 2"
    chosen = dataclasses.replace(preset("compare-cultures"), name="lab", corpora=("c", "d"))
    assert culture_set.study_of(chosen, (0,)).command == "python -m emoviz cultures c d --name lab --seeds 1"
    with pytest.raises(ConfigError, match="one seed or more"):
        culture_set.study_of(CONFIG_OF_SET, ())


@pytest.mark.parametrize("name", ["per-culture", "speech"])
def test_names_that_come_with_emoviz_are_refused(name, tmp_path):
    with pytest.raises(ConfigError, match=f"'{name}' comes with emoviz; give this set another name."):
        culture_set.require_own_name(dataclasses.replace(CONFIG_OF_SET, name=name), tmp_path)


def test_a_name_of_something_else_is_refused(tmp_path):
    (tmp_path / "lab").mkdir()
    culture_set.require_own_name(CONFIG_OF_SET, tmp_path)
    (tmp_path / "lab" / "file").touch()
    with pytest.raises(ConfigError, match="'lab' is there and is no set of models"):
        culture_set.require_own_name(CONFIG_OF_SET, tmp_path)


def test_a_set_goes_on_with_its_own_settings_alone(tmp_path, monkeypatch):
    member = tmp_path / "lab" / "a-valence-0"
    member.mkdir(parents=True)
    (member / CONFIG).touch()
    (member / METRICS).touch()
    before = dataclasses.replace(CONFIG_OF_SET, name="valence", outputs=("valence (derived)",), seed=3, epochs=5)
    training = to_dict(before)
    monkeypatch.setattr(culture_set, "read_description", lambda folder: type("", (), {"training": training}))
    culture_set.require_own_name(dataclasses.replace(CONFIG_OF_SET, epochs=5), tmp_path)
    with pytest.raises(ConfigError, match="There is a set 'lab' of other epochs; give this set another name."):
        culture_set.require_own_name(CONFIG_OF_SET, tmp_path)


def test_a_model_that_weighs_no_channels_is_refused():
    culture_set.require_channel_attention(CONFIG_OF_SET, {"egemaps": 25})
    for changes in ({"options": {"channel_attention": False}}, {"model": "bi-gru", "options": {}}):
        with pytest.raises(ConfigError, match="weighs no channels with these settings"):
            culture_set.require_channel_attention(dataclasses.replace(CONFIG_OF_SET, **changes), {"egemaps": 25})


def test_channels_are_those_of_what_comes_with_emoviz(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOVIZ_BUNDLED", str(tmp_path))
    with pytest.raises(UnknownNameError, match="no bundled model or set of models named 'per-culture'"):
        check_channels(dataclasses.replace(CONFIG_OF_SET, channels="per-culture"))
    monkeypatch.delenv("EMOVIZ_BUNDLED")
    check_channels(preset("compare-cultures"))
    with pytest.raises(ConfigError, match="'per-culture' does not read 'egemaps' with these settings"):
        check_channels(dataclasses.replace(CONFIG_OF_SET, channels="per-culture"))


def test_what_few_cultures_and_seeds_cannot_tell_is_said():
    told = culture_set.told(CONFIG_OF_SET, 3, (0, 1, 2))
    assert told.startswith(
        "18 trainings in one job, which goes on where it was stopped: of 3 cultures for 2 tasks with 3"
    )
    assert "cannot be told" not in told
    assert "With one seed, a difference" in culture_set.told(CONFIG_OF_SET, 3, (0,))
    assert "A culture alone has no other" in culture_set.told(CONFIG_OF_SET, 1, (0, 1))
    assert "compared in one matrix" in culture_set.told(preset("compare-cultures"), 1, (0, 1))
