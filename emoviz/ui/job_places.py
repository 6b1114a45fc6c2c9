"""Places where a job can run, which people choose: a device of this machine, or a part of a cluster."""

import time

import streamlit as st

from ..core.configuration import from_texts
from ..jobs import slurm
from ..jobs.interface import Where
from ..jobs.local import Local
from ..jobs.slurm import Slurm
from . import job_cards
from .cache import cached

FRESH = 30
"""Seconds for which what a cluster has is taken to be as it was."""


def choose_where(key: str = "device") -> Where:
    """Let people choose a device of this machine, or a part of a cluster where there is one.

    Args:
        key: key of the choice of a device.
    """
    known = _parts_of_cluster(int(time.monotonic() // FRESH))
    if (
        not known
        or st.segmented_control("On", ["this machine", "Slurm"], default="this machine", required=True) != "Slurm"
    ):
        return Local(job_cards.choose_device(key))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        partition = st.selectbox("Partition", list(known), format_func=lambda name: f"{name}: {known[name]}")
        asked = {
            name: int(st.number_input(label, least, value=least if name != "minutes" else 60, key=f"slurm-{name}"))
            for name, label, least in (("nodes", "Nodes", 1), ("gpus", "GPUs per node", 0), ("minutes", "Minutes", 1))
        }
    options = st.text_input("Further options of sbatch", key="slurm-options", placeholder="account=lab constraint=a100")
    given = {name: str(value) for name, value in from_texts(options.split()).items()}
    return Slurm(partition=partition, options=given, **asked)


@cached(1)
def _parts_of_cluster(period: int) -> dict[str, str]:
    """Return the nodes of each partition of the cluster in words; nothing without Slurm."""
    kinds: dict[str, list[str]] = {}
    for part in slurm.partitions():
        kinds.setdefault(part.name, []).append(f"{part.nodes} nodes{f' with {part.gpus}' if part.gpus else ''}")
    return {name: ", ".join(entries) for name, entries in kinds.items()}
