"""Move the bundled face network to more equal class frequencies, chosen on validation.

    python -m emoviz extract ferplus
    python -m emoviz train --preset face-expression --set uniform_prior=0
    python tools/balance_face.py --store STORE --checkpoints FOLDER

FER+ holds 1 picture of contempt for 33 neutral ones, so a network trained on it calls weak negative faces neutral. The
share of equal frequencies with the highest UA is taken among those that cost at most half a point of accuracy, both on
the published validation part (``emoviz/training/class_prior.py``); then the network is tested once, as at the end of a
training, and its checkpoint written anew. Its 512 channels stay as they are. The preset states the share that was
chosen, by which a new training has the same aim in its loss.
"""

import argparse
import dataclasses
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from emoviz import checkpoints  # noqa: E402
from emoviz.core.vocabulary import Split  # noqa: E402
from emoviz.evaluation.metrics import METRICS  # noqa: E402
from emoviz.features.store import FeatureStore  # noqa: E402
from emoviz.models.expression import ExpressionNetwork  # noqa: E402
from emoviz.training.class_prior import most_equal, move_prior  # noqa: E402
from emoviz.training.data.base import training_mean  # noqa: E402
from emoviz.training.finish import finish, predict_part  # noqa: E402
from emoviz.training.refitting import reopened  # noqa: E402

NAME = "face-expression"
SHARES = tuple(percent / 100 for percent in range(1, 101))
LOSS = 0.005
"""Accuracy that more equal frequencies may cost on validation."""

NOTE = (
    "The weights were trained with 'uniform_prior' 0, and the last layer was moved to {share:g} afterwards "
    "(tools/balance_face.py); a training with {share:g} has the same aim in its loss."
)


def main() -> None:
    """Choose the share on validation, move the network, test it once, and write its checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, required=True, help="store that holds ferplus")
    parser.add_argument("--checkpoints", type=Path, default=ROOT / "checkpoints")
    options = parser.parse_args()
    folder = options.checkpoints / NAME
    checkpoint = checkpoints.load(folder)
    if checkpoint.description.training.get("uniform_prior"):
        parser.exit(1, f"'{NAME}' reckons with more equal frequencies already; train it first.\n")
    module, data = reopened(checkpoint, FeatureStore(options.store))
    module.predictor.temperature = 1.0
    prior = training_mean(data.whole[Split.TRAIN])
    share = most_equal(predict_part(module, data.parts[Split.VALIDATION]), prior, SHARES, LOSS)
    model = module.predictor.model
    assert isinstance(model, ExpressionNetwork)
    move_prior(model.head, prior, share)
    module.settings = dataclasses.replace(module.settings, uniform_prior=share)
    validation = predict_part(module, data.parts[Split.VALIDATION])
    truth, said = (np.stack([getattr(one, of) for one in validation]).argmax(1) for of in ("truth", "prediction"))
    values = {name: METRICS[name].value(truth, said) for name in ("accuracy", "ua")}
    print(f"share {share}, validation accuracy {values['accuracy']:.4f}, UA {values['ua']:.4f}")
    module.selection = {"metric": "accuracy", "value": values["accuracy"]}
    finish(module, dataclasses.replace(data, note=f"{data.note} {NOTE.format(share=share)}"), folder)


if __name__ == "__main__":
    main()
