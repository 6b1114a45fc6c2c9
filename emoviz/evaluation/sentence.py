"""One sentence on the prediction of a clip, in words that its curves never contradict, and the strongest moments."""

from itertools import takewhile
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..core.vocabulary import BINARY, CIRCUMPLEX, FUSED_SOURCES, Dimension, Emotion, Source
from ..core.words import number
from .familiarity import unlike_spans
from .findings import leading_source
from .gaps import spans

DISAGREEMENT = 0.5
"""Difference of a dimension, a quarter of its range, above which two curves disagree.

Curves of emotions disagree where another emotion leads and more than this share of the probability lies elsewhere.
"""
SHORTEST = 0.5
"""Length in seconds of the shortest disagreement that is reported."""
LEAST_PEAK = 0.25
"""Probability below which the peak of an emotion is not reported."""
LEAST_RISE = 0.1
"""Least rise of a peak above the rest of its curve; the curve of a single window has no peak."""
NARROW = 0.1
"""Difference of two mean probabilities below which one emotion is said to lead another only just."""
COVERED = 0.9
"""Share of the clip with a value from which a sentence on all of it need not say how many seconds it covers."""
SMOOTHING = 0.5
"""Seconds over which the extremes are averaged, so that one frame is not taken for a moment of the clip."""


class Moment(NamedTuple):
    """A moment at which an emotion is at its strongest: the ``emotion``, and the ``time`` in seconds."""

    emotion: str
    time: float


def strongest_moments(table: pd.DataFrame, outputs: pd.DataFrame, most: int = 3) -> tuple[Moment, ...]:
    """Return the moments at which emotions stand out, the strongest first, which is the one that a sentence names.

    Args:
        table: table of the whole clip, as in :func:`sentence`.
        outputs: descriptions of the columns.
        most: largest number of moments, each of another emotion.
    """
    source = leading_source(outputs, "emotion")
    if source is None:
        return ()
    name_of = _emotion_columns(outputs, source)
    prevailing = _prevailing(table, list(name_of))
    if prevailing is None:
        return ()
    peaks = _peaks(table, _marked(outputs, source, name_of, prevailing), source)[:most]
    return tuple(Moment(name_of[column], float(table.time[row])) for column, row in peaks)


def prevailing_emotion(table: pd.DataFrame, outputs: pd.DataFrame) -> str:
    """Return the emotion that leads in the largest share of a clip by its leading source, or "" where none is told."""
    source = leading_source(outputs, "emotion")
    name_of = {} if source is None else _emotion_columns(outputs, source)
    prevailing = _prevailing(table, list(name_of))
    return "" if prevailing is None else name_of[prevailing]


def sentence(table: pd.DataFrame, outputs: pd.DataFrame, *, running: bool = False) -> str:
    """Return one line of plain words: what emotion prevails by which model, where it peaks, and who disagrees.

    Args:
        table: table with ``time`` and one column per output, on a regular grid.
        outputs: descriptions of the columns, a row each (``emoviz.prediction.assembly.ClipPrediction.outputs``).
        running: whether more is still to come, so that the words are provisional.
    """
    found = _claims(table, outputs, running) + _doubts(table, outputs)
    return _whole(found, running)


def verdict_and_doubts(table: pd.DataFrame, outputs: pd.DataFrame, *, running: bool = False) -> tuple[str, str]:
    """Return :func:`sentence` in two parts: what prevails and where it peaks, and which models disagree or do not fit.

    The second one is empty where there is nothing to doubt.
    """
    doubts = _doubts(table, outputs)
    return _whole(_claims(table, outputs, running), running), _whole(doubts, False) if doubts else ""


def _claims(table: pd.DataFrame, outputs: pd.DataFrame, running: bool) -> list[str]:
    found = _emotions(table, outputs, running), _extremes(table, outputs), *_levels(table, outputs)
    return [part for part in found if part]


def _doubts(table: pd.DataFrame, outputs: pd.DataFrame) -> list[str]:
    apart = (_models_apart(table, outputs, source) for source in (Source.FACE, Source.SPEECH))
    return [part for part in (*apart, _sources_apart(table, outputs), _unlike(table)) if part]


def _whole(parts: list[str], running: bool) -> str:
    text = "; ".join(parts)
    if not text:
        return "Nothing is predicted yet." if running else "Nothing could be predicted for this clip."
    return f"So far: {text}." if running else f"{text[0].upper()}{text[1:]}."


