"""The user's own machine: its files are the run's files, so nothing is mirrored."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping

from engine.runner.bundle import bundle
from engine.runs import PRIVATE_FILE, Attempt


def start_runner(attempt: Attempt, secrets: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """A runner in a session of its own, which survives whoever started it. Secrets travel on its standard input."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    errors = os.open(attempt.errors, flags, PRIVATE_FILE)
    try:
        process = subprocess.Popen(
            [sys.executable, "-B", str(bundle()), str(attempt.folder)],
            stdin=subprocess.PIPE,
            stdout=errors,
            stderr=errors,
            start_new_session=True,
        )
    finally:
        os.close(errors)
    if process.stdin is not None:
        try:
            process.stdin.write(json.dumps(dict(secrets)).encode() + b"\n")
            process.stdin.close()
        except BrokenPipeError:
            pass
    return process
