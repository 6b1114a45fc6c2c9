"""Reports -> tables: means, matrices, differences, what is behind a figure, and the README."""

import itertools
import json
from pathlib import Path

import pytest
from places import ROOT

from emoviz.core.errors import ConfigError
from emoviz.studies import results

CULTURES = ("Here", "North There", "Yon")
CONFIG = {"model": "cats", "options": {}, "data": "utterances", "corpora": ["a"], "inputs": [{"feature": "whisper"}],
          "outputs": ["happy", "sad"], "loss": "cross_entropy", "metric_loss": "", "selection": "ua"}  # fmt: skip


def figure(test: str, value: float | None, **other) -> dict:  # noqa: ANN003
    row = {"test": test, "output": "emotion", "metric": "ua", "aggregation": "pooled", "value": value, "low": None,
           "high": None, "training_mean": 0.25, "recordings": 10, "speakers": 2, "replicates": 1,
           "collapsed": False}  # fmt: skip
    return row | ({"low": round(value - 0.05, 3), "high": round(value + 0.05, 3)} if value is not None else {}) | other


def part(*speakers: str) -> dict:
    return {"recordings": 5 * len(speakers), "speakers": list(speakers)}


def report(system: str, figures: list[dict], **other) -> dict:  # noqa: ANN003
    return {"study": "made-up", "title": "A made-up study", "protocol": "cross-culture", "system": system,
            "command": f"python -m emoviz protocol cross-culture --study made-up --system {system}",
            "note": "Nothing is real.", "seeds": [0], "options": {}, "config": CONFIG, "figures": figures,
            "compared": [], "split": [], "versions": {"python": "3.11"}} | other  # fmt: skip


def crossed(system: str, level: float, **other) -> dict:  # noqa: ANN003
    """A system on all pairs of three cultures, a further 0.01 each, their mean, and that of the first two."""
    pairs = list(itertools.permutations(CULTURES, 2))
    rows = [figure(f"{a}->{b}", round(level + 0.01 * n, 3)) for n, (a, b) in enumerate(pairs)]
    of_two = [row["value"] for row, pair in zip(rows, pairs, strict=True) if set(pair) <= set(CULTURES[:2])]
    rows.append(figure("mean", round(level + 0.025, 3), recordings=60, speakers=12))
    rows.append(figure("mean of two", sum(of_two) / 2, recordings=20, speakers=4))
    split = [{"fold": a, "train": part(f"{a}/1"), "validation": part(), "tests": {
        f"{a}->{b}": part(f"{b}/1", f"{b}/2") for b in CULTURES if b != a}} for a in CULTURES]  # fmt: skip
    return report(system, rows, split=split, **other)


def test_names_of_tests_have_parts():
    assert results.parse_test("German->North American 5-shot") == ("German", "North American", "5-shot")
    assert results.parse_test("German+Polish->Italian") == ("German+Polish", "Italian", "")
    assert results.parse_test("all") == ("", "", "")
    assert results.parse_shots("mean of the paper's pairs 10-shot") == ("mean of the paper's pairs", 10)
    assert results.parse_shots("mean") == ("mean", None)


def test_reports_are_read_in_order_and_the_summary_is_none_of_them(tmp_path):  # noqa: ANN001
    for name in ("b", "a"):
        (tmp_path / f"{name}.json").write_text(json.dumps(report(name, [figure("all", 0.5)])))
    (tmp_path / results.SUMMARY).write_text("{}")
    assert [r["system"] for r in results.read_reports(tmp_path)] == ["a", "b"]
    assert results.read_reports(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("text", "says"), [("{", "no readable JSON"), ("[]", "no report"), ('{"study": "x"}', "title")]
)
def test_a_file_that_is_no_report_is_named(tmp_path, text, says):  # noqa: ANN001
    (tmp_path / "broken.json").write_text(text)
    with pytest.raises(ConfigError, match="broken.json") as error:
        results.read_reports(tmp_path)
    assert says in str(error.value)


def test_systems_stand_by_their_mean_over_what_is_shown():
    group = results.by_protocol([crossed("good", 0.575), crossed("bad", 0.3)])["made-up", "cross-culture"]
    assert [r["system"] for r in group] == ["bad", "good"]
    shown = results.standing(results.figures(group))
    assert list(shown.system) == ["bad", "bad", "good", "good"]
    assert list(shown.column) == ["mean", "mean of two"] * 2
    assert shown.text.iloc[2] == ".60 [.55, .65]"


