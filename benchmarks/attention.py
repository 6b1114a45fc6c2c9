"""Reliability, faithfulness and score of each form of channel attention, on people whom no training heard.

    EMOVIZ_STORE=STORE python -m benchmarks.attention [--form NAME]... [--culture NAME]... [--dimension arousal]
        [--seeds 2] [--steps 300] [--out FILE.json]

For each form and culture, networks of several seeds are trained on each half of the speakers, for the same number of
steps, and tested on the other half. Columns, each the mean over what it is said of:

    seeds       correlation over channels of the mean weights of two networks of one half
    halves      of two networks of different halves, and so of other seeds and other people
    means       of the means over all seeds of one half and of the other
    CCC         of all people, each by the networks that did not hear them
    deletion    by how much more than a random order hiding the highest channels first adds to the error (area under
                1 - CCC over the share of hidden channels), with p: the intervals of both halves draw people and orders

The inputs are those of the study `cultures`; their principal components and spreads are fitted on all cultures without
labels. The last line of each row is JSON.
"""

import argparse
import dataclasses
import itertools
import json
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import numpy as np
import torch

from benchmarks.attention_forms import FORMS
from emoviz.core.settings import Settings
from emoviz.core.vocabulary import Split
from emoviz.evaluation.metrics import METRICS
from emoviz.evaluation.scores import scores_of
from emoviz.explain.deletion import deletion
from emoviz.explain.examples import Example
from emoviz.features.store import FeatureStore
from emoviz.models import Model
from emoviz.models.inputs import Inputs
from emoviz.models.losses import LOSSES
from emoviz.studies.catalogue import CULTURES
from emoviz.training.config import TrainingConfig
from emoviz.training.data import DATA, Recordings
from emoviz.training.data.base import Data, Sample, collate
from emoviz.training.untrained import build_model

HALVES = (0, 1)
DELETION_STEPS = 4


class Cultures:
    """The recordings of the study of cultures, under one transform of the inputs.

    Args:
        store: store with the corpora of the study and their features.
        dimension: name of the dimension that is predicted.
    """

    def __init__(self, store: FeatureStore, dimension: str) -> None:
        self.config: TrainingConfig = CULTURES.system(dimension)
        self.recordings: Recordings = DATA[self.config.data].load(self.config, store, lambda *_: None)
        self.inputs = Inputs(self.config.inputs, {f.name: f.width for f in self.recordings.features})
        for name, transform in self.inputs.items():
            transform.fit(np.concatenate([streams[name] for streams in self.recordings.streams.values()]))

    @property
    def names(self) -> list[str]:
        """The names of the cultures."""
        return sorted(self.recordings.table["culture"].unique())

    def half(self, culture: str, half: int) -> Data:
        """Return the samples of a culture: one half of its speakers to train on, the other to test."""
        table = self.recordings.table[self.recordings.table["culture"] == culture]
        speakers = sorted(table["speaker"].unique())
        own = table["speaker"].isin(speakers[half::2])
        partition = {Split.TRAIN: table.index[own], Split.TEST: table.index[~own]}
        recordings = dataclasses.replace(self.recordings, table=table)
        data: Data = DATA[self.config.data].make(self.config, recordings, partition, self.inputs)
        return data


def train(config: TrainingConfig, data: Data, form: str, seed: int, steps: int) -> Model:
    """Train a network of a form for a number of steps, without selection."""
    lightning.seed_everything(seed, verbose=False)
    model = build_model(config, data.inputs.widths)
    model.channel_attention = FORMS[form](sum(data.inputs.widths.values()))
    optimiser = torch.optim.AdamW(model.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.learning_rate, total_steps=steps, pct_start=0.05)
    part, loss, order = data.parts[Split.TRAIN], LOSSES[config.loss], np.random.default_rng(seed)
    drawn = itertools.chain.from_iterable(
        ((epoch, int(number)) for number in order.permutation(len(part))) for epoch in itertools.count()
    )
    model.train()
    for _ in range(steps):
        batch = collate([part[place] for place in itertools.islice(drawn, config.batch_size)])
        value = loss(model(batch.streams, batch.mask, batch.target).prediction, batch.target, batch.mask)
        optimiser.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), config.gradient_clip)
        optimiser.step()
        rate.step()
    return model.eval()


