"""Limits and rules of a profile: what is said, what is done, also when the runner dies between the two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.engine.runner.attempts import (
    PYTHON,
    ROOT,
    RUN,
    SAVES,
    attempt,
    broken,
    python,
    ready,
    shell,
    signals,
    until,
)


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
    assert (tmp_path / f"{RUN}/attempts/1/console.log").read_bytes().endswith(b"8\n")


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


def test_a_stop_that_was_said_and_not_begun_is_begun_by_the_next_runner(tmp_path: Path) -> None:
    """Killed between the fact and the deed."""
    dies = (
        "runner/obey.py",
        "            if action in ENDS:\n                self._stopping.ask(why)",
        "            if action in ENDS:\n                import os; os._exit(9)",
    )
    alerts = {"nan": 3, "actions": {"nan": "stop"}}
    with attempt(tmp_path, shell(NAN), broken(tmp_path, dies), alerts=alerts) as one:
        assert one.run() == 9
        assert one.names("runner_started", "started") == ["rule_fired"]
        one.build = ROOT
        assert one.run() == 0
        assert signals(one) == ["SIGTERM"] and len(one.said("rule_fired")) == 1


def test_a_rule_that_cannot_save_says_so(tmp_path: Path) -> None:
    alerts = {"nan": 3, "actions": {"nan": "save"}}
    with attempt(tmp_path, shell(NAN), alerts=alerts) as one:
        one.start()
        fired = until(lambda: one.said("rule_fired"), "the rule")[0]
        assert "not saved" in fired.detail and signals(one) == []
        one.order("kill")
        assert one.runners[0].wait(60) == 0


def test_a_dialect_that_is_ordered_reads_the_console_for_the_rules_anew(tmp_path: Path) -> None:
    """The rule sees the NaN only by the dialect that was chosen, also after the runner was killed."""
    lines = "{'loss': '2.5', 'epoch': '1'}\\niter 5: loss nan, time 1ms, mfu 1%\\n"
    code = f'printf "{lines}"; echo ready; sleep 600'
    alerts = {"nan": 1, "actions": {"nan": "stop"}}
    with attempt(tmp_path, shell(code), alerts=alerts) as one:
        ready(one)
        until(lambda: len(one.said("beat")) > 10, "some beats")
        assert one.said("rule_fired") == []
        one.order("dialect", dialect="nanogpt")
        assert one.runners[0].wait(60) == 0
        assert one.said("ordered")[0].kind == "dialect"
        assert one.said("rule_fired")[0].alarm == "nan"
        kept = tmp_path / f"{RUN}/attempts/1/dialect"
        assert kept.read_text() == "nanogpt"
