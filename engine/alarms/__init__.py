"""Judgements over what is known of an attempt: NaN, divergence, stall, slow-down, disk, memory, budget.

Pure: facts, thresholds and a time go in, alarms come out. An alarm is never stored; its consequence (a stop, a save)
is an event of whoever acted. Standard library, Python 3.8: the runner enforces the same rules when nobody is connected.
"""

from __future__ import annotations

from engine.alarms.alarm import Alarm
from engine.alarms.rules import RULES, judge
from engine.alarms.thresholds import Thresholds

__all__ = ["RULES", "Alarm", "Thresholds", "judge"]
