"""Stops, kills, saves, limits and rules: who is signalled, who is not, and what is said of it."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from engine import procs
from engine.identity import Identity
from engine.runner import records
from tests.engine.runner.attempts import (
    PYTHON,
    Attempt,
    Fault,
    attempt,
    broken,
    python,
    shell,
    until,
)

SAVES = """
import os, signal, sys, time
asked = []
signal.signal(signal.SIGTERM, lambda n, f: asked.append("end"))
signal.signal(signal.SIGUSR1, lambda n, f: asked.append("save"))
print("ready", flush=True)
while "end" not in asked:
    if "save" in asked:
        print("saved", flush=True); asked.clear()
    time.sleep(0.05)
time.sleep(0.3); print("saved and out", flush=True); sys.exit(7)
"""
DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"


def ready(one: Attempt, word: bytes = b"ready") -> Identity:
    one.start()
    until(lambda: word in one.console(), "a trainer that is ready")
    trainer = one.trainer()
    assert trainer is not None
    return trainer


def signals(one: Attempt) -> list[str]:
    return [said.signal for said in one.said("signalled")]


def test_a_stop_gives_time_to_save(tmp_path: Path) -> None:
    with attempt(tmp_path, python(SAVES), grace_s=30) as one:
        ready(one)
        one.order("stop")
        assert one.runners[0].wait(60) == 0
        assert one.names("runner_started", "started") == ["ordered", "signalled", "exited"]
        assert (one.said("ordered")[0].id, one.said("ordered")[0].by) == ("o1", "ann")
        assert signals(one) == ["SIGTERM"] and one.said("exited")[0].code == 7
        assert one.console().endswith(b"saved and out\n")
        assert not list((one.folder / "orders").glob("*.json"))


def test_who_does_not_listen_is_killed_after_the_grace(tmp_path: Path) -> None:
    with attempt(tmp_path, python(DEAF), grace_s=1) as one:
        ready(one)
        one.order("stop")
        assert one.runners[0].wait(60) == 0
        assert signals(one) == ["SIGTERM", "SIGKILL"]
        assert one.said("exited")[0].signal == signal.SIGKILL
        term, kill = one.said("signalled")
        assert kill.t - term.t >= 0.9


def test_a_kill_waits_for_nothing(tmp_path: Path) -> None:
    with attempt(tmp_path, python(SAVES), grace_s=600) as one:
        ready(one)
        one.order("stop", "o1")
        one.order("kill", "o2")
        assert one.runners[0].wait(60) == 0
        assert signals(one)[-1] == "SIGKILL"


def test_a_stop_survives_the_runner_that_began_it(tmp_path: Path) -> None:
    with attempt(tmp_path, python(DEAF), grace_s=3) as one:
        ready(one)
        one.order("stop")
        until(lambda: signals(one), "the first signal")
        one.runners[0].kill()
        one.runners[0].wait()
        assert one.run() == 0
        assert signals(one) == ["SIGTERM", "SIGKILL"]
        assert [said.id for said in one.said("ordered")] == ["o1"]


def test_a_stopped_process_hears_the_end(tmp_path: Path) -> None:
    with attempt(tmp_path, python(SAVES), grace_s=30) as one:
        trainer = ready(one)
        procs.signal(trainer, signal.SIGSTOP)
        one.order("stop")
        assert one.runners[0].wait(60) == 0
        assert one.said("exited")[0].code == 7


def test_a_save_goes_to_who_understands_it(tmp_path: Path) -> None:
    with attempt(tmp_path, python(SAVES), save_signal="SIGUSR1") as one:
        ready(one)
        one.order("save")
        until(lambda: b"saved" in one.console(), "a save")
        assert one.names("runner_started", "started") == ["ordered", "signalled"]
        assert signals(one) == ["SIGUSR1"]
        one.order("kill", "o2")
        assert one.runners[0].wait(60) == 0


def test_a_save_that_would_kill_is_refused(tmp_path: Path) -> None:
    with attempt(tmp_path, shell("echo ready; sleep 600")) as one:
        trainer = ready(one)
        one.order("save")
        until(lambda: one.said("order_refused"), "a refusal")
        assert signals(one) == [] and procs.alive(trainer)
        assert "signal" in one.said("order_refused")[0].reason
        one.order("kill", "o2")
        assert one.runners[0].wait(60) == 0


@pytest.mark.parametrize(
    "text", ["", "{", '{"id": "other", "kind": "kill"}', '{"id": "o1", "kind": "dance"}']
)
def test_an_order_that_is_none_is_refused_and_removed(text: str, tmp_path: Path) -> None:
    with attempt(tmp_path, shell("echo ready; sleep 600")) as one:
        trainer = ready(one)
        (one.folder / "orders").mkdir()
        (one.folder / "orders" / "o1.json").write_text(text)
        until(lambda: one.said("order_refused"), "a refusal")
        until(lambda: not list((one.folder / "orders").iterdir()), "an empty folder")
        assert procs.alive(trainer)
        one.order("kill", "o2")
        assert one.runners[0].wait(60) == 0


def test_workers_in_sessions_of_their_own_are_ended_too(tmp_path: Path) -> None:
    """Launchers give each rank its own session; those live on when their launcher dies."""
    worker = [PYTHON, "-S", "-c", "import time; time.sleep(600)"]
    code = (
        "import os, signal, subprocess, sys, time\n"
        f"w = subprocess.Popen({worker!r}, start_new_session=True)\n"
        "print('ready', w.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with attempt(tmp_path, python(code), grace_s=1) as one:
        ready(one)
        rank = procs.identify(int(one.console().split()[1]))
        assert rank is not None
        one.order("stop")
        assert one.runners[0].wait(60) == 0
        until(lambda: not procs.alive(rank), "the end of a worker")
        assert signals(one) == ["SIGTERM", "SIGKILL"]


def test_a_shell_passes_no_signal_on_so_what_it_runs_is_asked_too(tmp_path: Path) -> None:
    code = f"cat <<'E' > t.py\n{SAVES}\nE\n{PYTHON} -S t.py; echo after"
    with attempt(tmp_path, shell(code), grace_s=30) as one:
        ready(one)
        one.order("stop")
        assert one.runners[0].wait(60) == 0
        assert b"saved and out" in one.console()
        assert signals(one) == ["SIGTERM"]


def test_what_only_passes_output_on_is_not_asked(tmp_path: Path) -> None:
    """`train.py | tee log` can still say that it saved."""
    code = f"cat <<'E' > t.py\n{SAVES}\nE\n{PYTHON} -S t.py 2>&1 | tee log"
    with attempt(tmp_path, shell(code), grace_s=30) as one:
        ready(one)
        one.order("stop")
        assert one.runners[0].wait(60) == 0
        assert (tmp_path / "log").read_bytes().endswith(b"saved and out\n")


WORKERS = """
import os, signal, sys, time
if os.fork() == 0:
    time.sleep(600)
