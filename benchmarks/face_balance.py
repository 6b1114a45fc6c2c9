"""Ways to find rare emotions on faces: heads of the bundled face network, on the published validation part of FER+.

    python -m emoviz --store STORE extract ferplus
    python -m benchmarks.face_balance --store STORE [--epochs 10]

The network reads every picture of the training and validation parts once; then only its last layer, 512 channels to 8
scores, is trained anew per way, with the raters' shares as targets, or its scores are moved without training:

    moved to a power, a mixture     scores + log(target / prior), target = prior^(1 - t), (1 - u) prior + u / 8
    adjusted loss                   the same difference taken from the scores in the loss (Menon et al. 2021)
    balanced sampling               pictures drawn by (their class's frequency)^-p
    class-balanced loss             weights by the effective number of samples (Cui et al. 2019)
    focal loss                      (1 - p)^gamma before the logarithm (Lin et al. 2017)

Prints accuracy, UA and the calibration error at the best temperature of each, and one JSON line. Nothing is tested.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from emoviz import checkpoints
from emoviz.core import places
from emoviz.core.vocabulary import Split
from emoviz.evaluation.metrics import METRICS
from emoviz.features.store import FeatureStore
from emoviz.models.expression import ExpressionNetwork
from emoviz.training.class_prior import log_weights
from emoviz.training.data.base import Part
from emoviz.training.refitting import reopened

NAME = "face-expression"
BATCH = 512
TEMPERATURES = np.arange(0.4, 1.61, 0.05)
Loss = Callable[[Tensor, Tensor], Tensor]


def read(module: torch.nn.Module, part: Part) -> tuple[Tensor, Tensor]:
    """Return the channels (N, 512) and the targets (N, 8) of a part."""
    channels, targets = [], []
    samples = list(part)
    for first in range(0, len(samples), 64):
        some = samples[first : first + 64]
        with torch.inference_mode():
            output = module({"crop": torch.stack([s.streams["crop"] for s in some])}, torch.ones(len(some), 1))
        channels.append(output.embedding)
        targets.append(torch.stack([s.target for s in some]))
    return torch.cat(channels).clone(), torch.cat(targets)


def adjusted(weights: Tensor) -> Loss:
    """Return the cross-entropy of scores that reckon with other frequencies, by their weights (8,)."""
    return lambda scores, shares: functional.cross_entropy(scores - weights, shares)


def weighted(weights: Tensor) -> Loss:
    """Return the cross-entropy in which classes count by weights (8,)."""
    return lambda scores, shares: -(weights * shares * scores.log_softmax(1)).sum(1).mean()


def focal(gamma: float) -> Loss:
    """Return the cross-entropy in which answers count less, the surer they are."""
    return lambda scores, shares: -(shares * (1 - scores.softmax(1)) ** gamma * scores.log_softmax(1)).sum(1).mean()


def trained(
    channels: Tensor, target: Tensor, epochs: int, loss: Loss, weights: Tensor | None = None
) -> torch.nn.Linear:
    """Train a head; pictures are drawn by weights (N,), or equally."""
    torch.manual_seed(0)
    head = torch.nn.Linear(channels.shape[1], target.shape[1])
    optimiser = torch.optim.AdamW(head.parameters(), 2e-3, weight_decay=1e-2)
    steps = epochs * (len(channels) // BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    drawn = torch.ones(len(channels)) if weights is None else weights
    for _ in range(steps):
        rows = torch.multinomial(drawn, BATCH, replacement=True)
        optimiser.zero_grad()
        loss(head(functional.dropout(channels[rows], 0.4)), target[rows]).backward()
        optimiser.step()
        schedule.step()
    return head


def ways(prior: Tensor, counts: Tensor, target: Tensor) -> Iterator[tuple[str, Loss, Tensor | None]]:
    """Yield the name of each way of training, its loss, and the weights of its sampling."""
    yield "cross-entropy", functional.cross_entropy, None
    for power in (0.25, 0.5, 1.0):
        yield f"adjusted loss, power {1 - power}", adjusted(-power * prior.log()), None
    for share in (0.1, 0.24):
        yield (
            f"adjusted loss, mixture {share}",
            adjusted(torch.from_numpy(log_weights(prior.numpy(), share)).float()),
            None,
        )
    for power in (0.25, 0.5):
        yield f"balanced sampling, power {power}", functional.cross_entropy, counts[target.argmax(1)] ** -power
    for beta in (0.99, 0.999):
        weights = (1 - beta) / (1 - beta**counts)
        yield f"class-balanced loss, {beta}", weighted(weights / weights.mean()), None
    for gamma in (1.0, 2.0):
        yield f"focal loss, gamma {gamma}", focal(gamma), None


def judged(scores: Tensor, truth: np.ndarray) -> dict[str, float]:
    """Return accuracy, UA and the calibration error at the best temperature."""
    answers = scores.argmax(1).numpy()
    labels = torch.from_numpy(truth)
    best = min(TEMPERATURES, key=lambda t: functional.cross_entropy(scores / t, labels).item())
    sure = (scores / best).softmax(1).amax(1).numpy()
    edges = np.array_split(np.argsort(sure), 15)
    error = sum(len(e) * abs((answers[e] == truth[e]).mean() - sure[e].mean()) for e in edges) / len(truth)
    values = {name: METRICS[name].value(truth, answers) for name in ("accuracy", "ua")}
    return {name: round(float(v), 4) for name, v in (values | {"error": error}).items()}


def main() -> None:
    """Compare the ways, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, required=True, help="store that holds ferplus")
    parser.add_argument("--epochs", type=int, default=10)
    options = parser.parse_args()
    checkpoint = checkpoints.load(places.bundled() / "checkpoints" / NAME)
    module, data = reopened(checkpoint, FeatureStore(options.store))
    network = module.predictor.model.eval()
    assert isinstance(network, ExpressionNetwork)
    (channels, target), (held, one_hot) = (read(network, data.parts[p]) for p in (Split.TRAIN, Split.VALIDATION))
    prior, truth = target.mean(0), one_hot.argmax(1).numpy()
    counts = torch.bincount(target.argmax(1), minlength=len(prior)).float()
    rows: dict[str, dict[str, float]] = {}

    def tell(name: str, scores: Tensor) -> None:
        rows[name] = judged(scores, truth)
        print(f"{name:34}" + "".join(f"{value:9.4f}" for value in rows[name].values()), flush=True)

    print(f"{'':34}{'accuracy':>9}{'UA':>9}{'error':>9}")
    with torch.inference_mode():
        stated = float(checkpoint.description.training.get("uniform_prior", 0.0))
        plain = network.head(held) - torch.from_numpy(log_weights(prior.numpy(), stated)).float()
    tell("as it was trained", plain)
    for power in (0.25, 0.5, 0.75, 1.0):
        tell(f"moved to the power {1 - power}", plain - power * prior.log())
    for share in (0.1, 0.2, 0.24, 0.3, 0.5):
        tell(f"moved to the mixture {share}", plain + torch.from_numpy(log_weights(prior.numpy(), share)).float())
    for name, loss, weights in ways(prior, counts, target):
        head = trained(channels, target, options.epochs, loss, weights)
        with torch.inference_mode():
            tell(name, head(held))
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
