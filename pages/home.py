"""Home: what is emoviz for, and where does it start?"""

from pathlib import Path

import streamlit as st

from emoviz import summary
from emoviz.ui import loaders, messages, navigation, selection

PREDICT = "pages/predict.py"
CARDS = 4
"""Models in a row: the bundled ones fit on the first screen."""
READS = {"face": "Reads the face, picture by picture", "speech": "Reads the voice, not the words"}


def main() -> None:
    """Lay out the page."""
    with st.container(gap=None):
        st.title("emoviz", anchor=False)
        st.markdown(
            "What do a face and a voice say about emotion, moment by moment, and how far can a model be trusted?"
        )
    st.markdown(
        "emoviz shows valence, arousal and emotion frame by frame under a clip, as models predict them that were "
        "trained on real recordings from several cultures, each with its held-out error. Nothing leaves this machine: "
        "no network, no GPU and no account are needed."
    )
    with st.container(horizontal=True):
        examples = list(loaders.examples())
        if examples and st.button("Open the example", type="primary", icon=":material/play_arrow:"):
            selection.open_clip(examples[0])
            st.switch_page(PREDICT)
        if st.button("Analyse a clip of my own", icon=":material/upload:"):
            st.switch_page(PREDICT)
    st.subheader("Which models are here?", anchor=False)
    show_models(loaders.checkpoints())


def show_models(models: dict[str, Path]) -> None:
    """One card per model."""
    if not models:
        messages.no_models()
        return
    for start in range(0, len(models), CARDS):
        row = list(models.items())[start : start + CARDS]
        for column, (name, folder) in zip(st.columns(CARDS), row, strict=False):
            with column.container(border=True, height="stretch"):
                show_model(name, folder)


def show_model(name: str, folder: Path) -> None:
    """What a model reads, gives and scores on held-out speakers."""
    description = loaders.description(folder)
    st.markdown(f"**{name}**")
    if description is None:
        st.markdown("This checkpoint folder is damaged; train it again or remove it.")
        return
    st.markdown(f"{description.title}. {READS[description.source]}.")
    for figure in summary.held_out(loaders.metrics(folder)):
        st.metric(
            figure.label, figure.value, help=f"On held-out recordings; the training mean gets {figure.training_mean}."
        )
    st.caption(f"Gives {', '.join(description.outputs)}.")
    messages.model_cards({name: folder})


navigation.enter()
main()
