"""The glossary: every term of the pages in plain sentences, once for the pages, the command line and the docs."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from .errors import UnknownNameError
from .words import NOT_FOR_DECISIONS


class Term(NamedTuple):
    """A term of the pages.

    Attributes:
        name: term as the pages write it.
        text: meaning in one to three plain sentences.
        pages: titles of the pages on which it stands.
    """

    name: str
    text: str
    pages: tuple[str, ...]


TERMS = (
    Term(
        "accuracy",
        "The share of answers that are right. A class with many recordings counts more than a rare one, so "
        "look at UA too.",
        ("Home", "Results", "Compare"),
    ),
    Term(
        "action unit",
        "A movement of the face with a name and a number, such as AU12, the corners of the mouth pulled up."
        " The ones here are made from 52 facial movements that a network reads from the picture.",
        ("Predict", "Explain"),
    ),
    Term(
        "arousal",
        "How excited an emotion is, from −1 (sleepy) to 1 (wide awake). Anger and joy are both high in "
        "arousal and differ in valence.",
        ("Home", "Predict", "Explain", "Compare", "Results", "Cultures"),
    ),
    Term(
        "attention",
        "Weights by which a network lets some channels, moments or signals count more than others. They say"
        " what it lets through and not yet why it answers: that is what the deletion test asks.",
        ("Attention", "Cultures", "Explain"),
    ),
    Term(
        "bootstrap",
        "A way to find an interval: the score is computed again and again on people drawn at random from "
        "those that were tested, and the interval holds 95 % of the results.",
        ("Compare", "Results", "Attention", "Embeddings"),
    ),
    Term(
        "calibration error",
        "How far a model's confidence lies from its accuracy. A model that says 80 % should be right in 80 "
        "of 100 cases; the error is the mean distance, so 0 is best.",
        ("Compare",),
    ),
    Term(
        "CCC",
        "The concordance correlation coefficient, for curves such as valence over time. It is 1 where "
        "prediction and label are the same, 0 where they have nothing to do with each other, and it falls "
        "when a curve has the right shape but the wrong level or height.",
        ("Home", "Predict", "Compare", "Results", "Train", "Runs", "Cultures"),
    ),
    Term(
        "channel",
        "One number that a model reads at each moment, such as the loudness or the pitch of the voice.",
        ("Attention", "Cultures", "Explain"),
    ),
    Term(
        "channel attention",
        "Attention over channels: one weight for each, before the network looks at time.",
        ("Attention", "Cultures"),
    ),
    Term(
        "collapsed",
        "A model that answers nearly the same whatever it is given, or no better than the training mean. "
        "Its scores and weights tell nothing.",
        ("Home", "Results", "Cultures"),
    ),
    Term(
        "confidence",
        "How probable a model calls its own answer.",
        ("Predict", "Compare"),
    ),
    Term(
        "corpus",
        "A collection of recordings with labels, made by one group of people in one way.",
        ("Data", "Train", "Runs", "Results", "Cultures"),
    ),
    Term(
        "culture",
        "The country or language from which a corpus comes. Each comes with its own corpus here, that is with its own "
        "room and microphone, so a difference between cultures is always also one between corpora.",
        ("Cultures", "Results", "Embeddings", "Compare", "Train"),
    ),
    Term(
        "deletion test",
        "A test whether weights are faithful: channels are taken away, those with the highest weights "
        "first. If the weights tell what the answer rests on, the error rises faster than in a random "
        "order.",
        ("Attention", "Cultures"),
    ),
    Term(
        "derived",
        "Valence and arousal that no rater judged: they are the places of the acted emotion on both axes, "
        "by published norms.",
        ("Predict", "Compare", "Results", "Cultures", "Attention"),
    ),
    Term(
        "embedding",
        "The numbers into which a network turns a recording before it answers. Recordings that it takes to "
        "be alike lie close to each other.",
        ("Embeddings",),
    ),
    Term(
        "epoch",
        "One pass of a training over all its recordings.",
        ("Train", "Runs", "Compare"),
    ),
    Term(
        "faithful",
        "An explanation is faithful if what it names is what the answer really rests on.",
        ("Attention", "Cultures", "Explain"),
    ),
    Term(
        "fusion",
        "The joining of what face and voice say into one answer; late fusion joins the answers of two models.",
        ("Predict", "Results"),
    ),
    Term(
        "Grad-CAM",
        "A picture of heat over a face or a sound, hottest where a small change would change the answer most.",
        ("Explain",),
    ),
    Term(
        "held out",
        "Recordings of people whom the model never met in its training. Only these tell how well it does "
        "with new people.",
        ("Home", "Compare", "Results", "Runs", "Attention", "Embeddings"),
    ),
    Term(
        "integrated gradients",
        "A way to share an answer out among the channels: the change of the answer is followed from a mean "
        "input to the real one, and each channel gets its part of it.",
        ("Explain", "Attention", "Cultures"),
    ),
    Term(
        "interval",
        "The range in brackets: how much a score would change if other people of the same kind were tested."
        " 95 % of what the bootstrap draws lies in it; the fewer people, the wider it is.",
        ("Home", "Compare", "Results", "Runs", "Attention", "Cultures", "Embeddings"),
    ),
    Term(
        "kappa",
        "How well two raters, or a model and its labels, agree beyond chance. 1 is perfect, 0 is chance.",
        ("Compare", "Results"),
    ),
    Term(
        "liking",
        "How much a speaker likes what is talked about, from −1 to 1, as raters judged it.",
        ("Predict", "Results", "Compare"),
    ),
    Term(
        "loss",
        "The number that a training makes smaller. Losses of different kinds cannot be compared.",
        ("Train", "Runs", "Compare"),
    ),
    Term(
        "occlusion",
        "An explanation that hides one part after the other and looks how much the answer changes.",
        ("Explain",),
    ),
    Term(
        "p value",
        "The chance of a difference at least this large if there were none. Below .05 it is called shown.",
        ("Compare", "Results", "Cultures", "Embeddings"),
    ),
    Term(
        "Pearson's r",
        "How well two series rise and fall together, from −1 to 1; their levels do not matter.",
        ("Cultures", "Compare", "Results"),
    ),
    Term(
        "permutation importance",
        "How much the error grows when a channel is exchanged between recordings. It looks at labels, so it"
        " is a witness and no explanation of one answer.",
        ("Attention", "Cultures"),
    ),
    Term(
        "principal component",
        "A mixture of many channels into one, so that few numbers keep most of what varies. `whisper.pc001`"
        " is the first one of the speech representation and has no name of its own.",
        ("Attention", "Cultures", "Explain"),
    ),
    Term(
        "protocol",
        "A rule that says on which people a system is trained and on which others it is tested.",
        ("Results", "Train"),
    ),
    Term(
        "RMSE",
        "The root of the mean squared error: how far predictions lie from labels, in the labels' own unit. 0 is best.",
        ("Compare", "Results", "Home"),
    ),
    Term(
        "seed",
        "The number from which everything random in a training comes. Trainings that differ in their seed "
        "alone show how much of a score is luck.",
        ("Train", "Runs", "Results", "Cultures"),
    ),
    Term(
        "silhouette",
        "Whether recordings of one group lie closer to each other than to other groups, from −1 to 1; at 0 "
        "the groups are mixed.",
        ("Embeddings",),
    ),
    Term(
        "speech representation",
        "The answer of a large network for speech to the sound: many channels without names of their own, "
        "which carry what is said and how.",
        ("Attention", "Cultures", "Explain"),
    ),
    Term(
        "sweep",
        "Several trainings that differ in one setting, such as the seed or the system.",
        ("Train", "Runs"),
    ),
    Term(
        "t-SNE",
        "A map on which neighbours stay neighbours; how far groups lie apart, and how large they are, means"
        " nothing. UMAP is a faster one of the same kind.",
        ("Embeddings",),
    ),
    Term(
        "training mean",
        "The score of always answering the mean (or the most frequent class) of the training labels. A model "
        "that is no better has learnt nothing.",
        ("Home", "Results", "Cultures"),
    ),
    Term(
        "UA",
        "The unweighted accuracy: the share of right answers in each class, averaged over the classes, so "
        "that rare ones count as much as frequent ones. With four classes, guessing gets .25.",
        ("Home", "Compare", "Results", "Runs", "Train"),
    ),
    Term(
        "valence",
        "How pleasant an emotion is, from −1 (unpleasant) to 1 (pleasant).",
        ("Home", "Predict", "Explain", "Compare", "Results", "Cultures"),
    ),
    Term(
        "validation",
        "The part of the recordings by which a training chooses its best epoch. Its score is optimistic; "
        "the held-out score is the one to report.",
        ("Train", "Runs", "Compare"),
    ),
)


def term(name: str) -> Term:
    """Return a term, whatever the case of its letters.

    Raises:
        UnknownNameError: if the glossary has no such term.
    """
    for one in TERMS:
        if one.name.lower() == name.strip().lower():
            return one
    raise UnknownNameError("term", name, [one.name for one in TERMS])


def terms_of(page: str) -> list[Term]:
    """Return the terms of a page by its title, in alphabetical order."""
    return [one for one in TERMS if page in one.pages]


def mentioned(text: str) -> list[Term]:
    """Return the terms that a text names, in alphabetical order."""
    return [one for one in TERMS if re.search(rf"\b{re.escape(one.name)}\b", text)]


def listed(terms: Iterable[Term]) -> str:
    """Return terms as Markdown, a paragraph each."""
    return "\n\n".join(f"**{one.name}**: {one.text}" for one in terms)


def page() -> str:
    """Return the glossary as the page of the docs."""
    return (
        "# Glossary\n\n"
        "The terms of the pages, in plain sentences. Beneath the menu, **Words on this page** has those of each page.\n"
        f"This page is made by `python -m emoviz glossary`. {NOT_FOR_DECISIONS}\n\n"
        f"{listed(TERMS)}\n"
    )
