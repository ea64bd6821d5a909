"""A checkpoint on a Hub or in any folder, with a card made of the run's record: what was trained, how, and how it went.

Only what others need goes: weights, configuration, tokenizer. Optimizer, random numbers and positions stay.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.checkpoints import sinks
from engine.checkpoints.checkpoint import Checkpoint
from engine.checkpoints.sinks import Copied
from engine.reader import RunReader
from engine.redact import redact
from engine.runs import Run
from engine.view import View

WANTED = (".safetensors", ".json", ".txt", ".model", ".jinja", ".tokenizer")
STAYS = ("optimizer", "rng", "partial", "state.json", "trainer_state", "scheduler", "MANIFEST")


def publish(run: Run, one: Checkpoint, to: str) -> Copied:
    """Into an address that fsspec knows; every file is read back and compared."""
    path = Path(one.path)
    files = [path] if path.is_file() else [p for p in sorted(path.iterdir()) if wanted(p)]
    view = RunReader(run).poll()
    text = card(run, view, one, json.loads(run.profile.read_bytes()))
    return sinks.send(to, files, {"README.md": text.encode()})


def wanted(path: Path) -> bool:
    return path.suffix in WANTED and not path.name.startswith(STAYS)


def card(run: Run, view: View, one: Checkpoint, profile: dict[str, Any]) -> str:
    """Markdown with the fields that a Hub reads at its top."""
    base = (profile.get("model") or {}).get("base")
    head = ["---", "library_name: transformers", "tags:", "- training-cockpit"]
    if base:
        head.append(f"base_model: {json.dumps(str(base).removeprefix('hf:'))}")
    lines = [*head, "---", "", f"# {run.id}", "", "| | |", "|---|---|"]
    facts: list[tuple[str, object]] = [
        ("profile", profile.get("name")),
        ("checkpoint", one.name),
        ("step", one.step),
        ("of", view.total),
        ("kind", one.kind),
        *sorted(one.metrics.items()),
    ]
    best = view.best()
    if best is not None:
        facts.append((f"best {best[0]} of the run", f"{best[1].value:.4g} at step {best[1].step}"))
    for table in ("model", "adapter", "optim", "schedule", "train"):
        for key, value in sorted((profile.get(table) or {}).items()):
            if value not in (None, "", [], {}):
                facts.append((f"{table}.{key}", value))
    lines += [f"| {name} | {_cell(value)} |" for name, value in facts if value is not None]
    return redact("\n".join(lines) + "\n")


def _cell(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text.replace("|", "\\|").replace("\n", " ")[:400]
