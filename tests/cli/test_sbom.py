"""``sbom``: the bill of materials has what CycloneDX requires, and every bundled model has its licence beside it."""

import json
import re
from uuid import UUID

import pytest
from packaging.licenses import canonicalize_license_expression
from places import ROOT

from emoviz.cli import main, sbom
from emoviz.core.distributions import licence_of, needed
from emoviz.media.weights import FACE_LANDMARKER, YUNET


@pytest.fixture(scope="module")
def bill(tmp_path_factory):
    file = tmp_path_factory.mktemp("bill") / "bom.json"
    assert main(["sbom", "--out", str(file)]) == 0
    return json.loads(file.read_text("utf-8"))


def test_the_bill_has_what_its_format_requires(bill):
    assert bill["bomFormat"] == "CycloneDX" and bill["specVersion"] == "1.6" and bill["version"] == 1
    assert bill["serialNumber"] == f"urn:uuid:{UUID(bill['serialNumber'].removeprefix('urn:uuid:'))}"
    components = [bill["metadata"]["component"], *bill["components"]]
    refs = [one["bom-ref"] for one in components]
    assert len(set(refs)) == len(refs)
    for one in components:
        assert one["type"] in ("application", "library", "machine-learning-model") and one["name"] and one["version"]
        for licence in one.get("licenses", []):
            (kind,) = licence
            assert kind == "expression" or licence["license"]["name"]
            if kind == "expression":
                assert licence[kind] == canonicalize_license_expression(licence[kind])
        assert one["type"] != "library" or re.fullmatch(r"pkg:pypi/[a-z0-9-]+@[A-Za-z0-9.%]+", one["purl"])
    for entry in bill["dependencies"]:
        assert {entry["ref"], *entry["dependsOn"]} <= set(refs)


def test_packages_and_what_they_need_in_turn_are_there(bill):
    packages = {one["name"]: one for one in bill["components"] if one["type"] == "library"}
    assert {"torch", "streamlit", "pyyaml", "jinja2"} <= set(packages)
    leads = {entry["ref"]: entry["dependsOn"] for entry in bill["dependencies"]}
    assert packages["torch"]["bom-ref"] in leads[sbom.OWN] and packages["jinja2"]["bom-ref"] not in leads[sbom.OWN]
    assert packages["jinja2"]["bom-ref"] in leads[packages["torch"]["bom-ref"]]
    assert packages["numpy"]["licenses"] == [{"expression": licence_of(needed(["numpy"])["numpy"])}]


def test_every_bundled_model_has_its_hash_and_its_licence_beside_it(bill):
    models = {one["name"]: one for one in bill["components"] if one["type"] == "machine-learning-model"}
    for weights in (YUNET, FACE_LANDMARKER):
        assert models[f"encoders/{weights.path}"]["hashes"] == [{"alg": "SHA-256", "content": weights.sha256}]
    assert all(one.get("licenses") for one in models.values()), "a LICENSE file lies beside each"
    folders = {path.parent.name for path in ROOT.glob("checkpoints/*/config.json")}
    assert {name.rpartition("/")[0] for name in models} == {
        *folders, "", *(f"encoders/{path.name}" for path in (ROOT / "checkpoints" / "encoders").iterdir()),
    }  # fmt: skip
    for folder in folders:
        card = (ROOT / "checkpoints" / folder / "README.md").read_text("utf-8")
        terms = [one["value"] for one in models[f"{folder}/model.safetensors"]["properties"]]
        assert terms and all(f"- {term}\n" in card for term in terms), "as the card has them"
