"""The model card: corpus, licence, split, seed, scores, limits and the command that trains the model again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..core import words
from ..evaluation.metrics import METRICS
from ..evaluation.scores import caveat
from .card_sections import under_corruption, who_is_in_the_data
from .description import Description

GIVEN = {
    "emotion": "emotion probabilities",
    "binary": "probabilities of low and high of a rated dimension",
    "intensity": "intensities of emotions, on [0, 1]",
    "dimension": "rated dimensions, on [-1, 1]",
}
"""Kind of outputs -> its description."""


CORRUPTIONS = "corruptions"
"""Name under which ``metrics.json`` states what ``benchmarks/corruptions.py --keep`` measured."""
CONFIDENCE = ("confidence", "accuracy", "value", "floor")
"""Values of a judged confidence that a card states."""


@dataclass(frozen=True)
class Origin:
    """The data that a model was trained on and how it was split, as a card tells it.

    Attributes:
        licences: licence of each corpus, by its title.
        parts: size of each part of the split in words, e.g. ``8 speakers, 400 samples``.
        split_note: sentence on how the parts were made.
        note: limits that a reader of the scores must know, one or more sentences.
        command: the command that trains the model again from extracted features.
        people: people of each culture and language, as ``emoviz.training.data.people`` counts them.
    """

    licences: Mapping[str, str]
    parts: Mapping[str, str]
    split_note: str
    note: str
    command: str
    people: Sequence[Mapping[str, Any]] = ()


def write_card(description: Description, metrics: Mapping[str, Any], origin: Origin) -> str:
    """Return the card of a trained model as Markdown.

    Args:
        description: description of the model.
        metrics: scores ``test`` and ``selection``, as ``metrics.json`` has them.
        origin: facts about its training.
    """
    what = "valence and arousal derived from emotion classes" if description.derived else GIVEN[description.kind]
    rows = "\n".join(_row(row) for row in metrics["test"])
    parts = "\n".join(f"- {part}: {size}" for part, size in origin.parts.items())
    licences = "\n".join(f"- {title}: {licence}" for title, licence in origin.licences.items())
    derived = f"\n{words.DERIVED}\n" if description.derived else ""
    corrupted = under_corruption(metrics.get(CORRUPTIONS, {}))
    confound = f" {words.CONFOUND}" if len({row["culture"] for row in metrics["test"]}) > 1 else ""
    return f"""---
library_name: emoviz
tags: [emotion-recognition, {description.source}]
---
# {description.name}

{description.title}. Model `{description.model}`, reads {", ".join(f"`{f.name}`" for f in description.features)},
gives {what}: {", ".join(description.outputs)}.
{derived}
## Held-out scores

{_selection(metrics["selection"])}, tested once.
{_intervals(metrics["test"])} "Training mean" is the same score for always predicting the mean (or
most frequent class) of the training labels.

| culture | output | metric | value [interval] | training mean | recordings | speakers | |
|---|---|---|---|---|---|---|---|
{rows}

{_derived(metrics.get("derived", ()))}{_confidence(description, metrics.get("confidence", {}))}{corrupted}## Data

{licences}

{parts}

{origin.split_note} Seed {description.training["seed"]}.
{who_is_in_the_data(origin.people)}
## Limits

{origin.note}{confound} {words.NOT_FOR_DECISIONS}

## Reproduce

```
{_commands(description, origin.command)}
```
"""


def _derived(rows: Sequence[Mapping[str, Any]]) -> str:
    """State how well valence and arousal follow from the model's probabilities; nothing where nobody voted."""
    if not rows:
        return ""
    table = "\n".join(_row(row) for row in rows)
    return f"""## Derived valence and arousal

The places of the emotions on both axes (Russell and Mehrabian 1977), weighted by the model's probabilities, against the
same places weighted by the raters' votes. No rater judged valence or arousal.

| culture | output | metric | value [interval] | training mean | recordings | speakers | |
|---|---|---|---|---|---|---|---|
{table}

"""


