"""Channel weights of cultures whose recordings came through another room, band and codec, beside the cultures' own.

    EMOVIZ_DATA=DATA python -m benchmarks.telephone FOLDER [--corpora A,B] [--seeds N] [--keep]

Every recording of the corpora is heard through one and the same room and a telephone whose sound Opus carries
(:func:`by_telephone`), and models of each culture alone are trained on that as those of the set `per-culture` were on
the recordings: the same speakers, channels, tasks and seeds. In FOLDER lie their features and checkpoints; a call that
is repeated goes on. It prints how far the telephone moves each culture, and which other culture lies nearest.

`--keep` writes the weights beside the bundled set, from where the Cultures page reads them.
"""

import argparse
import dataclasses
import functools
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from emoviz.analysis import ceiling, cultures, microphones
from emoviz.checkpoints.folder import PER_CULTURE, find
from emoviz.cli.output import Bars
from emoviz.core.settings import Settings
from emoviz.corpora.base import clips_of
from emoviz.corpora.reading import load
from emoviz.features.base import make
from emoviz.features.store import FeatureStore
from emoviz.jobs.folder import Places
from emoviz.jobs.kinds.culture_set import CultureSet
from emoviz.media import ClipMedia
from emoviz.media.corruptions import CORRUPTIONS, Scene
from emoviz.training.config import SPEECH_CORPORA
from emoviz.training.presets import COMPARE_CULTURES

ROOT = Path(__file__).resolve().parent.parent
SET = "telephone"
WAY = (("room", 0.3), ("telephone", 8), ("opus", 16))
"""Corruptions and their levels, in the order in which they happen."""


def by_telephone(samples: np.ndarray) -> np.ndarray:
    """Return sound (N,) as it comes through the room, the band and the codec, which are the same for all recordings."""
    scene = Scene(np.random.default_rng(0))
    return functools.reduce(lambda heard, step: CORRUPTIONS[step[0]](heard, step[1], scene), WAY, samples)


def main() -> None:
    """Extract, train, and print or keep what the models weigh."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder of features and checkpoints")
    parser.add_argument("--corpora", default=",".join(SPEECH_CORPORA), metavar="A,B", help="default: all six")
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="trainings of each culture and task")
    parser.add_argument("--keep", action="store_true", help="write the weights beside the bundled set")
    options = parser.parse_args()
    folder, corpora = options.folder.resolve(), tuple(options.corpora.split(","))
    for name in corpora:
        extract(name, Path(os.environ["EMOVIZ_DATA"]).resolve(), FeatureStore(folder / "store"))
    train(folder, corpora, options.seeds)
    moved = weights([folder / "checkpoints"], SET).table
    show(weights([ROOT / "checkpoints"], PER_CULTURE).table, moved)
    if options.keep:
        print(microphones.write(ROOT / "checkpoints", PER_CULTURE, moved))


def extract(name: str, data: Path, store: FeatureStore) -> None:
    """Put a corpus and the features of what the telephone leaves of it into a store, under the recordings' own keys."""
    corpus = load(name, data)
    store.add_corpus(corpus, [])
    extractors = [make(choice.feature, choice.settings) for choice in COMPARE_CULTURES.inputs]
    keys = store.corpus(name).recordings["key"]
    for number, (identity, clip) in enumerate(clips_of(corpus.recordings).items()):
        print(f"{name}: {number + 1} of {len(keys)}", file=sys.stderr, flush=True)
        key = keys[identity]
        if all(store.count([key], one.feature, one.settings) for one in COMPARE_CULTURES.inputs):
            continue
        heard = ClipMedia(clip.file).changed(key, by_telephone)
        for one in extractors:
            store.extract(one, heard)


def train(folder: Path, corpora: tuple[str, ...], seeds: int) -> None:
    """Train the set as the bundled one was."""
    checkpoints, results = (folder / "checkpoints",), (folder / "results",)
    settings = Settings(None, folder / "store", checkpoints, folder / "runs", results=results)
    config = dataclasses.replace(COMPARE_CULTURES, name=SET, corpora=corpora)
    with Bars() as bars:
        CultureSet(config, tuple(range(seeds))).run(settings.runs, Places.of(settings), bars)


def weights(folders: list[Path], group: str) -> cultures.Weights:
    """Return the channel weights of a set."""
    return cultures.weights(find(folders, group).values())


def show(table: pd.DataFrame, moved: pd.DataFrame) -> None:
    """Print how far the telephone moves each culture, of its ceiling, beside the culture that lies nearest."""
    for dimension, own in table.groupby(level="dimension"):
        found = microphones.cells(own, microphones.heard(own, moved))
        told = microphones.moves(ceiling.against_ceiling(own, matched=True), found)
        print(found.drop(columns=["other", "matched"]).round(3).to_string(index=False))
        print(f"{dimension}. {microphones.in_words(told)}")


if __name__ == "__main__":
    main()
