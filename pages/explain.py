"""Explain: where in the face, in the sound and in time does a prediction come from?"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from emoviz import plots
from emoviz.checkpoints.folder import Checkpoint
from emoviz.core.errors import EmovizError
from emoviz.explain import (
    FaceExplanation,
    Sanity,
    SoundExplanation,
    StreamChecks,
    StreamExplanation,
    heated,
)
from emoviz.explain.words import check_words, face_words, limits_words, sound_words, stream_words
from emoviz.prediction.assembly import ClipPrediction
from emoviz.ui import (
    background,
    clip_view,
    explanations,
    figures,
    loaders,
    messages,
    navigation,
    selected,
    selection,
    workspace,
)
from emoviz.ui.clip_analysis import Analysis, State
from emoviz.ui.explanation_choice import ask_face, ask_sound, forget_choices
from emoviz.ui.explanation_lanes import face_lanes, moments_of, said_lanes, sound_lanes, unit_of
from emoviz.ui.explanation_requests import FaceQuestion, Request, StreamQuestion
from emoviz.ui.selection import Clip
from emoviz.ui.session import session

BARS = 20
"""Channels that are shown."""
CHECK_FOLLOWS = "Sanity check by randomised weights follows."

ABOUT_TIME = """
**Heat**: eight moments of the clip with **Grad-CAM** for the chosen emotion; bright places spoke for it, 1 being the
hottest place of the whole clip, so that moments can be compared. *Heat* beside the player lays the same over the video.
**Emotion**: probability of each emotion, stacked to 1; grey where nothing is seen or heard. **Click** to move the clip
there, **drag** to mark a span. Source: Selvaraju et al. (ICCV 2017), equations 1 and 2.
"""
ABOUT_BARS = """
The probability of each emotion in the face of this one picture, which sum to 1. *Heat* beside the picture lays what
spoke for the chosen emotion over it. Source: Selvaraju et al. (ICCV 2017), equations 1 and 2.
"""
ABOUT_FACE = """
The face as the network sees it (there in grey and 48 pixels wide), and with **Grad-CAM** for the chosen emotion: places
that raised its score, scaled to the hottest place of this frame. The network's last block has few places, so the heat
tells a region of the face, not a wrinkle. Grad-CAM shows where the network looked and not whether that is where the
emotion is. Source: Selvaraju et al. (ICCV 2017).
"""
ABOUT_SOUND = """
**Spectrogram**: the clip's sound, 80 dB from dark to bright, for orientation; the models hear features of the
sound and not this picture. **Each moment**: what each moment added to the mean of that over
the chosen span, against the training mean in all channels; orange raised it, blue lowered it. Models that look at the
whole clip may use sound outside the span. A network that sees the sound as pictures, as `speech-spectrogram` does, is
explained by Grad-CAM instead. Sources: Sundararajan et al. (ICML 2017) for integrated gradients; Zeiler and Fergus
(ECCV 2014) for occlusion.
"""
ABOUT_SEEN_SOUND = """
**Spectrogram**: the clip's sound, 80 dB from black to white, with **Grad-CAM** over it in orange: places that
raised the score of the chosen emotion, scaled to the hottest place of the clip. The network sees a second of sound at
a time, and its last block has 8 places over the frequencies and 4 over the second, so the heat tells a region and not
a harmonic. **Each moment**: its mean heat. Grad-CAM shows where the network
looked and not whether that is where the emotion is. Source: Selvaraju et al. (ICCV 2017), equations 1 and 2.
"""
ABOUT_FREQUENCIES = """
The heat of the figure over the sound, averaged over time in bands of 250 Hz; the network sees 31 Hz to 8 kHz. Speech
has its pitch below .3 kHz, vowels mostly below 3 kHz and hiss above. Traces of the recording conditions
in a band count here as the voice does.
"""
ABOUT_CHANNELS = """
The contribution of each channel to the output over the chosen span, against the training mean in all channels:
**integrated gradients** follow the model's gradient from that mean to the clip, **occlusion** replaces one channel by
its mean. The 20 channels of the largest magnitude, which also counts what cancels over time. One clip has no interval,
and a channel that counts here need not count elsewhere. `whisper.pc…` are principal components of Whisper's second
encoder layer.
"""


@dataclass(frozen=True)
class Place:
    """The parts of the page that show an explanation.

    Attributes:
        time: part for the timeline.
        left: part beneath the player.
        right: part beside the player.
    """

    time: Any
    left: Any
    right: Any


def main() -> None:
    """Lay out the page."""
    heading, chooser = st.columns([5, 7], vertical_alignment="bottom")
    with heading.container(gap=None):
        st.title("Explain", anchor=False)
        st.markdown("Where in the face, in the sound and in time does a prediction come from?")
    with chooser:
        clip = selection.choose_clip()
    if clip is not None:
        with heading:
            workspace.links("Why", clip.name)
    selected.show("Explain")
    networks, sequences = explanations.networks(), explanations.sequences()
    network = selection.choose_network(networks, explanations.first_choice(networks))
    model = selection.choose_model(sequences, explanations.first_choice(sequences))
    chosen = {name: (networks | sequences)[name] for name in (network, model) if name}
    with st.sidebar:
        messages.model_cards(chosen)
    if clip is None:
        messages.empty("Upload or record a clip above: where its predictions come from appears here.")
    elif not chosen:
        messages.no_models()
    else:
        show_clip(clip, network and networks[network], model and sequences[model])


def show_clip(clip: Clip, network: Path | str | None, model: Path | str | None) -> None:
    """Analyse the clip and explain what is known so far."""
    seen, heard = load(network), load(model)
    if not seen and not heard:
        return
    try:
        analysis = clip_view.analyse(clip.path, [one for one in (seen, heard) if one])
    except EmovizError as error:
        messages.wrong(str(error))
        return
    forget_choices(analysis.media)
    clip_view.follow(analysis, partial(show_state, clip, analysis, seen, heard), partial(show_progress, analysis))


def load(folder: Path | str | None) -> Checkpoint | None:
    """Load a model; a damaged one is named and left out."""
    usable = messages.usable(loaders.load_checkpoint, [Path(folder)] if folder else [])
    return usable[0] if usable else None


def show_state(
    clip: Clip, analysis: Analysis, network: Checkpoint | None, model: Checkpoint | None, state: State
) -> frozenset[Hashable]:
    """Draw one look at the analysis and its explanations so far; return those that are still to come."""
    line = session().line
    left, right = workspace.columns()
    words = right.container(key="verdict")
    video = left.container()
    place = Place(right.container(), left, right)
    face = ask_face(network, analysis, state.prediction, right)
    sound = ask_sound(model, analysis, state.prediction, right)
    of_face = face.requests() if face else []
    of_sound = sound.requests() if sound else []
    # The face at once; the sound when the analysis has ended, which it would delay.
    later = [] if state.running else of_sound
    wanted = dict([*of_face[:2], *later[:1], *of_face[2:], *later[1:]])
    known = line.ask(wanted)
    told, prediction = [], state.prediction
    if prediction and (face or sound):
        with place.time:
            show_time(
                clip, analysis, state, prediction, (face, results(known, of_face)), (sound, results(known, of_sound))
            )
    if face:
        told.append(show_face(clip, face, results(known, of_face), place))
    if sound:
        told.append(show_sound(clip, sound, results(known, of_sound), place))
    elif state.running:
        right.caption("Curves and explanations appear here as soon as the first model is ready.")
    words.markdown("  \n".join(filter(None, told)))
    with video:
        heat = results(known, of_face)[1] if face else None
        clip_view.show_player(analysis, state, figures=[], heat=heat)
    return line.pending(known)


def results(known: Mapping[Hashable, background.State[Any]], requests: Sequence[Request]) -> list[Any]:
    """Return the explanation that answers each request, None while there is none."""
    return [known[key].result if key in known else None for key, _ in requests]


def show_progress(analysis: Analysis, state: State) -> frozenset[Hashable]:
    """Show what is being done, with a stop button, and what failed; return the explanations that are still to come."""
    line = session().line
    known = line.look()
    running = next((job for job in known.values() if job.running), None)
    if state.error:
        return frozenset()
    if state.running or state.stopped:
        messages.working(state, analysis)
    elif running:
        messages.working(running, line)
    elif line.halted:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning("Stopped; the results so far stay.", icon=None)
            st.button("Go on", key="go-on", on_click=line.go_on)
    for error in dict.fromkeys(job.error for job in known.values() if job.error):
        st.info(error)
    return line.pending(known)


def show_time(
    clip: Clip,
    analysis: Analysis,
    state: State,
    prediction: ClipPrediction,
    face: tuple[FaceQuestion | None, Sequence[Any]],
    sound: tuple[StreamQuestion | None, Sequence[Any]],
) -> None:
    """Draw what the models say and what led them to it on the player's clock; of a single picture, its emotions."""
    (of_face, seen), (of_sound, heard) = face, sound
    if analysis.info.still:
        if of_face:
            show_bars(clip, of_face, prediction)
        return
    moments = moments_of(heard[0]) if of_sound else None
    sources = [str(one.description.source) for one in (of_face and of_face.network, of_sound and of_sound.model) if one]
    workspace.show_timeline(
        analysis,
        state,
        [
            *(face_lanes(of_face, seen[1]) if of_face else []),
            *(sound_lanes(of_sound, heard[0]) if of_sound else []),
            *said_lanes(prediction, sources),
        ],
        prediction.table if moments is None else moments,
        name=f"{stem_of(clip, of_sound) if of_sound else clip.stem}-over-time",
        about=ABOUT_TIME + (ABOUT_SOUND if of_sound and of_sound.method else ABOUT_SEEN_SOUND),
        otherwise=lambda: plots.timeline(prediction.table, prediction.outputs, prediction.gaps, sources[0]),
    )


