"""The formats in which tables and predictions are written, of which each file here registers one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...core.registry import Registry

if TYPE_CHECKING:
    import pandas as pd

    from ..assembly import ClipPrediction


@dataclass(frozen=True)
class Format:
    """A format of files; its name in the registry is the ending of their names.

    Attributes:
        title: text of a button.
        media_type: type of the file, as a browser is told.
        encode: function from a table to the content of a file, without the table's index.
        encode_prediction: function from the prediction of a clip to the content of a file.
        beneath_figures: whether the row of buttons beneath a figure offers the format.
    """

    title: str
    media_type: str
    encode: Callable[["pd.DataFrame"], bytes]
    encode_prediction: Callable[["ClipPrediction"], bytes]
    beneath_figures: bool = True


FORMATS: Registry[Format] = Registry("format of tables", home="emoviz.prediction.formats")
