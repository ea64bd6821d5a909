"""Whoever of the three is killed: one start, one end, and what nobody knows is said to be unknown."""

from __future__ import annotations

import signal
from pathlib import Path

from engine import procs
from engine.identity import Identity
from engine.runner import records
from tests.engine.runner.attempts import (
    PYTHON,
    RUN,
    Attempt,
    Fault,
    attempt,
    broken,
    python,
    shell,
    until,
)


def begun(one: Attempt) -> Identity:
    one.start()
    until(lambda: one.said("started"), "a start")
    trainer = one.trainer()
    assert trainer is not None
    return trainer


def nurse(one: Attempt) -> Identity:
    found = records.read_nurse(str(one.folder / "trainer.pid"))
    assert found is not None
    return found


def test_a_killed_runner_hurts_nobody_and_the_next_one_adopts(tmp_path: Path) -> None:
    with attempt(
        tmp_path, shell("for i in 1 2 3 4 5 6; do echo $i; sleep 0.5; done; exit 4")
    ) as one:
        trainer = begun(one)
        one.runners[0].kill()
        one.runners[0].wait()
        assert one.run() == 0
        assert one.names() == ["runner_started", "started", "runner_started", "adopted", "exited"]
        assert (one.said("adopted")[0].pid, one.said("adopted")[0].start) == (
            trainer.pid,
            trainer.start,
        )
        assert one.said("exited")[0].code == 4
        assert one.console() == b"1\n2\n3\n4\n5\n6\n"


def test_an_end_that_no_runner_saw_is_still_known(tmp_path: Path) -> None:
    with attempt(tmp_path, shell("sleep 1; echo bye; exit 5")) as one:
        begun(one)
        one.runners[0].kill()
        until(lambda: (one.folder / "exit.json").exists(), "the nurse's record")
        assert one.run() == 0
        assert one.run() == 0
        assert one.names("runner_started") == ["started", "exited"]
        ended = one.said("exited")[0]
        assert (ended.code, ended.tail) == (5, ("bye",)) and ended.duration_s >= 1.0


def test_a_start_that_its_runner_did_not_live_to_tell_is_found(tmp_path: Path) -> None:
    """Killed between the fork and the fact."""
    slow = (
        "runner/launch.py",
        "    lock.drop()\n",
        "    lock.drop(); import time; time.sleep(60)\n",
    )
    with attempt(tmp_path, shell("echo $$ >> ran; sleep 3"), broken(tmp_path, slow)) as one:
        one.start()
        trainer = until(one.trainer, "a trainer")
        one.runners[0].kill()
        one.runners[0].wait()
        assert one.names() == ["runner_started"]
        assert one.run() == 0
        assert one.names("runner_started") == ["adopted", "exited"]
        assert one.said("adopted")[0].pid == trainer.pid
        assert len((tmp_path / "ran").read_text().split()) == 1


def test_without_its_nurse_a_trainer_goes_on_and_its_end_is_unknown(tmp_path: Path) -> None:
    with attempt(tmp_path, shell("sleep 2; echo through; exit 0")) as one:
        begun(one)
        assert procs.signal(nurse(one), signal.SIGKILL)
        assert one.runners[0].wait(60) == 0
        ended = one.said("exited")[0]
        assert (ended.code, ended.signal, ended.tail) == (None, None, ("through",))


def test_when_all_three_are_killed_the_next_runner_says_that_nobody_knows(tmp_path: Path) -> None:
    with attempt(tmp_path, shell("echo one >> ran; sleep 60")) as one:
        trainer = begun(one)
        one.runners[0].kill()
        one.runners[0].wait()
        assert procs.signal(nurse(one), signal.SIGKILL) and procs.signal(trainer, signal.SIGKILL)
        assert one.run() == 0
        ended = one.said("exited")[0]
        assert (ended.code, ended.signal, ended.oom) == (None, None, False)
        assert (tmp_path / "ran").read_text() == "one\n"


def test_a_recycled_number_is_not_the_trainer(tmp_path: Path) -> None:
    """`trainer.pid` names a number that lives, but as another process: neither adopted nor touched."""
    with attempt(tmp_path, shell("echo ran >> ran; sleep 60"), grace_s=0.2) as one:
        begun(one)
        one.runners[0].kill()
        one.runners[0].wait()
        procs.signal(nurse(one), signal.SIGKILL)
        procs.signal(one.trainer(), signal.SIGKILL)  # type: ignore[arg-type]
        stranger = Attempt(tmp_path / "b", shell("sleep 60"))
        try:
            other = begun(stranger)
            stale = Identity(other.pid, other.start - 5, other.boot)
            records.write_pid(str(one.folder / "trainer.pid"), stale, None)
            one.order("kill")
            assert one.run() == 0
            assert one.names("runner_started") == ["started", "ordered", "exited"]
            assert one.said("exited")[0].signal is None
            assert procs.alive(other)
        finally:
            stranger.clear()


def overlaps(home: Path, *faults: Fault) -> int:
    """How many trainers of one run ran, where an earlier one was orphaned by the death of runner and nurse."""
    build = broken(home, *faults)
    code = f"echo $$ >> {home}/ran; trap '' TERM; sleep 600"
    with attempt(home, shell(code), build, attempt=1) as first:
        begun(first)
        first.runners[0].kill()
        first.runners[0].wait()
        procs.signal(nurse(first), signal.SIGKILL)
        with attempt(home, shell(code), build, attempt=2, grace_s=0.1) as second:
            second.start()
            until(lambda: second.said("start_failed") or second.said("started"), "a decision")
            return len((home / "ran").read_text().split())


