"""What a run was made of and what came of it: base, merges, phases, attempts, checkpoints, forks, each with its hash.

A graph that never points back: a thing stands above what was made from it. What nobody hashed has no hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.cli import words
from engine.frozen import frozen, section
from engine.observe import Observer
from engine.runs import Run, every
from engine.view import View

MOST = 1000
"""Nodes that are drawn; a run of many checkpoints shows its newest."""
SHORT = 12


@dataclass(frozen=True)
class Node:
    """`kind` is model, data, run, attempt, phase or checkpoint; `inputs` are the ids of what it was made from."""

    id: str
    kind: str
    name: str
    sha256: str | None = None
    inputs: tuple[str, ...] = ()
    how: str | None = None


@dataclass(frozen=True)
class Lineage:
    run: str
    nodes: tuple[Node, ...]

    def table(self) -> dict[str, Any]:
        return asdict(self)


def lineage(run: Run, logs: Path) -> Lineage:
    """The run with its ancestors and its forks."""
    nodes: dict[str, Node] = {}
    chain = _ancestors(run, logs)
    for one in chain:
        nodes.update((node.id, node) for node in _of_run(one))
    for node in _forks(run, logs):
        nodes.setdefault(node.id, node)
    return Lineage(run.id, tuple(list(nodes.values())[:MOST]))


def _view(run: Run) -> View:
    return Observer(run).frame().view


def _ancestors(run: Run, logs: Path) -> list[Run]:
    """The oldest first; a journal that names itself as its parent ends the way."""
    chain, known = [run], {run.id}
    while len(chain) < MOST:
        accepted = _view(chain[0]).keeper.accepted
        parent = accepted.parent if accepted else None
        if (
            not parent
            or parent in known
            or "/" in parent
            or not (logs / parent / "keeper.jsonl").is_file()
        ):
            return chain
        known.add(parent)
        chain.insert(0, Run(logs / parent))
    return chain


def _of_run(run: Run) -> Iterator[Node]:
    profile, view = frozen(run), _view(run)
    models, base = _models(profile)
    yield from models
    yield from (data := list(_data(profile)))
    inputs = [*([base] if base else []), *(node.id for node in data)]
    accepted, how = view.keeper.accepted, _method(profile)
    if accepted and accepted.parent:
        inputs.append(_checkpoint_id(accepted.parent, accepted.resume_from or "?"))
        how = f"forked from {accepted.parent} at step {words.count(accepted.resume_step)}"
        yield Node(
            inputs[-1], "checkpoint", accepted.resume_from or "?", None, (f"run {accepted.parent}",)
        )
    digest = accepted.digest if accepted else None
    yield Node(f"run {run.id}", "run", run.id, digest, tuple(inputs), how)
    yield from _phases(run, profile)
    yield from _attempts(run, view)
    yield from _checkpoints(run, view)


def _models(profile: Mapping[str, Any]) -> tuple[list[Node], str | None]:
    """The base, by the steps of its making, and the id of what the run began with."""
    found: list[Node] = []
    last: str | None = None
    steps = profile.get("lineage")
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, dict) and step.get("name"):
            inputs = [str(one) for one in step.get("inputs") or ()]
            found += [Node(f"model {one}", "model", one) for one in inputs if one != last]
            last = str(step["name"])
            made = tuple(f"model {one}" for one in inputs)
            found.append(
                Node(f"model {last}", "model", last, step.get("sha256"), made, _made(step))
            )
    base = section(profile, "model").get("base")
    if base and not (last and str(base).rstrip("/").endswith(last)):
        last = str(base)
        revision = section(profile, "model").get("revision")
        how = f"revision {revision}" if revision else None
        found.append(Node(f"model {last}", "model", last, None, (), how))
    return found, f"model {last}" if last else None


def _made(step: Mapping[str, Any]) -> str | None:
    """By which method, of how much of each."""
    shares = zip(step.get("weights") or (), step.get("inputs") or (), strict=False)
    told = ", ".join(f"{share:g} {name}" for share, name in shares)
    parts = (step.get("method"), f"({told})" if told else None, step.get("note"))
    return " ".join(str(part) for part in parts if part) or None


def _data(profile: Mapping[str, Any]) -> Iterator[Node]:
    train = section(profile, "data").get("train")
    for name in train if isinstance(train, list) else ():
        yield Node(f"data {name}", "data", str(name))


def _method(profile: Mapping[str, Any]) -> str | None:
    kind = section(profile, "adapter").get("kind")
    recipe = profile.get("recipe")
    return f"{recipe}, {kind}" if kind and recipe != "command" else recipe


def _phases(run: Run, profile: Mapping[str, Any]) -> Iterator[Node]:
    found = profile.get("phase")
    before: str | None = None
    for one in found if isinstance(found, list) else ():
        if isinstance(one, dict) and one.get("id"):
            name = str(one["id"])
            parent = (
                f"phase {run.id} {one.get('parent') or before}"
                if one.get("parent") or before
                else f"run {run.id}"
            )
            yield Node(
                f"phase {run.id} {name}",
                "phase",
                f"phase {name}",
                None,
                (parent,),
                one.get("purpose"),
            )
            before = name


def _attempts(run: Run, view: View) -> Iterator[Node]:
    for one in view.attempts:
        opening = one.opening
        inputs = [f"run {run.id}"]
        if opening.resume_from:
            inputs.append(_checkpoint_id(run.id, opening.resume_from))
        how = f"{opening.reason} on {opening.machine}"
        yield Node(
            f"attempt {run.id} {one.number}",
            "attempt",
            f"attempt {one.number}",
            None,
            tuple(inputs),
            how,
        )


def _checkpoints(run: Run, view: View) -> Iterator[Node]:
    """Each path once, as it was told last; copies elsewhere are said with it."""
    sinks: dict[str, list[str]] = {}
    for pushed in view.keeper.saves.pushed:
        sinks.setdefault(pushed.path, []).append(pushed.to)
    for attempt in view.attempts:
        told = {one.path: (one.step, one.manifest) for one in attempt.facts.trainer.saved}
        told.update(
            {
                c.path: (c.step or 0, c.manifest)
                for c in view.keeper.saves.commits
                if c.attempt == attempt.number
            }
        )
        for path, (step, mark) in list(told.items())[-50:]:
            where = f", also at {', '.join(sinks[path])}" if path in sinks else ""
            inputs = (f"attempt {run.id} {attempt.number}",)
            how = f"step {words.count(step)}{where}"
            yield Node(_checkpoint_id(run.id, path), "checkpoint", path, mark, inputs, how)


def _checkpoint_id(run: str, path: str) -> str:
    return f"checkpoint {run} {path}"


def _forks(run: Run, logs: Path) -> Iterator[Node]:
    """Runs that began with one of this run's checkpoints."""
    for other in every(logs):
        if other.id == run.id:
            continue
        accepted = _accepted(other)
        if accepted is not None and accepted.parent == run.id:
            came = _checkpoint_id(run.id, accepted.resume_from or "?")
            how = f"forked at step {words.count(accepted.resume_step)}"
            yield Node(f"run {other.id}", "run", other.id, accepted.digest, (came,), how)


