from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.runner.nvml.gpus import Gpus, Pace
from engine.runner.nvml.reading import MIB, GpuProcess, GpuReading
from tests.engine.runner.nvml.beat import come_down, dead, fresh, probes, pulse, states
from tests.simulated.nvml.simulation import Simulation

Watch = Callable[..., Gpus]
OTHERS = {0, 1, 2, 4, 5, 6, 7}


def test_eight_gpus_are_read_in_one_pulse(simulation: Simulation, watched: Watch) -> None:
    simulation.says("gpu 5 throttle 44", "gpu 5 procs 4242:1500,4243:-", "gpu 5 util 0 0")
    gpus = watched()
    readings = pulse(gpus)
    assert [one.index for one in readings] == list(range(8))
    assert readings[5] == GpuReading(
        index=5,
        uuid="GPU-00000005-0000-0000-0000-000000000000",
        name="NVIDIA H100 80GB HBM3",
        util_gpu=0,
        util_mem=0,
        mem_used=10005 * MIB,
        mem_total=81559 * MIB,
        temp_c=55,
        power_w=405.0,
        power_limit_w=700.0,
        sm_mhz=1705,
        mem_mhz=2600,
        throttle=("power_cap", "hw_thermal"),
        processes=(GpuProcess(4242, 1500 * MIB), GpuProcess(4243, None)),
    )


def test_the_cards_are_found_with_what_does_not_change(
    simulation: Simulation, watched: Watch
) -> None:
    simulation.says("count 2", "driver 550.54")
    gpus = watched()
    assert gpus.found(1.0) is None
    pulse(gpus)
    found = gpus.found(1.0)
    assert found and found.as_event() == {
        "e": "gpus_found",
        "t": 1.0,
        "source": "nvml",
        "driver": "550.54",
        "problem": None,
        "gpus": [
            {
                "i": index,
                "uuid": f"GPU-0000000{index}-0000-0000-0000-000000000000",
                "name": "NVIDIA H100 80GB HBM3",
                "mem": 81559,
                "watt": 700,
            }
            for index in (0, 1)
        ],
    }


@pytest.mark.parametrize(
    ("code", "word"), [(15, "lost"), (16, "reset_required"), (17, "blocked"), (18, "mismatch")]
)
def test_a_gpu_that_refuses_says_why_and_the_others_go_on(
    simulation: Simulation, watched: Watch, code: int, word: str
) -> None:
    gpus = watched()
    pulse(gpus)
    simulation.says(f"gpu 3 error {code}", "gpu * temp 71")
    readings = pulse(gpus)
    assert readings[3].state == word
    assert readings[3].temp_c is None and readings[3].mem_used is None
    assert readings[3].name == "NVIDIA H100 80GB HBM3", "what it is does not change"
    assert fresh(readings, 71) == OTHERS


def test_a_gpu_that_refused_is_well_once_it_answers(simulation: Simulation, watched: Watch) -> None:
    simulation.says("gpu 3 error 15")
    gpus = watched()
    assert states(pulse(gpus))[3] == "lost"
    simulation.says("gpu * temp 60")
    assert fresh(pulse(gpus), 60) == OTHERS | {3}


def test_eight_gpus_may_become_seven(simulation: Simulation, watched: Watch) -> None:
    gpus = watched()
    assert len(pulse(gpus)) == 8
    simulation.says("recount 7", "gpu * temp 71")
    assert fresh(pulse(gpus), 71) == set(range(7))
    found = gpus.found(0.0)
    assert found and len(found.cards) == 7


def test_a_lost_gpu_may_be_gone_for_a_library_loaded_anew(
    simulation: Simulation, watched: Watch
) -> None:
    gpus = watched()
    pulse(gpus)
    simulation.says("count 7", "gpu 7 error 15")
    assert states(pulse(gpus)) == ["ok"] * 7 + ["lost"]
    assert states(pulse(gpus)) == ["ok"] * 7


def test_the_library_is_not_loaded_anew_at_every_pulse(
    simulation: Simulation, watched: Watch
) -> None:
    gpus = watched(Pace(retry_s=1000.0))
    simulation.says("gpu 7 error 15")
    for _ in range(2):
        pulse(gpus)
    before = come_down(1)
    for _ in range(3):
        assert states(pulse(gpus))[7] == "lost"
    assert probes() == before and len(before) == 1


