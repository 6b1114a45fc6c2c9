"""Cultures: which channels does each culture's model rely on, and which cultures are alike?"""

from collections.abc import Hashable, Iterable
from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from emoviz import plots
from emoviz.analysis import microphones, replicates
from emoviz.analysis.culture_comparison import Comparison, beside, first_pair
from emoviz.analysis.cultures import Weights
from emoviz.core import words
from emoviz.core.errors import EmovizError
from emoviz.core.vocabulary import Weighting
from emoviz.evaluation.metrics import METRICS
from emoviz.evaluation.metrics.base import score_title
from emoviz.ui import culture_tables, figures, linked, navigation, selected, tested_recordings
from emoviz.ui.insides import fragment

EVERY = "all"
"""Choice of channels of every modality."""
MEASURES = {"pearson": "Pearson's r", "spearman": "Spearman's ρ", "cosine": "cosine", "top-k": "top-k overlap"}
SHOWN = 14
"""Channels of a pair that fit beside the matrix; the table has all."""
TOP = 10
"""Channels per culture, as in paper 1's figure 4."""
OWN = "python -m emoviz cultures CORPUS ..."
TRAIN = "python -m emoviz protocol per-culture --study cultures"
NO_MODELS = (
    "There is no model here that weighs the channels of several cultures: one model per culture of your own corpora is "
    f"trained by the preset compare-cultures of the Train page or `{OWN}`, the set of the README by `{TRAIN}`; then "
    "this page compares them."
)

ABOUT_WEIGHTING = {
    Weighting.ATTENTION: """
These are the weights that the channel attention gives a channel, averaged over a culture's models (or speakers) and
their held-out clips. Source: CATS-Transformer paper, section 5.5.
""",
    Weighting.GRADIENTS: """
These are integrated gradients: how much a channel adds to the prediction of a held-out clip or takes from it, summed
over its frames, averaged over clips, people and models, as a multiple of the mean over channels. Source: Sundararajan
et al., ICML 2017, equation 1.
""",
    Weighting.PERMUTATION: """
This is permutation importance: how much the error on held-out people grows when a channel is that of another moment of
the same person, averaged over people and models, as a multiple of the mean absolute value over channels; it is negative
where a model does better without the channel's course. Sources: Breiman, Machine Learning 45 (2001), section 10; Fisher
et al., JMLR 20 (2019), section 3.
""",
}
ABOUT_SIMILARITY = """
**A cell** compares the channel weights of two cultures: the mean over pairs of models (or, for one model that heard all
cultures, of speakers), one of each culture. Models of the same seed started alike, so such pairs do not count; hover
for theirs, and for 95 % bootstrap intervals. **The diagonal** (outlined) is the same within a culture, its reliability:
two cultures can hardly agree better than each does with itself, so hover for what a cell is of that **ceiling**
(divided by the root of both reliabilities). **Hatched**: a permutation test (cultures exchanged between models, of one
seed alone where the start of the training counts; Holm's correction for all pairs) does not show that the two differ
more than two seeds of one culture; with few seeds it can show it of no pair, while its interval may end below 1.
The tree joins the most similar cultures first. **By telephone**, where it is known, is the same culture once more:
models of the same speakers, trained on their recordings as another room, a telephone's band and its codec leave them.
The culture has not changed there, so what its cell lacks to the ceiling is the microphone's. **Click** a cell to see
its channels, and to select the recordings on which its models were tested.

The cosine of weights, which are never negative, is high for any two models; Pearson's r asks whether the same channels
stand out. Source: CATS-Transformer paper, section 5.5, figure 5.
"""
ABOUT_PAIR = """
The large points are means, the small ones the single models (or speakers). Where the small points of the two cultures
mix, the difference is no more than that between two seeds. Shown are the channels whose means differ most, or of one
culture those that weigh most; the table has all, with standard errors.
"""
ABOUT_GROUPS = """
Each cell is the mean weight of a group's channels, over a culture's models (or speakers). The speech representation is
the principal components of Whisper's second encoder layer, which have no names of their own. Groups differ in how
many channels they have and how alike these are: of five that tell the same, one may get all the weight. Sources of the
groups: Eyben et al. 2016 (GeMAPS); Ekman, Friesen and Hager 2002 (FACS).
"""
ABOUT_TOP = """
Each cell is a channel that is among a culture's ten highest by its mean weight: the number is its rank, the colour says
how many of the culture's models (or speakers) have it among their own ten, the last column counts cultures. By chance a
channel is in ten of all channels; in the paper's form of attention, models of one seed also share what it favours.
`whisper.pc…` are principal components of Whisper's second encoder layer, fitted once for all models. Source:
CATS-Transformer paper, section 5.5, figure 4.
"""
ABOUT_TRANSFER = """
Rows are what was learnt from, columns what was tested, on speakers that no training heard; the diagonal, where there
is one, is the culture's own held-out speakers. Each cell has its 95 % bootstrap interval over recordings. **Hatched**:
collapsed, that is, nearly constant or no better than always answering the training mean or the most frequent class.
**Click** a cell to select the recordings behind it. Source: cross-culture protocols of papers 1 and 4.
"""
ABOUT_SCORES = """
Scores on held-out speakers of each culture, with the 95 % bootstrap interval over people; where there are several
models of a culture, one row per seed. The grey mark is what always answering the training mean gets; open points are
collapsed models: nearly constant, or no better than that. **Click** a point to select the recordings behind it.
"""


