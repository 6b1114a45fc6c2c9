"""``python -m emoviz jobs``: what it prints, and with which exit code."""

import json

import pytest

from emoviz import cli
from emoviz.jobs.folder import State
from emoviz.jobs.interface import Jobs
from emoviz.jobs.local import Local
from emoviz.jobs.slurm import Slurm

from .conftest import wait
from .kinds import Nap


@pytest.fixture(autouse=True)
def environment(settings, monkeypatch):
    values = {"STORE": settings.store, "RUNS": settings.runs, "CHECKPOINTS": settings.checkpoints[0], "SLOTS": "cpu"}
    for name, value in values.items():
        monkeypatch.setenv(f"EMOVIZ_{name}", str(value))
    monkeypatch.delenv("EMOVIZ_DATA", raising=False)


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    code = cli.main(["jobs", *arguments])
    output = capsys.readouterr()
    return code, output.out, output.err


@pytest.mark.slow
def test_a_jobs_life(jobs, capsys):
    assert run(capsys, "list")[1] == "None.\n"
    job = jobs.submit(Nap(steps=2, failure="No bed."), group="night")
    assert run(capsys, "watch", job.id) == (1, "", "emoviz: The job is FAILED: No bed.\n")
    assert "ConfigError: No bed." in run(capsys, "logs", job.id)[1]
    for _ in range(2):
        assert run(capsys, "resume", job.id)[0] == 0
        code, out, _ = run(capsys, "watch", job.id)
    assert (code, out) == (0, "2 steps\n")
    (row,) = json.loads(run(capsys, "list", "--json", "--group", "night")[1])
    assert (row["id"], row["state"], row["device"]) == (job.id, "FINISHED", "cpu")
    code, _, error = run(capsys, "cancel", job.id)
    assert (code, error) == (1, f"emoviz: The job '{job.id}' is FINISHED, so it cannot be cancelled.\n")
    assert run(capsys, "delete", job.id)[0] == 0
    assert run(capsys, "watch", job.id)[0] == 1


def test_cancel(jobs, capsys):
    job = jobs.submit(Nap(steps=1000))
    wait(jobs, job.id, lambda s: s.stage == "Sleeping")
    assert run(capsys, "cancel", job.id)[0] == 0
    assert jobs.state(job.id).state is State.CANCELLED


def test_any_kind_is_submitted_by_its_name_and_settings(jobs, capsys):
    code, identity, _ = run(capsys, "submit", "kind", "nap", "--set", "steps=2")
    assert code == 0 and jobs.get(identity.strip()).work["steps"] == 2
    code, _, error = run(capsys, "submit", "kind", "nap", "--set", "length=2")
    assert code == 1 and "Unknown key 'length' in the settings of 'nap'" in error


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        ([], Local()),
        (["--device", "cuda:1"], Local("cuda:1")),
        (
            ["--slurm", "gpus=2", "--slurm", "options.account=7", "--slurm"],
            Slurm(gpus=2, options={"account": "7"}),
        ),
    ],
)
def test_what_is_submitted(arguments, where, monkeypatch, capsys):
    from emoviz.jobs.kinds.extraction import Extraction
    from emoviz.jobs.kinds.study_protocol import StudyProtocol
    from emoviz.jobs.kinds.training import Training

    submitted = []

    def submit(self, work, where, group):
        submitted.append((work, where, group))
        return type("Job", (), {"id": "an id"})

    monkeypatch.setattr(Jobs, "submit", submit)
    for work in (
        ["train", "--preset", "speech-mdat", "--set", "epochs=3"],
        ["protocol", "within", "--study", "speech", "--system", "svm"],
        ["extract", "emodb", "--features", "egemaps"],
        ["extract", "emodb", "--features", "egemaps", "--copies", "2"],
        ["extract", "emodb", "--preset", "speech-mdat"],
        ["extract", "emodb"],
        ["extract", "emodb", "--set", "whisper.sound=recorded", "--set", "egemaps.sound=recorded"],
    ):
        assert run(capsys, "submit", *work, "--group", "mine", *arguments) == (0, "an id\n", "")
    works = [work for work, _, _ in submitted]
    assert isinstance(works[0], Training)
    assert works[0].config.epochs == 3
    both = ("whisper", "egemaps")
    assert works[1:] == [
        StudyProtocol("speech", "within", ("svm",)),
        Extraction("emodb", ("egemaps",), {"egemaps": {}}),
        Extraction("emodb", ("egemaps",), {"egemaps": {}}, copies=2),
        Extraction("emodb", both, dict.fromkeys(both, {"sound": "conditioned"}), copies=1),
        Extraction("emodb", both, dict.fromkeys(both, {"sound": "conditioned"})),
        Extraction("emodb", both, dict.fromkeys(both, {"sound": "recorded"})),
    ]
    assert all((place, group) == (where, "mine") for _, place, group in submitted)


def test_fewer_copies_than_none_are_refused(capsys):
    code, _, error = run(capsys, "submit", "extract", "emodb", "--copies", "-1")
    assert code == 1 and error == "emoviz: '--copies' is 0 or more, not -1.\n"


def test_wrong_setting_of_slurm(capsys):
    code, _, error = run(capsys, "submit", "extract", "emodb", "--slurm", "gpu=2")
    assert code == 1
    assert error.startswith("emoviz: Unknown key 'gpu' in the settings of Slurm; known are: partition, nodes, gpus")
