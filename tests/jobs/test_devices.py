"""Which devices a job may ask for, and which one alone its process sees; NVIDIA's library is played by a stand-in."""

from types import SimpleNamespace

import pytest

from emoviz.core.errors import ConfigError
from emoviz.jobs import devices
from emoviz.jobs.devices import gpu_usage, slots_of, visible_to

IDENTITIES = ("GPU-aaaa", "GPU-bbbb")


@pytest.fixture
def two_gpus(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    memory = SimpleNamespace(total=80, free=60)
    library = {
        "nvmlInit": lambda: None,
        "nvmlShutdown": lambda: None,
        "nvmlDeviceGetCount": lambda: 2,
        "nvmlDeviceGetHandleByIndex": lambda number: number,
        "nvmlDeviceGetMemoryInfo": lambda handle: memory,
        "nvmlDeviceGetName": lambda handle: "A GPU",
        "nvmlDeviceGetUUID": lambda handle: IDENTITIES[handle],
        "nvmlDeviceGetUtilizationRates": lambda handle: SimpleNamespace(gpu=40),
    }
    for name, function in library.items():
        monkeypatch.setattr(devices.pynvml, name, function)


def test_each_gpu_is_a_slot_and_is_seen_by_its_identity(two_gpus):
    assert slots_of(()) == ("cpu", "cuda:0", "cuda:1")
    assert [visible_to(slot) for slot in slots_of(())] == ["", *IDENTITIES]
    assert devices.devices()[2] == devices.Device("cuda:1", "A GPU", "GPU-bbbb", 80, 60, 40.0)


@pytest.mark.parametrize(("visible", "seen"), [("", []), ("1", ["cuda:1"]), ("GPU-a", ["cuda:0"]), ("7", [])])
def test_hidden_gpus_are_no_slots(visible, seen, two_gpus, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert slots_of(()) == ("cpu", *seen)
    assert gpu_usage() == ({"gpu_memory": 20.0, "gpu_load": 40.0} if seen else {})


def test_slots_may_be_named(two_gpus):
    assert slots_of(("cuda:1", "cuda:1")) == ("cuda:1", "cuda:1")
    with pytest.raises(ConfigError, match="A slot is cpu or cuda:<number>, e.g. cuda:0, not 'gpu1'"):
        slots_of(("gpu1",))


def test_machine_without_a_driver_has_a_cpu(monkeypatch):
    def no_driver():
        raise devices.pynvml.NVMLError(devices.pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(devices.pynvml, "nvmlInit", no_driver)
    assert slots_of(()) == ("cpu",)
    assert visible_to("cuda:3") == "3"
