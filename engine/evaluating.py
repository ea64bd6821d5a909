"""What needs torch about a checkpoint is done by a process of its own, `python -m engine.evaluate`: this side asks it.

It runs at the lowest priority, on the CPU or on a GPU that is idle, so that a training is not disturbed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import engine
from engine.errors import NotFound, Problem, Unusable

_NICED = "import os, runpy; os.nice(19); runpy.run_module('engine.evaluate', run_name='__main__', alter_sys=True)"


class Asking:
    """A process that answers each line of JSON with one. It ends with the `with` block."""

    def __init__(self, what: str) -> None:
        env = {"TRANSFORMERS_VERBOSITY": "error", "HF_HUB_DISABLE_PROGRESS_BARS": "1", **os.environ}
        root = str(Path(engine.__file__).parent.parent)
        env["PYTHONPATH"] = os.pathsep.join([root, *filter(None, [env.get("PYTHONPATH")])])
        self._process = subprocess.Popen(
            [sys.executable, "-c", _NICED, what],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=env,
        )

    def __enter__(self) -> Asking:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.wait()

    def ask(self, table: Mapping[str, Any]) -> dict[str, Any]:
        """Its answer; what it cannot do is a Problem in its own words."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        try:
            stdin.write(json.dumps(dict(table)).encode() + b"\n")
            stdin.flush()
        except BrokenPipeError:
            pass  # what it said last tells more
        line = stdout.readline()
        if not line:
            raise Problem("engine.evaluate ended without an answer", "see what it printed above")
        said: dict[str, Any] = json.loads(line)
        if "error" in said:
            kind = NotFound if said.get("status") == NotFound.status else Unusable
            raise kind(said["error"], said.get("fix"))
        return said


def make(what: str, checkpoint: str, base: str | None, out: Path) -> dict[str, Any]:
    """A new folder made of a checkpoint: merged, or converted to safetensors. Where it lies and its size."""
    if out.exists():
        raise Unusable(f"{out} is there already", fix="--out another folder")
    with Asking(what) as process:
        return process.ask({"checkpoint": checkpoint, "base": base, "out": str(out.absolute())})
