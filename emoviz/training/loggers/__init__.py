"""Loggers: tools of a lab that get the loss and the metrics of a training beside its own log; one tool, one file."""

from .base import LOGGERS, make_logger, require_logger

__all__ = ["LOGGERS", "make_logger", "require_logger"]
