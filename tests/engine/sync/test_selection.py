"""What of a project goes to a machine, and by which name."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from engine.errors import Unusable
from engine.sync import selection
from engine.sync.selection import select

ALL = ("**",)


def project(root: Path) -> Path:
    for name in (
        "train.py",
        "src/model.py",
        "data/rows.jsonl",
        "__pycache__/x.pyc",
        "src/.venv/lib.py",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def names(root: Path, push: tuple[str, ...] = ALL, exclude: tuple[str, ...] = ()) -> list[str]:
    return [item.name for item in select(root, push, exclude).items]


def test_what_nobody_means_stays(tmp_path: Path) -> None:
    assert names(project(tmp_path)) == ["data/rows.jsonl", "src/model.py", "train.py"]
    assert names(tmp_path, ("src", "*.py")) == ["src/model.py", "train.py"]
    assert names(tmp_path, exclude=("data",)) == ["src/model.py", "train.py"]


@pytest.mark.needs("git")
def test_what_git_ignores_stays(tmp_path: Path) -> None:
    project(tmp_path)
    (tmp_path / ".gitignore").write_text("data/\n.env\n")
    (tmp_path / ".env").write_text("TOKEN=hush")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    found = names(tmp_path)
    assert ".env" not in found and "data/rows.jsonl" not in found and "train.py" in found


def test_links_go_as_files_and_never_lead_out(tmp_path: Path) -> None:
    root = project(tmp_path / "here")
    (tmp_path / "outside").write_text("private")
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "in").symlink_to("train.py")
    (root / "round").symlink_to("round")
    os.mkfifo(root / "pipe")
    found = names(root)
    assert "in" in found and not {"out", "round", "pipe"} & set(found)


def test_the_name_is_that_of_the_bytes(tmp_path: Path) -> None:
    one, two = project(tmp_path / "one"), project(tmp_path / "two")
    os.utime(two / "train.py", (1, 1))
    assert select(one, ALL, ()).digest == select(two, ALL, ()).digest
    (two / "train.py").chmod(0o755)
    assert select(one, ALL, ()).digest != select(two, ALL, ()).digest
    (one / "train.py").write_text("other")
    (two / "train.py").chmod(0o644)
    assert select(one, ALL, ()).digest != select(two, ALL, ()).digest


def test_too_much_is_refused_with_the_largest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project(tmp_path) / "big.bin").write_bytes(bytes(5000))
    monkeypatch.setattr(selection, "MOST_BYTES", 4000)
    with pytest.raises(Unusable, match=r"big\.bin"):
        select(tmp_path, ALL, ())
