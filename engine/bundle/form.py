"""What a bundle is made of: a zip with a few parts of known names, and `bundle.json`, which says what they are.

    bundle.json                     the version of this form, the run, each part's size and SHA-256, what was removed
    profile.json, keeper.jsonl, probes.jsonl
    attempts/<n>/job.json, circumstances.json, runner.jsonl, trainer.jsonl, files.jsonl, console.log

A part of any other name is no part: it is counted, and nobody reads it.
"""

from __future__ import annotations

import re

SCHEMA = 1
MANIFEST = "bundle.json"
ENDING = ".cockpit"
NOTES = ".notes.jsonl"
"""Stands behind the bundle's own name: what a reader wrote down, to go back to whom the run belongs."""
OF_RUN = ("profile.json", "keeper.jsonl", "probes.jsonl")
OF_ATTEMPT = (
    "job.json",
    "circumstances.json",
    "trainer.jsonl",
    "files.jsonl",
    "console.log",
    "runner.jsonl",
)
"""The runner's comes last: its time index is changed where the others were."""
PART = re.compile(
    r"(?:profile\.json|keeper\.jsonl|probes\.jsonl"
    r"|attempts/[1-9]\d{0,3}/(?:job\.json|circumstances\.json|(?:runner|trainer|files)\.jsonl|console\.log))"
)
MOST_PARTS = 4096
MOST_BYTES = 1 << 30
"""Of all parts together, as they stand in memory."""
MOST_DIRECTORY = 1 << 20
MOST_MANIFEST = 4 << 20
SMALL = 8 << 20
"""Of parts that are one JSON value."""
