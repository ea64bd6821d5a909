"""What is installed is what is meant: every package, script and version."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.metadata import distributions
from sysconfig import get_path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from setuptools import find_packages  # type: ignore[import-untyped]

from tests.house.source import PACKAGES, ROOT, read

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PINS = [Requirement(line) for line in (ROOT / "constraints.txt").read_text().splitlines()]
HERE = [get_path("purelib"), get_path("platlib")]  # setuptools puts more on sys.path
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
TOOLS = {"pip", "training-cockpit"}  # comes with Python; is the project itself


def wanted() -> list[Requirement]:
    project = PROJECT["project"]
    extras = [line for extra in project["optional-dependencies"].values() for line in extra]
    return [Requirement(line) for line in (*project["dependencies"], *extras)]


def unpinned(needs: Iterable[Requirement], pins: Iterable[Requirement], python: str) -> list[str]:
    """What lacks one exact version, that it accepts, on this Python."""
    here = {"python_version": python, "python_full_version": f"{python}.9"}
    versions: dict[str, list[str]] = {}
    for pin in pins:
        if pin.marker is None or pin.marker.evaluate(here):
            exact = [each.version for each in pin.specifier if each.operator == "=="]
            versions.setdefault(canonicalize_name(pin.name), []).extend(exact)
    return [
        str(need)
        for need in needs
        if need.marker is None or need.marker.evaluate(here)
        if [need.specifier.contains(v) for v in versions.get(canonicalize_name(need.name), [])]
        != [True]
    ]


@pytest.mark.parametrize("python", PYTHONS)
def test_every_requirement_has_one_version(python: str) -> None:
    assert unpinned(wanted(), PINS, python) == []


@pytest.mark.parametrize(
    "pins",
    [[], ["a>=1"], ["a==0.9"], ["a==1", "a==2"], ["a==1; python_version < '3.11'"]],
)
def test_a_missing_loose_or_double_pin_is_caught(pins: list[str]) -> None:
    assert unpinned([Requirement("a>=1")], map(Requirement, pins), "3.12") == ["a>=1"]
    assert unpinned([Requirement("a>=1")], [Requirement("A==1.5")], "3.12") == []


def test_the_environment_has_the_pinned_versions_and_nothing_else() -> None:
    """The pins name even what nobody here asked for, so two installs are the same install."""
    if sys.prefix != str(ROOT / ".venv"):
        pytest.skip("does not run in .venv")
    held = [pin for pin in PINS if pin.marker is None or pin.marker.evaluate()]
    allowed = {canonicalize_name(pin.name): pin.specifier for pin in held}
    found = {canonicalize_name(each.name): each.version for each in distributions(path=HERE)}
    assert [
        f"{name} {version}"
        for name, version in found.items()
        if name not in TOOLS and not (name in allowed and allowed[name].contains(version))
    ] == []


def test_every_folder_with_code_is_packaged() -> None:
    packaged = find_packages(
        str(ROOT), include=PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
    )
    assert {source.package for source in read(*PACKAGES)} == set(packaged)


def test_a_script_stands_for_each_package() -> None:
    scripts = {name: f"{name}.cli:main" for name in ("engine",)}
    if (ROOT / "cockpit" / "app.py").exists():
        scripts["cockpit"] = "cockpit.cli:main"
    assert PROJECT["project"]["scripts"] == scripts
