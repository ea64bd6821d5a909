"""A bug leaves one line on the screen and its traceback in a private file, without any value of a variable."""

from __future__ import annotations

import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

from engine import __version__

BUG = 70
"""Exit status of a bug: none of those that say something about a run."""


def record(error: BaseException) -> Path | None:
    """The file with the traceback; None where none could be written."""
    head = f"engine {__version__}, Python {sys.version}\n"
    text = head + "".join(traceback.format_exception(error))
    for folder in (_home(), None):
        try:
            if folder is not None:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            stamp = time.strftime("crash-%Y%m%d-%H%M%S-", time.gmtime())
            fd, path = tempfile.mkstemp(".txt", stamp, folder)
            with open(fd, "w", errors="backslashreplace") as file:
                file.write(text)
            return Path(path)
        except OSError:
            continue
    return None


def _home() -> Path:
    if os.environ.get("COCKPIT_HOME"):
        return Path(os.environ["COCKPIT_HOME"]).expanduser() / "crashes"
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "training-cockpit" / "crashes"
