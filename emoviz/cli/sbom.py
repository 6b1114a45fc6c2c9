"""``sbom``: a bill of materials of the software and the models that are here."""

import argparse
import hashlib
import json
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .. import __version__
from ..core import places
from ..core.distributions import direct, licence_of, name_of, named, needed
from ..core.errors import EmovizError
from ..core.files import raising, write_text
from ..core.settings import Settings
from .command import argument, command

OWN = "pkg:pypi/emoviz"
LICENCE = "LICENSE"
"""File beside bundled weights with their licence."""
WEIGHTS = (".safetensors", ".onnx", ".task", ".tar.xz")
"""Endings of files with weights."""
KNOWN = {"MIT License": "MIT", "Apache License": "Apache-2.0"}
"""SPDX names of licences by the line that begins them."""


@command(
    "sbom",
    "write a bill of materials (CycloneDX, JSON) of packages, bundled models and their licences",
    argument("--out", type=Path, metavar="FILE", help="file to write, by default the terminal"),
)
def sbom(options: argparse.Namespace, settings: Settings) -> None:
    """Write a bill of materials; two of the same installation are equal."""
    text = json.dumps(bill(), indent=2, ensure_ascii=False) + "\n"
    if options.out is None:
        sys.stdout.write(text)
        return
    with raising(EmovizError, options.out):
        write_text(options.out, text)


def bill() -> dict[str, Any]:
    """Return the bill of materials as CycloneDX 1.6 has it."""
    found = needed(named())
    urls = {name: f"pkg:pypi/{name}@{quote(one.version)}" for name, one in found.items()}
    packages = [
        {
            "type": "library",
            "bom-ref": urls[name],
            "name": name,
            "version": one.version,
            "purl": urls[name],
            **_licences(licence_of(one)),
        }
        for name, one in found.items()
    ]
    own = {"type": "application", "bom-ref": OWN, "name": "emoviz", "version": __version__, **_licences("MIT")}
    leads = {OWN: sorted({urls[name] for name in map(_named, named()) if name in urls})}
    leads |= {urls[name]: [urls[other] for other in direct(one, urls)] for name, one in found.items()}
    content = {
        "metadata": {"component": own},
        "components": [*packages, *_models(places.bundled() / "checkpoints")],
        "dependencies": [{"ref": ref, "dependsOn": others} for ref, others in leads.items()],
    }
    identity = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{identity}",
        "version": 1,
        **content,
    }


def _named(requirement: str) -> str:
    return name_of(requirement.partition(">")[0])


def _models(folder: Path) -> Iterator[dict[str, Any]]:
    """The files of weights in a folder and below, each with its sha256 and the licence beside it."""
    for file in sorted(path for path in folder.rglob("*") if path.name.endswith(WEIGHTS)):
        place = file.relative_to(folder).as_posix()
        name = file.name.removesuffix(".tar.xz")
        licence = next((p for p in (file.with_name(LICENCE), file.with_name(f"{name}.{LICENCE}")) if p.is_file()), None)
        yield {
            "type": "machine-learning-model",
            "bom-ref": place,
            "name": place,
            "version": __version__,
            "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(file.read_bytes()).hexdigest()}],
            **(_of_licence(licence) if licence else {}),
        }


def _of_licence(file: Path) -> dict[str, Any]:
    """The licence in a file, and the terms of what a model was trained on, which it lists."""
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    terms = [line.removeprefix("- ") for line in lines if line.startswith("- ") and ": " in line]
    found = _licences(next((KNOWN[line] for line in lines if line in KNOWN), ""))
    return found | ({"properties": [{"name": "trained on", "value": term} for term in terms]} if terms else {})


def _licences(text: str) -> dict[str, Any]:
    """A licence as a part of a component; nothing where none is known."""
    if not text:
        return {}
    try:
        from packaging.licenses import canonicalize_license_expression

        return {"licenses": [{"expression": str(canonicalize_license_expression(text))}]}
    except ValueError:
        return {"licenses": [{"license": {"name": text}}]}
