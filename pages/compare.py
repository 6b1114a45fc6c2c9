"""Compare: which model is better, where, and is that luck?"""

from collections.abc import Callable, Hashable
from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from emoviz import plots
from emoviz.analysis import comparison_scores, html_report
from emoviz.analysis.comparison import LEAST, MOST, recording_table, training_curves
from emoviz.core import words
from emoviz.core.errors import EmovizError
from emoviz.evaluation.slices import COLUMNS, IDS, Slice
from emoviz.ui import (
    compared_clip,
    compared_costs,
    compared_recordings,
    figures,
    linked,
    loaders,
    messages,
    model_of_visit,
    navigation,
    selected,
    selection,
)
from emoviz.ui.compared import (
    Compared,
    Files,
    compared,
    compared_on_ratings,
    contender,
    files_of,
    rated_corpora,
    suggested,
)
from emoviz.ui.insides import fragment

TEST_SET, CLIP = "Test set", "One clip"
HELD_OUT = "held out in training"
"""Choice of the recordings on which the models were tested at the end of their training."""

ABOUT_TABLE = f"""
One row per culture, one column per model: the score on held-out recordings, in brackets its 95 % bootstrap interval. A
sample of it draws people with all their recordings; *interval over* says how many. Fewer than five tell little of
others. **Training mean** is the same score for always answering the mean (or most frequent class) of the training
labels. {comparison_scores.COLLAPSED} marks a model that has **collapsed**: it predicts nearly a constant
or does no better than that.
{words.CONFOUND} Source: CATS-Transformer paper, section 4 (CCC); Lin 1989.
"""
ABOUT_FOREST = """
The difference of each model's score to that of the first model; whiskers are 95 % intervals of a **paired**
bootstrap: in each of its 1000 samples both models meet the same people. Where the interval holds 0, the difference
may be luck; p is two-sided. The intervals are not corrected for how many rows you look at. Source: Koehn, EMNLP 2004.
"""
ABOUT_CONFUSION = """
Each row is a true class; its cells say what share of its recordings was taken for which class, so a perfect model has
a bright diagonal. Hover for counts. Source: MDAT paper, section 4 (confusion matrices).
"""
ABOUT_LEVELS = """
Each row is a level of the label; its cells say what share of its values was predicted at which level, so a perfect
model has a bright diagonal, and one that dares no strong answer bright columns. Rows without a label are empty. Hover
for counts. Source: ViPER paper, figures 2 and 3.
"""
ABOUT_RELIABILITY = """
Answers are put into ten bins by the probability that the model gave them; on the dotted line it is right as often as it
says, below it it is too sure. Whiskers are 95 % Wilson intervals. The **error** is the expected calibration error, in
15 bins of equally many answers, with its bootstrap interval. Source: Guo et al., ICML 2017.
"""
ABOUT_SPREAD = """
Frames are put into ten bins by what was predicted; the marker is the mean of their labels, the bar holds the middle
80 % of them. On the dotted line labels are on average what was predicted; a flat curve says that the prediction means
little. Source: CATS-Transformer paper, section 4 (CCC falls with each distance from that line).
"""
ABOUT_SLICES = """
The error of each model on each part of the held-out recordings, with 95 % bootstrap intervals over people: the
share of wrong answers, or the root mean squared error on the scale of the labels. Wide intervals come from few people.
"""
ABOUT_TRAINING = """
Left the loss on the training part, right the metric on the validation part by which the epoch was chosen; the marker is
that epoch. Losses of different kinds cannot be compared with each other, the metric can.
"""

NONE_SELECTED = (
    "None of the selected recordings is one that all these models were tested on: switch off **Only these**, or choose "
    "other models."
)


def main() -> None:
    """Lay out the page."""
    heading, controls = st.columns([6, 7], vertical_alignment="bottom")
    with heading.container(gap=None):
        st.title("Compare", anchor=False)
        st.markdown("Which model is better, where, and is that luck?")
    found = loaders.checkpoints()
    names = choose(found)
    selected.show("Compare", may_filter=True)
    with controls.container(horizontal=True, horizontal_alignment="right", vertical_alignment="bottom"):
        view = linked.segments("Compare on", [TEST_SET, CLIP], "view", label_visibility="collapsed")
        both = on_test_set(found, names) if view == TEST_SET and len(names) >= LEAST else None
    if len(found) < LEAST:
        st.markdown(
            "This page compares two or more models, and fewer are here. Bundled ones belong into `checkpoints/`, "
            "your own into the folder "
            "named by `EMOVIZ_CHECKPOINTS`."
        )
    elif len(names) < LEAST:
        st.markdown(f"Choose {LEAST} to {MOST} models at the left: their scores appear here side by side.")
        st.button("Compare a pair that shares recordings", type="primary", on_click=forget_choice)
    elif view == CLIP:
        compared_clip.show_clip(found, names)
    elif both is not None:
        show_test_set(both, {name: found[name] for name in names})


