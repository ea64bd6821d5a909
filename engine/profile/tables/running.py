"""How somebody's command is run: argv, environment, what it prints, its folder, its secrets."""

from __future__ import annotations

from collections.abc import Mapping

from engine.profile.checks import patterns, placeholders
from engine.profile.key import METRIC, NOTHING, VARIABLE, key, table


@table(frozen=True, kw_only=True)
class Command:
    """A training script of the user's own (recipe `command`); no shell; `{run}` is the run's id here."""

    argv: tuple[str, ...] = key(
        'Program and arguments, for example `["python3", "train.py"]`.',
        (),
        also=("run", "cmd", "command", "script"),
    )
    cwd: str | None = key(
        "Folder to run in, relative to the project; absent: the project.", None, also=("workdir",)
    )
    env: Mapping[str, str] = key(
        "Environment on top of the machine's; never secrets.", NOTHING, pattern=VARIABLE
    )
    launcher: str = key(
        "`torchrun` and `accelerate` start `argv` on `train.devices` devices.",
        "none",
        choices=("none", "torchrun", "accelerate"),
    )
    resume: tuple[str, ...] = key(
        "Appended to `argv` to continue from a checkpoint `{path}`, `{name}`, `{step}`; absent: it cannot resume.",
        (),
        check=placeholders,
        also=("resume_from_checkpoint",),
    )
    patch: str | None = key(
        "A diff applied to a copy of the script on the machine before it runs.", None
    )
    config: str | None = key(
        "The script's own configuration file, checked against its schema before launch.", None
    )
    output: str | None = key(
        "Folder it writes into; a run never writes into another run's.",
        None,
        also=("output_dir", "out_dir"),
    )


@table(frozen=True, kw_only=True)
class Log:
    """How metrics are read from what a trainer prints or writes."""

    every: int = key(
        "Optimizer steps between rows of our own loop.",
        1,
        least=1,
        also=("logging_steps", "log_interval"),
    )
    dialect: str = key(
        "How the output is read; `auto` decides by the first lines.",
        "auto",
        pattern=r"[a-z0-9][a-z0-9._-]{0,47}",
    )
    x: str = key(
        "What counts the progress: `step`, `epoch`, or another metric.", "step", pattern=METRIC
    )
    line: tuple[str, ...] = key(
        r"Regular expressions whose named groups are metrics, for example `loss (?P<loss>[\d.]+)`.",
        (),
        many=True,
        check=patterns,
    )
    names: Mapping[str, str] = key(
        'The script\'s name of a metric → ours, for example `{"train/loss" = "loss"}`.', NOTHING
    )
    files: tuple[str, ...] = key(
        "Globs of files with metrics that the script writes: CSV, JSON lines, `trainer_state.json`.",
        (),
        many=True,
    )
    hook: bool = key(
        "Read unrounded values from transformers' and Lightning's loggers inside the script.", True
    )
    mirror_mb: int = key("Megabytes of console copied from the machine.", 2048, least=1)
    beat_s: float = key("Seconds between heartbeats.", 5.0, least=0.5, most=60)
    pulse_s: float = key("Seconds between readings of the GPUs and the machine.", 5.0, least=0.2)


@table(frozen=True, kw_only=True)
class Workspace:
    """The project's files on the machine, and the Python they run with."""

    push: tuple[str, ...] = key("Globs of what goes to the machine.", ("**",), many=True)
    exclude: tuple[str, ...] = key(
        "Globs of what never goes; `.gitignore` is honoured as well.", (), many=True
    )
    pull: tuple[str, ...] = key(
        "Globs of results fetched at the end, beside checkpoints and artifacts.", (), many=True
    )
    pull_minutes: float | None = key(
        "Minutes between fetches while it runs; absent: at the end.", None, above=0
    )
    durable: str | None = key(
        "Folder on the machine that outlives its container, for results and caches.", None
    )
    setup: tuple[tuple[str, ...], ...] = key(
        'Commands that prepare the environment, once per content, for example `[["pip", "install", "."]]`.',
        (),
    )
    lock: str | None = key("File that pins every package.", None, also=("requirements",))
    python: str | None = key("Interpreter or version on the machine; absent: `python3`.", None)
    bandwidth_mb_s: float | None = key(
        "Megabytes a second for copying; absent: all there is.", None, above=0
    )


@table(frozen=True, kw_only=True)
class Secrets:
    """Names of what must never be written down; values come from the environment, the keyring or `secrets.toml`."""

    names: tuple[str, ...] = key(
        "Environment variables that the trainer gets, for example `HF_TOKEN`.",
        (),
        many=True,
        pattern=VARIABLE,
    )
