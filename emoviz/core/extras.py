"""The extras of the package, and the sentence on a module that one of them brings.

An installation without extras predicts and extracts, as a GPU node does. ``app`` brings the pages, figures and
explanations, and the other two; ``formats`` brings files of annotations, spreadsheets and databases, and ``train``
brings training and Slurm.
"""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import ConfigError

EXTRAS = {
    "app": ("streamlit", "starlette", "authlib", "plotly", "captum", "openTSNE", "umap"),
    "formats": ("audformat", "xlsxwriter", "pympi", "praatio", "pysubs2", "webvtt"),
    "train": ("lightning", "submitit"),
}
"""Extra -> the modules that it brings, with ``app`` the others, too."""


def missing() -> list[str]:
    """Return the extras of which a module is not installed."""
    return [extra for extra, modules in EXTRAS.items() if not all(map(importlib.util.find_spec, modules))]


def sentence(module: str | None) -> str | None:
    """Return a sentence that names the extra of a missing module; None for a module of no extra.

    Examples:
        >>> print(sentence("plotly.graph_objects"))
        This needs the package 'plotly'; in the project folder, `pip install ".[app]"` brings it.
    """
    top = (module or "").partition(".")[0]
    for extra, modules in EXTRAS.items():
        if top in modules:
            return f"This needs the package '{top}'; in the project folder, `{command(extra)}` brings it."
    return None


def command(extra: str) -> str:
    """Return the command that installs an extra; its double quotes are those of every shell, also on Windows."""
    return f'pip install ".[{extra}]"'


@contextmanager
def named() -> Iterator[None]:
    """Say in one sentence which extra is missing, in a block or, as a decorator, in a function.

    Raises:
        ConfigError: if a module that an extra brings is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (told := sentence(error.name)) is None:
            raise
        raise ConfigError(told) from error