def _accepted(run: Run) -> Any:
    """The first line of a journal; None where it is something else."""
    from engine import vault
    from engine.events import Segment, decode
    from engine.events.keeper import Accepted

    try:
        with vault.opened(run.keeper) as file:
            found = decode(file.readline(1 << 20).rstrip(b"\n"), Segment.KEEPER)
    except OSError:
        return None
    return found if isinstance(found, Accepted) else None


def drawn(found: Lineage, hide: Callable[[str], str]) -> Iterator[str]:
    """The graph as lines: each thing once, below the first thing that it was made from."""
    from engine.display import display

    nodes = {node.id: node for node in found.nodes}
    below: dict[str, list[Node]] = {}
    roots: list[Node] = []
    for node in found.nodes:
        parent = next((one for one in reversed(node.inputs) if one in nodes), None)
        (roots if parent is None else below.setdefault(parent, [])).append(node)
    seen: set[str] = set()
    for root in roots:
        for text in _branch(root, below, "", seen):
            yield display(hide(text), 300)


def _branch(
    node: Node, below: Mapping[str, list[Node]], indent: str, seen: set[str]
) -> Iterator[str]:
    if node.id in seen or len(indent) > 60:
        return
    seen.add(node.id)
    mark = f"  {node.sha256[:SHORT]}" if node.sha256 else ""
    how = f"  {node.how}" if node.how else ""
    others = list(node.inputs[:-1])
    made = f"  also of {', '.join(others)}" if others else ""
    yield f"{indent}{node.kind} {node.name}{mark}{how}{made}"
    for child in below.get(node.id, ()):
        yield from _branch(child, below, indent + "  ", seen)
