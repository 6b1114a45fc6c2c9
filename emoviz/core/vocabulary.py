"""The vocabulary: every term that code, tables, figures and cards share, defined once.

Sources
    Circumplex: J. A. Russell, A. Mehrabian, "Evidence for a three-factor theory of emotions",
    Journal of Research in Personality 11 (1977) 273-294: mean pleasure and arousal ratings of
    emotion words, on [-1, 1]. Calm takes their word "relaxed", contemptuous their "scornful";
    neutral is the scale's midpoint by definition.
    Polarity: section 3.4 of the audio-video attention network paper (bibliography, paper 5);
    boredom and contempt, which it does not use, follow the sign of their pleasure rating.
"""

from enum import StrEnum


class Dimension(StrEnum):
    """A continuous dimension of emotion, on [-1, 1]."""

    VALENCE = "valence"
    AROUSAL = "arousal"
    LIKING = "liking"


class Emotion(StrEnum):
    """An emotion class. Corpora map their own codes onto these."""

    ANGRY = "angry"
    BORED = "bored"
    CALM = "calm"
    CONTEMPTUOUS = "contemptuous"
    DISGUSTED = "disgusted"
    FEARFUL = "fearful"
    HAPPY = "happy"
    NEUTRAL = "neutral"
    SAD = "sad"
    SURPRISED = "surprised"


class Modality(StrEnum):
    """The kind of signal that a feature stream describes."""

    AUDIO = "audio"
    VIDEO = "video"
    TEXT = "text"


class Split(StrEnum):
    """A part of a corpus; no speaker is in two parts."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


class Weighting(StrEnum):
    """A measure of how much each channel counts in a model: its attention, or one of two tests of its predictions."""

    ATTENTION = "channel attention"
    GRADIENTS = "integrated gradients"
    PERMUTATION = "permutation importance"


class Source(StrEnum):
    """The origin of the prediction that a curve shows."""

    FACE = "face"
    SPEECH = "speech"
    FUSED = "fused"


FUSED_SOURCES = f"{Source.FUSED}.sources"
"""The column of a prediction with the number of sources that count in the fused values of each frame."""
LOW, HIGH = ".low", ".high"
"""Suffixes of the columns of a prediction that hold the interval of a dimension."""
UNLIKE = "unlike."
"""Prefix, before a model's name, of the columns that exceed 1 where the clip is unlike that model's training."""


class Task(StrEnum):
    """The unit of a model's predictions: a frame of the grid, or a clip or picture."""

    FRAMES = "frames"
    CLIP = "clip"


class Polarity(StrEnum):
    """The sign of an emotion, as the emotion metric uses it."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    NEUTRAL = "neutral"


POLARITY: dict[Emotion, Polarity] = {
    Emotion.ANGRY: Polarity.NEGATIVE,
    Emotion.BORED: Polarity.NEGATIVE,
    Emotion.CALM: Polarity.POSITIVE,
    Emotion.CONTEMPTUOUS: Polarity.NEGATIVE,
    Emotion.DISGUSTED: Polarity.NEGATIVE,
    Emotion.FEARFUL: Polarity.NEGATIVE,
    Emotion.HAPPY: Polarity.POSITIVE,
    Emotion.NEUTRAL: Polarity.NEUTRAL,
    Emotion.SAD: Polarity.NEGATIVE,
    Emotion.SURPRISED: Polarity.POSITIVE,
}

SIGNS: dict[Polarity, int] = {Polarity.POSITIVE: 1, Polarity.NEGATIVE: -1, Polarity.NEUTRAL: 0}
"""Polarity as a number."""

CIRCUMPLEX: dict[Emotion, tuple[float, float]] = {
    Emotion.ANGRY: (-0.51, 0.59),
    Emotion.BORED: (-0.65, -0.62),
    Emotion.CALM: (0.68, -0.46),
    Emotion.CONTEMPTUOUS: (-0.35, 0.35),
    Emotion.DISGUSTED: (-0.60, 0.35),
    Emotion.FEARFUL: (-0.64, 0.60),
    Emotion.HAPPY: (0.81, 0.51),
    Emotion.NEUTRAL: (0.0, 0.0),
    Emotion.SAD: (-0.63, -0.27),
    Emotion.SURPRISED: (0.40, 0.67),
}
"""Valence and arousal of each emotion word."""

FOUR_EMOTIONS: tuple[Emotion, ...] = (Emotion.ANGRY, Emotion.HAPPY, Emotion.NEUTRAL, Emotion.SAD)
"""The four classes that every corpus of the cross-language task has (bibliography, paper 4)."""

FER_EMOTIONS: tuple[Emotion, ...] = (
    Emotion.NEUTRAL,
    Emotion.HAPPY,
    Emotion.SURPRISED,
    Emotion.SAD,
    Emotion.ANGRY,
    Emotion.DISGUSTED,
    Emotion.FEARFUL,
    Emotion.CONTEMPTUOUS,
)
"""FER+'s eight classes in the order of its vote columns."""


