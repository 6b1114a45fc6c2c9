"""Predict: how does the emotion in a clip move, frame by frame?"""

from functools import partial
from pathlib import Path

import streamlit as st

from emoviz import plots
from emoviz.core.errors import EmovizError
from emoviz.evaluation import findings
from emoviz.evaluation.sentence import verdict_and_doubts
from emoviz.plots.lanes import prediction_lanes
from emoviz.prediction.assembly import ClipPrediction
from emoviz.prediction.formats import FORMATS
from emoviz.ui import (
    attention_weights,
    camera,
    clip_view,
    figures,
    folder_view,
    loaders,
    messages,
    navigation,
    people,
    persons_view,
    report_view,
    segment_view,
    selected,
    selection,
    video_view,
    words_view,
    workspace,
)
from emoviz.ui.clip_analysis import Analysis, State

SYNTHETIC = "Synthetic: a public-domain portrait moved by its landmarks, and a speech synthesiser."

ABOUT_TIMELINE = """
**Valence and arousal**: valence (how pleasant) and arousal (how excited) from −1 to 1 every 20 ms, by face, speech and
their late fusion. *Derived* means that the model was trained on emotion classes, turned into valence and arousal by
published norms (Russell and Mehrabian 1977). The **band** is made to hold the true value in 90 % of the moments of
somebody whom the model does not know, and its ends stand behind the value; of a model without such an interval it is
the prediction ± its root mean squared error on held-out speakers or pictures, which holds it less often. Fused values
have neither. Curves are **paler** where the clip is unlike what their model was trained on.

A model of high and low has a lane of the probability of high. **Emotion**: probability of each emotion, stacked to 1.
**Grey**: no value. Beside each lane's name stand its values at the player's time; why one is missing stands above.

**Click** to move the clip there, **drag** to mark a span. Source: CATS-Transformer paper, section 3 (late fusion).
"""
ABOUT_MOMENT = """
The probability of each emotion in the face of this one picture, which sum to 1. A picture has no sound, so nothing is
said of a voice. Valence and arousal, where a model tells them, stand in the plane under the picture and in the table.
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
ABOUT_UNITS = """
How strongly each action unit of the analysed face moves, from 0 (dark) to 1 (bright), estimated from its landmarks: the
facial actions of MediaPipe, put together under their names in the Facial Action Coding System (Ekman, Friesen and Hager
2002). A trained coder may see it otherwise. AU6, AU9, AU29 and AU34 are left out, as the landmarks do not show them.
White: the face is not seen. The downloads above hold a column for each unit.
"""


def main() -> None:
    """Lay out the page."""
    heading, chooser = st.columns([5, 7], vertical_alignment="bottom")
    with heading.container(gap=None):
        st.title("Predict", anchor=False)
        st.markdown("How does the emotion in this clip move?")
    with chooser:
        clip = selection.choose_clip(camera.offer)
    if clip is not None:
        with heading:
            workspace.links("Result", clip.name)
    selected.show("Predict")
    models = selection.choose_models()
    asked = people.choose_people()
    with st.sidebar:
        messages.model_cards(models)
    if camera.is_open():
        camera.show(models.values())
    elif clip is None:
        messages.empty("Upload or record a clip above: its valence, arousal and emotions appear here, frame by frame.")
    elif not models:
        messages.no_models()
    else:
        show_clip(clip, models, asked)
    folder_view.show(list(models), asked)


def show_clip(clip: selection.Clip, models: dict[str, Path], asked: str | None) -> None:
    """Analyse the chosen clip with models that are fitted to people, and show what is known so far."""
    try:
        checkpoints = people.fitted(messages.usable(loaders.load_checkpoint, models.values()), asked, clip.path)
        if not checkpoints:
            return
        analysis = clip_view.analyse(clip.path, checkpoints)
    except EmovizError as error:
        messages.wrong(str(error))
        return
    clip_view.follow(analysis, partial(show_state, clip, asked, analysis))


def show_state(clip: selection.Clip, asked: str | None, analysis: Analysis, state: State) -> None:
    """Draw one look at the analysis: its progress, and what is predicted."""
    people.run_again()
    # Slots that are there from the start: what is drawn keeps its place, and so its state, as the rest arrives.
    left, right = workspace.columns()
    words = right.container(key="verdict")
    with left:
        clip_view.show_player(analysis, state, figures=["words", "turns"], path="circumplex", on_span=people.take_span)
        if clip.is_example and state.playable:
            st.caption(SYNTHETIC)
    if state.prediction is None or state.prediction.of_clip.empty:  # only of a picture so far that the clip lacks
        right.caption("The curves appear here as soon as the first model is ready.")
        return
    with right:
        prediction = show_curves(clip, analysis, state, state.prediction)
        if not state.running:
            words_view.show(analysis.media, clip.stem)
        show_weights(clip, prediction)
        show_units(clip, prediction)
    with left:
        show_path(clip, prediction)
    verdict, doubts = verdict_and_doubts(prediction.table, prediction.outputs, running=state.running)
    words.markdown(verdict)
    if remarks := " ".join([doubts, *prediction.notes]).strip():
        words.caption(remarks)
    if not state.running:
        segment_view.show(prediction, clip.stem)
        video_view.show(analysis.media, prediction, clip.stem)
        report_view.show(clip, analysis.media, prediction)
        persons_view.show(analysis.media, prediction, clip.stem)
        with words:
            people.offer_own_speech(prediction, asked)


def show_curves(clip: selection.Clip, analysis: Analysis, state: State, prediction: ClipPrediction) -> ClipPrediction:
    """Draw curves and emotions, and return the prediction with the fusion that was chosen."""
    place = st.container()  # of the curves, above what is chosen of them
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if prediction.is_fused:
            prediction = prediction.with_fusion(*selection.choose_fusion())
        table, outputs = prediction.table, prediction.of_clip
        emotion_source = selection.choose_source(outputs)
        if not prediction.info.still:
            workspace.offer_tiers(analysis.media, prediction)
    one = len(table) == 1  # a single picture, which has no curves
    with place:
        if one:
            figures.show(
                plots.moment(table, outputs, emotion_source),
                table,
                key="timeline",
                name=f"{clip.stem}-emotions",
                about=ABOUT_MOMENT,
                downloads=exports(prediction),
            )
        else:
            workspace.show_timeline(
                analysis,
                state,
                prediction_lanes(table, outputs, prediction.gaps, emotion_source),
                table,
                name=f"{clip.stem}-timeline",
                about=ABOUT_TIMELINE,
                otherwise=lambda: plots.timeline(table, outputs, prediction.gaps, emotion_source),
                downloads=exports(prediction),
                explains=True,
            )
    return prediction


def show_weights(clip: selection.Clip, prediction: ClipPrediction) -> None:
    """Draw the channel weights of the models that have some."""
    doubts = attention_weights.doubts_of(prediction.channel_weights)
    for model, weights in prediction.channel_weights.items():
        doubt = doubts[model]
        figures.show(
            plots.channel_weights(weights, model, pale=bool(doubt)),
            weights,
            key=f"weights-{model}",
            name=f"{clip.stem}-{model}-channel-weights",
            about=ABOUT_WEIGHTS,
        )
        if doubt:
            st.caption(f"The bars are pale, as {doubt}.")


def show_units(clip: selection.Clip, prediction: ClipPrediction) -> None:
    """Draw the action units of the face, where they are known."""
    units = prediction.action_units
    if units is not None:
        figures.show(plots.action_units(units), units, key="units", name=f"{clip.stem}-action-units", about=ABOUT_UNITS)


def exports(prediction: ClipPrediction) -> dict[str, figures.Writer]:
    """Return, by file ending, the functions that write the whole prediction."""
    return {ending: lambda _, own=FORMATS[ending]: own.encode_prediction(prediction) for ending in FORMATS}  # type: ignore[misc]


def show_path(clip: selection.Clip, prediction: ClipPrediction) -> None:
    """Draw the path through the plane of valence and arousal."""
    source = findings.circumplex_source(prediction.of_clip)
    if source is not None:
        figures.show(
            plots.circumplex(prediction.table, prediction.outputs, source),
            prediction.table,
            key="circumplex",
            name=f"{clip.stem}-circumplex",
            about=ABOUT_CIRCUMPLEX,
        )


PLACE = ("See", 1, "🎬")
navigation.enter()
main()
