"""Reports -> tables: means, pairs, differences, and how systems stand."""

from places import ROOT

from emoviz.studies import tables
from emoviz.studies.reports import read_reports
from studies.rows import CONFIG, CULTURES, compared, crossed, mean, report, score, test


def test_systems_stand_by_their_mean_over_what_is_shown():
    group = tables.by_protocol([crossed("good", 0.575), crossed("bad", 0.3)])["made-up", "cross-culture"]
    assert [r["system"] for r in group] == ["bad", "good"]
    shown = tables.standing(tables.scores(group))
    assert list(shown.system) == ["bad", "bad", "good", "good"]
    assert list(shown.column) == ["mean", "mean of two"] * 2
    assert shown.text.iloc[2] == ".60 [.55, .65]"


def test_an_error_stands_the_other_way_round():
    rows = [report(s, [score(test(), v, metric="rmse")]) for s, v in (("good", 0.2), ("bad", 0.5))]
    assert list(tables.standing(tables.scores(rows)).system) == ["bad", "good"]


def test_an_undefined_score_stands_last():
    rows = [report(s, [score(test(), v)]) for s, v in (("known", 0.1), ("undefined", None))]
    shown = tables.standing(tables.scores(rows))
    assert list(shown.system) == ["undefined", "known"]
    assert shown.text.iloc[0] == "undefined"


def test_scores_are_named_and_the_primary_one_is_first():
    rows = [
        score(test(), 0.1, metric="rmse"),
        score(test(), 0.5, metric="ccc", aggregation="per_recording"),
        score(test(), 0.5, metric="ccc"),
    ]
    group = [
        report("fusion", rows, config={"systems": ["a"], "rule": "average"}),
        report("cats", rows, config=CONFIG | {"selection": "ccc"}),
    ]
    assert list(tables.readings(group)) == ["CCC", "CCC per recording", "RMSE"]


def test_scores_of_one_culture():
    table = tables.scores([crossed("cats", 0.5)])
    assert tables.cultures(table) == sorted(CULTURES)
    assert set(tables.on_culture(table, "Yon").test) == {"Here->Yon", "North There->Yon"}
    within = tables.scores([report("cats", [score(test(), 0.5), score(test(target="Here"), 0.4)])])
    assert tables.cultures(within) == ["Here"]
    assert list(tables.on_culture(within, "Here").value) == [0.4]


def test_pairs_are_apart_for_each_number_of_shots():
    rows = [score(on, 0.5) for k in (0, 5) for on in (test("A", "B", k), mean("mean", k, [("A", "B")]))]
    table = tables.scores([report("cats", rows)])
    assert tables.pairs(table).empty
    assert list(tables.pairs(table, 5).test) == ["A->B 5-shot"]
    assert tables.bases(table) == ["mean", "A->B"]


def test_comparisons_have_words():
    whole = report("cats", [], compared=[compared(test("A", "B", 5), unit="speakers", clusters=3)])
    (row,) = tables.comparisons([whole]).to_dict("records")
    assert (row["source"], row["target"], row["rests"]) == ("A", "B", "rests on 3 people")
    assert (row["base"], row["shots"], row["text"]) == ("A->B", 5, ".050 [.010, .090], p = .020")
    assert tables.comparisons([report("cats", [])]).empty
    own = {"output": "emotion", "metric": "ua", "aggregation": "pooled", "base": "A->B"}
    assert len(tables.comparisons([whole], own)) == 1
    assert tables.comparisons([whole], own | {"base": "A->C"}).empty


def test_a_row_says_what_it_is_on_in_columns():
    first, *_, last = tables.scores([crossed("cats", 0.5)]).to_dict("records")
    assert [first[key] for key in ("test", "base", "mean", "source", "target")] == [
        "Here->North There",
        "Here->North There",
        "",
        "Here",
        "North There",
    ]
    assert [last[key] for key in ("test", "base", "mean", "source", "target")] == [
        "mean of two",
        "mean of two",
        "mean of two",
        "",
        "",
    ]
    assert "tests" not in first


def test_an_interval_over_few_people_says_so():
    few = tables.scores([report("cats", [score(test(), 0.5, unit="speakers", clusters=3)])])
    assert list(few.rests) == ["rests on 3 people"]
    assert list(tables.scores([report("cats", [score(test(), 0.5)])]).rests) == [""]


def test_a_caption_says_what_intervals_are_over():
    rows = [score(test(), 0.5), score(test(target="Here"), 0.5, unit="speakers")]
    assert tables.intervals_over(tables.scores([report("cats", rows)])) == "recordings or people"


def test_scores_are_narrowed_to_systems_and_a_metric():
    rows = [score(test("A", "B"), 0.5), score(test("A", "B"), 0.4, metric="accuracy")]
    table = tables.scores([report("a", rows), report("b", rows)])
    assert list(tables.narrowed(table, ["b"], "accuracy", "pooled").value) == [0.4]
    assert len(tables.find(table, "a", "A->B", "emotion")) == 2
    shots = tables.scores([report("a", [score(test("A", "B", k), 0.5) for k in (0, 5)])])
    (last,) = tables.pairs_like(shots, shots.iloc[1]).to_dict("records")
    assert last["shots"] == 5


def test_the_same_corpus_is_that_of_the_target_alone():
    found = read_reports(ROOT / "results")
    few = tables.scores([r for r in found if (r["study"], r["protocol"]) == ("speech", "k-shot")])
    few = few[(few["metric"] == "ua") & (few["aggregation"] == "pooled")]
    within = {
        r["system"]: next(s["value"] for s in r["scores"] if (s["target"], s["metric"]) == ("Italian", "ua"))
        for r in found
        if (r["study"], r["protocol"]) == ("speech", "within")
    }
    expected = {system: within[system] for system in ("mdat", "svm")}
    assert tables.same_corpus(found, few[few["base"] == "German->Italian"]) == expected
    assert tables.same_corpus(found, few[few["mean"] != ""]) == {}
