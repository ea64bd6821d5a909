"""Judgements over what is known of an attempt: NaN, divergence, stall, slow-down, disk, memory, budget, and the rest.

Pure: facts, thresholds, what was agreed and a time go in, alarms come out. An alarm is never stored; its consequence
(a stop, a save, a notice) is an event of whoever acted. Standard library, Python 3.8: the runner enforces the same
rules when nobody is connected.

    loss       nan, zero_loss, constant, spike, divergence, plateau, band, grad_norm, val_gap
    progress   stall, silent, slow, steps, not_resumed, straggler
    machine    mfu, util, throttle, memory, disk
    duty       budget, idle, at_risk
"""

from __future__ import annotations

from engine.alarms.agreed import Agreed, Expected
from engine.alarms.alarm import Alarm
from engine.alarms.case import Case
from engine.alarms.rules import RULES, judge
from engine.alarms.thresholds import Thresholds

__all__ = ["RULES", "Agreed", "Alarm", "Case", "Expected", "Thresholds", "judge"]