def _emotions(table: pd.DataFrame, outputs: pd.DataFrame, running: bool) -> str | None:
    """E.g. ``mostly neutral by late fusion of face-expression and speech-emotion; most happy at 6.2 s (...)``."""
    source = leading_source(outputs, "emotion")
    if source is None:
        return None
    name_of = _emotion_columns(outputs, source)
    known = _smoothed(table, list(name_of)).dropna(how="all")
    if known.empty:
        return None
    share = known.idxmax(axis=1).value_counts(normalize=True)
    most = str(share.index[0])
    parts = ["mostly" if share.iloc[0] >= 0.5 else "most often", name_of[most]]
    if len(table) == 1:
        parts = [f"{name_of[most]} {number(known[most].iloc[0])}"]
    if len(known) < COVERED * len(table) and not running:
        parts.append(f"in the {len(known) * _hop(table):.1f} s that could be analysed")
    parts.append(f"by {_who(table, outputs, source)}")
    means = known.mean()
    second = str(means.drop(most).idxmax()) if len(means.drop(most).dropna()) else None
    if second and means[most] - means[second] < NARROW:
        narrowly = ", ".join(f"{name_of[column]} {number(means[column])}" for column in (most, second))
        parts[-1] += f", but only just ({narrowly})"
    marked = _marked(outputs, source, name_of, most)
    if running and source != Source.FUSED:
        marked = []  # another source may follow, and one alone has no peak of a clip that has both
    peaks = _peaks(table, marked, source)
    if not peaks:
        return " ".join(parts)
    column, row = peaks[0]
    values = _by_source(table, outputs, name_of[column], row)
    return f"{' '.join(parts)}; most {name_of[column]} at {table.time[row]:.1f} s ({values})"


def _emotion_columns(outputs: pd.DataFrame, source: str) -> dict[str, str]:
    """Return the emotion of each column by which a source, or the first of its models, tells emotions."""
    named = _of_first_model(outputs[(outputs.kind == "emotion") & (outputs.source == source)])
    return dict(zip(named.column, named.output, strict=True))


def _prevailing(table: pd.DataFrame, columns: list[str]) -> str | None:
    """Return the column that leads in the largest share of the frames, or None where none has a value."""
    known = _smoothed(table, columns).dropna(how="all")
    return None if known.empty else str(known.idxmax(axis=1).value_counts().index[0])


def _marked(outputs: pd.DataFrame, source: str, name_of: dict[str, str], most: str) -> list[str]:
    """Return the columns whose peaks are worth a word beside the column that prevails."""
    both = _shared(outputs, "emotion") if source == Source.FUSED else set(name_of.values())
    return [c for c, name in name_of.items() if c != most and name != Emotion.NEUTRAL and name in both]


def _peaks(table: pd.DataFrame, columns: list[str], source: str) -> list[tuple[str, int]]:
    """Return the column and the row of each peak that is worth a word, the highest first, down to one that is not."""
    if not columns:
        return []
    seen = _smoothed(_of_both(table, source), columns).dropna(axis=1, how="all")
    highest = [(str(column), int(seen[column].idxmax())) for column in seen.max().sort_values(ascending=False).index]

    def counts(peak: tuple[str, int]) -> bool:
        column, row = peak
        return bool(seen[column][row] >= LEAST_PEAK) and _stands_out(seen[column], row)

    return list(takewhile(counts, highest))


def _extremes(table: pd.DataFrame, outputs: pd.DataFrame) -> str | None:
    """E.g. ``most pleasant at 6.2 s``; only where no emotion classes say it already."""
    source = leading_source(outputs, "dimension")
    if source is None or leading_source(outputs, "emotion") is not None:
        return None
    found = outputs[(outputs.source == source) & outputs.output.str.startswith(Dimension.VALENCE)]
    if found.empty:
        return None
    valence = _smoothed(_of_both(table, source), [found.column.iloc[0]]).iloc[:, 0]
    if valence.isna().all():
        return None
    low, high = int(valence.idxmin()), int(valence.idxmax())
    who = _who(table, outputs, source)
    if not (_stands_out(valence, high) and _stands_out(-valence, low)):
        return f"valence is {number(valence.mean())} on average by {who}"
    return (
        f"most pleasant at {table.time[high]:.1f} s (valence {number(valence[high])}), "
        f"least at {table.time[low]:.1f} s ({number(valence[low])}) by {who}"
    )


