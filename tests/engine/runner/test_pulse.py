from __future__ import annotations

import json
import os
import random
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.runner.disks import DiskReading
from engine.runner.family import MACHINE_NAMESPACE
from engine.runner.host import HostReading
from engine.runner.nvml.gpus import Pace
from engine.runner.nvml.reading import MIB, GpuProcess, GpuReading, GpusFound
from engine.runner.pulse import Pulse, PulseReading
from tests.simulated.nvml.simulation import Simulation, build, plugged

HOST = HostReading(
    cpu_pct=36.6,
    load_1m=12.34,
    ram_total=2_063_000 * MIB,
    ram_used=181_234 * MIB,
    ram_available=1_800_000 * MIB,
    tree_cpu_pct=803.2,
    tree_rss=90_000 * MIB,
    tree_processes=73,
    rx_bps=1_234_567.0,
    tx_bps=2048.0,
    disks=(DiskReading("/workspace", 500_000 * MIB, 1_000_000 * MIB), DiskReading("/dead")),
)
GPU = GpuReading(
    index=0,
    name="\x1b[31mH100",
    util_gpu=97,
    util_mem=41,
    mem_used=70_123 * MIB + 5,
    mem_total=81_559 * MIB,
    temp_c=66,
    power_w=612.44,
    sm_mhz=1755,
    mem_mhz=2619,
    throttle=("power_cap", "sw_thermal"),
    processes=(GpuProcess(4242, 70_000 * MIB, True, 3), GpuProcess(17)),
)


def test_the_event_is_short_and_whole() -> None:
    blank = GpuReading(index=1, state="hung", age_s=12.34)
    assert PulseReading(1763000000.12345, HOST, (GPU, blank)).as_event() == {
        "e": "pulsed",
        "t": 1763000000.123,
        "host": {
            "cpu": 37,
            "load": 12.3,
            "ram": [181234, 2063000],
            "free": 1800000,
            "tree": [803, 90000, 73],
            "net": [1206, 2],
            "disks": [["/workspace", 500000, 1000000], ["/dead", None, None]],
        },
        "gpus": {
            "i": [0, 1],
            "util": [97, None],
            "umem": [41, None],
            "mem": [70123, None],
            "temp": [66, None],
            "watt": [612, None],
            "sm": [1755, None],
            "mclk": [2619, None],
            "thr": ["power_cap+sw_thermal", None],
            "age": [None, 12.3],
            "state": ["ok", "hung"],
        },
        "procs": [[0, 4242, 70000, 3, 1], [0, 17, None, None, None]],
    }


def test_nothing_known_is_an_empty_host_and_no_gpus() -> None:
    event = PulseReading(1.0, HostReading(), ()).as_event()
    assert event == {"e": "pulsed", "t": 1.0, "host": {}}


def test_zero_is_a_value() -> None:
    idle = GpuReading(index=0, util_gpu=0, mem_used=0, power_w=0.2, throttle=())
    gpus = PulseReading(1.0, replace(HOST, cpu_pct=0.0), (idle,)).as_event()["gpus"]
    assert gpus == {"i": [0], "util": [0], "mem": [0], "watt": [0], "thr": [""]}


def test_a_pulse_of_eight_gpus_is_small_on_the_wire() -> None:
    """A live run may send 200 bytes a second; its pulses get half of them."""
    dice, link, sent = random.Random(7), zlib.compressobj(), 0
    for beat in range(200):
        gpus = tuple(
            replace(
                GPU,
                index=index,
                util_gpu=dice.randint(90, 100),
                util_mem=dice.randint(35, 60),
                mem_used=dice.randint(70_000, 71_000) * MIB,
                temp_c=dice.randint(60, 70),
                power_w=dice.uniform(500, 700),
                sm_mhz=dice.randint(1600, 1980),
                throttle=dice.choice([(), ("power_cap",)]),
                processes=(GpuProcess(4000 + index, 70_000 * MIB, True, index),),
            )
            for index in range(8)
        )
        host = replace(
            HOST,
            rx_bps=dice.uniform(0, 1e8),
            ram_used=dice.randint(1, 10**6) * MIB,
            tree_cpu_pct=dice.uniform(700, 900),
        )
        event = PulseReading(1.763e9 + 5 * beat, host, gpus).as_event()
        line = json.dumps(event, separators=(",", ":")) + "\n"
        sent += len(link.compress(line.encode())) + len(link.flush(zlib.Z_SYNC_FLUSH))
    assert sent / (200 * 5) <= 100


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("nvml"))


