"""`engine data WHAT`: from raw rows to buckets, phases and tokens."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Mapping

from engine.cli.output import Output
from engine.cli.parser import Parser

EXAMPLES = """
  engine data buckets raw/*.json --out buckets          # by category and difficulty, or by rules
  engine data validate buckets --tokenizer model/tokenizer.json --max-length 2048
  engine data curriculum --phase all --buckets buckets --out runs/mix --seed 42
  engine data pretokenize --input runs/mix --tokenizer model/tokenizer.json --max-length 2048
  engine data look runs/mix/merged_phaseA_*.jsonl
"""
WORDS: Mapping[str, tuple[str, str]] = {
    "buckets": ("buckets", "sort rows into DOMAIN/TIER.jsonl, or say what such a folder holds"),
    "classify": ("classify", "tell each row's domain and tier by rules, with the reason"),
    "validate": ("validate", "everything that is wrong with rows, by file and line"),
    "dedupe": ("merge", "leave out rows that are the same, or nearly"),
    "merge": ("merge", "several files as one, without doubles"),
    "curriculum": ("curriculum", "draw training phases from buckets: asked against got"),
    "pretokenize": ("pretokenize", "rows to memory-mapped tokens, once"),
    "tokenizer": ("tokenizer", "train a byte-level BPE on a corpus"),
    "look": ("look", "rows as the model sees them, what is learned marked"),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    words = parser.add_subparsers(dest="what", metavar="WHAT", required=True, parser_class=Parser)
    for name, (module, summary) in WORDS.items():
        part = words.add_parser(name, help=summary, description=summary + ".", allow_abbrev=False)
        part.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
        importlib.import_module(f"engine.cli.data.{module}").arguments(part)


def act(args: argparse.Namespace, out: Output) -> int:
    module = importlib.import_module(f"engine.cli.data.{WORDS[args.what][0]}")
    status: int = module.act(args, out)
    return status