def test_an_error_stands_the_other_way_round():
    rows = [report(s, [figure("all", v, metric="rmse")]) for s, v in (("good", 0.2), ("bad", 0.5))]
    assert list(results.standing(results.figures(rows)).system) == ["bad", "good"]


def test_an_undefined_figure_stands_last():
    rows = [report(s, [figure("all", v)]) for s, v in (("known", 0.1), ("undefined", None))]
    shown = results.standing(results.figures(rows))
    assert list(shown.system) == ["undefined", "known"]
    assert shown.text.iloc[0] == "undefined"


def test_scores_are_named_and_the_primary_one_is_first():
    rows = [figure("all", 0.1, metric="rmse"), figure("all", 0.5, metric="ccc", aggregation="per_recording"),
            figure("all", 0.5, metric="ccc")]  # fmt: skip
    group = [report("fusion", rows, config={"systems": ["a"], "rule": "average"}),
             report("cats", rows, config=CONFIG | {"selection": "ccc"})]  # fmt: skip
    assert list(results.scores(group)) == ["CCC", "CCC per recording", "RMSE"]
    assert results.primary(group[:1]) == "rmse", "a late fusion alone has no selection"


def test_figures_of_one_culture():
    table = results.figures([crossed("cats", 0.5)])
    assert results.cultures(table) == sorted(CULTURES)
    assert set(results.on_culture(table, "Yon").test) == {"Here->Yon", "North There->Yon"}
    within = results.figures([report("cats", [figure("all", 0.5), figure("Here", 0.4)])])
    assert results.cultures(within) == ["Here"]
    assert list(results.on_culture(within, "Here").value) == [0.4]


def test_pairs_are_apart_for_each_number_of_shots():
    rows = [figure(f"{test} {k}-shot", 0.5) for test in ("A->B", "mean") for k in (0, 5)]
    table = results.figures([report("cats", rows)])
    assert results.pairs(table).empty
    assert list(results.pairs(table, 5).test) == ["A->B 5-shot"]
    assert results.bases(table) == ["mean", "A->B"]


def test_comparisons_have_words():
    compared = [{"test": "A->B 5-shot", "output": "emotion", "metric": "ua", "aggregation": "pooled", "against": "svm",
                 "difference": 0.05, "low": 0.01, "high": 0.09, "p": 0.02}]  # fmt: skip
    (row,) = results.comparisons([report("cats", [], compared=compared)]).to_dict("records")
    assert (row["base"], row["shots"], row["text"]) == ("A->B", 5, ".050 [.010, .090], p = .020")
    assert results.comparisons([report("cats", [])]).empty
    own = {"output": "emotion", "metric": "ua", "aggregation": "pooled", "base": "A->B"}
    assert len(results.comparisons([report("cats", [], compared=compared)], own)) == 1
    assert results.comparisons([report("cats", [], compared=compared)], own | {"base": "A->C"}).empty


def test_a_mean_is_traced_to_its_tests_by_its_numbers():
    whole = crossed("cats", 0.5)
    rows = {row["test"]: row for row in whole["figures"]}
    assert len(results.tests_behind(whole, rows["mean"])) == 6
    assert set(results.tests_behind(whole, rows["mean of two"])) == {"Here->North There", "North There->Here"}
    assert results.tests_behind(whole, rows["Here->Yon"]) == ["Here->Yon"]
    assert results.tests_behind(whole, rows["mean"] | {"value": 0.9}) == []
    assert results.tests_behind(whole, rows["mean"] | {"value": None}) == []


def test_behind_a_pair_stands_its_fold():
    (row,) = results.folds_behind(crossed("cats", 0.5), ["Here->Yon"]).to_dict("records")
    assert (row["fold"], row["test"], row["tested_recordings"]) == ("Here", "Here->Yon", 10)
    assert (row["tested_speakers"], row["train_speakers"]) == (["Yon/1", "Yon/2"], ["Here/1"])


def test_behind_a_figure_over_everything_stand_all_folds_and_behind_a_culture_its_own():
    folds = [{"fold": f"{c} {n}", "train": part("t"), "validation": part("v"), "tests": {"": part(f"{c}/{n}")}}
             for c in ("Here", "Yon") for n in (0, 1)]  # fmt: skip
    within = report("cats", [], split=folds)
    assert len(results.folds_behind(within, ["all"])) == 4
    assert list(results.folds_behind(within, ["Here"]).fold) == ["Here 0", "Here 1"]
    mixed = report("cats", [], split=[fold | {"fold": str(n)} for n, fold in enumerate(folds)])
    assert len(results.folds_behind(mixed, ["Here"])) == 4, "its recordings stand in all folds"


