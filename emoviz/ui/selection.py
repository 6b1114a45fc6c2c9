"""The selection, which all pages share and the URL mirrors.

Every choice is a widget bound to a query parameter of its own name, so that a link opens the same
view: ``clip``, ``models``, ``face``, ``audio_track``, ``video_track``, ``channel``, ``shown``, ``fusion``,
``video_weight``, ``people`` and ``stretch``; the player adds ``time``. Views of
held-out recordings share one primary ``model``, one ``pinned`` model to see beside it (some a ``third``), and the
``slice`` of recordings
(``slice_b`` where two slices are compared). Recordings that were clicked or lassoed are the selection
(:mod:`emoviz.ui.selected`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import streamlit as st

from ..checkpoints.description import Description
from ..core.errors import EmovizError
from ..core.vocabulary import Source
from ..evaluation.fusion import FUSIONS, VIDEO_WEIGHT
from ..evaluation.slices import COLUMNS, IDS, Slice
from ..media import ACCEPTED, Choice, ClipInfo, TrackInfo
from ..prediction.assembly import ClipPrediction
from ..prediction.clip import DEFAULT_MODELS, require_size
from ..prediction.inputs import can_be_extracted
from . import gone_clips, insides, kept_uploads, linked, loaders, model_of_visit, recordings, server_folders
from .session import session

EXAMPLE = "Example: "
NOTHING = "nothing"
BUTTON = 55
"""Pixels that the chooser of a clip gives up for one more button beside it."""
KEEPS = (
    "The file is deleted a minute after your visit ends, unless you keep it; faces, features and predictions that were "
    "found in it stay on this machine, so that another visit opens at once (setting EMOVIZ_KEPT_MB). The pages Library "
    "and Storage delete them."
)
KEEPS_NOTHING = (
    "The file and all that was found in it are deleted a minute after your visit ends, or at once on the page Storage."
)
UPLOADING = "upload-popover"
"""Key in the session of whether the panel that takes an upload is open."""
RECORD = "record-popover"
"""Key in the session of whether the ways to record are shown."""
UPLOAD_ERROR = "upload_error"
"""Key in the session of the sentence that says why what was received last is not there."""


class Clip(NamedTuple):
    """The clip that is looked at.

    Attributes:
        name: name that the page shows.
        path: path of its file.
    """

    name: str
    path: Path

    @property
    def stem(self) -> str:
        """The name as the start of a file's name."""
        return Path(self.name.partition(": ")[2] or self.name).stem.replace(" ", "-")

    @property
    def is_example(self) -> bool:
        """Whether the clip comes with the project."""
        return self.name.startswith(EXAMPLE)


def open_clip(name: str) -> None:
    """Select a clip by the name that the page shows; call it before the chooser is drawn."""
    linked.choose_first("clip", name)


def choose_clip(beside: Callable[[], None] | None = None) -> Clip | None:
    """Draw the row ``[clip v] [Upload] [Record]`` and return the chosen clip; None when there is none.

    Args:
        beside: function that draws another way to record under the microphone; it may close what :data:`RECORD` names.
    """
    visitor = session()
    wanted = linked.read("clip")
    visitor.opened |= _on_disk([wanted, str(st.session_state.get("clip", ""))])
    clips = loaders.examples() | visitor.uploads | _on_disk(visitor.opened)
    if gone := gone_clips.named(str(st.session_state.get("clip") or wanted), clips):
        clips[gone] = Path()
    stays = KEEPS if loaders.settings().kept_mb else KEEPS_NOTHING
    may_be_kept = bool(visitor.uploads) and loaders.kept_files() is not None
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="right"):
        if clips:
            width = 260 - BUTTON * (bool(server_folders.roots()) + may_be_kept)
            name = linked.select("Clip", list(clips), "clip", label_visibility="collapsed", width=width)
        else:
            st.selectbox("Clip", [], label_visibility="collapsed", width=260, placeholder="No clip yet")
        if may_be_kept and name in visitor.uploads:
            st.button("Keep", key="keep", help=kept_uploads.ABOUT, on_click=_keep_beyond_visit, args=(name,))
        with st.popover("Upload", key=UPLOADING, on_change="rerun"):
            st.file_uploader(
                "A clip with a face, a voice, or both, or a picture of a face",
                type=list(ACCEPTED),
                max_upload_size=visitor.limit_mb,
                key="upload",
                on_change=_keep_upload,
                args=("upload",),
            )
            st.caption(stays)
        with st.popover("Record", key=RECORD, on_change="rerun" if beside else "ignore"):
            st.audio_input("Say something", sample_rate=16000, key="record", on_change=_keep_upload, args=("record",))
            if beside:
                beside()
            st.caption(stays)
        if server_folders.roots():
            _offer_folders()
    if message := st.session_state.pop(UPLOAD_ERROR, None):
        st.error(message)
    if gone:
        gone_clips.say(name, visitor.limit_mb, partial(_keep_upload, gone_clips.ADDED))
        return None
    return Clip(name, clips[name]) if clips else None


