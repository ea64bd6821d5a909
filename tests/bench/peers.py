"""The programs that ours are compared with, in an environment of their own that is made once, on demand.

It lies in the user's cache folder, never in the project. Where it cannot be made, the figures stand alone and say why.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import site
import subprocess
import sys
import venv
from functools import cache
from pathlib import Path

LOGGERS = ("wandb==0.31.0", "tensorboard==2.21.0")
TRAINERS = ("trl==1.16.0", "datasets==5.2.0")
"""Installed beside our own packages, so that torch, transformers and PEFT are the same for everyone."""


class Absent(Exception):
    """No peer can be measured here."""


@cache
def python(wanted: tuple[str, ...] = LOGGERS) -> str:
    """The interpreter that has them all."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "training-cockpit"
    made_of = " ".join((*wanted, sys.version, sys.prefix))
    folder = root / f"peers-{hashlib.sha256(made_of.encode()).hexdigest()[:12]}"
    found = folder / "bin" / "python"
    if not (folder / "made").exists():
        try:
            _make(folder, wanted)
        except (OSError, subprocess.SubprocessError) as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise Absent(_why(error)) from error
    return str(found)


def _make(folder: Path, wanted: tuple[str, ...]) -> None:
    print(f"bench: making {folder} for {', '.join(wanted)}", file=sys.stderr)
    venv.create(folder, clear=True, with_pip=True)
    found = str(folder / "bin" / "python")
    if wanted is TRAINERS:
        (_packages(found) / "ours.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    install = [found, "-m", "pip", "install", "-q", *wanted]
    subprocess.run(install, check=True, capture_output=True, text=True, timeout=300)
    (folder / "made").touch()


def _packages(interpreter: str) -> Path:
    ask = [interpreter, "-c", "import site; print(site.getsitepackages()[0])"]
    return Path(subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip())


def _why(error: Exception) -> str:
    said = getattr(error, "stderr", None) or str(error)
    return "peers cannot be installed: " + said.strip().splitlines()[-1][:120]