def main() -> None:
    """Lay out the page."""
    with st.container(gap=None):
        st.title("Cultures", anchor=False)
        st.markdown("Which cultures rely on the same channels, and is that more than chance?")
        st.caption(f"{words.CONFOUND} {words.DERIVED}")
    selected.show("Cultures")
    if sources := culture_tables.sources():
        compare_weights(sources)
    else:
        with st.container(border=True):
            st.markdown(NO_MODELS)
    show_transfer()
    show_scores()


def compare_weights(sources: dict[str, tuple[Path, ...]]) -> None:
    """Show similarity, the chosen pair and the most frequent channels, or why there is none."""
    try:
        show_weights(sources)
    except EmovizError as error:
        st.error(f"{error} Train them again by `{TRAIN}`, or choose other channel weights.")


def show_weights(sources: dict[str, tuple[Path, ...]]) -> None:
    """Show similarity, the chosen pair and the most frequent channels."""
    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row:
        name = linked.select("Channel weights of", list(sources), "weights", width=210)
        weighting = Weighting(linked.named("Weights by", {str(w): w.capitalize() for w in Weighting}, "by", width=215))
    weights = culture_tables.weights(name, sources[name], weighting)
    for problem in weights.left_out:
        st.warning(f"{problem} It is left out.")
    if weights.missing:
        st.info(culture_tables.missing(name, weights, weighting))
    if weights.table.empty:
        return
    with row:
        dimensions = list(weights.table.index.get_level_values("dimension").unique())
        dimension = linked.select("Task", dimensions, "task", width=175)
        modalities = [EVERY, *replicates.modalities(weights.table)]
        modality = linked.select("Channels", modalities, "channels", width=95) if len(modalities) > 2 else EVERY
        measure = linked.select("Measure", list(MEASURES), "measure", width=135, format_func=MEASURES.__getitem__)
        table = weights.table if modality == EVERY else replicates.restrict(weights.table, modality)
        most = table.shape[1]
        k = min(TOP, most)
        if measure == "top-k":
            k = linked.number("k", 1, most, k, "k", width=100)
    own = table[table.index.get_level_values("dimension") == dimension]
    every = (name, weighting, modality, culture_tables.changed(sources[name]), culture_tables.heard(name))
    of = (dimension, *every)
    comparison = culture_tables.compare(of, own, weights.moved, weights.replicates, measure, k)
    st.markdown(comparison.plain)
    said = (comparison.words, culture_tables.collapsed(name, dimension), weights.note)
    if behind := " ".join(filter(None, said)):
        with st.expander("How sure is that, and is it the microphone?"):
            st.markdown(behind)
    show_cells(of, comparison, (own, weights.moved), (weights.replicates, weighting), (measure, k), sources[name])
    st.markdown(culture_tables.faithful(sources[name], dimension))
    show_groups(of, own, weights.replicates, weighting)
    show_top(every, Weights(table, weights.replicates))
    st.caption(f"A culture of your own is added by the preset compare-cultures of the Train page, or by `{OWN}`.")


