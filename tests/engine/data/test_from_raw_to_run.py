"""Raw rows of many domains become buckets, three phases and tokens by a command each; a run trains on just those."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.data.store import open_store
from engine.train.tokenizer import Pretrained
from tests.engine.data import grain
from tests.engine.train import miniature, trainer
from tests.support.cli import Engine

DOMAINS = ("tax", "estate", "insurance", "derivatives", "compliance", "trading")
TIERS = ("easy", "medium", "hard", "extremely_complex")
PHASES: list[dict[str, Any]] = [
    {"id": "A", "quota": 20, "mix": dict(zip(TIERS, (35, 35, 25, 5), strict=True))},
    {"id": "B", "rows": 40, "cap": 0.25, "mix": dict(zip(TIERS, (20, 40, 30, 10), strict=True))},
    {"id": "C", "rows": 20, "focus": ["compliance"], "mix": dict(zip(TIERS, (10, 25, 35, 30), strict=True))},
]  # fmt: skip


@dataclass(frozen=True)
class Site:
    """A project: a profile of which every phase names the curriculum's folder."""

    folder: Path
    profile: Path

    @property
    def drawn(self) -> Path:
        return self.folder / "drawn"

    @property
    def cache(self) -> Path:
        """Where the trainer of `tests.engine.train.trainer` looks."""
        return self.folder / "cache" / "training-cockpit" / "tokens"

    def merged(self, phase: str) -> Path:
        index = json.loads((self.drawn / "curriculum.json").read_text())
        return self.drawn / str(index["phases"][phase]["files"]["merged"]["name"])


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose tokenizer.json is as its library writes it: what was there before is another tokenizer."""
    folder = miniature.base(tmp_path_factory.mktemp("mini") / "base")
    for name, content in Pretrained(str(folder), "model.base").files().items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def site(base: Path, tmp_path: Path, engine: Engine) -> Site:
    (tmp_path / "base").symlink_to(base)
    found = Site(tmp_path, tmp_path / "profile.json")
    raw = [grain.row(d, t, n) for n in range(24) for d in DOMAINS for t in TIERS]
    raw += [raw[7], raw[9]]
    for part in range(2):
        (tmp_path / f"raw{part}.jsonl").write_text(grain.lines(raw[part::2]))
    phases = [
        {**{k: v for k, v in one.items() if v is not None}, "data": str(found.drawn)}
        for one in PHASES
    ]
    data = {
        "train": None, "buckets": str(tmp_path / "buckets"), "format": "instruction", "template": "alpaca",
        "max_length": 128, "cache": "require",
    }  # fmt: skip
    train = {"max_steps": None, "epochs": 1.0, "micro_batch": 2, "grad_accum": 2, "threads": 1}
    miniature.profile(
        tmp_path, data=data, phase=phases, train=train, save={"every_steps": 100, "keep": 3}
    )
    files = [str(tmp_path / f"raw{part}.jsonl") for part in range(2)]
    buckets = engine("data", "buckets", *files, "--out", str(tmp_path / "buckets"), "--json")
    assert buckets.status == 0, buckets.err
    toml = tmp_path / "profile.toml"
    toml.write_text(as_toml(json.loads(found.profile.read_text())))
    drawn = engine("data", "curriculum", "--config", str(toml), "--out", str(found.drawn), "--json")
    assert drawn.status == 0, drawn.err
    return found


def as_toml(table: dict[str, Any]) -> str:
    def value(one: Any) -> str:
        if isinstance(one, dict):
            return "{" + ", ".join(f"{k} = {value(v)}" for k, v in one.items()) + "}"
        return json.dumps(one)

    lines = [f"{k} = {value(v)}" for k, v in table.items() if k != "phase"]
    for phase in table["phase"]:
        lines += ["[[phase]]", *(f"{k} = {value(v)}" for k, v in phase.items())]
    return "\n".join(lines) + "\n"


def pretokenize(engine: Engine, site: Site) -> Any:
    return engine(
        "data", "pretokenize", "--input", str(site.drawn), "--tokenizer", str(site.folder / "base"),
        "--max-length", "128", "--format", "instruction", "--out", str(site.cache), "--json",
    )  # fmt: skip


def test_a_run_trains_on_exactly_the_rows_that_were_drawn(engine: Engine, site: Site) -> None:
    stores = pretokenize(engine, site).valid("data-pretokenize")
    assert [one["phase"] for one in stores] == ["A", "B", "C"]
    ended = trainer.train(site.folder / "log", site.profile)
    assert ended.status == 0, ended.console
    checkpoint = max(
        (site.folder / "checkpoints").glob("checkpoint-*"), key=lambda p: p.stat().st_mtime
    )
    trained = json.loads((checkpoint / "state.json").read_text())["environment"]["data"]
    assert trained == [one["digest"] for one in stores]
    index = json.loads((site.drawn / "curriculum.json").read_text())
    for one in stores:
        told = index["phases"][one["phase"]]
        merged = site.merged(one["phase"])
        mark = hashlib.sha256(merged.read_bytes()).hexdigest()
        store = open_store(Path(one["path"]))
        assert [source["sha256"] for source in store.manifest["origin"]["files"]] == [mark]
        assert told["files"]["merged"]["sha256"] == mark
        assert told["rows"] == one["documents"] == len(merged.read_text().splitlines())
        assert f"phase {one['phase']}: {told['rows']} rows as drawn, {merged.name}" in ended.console
        written = json.loads((site.folder / "data" / f"phase{one['phase']}.json").read_text())
        assert written["files"] == told["files"]


def test_a_row_that_changed_after_the_draw_is_caught(engine: Engine, site: Site) -> None:
    """By the run and by the pretokenizer, even where size and times are those of before."""
    assert pretokenize(engine, site).status == 0
    path = site.merged("B")
    path.write_text(path.read_text().replace("Rule 1", "Rule 9", 1))
    ended = trainer.train(site.folder / "log", site.profile)
    assert ended.status == 2 and not ended.rows
    assert f"{path} is not what was drawn" in ended.console and "Traceback" not in ended.console
    again = pretokenize(engine, site)
    assert again.status == 2 and "is not what was drawn" in again.values()[-1]["error"]


def test_tokens_of_other_settings_are_not_this_runs(engine: Engine, site: Site) -> None:
    """The control of `require`."""
    table = json.loads(site.profile.read_text())
    table["data"]["max_length"] = 64
    assert pretokenize(engine, site).status == 0
    site.profile.write_text(json.dumps(table))
    ended = trainer.train(site.folder / "log", site.profile)
    assert ended.status == 2 and "max length 128 → 64" in ended.console


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("gone", "is gone"),
        ("folder", "drawn is not there"),
        ("index", "which rows were drawn"),
        ("phase", "has no phase C (it has A, B)"),
        ("torn", "cannot be read"),
        ("rows", "were not written"),
    ],
)
def test_what_is_missing_of_a_curriculum_is_told(damage: str, words: str, site: Site) -> None:
    index = site.drawn / "curriculum.json"
    if damage == "gone":
        site.merged("A").unlink()
    elif damage == "folder":
        site.drawn.rename(site.folder / "elsewhere")
    elif damage == "index":
        index.unlink()
    elif damage == "torn":
        index.write_text("{")
    else:
        table = json.loads(index.read_text())
        if damage == "phase":
            del table["phases"]["C"]
        else:
            del table["phases"]["A"]["files"]["merged"]
        index.write_text(json.dumps(table))
    ended = trainer.train(site.folder / "log", site.profile)
    assert ended.status == 2 and words in ended.console and "Traceback" not in ended.console
    assert ("draw again" if damage == "rows" else "engine data curriculum") in ended.console


def test_a_profile_that_asks_otherwise_than_was_drawn_is_told_so(
    engine: Engine, site: Site
) -> None:
    assert pretokenize(engine, site).status == 0
    table = json.loads(site.profile.read_text())
    table["phase"][1]["rows"] = 30
    site.profile.write_text(json.dumps(table))
    ended = trainer.train(site.folder / "log", site.profile)
    assert ended.status == 0
    assert "phase B was drawn with rows 40, the profile says 30" in ended.console