def _levels(table: pd.DataFrame, outputs: pd.DataFrame) -> list[str]:
    """E.g. ``high valence, with .71 on average, by mine``, for each model that tells high from low."""
    found = []
    for low, high in BINARY.values():
        own = outputs[outputs.output == high]
        for column, model in zip(own.column, own.model, strict=True):
            share = table[column].mean()
            if not np.isnan(share):
                said, sure = (high, share) if share > 0.5 else (low, 1 - share)
                found.append(f"{said}, with {number(sure)} on average, by {model}")
    return found


def _models_apart(table: pd.DataFrame, outputs: pd.DataFrame, source: str) -> str | None:
    """E.g. ``the speech models disagree from 0.3 to 2.4 s (valence −.50 by speech-cats, happy by speech-emotion)``."""
    own = outputs[outputs.source == source]
    models = list(dict.fromkeys(own.model))
    valences = {model: _valence_of(table, own[own.model == model]) for model in models}
    longest: tuple[float, float, float, str, str] | None = None
    for place, one in enumerate(models):
        for other in models[place + 1 :]:
            distance = (valences[one] - valences[other]).abs().to_numpy()
            for start, end in spans(table.time.to_numpy(), np.nan_to_num(distance) > DISAGREEMENT):
                if end - start >= SHORTEST and (longest is None or end - start > longest[0]):
                    longest = (end - start, start, end, one, other)
    if longest is None:
        return None
    _, start, end, one, other = longest
    inside = table.time.between(start, end)
    said = [f"{_word(table[inside], own[own.model == m], valences[m][inside])} by {m}" for m in (one, other)]
    return f"the {source} models disagree from {start:.1f} to {end:.1f} s ({', '.join(said)})"


def _valence_of(table: pd.DataFrame, own: pd.DataFrame) -> pd.Series:
    """Return the smoothed valence that a model says, or else that its emotions have by the norms."""
    stated = own[(own.kind == "dimension") & own.output.str.startswith(Dimension.VALENCE)]
    if len(stated):
        return _smoothed(table, [stated.column.iloc[0]]).iloc[:, 0]
    emotions = own[own.kind == "emotion"]
    if emotions.empty:
        return pd.Series(np.nan, table.index)
    weights = np.array([CIRCUMPLEX[Emotion(output)][0] for output in emotions.output])
    curves = _smoothed(table, list(emotions.column))
    return pd.Series(curves.to_numpy() @ weights, table.index)


def _word(table: pd.DataFrame, own: pd.DataFrame, valence: pd.Series) -> str:
    """Return what a model says in a span: its leading emotion, or else its valence."""
    emotions = own[own.kind == "emotion"]
    if emotions.empty:
        return f"valence {number(valence.mean())}"
    means = table[list(emotions.column)].mean()
    return str(emotions.set_index("column").output[means.idxmax()])


def _unlike(table: pd.DataFrame) -> str | None:
    """E.g. ``from 1.0 to 4.2 s the clip is unlike what speech-emotion was trained on``, the longest such stretch.

    Other models to which parts of the clip are unlike follow by their names.
    """
    spans = unlike_spans(table)
    found = [(end - start, start, end, model) for model, own in spans.items() for start, end in own]
    if not found:
        return None
    _, start, end, model = max(found)
    others = " and ".join(other for other in spans if other != model)
    more = f", and in parts unlike what {others} {'were' if len(spans) > 2 else 'was'} trained on" if others else ""
    part = "the picture" if len(table) == 1 else f"from {start:.1f} to {end:.1f} s the clip"
    return f"{part} is unlike what {model} was trained on{more}"


