"""What a trainer finds when it begins, and what is said when it cannot."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from engine import procs
from tests.engine.runner.attempts import ROOT, RUN, Fault, attempt, broken, python, shell, until

LOOK = """
import json, os, signal, sys
ignored = [n for n in range(1, 32) if n not in (9, 19) and signal.getsignal(n) == signal.SIG_IGN]
fds = {n: os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")
       if os.path.exists(f"/proc/self/fd/{n}")}
print(json.dumps({"pid": os.getpid(), "sid": os.getsid(0), "env": dict(os.environ), "cwd": os.getcwd(),
    "fds": fds, "nice": os.nice(0), "score": int(open("/proc/self/oom_score_adj").read()),
    "blocked": len(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "ignored": [line for line in open("/proc/self/status") if line.startswith("SigIgn")][0].split()[1]}))
"""

BY_PYTHON = 1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1
UNTOUCHED = 1 << 31 | 1 << 32
"""32 and 33 belong to the C library: how they were inherited, nobody can change them."""


def test_a_life_is_told_from_start_to_end(tmp_path: Path) -> None:
    rows = 'echo hello; for i in 1 2 3; do echo "{\\"step\\": $i, \\"loss\\": 2}" >> $COCKPIT_EVENTS; done; exit 3'
    with attempt(tmp_path, shell(rows)) as one:
        assert one.run() == 0
        assert one.names() == ["runner_started", "started", "exited"]
        started, ended = one.said("started")[0], one.said("exited")[0]
        assert (started.pid, started.boot) == (one.trainer().pid, procs.boot_id())  # type: ignore[union-attr]
        assert (ended.code, ended.signal, ended.oom, ended.step) == (3, None, False, 3)
        assert ended.tail == ("hello",)
        last = one.said("grew")[-1]
        assert (last.console, last.trainer) == (6, (one.folder / "trainer.jsonl").stat().st_size)
        assert one.said("beat")[-1].alive is False


def test_the_trainer_gets_its_own_session_plain_signals_and_the_jobs_environment(
    tmp_path: Path,
) -> None:
    job = {"env": {"MINE": "1"}, "secrets": ["TOKEN"]}
    with attempt(tmp_path, python(LOOK), **job) as one:
        assert one.run(b'{"TOKEN": "t0p", "OTHER": "x"}\n', COCKPIT_SECRET_WAY="no") == 0
        seen = json.loads(one.console())
        assert seen["sid"] == seen["pid"] == one.trainer().pid  # type: ignore[union-attr]
        assert int(seen["ignored"], 16) & ~(UNTOUCHED | BY_PYTHON) == 0
        assert (seen["blocked"], seen["nice"], seen["cwd"]) == (0, os.nice(0), str(tmp_path))
        env = seen["env"]
        assert (env["MINE"], env["TOKEN"], env["PYTHONUNBUFFERED"]) == ("1", "t0p", "1")
        assert (env["COCKPIT_RUN"], env["COCKPIT_ATTEMPT"]) == (RUN, "1")
        assert env["COCKPIT_EVENTS"] == str(one.folder / "trainer.jsonl")
        assert "OTHER" not in env and "COCKPIT_SECRET_WAY" not in env
        console, lock = str(one.folder / "console.log"), str(tmp_path / RUN / "trainer.lock")
        inherited = sorted(set(seen["fds"].values()) - {f"/proc/{seen['pid']}/fd"})
        assert inherited == sorted(["/dev/null", console, lock])
        mine = int(Path("/proc/self/oom_score_adj").read_text())
        assert seen["score"] == min(1000, mine + 200)


def test_nothing_of_a_run_is_for_other_eyes(tmp_path: Path) -> None:
    with attempt(tmp_path, shell("echo hello")) as one:
        one.run()
        for name in ("runner.jsonl", "console.log", "exit.json", "trainer.pid"):
            assert stat.S_IMODE((one.folder / name).stat().st_mode) == 0o600, name


def test_a_secret_reaches_the_trainer_and_no_file_of_ours(tmp_path: Path) -> None:
    told = b'{"KEY": "canary-4711-canary"}\n'
    code = 'echo "the key is $KEY"; echo "cannot use $KEY" >&2; exit 1'
    with attempt(tmp_path, shell(code), secrets=["KEY"]) as one:
        assert one.run(told) == 0
        assert b"canary-4711" in one.console()
        for path in one.folder.rglob("*"):
            if path.is_file() and path.name != "console.log":
                assert b"canary-4711" not in path.read_bytes(), path
        assert one.said("exited")[0].tail[-1] == "cannot use [redacted]"


def test_a_secret_without_a_value_is_no_start(tmp_path: Path) -> None:
    with attempt(tmp_path, shell("touch ran"), secrets=["KEY"]) as one:
        assert one.run(b"{}\n") == 0
        assert one.names() == ["runner_started", "start_failed", "exited"]
        assert "KEY" in one.said("start_failed")[0].reason
        assert not (tmp_path / "ran").exists()


def script(home: Path, text: str, mode: int = 0o755) -> str:
    path = home / "script"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def test_what_cannot_be_executed_is_said_with_its_reason(tmp_path: Path) -> None:
    cases = {
        "missing": (["no-such-command"], 127, "PATH"),
        "mode": ([script(tmp_path, "#!/bin/sh\n", 0o644)], 126, "chmod"),
        "folder": ([str(tmp_path)], 126, "folder"),
    }
    for number, (what, (argv, code, hint)) in enumerate(cases.items(), 1):
        with attempt(tmp_path, argv, attempt=number) as one:
            assert one.run() == 0
            assert one.names() == ["runner_started", "start_failed", "exited"], what
            failed, ended = one.said("start_failed")[0], one.said("exited")[0]
            assert hint in failed.reason and failed.errno, what
            assert (ended.code, ended.signal) == (code, None), what
            assert hint.encode() in one.console(), what
            assert ended.tail and hint in ended.tail[-1], what


def test_scripts_without_an_interpreter_are_told_apart(tmp_path: Path) -> None:
    for number, (text, code, hint) in enumerate(
        [("echo no first line\n", 126, "first line"), ("#!/no/such/shell\n", 127, "interpreter")], 1
    ):
        with attempt(tmp_path, [script(tmp_path, text)], attempt=number) as one:
            assert one.run() == 0
            assert hint in one.said("start_failed")[0].reason
            assert one.said("exited")[0].code == code


def test_a_missing_working_folder_is_said(tmp_path: Path) -> None:
    with attempt(tmp_path, shell("true"), cwd=str(tmp_path / "gone")) as one:
        assert one.run() == 0
        assert str(tmp_path / "gone") in one.said("start_failed")[0].reason


def test_a_bad_job_is_a_failed_start(tmp_path: Path) -> None:
    with attempt(tmp_path, []) as one:
        assert one.run() == 0
        assert "argv" in one.said("start_failed")[0].reason
        assert one.said("exited")[0].code == 126


def test_a_command_that_dies_at_once_leaves_its_last_words(tmp_path: Path) -> None:
    with attempt(tmp_path, shell("echo out of luck >&2; kill -SEGV $$")) as one:
        assert one.run() == 0
        assert one.names() == ["runner_started", "started", "exited"]
        ended = one.said("exited")[0]
        assert (ended.code, ended.signal) == (None, signal.SIGSEGV)
        assert "out of luck" in ended.tail


def test_a_second_runner_leaves_at_once_and_says_nothing(tmp_path: Path) -> None:
    with attempt(tmp_path, shell("sleep 30")) as one:
        one.start()
        until(lambda: one.said("started"), "a start")
        assert one.run() == 75
        assert one.names() == ["runner_started", "started"]


def slow(pause_s: float) -> Fault:
    """So long between the decision to start a trainer and its start."""
    line = "    ready_r, ready_w = os.pipe()"
    return "runner/launch.py", line, f"    import time; time.sleep({pause_s})\n{line}"


FREE_JOURNAL = ("journal.py", "system.lock(self._fd)", "True")
FREE_LOCK = ("runner/launch.py", "system.lock(fd)", "True")


def starts(home: Path, *faults: Fault, pause_s: float = 1.0) -> int:
    """How often the command ran when runners begin together and the first ones are killed while they start it."""
    build = broken(home, slow(pause_s), *faults)
    with attempt(home, shell(f"echo $$ >> {home}/ran; sleep 2"), build) as one:
        runners = [one.start() for _ in range(4)]
        until(lambda: one.said("runner_started"), "a runner")
        runners += [one.start() for _ in range(4)]
        for runner in runners[:3]:
            runner.kill()
        for runner in runners:
            runner.wait(60)
        until(lambda: one.run() == 0, "an end")
        return len((home / "ran").read_text().split())


def test_of_many_runners_at_once_exactly_one_starts_the_trainer(tmp_path: Path) -> None:
    assert starts(tmp_path) == 1


def test_runners_that_ignore_each_other_would_start_it_twice(tmp_path: Path) -> None:
    """The control: without the two locks the same test sees more than one trainer."""
    # They must meet for it, and on a busy machine they begin seconds apart.
    assert any(_starts_with(pause_s, tmp_path) > 1 for pause_s in (1.0, 4.0, 16.0))


def _starts_with(pause_s: float, tmp_path: Path) -> int:
    folder = tmp_path / str(pause_s)
    folder.mkdir()
    return starts(folder, FREE_JOURNAL, FREE_LOCK, pause_s=pause_s)


@pytest.mark.parametrize("words", [[], ["a", "b"], ["/no/such/folder"], ["/"]])
def test_wrong_use_is_told(words: list[str], tmp_path: Path) -> None:

    done = subprocess.run(
        [sys.executable, "-m", "engine.runner", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2 and done.stderr and "Traceback" not in done.stderr
