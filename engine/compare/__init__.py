"""Runs held against each other: what differs first, then numbers with their noise, then what may be said of them."""

from __future__ import annotations

from engine.compare.comparison import Comparison, compare
from engine.compare.gates import Gate, parse

__all__ = ["Comparison", "Gate", "compare", "parse"]