@torch.no_grad()
def tested(model: Model, samples: Sequence[Sample]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the mean weights of a network, one where it has none, and its predictions and the truth by frame."""
    batch = collate(samples)
    output = model(batch.streams, batch.mask)
    width = sum(model.config.streams.values())
    weights = output.channel_weights
    mean = np.ones(width) if weights is None else weights.mean(0).numpy()
    return mean, output.prediction[batch.mask].numpy(), batch.target[batch.mask].numpy()


def hidden(config: TrainingConfig, model: Model, samples: Sequence[Sample], weights: np.ndarray) -> tuple[float, float]:
    """Return the difference of the deletion curves of a network to chance, and its standard error."""
    examples = [
        Example(s.id, {name: v.numpy() for name, v in s.streams.items()}, s.target.numpy(), s.speaker) for s in samples
    ]
    (score,) = [
        s for s in scores_of(config.kind, config.outputs, np.zeros(1)) if (s.metric, s.aggregation) == ("ccc", "pooled")
    ]
    found = deletion(model, examples, weights, score, steps=DELETION_STEPS).verdict.difference
    return found.value, (found.high - found.low) / (2 * 1.96)


def measure(cultures: Cultures, form: str, culture: str, seeds: int, steps: int) -> dict[str, Any]:
    """Train and judge a form in a culture."""
    start = time.process_time()
    weights: dict[tuple[int, int], np.ndarray] = {}
    said: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {}
    deletions = []
    for half in HALVES:
        data = cultures.half(culture, half)
        samples = list(data.parts[Split.TEST])
        for seed in range(seeds):
            model = train(cultures.config, data, form, 100 * half + seed, steps)
            weights[half, seed], *answers = tested(model, samples)
            said.setdefault(seed, []).append((answers[0], answers[1]))
        if form != "without":
            deletions.append(hidden(cultures.config, model, samples, weights[half, seeds - 1]))
    ccc = METRICS["ccc"].value
    pooled = [[np.concatenate(values)[:, 0] for values in zip(*parts, strict=True)] for parts in said.values()]
    return {
        "form": form,
        "culture": culture,
        "dimension": cultures.config.outputs[0],
        **reliability(weights, seeds),
        "ccc": float(np.mean([ccc(truth, prediction) for prediction, truth in pooled])),
        **told_from_chance(deletions),
        "seconds": time.process_time() - start,
    }


def reliability(weights: Mapping[tuple[int, int], np.ndarray], seeds: int) -> dict[str, float]:
    """Return the correlations over channels of weights by half and seed."""

    def mean(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
        with np.errstate(invalid="ignore", divide="ignore"):
            return float(np.mean([np.corrcoef(a, b)[0, 1] for a, b in pairs])) if pairs else math.nan

    every = range(seeds)
    return {
        "seeds": mean([(weights[h, a], weights[h, b]) for h in HALVES for a, b in itertools.combinations(every, 2)]),
        "halves": mean([(weights[0, a], weights[1, b]) for a in every for b in every]),
        "means": mean([(sum(weights[0, a] for a in every), sum(weights[1, a] for a in every))]),  # type: ignore[list-item]
    }


def told_from_chance(found: Sequence[tuple[float, float]]) -> dict[str, float]:
    """Return the mean of the halves' differences to chance, and its two-sided p."""
    if not found:
        return {"deletion": math.nan, "p": math.nan}
    value = float(np.mean([difference for difference, _ in found]))
    error = math.sqrt(sum(e**2 for _, e in found)) / len(found)
    return {"deletion": value, "p": math.erfc(abs(value) / error / math.sqrt(2)) if error else math.nan}


def main() -> None:
    """Measure, and print one row per form and culture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--form", action="append", choices=FORMS, default=[])
    parser.add_argument("--culture", action="append", default=[])
    parser.add_argument("--dimension", default="arousal")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cultures = Cultures(FeatureStore(Settings.read().store), arguments.dimension)
    for form, culture in itertools.product(arguments.form or FORMS, arguments.culture or cultures.names):
        row = measure(cultures, form, culture, arguments.seeds, arguments.steps)
        numbers = [f"{k} {v:.2f}" for k, v in row.items() if isinstance(v, float)]
        print(f"{form:36s}{culture:16s}{'  '.join(numbers)}", flush=True)
        if arguments.out:
            with arguments.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
