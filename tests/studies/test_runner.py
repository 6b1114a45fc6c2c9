"""Every study names what there is, and one is run from a made-up corpus to its JSON files and on the command line."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
import torch
from places import ROOT
from training.made_up import TRACES, UTTERANCES, MadeUpStore, TracedStore

from emoviz import cli
from emoviz.checkpoints import load
from emoviz.core.configuration import from_dict, to_dict
from emoviz.core.errors import ConfigError, EmovizError, UnknownNameError
from emoviz.core.vocabulary import BINARY, CLASS_KINDS, FOUR_EMOTIONS, Dimension, Task
from emoviz.corpora import READERS
from emoviz.evaluation import bootstrap
from emoviz.evaluation.fusion import FUSIONS
from emoviz.evaluation.scores import Result
from emoviz.features import EXTRACTORS
from emoviz.models import MODELS, build
from emoviz.models.inputs import InputConfig
from emoviz.models.losses import LOSSES, METRIC_LOSSES
from emoviz.studies import folds, runner
from emoviz.studies.catalogue import STUDIES, study
from emoviz.studies.late_fusion import fuse
from emoviz.studies.outcomes import Outcome, Outcomes
from emoviz.studies.own import fusion_of, study_of
from emoviz.studies.reports import name_of_row, read_report, read_reports, summarise
from emoviz.studies.runner import run_study
from emoviz.studies.study import LEARNED, LateFusion, Plan, Study, features_of, settings_of
from emoviz.training.config import TrainingConfig
from emoviz.training.data import DATA
from emoviz.training.floors import FLOORS
from emoviz.training.floors.channel_mean import ChannelMean
from emoviz.training.floors.logistic import Logistic
from emoviz.training.floors.shrinkage import Shrinkage
from emoviz.training.floors.svm import VectorMachine
from emoviz.training.protocols import PROTOCOLS, Options, Test, make_folds

FLOOR_OPTIONS = {"svm": VectorMachine, "logistic": Logistic, "channel-mean": ChannelMean, "shrinkage": Shrinkage}
OF_CLIPS = ("utterances", "windows", "pictures", "stretches")
"""Kinds of data with one label per clip."""
SYSTEMS = [pytest.param(s, name, id=f"{s.name}-{name}") for s in STUDIES.values() for name in s.systems]
PLANS = [pytest.param(s, name, id=f"{s.name}-{name}") for s in STUDIES.values() for name in s.plans]


@pytest.mark.parametrize(("chosen", "name"), SYSTEMS)
def test_every_system_names_what_there_is(chosen, name):
    config = chosen.system(name)
    assert config.data in DATA and config.loss in LOSSES
    assert not config.metric_loss or config.metric_loss in METRIC_LOSSES
    assert all(corpus in READERS for corpus in config.corpora)
    assert all(i.feature in EXTRACTORS or i.components is None for i in config.inputs)
    if config.model in FLOORS:
        from_dict(FLOOR_OPTIONS[config.model], config.options, name)
        assert (config.kind in CLASS_KINDS) == (config.model in ("svm", "logistic"))


def test_every_network_of_a_study_is_built_from_its_options():
    seen = {}
    for chosen in STUDIES.values():
        for config in map(chosen.system, chosen.systems):
            if config.model in FLOORS:
                continue
            assert config.model in MODELS
            values = {"streams": {i.feature: i.components or 8 for i in config.inputs}, "outputs": len(config.outputs)}
            seen[repr((config.model, config.options, values))] = (config, {**config.options, **values})
    for config, values in seen.values():
        model = build(config.model, values)
        assert (model.task is Task.CLIP) == (config.data in OF_CLIPS), config.name


@pytest.mark.parametrize(("chosen", "name"), PLANS)
def test_every_plan_names_what_there_is(chosen, name):
    plan = chosen.plans[name]
    known = {*chosen.systems, *chosen.fusions}
    assert (plan.protocol or name) in PROTOCOLS
    assert plan.systems and plan.seeds
    assert len({s.replace(" ", "-") for s in plan.systems}) == len(plan.systems)  # one file of results each
    assert {*plan.systems} <= known
    assert {*plan.against} <= {*plan.systems}
    for system, others in plan.against.items():
        assert {*others} <= known - {system}
    for corpora in plan.means.values():
        assert {*corpora} <= {*chosen.config.corpora}
    for fusion in (chosen.fusions[s] for s in plan.systems if s in chosen.fusions):
        assert {*fusion.systems} <= {*chosen.systems}
        assert fusion.rule == LEARNED or fusion.rule in FUSIONS
        if fusion.rule == LEARNED:  # by what only networks say of those who validate
            assert plan.options.validate
            assert not {chosen.system(s).model for s in fusion.systems} & {*FLOORS}


@pytest.mark.parametrize("chosen", STUDIES.values(), ids=STUDIES)
def test_every_study_says_what_it_is(chosen):
    assert STUDIES[chosen.name] is chosen
    assert not {*"./\\ "} & {*chosen.name}  # results/<study>.<protocol>.<system>.json
    assert chosen.title and chosen.note.endswith(".")
    assert not {*chosen.systems} & {*chosen.fusions}


def test_two_cultures_train_and_all_others_of_the_same_corpora_are_tested():
    """As paper 1 trains C1 and C4; which cultures the corpora have, the committed report of all pairs tells."""
    cultures = [fold["fold"] for fold in read_report(ROOT / "results" / "speech.cross-culture.svm.json")["split"]]
    assert study("two-cultures").config.corpora == study("speech").config.corpora
    rows = [(f"{culture}/{n}", f"{culture} {n}", culture) for culture in cultures for n in range(4)]
    table = pd.DataFrame(rows, columns=["id", "speaker", "culture"]).set_index("id")
    (fold,) = make_folds("cross-culture", table, study("two-cultures").plans["cross-culture"].options)
    learnt = {*table.loc[fold.train.append(fold.validation), "culture"]}
    assert learnt == {"Korean", "North American"} and {test.target for test in fold.tests} == {*cultures} - learnt
    assert all(test.source == ("Korean", "North American") for test in fold.tests)


def test_fields_that_decide_what_is_read_are_fields():
    assert {*runner.READING} <= {f.name for f in dataclasses.fields(TrainingConfig)}


def test_unknown_names_are_refused(tmp_path):
    with pytest.raises(UnknownNameError, match="no study named 'speach'; known are: .*speech"):
        study("speach")
    with pytest.raises(UnknownNameError, match="no system of the study 'speech' named 'gpt'"):
        study("speech").system("gpt")
    folders = (tmp_path, tmp_path, tmp_path)
    with pytest.raises(
        UnknownNameError, match="no protocol of the study 'tiny' named 'loro'; known are: ablation, all train, cross"
    ):
        run_study(TINY, "loro", (), MadeUpStore(), *folders)
    with pytest.raises(UnknownNameError, match="no system of 'tiny cross-culture' named 'wide'; known are: "):
        run_study(TINY, "cross-culture", ("svm", "wide"), MadeUpStore(), *folders)


TINY = Study(
    name="tiny",
    title="Made-up utterances",
    config=dataclasses.replace(UTTERANCES, name="tiny", epochs=1, options={"hidden": 4, "dropout": 0.1}),
    systems={
        "svm": {"model": "svm", "options": {}},
        "small net": {},
        "wide": {"inputs": (InputConfig("toy"), InputConfig("other"))},
    },
    fusions={
        "average of two": LateFusion(("svm", "small net"), "average"),
        "learned of two": LateFusion(("small net", "wide"), LEARNED),
    },
    plans={
        "cross-culture": Plan(
            systems=("svm", "small net", "average of two", "learned of two"),
            seeds=(0, 1),
            against={"svm": ("svm",), "small net": ("svm", "average of two")},
            means={"mean": (), "mean of one corpus": ("Here",)},
        ),
        "ablation": Plan(systems=("svm",), protocol="folds", options=Options(folds=3)),
        "all train": Plan(systems=("svm",), protocol="cross-culture", options=Options(validate=False)),
        "per-culture": Plan(systems=("small net",), seeds=(0,), keep="group"),
    },
    note="Made up.",
)


@pytest.fixture(scope="module", autouse=True)
def few_draws():
    """Intervals as wide as they are, from fewer draws, to save time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bootstrap, "DRAWS", 20)
        yield


