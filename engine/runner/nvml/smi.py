"""Readings from the nvidia-smi command, for machines whose NVML library cannot be loaded.

One call answers for all GPUs, costs far more than NVML and has no time limit here: whoever asks
kills the process group. What nvidia-smi says in words ([N/A], [Not Supported], ERR!) is None,
never 0.
"""

from __future__ import annotations

import os

from engine.runner.nvml import words

COMMAND = "nvidia-smi"
FORMAT = "--format=csv,noheader,nounits"
MIB = 1 << 20

# The name comes last: it is the only field that may hold a comma.
FIELDS = (
    ("index", "index"),
    ("uuid", "uuid"),
    ("util_gpu", "utilization.gpu"),
    ("util_mem", "utilization.memory"),
    ("mem_used", "memory.used"),
    ("mem_total", "memory.total"),
    ("temp_c", "temperature.gpu"),
    ("power_w", "power.draw"),
    ("power_limit_w", "enforced.power.limit"),
    ("sm_mhz", "clocks.sm"),
    ("mem_mhz", "clocks.mem"),
    ("driver", "driver_version"),
    ("throttle", ""),
    ("name", "name"),
)
# New name, old name; neither is known to very old drivers, which then tell the other fields alone.
THROTTLE_FIELDS = ("clocks_event_reasons.active", "clocks_throttle_reasons.active", "")


class Failed(Exception):
    """nvidia-smi gave no rows; the argument is the word for it."""


def path() -> str | None:
    """Where the command is, as a shell would find it."""
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        found = os.path.join(folder, COMMAND)
        if os.path.isfile(found) and os.access(found, os.X_OK):
            return found
    return None


def read(command: str) -> list[dict[str, object]]:
    """Every GPU's reading, by `GpuReading`'s names and `driver`."""
    code, rows = 0, ""
    for throttle in THROTTLE_FIELDS:
        query = ",".join(name or throttle for _, name in FIELDS if name or throttle)
        code, rows = _run([command, "--query-gpu=" + query, FORMAT])
        if "not a valid field" not in rows:
            break
    refused, shares = _run([command, "--query-compute-apps=gpu_uuid,pid,used_memory", FORMAT])
    readings = parse(rows, None if refused else shares, bool(throttle))
    if code and not readings:
        raise Failed(words.word(code))
    return readings


def parse(rows: str, processes: str | None, throttle: bool = True) -> list[dict[str, object]]:
    """The answers of both queries as readings. Rows that make no sense are left out."""
    keys = [key for key, name in FIELDS if name or throttle]
    shares = None if processes is None else _shares(processes)
    readings = []
    for row in rows.split("\n"):
        cells = [cell.strip() for cell in row.split(",", len(keys) - 1)]
        if len(cells) == len(keys) and cells[0].isdigit():
            reading = _reading(dict(zip(keys, cells)))
            reading["processes"] = (
                None if shares is None else tuple(shares.get(str(reading["uuid"]), ()))
            )
            readings.append(reading)
    return readings


def _reading(cells: dict[str, str]) -> dict[str, object]:
    reading: dict[str, object] = {key: _number(cell) for key, cell in cells.items()}
    reading["state"] = _state(" ".join(cells.values()))
    for key in ("uuid", "name", "driver"):
        reading[key] = None if _absent(cells[key]) else cells[key]
    for key in ("mem_used", "mem_total"):
        mib = _number(cells[key])
        reading[key] = None if mib is None else int(mib * MIB)
    for key in ("index", "util_gpu", "util_mem", "temp_c", "sm_mhz", "mem_mhz"):
        number = _number(cells[key])
        reading[key] = None if number is None else int(number)
    reading["throttle"] = words.throttles(_mask(cells.get("throttle", "")))
    return reading


def _shares(rows: str) -> dict[str, list[tuple[int, int | None]]]:
    shares: dict[str, list[tuple[int, int | None]]] = {}
    for row in rows.split("\n"):
        cells = [cell.strip() for cell in row.split(",")]
        if len(cells) == 3 and cells[1].isdigit():
            mib = _number(cells[2])
            share = (int(cells[1]), None if mib is None else int(mib * MIB))
            shares.setdefault(cells[0], []).append(share)
    return shares


def _state(row: str) -> str:
    if "requires reset" in row:
        return "reset_required"
    return "lost" if "GPU is lost" in row else words.OK


def _absent(cell: str) -> bool:
    return not cell or cell == "N/A" or cell.startswith("[") or "ERR!" in cell


def _number(cell: str) -> float | None:
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if abs(number) < 1e15 else None


def _mask(cell: str) -> int | None:
    try:
        return int(cell, 16) if cell.startswith("0x") else None
    except ValueError:
        return None


def _run(argv: list[str]) -> tuple[int, str]:
    """Exit status and everything printed; a command that cannot start is a missing library."""
    import subprocess  # here, because most probes never need it and it weighs 1.5 MB

    environment = dict(os.environ, LC_ALL="C")
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            check=False,
        )
    except OSError:
        return 12, ""
    return done.returncode, done.stdout.decode("utf-8", "backslashreplace")
