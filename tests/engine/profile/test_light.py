"""Reading a profile needs nothing but the standard library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HEAVY = ("numpy", "msgspec", "torch", "textual", "paramiko", "rich", "transformers")
LATE = ("tomllib", "difflib", "argparse")


def loaded(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sys.modules)"
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_reading_a_profile_loads_no_library() -> None:
    code = "from engine.profile import load\nload('profiles/smoke.toml')"
    assert loaded(code).isdisjoint(HEAVY)


def test_importing_it_loads_what_only_files_and_faults_need_not_yet() -> None:
    assert loaded("import engine.profile").isdisjoint(HEAVY + LATE)


def test_a_library_would_be_seen() -> None:
    assert not loaded("import engine.profile, difflib").isdisjoint(HEAVY + LATE)
