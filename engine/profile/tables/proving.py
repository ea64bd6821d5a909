"""What counts as success and what is kept: gates, artifacts, checkpoints, tasks afterwards, lineage."""

from __future__ import annotations

from collections.abc import Mapping

from engine.profile.checks import criteria, limit
from engine.profile.key import METRIC, NAME, NOTHING, key, section, table


@table(frozen=True, kw_only=True)
class Tier:
    """A grade of success, shown as a badge."""

    name: str = key("Its name.", pattern=NAME)
    require: str = key(
        "Comparisons joined by `and`, for example `best(f1) > 0.3 and drop(val_loss) >= 20%`.",
        check=criteria,
    )


@table(frozen=True, kw_only=True)
class Gates:
    """What the results must reach; a run that misses a gate ends with status 7."""

    tiers: tuple[Tier, ...] = key(
        "Grades, from the lowest to the highest.", (), identity="name", short="require"
    )
    metrics: Mapping[str, str] = key(
        'Metric → comparison with its last value, for example `eval_loss = "< 2.0"`.',
        NOTHING,
        rest=True,
        pattern=METRIC,
        check=limit,
    )


@table(frozen=True, kw_only=True)
class Artifacts:
    """Files without which a run is incomplete; `{run}` is the run's id here."""

    expect: tuple[str, ...] = key(
        "Files or globs that must exist at the end, where the command ran or in the run's own folder.",
        (),
        many=True,
    )


@table(frozen=True, kw_only=True)
class Keep:
    """Which checkpoints are kept; pinned ones and the only valid one always are."""

    newest: int | None = key("The newest; absent: all.", None, least=1)
    best: int = key("The best by `checkpoints.metric`.", 1, least=0)
    every: int | None = key("One in so many steps.", None, least=1)


@table(frozen=True, kw_only=True)
class Checkpoints:
    """Where a script's checkpoints are and which are kept; `{run}` is the run's id here."""

    glob: tuple[str, ...] = key(
        'Where they appear, for example `"out/checkpoint-*"`.', (), many=True
    )
    kind: str = key(
        "What they are; `auto` looks inside.",
        "auto",
        choices=(
            "auto",
            "own",
            "transformers",
            "peft",
            "nanogpt",
            "axolotl",
            "lightning",
            "dcp",
            "file",
        ),
    )
    keep: Keep = section(Keep)
    metric: str = key("What the best is best at.", "eval_loss", pattern=METRIC)
    mode: str = key("Whether less or more of it is better.", "min", choices=("min", "max"))
    auto_free: bool = key(
        "When the disk runs short, delete copies on the machine that are verified elsewhere.", False
    )


@table(frozen=True, kw_only=True)
class Post:
    """A task after the training, in the order written."""

    name: str = key("Its name.", pattern=NAME)
    argv: tuple[str, ...] = key(
        "Program and arguments; `{run}`, `{best}` and `{latest}` are filled in.",
        (),
        also=("run", "cmd", "command"),
    )
    when: str = key("After which end.", "done", choices=("done", "failed", "always"))
    where: str = key("On the machine, or here.", "machine", choices=("machine", "here"))
    confirm: bool = key("Ask before it runs; without a terminal it is left out.", False)
    hours: float | None = key("Hours after which it is ended.", None, above=0)
    metrics: str | None = key(
        "A JSON file it writes, whose numbers become metrics that gates can name.", None
    )


@table(frozen=True, kw_only=True)
class Lineage:
    """Where the base comes from: one step of its making."""

    name: str = key("What came out.", pattern=r"[^\s].{0,127}")
    method: str | None = key("How, for example `slerp`, `ties`, `dare`, `dora`.", None)
    inputs: tuple[str, ...] = key("What went in.", (), many=True)
    weights: tuple[float, ...] = key("The share of each input, in their order.", ())
    sha256: str | None = key("Of what came out.", None, pattern=r"[0-9a-f]{64}")
    note: str | None = key("Anything else worth knowing.", None)
