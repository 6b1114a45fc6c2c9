"""One corpus out in minutes: recipes of `speech-emotion`, trained on windows that are pooled once.

    EMOVIZ_STORE=STORE python -m benchmarks.recipes [SYSTEM ...] [--seeds 0 1 2] [--epochs 40] [--kept FILE]
                                                    [--results FOLDER]

The network of `speech-emotion` reads the mean and the spread of each channel over a window. So the windows that its
training draws in ten epochs are pooled once, and the networks of all corpora and seeds are trained side by side on what
was pooled: with the recipe's balance, rate, averaging and selection on whole utterances and their copies. The study's
own command, `python -m emoviz protocol one-corpus-out --study recipes`, pools anew in each step and takes hours.

It prints a row per corpus, and writes the reports of the study into a folder with `--results`. `--kept` names a file
that keeps the pooled windows.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional

from emoviz.core.progress import silent
from emoviz.core.settings import Settings
from emoviz.core.vocabulary import Split
from emoviz.evaluation.scores import Result
from emoviz.features.store import FeatureStore
from emoviz.models.inputs import Inputs
from emoviz.prediction.calibration import LEAST, level_and_spread
from emoviz.studies.catalogue import RECIPES
from emoviz.studies.outcomes import Outcome, Outcomes
from emoviz.studies.reports import write_report
from emoviz.studies.runner import Runner
from emoviz.training.config import TrainingConfig
from emoviz.training.data import DATA, Recordings
from emoviz.training.data.voices import COUNTS, SHAPE
from emoviz.training.protocols import Fold, Test, make_folds

PROTOCOL = "one-corpus-out"
EPOCHS_POOLED = 10
"""Epochs of the training whose windows are pooled; each sample of an epoch is one of these."""
DRAWS = 2
"""Draws of recordings of each speaker per epoch to which samples are calibrated."""
SMALLEST = 1e-6
"""Variance that the network adds before it takes the root."""


@dataclass(frozen=True)
class Pooled:
    """Mean and variance (N, D) of each channel over the known frames of N pieces, and the number (N,) of these."""

    mean: np.ndarray
    variance: np.ndarray
    frames: np.ndarray

    def __getitem__(self, rows: np.ndarray | tuple[np.ndarray, np.ndarray]) -> "Pooled":
        return Pooled(self.mean[rows], self.variance[rows], self.frames[rows])


@dataclass
class Pieces:
    """The recordings of a config, their copies, and the windows of some epochs with their targets (R, N, K)."""

    table: pd.DataFrame
    whole: Pooled
    copies: Pooled
    windows: Pooled
    targets: np.ndarray
    hop: float
    place: "pd.Series[int]" = field(init=False)

    def __post_init__(self) -> None:
        self.place = pd.Series(np.arange(len(self.table)), self.table.index)
        self.speakers, self.cultures = (self.table[name].to_numpy() for name in ("speaker", "culture"))
        self.classes = np.array([RECIPES.config.outputs.index(emotion) for emotion in self.table["emotion"]])


def pool(streams: "dict[str, Tensor]") -> tuple[np.ndarray, np.ndarray, int]:
    """Return mean and variance (D,) of all channels over their known frames, and the number of frames."""
    means, variances, count = [], [], 0
    for name in sorted(streams):
        values = streams[name].double().numpy()
        known = values[~np.isnan(values).any(1)]
        count = len(known)
        means.append(known.mean(0) if count else np.zeros(values.shape[1]))
        variances.append(known.var(0) if count else np.zeros(values.shape[1]))
    return np.concatenate(means).astype(np.float32), np.concatenate(variances).astype(np.float32), count


def read_pieces(config: TrainingConfig, recordings: Recordings) -> Pieces:
    """Pool all recordings of a config, one copy of each, and the windows of some epochs."""
    inputs = Inputs(config.inputs, {spec.name: spec.width for spec in recordings.features})  # which change nothing
    ids = recordings.table.index
    data = DATA["windows"].make(replace(config, voices=0.0), recordings, {Split.TRAIN: ids}, inputs)
    found = [[pool(dict(s.streams)) for s in data.whole[Split.TRAIN]]]
    assert recordings.copies is not None
    copies = [recordings.copies.read(str(i), 1) or recordings.streams[str(i)] for i in ids]
    found.append([pool({name: torch.from_numpy(values) for name, values in own.items()}) for own in copies])
    part, targets = data.parts[Split.TRAIN], []
    for epoch in range(EPOCHS_POOLED):
        samples = [part[epoch, number] for number in range(len(ids))]
        found.append([pool(dict(sample.streams)) for sample in samples])
        targets.append(np.stack([sample.target.numpy() for sample in samples]))
    tables = [[np.array(own) for own in zip(*rows, strict=True)] for rows in found]
    whole, copied, *windows = (Pooled(*own) for own in tables)
    drawn = Pooled(*(np.stack([getattr(own, name) for own in windows]) for name in ("mean", "variance", "frames")))
    return Pieces(recordings.table, whole, copied, drawn, np.stack(targets), config.hop)


def kept_pieces(config: TrainingConfig, recordings: Recordings, path: Path | None) -> Pieces:
    """Pool recordings, or read what a file keeps of an earlier call."""
    names = [f"{which} {what}" for which in ("whole", "copies", "windows") for what in ("mean", "variance", "frames")]
    if path is not None and path.exists():
        with np.load(path) as kept:
            arrays = [kept[name] for name in names]
            whole, copies, windows = (Pooled(*arrays[k : k + 3]) for k in (0, 3, 6))
            return Pieces(recordings.table, whole, copies, windows, kept["targets"], config.hop)
    pieces = read_pieces(config, recordings)
    if path is not None:
        own = [getattr(getattr(pieces, name.split()[0]), name.split()[1]) for name in names]
        np.savez(path, targets=pieces.targets, **dict(zip(names, own, strict=True)))
    return pieces


class Training:
    """One network: its fold, its recordings, and the transform that its training part fits.

    Args:
        pieces: recordings.
        fold: fold of the protocol.
        config: config of the recipe.
        seed: seed of what is drawn.
    """

    def __init__(self, pieces: Pieces, fold: Fold, config: TrainingConfig, seed: int) -> None:
        self.pieces, self.fold, self.config, self.seed = pieces, fold, config, seed
        self.random = np.random.default_rng(seed)
        self.train, self.validation = (pieces.place[ids].to_numpy() for ids in (fold.train, fold.validation))
        sums = self._sums(self.train)
        self.level = sums[1] / sums[0]
        self.spread = np.sqrt(sums[2] / sums[0] - self.level**2)
        self.own = {s: self.train[pieces.speakers[self.train] == s] for s in np.unique(pieces.speakers[self.train])}
        rows = pieces.table.iloc[self.train]
        groups = pd.Series(["/".join(map(str, row)) for row in rows[list(config.balance)].to_numpy()])
        weights = np.array(1 / groups.map(groups.value_counts()), float)
        self.weights = weights / weights.sum()
        self.of_speaker = {speaker: self.statistics(own) for speaker, own in self.own.items()}

    def _sums(self, rows: np.ndarray) -> np.ndarray:
        """Number, sum and sum of squares (3, D) of the frames of recordings, as they were extracted."""
        own = self.pieces.whole[rows]
        frames = own.frames[:, None].astype(float)
        number = np.full(own.mean.shape[1], frames.sum())
        return np.stack([number, (own.mean * frames).sum(0), ((own.variance + own.mean**2) * frames).sum(0)])

    def statistics(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return level and spread (D,) of recordings in units of the training, as calibration measures them."""
        number, total, square = self._sums(rows)
        if number[0] * self.pieces.hop < LEAST:
            return np.zeros_like(total), np.ones_like(total)
        moved = total - number * self.level
        centred = square - 2 * self.level * total + number * self.level**2
        return level_and_spread(np.stack([number, moved / self.spread, centred / self.spread**2]), self.pieces.hop)

    def read(self, pooled: Pooled, level: np.ndarray | float = 0.0, spread: np.ndarray | float = 1.0) -> np.ndarray:
        """Return mean and spread (N, 2 D) of pieces as the network gets them, zero where no frame is known."""
        mean = ((pooled.mean - self.level) / self.spread - level) / spread
        root = np.sqrt(pooled.variance / self.spread**2 / np.square(spread) + SMALLEST)
        return np.where(pooled.frames[:, None] > 0, np.concatenate([mean, root], 1), 0.0).astype(np.float32)

    def epoch(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw the samples of an epoch: (count, 2 D) and their targets (count, K)."""
        rows = self.train[self.random.choice(len(self.train), count, p=self.weights)]
        drawn = self.random.integers(0, len(self.pieces.targets), count)
        windows = self.pieces.windows[drawn, rows]
        level, spread = self._voices(rows) if self.config.voices else (0.0, 1.0)
        return self.read(windows, level, spread), self.pieces.targets[drawn, rows]

    def _voices(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Level and spread (N, D) by which samples are read as :mod:`emoviz.training.data.voices` says."""
        random, speakers = self.random, list(self.own)
        level = np.zeros((len(rows), len(self.level)), np.float32)
        spread = np.ones_like(level)
        few = {
            (speaker, draw): self.statistics(random.permutation(own)[: int(random.choice([*COUNTS, len(own)]))])
            for speaker, own in self.own.items()
            for draw in range(DRAWS)
        }
        for place, speaker in enumerate(self.pieces.speakers[rows]):
            if random.random() >= self.config.voices:
                continue
            if random.random() < 0.5:
                level[place], spread[place] = few[speaker, int(random.integers(DRAWS))]
                continue
            share, other = random.beta(SHAPE, SHAPE), speakers[random.integers(len(speakers))]
            (own, wide), (theirs, wider) = self.of_speaker[speaker], self.of_speaker[other]
            spread[place] = wide / (wide + share * (wider - wide))
            level[place] = own - (own + share * (theirs - own)) * spread[place]
        return level, spread

    def tests(self) -> dict[Test, np.ndarray]:
        """Return the recordings (N, 2 D) of each test, in its order."""
        found = {}
        for test, ids in self.fold.tests.items():
            level = np.zeros((len(self.pieces.table), len(self.level)), np.float32)
            spread = np.ones_like(level)
            for own in self.fold.calibrations.get(test, ()):
                tested = self.pieces.place[own.tested].to_numpy()
                level[tested], spread[tested] = self.statistics(self.pieces.place[own.heard].to_numpy())
            rows = self.pieces.place[ids].to_numpy()
            found[test] = self.read(self.pieces.whole[rows], level[rows], spread[rows])
        return found


Weights = dict[str, Tensor]
"""Weights of G networks of statistics pooling, stacked along the first axis."""


def new_weights(count: int, width: int, hidden: int, outputs: int) -> Weights:
    """Draw the weights of several networks as torch draws those of its layers."""

    def layer(first: int, last: int) -> tuple[Tensor, Tensor]:
        return tuple((torch.rand(count, n, last) * 2 - 1) / first**0.5 for n in (first, 1))

    (w1, b1), (w2, b2) = layer(width, hidden), layer(hidden, outputs)
    scale, shift = torch.ones(count, 1, width), torch.zeros(count, 1, width)
    return {"scale": scale, "shift": shift, "w1": w1, "b1": b1, "w2": w2, "b2": b2}


def answers(weights: Weights, norm: Weights, x: Tensor, dropout: float = 0.0, *, training: bool = False) -> Tensor:
    """Return the class scores (G, B, K) of samples (G, B, 2 D); training moves the statistics of the normalisation."""
    mean, variance = norm["mean"], norm["variance"]
    if training:
        mean, variance = x.mean(1, keepdim=True), x.var(1, unbiased=False, keepdim=True)
        with torch.no_grad():
            norm["mean"].lerp_(mean, 0.1)
            norm["variance"].lerp_(x.var(1, keepdim=True), 0.1)
    normed = (x - mean) / torch.sqrt(variance + 1e-5) * weights["scale"] + weights["shift"]
    dropped = functional.dropout(normed, dropout, training)
    embedding = functional.gelu(torch.baddbmm(weights["b1"], dropped, weights["w1"]))
    return torch.baddbmm(weights["b2"], functional.dropout(embedding, dropout, training), weights["w2"])


def clip(gradients: Sequence[Tensor], most: float) -> None:
    """Bring the norm of each network's gradient below a bound."""
    norm = torch.stack([g.flatten(1).pow(2).sum(1) for g in gradients]).sum(0).sqrt()
    share = (most / norm.clamp(min=1e-6)).clamp(max=1)[:, None, None]
    for gradient in gradients:
        gradient.mul_(share)


def recall(truth: np.ndarray, said: np.ndarray) -> float:
    """Return the unweighted accuracy."""
    return float(np.mean([(said[truth == k] == k).mean() for k in np.unique(truth)]))


def fit(trainings: Sequence[Training], epochs: int) -> list[tuple[Weights, Weights]]:
    """Train networks side by side, and return the averaged weights of the epoch that validation selects for each."""
    config, hidden, dropout = trainings[0].config, 128, 0.5
    torch.manual_seed(trainings[0].seed)
    weights = new_weights(len(trainings), 2 * len(trainings[0].level), hidden, len(config.outputs))
    norm = {"mean": torch.zeros_like(weights["shift"]), "variance": torch.ones_like(weights["scale"])}
    average = {name: values.clone() for name, values in weights.items()}
    parameters = [values.requires_grad_() for values in weights.values()]
    optimiser = torch.optim.AdamW(parameters, config.learning_rate, weight_decay=config.weight_decay)
    steps = min(len(t.train) for t in trainings) // config.batch_size
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs * steps)
    held = [_held(training) for training in trainings]
    best: list[tuple[float, Weights, Weights]] = [(-1.0, {}, {})] * len(trainings)
    for epoch in range(epochs):
        drawn = [training.epoch(steps * config.batch_size) for training in trainings]
        x, y = (torch.from_numpy(np.stack(own)) for own in zip(*drawn, strict=True))
        for first in range(0, steps * config.batch_size, config.batch_size):
            batch = slice(first, first + config.batch_size)
            said = answers(weights, norm, x[:, batch], dropout, training=True)
            loss = -(y[:, batch] * said.log_softmax(-1)).sum(-1).mean(1).sum()
            optimiser.zero_grad()
            loss.backward()
            clip([values.grad for values in parameters if values.grad is not None], config.gradient_clip)
            optimiser.step()
            schedule.step()
            with torch.no_grad():
                for name, values in average.items():
                    values.lerp_(weights[name], 1 - config.averaging)
        if epoch % 2 or epoch == epochs - 1:
            best = [_better(known, average, norm, g, *held[g]) for g, known in enumerate(best)]
    return [(own, statistics) for _, own, statistics in best]


