"""Shares of speech that are given to the right person by the voice, among speakers whom no threshold has seen.

    python -m benchmarks.persons [--data FOLDER] [--validation] [--mood MOOD] [--json FILE]

A mixture is of one corpus, so that neither microphone nor room tells its people apart: they take turns of 2 to 8 s for
a minute, each turn from one speaker's recordings in any emotion. Every second speaker of a corpus is kept for the test;
thresholds were chosen on the others (``--validation``) alone. The true turns end where the loudness of a recording
does, and not where our detector of speech says so. Errors are those of
:func:`emoviz.evaluation.diarisation.diarisation_error` with a collar of 0.25 s as pyannote.metrics counts it, and with
NIST's of twice that.
"""

import argparse
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from emoviz.core.settings import Settings
from emoviz.core.vocabulary import Emotion
from emoviz.corpora import READERS
from emoviz.evaluation.diarisation import Turn, diarisation_error
from emoviz.media import Waveform, read_waveform
from emoviz.media.condition import speech_of
from emoviz.prediction.persons.diarisation import encoded, shared_out

CORPORA = ("emodb", "emovo", "urdu", "ravdess", "nemo", "emotiontts")
MOODS: dict[str, list[str]] = {"neutral": ["neutral", "calm"], "any emotion": [str(one) for one in Emotion]}
"""Emotions of the recordings in a mixture: an ordinary conversation, or actors who shout and weep by turns."""
FEWEST = 4
"""Recordings of a speaker from which turns are made."""
RATE = 16000
LENGTH = 60.0
SHORTEST, LONGEST = 2.0, 8.0
"""Seconds of a turn."""
MIXTURES = 2
"""Mixtures per corpus and number of voices."""
COLLARS = {"error": 0.25, "error (NIST's collar)": 0.5}
QUIET = 1e-3
"""Share of a recording's largest power (in 25 ms) below which its ends are silence."""


class Mixture(NamedTuple):
    """Sound of several speakers of one corpus, and who speaks when."""

    corpus: str
    mood: str
    people: tuple[str, ...]
    samples: np.ndarray
    turns: list[Turn]


def speakers(data: Path, corpus: str, mood: str, *, test: bool) -> dict[str, list[str]]:
    """Return the recordings of each speaker of one half of a corpus: every second speaker is for the test."""
    read = READERS[corpus](data)
    recordings = read.recordings
    names = sorted(recordings["speaker"].unique())[int(test) :: 2]
    chosen = recordings[read.labels["emotion"].astype(str).reindex(recordings.index).isin(MOODS[mood])]
    found = {str(name): sorted(chosen.loc[chosen["speaker"] == name, "audio"]) for name in names}
    return {name: files for name, files in found.items() if len(files) >= FEWEST}


def spoken(path: str) -> np.ndarray:
    """Return a recording without the silence at its ends."""
    samples = read_waveform(path).samples
    power = (np.resize(samples, (len(samples) // 400, 400)) ** 2).mean(1)
    loud = np.flatnonzero(power > QUIET * power.max())
    return samples[loud[0] * 400 : (loud[-1] + 1) * 400]


def turn_of(recordings: list[str], seconds: float, random: np.random.Generator) -> np.ndarray:
    """Return one turn of a speaker: recordings that follow each other until it is long enough."""
    parts: list[np.ndarray] = []
    while sum(map(len, parts)) < seconds * RATE:
        parts.append(spoken(recordings[random.integers(len(recordings))]))
    return np.concatenate(parts)[: round(LONGEST * RATE)]


def mixture(corpus: str, mood: str, voices: dict[str, list[str]], count: int, random: np.random.Generator) -> Mixture:
    """Return a mixture of some speakers, who take turns at random, with pauses of up to a second between them."""
    people = tuple(str(name) for name in random.choice(sorted(voices), count, replace=False))
    turns, parts, time, before = [], list[np.ndarray](), 0.0, ""
    for number in itertools.count():
        if time >= LENGTH:
            break
        # Everybody is heard first; then anybody but who spoke last, if there is anybody else.
        others = [name for name in people if name != before] or list(people)
        who = people[number] if number < count else str(random.choice(others))
        said = turn_of(voices[who], float(random.uniform(SHORTEST, LONGEST)), random)
        pause = np.zeros(round(float(random.uniform(0, 1)) * RATE), np.float32)
        turns.append((time, time + len(said) / RATE, who))
        parts += [said, pause]
        time += (len(said) + len(pause)) / RATE
        before = who
    samples = np.concatenate(parts)
    noise = 1e-4 * random.standard_normal(len(samples)).astype(np.float32)
    return Mixture(corpus, mood, people, samples + noise, turns)


def mixtures(data: Path, mood: str, *, test: bool, counts: tuple[int, ...] = (1, 2, 3)) -> Iterator[Mixture]:
    """Yield the mixtures of all corpora in one mood."""
    for corpus in CORPORA:
        voices = speakers(data, corpus, mood, test=test)
        for count, number in itertools.product(counts, range(MIXTURES)):
            random = np.random.default_rng([test, list(MOODS).index(mood), CORPORA.index(corpus), count, number])
            if len(voices) >= count:
                yield mixture(corpus, mood, voices, count, random)


def row(mixed: Mixture) -> dict[str, Any]:
    """Return the errors on one mixture, with the number of voices given and found."""
    speech = encoded(speech_of(Waveform(mixed.samples, RATE, 0.0)))
    known = {
        "corpus": mixed.corpus,
        "mood": mixed.mood,
        "voices": len(mixed.people),
        "seconds": len(mixed.samples) / RATE,
    }
    for name, count in (("given", len(mixed.people)), ("found", None)):
        turns = [(turn.start, turn.end, str(turn.voice)) for turn in shared_out(speech, count)]
        known[f"{name}: voices"] = len({who for _, _, who in turns})
        for title, collar in COLLARS.items():
            known[f"{name}: {title}"] = diarisation_error(mixed.turns, turns, collar).rate
    return known


def main() -> None:
    """Print the errors by corpus and number of voices."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Settings.read().data, help="folder with the corpora")
    parser.add_argument("--validation", action="store_true", help="on the speakers with whom thresholds are chosen")
    parser.add_argument("--mood", choices=list(MOODS), help="one of them alone")
    parser.add_argument("--json", type=Path, help="file for the rows")
    options = parser.parse_args()
    moods = [options.mood] if options.mood else list(MOODS)
    rows = [row(mixed) for mood in moods for mixed in mixtures(options.data, mood, test=not options.validation)]
    table = pd.DataFrame(rows)
    shown = [column for column in table if column.startswith(("given", "found"))]
    for by in (["mood", "voices"], ["mood", "voices", "corpus"]):
        print(table.groupby(by)[shown].mean().round(3).to_string(), "\n")
    if options.json:
        table.to_json(options.json, orient="records", indent=1)


if __name__ == "__main__":
    main()