def test_another_attempt_does_not_start_beside_a_family_that_lives(tmp_path: Path) -> None:
    assert overlaps(tmp_path) == 1


def test_a_trainer_that_does_not_inherit_the_lock_would_be_doubled(tmp_path: Path) -> None:
    """The control."""
    careless = ("runner/become.py", "os.set_inheritable(command.lock, True)", "pass")
    assert overlaps(tmp_path, careless) == 2


def test_the_block_names_whom_to_end(tmp_path: Path) -> None:
    with attempt(tmp_path, shell("sleep 60"), attempt=1) as first:
        trainer = begun(first)
        first.runners[0].kill()
        with attempt(tmp_path, shell("true"), attempt=2, grace_s=0.1) as second:
            assert second.run() == 0
            assert second.names() == ["runner_started", "orphans_seen", "start_failed", "exited"]
            assert trainer.pid in second.said("orphans_seen")[0].pids
            assert str(trainer.pid) in second.said("start_failed")[0].reason


def held_by(home: Path, *faults: Fault) -> int:
    """The exit of a runner that comes right after one was killed."""
    with attempt(home, shell("sleep 3"), broken(home, *faults)) as one:
        begun(one)
        one.runners[0].kill()
        one.runners[0].wait()
        return one.start().wait(60)


def test_the_journal_is_free_as_soon_as_its_runner_is_dead(tmp_path: Path) -> None:
    assert held_by(tmp_path) == 0


def test_a_nurse_that_keeps_what_it_was_forked_with_would_hold_the_journal(tmp_path: Path) -> None:
    """The control."""
    assert (
        held_by(tmp_path, ("runner/nurse.py", "        if fd not in kept:", "        if False:"))
        == 75
    )


def test_a_polite_signal_to_the_runner_leaves_the_trainer_alone(tmp_path: Path) -> None:
    with attempt(tmp_path, shell("sleep 4; exit 6")) as one:
        trainer = begun(one)
        one.runners[0].send_signal(signal.SIGHUP)
        one.runners[0].send_signal(signal.SIGTERM)
        assert one.runners[0].wait(60) == 143
        assert procs.alive(trainer) and one.names()[-1] == "runner_failed"
        assert one.run() == 0
        assert one.said("exited")[0].code == 6


def test_polite_signals_do_not_reach_the_nurse(tmp_path: Path) -> None:
    with attempt(tmp_path, shell("sleep 2; exit 7")) as one:
        begun(one)
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            procs.signal(nurse(one), number)
        assert one.runners[0].wait(60) == 0
        assert one.said("exited")[0].code == 7


def test_secrets_are_known_again_from_the_living_trainer(tmp_path: Path) -> None:
    """A runner that was told nothing still keeps the value out of what it writes."""
    code = 'sleep 2; echo "bad key $KEY"; exit 1'
    with attempt(tmp_path, shell(code), secrets=["KEY"]) as one:
        one.start(b'{"KEY": "canary-815-canary"}\n')
        until(lambda: one.said("started"), "a start")
        one.runners[0].kill()
        one.runners[0].wait()
        assert one.run() == 0
        assert one.said("exited")[0].tail == ("bad key [redacted]",)


def test_lines_that_may_hold_an_unknown_secret_are_not_copied(tmp_path: Path) -> None:
    code = 'sleep 0.5; echo "bad key $KEY"; exit 1'
    with attempt(tmp_path, shell(code), secrets=["KEY"]) as one:
        one.start(b'{"KEY": "canary-815-canary"}\n')
        until(lambda: one.said("started"), "a start")
        one.runners[0].kill()
        until(lambda: (one.folder / "exit.json").exists(), "an end")
        assert one.run() == 0
        assert one.said("exited")[0].tail == () and b"canary" in one.console()


def test_the_lock_is_free_only_when_the_whole_family_is_gone(tmp_path: Path) -> None:
    """A worker that outlives its trainer is seen, and the attempt that ended well leaves it alone."""
    worker = f"{PYTHON} -S -c 'import time; time.sleep(4)' & exit 0"
    with attempt(tmp_path, shell(worker)) as one:
        assert one.run() == 0
        assert one.names() == ["runner_started", "started", "exited", "orphans_seen"]
        assert one.said("exited")[0].code == 0 and len(one.said("orphans_seen")[0].pids) == 1


def test_a_family_whose_trainer_failed_is_ended(tmp_path: Path) -> None:
    worker = f"{PYTHON} -S -c 'import time; time.sleep(600)' & exit 9"
    with attempt(tmp_path, shell(worker)) as one:
        assert one.run() == 0
        assert one.names() == ["runner_started", "started", "exited", "orphans_seen", "signalled"]
        assert "left behind" in one.said("signalled")[0].why


def test_two_attempts_follow_each_other(tmp_path: Path) -> None:
    for number in (1, 2):
        with attempt(tmp_path, python("print('hi')"), attempt=number) as one:
            assert one.run() == 0
            assert one.said("exited")[0].code == 0
    assert (tmp_path / RUN / "trainer.lock").read_bytes() == b"2\n"