def choose(found: dict[str, Path]) -> list[str]:
    """Let people choose the models; a damaged one is named and left out."""
    names = selection.choose_compared(found, suggested(files_of(found), model_of_visit.name()), MOST)
    sound = [one.name for one in messages.usable(lambda file: contender(*file), files_of({n: found[n] for n in names}))]
    with st.sidebar:
        messages.model_cards({name: found[name] for name in sound})
    return sound


def forget_choice() -> None:
    """Forget the choice, and go back to the models of a first visit."""
    linked.forget("compared")


def choose_recordings() -> Callable[[Files, str], Compared]:
    """Let people choose held-out recordings, or rated clips where there are some, and return what compares on them."""
    corpora = rated_corpora()
    chosen = linked.select("Recordings", [HELD_OUT, *corpora], "ratings", width=170) if corpora else HELD_OUT
    return compared if chosen == HELD_OUT else lambda files, part: compared_on_ratings(files, part, chosen)


def on_test_set(found: dict[str, Path], names: list[str]) -> Compared | None:
    """Return the comparison on the chosen slice, and draw the buttons that choose it and export all.

    There is none where a model says nothing that the chosen recordings have labels of, which is then said.
    """
    files: Files = files_of({name: found[name] for name in names})
    comparing = choose_recordings()
    try:
        everything = comparing(files, "")
    except EmovizError as error:
        st.warning(str(error))
        return None
    shared = everything.comparison.shared
    if not shared:
        both = everything
    else:
        chosen = selection.choose_slice(recording_table(shared[0].results))
        if only := selected.filtered():
            chosen = Slice({**chosen.conditions, IDS: only})
        both = comparing(files, str(chosen))
    st.download_button(
        "Report",
        lambda: html_report.write(
            both.comparison, compared_costs.known_complexities(names), selected.said_if_filtered()
        ).encode(),
        file_name=f"{'-and-'.join(names)}.html",
        mime="text/html",
        key="report",
        on_click="ignore",
        icon=":material/download:",
        help="All figures and tables as one HTML file that opens without a network.",
    )
    return both


def show_test_set(both: Compared, folders: dict[str, Path]) -> None:
    """Show scores and differences, then one view in depth."""
    comparison, names = both.comparison, list(folders)
    if comparison.paired and not comparison.recordings:
        st.markdown(
            NONE_SELECTED if selected.filtered() else "No shared recording is in this slice. Choose another one above."
        )
        return
    if both.judged[0].empty:
        st.markdown("These models were stored without held-out scores; `python -m emoviz train` writes them.")
        return
    st.markdown(selected.said_if_filtered() or "  \n".join(both.verdicts))
    derived = [words.DERIVED] if any(c.derived for c in comparison.contenders) else []
    st.caption(" ".join(html_report.notes(comparison) + derived))
    show_judged(both, names)
    show_in_depth(both, folders)


@fragment
def show_judged(both: Compared, names: list[str]) -> None:
    """Show one score of every model and its differences."""
    table, differences = both.judged
    # Two models fit beside their difference; of more the table needs the whole width.
    left, right = st.columns([9.5, 6], gap="small") if len(names) == LEAST else (st.container(), st.container())
    with left:
        titles = {comparison_scores.score_title(*name): name for name in comparison_scores.score_names(table)}
        what = linked.select("Score", list(titles), "figure", width=300, label_visibility="collapsed")
        figures.show_table(
            comparison_scores.score_grid(table, *titles[what]),
            comparison_scores.of_score(table, *titles[what]),
            key="figures",
            name=f"{'-'.join(names)}-scores",
            about=ABOUT_TABLE,
        )
        if comparison_scores.of_score(table, *titles[what]).collapsed.any():
            st.caption(comparison_scores.COLLAPSED_NOTE)
    with right:
        show_differences(both.of, comparison_scores.of_score(differences, *titles[what]), names, what)
        st.caption(words.CONFOUND)


@fragment
def show_in_depth(both: Compared, folders: dict[str, Path]) -> None:
    """Show one of several views; only the chosen one is made."""
    selected.settle()
    views = views_of(both, folders)
    view = linked.segments("In depth", list(views), "depth", label_visibility="collapsed")
    views[view]()


def show_differences(of: tuple[Hashable, ...], differences: pd.DataFrame, names: list[str], what: str) -> None:
    """Show the forest plot of differences, or why there is none."""
    if differences.empty:
        st.markdown(
            "These models share no held-out recordings of this score, so their difference would be one of recordings "
            "too: only their own scores are shown."
        )
        return
    figures.show(
        figures.kept(("differences", of, what), lambda: plots.difference_forest(differences, names, what)),
        differences,
        key="differences",
        name=f"{'-'.join(names)}-differences",
        about=ABOUT_FOREST,
    )


