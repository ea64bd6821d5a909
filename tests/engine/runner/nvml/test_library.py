from __future__ import annotations

from pathlib import Path

import pytest

from engine.runner.nvml import words
from engine.runner.nvml.library import Fallen, Library
from tests.simulated.nvml.simulation import Simulation

SENSORS = {
    "util": ("util_gpu", "util_mem"),
    "mem": ("mem_used", "mem_total"),
    "temp": ("temp_c",),
    "power": ("power_w",),
    "limit": ("power_limit_w",),
    "sm": ("sm_mhz",),
    "clock": ("mem_mhz",),
    "throttle": ("throttle",),
    "procs": ("processes",),
    "name": ("name",),
    "uuid": ("uuid",),
}


def read(library: Path) -> dict[str, object]:
    opened = Library(str(library))
    opened.count()
    return opened.read(0)


def absent_is_none(simulation: Simulation, library: Path, sensor: str, code: int) -> bool:
    """Whether a sensor that is denied, and no other, has no value."""
    simulation.says(f"gpu 0 deny {sensor} {code}")
    reading = read(library)
    missing = {key for key in reading if reading[key] is None}
    missing |= {key for keys in SENSORS.values() for key in keys if key not in reading}
    return missing == set(SENSORS[sensor]) and reading["state"] == "ok"


@pytest.mark.parametrize("code", [3, 4, 6, 13, 999])
@pytest.mark.parametrize("sensor", SENSORS)
def test_a_sensor_without_a_value_is_none(
    simulation: Simulation, library: Path, sensor: str, code: int
) -> None:
    assert absent_is_none(simulation, library, sensor, code)


def test_control_a_zero_for_an_absent_value_is_noticed(
    simulation: Simulation, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Library._number
    monkeypatch.setattr(Library, "_number", lambda *a: real(*a) or 0)
    assert not absent_is_none(simulation, library, "temp", 3)


def refusal(simulation: Simulation, library: Path, code: int) -> object:
    simulation.says(f"gpu 0 error {code}")
    return read(library)["state"]


@pytest.mark.parametrize(
    ("code", "word"),
    [
        (15, "lost"),
        (16, "reset_required"),
        (17, "blocked"),
        (18, "mismatch"),
        (4, "no_permission"),
        (999, "error_999"),
    ],
)
def test_a_gpu_that_refuses_has_a_word(
    simulation: Simulation, library: Path, code: int, word: str
) -> None:
    assert refusal(simulation, library, code) == word


def test_control_without_the_table_of_refusals_the_word_is_missed(
    simulation: Simulation, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "REFUSALS", {})
    assert refusal(simulation, library, 15) != "lost"


def test_a_gpu_that_answers_nothing_after_a_good_start_is_not_well(
    simulation: Simulation, library: Path
) -> None:
    opened = Library(str(library))
    opened.count()
    assert opened.read(0)["state"] == "ok"
    simulation.says("gpu 0 error 999")
    opened.count()
    assert opened.read(0)["state"] == "error_999"


@pytest.mark.parametrize(
    ("code", "word"), [(9, "no_driver"), (18, "mismatch"), (17, "blocked"), (999, "error_999")]
)
def test_a_library_that_does_not_start_says_why(
    simulation: Simulation, library: Path, code: int, word: str
) -> None:
    simulation.says(f"init {code}")
    with pytest.raises(Fallen, match=f"^{word}$"):
        Library(str(library))


def test_a_file_that_is_no_library_is_none(tmp_path: Path) -> None:
    fake = tmp_path / "libnvidia-ml.so.1"
    fake.write_bytes(b"\x7fELF but not really")
    with pytest.raises(Fallen, match=r"^no_library$"):
        Library(str(fake))


def test_a_driver_that_goes_away_fells_the_library(simulation: Simulation, library: Path) -> None:
    opened = Library(str(library))
    opened.count()
    simulation.says("gpu 0 error 9")
    opened.count()
    with pytest.raises(Fallen, match=r"^no_driver$"):
        opened.read(0)


@pytest.mark.parametrize(("code", "word"), [(9, "no_driver"), (18, "mismatch"), (17, "blocked")])
def test_a_driver_that_is_exchanged_fells_the_library(
    simulation: Simulation, library: Path, code: int, word: str
) -> None:
    opened = Library(str(library))
    simulation.says(f"init {code}")
    with pytest.raises(Fallen, match=f"^{word}$"):
        opened.count()


@pytest.mark.parametrize("number", [0, 1, 64, 65, 700])
def test_every_process_is_listed(simulation: Simulation, library: Path, number: int) -> None:
    simulation.says("gpu 0 procs " + ",".join(f"{pid}:{pid}" for pid in range(1, number + 1)))
    found = read(library)["processes"]
    assert found == tuple((pid, pid << 20) for pid in range(1, number + 1))


def test_unknown_throttle_bits_are_kept() -> None:
    assert words.throttles(0) == ()
    assert words.throttles(None) is None
    assert words.throttles(0x1 | 0x20 | 0x10000) == ("idle", "sw_thermal", "0x10000")
