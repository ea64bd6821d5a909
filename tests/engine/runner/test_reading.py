"""What a trainer writes, however it writes it: read for the rules, never at the trainer's cost, never wrongly."""

from __future__ import annotations

import random
import resource
from pathlib import Path

from engine.runner import reading
from engine.runner.reading import Reading
from engine.scalars import AttemptFold
from tests.engine.runner.attempts import attempt, python, shell, until

ROW = b'{"loss":1.5,"step":%d}\n'


class Files:
    """The trainer's two files and a reader behind them."""

    def __init__(self, home: Path) -> None:
        self.trainer, self.console = home / "trainer.jsonl", home / "console.log"
        self.fold = AttemptFold()
        self.reading = Reading(self.fold, str(self.trainer), str(self.console))

    def read(self) -> list[reading.Note]:
        return self.reading.read(self.reading.sizes())

    def write(self, path: Path, data: bytes) -> None:
        with path.open("ab") as file:
            file.write(data)

    @property
    def step(self) -> int | None:
        return self.fold.facts().tally.step


def test_rows_are_read_from_either_file(tmp_path: Path) -> None:
    files = Files(tmp_path)
    assert files.read() == [] and files.step is None
    files.write(files.console, b"step=7 loss=2.5\n")
    files.read()
    assert files.step == 7
    files.write(files.trainer, ROW % 8)
    files.read()
    assert files.step == 8


def test_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.write(files.trainer, b'{"step":1')
    files.read()
    assert files.step is None
    files.write(files.trainer, b'2,"loss":1}\n')
    files.read()
    assert files.step == 12


def test_lines_that_are_none_are_counted_and_passed(tmp_path: Path) -> None:
    files = Files(tmp_path)
    bad = [
        b"\xff\xfe\xfa\n",
        b"\0" * 5000 + b"\n",
        b"[" * 3000 + b"\n",
        b'{"step":true}\n',
        b"{}\n",
        b"nan\n",
    ]
    for line in bad:
        files.write(files.trainer, line)
    files.write(files.trainer, ROW % 3)
    files.read()
    facts = files.fold.facts()
    assert (facts.tally.step, facts.tally.rows, facts.unreadable) == (3, 1, len(bad))


def test_a_file_that_begins_anew_is_noticed(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.write(files.trainer, b"".join(ROW % step for step in range(50)) + b'{"step":9')
    files.read()
    files.trainer.write_bytes(ROW % 7)
    notes = files.read()
    assert [(note.file, note.reset) for note in notes] == [("trainer", "truncated")]
    assert files.fold.facts().tally.step == 7
    files.write(files.console, b"one two three\n")
    files.read()
    files.console.write_bytes(b"other\n")
    assert [(note.file, note.reset) for note in files.read()] == [("console", "truncated")]


def flood(files: Files, lines: int) -> int:
    """So many console lines at once; the last one's step."""
    files.write(files.console, b"".join(b"step=%d loss=0.5\n" % step for step in range(lines)))
    return lines - 1


def test_beyond_its_share_the_newest_part_is_read_and_the_rest_counted(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.reading.left_s, files.reading.speed = 0.05, 1e6
    last = flood(files, 200_000)
    files.read()
    skipped = files.reading.skipped()
    assert files.step is not None and files.step <= last
    assert [note.file for note in skipped] == ["console"]
    size = files.console.stat().st_size
    assert size - 400_000 < skipped[0].skipped < size
    assert files.reading.skipped() == []
    tally = files.fold.facts().tally
    assert tally.first_step is not None and tally.first_step > 100_000
    assert tally.rows < 50_000


LOSS = 1234567890123456789
LONG = b'{"step":1,"loss":%d}\n' % LOSS


def least_read(home: Path, kind: type[Reading] = Reading) -> float:
    """The least loss in a file where every whole row has the same, read with gaps that begin and end inside rows."""
    files, dice = Files(home), random.Random(7)
    files.reading = kind(files.fold, str(files.trainer), str(files.console))
    for _ in range(60):
        files.reading.left_s, files.reading.speed = 0.002, 1e6
        files.write(files.trainer, LONG * 4000 + LONG[: dice.randrange(len(LONG))])
        files.read()
    assert files.reading.skipped()
    return files.fold.facts().tally.best["loss"].value


def test_no_half_line_is_taken_for_a_whole_one_where_bytes_were_left_out(tmp_path: Path) -> None:
    assert least_read(tmp_path) == float(LOSS)


def test_a_reader_that_joins_what_stood_apart_would_invent_losses(tmp_path: Path) -> None:
    """The control: it goes on in the middle of a line, behind the half line it read before."""

    class Careless(Reading):
        def _drop_excess(self, name: str, size: int) -> None:
            follower = self._files[name]
            start = max(follower.offset, size - 65536)
            self._skipped[name] += start - follower.offset
            follower.offset = start

    assert least_read(tmp_path, Careless) < float(LOSS)


def test_a_hundred_megabytes_without_an_end_cost_no_memory(tmp_path: Path) -> None:
    files = Files(tmp_path)
    with files.console.open("wb") as file:
        for _ in range(100):
            file.write(b"x" * (1 << 20))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    files.reading.left_s = 1e9
    files.read()
    files.write(files.console, b"\nstep=3 loss=1.0\n")
    files.read()
    assert files.step == 3
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024


def test_a_trainer_that_writes_rubbish_is_just_a_trainer(tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        "os.write(1, b'\\xff\\xfe\\0\\0\\x1b]52;c;cHduZWQ=\\x07half a line'); \n"
        "os.write(1, b'x' * (100 << 20)); os.write(1, b'\\n')\n"
        "t = os.open(os.environ['COCKPIT_EVENTS'], os.O_WRONLY | os.O_APPEND | os.O_CREAT)\n"
        'os.write(t, b\'{"step":1,"loss":NaN}\\n{"st\'); os.write(t, b\'ep":2,"loss":"inf"}\\n{"torn\')\n'
    )
    with attempt(tmp_path, python(code)) as one:
        assert one.run() == 0
        assert one.names("read_skipped") == ["runner_started", "started", "exited"]
        ended = one.said("exited")[0]
        assert (ended.code, ended.step) == (0, 2)
        assert all(len(line) <= 400 for line in ended.tail)
        assert (one.folder / "console.log").stat().st_size > 100 << 20


def test_a_log_that_the_trainer_empties_is_said(tmp_path: Path) -> None:
    row = """echo '{"step":1,"loss":2.5,"name":"a row of some length"}' > $COCKPIT_EVENTS"""
    with attempt(tmp_path, shell(f"{row}; sleep 2; : > $COCKPIT_EVENTS; sleep 2")) as one:
        one.start()
        reset = until(lambda: one.said("log_reset"), "a reset")[0]
        assert (reset.file, reset.reason) == ("trainer.jsonl", "truncated")
        assert one.runners[0].wait(60) == 0
