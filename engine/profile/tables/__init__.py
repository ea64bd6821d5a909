"""The tables of a profile, by theme: every key with its type, default, range and meaning, and nothing else."""

from __future__ import annotations
