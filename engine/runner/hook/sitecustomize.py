"""Laid on PYTHONPATH by the runner: exact metrics and steps out of transformers and Lightning, no line changed.

Python imports this file by its name when it starts. It waits for the trainer to be imported and adds a callback
to it; TRL, Axolotl, LLaMA-Factory and Unsloth train by the same one. Rows and checkpoints go to the file that
COCKPIT_EVENTS names. Standard library alone, and nothing here may end, slow or change a script: whatever goes wrong is
swallowed, and the console is read as if this had not been there. `COCKPIT_HOOK=0`, or `hook = false` in the profile's
[log], leaves it out. Another `sitecustomize` that it hides is run after it.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any, Callable

NAMES = {
    "train_loss": "loss",
    "train/loss": "loss",
    "train_loss_step": "loss",
    "val_loss": "eval_loss",
    "val/loss": "eval_loss",
    "valid_loss": "eval_loss",
}
EVERY_S = 1.0
"""Between two rows that tell nothing but the step."""
_OWN = "engine.train.callback"
"""A script that imports our own callback speaks already."""


def safely(act: Callable[..., None]) -> Callable[..., None]:
    """The edge: a trainer must not notice that it is watched."""

    def call(*args: Any, **named: Any) -> None:
        try:
            act(*args, **named)
        except Exception:
            return

    return call


def write(row: dict[str, Any]) -> None:
    """One line. Opened each time: a descriptor kept might be closed by the script and mean another file then."""
    import json

    path = os.environ.get("COCKPIT_EVENTS")
    if not path or _OWN in sys.modules:
        return
    row["t"] = time.time()
    line = json.dumps({key: plain(one) for key, one in row.items() if one is not None}) + "\n"
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, line.encode())
    finally:
        os.close(fd)


def plain(value: Any) -> Any:
    """JSON has no word for a number that is not finite."""
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return repr(value)
    return value


def numbers(logs: dict[str, Any]) -> dict[str, float]:
    """The metrics among what a trainer logs, by our names."""
    found = {}
    for key, value in logs.items():
        if isinstance(value, (bool, str)) or key in ("epoch", "step"):
            continue
        try:
            found[NAMES.get(key, key)] = float(value)
        except (TypeError, ValueError, RuntimeError):
            continue
    return found


def saved(step: int, path: str) -> None:
    """A checkpoint that lies there now."""
    path = os.path.abspath(path)
    if os.path.isdir(path):
        size = sum(
            os.path.getsize(os.path.join(at, name))
            for at, _, names in os.walk(path)
            for name in names
        )
    else:
        size = os.path.getsize(path)
    write({"e": "saved", "step": step, "path": path, "bytes": size})


def transformers(module: Any) -> None:
    """Every Trainer that is made from now on has our callback."""
    made = {name: safely(act) for name, act in _TRANSFORMERS.items()}
    callback = type("CockpitCallback", (module.TrainerCallback,), made)
    module.DEFAULT_CALLBACKS.append(callback)


def _begin(self: Any, args: Any, state: Any, control: Any, **more: Any) -> None:
    if not state.is_world_process_zero:
        return
    weights = list(more["model"].parameters()) if more.get("model") is not None else []
    write(
        {
            "e": "planned",
            "total": state.max_steps if state.max_steps > 0 else None,
            "params": sum(one.numel() for one in weights) or None,
            "trainable": sum(one.numel() for one in weights if one.requires_grad) or None,
            "world": args.world_size,
            "start_step": state.global_step or None,
        }
    )


def _log(self: Any, args: Any, state: Any, control: Any, logs: Any = None, **more: Any) -> None:
    if not state.is_world_process_zero or not logs:
        return
    found = numbers(logs)
    if "train_runtime" in found:  # the summary: its loss is the mean of all
        found = {"mean_loss": found["loss"]} if "loss" in found else {}
    if found:
        write({"step": state.global_step, "epoch": state.epoch, **found})


_step_at = [0.0]


def _step(self: Any, args: Any, state: Any, control: Any, **more: Any) -> None:
    now = time.monotonic()
    if state.is_world_process_zero and now - _step_at[0] >= EVERY_S:
        _step_at[0] = now
        write({"step": state.global_step})


def _save(self: Any, args: Any, state: Any, control: Any, **more: Any) -> None:
    if state.is_world_process_zero:
        saved(state.global_step, os.path.join(args.output_dir, f"checkpoint-{state.global_step}"))


def _end(self: Any, args: Any, state: Any, control: Any, **more: Any) -> None:
    if state.is_world_process_zero:
        write({"e": "finished", "step": state.global_step})


_TRANSFORMERS = {
    "on_train_begin": _begin,
    "on_log": _log,
    "on_step_end": _step,
    "on_save": _save,
    "on_train_end": _end,
}


def lightning_logs(module: Any) -> None:
    """What Lightning hands to its loggers, also where it has none."""
    kind = getattr(module, "_LoggerConnector", None) or module.LoggerConnector
    original = kind.log_metrics

    def log_metrics(self: Any, metrics: Any, step: Any = None) -> Any:
        safely(_lightning_row)(self.trainer, metrics, step)
        return original(self, metrics, step)

    kind.log_metrics = log_metrics


_planned = [False]


def _lightning_row(trainer: Any, metrics: Any, step: Any) -> None:
    if not trainer.is_global_zero or not metrics:
        return
    if not _planned[0]:
        _planned[0] = True
        write({"e": "planned", "total": _total(trainer), "world": trainer.world_size})
    if step is None:
        step = metrics.get("step")
    if step is None:
        # Its loggers get the number of the batch, from 0; the optimizer has made one step more.
        step = trainer.global_step
    found = numbers(metrics)
    if found:
        write({"step": int(step), "epoch": float(trainer.current_epoch), **found})


def _total(trainer: Any) -> Any:
    """Optimizer steps of the whole fit; None: nobody can know."""
    if trainer.max_steps is not None and trainer.max_steps > 0:
        return trainer.max_steps
    batches, epochs = trainer.num_training_batches, trainer.max_epochs
    if epochs is None or epochs < 0 or batches == float("inf"):
        return None
    return int(-(-batches // trainer.accumulate_grad_batches) * epochs)


def lightning_trainer(module: Any) -> None:
    """Its checkpoints, and how far it came."""
    kind = module.Trainer
    save_checkpoint, fit = kind.save_checkpoint, kind.fit

    def saving(self: Any, filepath: Any, *args: Any, **named: Any) -> Any:
        answer = save_checkpoint(self, filepath, *args, **named)
        if getattr(self, "is_global_zero", False):
            safely(saved)(self.global_step, os.fspath(filepath))
        return answer

    def fitting(self: Any, *args: Any, **named: Any) -> Any:
        answer = fit(self, *args, **named)
        if getattr(self, "is_global_zero", False):
            safely(write)({"step": self.global_step})
            safely(write)({"e": "finished", "step": self.global_step})
        return answer

    kind.save_checkpoint, kind.fit = saving, fitting


_CONNECTOR = "trainer.connectors.logger_connector.logger_connector"
WATCHED: dict[str, Callable[[Any], None]] = {
    "transformers.trainer": transformers,
    f"lightning.pytorch.{_CONNECTOR}": lightning_logs,
    f"pytorch_lightning.{_CONNECTOR}": lightning_logs,
    "lightning.pytorch.trainer.trainer": lightning_trainer,
    "pytorch_lightning.trainer.trainer": lightning_trainer,
}


class Finder:
    """First among the importers: lets the usual ones find a watched module and is told once it has run."""

    def __init__(self) -> None:
        self._busy = False

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in WATCHED or self._busy:
            return None
        from importlib.util import find_spec

        self._busy = True
        try:
            spec = find_spec(name)
        finally:
            self._busy = False
        if spec is not None and spec.loader is not None:
            spec.loader = Loader(spec.loader, WATCHED[name])  # type: ignore[assignment]
        return spec


class Loader:
    """The module's own loader, and then our hook."""

    def __init__(self, loader: Any, hook: Callable[[Any], None]) -> None:
        self._loader, self._hook = loader, hook

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: Any) -> Any:
        return self._loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        safely(self._hook)(module)


def hidden() -> None:
    """Another file of this name further down the path: its owner expects it to be run."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    here = os.path.dirname(os.path.abspath(__file__))
    others = [one for one in sys.path if os.path.abspath(one or os.curdir) != here]
    spec = PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(module_from_spec(spec))


if __name__ == "sitecustomize":
    if os.environ.get("COCKPIT_EVENTS") and os.environ.get("COCKPIT_HOOK") != "0":
        sys.meta_path.insert(0, Finder())
    hidden()