def _held(training: Training) -> tuple[Tensor, np.ndarray]:
    """The validation recordings as they are and corrupted, and their classes."""
    rows, pieces = training.validation, training.pieces
    x = np.concatenate([training.read(pieces.whole[rows]), training.read(pieces.copies[rows])])
    return torch.from_numpy(x), np.tile(pieces.classes[rows], 2)


def _better(
    best: tuple[float, Weights, Weights], average: Weights, norm: Weights, place: int, x: Tensor, truth: np.ndarray
) -> tuple[float, Weights, Weights]:
    """Keep the weights of a network if validation likes them better than the best before."""
    own, statistics = ({name: v[place : place + 1].clone() for name, v in each.items()} for each in (average, norm))
    with torch.no_grad():
        value = recall(truth, answers(own, statistics, x[None])[0].argmax(1).numpy())
    return (value, own, statistics) if value > best[0] else best


def outcomes_of(training: Training, weights: Weights, norm: Weights) -> Outcomes:
    """Test a network as the protocol says."""
    table, outputs = training.pieces.table, training.config.outputs
    mean = np.bincount(training.pieces.classes[training.train], minlength=len(outputs)) / len(training.train)
    tests = {}
    for test, x in training.tests().items():
        with torch.no_grad():
            said = answers(weights, norm, torch.from_numpy(x)[None])[0].softmax(1).numpy()
        rows = table.loc[training.fold.tests[test]]
        named = rows[["culture", "speaker", "emotion", "session"]]
        one_hot = np.eye(len(outputs), dtype=np.float32)[training.pieces.classes[training.pieces.place[rows.index]]]
        results = [
            Result(str(i), culture, speaker, emotion, truth, own, np.empty(0), session=session)
            for (i, culture, speaker, emotion, session), truth, own in zip(
                named.itertuples(name=None), one_hot, said, strict=True
            )
        ]
        tests[test] = Outcome(results, mean)
    return Outcomes(tests)


