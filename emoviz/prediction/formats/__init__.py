"""The formats in which tables and predictions are written: each file here registers one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...core.registry import Registry

if TYPE_CHECKING:
    import pandas as pd

    from ..clip import ClipPrediction


@dataclass(frozen=True)
class Format:
    """A format of files; its name in the registry is the ending of their names.

    Attributes:
        title: what a button says.
        media_type: what a browser is told about the file.
        encode: turns a table into the content of a file, without the table's index.
        encode_prediction: turns the prediction of a clip into the content of a file.
        beneath_figures: whether the row beneath a figure offers it.
    """

    title: str
    media_type: str
    encode: Callable[["pd.DataFrame"], bytes]
    encode_prediction: Callable[["ClipPrediction"], bytes]
    beneath_figures: bool = True


FORMATS: Registry[Format] = Registry("format of tables", home="emoviz.prediction.formats")
