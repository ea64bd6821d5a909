"""The machine tells people itself, once: real runners, a real server."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.engine.notify.server import Phone, free_port, phone
from tests.engine.runner.attempts import Attempt, attempt, broken, shell, until

NAN = (
    'for i in 1 2 3 4; do echo "{\\"step\\": $i, \\"loss\\": \\"nan\\"}" >> $COCKPIT_EVENTS; done;'
    " echo key=$HOOK; while [ ! -e stop ]; do sleep 0.1; done; exit 3"
)


def telling(**more: Any) -> dict[str, Any]:
    return {"notify": {"to": ["webhook:HOOK"], "secrets": ["HOOK"], **more}}


def given(there: Phone) -> bytes:
    return json.dumps({"HOOK": f"{there.url}/T0PS3CRET"}).encode() + b"\n"


def counted(there: Phone) -> Counter[str]:
    return Counter(got["alarm"] for got in there.got)


def test_an_alarm_and_the_end_are_told_once_and_the_address_to_nobody(tmp_path: Path) -> None:
    with phone() as there, attempt(tmp_path, shell(NAN), **telling()) as one:
        one.start(given(there))
        until(lambda: counted(there)["nan"], "the alarm's notice")
        time.sleep(2.5)  # the alarm still stands, and is judged twice more
        (tmp_path / "stop").touch()
        assert one.runners[0].wait(30) == 0
        assert counted(there) == {"nan": 1, "ended": 1}
        assert [(n.alarm, n.to, n.sent) for n in one.said("notified")] == [
            ("nan", "webhook:HOOK", True),
            ("ended", "webhook:HOOK", True),
        ]
        assert len(there.got[0]["lines"]) == 7 and "exit status 3" in there.got[1]["title"]
        assert b"key=\n" in one.console(), "the trainer is not given the address"
        written = b"".join(path.read_bytes() for path in one.folder.rglob("*") if path.is_file())
        assert b"T0PS3CRET" not in written


def killed(there: Phone, one: Attempt, home: Path) -> Counter[str]:
    """A runner that told of an alarm is killed; the next one finds the alarm standing."""
    one.start(given(there))
    until(lambda: one.said("notified"), "the alarm's notice")
    one.runners[0].kill()
    one.runners[0].wait()
    one.start(given(there))
    until(lambda: len(one.said("runner_started")) == 2, "the next runner")
    time.sleep(2.5)
    (home / "stop").touch()
    one.runners[1].wait(30)
    return counted(there)


def test_the_next_runner_repeats_nothing(tmp_path: Path) -> None:
    with phone() as there, attempt(tmp_path, shell(NAN), **telling()) as one:
        assert killed(there, one, tmp_path) == {"nan": 1, "ended": 1}


def test_the_control_a_runner_that_forgets_repeats(tmp_path: Path) -> None:
    build = broken(
        tmp_path, ("runner/herald.py", "self._ids = told | waiting", "self._ids = set()")
    )
    with phone() as there, attempt(tmp_path, shell(NAN), build, **telling()) as one:
        assert killed(there, one, tmp_path)["nan"] == 2


def test_offline_letters_are_left_for_the_keeper(tmp_path: Path) -> None:
    argv = shell("exit 0")
    hook = json.dumps({"HOOK": f"http://127.0.0.1:{free_port()}"}).encode() + b"\n"
    with attempt(tmp_path, argv, **telling()) as one:
        assert one.run(hook) == 0
        assert one.names()[-1] == "exited" and not one.said("notified")
        [left] = (one.folder / "outbox").glob("*.json")
        assert json.loads(left.read_bytes())["notice"]["alarm"] == "ended"