def run(system: str, pieces: Pieces, seeds: Sequence[int], epochs: int) -> list[dict[int, Outcomes]]:
    """Train and test a recipe on all folds with all seeds."""
    config = RECIPES.system(system)
    folds = make_folds(PROTOCOL, pieces.table, RECIPES.plans[PROTOCOL].options)
    trainings = [Training(pieces, fold, config, seed) for fold in folds for seed in seeds]
    found = [outcomes_of(t, *own) for t, own in zip(trainings, fit(trainings, epochs), strict=True)]
    grouped = [found[k : k + len(seeds)] for k in range(0, len(found), len(seeds))]
    return [dict(zip(seeds, own, strict=True)) for own in grouped]


def scores(found: Sequence[dict[int, Outcomes]]) -> pd.DataFrame:
    """Tabulate the mean unweighted accuracy over seeds, a row per corpus and a column per way of calibration."""
    rows = [
        {
            "target": test.target,
            "way": test.calibrated or "as it is",
            "ua": recall(*(np.array([v.argmax() for v in own]) for own in _truth_and_answers(outcome))),
        }
        for fold in found
        for outcomes in fold.values()
        for test, outcome in outcomes.tests.items()
    ]
    table = pd.DataFrame(rows).pivot_table(index="target", columns="way", values="ua", sort=False)
    return pd.concat([table, table.mean().to_frame("mean").T])