def views_of(both: Compared, folders: dict[str, Path]) -> dict[str, Callable[[], None]]:
    """Return the functions that draw the views in depth, by their titles."""
    names = list(folders)
    views: dict[str, Callable[[], None]] = {}
    if not both.confusions.empty:
        views["Confusions"] = lambda: show_confusions(both, names)
    views["Calibration"] = lambda: show_calibration(both, names)
    if not both.level_confusions.empty:
        views["Levels"] = lambda: show_levels(both, names)
    views["Error by slice"] = lambda: show_slices(both, names)
    views["Disagreement"] = lambda: compared_recordings.show_disagreement(both, folders)
    views["Training"] = lambda: show_training(both, names)
    views["Complexity"] = lambda: compared_costs.show_complexity(folders)
    return views


def show_confusions(both: Compared, names: list[str]) -> None:
    """Show confusion matrices side by side."""
    figures.show(
        figures.kept(("confusions", both.of), lambda: plots.confusion_matrices(both.confusions, names)),
        both.confusions,
        key="confusions",
        name=f"{'-'.join(names)}-confusions",
        about=ABOUT_CONFUSION,
        on_select=partial(compared_recordings.select_cell, both),
    )


def show_levels(both: Compared, names: list[str]) -> None:
    """Show what values of each level of one output are predicted to be, side by side."""
    levels = both.level_confusions
    outputs = list(dict.fromkeys(levels.output))
    output = linked.select("Output", outputs, "level_of", width=220, label_visibility="collapsed")
    table = levels[levels.output == output]
    figures.show(
        figures.kept(("levels", both.of, output), lambda: plots.level_matrices(table, names)),
        table,
        key="levels",
        name=f"{'-'.join(names)}-levels",
        about=ABOUT_LEVELS,
    )


def show_calibration(both: Compared, names: list[str]) -> None:
    """Show the reliability of classifiers, and the labels over predicted dimensions."""
    bins, errors = both.reliability
    diagrams = []
    if len(bins):
        figure = figures.kept(("reliability", both.of), lambda: plots.reliability_diagram(bins, errors, names))
        diagrams.append(("reliability", figure, bins.merge(errors, "left", "model", suffixes=("", " of error"))))
    for output, rows in both.spread.groupby("output", sort=False):
        draw = partial(plots.spread_diagram, both.spread, str(output), names)
        diagrams.append((f"spread-{output}", figures.kept(("spread", both.of, output), draw), rows))
    if not diagrams:
        st.markdown("These models were stored without their predictions of single recordings, which this needs.")
        return
    for column, (key, figure, rows) in zip(st.columns(max(2, len(diagrams))), diagrams, strict=False):
        with column:
            about = ABOUT_RELIABILITY if key == "reliability" else ABOUT_SPREAD
            key = key.replace(" ", "-").replace("(", "").replace(")", "")
            figures.show(figure, rows, key=key, name=f"{'-'.join(names)}-{key}", about=about)


def show_slices(both: Compared, names: list[str]) -> None:
    """Show the error by culture, emotion or speaker."""
    if not both.slice_columns:
        st.markdown(
            "The recordings are of one culture, one emotion and one speaker, so there are no groups to compare."
        )
        return
    titles = {COLUMNS[column]: column for column in both.slice_columns}
    with st.container(horizontal=True):
        column = titles[linked.select("By", list(titles), "by", width=150, label_visibility="collapsed")]
        table = both.slice_errors(column)
        output = linked.select(
            "Output", list(dict.fromkeys(table.output)), "error_of", width=200, label_visibility="collapsed"
        )
    figures.show(
        figures.kept(("slices", both.of, column, output), lambda: plots.error_slices(table, output, names)),
        table,
        key="slices",
        name=f"{'-'.join(names)}-error-by-{column}",
        about=ABOUT_SLICES,
        on_select=partial(compared_recordings.select_slice, both, column),
    )


def show_training(both: Compared, names: list[str]) -> None:
    """Show loss and validation by epoch, where they were kept."""
    table = training_curves(both.comparison)
    without = [n for n in names if table.empty or n not in set(table.model)]
    if without:
        st.markdown(
            f"No curves were kept of {', '.join(without)}: checkpoints have them when they are trained by this version."
        )
    if len(table):
        figures.show(
            plots.training_curves(table, names),
            table,
            key="training",
            name=f"{'-'.join(names)}-training",
            about=ABOUT_TRAINING,
        )


PLACE = ("Judge", 1, "⚖️")
navigation.enter()
main()
