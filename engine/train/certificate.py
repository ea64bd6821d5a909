"""The resume certificate: what the next steps depend on, then and now, and in words where the two differ.

Nothing continues in silence on other data, another batch, another horizon or another machine.
"""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from engine.train.job import global_batch, phases

if TYPE_CHECKING:
    from engine.train.run import At, Run


def environment(run: Run) -> dict[str, Any]:
    """All that decides the numbers of the next step besides the checkpoint itself. A flat table."""
    job = run.job
    facts: dict[str, Any] = {
        "data": [plan.corpus.digest for plan in run.plans],
        "total": run.total,
        "global batch": global_batch(job),
        "micro-batch": [plan.micro for plan in run.plans],
        "ranks": run.world.size,
        "device": run.device.type,
        "arithmetic": str(run.dtype),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "base": job.model.base,
    }
    for table in ("adapter", "optim", "schedule"):
        values = dataclasses.asdict(getattr(job, table))
        facts |= {f"{table}.{key}": value for key, value in values.items()}
    facts |= {f"train.{key}": getattr(job.train, key) for key in ("seed", "strategy")}
    facts["phase rates"] = [phase.learning_rate for phase in phases(job)]
    return facts


def differences(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What changed, in words; empty means that the continuation is exact."""
    plain = {key: _plain(value) for key, value in now.items()}
    found = []
    for key in sorted(then.keys() | plain.keys()):
        before, after = then.get(key), plain.get(key)
        if before == after:
            continue
        if key == "data":
            found.append("the training data has changed: rows come in another order")
        elif key == "total":
            found.append(
                f"the horizon {before} → {after} steps: the learning rate follows the new one"
            )
        else:
            found.append(f"{key} {before} → {after}")
    return found


def placed(at: At, then: dict[str, Any], now: dict[str, Any]) -> tuple[At, list[str]]:
    """The position under a plan that may have changed, and in words what of it could not be kept.

    A phase's place is a number of rows: with another batch it is another number of steps. Gradients of a step under
    way are kept only where the micro-batches made so far are whole ones still.
    """
    lost = []
    batch, old = now["global batch"], then["global batch"]
    rows, micro = at.phase_step * old, at.micro
    if batch != old:
        at = replace(at, phase_step=rows // batch, ended=at.ended * old // batch, micro=0)
        if rows % batch:
            lost.append(f"{rows % batch} rows are trained again")
    elif micro and at.phase < len(now["micro-batch"]):
        size, before = now["micro-batch"][at.phase], then["micro-batch"][at.phase]
        same = all(then[key] == _plain(now[key]) for key in ("data", "ranks"))
        whole = same and micro * before % size == 0
        at = replace(at, micro=micro * before // size if whole else 0)
    if micro and not at.micro:
        lost.append("the step under way begins again")
    return at, lost


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def sentence(step: int, changed: list[str]) -> str:
    if not changed:
        return f"continuing at step {step}, bit-exact"
    return f"continuing at step {step}, exact but for: {'; '.join(changed)}"