def _confidence(description: Description, judged: Mapping[str, Any]) -> str:
    """State how sure the model is of people whom it does not know; nothing of a model that does not say it."""
    parts = [part for part in (_temperature(description, judged), _bands(judged), _familiarity(judged)) if part]
    return "## How sure it is\n\n" + "\n".join(parts) + "\n" if parts else ""


def _bands(judged: Mapping[str, Any]) -> str:
    if "bands" not in judged:
        return ""
    rows = "\n".join(
        f"| {output} | {words.number(held['width'])} | {words.share(held['frames'])} | {words.share(held['people'])} |"
        for output, held in judged["bands"].items()
    )
    return f"""The band around a prediction is a conformal interval, fitted on the validation people, that is to hold
the label in 90 % of the moments of a person whom the model does not know. Of the held-out people it holds:

| output | mean width of the scale's 2 | moments | moments of a person, mean |
|---|---|---|---|
{rows}
"""


def _familiarity(judged: Mapping[str, Any]) -> str:
    if "unlike" not in judged:
        return ""
    share = words.share(judged["unlike"]["share"])
    return f"""A window is told to be unlike the training where it lies further from the embeddings of the training than
95 % of the validation windows of its length. Of the held-out recordings, {share} are.
"""


def _temperature(description: Description, judged: Mapping[str, Any]) -> str:
    if "after" not in judged:
        return ""
    before, after = ({key: words.number(judged[m][key], 3) for key in CONFIDENCE} for m in ("before", "after"))
    fitted_on = judged["fitted_on"] + (" and their corrupted copies" if _selected_on_copies(description) else "")
    interval = METRICS["calibration_error"].written(*(judged["after"][key] for key in ("value", "low", "high")), 3)
    return f"""Scores are divided by the temperature {words.number(description.temperature)} before they become
probabilities, which changes no answer. It is the highest one whose log loss on validation
({fitted_on}) is within one standard error of the least.
On the held-out recordings:

| | confidence | accuracy | calibration error |
|---|---|---|---|
| as it was trained | {before["confidence"]} | {before["accuracy"]} | {before["value"]} |
| at its temperature | {after["confidence"]} | {after["accuracy"]} | {interval} |

The calibration error is the expected one, in 15 bins of equally many answers. A model that is right exactly as often as
it says would have {after["floor"]} here, by chance alone.
"""


def _selected_on_copies(description: Description) -> bool:
    """Return whether the validation part held corrupted copies, as that of all models but those of pictures does."""
    return bool(description.training.get("copies")) and description.training.get("data") != "pictures"


def _selection(selection: Mapping[str, Any]) -> str:
    if selection["value"] is None:
        return "Trained for a number of epochs that was fixed beforehand"
    return f"Selected on validation ({METRICS[selection['metric']].title} {words.number(selection['value'], 3)})"


def _intervals(rows: Sequence[Mapping[str, Any]]) -> str:
    """What the intervals of scores draw; those of earlier checkpoints do not say it, and drew recordings."""
    units = dict.fromkeys(row.get("unit", "recordings") for row in rows)
    return f"Intervals: 95 % bootstrap over {' and '.join(words.UNITS[unit][1] for unit in units)}."


def _row(row: Mapping[str, Any]) -> str:
    metric = METRICS[row["metric"]]
    title = metric.title + (f" ({row['aggregation'].replace('_', ' ')})" if metric.several else "")
    value = metric.written(row["value"], row["low"], row["high"], 3)
    remarks = ", ".join(filter(None, (caveat(row), "collapsed" if row["collapsed"] else "")))
    return (
        f"| {row['culture']} | {row['output']} | {title} | {value} | {words.number(row['training_mean'], 3)} "
        f"| {row['recordings']} | {row['speakers'] or ''} | {remarks} |"
    )


def _commands(description: Description, training: str) -> str:
    read = description.features if description.training.get("data") != "pictures" else ()
    settings = "".join(f" --set {f.name}.{key}={value}" for f in read for key, value in f.chosen.items())
    copies = description.training.get("copies")
    settings += f" --copies {copies}" if copies else ""
    option = f" --features {','.join(f.name for f in read)}{settings}" if read else ""
    extract = "\n".join(f"python -m emoviz extract {corpus}{option}" for corpus in description.training["corpora"])
    return f"{extract}\n{training}"
