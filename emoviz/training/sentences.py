"""Scripted sentences: whether they give away the label, and parts of a split that share none.

In acted corpora several people say the same sentences. A model that is tested on the sentences of its training may know
them, and one whose sentences differ between emotions need not hear the emotion at all.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..core.errors import SplitError
from ..core.words import share

TESTED = 1 / 3
"""Share of the sentences of both sides that is tested where sentences are kept apart."""
TELLING = 0.1
"""Share of right guesses, beyond the most frequent emotion, from which sentences are said to give the emotion away."""


def named_sentences(corpus: str, recordings: pd.DataFrame) -> "pd.Series[Any]":
    """Return the sentence of each recording, or else its transcript, under a name that no other corpus has.

    None stands for a sentence that is unknown.
    """
    table = recordings.reindex(columns=["sentence", "transcript"]).astype(object)
    sentences = table["sentence"].where(table["sentence"].notna(), table["transcript"])
    return sentences.where(sentences.notna(), None).map(lambda sentence: f"{corpus}/{sentence}", na_action="ignore")


def told_by_sentences(table: pd.DataFrame) -> str:
    """Return a warning for each corpus in which the sentence of a recording gives its emotion away, or an empty text.

    The emotion of each recording is guessed to be the most frequent one among the others of the same sentence.

    Args:
        table: recordings with the columns ``sentence``, named as by :func:`named_sentences`, and ``emotion``.
    """
    known = table.dropna(subset=["sentence", "emotion"])
    corpora = known.groupby(known["sentence"].map(lambda said: said.partition("/")[0]))
    return "".join(_told(str(corpus), rows) for corpus, rows in corpora)


def _told(corpus: str, known: pd.DataFrame) -> str:
    counts = known.groupby(["sentence", "emotion"]).size().unstack(fill_value=0)
    if counts.shape[0] < 2 or counts.shape[1] < 2:
        return ""
    usual = counts.sum().max() / len(known)
    right = sum(_guessed(row, usual) for row in counts.to_numpy(float)) / len(known)
    if right < usual + TELLING:
        return ""
    return (
        f" The sentence tells the emotion of {share(right)} of '{corpus}', if one goes by the others of the same "
        f"sentence (the most frequent emotion alone: {share(usual)}), so a score may rest on words."
    )


def _guessed(counts: np.ndarray, usual: float) -> float:
    """Right guesses of one sentence, given its recordings of each emotion; where there are no others, the usual share.

    Emotions that are equally frequent share the guess.
    """
    if counts.sum() <= 1:
        return usual
    right = 0.0
    for k, own in enumerate(counts):
        others = counts - np.eye(len(counts))[k]
        if own and others[k] == others.max():
            right += own / (others == others.max()).sum()
    return right


def sentences_apart(
    table: pd.DataFrame, trained: Sequence[pd.Index], tests: Sequence[pd.Index], seed: Sequence[int]
) -> tuple[list[pd.Index], list[pd.Index]]:
    """Leave recordings out so that no tested sentence is trained on or used to select the epoch.

    Of the sentences that both sides say, a third, which are drawn, stay in the tests, and the others in the parts that
    train; each group of cultures that share sentences has its own third.

    Args:
        table: recordings with the columns ``sentence`` and ``culture``.
        trained: ids of the recordings of each part that trains or selects the epoch.
        tests: ids of the recordings of each test.
        seed: seed of the draw.

    Returns:
        The ids that remain, of ``trained`` and of ``tests``.

    Raises:
        SplitError: if a culture on both sides has recordings of unknown sentences, or nothing remains of a part.
    """
    heard, asked = (table.loc[parts[0].append(list(parts[1:]))] for parts in (trained, tests))
    nameless = [{*side.loc[side["sentence"].isna(), "culture"]} for side in (heard, asked)]
    if unknown := sorted(nameless[0] & nameless[1]):
        raise SplitError(
            f"Recordings of the culture '{unknown[0]}' name no sentence, so sentences cannot be kept apart; give them "
            "a column 'sentence' or 'transcript'."
        )
    shared = {*heard["sentence"].dropna()} & {*asked["sentence"].dropna()}
    cultures = table[table["sentence"].isin(shared)].groupby("sentence")["culture"].agg(lambda who: (*sorted({*who}),))
    kept: set[str] = set()
    for who, sentences in cultures.groupby(cultures):
        order = np.random.default_rng([*seed, *"/".join(who).encode()]).permutation(sorted(sentences.index))
        kept |= {*order[: max(1, round(TESTED * len(order)))]}
    said, moved = table["sentence"], shared - kept
    left = [ids[~said.loc[ids].isin(kept)] for ids in trained], [ids[~said.loc[ids].isin(moved)] for ids in tests]
    if not all(len(ids) for ids in (left[0][0], *left[1])):
        raise SplitError("With sentences kept apart nothing is left to train on or to test; too few were said.")
    return left