def worker_died(n, f):
    print("a worker died", flush=True); os._exit(1)
asked = []
signal.signal(signal.SIGCHLD, worker_died); signal.signal(signal.SIGTERM, lambda n, f: asked.append(n))
print("ready", flush=True)
while not asked: time.sleep(0.05)
for i in range(20): time.sleep(0.05)
print("saved", flush=True); os._exit(0)
"""


def saved_with_workers(home: Path, *faults: Fault) -> bool:
    """Whether a trainer that fails when a worker dies, as data loaders make it, gets to save."""
    with attempt(home, python(WORKERS), broken(home, *faults), grace_s=5) as one:
        ready(one)
        one.order("stop")
        assert one.runners[0].wait(60) == 0
        return b"saved" in one.console()


def test_a_trainers_workers_are_left_to_it_until_it_saved(tmp_path: Path) -> None:
    assert saved_with_workers(tmp_path)


def test_asking_everybody_to_end_would_lose_the_save(tmp_path: Path) -> None:
    """The control."""
    fault = ("runner/reach.py", "heads(family) if heads_only else family", "family")
    assert not saved_with_workers(tmp_path, fault)


def bystander_survives(home: Path, *faults: Fault) -> bool:
    """A process whose number a careless runner would take for the trainer's, because only its start time differs."""
    bystander = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        with attempt(home, python(DEAF), broken(home, *faults), grace_s=0.5) as one:
            other = procs.identify(bystander.pid)
            trainer = ready(one)
            assert other is not None
            one.runners[0].kill()
            one.runners[0].wait()
            nurse = records.read_nurse(str(one.folder / "trainer.pid"))
            stale = Identity(other.pid, other.start - 100, other.boot)
            records.write_pid(str(one.folder / "trainer.pid"), stale, nurse)
            one.order("kill")
            runner = one.start()
            until(lambda: one.said("ordered"), "the order taken up")
            procs.signal(trainer, signal.SIGKILL)
            assert runner.wait(60) == 0
            return bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_number_that_was_given_away_is_not_signalled(tmp_path: Path) -> None:
    assert bystander_survives(tmp_path)


