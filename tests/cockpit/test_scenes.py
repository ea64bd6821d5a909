"""What the charts of a moment hold: curves in their style, bands, plan, clip, seams."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from cockpit.agreed import agreed
from cockpit.scenes import chosen, framed, grad_norm, learning_rate, loss, metric, scenes
from engine import profile
from engine.events import Row
from tests.cockpit.seeing import seen
from tests.support.stories import T0, accepted, exited, live, opened, rows, started
from tests.support.tales import PLAN

TABLE = {
    "name": "tale",
    "recipe": "finetune",
    "model": {"base": "gpt2"},
    "data": {"train": ["tales.txt"], "max_length": 128},
    "train": {"max_steps": 100, "micro_batch": 4, "grad_accum": 2},
    "optim": {"learning_rate": 0.003, "max_grad_norm": 0.5},
    "schedule": {"warmup_steps": 10},
    "expect": {"loss": {"range": [0, 9], "bands": [[0, 50, 3, 4]]}},
}
AGREED = agreed(profile.from_table(TABLE))
ROWS = [("1/trainer", Row(T0 + n, n, {"loss": 3.5, "learning_rate": 1e-3, "grad_norm": 0.4}))
        for n in range(1, 30)]  # fmt: skip


def test_the_plan_is_what_the_loop_will_set() -> None:
    steps, planned = AGREED.plan(100)
    assert steps[0] == 1 and steps[-1] == 100
    assert planned.argmax() == 9 and planned.max() == 0.003
    assert np.all(np.diff(planned[10:]) < 0)


def test_a_command_has_no_plan_and_no_profile_none() -> None:
    bare = profile.from_table({"name": "x", "recipe": "command", "command": {"argv": ["x"]}})
    assert len(agreed(bare).plan(100)[0]) == 0 and agreed(bare).clip is None
    assert len(agreed(None).plan(100)[0]) == 0


def test_the_learning_rate_is_never_smoothed_and_has_its_plan_behind_it(logs: Path) -> None:
    moment = seen(logs, *live(), PLAN, *ROWS)
    told, planned = learning_rate(framed(moment, "step", AGREED)).curves
    assert told.style == "exact" and planned.style == "plan" and len(planned) == 100


def test_bands_stand_on_the_axis_they_were_told_for(logs: Path) -> None:
    moment = seen(logs, *live(), PLAN, *ROWS)
    assert len(loss(framed(moment, "step", AGREED)).bands) == 2
    assert len(loss(framed(moment, "time", AGREED)).bands) == 1
    assert loss(framed(moment, "step", AGREED)).note == "in band"


def test_leaving_the_band_is_said(logs: Path) -> None:
    moment = seen(logs, *live(), PLAN, *ROWS, ("1/trainer", Row(T0 + 40, 40, {"loss": 2.0})))
    assert loss(framed(moment, "step", AGREED)).note == "out of band"


def test_the_clipping_norm_is_a_line(logs: Path) -> None:
    scene = grad_norm(framed(seen(logs, *live(), PLAN, *ROWS), "step", AGREED))
    assert scene.note == "clip 0.5" and set(scene.curves[1].y) == {0.5}


def test_what_was_trained_twice_is_shaded(logs: Path) -> None:
    parts = [accepted(), opened(), *started(), PLAN, *rows([3.0] * 50), exited(3),
             opened(2, "crash", T0 + 62), *started(2, T0 + 63), *rows([3.5], 2, first=41)]  # fmt: skip
    frame = framed(seen(logs, *parts), "step", AGREED)
    assert [(span.start, span.end) for span in loss(frame).spans] == [(41.0, 50.0)]
    assert "resume" in {mark.kind for mark in frame.seams}
    assert framed(seen(logs), "time", AGREED).spans == ()


def test_any_metric_is_a_chart_and_a_pattern_picks_them(logs: Path) -> None:
    moment = seen(logs, *live(), ("1/trainer", Row(T0 + 2, 1, {"loss": 1.0, "layer.3/norm": 2.0})))
    frame = framed(moment, "step", AGREED)
    assert metric(frame, "layer.3/norm").title == "layer.3/norm"
    assert set(scenes(frame)) == {"loss", "rate", "norm", "pace"}
    assert chosen(["loss", "position", "a/norm"], "norm|pos") == ["a/norm"]
    with pytest.raises(re.error):
        chosen(["loss"], "(")
