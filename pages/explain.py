"""Explain: where in the face, in the sound and in time does a prediction come from?"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from emoviz import plots
from emoviz.checkpoints.folder import Checkpoint
from emoviz.core.errors import EmovizError
from emoviz.evaluation import findings
from emoviz.explain import (
    FaceExplanation,
    FaceFilm,
    Method,
    Sanity,
    SoundExplanation,
    StreamChecks,
    StreamExplanation,
    blend,
    check_face,
    check_sound,
    check_streams,
    colours_of,
    explain_face,
    explain_film,
    explain_sound,
    explain_streams,
    sees_sound,
)
from emoviz.explain.words import (
    NAMES,
    check_words,
    face_words,
    limits_words,
    peak_of,
    sound_words,
    stream_words,
    strongest,
)
from emoviz.media import ClipInfo, ClipMedia, probe
from emoviz.prediction.clip import ClipPrediction
from emoviz.prediction.windows import streams_of
from emoviz.ui import explanations, figures, loaders, messages, navigation, selection
from emoviz.ui.clip_analysis import Analysis, State
from emoviz.ui.fragments import fragment
from emoviz.ui.player import player
from emoviz.ui.session import session

POLL = 0.7
"""Seconds between two looks at what is running."""
BARS = 20
"""Channels that are shown."""
PICTURES = 8
"""Faces in the film strip."""
GRAD_CAM = "Grad-CAM"
CHECK_FOLLOWS = "Sanity check by randomised weights follows."

ABOUT_FILM = """
**Faces**: eight moments of the clip with **Grad-CAM** for the chosen emotion; bright places spoke for it, 1 being the
hottest place of the whole clip, so that moments can be compared. **Beneath**: probability of each emotion from the face
network, stacked to 1; grey where no face is seen. *Heat* beside the player lays the same over the video. **Click** to
move the clip there, **drag** to repeat a span. Source: Selvaraju et al. (ICCV 2017), equations 1 and 2.
"""
ABOUT_FACE = """
The face as the network sees it (there in grey and 48 pixels wide), and with **Grad-CAM** for the chosen emotion: places
that raised its score, scaled to the hottest place of this frame. The network's last block has few places, so the heat
tells a region of the face, not a wrinkle. Grad-CAM shows where the network looked and not whether that is where the
emotion is. Source: Selvaraju et al. (ICCV 2017).
"""
ABOUT_SOUND = """
**Above**: the spectrogram of the clip, 80 dB from dark to bright, for orientation; the models hear features of the
sound and not this picture. **Middle**: what the model says. **Below**: what each moment added to the mean of that over
the chosen span, against the training mean in all channels; orange raised it, blue lowered it. Models that look at the
whole clip may use sound outside the span. A network that sees the sound as pictures, as `speech-spectrogram` does, is
explained by Grad-CAM instead. Sources: Sundararajan et al. (ICML 2017) for integrated gradients; Zeiler and Fergus
(ECCV 2014) for occlusion.
"""
ABOUT_SEEN_SOUND = """
**Above**: the spectrogram of the clip, 80 dB from black to white, with **Grad-CAM** over it in orange: places that
raised the score of the chosen emotion, scaled to the hottest place of the clip. The network sees a second of sound at
a time, and its last block has 8 places over the frequencies and 4 over the second, so the heat tells a region and not
a harmonic. **Middle**: what the model says. **Below**: the mean heat of each moment. Grad-CAM shows where the network
looked and not whether that is where the emotion is. Source: Selvaraju et al. (ICCV 2017), equations 1 and 2.
"""
ABOUT_FREQUENCIES = """
The heat of the figure over the sound, averaged over time in bands of 250 Hz; the network sees 31 Hz to 8 kHz. Speech
has its pitch below .3 kHz, vowels mostly below 3 kHz and hiss above. What recording conditions leave in a band counts
here as what the voice does.
"""
ABOUT_CHANNELS = """
What each channel added to the output over the chosen span, against the training mean in all channels: **integrated
gradients** follow the model's gradient from that mean to the clip, **occlusion** replaces one channel by its mean. The
20 channels of the largest magnitude, which also counts what cancels over time. One clip has no interval, and a channel
that counts here need not count elsewhere. `whisper.pc…` are principal components of Whisper's second encoder layer.
"""


@dataclass(frozen=True)
class Chosen:
    """What is looked at.

    Attributes:
        name: of the clip, for people.
        path: its file.
        info: what it holds.
        network: of face pictures, if there is any.
        model: of feature streams, if there is any.
    """

    name: str
    path: Path
    info: ClipInfo
    network: Checkpoint | None
    model: Checkpoint | None

    @property
    def models(self) -> list[Checkpoint]:
        """Both, or the one that there is."""
        return [model for model in (self.network, self.model) if model]

    @property
    def stem(self) -> str:
        """Name of the clip as the start of a file name."""
        return Path(self.name.partition(": ")[2] or self.name).stem.replace(" ", "-")

    def key(self, what: str, model: Checkpoint, *choices: Hashable) -> tuple:
        """What tells an explanation from all others; a checkpoint that changed on disk is another object."""
        return (what, self.path, self.path.stat().st_mtime_ns, id(model), selection.requested_face(), *choices)


def main() -> None:
    """Lay out the page."""
    heading, chooser = st.columns([5, 7], vertical_alignment="bottom")
    with heading.container(gap=None):
        st.title("Explain", anchor=False)
        st.markdown("Where in the face, in the sound and in time does a prediction come from?")
    with chooser:
        clip = selection.choose_clip()
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
        show_clip(*clip, network and networks[network], model and sequences[model])


def show_clip(name: str, path: Path, network: Path | str | None, model: Path | str | None) -> None:
    """Analyse the clip and explain what is known so far."""
    try:
        chosen = Chosen(name, path, probe(path), load(network), load(model))
        if not chosen.models:
            return
        analysis = start(chosen)
    except EmovizError as error:
        messages.wrong(str(error))
        return
    forget_choices(path)
    every = POLL if analysis.state.running or explanations.line().busy else None
    fragment(show_state, run_every=every)(chosen, analysis, polling=every is not None)


def load(folder: Path | str | None) -> Checkpoint | None:
    """A model; a damaged one is named and left out."""
    usable = messages.usable(loaders.load_checkpoint, [Path(folder)] if folder else [])
    return usable[0] if usable else None


def start(chosen: Chosen) -> Analysis:
    """The analysis of this clip, begun at its first request in this session."""
    visitor = session(loaders.settings().upload_limit_mb)
    face = selection.requested_face()
    request = ("explain", chosen.path, tuple(map(id, chosen.models)), face)
    if request not in visitor.analyses:
        visitor.begin(request, Analysis(chosen.path, chosen.models, loaders.store(), visitor.folder, face))
    return visitor.analyses[request]


def forget_choices(path: Path) -> None:
    """Moment and span are those of one clip."""
    before = st.session_state.get("explained")
    if before not in (None, path):
        for key in ("emotion", "moment", "span"):
            st.session_state.pop(key, None)
    st.session_state["explained"] = path


def show_state(chosen: Chosen, analysis: Analysis, *, polling: bool) -> None:
    """One look at the analysis and at what is explained so far."""
    state, line = analysis.state, explanations.line()
    if state.error:
        messages.wrong(state.error, state.details)
        return
    progress, words = st.container(), st.container()
    left, right = st.columns([43, 57], gap="medium")
    video = left.container()
    face = Face.of(chosen, state, right)
    film = right.container()
    sound = Sound.of(chosen, state, right)
    # The face at once; the sound when the analysis has ended, which it would delay.
    ofs = (face.wanted if face else [], sound.wanted if sound and not state.running else [])
    wanted = dict([*ofs[0][:2], *ofs[1][:1], *ofs[0][2:], *ofs[1][1:]])
    known = line.ask(wanted)
    with progress:
        show_progress(state, analysis, known, wanted)
    told = []
    if face:
        told.append(face.show(known, film, left))
    if sound:
        told.append(sound.show(known, left, right))
    elif state.running:
        right.caption("Curves and explanations appear here as soon as the first model is ready.")
    words.markdown("  \n".join(filter(None, told)))
    with video:
        heat = result(known, face.wanted[1][0]) if face else None
        show_player(chosen, state, heat)
    # By what is drawn and not by what runs now: a quick explanation may have ended since it was asked for.
    if (state.running or line.waits(wanted, known)) != polling:
        st.rerun()  # the whole page, so that the polling begins or ends


def show_progress(state: State, analysis: Analysis, known: Mapping[Hashable, Any], wanted: Mapping) -> None:
    """What is being done, with a stop button; and what failed."""
    line = explanations.line()
    running = next((job for job in known.values() if job.running), None)
    if state.running or state.stopped:
        messages.working(state, analysis)
    elif running:
        messages.working(running, Halt(wanted))
    elif line.halted(wanted):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning("Stopped. What was ready by then stays.", icon=None)
            st.button("Go on", key="go-on", on_click=line.go_on)
    for error in dict.fromkeys(job.error for job in known.values() if job.error):
        st.info(error)


@dataclass(frozen=True)
class Halt:
    """Stops what is explained now."""

    wanted: Mapping

    def stop(self) -> None:
        """End it, and begin nothing else of what is asked for."""
        explanations.line().halt(self.wanted)


def result(known: Mapping[Hashable, Any], key: Hashable) -> Any:
    """Of an explanation, None while there is none."""
    return known[key].result if key in known else None


def show_player(chosen: Chosen, state: State, heat: FaceFilm | None) -> None:
    """The clip on the clock that the figures share."""
    if state.playable is None:
        return
    faces = state.prediction.faces if state.prediction else None
    face = selection.requested_face()
    shown = faces.speaker if faces and face is None else face
    player(state.playable, chosen.info, faces, shown, figures=["film", "sound"], path="", heat=heat)
    if faces and len(faces.tracks) > 1:
        selection.choose_face([track.id for track in faces.tracks], faces.speaker)


@dataclass(frozen=True)
class Face:
    """What is asked of the face network, and what it said.

    Attributes:
        chosen: what is looked at.
        network: that is explained.
        prediction: of the clip.
        outputs: the rows of its outputs that are the network's emotions.
        output: the emotion that is explained.
        wanted: explanation of one moment, of all, and the check, each with how it is made.
    """

    chosen: Chosen
    network: Checkpoint
    prediction: ClipPrediction
    outputs: pd.DataFrame
    output: str
    wanted: list[tuple[Hashable, explanations.Work]]

    @classmethod
    def of(cls, chosen: Chosen, state: State, place: Any) -> "Face | None":
        """Choose emotion and moment; None while nothing is known of the face, or where there is none."""
        network, media = chosen.network, state.decoded
        if network is None or state.prediction is None or media is None or not state.prediction.faces:
            return None
        table, outputs = state.prediction.table, state.prediction.outputs
        own = outputs[(outputs.model == network.name) & outputs.output.isin(network.description.outputs)]
        said = table[list(own.column)].set_axis(list(own.output), axis=1)
        peak = strongest(said, table.time.to_numpy())
        if peak is None:
            place.info("No face was found in the clip, so there is no face to explain.")
            return None
        with place.container(horizontal=True, vertical_alignment="bottom"):
            names = list(network.description.outputs)
            output = st.selectbox(
                "Heat for", names, index=names.index(peak.output), key="emotion", bind="query-params", width=140,
                on_change=lambda: st.session_state.pop("moment", None),
                help="At first the emotion that stands out most, at the moment at which it does.",
            )  # fmt: skip
            moment = st.slider(
                "Moment (s)", 0.0, round(chosen.info.duration, 2),
                round(peak_of(said[output], table.time.to_numpy()), 2), 0.02, key="moment", bind="query-params",
                width=150,
            )  # fmt: skip
            st.button("Player's time", on_click=take_time, args=(chosen.info.duration,))
        wanted: list[tuple[Hashable, explanations.Work]] = [
            (chosen.key("moment", network, output, moment),
             lambda report: explain_face(network, media, output, [moment], progress=report)),
            (chosen.key("film", network, output),
             lambda report: explain_film(network, media, output, pictures=PICTURES, progress=report)),
            (chosen.key("check of the face", network, output),
             lambda report: check_face(network, media, output, progress=report)),
        ]  # fmt: skip
        return cls(chosen, network, state.prediction, own, output, wanted)

    def show(self, known: Mapping[Hashable, Any], above: Any, beside: Any) -> str:
        """Film strip and picture; the same in words."""
        one, film, check = (result(known, key) for key, _ in self.wanted)
        with above:
            self._show_film(film)
        if one is None:
            beside.caption("The face with heat over it appears here.")
            return ""
        with beside:
            self._show_picture(one, check)
        return f"**Face.** {face_words(one, self.output)}"

    def _show_film(self, film: FaceFilm | None) -> None:
        table = self.prediction.table[["time", *self.outputs.column]]
        strip, pictures = None, np.zeros(0)
        if film is not None:
            strip = pd.DataFrame({"time": film.strip.times, "probability": film.strip.values})
            pictures = blend(film.strip.pictures, colours_of(film.strip.heat))
        figure = plots.film_strip(
            table,
            self.outputs,
            findings.gaps(table, self.outputs),
            str(self.network.description.source),
            self.output,
            strip,
            list(pictures),
            share=self.chosen.info.duration / PICTURES,
        )
        figures.show(figure, table, key="film", name=f"{self.chosen.stem}-{self.output}-film", about=ABOUT_FILM)

    def _show_picture(self, one: FaceExplanation, check: Sanity | None) -> None:
        heated = blend(one.pictures, colours_of(one.heat))[0]
        heading = f"What in this face says “{self.output}”? ({one.times[0]:.2f} s)"
        figures.show(
            plots.face_heat(one.pictures[0], heated, one.heat[0], heading),
            plots.heat_table(one.heat[0]),
            key="face",
            name=f"{self.chosen.stem}-{self.output}-{one.times[0]:.2f}s",
            about=ABOUT_FACE,
        )
        st.caption(check_words(check) or CHECK_FOLLOWS)


def take_time(duration: float) -> None:
    """Explain the moment at which the player rests, which it writes into the link."""
    try:
        st.session_state["moment"] = round(min(float(st.query_params.get("time", 0)), duration), 2)
    except ValueError:
        return


@dataclass(frozen=True)
class Sound:
    """What is asked of the model of feature streams, and what it said.

    Attributes:
        chosen: what is looked at.
        model: that is explained.
        media: the clip.
        said: ``time`` and ``value`` of the output.
        output: that is explained.
        span: the seconds that are explained, None for all.
        wanted: the explanation and its check, each with how it is made.
    """

    chosen: Chosen
    model: Checkpoint
    media: ClipMedia
    said: pd.DataFrame
    output: str
    span: tuple[float, float] | None
    wanted: list[tuple[Hashable, explanations.Work]]

    @classmethod
    def of(cls, chosen: Chosen, state: State, place: Any) -> "Sound | None":
        """Choose output, method and span; None while the model has said nothing, or where nothing can be heard."""
        model, media = chosen.model, state.decoded
        if model is None or state.prediction is None or media is None:
            return None
        outputs, table = state.prediction.outputs, state.prediction.table
        own = outputs[(outputs.model == model.name) & outputs.output.isin(model.description.outputs)]
        if own.empty:
            return None
        if table[list(own.column)].isna().all(axis=None):
            place.info(f"The clip holds nothing that '{model.name}' reads, so there is nothing to explain.")
            return None
        duration = round(chosen.info.duration, 2)
        if st.session_state.get("output", own.output.iloc[0]) not in set(own.output):  # of another model
            del st.session_state["output"]
        means = table[list(own.column)].mean().to_numpy()
        first = int(means.argmax()) if model.description.kind == "emotion" else 0
        with place.container(horizontal=True, vertical_alignment="bottom"):
            output = st.selectbox(
                "Explain", list(own.output), index=first, key="output", bind="query-params", width=182
            )  # fmt: skip
            names: dict[str, Method | None] = {words: method for method, words in NAMES.items()}
            if sees_sound(model):
                names = {GRAD_CAM: None}
            if st.session_state.get("way", next(iter(names))) not in names:  # of another kind of model
                del st.session_state["way"]
            method = names[st.selectbox("By", list(names), key="way", bind="query-params", width=208)]
            start, end = st.slider(
                "Mean over (s)", 0.0, duration, (0.0, duration), 0.1, key="span", bind="query-params", width=110
            )  # fmt: skip
        whole = (start, end) == (0.0, duration) or end <= start
        span = (0.0, None) if whole else (start, end)

        def streams(report):  # noqa: ANN001, ANN202
            return streams_of(model, media, store=loaders.store(), progress=report)

        wanted: list[tuple[Hashable, explanations.Work]] = [
            (chosen.key("pictures of sound", model, output, span),
             lambda report: explain_sound(model, media, streams(report), output, start=span[0], end=span[1],
                                          progress=report)),
            (chosen.key("check of pictures of sound", model, output),
             lambda report: check_sound(model, streams(report), chosen.info.duration, output, progress=report)),
        ] if method is None else [
            (chosen.key("streams", model, output, method, span),
             lambda report: explain_streams(model, streams(report), chosen.info.duration, output, method=method,
                                            start=span[0], end=span[1], progress=report)),
            (chosen.key("check of streams", model, output, method, span),
             lambda report: check_streams(model, streams(report), chosen.info.duration, output, method=method,
                                          start=span[0], end=span[1], progress=report)),
        ]  # fmt: skip
        column = own.column[own.output == output].iloc[0]
        said = table[["time", column]].set_axis(["time", "value"], axis=1)
        return cls(chosen, model, media, said, output, None if whole else (start, end), wanted)

    def show(self, known: Mapping[Hashable, Any], left: Any, right: Any) -> str:
        """Contributions over time and channels; the same in words."""
        found, check = (result(known, key) for key, _ in self.wanted)
        if found is None:
            self._show_moments(right)
            right.caption("What each moment added appears in the lowest row.")
            return ""
        if isinstance(found, SoundExplanation):
            return f"**Sound.** {self._show_pictures(found, check, left, right)}"
        return f"**Sound.** {self._show_streams(found, check, left, right)}"

    def _show_streams(self, found: StreamExplanation, checks: StreamChecks | None, left: Any, right: Any) -> str:
        unit = "score" if self.model.description.kind == "emotion" else "mean"
        self._show_moments(right, found.times, unit=unit)
        with right:
            st.caption(limits_words(found))
            st.caption(check_words(checks and checks.times) or CHECK_FOLLOWS)
        with left:
            figures.show(
                plots.contribution_bars(found.channels, BARS, self.output, unit),
                found.channels,
                key="channels",
                name=f"{self._stem}-channels",
                about=ABOUT_CHANNELS,
            )
            st.caption(check_words(checks and checks.channels) or CHECK_FOLLOWS)
        return stream_words(found, self.model.description.kind)

    def _show_pictures(self, found: SoundExplanation, check: Sanity | None, left: Any, right: Any) -> str:
        self._show_moments(right, found.moments, heat=(found.times, found.frequencies, found.heat))
        right.caption(check_words(check) or CHECK_FOLLOWS)
        with left:
            figures.show(
                plots.frequency_heat(found.bands, self.output),
                found.bands,
                key="frequencies",
                name=f"{self._stem}-frequencies",
                about=ABOUT_FREQUENCIES,
            )
        return sound_words(found)

    def _show_moments(self, place: Any, moments: pd.DataFrame | None = None, **known: Any) -> None:
        """The sound, what the model says, and what is known of each moment."""
        figure = plots.sound_explained(
            self.said,
            self.output,
            dimension=self.model.description.kind == "dimension",
            spectrogram=explanations.sound_of(self.chosen.path, self.chosen.path.stat().st_mtime_ns, self.media),
            contributions=None if moments is None else plots.in_stretches(moments),
            span=self.span,
            **known,
        )
        with place:
            figures.show(
                figure,
                self.said if moments is None else moments,
                key="sound",
                name=f"{self._stem}-over-time",
                about=ABOUT_SEEN_SOUND if sees_sound(self.model) else ABOUT_SOUND,
            )

    @property
    def _stem(self) -> str:
        """Start of a file name."""
        return f"{self.chosen.stem}-{self.model.name}-{self.output.replace(' ', '-')}"


PLACE = ("See", 2, "🔬")
navigation.enter()
main()
