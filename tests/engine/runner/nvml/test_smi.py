from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.runner.nvml import smi
from engine.runner.nvml.gpus import Gpus, Pace
from engine.runner.nvml.reading import MIB, GpuProcess
from tests.engine.runner.nvml.beat import come_down, pulse, states
from tests.simulated.nvml import simulation as simulated

Watch = Callable[..., Gpus]

ROW = (
    "{index}, GPU-{index}, 97, 41, 70123, 81559, 66, 612.44, 700.00, 1755, 2619, 550.54.15, "
    "0x0000000000000024, NVIDIA H100, 80GB HBM3\n"
)
NOTHING = (
    "0, [N/A], [Not Supported], [N/A], N/A, [Unknown Error], ERR!, [Not Supported], [N/A], , "
    "[N/A], [N/A], [Not Supported], [Insufficient Permissions]\n"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the simulated nvidia-smi finds what to print; there is no library."""
    monkeypatch.setenv("COCKPIT_NVML", "/nonexistent/libnvidia-ml.so.1")
    monkeypatch.setenv("SMI_SIMULATION", str(tmp_path))
    here = Path(simulated.__file__).parent
    monkeypatch.setenv("PATH", os.pathsep.join([str(here), os.environ["PATH"]]))
    return tmp_path


def test_readings_come_from_the_command(folder: Path, watched: Watch) -> None:
    (folder / "gpus").write_text(ROW.format(index=0) + ROW.format(index=1))
    (folder / "apps").write_text("GPU-1, 4242, 70000\nGPU-1, 4243, [N/A]\n")
    gpus = watched()
    one, other = pulse(gpus, 10.0)
    assert (one.util_gpu, one.util_mem, one.temp_c) == (97, 41, 66)
    assert (one.mem_used, one.mem_total) == (70123 * MIB, 81559 * MIB)
    assert (one.power_w, one.power_limit_w) == (612.44, 700.0)
    assert (one.sm_mhz, one.mem_mhz) == (1755, 2619)
    assert one.throttle == ("power_cap", "sw_thermal")
    assert one.name == "NVIDIA H100, 80GB HBM3"
    assert one.processes == ()
    assert other.processes == (GpuProcess(4242, 70000 * MIB), GpuProcess(4243, None))
    found = gpus.found(0.0)
    assert found and (found.source, found.driver) == ("nvidia-smi", "550.54.15")


def values(rows: str) -> set[object]:
    reading = smi.parse(rows, None)[0]
    return {value for key, value in reading.items() if key not in ("index", "state")}


def test_what_is_said_in_words_is_none_never_zero() -> None:
    assert values(NOTHING) == {None}


def test_control_a_parser_that_gives_zero_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smi, "_number", lambda cell: 0.0)
    assert values(NOTHING) != {None}


def test_rows_that_make_no_sense_are_left_out() -> None:
    assert smi.parse("", None) == []
    assert smi.parse("No devices were found\n\n,,,\n" + "x," * 20, "a,b\n") == []
    assert len(smi.parse(ROW.format(index=0).replace("H100", "H\u2028\x1c100"), None)) == 1
    nan = ROW.format(index=0).replace("97", "nan").replace("66", "1e400")
    assert smi.parse(nan, None)[0]["util_gpu"] is None


def test_a_gpu_that_needs_a_reset_says_so() -> None:
    row = ROW.format(index=0).replace("66", "[GPU requires reset]")
    assert smi.parse(row, None)[0]["state"] == "reset_required"


@pytest.mark.parametrize(
    ("unknown", "throttle"),
    [
        ("clocks_event_reasons.active\n", ("power_cap", "sw_thermal")),
        ("clocks_event_reasons.active\nclocks_throttle_reasons.active\n", None),
    ],
)
def test_older_commands_know_fewer_fields(
    folder: Path, watched: Watch, unknown: str, throttle: object
) -> None:
    row = ROW.format(index=0)
    (folder / "gpus").write_text(row if throttle else row.replace(" 0x0000000000000024,", ""))
    (folder / "unknown").write_text(unknown)
    reading = pulse(watched(), 10.0)[0]
    assert reading.throttle == throttle
    assert reading.name == "NVIDIA H100, 80GB HBM3"


def test_a_command_that_fails_is_a_problem_with_a_word(folder: Path, watched: Watch) -> None:
    (folder / "gpus").write_text("Failed to initialize NVML: Driver/library version mismatch\n")
    (folder / "status").write_text("18")
    gpus = watched(Pace(retry_s=1000.0))
    assert pulse(gpus, 10.0) == ()
    found = gpus.found(0.0)
    assert found and found.problem == "mismatch"


def test_a_command_that_never_ends_is_killed_with_its_probe(folder: Path, watched: Watch) -> None:
    (folder / "gpus").write_text(ROW.format(index=0))
    gpus = watched(Pace(smi_every_s=0.0, smi_answer_s=0.3, retry_s=1000.0))
    assert states(pulse(gpus, 10.0)) == ["ok"]
    (folder / "sleep").write_text("61.7")
    assert states(pulse(gpus, 10.0)) == ["hung"]
    come_down(0)
    end = time.monotonic() + 20  # a busy machine takes its time to end what was killed
    while any(map(_sleeps, Path("/proc").glob("[0-9]*/cmdline"))):
        assert time.monotonic() < end, "the command outlives its probe"
        time.sleep(0.05)


def test_the_command_is_not_run_for_every_pulse(folder: Path, watched: Watch) -> None:
    (folder / "gpus").write_text(ROW.format(index=0))
    gpus = watched(Pace(smi_every_s=1000.0))
    pulse(gpus, 10.0)
    (folder / "gpus").write_text(ROW.format(index=0).replace("66", "71"))
    reading = pulse(gpus, 10.0)[0]
    assert reading.temp_c == 66
    assert reading.age_s is not None, "and what stands there says its age"


def _sleeps(path: Path) -> bool:
    try:
        return path.read_bytes() == b"sleep\x0061.7\x00"
    except OSError:
        return False
