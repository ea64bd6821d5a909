"""What the pulse costs and how late a hanging GPU makes the others, on eight simulated GPUs.

`run()` returns figures as (name, value, unit, note). The peer is nvidia-ml-py with the same calls.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from ctypes import CDLL
from pathlib import Path

import engine
from engine.runner.nvml.gpus import Gpus, Pace
from engine.runner.nvml.library import Library
from engine.runner.pulse import Pulse
from tests.simulated.nvml.simulation import Simulation, build

Figure = tuple[str, float, str, str]

PULSES = 200
HANGS = 5
WATCHED_S = 30.0
PROCS = [f"gpu {index} procs {4000 + index}:70000" for index in range(8)]

# A process that does nothing but the pulse, at the default pace, as isolated as the zipapp runs.
BARE = """
import sys, time
sys.path.insert(0, sys.argv[1])
from engine.runner.pulse import Pulse
pulse = Pulse(paths=["/"])
pulse.follow(int(sys.argv[2]))
while True:
    for fact in pulse.tick():
        if fact.as_event()["e"] == "pulsed":
            print(pulse._gpus._child.pid, flush=True)
    time.sleep(pulse.wait_s())
"""


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        simulation = Simulation(Path(folder))
        os.environ["COCKPIT_NVML"] = str(build(Path(folder)))
        os.environ["NVML_SIMULATION"] = str(simulation.path)
        simulation.says(*PROCS)
        return [*_calls(), *_pulses(), *_hangs(simulation), *_wire(), *_process(simulation)]


def _calls() -> list[Figure]:
    library = Library(os.environ["COCKPIT_NVML"])

    def ours() -> None:
        for index in range(library.count()):
            library.read(index)

    figures = [("NVML sampling of 8 GPUs", _median_ms(ours), "ms", "target <= 5, in the probe")]
    try:
        peer = _peer()
    except ImportError:
        return figures
    return [*figures, ("the same by nvidia-ml-py", _median_ms(peer), "ms", "peer")]


def _peer() -> Callable[[], None]:
    import pynvml

    pynvml.nvmlLib = CDLL(os.environ["COCKPIT_NVML"])
    pynvml.nvmlLib.nvmlInit_v2()

    def read() -> None:
        for index in range(pynvml.nvmlDeviceGetCount()):
            gpu = pynvml.nvmlDeviceGetHandleByIndex(index)
            pynvml.nvmlDeviceGetUUID(gpu)
            pynvml.nvmlDeviceGetName(gpu)
            pynvml.nvmlDeviceGetMemoryInfo(gpu, pynvml.nvmlMemory_v2)
            pynvml.nvmlDeviceGetUtilizationRates(gpu)
            pynvml.nvmlDeviceGetTemperature(gpu, 0)
            pynvml.nvmlDeviceGetPowerUsage(gpu)
            pynvml.nvmlDeviceGetEnforcedPowerLimit(gpu)
            pynvml.nvmlDeviceGetClockInfo(gpu, 1)
            pynvml.nvmlDeviceGetClockInfo(gpu, 2)
            pynvml.nvmlDeviceGetCurrentClocksEventReasons(gpu)
            pynvml.nvmlDeviceGetComputeRunningProcesses(gpu)

    return read


def _pulses() -> list[Figure]:
    gpus = Gpus()
    _read(gpus)
    try:
        ms = _median_ms(lambda: _read(gpus))
    finally:
        gpus.close()
    return [("a pulse of 8 GPUs, ordered to read", ms, "ms", "through the probe's pipe")]


def _hangs(simulation: Simulation) -> list[Figure]:
    latest = []
    for hang in range(HANGS):
        gpus = Gpus(Pace(retry_s=0.0))
        simulation.says(*PROCS)
        _read(gpus)
        simulation.says(*PROCS, f"gpu {hang} hang 60", "gpu * temp 71")
        began = time.monotonic()
        gpus.begin(began)
        while sum(one.temp_c == 71 for one in gpus.readings(began)) < 7:
            gpus.poll(time.monotonic())
            time.sleep(0.001)
        latest.append(time.monotonic() - began)
        gpus.close()
    simulation.says(*PROCS)
    return [("the last healthy GPU beside one that hangs", max(latest), "s", f"max of {HANGS}")]


def _wire() -> list[Figure]:
    pulse, link, raw, sent = Pulse(every_s=0.0, paths=["/"]), zlib.compressobj(), 0, 0
    pulse.follow(os.getpid())
    for _ in range(PULSES):
        facts = pulse.tick()
        while not facts:
            time.sleep(0.002)
            facts = pulse.tick()
        line = json.dumps(facts[-1].as_event(), separators=(",", ":")).encode() + b"\n"
        raw += len(line)
        sent += len(link.compress(line)) + len(link.flush(zlib.Z_SYNC_FLUSH))
    pulse.close()
    return [
        ("the event pulsed, 8 GPUs", raw / PULSES, "bytes", "as written"),
        ("the same on the wire", sent / PULSES / 5, "bytes/s", "zlib stream, every 5 s"),
    ]


def _process(simulation: Simulation) -> list[Figure]:
    home = str(Path(engine.__file__).parent.parent)
    bare = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", BARE, home, str(os.getpid())],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert bare.stdout
        both = [bare.pid, int(bare.stdout.readline())]
        bare.stdout.readline()
        began, before = time.monotonic(), sum(map(_ran_s, both))
        time.sleep(WATCHED_S)
        cpu = 100 * (sum(map(_ran_s, both)) - before) / (time.monotonic() - began)
        sizes = {
            name: [_size_mb(pid, name) for pid in both] for name in ("Rss", "Pss", "Private_Dirty")
        }
    finally:
        bare.kill()
        bare.wait()
    note = "process + probe: {:.1f} + {:.1f}"
    return [
        (f"memory, {name}", sum(pair), "MB", note.format(*pair)) for name, pair in sizes.items()
    ] + [("CPU of both at the default pulse", cpu, "%", f"of a core, over {WATCHED_S:.0f} s")]


def _read(gpus: Gpus) -> None:
    gpus.begin(time.monotonic())
    while not gpus.poll(time.monotonic()):
        time.sleep(0.0002)


def _median_ms(work: Callable[[], object]) -> float:
    times = []
    for _ in range(PULSES):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return 1000 * statistics.median(times)


def _ran_s(pid: int) -> float:
    """CPU time of all threads, finer than clock ticks."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def _size_mb(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1000
    raise LookupError(name)


if __name__ == "__main__":
    for name, value, unit, note in run():
        print(f"{name:45} {value:9.3f} {unit:8} {note}")
