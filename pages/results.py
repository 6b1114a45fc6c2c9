"""Results: how good is each system on people it never heard or saw, and is one better by more than luck?"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from emoviz import plots
from emoviz.checkpoints.folder import PER_CULTURE, TABLES
from emoviz.core import words
from emoviz.evaluation.metrics import METRICS
from emoviz.studies import behind, tables
from emoviz.studies.reports import Report
from emoviz.ui import figures, guide, loaders, navigation
from emoviz.ui.cache import kept

EVERYWHERE = "all cultures"
FIGURE = "number"
"""Query parameter of the figure whose recordings are shown: system, test and output."""
FEW = 2
"""Pairs of cultures that need no matrix."""
MOST = 3
"""Checkpoints of one system that are named: its seeds."""
SIDE_BY_SIDE = 4
"""Panels of systems that leave room for the differences beside them."""
WIDTHS = (53, 47)
ABOUT_STANDING = """
**Points** are figures of held-out recordings, whose speakers were neither trained on nor used for selection;
**whiskers** are 95 % bootstrap intervals over recordings. The **diamond** and the dotted line are the training mean:
the same figure for always answering the mean (or most frequent class) of the training labels. A **hollow** point is
collapsed: constant, or no better than that. Two systems whose intervals overlap may still differ, as both are tested
on the same recordings: see the paired differences. **Click** a point to see the recordings behind it.

