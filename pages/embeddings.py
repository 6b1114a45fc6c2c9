"""Embeddings: what does a model's embedding of a recording keep apart, emotion or culture?"""

import dataclasses
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from emoviz import plots
from emoviz.analysis import maps
from emoviz.analysis.projection import Projection
from emoviz.analysis.projection_methods import METHODS, PCA, Method
from emoviz.core import words
from emoviz.core.errors import EmovizError
from emoviz.media import ClipMedia
from emoviz.prediction.inputs import reads_clips
from emoviz.ui import clip_view, figures, linked, loaders, messages, navigation, recordings, selected, selection
from emoviz.ui.background import Job
from emoviz.ui.embedding_maps import (
    Embedded,
    embedded,
    embedding_of,
    forget_embedding,
    forget_projection,
    most_corpora,
    places_of,
    projection_of,
    separation_of,
    with_embeddings,
)
from emoviz.ui.insides import fragment

POLL = 0.5
"""Seconds between two looks at a running fit."""
PATIENCE = 0.4
"""Seconds to wait for a fit that may be done at once, before its progress is shown."""
LIST_HEIGHT = 240
SPACES = {"2D": 2, "3D": 3}
DEFAULT = "tsne"
"""Method of a first visit."""
AT_ONCE = PCA
"""Shown until a slower method is ready."""


class Slider(NamedTuple):
    """A setting of a method: its title, range and step, its largest value per recording, and what it does."""

    title: str
    least: float
    most: float
    step: float
    share: float
    help: str


SLIDERS = {
    "perplexity": Slider("Perplexity", 2, 100, 1, 0.33, "The number of neighbours that a recording is drawn to."),
    "iterations": Slider("Iterations", 100, 2000, 100, 1e9, "The number of steps after which the map is finished."),
    "neighbours": Slider("Neighbours", 2, 100, 1, 0.9, "Few neighbours show detail, many show the large shape."),
    "min_dist": Slider("Least distance", 0, 1, 0.05, 1e9, "The smallest distance between neighbours on the map."),
    "seed": Slider("Seed", 0, 9, 1, 1e9, "Differences between seeds are chance."),
}

ABOUT_MAP = f"""
Each point is one **held-out recording**, of a speaker whom the model did not hear in training, placed by the model's
embedding: the numbers from which its last layer reads the emotion. **t-SNE** and **UMAP** keep near ones near;
distances between groups, their sizes and the axes mean nothing. **PCA** shows the directions of largest variance. Maps
of several models are turned and scaled to fit the first one.

Valence and arousal called *derived* follow from the emotion by published norms (Russell and Mehrabian 1977).
{words.CONFOUND} **Drag** a lasso around recordings to list and play them; a
click selects one. Sources: audio-video attention network paper, section 4 (embeddings by loss); L. van der Maaten,
G. Hinton 2008; L. McInnes et al. 2018.
"""
ABOUT_SEPARATION = """
The **silhouette** of a recording compares its mean distance to its own group with that to the nearest other group: 1 is
far apart, 0 mixed, below 0 nearer to another group. Shown is its mean, in the embedding (filled) and on the map (open),
with a 95 % interval from a bootstrap that draws speakers. The table adds what permuted labels give (chance) and
trustworthiness: how far neighbours on the map are neighbours in the embedding, 1 at best and about .5 by chance.
Sources: P. Rousseeuw 1987; J. Venna, S. Kaski 2001.
"""


def main() -> None:
    """Lay out the page."""
    with st.container(gap=None):
        st.title("Embeddings", anchor=False)
        st.markdown("Does a model's view of a recording tell emotions apart, or cultures?")
    selected.show("Embeddings")
    found = with_embeddings(loaders.checkpoints())
    if not found:
        messages.no_models()
        return
    shown = choose(found)
    if shown:
        show(shown)


