"""The report of one recording as one HTML file: its predictions, the models and the settings."""

from collections.abc import Mapping

import pandas as pd

from .. import plots
from ..core import words
from ..evaluation import findings
from ..evaluation.sentence import strongest_moments, verdict_and_doubts
from ..prediction.assembly import ClipPrediction
from .html_page import Section, page

MOST_FRAMES = 15_000
"""Largest number of frames that are drawn: five minutes of 50 per second."""
NOT_MEASURED = (
    "These are the answers of models that were trained on recordings of others, mostly acted ones: they tell how a "
    "recording sounds and looks to them, and not what anybody felt. "
) + words.NOT_FOR_DECISIONS


def write(name: str, prediction: ClipPrediction, settings: Mapping[str, str], doubts: Mapping[str, str]) -> str:
    """Write the prediction of a recording as one HTML page.

    Args:
        name: name of the recording.
        prediction: complete prediction of it.
        settings: settings of the prediction, in words, by their names.
        doubts: clause on why a model's channel weights cannot be trusted, by the name of the model.
    """
    verdict, unsure = verdict_and_doubts(prediction.table, prediction.outputs)
    derived = [words.DERIVED] if prediction.outputs.derived.any() else []
    sentences = [verdict.replace("**", ""), unsure.replace("**", ""), *prediction.notes, *derived, NOT_MEASURED]
    return page(name, "A report of one recording,", filter(None, sentences), sections(prediction, settings, doubts))


def sections(prediction: ClipPrediction, settings: Mapping[str, str], doubts: Mapping[str, str]) -> list[Section]:
    """Make the sections of the report of a recording; the arguments are those of :func:`write`."""
    table, text = _drawn(prediction.table)
    own = prediction.of_clip
    emotions = findings.leading_source(own, "emotion")
    both = findings.circumplex_source(own)
    figure = (
        plots.moment(table, own, emotions) if len(table) == 1 else plots.timeline(table, own, prediction.gaps, emotions)
    )
    found = [Section("What do the models say, moment by moment?", text, figure, _each_second(prediction))]
    if both is not None:
        found.append(Section("Valence and arousal", figure=plots.circumplex(table, prediction.outputs, both)))
    if moments := strongest_moments(prediction.table, prediction.outputs):
        found.append(Section("Strongest moments", table=pd.DataFrame(moments)))
    for model, weights in prediction.channel_weights.items():
        doubt = doubts.get(model, "")
        drawn = plots.channel_weights(weights, model, pale=bool(doubt))
        found.append(
            Section(f"Channels that {model} weighs", f"The bars are pale, as {doubt}." * bool(doubt), drawn, weights)
        )
    if (units := prediction.action_units) is not None:
        found.append(Section("Action units of the face", figure=plots.action_units(units), table=units))
    if len(prediction.gaps):
        found.append(Section("Gaps", "Where a source or a model says nothing, and why.", table=prediction.gaps))
    stated = pd.DataFrame(settings.items(), columns=["setting", "value"])
    return [*found, Section("Models", table=models(prediction)), Section("Settings", table=stated)]


def models(prediction: ClipPrediction) -> pd.DataFrame:
    """Return the models of a prediction: name, title, source, outputs, data and held-out scores, as texts."""
    rows = []
    for said in (one for branch in prediction.branches for one in branch.models):
        about = said.checkpoint.description
        scores = [f"{score.label} {score.value}" for score in findings.held_out(said.checkpoint.metrics)]
        data = ", ".join(about.training.get("corpora", ()))
        rows.append((about.name, about.title, str(about.source), ", ".join(about.outputs), data, "; ".join(scores)))
    return pd.DataFrame(rows, columns=["model", "title", "source", "outputs", "trained on", "held-out scores"])


def _each_second(prediction: ClipPrediction) -> pd.DataFrame:
    """The predictions, each second's mean."""
    columns = list(prediction.of_clip.column)
    seconds = prediction.table.time.astype(int).rename("second")
    return prediction.table[columns].groupby(seconds).mean().reset_index()


def _drawn(table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The frames that are drawn, and what must be said of those that are not."""
    step = -(-len(table) // MOST_FRAMES)
    if step <= 1:
        return table, "The table holds the mean of each second."
    return table.iloc[::step], f"Drawn is one frame in {step}. The table holds the mean of each second."
