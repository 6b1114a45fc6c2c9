"""The model card: corpus, licence, split, seed, figures, limits and the command that reproduces it."""

from collections.abc import Mapping
from typing import Any

from ..checkpoint import Description
from ..configuration import from_dict
from ..define import Split
from ..errors import UnknownNameError
from .config import TrainingConfig
from .data import Data

GIVEN = {
    "emotion": "emotion probabilities",
    "intensity": "intensities of emotions, on [0, 1]",
    "dimension": "rated dimensions, on [-1, 1]",
}
"""Kind of outputs -> what it is."""
METRIC_TITLES = {"ccc": "CCC", "rmse": "RMSE", "accuracy": "accuracy", "ua": "UA", "pearson": "Pearson r"}

CONFOUND = (
    " A culture here is also a corpus, with its own room, microphone and sentences, so a difference between cultures "
    "is always also a difference between corpora."
)


def write_card(description: Description, figures: Mapping[str, Any], data: Data, command: str = "") -> str:
    """The card of a trained model as Markdown.

    Args:
        description: of the model.
        figures: ``test`` and ``selection``, as ``metrics.json`` has them.
        data: that it was trained on.
        command: that trains it again from extracted features; by default the training of its preset, or of the config
            that lies beside the card.
    """
    what = "valence and arousal derived from emotion classes" if description.derived else GIVEN[description.kind]
    rows = "\n".join(_row(row) for row in figures["test"])
    parts = "\n".join(f"- {part}: {_count(data, part)}" for part in Split)
    licences = "\n".join(f"- {title}: {licence}" for title, licence in data.licences.items())
    derived = (
        "\nThe labels are **derived**: each emotion class stands for the mean valence and arousal that its word has in "
        "Russell and Mehrabian (1977). No rater gave valence or arousal to these recordings.\n"
        if description.derived
        else ""
    )
    confound = CONFOUND if len({row["culture"] for row in figures["test"]}) > 1 else ""
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

{data.split_note} Seed {description.training["seed"]}.

## Limits

{data.note}{confound} Not for decisions about people.

## Reproduce

```
{_commands(description, command)}
```
"""


def _selection(selection: Mapping[str, Any]) -> str:
    if selection["value"] is None:
        return "Trained for a number of epochs that was fixed beforehand"
    return f"Selected on validation ({selection['metric']} {_number(selection['value'])})"


def _count(data: Data, part: Split) -> str:
    if part not in data.parts:
        return "none"
    samples = f"{len(data.parts[part])} samples"
    return f"{len(data.split[part])} speakers, {samples}" if data.split else samples


def _row(row: Mapping[str, Any]) -> str:
    metric = METRIC_TITLES[row["metric"]] + (
        f" ({row['aggregation'].replace('_', ' ')})" if row["metric"] == "ccc" else ""
    )
    value = f"{_number(row['value'])} [{_number(row['low'])}, {_number(row['high'])}]"
    flag = "collapsed" if row["collapsed"] else ""
    return (
        f"| {row['culture']} | {row['output']} | {metric} | {value} | {_number(row['training_mean'])} "
        f"| {row['recordings']} | {row['speakers'] or ''} | {flag} |"
    )


def _number(value: float | None) -> str:
    return "undefined" if value is None or value != value else f"{value:.3f}"


def _commands(description: Description, command: str) -> str:
    read = description.features if description.training.get("data") != "pictures" else ()
    settings = "".join(f" --set {f.name}.{key}={value}" for f in read for key, value in f.chosen.items())
    option = f" --features {','.join(f.name for f in read)}{settings}" if read else ""
    extract = "\n".join(f"python -m emoviz extract {corpus}{option}" for corpus in description.training["corpora"])
    return f"{extract}\n{command or _training(description)}"


def _training(description: Description) -> str:
    from .presets import preset  # which knows the studies, and they the loop that writes cards

    config = from_dict(TrainingConfig, description.training, f"the training of '{description.name}'")
    try:
        same = preset(description.name) == config
    except UnknownNameError:
        same = False
    return "python -m emoviz train " + (f"--preset {description.name}" if same else f"{description.name}/config.json")