@fragment
def show_cells(
    of: tuple[Hashable, ...],
    comparison: Comparison,
    weights: tuple[pd.DataFrame, pd.DataFrame],
    about: tuple[str, Weighting],
    measure: tuple[str, int],
    folders: tuple[Path, ...],
) -> None:
    """Show the matrix and the channels of the clicked cell beside it; a click selects the cell's recordings, too."""
    selected.settle()
    left, right = st.columns([46, 54], gap="medium")
    with left:
        show_similarity(of, comparison, about[0], measure, folders)
    with right:
        show_pair(of, weights, about, chosen_pair(comparison), comparison.cells)


def chosen_pair(comparison: Comparison) -> tuple[str, str]:
    """Return the pair of cultures that the link names, or else the one to begin with."""
    first, _, second = linked.read("pair").partition(",")
    known = zip(comparison.cells["culture"], comparison.cells["other"], strict=True)
    return (first, second) if (first, second) in known else first_pair(comparison)


def choose_pair(folders: tuple[Path, ...], points: list[figures.Point]) -> None:
    """Put the clicked cell into the link, and select the recordings on which its models were tested."""
    if points:
        linked.write("pair", ",".join(points[0]))
        select_cultures(folders, points[0])


def select_cultures(folders: tuple[Path, ...], names: Iterable[str]) -> None:
    """Select the recordings of some cultures on which models were tested."""
    known = [name for name in dict.fromkeys(names) if name != microphones.BY_TELEPHONE]
    found = tested_recordings.of_cultures(folders, known)
    tested_recordings.choose(found, f"{' and '.join(known)}, held out from the compared models")


def choose_transfer(table: pd.DataFrame, points: list[figures.Point]) -> None:
    """Select the recordings behind the clicked score from one culture to another."""
    if points and len(row := table[(table["source"] == points[0][0]) & (table["target"] == points[0][1])]):
        score = row.iloc[0]
        names = (str(score[key]) for key in ("study", "protocol", "system", "test", "output"))
        tested_recordings.choose_behind(*names)


def choose_tested(scored: str, points: list[figures.Point]) -> None:
    """Select the recordings on which the clicked model was tested in its culture."""
    if points:
        model, culture = points[0]
        folders = [folder for folder in culture_tables.scored()[scored] if folder.name == model]
        tested_recordings.choose(
            tested_recordings.of_cultures(folders, [culture]), f"{culture}, on whom {model} was tested"
        )


def show_similarity(
    of: tuple[Hashable, ...],
    comparison: Comparison,
    replicates: str,
    measure: tuple[str, int],
    folders: tuple[Path, ...],
) -> None:
    """Show the matrix with its dendrogram; a click chooses a pair."""
    chosen = chosen_pair(comparison)
    figures.show(
        figures.kept(
            ("similarity", of, measure, chosen),
            lambda: plots.similarity_matrix(
                comparison.cells,
                comparison.order,
                comparison.tree.branches if comparison.tree else None,
                measure=MEASURES[measure[0]],
                replicates=replicates,
                beside=beside(comparison),
                chosen=chosen,
            ),
        ),
        comparison.cells,
        key="similarity",
        name="similarity-of-cultures",
        about=ABOUT_SIMILARITY,
        on_select=partial(choose_pair, folders),
    )


def show_pair(
    of: tuple[Hashable, ...],
    weights: tuple[pd.DataFrame, pd.DataFrame],
    about: tuple[str, Weighting],
    names: tuple[str, str],
    cells: pd.DataFrame,
) -> None:
    """Show both cultures' weights channel by channel, or the replicates' weights of one culture."""
    replicates, weighting = about
    cell = cells.set_index(["culture", "other"]).loc[names]
    alike = bool(cell["alike"]) and not cell.get("beyond", False)
    pair = culture_tables.pair(of, *weights, replicates, names, SHOWN)
    figures.show(
        figures.kept(
            ("pair of", of, names, alike),
            lambda: plots.pair_weights(
                pair.points, pair.shown, pair.names, replicates=replicates, weighting=weighting, alike=alike
            ),
        ),
        pair.table,
        key="pair",
        name="-".join(["channel-weights", *pair.names]).replace(" ", "-"),
        about=ABOUT_PAIR + ABOUT_WEIGHTING[weighting],
    )


