"""Maps of embeddings: t-SNE against scikit-learn's, and how long a new clip takes to find its place.

Made-up embeddings in thirty groups that overlap. Both t-SNEs have a perplexity of 30 and their own library's
number of iterations (ours 750, scikit-learn's 1000), and both start from principal components. Ours takes the 50 first
components itself; scikit-learn is handed them, computed beforehand, as all 512 channels would only slow it down.
The trustworthiness of both maps is told, so that speed is not bought with it. Times are processor seconds on the
threads that each takes, so that other load counts little; ours is cold: with the import and with nothing cached.
Then the map is taken from the cache, and a new clip is placed: the first one, for which the
search for neighbours is prepared, and further ones.

    python -m benchmarks.projection [--clips 10000] [--width 512] [--without-reference]

The last line is a JSON object. Exits with 1 when the ratio is below 3 or placing a clip takes a second or more.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from emoviz.analysis import projection, projection_methods, separation

LEAST_RATIO = 3.0
LONGEST_PLACING = 1.0
GROUPS = 30
NEW = 5


def made_up(clips: int, width: int) -> np.ndarray:
    """Make up embeddings (clips, width), float32, whose groups overlap."""
    random = np.random.default_rng(0)
    centres = random.normal(size=(GROUPS, width))
    spread = random.uniform(0.5, 2.5, size=(GROUPS, 1))
    group = random.integers(0, GROUPS, clips)
    return (centres[group] + spread[group] * random.normal(size=(clips, width))).astype(np.float32)


def timed(call: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return the result, the processor seconds and the wall-clock seconds of a call."""
    processor, wall = time.process_time(), time.perf_counter()
    result = call()
    return result, time.process_time() - processor, time.perf_counter() - wall


def main() -> int:
    """Measure, print the table, and judge by the bounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=10_000)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--without-reference", action="store_true", help="leave scikit-learn out, which takes minutes")
    arguments = parser.parse_args()
    everything = made_up(arguments.clips + NEW, arguments.width)
    embeddings, new = everything[:-NEW], everything[-NEW:]
    figures: dict[str, Any] = {"clips": arguments.clips, "width": arguments.width}

    def note(name: str, measured: tuple[Any, float, float]) -> Any:
        result, processor, wall = measured
        figures[f"{name}_s"], figures[f"{name}_wall_s"] = round(processor, 3), round(wall, 3)
        print(f"{name:<24}{processor:>12.2f} s of processor{wall:>12.2f} s of wall clock", flush=True)
        return result

    def trust(points: np.ndarray) -> float:
        return round(separation.trustworthiness(embeddings, points, most=1000, draws=2).value, 4)

    with tempfile.TemporaryDirectory() as folder:
        method = projection_methods.TSNE()
        fresh = note("tsne", timed(lambda: projection.fit(embeddings, method, cache=Path(folder))))
        cached = note("tsne_cached", timed(lambda: projection.fit(embeddings, method, cache=Path(folder))))
    if not np.array_equal(fresh.points, cached.points):
        sys.exit("The map from the cache differs.")
    note("first_placed", timed(lambda: cached.transform(new[:1])))
    placed = [timed(lambda clip=clip: cached.transform(clip[None])) for clip in new]
    note("placed", (None, *(statistics.median(times) for times in zip(*(p[1:] for p in placed), strict=True))))
    figures["trustworthiness"] = trust(fresh.points)
    failed = max(figures["first_placed_s"], figures["placed_s"]) >= LONGEST_PLACING
    if not arguments.without_reference:
        components = PCA(method.components, random_state=0).fit_transform(embeddings)
        reference = TSNE(perplexity=method.perplexity, init="pca", random_state=0)
        figures["reference_trustworthiness"] = trust(
            note("reference", timed(lambda: reference.fit_transform(components)))
        )
        figures["ratio"] = round(figures["reference_s"] / figures["tsne_s"], 2)
        figures["wall_ratio"] = round(figures["reference_wall_s"] / figures["tsne_wall_s"], 2)
        failed |= figures["ratio"] < LEAST_RATIO
    print(json.dumps(figures))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