@pytest.fixture
def simulation(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Simulation:
    return plugged(library, tmp_path, monkeypatch)


@pytest.fixture
def beating() -> Iterator[Callable[..., Pulse]]:
    made: list[Pulse] = []

    def make(**settings: object) -> Pulse:
        made.append(Pulse(**settings))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for pulse in made:
        pulse.close()


def told(pulse: Pulse) -> tuple[list[GpusFound | PulseReading], int]:
    """What the next pulse tells, and how many ticks went by until then."""
    for ticks in range(100_000):
        facts = pulse.tick()
        if facts:
            return facts, ticks
        time.sleep(min(0.01, pulse.wait_s()))
    raise AssertionError("no pulse")


def test_the_cards_are_told_once_and_when_they_change(
    simulation: Simulation, beating: Callable[..., Pulse], tmp_path: Path
) -> None:
    pulse = beating(every_s=0.05, paths=[str(tmp_path)])
    kinds = []
    for script in ("", "", "recount 7", "recount 7"):
        simulation.says(script)
        facts, _ = told(pulse)
        kinds.append([fact.as_event()["e"] for fact in facts])
        reading = facts[-1]
        assert isinstance(reading, PulseReading)
        assert reading.host.disks[0].free and reading.host.ram_total
        assert len(reading.gpus) == (7 if script else 8)
    both, one = ["gpus_found", "pulsed"], ["pulsed"]
    assert kinds == [both, one, both, one]


def test_a_hanging_gpu_stops_neither_the_loop_nor_the_other_gpus(
    simulation: Simulation, beating: Callable[..., Pulse]
) -> None:
    pulse = beating(every_s=0.05)
    told(pulse)
    simulation.says("gpu 3 hang 60", "gpu * temp 71")
    facts, ticks = told(pulse)
    reading = facts[-1]
    assert isinstance(reading, PulseReading)
    assert [gpu.temp_c for gpu in reading.gpus] == [71, 71, 71, 53, 71, 71, 71, 71]
    assert [gpu.state for gpu in reading.gpus].count("ok") == 7
    assert ticks > 10, "the loop went on meanwhile"


def test_a_pulse_is_told_even_if_nothing_answers(
    simulation: Simulation, beating: Callable[..., Pulse]
) -> None:
    simulation.says("init_hang 60")
    facts, _ = told(beating(every_s=0.05, pace=Pace(start_s=1000.0)))
    assert [fact.as_event()["e"] for fact in facts] == ["pulsed"]


def test_a_machine_without_gpus_says_so_once(
    beating: Callable[..., Pulse], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCKPIT_NVML", "/nonexistent/libnvidia-ml.so.1")
    monkeypatch.setenv("PATH", "/nonexistent")
    pulse = beating(every_s=0.05)
    facts, _ = told(pulse)
    found, reading = (fact.as_event() for fact in facts)
    assert (found["gpus"], found["source"], found["problem"]) == ([], None, "no_library")
    assert "gpus" not in reading and "procs" not in reading
    assert [fact.as_event()["e"] for fact in told(pulse)[0]] == ["pulsed"]


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A folder that looks like /proc, with a trainer 4242 of rank 3 and a stranger 17."""
    folder = tmp_path / "proc"
    for pid, parent in ((4242, 1), (17, 1)):
        (folder / str(pid)).mkdir(parents=True)
        (folder / str(pid) / "stat").write_text(f"{pid} (a) S {parent}" + " 0" * 30)
        (folder / str(pid) / "environ").write_bytes(b"A=1\0RANK=3\0")
    (folder / "self" / "ns").mkdir(parents=True)
    return folder


@pytest.mark.parametrize(
    ("namespace", "marks"),
    [
        (MACHINE_NAMESPACE, [(True, 3), (False, None)]),
        ("pid:[4026532201]", [(None, None), (None, None)]),  # a container: other numbers
    ],
)
def test_the_trainers_processes_are_marked_where_their_numbers_mean_them(
    simulation: Simulation,
    beating: Callable[..., Pulse],
    proc: Path,
    namespace: str,
    marks: list[tuple[bool | None, int | None]],
) -> None:
    os.symlink(namespace, proc / "self" / "ns" / "pid")
    simulation.says("count 1", "gpu 0 procs 4242:100,17:-")
    pulse = beating(proc=str(proc))
    pulse.follow(4242)
    reading = told(pulse)[0][-1]
    assert isinstance(reading, PulseReading)
    assert [(one.ours, one.rank) for one in reading.gpus[0].processes or ()] == marks