def show_groups(of: tuple[Hashable, ...], weights: pd.DataFrame, replicates: str, weighting: Weighting) -> None:
    """Show what kinds of channels each culture relies on, where channels have names that tell."""
    table = culture_tables.groups(of, weights)
    if table["group"].nunique() < 2:
        return
    figures.show(
        figures.kept(("groups", of), lambda: plots.group_weights(table, replicates=replicates, weighting=weighting)),
        table,
        key="groups",
        name="groups-of-channels",
        about=ABOUT_GROUPS + ABOUT_WEIGHTING[weighting],
    )


def show_top(of: tuple[Hashable, ...], weights: Weights) -> None:
    """Show the channels that are most often among the highest."""
    top, table = culture_tables.frequent(of, weights.table, TOP)
    figures.show(
        figures.kept(("top", of), lambda: plots.top_channels(top, table, replicates=weights.replicates)),
        table,
        key="top",
        name="most-frequent-channels",
        about=ABOUT_TOP,
    )


@fragment
def show_transfer() -> None:
    """Show the committed scores from one culture to another."""
    selected.settle()
    st.header("Does it hold in another culture?", anchor=False)
    table, reports = culture_tables.transfer()
    for problem in reports.problems:
        st.warning(f"{problem} It is left out.")
    if table.empty:
        st.markdown(
            "No committed result goes from one culture to another: `python -m emoviz protocol cross-culture --study "
            "speech` makes one."
        )
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        table = narrowed(table, "Results", "results", width=230)
        table = narrowed(table, "System", "system", width=200)
        table = narrowed(table, "Predicted", "output", width=180)
        table = narrowed(table, "Learnt from the target", "learnt", width=190)
        table = narrowed(table.assign(figure=score_names(table)), "Metric", "figure", width=220)
    metric = table["figure"].iloc[0]
    lower = METRICS[table["metric"].iloc[0]].lower_is_better
    of = chosen(table, "results", "system", "output", "learnt", "figure")
    figures.show(
        figures.kept(
            ("from culture to culture", reports.state, *of),
            lambda: plots.transfer_matrix(table, metric=metric, lower_is_better=lower),
        ),
        table,
        key="transfer",
        name="from-culture-to-culture",
        about=ABOUT_TRANSFER,
        on_select=partial(choose_transfer, table),
    )


@fragment
def show_scores() -> None:
    """Show held-out scores per culture."""
    selected.settle()
    st.header("How good are the models of each culture?", anchor=False)
    table, state = culture_tables.scores()
    if table.empty:
        st.markdown("No checkpoint has held-out scores of several cultures.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        table = narrowed(table, "Models", "scored", width=230)
        table = narrowed(table.assign(score=score_names(table)), "Metric", "score", width=220)
    metric = table["score"].iloc[0]
    figures.show(
        figures.kept(
            ("scores by culture", state, *chosen(table, "scored", "score")),
            lambda: plots.scores_by_culture(table, metric=metric),
        ),
        table,
        key="scores",
        name="scores-by-culture",
        about=ABOUT_SCORES,
        on_select=partial(choose_tested, str(table["scored"].iloc[0])),
    )


def score_names(table: pd.DataFrame) -> list[str]:
    """Return metrics and their aggregations in words."""
    return [score_title(row.metric, row.aggregation) for row in table.itertuples()]


def chosen(table: pd.DataFrame, *columns: str) -> list[str]:
    """Return the values to which a table was narrowed."""
    return [str(table[column].iloc[0]) for column in columns]


def narrowed(table: pd.DataFrame, label: str, column: str, *, width: int) -> pd.DataFrame:
    """Let people choose a value of a column where there are several, and return its rows."""
    values = list(table[column].unique())
    value = values[0] if len(values) < 2 else linked.select(label, values, column, width=width)
    return table[table[column] == value]


PLACE = ("Understand", 2, "🌍")
navigation.enter()
main()
