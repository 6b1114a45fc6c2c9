"""Home: what is emoviz for, and where does it start?"""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from emoviz.core import glossary, words
from emoviz.core.vocabulary import Source
from emoviz.evaluation import findings
from emoviz.ui import culture_tables, guide, loaders, messages, navigation, selection

PREDICT, CULTURES, STORAGE = "pages/predict.py", "pages/cultures.py", "pages/storage.py"
CARDS = 4
"""Models in a row: the bundled ones fit on the first screen."""
READS = {
    Source.FACE: "Reads the face",
    Source.SPEECH: "Reads the voice, not the words",
    Source.FUSED: "Reads face and voice together",
}


def main() -> None:
    """Lay out the page."""
    left, right = st.columns([6, 5], vertical_alignment="bottom")
    with left.container(gap=None):
        st.title("emoviz", anchor=False)
        st.markdown(
            "What do a face and a voice say about emotion, moment by moment, and how far can a model be trusted?"
        )
    with right.container(horizontal=True, horizontal_alignment="right"):
        examples = list(loaders.examples())
        if examples and st.button("Open the example", type="primary", icon=":material/play_arrow:"):
            selection.open_clip(examples[0])
            st.switch_page(PREDICT)
        if st.button("Analyse a clip of my own", icon=":material/upload:"):
            st.switch_page(PREDICT)
    st.markdown(
        "Valence, arousal and emotion frame by frame under a clip, by models that were trained on real recordings from "
        "several cultures, each with its held-out error. Nothing leaves this machine: no network, GPU or account is "
        "needed."
    )
    if navigation.has(STORAGE):
        st.page_link(STORAGE, label="What is kept here", icon=":material/lock:")
    show_questions(guide.questions())
    show_models(loaders.checkpoints(), loaders.sets())


def show_questions(questions: list[guide.Question]) -> None:
    """Show one card per question; a click opens the page that is prepared to answer it."""
    if not questions:
        return
    st.header("Questions to begin with", anchor=False)
    for column, question in zip(st.columns(len(questions)), questions, strict=True):
        with column.container(border=True, height="stretch", gap="xsmall"):
            st.markdown(f"**{question.words}**")
            st.caption(question.about)
            st.page_link(question.page, label="Show it", icon=":material/arrow_forward:", query_params=question.query)


def show_models(models: Mapping[str, Path], sets: Mapping[str, Mapping[str, Path]]) -> None:
    """Show one card per model, and one per set of models that were each trained on one culture."""
    st.header("Models that are here", anchor=False)
    if not models and not sets:
        messages.no_models()
        return
    cards = [*models, *sets]
    for start in range(0, len(cards), CARDS):
        for column, name in zip(st.columns(CARDS), cards[start : start + CARDS], strict=False):
            with column.container(border=True, height="stretch", gap="xsmall"):
                if name in models:
                    show_model(name, models[name])
                else:
                    show_set(name, sets[name])


def show_model(name: str, folder: Path) -> None:
    """Show what a model reads, gives and scores on held-out speakers, and its limits."""
    description = loaders.description(folder)
    st.markdown(f"**{name}**")
    if description is None:
        st.markdown("This checkpoint folder is damaged; train it again or remove it.")
        return
    metrics = loaders.metrics(folder)
    st.caption(f"{description.title}. {READS[description.source]}.")
    if found := findings.held_out(metrics):
        floors = ", ".join(f"{figure.label} {figure.training_mean}" for figure in found)
        st.markdown(
            "  \n".join(f"{figure.label} **{figure.value}**" for figure in found),
            help=f"Always answering the training mean gets: {floors}.\n\n{glossary.listed(glossary.mentioned(floors))}",
        )
    emotions = description.kind == "emotion"
    limits = [f"Gives {len(description.outputs)} emotions." if emotions else f"Gives {', '.join(description.outputs)}."]
    if tested := findings.evaluated_on(metrics):
        limits.append(f"Tested on {tested} that it never met.")
    if flagged := findings.collapsed(metrics):
        limits.append(f"Collapsed in {', '.join(flagged)}: {words.COLLAPSED}.")
    st.caption(" ".join(limits))
    messages.model_cards({name: folder})


def show_set(name: str, members: Mapping[str, Path]) -> None:
    """Show how many models of one culture each there are, and the range of their scores."""
    descriptions = [d for d in map(loaders.description, members.values()) if d]
    st.markdown(f"**{name}**: {len(members)} models")
    st.caption(f"{', '.join(dict.fromkeys(d.title for d in descriptions))}, each of another culture or seed.")
    st.markdown("  \n".join(findings.spread(map(loaders.metrics, members.values()))))
    st.caption("They are made to compare their attention; each was tested on a few speakers of its own culture.")
    if navigation.has(CULTURES):
        query = culture_tables.query_of(name)
        st.page_link(CULTURES, label="Compare the cultures", icon=":material/public:", query_params=query)


PLACE = ("", 1, "🏠")
navigation.enter()
main()
