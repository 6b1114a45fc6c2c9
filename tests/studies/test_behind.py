"""What is behind a score: tests, folds, speakers, networks."""

import pytest
from places import ROOT

from emoviz.studies import behind, tables
from emoviz.studies.reports import read_reports
from emoviz.training.protocols import Test
from studies.rows import CONFIG, crossed, mean, part, report, score, share, test

HERE_TO_YON = Test(("Here",), "Yon")


def test_a_mean_knows_its_tests():
    whole = crossed("cats", 0.5)
    rows = {row["test"]: row for row in tables.scores([whole]).to_dict("records")}
    assert len(behind.tests_behind(whole, rows["mean"])) == 6
    of_two = [Test(("Here",), "North There"), Test(("North There",), "Here")]
    assert behind.tests_behind(whole, rows["mean of two"]) == of_two
    assert behind.tests_behind(whole, rows["Here->Yon"]) == [HERE_TO_YON]
    shots = report("cats", [score(mean("mean", k, [("Here", "Yon")]), 0.5) for k in (0, 5)])
    (_, five) = tables.scores([shots]).to_dict("records")
    assert behind.tests_behind(shots, five) == [Test(("Here",), "Yon", 5)]


def test_behind_a_pair_stands_its_fold():
    (row,) = behind.folds_behind(crossed("cats", 0.5), [HERE_TO_YON]).to_dict("records")
    assert (row["fold"], row["test"], row["tested_recordings"]) == ("Here", "Here->Yon", 10)
    assert (row["tested_speakers"], row["train_speakers"]) == (["Yon/1", "Yon/2"], ["Here/1"])


def test_behind_a_score_over_everything_stand_all_folds_and_behind_a_culture_its_own():
    folds = [
        {
            "fold": f"{c} {n}",
            "train": part("t"),
            "validation": part("v"),
            "tests": [share(target=c, fold=n, **part(f"{c}/{n}"))],
        }
        for c in ("Here", "Yon")
        for n in (0, 1)
    ]
    within = report("cats", [], split=folds)
    assert len(behind.folds_behind(within, [Test()])) == 4
    assert list(behind.folds_behind(within, [Test(target="Here")]).fold) == ["Here 0", "Here 1"]
    mixed = report(
        "cats",
        [],
        split=[fold | {"fold": str(n), "tests": [share(fold=n, **part("x"))]} for n, fold in enumerate(folds)],
    )
    assert len(behind.folds_behind(mixed, [Test(target="Here")])) == 4, "its recordings stand in all folds"


def test_behind_any_number_of_shots_stand_the_draws():
    tests = [share("Here", t, 0, d, **part(f"{t}/{d}")) for t in ("Yon", "There") for d in (0, 1)]
    shots = report("cats", [], split=[{"fold": "Here", "train": part("h"), "validation": part(), "tests": tests}])
    folds = behind.folds_behind(shots, [Test(("Here",), "Yon", 15)])
    assert list(folds.test) == ["Here->Yon 0-shot 0", "Here->Yon 0-shot 1"]


def test_a_score_says_on_what_it_counts():
    whole = crossed("cats", 0.5)
    rows = {row["test"]: row for row in tables.scores([whole]).to_dict("records")}

    def said(name: str, **other) -> str:
        row = rows[name] | other
        return behind.sentence(row, "UA", behind.folds_behind(whole, behind.tests_behind(whole, row)))

    assert said("Here->Yon").startswith("UA .51 [.46, .56] on 10 recordings of 2 speakers.")
    assert "in each of 6 tests" in said("mean")
    assert "4 sequences of 10 recordings" in said("Here->Yon", recordings=4)
    assert "mean over 3 trainings" in said("Here->Yon", replicates=3)
    assert "The interval rests on 3 people. Always" in said("Here->Yon", rests="rests on 3 people")
    assert said("Here->Yon", collapsed=True).endswith("no better than the training mean.")


def test_a_checkpoint_of_the_same_system_and_split_is_recognised():
    whole = crossed("cats", 0.5)
    trained = {"same": {**CONFIG, "seed": 3}, "wider": {**CONFIG, "options": {"width": 9}}}
    assert behind.same_system(whole, trained) == ["same"]
    assert behind.same_system(report("fusion", [], config={"systems": [], "rule": "average"}), {"odd": {}}) == []
    folds = behind.folds_behind(whole, [HERE_TO_YON])
    assert behind.trained_here(folds, {"train": ["Here/1"], "test": ["Yon/1"]})
    assert not behind.trained_here(folds, {"train": ["Here/2"]})
    assert not behind.trained_here(folds, {})


@pytest.mark.slow
def test_every_committed_score_is_traced_to_its_recordings():
    for whole in read_reports(ROOT / "results"):
        for row in tables.scores([whole]).to_dict("records"):
            folds = behind.folds_behind(whole, behind.tests_behind(whole, row))
            assert len(folds), (whole["system"], row["test"])
            if row["mean"]:
                assert folds["test"].nunique() > 1, "a mean is over several tests"


def test_speakers_are_listed_once_for_each_fold_or_test():
    whole = crossed("cats", 0.5)
    folds = behind.folds_behind(whole, [HERE_TO_YON, Test(("North There",), "Yon")])
    tested = behind.speakers_in(folds, ("tested",))
    assert list(tested.columns) == ["test", "recordings", "speakers"]
    assert list(tested.test) == ["Here->Yon", "North There->Yon"]
    assert list(tested.speakers) == ["Yon/1, Yon/2"] * 2
    trained = behind.speakers_in(folds, ("train", "validation"))
    assert list(trained.columns) == ["fold", "part", "recordings", "speakers"]
    assert trained[["fold", "part"]].to_numpy().tolist() == [
        [fold, part] for fold in ("Here", "North There") for part in ("train", "validation")
    ]


def test_behind_a_calibrated_test_stands_that_way_alone_with_the_emotions_that_are_not_shared():
    ways = ("", "3 clips")
    tests = [test("Here", "Yon", None, way) | part("Yon/1") for way in ways]
    split = [{"fold": "without Yon", "train": part("h"), "validation": part(), "tests": tests, "unshared": ["sad"]}]
    rows = [score(test("Here", "Yon", None, way), 0.5) for way in ways]
    means = [
        score(test(calibrated=way) | {"mean": "mean", "tests": [test("Here", "Yon", None, way)]}, 0.5) for way in ways
    ]
    found = report("cats", rows + means, split=split)
    table = tables.scores([found])
    assert list(table["test"]) == ["Here->Yon", "Here->Yon, 3 clips", "mean", "mean, 3 clips"]
    for row, way in zip(table.to_dict("records"), ways * 2, strict=True):
        behind_it = behind.tests_behind(found, row)
        assert behind_it == [Test(("Here",), "Yon", calibrated=way)]
        assert list(behind.folds_behind(found, behind_it).test) == [behind_it[0].name]
        assert behind.not_shared(found, behind_it).startswith("Either the training or the tested recordings lack sad:")
    assert list(tables.pairs(table)["test"]) == ["Here->Yon"]
    assert list(tables.pairs_like(table, table.iloc[3])["test"]) == ["Here->Yon, 3 clips"]
    assert behind.not_shared(report("cats", [], split=[split[0] | {"unshared": []}]), [Test(("Here",), "Yon")]) == ""
