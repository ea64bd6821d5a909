"""The zipapp: the same bytes from the same sources, complete, and good for an old and bare Python."""

from __future__ import annotations

import ast
import hashlib
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from engine.runner import bundle
from tests.engine.runner.attempts import ROOT, attempt, shell

OLDEST = (3, 8)


def test_the_bytes_depend_on_the_sources_alone(tmp_path: Path) -> None:
    other = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys\nfrom engine.runner import bundle\nsys.stdout.buffer.write(bundle.build())",
        ],
        env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LANG": "C"},
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert other.stdout == bundle.build()


def test_it_is_named_by_its_content_and_built_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCKPIT_HOME", str(tmp_path))
    path = bundle.bundle()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert path == tmp_path / "cache" / f"runner-{digest[:16]}.pyz"
    stamp = path.stat().st_mtime_ns
    assert bundle.bundle() == path and path.stat().st_mtime_ns == stamp
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert bundle.bundle().read_bytes() == bundle.build()


def contents() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(bundle.build())) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_everything_in_it_is_of_the_oldest_pythons_grammar() -> None:
    for name, data in contents().items():
        ast.parse(data, name, feature_version=OLDEST)


def test_it_stands_on_the_standard_library_alone() -> None:
    found = contents()
    names = {name[:-3].replace("/", ".").removesuffix(".__init__") for name in found}
    for name, data in found.items():
        for node in ast.walk(ast.parse(data)):
            wanted = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            wanted += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for module in wanted:
                top = module.partition(".")[0]
                assert module in names or (top in sys.stdlib_module_names and top != "engine"), (
                    f"{name} imports {module}"
                )


def test_it_runs_an_attempt_on_a_bare_python(tmp_path: Path) -> None:
    path = tmp_path / "runner.pyz"
    path.write_bytes(bundle.build())
    with attempt(tmp_path, shell("echo hello; exit 3")) as one:
        words = [sys.executable, "-I", "-S", "-B", str(path), str(one.folder)]
        assert (
            subprocess.run(words, cwd=tmp_path, timeout=60, stdin=subprocess.DEVNULL).returncode
            == 0
        )
        assert one.said("exited")[0].code == 3
    assert not list(tmp_path.rglob("__pycache__"))