def test_a_runner_that_trusts_a_number_would_kill_a_stranger(tmp_path: Path) -> None:
    """The control."""
    careless = ("procs.py", "found.start == identity.start and found.state", "found.state")
    trusting = (
        "runner/reach.py",
        "leader is not None and leader.start == self._leader.start",
        "leader is not None",
    )
    assert not bystander_survives(tmp_path, careless, trusting)


def limited(home: Path, argv: list[str], **job: Any) -> tuple[Any, Any]:
    with attempt(home, argv, **job) as one:
        assert one.run() == 0
        assert one.names("runner_started", "started") == ["limit_reached", "signalled", "exited"]
        return one.said("limit_reached")[0], one.said("signalled")[0]


def test_hours_end_it(tmp_path: Path) -> None:
    limit, sent = limited(tmp_path, python(SAVES), limits={"hours": 1.5 / 3600, "then": "release"})
    assert (limit.limit, limit.then, sent.signal) == ("hours", "release", "SIGTERM")
    assert limit.value >= limit.cap


def test_dollars_end_it(tmp_path: Path) -> None:
    limit, _ = limited(tmp_path, python(SAVES), limits={"dollars": 1.0, "price_hour": 2400.0})
    assert (limit.limit, limit.cap) == ("dollars", 1.0)


def test_idleness_ends_it_and_output_is_no_idleness(tmp_path: Path) -> None:
    code = f"for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.5; done; exec {PYTHON} -S -c 'import time; time.sleep(600)'"
    limit, _ = limited(tmp_path, shell(code), limits={"idle_minutes": 2.0 / 60})
    assert limit.limit == "idle_minutes"
    assert (
        (tmp_path / "tale-20261121-000000-abcd/attempts/1/console.log")
        .read_bytes()
        .endswith(b"8\n")
    )


def test_a_limit_without_a_price_is_no_limit(tmp_path: Path) -> None:
    with attempt(tmp_path, shell("sleep 2"), limits={"dollars": 0.0001, "hours": 1}) as one:
        assert one.run() == 0
        assert one.names() == ["runner_started", "started", "exited"]


NAN = (
    'for i in 1 2 3 4; do echo "{\\"step\\": $i, \\"loss\\": \\"nan\\"}" >> $COCKPIT_EVENTS; done;'
    " echo ready; sleep 600"
)


def test_a_rule_stops_it(tmp_path: Path) -> None:
    with attempt(tmp_path, shell(NAN), alerts={"nan": 3, "actions": {"nan": "stop"}}) as one:
        assert one.run() == 0
        assert one.names("runner_started", "started") == ["rule_fired", "signalled", "exited"]
        fired = one.said("rule_fired")[0]
        assert (fired.alarm, fired.action) == ("nan", "stop") and "not finite" in fired.detail
        assert (fired.step, one.said("exited")[0].step) == (1, 4)


def test_an_alarm_without_an_action_stops_nothing(tmp_path: Path) -> None:
    with attempt(tmp_path, shell(NAN), alerts={"nan": 3, "actions": {"spike": "stop"}}) as one:
        ready(one)
        until(lambda: len(one.said("beat")) > 10, "some beats")
        assert one.names() == ["runner_started", "started"]
        one.order("kill")
        assert one.runners[0].wait(60) == 0


def test_a_rule_fires_once_for_all_runners(tmp_path: Path) -> None:
    alerts = {"nan": 3, "actions": {"nan": "save"}}
    rows = "".join(f'{{"step":{step},"loss":NaN}}\\n' for step in range(4))
    nan = f"import os\nopen(os.environ['COCKPIT_EVENTS'], 'a').write('{rows}')\n{SAVES}"
    with attempt(tmp_path, python(nan), alerts=alerts, save_signal="SIGUSR1") as one:
        ready(one)
        until(lambda: one.said("rule_fired"), "the rule")
        one.runners[0].kill()
        one.runners[0].wait()
        one.start()
        until(lambda: one.said("adopted"), "an adoption")
        until(lambda: len(one.said("beat")) > 20, "some beats")
        assert len(one.said("rule_fired")) == 1
        one.order("stop")
        assert one.runners[1].wait(60) == 0