def choose(found: dict[str, Path]) -> list[Embedded]:
    """Let people choose one to three models in the sidebar; a damaged one is named and left out."""
    first = selection.choose_model(found, most_corpora(found))
    second = selection.choose_pinned(found)
    third = selection.choose_pinned(found, third=True) if second else None
    names = dict.fromkeys(name for name in (first, second, third) if name)
    shown = messages.usable(lambda name: embedded(name, found[name]), names)
    with st.sidebar:
        messages.model_cards({one.name: one.folder for one in shown})
    return shown


def show(shown: list[Embedded]) -> None:
    """Show maps, what they separate, and the recordings that were chosen in them."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = choose_method(min(len(one.recordings) for one in shown))
        colour = choose_colour(shown[0])
        placed = linked.toggle("Place a new clip", "place")
    clip = choose_clip() if placed else None
    said, progress = st.container(), st.container()
    wanted = {one.name: projection_of(one, method) for one in shown}
    ready = results(wanted)
    if complete := len(ready) == len(shown):
        jobs, judged = wanted, {one.name: separation_of(one, ready[one.name]) for one in shown}
    else:
        jobs, judged = {one.name: projection_of(one, AT_ONCE(method.dimensions)) for one in shown}, {}
    projections = results(jobs)
    separation = results(judged)
    waiting = [*pending(wanted, ready), *pending(jobs, projections), *pending(judged, separation)]
    places: dict[str, pd.DataFrame] = {}
    if clip:
        places, unplaced = place(shown, projections, clip)
        waiting += unplaced
    with progress:
        watch(waiting, lambda: forget(shown, method, clip))
    if not projections:
        st.caption("The map appears here as soon as it is ready.")
        return
    with said:
        say(separation)
    points, placements = maps.side_by_side(
        {one.name: (one.recordings, projections[one.name].points) for one in shown if one.name in projections},
        turn=complete and not isinstance(method, AT_ONCE),
    )
    clips = [maps.moved(table, placements[name]).assign(model=name) for name, table in places.items()]
    left, right = st.columns([65, 35], gap="medium") if len(shown) == 1 else (st.container(), st.container())
    with left:
        show_maps(shown, points, projections, pd.concat(clips) if clips else None, colour)
    with right:
        upper, lower = (st.container(), st.container()) if len(shown) == 1 else st.columns(2, gap="medium")
    with upper:
        list_recordings(shown, points)
    with lower:
        show_separation(separation)


def results(jobs: dict[str, Job[Any]]) -> dict[str, Any]:
    """Return the results of jobs that are done, or are within a moment of their beginning."""
    for job in jobs.values():
        job.wait(max(0.0, job.began + PATIENCE - time.monotonic()))
    return {name: job.state.result for name, job in jobs.items() if job.state.result is not None}


def pending(jobs: dict[str, Job[Any]], known: dict[str, Any]) -> list[Job[Any]]:
    """Return the jobs without whose result the page is drawn, even if they have ended by now."""
    return [job for name, job in jobs.items() if name not in known]


def choose_method(count: int) -> Method:
    """Let people choose how the maps are made.

    Args:
        count: number of recordings in the smallest map.
    """
    name = linked.segments("Map by", list(METHODS), "method", DEFAULT, format_func=lambda name: METHODS[name].title)
    space = linked.segments("In", list(SPACES), "space")
    settings: dict[str, Any] = {}
    with st.popover("Parameters"):
        for field in dataclasses.fields(METHODS[name]):
            if field.name == "metric":
                settings["metric"] = linked.segments(
                    "Distance",
                    get_args(field.type),
                    "metric",
                    field.default,
                    help="Between embeddings: straight, or by the angle between them.",
                )
            elif field.name in SLIDERS:
                settings[field.name] = choose_number(field, count)
        if not settings:
            st.markdown("The principal components follow from the embeddings alone: there is nothing to set.")
    return METHODS[name](dimensions=SPACES[space], **settings)


def choose_number(field: dataclasses.Field[Any], count: int) -> int | float:
    """Let people choose a setting, within a range that fits the number of recordings."""
    default: Any = field.default
    slider, key, kind = SLIDERS[field.name], field.name, type(default)
    most: int | float = kind(max(slider.least + slider.step, min(slider.most, count * slider.share)))
    least, step = kind(slider.least), kind(slider.step)
    chosen: int | float = linked.slider(slider.title, least, most, default, step, key, help=slider.help)
    return chosen


def choose_colour(first: Embedded) -> str:
    """Let people choose the column that colours the recordings."""
    columns = [column for column in first.recordings if column != "label"]
    numbers = list(first.recordings.select_dtypes("number"))
    preferred = next(column for column in (maps.EMOTION, *numbers) if column in columns)
    chosen: str = linked.select("Colour by", columns, "colour", preferred, format_func=str.capitalize, width=230)
    return chosen


def choose_clip() -> ClipMedia | None:
    """Let people choose the clip that is placed into the maps; None where none can be read."""
    clip = selection.choose_clip()
    if clip is None:
        return None
    try:
        found = clip_view.media_of(clip.path)
    except EmovizError as error:
        messages.wrong(str(error))
        return None
    faces = found.known_faces
    tracks = [track.id for track in faces.tracks] if faces else []
    speaker = faces.speaker if faces else None
    clip_view.choose_part(found, tracks, speaker, found.face if found.face in tracks else speaker)
    return found


def place(
    shown: list[Embedded], projections: dict[str, Projection], clip: ClipMedia
) -> tuple[dict[str, pd.DataFrame], list[Job[Any]]]:
    """Place a new clip into the maps, and return the jobs that still run; say which models cannot read it."""
    able = [one for one in shown if reads_clips(one.description)]
    for one in shown:
        if one not in able:
            st.info(
                f"'{one.name}' reads features that its corpus ships and that cannot be extracted from a clip, so a new "
                "clip has no place in its map."
            )
    embeddings = {one.name: embedding_of(one, clip) for one in able}
    known = results(embeddings)
    placing = {
        one.name: places_of(one, projections[one.name], clip, known[one.name])
        for one in able
        if one.name in known and one.name in projections
    }
    places = results(placing)
    return places, [*pending(embeddings, known), *pending(placing, places)]


def watch(waiting: list[Job[Any]], again: Callable[[], None]) -> None:
    """Show the progress of the jobs that still run, and which were stopped or failed.

    Args:
        waiting: jobs without whose results the page is drawn.
        again: function that begins jobs again that were stopped.
    """
    states = [job.state for job in waiting]
    if any(state.stopped for state in states):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(f"Stopped. Where a map is not ready, {AT_ONCE.title} is shown in its place.", icon=None)
            st.button("Start again", key="again", on_click=again)
    for error, details in {state.error: state.details for state in states if state.error}.items():
        st.error(error)
        with st.expander("Details for a bug report"):
            st.code(details, language=None)
    if running := [job for job, state in zip(waiting, states, strict=True) if not state.stopped and not state.error]:
        fragment(show_progress, run_every=POLL)(running)


def show_progress(running: list[Job[Any]]) -> None:
    """Show the jobs once; the page is drawn again when one of them has ended."""
    states = [job.state for job in running]
    if not all(state.running for state in states):
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        state = max(states, key=lambda state: state.done)
        st.progress(min(1.0, state.done / state.total) if state.total else 0.0, text=state.progress)
        if st.button("Stop", key="stop"):
            for job in running:
                job.stop()


def forget(shown: list[Embedded], method: Method, clip: ClipMedia | None) -> None:
    """Make maps and embeddings anew that were stopped."""
    for one in shown:
        if projection_of(one, method).state.stopped:
            forget_projection(one, method)
        if clip and reads_clips(one.description) and embedding_of(one, clip).state.stopped:
            forget_embedding(one, clip)


def show_maps(
    shown: list[Embedded],
    points: pd.DataFrame,
    projections: dict[str, Projection],
    clips: pd.DataFrame | None,
    colour: str,
) -> None:
    """Show the maps in a row; recordings are chosen in them."""
    method = next(iter(projections.values())).method
    marked = selected.recordings()

    def draw() -> go.Figure:
        return plots.embedding_maps(
            points,
            colour,
            {name: maps.axis_titles(projection) for name, projection in projections.items()},
            selected=marked,
            clips=clips,
            shared=not isinstance(method, AT_ONCE),
            heading=f"Held-out recordings by {colour}: {method.title}",
        )

    of = tuple((one.name, one.changed, projections[one.name].method) for one in shown if one.name in projections)
    figures.show(
        draw() if clips is not None else figures.kept(("maps", of, colour, marked), draw),
        points,
        key="map",
        name=f"{'-'.join(projections)}-{method.title}",
        about=ABOUT_MAP,
        on_select=partial(remember, f"from the map of {words.listed(projections)}"),
        lasso=method.dimensions == 2,
    )
    if method.dimensions == 3:
        st.caption("Recordings are chosen in 2D; those that were stay marked here.")
    if colour == maps.CULTURE:
        st.caption(words.CONFOUND)


def remember(why: str, points: list[figures.Point]) -> None:
    """Select the recordings that were clicked or lassoed."""
    selected.choose(list(dict.fromkeys(point[0] for point in points if point)), why)


def say(judged: dict[str, pd.DataFrame]) -> None:
    """Write one sentence per model in plain words, and its numbers a click below."""
    lines = [maps.in_words(name, table) for name, table in judged.items()]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("  \n".join(lines) or "The separation of groups by the embedding is being computed.")
        if lines:
            with st.popover("In numbers"):
                st.markdown("  \n".join(f"**{name}**: {maps.verdict(table)}" for name, table in judged.items()))


def list_recordings(shown: list[Embedded], points: pd.DataFrame) -> None:
    """List the recordings that were chosen in the maps, and play one of them."""
    wanted = selected.recordings()
    first = points.drop_duplicates("id").set_index("id")
    chosen = first.loc[[identity for identity in wanted if identity in first.index]]
    if chosen.empty:
        st.markdown("Drag a lasso around recordings in the map, or click one: they are listed and played here.")
        return
    st.markdown(f"**{words.counted(len(chosen), 'recordings')} chosen**")
    if len(chosen) < len(wanted):
        st.caption(f"The other {len(wanted) - len(chosen):,} of the selection are not on this map.")
    columns = [c for c in (maps.EMOTION, maps.PREDICTED, maps.CULTURE, maps.SPEAKER, "label") if c in chosen]
    event = st.dataframe(
        chosen[columns].rename_axis("recording").reset_index(),
        hide_index=True,
        row_height=28,
        height=min(28 * (len(chosen) + 1) + 12, LIST_HEIGHT),
        key=f"list-{hash(wanted)}",
        column_config={"recording": st.column_config.Column(width=150)},
        on_select="rerun",
        selection_mode="single-cell",
    )
    cells = event["selection"]["cells"]
    corpora = sorted({name for one in shown for name in one.description.training.get("corpora", ())})
    identity = chosen.index[cells[0][0] if cells else 0]
    st.caption(f"`{identity}`; choose another in the list.")
    recordings.play(identity, corpora)


def show_separation(judged: dict[str, pd.DataFrame]) -> None:
    """Show the silhouettes of all models."""
    if not judged:
        return
    table = pd.concat([table.assign(model=name) for name, table in judged.items()], ignore_index=True)
    silhouettes = table[table["figure"] == "silhouette"]
    if not silhouettes.empty:
        figures.show(
            plots.separation(silhouettes),
            table,
            key="separation",
            name=f"{'-'.join(judged)}-scores",
            about=ABOUT_SEPARATION,
        )


PLACE = ("Understand", 3, "✨")
navigation.enter()
main()
