"""Tables of predictions whose answer is known."""

import numpy as np
import pandas as pd

HOP = 0.1


def described(*columns: str) -> pd.DataFrame:
    """``outputs`` of columns named ``<source>.<output>``."""
    rows = []
    for column in columns:
        source, _, output = column.partition(".")
        kind = "dimension" if output.startswith(("valence", "arousal")) else "emotion"
        rows.append((column, source, f"{source} model", output, kind, False, np.nan))
    return pd.DataFrame(rows, columns=["column", "source", "model", "output", "kind", "derived", "rmse"])


def timed(**columns: np.ndarray) -> pd.DataFrame:
    names = {name.replace("_", ".", 1): values for name, values in columns.items()}
    return pd.DataFrame({"time": (np.arange(len(next(iter(names.values())))) + 0.5) * HOP} | names)
