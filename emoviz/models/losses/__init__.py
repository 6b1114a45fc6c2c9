"""Training losses: one loss, one file. Each honours the mask, so that a padded frame adds nothing."""

from .base import LOSSES, METRIC_LOSSES, Loss, MetricLoss, probabilities

__all__ = ["LOSSES", "METRIC_LOSSES", "Loss", "MetricLoss", "probabilities"]
