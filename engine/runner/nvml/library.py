"""NVML through ctypes: one call per sensor, absent sensors are None, a GPU's refusal is a word.

It asks nothing slow: PCIe throughput is left out because NVML measures it over 20 ms per
direction. Strings come back as the library gave them, decoded without loss but not made safe for
a screen.
"""

from __future__ import annotations

from ctypes import (
    CDLL,
    Structure,
    byref,
    c_uint,
    c_ulonglong,
    c_void_p,
    create_string_buffer,
    sizeof,
)

from engine.runner.nvml import words

TEMPERATURE_GPU = 0
CLOCK_SM = 1
CLOCK_MEM = 2
NOT_AVAILABLE = 0xFFFFFFFFFFFFFFFF  # a process's memory where the driver does not tell it
STRING_BYTES = 96
VITAL = ("mem_used", "util_gpu", "temp_c", "power_w")  # a GPU without any of them is not well


class Utilization(Structure):
    _fields_ = [("gpu", c_uint), ("memory", c_uint)]


class Memory(Structure):
    _fields_ = [("total", c_ulonglong), ("free", c_ulonglong), ("used", c_ulonglong)]


class MemoryV2(Structure):
    """Tells the driver's own reserve apart from what is used, as nvidia-smi does."""

    _fields_ = [
        ("version", c_uint),
        ("total", c_ulonglong),
        ("reserved", c_ulonglong),
        ("free", c_ulonglong),
        ("used", c_ulonglong),
    ]


class Process(Structure):
    _fields_ = [("pid", c_uint), ("memory", c_ulonglong)]


class ProcessV2(Structure):
    """Also what the symbol with suffix _v3 fills."""

    _fields_ = [("pid", c_uint), ("memory", c_ulonglong), ("gi", c_uint), ("ci", c_uint)]


PROCESS_CALLS = (
    ("nvmlDeviceGetComputeRunningProcesses_v3", ProcessV2),
    ("nvmlDeviceGetComputeRunningProcesses_v2", ProcessV2),
    ("nvmlDeviceGetComputeRunningProcesses", Process),
)


class Fallen(Exception):
    """The library as a whole does not answer; the argument is the word for it."""


class Refused(Exception):
    """One GPU does not answer; the argument is the word for it."""


class Library:
    """An initialised NVML library. `Fallen`: there is none, or it cannot speak to the driver."""

    def __init__(self, path: str) -> None:
        try:
            self._library = CDLL(path)
        except OSError:
            raise Fallen(words.NO_LIBRARY) from None
        self._handles: dict[int, c_void_p] = {}
        self._failed = 0  # the last error of any call
        self._whole("nvmlInit_v2")

    def count(self) -> int:
        number = c_uint()
        self._whole("nvmlDeviceGetCount_v2", byref(number))
        return number.value

    def driver(self) -> str | None:
        buffer = create_string_buffer(STRING_BYTES)
        failed = self._call("nvmlSystemGetDriverVersion", buffer, STRING_BYTES)
        return None if failed else _decoded(buffer.value)

    def read(self, index: int) -> dict[str, object]:
        """One GPU's reading by `GpuReading`'s names; a refusal keeps what was read before it."""
        reading: dict[str, object] = {"index": index, "state": words.OK}
        try:
            self._sensors(self._handle(index), reading)
            if all(reading.get(key) is None for key in VITAL):
                raise Refused(words.word(self._failed))
        except Refused as refused:
            reading["state"] = str(refused)
            self._handles.pop(index, None)
        return reading

    def _sensors(self, gpu: c_void_p, reading: dict[str, object]) -> None:
        reading["uuid"] = self._text("nvmlDeviceGetUUID", gpu)
        reading["name"] = self._text("nvmlDeviceGetName", gpu)
        reading["mem_used"], reading["mem_total"] = self._memory(gpu)
        load = Utilization()
        if not self._code("nvmlDeviceGetUtilizationRates", gpu, byref(load)):
            reading["util_gpu"], reading["util_mem"] = load.gpu, load.memory
        reading["temp_c"] = self._number("nvmlDeviceGetTemperature", gpu, TEMPERATURE_GPU)
        for key, name in (
            ("power_w", "nvmlDeviceGetPowerUsage"),
            ("power_limit_w", "nvmlDeviceGetEnforcedPowerLimit"),
        ):
            milliwatts = self._number(name, gpu)
            reading[key] = None if milliwatts is None else milliwatts / 1000
        reading["sm_mhz"] = self._number("nvmlDeviceGetClockInfo", gpu, CLOCK_SM)
        reading["mem_mhz"] = self._number("nvmlDeviceGetClockInfo", gpu, CLOCK_MEM)
        reading["throttle"] = words.throttles(self._throttle(gpu))
        reading["processes"] = self._processes(gpu)

    def _handle(self, index: int) -> c_void_p:
        if index not in self._handles:
            handle = c_void_p()
            code = self._code("nvmlDeviceGetHandleByIndex_v2", index, byref(handle))
            if code:
                raise Refused(words.word(code))
            self._handles[index] = handle
        return self._handles[index]

    def _memory(self, gpu: c_void_p) -> tuple[int | None, int | None]:
        fine = MemoryV2(version=sizeof(MemoryV2) | 2 << 24)
        if not self._code("nvmlDeviceGetMemoryInfo_v2", gpu, byref(fine)):
            return fine.used, fine.total
        coarse = Memory()
        if not self._code("nvmlDeviceGetMemoryInfo", gpu, byref(coarse)):
            return coarse.used, coarse.total
        return None, None

    def _throttle(self, gpu: c_void_p) -> int | None:
        for name in (
            "nvmlDeviceGetCurrentClocksEventReasons",
            "nvmlDeviceGetCurrentClocksThrottleReasons",
        ):
            mask = c_ulonglong()
            if not self._code(name, gpu, byref(mask)):
                return mask.value
        return None

    def _processes(self, gpu: c_void_p) -> tuple[tuple[int, int | None], ...] | None:
        for name, kind in PROCESS_CALLS:
            room = 64
            code = words.TOO_SMALL
            while code == words.TOO_SMALL and room <= 65536:
                found, count = (kind * room)(), c_uint(room)
                code = self._code(name, gpu, byref(count), found)
                room *= 8
            if not code:
                return tuple(
                    (one.pid, None if one.memory == NOT_AVAILABLE else one.memory)
                    for one in found[: count.value]
                )
        return None

    def _number(self, name: str, *arguments: object) -> int | None:
        number = c_uint()
        return None if self._code(name, *arguments, byref(number)) else number.value

    def _text(self, name: str, gpu: c_void_p) -> str | None:
        buffer = create_string_buffer(STRING_BYTES)
        return None if self._code(name, gpu, buffer, STRING_BYTES) else _decoded(buffer.value)

    def _whole(self, name: str, *arguments: object) -> None:
        """A call whose failure is everybody's."""
        code = self._call(name, *arguments)
        if code:
            raise Fallen(words.word(code))

    def _code(self, name: str, *arguments: object) -> int:
        """A call about one GPU: 0, or why this one value is not there. Other failures are raised."""
        code = self._call(name, *arguments)
        if code in words.REFUSALS:
            raise Refused(words.word(code))
        if code in words.ENDINGS:
            raise Fallen(words.word(code))
        return code

    def _call(self, name: str, *arguments: object) -> int:
        function = getattr(self._library, name, None)
        if function is None:
            return words.MISSING_SYMBOL
        code = int(function(*arguments))
        self._failed = code or self._failed
        return code


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")
