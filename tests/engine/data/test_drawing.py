"""`engine data curriculum` from its words to its files."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from engine.errors import Problem
from tests.engine.data import grain
from tests.support.cli import Engine


def curriculum(engine: Engine, buckets: Path, out: Path, *more: str):  # type: ignore[no-untyped-def]
    given = ["--buckets", str(buckets), "--out", str(out), *more]
    return engine("data", "curriculum", *given, "--json")


def content(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def rows_of(folder: Path) -> set[str]:
    return {mark for name, mark in content(folder).items() if name.endswith(".jsonl")}


def test_three_phases_in_one_command(engine: Engine, tmp_path: Path) -> None:
    buckets = grain.tree(tmp_path / "b", grain.even(10))
    answer = curriculum(engine, buckets, tmp_path / "out", "--seed", "7")
    assert answer.status == 0, answer.err
    phases = answer.valid("data-curriculum")
    assert [p["phase"] for p in phases] == ["A", "B", "C"] and all(p["met"] for p in phases)
    seen: set[str] = set()
    for phase in phases:
        merged = Path(phase["files"]["merged"]).read_text().splitlines()
        manifest = [
            json.loads(x) for x in Path(phase["files"]["manifest"]).read_text().splitlines()
        ]
        assert len(merged) == len(manifest) == phase["rows"]
        for line, place in zip(merged, manifest, strict=True):
            source = (buckets / place["source_file"]).read_text().splitlines()
            assert source[place["line"] - 1] == line
            assert json.loads(line)["category"] == place["domain"]
        assert not seen & set(merged), "a row of an earlier phase"
        seen |= set(merged)
    blocks = [json.loads(x)["domain"] for x in Path(phases[0]["files"]["manifest"]).open()]
    assert blocks == sorted(blocks), "phase A trains a domain at a time"
    index = json.loads((tmp_path / "out" / "curriculum.json").read_text())
    assert index["seed"] == 7 and index["inputs"]["domain_00/easy.jsonl"]["rows"] == 40
    merged_path = Path(phases[1]["files"]["merged"])
    told = index["phases"]["B"]["files"]["merged"]
    assert told == {"name": merged_path.name, "sha256": content(tmp_path / "out")[merged_path.name]}


def test_the_same_seed_gives_the_same_bytes(engine: Engine, tmp_path: Path) -> None:
    buckets = grain.tree(tmp_path / "b", grain.even(8))
    for name, seed in (("one", "1"), ("two", "1"), ("three", "2")):
        curriculum(engine, buckets, tmp_path / name, "--seed", seed)
    assert content(tmp_path / "one") == content(tmp_path / "two")
    assert not rows_of(tmp_path / "one") & rows_of(tmp_path / "three")
    # what "on every machine" rests on: no clock, no path, no order of a folder
    digest = hashlib.sha256("".join(content(tmp_path / "one").values()).encode()).hexdigest()
    for path in (tmp_path / "b").rglob("*.jsonl"):
        os.utime(path, (1, 1))
    curriculum(engine, buckets, tmp_path / "four", "--seed", "1")
    again = hashlib.sha256("".join(content(tmp_path / "four").values()).encode()).hexdigest()
    assert again == digest


def test_a_phase_alone_keeps_off_the_rows_of_those_before_it(
    engine: Engine, tmp_path: Path
) -> None:
    buckets, out = grain.tree(tmp_path / "b", grain.even(8)), tmp_path / "out"
    for phase, rows in (("A", "160"), ("B", "300"), ("B", "300")):
        answer = curriculum(engine, buckets, out, "--phase", phase, "--rows", rows)
        assert answer.status == 0, answer.err
    index = json.loads((out / "curriculum.json").read_text())
    files = [out / index["phases"][p]["files"]["manifest"]["name"] for p in "AB"]
    first, second = ({*f.read_text().splitlines()} for f in files)
    assert len(first) == 160 and len(second) == 300 and not first & second
    assert len(list(out.glob("manifest_phaseB_*"))) == 1, "the same draw has the same name"


def test_one_domain_is_refused_before_anything_is_written(engine: Engine, tmp_path: Path) -> None:
    buckets = grain.tree(tmp_path / "b", grain.SESSION_5)
    answer = curriculum(engine, buckets, tmp_path / "out", "--phase", "A")
    assert answer.status == 2 and not (tmp_path / "out").exists()
    said = answer.values()[-1]["error"]
    for words in ("easy: 350 asked", "exactly this mix: 0 rows", "389 rows, 0/310/75/4"):
        assert words in said
    assert "0/80/19/1 % where 35/35/25/5 % are asked" in said
    assert "1 of 4 bucket files are empty" in answer.err
    taken = curriculum(engine, buckets, tmp_path / "out", "--phase", "A", "--accept", "nearest")
    (phase,) = taken.valid("data-curriculum")
    assert taken.status == 0 and phase["rows"] == 389 and not phase["met"]
    assert [round(100 * tier["share"]) for tier in phase["tiers"]] == [0, 80, 19, 1]


def test_broken_rows_stop_a_draw_or_are_named(engine: Engine, tmp_path: Path) -> None:
    buckets = grain.tree(tmp_path / "b", grain.even(8))
    with (buckets / "domain_03" / "hard.jsonl").open("a") as file:
        file.write("{broken\n")
    words = ("--phase", "B", "--rows", "40")
    stopped = curriculum(engine, buckets, tmp_path / "out", *words, "--broken", "stop")
    assert stopped.status == 2 and "hard.jsonl:41: not JSON" in stopped.values()[-1]["error"]
    assert not (tmp_path / "out").exists()
    drawn = curriculum(engine, buckets, tmp_path / "out", *words)
    assert drawn.status == 0 and "1 rows cannot be read" in drawn.err


def test_options_win_over_the_profile(engine: Engine, tmp_path: Path) -> None:
    buckets = grain.tree(tmp_path / "b", grain.even(8))
    profile = tmp_path / "p.toml"
    profile.write_text(
        'name = "p"\nrecipe = "finetune"\n[model]\nbase = "x"\n[data]\nbuckets = "nowhere"\n'
        '[[phase]]\nid = "own"\ndata = "rows.jsonl"\n[[phase]]\nid = "B"\nrows = 40\n'
    )
    words = ("data", "curriculum", "--config", str(profile), "--json")
    assert "nowhere: no such folder" in engine(*words).values()[-1]["error"]
    found = engine(*words, "--buckets", str(buckets)).valid("data-curriculum")
    assert [(one["phase"], one["rows"]) for one in found] == [("B", 40)]
    profile.write_text(profile.read_text().partition('[[phase]]\nid = "B"')[0])
    answer = engine(*words, "--buckets", str(buckets))
    assert answer.status == 2
    assert "every phase names its own rows" in answer.values()[-1]["error"]


def test_a_number_that_was_told_is_had_or_refused(engine: Engine, tmp_path: Path) -> None:
    buckets = grain.tree(tmp_path / "b", grain.even(10))
    wanted = ("--phase", "B", "--rows", "3000")
    refused = curriculum(engine, buckets, tmp_path / "out", *wanted)
    assert refused.status == 2 and not (tmp_path / "out").exists()
    assert "1,200 rows asked, 400 can be had" in refused.values()[-1]["error"]
    taken = curriculum(engine, buckets, tmp_path / "out", *wanted, "--accept", "largest")
    assert taken.status == 0 and taken.values()[0]["rows"] == 1000


def test_a_changed_row_changes_the_name(engine: Engine, tmp_path: Path) -> None:
    buckets, out = grain.tree(tmp_path / "b", grain.even(8)), tmp_path / "out"
    curriculum(engine, buckets, out, "--phase", "B")
    path = buckets / "domain_00" / "easy.jsonl"
    path.write_text(path.read_text().replace("Rule", "Sule"))
    curriculum(engine, buckets, out, "--phase", "B")
    assert len(list(out.glob("merged_phaseB_*"))) == 2


def test_without_merging_there_is_a_manifest_and_no_rows(engine: Engine, tmp_path: Path) -> None:
    buckets = grain.tree(tmp_path / "b", grain.even(8))
    curriculum(engine, buckets, tmp_path / "out", "--no-merge")
    assert not list((tmp_path / "out").glob("merged*"))
    assert len(list((tmp_path / "out").glob("manifest_phase*"))) == 3


def test_a_profile_says_the_phases(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    grain.tree(tmp_path / "b", grain.even(5))
    (tmp_path / "p.toml").write_text(
        'name = "p"\nrecipe = "finetune"\n[model]\nbase = "m"\n[data]\nbuckets = "b"\n'
        'minimums = {easy = 50}\n[[phase]]\nid = "warm"\nrows = 90\nmix = {easy = 2, hard = 1}\n'
        '[[phase]]\nid = "rest"\nrows = 100\nfocus = ["domain_03"]\n'
    )
    answer = engine("data", "curriculum", "--config", "p.toml", "--out", "out", "--json")
    assert answer.status == 0, answer.err
    warm, rest = answer.valid("data-curriculum")
    assert [t["rows"] for t in warm["tiers"]] == [60, 0, 30, 0]
    assert warm["domains"][0]["short"] == 10
    assert rest["rows"] == 100 and rest["focus"]["share"] == 1.0


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--phase", "D"], "there is no phase 'D'"),
        (["--cap", "15"], "a share lies between"),
        (["--stress-ratio", "1"], "has no option --stress-ratio"),
        (["--rows", "many"], "'many' is no whole number"),
    ],
)
def test_mistakes(words: list[str], error: str, engine: Engine, tmp_path: Path) -> None:
    buckets = grain.tree(tmp_path / "b", grain.even(8))
    answer = curriculum(engine, buckets, tmp_path / "out", *words)
    assert answer.status == 2 and error in answer.values()[-1]["error"]


def test_a_tier_that_is_misspelt_names_the_right_one(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    grain.tree(tmp_path / "b", grain.even(5))
    (tmp_path / "p.toml").write_text(
        'name = "p"\nrecipe = "finetune"\n[model]\nbase = "m"\n[data]\nbuckets = "b"\n'
        '[[phase]]\nid = "x"\nrows = 9\nmix = {extremely_complx = 2}\n'
    )
    answer = engine("data", "curriculum", "--config", "p.toml", "--json")
    assert answer.status == 2 and answer.values()[-1]["fix"] == "did you mean extremely_complex?"


def test_a_tree_is_described(engine: Engine, tmp_path: Path) -> None:
    buckets = grain.tree(tmp_path / "b", {**grain.even(3), "gap": {"easy": 0}})
    (table,) = engine("data", "buckets", str(buckets), "--json").valid("data-buckets")
    assert table["rows"] == 480 and table["empty"] == ["gap/easy.jsonl"]
    raw = tmp_path / "raw.json"
    raw.write_text(json.dumps([grain.row("tax", "easy", n) for n in range(5)]))
    answer = engine("data", "buckets", str(raw), "--out", str(tmp_path / "c"), "--json")
    (made,) = answer.valid("data-built")
    assert made["buckets"] == {"tax/easy.jsonl": 5}


def test_a_disk_that_fills_leaves_what_was_there(engine: Engine, tmp_path: Path) -> None:
    from engine.data.landing import landing

    path = tmp_path / "file"
    path.write_text("before")
    with pytest.raises(Problem, match="the disk is full"), landing(path) as file:
        file.write(b"half")
        raise OSError(28, "No space left on device")
    assert path.read_text() == "before" and len(list(tmp_path.iterdir())) == 2
