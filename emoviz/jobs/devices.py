"""Devices on which this machine can compute, listed by NVIDIA's library without touching the GPUs."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
import pynvml

from ..core.errors import ConfigError

CPU, ANY_GPU = "cpu", "cuda"


@dataclass(frozen=True)
class Device:
    """A device that runs jobs.

    Attributes:
        name: name ``cpu``, or ``cuda:0`` and so on, in the order of the PCI bus.
        title: name for people, e.g. ``NVIDIA H100 80GB HBM3``.
        identity: identity by which CUDA finds this device; "" for the CPU.
        memory: bytes of its whole memory.
        free: bytes of its unused memory.
        load: percentage of the last moment in which it computed.
    """

    name: str
    title: str
    identity: str
    memory: int
    free: int
    load: float


def devices() -> list[Device]:
    """Return the CPU, and every GPU of this machine that CUDA_VISIBLE_DEVICES does not hide from this process."""
    memory = psutil.virtual_memory()
    title = f"CPU, {psutil.cpu_count() or 1} threads"
    return [Device(CPU, title, "", memory.total, memory.available, psutil.cpu_percent()), *_gpus()]


def _gpus() -> list[Device]:
    found = []
    with _driver() as number_of_gpus:
        for number in range(number_of_gpus):
            handle = pynvml.nvmlDeviceGetHandleByIndex(number)
            memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
            title, identity = pynvml.nvmlDeviceGetName(handle), pynvml.nvmlDeviceGetUUID(handle)
            if _seen(number, identity):
                found.append(Device(f"cuda:{number}", title, identity, memory.total, memory.free, _load(handle)))
    return found


def _seen(number: int, identity: str) -> bool:
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = None if visible is None else [name.strip() for name in visible.split(",")]
    return names is None or any(name and (name == str(number) or identity.startswith(name)) for name in names)


@contextmanager
def _driver() -> Iterator[int]:
    """NVIDIA's library, opened; how many GPUs it sees, none where there is no driver."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        yield 0
        return
    try:
        yield pynvml.nvmlDeviceGetCount()
    finally:
        pynvml.nvmlShutdown()


def _load(handle: object) -> float:
    try:
        return float(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu)
    except pynvml.NVMLError:  # a GPU that is shared out in parts does not tell
        return float("nan")


def gpu_usage() -> dict[str, float]:
    """Return ``gpu_memory`` (bytes) and ``gpu_load`` (percent) of this process's single GPU; empty without one."""
    found = _gpus()
    if len(found) != 1:
        return {}
    return {"gpu_memory": float(found[0].memory - found[0].free), "gpu_load": found[0].load}


def slots_of(named: Sequence[str]) -> tuple[str, ...]:
    """Return the slots of this machine's queue, each of which runs one job at a time.

    Args:
        named: slots that the settings name; none means one for the CPU and one for each GPU.

    Raises:
        ConfigError: if a slot is neither ``cpu`` nor ``cuda:<number>``.
    """
    for slot in named:
        if slot != CPU and not (slot.startswith(f"{ANY_GPU}:") and slot.removeprefix(f"{ANY_GPU}:").isdecimal()):
            raise ConfigError(f"A slot is {CPU} or {ANY_GPU}:<number>, e.g. {ANY_GPU}:0, not '{slot}'.")
    return tuple(named) or tuple(device.name for device in devices())


def visible_to(slot: str) -> str:
    """Return the value of CUDA_VISIBLE_DEVICES that shows a process the device of a slot alone."""
    found = {device.name: device.identity for device in devices()}
    return found.get(slot) or slot.removeprefix(CPU).removeprefix(f"{ANY_GPU}:")
