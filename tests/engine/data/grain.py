"""Rows and bucket trees of a known make."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.data.bpe import END
from engine.data.pretokenizing import describe
from engine.data.work import Task

TEXT = (Path(__file__).parents[3] / "profiles" / "demo.txt").read_text()
SESSION_5 = {
    "federal_income_tax": {"easy": 0, "medium": 310, "hard": 75, "extremely_complex": 4},
}
"""What one training's first phase really had, against a mix of 35/35/25/5."""


def row(domain: str, tier: str, number: int) -> dict[str, Any]:
    return {
        "instruction": f"What is rule {number} of {domain}?",
        "input": "",
        "output": f"Rule {number} of {domain} is a {tier} one.",
        "category": domain,
        "difficulty": tier,
        "source": "grain",
    }


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(one) + "\n" for one in rows)


def tree(folder: Path, stock: Mapping[str, Mapping[str, int]]) -> Path:
    """`DOMAIN/TIER.jsonl` with so many rows each; a 0 is an empty file."""
    for domain, tiers in stock.items():
        (folder / domain).mkdir(parents=True)
        for tier, count in tiers.items():
            rows = [row(domain, tier, number) for number in range(count)]
            (folder / domain / f"{tier}.jsonl").write_text(lines(rows))
    return folder


def even(domains: int, rows: int = 40) -> dict[str, dict[str, int]]:
    tiers = ("easy", "medium", "hard", "extremely_complex")
    return {f"domain_{i:02}": dict.fromkeys(tiers, rows) for i in range(domains)}


def corpus(path: Path, count: int = 60) -> Path:
    """Rows of uneven lengths."""
    rows = [
        {"instruction": f"Tale {n}?", "output": TEXT[37 * n : 37 * n + 20 + 17 * n % 230]}
        for n in range(count)
    ]
    path.write_text(lines(rows))
    return path


def task(path: Path, tokenizer: bytes, **said: Any) -> Task:
    plain = {"eos": END, "max_length": 48, **said}
    return describe([str(path)], tokenizer, plain, path.parent / "memory", None)


def content(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.suffix == ".bin"}
