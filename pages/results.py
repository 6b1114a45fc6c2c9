"""Results: how good is each system on people it never heard or saw, and is one better by more than luck?"""

from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from emoviz import plots
from emoviz.core import words
from emoviz.evaluation.metrics import METRICS
from emoviz.studies import behind, tables, verdict
from emoviz.studies.reports import Report
from emoviz.ui import figures, loaders, navigation, selected, study_results, tested_recordings
from emoviz.ui.cache import kept
from emoviz.ui.study_results import Form

EVERYWHERE = "all cultures"
CHOSEN = "number"
"""Query parameter of the score whose recordings are shown: system, test and output."""
WIDTHS = (53, 47)
MOST_MATRICES = 4
"""Tests of a system whose confusions are drawn side by side."""
ABOUT_STANDING = """
Each **point** is a score on recordings that the system never met: their speakers were neither trained on nor used to
select the epoch. The **whiskers** are the 95 % bootstrap interval. The **diamond** and the dotted line show the
training mean: the score for always answering the mean (or the most frequent class) of the training labels. A
**hollow** point has collapsed: it is constant, or no better than the training mean. Two systems whose intervals
overlap may still differ, because both are tested on the same recordings: the paired differences tell. **Click** a
point to see and select the recordings behind it.

UA is the mean recall over classes, and CCC is Lin's concordance. The papers behind this are CATS-Transformer (section
3) and MDAT (section 4).
"""
ABOUT_DIFFERENCES = """
Both systems were tested on the same recordings. A bootstrap draws the same of them for both again and again, and
so shows how much of their difference may be luck: the whiskers hold 95 % of the differences that it finds, and p is
twice the share of them on the other side of zero. A difference is grey where its interval holds zero. Of many
comparisons, one in twenty has p < .05 by luck alone; p is not corrected for their number.
"""
ABOUT_MATRIX = f"""
Each row is a culture that was trained on, and each column a culture that was tested. A cell has the score and its 95
% bootstrap interval. {words.CONFOUND} A low cell therefore does not say what was too far away. **Click** a cell to
see and select the recordings behind it.
"""
ABOUT_FEW_SHOT = """
After its training on the source, each system goes on with a few labelled recordings per class of the target. They
come from half of the target's speakers, and the other half is tested; the draw is repeated several times. The
**band** is the 95 % bootstrap interval over these draws and the people who were tested. The **dotted** line is the
training mean. **Click** a point to see and select the
recordings behind it.
"""
ABOUT_CONFUSIONS = """
Each row is a true class, and each cell the share of its recordings that the system took for the class of the column,
with the counts of all seeds in the table; one matrix for each test. Paper 1 draws its figure 3 so, for each culture.
"""


def main() -> None:
    """Lay out the page."""
    with st.container(gap=None):
        st.title("Results", anchor=False)
        st.markdown("How good is each system on people it never met, and is one better by more than luck?")
    selected.show("Results")
    reports = loaders.reports()
    for problem in reports.problems:
        st.warning(f"{problem} It is left out.")
    if not reports.found:
        show_nothing()
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        group = choose_group(kept(("by protocol", reports.state), lambda: tables.by_protocol(reports.found)))
        score, metric, aggregation = choose_score(group)
        of = (reports.state, group[0]["study"], group[0]["protocol"])
        table = kept(("scores of", of), lambda: tables.scores(group))
        culture = choose_culture(table)
        group = choose_systems(group)
    systems = [report["system"] for report in group]
    table = tables.narrowed(table, systems, metric, aggregation)
    if table.empty:
        st.info(f"The chosen systems have no {score}: choose others above.")
        return
    st.caption(f"{group[0]['title']}, {group[0]['protocol']}")
    show_table((*of, score, culture, *systems), group, table, score, culture)
    show_confusions(group)
    over = tables.intervals_over(table)
    st.caption(f"{group[0]['note']} Intervals: 95 %, bootstrap over {over}. The best systems are on top.")


def show_nothing() -> None:
    """Say what would be here, and how to get it."""
    with st.container(border=True):
        st.markdown(
            "This page shows the scores of every study: systems with their intervals, differences with their p, and "
            "the recordings behind each number. There are no reports in `results/` yet. This command makes all of them "
            "again, from the corpora in the folder that `EMOVIZ_DATA` names:"
        )
        st.code("make results", language="bash")


def choose(label: str, options: Sequence[str], key: str, default: str | None = None, width: int = 170) -> str:
    """Let people choose an option that the link carries; one that this table has not is forgotten."""
    if st.session_state.get(key, options[0]) not in options:
        del st.session_state[key]
    index = options.index(default) if default in options else 0
    return str(st.selectbox(label, options, index=index, key=key, bind="query-params", width=width))


