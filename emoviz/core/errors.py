"""Errors that a user can act on.

Every message is one sentence (or two) that says what was wrong and what is accepted. The command
line prints it and exits with 1; a page shows it in place of the result.
"""

from collections.abc import Iterable


class EmovizError(Exception):
    """Base of every error whose message is meant for the user."""


class MediaError(EmovizError):
    """A clip cannot be read, or lacks what was asked of it."""


class AnnotationError(EmovizError):
    """An annotation file is missing, damaged or of an unknown format, or its segments are impossible."""


class CorpusError(EmovizError):
    """A corpus folder is missing, incomplete or not in its published layout."""


class FeatureError(EmovizError):
    """A feature stream cannot be extracted, stored or read."""


class ConfigError(EmovizError):
    """A setting is unknown, of the wrong type, or contradicts another."""


class CheckpointError(EmovizError):
    """A checkpoint folder is missing, damaged or from an unknown model."""


class CalibrationError(EmovizError):
    """A profile of people is missing or damaged, fits another model, or cannot be measured."""


class MissingWeightsError(EmovizError):
    """An encoder's weights are not on this machine."""


class SplitError(EmovizError):
    """Speakers would stand on both sides of a split, or a part of it is empty."""


class AnalysisError(EmovizError):
    """A table or array does not hold what an analysis needs of it."""


class SelectionError(EmovizError):
    """A selection of recordings has no recordings, is unknown or damaged, or cannot be saved."""


class JobError(EmovizError):
    """A job cannot be started, stopped or resumed, or did not finish."""


class RoleError(EmovizError):
    """A visitor's role does not allow what was asked."""


class Cancelled(EmovizError):  # noqa: N818 - a request of the user, not an error
    """The user stopped the work; nothing was kept half-written."""


class UnknownNameError(EmovizError):
    """No entry of a registry has the name that was asked for."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        super().__init__(f"There is no {kind} named '{name}'; known are: {', '.join(sorted(known))}.")
