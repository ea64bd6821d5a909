"""What is written about profiles is made from their descriptions, and is current."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.profile import Profile, document, from_table
from engine.profile.schema import schema
from engine.profile.shape import Kind, Spec, specs
from engine.profile.tables.guarding import ALARMS, Alerts

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROFILES = sorted(document.FOLDER.glob("*.toml"))
SEEDS = sorted((Path(__file__).parent / "seeds").glob("*.toml"))


def every_key(cls: type = Profile) -> list[tuple[type, Spec]]:
    found = [(cls, spec) for spec in specs(cls).values()]
    for spec in specs(cls).values():
        kinds: tuple[Kind, ...] = (spec.kind, *spec.kind.items)
        found += [pair for kind in kinds if kind.cls for pair in every_key(kind.cls)]
    return found


def test_the_readme_and_the_schema_are_current() -> None:
    assert document.stale() == {}
    assert document.main(["--check"]) == 0


def test_an_older_readme_and_a_missing_schema_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (document.FOLDER / "README.md").read_text("utf-8")
    (tmp_path / "README.md").write_text(text.replace("| `seed` |", "| `sede` |"), "utf-8")
    monkeypatch.setattr(document, "FOLDER", tmp_path)
    assert set(document.stale()) == {tmp_path / "README.md", tmp_path / "schema.json"}
    assert document.main(["--check"]) == 1
    assert document.main(["--write"]) == 0 and document.stale() == {}
    assert (tmp_path / "README.md").read_text("utf-8") == text


def test_every_key_is_documented_with_its_default() -> None:
    text = (document.FOLDER / "README.md").read_text("utf-8")
    for _, spec in every_key():
        if spec.kind.form not in ("table", "rows") and not spec.key.rest:
            assert re.search(rf"^\| `{spec.name}`[^|]*\|", text, re.MULTILINE), spec.name
    assert "| `learning_rate` | number: more than 0 and at most 10 | `0.0002` |" in text


def test_every_description_is_a_sentence_and_every_default_fits_its_description() -> None:
    for cls, spec in every_key():
        assert re.fullmatch(r".+[.)]", spec.key.doc, re.DOTALL), f"{cls.__name__}.{spec.name}"
        if (
            not spec.required
            and spec.default is not None
            and spec.kind.form not in ("table", "rows")
        ):
            bounds = (spec.key.least, spec.key.above, spec.key.most)
            if isinstance(spec.default, (int, float)) and any(
                bound is not None for bound in bounds
            ):
                assert spec.key.least is None or spec.default >= spec.key.least, spec.name
                assert spec.key.above is None or spec.default > spec.key.above, spec.name
                assert spec.key.most is None or spec.default <= spec.key.most, spec.name


def test_no_name_of_other_tools_is_a_key_of_the_same_table() -> None:
    for cls, spec in every_key():
        assert not set(spec.key.also + spec.key.aliases) & set(specs(cls)), spec.name


def test_thresholds_of_the_rules_are_the_profiles() -> None:
    from engine.alarms import RULES, Thresholds

    made = from_table({"name": "p", "recipe": "command", "command": {"argv": ["a"]}}).alerts
    assert isinstance(made, Alerts) and set(RULES) <= set(ALARMS)
    for name, value in vars(Thresholds()).items():
        assert getattr(made, name) == value, name


@pytest.mark.parametrize("file", PROFILES + SEEDS, ids=lambda file: file.stem)
def test_the_schema_accepts_every_profile_there_is(file: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft7Validator.check_schema(schema())
    jsonschema.validate(tomllib.loads(file.read_text("utf-8")), schema())


@pytest.mark.parametrize(
    "text",
    [
        "sede = 1",
        "[train]\nseed = 'x'",
        "[train]\nmicro_batch = 0",
        "[schedule]\nkind = 'cosin'",
        "[optim]\nbetas = [0.9]",
        "[[phase]]\nid = 5",
        "[alerts.actions]\nnann = 'stop'",
        "[gates]\nloss = 1",
        "[expect]\nloss = 'x'",
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(text: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    table: dict[str, Any] = tomllib.loads(text)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(table, schema())
    with pytest.raises(Exception, match="profile: "):
        from_table({"name": "p", "recipe": "command", "command": {"argv": ["a"]}, **table})


def test_the_schema_is_json_without_numbers_that_json_has_not() -> None:
    json.dumps(schema(), allow_nan=False)