def choose_group(groups: Mapping[tuple[str, str], list[Report]]) -> list[Report]:
    """Let people choose a study and a protocol; at first those whose systems were compared most."""
    study, protocol = max(groups, key=lambda key: sum(len(report["compared"]) for report in groups[key]))
    study = choose("Study", list(dict.fromkeys(s for s, _ in groups)), "study", study)
    protocol = choose("Protocol", [p for s, p in groups if s == study], "protocol", protocol, width=140)
    return groups[study, protocol]


def choose_score(group: Sequence[Report]) -> tuple[str, str, str]:
    """Let people choose the score that is shown: its title, metric and aggregation."""
    found = tables.readings(group)
    score = choose("Score", list(found), "score", width=130)
    return score, *found[score]


def choose_culture(table: pd.DataFrame) -> str:
    """Let people choose the tested culture, or :data:`EVERYWHERE`."""
    return choose("Tested on", [EVERYWHERE, *tables.cultures(table)], "tested", width=140)


def choose_systems(group: list[Report]) -> list[Report]:
    """Let people choose some of the systems; at first all."""
    names = [report["system"] for report in group]
    key = "systems"
    if any(name not in names for name in st.session_state.get(key, ())):
        del st.session_state[key]
    with st.popover("Systems"):
        chosen = st.multiselect("Only these", names[::-1], key=key, bind="query-params", placeholder="all systems")
    return [report for report in group if not chosen or report["system"] in chosen]


def show_table(
    of: tuple[Hashable, ...], group: Sequence[Report], table: pd.DataFrame, score: str, culture: str
) -> None:
    """Show the scores of a group in the form that suits them, and what is behind the chosen one.

    Args:
        of: name of these scores.
        group: the chosen systems.
        table: scores of the systems.
        score: title of the chosen metric.
        culture: tested culture, or :data:`EVERYWHERE`.
    """
    tested = table if culture == EVERYWHERE else tables.on_culture(table, culture)
    standing = kept(("standing", of), lambda: tables.standing(tested))
    form = study_results.form_of(tested, standing)
    shown, narrow = choose_shown(form, tested, standing)
    best = verdict.best_of(shown)
    st.markdown(
        verdict.in_words(best, score, kept(("compared with", of, narrow), lambda: tables.comparisons(group, best)))
    )
    chosen = study_results.chosen_score(table, shown, named_score())
    of = (*of, narrow, *key_of(chosen))
    name = "-".join((group[0]["study"], group[0]["protocol"], score, culture)).replace(" ", "-")
    wide = form is Form.WIDE_SYSTEMS
    left, right = (st.container(), st.container()) if wide else st.columns(WIDTHS, gap="medium")
    with left:
        SHOW[form](of, shown, chosen, score, name)
    with right:
        differ = kept(("comparisons", of), lambda: tables.comparisons(group, chosen))
        if len(differ):
            show_differences(of, differ, chosen, score, name)
        elif form is Form.MATRIX:
            show_behind(of, group, chosen, score)
            return
        else:
            st.caption("No system was compared with another one on this test by a paired bootstrap.")
    pairs = tables.pairs_like(table, chosen)
    if form is Form.MATRIX or len(pairs) <= study_results.FEW:
        show_behind(of, group, chosen, score)
        return
    left, right = st.columns(WIDTHS, gap="medium")
    with left:
        show_matrix(of, pairs, chosen, score, name)
    with right:
        show_behind(of, group, chosen, score)


