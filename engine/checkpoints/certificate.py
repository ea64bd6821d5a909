"""The resume certificate: is what comes next what would have come? It compares what the checkpoint holds and what the
steps depend on, then and now, and says in words what is not the same. What cannot be known is never called exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.checkpoints.checkpoint import Checkpoint

EXACT, BUT, UNKNOWN, REFUSED = "bit-exact", "exact but for", "unknown", "refused"
HAZARDS = {
    "group_by_length": "group_by_length orders the rows anew at each start",
    "ignore_data_skip": "ignore_data_skip begins the data anew",
    "streaming": "a streamed data set begins anew, or its shuffle buffer does",
    "IterableDataset": "a streamed data set begins anew, or its shuffle buffer does",
    "save_only_model": "save_only_model leaves the optimizer out",
}
"""Words in a script or a command after which transformers' resume is another training, without a word of its own."""
_MISSING = {
    "optimizer": "its moments begin anew: no optimizer is in the checkpoint",
    "scheduler": "the learning rate's schedule is not in the checkpoint",
    "rng": "random numbers differ: their state is not in the checkpoint",
    "data": "the rows come in another order: their position is not in the checkpoint",
}
_BATCH = ("batch", "accum", "devices", "nproc")
_HORIZON = ("max_steps", "max-steps", "epochs", "max_iters", "max-iters")


@dataclass(frozen=True)
class Certificate:
    """`changed` are whole clauses."""

    verdict: str
    changed: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        if self.verdict == EXACT:
            return "bit-exact"
        return f"{self.verdict}: {'; '.join(self.changed)}"


def certify(
    checkpoint: Checkpoint,
    then: Mapping[str, Any] | None,
    now: Mapping[str, Any],
    hazards: Sequence[str] = (),
) -> Certificate:
    """Of a resume from this checkpoint. `then` is what was noted when it was made."""
    if checkpoint.flaw is not None:
        return Certificate(REFUSED, (checkpoint.flaw,))
    if checkpoint.kind is None or not checkpoint.holds:
        return Certificate(UNKNOWN, ("what is inside the checkpoint cannot be read",))
    if not {"weights", "adapter"} & set(checkpoint.holds):
        return Certificate(REFUSED, ("no weights are in the checkpoint",))
    missing = [words for part, words in _MISSING.items() if part not in checkpoint.holds]
    if then is None:
        return Certificate(UNKNOWN, (*missing, "nothing was noted of how the checkpoint was made"))
    changed = [*missing, *differences(then, now), *hazards]
    if checkpoint.total is not None and (new := _horizon(now)) not in (None, checkpoint.total):
        changed.append(
            f"the horizon {checkpoint.total} → {new} steps: the learning rate follows the new one"
        )
    unique = tuple(dict.fromkeys(changed))
    return Certificate(BUT, unique) if unique else Certificate(EXACT)


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What changed, in words."""
    found = _flags(_texts(then.get("command")), _texts(now.get("command")))
    if _table(then, "data") != _table(now, "data"):
        found.append("the training data has changed: rows come in another order")
    for name in sorted(_table(then, "script").keys() & _table(now, "script").keys()):
        if _table(then, "script")[name] != _table(now, "script")[name]:
            found.append(f"{name} was edited")
    for key, words in (("threads", "threads"), ("devices", "devices")):
        if then.get(key) != now.get(key):
            found.append(f"{words} {then.get(key)} → {now.get(key)}: sums round differently")
    before, after = _table(then, "libraries"), _table(now, "libraries")
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            found.append(f"{name} {before.get(name)} → {after.get(name)}")
    return found


def _flags(then: list[str], now: list[str]) -> list[str]:
    """The command's arguments that differ, with what follows from them."""
    before, after = _pairs(then), _pairs(now)
    found = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        words = f"{name} {old} → {new}"
        if any(part in name for part in _BATCH):
            words += f": {batch_words(then, now) or 'the effective batch stays'}"
        elif any(part in name for part in _HORIZON):
            words += ": the learning rate follows the new horizon"
        found.append(words)
    return found


def effective_batch(words: Sequence[str]) -> int | None:
    """Micro-batch × accumulation × processes of a command, where it names the first."""
    pairs = _pairs(list(words))
    micro = _number(pairs, ("per_device_train_batch_size", "micro_batch_size", "batch_size"))
    if micro is None:
        return None
    accum = _number(pairs, ("gradient_accumulation_steps", "grad_accum")) or 1
    ranks = _number(pairs, ("nproc_per_node", "num_processes")) or 1
    return micro * accum * ranks


def batch_words(then: Sequence[str], now: Sequence[str]) -> str | None:
    """What becomes of the effective batch when its parts change; None when it stays."""
    before, after = effective_batch(then), effective_batch(now)
    if before is None or after is None:
        return "what becomes of the effective batch is not known"
    if before == after:
        return None
    return f"the effective batch {before} → {after}"


def scan(texts: Sequence[str]) -> list[str]:
    """Hazards that a script or its command names and does not switch off."""
    found = []
    for word, words in HAZARDS.items():
        for text in texts:
            at = text.find(word)
            if at >= 0 and not text[at + len(word) :].lstrip(" =:\"'").startswith(
                ("False", "false")
            ):
                found.append(words)
    return list(dict.fromkeys(found))


def _pairs(words: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, word in enumerate(words):
        name, _, value = word.partition("=")
        if value and name.startswith("-"):
            found[name] = value
        elif word.startswith("-"):
            after = words[number + 1] if number + 1 < len(words) else ""
            found[word] = "" if after.startswith("-") else after
    return found


def _number(pairs: Mapping[str, str], names: Sequence[str]) -> int | None:
    for key, value in pairs.items():
        if key.lstrip("-").replace("-", "_") in names and value.isdigit():
            return int(value)
    return None


def _horizon(now: Mapping[str, Any]) -> int | None:
    return _number(_pairs(_texts(now.get("command"))), ("max_steps", "max_iters"))


def _table(source: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = source.get(key)
    return found if isinstance(found, dict) else {}


def _texts(value: Any) -> list[str]:
    return [str(word) for word in value] if isinstance(value, list) else []
