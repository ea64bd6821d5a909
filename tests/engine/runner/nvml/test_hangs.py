from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.runner.nvml.child import Child
from engine.runner.nvml.gpus import Gpus, Pace
from tests.engine.runner.nvml.beat import come_down, dead, fresh, probes, pulse, states
from tests.simulated.nvml.simulation import Simulation

Watch = Callable[..., Gpus]
OTHERS = {0, 1, 2, 4, 5, 6, 7}


def others_live_on(simulation: Simulation, gpus: Gpus) -> bool:
    """Whether one hanging GPU leaves all others live, in the pulse in which it hangs and after."""
    pulse(gpus)
    for temp in (71, 72):
        simulation.says("gpu 3 hang 60", f"gpu * temp {temp}")
        readings = pulse(gpus)
        if fresh(readings, temp) != OTHERS:
            return False
    return readings[3].state == "hung"


def test_a_hanging_gpu_delays_no_other(simulation: Simulation, watched: Watch) -> None:
    gpus = watched()
    assert others_live_on(simulation, gpus)
    hung = gpus.readings(time.monotonic())[3]
    assert hung.temp_c == 53, "the last known value stays"
    assert hung.age_s is not None and hung.age_s > 0


def test_control_without_a_limit_on_silence_the_others_would_wait(
    simulation: Simulation, watched: Watch
) -> None:
    assert not others_live_on(simulation, watched(Pace(answer_s=1000.0)))


def test_control_with_the_hung_gpu_in_its_old_turn_the_others_would_wait(
    simulation: Simulation, watched: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Gpus, "_turns", lambda gpus, now: [3, 0, 1, 2, 4, 5, 6, 7])
    monkeypatch.setattr(Gpus, "_blame", lambda gpus, word, now: gpus.close())
    assert not others_live_on(simulation, watched())


def test_a_gpu_that_hung_is_well_once_it_answers(simulation: Simulation, watched: Watch) -> None:
    gpus = watched()
    simulation.says("gpu 3 hang 60")
    assert states(pulse(gpus))[3] == "hung"
    simulation.says("gpu * temp 60")
    assert fresh(pulse(gpus), 60) == OTHERS | {3}


def test_a_hung_gpu_is_left_alone_for_a_while(simulation: Simulation, watched: Watch) -> None:
    gpus = watched(Pace(retry_s=1000.0))
    simulation.says("gpu 3 hang 60")
    pulse(gpus)
    before = come_down(1)
    for temp in (71, 72, 73):
        simulation.says("gpu 3 hang 60", f"gpu * temp {temp}")
        readings = pulse(gpus)
        assert fresh(readings, temp) == OTHERS and readings[3].state == "hung"
    assert probes() == before, "nothing was killed for a GPU that is not tried"


def test_hangs_pile_up_no_processes(simulation: Simulation, watched: Watch) -> None:
    gpus = watched(Pace(answer_s=0.2, retry_s=0.0))
    simulation.says("gpu 3 hang 60", "gpu 6 hang 60")
    for _ in range(6):
        pulse(gpus)
        come_down(1)
    assert states(gpus.readings(time.monotonic()))[3] == "hung"


def test_control_probes_that_are_not_killed_would_pile_up(
    simulation: Simulation, watched: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Child, "kill", lambda child: True)
    gpus = watched(Pace(answer_s=0.2, retry_s=0.0))
    simulation.says("gpu 3 hang 60", "gpu 6 hang 60")
    for _ in range(3):
        pulse(gpus)
    found = probes()
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    assert len(found) > 1


def test_probes_that_cannot_be_killed_are_two_at_most(
    simulation: Simulation, watched: Watch
) -> None:
    gpus = watched(Pace(answer_s=0.5, retry_s=0.0))
    pulse(gpus)
    before = dead()
    simulation.says("gpu 3 stuck 1", "gpu * temp 71")
    assert fresh(pulse(gpus), 71) == OTHERS
    if dead() == before:
        pytest.skip("this system does not let a process trace another")
    simulation.says("gpu 3 stuck 1", "gpu 4 stuck 1", "gpu * temp 72")
    for _ in range(3):
        readings = pulse(gpus)
        assert len(probes()) + len(dead() - before) <= 2
    assert states(readings) == ["hung"] * 8, "nothing can be read, and that is said"
    simulation.release()
    simulation.says("gpu * temp 73")
    for _ in range(100):  # GPU 3 and GPU 4 each wait for a pulse of their own
        if fresh(pulse(gpus), 73) == OTHERS | {3}:
            return
        time.sleep(0.05)
    raise AssertionError(states(gpus.readings(time.monotonic())))


def test_a_library_that_crashes_takes_nothing_along(simulation: Simulation, watched: Watch) -> None:
    gpus = watched()
    simulation.says("gpu 3 crash 1", "gpu * temp 71")
    readings = pulse(gpus)
    assert fresh(readings, 71) == OTHERS
    assert readings[3].state == "crashed"


def test_a_library_that_hangs_at_its_start_is_a_problem_of_all(
    simulation: Simulation, watched: Watch
) -> None:
    simulation.says("init_hang 60")
    gpus = watched(Pace(start_s=0.2, retry_s=1000.0))
    assert pulse(gpus) == ()
    found = gpus.found(0.0)
    assert found and found.problem == "hung"
    come_down(0)


def test_a_probe_ends_with_its_runner(simulation: Simulation, tmp_path: Path) -> None:
    script = (
        "import time\nfrom engine.runner.nvml.gpus import Gpus\n"
        "gpus = Gpus(); gpus.begin(0.0)\n"
        "while not gpus.poll(0.0): time.sleep(0.005)\n"
        "print(gpus._child.pid, flush=True); time.sleep(60)"
    )
    runner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert runner.stdout
    probe = int(runner.stdout.readline())
    runner.send_signal(signal.SIGKILL)
    runner.wait()
    for _ in range(500):
        if not os.path.exists(f"/proc/{probe}"):
            return
        time.sleep(0.01)
    raise AssertionError("the probe lives on")
