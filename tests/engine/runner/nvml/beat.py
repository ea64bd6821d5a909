"""Pulses, and the checks that the promise about them is made of."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
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


def probes() -> list[int]:
    """The probe processes of this process that have not ended."""
    return [pid for pid, state, command in _children() if b"nvml.probe" in command and state != "Z"]


def dead() -> set[int]:
    """Processes of this process that have ended and that it has not been told of."""
    return {pid for pid, state, _ in _children() if state == "Z"}


def come_down(most: int) -> list[int]:
    """The probes once there are no more than so many: what was killed may take a while to die."""
    for _ in range(1000):
        found = probes()
        if len(found) <= most:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{found} live on")


def _children() -> Iterator[tuple[int, str, bytes]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "stat").read_text(errors="replace")
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        state, parent = text[text.rindex(")") + 2 :].split()[:2]
        if int(parent) == os.getpid():
            yield int(folder.name), state, command