def _on_disk(names: Iterable[str]) -> dict[str, Path]:
    """Return the files of those names that are kept uploads, or recordings of folders or corpora; leave out others."""
    names = list(names)
    return kept_uploads.found(names) | server_folders.found(names) | recordings.found(names)


def _keep_beyond_visit(name: str) -> None:
    """Keep an upload, and select the kept recording."""
    try:
        open_clip(kept_uploads.PREFIX + session().keep(name))
    except EmovizError as error:
        st.session_state[UPLOAD_ERROR] = str(error)


def _offer_folders() -> None:
    """Draw the choice among recordings in folders of this machine, once somebody asks for it."""
    part = st.popover("Folder", key="server-folders", on_change="rerun")
    with part:
        if part.open:
            server_folders.offer(_open_of_folder)


def _open_of_folder(name: str) -> None:
    """Select a recording of a folder, unless it is too large."""
    found = server_folders.found([name])
    try:
        for path in found.values():
            require_size(path, loaders.settings().upload_limit_mb)
    except EmovizError as error:
        st.session_state[UPLOAD_ERROR] = str(error)
        return
    session().opened |= found
    open_clip(name)


def _keep_upload(key: str) -> None:
    """Write what the widget received to the session's folder and select it."""
    received = st.session_state[key]
    if not hasattr(received, "getvalue"):  # nothing, or what was received before and is on disk already
        return
    try:
        name = "recording.wav" if key == "record" else received.name
        open_clip(session().add_upload(name, received.getvalue()))
        insides.release(received)
        if key == "upload":
            st.session_state[UPLOADING] = False  # the answer stands beneath it
    except EmovizError as error:
        st.session_state[UPLOAD_ERROR] = str(error)


def choose_models() -> dict[str, Path]:
    """Let people choose models to apply to a clip in the sidebar, and return their folders, damaged ones too."""
    described = {name: (folder, loaders.description(folder)) for name, folder in loaders.checkpoints().items()}
    found = {name: folder for name, (folder, about) in described.items() if about is None or can_be_extracted(about)}
    model_of_visit.begin(found, "models", _beside_others(model_of_visit.name(), described))
    with st.sidebar:
        names = linked.pills(
            "Models",
            list(found),
            "models",
            DEFAULT_MODELS,
            help="Every model adds its own curves. Models of the face and of speech are fused where both have a value.",
        )
    for name in names[-1:]:
        model_of_visit.keep(found, next((one for one in names if one not in DEFAULT_MODELS), name), DEFAULT_MODELS)
    return {name: found[name] for name in names}


def _beside_others(name: str, described: Mapping[str, tuple[Path, Description | None]]) -> list[str]:
    """Return a model with those of a first visit that have another source."""

    def source(one: str) -> Source | None:
        about = described[one][1] if one in described else None
        return about.source if about else None

    return [one for one in DEFAULT_MODELS if source(one) != source(name)] + [name]


def choose_model(found: Mapping[str, Path], default: str | None = None) -> str | None:
    """Let people choose the primary model in the sidebar; None when there is none.

    Args:
        found: folders of the models that the view can look at, by name.
        default: model of a first visit.
    """
    model_of_visit.begin(found, "model")
    chosen = _choose_one(found, "Model", "model", default)
    if chosen is not None:
        model_of_visit.keep(found, chosen, [default])
    return chosen


def choose_network(found: Mapping[str, Path], default: str | None = None) -> str | None:
    """Let people choose the network of face pictures, beside a model of another kind; None when there is none."""
    return _choose_one(found, "Face network", "network", default)


def choose_pinned(found: Mapping[str, Path], *, third: bool = False) -> str | None:
    """Let people choose a second or third model that stands beside the primary one, or None."""
    label, key = ("Beside both", "third") if third else ("Beside it", "pinned")
    return _choose_one({NOTHING: Path(), **found}, label, key, NOTHING, none=NOTHING)


def _choose_one(
    found: Mapping[str, Path], label: str, key: str, default: str | None, none: str | None = None
) -> str | None:
    if not found:
        return None
    with st.sidebar:
        chosen = linked.select(label, list(found), key, default)
    return None if chosen == none else chosen


def choose_compared(found: Mapping[str, Path], default: Sequence[str], most: int) -> list[str]:
    """Let people choose models to see side by side; the others are measured against the first.

    Args:
        found: folders of the models that there are, by name.
        default: models of a first visit.
        most: largest number of models.
    """
    with st.sidebar:
        chosen = linked.several(
            "Models",
            list(found),
            "compared",
            default,
            max_selections=most,
            help=f"Two to {most} models. The others are measured against the first.",
        )
    if chosen:
        model_of_visit.keep(found, chosen[0], default)
    return chosen


