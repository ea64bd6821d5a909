"""A resumed trainer is held against its proof by the runner, with nobody connected."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from engine import proof
from tests.engine.runner.attempts import Attempt, attempt, broken, python, signals, until

CURVE = [(step, 9.0 - step / 10, None) for step in range(61)]
GOES_ON = """
import time
for step in range({first}, {first} + 400):
    print(f"iter {{step}}: loss {{{loss}:.3f}}", flush=True)
    time.sleep(0.05)
"""


def script(first: int, loss: str = "9 - step / 10") -> list[str]:
    return python(GOES_ON.format(first=first, loss=loss))


def spec(then: str = "stop") -> dict[str, Any]:
    return proof.expect(40, CURVE, then).table()


def judged(one: Attempt, verdict: str) -> Any:
    def seen() -> Any:
        return next((j for j in one.said("resume_judged") if j.verdict == verdict), None)

    return until(seen, f"a resume that is {verdict}")


@pytest.mark.parametrize(
    ("argv", "failed"),
    [(script(0), ("step", "loss")), (script(40, "9.5"), ("loss",))],
    ids=["a restart from 0", "fresh weights"],
)
def test_what_does_not_continue_is_ended(
    argv: list[str], failed: tuple[str, ...], tmp_path: Path
) -> None:
    with attempt(tmp_path, argv, proof=spec(), grace_s=600.0) as one:
        assert one.run() == 0
        (said,) = one.said("resume_judged")
        assert (said.verdict, said.action) == ("refuted", "stop")
        assert set(said.failed) >= set(failed[-1:])
        assert [s.why for s in one.said("signalled")] == ["the resume is not proven"]
        (ended,) = one.said("exited")
        assert ended.t - said.t < 60


def test_a_trainer_that_will_not_go_is_killed_within_the_minute(tmp_path: Path) -> None:
    """The grace of the profile may be an hour; a wrong trainer does not get it."""
    stays = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + script(0)[-1]
    build = broken(tmp_path, ("runner/obey.py", "LEAVES_S = 45.0", "LEAVES_S = 1.0"))
    with attempt(tmp_path, python(stays), build, proof=spec(), grace_s=3600.0) as one:
        assert one.run() == 0
        assert signals(one) == ["SIGTERM", "SIGKILL"]


def test_what_continues_is_proven_and_left_alone(tmp_path: Path) -> None:
    with attempt(tmp_path, script(40), proof=spec()) as one:
        one.start()
        assert judged(one, "proven").step == 40
        time.sleep(1.5)
        assert one.names() == ["runner_started", "started", "resume_judged"]


def test_a_profile_that_only_wants_a_word_gets_one(tmp_path: Path) -> None:
    with attempt(tmp_path, script(0), proof=spec("warn")) as one:
        one.start()
        assert judged(one, "refuted").action is None
        time.sleep(1.5)
        assert signals(one) == []


def test_a_step_is_weak_until_its_loss_comes(tmp_path: Path) -> None:
    code = "import time; print('iter 40: lr 0.1', flush=True); time.sleep(3)\n"
    with attempt(tmp_path, python(code + script(41)[-1]), proof=spec()) as one:
        one.start()
        judged(one, "proven")
        assert [said.verdict for said in one.said("resume_judged")] == ["weak", "proven"]


def test_a_runner_that_comes_late_ends_what_the_first_one_judged(tmp_path: Path) -> None:
    """Killed between the fact and the stop: the fact is enough for the next."""
    build = broken(
        tmp_path,
        (
            "runner/obey.py",
            "        if ends:\n            self._stopping.ask(NOT_RESUMED, within_s=LEAVES_S)",
            "        if ends:\n            os.kill(os.getpid(), 9)",
        ),
        (
            "runner/obey.py",
            "from typing import Callable, Iterable",
            "import os\nfrom typing import Callable, Iterable",
        ),
    )
    with attempt(tmp_path, script(0), build, proof=spec()) as one:
        assert one.run() == -9
        one.build = Path(__file__).parents[3]
        assert one.run() == 0
        assert len(one.said("resume_judged")) == 1 and signals(one) == ["SIGTERM"]


def test_control_without_the_step_a_restart_goes_on(tmp_path: Path) -> None:
    """A runner that does not look at the step lets a script with the same loss begin at 0."""
    fault = ("proof.py", '    return _Word("step", False, f"step {step} instead of {wanted}")', "")
    build = broken(tmp_path, (*fault[:2], '    return _Word("step", True, wanted)'))
    with attempt(tmp_path, script(0, "5.0"), build, proof=spec()) as one:
        one.start()
        assert judged(one, "proven").step == 0