def test_a_driver_that_is_unloaded_and_loaded_again(
    simulation: Simulation, watched: Watch, monkeypatch: pytest.MonkeyPatch, library: Path
) -> None:
    gpus = watched()
    pulse(gpus)
    simulation.says("init 9")
    assert states(pulse(gpus)) == ["no_driver"] * 8
    monkeypatch.setenv("COCKPIT_NVML", str(library) + ".vanished")
    readings = pulse(gpus)
    assert states(readings) == ["no_library"] * 8
    assert readings[0].temp_c == 50 and readings[0].age_s, "last known, with its age"
    found = gpus.found(0.0)
    assert found and found.problem == "no_library" and len(found.cards) == 8
    monkeypatch.setenv("COCKPIT_NVML", str(library))
    simulation.says("gpu * temp 71")
    assert fresh(pulse(gpus), 71) == set(range(8))
    found = gpus.found(0.0)
    assert found and found.problem is None


def test_a_library_that_does_not_fit_the_driver_is_named(
    simulation: Simulation, watched: Watch
) -> None:
    simulation.says("init 18")
    gpus = watched()
    assert pulse(gpus) == ()
    found = gpus.found(0.0)
    assert found and (found.problem, found.source, found.cards) == ("mismatch", None, ())


def test_no_library_and_no_command_is_no_gpu_and_no_process(
    simulation: Simulation, watched: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCKPIT_NVML", "/nonexistent/libnvidia-ml.so.1")
    gpus = watched(Pace(retry_s=1000.0))
    assert pulse(gpus) == pulse(gpus) == ()
    found = gpus.found(0.0)
    assert found and found.problem == "no_library"
    come_down(0)


def test_pauses_grow_up_to_a_limit(simulation: Simulation, watched: Watch) -> None:
    simulation.says("init 9")
    gpus = watched(Pace(retry_s=5.0, longest_retry_s=300.0))
    now, starts, old = 1000.0, [], dead()
    while now < 2500.0:
        gpus.begin(now)
        if probes() or dead() - old:  # a quick one has ended already
            starts.append(now)
            while not gpus.poll(now):
                time.sleep(0.005)
        now += 5.0
    pauses = [later - sooner for sooner, later in itertools.pairwise(starts)]
    assert pauses == [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0, 300.0]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (r"\x1b]0;owned\x07\x1b[2J", "\x1b]0;owned\x07\x1b[2J"),
        (r"\xe2\x80\xaeH001X", "\u202eH001X"),
        (r"H\xff\xfe100\xed\xa0\x80", r"H\xff\xfe100\xed\xa0\x80"),
        ("[/red][@click=app.quit]H100", "[/red][@click=app.quit]H100"),
        (r"\x0a\x0d('down', 'x')", "\n\r('down', 'x')"),
        ("", ""),
        ("x" * 95, "x" * 95),
    ],
)
def test_a_hostile_name_arrives_as_plain_text(
    simulation: Simulation, watched: Watch, written: str, name: str
) -> None:
    simulation.says("count 1", f"gpu 0 name {written}")
    gpus = watched()
    assert pulse(gpus)[0].name == name
    found = gpus.found(0.0)
    assert found and "\n" not in json.dumps(found.as_event())
    name.encode()  # nothing that a later writer could not encode


def test_what_a_library_prints_is_no_reading(simulation: Simulation, watched: Watch) -> None:
    simulation.says("count 2", r"print ('gpu', {'index': 0, 'temp_c': 1})\x0a('up', 3)\x0anoise")
    readings = pulse(watched())
    assert states(readings) == ["ok", "ok"] and readings[1].temp_c == 51


def test_a_library_that_lacks_a_symbol_lacks_that_value_alone(
    lacking: Path, simulation: Simulation, watched: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCKPIT_NVML", str(lacking))
    simulation.says("count 1", "gpu 0 procs 7:10,8:-", "gpu 0 throttle 800")
    reading = pulse(watched())[0]
    assert reading.state == "ok"
    assert reading.power_w == (None if lacking.parent.name == "WITHOUT_POWER" else 400.0)
    assert reading.mem_used == 10000 * MIB
    assert reading.throttle == ("0x800",)
    assert reading.processes == (GpuProcess(7, 10 * MIB), GpuProcess(8, None))