def choose_slice(table: pd.DataFrame, *, second: bool = False) -> Slice:
    """Let people choose recordings by culture, emotion, speaker and correctness, in a popover.

    Args:
        table: recordings with index id, and columns among :data:`emoviz.evaluation.slices.COLUMNS`.
        second: whether this is the slice that another one is compared with.
    """
    key = "slice_b" if second else "slice"
    wanted = Slice.parse(linked.read(key))
    conditions = {}
    title = f"Compared with: {wanted.name}" if second else f"Slice: {wanted.name}"
    with st.popover(title):
        for column, label in COLUMNS.items():
            if column not in table:
                continue
            values = sorted(table[column].dropna().astype(str).unique())
            known = [value for value in wanted.conditions.get(column, ()) if value in values]
            chosen = st.multiselect(label, values, default=known, key=f"{key}-{column}")
            if chosen:
                conditions[column] = tuple(chosen)
    if IDS in wanted.conditions:
        conditions[IDS] = wanted.conditions[IDS]
    chosen_slice = Slice(conditions)
    if chosen_slice != wanted:
        set_slice(chosen_slice, second=second)
        st.rerun()
    return chosen_slice


def set_slice(chosen: Slice, *, second: bool = False) -> None:
    """Put a slice into the link."""
    key = "slice_b" if second else "slice"
    linked.write(key, str(chosen) if chosen.conditions else "")


def choose_face(tracks: list[int], speaker: int | None) -> int | None:
    """Let people choose whose face is analysed, when the clip shows more than one person."""
    if len(tracks) < 2:
        return None
    chosen = linked.select(
        "Face",
        [str(track) for track in tracks],
        "face",
        str(speaker),
        width=110,
        help="The longest and largest track is taken for the speaker; choose another person here.",
    )
    return int(chosen)


def requested_face() -> int | None:
    """Return the face that the URL or the chooser names, before the chooser is drawn."""
    return linked.whole(str(st.session_state.get("face") or linked.read("face")))


def choose_tracks(info: ClipInfo) -> Choice:
    """Draw the choice of picture track, sound track and channel, of each where the recording has several."""
    video, audio = (
        _choose_track(label, tracks, key)
        for label, tracks, key in (
            ("Picture", info.video_tracks, "video_track"),
            ("Sound", info.audio_tracks, "audio_track"),
        )
    )
    channels = info.audio.channels if info.audio else 1
    if channels < 2:
        return Choice(audio, video)
    sides = ["left", "right"] if channels == 2 else [str(number) for number in range(1, channels + 1)]
    channel = linked.select(
        "Channel", ["", "mix", *sides], "channel", "", width=130, format_func=lambda name: name or "automatic",
        help="Automatic is the mix of all channels, unless that weakens the speech.",
    )  # fmt: skip
    return Choice(audio, video, channel)


def _choose_track(label: str, tracks: Sequence[TrackInfo], key: str) -> int | None:
    if len(tracks) < 2:
        linked.write(key, "")  # of another clip
        return None
    names = {"": "as the file says"} | {str(track.number): track.name for track in tracks}
    chosen = linked.named(label, names, key, width=240)
    return int(chosen) if chosen else None


def requested_tracks() -> Choice:
    """Return the tracks and the channel that the choosers or the link name, before the choosers are drawn."""
    named = {
        key: str(st.session_state[key] if key in st.session_state else linked.read(key))
        for key in ("audio_track", "video_track", "channel")
    }
    audio, video = (linked.whole(named[key]) for key in ("audio_track", "video_track"))
    return Choice(audio, video, named["channel"][:8])


def choose_fusion() -> tuple[str, float]:
    """Let people choose the method of late fusion and the weight of the video."""
    method = linked.select(
        "Fusion",
        list(FUSIONS),
        "fusion",
        "weighted",
        width=115,
        help="The rule by which face and speech are fused, frame by frame; their weights add up to 1.",
    )
    weight = linked.slider(
        "Weight of the face", 0.0, 1.0, VIDEO_WEIGHT, 0.05, "video_weight", width=130, disabled=method == "average"
    )
    return method, weight


def stated(prediction: ClipPrediction) -> dict[str, str]:
    """Return the choices on the page of a prediction in words, by their names."""
    chosen = {"face": "face", "channel": "channel", "audio_track": "sound track", "video_track": "picture track"}
    chosen |= {"people": "fitted to", "stretch": "fitted to the stretch"}
    chosen |= {"fusion": "fusion", "video_weight": "weight of the face"} if prediction.is_fused else {}
    return {title: str(st.session_state[key]) for key, title in chosen.items() if st.session_state.get(key)}


def choose_source(outputs: pd.DataFrame) -> str | None:
    """Let people choose the source whose emotions are stacked; None when nobody predicts any."""
    present = set(outputs[outputs.kind == "emotion"].source)
    known = [str(s) for s in (Source.FUSED, Source.FACE, Source.SPEECH) if s in present]
    if len(known) < 2:
        return known[0] if known else None
    return linked.segments("Emotions of", known, "shown")
