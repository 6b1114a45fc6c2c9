"""A protocol over a config of one's own: kept in a job's file as plain values, refused before it is queued."""

import json
from dataclasses import asdict

import pytest

from emoviz.core.configuration import from_dict
from emoviz.core.errors import UnknownNameError
from emoviz.jobs.folder import Places
from emoviz.jobs.kinds.own_protocol import OwnProtocol
from emoviz.training.presets import preset
from emoviz.training.protocols import Options

PLACES = Places(data="", store="", checkpoints="", results="")


def test_it_is_read_again_as_it_was_written():
    work = OwnProtocol(preset("speech-mdat"), "within", Options(folds=4), (0, 1))
    assert from_dict(OwnProtocol, json.loads(json.dumps(asdict(work))), "the job") == work


def test_an_unknown_protocol_is_refused():
    with pytest.raises(UnknownNameError, match="no protocol named 'outside'"):
        OwnProtocol(preset("speech-mdat"), "outside").check(PLACES)
