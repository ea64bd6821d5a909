"""A run's metrics as curves over all its attempts, by step, tokens, time or money: for charts, comparison, reports."""

from __future__ import annotations

from engine.curves.curves import Curves, Part
from engine.curves.rulers import KINDS, Counting, Kind, Ruler
from engine.curves.whole import Whole, whole

__all__ = ["KINDS", "Counting", "Curves", "Kind", "Part", "Ruler", "Whole", "whole"]