def choose_shown(form: Form, tested: pd.DataFrame, standing: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Let people choose the scores that the figure shows, and return them and the test or system chosen."""
    if form is Form.SHOTS:
        base = choose("Test", tables.bases(tested), "test", width=300)
        return tested[tested["base"] == base], base
    if form is Form.MATRIX:
        system = choose("System", list(dict.fromkeys(standing["system"]))[::-1], "system")
        return tested[tested["system"] == system], system
    return standing, ""


def named_score() -> tuple[str, str, str]:
    """Return system, test and output of the score that the link names; empty where it names none."""
    system, test, output = [*st.query_params.get(CHOSEN, "").split("|"), "", ""][:3]
    return system, test, output


def choose_score_behind(beside: Mapping[str, Any], points: list[figures.Point]) -> None:
    """Put the clicked score into the link, and select the recordings behind it."""
    if points:
        st.query_params[CHOSEN] = "|".join(points[0][:3])
        tested_recordings.choose_behind(beside["study"], beside["protocol"], *points[0][:3])


def key_of(score: Mapping[str, Any]) -> list[str]:
    """Return system, test and output of a score, by which it is marked."""
    return [score[key] for key in ("system", "test", "output")]


def show_standing(
    of: tuple[Hashable, ...], shown: pd.DataFrame, chosen: Mapping[str, Any], score: str, name: str
) -> None:
    """Show the scores with systems as rows."""
    figure = figures.kept(("systems", of), lambda: plots.standing(shown, score, key_of(chosen)))
    figures.show(
        figure,
        shown,
        key=f"standing-{name}",
        name=f"{name}-systems",
        about=ABOUT_STANDING,
        on_select=partial(choose_score_behind, chosen),
    )


def show_few_shot(
    of: tuple[Hashable, ...], shown: pd.DataFrame, chosen: Mapping[str, Any], score: str, name: str
) -> None:
    """Show curves of the scores over the number of labelled recordings."""
    question = f"What do a few labels of the target add? ({shown['base'].iloc[0]})"
    within = tables.same_corpus(loaders.reports().found, shown)
    figure = figures.kept(("few shots", of), lambda: plots.few_shot(shown, score, question, key_of(chosen), within))
    figures.show(
        figure,
        shown,
        key=f"shots-{name}",
        name=f"{name}-shots",
        about=ABOUT_FEW_SHOT,
        on_select=partial(choose_score_behind, chosen),
    )


def show_matrix(
    of: tuple[Hashable, ...], shown: pd.DataFrame, chosen: Mapping[str, Any], score: str, name: str
) -> None:
    """Show the scores from each culture to each."""
    shots = shown["shots"].iloc[0]
    after = "" if pd.isna(shots) else f", {shots} shots"
    question = f"From where to where? ({chosen['system']}{after})"
    figure = figures.kept(("matrix", of), lambda: plots.results_matrix(shown, score, question, key_of(chosen)))
    figures.show(
        figure,
        shown,
        key=f"matrix-{name}",
        name=f"{name}-{chosen['system']}-matrix",
        about=ABOUT_MATRIX,
        on_select=partial(choose_score_behind, chosen),
    )
    st.caption(words.CONFOUND)


def show_differences(
    of: tuple[Hashable, ...], differ: pd.DataFrame, chosen: Mapping[str, Any], score: str, name: str
) -> None:
    """Show which system is better, and whether that is luck."""
    lower = METRICS[chosen["metric"]].lower_is_better
    figure = figures.kept(
        ("more than luck", of),
        lambda: plots.paired_differences(differ, score, chosen["base"], lower_is_better=lower),
    )
    figures.show(figure, differ, key=f"differences-{name}", name=f"{name}-differences", about=ABOUT_DIFFERENCES)


def show_behind(of: tuple[Hashable, ...], group: Sequence[Report], chosen: Mapping[str, Any], score: str) -> None:
    """Show the recordings behind a score: who was tested, who was trained on, and how to make it again."""
    report = next(report for report in group if report["system"] == chosen["system"])
    tests = behind.tests_behind(report, chosen)
    folds = kept(("folds", of), lambda: behind.folds_behind(report, tests))
    with st.container(border=True, key="behind"):
        st.markdown(f"**Behind the number**: {chosen['system']}, {chosen['test']}, {chosen['output']}")
        st.markdown(f"{behind.sentence(chosen, score, folds)} {behind.not_shared(report, tests)}")
        tested, split, made = st.tabs(["Tested", "Trained on", "Made by"])
        with tested:
            figures.draw_table(behind.speakers_in(folds, ("tested",)), key="folds-tested", height=190)
        with split:
            parts = behind.speakers_in(folds, ("train", "validation"))
            figures.draw_table(parts, key="folds-train-validation", height=190)
        with made:
            st.markdown(f"`{report['command']}`")
            versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
            st.caption(f"Seeds: {', '.join(map(str, report['seeds']))}. Versions: {versions}.")
            with st.popover("Config", type="tertiary"):
                st.json(report["config"])
        show_checkpoints(report, folds)


def show_confusions(group: Sequence[Report]) -> None:
    """Show the confusions in each test of the system with the chosen score, if its outputs are classes."""
    known = {report["system"]: report for report in group if report["confusions"]}
    if not known:
        return
    names = list(known)[::-1]
    report = known[choose("Confusions of", names, "confused", named_score()[0], width=200)]
    table = tables.confusions(report)
    tests = list(dict.fromkeys(table["model"]))[:MOST_MATRICES]
    name = "-".join((report["study"], report["protocol"], report["system"])).replace(" ", "-")
    shown = table[table["model"].isin(tests)]
    figure = plots.confusion_matrices(shown, tests)
    figures.show(figure, table, key="confusions", name=f"{name}-confusions", about=ABOUT_CONFUSIONS)


def show_checkpoints(report: Report, folds: pd.DataFrame) -> None:
    """Show links to views of trained networks of the same system."""
    links, exact = study_results.checkpoint_links(report, folds)
    if links:
        split = "trained on the same speakers" if exact else "trained on another split"
        st.markdown(f"Recording by recording, in checkpoints of this system, {split}:")
    with st.container(gap=None):
        for link in links:
            st.page_link(link.page, label=link.label, query_params=link.query)


SHOW = {
    Form.SYSTEMS: show_standing,
    Form.WIDE_SYSTEMS: show_standing,
    Form.SHOTS: show_few_shot,
    Form.MATRIX: show_matrix,
}
"""The figure of each form."""

PLACE = ("Judge", 2, "🏁")
navigation.enter()
main()
