"""Attention: which channels, moments, regions and modalities does a model look at, and is that faithful?"""

import shlex
from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from emoviz import plots
from emoviz.analysis.channel_weights import are_noise
from emoviz.analysis.reliability import Reliability, in_words
from emoviz.checkpoints.description import Description
from emoviz.core.errors import EmovizError
from emoviz.core.vocabulary import Weighting
from emoviz.core.words import CONFOUND, DERIVED, counted, interval
from emoviz.evaluation import findings
from emoviz.evaluation.slices import Slice
from emoviz.explain.attention import ClipAttention
from emoviz.explain.faithful import drawn_by, error_name, verdicts_of
from emoviz.plots.attention import MAPS
from emoviz.plots.lanes import attention_lane, prediction_lanes
from emoviz.prediction.assembly import ClipPrediction
from emoviz.ui import (
    attention_weights,
    clip_view,
    figures,
    linked,
    loaders,
    messages,
    navigation,
    selected,
    selection,
    workspace,
)
from emoviz.ui.clip_analysis import Analysis, State

MOST_OFFERED = 1000
"""Recordings in a list to choose from; a longer one would hold up the browser."""
MOST_CHOSEN = 100
"""Largest number of recordings that are chosen one by one."""
ONLY = "only"
"""Key of the list in which single recordings are chosen."""
BARS, MOST_BARS = 20, 60
"""Channels that are shown unless another number is chosen, and how many can be."""
NO_MODELS = (
    "No trained model here attends to anything: channel attention has `cats`, moments weigh `mdat`, `aed` and `viper`. "
    "Train one by `python -m emoviz train --preset speech-cats`, after which this page shows it."
)
REGIONS = (
    "It does not look at regions of the face; of the models that can be trained here, the audio-video attention "
    "network does (`av-attention`, spec section 5)."
)

ABOUT_CHANNELS = """
The model's channel attention gives every feature channel one weight per recording, before it looks at time. Shown are
the channels with the highest **mean over the held-out recordings** of the slice, with Student's 95 % interval over
recordings. A high weight says that the model lets the channel through, not that the channel caused the result: that is
what *Is it faithful?* tests. `whisper.pc…` are principal components of Whisper's second encoder layer. Source:
CATS-Transformer paper, section 4.2.4.
"""
ABOUT_DIFFERENCE = f"""
The mean weight of a channel on the slice, less that on the slice that it is compared with, for the channels that differ
most. The whiskers are Welch's 95 % intervals over recordings; pale bars are those whose interval holds zero. Recordings
of one speaker are alike, so the intervals are rather too narrow. {CONFOUND} Source: CATS-Transformer paper,
section 5.5.
"""
ABOUT_DELETION = """
Channels of held-out recordings are replaced by their training mean, some more at each step, and the error is measured.
If weights tell what the predictions rest on, the error rises faster with the **highest first** than in a **random
order** (the same weights dealt out to other channels), and slower with the **lowest first**. Bands are 95 % bootstrap
intervals, for random orders also over orders. **Integrated gradients** and **permutation importance** are computed from
the prediction itself, and show what an explanation can reach here; the order of the latter comes from other people's
recordings, as it looks at labels. Sources: RISE (Petsiuk et al., BMVC 2018, section 4.2) for deletion; Sundararajan et
al. (ICML 2017) for integrated gradients; Breiman (Machine Learning 45, 2001) for permutation importance.
"""
ABOUT_CLIP_CHANNELS = """
The weights that the model's channel attention gives to the channels of this clip, averaged over the windows in which it
is applied; one clip has no interval. Source: CATS-Transformer paper, section 4.2.4.
"""
ABOUT_MOMENTS = """
**Attention**: each row is one attention map of the model: how much each moment is looked at, averaged over everything
that looks (and over the overlapping windows in which the model is applied), as a multiple of an even share, from dark
to bright.
"""
ABOUT_TIMELINE = """
**Other lanes**: the prediction of the model every 20 ms of the clip; the band is made to hold the true value in 90 % of
the moments of somebody whom the model does not know, or is ± the root mean squared error on held-out speakers.
*Derived* means trained on emotion classes that stand for valence and arousal (Russell and Mehrabian 1977). Click to
move the clip there, drag to mark a span.
"""