UA is the mean recall over classes, CCC is Lin's concordance. Papers: CATS-Transformer section 3, MDAT section 4.
"""
ABOUT_DIFFERENCES = """
Both systems were tested on the same recordings, so a bootstrap that draws these recordings for both at once says
how far their difference may be luck: the whiskers hold 95 % of its values, and p is twice the share on the other side
of zero. Grey: the interval holds zero. With many comparisons, one in twenty has p < .05 by luck alone: p is not
corrected for their number.
"""
ABOUT_MATRIX = f"""
Each row is trained on one culture and tested on the culture of the column; a cell has the figure and its 95 % bootstrap
interval over recordings. {words.CONFOUND} A low cell therefore
does not say what was too far away. **Click** a cell to see the recordings behind it.
"""
ABOUT_FEW_SHOT = """
After training on the source, each system goes on with a few labelled recordings per class of the target. They are drawn
from half of the target's speakers, the other half is tested, and the draw is repeated. **Band**: 95 % bootstrap
interval over draws and recordings. **Dotted**: the training mean. **Click** a point to see the recordings behind it.
"""


def main() -> None:
    """Lay out the page."""
    with st.container(gap=None):
        st.title("Results", anchor=False)
        st.markdown("How good is each system on people it never met, and is one better by more than luck?")
    reports = loaders.reports()
    for problem in reports.problems:
        st.warning(f"{problem} It is left out.")
    if not reports.found:
        show_nothing()
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        group = choose_group(tables.by_protocol(reports.found))
        score, metric, aggregation = choose_score(group)
        of = (reports.state, group[0]["study"], group[0]["protocol"])
        table = kept(("figures", of), lambda: tables.scores(group))
        culture = choose_culture(table)
        group = choose_systems(group)
    wanted = table["system"].isin([report["system"] for report in group])
    wanted &= (table["metric"] == metric) & (table["aggregation"] == aggregation)
    table = table[wanted].reset_index(drop=True)
    if table.empty:
        st.info(f"The chosen systems have no {score}: choose others above.")
        return
    st.markdown(f"**{group[0]['title']}**")
    show_table((*of, score, culture, *(report["system"] for report in group)), group, table, score, culture)
    st.caption(f"{group[0]['note']} Intervals: 95 %, bootstrap over recordings. Best systems on top.")


def show_nothing() -> None:
    """What would be here, and how to get it."""
    with st.container(border=True):
        st.markdown(
            "Here the figures of every study stand: systems with their intervals, differences with their p, and the "
            "recordings behind each number. There are none in `results/` yet. This makes all of them again, from the "
            "corpora in the folder that `EMOVIZ_DATA` names:"
        )
        st.code("make results", language="bash")


def choose(label: str, options: Sequence[str], key: str, default: str | None = None, width: int = 170) -> str:
    """A choice that the link carries; one that a link or an earlier table had and this one has not is forgotten."""
    if st.session_state.get(key, options[0]) not in options:
        del st.session_state[key]
    index = options.index(default) if default in options else 0
    return str(st.selectbox(label, options, index=index, key=key, bind="query-params", width=width))


def choose_group(groups: Mapping[tuple[str, str], list[Report]]) -> list[Report]:
    """The systems of one study after one protocol; at first those that were compared most."""
    study, protocol = max(groups, key=lambda key: sum(len(report["compared"]) for report in groups[key]))
    study = choose("Study", list(dict.fromkeys(s for s, _ in groups)), "study", study)
    protocol = choose("Protocol", [p for s, p in groups if s == study], "protocol", protocol, width=140)
    return groups[study, protocol]


def choose_score(group: Sequence[Report]) -> tuple[str, str, str]:
    """In words, as metric and as aggregation."""
    found = tables.readings(group)
    score = choose("Figure", list(found), "score", width=130)
    return score, *found[score]


def choose_culture(table: pd.DataFrame) -> str:
    """The tested culture, or :data:`EVERYWHERE`."""
    return choose("Tested on", [EVERYWHERE, *tables.cultures(table)], "tested", width=140)


def choose_systems(group: list[Report]) -> list[Report]:
    """Some of the systems; at first all."""
    names = [report["system"] for report in group]
    key = "systems"
    if any(name not in names for name in st.session_state.get(key, ())):
        del st.session_state[key]
    with st.popover("Systems"):
        chosen = st.multiselect("Only these", names[::-1], key=key, bind="query-params", placeholder="all systems")
    return [report for report in group if not chosen or report["system"] in chosen]


def show_table(of: tuple, group: Sequence[Report], table: pd.DataFrame, score: str, culture: str) -> None:
    """The figures of a group in the form that suits them, and what is behind the chosen one.

    Args:
        of: says which figures these are.
        group: the chosen systems.
        table: their figures.
        score: the chosen figure.
        culture: the tested one, or :data:`EVERYWHERE`.
    """
    tested = table if culture == EVERYWHERE else tables.on_culture(table, culture)
    shown = kept(("standing", of), lambda: tables.standing(tested))
    panels = shown["column"].nunique()
    few_shot = bool(tested["shots"].notna().any())
    many = not few_shot and panels > tables.WIDEST and len(tables.pairs(tested)) > FEW
    if few_shot:
        base = choose("Test", tables.bases(tested), "test", width=300)
        shown = tested[tested["base"] == base]
    elif many:
        shown = tested[tested["system"] == choose("System", list(dict.fromkeys(shown["system"]))[::-1], "system")]
    chosen = chosen_figure(table, shown)
    of = (*of, shown["base"].iloc[0] if few_shot else shown["system"].iloc[0] if many else "", *key_of(chosen))
    name = "-".join((group[0]["study"], group[0]["protocol"], score, culture)).replace(" ", "-")
    wide = not few_shot and not many and panels > SIDE_BY_SIDE
    left, right = (st.container(), st.container()) if wide else st.columns(WIDTHS, gap="medium")
    with left:
        (show_few_shot if few_shot else show_matrix if many else show_standing)(of, shown, chosen, score, name)
    with right:
        differ = kept(("comparisons", of), lambda: tables.comparisons(group, chosen))
        if len(differ):
            show_differences(of, differ, chosen, score, name)
        elif many:
            show_behind(of, group, chosen, score)
            return
        else:
            st.caption("On this test no system was compared with another one by a paired bootstrap.")
    pairs = tables.pairs(table, None if pd.isna(chosen["shots"]) else chosen["shots"])
    pairs = pairs[(pairs["system"] == chosen["system"]) & (pairs["output"] == chosen["output"])]
    if many or len(pairs) <= FEW:
        show_behind(of, group, chosen, score)
        return
    left, right = st.columns(WIDTHS, gap="medium")
    with left:
        show_matrix(of, pairs, chosen, score, name)
    with right:
        show_behind(of, group, chosen, score)


def chosen_figure(table: pd.DataFrame, shown: pd.DataFrame) -> dict[str, Any]:
    """The figure that was clicked or that the link names; at first the first one of the best system."""
    system, test, output = [*st.query_params.get(FIGURE, "").split("|"), "", ""][:3]
    named = table[(table["system"] == system) & (table["test"] == test) & (table["output"] == output)]
    best = shown[shown["system"] == shown["system"].iloc[-1]]
    return dict((named if len(named) else best).iloc[0])


def choose_figure(points: list[figures.Point]) -> None:
    """Put the clicked figure into the link."""
    if points:
        st.query_params[FIGURE] = "|".join(points[0][:3])


def key_of(figure: Mapping[str, Any]) -> list[str]:
    """System, test and output of a figure, by which it is marked."""
    return [figure[key] for key in ("system", "test", "output")]


def show_standing(of: tuple, shown: pd.DataFrame, chosen: Mapping[str, Any], score: str, name: str) -> None:
    """Systems as rows."""
    figure = figures.kept(("systems", of), lambda: plots.standing(shown, score, key_of(chosen)))
    figures.show(
        figure, shown, key=f"standing-{name}", name=f"{name}-systems",
        about=ABOUT_STANDING, on_select=choose_figure,
    )  # fmt: skip


def show_few_shot(of: tuple, shown: pd.DataFrame, chosen: Mapping[str, Any], score: str, name: str) -> None:
    """Curves over the number of labelled recordings."""
    question = f"What do a few labels of the target add? ({shown['base'].iloc[0]})"
    figure = figures.kept(("few shots", of), lambda: plots.few_shot(shown, score, question, key_of(chosen)))
    figures.show(
        figure, shown, key=f"shots-{name}", name=f"{name}-shots",
        about=ABOUT_FEW_SHOT, on_select=choose_figure,
    )  # fmt: skip


def show_matrix(of: tuple, shown: pd.DataFrame, chosen: Mapping[str, Any], score: str, name: str) -> None:
    """From each culture to each."""
    shots = shown["shots"].iloc[0]
    after = "" if pd.isna(shots) else f", {shots} shots"
    question = f"From where to where? ({chosen['system']}{after})"
    figure = figures.kept(("matrix", of), lambda: plots.results_matrix(shown, score, question, key_of(chosen)))
    figures.show(
        figure, shown, key=f"matrix-{name}", name=f"{name}-{chosen['system']}-matrix", about=ABOUT_MATRIX,
        on_select=choose_figure,
    )  # fmt: skip
    st.caption(words.CONFOUND)


def show_differences(of: tuple, differ: pd.DataFrame, chosen: Mapping[str, Any], score: str, name: str) -> None:
    """Who is better, and is that luck?"""
    lower = METRICS[chosen["metric"]].lower_is_better
    figure = figures.kept(
        ("more than luck", of),
        lambda: plots.paired_differences(differ, score, chosen["base"], lower_is_better=lower),
    )
    figures.show(figure, differ, key=f"differences-{name}", name=f"{name}-differences", about=ABOUT_DIFFERENCES)


def show_behind(of: tuple, group: Sequence[Report], chosen: Mapping[str, Any], score: str) -> None:
    """The recordings behind a figure: who was tested, who was trained on, and how to make it again."""
    report = next(report for report in group if report["system"] == chosen["system"])
    folds = kept(("folds", of), lambda: behind.folds_behind(report, behind.tests_behind(report, chosen)))
    with st.container(border=True, key="behind"):
        st.markdown(f"**Behind the number**: {chosen['system']}, {chosen['test']}, {chosen['output']}")
        st.markdown(behind.sentence(chosen, score, folds))
        tested, split, made = st.tabs(["Tested", "Trained on", "Made by"])
        with tested:
            show_folds(folds, ("tested",))
        with split:
            show_folds(folds, ("train", "validation"))
        with made:
            st.markdown(f"`{report['command']}`")
            versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
            st.caption(f"Seeds: {', '.join(map(str, report['seeds']))}. Versions: {versions}.")
            with st.popover("Config", type="tertiary"):
                st.json(report["config"])
        show_checkpoints(report, folds)


def show_folds(folds: pd.DataFrame, parts: Sequence[str]) -> None:
    """Recordings and speakers of some parts of the split, fold by fold."""
    tables = [
        pd.DataFrame(
            {
                "fold": folds["fold"],
                "test": folds["test"],
                "part": part,
                "recordings": folds[f"{part}_recordings"],
                "speakers": folds[f"{part}_speakers"],
            }
        )
        for part in parts
    ]
    table = pd.concat(tables).sort_index(kind="stable")
    same = "fold" if len(parts) > 1 or table["test"].nunique() < 2 else "test"
    table = table.drop_duplicates([same, "part"]).drop(columns={"fold", "test"} - {same})
    table["speakers"] = table["speakers"].map(", ".join)
    shown = table.drop(columns=[] if len(parts) > 1 else "part")
    figures.draw_table(shown, key="-".join(["folds", *parts]), height=190)


def show_checkpoints(report: Report, folds: pd.DataFrame) -> None:
    """Links to views of trained networks of the same system."""
    found = loaders.checkpoints() | loaders.checkpoints(PER_CULTURE)
    descriptions = {name: loaders.description(folder) for name, folder in found.items()}
    known = {name: description for name, description in descriptions.items() if description}
    names = behind.same_system(report, {name: d.training for name, d in known.items()})
    exact = [name for name in names if behind.trained_here(folds, known[name].split)]
    shown = (exact or names)[:MOST]
    links = [link for name in shown for link in links_of(name, found[name]) if navigation.has(link[0])]
    if links:
        split = "trained on the same speakers" if exact else "trained on another split"
        st.markdown(f"Recording by recording, in checkpoints of this system, {split}:")
    with st.container(gap=None):
        for page, label, query in links:
            st.page_link(page, label=label, query_params=query)


def links_of(name: str, folder: Path) -> list[tuple[str, str, dict]]:
    """Page, label and query of what shows a checkpoint's held-out recordings."""
    tables = [table for table in TABLES if (folder / f"{table}.parquet").exists()]
    links: list[tuple[str, str, dict]] = []
    if "attention" in tables:
        links.append(("pages/attention.py", f"Attention of {name}", {"model": name}))
    if folder.name != name:
        return links  # other pages show no groups
    if "embeddings" in tables:
        links.append(("pages/embeddings.py", f"Embeddings of {name}", {"model": name}))
    described = guide.described("predictions")
    if name in described and (others := guide.comparable(name, described)):
        links.append(("pages/compare.py", f"Predictions of {name} and {others[0]}", {"compared": [name, others[0]]}))
    return links


PLACE = ("Judge", 2, "🏁")
navigation.enter()
main()