def _truth_and_answers(outcome: Outcome) -> tuple[list[np.ndarray], list[np.ndarray]]:
    return [r.truth for r in outcome.results], [r.prediction for r in outcome.results]


def main() -> None:
    """Train the recipes, and print and write what they reach."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("systems", nargs="*")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--kept", type=Path)
    parser.add_argument("--results", type=Path)
    options = parser.parse_args()
    settings = Settings.read()
    store = FeatureStore(settings.store)
    recordings = DATA["windows"].load(RECIPES.config, store, silent)
    pieces = kept_pieces(RECIPES.config, recordings, options.kept)
    runner = Runner(RECIPES, PROTOCOL, store, settings.runs, settings.checkpoints[-1], silent)
    networks = [s for s in RECIPES.plans[PROTOCOL].systems if RECIPES.system(s).model == RECIPES.config.model]
    chosen = options.systems or networks
    for system in chosen:
        runner.found[system] = run(system, pieces, options.seeds, options.epochs)
        print(f"{system}\n{scores(runner.found[system]).round(3).to_string()}", flush=True)
    for system in chosen if options.results else ():
        report = runner.report(system)
        note = f"{RECIPES.note} Networks were trained on windows that were pooled once, for {options.epochs} epochs."
        print(write_report(options.results, report | {"command": "python -m benchmarks.recipes", "note": note}))


if __name__ == "__main__":
    main()
