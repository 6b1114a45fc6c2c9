"""The model card: corpus, licence, split, seed, figures, limits and the command that reproduces it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..core import words
from ..evaluation.metrics import METRICS
from ..evaluation.metrics.base import score_title
from .folder import Description

GIVEN = {
    "emotion": "emotion probabilities",
    "intensity": "intensities of emotions, on [0, 1]",
    "dimension": "rated dimensions, on [-1, 1]",
}
"""Kind of outputs -> what it is."""


@dataclass(frozen=True)
class Origin:
    """What a card says about the data that a model was trained on.

    Attributes:
        licences: title of each corpus and its licence.
        parts: part of the split and its size in words, e.g. ``8 speakers, 400 samples``.
        split_note: how the parts were made, one sentence.
        note: what a reader of the scores must know, one or more sentences.
    """

    licences: Mapping[str, str]
    parts: Mapping[str, str]
    split_note: str
    note: str


def write_card(description: Description, figures: Mapping[str, Any], origin: Origin, training: str) -> str:
    """The card of a trained model as Markdown.

    Args:
        description: of the model.
        figures: ``test`` and ``selection``, as ``metrics.json`` has them.
        origin: of the data that it was trained on.
        training: the command that trains it again from extracted features.
    """
    what = "valence and arousal derived from emotion classes" if description.derived else GIVEN[description.kind]
    rows = "\n".join(_row(row) for row in figures["test"])
    parts = "\n".join(f"- {part}: {size}" for part, size in origin.parts.items())
    licences = "\n".join(f"- {title}: {licence}" for title, licence in origin.licences.items())
    derived = f"\n{words.DERIVED}\n" if description.derived else ""
    confound = f" {words.CONFOUND}" if len({row["culture"] for row in figures["test"]}) > 1 else ""
    return f"""---
library_name: emoviz
tags: [emotion-recognition, {description.source}]
---
# {description.name}

{description.title}. Model `{description.model}`, reads {", ".join(f"`{f.name}`" for f in description.features)},
gives {what}: {", ".join(description.outputs)}.
{derived}
## Held-out figures

{_selection(figures["selection"])}, tested once.
Intervals: 95 % bootstrap over recordings. "Training mean" is the same figure for always predicting the mean (or
most frequent class) of the training labels.

| culture | output | metric | value [interval] | training mean | recordings | speakers | |
|---|---|---|---|---|---|---|---|
{rows}

## Data

{licences}

{parts}

{origin.split_note} Seed {description.training["seed"]}.

## Limits

{origin.note}{confound} {words.NOT_FOR_DECISIONS}

## Reproduce

```
{_commands(description, training)}
```
"""


def _selection(selection: Mapping[str, Any]) -> str:
    if selection["value"] is None:
        return "Trained for a number of epochs that was fixed beforehand"
    return f"Selected on validation ({METRICS[selection['metric']].title} {words.number(selection['value'], 3)})"


def _row(row: Mapping[str, Any]) -> str:
    metric = score_title(row["metric"], row["aggregation"])
    value = METRICS[row["metric"]].written(row["value"], row["low"], row["high"], 3)
    flag = "collapsed" if row["collapsed"] else ""
    return (
        f"| {row['culture']} | {row['output']} | {metric} | {value} | {words.number(row['training_mean'], 3)} "
        f"| {row['recordings']} | {row['speakers'] or ''} | {flag} |"
    )


def _commands(description: Description, training: str) -> str:
    read = description.features if description.training.get("data") != "pictures" else ()
    settings = "".join(f" --set {f.name}.{key}={value}" for f in read for key, value in f.chosen.items())
    option = f" --features {','.join(f.name for f in read)}{settings}" if read else ""
    extract = "\n".join(f"python -m emoviz extract {corpus}{option}" for corpus in description.training["corpora"])
    return f"{extract}\n{training}"
