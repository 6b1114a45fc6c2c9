"""Action units from landmarks against those of OpenFace, over the emotions that CREMA-D and RAVDESS share.

    python -m benchmarks.action_units --data FOLDER

Other people act the same six emotions in both corpora, so a unit is right as far as it moves with the emotions alike:
for each unit of both, the mean over each emotion's clips here (``action_units``, CREMA-D) and there (OpenFace, RAVDESS
with strong and normal intensity), and the correlation of the six means. Six points of one CREMA-D actor, as in the six
clips of this project's data, say little alone; the table shows the range too. Prints a table and one JSON line.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd

from emoviz.corpora import READERS
from emoviz.features.action_units import UNITS, ActionUnits, Unit
from emoviz.media import ClipMedia


def means_here(data: Path) -> pd.DataFrame:
    """Return the mean of each unit over each emotion's clips of CREMA-D: a row per emotion."""
    corpus, extractor = READERS["crema-d"](data), ActionUnits()
    clips = {
        name: np.nanmean(extractor.extract(ClipMedia(path)).values, axis=0)
        for name, path in corpus.recordings["video"].items()
    }
    table = pd.DataFrame.from_dict(clips, orient="index", columns=list(extractor.channels))
    return table.groupby(corpus.labels["emotion"]).mean()


def means_of_openface(data: Path) -> pd.DataFrame:
    """Return the mean of OpenFace's units over each emotion's clips of RAVDESS: a row per emotion."""
    corpus = READERS["ravdess"](data)
    units = corpus.shipped["openface"].set_index("id")
    return units.groupby(corpus.labels["emotion"]).mean()


def counterpart(unit: Unit, columns: pd.Index) -> str | None:
    """Return OpenFace's column of a unit: its intensity, else its presence, else None."""
    names = (f"openface.AU{unit.number:02d}_{kind}" for kind in "rc")
    return next((name for name in names if name in columns), None)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with the corpora")
    data = parser.parse_args().data
    here, there = means_here(data), means_of_openface(data)
    emotions = here.index.intersection(there.index)
    rows = {}
    print(f"{'unit':32}{'r':>6}{'lowest':>8}{'highest':>9}  most here, most by OpenFace")
    for unit in UNITS:
        column = counterpart(unit, there.columns)
        if column is None:
            continue
        own, other = here.loc[emotions, unit.channel], there.loc[emotions, column]
        rows[f"AU{unit.number}"] = round(float(own.corr(other)), 2)
        print(
            f"AU{unit.number:<3}{unit.title:27}{own.corr(other):6.2f}{own.min():8.2f}{own.max():9.2f}  "
            f"{own.idxmax()}, {other.idxmax()}"
        )
    print(json.dumps({"emotions": len(emotions), "median": float(np.median(list(rows.values()))), **rows}))


if __name__ == "__main__":
    main()