def show_face(clip: Clip, asked: FaceQuestion, found: Sequence[Any], place: Place) -> str:
    """Draw the face of the moment, and return the same in words."""
    one, _, check = found
    if one is None:
        place.left.caption("The face with heat over it appears here.")
        return ""
    with place.left:
        show_picture(clip, asked, one, check)
    when = "" if asked.media.info.still else f" at {one.times[0]:.2f} s"
    return f"**Face{when}.** {face_words(one, asked.output)}"


def show_bars(clip: Clip, asked: FaceQuestion, prediction: ClipPrediction) -> None:
    """Draw what is said of the face in a single picture, which has no film."""
    outputs, _ = prediction.said_by(asked.network)
    table = prediction.table[["time", *outputs.column]]
    figure = plots.moment(table, outputs, str(asked.network.description.source))
    figures.show(figure, table, key="film", name=f"{clip.stem}-emotions", about=ABOUT_BARS)


def show_picture(clip: Clip, asked: FaceQuestion, one: FaceExplanation, check: Sanity | None) -> None:
    """Draw the face of one moment, and what speaks for the emotion in it."""
    when = "" if asked.media.info.still else f"{one.times[0]:.2f}"
    heading = f"What in this face says “{asked.output}”?" + (f" ({when} s)" if when else "")
    figures.show(
        plots.face_heat(one.pictures[0], heated(one.pictures, one.heat)[0], one.heat[0], heading),
        plots.heat_table(one.heat[0]),
        key="seen-face",
        name=f"{clip.stem}-{asked.output}" + (f"-{when}s" if when else ""),
        about=ABOUT_FACE,
    )
    st.caption(check_words(check) or CHECK_FOLLOWS)


