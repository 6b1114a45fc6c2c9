"""Tables and attention maps for the Attention page, kept as long as the files behind them stay as they are."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from .. import checkpoints
from ..analysis import channel_weights
from ..analysis.reliability import Reliability, other_trainings, reliability
from ..core.errors import CheckpointError, EmovizError
from ..core.vocabulary import Emotion
from ..evaluation.slices import Slice, correctness
from ..explain.attention import ClipAttention, WindowMap, channels_of, clip_attention, maps_of, window_attention
from ..explain.deletion import Faithfulness
from ..explain.faithful import verdict_of
from ..features import FeatureStream
from ..media import ClipMedia
from ..prediction.inputs import reads_clips, streams_of
from . import loaders
from .cache import cached
from .session import session


class HeldOut(NamedTuple):
    """Channel weights of a model's held-out recordings.

    Attributes:
        weights: weights, one row per recording (index id), one column per channel.
        recordings: columns that slices ask for: culture, speaker, label and correctness, as far as they mean something.
        channels: table with ``channel``, ``stream`` and ``modality``.
    """

    weights: pd.DataFrame
    recordings: pd.DataFrame
    channels: pd.DataFrame


def models() -> dict[str, Path]:
    """Return all models that attend to something, those with channel weights of held-out recordings first."""
    found = loaders.every_checkpoint()
    with_weights = {name: folder for name, folder in found.items() if (folder / "attention.parquet").exists()}
    others = {name: folder for name, folder in found.items() if name not in with_weights}
    return with_weights | {name: folder for name, folder in others.items() if maps(folder)}


def maps(folder: Path) -> tuple[str, ...]:
    """Name the attention maps that a model has of a clip; none where it cannot read one or is damaged."""
    weights = folder / checkpoints.WEIGHTS
    return _maps(folder, weights.stat().st_mtime_ns) if weights.exists() else ()


@cached(1024)
def _maps(folder: Path, changed: int) -> tuple[str, ...]:
    about = loaders.description(folder)
    if about is None or not reads_clips(about):
        return ()
    try:
        return maps_of(checkpoints.load(folder))
    except EmovizError:
        return ()


def held_out(folder: Path) -> HeldOut | None:
    """Return the channel weights of a model's held-out recordings, None where it has none.

    Raises:
        CheckpointError: if a table is damaged, or does not fit the model.
    """
    path = folder / "attention.parquet"
    return _held_out(folder, path.stat().st_mtime_ns) if path.exists() else None


def agreement(name: str, found: Mapping[str, Path]) -> Reliability:
    """Return how far the weights of a model are those of its other trainings among some models; damaged ones are none.

    Args:
        name: name of the model, which has weights of held-out recordings.
        found: folders of models by name.
    """
    about = {other: loaders.description(folder) for other, folder in found.items()}
    known = {other: description for other, description in about.items() if description is not None}
    tables = {other: _attention(found[other]) for other in [name, *other_trainings(name, known)]}
    own = tables.pop(name)
    others = [table for table in tables.values() if table is not None]
    return reliability(own, others) if own is not None else Reliability(float("nan"), 0)


def doubt(found: Reliability, deletion: pd.DataFrame | None) -> str:
    """Return why the weights of a model are not to be trusted, as a clause; empty where nothing is known against them.

    Args:
        found: agreement of the weights with those of its other trainings.
        deletion: its deletion curves, None where they were not computed.
    """
    reasons = []
    if found.fails:
        reasons.append("not reliable (another training of this model weighs other channels)")
    if deletion is not None and verdict_of(deletion).faithfulness is not Faithfulness.BETTER:
        reasons.append(
            "not shown to be faithful (hiding the channels with high weights is not known to hurt more than hiding any)"
        )
    return f"the weights are {' and '.join(reasons)}" if reasons else ""


def doubt_of(name: str, found: Mapping[str, Path]) -> str:
    """Return why the weights of a model among some models are not to be trusted; see :func:`doubt`."""
    try:
        deletion = loaders.table(found[name], "deletion")
    except EmovizError:  # the page of its curves says so
        deletion = None
    return doubt(agreement(name, found), deletion)


def doubts_of(models: Iterable[str]) -> dict[str, str]:
    """Return why the weights of models are not to be trusted, by their names; see :func:`doubt`."""
    names = list(models)
    known = loaders.every_checkpoint() if names else {}
    return {name: doubt_of(name, known) if name in known else "" for name in names}


def _attention(folder: Path) -> pd.DataFrame | None:
    try:
        return loaders.table(folder, "attention")
    except EmovizError:
        return None


@cached(8)
def _held_out(folder: Path, changed: int) -> HeldOut:
    table, about = checkpoints.read_table(folder, "attention"), checkpoints.read_description(folder)
    assert table is not None
    channels = channels_of(about)
    try:
        weights = table[list(channels["channel"])].astype(np.float32)
        recordings = table[["culture", "speaker", "label"]]
    except KeyError as error:
        raise CheckpointError(f"The channel weights of '{folder.name}' do not fit it: {error}.") from error
    if not recordings["label"].isin(list(Emotion)).any():  # a clip with changing emotion is no slice's
        recordings = recordings.drop(columns="label")
    predictions = checkpoints.read_table(folder, "predictions") if about.kind == "emotion" else None
    return HeldOut(weights, recordings if predictions is None else recordings.join(correctness(predictions)), channels)


@cached(32)
def means(folder: Path, changed: int, chosen: str, ids: tuple[str, ...]) -> tuple[pd.DataFrame, str]:
    """Return the mean weights of a slice, and the same in words."""
    held = _held_out(folder, changed)
    weights = held.weights[rows(held, Slice.parse(chosen), ids)]
    streams = channel_weights.stream_means(weights, held.channels)
    table = channel_weights.channel_means(weights, held.channels)
    return table, channel_weights.words_of_means(table, streams)


@cached(32)
def differences(folder: Path, changed: int, first: str, second: str, ids: tuple[str, ...]) -> tuple[pd.DataFrame, str]:
    """Return the differences between two slices, and the same in words."""
    held = _held_out(folder, changed)
    sides = rows(held, Slice.parse(first), ids), rows(held, Slice.parse(second))
    table = channel_weights.channel_differences(held.weights, *sides, held.channels)
    return table, channel_weights.words_of_differences(table)


def rows(held: HeldOut, chosen: Slice, ids: tuple[str, ...] = ()) -> np.ndarray:
    """Return the recordings of a slice, or those of them that were chosen one by one, bool (N,)."""
    inside = chosen.of(held.recordings)
    return inside & held.recordings.index.isin(ids) if ids else inside


def of_clip(clip: ClipMedia, folder: Path) -> ClipAttention:
    """Return the attention of a model in a clip.

    Raises:
        EmovizError: if the clip cannot be read, or holds nothing that the model reads.
    """
    return _of_clip(clip.key, clip.face, folder, _changed(folder), clip)


def of_window(clip: ClipMedia, folder: Path, number: int) -> list[WindowMap]:
    """Return the maps of one window of a clip."""
    return _of_window(clip.key, clip.face, folder, _changed(folder), number, clip)


@cached(8, "Looking at attention")
def _of_clip(content: str, face: int | None, folder: Path, changed: int, _clip: ClipMedia) -> ClipAttention:
    return clip_attention(loaders.load_checkpoint(folder), _streams(_clip, folder), _clip.info.duration)


@cached(32)
def _of_window(
    content: str, face: int | None, folder: Path, changed: int, number: int, _clip: ClipMedia
) -> list[WindowMap]:
    found = _of_clip(content, face, folder, changed, _clip)
    return window_attention(loaders.load_checkpoint(folder), _streams(_clip, folder), found.windows, number)


def _streams(clip: ClipMedia, folder: Path) -> Mapping[str, FeatureStream]:
    return streams_of(loaders.load_checkpoint(folder), clip, store=session().store)


def _changed(folder: Path) -> int:
    return (folder / checkpoints.WEIGHTS).stat().st_mtime_ns