def main() -> None:
    """Lay out the page."""
    with st.container(gap=None):
        st.title("Attention", anchor=False)
        st.markdown("Which channels, moments, regions and modalities does a model look at, and is that faithful?")
    selected.show("Attention")
    found = attention_weights.models()
    name = selection.choose_model(found, next(iter(found), None))
    if name is None:
        with st.container(border=True):
            st.markdown(NO_MODELS)
        return
    folder = found[name]
    with st.sidebar:
        messages.model_cards({name: folder})
    about = loaders.description(folder)
    if about is None:
        st.error(f"The checkpoint '{name}' is damaged. Choose another model, or train it again.")
        return
    show_channels(name, found, about)
    show_clip(name, found, attention_weights.maps(folder))


def show_channels(name: str, found: dict[str, Path], about: Description) -> None:
    """Show channel weights over held-out recordings, the difference of two slices, and whether they can be trusted."""
    folder = found[name]
    try:
        held = attention_weights.held_out(folder)
    except EmovizError as error:
        st.error(f"{error} Train the model again, or choose another one.")
        return
    if held is None:
        st.caption("This model has no weights per channel; what it looks at over time is below.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first = selection.choose_slice(held.recordings)
        second = selection.choose_slice(held.recordings, second=True)
        ids = choose_recordings(list(held.recordings.index[first.of(held.recordings)]))
        most = min(MOST_BARS, len(held.channels))
        count = linked.slider("Channels", min(5, most - 1), most, BARS, 1, "top", width=150)
    changed = (folder / "attention.parquet").stat().st_mtime_ns
    if not attention_weights.rows(held, first, ids).any() or not attention_weights.rows(held, second).any():
        st.info("No held-out recording is in a slice: choose fewer conditions.")
        return
    table, words = attention_weights.means(folder, changed, str(first), ids)
    lines = [f"**{title_of(first, ids)}** ({table['recordings'].iloc[0]} held out): {words}"]
    differences = None
    if str(first) != str(second) or ids:
        differences, words = attention_weights.differences(folder, changed, str(first), str(second), ids)
        lines.append(f"**Compared with {second.name}**: {words}")
    deletion = read_deletion(folder)
    agreement = attention_weights.agreement(name, found)
    doubt = attention_weights.doubt(agreement, deletion)
    lines, pale = [*lines, *words_of_trust(agreement, deletion, doubt, bool(ids or first.conditions))], bool(doubt)
    st.markdown("  \n".join(lines))
    left, right = st.columns(2, gap="medium")
    with left:
        figures.show(
            figures.kept(
                ("channels", folder, changed, str(first), ids, count, pale),
                lambda: plots.channel_bars(table, count, "Which channels does the model weigh most?", pale=pale),
            ),
            table,
            key="channels",
            name=f"{folder.name}-channel-weights",
            about=ABOUT_CHANNELS,
        )
    if differences is not None:
        with right:
            figures.show(
                plots.channel_difference_bars(
                    differences, count, title_of(first, ids), second.name, noise=are_noise(differences)
                ),
                differences,
                key="difference",
                name=f"{folder.name}-channel-difference",
                about=ABOUT_DIFFERENCE,
            )
            if "culture" in first.conditions or "culture" in second.conditions:
                st.caption(CONFOUND)
        left, _ = st.columns(2, gap="medium")
    with left if differences is not None else right:
        show_deletion(name, folder, about, deletion)


def choose_recordings(ids: list[str]) -> tuple[str, ...]:
    """Let people choose single recordings of the slice; none is all of them."""
    here = set(ids)
    wanted = [identity for identity in selected.recordings() if identity in here]
    if len(wanted) > MOST_CHOSEN:
        st.caption(f"Only the {len(wanted):,} selected recordings of the slice.")
        return tuple(wanted)
    with st.popover(f"Recordings: {len(wanted) or 'all'}"):
        few = len(ids) <= MOST_OFFERED
        if not few:
            st.caption(f"Choose a slice of at most {MOST_OFFERED:,} recordings, to choose single ones of it here.")
        st.session_state[ONLY] = wanted  # also where the selection was cleared or made elsewhere
        st.multiselect(
            "Only these of the slice",
            ids if few else wanted,
            key=ONLY,
            max_selections=MOST_CHOSEN,
            on_change=lambda: selected.choose(st.session_state[ONLY], "chosen one by one"),
        )
    return tuple(wanted)


def title_of(chosen: Slice, ids: tuple[str, ...]) -> str:
    """Return the slice in words, or the one recording."""
    if len(ids) == 1:
        return ids[0]
    name = chosen.name[0].upper() + chosen.name[1:]
    return f"{len(ids)} recordings of: {name}" if ids else name


def read_deletion(folder: Path) -> pd.DataFrame | None:
    """Read the deletion curves in the checkpoint's folder, if they were computed."""
    try:
        return loaders.table(folder, "deletion")
    except EmovizError as error:
        st.error(f"{error} Compute it again.")
        return None


def words_of_trust(agreement: Reliability, deletion: pd.DataFrame | None, doubt: str, sliced: bool) -> list[str]:
    """Return in words whether the weights are reliable and faithful, and why they are drawn pale where they are."""
    lines = [in_words(agreement)]
    if deletion is not None:
        lines.append(words_of_deletion(deletion, sliced))
    if doubt:
        lines.append(f"The bars are **pale**, as {doubt}.")
    return lines


def words_of_deletion(table: pd.DataFrame, sliced: bool) -> str:
    """Return the verdict on the attention's weights, what it was measured on, and in short the other weightings.

    Args:
        table: deletion curves.
        sliced: whether the page shows a part of the held-out recordings, on which the verdict does not rest.
    """
    found = verdicts_of(table)
    own = found.pop(Weighting.ATTENTION)
    others = "; ".join(
        f"{weighting} {other.faithfulness} ({interval(*other.difference[:3], 3, sign='+')})"
        for weighting, other in found.items()
    )
    row = table.iloc[0]
    slices = " whatever the slice above" if sliced else ""
    return (
        f"**Is it faithful? {own.faithfulness.capitalize()}.** {own.sentence} Measured on {row['recordings']} of all "
        f"{row['held_out']} held-out recordings{slices}. By the same test: {others}."
    )


def show_deletion(name: str, folder: Path, about: Description, table: pd.DataFrame | None) -> None:
    """Show the deletion curves, or how to compute them."""
    if table is None:
        with st.container(border=True):
            st.markdown(
                "**Is it faithful?** Not measured yet: it takes the held-out recordings, which this copy may not have. "
                "With their features in the store, this measures it:  \n"
                f"`python -m emoviz explain {shlex.quote(name)} --deletion`"
            )
        return
    row = table.iloc[0]
    axis = error_name(row["metric"]).replace("-", "−")
    figures.show(
        plots.deletion_curves(table, axis),
        table,
        key="deletion",
        name=f"{folder.name}-deletion",
        about=ABOUT_DELETION,
    )
    outputs = " and ".join(about.outputs) if len(about.outputs) < 3 else f"{len(about.outputs)} outputs"
    st.caption(
        f"{axis} of {outputs} on {row['recordings']} of {row['held_out']} held-out recordings; the intervals draw "
        f"{counted(*drawn_by(table))}." + (f" {DERIVED}" if about.derived else "")
    )


def show_clip(name: str, found: dict[str, Path], maps: tuple[str, ...]) -> None:
    """Show the attention of the model in one clip."""
    folder = found[name]
    heading, chooser = st.columns([5, 7], vertical_alignment="bottom")
    heading.header("In a clip", anchor=False)
    if not maps:
        st.caption("This model reads features that come with its corpus and cannot be extracted from a clip.")
        return
    with chooser:
        clip = selection.choose_clip()
    if clip is None:
        messages.empty("Upload or record a clip above: what the model looks at in it appears here.")
        return
    try:
        analysis = clip_view.analyse(clip.path, [loaders.load_checkpoint(folder)])
    except EmovizError as error:
        messages.wrong(str(error))
        return
    with heading:
        workspace.links("Attention", clip.name)
    clip_view.follow(analysis, partial(show_state, clip, folder, attention_weights.doubt_of(name, found), analysis))


def show_state(clip: selection.Clip, folder: Path, doubt: str, analysis: Analysis, state: State) -> None:
    """Draw one look at the analysis: its progress, and the clip's attention."""
    left, right = workspace.columns()
    with left:
        clip_view.show_player(analysis, state, figures=[])
    if state.running or state.prediction is None:
        right.caption("The attention of the model appears here as soon as the clip is read.")
        return
    try:
        found = attention_weights.of_clip(analysis.media, folder)
    except EmovizError as error:
        right.info(str(error))
        return
    stem = f"{clip.stem}-{folder.name}"
    with right:
        show_timeline(analysis, state, state.prediction, found, stem)
    with left:
        show_clip_channels(found, stem, doubt)
        number = choose_window(found) if found.maps else None
    if number is not None:
        show_window(analysis, folder, found, number, stem)


def show_timeline(
    analysis: Analysis, state: State, prediction: ClipPrediction, found: ClipAttention, stem: str
) -> None:
    """Show the moments that the model looks at, and what it says, on the player's clock."""
    table, outputs = prediction.table, prediction.outputs
    prefers = len(found.moments.columns) > 1
    if not prefers:
        st.caption("It gives no moment more weight than another: its weights are over channels only.")
    source = findings.leading_source(outputs, "emotion")
    lanes = prediction_lanes(table, outputs, prediction.gaps, source)
    workspace.show_timeline(
        analysis,
        state,
        [attention_lane(found.moments), *lanes] if prefers else lanes,
        found.moments if prefers else table,
        name=f"{stem}-{'moments' if prefers else 'timeline'}",
        about=ABOUT_MOMENTS + ABOUT_TIMELINE if prefers else ABOUT_TIMELINE,
        otherwise=lambda: plots.timeline(table, outputs, prediction.gaps, source),
        explains=True,
    )


def show_clip_channels(found: ClipAttention, stem: str, doubt: str) -> None:
    """Show the channel weights of this clip, pale with the reason where there is a doubt about them."""
    if found.channels is not None:
        figures.show(
            plots.channel_bars(
                found.channels, BARS, "Which channels does it weigh most in this clip?", pale=bool(doubt)
            ),
            found.channels,
            key="clip-channels",
            name=f"{stem}-channel-weights",
            about=ABOUT_CLIP_CHANNELS,
        )
        if doubt:
            st.caption(f"The bars are pale, as {doubt}.")


def choose_window(found: ClipAttention) -> int:
    """Let people choose the number of the window whose maps are shown; by default one in the middle of the clip."""
    windows = found.windows
    starts = [round(float(windows.times[first] - windows.times[0]), 2) for first in windows.kept[windows.starts]]
    middle = len(starts) // 2
    if len(starts) == 1:
        return middle
    seconds = windows.width * windows.description.hop
    start = linked.steps(
        f"The {seconds:g} s whose maps are shown below start at (s)",
        starts,
        "window",
        starts[middle],
        help="The model is applied in overlapping windows, and attends within each of them.",
    )
    return starts.index(start)


def show_window(analysis: Analysis, folder: Path, found: ClipAttention, number: int, stem: str) -> None:
    """Show every map of one window of the clip, two side by side."""
    windows = found.windows
    shown = attention_weights.of_window(analysis.media, folder, number)
    times = windows.times[windows.of_window(number)]
    for place in range(0, len(shown), 2):
        for column, own in zip(st.columns(2, gap="medium"), shown[place : place + 2], strict=False):
            with column:
                figures.show(
                    plots.attention_map(own.name, own.values, times, own.pictures),
                    plots.map_table(own.values, times),
                    key=f"map-{own.name.replace('.', '-')}",
                    name=f"{stem}-{own.name}",
                    about=MAPS[own.name.partition(".")[0]].about,
                )
    if not any(own.name.startswith("spatial") for own in shown):
        st.caption(REGIONS)


PLACE = ("Understand", 1, "🔎")
navigation.enter()
main()
