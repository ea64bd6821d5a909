"""A row is on its way to the disk when `emit` returns, whatever it holds and whoever dies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRELUDE = "import sys\n{without}\nfrom engine.emit import emit, event\n"
WITHOUT = "sys.modules['msgspec'] = None"


def speak(script: str, events: Path, without: bool = False) -> list[dict[str, object]]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "COCKPIT_EVENTS": str(events)}
    body = PRELUDE.format(without=WITHOUT if without else "") + script
    subprocess.run([sys.executable, "-c", body], env=env, check=True, timeout=60)
    return (
        [json.loads(line) for line in events.read_bytes().splitlines()] if events.exists() else []
    )


both = pytest.mark.parametrize("without", [False, True], ids=["msgspec", "standard-library"])


@both
def test_rows_and_events(tmp_path: Path, without: bool) -> None:
    rows = speak(
        "emit(step=1, loss=2.5)\nevent('saved', step=1, path='x')", tmp_path / "e", without
    )
    assert [{**row, "t": 0} for row in rows] == [
        {"step": 1, "loss": 2.5, "t": 0},
        {"e": "saved", "step": 1, "path": "x", "t": 0},
    ]
    assert all(isinstance(row["t"], float) for row in rows)


@both
def test_non_finite_and_foreign_numbers(tmp_path: Path, without: bool) -> None:
    script = (
        "class Scalar:\n    def item(self): return 1.5\n"
        "emit(step=1, loss=float('nan'), a=float('inf'), b=-float('inf'), c=Scalar(), d=None)"
    )
    [row] = speak(script, tmp_path / "e", without)
    assert {key: row[key] for key in "abc"} == {"a": "inf", "b": "-inf", "c": 1.5}
    assert row["loss"] == "nan"


@both
def test_every_row_survives_kill_9(tmp_path: Path, without: bool) -> None:
    script = "import os\nfor i in range(1000): emit(step=i)\nos.kill(os.getpid(), 9)"
    with pytest.raises(subprocess.CalledProcessError):
        speak(script, tmp_path / "e", without)
    lines = (tmp_path / "e").read_bytes().splitlines()
    assert [json.loads(line)["step"] for line in lines] == list(range(1000))


def test_threads_that_begin_together_lose_nothing(tmp_path: Path) -> None:
    """The file opens slowly, as on a network: a pipe, which opens when somebody comes to read it."""
    os.mkfifo(tmp_path / "e")
    script = (
        "import os, threading, time\n"
        "ts = [threading.Thread(target=emit, kwargs={'step': n}) for n in range(4)]\n"
        "[t.start() for t in ts]; time.sleep(0.3)\n"
        "heard = os.open(os.environ['COCKPIT_EVENTS'], os.O_RDONLY)\n"
        "[t.join() for t in ts]\n"
        "os.write(1, os.read(heard, 4096))"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT), "COCKPIT_EVENTS": str(tmp_path / "e")}
    body = PRELUDE.format(without="") + script
    said = subprocess.run([sys.executable, "-c", body], env=env, capture_output=True, timeout=60)
    assert sorted(json.loads(line)["step"] for line in said.stdout.splitlines()) == [0, 1, 2, 3]


def test_a_buffered_writer_would_lose_them(tmp_path: Path) -> None:
    """The control: the same trial with an ordinary file."""
    script = (
        "import os\nf=open(os.environ['COCKPIT_EVENTS'],'w')\n"
        "for i in range(100): f.write('{}\\n')\nos.kill(os.getpid(), 9)"
    )
    with pytest.raises(subprocess.CalledProcessError):
        speak(script, tmp_path / "e")
    assert (tmp_path / "e").read_bytes() == b""


def test_threads_and_forks_never_mix_lines(tmp_path: Path) -> None:
    script = (
        "import os, threading\nemit(step=-1)\n"
        "def work(n):\n    for i in range(500): emit(step=i, who=n, pad='x' * (i % 90))\n"
        "pid = os.fork()\n"
        "ts = [threading.Thread(target=work, args=(n + (10 if pid else 20),)) for n in range(4)]\n"
        "[t.start() for t in ts]; [t.join() for t in ts]\n"
        "os._exit(0) if pid == 0 else os.waitpid(pid, 0)"
    )
    assert len(speak(script, tmp_path / "e")) == 1 + 2 * 4 * 500


def test_nothing_happens_without_a_place_to_write(tmp_path: Path) -> None:
    assert speak("emit(step=1)", tmp_path / "no" / "such" / "folder") == []


def test_a_full_disk_does_not_end_the_training(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "COCKPIT_EVENTS": "/dev/full"}
    script = "from engine.emit import emit\nfor i in range(9): emit(step=i)\nprint('done')"
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, check=True)
    assert done.stdout == b"done\n"


@both
def test_words_nulls_and_large_numbers_stand_beside_what_is_not_finite(
    tmp_path: Path, without: bool
) -> None:
    script = (
        "emit(step=1, loss=float('nan'), phase='null and void', d=None)\n"
        "emit(step=2, loss=2.0, phase='null')\n"
        "emit(step=3, big=1e308, bigger=1e308, huge=10 ** 400)\n"
        "emit(step=4, up=float('inf'), down=-float('inf'), deep={'a': [float('nan')]})\n"
        "emit(step=True, naïve='\\n\\u2028')"
    )
    rows = speak(script, tmp_path / "e", without)
    for row in rows:
        del row["t"]
    assert rows == [
        {"step": 1, "loss": "nan", "phase": "null and void", "d": None},
        {"step": 2, "loss": 2.0, "phase": "null"},
        {"step": 3, "big": 1e308, "bigger": 1e308, "huge": 10**400},
        {"step": 4, "up": "inf", "down": "-inf", "deep": {"a": ["nan"]}},
        {"step": True, "naïve": "\n\u2028"},
    ]


@both
def test_what_is_no_number_never_ends_a_training(tmp_path: Path, without: bool) -> None:
    script = (
        "class Many:\n    def item(self): raise RuntimeError('more than one')\n"
        "    def __repr__(self): return 'many'\n"
        "emit(step=1, a=Many())\n"
        "ring = []; ring.append(ring)\nemit(step=2, ring=ring)\n"
        "emit(step=3)"
    )
    rows = speak(script, tmp_path / "e", without)
    assert [(row["step"], row.get("a")) for row in rows] == [(1, "many"), (3, None)]


def test_where_json_is_not_in_c(tmp_path: Path) -> None:
    script = "emit(step=1, loss=0.5, bad=float('nan'))\nemit(step=2, loss=0.25)"
    path = tmp_path / "e"
    body = "import sys, json.encoder\nsys.modules['msgspec'] = None\n"
    body += "json.encoder.c_make_encoder = None\nfrom engine.emit import emit\n" + script
    env = {**os.environ, "PYTHONPATH": str(ROOT), "COCKPIT_EVENTS": str(path)}
    subprocess.run([sys.executable, "-c", body], env=env, check=True, timeout=60)
    rows = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [(row["step"], row["loss"], row.get("bad")) for row in rows] == [
        (1, 0.5, "nan"),
        (2, 0.25, None),
    ]


# A value whose number is asked for in the middle of a row, and then a signal's handler wants to speak too.
LOUD = """
import signal, threading
class Loud:
    def item(self):
        signal.raise_signal(signal.SIGUSR1)
        return 1.5
signal.signal(signal.SIGUSR1, lambda number, frame: emit(step=2, inside=True))
"""


@both
def test_a_signal_may_speak_in_the_middle_of_a_row(tmp_path: Path, without: bool) -> None:
    rows = speak(LOUD + "emit(step=1, loss=Loud())\nemit(step=3)", tmp_path / "e", without)
    assert sorted(str(row["step"]) for row in rows) == ["1", *["2"] * (len(rows) - 2), "3"]
    assert len(rows) >= 3


def test_a_lock_would_hold_that_signal_for_ever(tmp_path: Path) -> None:
    """The control: the same row from behind a lock."""
    locked = (
        "plain, lock = emit, threading.Lock()\n"
        "def emit(**row):\n"
        "    if not lock.acquire(timeout=0.2): return plain(step=0, stuck=True)\n"
        "    plain(**row); lock.release()\n"
    )
    rows = speak(LOUD + locked + "emit(step=1, loss=Loud())", tmp_path / "e")
    assert any(row.get("stuck") for row in rows)
