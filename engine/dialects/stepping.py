"""Which step a line belongs to: a told step stands above a bar's, a bar's above an epoch's, counting comes last.

A line that a progress bar interrupts to be printed belongs to the bar's next redraw, so it is held back until that is
there. Steps that go back are passed on as they are: a segment begins anew, nothing is overwritten. What several
processes print of the same step counts once.
"""

from __future__ import annotations

from typing import AbstractSet, Any, Tuple

from engine.dialects.bars import Bar
from engine.dialects.lens import Lens
from engine.dialects.reading import Reading
from engine.events.base import Row

Placed = Tuple[Row, int]
_new = tuple.__new__
FINISHED = 0.9
"""Of a bar: one that begins anew behind that is the next epoch's, before it is another bar."""


class Stepping:
    """Turns readings into rows. `source` says where steps come from: told, bar, epoch or count."""

    def __init__(self, lens: Lens, state: list[Any] | None = None) -> None:
        self._x, self._every = lens.x, lens.every
        self._names = lens.names
        self.total: int | None = None
        self.source: str | None = None
        self.step: int | None = None
        self._plain = not lens.names and lens.x == "step"
        self._keys: AbstractSet[str] = frozenset()
        self._epoch: float | None = None
        self._epochs: int | None = None
        self._bar: tuple[int, int | None] | None = None
        self._base = self._count = 0
        self._ended = False
        self._evals: dict[str, float] = {}
        self._held: tuple[Reading, int] | None = None
        if state is not None:
            self._restore(state)

    def state(self) -> list[Any]:
        """As JSON can hold it; a stepping made of it goes on where this one stands."""
        held = None if self._held is None else [list(self._held[0]), self._held[1]]
        bar = None if self._bar is None else list(self._bar)
        return [self.total, self.source, self.step, sorted(self._keys), self._epoch, self._epochs, bar,
                self._base, self._count, self._ended, dict(self._evals), held]  # fmt: skip

    def _restore(self, state: list[Any]) -> None:
        self.total, self.source, self.step, keys, self._epoch, self._epochs, bar = state[:7]
        self._base, self._count, self._ended, evals, held = state[7:]
        self._evals = dict(evals)
        self._keys = frozenset(keys)
        self._bar = None if bar is None else (bar[0], bar[1])
        if held is not None:
            (step, values, epoch, total, epochs, batch, saved, rank), end = held
            batch = None if batch is None else (batch[0], batch[1])
            self._held = Reading(step, values, epoch, total, epochs, batch, saved, rank), end

    def told(self, reading: Reading, end: int, epochs: bool = True) -> list[Placed]:
        """Rows of a line that a dialect read. `epochs`: its lines may be counted by their epochs."""
        step, values, epoch, total, last, batch, _, rank = reading
        usual = self._plain and self._held is None and rank is None and last is None
        if usual and step is not None and step != self.step and not self._ended:
            # The usual line, made short: everything below comes to the same.
            self.source, self.step, self._keys = "told", step, values.keys()
            if total:
                self.total = total
            return [(_new(Row, (None, step, values, epoch, None, None)), end)]
        if usual and self.source == "count" and self._counts_on(reading, epochs):
            self._count += 1
            self.step, self._keys = self._count * self._every, values.keys()
            return [(_new(Row, (None, self.step, values, epoch, None, None)), end)]
        found = self.flush()
        if total:
            self.total = total
        if last is not None or (batch is None and not values):
            self._epoch = epoch if epoch is not None else self._epoch
            self._epochs = last or self._epochs
        if step is None and batch is None and not values:
            return found
        if self._waits(reading):
            self._held = reading, end
            return found
        return found + self._place(reading, end, epochs)

    def _counts_on(self, reading: Reading, epochs: bool) -> bool:
        """One more line of those that have to be counted, with nothing else to be noted of it."""
        uncounted = reading[0] is None and reading[5] is None and not reading[3] and not epochs
        return uncounted and self._bar is None and not self._ended and "loss" in reading[1]

    def redrawn(self, reading: Reading, end: int) -> list[Placed]:
        """A bar that tells metrics and is drawn twice a step, first with those of the step before."""
        same = self._held is not None and self._held[0][2:6] == reading[2:6]
        found = [] if same else self.flush()
        self._epochs = reading.epochs or self._epochs
        self._held = reading, end
        return found

    def _waits(self, reading: Reading) -> bool:
        unplaced = reading.step is None and reading.batch is None and self._x == "step"
        return unplaced and self._bar is not None and self.source in (None, "bar")

    def flush(self) -> list[Placed]:
        """The line that was held back, at the step that is known now."""
        if self._held is None:
            return []
        (reading, end), self._held = self._held, None
        return self._place(reading, end, epochs=False)

    def pending(self) -> list[Placed]:
        """What `flush` would give now, which goes on being held back."""
        if self._held is None:
            return []
        twin = Stepping.__new__(Stepping)
        twin.__dict__.update(self.__dict__)
        twin._evals = dict(self._evals)
        return twin.flush()

    def bar(self, bar: Bar, end: int, whole_run: bool) -> list[Placed]:
        """A redraw. `whole_run`: one bar stands for all of the training, never for one epoch of it."""
        if not self._counts(bar, whole_run):
            return []
        self._bar = bar.at, bar.total
        if self.source is None and not self._ended:
            self.source = "bar"
        if self.source != "bar":
            return self.flush()
        self.total = self._whole(bar)
        found = self.flush()
        # The summary was the end: a bar that follows may be an evaluation's, so only a loss makes it a training's.
        if not self._ended:
            found += self._row(self._base + bar.at, Reading(None, bar.values), end)
        return found

    def _counts(self, bar: Bar, whole_run: bool) -> bool:
        """Whether this bar is the training's; notes the epoch that ends when its bar begins anew."""
        if self._bar is None or self._ended:
            return True
        at, total = self._bar
        if bar.total != total:
            if bar.total is None or (total is not None and bar.total < total):
                return False
            self._base = 0
        elif bar.at < at and not whole_run and total and at >= FINISHED * total:
            self._base += total
        return True

    def _whole(self, bar: Bar) -> int | None:
        """Steps of the run by its bar: of all epochs, where the bar is one epoch's."""
        told = bar.epochs
        epochs = told[1] if told is not None else self._epochs
        if bar.total is None:
            return self.total
        if epochs is not None:
            return epochs * bar.total
        return bar.total if not self._base and told is None else None

    def end(self, reading: Reading, end: int) -> list[Placed]:
        """The training's own summary: another one may follow, with another bar."""
        found = self.flush() + self._row(self.step, reading, end)
        self._ended = True
        return found

    def _place(self, reading: Reading, end: int, epochs: bool) -> list[Placed]:
        step = reading.step
        if self._ended and "loss" in reading.values:
            self._ended = False
            if self._bar is not None and self._bar[1]:
                self.total = self._bar[1]
        if self._x != "step":
            step = self._by_x(reading)
        elif step is not None:
            self.source = "told"
        elif reading.batch is not None:
            step = self._by_batch(reading)
        elif self.source != "told":
            step = self._guess(reading, epochs)
        return self._row(step, reading, end)

    def _by_x(self, reading: Reading) -> int | None:
        """Counted by what the profile says."""
        self.source = "told"
        told = reading.epoch if self._x == "epoch" else reading.values.get(self._x)
        if self._x == "epoch" and (reading.epochs or self._epochs):
            self.total = reading.epochs or self._epochs
        return int(told) if told is not None and abs(told) < 2**53 else None

    def _by_batch(self, reading: Reading) -> int | None:
        if reading.batch is None:
            return None
        at, of = reading.batch
        self.source = "told"
        epoch = reading.epoch if reading.epoch is not None else self._epoch
        epochs = reading.epochs or self._epochs
        if epochs is not None:
            self.total = epochs * of
        return (int(epoch) - 1 if epoch is not None and 1 <= epoch < 2**31 else 0) * of + at

    def _guess(self, reading: Reading, epochs: bool) -> int | None:
        if self._bar is not None and self.source == "bar":
            return self._base + self._bar[0]
        epoch = reading.epoch
        if (
            epochs
            and epoch is not None
            and abs(epoch) < 2**53
            and epoch == int(epoch)
            and self.source != "count"
        ):
            self.source = "epoch"
            self.total = reading.epochs or self.total
            return int(epoch)
        if self.source == "epoch" or "loss" not in reading.values:
            return None
        self.source = "count"
        self._count += 1
        return self._count * self._every

    def _row(self, step: int | None, reading: Reading, end: int) -> list[Placed]:
        values = reading.values
        if reading.batch is not None and self._evals:
            # A bar goes on showing the last evaluation, which is no new one.
            values = {name: one for name, one in values.items() if self._evals.get(name) != one}
        if reading.batch is not None:
            self._evals.update(
                (name, one) for name, one in values.items() if name.startswith("eval_")
            )
        if self._names:
            values = {self._names.get(name.lower(), name): one for name, one in values.items()}
        if reading.rank:
            return (
                [(Row(None, step, values, reading.epoch, None, reading.rank), end)]
                if values
                else []
            )
        if step is not None:
            if step != self.step:
                self.step, self._keys = step, values.keys()
            elif self._keys >= values.keys():
                return []
            else:
                values = {name: one for name, one in values.items() if name not in self._keys}
                if "eval_loss" in self._keys and "step_ms" in values:
                    values["eval_step_ms"] = values.pop("step_ms")  # it holds the evaluation, too
                self._keys = self._keys | values.keys()
        elif not values:
            return []
        return [(Row(None, step, values, reading.epoch), end)]
