"""The headless `engine`: one verb a file in `verbs/`, loaded when it is asked for.

A verb's stdout is its answer and nothing else; prose, progress and complaints go to stderr. What a
user can cause ends in words and a status, never in a traceback.
"""

from __future__ import annotations

from engine.cli.entry import main

__all__ = ["main"]
