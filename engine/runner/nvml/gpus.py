"""All GPUs of the machine: one reading of each per pulse, whatever one of them does.

The probe reads the GPUs one after the other. When it falls silent, the GPU whose turn it is is
hung: the probe is killed, a new one goes on with the rest, and the hung GPU is tried again last
in a later pulse, one such GPU a pulse, with a growing pause. A probe that cannot be killed yet
(stuck in the driver) is left behind; while one is left behind nothing suspect is tried, and with
two nothing is started at all, so nothing piles up. Never waits: `begin` a pulse, then `poll`
until it says that the pulse is complete.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.runner.nvml import words
from engine.runner.nvml.child import Child
from engine.runner.nvml.reading import GpuReading, GpusFound, Up, heard

NVML = "nvml"
STUCK_AT_MOST = 2


@dataclass(frozen=True)
class Pace:
    """Seconds. `start_s` is long because nvmlInit is, on machines without persistence mode."""

    answer_s: float = 1.0  # silence after which the GPU whose turn it is is hung
    start_s: float = 10.0
    smi_answer_s: float = 10.0
    smi_every_s: float = 15.0  # nvidia-smi costs too much for every pulse
    retry_s: float = 5.0  # the first pause; each further one doubles
    longest_retry_s: float = 300.0


@dataclass(frozen=True)
class Setback:
    """Something that failed `tries` times in a row and is not tried again before `retry_at`."""

    word: str
    tries: int
    retry_at: float

    @staticmethod
    def after(before: Setback | None, word: str, now: float, pace: Pace) -> Setback:
        tries = before.tries + 1 if before else 1
        pause = min(pace.retry_s * 2 ** min(tries - 1, 32), pace.longest_retry_s)
        return Setback(word, tries, now + pause)


class Gpus:
    """The runner's side of the probe. All times are of one monotonic clock."""

    def __init__(self, pace: Pace | None = None) -> None:
        self._pace = pace or Pace()
        self._child: Child | None = None
        self._stuck: list[Child] = []  # killed, not yet gone
        self._up: Up | None = None  # what the living probe said of itself
        self._spoke = 0.0  # when the probe was last heard or asked
        self._began = 0.0
        self._smi_after = 0.0
        self._wanted: list[int] | None = []  # still to come in this pulse; None: all there are
        self._known: Up | None = None  # the newest `up` of any probe
        self._readings: dict[int, tuple[float, GpuReading]] = {}
        self._setbacks: dict[int, Setback] = {}  # by GPU
        self._down: str | None = None  # why no probe can answer at all
        self._fallen: Setback | None = None  # kept until a GPU answers well
        self._renewed: Setback | None = None  # kept while a GPU refuses

    def begin(self, now: float) -> None:
        """Order a reading of every GPU."""
        self._began = now
        self._stuck = [child for child in self._stuck if not child.gone()]
        if self._up is None:
            self._wanted = None
            self._start(now)
        elif not self._wanted and not self._resting(now):
            self._order(self._turns(now), now)

    def poll(self, now: float) -> bool:
        """Take what was answered; True once nothing more is to come for this pulse."""
        child = self._child
        if child is None:
            return True
        lines, alive = child.hear()
        for line in lines:
            self._hear(line, now)
        if self._child is child:
            if not alive:
                self._blame(words.CRASHED, now)
            elif self._wanted != [] and now - self._spoke > self._patience():
                self._blame(words.HUNG, now)
            elif lines and not self._wanted:
                self._renew(now)
        return self._wanted == []

    def readings(self, now: float) -> tuple[GpuReading, ...]:
        """The newest reading of every GPU, with the word and the age of those that are not live."""
        count = self._known.count if self._known else 0
        return tuple(self._seen(index, now) for index in range(count))

    def found(self, t: float) -> GpusFound | None:
        """Which GPUs there are; None while nothing is known."""
        if self._known is None and self._down is None:
            return None
        cards = tuple(reading.card() for reading in self.readings(0.0))
        source, driver = (self._known.source, self._known.driver) if self._known else (None, None)
        return GpusFound(t, source, driver, self._down, cards)

    def close(self) -> None:
        """End the probe."""
        if self._child and not self._child.kill():
            self._stuck.append(self._child)
        self._child = self._up = None

    def _patience(self) -> float:
        if self._up is None:
            return self._pace.start_s
        return self._pace.answer_s if self._up.source == NVML else self._pace.smi_answer_s

    def _resting(self, now: float) -> bool:
        return bool(self._up and self._up.source != NVML and now < self._smi_after)

    def _turns(self, now: float) -> list[int]:
        """Whom to read: all that answer, then the one suspect that has waited longest."""
        indices = range(self._up.count) if self._up else range(0)
        well = [index for index in indices if index not in self._setbacks]
        due = [(setback.retry_at, index) for index, setback in self._setbacks.items()]
        if self._stuck or not due or min(due)[0] > now:
            return well
        return [*well, min(due)[1]]

    def _order(self, indices: list[int], now: float) -> None:
        self._wanted = indices
        self._spoke = now
        self._smi_after = now + self._pace.smi_every_s
        if self._child and indices:
            self._child.order(indices)

    def _start(self, now: float) -> None:
        """A new probe, where none lives and none of the pauses forbids it."""
        if self._child:
            return
        if self._fallen and now < self._fallen.retry_at:
            self._wanted = []
        elif len(self._stuck) >= STUCK_AT_MOST:
            self._fall(words.HUNG, now)
        else:
            try:
                self._child = Child()
                self._spoke = now
            except OSError:  # no memory, no process to be had
                self._fall("no_process", now)

    def _hear(self, line: bytes, now: float) -> None:
        said = heard(line)
        if isinstance(said, Up):
            self._rise(said, now)
        elif isinstance(said, str):
            self._fall(said, now)
        elif said and self._wanted and said.index in self._wanted:
            self._spoke = now
            before = self._readings.get(said.index)
            self._readings[said.index] = (now, said.after(before[1] if before else None))
            self._wanted.remove(said.index)
            self._setbacks.pop(said.index, None)
            if said.state == words.OK:
                self._fallen = None

    def _rise(self, up: Up, now: float) -> None:
        """The probe is ready, or counts anew: numbers may then belong to other GPUs than before."""
        if self._known and self._known.count != up.count:
            self._readings.clear()
            self._setbacks.clear()
            self._wanted = None
        self._up = self._known = up
        self._down = None
        # A pulse that was cut short goes on where it stopped.
        self._order(self._turns(now) if self._wanted is None else self._wanted, now)

    def _fall(self, word: str, now: float) -> None:
        """No probe can answer for now."""
        self._down = word
        self._fallen = Setback.after(self._fallen, word, now, self._pace)
        self._wanted = []
        self.close()

    def _blame(self, word: str, now: float) -> None:
        """The probe died or fell silent: by the GPU whose turn it was, if it got that far."""
        if self._wanted is None or self._up is None or self._up.source != NVML:
            self._fall(word, now)
            return
        self.close()
        if self._wanted:
            guilty = self._wanted.pop(0)
            self._setbacks[guilty] = Setback.after(
                self._setbacks.get(guilty), word, now, self._pace
            )
            self._start(now)

    def _renew(self, now: float) -> None:
        """Only a library that is loaded anew sees that a GPU is back, or gone for good."""
        refusing = [
            reading.state
            for read_at, reading in self._readings.values()
            if read_at >= self._began and reading.state in words.REFUSALS.values()
        ]
        if not refusing:
            self._renewed = None
        elif self._renewed is None or now >= self._renewed.retry_at:
            self._renewed = Setback.after(self._renewed, refusing[0], now, self._pace)
            self.close()
            self._start(now)

    def _seen(self, index: int, now: float) -> GpuReading:
        setback = self._setbacks.get(index)
        word = setback.word if setback else self._down
        if index not in self._readings:
            return GpuReading(index, state=word or "unread")
        read_at, reading = self._readings[index]
        age = None if read_at >= self._began else now - read_at
        return replace(reading, state=word or reading.state, age_s=age)
