"""Trees of buckets: what is really in them, and how they are made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.data.buckets import scan
from engine.data.build import build
from engine.data.classify import FINANCE, classify, read_rules
from engine.data.rows import Row, parse_row
from engine.errors import Problem
from tests.engine.data import grain

HOW = ("auto", "exact", "stop")


def test_empty_files_are_no_buckets(tmp_path: Path) -> None:
    stock = {f"d{i}": {"easy": 3 if i % 9 == 0 else 0, "hard": 0} for i in range(100)}
    tree = scan(grain.tree(tmp_path / "b", stock))
    assert tree.rows == 36 and len(tree.empty) == 188 and len(tree.buckets) == 200
    assert tree.stock == stock


def test_rows_that_teach_nothing_are_no_rows(tmp_path: Path) -> None:
    folder = grain.tree(tmp_path / "b", {"tax": {"easy": 3}})
    with (folder / "tax" / "easy.jsonl").open("a") as file:
        file.write('\n{"instruction": "Q", "output": ""}\n{broken\n')
    (folder / "tax" / "notes.jsonl").write_text("{}\n")
    tree = scan(folder, ("easy", "hard"))
    assert (tree.rows, tree.broken, tree.useless) == (3, 1, 1)
    assert [f.where for f in tree.faults] == [f"{folder}/tax/easy.jsonl:{n}" for n in (5, 6)]
    assert tree.strange == ["tax/notes.jsonl"]


def test_no_tree_is_told(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="no buckets"):
        scan(tmp_path)
    with pytest.raises(Problem, match="no such folder"):
        scan(tmp_path / "none")


def test_rows_go_by_their_own_words_or_by_rules(tmp_path: Path) -> None:
    rows = [grain.row("tax", "hard", n) for n in range(3)]
    rows += [rows[0], {"instruction": "What is KYC?", "output": "Know your customer."}]
    rows += [{**grain.row("../../etc", "hard", 7)}]
    path = tmp_path / "raw.jsonl"
    path.write_text(grain.lines(rows))
    built = build([str(path)], tmp_path / "b", read_rules(FINANCE), HOW)
    assert (built.rows, built.doubles, built.by_rules) == (5, 1, 2)
    assert built.buckets["tax/hard.jsonl"] == 3 and built.buckets["aml_kyc/easy.jsonl"] == 1
    assert not any(".." in name for name in built.buckets), "a name from outside makes no path"
    manifest = json.loads((tmp_path / "b" / "buckets.json").read_text())
    tree = scan(tmp_path / "b")
    told = {name: entry["sha256"] for name, entry in manifest["buckets"].items()}
    assert {b.name: b.sha256 for b in tree.buckets} == told


def test_a_broken_row_stops_the_building_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "raw.jsonl"
    path.write_text(grain.lines([grain.row("tax", "hard", 1)]) + "{broken\n")
    with pytest.raises(Problem, match=r"raw\.jsonl:2: not JSON"):
        build([str(path)], tmp_path / "b", read_rules(FINANCE), HOW)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["home", "raw.jsonl"]
    built = build([str(path)], tmp_path / "b", read_rules(FINANCE), ("auto", "exact", "skip"))
    assert built.rows == 1 and len(built.faults) == 1


def test_buckets_are_not_written_over_others(tmp_path: Path) -> None:
    folder = grain.tree(tmp_path / "b", {"tax": {"easy": 3}})
    with pytest.raises(Problem, match="is there already"):
        build([str(folder / "tax" / "easy.jsonl")], folder, read_rules(FINANCE), HOW)


def asked(question: str) -> Row:
    row = parse_row({"instruction": question, "output": "So."}, "f:1", "auto")
    assert isinstance(row, Row)
    return row


def test_a_decision_has_its_reason() -> None:
    rules = read_rules(FINANCE)
    assert len(rules.domains) >= 62
    found = classify(asked("What is a 401(k)?"), rules)
    assert (found.domain, found.tier) == ("retirement_planning", "easy") and "401" in found.why
    hard = (
        "Structure a GRAT for a business owner with a $50 million estate, considering GST, state"
        " taxes and business succession, and calculate the gift tax."
    )
    found = classify(asked(hard), rules)
    assert (
        found.tier == "extremely_complex" and "asks for a calculation ('calculate') +2" in found.why
    )
    assert classify(asked("Hello there"), rules).domain == "general_finance"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fallback = 1", "domains is missing"),
        ('fallback = "x"\n[domains]\n"a/b" = ["w"]\n[tiers]\neasy = 0', "'a/b' cannot be"),
        ('fallback = "x"\n[domains]\na = ["w"]\n[tiers]\neasy = 2', "begin at 0"),
        ("fallback = [", "not TOML"),
        (
            'fallback = "x"\n[domains]\na = ["w"]\n[tiers]\neasy = 0\n[[signals]]\nponts = 1',
            "ponts",
        ),
    ],
)
def test_rules_that_cannot_be_read_are_told(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text)
    with pytest.raises(Problem) as caught:
        read_rules(path)
    assert words in str(caught.value)
