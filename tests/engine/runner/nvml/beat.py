"""Pulses, and the checks that the promise about them is made of."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from engine.runner.nvml.gpus import Gpus
from engine.runner.nvml.reading import GpuReading

LATEST_S = 2.0  # how late a healthy GPU may be, whatever another one does


def pulse(gpus: Gpus, within_s: float = LATEST_S) -> tuple[GpuReading, ...]:
    """One pulse, cut off where the promise ends."""
    began = time.monotonic()
    gpus.begin(began)
    while not gpus.poll(time.monotonic()) and time.monotonic() - began < within_s:
        time.sleep(0.005)
    return gpus.readings(time.monotonic())


def fresh(readings: Sequence[GpuReading], temp_c: int) -> set[int]:
    """The GPUs that were read in this pulse and saw what has changed since the one before."""
    return {
        one.index
        for one in readings
        if one.state == "ok" and one.age_s is None and one.temp_c == temp_c
    }


def states(readings: Sequence[GpuReading]) -> list[str]:
    return [one.state for one in readings]


def probes(parent: int | None = None) -> list[int]:
    """The probe processes that a process, by default this one, has started and that still exist."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "stat").read_text(errors="replace")
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        state, ppid = text[text.rindex(")") + 2 :].split()[:2]
        if int(ppid) == (parent or os.getpid()) and (b"nvml.probe" in command or state == "Z"):
            found.append(int(folder.name))
    return found