class CountingStore(MadeUpStore):
    """Counts how often a corpus is read."""

    reads = 0

    def corpus(self, name):
        self.reads += 1
        return super().corpus(name)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The study after its first plan: its folders, store and reports by system."""
    folder, store = tmp_path_factory.mktemp("tiny"), CountingStore()
    paths = run_study(TINY, "cross-culture", (), store, *places(folder))
    return folder, store, {r["system"]: r for r in (read_report(path) for path in paths)}


def places(folder):
    """Folders of runs, results and checkpoints."""
    return folder / "runs", folder / "results", folder / "checkpoints"


def test_a_run_writes_what_its_files_promise(ran):
    folder, _, reports = ran
    assert list(reports) == list(TINY.plans["cross-culture"].systems)
    for name, report in reports.items():
        assert (folder / "results" / f"tiny.cross-culture.{name.replace(' ', '-')}.json").is_file()
        assert set(report) == {
            "study",
            "title",
            "protocol",
            "system",
            "command",
            "note",
            "seeds",
            "options",
            "config",
            "scores",
            "compared",
            "confusions",
            "split",
            "versions",
        }
        assert report["options"]["folds"] == 5
        assert [fold["fold"] for fold in report["split"]] == ["Here", "There"]
        tests = {"Here->There", "There->Here", "mean"}  # no mean over the pairs of one culture
        assert {name_of_row(row) for row in report["scores"]} == tests
        assert {row["metric"] for row in report["scores"]} == {"accuracy", "ua"}
        for row in report["scores"]:
            assert set(row) == {
                "mean",
                "source",
                "target",
                "shots",
                "calibrated",
                "tests",
                "output",
                "metric",
                "aggregation",
                "value",
                "low",
                "high",
                "training_mean",
                "recordings",
                "speakers",
                "unit",
                "clusters",
                "replicates",
                "collapsed",
            }
            assert row["low"] <= row["value"] <= row["high"]
            assert (row["unit"], row["clusters"]) == ("speakers", 10 if row["mean"] else 5)
            assert (row["training_mean"], row["replicates"]) == (0.25, 1 if name == "svm" else 2)
        assert [len(row["tests"]) for row in report["scores"] if row["mean"]] == [2, 2]
    assert reports["small net"]["command"] == (
        "python -m emoviz protocol cross-culture --study tiny --system 'small net'"
    )
    assert reports["small net"]["config"] == json.loads(json.dumps(to_dict(TINY.system("small net"))))
    assert reports["average of two"]["config"] == {"systems": ["svm", "small net"], "rule": "average"}


@pytest.mark.parametrize(
    ("system", "seeds"),
    [("svm", [0]), ("small net", [0, 1]), ("learned of two", [0, 1]), ("average of two", [0, 1])],
)
def test_a_report_says_with_which_seeds_its_system_was_trained(ran, system, seeds):
    assert ran[2][system]["seeds"] == seeds


def test_a_report_says_who_trained_where_nobody_validates(tmp_path):
    (path,) = run_study(TINY, "all train", (), MadeUpStore(), *places(tmp_path))
    for fold in read_report(path)["split"]:
        assert (fold["train"]["recordings"], fold["validation"]["recordings"]) == (40, 0)


def test_a_config_of_ones_own_is_judged_beside_a_floor(tmp_path):
    own = study_of([TINY.config], "within", Options(folds=3), seeds=(0, 1))
    paths = run_study(own, "within", (), MadeUpStore(), *places(tmp_path))
    reports = {r["system"]: r for r in (read_report(path) for path in paths)}
    assert list(reports) == ["tiny", "svm", "logistic"]
    assert reports["tiny"]["command"] == "python -m emoviz protocol within --config tiny.json --system tiny"
    assert (reports["tiny"]["seeds"], reports["svm"]["seeds"]) == ([0, 1], [0])
    assert {row["against"] for row in reports["tiny"]["compared"]} == {"svm", "logistic"}


def test_several_configs_are_judged_in_one_study(tmp_path):
    first, other = TINY.config, dataclasses.replace(TINY.config, name="other", learning_rate=1e-4)
    fusions = [LateFusion(("tiny", "other"), "weighted", (0.6, 0.4)), LateFusion(("tiny", "other"), LEARNED)]
    own = study_of([first, other], "within", Options(folds=3), fusions=fusions)
    reports = {r["system"]: r for r in map(read_report, run_study(own, "within", (), MadeUpStore(), *places(tmp_path)))}
    assert list(reports) == ["tiny", "other", "svm", "logistic", "weighted 0.6 0.4", LEARNED]
    assert reports["other"]["config"]["learning_rate"] == 1e-4
    assert reports["other"]["command"] == (
        "python -m emoviz protocol within --config tiny.json --config other.json --fuse weighted=0.6,0.4 "
        "--fuse learned --system other"
    )
    value = {name: report["scores"][0]["value"] for name, report in reports.items()}
    for name in ("tiny", "other", "weighted 0.6 0.4"):
        rows = {row["against"]: row["difference"] for row in reports[name]["compared"][::-1]}
        assert {*rows} == {*reports} - {name}
        for against, difference in rows.items():
            assert difference == pytest.approx(value[name] - value[against], abs=2e-6)


@pytest.mark.parametrize(
    ("changes", "fusion", "message"),
    [
        ({"name": "tiny"}, None, "Two systems of this study are named 'tiny'"),
        ({"outputs": FOUR_EMOTIONS[:2]}, None, "share 'outputs', unlike 'tiny' and 'other'"),
        ({}, ("average", ("tiny",)), r"two or more of tiny, other, not of \['tiny'\]"),
        ({"model": "svm", "options": {}}, (LEARNED, ("tiny", "other")), "but there are none here"),
    ],
)
def test_systems_that_cannot_be_judged_together_are_refused(changes, fusion, message):
    other = dataclasses.replace(TINY.config, **{"name": "other", **changes})
    fusions = [LateFusion(fusion[1], fusion[0])] if fusion else []
    with pytest.raises(ConfigError, match=message):
        study_of([TINY.config, other], "within", fusions=fusions)


def test_floors_read_what_their_system_reads():
    other = dataclasses.replace(TINY.config, name="other", inputs=(InputConfig("other"),))
    own = study_of([TINY.config, other], "within")
    assert {"svm of tiny", "logistic of tiny", "svm of other", "logistic of other"} < {*own.systems}
    assert own.system("svm of other").inputs == other.inputs
    assert own.plans["within"].against["other"] == ("tiny", "svm of other", "logistic of other")


def test_a_fusion_is_judged_beside_the_floors_of_all_its_systems():
    other = dataclasses.replace(TINY.config, name="other", inputs=(InputConfig("other"),))
    own = study_of([TINY.config, other], "within", fusions=[LateFusion(("tiny", "other"), "average")])
    floors = tuple(f"{floor} of {name}" for name in ("tiny", "other") for floor in ("svm", "logistic"))
    assert own.plans["within"].against["average"] == ("tiny", "other", *floors)


def test_systems_of_windows_have_floors_that_read_whole_recordings_and_no_copies(tmp_path):
    windows = dataclasses.replace(TINY.config, name="windows", data="windows", window=1.0, epochs=1, copies=1)
    own = study_of([windows], "within", Options(folds=3))
    assert {own.system(name).copies for name in ("svm", "logistic")} == {0}
    (path,) = run_study(own, "within", ("svm",), MadeUpStore(), *places(tmp_path))
    assert read_report(path)["scores"][0]["recordings"] == 80


def test_high_and_low_of_stretches_are_judged_with_a_vote_and_what_is_taken_for_what(tmp_path):
    config = dataclasses.replace(
        TINY.config, data="stretches", inputs=TRACES.inputs, hop=0.2, window=1.0, resample="mean",
        outputs=BINARY[Dimension.AROUSAL], neutral=0.05,
    )  # fmt: skip
    vote = LateFusion(("svm", "logistic", "net"), "majority")
    systems = {"net": {}} | {floor: {"model": floor, "options": {}} for floor in ("svm", "logistic")}
    plan = Plan(("svm", "vote"), Options(sources=(("Here",),)), (0,), against={"vote": ("svm",)})
    own = Study("binary", "High or low", config, systems, {"cross-culture": plan}, "", {"vote": vote})
    paths = run_study(own, "cross-culture", (), TracedStore(noise=0.1), *places(tmp_path))
    svm, voted = map(read_report, paths)
    score = next(row for row in svm["scores"] if row["target"] == "There" and row["metric"] == "accuracy")
    assert score["output"] == "arousal" and score["clusters"] == 5 and score["recordings"] > 10 and score["value"] > 0.8
    assert voted["confusions"][0]["classes"] == ["low arousal", "high arousal"]
    counts = {row["target"]: np.array(row["counts"]) for row in svm["confusions"]}
    assert counts["There"].sum() == score["recordings"]
    assert np.trace(counts["There"]) / counts["There"].sum() == pytest.approx(score["value"], abs=1e-6)
    assert np.sum(voted["confusions"][0]["counts"]) == counts["There"].sum()
    assert {row["against"] for row in voted["compared"]} == {"svm"}


@pytest.mark.parametrize(
    ("text", "message"),
    [("weighted=.6", "for each of its 2"), ("weighted=a,b", "numbers"), ("average=.6,.4", "go with"),
     ("weighted=0,1", "positive"), ("mean", "no fusion named 'mean'")],
)  # fmt: skip
def test_weights_of_a_fusion_that_say_nothing_are_refused(text, message):
    with pytest.raises(EmovizError, match=message):
        fusion_of(text, ("a", "b"))


@pytest.mark.parametrize(
    ("protocol", "seeds", "message"),
    [
        ("outside", (0,), "no protocol named 'outside'"),
        ("within", (), "one seed or more"),
        ("within", (1, 1), "each seed once"),
    ],
)
def test_a_study_of_ones_own_names_a_protocol_and_seeds(protocol, seeds, message):
    with pytest.raises(EmovizError, match=message):
        study_of([TINY.config], protocol, seeds=seeds)


def test_the_command_line_takes_a_config_of_ones_own(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("emoviz.features.store.FeatureStore", lambda root: MadeUpStore())
    for name in ("STORE", "RUNS", "CHECKPOINTS"):
        monkeypatch.setenv(f"EMOVIZ_{name}", str(tmp_path / name.lower()))
    path = tmp_path / "own.json"
    path.write_text(json.dumps(dataclasses.asdict(TINY.config)))
    arguments = ["protocol", "within", "--config", str(path), "--folds", "3", "--results", str(tmp_path / "results")]
    assert cli.main(arguments) == 0
    assert "tiny.within.svm.json" in capsys.readouterr().out
    together = ["protocol", "cross-culture", "--config", str(path), "--train-on", "Here, Nowhere"]
    assert cli.main(together) == 1 and "'Nowhere' is no culture of these corpora" in capsys.readouterr().err
    assert cli.main(["protocol", "within", "--study", "speech", "--folds", "3"]) == 1
    assert "go with --config" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--seeds", "0"], "A protocol takes one seed or more, not 0."),
        (["--fuse", "average"], "A late fusion needs two systems or more, not 'tiny' alone."),
        (
            ["--train-on", "Here"],
            "Cultures that train together are chosen in cross-culture and k-shot, not in 'folds'.",
        ),
        (["--config", "nofile.json"], "There is no config 'nofile.json'."),
    ],
)
def test_the_command_line_says_what_a_protocol_lacks(more, message, tmp_path, capsys):
    path = tmp_path / "own.json"
    path.write_text(json.dumps(dataclasses.asdict(TINY.config)))
    assert cli.main(["protocol", "folds", "--config", str(path), *more]) == 1
    assert message in capsys.readouterr().err


def test_a_run_compares_as_its_plan_says(ran):
    _, _, reports = ran
    assert {row["against"] for row in reports["small net"]["compared"]} == {"svm", "average of two"}
    assert not reports["average of two"]["compared"]
    for row in reports["svm"]["compared"]:
        assert (row["difference"], row["p"]) == (0, 1)
    own, other = (
        {(name_of_row(r), r["metric"]): r["value"] for r in reports[n]["scores"]} for n in ("small net", "svm")
    )
    for row in (r for r in reports["small net"]["compared"] if r["against"] == "svm"):
        key = name_of_row(row), row["metric"]
        assert row["difference"] == pytest.approx(own[key] - other[key], abs=2e-6)


def test_systems_share_what_they_read_and_a_second_run_trains_nothing(ran, monkeypatch):
    folder, store, reports = ran
    assert store.reads <= 4  # one stream, two streams, and again one for the table of each
    monkeypatch.setattr(folds, "fit", lambda *_, **__: pytest.fail("trained again"))
    (path,) = run_study(TINY, "cross-culture", ("small net",), store, *places(folder))
    assert read_report(path) == reports["small net"]


def test_reports_are_read_by_the_tables_and_the_summary(ran):
    folder, _, reports = ran
    read = read_reports(folder / "results")
    assert {r["system"] for r in read if r["protocol"] == "cross-culture"} == set(reports)
    summary = json.loads(summarise(folder / "results").read_text())
    mean = next(r for r in reports["svm"]["scores"] if (r["mean"], r["metric"]) == ("mean", "ua"))
    assert summary["tiny.cross-culture.svm.mean.ua"] == mean["value"]
    assert "tiny.cross-culture.average-of-two.Here->There.ua" in summary


def test_a_plan_may_run_a_protocol_under_another_name(tmp_path):
    (path,) = run_study(TINY, "ablation", (), MadeUpStore(), *places(tmp_path))
    report = read_report(path)
    assert path.name == "tiny.ablation.svm.json"
    assert len(report["split"]) == 3
    assert {name_of_row(row) for row in report["scores"]} == {"all", "Here", "There"}


def test_a_plan_may_keep_its_networks_as_checkpoints(tmp_path):
    runs, found, checkpoints = places(tmp_path)
    (path,) = run_study(TINY, "per-culture", (), MadeUpStore(), runs, found, checkpoints)
    kept = {folder.name: load(folder) for folder in sorted((checkpoints / "group").iterdir())}
    assert list(kept) == ["here-small-net-0", "there-small-net-0"]
    here, there = kept.values()
    assert torch.equal(here.predictor.inputs["toy"].mean, there.predictor.inputs["toy"].mean)  # the same channels
    report = read_report(path)
    assert report["command"] in here.card
    own = next(r for r in here.metrics["test"] if r["metric"] == "ua")
    value = next(r["value"] for r in report["scores"] if (name_of_row(r), r["metric"]) == ("Here->Here", "ua"))
    assert own["value"] == pytest.approx(value, abs=1e-6)


def outcomes(test, validation=None) -> Outcomes:
    """A test, and those who validate: what was said of two classes, of which the first is true, of each utterance."""

    def of(said):
        truth = np.array([1.0, 0.0])
        results = [Result(f"r{n}", "A", "s", "", truth, np.array(p), np.empty(0)) for n, p in enumerate(said)]
        return Outcome(results, np.array([0.5, 0.5]))

    return Outcomes({Test(): of(test)}, validation and of(validation))


def test_a_late_fusion_combines_recordings_and_a_floor_stands_for_each_seed():
    floor = [{0: outcomes(test=[[1.0, 0.0]])}]
    network = [{seed: outcomes(test=[[0.2, 0.8]], validation=[[0.5, 0.5]]) for seed in (0, 3)}]
    (found,) = fuse(LateFusion(("a", "b"), "average"), [floor, network], "emotion")
    assert list(found) == [0, 3]
    for fused in found.values():
        assert list(fused.tests) == [Test()] and fused.validation is None
        np.testing.assert_allclose(fused.tests[Test()].results[0].prediction, [0.6, 0.4])
        np.testing.assert_allclose(fused.tests[Test()].training_mean, [0.5, 0.5])


def test_a_weighted_fusion_takes_its_weights():
    parts = [[{0: outcomes(test=[[1.0, 0.0]])}], [{0: outcomes(test=[[0.0, 1.0]])}]]
    (found,) = fuse(LateFusion(("a", "b"), "weighted", (3.0, 1.0)), parts, "emotion")
    np.testing.assert_allclose(found[0].tests[Test()].results[0].prediction, [0.75, 0.25])


def test_systems_that_were_tested_on_other_recordings_are_not_fused():
    parts = [[{0: outcomes(test=[[1.0, 0.0]])}], [{0: outcomes(test=[[0.0, 1.0]] * 2)}]]
    with pytest.raises(ConfigError, match="a, b were not tested on the same moments"):
        fuse(LateFusion(("a", "b"), "average"), parts, "emotion")


def test_a_learned_fusion_trusts_whom_the_validation_part_proves_right():
    right = [{0: outcomes(test=[[0.9, 0.1]], validation=[[0.9, 0.1]] * 4)}]
    wrong = [{0: outcomes(test=[[0.1, 0.9]], validation=[[0.1, 0.9]] * 4)}]
    (found,) = fuse(LateFusion(("a", "b"), LEARNED), [wrong, right], "emotion")
    assert found[0].tests[Test()].results[0].prediction[0] > 0.85


def test_the_features_of_all_corpora_are_told():
    assert features_of([TINY]) == {"made-up": ("toy", "other")}
    assert set(features_of(STUDIES.values())) == {c for s in STUDIES.values() for c in s.config.corpora}
    assert settings_of([TINY]) == {}
    conditioned = {"sound": "conditioned"}
    assert settings_of([STUDIES["cultures"]])["emodb"] == {"whisper": conditioned, "egemaps": conditioned}


def test_the_command_runs_a_study(ran, tmp_path, monkeypatch, capsys):
    folder = ran[0]
    monkeypatch.setitem(STUDIES, "tiny", TINY)
    monkeypatch.setattr("emoviz.features.store.FeatureStore", lambda root: MadeUpStore())
    for name, value in zip(("RUNS", "RESULTS", "CHECKPOINTS"), places(folder), strict=True):
        monkeypatch.setenv(f"EMOVIZ_{name}", str(value))
    command = ["protocol", "cross-culture", "--study", "tiny", "--results", str(tmp_path / "own")]
    assert cli.main([*command, "--system", "svm", "--system", "small net"]) == 0
    printed = capsys.readouterr().out.split("\n")[:-1]
    assert printed == [str(tmp_path / "own" / f"tiny.cross-culture.{name}.json") for name in ("svm", "small-net")]
    assert (tmp_path / "own" / "summary.json").is_file()
    for arguments, message in (
        (["protocol", "cross-culture", "--study", "huge"], "There is no study named 'huge'"),
        (["protocol", "loro", "--study", "tiny"], "There is no protocol of the study 'tiny' named 'loro'"),
        ([*command, "--system", "gpt"], "There is no system of 'tiny cross-culture' named 'gpt'"),
    ):
        assert cli.main(arguments) == 1
        error = capsys.readouterr().err
        assert error.startswith(f"emoviz: {message}") and len(error.splitlines()) == 1


def test_the_help_names_all_protocols_and_plans(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "500")  # lines are not broken at hyphens
    with pytest.raises(SystemExit):
        cli.main(["protocol", "--help"])
    told = capsys.readouterr().out.replace(",", " ").split()
    assert not {*PROTOCOLS, *(name for s in STUDIES.values() for name in s.plans)} - {*told}


def test_a_system_may_not_contradict_its_study():
    broken = dataclasses.replace(TINY, systems={"net": {"outputs": FOUR_EMOTIONS[:1] * 2}})
    with pytest.raises(ConfigError, match="'outputs' has at least one entry and none twice"):
        broken.system("net")