def _sources_apart(table: pd.DataFrame, outputs: pd.DataFrame) -> str | None:
    """E.g. ``face and speech disagree from 9.0 to 11.0 s``, the longest such span, or that both agree in all."""
    dimensions = _shared(outputs, "dimension")
    emotions = _shared(outputs, "emotion")
    apart, unlike = np.zeros(len(table), bool), np.zeros(len(table), bool)
    both = np.ones(len(table), bool)
    if dimensions:
        face, speech = (
            _smoothed(table, list(columns)).to_numpy() for columns in zip(*dimensions.values(), strict=True)
        )
        distance = np.abs(face - speech)
        apart |= np.nan_to_num(distance).max(axis=1) > DISAGREEMENT
        both &= ~np.isnan(distance).any(axis=1)
    if len(emotions) > 1:
        face, speech = (_shares(_smoothed(table, list(c)).to_numpy()) for c in zip(*emotions.values(), strict=True))
        known = ~(np.isnan(face).any(axis=1) | np.isnan(speech).any(axis=1))
        unlike[known] = face[known].argmax(axis=1) != speech[known].argmax(axis=1)
        apart[known] |= unlike[known] & (np.abs(face - speech)[known].sum(axis=1) / 2 > DISAGREEMENT)
        both &= known
    long = [(start, end) for start, end in spans(table.time.to_numpy(), apart) if end - start >= SHORTEST]
    if long:
        start, end = max(long, key=lambda span: span[1] - span[0])
        return f"face and speech disagree from {start:.1f} to {end:.1f} s"
    compared = len(emotions) > 1 and any(name.startswith(Dimension.VALENCE) for name in dimensions)
    if not compared or both.sum() * _hop(table) < SHORTEST or (both & (apart | unlike)).any():
        return None
    return f"face and speech agree {'throughout' if both.all() else 'wherever both have a value'}"


def _shared(outputs: pd.DataFrame, kind: str) -> dict[str, tuple[str, str]]:
    """Return the outputs that both face and speech predict, and their columns; of several models the first counts."""
    first = outputs[outputs.kind == kind].drop_duplicates(["source", "output"])
    face, speech = (first[first.source == source].set_index("output").column for source in (Source.FACE, Source.SPEECH))
    return {str(name): (face[name], speech[name]) for name in face.index if name in speech.index}


def _shares(values: np.ndarray) -> np.ndarray:
    """Return probabilities (T, K) of the shared classes, made to sum to one."""
    total = values.sum(axis=1, keepdims=True)
    return np.asarray(values / np.where(total > 0, total, np.nan))


def _who(table: pd.DataFrame, outputs: pd.DataFrame, source: str) -> str:
    """Return the models behind the words, e.g. ``late fusion of face-expression and speech-emotion``.

    A model without any value is none of them, and what is left of a fusion of one model is that model.
    """
    kind = "emotion" if (outputs[outputs.source == source].kind == "emotion").any() else "dimension"
    own = outputs[outputs.kind == kind]
    if source != Source.FUSED:
        return str(own[own.source == source].model.iloc[0])
    told = own[[table[column].notna().any() for column in own.column]]
    names = [str(rows.model.iloc[0]) for one in (Source.FACE, Source.SPEECH) if len(rows := told[told.source == one])]
    if len(names) == 1:
        return names[0]
    return f"late fusion of {' and '.join(names)}" if names else "late fusion"


def _of_first_model(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows.model == rows.model.iloc[0]].drop_duplicates("output")


def _of_both(table: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return the table without fused values of one source alone, if fused values are meant."""
    if source != Source.FUSED or FUSED_SOURCES not in table:
        return table
    return table.where(table[FUSED_SOURCES] > 1).assign(time=table.time)


def _stands_out(curve: pd.Series, row: int) -> bool:
    """Whether a peak rises above its curve, and above what is next to it without a gap: not so in a single window."""
    known = curve.notna().to_numpy()
    piece = np.cumsum(~known)
    beside = curve.to_numpy()[known & (piece == piece[row])]
    return bool(curve[row] - curve.median() >= LEAST_RISE and np.ptp(beside) >= LEAST_RISE / 2)


def _by_source(table: pd.DataFrame, outputs: pd.DataFrame, emotion: str, row: int) -> str:
    """The emotion's probability from each model that knows it, e.g. ``face .81, speech .44``."""
    known = outputs[(outputs.output == emotion) & (outputs.source != Source.FUSED)]
    smooth = _smoothed(table, list(known.column)).loc[row]
    several = set(known.source[known.source.duplicated()])
    names = [row.model if row.source in several else row.source for row in known.itertuples()]
    values = [(name, smooth[column]) for name, column in zip(names, known.column, strict=True)]
    return ", ".join(f"{name} {number(value)}" for name, value in values if not np.isnan(value))


def _smoothed(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Centred running mean over :data:`SMOOTHING`; gaps stay gaps."""
    values = table[columns]
    width = max(1, round(SMOOTHING / (_hop(table) or SMOOTHING)))
    return values.rolling(width, center=True, min_periods=1).mean().where(values.notna())


def _hop(table: pd.DataFrame) -> float:
    return float(table.time.iloc[1] - table.time.iloc[0]) if len(table) > 1 else 0.0
