"""The Profile: what to train and how, never where; frozen, and known by its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from engine.profile.freeze import canonical
from engine.profile.key import ID, METRIC, NOTHING, key, section, table
from engine.profile.tables.data import Data, Phase
from engine.profile.tables.guarding import Alerts, Expectation, Limits, Recover
from engine.profile.tables.model import Adapter, Model
from engine.profile.tables.proving import Artifacts, Checkpoints, Gates, Lineage, Post
from engine.profile.tables.running import Command, Log, Secrets, Workspace
from engine.profile.tables.training import Eval, Optim, Save, Schedule, Train

RECIPES = ("finetune", "pretrain", "command", "pretokenize", "evaluate", "serve")


@table(frozen=True, kw_only=True)
class Profile:
    """What to train and how."""

    name: str = key(
        "Names its runs; absent: the file's name. Never inherited by `extends`.", pattern=ID
    )
    recipe: str = key("`command` runs a script of yours; the others are our own.", choices=RECIPES)
    goal: str | None = key("What it is for, in a sentence.", None)
    tags: tuple[str, ...] = key("Words to find and compare its runs by.", (), many=True)
    model: Model = section(Model)
    adapter: Adapter = section(Adapter)
    data: Data = section(Data)
    phase: tuple[Phase, ...] = key("Stretches of training, run in their order.", (), identity="id")
    optim: Optim = section(Optim)
    schedule: Schedule = section(Schedule)
    train: Train = section(Train)
    save: Save = section(Save)
    eval: Eval = section(Eval)
    command: Command = section(Command)
    log: Log = section(Log)
    workspace: Workspace = section(Workspace)
    secrets: Secrets = section(Secrets)
    limits: Limits = section(Limits)
    recover: Recover = section(Recover)
    expect: Mapping[str, Expectation] = key(
        "Metric → what it should look like; a bare pair is its `range`.",
        NOTHING,
        pattern=METRIC,
        short="range",
    )
    alerts: Alerts = section(Alerts)
    gates: Gates = section(Gates)
    artifacts: Artifacts = section(Artifacts)
    checkpoints: Checkpoints = section(Checkpoints)
    post: tuple[Post, ...] = key("Tasks after the training.", (), identity="name")
    lineage: tuple[Lineage, ...] = key("How the base was made.", (), identity="name")

    def canonical(self) -> bytes:
        """The one way to write it: JSON, sorted names, every default spelt out, absent keys left out."""
        return canonical(self)

    @property
    def digest(self) -> str:
        """SHA-256 of `canonical()`: two profiles with one digest ask for the same training."""
        return hashlib.sha256(self.canonical()).hexdigest()
