"""The installed distributions that emoviz needs: those that it names, and those that they need in turn."""

import re
import tomllib
from collections.abc import Iterable
from importlib import metadata

from packaging.requirements import Requirement

from . import places


def name_of(text: str) -> str:
    """Return the one spelling of a distribution's name, e.g. ``pyyaml`` for ``PyYAML``."""
    return re.sub(r"[-_.]+", "-", text).lower()


def named() -> list[str]:
    """Return the requirements that emoviz itself names, those of its extras too, with their ranges."""
    folder = places.checkout()
    if folder is None:
        lines = [line.partition(";")[0].strip() for line in metadata.requires("emoviz") or []]
    else:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        lines = [*project["dependencies"], *(one for some in project["optional-dependencies"].values() for one in some)]
    return [line for line in lines if not line.startswith("emoviz[")]


def needed(requirements: Iterable[str]) -> dict[str, metadata.Distribution]:
    """Return the installed distributions that requirements lead to on this machine, by name, in alphabetical order.

    What is not installed is left out.
    """
    found: dict[str, metadata.Distribution] = {}
    seen, waiting = set(), [(Requirement(line), frozenset[str]()) for line in requirements]
    while waiting:
        requirement, wanted = waiting.pop()
        if requirement.marker and not any(requirement.marker.evaluate({"extra": extra}) for extra in {"", *wanted}):
            continue
        name, extras = name_of(requirement.name), frozenset(requirement.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            found[name] = metadata.distribution(requirement.name)
        except metadata.PackageNotFoundError:
            continue
        waiting += [(Requirement(line), extras) for line in found[name].requires or []]
    return dict(sorted(found.items()))


def direct(distribution: metadata.Distribution, among: Iterable[str]) -> list[str]:
    """Return which of some names a distribution itself requires."""
    required = {name_of(Requirement(line).name) for line in distribution.requires or []}
    return sorted(required & set(among))


def licence_of(distribution: metadata.Distribution) -> str:
    """Return the licence that a distribution states, an SPDX expression where it has one; "" where it states none."""
    about = distribution.metadata
    if "License-Expression" in about:
        return about["License-Expression"]
    classifiers = [text.rpartition(" :: ")[2] for text in about.get_all("Classifier") or [] if "License ::" in text]
    text = about["License"].strip() if "License" in about else ""
    short = text if "\n" not in text and text.upper() != "UNKNOWN" else ""
    return short or ", ".join(classifiers)