def show_sound(clip: Clip, asked: StreamQuestion, found: Sequence[Any], place: Place) -> str:
    """Draw the contributions of channels or frequencies, and return in words what the sound added."""
    explanation, check = found
    if explanation is None:
        place.right.caption("The contribution of each moment appears in a lane of its own.")
        return ""
    if isinstance(explanation, SoundExplanation):
        said = show_seen_sound(clip, asked, explanation, check, place)
    else:
        said = show_streams(clip, asked, explanation, check, place)
    return f"**Sound, {asked.when}.** {said}"


def show_streams(
    clip: Clip,
    asked: StreamQuestion,
    found: StreamExplanation,
    checks: StreamChecks | None,
    place: Place,
) -> str:
    """Draw what channels of feature streams added, and return the same in words."""
    with place.right:
        st.caption(limits_words(found))
        st.caption(check_words(checks and checks.times) or CHECK_FOLLOWS)
    with place.left:
        st.markdown(f"**Sound, {asked.when}**")
        figures.show(
            plots.contribution_bars(found.channels, BARS, asked.output, unit_of(asked)),
            found.channels,
            key="channels",
            name=f"{stem_of(clip, asked)}-channels",
            about=ABOUT_CHANNELS,
        )
        st.caption(check_words(checks and checks.channels) or CHECK_FOLLOWS)
    return stream_words(found, asked.model.description.kind)


def show_seen_sound(
    clip: Clip,
    asked: StreamQuestion,
    found: SoundExplanation,
    check: Sanity | None,
    place: Place,
) -> str:
    """Draw the heat of the spectrogram's frequencies, and return the same in words."""
    place.right.caption(check_words(check) or CHECK_FOLLOWS)
    with place.left:
        st.markdown(f"**Sound, {asked.when}**")
        figures.show(
            plots.frequency_heat(found.bands, asked.output),
            found.bands,
            key="frequencies",
            name=f"{stem_of(clip, asked)}-frequencies",
            about=ABOUT_FREQUENCIES,
        )
    return sound_words(found)


def stem_of(clip: Clip, asked: StreamQuestion) -> str:
    """Return the start of a file's name."""
    return f"{clip.stem}-{asked.model.name}-{asked.output.replace(' ', '-')}"


PLACE = ("See", 2, "🔬")
navigation.enter()
main()