def test_behind_any_number_of_shots_stand_the_draws():
    tests = {f"Here->{t} 0-shot {d}": part(f"{t}/{d}") for t in ("Yon", "There") for d in (0, 1)}
    shots = report("cats", [], split=[{"fold": "Here", "train": part("h"), "validation": part(), "tests": tests}])
    folds = results.folds_behind(shots, ["Here->Yon 15-shot"])
    assert list(folds.test) == ["Here->Yon 0-shot 0", "Here->Yon 0-shot 1"]


def test_a_figure_says_on_what_it_counts():
    whole = crossed("cats", 0.5)
    rows = {row["test"]: row for row in results.figures([whole]).to_dict("records")}

    def words(test: str, **other) -> str:  # noqa: ANN003
        row = rows[test] | other
        return results.sentence(row, "UA", results.folds_behind(whole, results.tests_behind(whole, row)))

    assert words("Here->Yon").startswith("UA .51 [.46, .56] on 10 recordings of 2 speakers.")
    assert "in each of 6 tests" in words("mean")
    assert "4 sequences of 10 recordings" in words("Here->Yon", recordings=4)
    assert "mean over 3 trainings" in words("Here->Yon", replicates=3)
    assert words("Here->Yon", collapsed=True).endswith("no better than the training mean.")


def test_a_checkpoint_of_the_same_system_and_split_is_recognised():
    whole = crossed("cats", 0.5)
    trained = {"same": {**CONFIG, "seed": 3}, "wider": {**CONFIG, "options": {"width": 9}}}
    assert results.same_system(whole, trained) == ["same"]
    assert results.same_system(report("fusion", [], config={"systems": [], "rule": "average"}), {"odd": {}}) == []
    folds = results.folds_behind(whole, ["Here->Yon"])
    assert results.trained_here(folds, {"train": ["Here/1"], "test": ["Yon/1"]})
    assert not results.trained_here(folds, {"train": ["Here/2"]})
    assert not results.trained_here(folds, {})


def test_markdown_is_a_table_of_systems_with_the_training_mean_on_top():
    group = [report("bad", [figure("all", 0.2, collapsed=True)]), report("good", [figure("all", 0.5)])]
    assert results.markdown(group) == (
        "**A made-up study** (`made-up`, cross-culture). Nothing is real.\n\n"
        "| UA | emotion |\n|---|---|\n| training mean | .250 |\n"
        "| bad | .200 [.150, .250], collapsed |\n| good | .500 [.450, .550] |\n"
    )


def test_markdown_has_a_matrix_where_there_are_many_pairs():
    pairs = list(itertools.product("ABC", repeat=2))
    rows = [figure(f"{a}->{b}", 0.1 * n, collapsed=n == 0) for n, (a, b) in enumerate(pairs)]
    text = results.markdown([report("one", rows), report("two", rows)])
    assert "| A | .000\\* | .100 | .200 |" in text
    assert text.count("| | A | B | C |") == 2, "one for each system, as no mean stands for them"
    assert "\n\n\n" not in text


def test_the_readme_takes_the_tables_and_can_be_renewed():
    readme = f"# Title\n{results.BEGIN}\nold\n{results.END}\nrest\n"
    once = results.insert(readme, "tables\n")
    assert once == f"# Title\n{results.BEGIN}\ntables\n{results.END}\nrest\n"
    assert results.insert(once, "tables\n") == once
    with pytest.raises(ConfigError, match="needs the lines"):
        results.insert("# Title\n", "tables\n")


def test_the_readme_has_the_committed_figures():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    if results.BEGIN not in readme:
        pytest.skip(f"The README has no line '{results.BEGIN}' yet, after which the tables would stand.")
    assert results.insert(readme, results.markdown(results.read_reports(ROOT / "results"))) == readme


@pytest.mark.slow
def test_every_committed_figure_is_traced_to_its_recordings():
    for whole in results.read_reports(ROOT / "results"):
        table = results.figures([whole])
        shown = results.standing(table[table.metric == results.primary([whole])])
        for row in shown.to_dict("records"):
            assert len(results.folds_behind(whole, results.tests_behind(whole, row))), (whole["system"], row["test"])


def test_report_files_are_only_json(tmp_path: Path):
    (tmp_path / ".a.json.draft").write_text("{}")
    (tmp_path / "a.txt").write_text("")
    assert results.report_files(tmp_path) == []