def derived(dimension: str) -> str:
    """Return the name of a dimension that was derived from emotion classes, e.g. ``valence (derived)``."""
    return f"{dimension} (derived)"


def intensity(emotion: str) -> str:
    """Return the name of the output that says how strong an emotion is, in [0, 1], e.g. ``intensity of angry``."""
    return f"intensity of {emotion}"


BINARY: dict[Dimension, tuple[str, str]] = {
    Dimension.AROUSAL: ("low arousal", "high arousal"),
    Dimension.VALENCE: ("low valence", "high valence"),
    Dimension.LIKING: ("dislike", "like"),
}
"""The two classes of each dimension, low before high."""

CLASS_KINDS = ("emotion", "binary")
"""The kinds of outputs that are classes, of which one is right and whose probabilities sum to 1."""

INTENSITIES: dict[str, float] = {"low": 1 / 3, "normal": 0.5, "medium": 2 / 3, "strong": 1.0, "high": 1.0}
"""Values of the words by which corpora state an intensity."""

DERIVED_AXES: dict[str, int] = {derived(Dimension.VALENCE): 0, derived(Dimension.AROUSAL): 1}
"""Position of each derived dimension in an entry of :data:`CIRCUMPLEX`."""

# Colours: an emotion, a culture and a source each keep theirs on every page. Paul Tol's "muted"
# and "bright" schemes and Okabe-Ito, all safe for colour-blind readers.
EMOTION_COLOURS: dict[Emotion, str] = {
    Emotion.ANGRY: "#CC3311",
    Emotion.BORED: "#999933",
    Emotion.CALM: "#44AA99",
    Emotion.CONTEMPTUOUS: "#AA4499",
    Emotion.DISGUSTED: "#117733",
    Emotion.FEARFUL: "#7D5BA6",
    Emotion.HAPPY: "#E69F00",
    Emotion.NEUTRAL: "#888888",
    Emotion.SAD: "#0077BB",
    Emotion.SURPRISED: "#EE7799",
}
SOURCE_COLOURS: dict[Source, str] = {Source.FACE: "#0077BB", Source.SPEECH: "#D55E00", Source.FUSED: "#777777"}
SOURCE_DASHES: dict[Source, str] = {Source.FACE: "dash", Source.SPEECH: "dot", Source.FUSED: "solid"}
CULTURE_COLOURS: tuple[str, ...] = ("#4477AA", "#EE6677", "#228833", "#AA7700", "#3399BB", "#AA3377", "#777777")
CULTURES: tuple[str, ...] = ("German", "Hungarian", "Italian", "Korean", "North American", "Pakistani", "Polish")
"""Cultures of the corpora that emoviz reads, in the order of :data:`CULTURE_COLOURS`."""

MARKS: dict[str, str] = {
    "lower": "#0072B2",
    "higher": "#D55E00",
    "third": "#009E73",
    "fourth": "#8A7A00",
    "centre": "#A6A6A6",
    "missing": "#808080",
    "chosen": "#D62F8B",
    "analysed face": "#FFB000",
    "landmarks": "#7FE0FF",
    "behind a clip": "#0B0D10",
    "rule of a report": "#D9DEE3",
    "ink": "#000000",
    "paper": "#FFFFFF",
}
"""Colours of things other than emotions, cultures and sources, by what they mark. Figures, scripts and styles use no
others."""
THEMES: dict[str, dict[str, str]] = {
    "light": {
        "primaryColor": "#0B6E8F",
        "backgroundColor": "#FFFFFF",
        "secondaryBackgroundColor": "#F3F5F7",
        "textColor": "#1B1F24",
    },
    "dark": {
        "primaryColor": "#3FA9CC",
        "backgroundColor": "#14171B",
        "secondaryBackgroundColor": "#1E2329",
        "textColor": "#E6E9ED",
    },
}
"""Colours of the app; ``.streamlit/config.toml`` must state the same."""
STILLS = ("jpg", "jpeg", "png", "tif", "tiff", "webp", "bmp")
"""File endings of single pictures that are read."""
