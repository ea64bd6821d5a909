"""Memory freed by one step serves the next: counted in page faults, in a process of its own."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

STEPS = """
import resource
from engine.train.heap import keep_freed
kept = keep_freed() if {keep} else True
for step in range(12):
    if step == 2:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    activations = [b"x" * 2**24 for _ in range(6)]
    del activations
print(int(kept), resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(keep: bool) -> int:
    argv = [sys.executable, "-c", STEPS.format(keep=keep)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    kept, count = done.stdout.split()
    assert kept == "1"
    return int(count)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc alone is told")
def test_a_step_does_not_pay_for_its_pages_again() -> None:
    # the control: left alone, ten steps of 96 MiB touch their pages anew
    assert faults(keep=False) > 10_000
    assert faults(keep=True) < 1_000
