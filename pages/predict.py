"""Predict: how does the emotion in a clip move, frame by frame?"""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import streamlit as st

from emoviz import plots
from emoviz.checkpoints.folder import Checkpoint
from emoviz.core.errors import EmovizError
from emoviz.core.vocabulary import Source
from emoviz.evaluation import findings
from emoviz.evaluation.fusion import fuse, fused_outputs
from emoviz.media import ClipInfo, probe
from emoviz.prediction.clip import ClipPrediction
from emoviz.prediction.formats import FORMATS
from emoviz.ui import figures, loaders, messages, navigation, selection
from emoviz.ui.clip_analysis import Analysis, State
from emoviz.ui.fragments import fragment
from emoviz.ui.player import player
from emoviz.ui.session import session

POLL = 0.5
"""Seconds between two looks at a running analysis."""

ABOUT_TIMELINE = """
**Upper rows**: valence (how pleasant) and arousal (how excited) from −1 to 1 every 20 ms, by face, speech and their
late fusion. *Derived* means that the model was trained on emotion classes, turned into valence and arousal by
published norms (Russell and Mehrabian 1977). The **band** is the prediction ± its root mean squared error on held-out
speakers; where there is none, as for fused values, no such error was measured.

**Lowest row**: probability of each emotion, stacked to 1. **Grey**: no value, with the reason on hover.

**Click** to move the clip there, **drag** to repeat a span. Source: CATS-Transformer paper, section 3 (late fusion).
"""
ABOUT_CIRCUMPLEX = """
The clip's path through the plane of valence (left to right) and arousal (down to up), dark at its start and bright at
its end. The dot is the present moment of the player. The words stand where raters placed them on average (Russell and
Mehrabian 1977).
"""
ABOUT_WEIGHTS = """
The model's channel attention multiplies every feature channel by a weight before it looks at time; shown are the 20
channels with the largest weight, averaged over this clip. A large weight says that the model lets the channel through,
not that the channel caused the result. Source: CATS-Transformer paper, section 2 (channel attention).
"""


def main() -> None:
    """Lay out the page."""
    heading, chooser = st.columns([5, 7], vertical_alignment="bottom")
    with heading.container(gap=None):
        st.title("Predict", anchor=False)
        st.markdown("How does the emotion in this clip move?")
    with chooser:
        clip = selection.choose_clip()
    models = selection.choose_models()
    with st.sidebar:
        messages.model_cards(models)
    if clip is None:
        messages.empty("Upload or record a clip above: its valence, arousal and emotions appear here, frame by frame.")
    elif not models:
        messages.no_models()
    else:
        show_clip(*clip, models)


def show_clip(name: str, path: Path, models: dict[str, Path]) -> None:
    """Analyse the chosen clip and show what is known so far."""
    checkpoints = messages.usable(loaders.load_checkpoint, models.values())
    if not checkpoints:
        return
    try:
        info = probe(path)
        analysis = start(name, path, checkpoints)
    except EmovizError as error:
        messages.wrong(str(error))
        return
    every = POLL if analysis.state.running else None
    fragment(show_state, run_every=every)(name, info, analysis, polling=every is not None)


def start(name: str, path: Path, checkpoints: list[Checkpoint]) -> Analysis:
    """The analysis of this clip by these models, begun at its first request in this session."""
    visitor = session(loaders.settings().upload_limit_mb)
    face = selection.requested_face()
    request = (name, path, tuple(map(id, checkpoints)), face)  # a checkpoint that changed on disk is another object
    if request not in visitor.analyses:
        visitor.begin(request, Analysis(path, checkpoints, loaders.store(), visitor.folder, face))
    return visitor.analyses[request]


def show_state(name: str, info: ClipInfo, analysis: Analysis, *, polling: bool) -> None:
    """One look at the analysis: its progress, what is predicted, or what went wrong."""
    state = analysis.state
    if polling and not state.running:
        st.rerun()  # the whole page, so that the polling ends
    if state.error:
        messages.wrong(state.error, state.details)
        return
    # Slots that are there from the start: what is drawn keeps its place, and so its state, as the rest arrives.
    progress, words = st.container(), st.container()
    left, right = st.columns([43, 57], gap="medium")
    if state.running or state.stopped:
        with progress:
            messages.working(state, analysis)
    with left:
        show_player(name, info, state)
    if state.prediction is None:
        right.caption("The curves appear here as soon as the first model is ready.")
        return
    with right:
        table, outputs = show_curves(name, state.prediction)
    with left:
        show_path(name, table, outputs)
    words.markdown(f"{findings.sentence(table, outputs)} {' '.join(state.prediction.notes)}")


def show_player(name: str, info: ClipInfo, state: State) -> None:
    """The clip with its faces."""
    if state.playable is None:
        return
    faces = state.prediction.faces if state.prediction else None
    speaker = faces.speaker if faces else None
    face = selection.requested_face()
    player(
        state.playable, info, faces, speaker if face is None else face, figures=["timeline"], path="circumplex"
    )  # fmt: skip
    notes = []
    if state.playable != info.path:
        notes.append("Browsers do not play this format, so you see a transcoded copy; the analysis read the original.")
    if name.startswith("Example"):
        notes.append("Synthetic: a public-domain portrait moved by its landmarks, and a speech synthesiser.")
    if notes:
        st.caption(" ".join(notes))
    if faces and len(faces.tracks) > 1:
        selection.choose_face([track.id for track in faces.tracks], faces.speaker)


def show_curves(name: str, prediction: ClipPrediction) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Curves, emotions and channel weights over one time axis.

    Returns:
        The table and its outputs with the fusion that was chosen.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        table, outputs = refuse(prediction)
        emotion_source = selection.choose_source(outputs)
    figures.show(
        plots.timeline(table, outputs, findings.gaps(table, outputs), emotion_source),
        table,
        key="timeline",
        name=f"{file_stem(name)}-timeline",
        about=ABOUT_TIMELINE,
        downloads=exports(replace(prediction, table=table, outputs=outputs)),
    )
    for model, weights in prediction.channel_weights.items():
        figures.show(
            plots.channel_weights(weights, model),
            weights,
            key=f"weights-{model}",
            name=f"{file_stem(name)}-{model}-channel-weights",
            about=ABOUT_WEIGHTS,
        )
    return table, outputs


def exports(prediction: ClipPrediction) -> dict[str, figures.Writer]:
    """Return, by file ending, the functions that write the whole prediction."""
    return {ending: lambda _, own=FORMATS[ending]: own.encode_prediction(prediction) for ending in FORMATS}  # type: ignore[misc]


def show_path(name: str, table: pd.DataFrame, outputs: pd.DataFrame) -> None:
    """The path through the plane of valence and arousal."""
    source = findings.circumplex_source(outputs)
    if source is not None:
        figures.show(
            plots.circumplex(table, outputs, source),
            table,
            key="circumplex",
            name=f"{file_stem(name)}-circumplex",
            about=ABOUT_CIRCUMPLEX,
        )


def refuse(prediction: ClipPrediction) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table and its outputs with late fusion as chosen beside the curves; nothing is analysed again."""
    outputs = prediction.outputs[prediction.outputs.source != Source.FUSED]
    added = fused_outputs(outputs)
    if added.empty:
        return prediction.table, outputs
    method, video_weight = selection.choose_fusion()
    return fuse(prediction.table, outputs, method, video_weight), pd.concat([outputs, added], ignore_index=True)


def file_stem(name: str) -> str:
    """Name of the clip as the start of a file name."""
    return Path(name.partition(": ")[2] or name).stem.replace(" ", "-")


PLACE = ("See", 1, "🎬")
navigation.enter()
main()
